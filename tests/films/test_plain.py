"""Anyone's own films, grosses and signals."""

from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fullhouse.control import Control
from fullhouse.core.errors import InputError
from fullhouse.films import (
    forecasts,
    grosses,
    import_set,
    known,
    parse_value,
    plain,
    signals,
)
from fullhouse.lake import Lake
from tests.films.conftest import AT

LATE = date(2030, 1, 1)
FILMS = """film,title,territory,known_on,opening,plan,genres,budget,budget_currency
bramble,Bramble,US,2024-10-01,2025-03-07,wide,Comedy|Family,12000000,USD
,A Hare's Way,US,2024-10-01,2025-04-04,limited,,,
"""
GROSSES = """film,territory,day,gross,currency,theaters
bramble,US,2025-03-07,1000,USD,2100
bramble,US,2025-03-08,1500.5,USD,2100
"""
SIGNALS = """film,territory,kind,day,value
bramble,US,presales,2025-03-01,120
"""


def write(folder: Path, text: str, name: str = "given.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_films_grosses_and_signals_by_their_columns(
    lake: Lake, control: Control, tmp_path: Path
) -> None:
    for text in (FILMS, GROSSES, SIGNALS):
        result = plain.read(write(tmp_path, text))
        assert result.problems == ()
        assert import_set(lake, control, result, at=AT).problems == ()
    film = known(lake, "bramble-2025", "US", LATE)
    assert film.facts == {
        "title": "Bramble",
        "opening": date(2025, 3, 7),
        "plan": "wide",
        "genres": ["Comedy", "Family"],
        "budget": (12_000_000, "USD"),
    }
    days = grosses(lake, "US", LATE).to_pylist()
    assert [(d["film"], d["gross"], d["theaters"]) for d in days] == [
        ("bramble-2025", 1000.0, 2100),
        ("bramble-2025", 1500.5, 2100),
    ]
    assert days[0]["known_on"] == date(2025, 3, 8)
    assert signals(lake, "US", LATE)["value"].to_pylist() == [120.0]
    assert known(lake, "a-hares-way-2025", "US", LATE).facts["plan"] == "limited"


def test_days_of_an_unknown_film_are_refused_until_it_is_here(
    lake: Lake, control: Control, tmp_path: Path
) -> None:
    days = plain.read(write(tmp_path, GROSSES))
    done = import_set(lake, control, days, at=AT)
    assert [p.problem for p in done.problems] == ["no such film here"]
    assert done.grosses == 0
    import_set(lake, control, plain.read(write(tmp_path, FILMS)), at=AT)
    assert import_set(lake, control, days, at=AT).grosses == 2
    assert import_set(lake, control, days, at=AT).already


def test_parquet_reads_the_same(tmp_path: Path) -> None:
    rows = {
        "film": ["bramble"],
        "territory": ["US"],
        "day": pa.array([date(2025, 3, 7)], pa.date32()),
        "gross": [1000],
        "currency": ["USD"],
        "theaters": [2100],
    }
    path = tmp_path / "days.parquet"
    pq.write_table(pa.table(rows), path)
    csv = plain.read(write(tmp_path, GROSSES))
    assert plain.read(path).grosses.to_pylist() == csv.grosses.to_pylist()[:1]


def test_title_and_opening_name_a_film_too(lake: Lake, control: Control, tmp_path: Path) -> None:
    text = "title,opening,day,gross\nBramble,2025-03-07,2025-03-07,10\n"
    result = plain.read(write(tmp_path, text), territory="US", currency="USD")
    import_set(lake, control, result, at=AT)
    assert known(lake, "bramble-2025", "US", LATE).title == "Bramble"
    assert grosses(lake, "US", LATE)["gross"].to_pylist() == [10.0]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("bramble,US,2025-02-30,1,USD,1", "day is not YYYY-MM-DD"),
        ("bramble,US,7 March,1,USD,1", "day is not YYYY-MM-DD"),
        ("bramble,US,2025-03-09,-1,USD,1", "gross is negative"),
        ("bramble,US,2025-03-09,many,USD,1", "gross is not a number"),
        ("bramble,US,2025-03-09,,USD,1", "gross is not a number"),
        ("bramble,US,2025-03-09,nan,USD,1", "gross is not a number"),
        ("bramble,us,2025-03-09,1,USD,1", "territory is not two upper-case letters"),
        ("bramble,,2025-03-09,1,USD,1", "territory is not two upper-case letters"),
        ("bramble,US,2025-03-09,1,dollars,1", "currency is not three upper-case letters"),
        ("bramble,US,2025-03-09,1,USD,-4", "theaters is not a number, 0 or more"),
        (",US,2025-03-09,1,USD,1", "no film"),
        ("bramble,US,2025-03-08,1,USD,1", "a second row for this film and day"),
    ],
)
def test_a_bad_row_is_a_problem_and_the_others_are_kept(
    tmp_path: Path, row: str, problem: str
) -> None:
    result = plain.read(write(tmp_path, GROSSES + row + "\n"))
    assert [(p.row, p.problem) for p in result.problems] == [(3, problem)]
    assert result.grosses.num_rows == 2


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("x,X,US,,2025-03-07,wide,,,", "known_on is missing"),
        ("x,X,US,soon,2025-03-07,wide,,,", "known_on must be a date"),
        ("x,X,US,2025-01-01,2025-13-07,wide,,,", "opening must be a date"),
        ("x,X,US,2025-01-01,,huge,,,", "plan is 'wide' or 'limited', not 'huge'"),
        ("x,X,US,2025-01-01,,,,5,", "budget needs its currency"),
        ("x,X,US,2025-01-01,,,,-5,USD", "budget must be a number"),
        ("x,X,usa,2025-01-01,,,,,", "two upper-case letters"),
        (",,US,2025-01-01,,,,,", "neither film nor title"),
    ],
)
def test_a_bad_film_is_a_problem(tmp_path: Path, row: str, problem: str) -> None:
    result = plain.read(write(tmp_path, FILMS + row + "\n"))
    assert len(result.entries) == 2
    assert [p.row for p in result.problems] == [3]
    assert problem in result.problems[0].problem


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n", "none of the plain forms.*It has a, b"),
        ("title,known_on,theatres\nX,2025-01-01,3\n", "theatres.*Did you mean 'theaters'"),
        ("title,day,gross\nX,2025-01-01,3\n", "by 'title' and 'opening'"),
        ("", "cannot be read"),
    ],
)
def test_a_file_that_is_no_plain_one_says_what_would_do(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        plain.read(write(tmp_path, text))


def test_options_are_checked(tmp_path: Path) -> None:
    path = write(tmp_path, GROSSES)
    with pytest.raises(InputError, match=r"two upper-case letters.*not 'usa'"):
        plain.read(path, territory="usa")
    with pytest.raises(InputError, match=r"three upper-case letters.*not 'dollar'"):
        plain.read(path, currency="dollar")
    with pytest.raises(InputError, match="no file"):
        plain.read(tmp_path / "nothing.csv")


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ("theaters", "3059", 3059),
        ("runtime_minutes", "99.5", 99.5),
        ("budget", "12000000 USD", [12_000_000, "USD"]),
        ("genres", " Comedy | Drama ", ["Comedy", "Drama"]),
        ("opening", "2025-03-07", date(2025, 3, 7)),
        ("series", "", None),
    ],
)
def test_values_are_read_by_their_type(field: str, text: str, value: object) -> None:
    assert parse_value(field, text) == value


def test_an_unknown_field_is_named_with_the_nearest() -> None:
    with pytest.raises(InputError, match=r"No field 'theatres'.*Did you mean 'theaters'"):
        parse_value("theatres", "3")


FORECASTS = """title,opening,territory,source,made_on,mid,low,high,days,currency
Bramble,2025-03-07,US,trade,2025-03-06,1000000,900000,1200000,,USD
Bramble,2025-03-07,US,tracker,2025-02-14,1300000,,,4,USD
"""


def test_forecasts_by_others_are_known_from_the_day_they_were_made(
    lake: Lake, control: Control, tmp_path: Path
) -> None:
    import_set(lake, control, plain.read(write(tmp_path, FILMS)), at=AT)
    result = plain.read(write(tmp_path, FORECASTS))
    assert result.problems == ()
    imported = import_set(lake, control, result, at=AT)
    assert imported.forecasts == 2
    assert import_set(lake, control, result, at=AT).already
    rows = forecasts(lake, "US", LATE).to_pylist()
    assert [(r["film"], r["source"], r["mid"], r["days"], r["high"]) for r in rows] == [
        ("bramble-2025", "tracker", 1_300_000.0, 4, None),
        ("bramble-2025", "trade", 1_000_000.0, 3, 1_200_000.0),
    ]
    assert forecasts(lake, "US", date(2025, 3, 1))["source"].to_pylist() == ["tracker"]
    assert forecasts(lake, "US", date(2025, 2, 13)).num_rows == 0


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("Bramble,2025-03-07,US,,2025-03-06,10,,,,USD", "no source"),
        ("Bramble,2025-03-07,US,trade,6 March,10,,,,USD", "made_on is not YYYY-MM-DD"),
        ("Bramble,2025-03-07,US,trade,2025-03-06,0,,,,USD", "mid is not an amount above 0"),
        ("Bramble,2025-03-07,US,trade,2025-03-06,-5,,,,USD", "mid is not an amount above 0"),
        ("Bramble,2025-03-07,US,trade,2025-03-06,much,,,,USD", "mid is not a number"),
        ("Bramble,2025-03-07,US,trade,2025-03-06,10,12,,,USD", "low lies above the middle"),
        ("Bramble,2025-03-07,US,trade,2025-03-06,10,,9,,USD", "high lies below the middle"),
        ("Bramble,2025-03-07,US,trade,2025-03-06,10,,,9,USD", "days covered are not 1 to 6"),
        ("Bramble,2025-03-07,US,trade,2025-03-06,10,,,2.5,USD", "days covered are not 1 to 6"),
        ("Bramble,2025-03-07,us,trade,2025-03-06,10,,,,USD", "territory is not two"),
        ("Bramble,2025-03-07,US,trade,2025-03-06,10,,,,dollars", "currency is not three"),
    ],
)
def test_a_bad_forecast_is_a_problem_and_the_others_count(
    tmp_path: Path, row: str, problem: str
) -> None:
    result = plain.read(write(tmp_path, f"{FORECASTS}{row}\n"))
    (only,) = result.problems
    assert only.row == 3
    assert problem in only.problem
    assert result.forecasts.num_rows == 2
