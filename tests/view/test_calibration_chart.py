"""The calibration chart: points, intervals, the diagonal and the people."""

from dataclasses import replace

import pytest

from fullhouse.core.errors import CannotTellError
from fullhouse.propensity.propensity import CalibrationBin
from fullhouse.view.model_card import calibration_chart, calibration_rows
from tests.view.chart_data import heading_of, rows_of
from tests.view.sample_discoveries import BINS


def scales(chart):
    points, people = chart.to_dict()["vconcat"]
    return [
        points["layer"][0]["encoding"]["x"]["scale"],
        points["layer"][0]["encoding"]["y"]["scale"],
        people["encoding"]["x"]["scale"],
    ]


def test_every_bin_is_a_point_with_its_interval_and_its_people():
    for row, b in zip(calibration_rows(BINS), BINS, strict=True):
        assert [row[k] for k in ("persons", "predicted", "observed", "low", "high")] == [
            b.persons,
            b.predicted,
            b.observed,
            b.low,
            b.high,
        ]
    drawn = rows_of(calibration_chart(BINS))
    assert {r["persons"] for r in drawn if "persons" in r} == {b.persons for b in BINS}


def test_an_interval_that_misses_the_line_is_marked():
    bins = [CalibrationBin(100, 0.1, 0.12, 0.08, 0.17), CalibrationBin(100, 0.3, 0.5, 0.4, 0.6)]
    assert [r["inside"] for r in calibration_rows(bins)] == [True, False]


def test_both_axes_and_the_histogram_share_one_scale():
    for bins in (BINS, BINS[4:]):
        first, *others = scales(calibration_chart(bins))
        assert all(o == first for o in others)
        assert first["domain"][1] >= max(max(b.high, b.predicted) for b in bins)


def test_probabilities_far_apart_stand_on_roots():
    assert scales(calibration_chart(BINS))[0]["type"] == "sqrt"
    assert scales(calibration_chart(BINS[4:]))[0]["type"] == "linear"


def test_the_diagonal_runs_from_nought_to_the_top():
    ends = [r for r in rows_of(calibration_chart(BINS)) if set(r) == {"predicted", "observed"}]
    assert [r["predicted"] for r in ends] == [r["observed"] for r in ends]
    assert len(ends) == 2


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_one_bin_at_an_end_is_drawn(value):
    only = replace(BINS[0], predicted=value, observed=value, low=value, high=value)
    calibration_chart([only]).to_dict()


def test_no_bin_is_an_error_and_simulated_comes_first():
    with pytest.raises(CannotTellError, match="no past film was predicted"):
        calibration_chart(())
    assert "SIMULATED" in heading_of(calibration_chart(BINS, simulated=True))
