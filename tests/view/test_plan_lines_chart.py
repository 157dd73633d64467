"""Spend by audience, channel and week: nothing is lost, and an empty week is seen."""

from dataclasses import replace
from datetime import timedelta
from math import fsum

import pytest

from fullhouse.core.errors import CannotTellError
from fullhouse.view.plan_charts import COLOURS, lines_rows, plan_lines_chart
from tests.view.chart_data import heading_of, rows_of
from tests.view.sample_plans import AUDIENCES, BARE_PLAN, PLAN, SIMULATED_PLAN


def test_rows_add_up_to_the_plan():
    rows = lines_rows(PLAN)
    for name in ("spend", "impressions", "people"):
        assert fsum(r[name] for r in rows) == pytest.approx(
            fsum(getattr(x, name) for x in PLAN.lines)
        )
    assert fsum(r["tickets"] for r in rows) == pytest.approx(
        fsum(x.tickets.middle for x in PLAN.lines)
    )


def test_a_row_is_the_sum_over_its_city_groups():
    row = lines_rows(PLAN)[0]
    lines = [
        x for x in PLAN.lines
        if (x.audience, x.channel, x.week.isoformat())
        == (row["audience"], row["channel"], row["week"])
    ]  # fmt: skip
    assert row["spend"] == pytest.approx(sum(x.spend for x in lines))
    reach = sum(x.reach for x in lines)
    assert row["frequency"] == pytest.approx(sum(x.impressions for x in lines) / reach)


def test_the_costliest_audience_comes_first():
    names = list(dict.fromkeys(r["audience"] for r in lines_rows(PLAN)))
    spend = [sum(x.spend for x in PLAN.lines if x.audience == n) for n in names]
    assert spend == sorted(spend, reverse=True)
    assert set(names) == set(AUDIENCES)


def test_each_cell_stands_in_the_band_of_its_spend_with_people_and_frequency():
    drawn = [r for r in rows_of(plan_lines_chart(PLAN)) if "band" in r]
    assert len(drawn) == len(lines_rows(PLAN))
    bands = {r["band"] for r in drawn}
    assert len(bands) <= len(COLOURS)
    sizes = {" k": 1e3, " m": 1e6}
    for row in drawn:
        low, high = (
            float(end.removesuffix(end[-2:])) * sizes[end[-2:]] if end != "0" else 0.0
            for end in row["band"].split(" – ")
        )
        assert low < row["spend"] <= high
        assert row["people"] > 0
        assert row["frequency"] > 0


def test_no_two_cells_lie_on_one_another():
    drawn = [r for r in rows_of(plan_lines_chart(PLAN)) if "band" in r]
    places = [(round(r["x"]), r["y"]) for r in drawn]
    assert len(places) == len(set(places))


def test_no_name_lies_on_a_cell_or_on_another_name():
    rows = rows_of(plan_lines_chart(PLAN))
    tops = {r["y"] for r in rows if "band" in r}
    heads = [r["y"] for r in rows if r.get("weight") == "bold" and r["align"] == "left"]
    channels = [r["y"] for r in rows if r.get("weight") == "normal" and r["align"] == "left"]
    assert len(heads) == len(AUDIENCES)
    assert not [y for y in heads if any(top - 6 < y < top + 28 for top in tops)]
    assert len(channels) == len(set(channels)) == len(tops)


def test_a_week_without_money_has_its_empty_column():
    weeks = sorted({x.week for x in PLAN.lines})
    some = tuple(x for x in PLAN.lines if x.week in (weeks[0], weeks[-1]))
    rows = rows_of(plan_lines_chart(replace(PLAN, lines=some)))
    empty = {round(r["x"]) for r in rows if set(r) == {"x", "x2", "y", "y2"}}
    assert len(empty) == (weeks[-1] - weeks[0]) // timedelta(weeks=1) + 1


def test_audiences_never_measured_are_named():
    heading = heading_of(plan_lines_chart(PLAN))
    assert "Not measured by any campaign yet: " in heading
    assert "Owners of older dogs" in heading
    assert "Fans of family drama" not in heading


def test_one_line_is_drawn_and_none_is_an_error():
    plan_lines_chart(replace(PLAN, lines=PLAN.lines[:1])).to_dict()
    with pytest.raises(CannotTellError, match="no line to draw"):
        plan_lines_chart(BARE_PLAN)


def test_simulated_comes_first():
    assert "SIMULATED" in heading_of(plan_lines_chart(SIMULATED_PLAN))
    assert "SIMULATED" not in heading_of(plan_lines_chart(PLAN))
