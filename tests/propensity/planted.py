"""A made-up house with a planted preference: people like kinds of film, and everything follows."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
from pyroaring import BitMap
from scipy.special import expit

from fullhouse.sample.words import FilmWords, film_words
from fullhouse.traits.blocks import Block
from fullhouse.traits.trait import Trait

GENRES = ("drama", "comedy", "horror", "western")
KEY = b"planted"
DAY = date(2025, 1, 1)


class Memory:
    """Blocks in memory: what `discovery.Blocks` is, without a lake."""

    def __init__(self, blocks: list[Block]) -> None:
        self.blocks = {b.block: b for b in blocks}

    def numbers(self) -> list[int]:
        return sorted(self.blocks)

    def load(self, number: int) -> Block:
        return self.blocks[number]


@dataclass(frozen=True)
class Planted:
    """The house, and of the film that nobody has seen: each person's true probability."""

    blocks: Any
    base: dict[int, BitMap]
    traits: list[Trait]
    films: dict[str, FilmWords]
    new: FilmWords
    truth: npt.NDArray[np.float64]


def film(slug: str, genre: str, year: int) -> FilmWords:
    stated = {"title": slug, "genres": [genre], "opening": date(year, 6, 1)}
    return film_words(slug, stated)


def planted(people: int = 6_000, films: int = 80, seed: int = 1, bits: int = 20) -> Planted:
    """Women like drama more; who buys spurs likes westerns; all have preferences of their own."""
    g = np.random.default_rng(seed)
    genre = np.arange(films + 1) % len(GENRES)
    genre[-1] = 3
    woman, spurs = g.random(people) < 0.5, g.random(people) < 0.2
    preference = g.normal(0, 0.8, (people, len(GENRES)))
    preference[:, 0] += woman
    preference[:, 3] += 1.5 * spurs
    active = g.normal(0, 0.8, people)
    p = expit(-3.0 + active[:, None] + preference[:, genre] + g.normal(0, 0.3, films + 1))
    watched = g.random(p.shape) < p
    names = [f"film-{i}" for i in range(films)]
    traits = [
        Trait(i, f"saw:{n}", "saw", f"saw {n}", "view",
              {"film": n, "kinds": ["view"], "min_events": 1}, 1, {}, True)
        for i, n in enumerate(names)
    ] + [
        Trait(films, "gender:female", "gender", "women", "person", {}, 1, {}, True),
        Trait(films + 1, "gender:male", "gender", "men", "person", {}, 1, {}, True),
        Trait(films + 2, "buys:spurs", "buys", "bought spurs", "purchase",
              {"kinds": ["purchase"], "min_events": 1}, 1, {}, True),
    ]  # fmt: skip
    facts = np.stack([woman, ~woman, spurs], axis=1)
    blocks = cut(np.hstack([watched[:, :films], facts]), films, bits)
    return Planted(
        Memory(blocks),
        {b.block: BitMap(b.persons) for b in blocks},
        traits,
        {n: film(n, GENRES[genre[i]], 2000 + i % 10) for i, n in enumerate(names)},
        film("the-new-one", GENRES[3], 2005),
        p[:, -1],
    )


def cut(has: npt.NDArray[np.bool_], films: int, bits: int = 20) -> list[Block]:
    """Blocks of 2**bits people from who has which trait; the first are films."""
    blocks = []
    for number in range(-(-len(has) // (1 << bits))):
        part = has[number << bits : (number + 1) << bits]
        _, held = np.nonzero(part)
        views = part[:, :films].sum(1).astype(np.int32)
        buys = part[:, films + 2 :].sum(1).astype(np.int32)
        none = np.zeros_like(views)
        blocks.append(
            Block(
                number,
                (np.arange(len(part)) + (number << bits)).astype(np.uint32),
                np.concatenate([[0], np.cumsum(part.sum(1))]).astype(np.int32),
                held.astype(np.uint16),
                np.ones(len(held), np.uint16),
                (buys, views, none, none),
            )
        )
    return blocks
