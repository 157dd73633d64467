"""What can be known of a film and when, and a set of films as a reader gives it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from fullhouse.core.values import slug

EVERYWHERE = ""
"""The territory of a fact that holds in all of them."""

USER = "user"
"""The set of films that somebody added by hand."""
RETIRED = "retired"
"""The set of ids that turned out to be another film's: they are never given again."""

FIELDS: dict[str, tuple[str, str]] = {
    "title": ("text", "title, without the year"),
    "original_title": ("text", "title in the film's own language"),
    "opening": ("date", "first day in cinemas of the territory, previews apart"),
    "plan": ("text", "how it opens: wide (in most markets at once) or limited"),
    "theaters": ("number", "cinemas planned for the first day"),
    "expected_theaters": (
        "text",
        "cinemas expected before they are booked: 3000, 2500-3200, or platform, limited, moderate,"
        " wide, saturation",
    ),
    "distributor": ("text", "who releases it in the territory"),
    "genres": ("texts", "genres"),
    "keywords": ("texts", "what it is about"),
    "overview": ("text", "synopsis"),
    "tagline": ("text", "tag line"),
    "runtime_minutes": ("number", "length"),
    "rating": ("text", "the territory's age rating"),
    "language": ("text", "ISO 639 code of the language it was shot in"),
    "countries": ("texts", "countries that made it"),
    "companies": ("texts", "production companies"),
    "talent": ("texts", "leading cast and director"),
    "budget": ("money", "cost of production, as [amount, currency]"),
    "series": ("text", "the franchise it belongs to"),
    "predecessor": ("text", "the film, by its id here, that it continues"),
    "event": (
        "text",
        "what it is where it is no ordinary opening: re-release, anniversary, concert, fan event,"
        " foreign language; none where a rule takes it for one",
    ),
    "rerelease_of": ("text", "the film, by its id here, that is shown again"),
    "total": ("money", "gross of the whole run, as [amount, currency], where days are not known"),
    "worldwide": ("money", "gross of the whole run in all countries, as [amount, currency]"),
    "story_source": (
        "text",
        "what the story is based on: original, fiction book, factual book, real life, comic, game,"
        " tv, remake, play, musical, folk tale, spin-off, short film, religious text, toy, other",
    ),
}
"""Every field of a fact: its type and its meaning."""

SIGNALS: dict[str, str] = {
    "presales": "tickets sold on that day for the first day, or their worth",
    "want_to_see": "new want-to-see marks on that day",
    "search_interest": "search volume on that day or in the week that begins on it",
    "trailer_views": "views of its trailers on that day",
}
"""Kinds of signals before release."""


@dataclass(frozen=True)
class Fact:
    """Something said of a film in a territory, and the first day on which it was known."""

    film: str
    field: str
    value: Any
    known_on: date
    territory: str = EVERYWHERE
    origin: str = "user"


@dataclass(frozen=True)
class Film:
    """What is known of one film for one territory as of a day: the newest fact of each field.

    A fact of the territory itself goes before one that holds everywhere.
    """

    film: str
    territory: str
    as_of: date
    facts: Mapping[str, Any] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """Its title, or its id where no title is known."""
        return str(self.facts.get("title") or self.film)

    @property
    def opening(self) -> date | None:
        """Its first day in the territory's cinemas, as far as known."""
        opening: date | None = self.facts.get("opening")
        return opening


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
SIZE_CLASSES: dict[str, tuple[float, float]] = {
    "platform": (0.0, 0.025),
    "limited": (0.025, 0.14),
    "moderate": (0.14, 0.47),
    "wide": (0.47, 0.77),
    "saturation": (0.77, 1.5),
}
"""Size classes of a release: shares of the widest opening of the year before.

In the United States of 2018, whose widest had 4,300 cinemas: to 110, 600, 2,000, 3,300, and more.
"""


def expected_cinemas(text: str) -> tuple[float, float] | None:
    """The ends of an expected number of cinemas or range of them; None for a size class.

    >>> expected_cinemas("3000"), expected_cinemas("2500-3200"), expected_cinemas("wide")
    ((3000.0, 3000.0), (2500.0, 3200.0), None)
    """
    if text in SIZE_CLASSES:
        return None
    first, dash, last = text.partition("-")
    last = last if dash else first
    if not (text.isascii() and first.isdigit() and last.isdigit()):
        raise ValueError(text)
    low, high = float(first), float(last)
    if not 1 <= low <= high:
        raise ValueError(text)
    return low, high


def expects_wide(text: str) -> bool:
    """Whether an expected number of cinemas, or a size class, makes a wide opening."""
    numbers = expected_cinemas(text)
    if numbers is None:
        return text not in ("platform", "limited")
    return numbers[0] * numbers[1] >= WIDE**2


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
SIGNALS_SCHEMA = pa.schema(
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
FORECASTS_SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("territory", pa.string()),
        ("source", pa.string()),
        ("made_on", pa.date32()),
        ("days", pa.int32()),
        ("mid", pa.float64()),
        ("low", pa.float64()),
        ("high", pa.float64()),
        ("currency", pa.string()),
        ("known_on", pa.date32()),
    ]
)
"""Columns of `FilmSet.forecasts`: opening weekends as others forecast them."""
WEEKEND_DAYS = 3
"""Days from Friday to Sunday: what a forecast by others covers unless it says otherwise."""
MOST_DAYS = 6
"""Most days that a forecast of an opening weekend may cover."""


class EntryFact(NamedTuple):
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
class FilmEntry:
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
    facts: tuple[EntryFact, ...] = ()
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
    entries: tuple[FilmEntry, ...]
    grosses: pa.Table = field(default_factory=GROSSES.empty_table)
    signals: pa.Table = field(default_factory=SIGNALS_SCHEMA.empty_table)
    forecasts: pa.Table = field(default_factory=FORECASTS_SCHEMA.empty_table)
    problems: tuple[Problem, ...] = ()


def digest(path: Path, reader: str) -> str:
    """What names a file as a reader reads it: the same bytes by the same reader are one batch."""
    with path.open("rb") as file:
        content = hashlib.file_digest(file, "sha256").hexdigest()
    return hashlib.sha256(f"{reader}:{content}".encode()).hexdigest()[:32]


def film_slug(title: str, year: int | None) -> str:
    """The id that a film wants: title and year of its opening.

    >>> film_slug("A Dog's Purpose", 2017)
    'a-dogs-purpose-2017'
    """
    text = title if year is None else f"{title} {year}"
    return (
        slug(text.replace("'", "").replace("’", ""))
        or "x" + hashlib.sha256(text.encode()).hexdigest()[:6]
    )


def distinct(wanted: str, taken: set[str]) -> str:
    """The id wanted, or with '-2', '-3' and so on when another film has it.

    >>> distinct("big-1988", {"big-1988"})
    'big-1988-2'
    """
    name, n = wanted, 1
    while name in taken:
        n += 1
        name = f"{wanted}-{n}"
    return name
