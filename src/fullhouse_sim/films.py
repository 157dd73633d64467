"""The slate: five years of past films, and films to come; and what opens before and after it.

Equations and plain words are in docs/simulated-market.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import cache

import numpy as np

from fullhouse_sim.draws import stream
from fullhouse_sim.film import Film, Scenario, all_weights, weights
from fullhouse_sim.market import MARKET_PEOPLE, Market
from fullhouse_sim.places import cities
from fullhouse_sim.population import panel
from fullhouse_sim.scripts import HIDDEN, genres_of, script
from fullhouse_sim.titles import DISTRIBUTORS, name, sequel, story

__all__ = [
    "Film",
    "Scenario",
    "all_weights",
    "earlier",
    "scenario",
    "slate",
    "unannounced",
    "weights",
]

PAST_DAYS = 1826
EARLIER_DAYS = 1826
"""The films of the years before the slate open over as many days, and as often."""
COMING = 12
COMING_DAYS = 182
UNANNOUNCED_FROM, UNANNOUNCED_TO = 28, 273
"""Days after today between which films open that nobody has announced yet.

None opens so early that it moves a presale of the feeds, and the last ones are rivals of the
slate's last.
"""
SCENARIO_IN_DAYS = 39
"""The scenario's film opens on the Friday next to this many days after today."""

ACTIVITY_POWER = 0.85
"""How a film's draw grows with activity: to this power, give or take a tenth by film."""
URGENCY_DAYS, URGENCY_SD = 8.5, 0.23
"""Median days until people stop caring for a film, and the spread of its log."""
LOYAL = 0.04
"""Share of interest that never fades."""
UNEXPLAINED_SD = 0.5
"""Standard deviation of log appeal that no budget, star or theater count tells."""


_COMMON = {
    "drama": 0.20, "comedy": 0.17, "action": 0.15, "thriller": 0.11, "horror": 0.08,
    "romance": 0.07, "family": 0.06, "science fiction": 0.05, "fantasy": 0.04, "animation": 0.04,
    "history": 0.02, "arthouse": 0.01,
}  # fmt: skip
_FOR_CHILDREN, _FOR_ADULTS = ("family", "animation"), ("horror", "thriller", "arthouse")
_FADES = {"horror": 0.7, "action": 0.9, "family": 1.3, "animation": 1.3, "arthouse": 1.3}
"""How a genre lengthens the days until people stop caring."""
_NEXT_TO = {
    "games": "science fiction", "fitness": "action", "reading": "history", "music": "romance",
    "cooking": "comedy", "outdoors": "drama", "travel": "arthouse", "crafts": "fantasy",
    "beauty": "romance", "photography": "arthouse", "gardening": "drama", "diy": "comedy",
}  # fmt: skip


@cache
def slate(market: Market) -> tuple[Film, ...]:
    """Past films and films to come by release date; a film's number is its place."""
    return _levelled(market, _made(market, _releases(market), _roles(market), set(), "film"))


@cache
def earlier(market: Market) -> tuple[Film, ...]:
    """Films of the years before the slate by release date; a film's number is its place.

    They are for a long record of box office: nobody of the feeds has seen them.
    """
    taken = {f.title for f in slate(market)}
    made = _made(market, _earlier_releases(market), {}, taken, "earlier film")
    return _levelled(market, [replace(f, id=f"E{f.number:05d}") for f in made])


@cache
def unannounced(market: Market) -> tuple[Film, ...]:
    """Films that open after today and that no feed tells of, by release date.

    With them as many films open after today as before it. They are rivals only.
    """
    taken = {f.title for f in (*slate(market), *earlier(market))}
    made = _made(market, _unannounced_releases(market), {}, taken, "unannounced film")
    first = len(slate(market))
    named = [replace(f, number=first + f.number, id=f"N{f.number:05d}") for f in made]
    return _levelled(market, named)


def _made(
    market: Market, releases: Sequence[date], roles: Mapping[int, str], taken: set[str], what: str
) -> list[Film]:
    made: list[Film] = []
    cinemas = int(cities(market.seed, MARKET_PEOPLE).cinemas.sum())
    for number, release in enumerate(releases):
        g = stream(market.seed, what, number)
        role = roles.get(number)
        before = _first_part(g, [f for f in made if f.number not in roles], release)
        genres = genres_of(market.scenario, role) if role else before.genres if before else None
        film = _ordinary(g, (market.seed, cinemas), number, release, taken, genres or _genres(g))
        if role:
            film = script(film, market.scenario, role, cinemas)
            if film.heard is not None:
                film = replace(film, heard=replace(film.heard, seed=market.seed))
            taken.add(film.title)
        elif before:
            film = _sequel(film, before, made)
        made.append(film)
    return made


@cache
def scenario(market: Market) -> Scenario:
    """Who is who in the slate of a market."""
    films, roles = slate(market), _roles(market)
    role = {name: films[number].id for number, name in roles.items()}
    film = next(films[number] for number, name in roles.items() if name == "film")
    beyond = tuple((k, v) for k, v in film.loadings if k in dict(HIDDEN))
    return Scenario(
        film=film.id,
        alike=tuple(role[name] for name in ("old", "recent") if name in role),
        null_film=role["null"],
        hidden=beyond if market.scenario not in ("null", "fandom", "sleeper", "unaware") else (),
    )


def _releases(market: Market) -> list[date]:
    g = stream(market.seed, "releases")
    ago = (np.arange(market.past_films) + g.random(market.past_films)) / market.past_films
    past = [_friday(g, market.today - timedelta(days=int(PAST_DAYS * x))) for x in ago]
    ahead = (np.arange(COMING) + g.random(COMING)) / COMING
    coming = [market.today + timedelta(days=1 + int((COMING_DAYS - 8) * x)) for x in ahead]
    return sorted([*past, *(d + timedelta(days=(4 - d.weekday()) % 7) for d in coming)])


def _earlier_releases(market: Market) -> list[date]:
    g = stream(market.seed, "earlier releases")
    count = round(market.past_films * EARLIER_DAYS / PAST_DAYS)
    ago = PAST_DAYS + EARLIER_DAYS * (np.arange(count) + g.random(count)) / count
    # The slate's first film may open some days before its years begin.
    first = slate(market)[0].release - timedelta(days=1)
    fridays = [_friday(g, market.today - timedelta(days=int(x))) for x in ago]
    return sorted(d for d in fridays if d <= first)


def _unannounced_releases(market: Market) -> list[date]:
    """So many that the past's number of films a day opens; first beside the slate's, then alone."""
    g = stream(market.seed, "unannounced releases")
    a_day = market.past_films / PAST_DAYS
    beside = max(0.0, a_day - COMING / COMING_DAYS)
    days = []
    for first, last, often in (
        (UNANNOUNCED_FROM, COMING_DAYS, beside), (COMING_DAYS, UNANNOUNCED_TO, a_day)
    ):  # fmt: skip
        count = round((last - first) * often)
        within = (np.arange(count) + g.random(count)) / max(1, count)
        days += [market.today + timedelta(days=first + int((last - first) * x)) for x in within]
    return sorted(d + timedelta(days=(4 - d.weekday()) % 7) for d in days)


def _friday(g: np.random.Generator, day: date) -> date:
    """The Friday on or before a day; one film in eight opens on the Wednesday before."""
    back = (day.weekday() - 4) % 7 + 2 * (g.random() < 0.125)
    return day - timedelta(days=int(back))


def _roles(market: Market) -> dict[int, str]:
    """Which films of the slate have a part in the scenario."""
    releases = np.array([d.toordinal() for d in _releases(market)]) - market.today.toordinal()
    wanted = {"film": SCENARIO_IN_DAYS, "null": -0.30 * min(market.days, 365)}
    if market.scenario not in ("null", "sleeper"):
        wanted |= {"recent": -0.45 * min(market.days, 365), "old": -1000.0}
    roles: dict[int, str] = {}
    for role, day in wanted.items():
        allowed = (releases > 0) == (role == "film")
        allowed &= ~np.isin(np.arange(len(releases)), list(roles))
        far = np.where(allowed, np.abs(releases - day), np.inf)
        roles[int(far.argmin())] = role
    return roles


def _ordinary(
    g: np.random.Generator,
    of: tuple[int, int],
    number: int,
    release: date,
    taken: set[str],
    genres: tuple[str, ...],
) -> Film:
    seed, cinemas = of
    synopsis = story(g, genres, taken)
    cast = stream(seed, "talent", int(g.integers(80)))
    names, powers = (name(cast), name(cast)), cast.beta(0.8, 2.0, 2)
    size, surprise, chance = g.normal(0, 1, 3)
    star = float(powers.max())
    expected = 0.26 * size + 0.4 * (star - 0.4)
    quality = float(g.normal(0, 1))
    fades = float(np.prod([_FADES.get(x, 1.0) for x in genres[:1]]))
    return Film(
        number=number,
        id=f"F{number:05d}",
        title=synopsis.title,
        release=release,
        genres=genres,
        synopsis=synopsis.synopsis,
        keywords=synopsis.keywords,
        director=name(stream(seed, "director", int(g.integers(120)))),
        stars=names,
        star_power=star,
        franchise="",
        part=1,
        distributor=DISTRIBUTORS[int(g.integers(len(DISTRIBUTORS)))],
        runtime_minutes=int(np.clip(g.normal(107, 14), 78, 175)),
        budget_usd=int(round(18e6 * float(np.exp(1.0 * size + 0.5 * (star - 0.4))), -5)),
        theaters=_theaters(cinemas, 0.9 + 1.1 * size + 0.5 * (star - 0.4) + 0.4 * chance),
        quality=quality,
        appeal=expected + UNEXPLAINED_SD * float(surprise) + 0.10 * quality,
        expected=expected,
        awareness=_share(-0.9 + 0.75 * size + 0.6 * (star - 0.4) + 0.3 * float(g.normal())),
        urgency_days=fades * float(np.exp(g.normal(np.log(URGENCY_DAYS), URGENCY_SD))),
        loyal=LOYAL,
        presale=float(np.clip(0.22 + 0.08 * size + 0.05 * g.normal(), 0.05, 0.5)),
        family=genres[0] in ("family", "animation"),
        loadings=_loadings(g, genres),
    )


def _genres(g: np.random.Generator) -> tuple[str, ...]:
    odds = np.array(list(_COMMON.values()))
    count = 1 + int(g.choice(3, p=(0.35, 0.45, 0.20)))
    picked = g.choice(len(odds), count, replace=False, p=odds / odds.sum())
    first, *others = (list(_COMMON)[i] for i in picked)
    unfit = _FOR_ADULTS if first in _FOR_CHILDREN else _FOR_CHILDREN if first in _FOR_ADULTS else ()
    return (first, *(genre for genre in others if genre not in unfit))


def _loadings(g: np.random.Generator, genres: tuple[str, ...]) -> tuple[tuple[str, float], ...]:
    """Tastes for its genres, activity, and for one film in four a hobby that goes with them."""
    strong = (0.55, 0.30, 0.20)
    loadings = [(genre, strong[i] + 0.08 * float(g.normal())) for i, genre in enumerate(genres)]
    loadings.append(("log activity", ACTIVITY_POWER + 0.08 * float(g.normal())))
    near = [hobby for hobby, genre in _NEXT_TO.items() if genre in genres]
    if near and g.random() < 0.4:
        loadings.append((near[int(g.integers(len(near)))], float(g.uniform(0.2, 0.7))))
    return tuple(loadings)


def _first_part(g: np.random.Generator, made: list[Film], release: date) -> Film | None:
    """For one film in eight, an earlier film of some success of which it is another part."""
    old = [f for f in made if (release - f.release).days > 400 and f.appeal > 0.3]
    return old[int(g.integers(len(old)))] if g.random() < 0.125 and old else None


def _sequel(film: Film, before: Film, made: list[Film]) -> Film:
    franchise = before.franchise or before.title
    parts = [f for f in made if franchise in (f.franchise, f.title)]
    part = 1 + max(f.part for f in parts)
    return replace(
        film,
        title=sequel(franchise, part),
        franchise=franchise,
        part=part,
        family=before.family,
        loadings=before.loadings,
        director=before.director,
        stars=before.stars,
        star_power=before.star_power,
        distributor=before.distributor,
        expected=film.expected + 0.4,
        appeal=0.5 * (film.appeal + before.appeal) + 0.2,
        awareness=1 - 0.7 * (1 - film.awareness),
        urgency_days=0.8 * film.urgency_days,
    )


def _theaters(cinemas: int, log_odds: float) -> int:
    return max(1, round(cinemas * _share(log_odds)))


def _share(log_odds: float) -> float:
    return float(1 / (1 + np.exp(-log_odds)))


def _levelled(market: Market, made: list[Film]) -> tuple[Film, ...]:
    """The films with their weights scaled to a mean of 1 over the country."""
    people = panel(market)
    logs: list[float] = []
    for start in range(0, len(made), 64):
        part = tuple(made[start : start + 64])
        logs += np.log(all_weights(part, people).mean(axis=0)).tolist()
    return tuple(replace(f, log_mean=x) for f, x in zip(made, logs, strict=True))
