"""The film readers on the real sets, and how their films are matched."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from fullhouse.control import open_control
from fullhouse.films import facts, grosses, import_set, known, links
from fullhouse.lake import Lake
from fullhouse.sources import box_office_us, maoyan, tmdb, trailer_trends

pytestmark = pytest.mark.real
LATE = date(2030, 1, 1)
AT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.slow
def test_us_days_and_tmdb_meet(data_folder: Path, lake: Lake, tmp_path: Path) -> None:
    database = open_control(f"sqlite:///{tmp_path / 'c.db'}")
    days = box_office_us.read(data_folder / "box_office_us/daily_2000_2018.parquet")
    assert (len(days.entries), days.grosses.num_rows, len(days.problems)) == (5_292, 294_444, 35)
    assert {p.problem for p in days.problems} == {box_office_us.CONTRADICTED}
    assert days.problems[0].given == "3,638,000; taken as 36,985,111"
    import_set(lake, database, days, at=AT)
    about = tmdb.read(data_folder / "tmdb_5000/tmdb_5000_movies.csv.zip")
    done = import_set(lake, database, about, at=AT)
    # Measured: 2,396 matched, 47 to review; see docs/films.md.
    assert 2_350 <= done.matched <= 2_450
    assert done.review <= 60
    dog = known(lake, "a-dogs-purpose-2017", "US", LATE)
    assert dog.opening == date(2017, 1, 27)
    assert (dog.facts["theaters"], dog.facts["plan"]) == (3_059, "wide")
    run = grosses(lake, "US", LATE, films=["a-dogs-purpose-2017"])
    assert sum(run["gross"].to_pylist()) == 64_321_890
    trek = known(lake, "star-trek-2009", "US", LATE)
    assert trek.opening == date(2009, 5, 8)
    assert trek.facts["budget"] == (150_000_000, "USD")
    eve = grosses(lake, "US", LATE, films=["star-trek-2009"]).to_pylist()[0]
    assert (eve["day"], eve["gross"]) == (date(2009, 5, 7), 4_000_000)
    before = facts(lake, "US", date(2009, 5, 6), films=["star-trek-2009"])
    assert "theaters" not in before["field"].to_pylist()
    assert all(k.film for k in links(database))


def test_search_weeks(data_folder: Path) -> None:
    result = trailer_trends.read(data_folder / "trailer_trends/searches.csv")
    assert (len(result.entries), result.signals.num_rows) == (546, 28_655)
    assert {p.problem for p in result.problems} == {"a second row for this week"}


def test_chinese_totals(data_folder: Path) -> None:
    result = maoyan.read(data_folder / "box_office_china/maoyan_2019_2022_movies.xlsx")
    assert (len(result.entries), result.problems) == (1_070, ())
    totals = {e.title: s.value for e in result.entries for s in e.facts if s.field == "total"}
    assert len(totals) == 900
    assert totals["哪吒之魔童降世"] == [5_036_000_000, "CNY"]
