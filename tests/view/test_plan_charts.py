"""The bridge from the base range to the new one, and the curve of what budgets sell."""

from dataclasses import replace
from itertools import pairwise

import pytest

from fullhouse.core.errors import CannotTellError
from fullhouse.planning.plan import Amount, BridgeStep, BudgetPoint
from fullhouse.view.plan_charts import bridge_chart, bridge_rows, curve_chart, curve_rows
from fullhouse.view.words.plan import next_unit_at, per_money
from tests.view.chart_data import heading_of, rows_of
from tests.view.sample_plans import BARE_PLAN, PLAN, SIMULATED_PLAN

A = Amount(2.0, 1.0, 4.0)


def test_each_step_starts_where_the_one_before_ends():
    rows = [r for r in bridge_rows(PLAN) if r["part"] == "step"]
    assert rows[0]["start"] == 0
    assert all(a["end"] == b["start"] for a, b in pairwise(rows))
    assert rows[-1]["end"] == pytest.approx(sum(s.added.middle for s in PLAN.bridge))
    assert [r["name"] for r in rows] == [s.name for s in PLAN.bridge]


def test_ranges_are_those_of_the_plan():
    rows = bridge_rows(PLAN)
    figures = [(r["middle"], r["low"], r["high"]) for r in rows]
    amounts = [PLAN.base, PLAN.bridge[-1].after, *(s.added for s in PLAN.bridge), PLAN.gross]
    assert figures == [(a.middle, a.low, a.high) for a in amounts]
    total = rows[-1]
    assert (total["start"], total["end"]) == (0, PLAN.gross.middle)


def test_whiskers_start_from_the_steps_own_start():
    drawn = {r["name"]: r for r in rows_of(bridge_chart(PLAN)) if "figures" in r}
    assert len(drawn) == len(PLAN.bridge) + 3
    for step in PLAN.bridge:
        row = drawn[step.name]
        assert row["from"] == pytest.approx(row["start"] + step.added.low)
        assert row["to"] == pytest.approx(row["start"] + step.added.high)
    assert drawn["Without the plan"]["figures"] == "61 m (42.3 m – 95.7 m)"
    assert drawn["Owners of older dogs"]["figures"].startswith("+")


def test_an_audience_may_take_away():
    less = Amount(-5e5, -9e5, 2e5)
    step = BridgeStep("Those annoyed", less, Amount(PLAN.base.middle - 5e5, 4e7, 9e7))
    rows = rows_of(bridge_chart(replace(PLAN, bridge=(step,), gross=less)))
    row = next(r for r in rows if r.get("name") == "Those annoyed")
    assert row["figures"] == "-500 k (-900 k – 200 k)"
    assert row["end"] < row["start"]


@pytest.mark.parametrize("plan", [BARE_PLAN, replace(PLAN, base=None), replace(PLAN, bridge=())])
def test_without_a_base_or_a_step_there_is_no_bridge(plan):
    with pytest.raises(CannotTellError, match="no bridge to draw for harbour-lights"):
        bridge_chart(plan)


def test_a_bridge_of_simulated_data_says_so_first():
    assert "SIMULATED" in heading_of(bridge_chart(SIMULATED_PLAN))
    assert "SIMULATED" not in heading_of(bridge_chart(PLAN))


def test_every_budget_is_drawn_with_its_range():
    drawn = [r for r in rows_of(curve_chart(PLAN)) if "tickets" in r]
    figures = {r["budget"]: (r["tickets"], r["low"], r["high"]) for r in drawn}
    assert figures == {
        p.budget: (p.tickets.middle, p.tickets.low, p.tickets.high) for p in PLAN.curve
    }


def test_the_next_money_is_so_much_that_it_sells_a_ticket():
    per = per_money(PLAN.curve)
    assert per == 100
    for row, point in zip(curve_rows(PLAN), PLAN.curve, strict=True):
        assert row["next"] == pytest.approx(per * point.next_unit)
        assert row["per"] == per
    assert 1 <= max(r["next"] for r in curve_rows(PLAN)) < 10


@pytest.mark.parametrize(
    ("best", "per"), [(0.0, 1000), (0.1, 10), (0.099, 100), (2.5, 1), (1e-6, 1_000_000)]
)
def test_per_money_is_a_power_of_ten(best, per):
    assert per_money([BudgetPoint(1.0, A, best)]) == per


def test_the_plans_own_budget_is_marked():
    marks = [r for r in rows_of(curve_chart(PLAN)) if set(r) == {"budget"}]
    assert marks
    assert {r["budget"] for r in marks} == {PLAN.budget}


def test_between_budgets_the_next_unit_is_on_the_line_and_outside_not_known():
    curve = [BudgetPoint(300.0, A, 0.1), BudgetPoint(100.0, A, 0.5)]
    slopes = [next_unit_at(curve, b) for b in (100, 150, 300, 99, 301)]
    assert slopes == [pytest.approx(x) for x in (0.5, 0.4, 0.1)] + [None, None]


def test_budgets_may_come_in_any_order():
    turned = replace(PLAN, curve=PLAN.curve[::-1])
    assert curve_rows(turned) == curve_rows(PLAN)


def test_one_budget_is_no_curve():
    with pytest.raises(CannotTellError, match="at least 2 budgets, not 1"):
        curve_chart(replace(PLAN, curve=PLAN.curve[:1]))


def test_a_curve_of_simulated_data_says_so_first():
    assert "SIMULATED" in heading_of(curve_chart(SIMULATED_PLAN))
    assert "SIMULATED" not in heading_of(curve_chart(PLAN))
