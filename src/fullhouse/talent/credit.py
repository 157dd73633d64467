"""What can be said of a credit, and a file of credits as a reader gives it."""

import unicodedata
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from fullhouse.core.brief import Brief
from fullhouse.films.film import Problem

ROLES = ("cast", "director", "writer", "producer", "composer", "camera", "editor")
"""What a person can be credited for."""

JOBS: dict[str, str] = {
    **{role: role for role in ROLES},
    "actor": "cast",
    "actress": "cast",
    "acting": "cast",
    "voice": "cast",
    "directing": "director",
    "co-director": "director",
    "screenplay": "writer",
    "story": "writer",
    "screenwriter": "writer",
    "writing": "writer",
    "executive producer": "producer",
    "original music composer": "composer",
    "music": "composer",
    "director of photography": "camera",
    "cinematographer": "camera",
    "cinematography": "camera",
    "editing": "editor",
}
"""Words for what a person did, in small letters, with the role that each is."""

LEADS = 3
"""Places of the billing that are leading roles."""
MOST_BILLING = 10_000

CREDITS_SCHEMA = pa.schema(
    [
        ("talent", pa.string()),
        ("name", pa.string()),
        ("role", pa.string()),
        ("billing", pa.int32()),
        ("entry_set", pa.string()),
        ("entry", pa.string()),
        ("opening", pa.date32()),
        ("known_on", pa.date32()),
    ]
)
"""Columns of `CreditSet.credits`: those of the lake table without origin, time and batch."""

BY_FILM, BY_TITLE = "film", "title"
"""How a credit names its film: by its id here, or by title and opening; else by a set's id."""


@dataclass(frozen=True)
class CreditSet:
    """What one file says of who did what, and what of it could not be read.

    `repeated` rows name a person, role and film that a row before them named.
    """

    name: str
    file: str
    digest: str
    read: int
    credits: pa.Table
    repeated: int = 0
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class CreditsImported(Brief):
    """What became of a file of credits.

    `films` are those named, `waiting` those of them that are not in the catalogue, or there without
    an opening from which an undated credit would be known: their credits count once that is there.
    `suppressed` credits were not taken.
    """

    set: str
    file: str
    read: int
    credits: int
    people: int
    films: int
    waiting: int
    repeated: int
    suppressed: int
    written: int
    already: bool
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class Credit:
    """A film that a person is credited in, as known on a day; `gross` where its run is over."""

    film: str
    title: str
    opening: date | None
    role: str
    billing: int | None
    gross: float | None = None


@dataclass(frozen=True)
class TalentLine:
    """A person of the list: roles, the one with most films first, and films with their openings."""

    talent: str
    name: str
    roles: tuple[str, ...]
    films: int
    first: date | None
    last: date | None


def folded(name: str) -> str:
    """A name for comparison: without case, accents, points and double blanks.

    >>> folded("Penélope  Cruz"), folded("J.J. Abrams") == folded("JJ Abrams")
    ('penelope cruz', True)
    """
    text = unicodedata.normalize("NFKD", name.casefold())
    text = "".join(c for c in text if not unicodedata.combining(c) and c not in ".'’`")
    return " ".join(unicodedata.normalize("NFC", text.replace("-", " ")).split())


def named_id(name: str) -> str:
    """The id of a person of whom only the name is known.

    >>> named_id("Penélope Cruz")
    'name:penelope cruz'
    """
    return f"name:{folded(name)}"
