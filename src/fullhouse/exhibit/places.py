"""What past sales tell of a place: its cinemas' shares, its dayparts, its films; none too small."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fullhouse.exhibit.exhibit import Daypart, PlayedFilm, hidden_parts, suggest_showings
from fullhouse.exhibit.market import share_of
from fullhouse.exhibit.sales import WEEK, Sold

MOST_HIDDEN_DAYPARTS = 0.1
MOST_HIDDEN_CINEMAS = 0.5
"""Sales tell how people part if no more of them than this lie in parts that are too small."""


@dataclass(frozen=True)
class CinemaShare:
    """A cinema's share of its city, and how far the end of its 80 % range lies off, in logs."""

    cinema: str
    share: float
    off: float


@dataclass(frozen=True)
class Basis:
    """Sales by part, those parts that must not be told alone, and the words for what was sold."""

    words: str
    counts: Mapping[str, float]
    hidden: frozenset[str]


def first_telling(
    found: Sequence[tuple[str, Mapping[str, float]]], minimum: int, *, most_hidden: float
) -> Basis | None:
    """The first of some sales whose parts can nearly all be told; None where there is none."""
    for words, counts in found:
        hidden, every = hidden_parts([counts], minimum), sum(counts.values())
        # Less than the minimum in all is nothing to share out by.
        if every >= minimum and sum(counts[n] for n in hidden) <= most_hidden * every:
            return Basis(words, counts, frozenset(hidden))
    return None


def cinema_shares(
    rows: Sequence[tuple[str | None, bool, float, float]], minimum: int
) -> tuple[dict[str, CinemaShare], str]:
    """Cinemas of one city whose share can be told, and of what it is the share.

    Rows are cinema, whether a comparable film's, tickets and their squares by purchase. The
    minimum holds for the tickets that a share rests on.
    """
    found = []
    for words in ("comparable films", "all films"):
        chosen = [r for r in rows if r[1] or words == "all films"]
        found.append((words, _summed([(c, n) for c, _, n, _ in chosen])))
    basis = first_telling(found, minimum, most_hidden=MOST_HIDDEN_CINEMAS)
    if basis is None:
        return {}, ""
    like = basis.words == "comparable films"
    squares = _summed([(c, s) for c, k, _, s in rows if k or not like])
    every, all_squares = sum(basis.counts.values()), sum(squares.values())
    shares = {}
    for cinema in sorted(set(basis.counts) - basis.hidden - {""}):
        mine, square = basis.counts[cinema], squares[cinema]
        told = share_of(mine, square, every - mine, all_squares - square)
        shares[cinema] = CinemaShare(cinema, *told)
    return shares, basis.words


def _summed(rows: Sequence[tuple[str | None, float]]) -> dict[str, float]:
    """Sums by cinema, in the order of their names; refunds alone leave nothing."""
    found: dict[str, float] = {}
    for cinema, count in rows:
        found[cinema or ""] = found.get(cinema or "", 0.0) + count
    return {n: max(0.0, found[n]) for n in sorted(found)}


def dayparts(
    admissions: float, basis: Basis, *, seats: int, goal: float, minimum: int
) -> tuple[Daypart, ...]:
    """A week's admissions in each daypart as past sales fell, with the showings to suggest.

    What is not told is lumped: it is shared out evenly among the parts left out, so that their
    showings tell nothing of one alone.
    """
    every = sum(basis.counts.values())
    expected = {n: float(round(admissions * c / every)) for n, c in basis.counts.items()}
    hidden = hidden_parts([basis.counts, expected], minimum, hide=basis.hidden)
    rest = admissions - sum(c for n, c in expected.items() if n not in hidden)
    if hidden and rest < minimum:
        # By rounding, or for want of parts: then none is told.
        hidden, rest = set(expected), admissions
    even = {n: rest / len(hidden) if n in hidden else c for n, c in expected.items()}
    showings = suggest_showings(even, seats=seats, goal=goal)
    return tuple(Daypart(n, None if n in hidden else c, showings[n]) for n, c in expected.items())


def played(sold: Sold, cinema: str | None, minimum: int) -> list[PlayedFilm]:
    """Comparable films as they were taken in a city, or in one cinema of it; the newest first.

    Nothing can be had as what one number leaves of another: cinemas of the city, its first week
    of the whole run. Films of which nothing can be told are left out.
    """
    found = []
    for number, film in enumerate(sold.films):
        rows = np.flatnonzero(sold.film == number) if film.like else np.zeros(0, np.int64)
        whole, first = _by_place(sold, rows, cinema)
        place = cinema if cinema is not None else ""
        if not whole.get(place):
            continue
        hidden = hidden_parts([whole], minimum)
        later = {n: whole[n] - first[n] for n in whole}
        early = hidden_parts([first, later], minimum)
        if place not in hidden:
            found.append(
                PlayedFilm(
                    film.title,
                    film.opening,
                    None if place in early else round(first[place]),
                    round(whole[place]),
                    _showings(sold, rows, cinema),
                )
            )
    return sorted(found, key=lambda f: (f.opening, f.title), reverse=True)


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
