"""What is known of a film's headroom: facts only, which the view turns into sentences."""

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Literal, TypeAlias

from pydantic import TypeAdapter

from fullhouse.core.brief import Brief
from fullhouse.core.values import as_json

ExposureKind: TypeAlias = Literal["impression", "trailer_view"]


@dataclass(frozen=True)
class Range:
    """A value with its 95 % interval; None where there is no end to it."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class NothingShown:
    """Nobody was shown the film, by advertisement or trailer, before the comparison begins."""

    since: date


@dataclass(frozen=True)
class TooFewInterested:
    """Fewer people showed interest, those shown the film and the others together, than needed."""

    shown: int
    others: int
    needed: int


@dataclass(frozen=True)
class TooSelective:
    """Those shown the film want *other* films so much more that the comparison says nothing.

    `ratio` is theirs to the others', among people alike in activity; it may be `limit` at most.
    """

    ratio: Range
    limit: float


@dataclass(frozen=True)
class NoTickets:
    """No forecast in tickets: headroom is a ratio only. `why` is the code of the reason."""

    why: str


Unknown: TypeAlias = NothingShown | TooFewInterested | TooSelective
"""Why it cannot be told who has heard of the film."""


@dataclass(frozen=True)
class Pilot:
    """What a randomised pilot of the audience would tell.

    Shown to `people`, with as many held out, it tells a rate of interest of `rate` from twice that,
    with power .8 at a level of 5 % (n = 6.25 (r + d) / d²). `enough` says whether the audience has
    so many people that nobody has shown the film.
    """

    people: int
    rate: float
    enough: bool


@dataclass(frozen=True)
class AudienceHeadroom:
    """One audience: who has heard of the film, and what it would buy if everybody had.

    `shown` were shown the film; `aware` is the share that has heard of it, shown or not.
    `conversion` is tickets a person among the aware. `tickets` are expected now, `tickets_aware`
    if all were aware, `extra` the difference: at the forecast's middle, with the error of `aware`
    alone. `claimed` says whether there is surely any, all audiences looked at together (false
    claims in at most 5 % of films). `by_money` is `extra` by unit of money, where each of those who
    have not heard is reached once on the cheapest channel. `interested` are those who wanted the
    film inside the window, of the shown and of the others.
    """

    name: str
    rule: str
    obvious: bool
    people: int
    shown: int
    interested: tuple[int, int]
    ratio: Range
    aware: Range
    conversion: Range
    tickets: float | None
    tickets_aware: Range
    extra: Range
    by_money: float | None
    claimed: bool
    unknown: Unknown | None
    pilot: Pilot


@dataclass(frozen=True)
class Headroom(Brief):
    """A film's headroom, audiences with most extra tickets by money first.

    People shown the film by `landmark` through `exposure` are compared with others as active, in
    their interest from the day after to `as_of`. `selection` is the same comparison for other
    films, which being shown this one cannot have changed: all ratios are divided by it.
    """

    film: str
    title: str
    territory: str
    as_of: date
    opening: date | None
    landmark: date
    exposure: ExposureKind | None
    selection: Range
    audiences: tuple[AudienceHeadroom, ...]
    currency: str
    price: float
    notes: tuple[NoTickets, ...] = ()
    simulated: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON can say it."""
        plain: dict[str, Any] = as_json(_adapter().dump_python(self, mode="json"))
        return plain


@cache
def _adapter() -> TypeAdapter[Headroom]:
    return TypeAdapter(Headroom)
