"""The slate: films by the day they open, their opening weekends, and what clashes."""

from dataclasses import replace
from datetime import date

import pytest

from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.forecast.slate import Conflict
from fullhouse.view.charts import save_chart
from fullhouse.view.market_charts import slate_chart, slate_rows, weekend
from tests.view.chart_data import heading_of, rows_of
from tests.view.sample_forecasts import AFTER, BEFORE, LIMITED, ROAD, TOTAL_ONLY

OTHER = replace(ROAD[1], film="night-ferry-2025", title="Night Ferry", opening=date(2025, 3, 19))
OUT = replace(AFTER, film="moss-2-2025", title="Moss 2", opening=date(2025, 2, 28))
NO_WEEKEND = replace(TOTAL_ONLY, territory="US", currency="USD")
SLATE = [LIMITED, OTHER, BEFORE, OUT, NO_WEEKEND]
CLASH = Conflict(BEFORE.film, OTHER.film, date(2025, 3, 19), 0, ("Family",), 0.5)


def test_films_stand_by_the_day_they_open():
    assert [r["title"] for r in slate_rows(SLATE)] == [
        "Moss 2", "The Lantern Harbour", "Night Ferry", "Letters from the Salt Road", "风过梯田",
    ]  # fmt: skip


def test_the_bar_is_the_80_percent_range_of_the_opening_weekend():
    row = next(r for r in slate_rows(SLATE) if r["film"] == BEFORE.film)
    assert (row["low80"], row["high80"]) == BEFORE.ranges["opening_weekend"].between(0.8)
    assert row["median"] == BEFORE.ranges["opening_weekend"].median


def test_known_weekends_and_films_without_one_say_so():
    text = {r["title"]: r["label"] for r in slate_rows(SLATE)}
    assert text["Moss 2"] == "17.6 m, known"
    assert text["风过梯田"] == "not forecast"


def test_of_several_forecasts_of_a_film_the_newest_counts():
    rows = slate_rows([ROAD[2], ROAD[0], ROAD[1]])
    assert [r["median"] for r in rows] == [ROAD[2].ranges["opening_weekend"].median]


def test_conflicts_are_shaded_in_bold_and_named():
    chart = slate_chart(SLATE, [CLASH])
    rows = rows_of(chart)
    assert {"start": "2025-03-19", "end": "2025-03-24"} in rows
    clashing = {r["film"] for r in rows if r.get("conflict")}
    assert clashing == {BEFORE.film, OTHER.film}
    above = heading_of(chart)
    assert (
        "19 Mar 2025: The Lantern Harbour and Night Ferry, the same weekend; both family." in above
    )


WEEKENDS = [(9, 7), (10, 14), (13, 14), (14, 14), (16, 14)]


@pytest.mark.parametrize(("day", "friday"), WEEKENDS)
def test_the_weekend_of_a_day_is_its_own_or_the_next(day, friday):
    assert weekend(date(2025, 3, day)) == (date(2025, 3, friday), date(2025, 3, friday + 3))


def test_a_slate_is_of_one_territory():
    with pytest.raises(InputError, match=r"CN \(CNY\), US \(USD\)"):
        slate_chart([BEFORE, TOTAL_ONLY])
    with pytest.raises(CannotTellError, match="no forecast"):
        slate_chart([])


@pytest.mark.parametrize("slate", [SLATE, [NO_WEEKEND], [BEFORE]], ids=["five", "none", "one"])
def test_it_is_drawn(slate, tmp_path):
    save_chart(slate_chart(slate, [CLASH]), tmp_path / "slate.svg")
    assert "NaN" not in (tmp_path / "slate.svg").read_text("utf-8")


def test_one_simulated_film_makes_a_simulated_slate():
    assert "SIMULATED" in heading_of(slate_chart(SLATE))
    assert "SIMULATED" not in heading_of(slate_chart([BEFORE, OTHER]))
