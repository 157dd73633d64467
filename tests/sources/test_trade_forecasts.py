"""The reader of trade forecasts: lines made up here in the table's own form, and the real one."""

from datetime import date
from pathlib import Path

import pytest

from fullhouse.core.errors import InputError
from fullhouse.sources import trade_forecasts

HEAD = "title,friday,forecast_usd,days\n"


def read(folder: Path, *lines: str, head: str = HEAD) -> trade_forecasts.FilmSet:
    path = folder / "forecasts.csv"
    path.write_text(head + "".join(f"{x}\n" for x in lines), encoding="utf-8")
    return trade_forecasts.read(path)


def test_a_forecast_is_known_from_the_eve_of_its_friday(tmp_path: Path) -> None:
    result = read(tmp_path, "Hare,2023-01-13,11500000,4", '"Larch, Again",2023-01-20,4500000,3')
    assert result.problems == ()
    assert [(e.title, e.opening) for e in result.entries] == [
        ("Hare", date(2023, 1, 13)),
        ("Larch, Again", date(2023, 1, 20)),
    ]
    rows = result.forecasts.to_pylist()
    assert [(r["source"], r["made_on"], r["days"], r["mid"]) for r in rows] == [
        ("trade", date(2023, 1, 12), 4, 11_500_000.0),
        ("trade", date(2023, 1, 19), 3, 4_500_000.0),
    ]
    assert rows[0]["known_on"] == date(2023, 1, 12)
    assert {(r["territory"], r["currency"]) for r in rows} == {("US", "USD")}
    assert all(not e.facts for e in result.entries), "it states nothing of the films themselves"


def test_a_file_may_name_its_sources_and_their_ranges(tmp_path: Path) -> None:
    head = "title,friday,forecast_usd,days,source,low_usd,high_usd\n"
    result = read(
        tmp_path,
        "Hare,2023-01-13,10000000,3,Tracker,9000000,12000000",
        "Hare,2023-01-13,9000000,3,,,",
        head=head,
    )
    rows = result.forecasts.to_pylist()
    assert [(r["source"], r["low"], r["high"]) for r in rows] == [
        ("Tracker", 9e6, 12e6),
        ("trade", None, None),
    ]
    assert len(result.entries) == 1


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (",2023-01-13,1,3", "no title"),
        ("Bramble,13 Jan,1,3", "friday is not YYYY-MM-DD"),
        ("Bramble,2023-01-13,0,3", "forecast_usd is not an amount above 0"),
        ("Bramble,2023-01-13,lots,3", "forecast_usd is not a number"),
        ("Bramble,2023-01-13,1,12", "days covered are not 1 to 6"),
        ("Hare,2023-01-13,1,3", "a second forecast of this film by this source"),
    ],
)
def test_a_bad_line_is_a_problem(tmp_path: Path, line: str, problem: str) -> None:
    result = read(tmp_path, "Hare,2023-01-13,2,3", line)
    assert [(p.row, p.problem) for p in result.problems] == [(2, problem)]
    assert result.forecasts.num_rows == 1


def test_another_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no column forecast_usd"):
        read(tmp_path, "Hare,2023-01-13,1,3", head="title,friday,forecast,days\n")


@pytest.mark.real
def test_the_real_file_reads_whole(data_folder: Path) -> None:
    files = sorted((data_folder / "trade_forecasts").glob("*.csv"))
    assert files
    for file in files:
        result = trade_forecasts.read(file)
        assert result.problems == ()
        assert result.forecasts.num_rows == result.read > 50
