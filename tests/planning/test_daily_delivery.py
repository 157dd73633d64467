"""What a plan has for the days so far, and which channels are behind or beyond it."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullhouse.planning.daily_delivery import (
    behind,
    beyond,
    days_over,
    lines_so_far,
    next_unit,
    planned_on,
)
from tests.planning.made_daily import a_delivery, a_line
from tests.view.made_plans import BARE_PLAN, PLAN

MONDAY = date(2025, 2, 3)


@given(st.integers(-10, 20), st.integers(-10, 6))
def test_a_line_is_even_over_the_days_of_its_week_after_the_plan(until, made):
    """Against counting the days one by one."""
    made_on, last = MONDAY + timedelta(made), MONDAY + timedelta(until)
    days = [d for k in range(7) if (d := MONDAY + timedelta(k)) > made_on]
    if not days:
        return
    assert days_over(MONDAY, made_on, last) == pytest.approx(
        sum(d <= last for d in days) / len(days)
    )


def test_days_not_begun_are_nothing_and_at_the_end_it_is_the_whole_plan():
    before = lines_so_far(PLAN, MONDAY - timedelta(days=1), {})
    assert {x.planned for x in before} == {0.0}
    end = lines_so_far(PLAN, date(2025, 6, 1), {})
    assert sum(x.planned for x in end) == pytest.approx(sum(x.impressions for x in PLAN.lines))
    assert sum(x.planned_spend for x in end) == pytest.approx(PLAN.spend)


def test_days_add_up_to_what_is_planned():
    until = MONDAY + timedelta(days=16)
    days = [MONDAY + timedelta(days=k) for k in range(17)]
    assert sum(planned_on(PLAN, d) for d in days) == pytest.approx(
        sum(x.planned for x in lines_so_far(PLAN, until, None))
    )


def test_delivered_impressions_cost_what_the_plan_paid():
    line = PLAN.lines[0]
    lines = lines_so_far(PLAN, MONDAY, {line.id: line.impressions / 2, "another": 9.0})
    assert lines[0].spent == pytest.approx(line.spend / 2)
    assert {x.impressions for x in lines[1:]} == {0.0}
    assert {x.spent for x in lines_so_far(PLAN, MONDAY, None)} == {None}


def test_every_channel_a_fifth_behind_is_named_the_largest_hole_first():
    fine, late = a_line("a", planned=100, impressions=80), a_line("b", channel="x", impressions=79)
    assert behind(a_delivery(fine)) == []
    assert [c.channel for c in behind(a_delivery(fine, late))] == ["x"]
    worse = a_line("c", channel="y", planned=1_000, impressions=700)
    channels = behind(a_delivery(fine, late, worse, a_line("d", channel="y")))
    assert [(c.channel, c.worst.line) for c in channels] == [("y", "c"), ("x", "b")]
    assert channels[0].share == pytest.approx(800 / 1_100)


def test_every_channel_a_fifth_beyond_is_named_also_where_nothing_was_planned():
    assert beyond(a_delivery(a_line("a", impressions=120))) == []
    over = a_delivery(
        a_line("a", impressions=121), a_line("b", channel="x", planned=0, impressions=90)
    )
    assert [c.channel for c in beyond(over)] == ["x", "push"]
    assert behind(a_delivery(a_line("a", planned=0, impressions=0))) == []


def test_the_next_unit_is_read_off_the_curve_and_not_beyond_it():
    points = sorted(PLAN.curve, key=lambda p: p.budget)
    between = replace(PLAN, budget=(points[0].budget + points[1].budget) / 2)
    assert next_unit(between) == pytest.approx((points[0].next_unit + points[1].next_unit) / 2)
    assert next_unit(replace(PLAN, budget=1.01 * points[-1].budget)) is None
    assert next_unit(BARE_PLAN) is None
