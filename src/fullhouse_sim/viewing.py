"""What a chunk's people watch at home on a day: past films, by popularity and by taste."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fullhouse.core.arrays import Floats, Ints
from fullhouse_sim import moments
from fullhouse_sim.draws import stream
from fullhouse_sim.film import FEATURES, Film, features
from fullhouse_sim.kept import kept_people
from fullhouse_sim.market import Market
from fullhouse_sim.shopping import picked

A_YEAR = 26.0
"""Films a year that a member of mean activity begins."""
OUT_DAYS = 100
"""Days from a film's release until it can be watched at home."""
SHELF = 8
"""Films somebody is shown, drawn by popularity, of which one is taken by draw."""
FINISHED = 0.7
"""Share of plays that go on to the credits."""
OLDER_DAYS = 700.0
"""Days in which a film's popularity falls to 37 %."""


@dataclass(frozen=True)
class Catalogue:
    """Films that can be watched on a day: numbers, cumulated popularity, and what draws to each.

    `feature` and `loading` have a row for each film, as many columns as the film with most has.
    """

    film: Ints
    popularity: Floats
    runtime: Ints
    feature: Ints
    loading: Floats


@dataclass(frozen=True)
class Plays:
    """Plays of a day; `account` is a place among the chunk's accounts, `share` of the film."""

    account: Ints
    second: Ints
    film: Ints
    share: Floats
    seconds: Ints

    def __len__(self) -> int:
        return len(self.account)


def catalogue(market: Market, films: tuple[Film, ...], day: int) -> Catalogue:
    """What can be watched at home on a day of the feeds."""
    age = np.array([(market.day(day) - f.release).days for f in films])
    out = np.flatnonzero(age >= OUT_DAYS)
    known = np.array([f.appeal + f.awareness for f in films])[out]
    liked = 0.25 * np.array([f.quality for f in films])[out]
    popularity = np.exp(known + liked - (age[out] - OUT_DAYS) / OLDER_DAYS)
    loadings = [_tastes(films[i]) for i in out]
    width = max(1, *(len(x) for x in loadings)) if loadings else 1
    feature, loading = np.zeros((len(out), width), np.int64), np.zeros((len(out), width))
    for row, pairs in enumerate(loadings):
        for column, (name, value) in enumerate(pairs):
            feature[row, column], loading[row, column] = FEATURES.index(name), value
    runtime = np.array([f.runtime_minutes for f in films])[out]
    return Catalogue(out, np.cumsum(popularity), runtime, feature, loading)


def plays(
    market: Market,
    out: Catalogue,
    people: npt.NDArray[np.void],
    accounts: npt.NDArray[np.void],
    *,
    day: int,
    chunk: int,
) -> Plays:
    """A day's plays by a chunk's accounts with the platform; both as they were kept."""
    g = stream(market.seed, "plays", day, chunk)
    who = picked(g, accounts["rate"], A_YEAR / 365 * moments.watching(market.day(day)))
    if not len(out.film):
        who = who[:0]
    second = moments.watching_seconds(g, len(who))
    place = _taken(out, features(kept_people(people[accounts["person"][who]], chunk)), g)
    whole = g.random(len(who)) < FINISHED
    share: Floats = np.where(whole, 1 - 0.1 * g.random(len(who)) ** 2, g.random(len(who))).round(2)
    seconds = np.round(share * 60 * out.runtime[place]).astype(np.int64)
    result = Plays(who, second, out.film[place], share, seconds)
    there = accounts["joined"][who] <= day
    return Plays(**{k: v[there] for k, v in vars(result).items()})


def _taken(out: Catalogue, of: Floats, g: np.random.Generator) -> Ints:
    """Of the films shown to each row, the one taken: by draw, with gumbel (Gumbel's)."""
    points = g.random((len(of), SHELF)) * out.popularity.max(initial=0.0)
    shown = np.minimum(np.searchsorted(out.popularity, points), len(out.film) - 1)
    rows = np.arange(len(of))[:, None, None]
    drawn = (of[rows, out.feature[shown]] * out.loading[shown]).sum(axis=-1)
    gumbel = -np.log(-np.log(g.random((len(of), SHELF)) + 1e-300))
    best = np.argmax(drawn + gumbel, axis=1)
    result: Ints = shown[np.arange(len(of)), best]
    return result


def _tastes(film: Film) -> list[tuple[str, float]]:
    # How much somebody watches is in the rate already.
    return [(name, value) for name, value in film.loadings if name != "log activity"]
