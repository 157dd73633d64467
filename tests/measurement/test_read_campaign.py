"""Parts of a campaign: whose they are, what they cost, and a channel's own effect."""

from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import numpy as np
import pytest
from pyroaring import BitMap

from fullhouse.campaigns.campaign import HELD_OUT, TREATED, WITHHELD
from fullhouse.core.person_sets import by_block, size, union
from fullhouse.measurement.campaign_data import (
    CampaignData,
    PeopleSales,
    plan_against_actual,
    silent_channels,
    spend_by_line,
)
from fullhouse.measurement.campaign_readout import (
    CampaignReadout,
    Exposure,
    NamedEffect,
    SharedPeople,
    TreatedReached,
)
from fullhouse.measurement.read_campaign import (
    channels_alone,
    people_by_group,
    read_campaign,
    read_groups,
    shared_people,
)
from fullhouse.planning.plan import Amount
from tests.view.sample_plans import effect

FIRST = date(2025, 7, 14)
OWN = 0.25
"""What the push channel adds to the chance of a ticket; the other channel adds nothing."""


def line(name, audience, channel, week=FIRST):
    return SimpleNamespace(
        id=name, audience=audience, rule=audience, channel=channel, cities="all", week=week,
        spend=70.0, impressions=140.0,
    )  # fmt: skip


def campaign(channel_holdout=0.2):
    """20,000 people, of whom the dog keepers are the first half; both are contacted on push."""
    g = np.random.default_rng(5)
    every = np.arange(20_000)
    arm = g.random(20_000)
    out, withheld = arm < 0.3, (arm >= 0.3) & (arm < 0.3 + 0.7 * channel_holdout)
    pushed = ~out & ~withheld
    chance = 0.1 + OWN * pushed
    bought = every[g.random(20_000) < chance]
    went = every[g.random(20_000) < 0.4]

    def states(people, *, may_withhold=True):
        arms = {HELD_OUT: by_block(every[people & out])}
        if not may_withhold:
            return arms | {TREATED: by_block(every[people & ~out])}
        return arms | {
            TREATED: by_block(every[people & pushed]),
            WITHHELD: by_block(every[people & withheld]),
        }

    dogs = every < 10_000
    lines = (
        line("dogs-push", "dogs", "push"), line("all-push", "all", "push"),
        line("dogs-email", "dogs", "email"),
    )  # fmt: skip
    people = {
        "dogs-push": states(dogs), "all-push": states(every >= 0),
        "dogs-email": states(dogs, may_withhold=False),
    }  # fmt: skip
    ones, twos = (np.ones(len(x)) for x in (bought, went))
    return CampaignData(
        campaign=SimpleNamespace(
            name="c", body={"holdout": 0.3, "channel_holdout": channel_holdout}
        ),
        plan=SimpleNamespace(lines=lines, currency="USD"),
        lines=people,
        arms={TREATED: by_block(every[~out]), HELD_OUT: by_block(every[out])},
        sales=PeopleSales(bought, ones, 10 * ones, 0),
        before=PeopleSales(went, twos, 10 * twos, 0),
        exposures=(),
        reached={},
        spend={"dogs-push": 100.0, "all-push": 300.0, "dogs-email": 50.0},
        first=FIRST,
        until=date(2025, 8, 14),
        ends=date(2025, 9, 14),
        units=None,
    )


def test_a_channel_withheld_by_chance_shows_its_own_effect():
    readouts, not_read = channels_alone(campaign())
    push = readouts["push"].effect(TREATED, "tickets").effect
    assert push.low < OWN < push.high
    assert push.low > 0
    # Nobody was withheld from the other: it cannot be measured, and the reason is a fact.
    assert list(readouts) == ["push"]
    assert [(n.name, n.reason.code) for n in not_read] == [("email", "too_few_in_arm")]
    assert channels_alone(campaign(channel_holdout=0.0)) == ({}, [])


def test_groups_hold_the_people_of_their_lines_in_any_arm():
    groups = people_by_group(campaign())
    assert size(groups["audience"]["dogs"]) == 10_000
    assert size(groups["audience"]["all"]) == size(groups["channel"]["push"]) == 20_000
    assert size(groups["line"]["dogs · email · all"]) == 10_000
    went, new = groups["habit"].values()
    assert size(went) + size(new) == size(union(went, new)) == 20_000


def test_a_part_costs_what_all_lines_spend_on_its_treated():
    data = campaign()
    assert data.cost_of() == {TREATED: 450.0}
    dogs = people_by_group(data)["audience"]["dogs"]
    # Of the line of everybody about half is theirs.
    assert data.cost_of(dogs)[TREATED] == pytest.approx(100 + 150 + 50, rel=0.03)
    assert data.cost_of({}) == {}


def test_parts_too_small_are_facts_and_stop_nothing():
    data = campaign()
    groups = people_by_group(data)
    nobody = {"audience": {**groups["audience"], "nobody": {}}}
    parts, not_read = read_groups(data, data.counted(data.arms), groups | nobody)
    assert {"audience", "channel", "cities", "line", "habit"} <= set(parts)
    whole = parts["audience"]["all"].effect(TREATED, "tickets")
    assert whole.cost_each is not None
    assert [(n.group, n.name) for n in not_read] == [("audience", "nobody")]


def test_the_readout_holds_whole_parts_and_what_they_have_in_common():
    data = campaign()
    readout = read_campaign(data, data.counted(data.arms))
    assert {e.group for e in readout.effects} >= {"whole", "audience", "channel alone"}
    tickets, gross = readout.whole
    assert (tickets.return_on_spend, gross.cost_each) == (None, None)
    assert readout.share_observed == pytest.approx(0.5)
    assert readout.shared("channel") == SharedPeople("channel", 20_000, 10_000)
    assert readout.shared("habit") is None
    with_arms = [e.effect.holm_p for e in readout.effects if e.group != "whole"]
    assert min(with_arms) >= min(e.effect.effect.p for e in readout.effects)


def test_people_of_several_parts_are_counted_once():
    a, b, c = ({0: BitMap(r)} for r in (range(10), range(5, 15), range(8, 20)))
    (note,) = shared_people({"channel": {"a": a, "b": b, "c": c}, "habit": {"x": a}})
    assert note == SharedPeople("channel", 20, 10)


def test_spend_is_as_delivered_or_as_planned_where_a_channel_is_silent():
    later = date(2025, 7, 21)
    plan = SimpleNamespace(
        lines=(line("a", "x", "push"), line("b", "x", "push", later), line("c", "x", "email"))
    )
    day = date(2025, 7, 22)
    planned = spend_by_line(plan, (), day)
    assert planned == {"a": 70.0, "b": pytest.approx(20.0), "c": 70.0}

    def back(name, channel, impressions):
        return SimpleNamespace(line=name, channel=channel, impressions=impressions)

    exposures = (back("a", "push", 28), back("b", "push", 0), back("c", "email", 0))
    # Of e-mail nothing came back: its money was spent all the same.
    assert spend_by_line(plan, exposures, day) == {"a": pytest.approx(14.0), "b": 0.0, "c": 70.0}
    assert silent_channels(plan, exposures) == ("email",)


def test_a_plan_stands_beside_what_is_known_of_it():
    """Impressions and spend by channel and in all, people reached, tickets; or not known."""
    later = date(2025, 7, 21)
    plan = SimpleNamespace(
        lines=(line("a", "x", "push"), line("b", "x", "push", later), line("c", "x", "email")),
        reach=90.0,
        tickets=Amount(20.0, 10.0, 30.0),
    )
    whole = NamedEffect("whole", "everybody", effect(0.002, 0.0005, people=10_000))
    readout = CampaignReadout(
        "c", date(2025, 7, 22), (whole,), notes=(TreatedReached(70, 100),),
        exposures=(Exposure("a", "push", 50, 40, 28, 1, 0), Exposure("b", "push", 50, 30, 0, 0, 0),
                   Exposure("c", "email", 50, 0, 0, 0, 0)),
        share_observed=1.0,
    )  # fmt: skip
    rows = {(r.quantity, r.channel): r for r in plan_against_actual(plan, readout)}
    push = rows["impressions", "push"]
    assert (push.planned.middle, push.actual.value) == (280.0, 28.0)
    assert push.planned_so_far == pytest.approx(140 + 140 * 2 / 7)
    assert rows["spend", "push"].actual.value == pytest.approx(14.0)
    # Of e-mail nothing came back, so neither it nor the sum is known.
    assert rows["impressions", "email"].actual is None
    assert rows["spend", ""].actual is None
    assert rows["spend", ""].planned.middle == 210.0
    assert rows["people reached", ""].actual.value == 70
    tickets = rows["extra tickets", ""]
    assert tickets.planned == plan.tickets
    assert (tickets.actual.value, tickets.actual.low) == pytest.approx((20.0, 20 - 9.8))
    early = replace(readout, share_observed=0.5, notes=(), exposures=())
    rows = {(r.quantity, r.channel): r for r in plan_against_actual(plan, early)}
    assert rows["people reached", ""].actual is None
    assert rows["extra tickets", ""].actual.low == pytest.approx(20 - 15.0), "at any look"
