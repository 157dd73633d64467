"""The bridge: from the base range, one audience after the other, to the new one."""

from dataclasses import replace
from itertools import pairwise

import pytest

from fullhouse.core.errors import CannotTellError
from fullhouse.planning.plan import Amount, BridgeStep
from fullhouse.view.bridge_chart import bridge_chart, bridge_rows
from tests.view.drawn import rows_of, said_above
from tests.view.made_plans import BARE_PLAN, PLAN, SIMULATED_PLAN


def test_each_step_starts_where_the_one_before_ends():
    rows = [r for r in bridge_rows(PLAN) if r["part"] == "step"]
    assert rows[0]["start"] == 0
    assert all(a["end"] == b["start"] for a, b in pairwise(rows))
    base, after = PLAN.base.middle, PLAN.bridge[-1].after.middle
    assert rows[-1]["end"] == pytest.approx(after - base)
    assert [r["name"] for r in rows] == [s.name for s in PLAN.bridge]


def test_ranges_are_those_of_the_plan():
    rows = bridge_rows(PLAN)
    told = [(r["middle"], r["low"], r["high"]) for r in rows]
    amounts = [PLAN.base, PLAN.bridge[-1].after, *(s.added for s in PLAN.bridge), PLAN.gross]
    assert told == [(a.middle, a.low, a.high) for a in amounts]
    total = rows[-1]
    assert (total["start"], total["end"]) == (0, PLAN.bridge[-1].after.middle - PLAN.base.middle)


def test_whiskers_start_from_the_steps_own_start():
    drawn = {r["name"]: r for r in rows_of(bridge_chart(PLAN)) if "said" in r}
    assert len(drawn) == len(PLAN.bridge) + 3
    for step in PLAN.bridge:
        row = drawn[step.name]
        assert row["from"] == pytest.approx(row["start"] + step.added.low)
        assert row["to"] == pytest.approx(row["start"] + step.added.high)
    assert drawn["Without the plan"]["said"] == "61 m (42.3 m – 95.7 m)"
    assert drawn["Owners of older dogs"]["said"].startswith("+")


def test_an_audience_may_take_away():
    less = Amount(-5e5, -9e5, 2e5)
    step = BridgeStep("Those annoyed", less, Amount(PLAN.base.middle - 5e5, 4e7, 9e7))
    rows = rows_of(bridge_chart(replace(PLAN, bridge=(step,), gross=less)))
    row = next(r for r in rows if r.get("name") == "Those annoyed")
    assert row["said"] == "-500 k (-900 k – 200 k)"
    assert row["end"] < row["start"]


@pytest.mark.parametrize("plan", [BARE_PLAN, replace(PLAN, base=None), replace(PLAN, bridge=())])
def test_without_a_base_or_a_step_there_is_no_bridge(plan):
    with pytest.raises(CannotTellError, match="no bridge to draw for Harbour Lights"):
        bridge_chart(plan)


def test_simulated_comes_first():
    assert "SIMULATED" in said_above(bridge_chart(SIMULATED_PLAN))
    assert "SIMULATED" not in said_above(bridge_chart(PLAN))
