"""A forecast: what a film will take, as ranges, with why and with what it rests on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
import pyarrow as pa
from pydantic import Field, TypeAdapter

from fullhouse.core.brief import Brief
from fullhouse.core.errors import InputError
from fullhouse.core.settings import SIMULATED

if TYPE_CHECKING:
    import pyarrow as pa

PROBABILITIES: tuple[float, ...] = (0.025, *(round(0.05 * k, 2) for k in range(1, 20)), 0.975)
"""The probabilities at which every range is stored: 2.5 %, 5 %, 10 % … 95 %, 97.5 %."""

LEVELS = (0.5, 0.8, 0.95)
"""The ranges that are shown: central, with these probabilities."""

QUANTITIES = ("opening_day", "opening_weekend", "total")
"""What is forecast, in the territory's currency, in the order of a run."""


@dataclass(frozen=True)
class Range:
    """A distribution of one amount, as its quantiles at `PROBABILITIES`, ascending."""

    quantity: str
    quantiles: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.quantiles) != len(PROBABILITIES):
            raise ValueError(f"{len(PROBABILITIES)} quantiles, not {len(self.quantiles)}")
        if not all(a <= b for a, b in zip(self.quantiles, self.quantiles[1:], strict=False)):
            raise ValueError("quantiles must not fall")

    @property
    def median(self) -> float:
        """The amount that is passed as often as not."""
        return self.at(0.5)

    def at(self, probability: float) -> float:
        """The quantile at one of `PROBABILITIES`."""
        return self.quantiles[PROBABILITIES.index(round(probability, 3))]

    def between(self, level: float) -> tuple[float, float]:
        """The ends of the central range with this probability, one of `LEVELS` or 0.9."""
        return self.at((1 - level) / 2), self.at(1 - (1 - level) / 2)

    def passes(self, amount: float) -> float:
        """The probability that the amount is reached: linear in log amount and normal score.

        Beyond the outermost quantiles the last slope goes on (log-normal tails).
        """
        if amount <= 0:
            raise InputError(f"An amount to pass must be above 0, not {amount:g}.")
        # Imported here: it takes a second, and reading a forecast needs none of it.
        from scipy.special import ndtr, ndtri

        x = np.log(np.maximum(self.quantiles, 1e-9))
        z = ndtri(PROBABILITIES)
        keep = np.concatenate([np.diff(x) > 0, [True]])  # of equal quantiles, the last
        if np.log(amount) <= x[0]:
            keep = np.concatenate([[True], np.diff(x) > 0])
        x, z = x[keep], z[keep]
        if len(x) == 1:
            return float(np.log(amount) <= x[0])
        at = np.log(amount)
        if at < x[0]:
            score = z[0] + (at - x[0]) * (z[1] - z[0]) / (x[1] - x[0])
        elif at > x[-1]:
            score = z[-1] + (at - x[-1]) * (z[-1] - z[-2]) / (x[-1] - x[-2])
        else:
            score = np.interp(at, x, z)
        return float(ndtr(-score))


@dataclass(frozen=True)
class DayRange:
    """What one day will take: 2.5, 10, 25, 50, 75, 90 and 97.5 % quantiles."""

    day: date
    quantiles: tuple[float, ...]
    cumulative: tuple[float, ...]
    """The same of what was taken up to and with this day."""


DAY_PROBABILITIES = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)


@dataclass(frozen=True)
class Shared:
    """Something that two films have in common, and its value where it has one.

    predecessor (one continues the other), genres (names), distributor (name), cinemas (those of
    the other), budget (alike), month (1 to 12 of the other's opening), series (both continue one).
    """

    what: str
    value: int | str | tuple[str, ...] | None = None


@dataclass(frozen=True)
class Comp:
    """A comparable past film, what it took (in its own money), and why it was chosen."""

    film: str
    title: str
    opening: date
    opening_weekend: float | None
    """None where only its total is known."""
    total: float
    similarity: float
    """0 to 1: the share of the model's trees in which both films end in one leaf."""
    why: tuple[Shared, ...] = ()


@dataclass(frozen=True)
class Driver:
    """Something that moved the median: from a typical film of the market to this one.

    `name` is a group of features (see features.GROUPS), `detail` what the film has of it. The
    product of all factors leads from `Forecast.typical` to the median of the total.
    """

    name: str
    factor: float
    detail: float | str | tuple[float | str, ...] | None = None


@dataclass(frozen=True)
class Step:
    """How wide the range will be once something more is learned."""

    horizon: str
    when: date | None
    spread: float
    """Upper over lower end of the 80 % range of the total, as it was for like films."""
    done: bool


@dataclass(frozen=True)
class KnownFact:
    """A fact that a forecast rests on, as JSON holds it: who says so, and since when."""

    value: Any
    origin: str = ""
    known_on: date | None = None


@dataclass(frozen=True)
class ModelFacts:
    """The model behind a forecast: the day up to which it learned, and from how many films."""

    fingerprint: str = ""
    learned_to: date | None = None
    films: int = 0
    stage: str = ""
    plan: str = ""
    version: str = ""


@dataclass(frozen=True)
class OutsideView:
    """What somebody else forecast of the opening weekend, and what it counts for here."""

    source: str
    made_on: date
    days: int
    """Days that it covers; 3: Friday to Sunday."""
    mid: float
    low: float | None
    high: float | None
    weekend: float | None
    """What it comes to from Friday to Sunday, by past weekends; None where that is not known."""
    films: int
    """Past films by which this source is judged at this distance."""
    used: bool
    """Whether it moves the forecast."""


@dataclass(frozen=True)
class IfCinemas:
    """The opening weekend if a film whose cinemas are not known opens in so many: 80 % range."""

    cinemas: int
    low: float
    middle: float
    high: float


@dataclass(frozen=True)
class FarAhead:
    """It opens further ahead than any horizon: the ranges are those of `horizon`, at best."""

    days: int
    horizon: str
    code: Literal["far_ahead"] = "far_ahead"


@dataclass(frozen=True)
class NoGrossYet:
    """It has opened and no gross is known: still a forecast from before the opening."""

    code: Literal["no_gross_yet"] = "no_gross_yet"


@dataclass(frozen=True)
class GrossesEnd:
    """Grosses are known to a day, so many days less than the calendar has."""

    last: date
    days: int
    code: Literal["grosses_end"] = "grosses_end"


@dataclass(frozen=True)
class PlanAssumed:
    """How it opens is not known: it is taken for wide or limited."""

    plan: str
    code: Literal["plan_assumed"] = "plan_assumed"


@dataclass(frozen=True)
class FactsMissing:
    """Facts that are not known, so that the film counts as one like any other in them."""

    fields: tuple[str, ...]
    code: Literal["facts_missing"] = "facts_missing"


@dataclass(frozen=True)
class OtherCurrency:
    """The budget is in another currency than the market's money, and not used."""

    budget: str
    market: str
    code: Literal["other_currency"] = "other_currency"


@dataclass(frozen=True)
class RangesOf:
    """The ranges are those of forecasts at an earlier horizon, which knew as much."""

    horizon: str
    code: Literal["ranges_of"] = "ranges_of"


@dataclass(frozen=True)
class CompsUnused:
    """The chosen comps are shown and move nothing: the run itself is known."""

    code: Literal["comps_unused"] = "comps_unused"


@dataclass(frozen=True)
class CompsMove:
    """The chosen comps' mean, the weight that comps have earned, and the factor it gives."""

    quantity: str
    mean: float
    currency: str
    weight: float
    factor: float
    code: Literal["comps_move"] = "comps_move"


@dataclass(frozen=True)
class SlateUnknown:
    """So few openings are entered around the film that those around it count as unknown."""

    entered: int
    usual: int
    code: Literal["slate_unknown"] = "slate_unknown"


@dataclass(frozen=True)
class MarketUnknown:
    """How the market does counts as unknown: grosses end long before, or are those of few films.

    `share` is that of the usual days of films; None where grosses end on `last`.
    """

    last: date
    share: float | None
    code: Literal["market_unknown"] = "market_unknown"


@dataclass(frozen=True)
class Capped:
    """A fact lies outside all films learned from, and counts as the nearest of theirs."""

    field: str
    given: float
    limit: float
    code: Literal["capped"] = "capped"


@dataclass(frozen=True)
class CinemasExpected:
    """No cinemas are booked: what is expected, since when and by whom, and its 80 % range."""

    stated: str
    known_on: date
    origin: str
    low: int
    high: int
    code: Literal["cinemas_expected"] = "cinemas_expected"


@dataclass(frozen=True)
class OutsideMoves:
    """Forecasts by others move ours: their weight, the factor, and the films that taught it."""

    sources: tuple[str, ...]
    weight: float
    factor: float
    films: int
    code: Literal["outside_moves"] = "outside_moves"


@dataclass(frozen=True)
class OutsideUnproven:
    """A source's forecast moves nothing: too few of its films have opened."""

    source: str
    films: int
    needed: int
    code: Literal["outside_unproven"] = "outside_unproven"


@dataclass(frozen=True)
class OutsideUncompared:
    """A forecast moves nothing: no past weekends show what part of its days the weekend is."""

    source: str
    days: int
    code: Literal["outside_uncompared"] = "outside_uncompared"


@dataclass(frozen=True)
class MarketChanged:
    """The market takes a share of its season as never before: both ends are drawn out."""

    share: float
    """What all films took in four weeks, over the same weeks of past years."""
    factor: float
    """By which each end lies further from the middle, in logs."""
    code: Literal["market_changed"] = "market_changed"


@dataclass(frozen=True)
class MarketClosed:
    """The market takes next to nothing of its season: the data cannot tell what a film will."""

    share: float
    factor: float
    code: Literal["market_closed"] = "market_closed"


@dataclass(frozen=True)
class RangesMissed:
    """Of the latest films more lay beyond one end of their 80 % range than chance explains.

    `lower` and `upper` are the factors by which the ends lie further from the middle, in logs.
    """

    films: int
    below: int
    above: int
    lower: float
    upper: float
    code: Literal["ranges_missed"] = "ranges_missed"


@dataclass(frozen=True)
class NoOrdinaryOpening:
    """It is an event, such as a re-release or a concert; none of the films learned from is."""

    event: str
    code: Literal["no_ordinary_opening"] = "no_ordinary_opening"


@dataclass(frozen=True)
class BudgetHistory:
    """An assumed budget moves the forecast as budgets and openings went together in the past.

    A budget `ratio` times as large went with an opening weekend `factor` times as large, over so
    many past films.
    """

    ratio: float
    factor: float
    films: int
    code: Literal["budget_history"] = "budget_history"


@dataclass(frozen=True)
class Remark:
    """A sentence of a forecast that was issued before notes were facts."""

    text: str
    code: Literal["remark"] = "remark"


Note = Annotated[
    FarAhead
    | NoGrossYet
    | GrossesEnd
    | PlanAssumed
    | FactsMissing
    | OtherCurrency
    | RangesOf
    | CompsUnused
    | CompsMove
    | SlateUnknown
    | MarketUnknown
    | Capped
    | CinemasExpected
    | OutsideMoves
    | OutsideUnproven
    | OutsideUncompared
    | MarketChanged
    | MarketClosed
    | RangesMissed
    | BudgetHistory
    | NoOrdinaryOpening
    | Remark,
    Field(discriminator="code"),
]
"""What a reader should know of how a forecast was made."""


@dataclass(frozen=True)
class Forecast(Brief):
    """What is known on a day of what a film will take in a territory."""

    film: str
    title: str
    territory: str
    currency: str
    as_of: date
    opening: date
    horizon: str
    ranges: Mapping[str, Range]
    """By quantity; what has already happened is not forecast and stands in `known`."""
    known: Mapping[str, float]
    to_date: float
    days: tuple[DayRange, ...]
    comps: tuple[Comp, ...]
    drivers: tuple[Driver, ...]
    typical: float
    steps: tuple[Step, ...]
    facts: Mapping[str, KnownFact]
    groups: Mapping[str, str]
    """What the film is counted under in the score book: size, genre, franchise, plan."""
    notes: tuple[Note, ...] = ()
    what_if: Mapping[str, Any] = field(default_factory=dict)
    """Facts that were assumed and not known, as JSON holds them; such a forecast does not enter
    the score book."""
    model: ModelFacts = ModelFacts()
    data: Mapping[str, int] = field(default_factory=dict)
    """Versions of the lake tables that were read."""
    simulated: bool = False
    outside: tuple[OutsideView, ...] = ()
    """The newest forecast of each other source, before the opening."""
    if_cinemas: tuple[IfCinemas, ...] = ()
    """Where its cinemas are neither booked nor expected: for few and for many."""

    def passes(self, amount: float, *, quantity: str = "total") -> float:
        """The probability that an amount is reached; what is known is 0 or 1."""
        if quantity in self.known:
            return float(self.known[quantity] >= amount)
        if quantity not in self.ranges:
            known = ", ".join(self.ranges)
            raise InputError(f"This forecast has no {quantity!r}; it has {known}.")
        return self.ranges[quantity].passes(amount)

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON holds it; dates as YYYY-MM-DD."""
        plain: dict[str, Any] = _adapter().dump_python(self, mode="json")
        plain["ranges"] = {
            name: {
                "median": r.median,
                **{f"{round(100 * v)}%": list(r.between(v)) for v in LEVELS},
                "probabilities": list(PROBABILITIES),
                "quantiles": list(r.quantiles),
            }
            for name, r in self.ranges.items()
        }
        return plain

    def to_arrow(self) -> "pa.Table":
        """A row for each quantity and each day, with its quantiles in columns."""
        import pyarrow as pa

        rows: list[dict[str, Any]] = []
        for quantity, amounts in self.ranges.items():
            ends = {f"q{p * 100:g}": amounts.at(p) for p in DAY_PROBABILITIES}
            rows.append({"quantity": quantity, "day": None, **ends})
        for day in self.days:
            for quantity, values in (("day", day.quantiles), ("to_date", day.cumulative)):
                ends = {f"q{p * 100:g}": v for p, v in zip(DAY_PROBABILITIES, values, strict=True)}
                rows.append({"quantity": quantity, "day": day.day, **ends})
        columns = [
            ("quantity", pa.string()),
            ("day", pa.date32()),
            *((f"q{p * 100:g}", pa.float64()) for p in DAY_PROBABILITIES),
        ]
        table = pa.Table.from_pylist(rows, pa.schema(columns))
        common = {
            "film": self.film,
            "territory": self.territory,
            "currency": self.currency,
            "as_of": self.as_of,
            **({"label": SIMULATED} if self.simulated else {}),
        }
        for i, (name, value) in enumerate(common.items()):
            table = table.add_column(i, name, pa.repeat(pa.scalar(value), table.num_rows))
        return table


def read_forecast(payload: Mapping[str, Any]) -> Forecast:
    """The forecast of which `Forecast.to_dict` gave the payload, also of an earlier version."""
    fields = dict(payload)
    fields["ranges"] = {n: {"quantity": n, **r} for n, r in payload["ranges"].items()}
    fields["notes"] = [
        {"code": "remark", "text": n} if isinstance(n, str) else n for n in payload["notes"]
    ]
    fields["comps"] = [
        c | {"why": [{"what": w} if isinstance(w, str) else w for w in c["why"]]}
        for c in payload["comps"]
    ]
    fields["drivers"] = [
        d if "words" not in d else {"name": d["words"], "factor": d["factor"]}
        for d in payload["drivers"]
    ]
    fields["facts"] = {
        name: fact if isinstance(fact, dict) and "value" in fact else {"value": fact}
        for name, fact in payload["facts"].items()
    }
    return _adapter().validate_python(fields)


@cache
def _adapter() -> TypeAdapter[Forecast]:
    return TypeAdapter(Forecast)
