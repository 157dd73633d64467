"""The TMDB reader: rows made up here in the set's own form."""

import csv
import json
import zipfile
from datetime import date
from pathlib import Path

import pytest

from fullhouse.core.errors import InputError
from fullhouse.sources import tmdb

ROW = {
    "budget": "12000000",
    "genres": json.dumps([{"id": 1, "name": "Comedy"}]),
    "id": "7",
    "keywords": json.dumps([{"name": "hare"}, {"name": "aftercreditsstinger"}]),
    "original_language": "fr",
    "original_title": "Le lièvre",
    "overview": "A hare, a hedge.",
    "popularity": "99",
    "production_companies": json.dumps([{"name": "Larch"}]),
    "production_countries": json.dumps([{"name": "France"}]),
    "release_date": "2016-12-30",
    "revenue": "1",
    "runtime": "99.0",
    "tagline": "",
    "title": "The Hare",
    "vote_average": "9",
    "vote_count": "1",
}


def write(folder: Path, *rows: dict[str, str]) -> Path:
    path = folder / "tmdb_5000_movies.csv"
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, list(ROW))
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_what_was_known_before_release_and_nothing_else(tmp_path: Path) -> None:
    result = tmdb.read(write(tmp_path, ROW))
    (entry,) = result.entries
    assert (entry.id, entry.title, entry.other_title) == ("7", "The Hare", "Le lièvre")
    assert entry.opening == date(2016, 12, 30)
    assert {s.field: s.value for s in entry.facts} == {
        "title": "The Hare",
        "original_title": "Le lièvre",
        "language": "fr",
        "overview": "A hare, a hedge.",
        "genres": ["Comedy"],
        "keywords": ["hare"],
        "companies": ["Larch"],
        "countries": ["France"],
        "runtime_minutes": 99.0,
        "budget": [12_000_000.0, "USD"],
    }
    assert {(entry.opening - s.known_on).days for s in entry.facts} == {180}


@pytest.mark.parametrize(
    ("change", "fields", "problem"),
    [
        ({"budget": "0", "runtime": ""}, {"budget", "runtime_minutes"}, None),
        ({"budget": "25"}, {"budget"}, "budget is under 1,000 USD"),
        ({"budget": "-5"}, {"budget"}, "budget is negative"),
        ({"runtime": "long"}, {"runtime_minutes"}, "runtime is not a number"),
        ({"genres": "Comedy"}, {"genres"}, "genres is not a list of names"),
    ],
)
def test_a_value_that_cannot_be_is_left_out(
    tmp_path: Path, change: dict[str, str], fields: set[str], problem: str | None
) -> None:
    result = tmdb.read(write(tmp_path, ROW | change))
    assert not fields & {s.field for s in result.entries[0].facts}
    assert [p.problem for p in result.problems] == ([problem] if problem else [])


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"release_date": ""}, "release_date is not YYYY-MM-DD"),
        ({"title": ""}, "no id or no title"),
        ({}, "a second row for this id"),
    ],
)
def test_a_row_that_cannot_be_dated_or_named_is_a_problem(
    tmp_path: Path, change: dict[str, str], problem: str
) -> None:
    result = tmdb.read(write(tmp_path, ROW, ROW | change))
    assert [(p.row, p.problem) for p in result.problems] == [(2, problem)]
    assert (result.read, len(result.entries)) == (2, 1)


def test_the_zip_reads_the_same(tmp_path: Path) -> None:
    path = write(tmp_path, ROW)
    archive = tmp_path / "t.zip"
    with zipfile.ZipFile(archive, "w") as into:
        into.write(path, "tmdb_5000_movies.csv")
        into.writestr("__MACOSX/._tmdb_5000_movies.csv", "x")
        into.writestr("tmdb_5000_credits.csv", "x")
    assert tmdb.read(archive).entries == tmdb.read(path).entries


def test_another_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("title,year\nHare,2016\n")
    with pytest.raises(InputError, match=r"x\.csv is not TMDB 5000.*no column budget"):
        tmdb.read(path)
    (tmp_path / "x.zip").write_bytes(b"no zip")
    with pytest.raises(InputError, match=r"x\.zip is not TMDB 5000"):
        tmdb.read(tmp_path / "x.zip")
    with pytest.raises(InputError, match="no file"):
        tmdb.read(tmp_path / "y.csv")
