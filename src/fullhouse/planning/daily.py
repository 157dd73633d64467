"""A film's daily page: target against actual, what changed since yesterday, the next action.

Facts only: numbers, days, codes. The view makes the sentences.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from math import fsum
from typing import Any, Literal, TypeAlias

from pydantic import TypeAdapter

from fullhouse.core.brief import Brief
from fullhouse.core.errors import FullhouseError
from fullhouse.core.values import as_json
from fullhouse.feeds.gaming import GamingSign
from fullhouse.planning.plan import Amount

DAYS_BEFORE, DAYS_AFTER = 60, 14
"""The page is from so many days before the opening until so many days after it."""
TOLERANCE = 0.2
"""Delivery further than this share from the plan is behind it, or beyond it."""
Verdict: TypeAlias = Literal["on", "low", "high", "above", "below", "cannot tell"]
ON: Verdict = "on"
LOW: Verdict = "low"
HIGH: Verdict = "high"
ABOVE: Verdict = "above"
BELOW: Verdict = "below"
CANNOT_TELL: Verdict = "cannot tell"
"""`low` and `high` are inside the 80 % range and outside its middle half (the 50 % range)."""


@dataclass(frozen=True)
class Missing:
    """An error that left something without a number: its sentence, or its code and facts."""

    message: str
    code: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


def missing(problem: FullhouseError) -> Missing:
    """What an error says, so that the page can carry it."""
    return Missing(problem.message, problem.code, as_json(dict(problem.facts)))


@dataclass(frozen=True)
class DailyTarget:
    """The gross of the whole run that is aimed at, and where it comes from.

    `as_of` is the day of the forecast that it is the middle of. `plan_adds` is what the plan is
    expected to add, None where the plan has no gross in the currency. `amount` is None where
    nobody gave one and none could be forecast: `why`.
    """

    amount: float | None
    currency: str
    basis: Literal["given", "score_book", "forecast", "none"] = "given"
    as_of: date | None = None
    plan: str | None = None
    plan_adds: float | None = None
    why: Missing | None = None


@dataclass(frozen=True)
class Band:
    """What films that came to the target had by a distance: the middle, the ends of 80 %.

    `films` are the past films behind it.
    """

    middle: float
    low: float
    high: float
    films: int


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
class AgainstFilms:
    """The verdict compares with past films at the same distance; `until` if the record lags."""

    films: int
    until: date | None = None
    code: Literal["against_films"] = "against_films"


@dataclass(frozen=True)
class NothingKnown:
    """Nothing is known of the signal, or nothing new since a day."""

    since: date | None
    code: Literal["nothing_known"] = "nothing_known"


@dataclass(frozen=True)
class NoTarget:
    """There is no target to compare with."""

    code: Literal["no_target"] = "no_target"


@dataclass(frozen=True)
class NoRelation:
    """Past films that took more had no more of the signal."""

    code: Literal["no_relation"] = "no_relation"


@dataclass(frozen=True)
class TooFewFilms:
    """Fewer past films have their total and this signal over its whole window than are needed."""

    films: int
    needed: int
    window: int
    code: Literal["too_few_films"] = "too_few_films"


Reason: TypeAlias = AgainstFilms | NothingKnown | NoTarget | NoRelation | TooFewFilms


@dataclass(frozen=True)
class SignalName:
    """The kind of a signal, and whose: the market's own record, or what the house's people did."""

    kind: str
    origin: Literal["market", "house"]

    def __str__(self) -> str:
        return f"{self.kind}@{self.origin}"


@dataclass(frozen=True)
class Signal:
    """A sign of interest: what it came to by each morning, against what the target needs."""

    name: SignalName
    days: tuple[SignalDay, ...]
    verdict: Verdict
    reason: Reason

    @property
    def newest(self) -> SignalDay | None:
        """The last morning of which something is known."""
        return next((d for d in reversed(self.days) if d.actual is not None), None)


@dataclass(frozen=True)
class LineSoFar:
    """One line of the plan: all of it, what was to be delivered so far, and what was delivered.

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
class ChannelSoFar:
    """What all lines of a channel were to deliver so far, and what was delivered of them."""

    channel: str
    planned: float
    impressions: float
    lines: tuple[LineSoFar, ...]

    @property
    def share(self) -> float:
        """What was delivered as a share of what was planned so far."""
        return self.impressions / self.planned if self.planned > 0 else 1.0

    @property
    def worst(self) -> LineSoFar:
        """The line that lacks most impressions; with the smallest name of those that tie."""
        return min(self.lines, key=lambda x: ((x.impressions or 0.0) - x.planned, x.line))


@dataclass(frozen=True)
class DayDelivery:
    """Impressions of one whole day: planned, and delivered (None without a campaign)."""

    planned: float
    impressions: float | None


@dataclass(frozen=True)
class Delivery:
    """Delivery and spend against a plan, over whole days up to and with `until`.

    `held_out_exposed` are held-out people who had an impression all the same. `readouts` are the
    days of which there is one, oldest first. `next_unit` is the tickets that one more unit of
    money brings at the plan's budget, by the plan's own curve.
    """

    plan: str
    campaign: str | None
    currency: str
    until: date
    lines: tuple[LineSoFar, ...]
    yesterday: DayDelivery
    treated: int = 0
    held_out: int = 0
    held_out_exposed: int = 0
    last_impression: date | None = None
    readouts: tuple[date, ...] = ()
    next_unit: float | None = None

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
        """Impressions delivered so far."""
        return fsum(x.impressions or 0.0 for x in self.lines)

    @property
    def planned_spend(self) -> float:
        """Money planned so far."""
        return fsum(x.planned_spend for x in self.lines)

    @property
    def spent(self) -> float:
        """Money that the delivered impressions cost at the plan's prices."""
        return fsum(x.spent or 0.0 for x in self.lines)

    @property
    def channels(self) -> list[ChannelSoFar]:
        """The lines summed by channel, in the order of their names."""
        by_channel: dict[str, list[LineSoFar]] = {}
        for line in self.lines:
            by_channel.setdefault(line.channel, []).append(line)
        return [
            ChannelSoFar(
                c, sum(x.planned for x in xs), sum(x.impressions or 0.0 for x in xs), tuple(xs)
            )
            for c, xs in sorted(by_channel.items())
        ]


@dataclass(frozen=True)
class DatedForecast:
    """The total of the run as forecast on a day, 80 %; or why there is none.

    `drivers` are factors from `typical` to the middle, by name; `trained_until`
    is the day up to which the models behind it were trained.
    """

    as_of: date
    total: Amount | None
    why: Missing | None = None
    typical: float | None = None
    drivers: Mapping[str, float] = field(default_factory=dict)
    horizon: str = ""
    trained_until: date | None = None


@dataclass(frozen=True)
class FactChange:
    """A fact of the film that was not known yesterday, or another; None is not known."""

    name: str
    before: Any
    now: Any
    code: Literal["fact"] = "fact"


@dataclass(frozen=True)
class SignalChange:
    """What a signal grew by since yesterday morning, and what it is now."""

    name: SignalName
    growth: float
    now: float
    code: Literal["signal"] = "signal"


@dataclass(frozen=True)
class DeliveryChange:
    """Impressions of the last whole day, delivered and planned."""

    day: date
    impressions: float
    planned: float
    code: Literal["delivery"] = "delivery"


@dataclass(frozen=True)
class ReadoutChange:
    """A readout as of a day that was not there yesterday."""

    as_of: date
    code: Literal["readout"] = "readout"


@dataclass(frozen=True)
class ForecastMove:
    """How the middle of the total moved between two forecasts, and which driver moved it most.

    `factor` is the middle over the one before; None without one of the two: `as_of` and `why` are
    then of the one that is missing. `driver` is None where the market's typical film moved most
    (and `driver_factor` is set), or where nothing moved that way. `horizon` and `trained_until`
    are set where they are others than before.
    """

    factor: float | None
    as_of: date
    why: Missing | None = None
    driver: str | None = None
    driver_factor: float | None = None
    horizon: str | None = None
    horizon_before: str | None = None
    trained_until: date | None = None
    code: Literal["forecast"] = "forecast"


Change: TypeAlias = FactChange | SignalChange | DeliveryChange | ReadoutChange | ForecastMove


@dataclass(frozen=True)
class MakePlan:
    """There is no plan, and the film is still to open."""

    rule: Literal["make a plan"] = "make a plan"


@dataclass(frozen=True)
class LaunchPlan:
    """A plan without a campaign, and its first week begins soon, or has begun."""

    plan: str
    first_week: date
    begun: bool
    rule: Literal["launch"] = "launch"


@dataclass(frozen=True)
class ExposedHoldout:
    """Held-out people had impressions: the effect will look smaller than it is."""

    campaign: str
    exposed: int
    held_out: int
    rule: Literal["held out"] = "held out"


@dataclass(frozen=True)
class NothingDelivered:
    """No impression of the campaign has been reported, though some were planned."""

    campaign: str
    planned: float
    until: date
    rule: Literal["behind"] = "behind"


@dataclass(frozen=True)
class LateChannel:
    """A channel that is behind, with the line that lacks most."""

    channel: str
    impressions: float
    planned: float
    worst_audience: str
    worst_cities: str
    worst_week: date


@dataclass(frozen=True)
class ChannelsBehind:
    """Every channel further behind than the tolerance, the one that lacks most first.

    `last_impression` is set where it is older than the last whole day.
    """

    channels: tuple[LateChannel, ...]
    until: date
    last_impression: date | None = None
    rule: Literal["behind"] = "behind"


@dataclass(frozen=True)
class FastChannel:
    """A channel that delivered more than planned."""

    channel: str
    impressions: float
    planned: float


@dataclass(frozen=True)
class ChannelsBeyond:
    """Every channel further beyond the plan than the tolerance, the one with most first."""

    channels: tuple[FastChannel, ...]
    until: date
    rule: Literal["beyond"] = "beyond"


@dataclass(frozen=True)
class MoveMoney:
    """Signals are below their range: money could move to the audience that brings most tickets.

    `tickets_per_unit` are those of its lines to come for each unit of money, as planned.
    """

    signals: tuple[SignalName, ...]
    audience: str
    tickets_per_unit: float
    next_unit: float | None
    currency: str
    rule: Literal["below"] = "below"


@dataclass(frozen=True)
class ReadOut:
    """A readout is due since a day; `ready` if the house's traits are built up to it."""

    campaign: str
    due: date
    ready: bool
    traits_until: date | None
    rule: Literal["readout"] = "readout"


@dataclass(frozen=True)
class NothingToDo:
    """No rule applies: when to look again, and what is below its range all the same, and why so."""

    next_look: date | None
    below: tuple[SignalName, ...] = ()
    obstacle: Literal["", "no_plan", "opened", "no_week_left"] = ""
    rule: Literal["nothing"] = "nothing"


Action: TypeAlias = (
    MakePlan
    | LaunchPlan
    | ExposedHoldout
    | NothingDelivered
    | ChannelsBehind
    | ChannelsBeyond
    | MoveMoney
    | ReadOut
    | NothingToDo
)


@dataclass(frozen=True)
class Daily(Brief):
    """All of a film's daily page, as known on the morning of a day. Money is in `currency`.

    `forecasts` are as of today, yesterday and a week ago; `since_yesterday` and `since_last_week`
    how the newest moved. `house_until` is the day up to which
    the house's traits are built: a readout uses nothing later. `data` are the versions of the
    tables that were read.
    """

    film: str
    title: str
    territory: str
    currency: str
    as_of: date
    opening: date
    target: DailyTarget
    signals: tuple[Signal, ...]
    delivery: Delivery | None
    forecasts: tuple[DatedForecast, ...]
    changes: tuple[Change, ...]
    action: Action
    since_yesterday: ForecastMove | None = None
    since_last_week: ForecastMove | None = None
    house_until: date | None = None
    gaming: tuple[GamingSign, ...] = ()
    """Signs of gaming in the house's events of the last four weeks."""
    data: Mapping[str, int] = field(default_factory=dict)
    simulated: bool = False

    @property
    def left(self) -> int:
        """Days until it opens; below 0 once it has."""
        return (self.opening - self.as_of).days

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON."""
        page: dict[str, Any] = TypeAdapter(Daily).dump_python(self, mode="json")
        return page


def page_days(opening: date) -> tuple[date, date]:
    """The first and the last day of a film's daily page.

    >>> page_days(date(2025, 8, 15))
    (datetime.date(2025, 6, 16), datetime.date(2025, 8, 29))
    """
    return opening - timedelta(days=DAYS_BEFORE), opening + timedelta(days=DAYS_AFTER)
