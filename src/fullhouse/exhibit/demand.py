"""What a film is expected to draw in each city and cinema: a distributor's table of them all."""

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from fullhouse.core.errors import InputError
from fullhouse.core.values import as_json
from fullhouse.planning.plan import Amount


@dataclass(frozen=True)
class CinemaDemand:
    """A cinema's admissions in the first week, and how many showings they fill to the goal."""

    cinema: str
    week: Amount
    showings: int


@dataclass(frozen=True)
class CityDemand:
    """A city's admissions in the first week and in the whole run; None where not told.

    `cinemas` are those whose share of the city is known and large enough to be told.
    """

    city: str
    week: Amount | None
    run: Amount | None
    showings: int | None
    cinemas: tuple[CinemaDemand, ...] = ()


@dataclass(frozen=True)
class Demand:
    """All cities of a film, most admissions first. Ranges are 80 %; `total` is of the run.

    `first` is the day on which the first week begins. No count in it lies under `minimum`, nor
    what all cities that are not told have together.
    """

    film: str
    title: str
    territory: str
    as_of: date
    opening: date
    first: date
    minimum: int
    seats: int
    goal: float
    total: Amount
    week: Amount
    cities: tuple[CityDemand, ...]
    source: str
    notes: tuple[str, ...] = ()
    simulated: bool = False

    def __post_init__(self) -> None:
        for c in self.cities:
            self._check(c.city, c.week, c.run)
            for cinema in c.cinemas:
                self._check(cinema.cinema, cinema.week)
        hidden = [c.city for c in self.cities if c.run is None or c.week is None]
        for what, whole, told in (
            ("run", self.total, [c.run for c in self.cities]),
            ("week", self.week, [c.week for c in self.cities]),
        ):
            rest = whole.middle - sum(a.middle for a in told if a is not None)
            if hidden and rest < self.minimum:
                raise InputError(
                    f"{', '.join(hidden)} can be told from the {what} of all less the others; give"
                    " what `hidden_parts` leaves."
                )

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON can say it; what is not told is null."""
        told: dict[str, Any] = as_json(asdict(self))
        return told

    def rows(self) -> list[dict[str, Any]]:
        """A row for each city, then one for each of its cinemas that is told."""
        found = []
        for c in self.cities:
            found.append({"city": c.city, "cinema": "", **_row(c.week, c.run, c.showings)})
            found += [
                {"city": c.city, "cinema": k.cinema, **_row(k.week, None, k.showings)}
                for k in c.cinemas
            ]
        return found

    def _check(self, name: str, *amounts: Amount | None) -> None:
        for amount in amounts:
            if amount is not None and amount.middle < self.minimum:
                raise InputError(
                    f"What is expected in {name} is under the minimum of {self.minimum:,}."
                )


def _row(week: Amount | None, run: Amount | None, showings: int | None) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for name, amount in (("week", week), ("run", run)):
        for end in ("middle", "low", "high"):
            row[f"{name}_{end}"] = None if amount is None else getattr(amount, end)
    return {**row, "showings": showings}
