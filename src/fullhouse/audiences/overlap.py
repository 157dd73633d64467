"""How audiences overlap: in pairs, and in every exclusive combination."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from pyroaring import BitMap

from fullhouse.audiences.count import people
from fullhouse.audiences.plan import Plan
from fullhouse.audiences.population import Population
from fullhouse.core.errors import InputError

MOST = 12


@dataclass(frozen=True)
class Overlap:
    """How audiences overlap. An audience is its place in the order given.

    `exclusive` has every combination that someone is in: the people in exactly those audiences
    and no other. They add up to `union`; `sizes` and `pairs` are sums of them.
    """

    sizes: tuple[int, ...]
    pairs: dict[tuple[int, int], int]
    exclusive: dict[tuple[int, ...], int]
    union: int
    left_out: int


def overlap(population: Population, plans: Sequence[Plan]) -> Overlap:
    """How the audiences of some rules overlap among the people who take part."""
    if not 2 <= len(plans) <= MOST:
        raise InputError(f"overlap takes 2 to {MOST} audiences, not {len(plans)}.")
    exclusive: Counter[tuple[int, ...]] = Counter()
    left_out = 0
    for _, sets, gone in people(population, *plans):
        left_out += gone
        _add_combinations(sets, exclusive)
    ordered = dict(sorted(exclusive.items(), key=lambda p: (-p[1], p[0])))
    among = range(len(plans))
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
    seen = BitMap()
    for i, members in enumerate(sets):
        outside = {c: region - members for c, region in regions.items()}
        inside = {(*c, i): region & members for c, region in regions.items()}
        regions = {c: r for c, r in (outside | inside | {(i,): members - seen}).items() if r}
        seen |= members
    exclusive.update({c: len(r) for c, r in regions.items()})
