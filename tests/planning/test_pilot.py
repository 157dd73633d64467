"""A pilot's parts, how many people of each it shows the film to, and its plan."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fullhouse.audiences.parse import parse
from fullhouse.audiences.rule import And, Name, Not, Or, Sample
from fullhouse.core.errors import CannotTellError
from fullhouse.planning import learn_response
from fullhouse.planning.audience_effects import AudienceEffects
from fullhouse.planning.inputs import LEAST_ADDRESSED
from fullhouse.planning.pilot import (
    COMBINATIONS,
    divided,
    pilot_design,
    pilot_parts,
    pilot_plan,
    pilot_weeks,
)
from fullhouse.planning.plan import plan_from
from fullhouse.planning.problem import FANS, PlannedFilm
from fullhouse.view.words.pilot import pilot_rows, pilot_words
from tests.planning.test_build import BASE, OPENING, inputs

FILM = PlannedFilm("f", "F", "ZZ", date(2025, 6, 30), OPENING)
HOLDOUT = 0.6


def _here(size=30_000, audiences=4, seed=0):
    made = inputs(size, audiences, seed)
    rules = (*(f"buys:a{i}" for i in range(audiences - 1)), "(saw:x | saw:y)")
    kinds = ("baskets",) * (audiences - 1) + (FANS,)
    return replace(made, rules=rules, kinds=kinds, weeks=(date(2025, 7, 7), date(2025, 7, 14)))


def _holds(rule, members):
    """Who fits a rule, a person after the other, by the flags of its names."""
    match rule:
        case Name(text=name):
            return members[name]
        case Not(part=inner):
            return ~_holds(inner, members)
        case And(parts=rules):
            return np.logical_and.reduce([_holds(r, members) for r in rules])
        case Or(parts=rules):
            return np.logical_or.reduce([_holds(r, members) for r in rules])
        case Sample():
            return np.ones(len(next(iter(members.values()))), bool)
    raise AssertionError(rule)


def _members(here):
    named = dict(zip(here.rules[:-1], here.audience_of[:-1], strict=True))
    return {**named, "saw:x": here.audience_of[-1], "saw:y": here.audience_of[-1]}


@settings(max_examples=10, deadline=None)
@given(st.integers(2, 6), st.integers(0, 99))
def test_parts_share_nobody_leave_nobody_out_and_are_what_their_rules_say(audiences, seed):
    here = _here(2_000, audiences, seed)
    parts = pilot_parts(here)
    flags = np.stack([p.people for p in parts])
    assert flags.sum(axis=0).max() == 1
    assert (flags.any(axis=0) == np.logical_or.reduce(here.audience_of)).all()
    for part in parts:
        assert (_holds(parse(part.rule), _members(here)) == part.people).all(), part.rule
    assert [p.kind == FANS for p in parts] == [False] * (len(parts) - 1) + [True]
    assert (parts[-1].people == here.audience_of[-1]).all()
    assert len(parts) <= audiences + COMBINATIONS


def test_without_an_obvious_audience_the_cards_are_the_parts():
    here = _here()
    parts = pilot_parts(replace(here, kinds=("baskets",) * 4))
    assert all(p.kind == "baskets" for p in parts)
    assert np.stack([p.people for p in parts]).sum(axis=0).max() == 1


@settings(max_examples=40, deadline=None)
@given(
    st.floats(1, 1e6),
    st.lists(st.tuples(st.floats(0, 1e3), st.floats(1, 1e5)), min_size=1, max_size=12),
)
def test_people_are_divided_as_far_as_there_are_any(people, rows):
    weight, most = (np.array(x) for x in zip(*rows, strict=True))
    treated = divided(people, weight, most)
    assert (treated <= most + 1e-6).all()
    assert treated.sum() == pytest.approx(min(people, most.sum()), rel=1e-6)
    # Half of them equally: nobody has less than half of an equal part, but for want of people.
    assert (treated >= np.minimum(most, people / (2 * len(rows))) * (1 - 1e-9)).all()


def _designed(budget, here=None, stakes=None, response=None):
    here = here or _here()
    parts = pilot_parts(here)
    response = response or learn_response(
        tuple(dict.fromkeys(p.kind for p in parts)), [c.name for c in here.channels],
        draws=300, seed=1,
    )  # fmt: skip
    stakes = np.arange(1.0, len(parts) + 1) if stakes is None else stakes
    places, design = pilot_design(here, parts, response, budget, holdout=HOLDOUT, stakes=stakes)
    return here, [parts[p] for p in places], design, response, places


@pytest.mark.parametrize("budget", [5.0, 20.0, 100.0, 1e6])
def test_a_pilot_keeps_to_its_money_and_measures_whom_it_shows_anything(budget):
    _, _, design, _, places = _designed(budget)
    cost = design.channel.unit_price * design.impressions * 2
    assert design.treated.sum() * cost <= budget * (1 + 1e-9)
    assert (design.treated >= LEAST_ADDRESSED - 1e-9).all()
    assert (design.share <= 1 + 1e-12).all()
    assert 1 <= design.impressions <= design.channel.frequency_cap
    assert list(places) == sorted(places)
    if budget == 1e6:
        assert (design.share > 1 - 1e-9).all()


def _with(**channel):
    here = _here()
    return replace(here, channels=tuple(replace(c, **channel) for c in here.channels))


@pytest.mark.parametrize("limit", [0.3, 0.6, 1.0])
def test_of_those_whom_a_channel_addresses_it_reaches_a_part_each_within_the_cap(limit):
    _, _, design, _, _ = _designed(1e6, _with(reach_limit=limit, frequency_cap=5.0))
    assert 1 <= design.impressions <= 5 * limit


def test_a_channel_that_reaches_too_few_to_show_everybody_anything_pilots_nothing():
    with pytest.raises(CannotTellError):
        _designed(1e6, _with(reach_limit=0.5, frequency_cap=1.0))


@pytest.mark.parametrize("budget", [14.5, 40.0, 100.0])
def test_each_line_costs_at_least_what_its_channel_asks_for(budget):
    _, _, design, _, _ = _designed(budget, _with(minimum_spend=1.0))
    weekly = design.treated * design.impressions * design.channel.unit_price
    assert (weekly >= 1.0 - 1e-9).all()
    assert weekly.sum() * 2 <= budget * (1 + 1e-9)


def test_more_is_at_stake_more_are_shown_and_less_money_leaves_out_the_least():
    *_, places = _designed(60.0)
    _, _, poor, _, few = _designed(4.0)
    assert len(few) < len(places)
    assert max(few) == max(places), "what has most at stake stays"
    assert (poor.treated >= LEAST_ADDRESSED).all()
    with pytest.raises(CannotTellError) as problem:
        _designed(0.1)
    assert problem.value.code == "pilot_too_small"
    assert "0.1" in str(problem.value)


def test_the_channel_with_which_the_money_tells_most_is_taken():
    here = _here()
    parts = pilot_parts(here)
    kinds = tuple(dict.fromkeys(p.kind for p in parts))
    made = learn_response(kinds, [c.name for c in here.channels], draws=300, seed=1)
    for place, channel in enumerate(here.channels):
        strength = np.full_like(made.strength, 1e-4)
        strength[:, place] = 1.0
        _, _, design, _, _ = _designed(50.0, response=replace(made, strength=strength))
        assert design.channel == channel


def _planned(budget=60.0, effects=None):
    here, parts, design, response, _ = _designed(budget)
    place = here.channels.index(design.channel)
    own = replace(response, channels=(design.channel.name,), strength=response.strength[:, [place]])
    made = effects(parts) if effects else None
    plan = pilot_plan(
        FILM, here, parts, design, own, BASE, name="early", budget=budget, holdout=HOLDOUT,
        effects=made,
    )  # fmt: skip
    return here, parts, design, plan


def test_a_pilot_is_a_plan_of_parts_that_are_shown_the_same():
    _, parts, design, plan = _planned()
    assert plan_from(plan.to_dict()) == plan
    assert {round(x.impressions / x.people, 9) for x in plan.lines} == {design.impressions}
    assert {x.channel for x in plan.lines} == {design.channel.name}
    assert len({x.id for x in plan.lines}) == len(plan.lines) == 2 * len(parts)
    assert plan.spend <= plan.budget * (1 + 1e-9)
    assert [round(a.people) for a in plan.piloted] == [round(t) for t in design.treated]
    for a in plan.piloted:
        assert {x.people for x in plan.lines if x.rule == a.rule} == {a.people}
        assert parse(a.rule)
    assert plan.holdout == HOLDOUT
    assert not plan.curve
    assert len(pilot_rows(plan)) == len(parts)
    assert "a week for 2 weeks" in pilot_words(plan)[0]


def test_a_share_of_the_people_is_drawn_in_the_rule_of_each_line():
    here, parts, _, plan = _planned()
    for a, part in zip(plan.piloted, parts, strict=True):
        rule = parse(a.rule)
        assert (_holds(rule, _members(here)) == part.people).all()
        samples = [r for r in getattr(rule, "parts", ()) if isinstance(r, Sample)]
        assert len(samples) == (a.share < 1)
        for sample in samples:
            assert float(sample.high - sample.low) == pytest.approx(a.share, abs=1e-6)
            assert sample.salt == "pilot-early"


def test_candidates_are_all_but_the_obvious_or_those_with_headroom():
    _, parts, _, plan = _planned()
    assert [a.candidate for a in plan.piloted] == [p.kind != FANS for p in parts]

    def effects(parts):
        factors = np.ones((300, len(parts)))
        factors[:, 0], factors[:, -1] = 3.0, 2.0
        aware = ((0.1, 0.05, 0.2), *[None] * (len(parts) - 2), (0.1, 0.05, 0.2))
        return AudienceEffects(factors, aware, None)

    _, parts, _, plan = _planned(effects=effects)
    assert [a.candidate for a in plan.piloted] == [True] + [False] * (len(parts) - 1)
    assert plan.piloted[0].response == 3.0


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 6), st.integers(1, 8), st.integers(0, 120))
def test_a_pilot_begins_after_today_and_leaves_a_week_to_plan_by_it(day, weeks, ahead):
    today = date(2025, 6, 30 - day)
    opening = date.fromordinal(today.toordinal() + ahead)
    first = date.fromordinal(today.toordinal() + 7 - today.weekday())
    if (opening - first).days < 7 * weeks + 7:
        with pytest.raises(CannotTellError) as problem:
            pilot_weeks(today, opening, weeks)
        assert problem.value.code == "no_weeks_to_pilot"
        return
    mondays = pilot_weeks(today, opening, weeks)
    assert len(mondays) == weeks
    assert all(m.weekday() == 0 and m > today for m in mondays)
    assert (opening - mondays[-1]).days >= 14
