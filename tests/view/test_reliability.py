"""The reliability chart: what is drawn, and what it says where there is nothing."""

import numpy as np
import pytest

from fullhouse.forecast import PROBABILITIES
from fullhouse.stats.scores import reliability
from fullhouse.view.charts import save_chart
from fullhouse.view.market_charts import points, reliability_chart

P = np.array(PROBABILITIES)


def of(n, *, shift=0.0, films=None):
    """Of n outcomes at even places of 0 to 1, against quantiles that say `shift` too little."""
    y = (np.arange(n) + 0.5) / n
    return reliability(np.tile(P - shift, (n, 1)), y, P, independent=films)


def test_calibrated_ranges_are_on_the_line_and_inside_the_band():
    drawn = points(of(200))
    assert all(p["within"] for p in drawn)
    assert max(abs(p["observed"] - p["expected"]) for p in drawn) < 0.006


def test_forecasts_that_are_too_low_are_marked():
    drawn = points(of(200, shift=0.3))
    assert not any(p["within"] for p in drawn if 0.4 < p["expected"] < 0.9)


def test_the_band_is_as_wide_as_the_number_of_films_says():
    one, other = points(of(200))[10], points(of(200, films=20))[10]
    assert other["high"] - other["low"] > 2 * (one["high"] - one["low"])


def test_captions_count_forecasts_and_films_and_say_simulated():
    chart = reliability_chart(
        {"total": of(40, films=8), "opening_day": of(1)}, notes=["A note."], simulated=True
    ).to_dict()
    assert [p["title"]["text"] for p in chart["hconcat"]] == ["Total of the run", "Opening day"]
    counts = [p["title"]["subtitle"] for p in chart["hconcat"]]
    assert counts == ["40 forecasts of 8 films", "1 forecast of 1 film"]
    assert chart["title"]["subtitle"][0].startswith("SIMULATED")
    assert "A note." in chart["title"]["subtitle"]


@pytest.mark.parametrize("nothing", [{}, {"total": of(0)}], ids=["no quantity", "no forecast"])
def test_nothing_is_drawn_as_nothing(nothing, tmp_path):
    chart = reliability_chart(nothing)
    assert "No outcome is known yet" in str(chart.to_dict())
    save_chart(chart, tmp_path / "none.png")
    assert (tmp_path / "none.png").read_bytes().startswith(b"\x89PNG")
