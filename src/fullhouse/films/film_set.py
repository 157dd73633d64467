"""A set of films as a reader gives it: entries by the set's own ids, and rows by day."""

import hashlib
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from fullhouse.films.film import EVERYWHERE

ANNOUNCED = timedelta(days=180)
"""How long before its opening a film's title, date, plan and making are taken to be known.

Release calendars date films as wide or limited when they announce them.
"""
BOOKED = timedelta(days=1)
"""How long before its opening the number of cinemas is known: trade papers print it on the eve."""
REPORTED = timedelta(days=1)
"""How long after a day its gross is published."""
TOTALLED = timedelta(days=180)
"""How long after its opening a film's total is taken to be known, where no days are."""
WIDE = 600
"""Fewest cinemas on the first day that make an opening wide."""

GROSSES = pa.schema(
    [
        ("id", pa.string()),
        ("territory", pa.string()),
        ("day", pa.date32()),
        ("gross", pa.float64()),
        ("currency", pa.string()),
        ("theaters", pa.int32()),
        ("to_date", pa.float64()),
        ("known_on", pa.date32()),
    ]
)
"""Columns of `FilmSet.grosses`; `id` is an entry's."""
SIGNALS = pa.schema(
    [
        ("id", pa.string()),
        ("territory", pa.string()),
        ("kind", pa.string()),
        ("day", pa.date32()),
        ("value", pa.float64()),
        ("known_on", pa.date32()),
    ]
)
"""Columns of `FilmSet.signals`; `id` is an entry's."""


class Said(NamedTuple):
    """A fact of an entry, and the first day on which it was known."""

    field: str
    value: Any
    known_on: date
    territory: str = EVERYWHERE


class Problem(NamedTuple):
    """A row (from 1, the head apart), or a value of it, that could not be read."""

    row: int
    problem: str
    given: str


@dataclass(frozen=True)
class Entry:
    """One film of a set.

    `opening` is the day by which it is compared with films of other sets; a fact `opening` says
    more, and is among `facts` where the set tells a territory's own. `named` entries give a
    film's id here instead of a title.
    """

    id: str
    title: str
    opening: date | None
    territory: str = EVERYWHERE
    other_title: str | None = None
    facts: tuple[Said, ...] = ()
    rerelease: bool = False
    named: bool = False

    @property
    def year(self) -> int | None:
        """Year of its opening."""
        return self.opening.year if self.opening else None


@dataclass(frozen=True)
class FilmSet:
    """What one file says of films, and what of it could not be read."""

    name: str
    file: str
    digest: str
    read: int
    entries: tuple[Entry, ...]
    grosses: pa.Table = field(default_factory=GROSSES.empty_table)
    signals: pa.Table = field(default_factory=SIGNALS.empty_table)
    problems: tuple[Problem, ...] = ()


def digest(path: Path, reader: str) -> str:
    """What names a file as a reader reads it: the same bytes by the same reader are one batch."""
    with path.open("rb") as file:
        content = hashlib.file_digest(file, "sha256").hexdigest()
    return hashlib.sha256(f"{reader}:{content}".encode()).hexdigest()[:32]
