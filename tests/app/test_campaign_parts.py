"""Parts of a campaign: whose they are, what they cost, and a channel's own effect."""

from datetime import date
from types import SimpleNamespace

import numpy as np
import pytest

from fullhouse.campaigns.campaign import HELD_OUT, TREATED, WITHHELD
from fullhouse.core.person_sets import by_block, size, union
from fullhouse.measurement.campaign_parts import channels_alone, cost_of, groups_of, read_groups
from fullhouse.measurement.campaign_read import ReadCampaign, silent, spend_by_line
from fullhouse.measurement.campaign_sales import Bought

FIRST = date(2025, 7, 14)
OWN = 0.25
"""What the push channel adds to the chance of a ticket; the other channel adds nothing."""


def line(name, audience, channel, week=FIRST):
    return SimpleNamespace(
        id=name, audience=audience, rule=audience, channel=channel, cities="all", week=week,
        spend=70.0, impressions=140.0,
    )  # fmt: skip


def campaign(channel_holdout=0.2):
    """20,000 people, of whom the dog keepers are the first half; both are spoken to on push."""
    g = np.random.default_rng(5)
    every = np.arange(20_000)
    arm = g.random(20_000)
    held, kept = arm < 0.3, (arm >= 0.3) & (arm < 0.3 + 0.7 * channel_holdout)
    shown = ~held & ~kept
    chance = 0.1 + OWN * shown
    bought = every[g.random(20_000) < chance]
    went = every[g.random(20_000) < 0.4]

    def states(mine, *, withheld=True):
        told = {HELD_OUT: by_block(every[mine & held])}
        if not withheld:
            return told | {TREATED: by_block(every[mine & ~held])}
        return told | {
            TREATED: by_block(every[mine & shown]),
            WITHHELD: by_block(every[mine & kept]),
        }

    dogs = every < 10_000
    lines = (
        line("dogs-push", "dogs", "push"), line("all-push", "all", "push"),
        line("dogs-email", "dogs", "email"),
    )  # fmt: skip
    people = {
        "dogs-push": states(dogs), "all-push": states(every >= 0),
        "dogs-email": states(dogs, withheld=False),
    }  # fmt: skip
    ones, twos = (np.ones(len(x)) for x in (bought, went))
    return ReadCampaign(
        campaign=SimpleNamespace(body={"holdout": 0.3, "channel_holdout": channel_holdout}),
        plan=SimpleNamespace(lines=lines),
        lines=people,
        arms={TREATED: by_block(every[~held]), HELD_OUT: by_block(every[held])},
        bought=Bought(bought, ones, 10 * ones, 0),
        before=Bought(went, twos, 10 * twos, 0),
        exposures=(),
        reached={},
        spend={"dogs-push": 100.0, "all-push": 300.0, "dogs-email": 50.0},
        first=FIRST,
        until=date(2025, 8, 14),
        ends=date(2025, 9, 14),
        units=None,
    )


def test_a_channel_withheld_by_chance_shows_its_own_effect():
    found, unread = channels_alone(campaign())
    push = found["push, others alike"].effect(TREATED, "tickets").effect
    assert push.low < OWN < push.high
    assert push.low > 0
    # Nobody was withheld from the other: it cannot be told, and that is said.
    assert list(found) == ["push, others alike"]
    assert any(u.startswith("email alone is not read") for u in unread)
    assert channels_alone(campaign(channel_holdout=0.0)) == ({}, [])


def test_groups_hold_the_people_of_their_lines_in_any_arm():
    read = campaign()
    groups = groups_of(read)
    assert size(groups["audience"]["dogs"]) == 10_000
    assert size(groups["audience"]["all"]) == size(groups["channel"]["push"]) == 20_000
    assert size(groups["line"]["dogs · email · all"]) == 10_000
    went, new = groups["habit"].values()
    assert size(went) + size(new) == size(union(went, new)) == 20_000


def test_a_part_costs_what_all_lines_spend_on_its_treated():
    read = campaign()
    assert cost_of(read) == {TREATED: 450.0}
    dogs = groups_of(read)["audience"]["dogs"]
    # Of the line of everybody about half is theirs.
    assert cost_of(read, dogs)[TREATED] == pytest.approx(100 + 150 + 50, rel=0.03)
    assert cost_of(read, {}) == {}


def test_parts_too_small_are_said_and_stop_nothing():
    parts, unread = read_groups(campaign(), campaign().counted(campaign().arms))
    assert {"audience", "channel", "cities", "line", "habit", "channel alone"} <= set(parts)
    whole = parts["audience"]["all"].effect(TREATED, "tickets")
    assert whole.cost_each is not None
    assert len(unread) == 1


def test_spend_is_what_came_back_or_as_planned_where_a_channel_is_silent():
    later = date(2025, 7, 21)
    plan = SimpleNamespace(
        lines=(line("a", "x", "push"), line("b", "x", "push", later), line("c", "x", "email"))
    )
    day = date(2025, 7, 22)
    planned = spend_by_line(plan, (), day)
    assert planned == {"a": 70.0, "b": pytest.approx(20.0), "c": 70.0}

    def came(name, channel, many):
        return SimpleNamespace(line=name, channel=channel, impressions=many)

    told = (came("a", "push", 28), came("b", "push", 0), came("c", "email", 0))
    # Of e-mail nothing came back: its money was spent all the same.
    assert spend_by_line(plan, told, day) == {"a": pytest.approx(14.0), "b": 0.0, "c": 70.0}
    assert silent(plan, told) == ("email",)
