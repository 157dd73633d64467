"""Search the discovery half for rules of two or three traits that add to their parts.

Every pair is counted, and the triples that grow from the best pairs. A count is compared with
what each person's activity predicts; that is rougher than the strata of the measurement, and may
be, since nothing of this search counts before it is measured on the other half.

Counts are arrays of three rows: people, people of the seed, and how many of those activity
predicts. A literal is a trait that is had (its place among the columns searched) or one that is
not had (its place, and the number of columns added).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import log
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from fullhouse.core.arrays import Flags, Floats, Integers
from fullhouse.discovery.half import Half
from fullhouse.discovery.judge import LEAST_EXPECTED, LEFT_OVER
from fullhouse.sample.film_traits import kinds_of
from fullhouse.stats.mantel_haenszel import Z95

WIDTH = 40
"""Traits that are combined: those of strongest evidence alone."""
BEAM = 50
"""Pairs that triples grow from."""
MOST = 40
"""Combinations that are carried over to the other half."""
LEAST_PERSONS = 50
"""People of a combination in the half, at least."""
MARGIN = log(1.1)
"""How far a rule's log ratio must lie above that of each of its parts."""
NEAR_COPY = 0.8
"""Two groups are one when they share more than this of their people (Jaccard)."""
CHUNK = 1 << 14
"""People counted at once: their matrices stay in the cache, and everybody's are never made."""

T = TypeVar("T")
Key = tuple[int, ...]


@dataclass(frozen=True)
class TraitCombination:
    """Who has all of some traits and none of some others, by their names."""

    plus: tuple[str, ...]
    minus: tuple[str, ...] = ()

    @property
    def traits(self) -> tuple[str, ...]:
        """All of them, those that are had first."""
        return self.plus + self.minus

    def bits(self, half: Half) -> Integers:
        """For each person, one bit for each trait: whether that part of the rule is fulfilled."""
        bits = np.zeros(half.people, dtype=np.int32)
        for i, column in enumerate(half.columns(self.traits)):
            fits = half.mask(column) == (i < len(self.plus))
            bits |= fits.astype(np.int32) << np.int32(i)
        return bits

    def mask(self, half: Half) -> Flags:
        """Who fits."""
        fits: Flags = self.bits(half) == (1 << len(self.traits)) - 1
        return fits


def search(
    half: Half, *, width: int = WIDTH, beam: int = BEAM, most: int = MOST
) -> tuple[TraitCombination, ...]:
    """The combinations that add to each of their parts, surest first.

    Only those of enough people, above what activity predicts, and no near copies of a part or of
    a surer one. Depends on the order neither of people nor of traits.
    """
    columns = strongest(half, width=width)
    if len(columns) < 2:
        return ()
    # One thread: the matrices are small, and threads would wait for one another.
    with threadpool_limits(1):
        keys = _ranked(half, columns, beam)
    names = [half.traits[c].name for c in columns]
    combinations = (_combination(key, names) for key in keys)
    return _unlike(((c, c.mask(half)) for c in combinations), most)


def _ranked(half: Half, columns: Sequence[int], beam: int) -> list[Key]:
    pairs = pair_counts(half, columns)
    ranking = _ranking_pairs(pairs)
    grown = [key for _, key, _ in ranking[:beam]]
    if grown and len(columns) > 2:
        ranking += _ranking_triples(pairs, triple_counts(half, columns, pairs, grown), grown)
    # A triple is reached from each of its pairs.
    return list(dict.fromkeys(key for _, key, fits in sorted(ranking) if fits))


def strongest(half: Half, *, width: int = WIDTH) -> tuple[int, ...]:
    """The traits of strongest evidence alone, for or against, without near copies."""
    seeds = int(half.seed.sum())
    evidence = np.zeros(len(half.traits))
    for i in range(len(evidence)):
        who = half.holders[i]
        expected = float(half.predicted(i)[who].sum()) if len(who) >= LEAST_PERSONS else 0.0
        if min(expected, seeds - expected) >= LEAST_EXPECTED:
            spread = (expected * (1 - expected / seeds)) ** 0.5
            evidence[i] = abs(half.seed[who].sum() - expected) / spread
    order = [int(i) for i in np.argsort(-evidence.round(9), kind="stable") if evidence[i] > 0]
    return _unlike(((i, half.mask(i)) for i in order), width)


def pair_counts(half: Half, columns: Sequence[int]) -> Floats:
    """Counts of each pair of literals; of each alone, on the diagonal.

    What activity predicts of a pair is the mean of what it predicts by either trait's kinds;
    facts have no kind of their own, so the other one's holds.
    """
    size, weight = len(columns), _weights(half, columns)
    both, alone = np.zeros((3, size, size)), np.zeros((size, size))
    for has, predicted, seed in _chunks(half, columns):
        both[0] += has @ has.T
        both[1] += has[:, seed] @ has[:, seed].T
        both[2] += (has * predicted) @ has.T
        alone += has @ predicted.T
    shares = weight[:, None] / (weight[:, None] + weight)
    both[2] = shares * both[2] + shares.T * both[2].T
    one = np.stack([np.broadcast_to(np.diag(x)[:, None], (size, size)) for x in both])
    # Those with the first, by the prediction of both.
    one[2] = shares * np.diag(alone)[:, None] + shares.T * alone
    every = np.array([half.people, half.seed.sum(), half.seed.sum()], dtype=np.float64)
    counts = np.zeros((3, 2 * size, 2 * size))
    counts[:, :size, :size] = both
    counts[:, :size, size:] = one - both
    counts[:, size:, :size] = (one - both).transpose(0, 2, 1)
    counts[:, size:, size:] = every[:, None, None] - one - one.transpose(0, 2, 1) + both
    return counts


def triple_counts(
    half: Half, columns: Sequence[int], pairs: Floats, grown: Sequence[Key]
) -> Floats:
    """Counts of each of some pairs of literals together with each literal."""
    size, weight = len(columns), _weights(half, columns)
    first, second = np.array(grown, dtype=np.int64).reshape(-1, 2).T
    w1, w2 = weight[first % size][:, None], weight[second % size][:, None]
    counts = np.zeros((3, len(grown), size))
    for has, predicted, seed in _chunks(half, columns):
        literals = np.concatenate([has, 1 - has])
        pair = literals[first] * literals[second]
        counts[0] += pair @ has.T
        counts[1] += pair[:, seed] @ has[:, seed].T
        by_pair = pair * (w1 * predicted[first % size] + w2 * predicted[second % size])
        counts[2] += by_pair @ has.T + pair @ (weight[:, None] * predicted * has).T
    counts[2] /= w1 + w2 + weight
    return np.concatenate([counts, pairs[:, first, second][:, :, None] - counts], axis=2)


def _chunks(half: Half, columns: Sequence[int]) -> Iterator[tuple[Floats, Floats, Flags]]:
    masks = np.stack([half.mask(c) for c in columns])
    predicted = [half.predicted(c) for c in columns]
    for start in range(0, half.people, CHUNK):
        part = slice(start, start + CHUNK)
        yield (
            masks[:, part].astype(np.float64),
            np.stack([f[part] for f in predicted]),
            half.seed[part],
        )


def _weights(half: Half, columns: Sequence[int]) -> Floats:
    return np.array([1.0 if kinds_of(half.traits[c]) else 1e-9 for c in columns])


Ranking = list[tuple[float, Key, bool]]


def _ranking_pairs(pairs: Floats) -> Ranking:
    every = pairs.shape[1]
    i, j = np.triu_indices(every, 1)
    # One of them is had, and they are not a trait and its absence.
    some = (i < every // 2) & ((j - i) % (every // 2) > 0)
    i, j = i[some], j[some]
    return _ranking(np.stack([i, j], axis=1), pairs[:, i, j], [pairs[:, i, i], pairs[:, j, j]])


def _ranking_triples(pairs: Floats, triples: Floats, grown: Sequence[Key]) -> Ranking:
    row, c = (x.ravel() for x in np.indices(triples.shape[1:]))
    a, b = np.array(grown, dtype=np.int64)[row].T
    size = triples.shape[2] // 2
    some = ((c - a) % size > 0) & ((c - b) % size > 0)
    row, a, b, c = row[some], a[some], b[some], c[some]
    parts = [pairs[:, x, y] for x, y in ((a, a), (b, b), (c, c), (a, b), (a, c), (b, c))]
    return _ranking(np.sort([a, b, c], axis=0).T, triples[:, row, c], parts)


def _ranking(keys: Integers, whole: Floats, parts: Sequence[Floats]) -> Ranking:
    """How sure it is that each combination adds to its parts, whether it may be carried over.

    The first is less the deviation by which it stands above the nearest of its parts, so that the
    surest come first. Those of too few people are left out.
    """
    people, observed, expected = whole
    sure = np.full(len(keys), np.inf)
    fits = log_ratio(whole) - Z95 / np.sqrt(observed + 0.5) > log(LEFT_OVER)
    for part in parts:
        rest = np.maximum(part - whole, 0)
        spread = np.sqrt(1 / (observed + 0.5) + 1 / (rest[1] + 0.5))
        sure = np.minimum(sure, (log_ratio(whole) - log_ratio(rest)) / spread)
        fits &= log_ratio(whole) - log_ratio(part) >= MARGIN
        fits &= people <= NEAR_COPY * part[0]
    enough = (people >= LEAST_PERSONS) & (expected >= LEAST_EXPECTED)
    order, chosen = -sure[enough].round(9), keys[enough].tolist()
    return sorted(zip(order.tolist(), map(tuple, chosen), fits[enough].tolist(), strict=True))


def log_ratio(counts: Floats) -> Floats:
    """Log of observed ÷ predicted, half a person added to both."""
    ratio: Floats = np.log((counts[1] + 0.5) / (np.maximum(counts[2], 0) + 0.5))
    return ratio


def _combination(key: Key, names: Sequence[str]) -> TraitCombination:
    size = len(names)
    plus = sorted(names[i] for i in key if i < size)
    return TraitCombination(tuple(plus), tuple(sorted(names[i - size] for i in key if i >= size)))


def _unlike(candidates: Iterable[tuple[T, Flags]], most: int) -> tuple[T, ...]:
    """The first ones that are no near copy of one before them."""
    chosen: list[tuple[T, npt.NDArray[np.uint8], int]] = []
    for value, mask in candidates:
        packed, people = np.packbits(mask), int(mask.sum())
        if not any(_alike(packed, people, other, others) for _, other, others in chosen):
            chosen.append((value, packed, people))
        if len(chosen) == most:
            break
    return tuple(value for value, _, _ in chosen)


def _alike(
    one: npt.NDArray[np.uint8], people: int, other: npt.NDArray[np.uint8], others: int
) -> bool:
    # Sizes alone decide it for most, without counting who is in both.
    if min(people, others) <= NEAR_COPY * max(people, others):
        return False
    shared = int(np.bitwise_count(one & other).sum())
    return shared > NEAR_COPY * (people + others - shared)
