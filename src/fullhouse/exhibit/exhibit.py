"""What a cinema is told of a film: who lives near, how many will come and when, and how to show it.

Everything is in aggregate: a count under the `minimum` is None, never a number.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from fractions import Fraction
from math import isfinite
from typing import Any, TypeVar

from fullhouse.core.errors import InputError
from fullhouse.core.values import as_json
from fullhouse.planning.plan import Amount

Count = TypeVar("Count", int, float)


@dataclass(frozen=True)
class NearbyAudience:
    """People of an audience near the cinema; `tickets` are those expected of them there."""

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
    """A comparable film as it was taken there: admissions that the house knows of."""

    title: str
    opening: date
    first_week: int | None
    whole_run: int | None
    showings: int | None = None


@dataclass(frozen=True)
class Daypart:
    """A part of the opening week: what is expected in it, and showings suggested for it.

    `scheduled` are the showings that stand in the programme already; None where not known.
    """

    name: str
    admissions: float | None
    showings: int
    scheduled: int | None = None


@dataclass(frozen=True)
class Exhibit:
    """The pack of one city or cinema group. Ranges are 80 %.

    `seats` are those of one showing, `goal` the share of them that a showing should fill.
    `source` says which counts it rests on. No count in it lies under `minimum`.
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
    source: str
    notes: tuple[str, ...] = ()
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
        """Nothing that is left out can be had as the week less what is shown."""
        first = self.weeks[0].admissions if self.weeks else None
        hidden = [d for d in self.dayparts if d.admissions is None]
        if first is None or not hidden:
            return
        rest = first.middle - sum(d.admissions or 0.0 for d in self.dayparts)
        if rest < self.minimum:
            raise InputError(
                f"{', '.join(d.name for d in hidden)} can be told from the week's admissions less"
                f" the other dayparts; give `parts_at_least(counts, {self.minimum})`, which leaves"
                " out enough."
            )

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON can say it; what is under the minimum is null."""
        told: dict[str, Any] = as_json(asdict(self))
        return told

    def _counts(self) -> list[tuple[str, float | None]]:
        found: list[tuple[str, float | None]] = []
        for a in self.audiences:
            found += [
                (f"The people of {a.name}", a.people),
                (f"The tickets of {a.name}", a.tickets),
            ]
        for w in self.weeks:
            middle = None if w.admissions is None else w.admissions.middle
            found.append((f"What is expected in the week of {w.week}", middle))
        for f in self.films:
            found += [(f"The first week of {f.title}", f.first_week)]
            found += [(f"The whole run of {f.title}", f.whole_run)]
            if f.first_week is not None and f.whole_run not in {None, f.first_week}:
                later = (f.whole_run or 0) - f.first_week
                found += [(f"What {f.title} took after its first week", later)]
        return found + [(f"What is expected in {d.name}", d.admissions) for d in self.dayparts]


def at_least(count: Count, minimum: int) -> Count | None:
    """The count, or None where it is under the minimum.

    >>> at_least(50, 50), at_least(49, 50)
    (50, None)
    """
    return count if count >= minimum else None


def parts_at_least(counts: Mapping[str, Count], minimum: int) -> dict[str, Count | None]:
    """Parts of a known total: None under the minimum, and for enough others to hide those.

    A single part left out could be had from the total. So the smallest of the others are left out
    too, until what is left out together is not under the minimum.

    >>> parts_at_least({"day": 300, "evening": 200, "late": 20}, 50)
    {'day': 300, 'evening': None, 'late': None}
    """
    hidden = hidden_parts([counts], minimum)
    return {name: None if name in hidden else count for name, count in counts.items()}


def hidden_parts(
    measures: Sequence[Mapping[str, float]], minimum: int, *, hide: Collection[str] = ()
) -> set[str]:
    """The parts to leave out where each measure of all parts together is known.

    Every part that is under the minimum by any measure, and those of `hide`; then others, the
    smallest first, until what is left out is not under the minimum by any measure. All measures
    have the same parts.

    >>> sorted(hidden_parts([{"a": 90, "b": 70, "c": 8}, {"a": 60, "b": 95, "c": 80}], 50))
    ['b', 'c']
    """
    hidden = set(hide) | {n for m in measures for n, count in m.items() if count < minimum}
    while hidden:
        short = next((m for m in measures if sum(m[n] for n in hidden) < minimum), None)
        rest = [n for n in short if n not in hidden] if short else []
        if short is None or not rest:
            break
        hidden.add(min(rest, key=short.__getitem__))
    return hidden


def suggest_showings(admissions: Mapping[str, float], *, seats: int, goal: float) -> dict[str, int]:
    """Showings by daypart that fill as near to `goal` of their seats as whole showings can.

    All showings together are the nearest whole number to admissions ÷ (seats × goal), at least
    one where anybody is expected. They are shared out by largest remainder (Hamilton): no daypart
    is a whole showing or more away from its exact share. Ties go to the daypart named first.

    >>> suggest_showings({"matinee": 130, "evening": 470}, seats=150, goal=0.4)
    {'matinee': 2, 'evening': 8}
    """
    _check_seats(seats, goal)
    for name, count in admissions.items():
        if not isfinite(count) or count < 0:
            raise InputError(f"Admissions expected in {name!r} must be from 0 up, not {count}.")
    # As fractions: sums of floats could turn a tie one way here and another way there.
    exact = [Fraction(count) for count in admissions.values()]
    everyone = sum(exact, Fraction(0))
    if not everyone:
        return dict.fromkeys(admissions, 0)
    showings = max(1, int(everyone / (seats * Fraction(goal)) + Fraction(1, 2)))
    shares = [showings * count / everyone for count in exact]
    return dict(zip(admissions, _largest_remainder(shares, showings), strict=True))


def _largest_remainder(shares: Sequence[Fraction], total: int) -> list[int]:
    """Whole numbers that add up to the total, each its share rounded down or up."""
    whole = [int(share) for share in shares]
    by_rest = sorted(range(len(shares)), key=lambda k: whole[k] - shares[k])
    for k in by_rest[: total - sum(whole)]:
        whole[k] += 1
    return whole


def check_showing(seats: int, goal: float, minimum: int) -> None:
    """Nothing, where these can be those of a pack."""
    _check_seats(seats, goal)
    if minimum < 1:
        raise InputError(f"The minimum must be at least 1 person, not {minimum}.")


def _check_seats(seats: int, goal: float) -> None:
    if seats < 1:
        raise InputError(f"A showing has at least 1 seat, not {seats}.")
    if not 0 < goal <= 1:
        raise InputError(
            f"The goal is the share of seats to fill, above 0 up to 1, such as 0.3; not {goal:g}."
        )
