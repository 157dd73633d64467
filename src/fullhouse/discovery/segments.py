"""Rules of two or three traits, from the discovery half and measured on the validation half.

The best of thousands of combinations looks good by chance alone, so the half that is searched
never measures them, and what is measured is corrected for all that were carried over. The ratios
are therefore neither too large nor too sure, whatever was searched.

In the search every pair is counted, and the triples that grow from the best pairs. A count is
compared with what each person's activity predicts; that is rougher than the strata of the
measurement, and may be, since nothing of the search counts before it is measured. Its counts are
arrays of three rows: people, people of the seed, and how many of those activity predicts. A
literal is a trait that is had (its place among the columns searched) or one that is not had (its
place, and the number of columns added).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import log
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from fullhouse.audiences.forms import to_text
from fullhouse.audiences.rule import Name, Not, both
from fullhouse.core.arrays import Flags, Floats, Integers
from fullhouse.discovery.card import RatioEstimate, Segment
from fullhouse.discovery.compare import FALSE_DISCOVERIES, LEAST_EXPECTED, LEFT_OVER
from fullhouse.discovery.strata import Half, half_of
from fullhouse.sample.sheet import Sheet
from fullhouse.stats import Ratio, association, benjamini_hochberg
from fullhouse.stats.mantel_haenszel import Z95, case_cohort_ratio
from fullhouse.traits.film_traits import kinds_of
from fullhouse.traits.trait import EVENT_KINDS, Trait

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


def find_segments(
    sheet: Sheet,
    candidates: Iterable[str],
    *,
    key: bytes,
    strata: Integers | None = None,
    most: int = 8,
    searched: int = MOST,
) -> tuple[Segment, ...]:
    """At most so many combinations of candidate traits that go with the seed, strongest first.

    A combination is given when its ratio holds (q at most 0.05, the interval above 1.05) and it
    adds to each of its parts: among people who have the part, those with the rest too are
    likelier than those without, beyond doubt. Where no part holds by itself, the ratio is enough:
    then there is nothing simpler to report. `q` is of both claims together, over the `searched`
    combinations carried over at most.

    `strata` (one number for each person) adjust for something else than activity. The candidates
    must not have been chosen by looking at the seed, other than by their names. Order of people
    and candidates does not matter; the same key gives the same.
    """
    first = half_of(sheet, candidates, key=key, first=True, strata=strata)
    combinations = search(first, most=searched) if first.seed.any() else ()
    if not combinations:
        return ()
    used = {name for each in combinations for name in each.traits}
    second = half_of(sheet, used, key=key, first=False, strata=strata)
    if not second.seed.any():
        return ()
    measured = measure(second, combinations)
    good, low = measured.good, measured.ratio.low
    order = sorted(np.flatnonzero(good).tolist(), key=lambda i: (-low[i], combinations[i].traits))
    return tuple(
        _segment(combinations[i], first, second, measured.estimates(i), float(measured.q[i]))
        for i in order[:most]
    )


@dataclass(frozen=True, eq=False)
class MeasuredCombinations:
    """Combinations on one half, in order; NaN where there is none.

    `over` is the ratio among people of a part, with against without the rest, for the part that
    leaves the lowest lower end. `simpler`: a part holds by itself.
    """

    ratio: Ratio
    p: Floats
    over: Ratio
    over_p: Floats
    simpler: npt.NDArray[np.bool_]

    @property
    def good(self) -> npt.NDArray[np.bool_]:
        """Which are worth reporting: it holds, and adds to its parts or has none that holds."""
        holds = (self.q <= FALSE_DISCOVERIES) & (self.ratio.low > LEFT_OVER)
        good: npt.NDArray[np.bool_] = holds & (~self.simpler | (self.over.low > 1))
        return good

    @cached_property
    def q(self) -> Floats:
        """Of all that is claimed of each: with something simpler, also that the combination adds.

        Then p is the larger one (both must hold: an intersection-union test).
        """
        doubt = np.where(np.isnan(self.over_p), 1.0, self.over_p)
        return benjamini_hochberg(np.where(self.simpler, np.maximum(self.p, doubt), self.p))

    def estimates(self, i: int) -> tuple[RatioEstimate, RatioEstimate]:
        """The ratio of one combination, and what it adds."""
        return RatioEstimate.of(self.ratio, i), RatioEstimate.of(self.over, i)


def measure(half: Half, combinations: Sequence[TraitCombination]) -> MeasuredCombinations:
    """The combinations on one half, each over strata of the activity of its own kinds."""
    wholes, parts, rests = [], [], []
    for each in combinations:
        table = _table(half, each)
        full = table.shape[1] - 1
        wholes.append(_against(table, [full], range(full)))
        inside = [[s for s in range(full + 1) if s & part == part] for part in range(1, full)]
        parts += [_against(table, s, set(range(full + 1)) - set(s)) for s in inside]
        rests += [_against(table, [full], set(s) - {full}) for s in inside]
    sizes = [(1 << len(c.traits)) - 2 for c in combinations]
    start = np.cumsum([0, *sizes])
    ratio, p = _tested(half, wholes, np.ones(len(combinations), dtype=bool))
    alone, _ = _tested(half, parts, np.zeros(len(parts), dtype=bool))
    # What cannot be claimed anyway adds nothing, and its exact tests would take most of the time.
    over, over_p = _tested(half, rests, np.repeat(ratio.low > LEFT_OVER, sizes))
    nearest = [_lowest(over.low[a:b]) + a for a, b in pairwise(start)]
    return MeasuredCombinations(
        ratio,
        p,
        Ratio(*(x[nearest] for x in vars(over).values())),
        # NaN, where a part leaves nobody to compare, stays NaN: nothing is sure then.
        np.maximum.reduceat(over_p, start[:-1]),
        np.logical_or.reduceat(alone.low > LEFT_OVER, start[:-1]),
    )


_Four = tuple[Floats, Floats, Floats, Floats]


def _table(half: Half, each: TraitCombination) -> npt.NDArray[np.int64]:
    """People of the seed and others (2), by which parts they fulfil (bits), by stratum."""
    patterns = 1 << len(each.traits)
    strata = half.strata(half.columns(each.traits))
    size = int(strata.max()) + 1
    cell = each.bits(half).astype(np.int64) * size + strata
    every = np.bincount(cell, minlength=patterns * size)
    seeds = np.bincount(cell[half.seed], minlength=patterns * size)
    return np.stack([seeds, every - seeds]).reshape(2, patterns, size)


def _against(table: npt.NDArray[np.int64], one: Iterable[int], other: Iterable[int]) -> Floats:
    """Four rows over strata: seed and others of some patterns, seed and others of some others."""
    first, second = table[:, sorted(one)].sum(1), table[:, sorted(other)].sum(1)
    return np.concatenate([first, second]).astype(np.float64)


def _tested(
    half: Half, tables: Sequence[Floats], wanted: npt.NDArray[np.bool_]
) -> tuple[Ratio, Floats]:
    """All ratios, and p where it is wanted; NaN elsewhere and where too few are expected."""
    padded = np.zeros((4, len(tables), max(t.shape[1] for t in tables)))
    for i, table in enumerate(tables):
        padded[:, i, : table.shape[1]] = table
    a, b, c, d = padded
    ratio = case_cohort_ratio(a, b, c, d, case_share=half.case_share, other_share=half.other_share)
    # Whether they go together at all is the same among the drawn: the seed is drawn by itself.
    a, b, c, d = (x[wanted] for x in padded)
    tested = association(a, a + b, c, c + d)
    p = np.full(len(tables), np.nan)
    p[wanted] = np.where(tested.least >= LEAST_EXPECTED, tested.p, np.nan)
    return ratio, p


def _lowest(low: Floats) -> int:
    """Where the lowest lower end is; one that could not be computed is lower than any."""
    return int(np.argmin(np.where(np.isnan(low), -1.0, low)))


def _segment(
    each: TraitCombination,
    first: Half,
    second: Half,
    estimates: tuple[RatioEstimate, RatioEstimate],
    q: float,
) -> Segment:
    plus, minus = (_in_order(second, names) for names in (each.plus, each.minus))
    rule = both(*(Name(t.name) for t in plus), *(Not(Name(t.name)) for t in minus))
    seeds = others = 0
    for half in (first, second):
        mask = each.mask(half)
        seeds += int((mask & half.seed).sum())
        others += int((mask & ~half.seed).sum())
    likely = seeds / first.case_share
    return Segment(
        name=words_of(plus, minus),
        rule=to_text(rule),
        traits=tuple(t.name for t in (*plus, *minus)),
        persons=round(likely + others / first.other_share),
        likely=round(likely),
        ratio=estimates[0],
        over_parts=estimates[1],
        q=q,
    )


def words_of(plus: Sequence[Trait], minus: Sequence[Trait]) -> str:
    """The rule in plain words, from the traits' labels.

    >>> from fullhouse.traits.trait import Trait
    >>> dogs, women, men = (
    ...     Trait(i, n, "f", label, "person", {}, 1, {}, True)
    ...     for i, (n, label) in enumerate(
    ...         [("buys:dogs", "bought from Dogs"), ("w", "women"), ("m", "men")]
    ...     )
    ... )
    >>> words_of([dogs, women], []), words_of([dogs], [men])
    ('bought from Dogs, and women', 'bought from Dogs, but not “men”')
    """
    had = [t.label for t in plus]
    words = ", ".join(had[:-1]) + (", and " if len(had) > 1 else "") + had[-1]
    lacked = " nor ".join(f"“{t.label}”" for t in minus)
    return words + (f", but not {lacked}" if minus else "")


def _in_order(half: Half, names: Iterable[str]) -> list[Trait]:
    """What people do before what they are."""
    traits = [half.traits[c] for c in half.columns(names)]
    return sorted(traits, key=lambda t: (t.basis not in EVENT_KINDS, t.name))
