"""The curve of returns: every budget, its range, and what the next money wins."""

from dataclasses import replace

import pytest

from fullhouse.core.errors import CannotTellError
from fullhouse.planning.plan import Amount, BudgetPoint
from fullhouse.view.curve_chart import curve_chart, curve_rows
from fullhouse.view.words.plan import next_unit_at, per_money
from tests.view.drawn import rows_of, said_above
from tests.view.made_plans import PLAN, SIMULATED_PLAN

A = Amount(2.0, 1.0, 4.0)


def test_every_budget_is_drawn_with_its_range():
    drawn = [r for r in rows_of(curve_chart(PLAN)) if "tickets" in r]
    told = {r["budget"]: (r["tickets"], r["low"], r["high"]) for r in drawn}
    assert told == {p.budget: (p.tickets.middle, p.tickets.low, p.tickets.high) for p in PLAN.curve}


def test_the_next_money_is_told_of_so_much_that_it_wins_a_ticket():
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
    found = [next_unit_at(curve, b) for b in (100, 150, 300, 99, 301)]
    assert found == [pytest.approx(x) for x in (0.5, 0.4, 0.1)] + [None, None]


def test_budgets_may_come_in_any_order():
    turned = replace(PLAN, curve=PLAN.curve[::-1])
    assert curve_rows(turned) == curve_rows(PLAN)


def test_one_budget_is_no_curve():
    with pytest.raises(CannotTellError, match="at least 2 budgets, not 1"):
        curve_chart(replace(PLAN, curve=PLAN.curve[:1]))


def test_simulated_comes_first():
    assert "SIMULATED" in said_above(curve_chart(SIMULATED_PLAN))
    assert "SIMULATED" not in said_above(curve_chart(PLAN))
