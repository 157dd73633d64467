"""Rules of two or three traits, from the discovery half and measured on the validation half.

The best of thousands of combinations looks good by chance alone, so the half that is searched
never measures them, and what is measured is corrected for all that were carried over. The ratios
are therefore neither too large nor too sure, whatever was searched.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from fullhouse.audiences.forms import to_text
from fullhouse.audiences.rule import Name, Not, both
from fullhouse.core.arrays import Floats, Integers
from fullhouse.discovery.affinity import number
from fullhouse.discovery.card import Estimate, Segment
from fullhouse.discovery.half import Half, half_of
from fullhouse.discovery.judge import FALSE_DISCOVERIES, LEAST_EXPECTED, LEFT_OVER
from fullhouse.discovery.segment_search import MOST, TraitCombination, search
from fullhouse.sample.sheet import Sheet
from fullhouse.stats import Ratio, association, benjamini_hochberg
from fullhouse.stats.case_cohort import case_cohort_ratio
from fullhouse.traits.trait import KINDS, Trait


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

    def estimates(self, i: int) -> tuple[Estimate, Estimate]:
        """The ratio of one combination, and what it adds."""
        return _estimate(self.ratio, i), _estimate(self.over, i)


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
    estimates: tuple[Estimate, Estimate],
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
    return sorted(traits, key=lambda t: (t.basis not in KINDS, t.name))


def _estimate(ratio: Ratio, i: int) -> Estimate:
    return Estimate(*(number(float(x[i])) for x in (ratio.ratio, ratio.low, ratio.high)))
