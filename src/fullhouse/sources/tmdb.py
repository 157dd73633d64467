"""TMDB 5000: what films are about and cost, from The Movie Database through Kaggle.

A user downloads tmdb_5000_movies.csv, or the zip that holds it. Popularity, votes and revenue are
known only after release and are never read. The set does not say when it knew what it says: all
of it is taken to be known 180 days before the release.
"""

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, TextIO

from fullhouse.core.errors import InputError
from fullhouse.films import ANNOUNCED, EntryFact, FilmEntry, FilmSet, Problem, digest
from fullhouse.films.columns import need_columns

NAME = "tmdb"
READER = "tmdb 1"
WHAT = "TMDB 5000's tmdb_5000_movies.csv"
COLUMNS = (
    "budget",
    "genres",
    "id",
    "keywords",
    "original_language",
    "original_title",
    "overview",
    "production_companies",
    "production_countries",
    "release_date",
    "runtime",
    "tagline",
    "title",
)
LISTS = {
    "genres": "genres",
    "keywords": "keywords",
    "companies": "production_companies",
    "countries": "production_countries",
}
TEXTS = {
    "title": "title",
    "original_title": "original_title",
    "language": "original_language",
    "overview": "overview",
    "tagline": "tagline",
}
AFTER_RELEASE = frozenset(
    {
        "aftercreditsstinger",
        "beforecreditsstinger",
        "duringcreditsstinger",
        "cult classic",
        "cult favorite",
        "cult film",
    }
)
"""Keywords that only somebody who saw the film, or its career, can have given."""
LEAST_BUDGET = 1_000
"""Below this many dollars a budget is a slip: the set has 1, 25 and 200, meaning millions."""


def read(path: Path) -> FilmSet:
    """Every film with what was known of it before release."""
    entries, problems, number, ids = [], [], 0, set()
    with _opened(path) as lines:
        rows = csv.DictReader(lines)
        need_columns(path, rows.fieldnames or [], COLUMNS, what=WHAT)
        for number, row in enumerate(rows, start=1):
            entry, more = _entry(number, row)
            problems += more
            if entry is None:
                continue
            if entry.id in ids:
                problems.append(Problem(number, "a second row for this id", entry.id))
                continue
            ids.add(entry.id)
            entries.append(entry)
    return FilmSet(
        name=NAME,
        file=path.name,
        digest=digest(path, READER),
        read=number,
        entries=tuple(entries),
        problems=tuple(problems),
    )


def _entry(number: int, row: dict[str, str]) -> tuple[FilmEntry | None, list[Problem]]:
    problems: list[Problem] = []
    released = _date(row["release_date"])
    if not row["id"] or not row["title"]:
        return None, [Problem(number, "no id or no title", row["title"] or row["id"] or "nothing")]
    if released is None:
        return None, [Problem(number, "release_date is not YYYY-MM-DD", _given(row))]
    values: dict[str, Any] = {f: (row[c] or "").strip() for f, c in TEXTS.items()}
    for field, column in LISTS.items():
        try:
            values[field] = _names(row[column])
        except (ValueError, TypeError, KeyError):
            problems.append(Problem(number, f"{column} is not a list of names", row[column][:80]))
    for field, column, least in (("runtime_minutes", "runtime", 0.0), ("budget", "budget", 0.0)):
        try:
            amount = float(row[column] or 0)
        except ValueError:
            problems.append(Problem(number, f"{column} is not a number", row[column][:80]))
            continue
        if amount < least:
            problems.append(Problem(number, f"{column} is negative", row[column]))
        elif field == "budget" and 0 < amount < LEAST_BUDGET:
            problems.append(Problem(number, f"budget is under {LEAST_BUDGET:,} USD", row[column]))
        else:
            # 0 stands for unknown.
            values[field] = ([amount, "USD"] if field == "budget" else amount) if amount else None
    known_on = released - ANNOUNCED
    facts = tuple(EntryFact(f, v, known_on) for f, v in values.items() if v not in ("", [], None))
    other = values["original_title"]
    return (
        FilmEntry(
            id=row["id"],
            title=values["title"],
            opening=released,
            other_title=other if other and other != values["title"] else None,
            facts=facts,
        ),
        problems,
    )


def _names(text: str) -> list[str]:
    names = [str(item["name"]) for item in json.loads(text or "[]")]
    return [n for n in names if n not in AFTER_RELEASE]


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except (ValueError, TypeError):
        return None


def _given(row: dict[str, str]) -> str:
    return f"{row['title']}: {row['release_date'] or 'nothing'}"


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    if not path.is_file():
        raise InputError(f"There is no file {path}.")
    try:
        if path.suffix != ".zip":
            with path.open(encoding="utf-8-sig", newline="") as lines:
                yield lines
            return
        with zipfile.ZipFile(path) as archive:
            names = [
                n for n in archive.namelist() if n.endswith(".csv") and not n.startswith("__MACOSX")
            ]
            # The second file of the Kaggle archive is the credits.
            movies = [n for n in names if "movies" in n] or names
            if len(movies) != 1:
                raise InputError(f"{path.name} is not {WHAT}: it holds {', '.join(names) or '-'}.")
            with archive.open(movies[0]) as file:
                yield io.TextIOWrapper(file, "utf-8-sig", newline="")
    except (zipfile.BadZipFile, UnicodeDecodeError, csv.Error) as problem:
        raise InputError(f"{path.name} is not {WHAT}: {problem}.") from None
