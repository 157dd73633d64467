"""A plan from its inputs: caps, the curve through the plan, claims, bases and notes."""

from datetime import date
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fullhouse.planning import learn_response, read_channels
from fullhouse.planning.build import BUDGETS, _bridge, build_plan
from fullhouse.planning.plan import BudgetsLeftOut, SpentForMinimum, plan_from
from fullhouse.planning.problem import CITY_GROUPS, PlanInputs, PlanLimits, PlannedFilm
from fullhouse.sample.sales import ExpectedSales

WEEKS = tuple(date(2025, 7, d) for d in (7, 14, 21, 28))
OPENING = date(2025, 8, 1)
BASE = ExpectedSales(1e6, 5e5, 2e6, 10.0, "USD", 0.1)


def inputs(size=30_000, audiences=3, seed=0):
    g = np.random.default_rng(seed)
    sources = [g.random(size) < p for p in (0.6, 0.4, 0.85)]
    shop, video, tickets = sources
    on = [shop | tickets, shop | tickets, video, shop, shop | video | tickets]
    kinds = tuple(("baskets", "demographics", "fans")[i * 3 // audiences] for i in range(audiences))
    rules = tuple(f"rule {i}" for i in range(audiences))
    return PlanInputs(
        tuple(f"Audience {i}" for i in range(audiences)), rules, kinds, read_channels(), WEEKS,
        {name: (f"City of {name}",) for name in CITY_GROUPS},
        [g.random(size) < p for p in np.linspace(0.05, 0.3, audiences)], on,
        g.integers(0, 3, size), g.gamma(0.5, 0.05, size),
    )  # fmt: skip


def made(budget=600.0, limits=None, here=None, effects=None, **sizes):
    here = here or inputs(**sizes)
    film = PlannedFilm(
        "f", "F", "ZZ", date(2025, 7, 1), OPENING, True,
        {"rule 0": (2.0, 1.5, 2.7), "not planned": (3.0, 2.0, 4.0)},
    )  # fmt: skip
    kinds = tuple(dict.fromkeys(here.kinds))
    response = learn_response(kinds, [c.name for c in here.channels], draws=300, seed=1)
    return here, build_plan(
        film, here, response, BASE, limits or PlanLimits(), budget, "neutral", 0.1, effects=effects
    )


@pytest.mark.slow
def test_the_plan_lies_on_its_curve_which_keeps_the_limits():
    _, plan = made(limits=PlanLimits(channel_maximum={"push": 20.0, "banner": 30.0}))
    assert [p.budget for p in plan.curve] == [600.0 * x for x in BUDGETS]
    own = next(p for p in plan.curve if p.budget == plan.budget)
    assert own.tickets == plan.tickets
    tickets = [p.tickets.middle for p in plan.curve]
    assert (np.diff(tickets) > 0).all()
    assert (np.diff(tickets) / np.diff([p.budget for p in plan.curve]) > 0).all()
    _, free = made()
    assert plan.tickets.middle < free.tickets.middle
    assert tickets[-1] < free.curve[-1].tickets.middle


@pytest.mark.slow
def test_budgets_that_cannot_keep_the_limits_are_left_out_and_noted():
    _, plan = made(limits=PlanLimits(city_minimum={CITY_GROUPS[0]: 400.0}))
    assert [p.budget for p in plan.curve] == [600.0 * x for x in BUDGETS[2:]]
    assert BudgetsLeftOut((150.0, 300.0)) in plan.notes


@pytest.mark.slow
def test_money_that_a_minimum_spends_for_next_to_nothing_is_noted():
    group = CITY_GROUPS[0]
    here = inputs()
    # Nobody there buys, so all that is spent there is spent for the minimum.
    here.expected[here.city == 0] = 1e-6
    _, plan = made(limits=PlanLimits(city_minimum={group: 90.0}), here=here)
    (note,) = [n for n in plan.notes if isinstance(n, SpentForMinimum)]
    assert (note.of, note.name) == ("city", group)
    assert note.spend == pytest.approx(90.0, rel=0.01)
    assert note.tickets == pytest.approx(
        sum(x.tickets.middle for x in plan.lines if x.cities == group), rel=0.1
    )
    assert note.tickets < 1
    _, free = made(here=here)
    assert not [n for n in free.notes if isinstance(n, SpentForMinimum)]
    _, wanted = made(limits=PlanLimits(city_minimum={CITY_GROUPS[1]: 90.0}))
    assert not [n for n in wanted.notes if isinstance(n, SpentForMinimum)], "it sells as the rest"


def test_nobody_is_shown_more_than_a_cap_in_all_lines_together():
    here, plan = made(budget=3000.0)
    shown = np.zeros((len(here.channels), len(WEEKS), len(here.city)))
    for line in plan.lines:
        c = next(i for i, x in enumerate(here.channels) if x.name == line.channel)
        who = here.audience_of[here.rules.index(line.rule)] & here.channel_of[c]
        who &= here.city == CITY_GROUPS.index(line.cities)
        shown[c, WEEKS.index(line.week), who] += line.impressions / line.people
    for channel, many in zip(here.channels, shown, strict=True):
        assert many.max() <= channel.frequency_cap * channel.reach_limit * 1.001


@pytest.mark.slow
def test_claims_and_what_people_would_buy_anyway_stand_in_the_plan():
    here, plan = made()
    assert plan.claims == {"rule 0": (2.0, 1.5, 2.7)}
    addressed = np.zeros(len(here.city), bool)
    for rule, mask in zip(here.rules, here.audience_of, strict=True):
        members = np.zeros(len(here.city), bool)
        for x in (x for x in plan.lines if x.rule == rule):
            c = next(i for i, y in enumerate(here.channels) if y.name == x.channel)
            members |= mask & here.channel_of[c] & (here.city == CITY_GROUPS.index(x.cities))
        if members.any():
            base = plan.base_by_audience[rule]
            assert base == pytest.approx((0.9 * members.sum(), 0.9 * here.expected[members].sum()))
        addressed |= members
    assert plan.people == pytest.approx(0.9 * addressed.sum()), "a tenth is held out"
    assert plan.base_tickets == pytest.approx(0.9 * here.expected[addressed].sum())
    assert plan_from(plan.to_dict()) == plan


@pytest.mark.parametrize("budget", [60.0, 600.0, 3000.0])
def test_what_lines_and_audiences_add_is_the_middle_of_the_plan(budget):
    _, plan = made(budget=budget)
    assert plan.tickets.middle > 0
    assert sum(x.tickets.middle for x in plan.lines) == pytest.approx(plan.tickets.middle)
    assert sum(x.gross.middle for x in plan.lines) == pytest.approx(plan.gross.middle)
    assert sum(s.added.middle for s in plan.bridge) == pytest.approx(plan.gross.middle)
    assert all(x.tickets.low <= x.tickets.middle <= x.tickets.high for x in plan.lines)
    assert all(s.added.low <= s.added.middle <= s.added.high for s in plan.bridge)


@settings(max_examples=60, deadline=None)
@given(
    st.floats(1.0, 1e8),
    st.floats(1.01, 40),
    st.floats(1.01, 40),
    st.floats(1e-6, 100),
    st.integers(0, 10**6),
)
def test_the_range_with_the_plan_is_never_below_that_without(total, below, above, share, seed):
    base = ExpectedSales(total, total / below, total * above, 10.0, "USD", 0.1)
    g = np.random.default_rng(seed)
    by_slot = share * total / 10 * g.gamma(0.3, 1.0, (300, 4)) * (g.random(4) < 0.8)
    solved = SimpleNamespace(
        by_slot=by_slot,
        middles=np.median(by_slot, axis=0),
        problem=SimpleNamespace(slots=SimpleNamespace(audience=np.array([0, 0, 1, 2]))),
        inputs=SimpleNamespace(names=("a", "b", "c")),
    )
    last = (base.low, base.total, base.high)
    for step in _bridge(solved, base):
        ends = (step.after.low, step.after.middle, step.after.high)
        assert all(now >= before for now, before in zip(ends, last, strict=True))
        last = ends


def test_a_plan_that_sells_next_to_nothing_leaves_a_lopsided_range_where_it_is():
    base = ExpectedSales(5e6, 1.2e6, 1.5e7, 10.0, "USD", 0.1)
    solved = SimpleNamespace(
        by_slot=np.full((300, 1), 1e-3),
        middles=np.full(1, 1e-3),
        problem=SimpleNamespace(slots=SimpleNamespace(audience=np.zeros(1, dtype=int))),
        inputs=SimpleNamespace(names=("a",)),
    )
    (step,) = _bridge(solved, base)
    assert (step.after.low, step.after.high) == pytest.approx((1.2e6, 1.5e7))
