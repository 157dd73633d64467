"""The affinity chart: what is drawn, and files that need no network."""

from dataclasses import replace
from datetime import date

import pytest

from fullhouse.core.errors import CannotTellError
from fullhouse.discovery import Affinity, OutcomeDiscovery
from fullhouse.view.charts import save_chart
from fullhouse.view.discovery_charts import affinity_chart

ROW = Affinity(
    **dict.fromkeys(
        ("share", "outcome_share", "expected", "p", "placebo_naive", "placebo_low", "placebo_high"),
        0.5,
    ),
    **dict.fromkeys(("against_placebo", "against_placebo_low", "against_placebo_high"), None),
    **dict.fromkeys(("index", "index_low", "index_high"), None),
    trait="buys:dogs",
    label="bought from Dogs",
    family="buys",
    basis="purchase",
    persons=100,
    outcome_persons=50,
    naive=3.4,
    ratio=2.3,
    low=1.8,
    high=2.9,
    q=0.001,
    placebo=1.02,
    verdict="associated",
    reason="beyond_placebo",
)
DISCOVERY = OutcomeDiscovery(
    outcome="word:dog",
    base="everyone",
    placebo="buys:books",
    as_of=date(2020, 1, 31),
    build=1,
    base_people=1000,
    outcome_people=80,
    outcome_outside=0,
    outcome_events=90,
    placebo_people=300,
    refused=2,
    strata="21 of purchase",
    tested=3,
    too_few=0,
    excluded=1,
    verdict="associated",
    reason="",
    needed=32,
    notes=(),
    rows=(
        ROW,
        replace(
            ROW, trait="buys:cats", verdict="no_association", low=0.01, high=None, placebo=None
        ),
        replace(ROW, trait="buys:fish", verdict="cannot_tell", ratio=None, low=None),
        replace(ROW, trait="word:dog", verdict="is_outcome"),
    ),
)


def _drawn(chart):
    spec = chart.to_dict()
    return (
        [r for rows in spec["datasets"].values() for r in rows if "trait" in r]
        if ("datasets" in spec)
        else next(
            layer["data"]["values"]
            for layer in spec["layer"]
            if "trait" in layer["data"]["values"][0]
        )
    )


def test_only_traits_with_a_ratio_that_are_not_the_outcome_are_drawn():
    rows = _drawn(affinity_chart(DISCOVERY))
    assert [r["trait"] for r in rows] == ["buys:dogs", "buys:cats"]


def test_two_traits_with_one_label_stay_two():
    assert len({r["trait"] for r in _drawn(affinity_chart(DISCOVERY))}) == 2


def test_ends_outside_the_axis_are_cut_and_the_figures_say_so():
    row = _drawn(affinity_chart(DISCOVERY))[1]
    assert (row["low"], row["high"]) == (0.1, 20.0)
    assert row["figures"].endswith("(0.01–…)")


def test_caption_says_people_day_base_and_placebo():
    subtitle = " ".join(affinity_chart(DISCOVERY).to_dict()["title"]["subtitle"])
    for word in ("80 people of 1,000", "31 January 2020", "everyone", "buys:books", "3 traits"):
        assert word in subtitle


def test_a_chart_of_simulated_data_says_so_first():
    discovery = replace(DISCOVERY, simulated=True)
    assert affinity_chart(discovery).to_dict()["title"]["subtitle"][0].startswith("SIMULATED")
    assert discovery.to_dict()["simulated"] is True
    assert "SIMULATED" not in str(affinity_chart(DISCOVERY).to_dict()["title"])


def test_nothing_to_draw_is_an_error_with_the_reason():
    with pytest.raises(CannotTellError, match="none of the 3 traits tested"):
        affinity_chart(
            replace(DISCOVERY, verdict="no_association", tested=3, rows=DISCOVERY.rows[2:])
        )


def test_files_need_no_browser_and_no_network(tmp_path):
    chart = affinity_chart(DISCOVERY)
    for ending in ("svg", "png", "html"):
        save_chart(chart, tmp_path / f"chart.{ending}")
    assert (tmp_path / "chart.png").read_bytes().startswith(b"\x89PNG")
    assert "bought from Dogs" in (tmp_path / "chart.svg").read_text("utf-8")
    page = (tmp_path / "chart.html").read_text("utf-8")
    assert "<script src=" not in page
    assert "//cdn" not in page
