"""A simulated house for the clean room's benchmarks and tests: people, traits, seeds.

Ten strata of activity, 2,000 traits of which a person has about 35 (the most active tenth over a
hundred), traits that go together by topic, and fifteen true traits of ratio 1.2 to 2.5. NumPy draws
people here; noise never comes from it.
"""

from dataclasses import dataclass, replace

import numpy as np

from fullhouse.cleanroom.private import PeopleSource, PersonRows
from fullhouse.core.arrays import Floats, Ints

STRATA = 10
TRAITS = 2_000
RATIOS = (1.2, 1.25, 1.3, 1.35, 1.4, 1.5, 1.5, 1.6, 1.7, 1.8, 1.9, 2.0, 2.1, 2.3, 2.5)
ACTIVITY = (3.0, 6.0, 10.0, 15.0, 20.0, 27.0, 36.0, 49.0, 70.0, 118.0)
"""Traits of a person in each stratum, on average."""
SPREAD = 0.3
"""Log-normal spread of that among people of a stratum, where there is any."""
TABLE = 1 << 16
TOPICS = 40
OF_TOPIC = 0.15
"""Share of a person's traits that come from their own topic: traits depend on one another."""


@dataclass(frozen=True)
class SimulatedHouse:
    """People by block, exact; the true traits stand in `true` with the ratio of each."""

    blocks: tuple[PersonRows, ...]
    true: Ints
    ratios: Floats
    traits: int = TRAITS

    @property
    def people(self) -> int:
        """How many they are."""
        return sum(b.people for b in self.blocks)


def simulate(
    people: int,
    rng: np.random.Generator,
    *,
    traits: int = TRAITS,
    spread: float = 0.0,
    activity: float = 1.0,
    block: int = 1 << 18,
) -> SimulatedHouse:
    """A house of so many people, whose traits are as many as `activity` times those above.

    With a spread, people of a stratum differ in how much they have of everything: then a trait may
    go with the seed beyond its stratum without being a true one.
    """
    rank = rng.permutation(traits)
    weight = (1.0 / (rank + 12.0)).astype(np.float64)
    table = _table(weight)
    topic_of = rng.integers(0, TOPICS, traits)
    # True traits lie between three and twenty in a hundred people. They are in no topic, so that
    # the other traits depend on one another and not on them.
    order = np.argsort(rank)
    true = order[np.linspace(traits // 100, max(traits // 8, 30), len(RATIOS)).astype(int)]
    topic_of[true] = TOPICS
    topics = [_table(np.where(topic_of == t, weight, 0.0)) for t in range(TOPICS)]
    ratios = rng.permutation(np.array(RATIOS))
    rows = [
        _block(min(block, people - first), table, topics, spread, activity, traits, rng)
        for first in range(0, people, block)
    ]
    return SimulatedHouse(tuple(rows), true.astype(np.int64), ratios, traits)


def _table(weight: Floats) -> Ints:
    """Traits by quantile, so that one look-up draws one."""
    share = np.cumsum(weight / weight.sum())
    return np.searchsorted(share, (np.arange(TABLE) + 0.5) / TABLE).astype(np.int64)


def _block(
    people: int,
    table: Ints,
    topics: list[Ints],
    spread: float,
    activity: float,
    traits: int,
    rng: np.random.Generator,
) -> PersonRows:
    strata = rng.integers(0, STRATA, people)
    mean = activity * np.array(ACTIVITY)[strata] * np.exp(spread * rng.standard_normal(people))
    # A few more are drawn, since some come twice.
    draws = rng.poisson(mean * (1 + mean / 400))
    owner = np.repeat(np.arange(people), draws)
    at = rng.integers(0, TABLE, len(owner))
    drawn = table[at]
    topic = rng.integers(0, TOPICS, people)[owner]
    own = rng.random(len(owner)) < OF_TOPIC
    drawn[own] = np.stack(topics)[topic[own], at[own]]
    # Sorted rather than np.unique, which hashes and took a hundred times as long.
    pairs = np.sort(owner * traits + drawn)
    pairs = pairs[np.diff(pairs, prepend=-1) > 0]
    owner, column = pairs // traits, pairs % traits
    offsets = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=people))])
    return PersonRows(strata, offsets, column.astype(np.uint16))


def chances(house: SimulatedHouse, share: float, ratios: Floats | None = None) -> list[Floats]:
    """Everybody's chance to be in a seed of about that share, block by block.

    The more active are likelier to be in it, and holders of true traits by the traits' ratios.
    """
    ratio = np.ones(house.traits)
    ratio[house.true] = house.ratios if ratios is None else ratios
    log_ratio = np.log(ratio)
    weights = []
    for block in house.blocks:
        lift = np.exp(np.bincount(block.owners, log_ratio[block.columns], block.people))
        weights.append((1.0 + block.strata) ** 0.5 * lift)
    scale = share * house.people / sum(float(w.sum()) for w in weights)
    return [np.minimum(w * scale, 0.9) for w in weights]


def draw(
    house: SimulatedHouse, chance: list[Floats], rng: np.random.Generator
) -> tuple[PersonRows, ...]:
    """The house's people, flagged with a seed drawn by these chances."""
    return tuple(
        replace(block, seed=rng.random(block.people) < p)
        for block, p in zip(house.blocks, chance, strict=True)
    )


def source(blocks: tuple[PersonRows, ...]) -> PeopleSource:
    """Reads the blocks in turn."""
    return lambda: iter(blocks)
