"""What is known of a film before its greenlight: facts only, which the view puts into words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from fullhouse.core.tabular import Tabular
from fullhouse.core.values import as_json
from fullhouse.forecast import PROBABILITIES, Range
from fullhouse.greenlight.idea import Idea

GREENLIGHT = "greenlight"
"""The horizon under which the score book has what was said before a greenlight."""


@dataclass(frozen=True)
class FromForecast:
    """The gross at home is the forecast of the house, abroad by past films."""

    fingerprint: str
    code: Literal["from_forecast"] = "from_forecast"


@dataclass(frozen=True)
class FromPastFilms:
    """The gross is that of past films of like budget, genre and source; to which year they go.

    `near` is how many, nearest in budget, make the range.
    """

    films: int
    last_year: int
    near: int
    fingerprint: str
    code: Literal["from_past_films"] = "from_past_films"


@dataclass(frozen=True)
class HomeOnly:
    """Too few past films know their gross of all countries: only home is counted."""

    code: Literal["home_only"] = "home_only"


@dataclass(frozen=True)
class OldFilms:
    """The newest past film is so many years old: money and markets have moved since."""

    last_year: int
    years: int
    code: Literal["old_films"] = "old_films"


@dataclass(frozen=True)
class NoHouseForecast:
    """The house's forecast could not be made; `why` is the code of the reason."""

    why: str
    code: Literal["no_forecast"] = "no_forecast"


@dataclass(frozen=True)
class SourceUnproven:
    """So many past films have this source: its part of the gross is mostly that of any film."""

    story_source: str
    films: int
    code: Literal["source_unproven"] = "source_unproven"


@dataclass(frozen=True)
class GenresUnknown:
    """Too few past films are of these genres, which move nothing; those that do are `known`."""

    genres: tuple[str, ...]
    known: tuple[str, ...]
    code: Literal["genres_unknown"] = "genres_unknown"


@dataclass(frozen=True)
class BeyondBudgets:
    """The budget lies beyond those of past films, so that the nearest of theirs stand for it."""

    low: float
    high: float
    code: Literal["beyond_budgets"] = "beyond_budgets"


@dataclass(frozen=True)
class AlreadyOpen:
    """The film opened before the day on which this is asked: a look back, no greenlight."""

    opening: date
    code: Literal["already_open"] = "already_open"


@dataclass(frozen=True)
class Calibrated:
    """The gross is moved by `factor`, so that the chance is what those of past films came to."""

    films: int
    factor: float
    code: Literal["calibrated"] = "calibrated"


Note = Annotated[
    FromForecast
    | FromPastFilms
    | HomeOnly
    | OldFilms
    | NoHouseForecast
    | SourceUnproven
    | GenresUnknown
    | BeyondBudgets
    | AlreadyOpen
    | Calibrated,
    Field(discriminator="code"),
]


@dataclass(frozen=True)
class MeanOfDraws:
    """A mean over draws with its Monte Carlo standard error."""

    value: float
    error: float


@dataclass(frozen=True)
class ProfitLine:
    """One line of the profit and loss: its mean and 80 % range over the draws, present value."""

    name: str
    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Swing:
    """The expected profit when one thing stands at its 10 % or 90 % value, all draws the same."""

    name: str
    at_low: float
    at_high: float
    profit_low: float
    profit_high: float

    @property
    def width(self) -> float:
        """How far the expected profit moves."""
        return abs(self.profit_high - self.profit_low)


@dataclass(frozen=True)
class StagedOption:
    """What deciding later is worth: the expected profit, and what it adds to going ahead now.

    `dropped` and `sold` are the shares of draws in which it ends so.
    """

    name: str
    profit: MeanOfDraws
    gain: MeanOfDraws
    dropped: float
    sold: float
    loss: float
    """The chance to lose money."""


@dataclass(frozen=True)
class Threshold:
    """Where the break-even chance is one half: `planned` now, `needed` then; None: nowhere near."""

    name: str
    planned: float
    needed: float | None


@dataclass(frozen=True)
class AdvertisingChoice:
    """A spend on prints and advertising, the expected profit and the break-even chance with it."""

    spend: float
    profit: float
    break_even: float


@dataclass(frozen=True)
class SourceEffect:
    """What past films of a source took beside original stories, at equal budget and year: 95 %."""

    story_source: str
    films: int
    ratio: float
    low: float
    high: float


@dataclass(frozen=True)
class Greenlight(Tabular):
    """A film before its greenlight: what it may take, what that leaves, and what would change it.

    `gross` is that of all countries, `home` of the territory. `worst` is the mean of the worst
    10 %, `tenth` where they begin. Profit is the present value on `as_of` for all who pay for the
    film together; `break_even` is the chance that it is 0 or more.
    """

    idea: Idea
    territory: str
    currency: str
    as_of: date
    draws: int
    seed: int
    advertising: float
    gross: Range
    home: Range
    profit: MeanOfDraws
    profit_range: Range
    break_even: MeanOfDraws
    tenth: float
    worst: MeanOfDraws
    lines: tuple[ProfitLine, ...]
    swings: tuple[Swing, ...]
    options: tuple[StagedOption, ...]
    thresholds: tuple[Threshold, ...]
    choices: tuple[AdvertisingChoice, ...]
    source_effect: SourceEffect | None
    changed_terms: tuple[str, ...]
    notes: tuple[Note, ...]
    simulated: bool = False

    @property
    def film(self) -> str:
        """The film's id, or the idea's."""
        return self.idea.id

    @property
    def everywhere(self) -> bool:
        """Whether the gross is that of all countries; else that at home is all that is known."""
        return not any(isinstance(n, HomeOnly) for n in self.notes)

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON holds it; `ranges` as a forecast of the score book has them."""
        plain: dict[str, Any] = as_json(_adapter().dump_python(self, mode="json"))
        total = {
            "median": self.home.median,
            **{f"{round(100 * v)}%": list(self.home.between(v)) for v in (0.5, 0.8, 0.95)},
            "probabilities": list(PROBABILITIES),
            "quantiles": list(self.home.quantiles),
        }
        opening = self.idea.opening.isoformat() if self.idea.opening else None
        about = {"film": self.film, "title": self.idea.title, "opening": opening}
        return {**about, **plain, "ranges": {"total": total}}

    def rows(self) -> Sequence[Mapping[str, Any]]:
        """The lines of the profit and loss, then the swings."""
        lines = [
            {"part": "line", "name": x.name, "value": x.mean, "low": x.low, "high": x.high}
            for x in self.lines
        ]
        swings = [
            {
                "part": "swing",
                "name": s.name,
                "value": self.profit.value,
                "low": s.profit_low,
                "high": s.profit_high,
            }
            for s in self.swings
        ]
        return [*lines, *swings]


@dataclass(frozen=True)
class SlateFilm:
    """A film of a slate: its own figures, and what it adds to those of the slate.

    `adds_worst` is the mean of the slate's worst 10 % with the film less that without it.
    """

    film: str
    title: str
    year: int
    budget: float
    profit: MeanOfDraws
    break_even: float
    worst: float
    adds_profit: float
    adds_worst: float
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class SlateRisk(Tabular):
    """A slate before its greenlight: all films together, by draws that share years.

    `shared` is the part of the residuals' variance that films of a year share, from past films,
    with its 95 % interval; `alone` is the mean worst 10 % of the slate if they shared nothing.
    """

    territory: str
    currency: str
    as_of: date
    draws: int
    films: tuple[SlateFilm, ...]
    spend: float
    profit: MeanOfDraws
    profit_range: Range
    break_even: MeanOfDraws
    worst: MeanOfDraws
    alone: float
    shared: float
    shared_low: float
    shared_high: float
    simulated: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON holds it."""
        plain: dict[str, Any] = as_json(_slate_adapter().dump_python(self, mode="json"))
        return plain

    def rows(self) -> Sequence[Mapping[str, Any]]:
        """A row for each film."""
        return [
            {
                "film": f.film,
                "title": f.title,
                "year": f.year,
                "budget": f.budget,
                "profit": f.profit.value,
                "break_even": f.break_even,
                "worst": f.worst,
                "adds_profit": f.adds_profit,
                "adds_worst": f.adds_worst,
            }
            for f in self.films
        ]


@cache
def _adapter() -> TypeAdapter[Greenlight]:
    return TypeAdapter(Greenlight)


@cache
def _slate_adapter() -> TypeAdapter[SlateRisk]:
    return TypeAdapter(SlateRisk)
