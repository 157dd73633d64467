"""Audiences compared: with a base that holds them, trait by trait; and with each other."""

from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from math import exp, log, sqrt
from statistics import NormalDist

from pyroaring import BitMap

from fullhouse.audiences.audience import Index, Overlap, Profile, TraitIndex
from fullhouse.audiences.kernel import EMPTY, Kernel, Set, compact
from fullhouse.audiences.population import Population, people
from fullhouse.audiences.rule import CompiledRule
from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.core.person_sets import size
from fullhouse.traits import EVERYONE, Trait

Z95 = NormalDist().inv_cdf(0.975)
MOST_AUDIENCES = 12
SMALLEST = 20
"""A trait that fewer people of the base have is not shown, unless another limit is asked for."""


def profile(
    population: Population,
    audience: CompiledRule,
    base: CompiledRule,
    *,
    families: tuple[str, ...] = (),
    smallest: int = SMALLEST,
) -> Profile:
    """The share of every trait in an audience and in its base; all who take part.

    The audience counts as far as it lies in the base. A trait that fewer than `smallest` people
    of the base have is left out.
    """
    inner: dict[int, BitMap] = {}
    outer: dict[int, BitMap] = {}
    left_out = outside = 0
    for block, (members, everyone), refused in people(population, audience, base):
        inner[block], outer[block] = members & everyone, everyone
        outside += len(members) - len(inner[block])
        left_out += refused
    n, total = size(inner), size(outer)
    if not n:
        raise CannotTellError("Nobody is in this audience and its base; nothing to describe.")
    wanted = {t.id: t for t in population.catalogue.traits if t.built}
    if families:
        wanted = {i: t for i, t in wanted.items() if t.family in families}
    counts = _count(population, set(wanted), inner, outer)
    rows = [
        _trait_index(wanted[t], x, n, base_x, total)
        for t, (x, base_x) in counts.items()
        if base_x >= max(smallest, 1)
    ]
    rows.sort(key=lambda r: (r.trait.family, -_distance(r), r.trait.name))
    return Profile(n, total, left_out, outside, tuple(rows), len(wanted) - len(rows))


def index(x: int, n: int, base_x: int, base_n: int) -> Index:
    """The index of x in n people who are part of a base with base_x in base_n.

    The logarithm of a ratio of proportions by the delta method (Katz et al., Biometrics 34, 1978,
    469-474), carried over to a subset and its base: with the rest of the base (y of m people)
    as the independent part, log(x/n) - log((x+y)/(n+m)) has the variance
    x(1-x/n)(1/x - 1/(x+y))² + y(1-y/m)/(x+y)². With x = 0 the upper end is the exact
    (Clopper-Pearson) one of the audience's share over the base's share.
    """
    base_share = base_x / base_n
    if x == 0:
        return Index(0.0, 0.0, 100 * (1 - 0.025 ** (1 / n)) / base_share)
    y, m = base_x - x, base_n - n
    variance = x * (1 - x / n) * (1 / x - 1 / base_x) ** 2
    variance += y * (1 - y / m) / base_x**2 if m else 0.0
    middle, reach = log(x / n) - log(base_share), Z95 * sqrt(variance)
    return Index(100 * exp(middle), 100 * exp(middle - reach), 100 * exp(middle + reach))


def _count(
    population: Population, wanted: set[int], inner: dict[int, BitMap], outer: dict[int, BitMap]
) -> dict[int, tuple[int, int]]:
    kernel = Kernel()
    inner_sets: dict[int, Set] = {b: compact(s) for b, s in inner.items()}
    outer_sets: dict[int, Set] = {b: compact(s) for b, s in outer.items()}
    whole = _whole_blocks(population, outer)
    counts = dict.fromkeys(wanted, (0, 0))
    for trait, block, persons, having in population.bitmaps.every(sorted(wanted)):
        if trait not in counts:
            continue
        x = kernel.common(having, inner_sets.get(block, EMPTY), block) if inner.get(block) else 0
        base_x = (
            persons
            if block in whole
            else kernel.common(having, outer_sets.get(block, EMPTY), block)
        )
        before = counts[trait]
        counts[trait] = (before[0] + x, before[1] + base_x)
    return counts


def _whole_blocks(population: Population, outer: dict[int, BitMap]) -> set[int]:
    """Blocks of which everyone is in the base: there the table's own counts will do."""
    kernel = Kernel()
    every = population.bitmaps.stream(
        [EVERYONE], population.blocks, sizes=[population.build.persons]
    )
    return {b for b, (all_,) in every if kernel.size(all_) == len(outer.get(b, EMPTY))}


def _trait_index(trait: Trait, x: int, n: int, base_x: int, base_n: int) -> TraitIndex:
    return TraitIndex(trait, x, base_x, x / n, base_x / base_n, index(x, n, base_x, base_n))


def _distance(row: TraitIndex) -> float:
    # On the log scale: 50 and 200 are equally far from 100. With nobody, the interval's end counts.
    value = row.index.index or min(row.index.high, 100.0)
    return abs(log(value / 100))


def overlap(population: Population, rules: Sequence[CompiledRule]) -> Overlap:
    """How the audiences of some rules overlap among the people who take part."""
    if not 2 <= len(rules) <= MOST_AUDIENCES:
        raise InputError(f"overlap takes 2 to {MOST_AUDIENCES} audiences, not {len(rules)}.")
    exclusive: Counter[tuple[int, ...]] = Counter()
    left_out = 0
    for _, sets, refused in people(population, *rules):
        left_out += refused
        _add_combinations(sets, exclusive)
    ordered = dict(sorted(exclusive.items(), key=lambda p: (-p[1], p[0])))
    among = range(len(rules))
    return Overlap(
        sizes=tuple(sum(n for c, n in ordered.items() if i in c) for i in among),
        pairs={
            (i, j): sum(n for c, n in ordered.items() if i in c and j in c)
            for i, j in combinations(among, 2)
        },
        exclusive=ordered,
        union=sum(ordered.values()),
        left_out=left_out,
    )


def _add_combinations(sets: Sequence[BitMap], exclusive: Counter[tuple[int, ...]]) -> None:
    # Split the union by one audience after the other; only combinations with people go on.
    regions: dict[tuple[int, ...], BitMap] = {}
    earlier = BitMap()
    for i, members in enumerate(sets):
        outside = {c: region - members for c, region in regions.items()}
        inside = {(*c, i): region & members for c, region in regions.items()}
        regions = {c: r for c, r in (outside | inside | {(i,): members - earlier}).items() if r}
        earlier |= members
    exclusive.update({c: len(r) for c, r in regions.items()})
