"""By what audiences' responses differ where it is known who has heard of the film."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fullhouse.headroom.headroom import AudienceHeadroom, NothingShown, Pilot, Range
from fullhouse.planning.audience_effects import (
    SHARE_EXPLORED,
    AudienceEffects,
    effects_of_headroom,
    headroom_odds,
    part_of,
    plan_parts,
)
from fullhouse.planning.plan import PilotCounts, plan_from
from fullhouse.view.plan_page import plan_page
from fullhouse.view.words.plan import headroom_words
from tests.planning.test_build import OPENING, inputs, made

NONE = Range(None, None, None)
DRAWS = 300


def seen(ratio, interested=(400, 400), people=10_000, shown=1_000):
    """An audience whose people want the film `ratio` times as often when they were shown it."""
    share = shown / people
    aware = share + (1 - share) / max(ratio, 1)
    return AudienceHeadroom(
        "a", "a", False, people, shown, interested, Range(ratio, ratio / 2, ratio * 2),
        Range(aware, aware / 2, min(1.0, aware * 2)), NONE, None, NONE, NONE, None, True, None,
        Pilot(1000, 0.01, True),
    )  # fmt: skip


def unknown():
    return replace(seen(1.0), ratio=NONE, aware=NONE, unknown=NothingShown(OPENING))


def effects(audiences, tickets=None, obvious=None, seed=1):
    tickets = np.ones(len(audiences)) if tickets is None else np.array(tickets)
    return effects_of_headroom(audiences, tickets, obvious, draws=DRAWS, seed=seed)


def test_who_has_not_heard_responds_more_and_headroom_only_moves_what_there_is():
    made_of = effects([seen(10.0), seen(2.0), seen(1.2)], [1.0, 2.0, 5.0])
    means = made_of.factors.mean(axis=0)
    assert means[0] > 1.5 > means[1] > means[2]
    assert means[2] < 0.9
    # Advertising in all does as much as readouts taught.
    assert means @ [1.0, 2.0, 5.0] / 8 == pytest.approx(1.0, abs=0.1)


@settings(max_examples=25, deadline=None)
@given(st.floats(1.0, 30.0), st.integers(2, 6), st.integers(0, 50))
def test_audiences_that_have_heard_alike_respond_alike(ratio, count, seed):
    factors = effects([seen(ratio)] * count, seed=seed).factors
    assert factors.mean(axis=0) == pytest.approx(np.ones(count), abs=0.1)


def test_where_nothing_was_measured_there_are_no_effects():
    assert effects([unknown(), unknown()]) is None
    assert effects([None, unknown()]) is None
    assert effects([seen(4.0)]) is None


def test_one_that_was_not_measured_is_as_the_others_are_but_wider():
    made_of = effects([seen(8.0), seen(2.0), unknown()])
    low, new = made_of.factors[:, 1], made_of.factors[:, 2]
    assert made_of.aware[2] is None
    assert list(made_of.measured) == [True, True, False]
    assert low.mean() < new.mean() < made_of.factors[:, 0].mean()


def test_few_interested_move_less_than_many():
    few = effects([seen(10.0, (3, 3)), seen(1.0, (3, 3))]).factors.mean(axis=0)
    many = effects([seen(10.0, (900, 900)), seen(1.0, (900, 900))]).factors.mean(axis=0)
    assert many[0] / many[1] > 1.3 * few[0] / few[1]


def test_headroom_falls_with_awareness():
    odds = headroom_odds(np.array([[1.0, 2.0, 4.0, 20.0]]), np.zeros(4))[0]
    assert odds == pytest.approx([0.25, 0.95, 2.35, 13.55])
    assert headroom_odds(np.array([[1e9]]), np.array([0.5]))[0, 0] == pytest.approx(0.95)


def test_who_is_in_the_obvious_audience_counts_for_it():
    flags = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 1], [1, 0, 1]], bool)
    assert list(part_of(flags, 2)) == [0, 0, 2, 2]
    assert list(part_of(flags, None)) == [0, 0, 1, 0]
    with_nobody = np.vstack([flags, np.zeros(3, bool)])
    parts = plan_parts(list(with_nobody.T), 2)
    assert [list(np.flatnonzero(p)) for p in parts] == [[0, 1], [], [2, 3]]


@pytest.fixture(scope="module")
def plans():
    """A plan by base rate, and one where the first audience has not heard of the film."""
    here = inputs(size=6_000, audiences=2)
    factors = np.tile([4.0, 0.3], (DRAWS, 1))
    aware = ((0.08, 0.05, 0.14), None)
    given_effects = AudienceEffects(factors, aware, here.obvious)
    _, plain = made(here=here, budget=20.0)
    _, plan = made(here=here, budget=20.0, effects=given_effects)
    return plain, plan


def spent(plan, name):
    return sum(x.spend for x in plan.lines if x.audience == name)


def test_money_goes_to_those_who_have_not_heard_and_the_plan_says_so(plans):
    plain, plan = plans
    first, second = plan.by_headroom
    assert first.chosen
    assert not second.chosen
    assert second.explored
    assert first.spend == pytest.approx(spent(plan, "Audience 0"))
    assert first.spend_by_base == pytest.approx(spent(plain, "Audience 0"), rel=0.05)
    assert first.spend > 1.1 * first.spend_by_base
    assert plan.by_base.middle < plan.tickets.middle
    assert plan.better > 0.9
    words = " ".join(headroom_words(plan))
    assert "Chosen for its headroom: Audience 0. About 8.0 % there have heard of the film" in words
    assert "to find out: Audience 1." in words
    assert headroom_words(plain) == []


@pytest.mark.slow
def test_the_page_of_a_plan_says_who_was_chosen_for_its_headroom(plans):
    plain, plan = plans
    assert "Who has not heard of the film" in plan_page(plan)
    assert "Chosen for its headroom: Audience 0." in plan_page(plan)
    assert "Who has not heard of the film" not in plan_page(plain)


def test_an_audience_that_was_never_measured_keeps_a_share_to_explore(plans):
    _, plan = plans
    assert spent(plan, "Audience 1") >= SHARE_EXPLORED * plan.spend * (1 - 1e-6)


def test_a_plan_by_headroom_is_the_same_from_its_json(plans):
    _, plan = plans
    assert plan_from(plan.to_dict()) == plan
    older = {k: v for k, v in plan.to_dict().items() if k not in ("by_headroom", "by_base")}
    assert plan_from(older).by_headroom == ()


PEOPLE = np.array([20_000.0, 20_000.0, 15_000.0])
TICKETS = np.array([100.0, 100.0, 600.0])


def after_pilot(counts, audiences=(None, None, None)):
    return effects_of_headroom(
        audiences, TICKETS, 2, draws=200, seed=1, pilot=counts, people=PEOPLE
    ).factors.mean(axis=0)


def test_a_pilot_moves_money_to_those_whose_interest_it_raised():
    # Of the first, shown it, twice as many want it; of the others as many as before.
    moved = after_pilot(
        [
            PilotCounts(10_000, 110, 10_000, 50),
            PilotCounts(10_000, 52, 10_000, 50),
            PilotCounts(10_000, 420, 10_000, 400),
        ]
    )
    assert moved[0] > 1.5
    assert moved[0] > 3 * moved[1]
    assert moved[0] > 3 * moved[2]


def test_a_pilot_of_few_people_moves_little():
    # The same shares as above, of a hundredth of the people.
    moved = after_pilot(
        [PilotCounts(100, 1, 100, 0), PilotCounts(100, 0, 100, 0), PilotCounts(100, 4, 100, 4)]
    )
    assert moved == pytest.approx(np.ones(3), abs=0.5)


def test_parts_that_a_pilot_has_nobody_of_are_still_to_be_explored():
    counts = (PilotCounts(100, 3, 100, 1), PilotCounts(0, 0, 0, 0))
    by_pilot = AudienceEffects(np.ones((2, 2)), (None, None), None, counts)
    assert list(by_pilot.measured) == [True, False]
