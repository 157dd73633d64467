"""Weekly search interest before release, from a public set on film trailers: its searches.csv.

Each film's weeks are scaled so that the greatest of them is 100 (so it is for all 546): a week's
value depends on the weeks after it. So none is taken to be known before the last one is over.

The set's df_final.csv is not read: its views and likes of trailers were taken after release.
"""

from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa

from fullhouse.core.errors import InputError
from fullhouse.films import EVERYWHERE, SIGNALS_SCHEMA, FilmEntry, FilmSet, Problem, digest

NAME = "trailer-trends"
READER = "trailer-trends 1"
WHAT = "searches.csv of the trailer set"
HEAD = ("dates", "searches", "title")
TERRITORY = EVERYWHERE
"""The file does not say where the searches were made, nor where the film opens first."""
KIND = "search_interest"
WEEK = timedelta(days=7)
BEFORE_OPENING = timedelta(days=33)
"""From the last week given to the opening: 31 to 33 days for 9 films of 10, never less than 28.

The file names no opening, so films are compared by this one.
"""


def read(path: Path) -> FilmSet:
    """Every film with its weeks; the first row of a week counts, others are problems."""
    rows, problems, read_rows = _rows(path)
    weeks: dict[str, dict[date, float]] = defaultdict(dict)
    for number, (day, value, title) in rows:
        if day in weeks[title]:
            problems.append(Problem(number, "a second row for this week", f"{title}: {day}"))
        else:
            weeks[title][day] = value
    entries = [
        FilmEntry(title, title, max(series) + BEFORE_OPENING, TERRITORY)
        for title, series in weeks.items()
    ]
    points = [
        (title, day, value) for title, series in weeks.items() for day, value in series.items()
    ]
    signals = pa.table(
        {
            "id": pa.array([t for t, _, _ in points], pa.string()),
            "territory": pa.repeat(TERRITORY, len(points)),
            "kind": pa.repeat(KIND, len(points)),
            "day": pa.array([d for _, d, _ in points], pa.date32()),
            "value": pa.array([v for _, _, v in points], pa.float64()),
            "known_on": pa.array([max(weeks[t]) + WEEK for t, _, _ in points], pa.date32()),
        }
    ).cast(SIGNALS_SCHEMA)
    return FilmSet(
        name=NAME,
        file=path.name,
        digest=digest(path, READER),
        read=read_rows,
        entries=tuple(entries),
        signals=signals,
        problems=tuple(sorted(problems)),
    )


def _rows(path: Path) -> tuple[list[tuple[int, tuple[date, float, str]]], list[Problem], int]:
    """The good rows with their numbers, the problems, and how many rows there were."""
    if not path.is_file():
        raise InputError(f"There is no file {path}.")
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as problem:
        raise InputError(f"{path.name} is not {WHAT}: {problem}.") from None
    if not lines or tuple(lines[0].split(",")) != HEAD:
        raise InputError(
            f"{path.name} is not {WHAT}: its first line must be {','.join(HEAD)!r},"
            f" not {(lines or [''])[0][:80]!r}."
        )
    rows, problems, read_rows = [], [], 0
    for number, line in enumerate(lines[1:], start=1):
        # The set is several files joined, each with its head.
        if not line.strip() or tuple(line.split(",")) == HEAD:
            continue
        read_rows += 1
        try:
            rows.append((number, _row(line)))
        except ValueError as problem:
            problems.append(Problem(number, str(problem), line[:80]))
    return rows, problems, read_rows


def _row(line: str) -> tuple[date, float, str]:
    # Titles with commas stand there without quotes as well as with: the rest of the line is one.
    parts = line.split(",", 2)
    if len(parts) != 3:
        raise ValueError("not a date, a number and a title")
    try:
        day, value = date.fromisoformat(parts[0].strip()), int(parts[1])
    except ValueError:
        raise ValueError("not a date and a whole number") from None
    title = parts[2].strip()
    if len(title) > 1 and title[0] == title[-1] == '"':
        title = title[1:-1].replace('""', '"').strip()
    if value < 0 or not title:
        raise ValueError("a negative number, or no title")
    return day, float(value), title
