"""The reach chart: curves, precision, and the line of chance."""

import pytest

from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.propensity.propensity import ReachPoint
from fullhouse.view.model_card import reach_chart, reach_rows
from tests.view.chart_data import heading_of, rows_of
from tests.view.sample_discoveries import BASE, CURVES


def test_every_point_of_every_curve_is_drawn_with_its_precision():
    drawn = [r for r in rows_of(reach_chart(CURVES)) if "precision" in r]
    by_point = {(r["curve"], r["persons"]): r for r in drawn}
    for name, points in CURVES.items():
        for p in points:
            row = by_point[name, p.persons]
            assert (row["reached"], row["precision"], row["times"]) == (
                p.reached,
                p.precision,
                p.times,
            )


def test_chance_is_the_share_of_everybody():
    for row in reach_rows(CURVES):
        assert row["chance"] == pytest.approx(row["persons"] / BASE, abs=1e-3)
    line = [r for r in rows_of(reach_chart(CURVES)) if set(r) == {"persons", "chance"}]
    assert max(r["chance"] for r in line) == pytest.approx(1)
    # Straight from nobody to everybody.
    assert all(r["chance"] == pytest.approx(r["persons"] / BASE, abs=1e-3) for r in line)


def test_the_words_where_the_pointer_rests():
    point = ReachPoint(1_000, 0.25, 0.05, 2.5)
    words = next(r["words"] for r in rows_of(reach_chart({"one": [point]})) if "words" in r)
    assert words.startswith("1,000 people hold 25 % of the audience; 5.0 % of them are of it, 2.50")


def test_points_may_come_in_any_order_and_reach_nothing():
    points = [ReachPoint(10, 0.0, 0.0, 0.0), ReachPoint(5, 0.0, 0.0, 0.0)]
    rows = reach_rows({"none": points})
    assert [r["persons"] for r in rows] == [5, 10]
    assert rows[0]["chance"] is None
    reach_chart({"none": points}).to_dict()


def test_no_point_is_an_error_and_too_many_curves_are_a_mistake():
    with pytest.raises(CannotTellError, match="no curve has a point"):
        reach_chart({"a": ()})
    with pytest.raises(InputError, match="7 curves"):
        reach_chart({str(k): CURVES["propensity"] for k in range(7)})


def test_simulated_comes_first():
    assert "SIMULATED" in heading_of(reach_chart(CURVES, simulated=True))
    assert "SIMULATED" not in heading_of(reach_chart(CURVES))
