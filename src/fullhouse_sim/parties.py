"""Who decides to go, and who comes along: people by themselves, households together."""

import numpy as np
import numpy.typing as npt

from fullhouse.core.arrays import Floats, Ints
from fullhouse_sim.film import FAMILY_FROM, Film, all_weights, has_heard
from fullhouse_sim.population import People

PARTY = (0.46, 0.42, 0.08, 0.04)
"""How often somebody who goes without the household buys one, two, three or four tickets."""
MEAN_PARTY = float(np.dot(PARTY, np.arange(1, len(PARTY) + 1)))


def heads(people: People) -> npt.NDArray[np.bool_]:
    """The first member of each household: decides on a family film, and buys for all."""
    first = np.ones(len(people), np.bool_)
    first[1:] = people.household[1:] != people.household[:-1]
    return first


def household_tickets(people: People) -> Ints:
    """How many seats a person's household needs: everybody from FAMILY_FROM on."""
    counts = np.bincount(people.household, people.age >= FAMILY_FROM)
    return counts.astype(np.int64)[people.household]


def deciding(films: tuple[Film, ...], people: People, *, if_all_heard: bool = False) -> Floats:
    """How strongly each film draws those who decide on it: a column for each film.

    A household is drawn to a family film as its members are on average; the head stands for it.
    Who has not heard of a film is not drawn to it, but `if_all_heard`.
    """
    weights = all_weights(films, people)
    together = np.flatnonzero([f.family for f in films])
    first = heads(people)
    size = np.bincount(people.household)
    for column in together.tolist():
        mean = np.bincount(people.household, weights[:, column]) / size
        weights[:, column] = np.where(first, mean[people.household], 0.0)
    for column, film in enumerate(films):
        if film.heard is not None and not if_all_heard:
            weights[~has_heard(film, people), column] = 0.0
    return weights
