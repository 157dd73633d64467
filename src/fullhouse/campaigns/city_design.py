"""The cities of a campaign by city: in pairs, over a window, with what they could show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import isfinite

import numpy as np

from fullhouse.campaigns.city_pairs import pair_cities, pairs_without, swapped
from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.planning.plan import Plan
from fullhouse.sample.analysis_sample import AnalysisSample, analysis_sample
from fullhouse.sample.city_sales import CityPast, PastFilm, city_past, items_of, past_films
from fullhouse.stats.city_pairs import check_pairs, smallest_shown
from fullhouse.workspace.context import Context

LEVEL = 0.95
LEAST_TICKETS = 20
"""Past tickets that a city needs: with fewer, its own past says little of its future."""
FIRST_WEEKS = 4
"""Weeks of a film's run that a window takes in where no weeks are given."""
REPLAYS = 400


@dataclass(frozen=True)
class PairedCities:
    """Pairs of cities for a window of days, before any lot is drawn.

    `smallest` is the relative effect that would have been found at 95 % in 80 % of replays: each of
    the `films` with its real sales, and draw after draw of these pairs. None where no film of the
    past can be replayed, or where in more than 20 % no effect would have been found. `before` are
    each paired city's tickets of other films, from `before_first` to `before_last`.
    """

    pairs: tuple[tuple[str, str], ...]
    not_paired: tuple[str, ...]
    first: date
    last: date
    before: Mapping[str, float]
    before_first: date
    before_last: date
    smallest: float | None
    films: int


def paired_cities(
    context: Context, plan: Plan, *, start: date | None, weeks: int | None, as_of: date | None
) -> PairedCities:
    """The pairs for a plan, as known on a day; the past ends on the day before the start."""
    first, last = window(plan, start, weeks)
    with analysis_sample(context, territory=plan.territory, as_of=as_of) as house:
        # A day's grace: the house's day is the latest that has begun anywhere.
        if first < house.day - timedelta(days=1):
            raise InputError(
                f"The campaign starts on {first}, before {house.day}: cities are drawn before media"
                " is bought. Give a later start."
            )
        until = min(known_until(house), first - timedelta(days=1))
        past = city_past(house, until, without=items_of(house, house.find(plan.film)))
        few = _few(past)
        begins, days = (first - plan.opening).days, (last - first).days + 1
        played = past_films(house, past, begins=begins, days=days)
    films = [film for film in played if _can_replay(past, film, few)]
    pairs = pair_cities(past.weeks, past.people, exclude=few)
    names = tuple((past.cities[i], past.cities[j]) for i, j in pairs)
    paired = {c for pair in names for c in pair}
    totals = dict(zip(past.cities, past.totals.tolist(), strict=True))
    return PairedCities(
        pairs=names,
        not_paired=tuple(c for c in past.cities if c not in paired),
        first=first,
        last=last,
        before={c: n for c, n in totals.items() if c in paired},
        before_first=past.first,
        before_last=past.last,
        smallest=_smallest(past, films, few),
        films=len(films),
    )


def window(plan: Plan, start: date | None, weeks: int | None) -> tuple[date, date]:
    """The first and the last day on which the film's tickets count.

    By default from the plan's first week to its last, or to the end of the film's fourth week where
    that is later.
    """
    if weeks is not None and weeks < 1:
        raise InputError(f"A campaign lasts at least 1 week, not {weeks}.")
    if not plan.lines and start is None:
        raise InputError(f"The plan {plan.name!r} has no lines, so give the day it starts.")
    begun = start or min(x.week for x in plan.lines)
    planned = max((x.week for x in plan.lines), default=begun) + timedelta(days=6)
    run = plan.opening + timedelta(days=7 * FIRST_WEEKS - 1)
    last = max(planned, run) if weeks is None else begun + timedelta(days=7 * weeks - 1)
    if last < max(plan.opening, begun):
        raise InputError(
            f"The window, {begun} to {last}, must end after it begins and after {plan.title} opens"
            f" on {plan.opening}, or there is nothing to count; give another start or more weeks."
        )
    return begun, last


def known_until(house: AnalysisSample) -> date:
    """The last day whose sales the house's traits know of."""
    return min(house.day, house.population.build.as_of)


def _few(past: CityPast) -> list[int]:
    """Cities with too few tickets, or an error where too many have."""
    few: list[int] = np.flatnonzero(past.totals < LEAST_TICKETS).tolist()
    many = len(past.cities) - len(few)
    try:
        check_pairs(many // 2, LEVEL)
    except CannotTellError as problem:
        raise CannotTellError(
            f"{problem} Of {len(past.cities)} cities with tickets, {many} sold at least"
            f" {LEAST_TICKETS} from {past.first} to {past.last}."
        ) from None
    return few


def _smallest(past: CityPast, films: Sequence[PastFilm], few: Sequence[int]) -> float | None:
    """The smallest effect shown on past films, the cities paired without each film's weeks.

    None where there are no films, or it is infinite.
    """
    if not films:
        return None
    sales = []
    for film in films:
        rows = pairs_without(past.weeks, film.weeks, past.people, exclude=few)
        sales.append((film.before[rows], film.after[rows]))
    played = swapped(sales, -(-REPLAYS // len(films)), seed=0)
    found = smallest_shown(played, len(sales[0][0]), level=LEVEL)
    return found if isfinite(found) else None


def _can_replay(past: CityPast, film: PastFilm, few: Sequence[int]) -> bool:
    """Whether every city has tickets of other films, and some outside the film's weeks."""
    rest = np.delete(past.weeks, film.weeks, axis=1)
    used = np.setdiff1d(np.arange(len(past.cities)), few)
    return bool(
        rest.shape[1] >= 2 and (rest[used].sum(1) > 0).all() and (film.before[used] > 0).all()
    )
