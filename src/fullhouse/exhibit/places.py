"""How past sales of a place part: cinemas' shares, dayparts, films; none too small to be shown."""

from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from math import hypot, isfinite, log1p
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from fullhouse.core.errors import InputError
from fullhouse.exhibit.market import WEEK, CinemaShare, CityCinemas, PastSales, Sold
from fullhouse.exhibit.pack import Daypart, Films, OtherDayparts, PlayedFilm, check_seats

Count = TypeVar("Count", int, float)


def at_least(count: Count, minimum: int) -> Count | None:
    """The count, or None where it is under the minimum.

    >>> at_least(50, 50), at_least(49, 50)
    (50, None)
    """
    return count if count >= minimum else None


def parts_at_least(counts: Mapping[str, Count], minimum: int) -> dict[str, Count | None]:
    """Parts of a known total: None under the minimum, and for enough others to hide those.

    A single part left out could be computed from the total. So the smallest of the others are left
    out too (secondary suppression), until what is left out together is not under the minimum.

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
    smallest first, until what is left out is at least two parts and not under the minimum by any
    measure. All measures have the same parts.

    >>> sorted(hidden_parts([{"a": 90, "b": 70, "c": 8}, {"a": 60, "b": 95, "c": 80}], 50))
    ['b', 'c']
    """
    hidden = set(hide) | {n for m in measures for n, count in m.items() if count < minimum}
    while hidden:
        short = [m for m in measures if sum(m[n] for n in hidden) < minimum or len(hidden) == 1]
        rest = [n for n in short[0] if n not in hidden] if short else []
        if not rest:
            break
        hidden.add(min(rest, key=short[0].__getitem__))
    return hidden


MOST_HIDDEN_DAYPARTS = 0.1
MOST_HIDDEN_CINEMAS = 0.5
"""Past sales are enough to part by if no more of them than this lie in parts too small."""
Z80 = 1.2815515655446004
"""The normal score of 90 %."""


def first_enough(
    sales: Sequence[tuple[Films, str | None, Mapping[str, float]]],
    minimum: int,
    *,
    most_hidden: float,
) -> PastSales | None:
    """The first of some sales of which nearly all parts may be known; None where there is none."""
    for films, city, tickets in sales:
        hidden, every = hidden_parts([tickets], minimum), sum(tickets.values())
        # Less than the minimum in all is nothing to share out by.
        if every >= minimum and sum(tickets[n] for n in hidden) <= most_hidden * every:
            return PastSales(films, city, tickets, frozenset(hidden))
    return None


def cinema_shares(
    rows: Sequence[tuple[str | None, bool, float, float]], minimum: int
) -> CityCinemas | None:
    """The cinemas of one city by past sales; None where these are too few.

    Rows are cinema, whether a comparable film's, tickets and their squares by purchase. The
    minimum holds for the tickets that a share rests on.
    """
    comparable = _summed([(c, n) for c, k, n, _ in rows if k])
    every_film = _summed([(c, n) for c, _, n, _ in rows])
    sales = first_enough(
        [("comparable", None, comparable), ("all", None, every_film)],
        minimum,
        most_hidden=MOST_HIDDEN_CINEMAS,
    )
    if sales is None:
        return None
    squares = _summed([(c, s) for c, k, _, s in rows if k or sales.films == "all"])
    every, all_squares = sum(sales.tickets.values()), sum(squares.values())
    shares = {}
    for cinema in sorted(set(sales.tickets) - sales.hidden - {""}):
        tickets, square = sales.tickets[cinema], squares[cinema]
        share, error = share_of(tickets, square, every - tickets, all_squares - square)
        shares[cinema] = CinemaShare(cinema, share, error)
    return CityCinemas(sales.films, sales.tickets, shares)


def share_of(
    part: float, squares: float, others: float, other_squares: float
) -> tuple[float, float]:
    """A part's share of tickets, and how far the end of its 80 % range lies off, in logs.

    Purchases are Poisson, each with all of its tickets (`squares` are summed over purchases): the
    error of the part moves its share by what the others have, and the reverse.
    """
    share = part / (part + others)
    error = hypot((1 - share) * squares**0.5, share * other_squares**0.5) / part
    return share, Z80 * log1p(error**2) ** 0.5


def _summed(rows: Sequence[tuple[str | None, float]]) -> dict[str, float]:
    """Sums by cinema, in the order of their names; refunds alone leave nothing."""
    sums: dict[str, float] = {}
    for cinema, count in rows:
        sums[cinema or ""] = sums.get(cinema or "", 0.0) + count
    return {n: max(0.0, sums[n]) for n in sorted(sums)}


def dayparts(
    admissions: float, sales: PastSales, *, seats: int, goal: float, minimum: int
) -> tuple[tuple[Daypart, ...], OtherDayparts | None]:
    """A week's admissions in each daypart as past sales fell, with the showings to suggest.

    Parts that are left out have neither: their admissions and showings stand together, since
    showings of one alone would give its admissions.
    """
    every = sum(sales.tickets.values())
    expected = {n: float(round(admissions * c / every)) for n, c in sales.tickets.items()}
    hidden = hidden_parts([sales.tickets, expected], minimum, hide=sales.hidden)
    rest = admissions - sum(c for n, c in expected.items() if n not in hidden)
    if hidden and rest < minimum:
        # By rounding, or for want of parts: then no part has a number.
        hidden, rest = set(expected), admissions
    together = {n: c for n, c in expected.items() if n not in hidden}
    # Under a name that no daypart has: the last one, so that ties go to the others.
    showings = suggest_showings(
        together | ({"": max(0.0, rest)} if hidden else {}), seats=seats, goal=goal
    )
    parts = tuple(Daypart(n, together.get(n), showings.get(n)) for n in expected)
    return parts, OtherDayparts(rest, showings[""]) if hidden else None


def suggest_showings(admissions: Mapping[str, float], *, seats: int, goal: float) -> dict[str, int]:
    """Showings by daypart that fill as near to `goal` of their seats as whole showings can.

    All showings together are the nearest whole number to admissions ÷ (seats × goal), at least
    one where anybody is expected. They are shared out by largest remainder (Hamilton): no daypart
    is a whole showing or more away from its exact share. Ties go to the daypart named first.

    >>> suggest_showings({"matinee": 130, "evening": 470}, seats=150, goal=0.4)
    {'matinee': 2, 'evening': 8}
    """
    check_seats(seats, goal)
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


def played(sold: Sold, cinema: str | None, minimum: int) -> list[PlayedFilm]:
    """Comparable films as they were taken in a city, or in one cinema of it; the newest first.

    Nothing can be computed as what one number leaves of another: cinemas of the city, its first
    week of the whole run. Films of which no number may be known are left out.
    """
    films = []
    for number, film in enumerate(sold.films):
        rows = np.flatnonzero(sold.film == number) if film.comparable else np.zeros(0, np.int64)
        whole, first = _by_place(sold, rows, cinema)
        place = cinema if cinema is not None else ""
        if not whole.get(place):
            continue
        hidden = hidden_parts([whole], minimum)
        later = {n: whole[n] - first[n] for n in whole}
        early = hidden_parts([first, later], minimum)
        if place not in hidden:
            films.append(
                PlayedFilm(
                    film.title,
                    film.opening,
                    None if place in early else round(first[place]),
                    round(whole[place]),
                    _showings(sold, rows, cinema),
                )
            )
    return sorted(films, key=lambda f: (f.opening, f.title), reverse=True)


def _by_place(
    sold: Sold, rows: npt.NDArray[np.int64], cinema: str | None
) -> tuple[dict[str, float], dict[str, float]]:
    """Tickets of the whole run and of the first week by cinema; all as one place without one."""
    whole: dict[str, float] = {}
    first: dict[str, float] = {}
    for row in rows.tolist():
        place = "" if cinema is None else sold.cinema[row] or ""
        whole[place] = whole.get(place, 0.0) + float(sold.tickets[row])
        early = 0 <= sold.since[row] < WEEK
        first[place] = first.get(place, 0.0) + (float(sold.tickets[row]) if early else 0.0)
    return whole, first


def _showings(sold: Sold, rows: npt.NDArray[np.int64], cinema: str | None) -> int:
    return len(
        {
            (sold.cinema[i], sold.showing[i])
            for i in rows.tolist()
            if sold.showing[i] is not None
            and sold.tickets[i] > 0
            and (cinema is None or sold.cinema[i] == cinema)
        }
    )
