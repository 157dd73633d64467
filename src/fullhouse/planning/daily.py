"""A film's daily page: target against actual, what changed since yesterday, the next action."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from math import fsum
from typing import Any

from fullhouse.core.values import as_json
from fullhouse.planning.plan import Amount

DAYS_BEFORE, DAYS_AFTER = 60, 14
"""The page is from so many days before the opening until so many days after it."""
OFF = 0.2
"""Delivery further than this share from the plan is behind it, or beyond it."""
ON, ABOVE, BELOW, CANNOT_TELL = "on", "above", "below", "cannot tell"


@dataclass(frozen=True)
class Target:
    """The gross of the whole run that is aimed at, and whose word that is.

    `amount` is None where nobody gave one and none could be made; `words` say why.
    """

    amount: float | None
    currency: str
    words: str


@dataclass(frozen=True)
class Band:
    """What films that came to the target had by a distance: the middle, the ends of 80 %."""

    middle: float
    low: float
    high: float
    films: int
    """Past films behind it."""


@dataclass(frozen=True)
class SignalDay:
    """A signal as known on the morning of a day: summed up since the record begins.

    `left` is how many days later the film opens, below 0 once it has. None is not known.
    """

    day: date
    left: int
    actual: float | None
    target: Band | None


@dataclass(frozen=True)
class Signal:
    """A sign of interest: what it came to by each morning, against what the target asks for.

    `origin` is "market" (the country's own record) or "house" (what the house's people did).
    """

    kind: str
    origin: str
    days: tuple[SignalDay, ...]
    verdict: str
    why: str
    """Behind the verdict, or what is missing for one."""

    @property
    def name(self) -> str:
        """The kind and whose it is, as one word."""
        return f"{self.kind}@{self.origin}"

    @property
    def newest(self) -> SignalDay | None:
        """The last morning of which something is known."""
        return next((d for d in reversed(self.days) if d.actual is not None), None)


@dataclass(frozen=True)
class LineSoFar:
    """One line of the plan: all of it, what was to be delivered so far, and what came back.

    Spend is impressions at the price the plan was made at. None: no campaign carries it out.
    """

    line: str
    audience: str
    channel: str
    cities: str
    week: date
    spend: float
    tickets: float
    planned: float
    planned_spend: float
    impressions: float | None
    spent: float | None


@dataclass(frozen=True)
class Delivery:
    """Delivery and spend against a plan, over whole days up to and with `until`."""

    plan: str
    campaign: str | None
    currency: str
    until: date
    lines: tuple[LineSoFar, ...]
    yesterday: tuple[float, float | None]
    """Impressions of the last whole day: planned, and come back."""
    treated: int = 0
    held_out: int = 0
    held_out_shown: int = 0
    """Held-out people who were shown the campaign all the same."""
    last_impression: date | None = None
    readouts: tuple[date, ...] = ()
    """Days of which there is a readout, oldest first."""
    next_unit: float | None = None
    """Tickets that one more unit of money wins at the plan's budget, by the plan's own curve."""

    @property
    def first_week(self) -> date | None:
        """The day on which the first line begins."""
        return min((x.week for x in self.lines), default=None)

    @property
    def planned(self) -> float:
        """Impressions planned so far."""
        return fsum(x.planned for x in self.lines)

    @property
    def impressions(self) -> float:
        """Impressions that came back."""
        return fsum(x.impressions or 0.0 for x in self.lines)

    @property
    def planned_spend(self) -> float:
        """Money planned so far."""
        return fsum(x.planned_spend for x in self.lines)

    @property
    def spent(self) -> float:
        """Money that the impressions which came back cost at the plan's prices."""
        return fsum(x.spent or 0.0 for x in self.lines)


@dataclass(frozen=True)
class Foreseen:
    """The total of the run as forecast on a day, 80 %; or why it could not be told.

    `drivers` are factors from `typical` to the middle; `learned_to` is the day up to which the
    models behind it learned.
    """

    as_of: date
    total: Amount | None
    why: str = ""
    typical: float | None = None
    drivers: Mapping[str, tuple[str, float]] = field(default_factory=dict)
    horizon: str = ""
    learned_to: date | None = None


@dataclass(frozen=True)
class Change:
    """Something that is known today and was not yesterday. `about` is signal, forecast, ..."""

    about: str
    words: str


@dataclass(frozen=True)
class Action:
    """The one thing to do next, by which rule, and the command that does it, if one does."""

    rule: str
    words: str
    command: str | None = None


@dataclass(frozen=True)
class Daily:
    """All of a film's daily page, as known on the morning of a day. Money is in `currency`."""

    film: str
    title: str
    territory: str
    currency: str
    as_of: date
    opening: date
    target: Target
    signals: tuple[Signal, ...]
    delivery: Delivery | None
    forecasts: tuple[Foreseen, ...]
    """As of today, yesterday, a week ago."""
    changes: tuple[Change, ...]
    action: Action
    house_until: date | None = None
    """The day up to which the house's traits are built: a readout sees nothing later."""
    notes: tuple[str, ...] = ()
    data: Mapping[str, int] = field(default_factory=dict)
    """Versions of the lake tables that were read."""
    simulated: bool = False

    @property
    def left(self) -> int:
        """Days until it opens; below 0 once it has."""
        return (self.opening - self.as_of).days

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON can say it."""
        told: dict[str, Any] = as_json(asdict(self))
        return told


def page_days(opening: date) -> tuple[date, date]:
    """The first and the last day of a film's daily page.

    >>> page_days(date(2025, 8, 15))
    (datetime.date(2025, 6, 16), datetime.date(2025, 8, 29))
    """
    return opening - timedelta(days=DAYS_BEFORE), opening + timedelta(days=DAYS_AFTER)
