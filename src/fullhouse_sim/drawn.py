"""How many go as interest adds up: the country's people, put into a few bins by film and tier."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fullhouse.core.arrays import Floats
from fullhouse_sim.film import FEATURES, Film, features
from fullhouse_sim.market import Market
from fullhouse_sim.parties import MEAN_PARTY, deciding, household_tickets
from fullhouse_sim.places import Cities
from fullhouse_sim.population import People, panel

BINS = 40
_LEAST, _MOST = -5.0, 5.0


@dataclass(frozen=True)
class Push:
    """A film's campaign over the whole country, for what-if: interest of some groups multiplied."""

    film: int
    groups: tuple[str, ...]
    times: float


@dataclass(frozen=True)
class Drawn:
    """Arrays (film, tier, bin): the draw, and per head of the tier the deciders and tickets."""

    weight: Floats
    deciders: Floats
    tickets: Floats


def drawn(market: Market, films: tuple[Film, ...], where: Cities, push: Push | None) -> Drawn:
    """The country's deciders in bins of log weight; sums over bins stand for means over people."""
    people = panel(market)
    tier = where.tier[people.city]
    party = household_tickets(people).astype(np.float64)
    alone = np.full(len(people), MEAN_PARTY)
    shape = (len(films), 4, BINS)
    sums_by_bin = Drawn(np.zeros(shape), np.zeros(shape), np.zeros(shape))
    of_tier = np.bincount(tier, minlength=4)[:, None]
    for start in range(0, len(films), 64):
        part = films[start : start + 64]
        weights = deciding(part, people)
        for column, film in enumerate(part):
            w: Floats = weights[:, column].copy()
            if push is not None and push.film == film.number:
                w[in_any(people, push.groups)] *= push.times
            number = start + column
            sums = _binned(w, tier, party if film.family else alone)
            sums_by_bin.weight[number] = sums[1] / np.maximum(sums[0], 1)
            sums_by_bin.deciders[number] = sums[0] / of_tier
            sums_by_bin.tickets[number] = sums[2] / of_tier
    return sums_by_bin


def in_any(people: People, groups: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    """Who is in any of some groups: hobbies, or other features that are yes or no."""
    columns = [FEATURES.index(g) for g in groups]
    in_group: npt.NDArray[np.bool_] = np.any(features(people)[:, columns] > 0, axis=1)
    return in_group


def _binned(w: Floats, tier: npt.NDArray[np.int64], party: Floats) -> Floats:
    going = w > 0
    log = np.log(w[going])
    at = np.clip((log - _LEAST) / (_MOST - _LEAST) * BINS, 0, BINS - 1).astype(np.int64)
    at += BINS * tier[going]
    of = (np.ones(len(at)), w[going], party[going])
    return np.stack([np.bincount(at, x, 4 * BINS).reshape(4, BINS) for x in of])
