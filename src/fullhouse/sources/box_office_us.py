"""Daily grosses of United States cinemas, as the public day pages of Box Office Mojo print them.

A user gathers the pages into one table: date, release_id, title, gross (USD), theaters, to_date,
day_number (1 on the first day), distributor. It carries no licence and is never shipped.
"""

import re
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fullhouse.films import (
    ANNOUNCED,
    BOOKED,
    GROSSES,
    REPORTED,
    WIDE,
    EntryFact,
    FilmEntry,
    FilmSet,
    Problem,
    digest,
)
from fullhouse.films.columns import (
    Refusals,
    dates,
    need_columns,
    null,
    numbers,
    read_table,
    texts,
    titles,
)
from fullhouse.films.daily import contradicted

NAME = "us-daily"
READER = "us-daily 2"
WHAT = "a table of US daily grosses"
COLUMNS = (
    "date",
    "release_id",
    "title",
    "gross",
    "theaters",
    "to_date",
    "day_number",
    "distributor",
)
TERRITORY = "US"
CURRENCY = "USD"

PREVIEW_DAYS = 10
"""Days of few cinemas that lead to a wide opening are its previews, up to so many.

Of 2000 to 2018, 98 films opened like this: two cinemas on Wednesday and 3,587 on Friday.
"""
AS_MANY = 2
"""So many times the cinemas of the days before open a film anew."""
LIKE_THE_REST = 0.4
"""A day without a count that takes so much of the first wide day was as wide."""
FIRST_WEEKEND = 3
"""Until this day number a count of cinemas stands in for that of the first day."""

_AGAIN = re.compile(
    r"^(?P<title>.*?\S)\s*(?:(?:19|20)\d{2} (?:Re-release|(?:3D/IMAX|IMAX|3D) Release"
    r"|NCM Fathom Event|Director's Cut|Special Edition|Extended Edition|Sing-a-long)"
    r"|\((?:19|20)\d{2} re-release\))$"
)


def read(path: Path) -> FilmSet:
    """Every release with its days; a row without a date, an id or a gross is a problem."""
    rows = read_table(path, what=WHAT)
    need_columns(path, rows.column_names, COLUMNS, what=WHAT)
    refusals = Refusals(rows.num_rows)
    checked = _check(rows, refusals)
    good = checked.filter(pa.array(refusals.good)).sort_by(
        [("id", "ascending"), ("day", "ascending")]
    )
    entries, grosses = _releases(good)
    problems = sorted([*refusals.in_order(), *_contradictions(good)])
    return FilmSet(
        name=NAME,
        file=path.name,
        digest=digest(path, READER),
        read=rows.num_rows,
        entries=entries,
        grosses=grosses,
        problems=tuple(problems),
    )


def _contradictions(rows: pa.Table) -> list[Problem]:
    """Days whose gross contradicts their gross to date, which counts instead."""
    ids = np.asarray(rows["id"].combine_chunks().dictionary_encode().indices)
    day = np.asarray(rows["day"].cast(pa.int32())).astype(np.int64)
    gross, stated = (np.asarray(rows[c].cast(pa.float64())) for c in ("gross", "to_date"))
    at = np.flatnonzero(np.diff(ids)) + 1
    problems = []
    for part in np.split(np.arange(len(ids)), at) if len(ids) else ():
        wrong, implied = contradicted(day[part], gross[part], stated[part])
        problems += [
            Problem(int(row), CONTRADICTED, f"{given:,.0f}; taken as {instead:,.0f}")
            for row, given, instead in zip(
                np.asarray(rows["row"])[part[wrong]],
                gross[part[wrong]],
                implied[wrong],
                strict=True,
            )
        ]
    return problems


CONTRADICTED = "gross contradicts its to_date, which counts"


def title_and_again(text: str) -> tuple[str, bool]:
    """A title without the note that it is shown again, and whether that note stood there.

    >>> title_and_again("Titanic2012 3D Release")
    ('Titanic', True)
    """
    match = _AGAIN.match(text)
    return (match["title"], True) if match else (text, False)


def _check(rows: pa.Table, refusals: Refusals) -> pa.Table:
    day, bad_day = dates(rows["date"])
    gross, bad_gross = numbers(rows["gross"])
    theaters, bad_theaters = numbers(rows["theaters"])
    to_date, bad_to_date = numbers(rows["to_date"])
    number, bad_number = numbers(rows["day_number"])
    release, title = texts(rows["release_id"]), titles(rows["title"])
    for bad, problem, given in (
        (null(release), "no release_id", rows["title"]),
        (null(title), "no title", rows["release_id"]),
        (bad_day | null(day), "date is not YYYY-MM-DD", rows["date"]),
        (bad_gross | null(gross), "gross is not a number", rows["gross"]),
        (_below(gross, 0), "gross is negative", rows["gross"]),
        (bad_theaters | _below(theaters, 0), "theaters is not a count", rows["theaters"]),
        (bad_to_date, "to_date is not a number", rows["to_date"]),
        (bad_number | _below(number, 1), "day_number is not a count from 1", rows["day_number"]),
    ):
        refusals.refuse(bad, problem, given)
    refusals.refuse(
        _repeated(release, day, refusals.good), "a second row for this day", rows["title"]
    )
    distributor = texts(rows["distributor"])
    none = pa.scalar(None, pa.string())
    return pa.table(
        {
            "id": release,
            "title": title,
            "day": day,
            "gross": gross,
            "theaters": pc.round(theaters).cast(pa.int32()),
            "to_date": to_date,
            "number": pc.round(number).cast(pa.int32()),
            "row": pa.array(np.arange(1, rows.num_rows + 1)),
            "distributor": pc.if_else(pc.equal(distributor, "-"), none, distributor),
        }
    )


def _below(column: pa.Array, least: float) -> np.ndarray:
    return np.asarray(pc.fill_null(pc.less(column, least), False))


def _repeated(release: pa.Array, day: pa.Array, good: np.ndarray) -> np.ndarray:
    """Which good rows name a release and day that an earlier good row named."""
    ids = np.asarray(pc.fill_null(release.dictionary_encode().indices, -1), dtype=np.int64)
    days = np.asarray(pc.fill_null(day.cast(pa.int32()), 0), dtype=np.int64)
    pairs, places = (ids << 32) + days, np.flatnonzero(good)
    _, first = np.unique(pairs[places], return_index=True)
    repeated = good.copy()
    repeated[places[first]] = False
    return repeated


def _releases(rows: pa.Table) -> tuple[tuple[FilmEntry, ...], pa.Table]:
    """Entries and grosses of rows in the order of release and day."""
    n = rows.num_rows
    ids = np.asarray(rows["id"].combine_chunks().dictionary_encode().indices)
    starts = np.flatnonzero(np.r_[True, ids[1:] != ids[:-1]]) if n else np.array([], dtype=int)
    ends = np.r_[starts[1:], n]
    number = np.asarray(pc.fill_null(rows["number"], 0)).copy()
    gross = np.asarray(rows["gross"])
    theaters = np.asarray(pc.fill_null(rows["theaters"], 0))
    day = np.asarray(rows["day"].cast(pa.int32()))
    heads = rows.select(["id", "title", "distributor"]).take(pa.array(starts)).to_pylist()
    entries = []
    for head, start, end in zip(heads, starts, ends, strict=True):
        numbered = start + np.flatnonzero(number[start:end])
        first = int(numbered[0]) if len(numbered) else int(start)
        opening = _day(int(day[first]) - max(int(number[first]) - 1, 0))
        wide = _first_wide(day[first:end], theaters[first:end], gross[first:end])
        if wide and number[first] <= 1:
            first += wide
            opening = _day(int(day[first]))
            number[first:end] -= number[first] - 1
        early = [i for i in range(first, end) if number[i] <= FIRST_WEEKEND][:FIRST_WEEKEND]
        count = next((int(theaters[i]) for i in early if theaters[i]), None)
        began = min(opening, _day(int(day[start])))
        entries.append(_entry(head, opening, began, count))
    grosses = pa.table(
        {
            "id": rows["id"],
            "territory": pa.repeat(TERRITORY, n),
            "day": rows["day"],
            "gross": rows["gross"],
            "currency": pa.repeat(CURRENCY, n),
            "theaters": rows["theaters"],
            "to_date": rows["to_date"],
            "known_on": pa.array(day + REPORTED.days, pa.int32()).cast(pa.date32()),
        }
    ).cast(GROSSES)
    return tuple(entries), grosses


def _first_wide(day: np.ndarray, theaters: np.ndarray, gross: np.ndarray) -> int:
    """Which day opens a film wide after days in few cinemas; 0 where the first one does."""
    wide = np.flatnonzero(theaters >= WIDE)
    if not len(wide) or not wide[0] or day[wide[0]] - day[0] > PREVIEW_DAYS:
        return 0
    at = int(wide[0])
    uncounted = (theaters[:at] == 0) & (gross[:at] >= LIKE_THE_REST * gross[at])
    fewer = theaters[:at].max() * AS_MANY <= theaters[at]
    return at if fewer and not uncounted.any() else 0


def _entry(head: dict[str, str], opening: date, began: date, theaters: int | None) -> FilmEntry:
    title, again = title_and_again(head["title"])
    facts = [
        EntryFact("title", title, began - ANNOUNCED),
        EntryFact("opening", opening, opening - ANNOUNCED, TERRITORY),
    ]
    if head["distributor"]:
        facts.append(EntryFact("distributor", head["distributor"], began - ANNOUNCED, TERRITORY))
    if theaters:
        plan = "wide" if theaters >= WIDE else "limited"
        facts.append(EntryFact("plan", plan, opening - ANNOUNCED, TERRITORY))
        facts.append(EntryFact("theaters", theaters, opening - BOOKED, TERRITORY))
    return FilmEntry(head["id"], title, opening, TERRITORY, None, tuple(facts), again)


def _day(number: int) -> date:
    return date(1970, 1, 1) + timedelta(days=number)
