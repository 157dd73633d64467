"""What a cinema or a distributor gets of a film: expected admissions, audiences, showings.

Everything is in aggregate: a count under the `minimum` is None, never a number, and so is what
would let a reader compute one.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, TypeAlias

from pydantic import TypeAdapter

from fullhouse.core.brief import Brief
from fullhouse.core.errors import InputError
from fullhouse.planning.plan import Amount

Films: TypeAlias = Literal["comparable", "all"]
"""Whose past sales a share rests on: comparable films' where these are enough, else all films'."""


@dataclass(frozen=True)
class NearbyAudience:
    """People of an audience who live in the city; `tickets` of the run are those expected of them.

    Of the city in the pack of one of its cinemas too.
    """

    name: str
    rule: str
    people: int | None
    tickets: float | None


@dataclass(frozen=True)
class ExpectedWeek:
    """Admissions expected there in a week that begins on `week`."""

    week: date
    admissions: Amount | None


@dataclass(frozen=True)
class PlayedFilm:
    """A comparable film's admissions there that the house knows of, and its showings."""

    title: str
    opening: date
    first_week: int | None
    whole_run: int | None
    showings: int | None = None


@dataclass(frozen=True)
class Daypart:
    """A part of the first week: admissions expected in it, and showings suggested for it.

    Both are None where one part alone must not be known: showings × seats × the share of seats to
    fill are the admissions.
    """

    name: str
    admissions: float | None
    showings: int | None


@dataclass(frozen=True)
class OtherDayparts:
    """All parts of the week that have no numbers of their own, together."""

    admissions: float
    showings: int


@dataclass(frozen=True)
class Source:
    """What the counts rest on: a trait build and its day, and the day of forecast and sales."""

    build: int
    build_as_of: date
    as_of: date


@dataclass(frozen=True)
class MarketBasis:
    """Admissions are of the whole market: the forecast's gross at a mean ticket price.

    `house_share` is the share of a film's tickets that the house's people buy, `unknown_city` the
    share of their expected visits that is of people whose city is not known.
    """

    ticket_price: float
    currency: str
    house_share: float
    unknown_city: float
    code: Literal["market"] = "market"


@dataclass(frozen=True)
class CinemaBasis:
    """A cinema's share of its city: that of the tickets of past films."""

    cinema: str
    city: str
    share: float
    films: Films
    code: Literal["cinema"] = "cinema"


@dataclass(frozen=True)
class DaypartBasis:
    """The sales that tell how a week parts: of which films, in a city or (None) everywhere.

    Hours are those of the ticket feeds' own time zones.
    """

    films: Films
    city: str | None
    time_zones: tuple[str, ...]
    code: Literal["dayparts"] = "dayparts"


@dataclass(frozen=True)
class NoDayparts:
    """Why no showings are suggested: too few admissions are expected, or too few were sold."""

    reason: Literal["few_expected", "few_sold"]
    minimum: int
    code: Literal["no_dayparts"] = "no_dayparts"


@dataclass(frozen=True)
class StillRunning:
    """Comparable films whose run is not over, so that their sales are those up to a day."""

    titles: tuple[str, ...]
    as_of: date
    code: Literal["still_running"] = "still_running"


@dataclass(frozen=True)
class CinemaShares:
    """Cinemas draw their shares of past tickets: what a table of all cities rests on."""

    code: Literal["cinema_shares"] = "cinema_shares"


@dataclass(frozen=True)
class RangeBasis:
    """What the 80 % ranges hold: the forecast's, widened by how surely the shares are known."""

    code: Literal["ranges"] = "ranges"


Basis: TypeAlias = (
    MarketBasis | CinemaBasis | DaypartBasis | NoDayparts | StillRunning | CinemaShares | RangeBasis
)


@dataclass(frozen=True)
class Exhibit(Brief):
    """The pack of one city or cinema. Ranges are 80 %.

    `seats` are those of one showing, `goal` the share of them that a showing should fill.
    No count in it lies under `minimum`.
    """

    film: str
    title: str
    territory: str
    place: str
    as_of: date
    opening: date
    minimum: int
    seats: int
    goal: float
    audiences: tuple[NearbyAudience, ...]
    weeks: tuple[ExpectedWeek, ...]
    films: tuple[PlayedFilm, ...]
    dayparts: tuple[Daypart, ...]
    source: Source
    other_dayparts: OtherDayparts | None = None
    basis: tuple[Basis, ...] = ()
    simulated: bool = False

    def __post_init__(self) -> None:
        check_showing(self.seats, self.goal, self.minimum)
        # A pack that holds a small count would print it sooner or later.
        for what, count in self._counts():
            if count is not None and count < self.minimum:
                raise InputError(
                    f"{what} is under the minimum of {self.minimum:,}; give `at_least(count,"
                    " minimum)`, which leaves it out."
                )
        self._check_rest()

    def _check_rest(self) -> None:
        """Nothing that is left out can be had as the week less what stands there."""
        first = self.weeks[0].admissions if self.weeks else None
        hidden = [d for d in self.dayparts if d.admissions is None]
        if any(d.showings is not None for d in hidden):
            raise InputError(
                "Showings × seats × goal are the admissions of a part of the week: where these are"
                " left out, showings are too."
            )
        if first is None or not hidden:
            return
        rest = first.middle - sum(d.admissions or 0.0 for d in self.dayparts)
        if rest < self.minimum or len(hidden) == 1:
            raise InputError(
                f"{', '.join(d.name for d in hidden)} can be computed from the week's admissions"
                f" less the other dayparts; give `parts_at_least(counts, {self.minimum})`, which"
                " leaves out enough."
            )

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON; what is under the minimum is null."""
        pack: dict[str, Any] = TypeAdapter(Exhibit).dump_python(self, mode="json")
        return pack

    def _counts(self) -> list[tuple[str, float | None]]:
        counts: list[tuple[str, float | None]] = []
        for a in self.audiences:
            counts += [
                (f"The people of {a.name}", a.people),
                (f"The tickets of {a.name}", a.tickets),
            ]
        for w in self.weeks:
            middle = None if w.admissions is None else w.admissions.middle
            counts.append((f"What is expected in the week of {w.week}", middle))
        for f in self.films:
            counts += [(f"The first week of {f.title}", f.first_week)]
            counts += [(f"The whole run of {f.title}", f.whole_run)]
            if f.first_week is not None and f.whole_run not in {None, f.first_week}:
                later = (f.whole_run or 0) - f.first_week
                counts += [(f"What {f.title} took after its first week", later)]
        if self.other_dayparts is not None:
            counts.append(("What is expected in other dayparts", self.other_dayparts.admissions))
        return counts + [(f"What is expected in {d.name}", d.admissions) for d in self.dayparts]


@dataclass(frozen=True)
class CinemaDemand:
    """A cinema's admissions in the first week, and how many showings they fill to the goal."""

    cinema: str
    week: Amount
    showings: int


@dataclass(frozen=True)
class CityDemand:
    """A city's admissions in the first week and in the whole run; None where left out.

    `cinemas` are those whose share of the city is known and that are not left out.
    """

    city: str
    week: Amount | None
    run: Amount | None
    showings: int | None
    cinemas: tuple[CinemaDemand, ...] = ()


@dataclass(frozen=True)
class Demand(Brief):
    """All cities of a film, most admissions first. Ranges are 80 %; `total` is of the run.

    `first` is the day on which the first week begins. No count in it lies under `minimum`, nor
    what all cities that are left out have together, nor the cinemas left out in one city.
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
    source: Source
    basis: tuple[Basis, ...] = ()
    simulated: bool = False

    def __post_init__(self) -> None:
        for c in self.cities:
            self._check(c.city, c.week, c.run)
            for cinema in c.cinemas:
                self._check(cinema.cinema, cinema.week)
            if c.week is not None and c.cinemas:
                rest = c.week.middle - sum(k.week.middle for k in c.cinemas)
                # Rounded numbers may add up to a few more than their sum: then none is left out.
                self._check_rest(f"Another cinema of {c.city}", rest, len(c.cinemas))
        hidden = [c.city for c in self.cities if c.run is None or c.week is None]
        if hidden:
            runs = sum(c.run.middle for c in self.cities if c.run is not None)
            weeks = sum(c.week.middle for c in self.cities if c.week is not None)
            rest = min(self.total.middle - runs, self.week.middle - weeks)
            self._check_rest(", ".join(hidden), rest if len(hidden) > 1 else 0.0)

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON; what is left out is null."""
        table: dict[str, Any] = TypeAdapter(Demand).dump_python(self, mode="json")
        return table

    def rows(self) -> list[dict[str, Any]]:
        """A row for each city, then one for each of its cinemas that is not left out."""
        rows = []
        for c in self.cities:
            rows.append({"city": c.city, "cinema": "", **_row(c.week, c.run, c.showings)})
            rows += [
                {"city": c.city, "cinema": k.cinema, **_row(k.week, None, k.showings)}
                for k in c.cinemas
            ]
        return rows

    def _check_rest(self, name: str, rest: float, parts: int = 0) -> None:
        if (rest > parts / 2 or not parts) and rest < self.minimum:
            raise InputError(
                f"{name} can be computed from the whole less the others; give what `hidden_parts`"
                " leaves."
            )

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


def check_showing(seats: int, goal: float, minimum: int) -> None:
    """Nothing, where these can be those of a pack."""
    check_seats(seats, goal)
    if minimum < 1:
        raise InputError(f"The minimum must be at least 1 person, not {minimum}.")


def check_seats(seats: int, goal: float) -> None:
    """Nothing, where a showing can have so many seats and fill so much of them."""
    if seats < 1:
        raise InputError(f"A showing has at least 1 seat, not {seats}.")
    if not 0 < goal <= 1:
        raise InputError(
            f"The goal is the share of seats to fill, above 0 up to 1, such as 0.3; not {goal:g}."
        )
