"""A campaign by city: like cities in pairs over a window, one of each pair drawn, and its record.

A new film has no past, so a city's tickets of the film are divided by its tickets of all other
films in the year before the launch, and the cities of a pair are compared on that. How a city
takes to this film in particular is chance between the two of a pair, and the sign flips count it:
it needs no model of the film. The past ends at the launch, so that nothing the campaign did is in
it; other films' sales in the window would be, were the campaign's visits taken from them.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from math import isfinite
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from fullhouse.campaigns.campaign import BY_CITY, CityDesign, LaunchedCities, PairedCities
from fullhouse.campaigns.city_pairs import draw, pair_cities, pairs_without, swapped
from fullhouse.control.campaign_records import SavedCampaign, SavedPlan
from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.planning.plan import Plan
from fullhouse.sample.analysis_sample import AnalysisSample
from fullhouse.sample.sales import CityPast, ReplayedFilm, city_past, items_of, past_films
from fullhouse.stats.city_pairs import fewest_pairs, smallest_shown

LEVEL = 0.95
LEAST_TICKETS = 20
"""Past tickets that a city needs: with fewer, its own past predicts little of its future."""
FIRST_WEEKS = 4
"""Weeks of a film's run that a window takes in where no weeks are given."""
REPLAYS = 400
PAIRED = TypeAdapter(PairedCities)
DESIGN = TypeAdapter(CityDesign)


def paired_cities(
    house: AnalysisSample, plan: Plan, *, start: date | None, weeks: int | None
) -> PairedCities:
    """The pairs for a plan, as known on the house's day; the past ends before the start."""
    first, last = window(plan, start, weeks)
    if first < house.day:
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


def drawn_campaign(
    paired: PairedCities, saved: SavedPlan, name: str, *, key: bytes, at: datetime
) -> SavedCampaign:
    """The campaign of these pairs with one city of each drawn, as it is saved.

    The past is saved too, so that tickets that come in late move no city's.
    """
    design = CityDesign(paired.pairs, draw(paired.pairs, key=key, campaign=name))
    body: dict[str, Any] = PAIRED.dump_python(paired, mode="json")
    body |= {"by": BY_CITY, **DESIGN.dump_python(design, mode="json")}
    return SavedCampaign(name, saved.film, saved.name, saved.version, body, at)


def paired_from(body: Mapping[str, Any]) -> PairedCities:
    """The pairs that a campaign was saved with."""
    return PAIRED.validate_python({k: body[k] for k in PairedCities.__dataclass_fields__})


def design_from(body: Mapping[str, Any]) -> CityDesign:
    """The design that a campaign was saved with."""
    return DESIGN.validate_python({k: body[k] for k in CityDesign.__dataclass_fields__})


def launched_cities(campaign: SavedCampaign, *, resumed: bool) -> LaunchedCities:
    """A saved campaign by city, as it was launched."""
    paired = paired_from(campaign.body)
    return LaunchedCities(
        campaign=campaign,
        design=design_from(campaign.body),
        first=paired.first,
        last=paired.last,
        smallest=paired.smallest,
        films=paired.films,
        not_paired=paired.not_paired,
        resumed=resumed,
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
    begin = start or min(x.week for x in plan.lines)
    planned = max((x.week for x in plan.lines), default=begin) + timedelta(days=6)
    run = plan.opening + timedelta(days=7 * FIRST_WEEKS - 1)
    last = max(planned, run) if weeks is None else begin + timedelta(days=7 * weeks - 1)
    if last < max(plan.opening, begin):
        raise InputError(
            f"The window, {begin} to {last}, must end after it begins and after {plan.title} opens"
            f" on {plan.opening}, or there is nothing to count; give another start or more weeks."
        )
    return begin, last


def known_until(house: AnalysisSample) -> date:
    """The last day whose sales the house's traits know of."""
    return min(house.day, house.population.build.as_of)


def _few(past: CityPast) -> list[int]:
    """Cities with too few tickets, or an error where too many have."""
    few: list[int] = np.flatnonzero(past.totals < LEAST_TICKETS).tolist()
    usable = len(past.cities) - len(few)
    needed = 2 * fewest_pairs(LEVEL)
    if usable < needed:
        raise CannotTellError(
            code="too_few_cities", cities=len(past.cities), usable=usable, needed=needed,
            least=LEAST_TICKETS, first=past.first, last=past.last,
        )  # fmt: skip
    return few


def _smallest(past: CityPast, films: Sequence[ReplayedFilm], few: Sequence[int]) -> float | None:
    """The smallest effect shown on past films, the cities paired without each film's weeks.

    None where there are no films, or it is infinite.
    """
    if not films:
        return None
    sales = []
    for film in films:
        rows = pairs_without(past.weeks, film.weeks, past.people, exclude=few)
        sales.append((film.before[rows], film.after[rows]))
    replays = swapped(sales, -(-REPLAYS // len(films)), seed=0)
    smallest = smallest_shown(replays, len(sales[0][0]), level=LEVEL)
    return smallest if isfinite(smallest) else None


def _can_replay(past: CityPast, film: ReplayedFilm, few: Sequence[int]) -> bool:
    """Whether every city has tickets of other films, and some outside the film's weeks."""
    rest = np.delete(past.weeks, film.weeks, axis=1)
    used = np.setdiff1d(np.arange(len(past.cities)), few)
    return bool(
        rest.shape[1] >= 2 and (rest[used].sum(1) > 0).all() and (film.before[used] > 0).all()
    )
