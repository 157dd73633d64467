"""A property that a film may be made of: a book, series, game, comic, song, a true story."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Literal

from pydantic import TypeAdapter

from fullhouse.core.brief import Brief
from fullhouse.core.tabular import Tabular
from fullhouse.core.values import as_json
from fullhouse.greenlight.greenlight import MeanOfDraws, SourceEffect
from fullhouse.greenlight.idea import SOURCES

KINDS = (*(s for s in SOURCES if s not in ("original", "other")), "song", "other")
"""What a property can be."""
FIELDS: Mapping[str, str] = {
    "titles": "its titles by language, such as en=The Kestrel",
    "kind": "what it is, one of KINDS",
    "holder": "who holds the rights",
    "genres": "genres of a film of it",
    "adaptations": "films, by their ids here, that were made of it",
    "rule": "who its fans are, where somebody settled it: a rule of traits",
}
"""What is known of a property, each fact from a day on."""


@dataclass(frozen=True)
class Property(Brief):
    """A property as known on a day. `titles` are pairs of a language (or nothing) and a title."""

    id: str
    titles: tuple[tuple[str, str], ...]
    kind: str
    holder: str = ""
    genres: tuple[str, ...] = ()
    adaptations: tuple[str, ...] = ()
    rule: str = ""
    known_on: date | None = None

    @property
    def title(self) -> str:
        """Its first title."""
        return self.titles[0][1]


@dataclass(frozen=True)
class TraitMatch:
    """A trait of the house's people that may tell fans of a property, and why.

    `why`: title (the same title), words (the title stands in a longer name), short (the same, but
    so short a title may be anything). Only what is `sure` counts without being settled.
    """

    trait: str
    people: int
    why: Literal["title", "words", "short"]

    @property
    def sure(self) -> bool:
        """Whether it counts by itself."""
        return self.why == "title"


@dataclass(frozen=True)
class PropertyView(Tabular):
    """A property with the traits that tell its fans: those that count, and those to review.

    `built_on` is the day of the traits, None where none were built.
    """

    about: Property
    matches: tuple[TraitMatch, ...]
    review: tuple[TraitMatch, ...]
    rule: str
    built_on: date | None

    def rows(self) -> Sequence[Mapping[str, Any]]:
        """A row for each trait."""
        return [
            {"trait": m.trait, "people": m.people, "why": m.why, "counts": m in self.matches}
            for m in (*self.matches, *self.review)
        ]

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON holds it."""
        plain: dict[str, Any] = as_json(_view_adapter().dump_python(self, mode="json"))
        return plain


@dataclass(frozen=True)
class PropertiesImported(Brief):
    """What became of a file of properties: those that are new, rows of facts, rows refused."""

    read: int
    new: int
    facts: int
    problems: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class RatioInterval:
    """A value with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Adaptation:
    """A past film of a property: how many times as often fans saw it as others alike in activity.

    `placebo` is the same for fans of properties as popular that this film was not made of.
    """

    film: str
    property: str
    kind: str
    fans: int
    fans_saw: int
    ratio: float
    log_error: float
    placebo: float | None


@dataclass(frozen=True)
class Turnout:
    """How fans of such properties turned up for past adaptations, partially pooled.

    `expected` is the ratio of a new one (95 % prediction interval), `pooled` the mean of all,
    `spread` the standard deviation of the log ratio between adaptations, `placebo` the mean of the
    placebos: what being a fan of anything as popular goes with.
    """

    pooled: RatioInterval
    expected: RatioInterval
    spread: float
    placebo: float | None
    adaptations: tuple[Adaptation, ...]
    proven: bool


@dataclass(frozen=True)
class Worth:
    """What a property is worth before it is bought, by the same draws with and without it.

    `adds` is what it adds to the expected profit, `low` and `high` its 95 % range by the effect of
    its kind. `most` is the highest price at which the chance of a loss is `risk` at most and the
    expected profit `margin` of all spending at least; None: no price, not even nothing.
    """

    gross_with: tuple[float, float, float]
    gross_without: tuple[float, float, float]
    home_with: tuple[float, float, float]
    home_without: tuple[float, float, float]
    adds: MeanOfDraws
    low: float
    high: float
    break_even_with: float
    break_even_without: float
    risk: float
    margin: float
    most: float | None
    effect: SourceEffect
    ratio_needed: float | None
    """How many times an original's gross it must bring for the film to meet risk and margin."""
    everywhere: bool = True
    """Whether the gross is that of all countries; else that at home is all that is known."""


@dataclass(frozen=True)
class PropertyValue(Tabular):
    """What a property may bring: its fans, how such fans turned up, and its worth at most.

    `beyond_genre` is the share of the fans who are outside the genre's usual audience. Each part is
    None where the data cannot tell, and its reason is in `unknown`: a part and a code.
    """

    about: Property
    as_of: date
    territory: str
    currency: str
    budget: float
    fans: int | None
    people: int | None
    beyond_genre: float | None
    turnout: Turnout | None
    worth: Worth | None
    unknown: tuple[tuple[str, str], ...]
    simulated: bool = False

    @property
    def proven(self) -> bool:
        """Whether past films tell that such a property changes the gross at all."""
        worth = self.worth
        return worth is not None and not worth.effect.low <= 1 <= worth.effect.high

    def rows(self) -> Sequence[Mapping[str, Any]]:
        """A row for each past adaptation."""
        return [vars(a) for a in (self.turnout.adaptations if self.turnout else ())]

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON holds it."""
        plain: dict[str, Any] = as_json(_value_adapter().dump_python(self, mode="json"))
        return {**plain, "proven": self.proven}


@cache
def _view_adapter() -> TypeAdapter[PropertyView]:
    return TypeAdapter(PropertyView)


@cache
def _value_adapter() -> TypeAdapter[PropertyValue]:
    return TypeAdapter(PropertyValue)
