"""The people: households, ages, places, hobbies, tastes and activity, chunk by chunk.

Equations and plain words are in docs/simulated-market.md.
"""

from dataclasses import dataclass

import numpy as np

from fullhouse.core.arrays import Flags, Floats, Ints
from fullhouse_sim.draws import stream
from fullhouse_sim.market import CHUNK, MARKET_PEOPLE, Market
from fullhouse_sim.places import cities

HOUSEHOLD_SIZES = (0.29, 0.34, 0.16, 0.14, 0.07)
ACTIVITY_SD = 1.0
"""Standard deviation of log activity: the most active tenth do four tenths of everything."""
OWN_ACTIVITY = 0.8
"""Share of the variance of log activity that is the person's; the rest is the household's."""

HOBBIES = (
    "dog", "cat", "baby", "children", "gardening", "cooking", "games", "fitness", "outdoors",
    "crafts", "reading", "photography", "beauty", "diy", "travel", "music",
)  # fmt: skip
"""Bits of `People.hobbies`. The first four are the household's; baby and children follow from ages.
"""
TASTES = (
    "action", "comedy", "drama", "romance", "family", "animation", "science fiction", "fantasy",
    "horror", "thriller", "history", "arthouse",
)  # fmt: skip
"""Columns of `People.tastes`; also the genres of films."""

# Share who have it; then how the log-odds move with being a woman, with age (per ten years above
# 40) and with log income.
_HOBBY_ODDS: dict[str, tuple[float, float, float, float]] = {
    "gardening": (0.22, 0.2, 0.3, 0.2),
    "cooking": (0.30, 0.4, 0.0, 0.1),
    "games": (0.22, -0.8, -0.5, 0.0),
    "fitness": (0.20, 0.1, -0.2, 0.3),
    "outdoors": (0.20, -0.2, -0.1, 0.3),
    "crafts": (0.14, 1.0, 0.1, 0.0),
    "reading": (0.28, 0.5, 0.1, 0.2),
    "photography": (0.08, -0.3, 0.0, 0.4),
    "beauty": (0.24, 1.6, -0.2, 0.1),
    "diy": (0.20, -0.9, 0.2, 0.1),
    "travel": (0.20, 0.1, 0.0, 0.5),
    "music": (0.16, -0.1, -0.2, 0.0),
}
# How the mean of a taste moves: woman, age (per ten years above 40), then hobbies.
_TASTE_MEANS: dict[str, tuple[float, float, dict[str, float]]] = {
    "action": (-0.5, -0.15, {"games": 0.3, "fitness": 0.2}),
    "comedy": (0.0, -0.05, {}),
    "drama": (0.3, 0.2, {"reading": 0.3}),
    "romance": (0.8, -0.05, {"beauty": 0.2}),
    "family": (0.2, 0.0, {"children": 0.9, "baby": 0.3}),
    "animation": (0.1, -0.15, {"children": 0.8, "games": 0.2}),
    "science fiction": (-0.5, -0.1, {"games": 0.5, "reading": 0.1}),
    "fantasy": (0.0, -0.2, {"games": 0.4, "reading": 0.2}),
    "horror": (-0.1, -0.4, {}),
    "thriller": (-0.1, 0.0, {"reading": 0.2}),
    "history": (-0.1, 0.3, {"reading": 0.3, "travel": 0.1}),
    "arthouse": (0.1, 0.1, {"reading": 0.4, "photography": 0.3, "travel": 0.2}),
}


@dataclass(frozen=True)
class People:
    """One chunk of people: arrays of one length, what no feed tells.

    `household` numbers households within the chunk, members side by side. `activity` is a
    multiplier with mean 1 in the population. `hobbies` has a bit for each of HOBBIES, `tastes` a
    column for each of TASTES with standard deviation about 1.
    """

    first: int
    household: Ints
    age: Ints
    female: Flags
    city: Ints
    income: Floats
    activity: Floats
    hobbies: Ints
    tastes: Floats

    def __len__(self) -> int:
        return len(self.age)

    @property
    def person(self) -> Ints:
        """The people's numbers in the simulated market."""
        return self.first + np.arange(len(self))

    def has(self, hobby: str) -> Flags:
        """Who has a hobby, a pet or a child."""
        has_hobby: Flags = (self.hobbies >> HOBBIES.index(hobby)) & 1 == 1
        return has_hobby


def people(market: Market, chunk: int) -> People:
    """The people of one chunk: all of CHUNK, fewer in the last."""
    first = chunk * CHUNK
    made = draw_people(market.seed, "people", chunk)
    return _head(made, first, min(CHUNK, market.people - first))


def panel(market: Market, number: int = 0) -> People:
    """CHUNK people of the country who are not simulated: for sums over the whole market."""
    return draw_people(market.seed, "panel", number)


def draw_people(seed: int, what: str, chunk: int) -> People:
    """A full chunk of people, by their distribution."""
    g = stream(seed, what, chunk)
    sizes = 1 + g.choice(len(HOUSEHOLD_SIZES), CHUNK, p=HOUSEHOLD_SIZES)
    ends = np.cumsum(sizes)
    count = int(np.searchsorted(ends, CHUNK)) + 1
    sizes = sizes[:count]
    sizes[-1] -= int(ends[count - 1]) - CHUNK
    household = np.repeat(np.arange(count), sizes)
    place = np.arange(CHUNK) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    age, female = _ages(g, household, place, sizes)
    where = cities(seed, MARKET_PEOPLE)
    city = g.choice(len(where), count, p=where.share)
    income = g.normal(0, 0.6, count) + 0.12 * (1.5 - where.tier[city])
    own = g.normal(0, np.sqrt(OWN_ACTIVITY), CHUNK)
    activity = ACTIVITY_SD * (own + g.normal(0, np.sqrt(1 - OWN_ACTIVITY), count)[household])
    hobbies = _hobbies(g, household, count, age, female, income[household])
    return People(
        first=chunk * CHUNK,
        household=household,
        age=age,
        female=female,
        city=city[household],
        income=income[household],
        activity=np.exp(activity - ACTIVITY_SD**2 / 2),
        hobbies=hobbies,
        tastes=_tastes(g, household, count, age, female, hobbies),
    )


def _ages(g: np.random.Generator, household: Ints, place: Ints, sizes: Ints) -> tuple[Ints, Flags]:
    """A head, perhaps a partner, and then children where the head is of an age to have them."""
    count = len(sizes)
    head = np.clip(g.gamma(9.0, 5.2, count), 18, 92).astype(np.int64)
    partner = np.clip(head + np.round(g.normal(0, 4, count)), 18, 95).astype(np.int64)
    parents = (head >= 22) & (head <= 58) & (sizes >= 2)
    alone = parents & (sizes == 2) & (g.random(count) < 0.15)
    eldest = np.minimum(24, head - 18)[household]
    child = (g.random(len(household)) * (eldest + 1)).astype(np.int64)
    lodger = np.clip(head[household] + np.round(g.normal(0, 15, len(household))), 18, 95)
    young = parents[household] & ((place >= 2) | ((place == 1) & alone[household]))
    age = np.where(place == 0, head[household], np.where(place == 1, partner[household], lodger))
    age = np.where(young, child, age).astype(np.int64)
    head_female = g.random(count) < 0.51
    couple_female = np.where(g.random(count) < 0.95, ~head_female, head_female)
    female = g.random(len(household)) < 0.5
    female = np.where(place == 0, head_female[household], female)
    return age, np.where((place == 1) & ~young, couple_female[household], female)


def _hobbies(
    g: np.random.Generator, household: Ints, count: int, age: Ints, female: Flags, income: Floats
) -> Ints:
    def shared(who: Flags) -> Flags:
        return np.bincount(household, who, minlength=count)[household] > 0

    adult = age >= 14
    kids = shared((age >= 3) & (age <= 12))
    has = {
        "dog": (g.random(count)[household] < 0.27 + 0.08 * kids),
        "cat": (g.random(count) < 0.22)[household],
        "baby": shared(age < 3),
        "children": kids,
    }
    for hobby, (share, woman, decade, rich) in _HOBBY_ODDS.items():
        odds = np.log(share / (1 - share)) + woman * (female - 0.5) + rich * income
        odds += decade * (np.clip(age, 14, 80) - 40) / 10
        has[hobby] = adult & (g.random(len(age)) < 1 / (1 + np.exp(-odds)))
    bits = np.zeros(len(age), np.int64)
    for bit, hobby in enumerate(HOBBIES):
        bits |= has[hobby].astype(np.int64) << bit
    return bits


def _tastes(
    g: np.random.Generator, household: Ints, count: int, age: Ints, female: Flags, hobbies: Ints
) -> Floats:
    size = len(household)
    together = g.normal(0, np.sqrt(0.25), (count, len(TASTES)))[household]
    tastes = together + g.normal(0, np.sqrt(0.75), (size, len(TASTES)))
    decades = (np.clip(age, 10, 80) - 40) / 10
    for column, (woman, decade, liked) in enumerate(_TASTE_MEANS[t] for t in TASTES):
        tastes[:, column] += woman * (female - 0.5) + decade * decades
        for hobby, more in liked.items():
            has = (hobbies >> HOBBIES.index(hobby)) & 1
            tastes[:, column] += more * (has - 0.25)
    return tastes


def _head(made: People, first: int, size: int) -> People:
    arrays = {k: v[:size] for k, v in vars(made).items() if k != "first"}
    return People(first=first, **arrays)
