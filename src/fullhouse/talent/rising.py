"""Who is rising: a chance for each newcomer, a check of such chances, and how issued ones did."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from fullhouse.core.brief import Brief
from fullhouse.core.tabular import Tabular
from fullhouse.core.values import as_json

YEARS = 5
"""How far ahead a name rises."""
TOP = 0.1
"""The share of newcomers that is the top."""
MOST_FILMS_SO_FAR = 3
RISING = "talent:rising"
"""What statements of rising names stand under in the score book, where a film's id stands."""
HORIZON = "Y+5"


@dataclass(frozen=True)
class Rising:
    """A newcomer: films so far, the best billing, the gross so far, and the chance to be top."""

    talent: str
    name: str
    films: int
    best_billing: int
    last: date
    gross: float
    probability: float


@dataclass(frozen=True)
class RisingCheck:
    """How such chances did at earlier days, each from what was known by then.

    `popularity` is the area under the curve of gross so far; the ends are those of the 95 %
    interval of the difference, over people. `slope` is 1 where chances are as sure as they should
    be; `expected` and `happened` are shares of the top.
    """

    people: int
    first: date
    last: date
    auc: float
    popularity: float
    difference_low: float
    difference_high: float
    slope: float
    expected: float
    happened: float
    brier: float
    brier_of_share: float

    @property
    def better(self) -> bool:
        """Whether the chances told more than gross so far, beyond chance."""
        return self.difference_low > 0


@dataclass(frozen=True)
class RisingNames(Tabular):
    """Newcomers of a market as of a day, the likeliest first."""

    territory: str
    as_of: date
    people: int
    names: tuple[Rising, ...] = field(repr=False)
    check: RisingCheck | None
    simulated: bool = False
    other_currency: int = 0
    """Films left out since their budget or gross is in another currency than the market's."""

    def rows(self) -> Sequence[Mapping[str, Any]]:
        """A row for each newcomer."""
        return [vars(n) for n in self.names]

    def to_dict(self, *, most: int = 0) -> dict[str, Any]:
        """Everything as JSON takes it; of the names only the first `most`, where it is not 0."""
        return {
            "territory": self.territory,
            "as_of": self.as_of.isoformat(),
            "years": YEARS,
            "top": TOP,
            "people": self.people,
            "other_currency": self.other_currency,
            "simulated": self.simulated,
            "check": as_json(asdict(self.check) | {"better": self.check.better})
            if self.check
            else None,
            "names": [as_json(asdict(n)) for n in self.names[: most or None]],
        }


@dataclass(frozen=True)
class RisingScore:
    """How one issued list did once its five years were over; `auc` None where all were alike."""

    entry: int
    as_of: date
    territory: str
    looking_back: bool
    """Issued long after its day, when more was known."""
    people: int
    auc: float | None
    brier: float
    brier_of_share: float
    expected: float
    happened: float


@dataclass(frozen=True)
class RisingBook(Brief):
    """The issued lists of rising names: those with an outcome, and how many wait for theirs.

    Of `unscored` lists the years are over, but of nobody in them is the outcome known.
    """

    scores: tuple[RisingScore, ...]
    waiting: int
    unscored: int = 0
