"""What a trait and a trait build are."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from fullhouse.core.brief import Brief

EVERYONE = -1
"""In `trait_bitmap` this number holds the base: every living person of the build."""

KINDS = ("purchase", "view", "ticket", "want_to_see")
"""The event kinds whose numbers are a person's activity: columns of person_trait, in order."""

EVENT_KINDS = (*KINDS, "trailer_view", "search", "play")
"""The event kinds that traits are counted from."""


@dataclass(frozen=True)
class Trait:
    """A yes/no fact about persons as of the date of its build.

    `basis` is the event kind it is counted from, or 'person' for a fact that taking single events
    away does not undo: demographics, and levels such as activity and price. The definition of a
    counted trait has `kind` (the basis), `kinds` (all it counts), `window_days`, `min_events` and
    the filter on items; see `count.matching_events`.
    """

    id: int
    name: str
    family: str
    label: str
    basis: str
    definition: dict[str, Any]
    persons: int
    by_source: dict[str, int]
    built: bool

    @property
    def least(self) -> int:
        """Events from which somebody has it; 0 for a fact of persons."""
        return int(self.definition["min_events"]) if self.basis in EVENT_KINDS else 0

    @property
    def slug(self) -> str:
        """The name without its family.

        >>> Trait(0, "age:18-24", "age", "aged 18-24", "person", {}, 1, {}, True).slug
        '18-24'
        """
        return self.name.partition(":")[2]


@dataclass(frozen=True)
class Build(Brief):
    """A finished trait build: which day it looks back from, whom it covers, what it read."""

    id: int
    as_of: date
    at: datetime
    persons: int
    traits: int
    rare: int
    floor: int
    catalogue: str
    inputs: str
