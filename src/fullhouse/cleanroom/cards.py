"""Audience cards under differential privacy: one scalar of noise for each selected trait.

A person adds (x - p)(y - f) to a trait's excess: x is whether they have it, y whether they are in
the seed, p and f how common both are in their stratum, public since they are noisy already. So the
excess over all strata together is one sum that one person hardly moves, rather than one count for
each stratum. Three steps, each with its share of the price: the seed by stratum; which k traits
have the highest score; and for these the excess and what it is compared with, as one vector in
which nobody counts for more than √m.

The excess over the weight of holders outside the seed is the Mantel–Haenszel ratio, less one, of
how common the trait is in the seed and outside it. It is centred twice, so that errors of p and f
are of second order. Its interval is Fieller's. From it follows how much likelier holders are to be
in the seed than people without the trait, which is what a card says: for a trait that many have,
that is more. Discoveries are by Benjamini and Hochberg over all traits that had power, not only
over those selected.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import inf, log, sqrt

import numpy as np
from scipy.special import ndtr

from fullhouse.cleanroom.noise import (
    UNIT,
    fixed_point,
    noisy_top_k,
    noisy_vector,
    sigma,
    split,
    top_k_scale,
)
from fullhouse.cleanroom.private import (
    CardNote,
    NoisyNumber,
    NothingHasPower,
    PeopleSource,
    PrivateCard,
    PrivateCards,
    RatiosLookHigh,
    SeedTooSmall,
    TraitSizes,
)
from fullhouse.cleanroom.release import NANO, Z95
from fullhouse.core.arrays import Flags, Floats, Integers, Ints
from fullhouse.core.errors import InputError

SELECTED = 20
"""Traits that are measured."""

MOST_EACH = 4
"""Square of what one person may count for over all measured traits, as thought beforehand."""

CANDIDATES = (2, 3, 4, 6, 8, 10, 12, 16, 20)
"""Squares among which the one is taken, for the traits selected, that measures them best."""

REACH = 3.5
"""Standard deviations of what a person of a cell adds that are not clipped; traits of one person
go together, so that more than one in a hundred would be at 2.3."""

LIFT = 1.5
"""How much likelier than others people of a seed are thought to have its traits, for that."""

WEIGHT_UNIT = 3.0
"""Weights of people outside the seed are counted in so many times the highest rate: at 1 people
with many of the traits would be clipped for it, and its noise is small anyhow."""

PARTS = (5, 55, 40)
"""Shares of the price: the seed by stratum, the selection, the measurement."""

OFFSET = 3.3
"""Standard errors that are taken off a score, so that common traits do not crowd out rare ones."""

POWER = 1.5
"""A trait is tested when a ratio of 1 + this would be seen."""

FALSE_DISCOVERIES = 0.05

WANTED_RATIO, WANTED_SHARE = 1.5, 0.05
"""The card that a seed of enough people shows."""

SURE = 4.2
"""Standard errors at which a card is likely to be a discovery among hundreds of traits."""

FEW = 1_000
"""In smaller seeds only ratios that chance has made high pass."""

MOST_CELLS_RATE = 50.0
"""A stratum's share of seed is at most so many times that of all: more is noise of a tiny one."""

GRID = np.exp(np.linspace(np.log(0.02), np.log(50.0), 3_000))
"""Ratios among which an interval's ends are looked for, then interpolated."""

AT_ONCE = 1 << 15


@dataclass(frozen=True)
class NoisySeed:
    """What the first step made public: by cell, people, seed, the seed's share; noise of the seed.

    `share` is of people with each trait, a row for each cell. `weight` is what people of a cell
    count for, at most 1: less where many would have to be clipped.
    """

    people: Floats
    seed: Floats
    rate: Floats
    share: Floats
    sigma: float
    weight: Floats

    @property
    def expected(self) -> Floats:
        """The seed's people with each trait, were it independent."""
        expected: Floats = (self.weight * self.modelled) @ self.share
        return expected

    @property
    def modelled(self) -> Floats:
        """The seed by cell, as the rates have it."""
        modelled: Floats = self.rate * self.people
        return modelled

    @property
    def variance(self) -> Floats:
        """Of each trait's excess, by chance."""
        one = self.weight**2 * self.modelled * (1 - self.rate)
        each = one[:, None] * self.share * (1 - self.share)
        variance: Floats = each.sum(0)
        return variance

    @property
    def third(self) -> Floats:
        """The third moment of each trait's excess."""
        f, p = self.rate[:, None], self.share
        one = (self.weight**3 * self.modelled)[:, None]
        third: Floats = (one * (1 - f) * (1 - 2 * f) * p * (1 - p) * (1 - 2 * p)).sum(0)
        return third

    @property
    def of_rates(self) -> Floats:
        """Variance of the expected seed by the noise of the rates."""
        variance: Floats = self.weight**2 @ self.share**2 * self.sigma**2
        return variance


@dataclass(frozen=True)
class BaseCounts:
    """Exact people of each cell, and those with each trait: the same for every seed.

    Counted once and used again for other seeds; never leaves the clean room.
    """

    people: Ints
    holders: Ints


def discover_privately(
    people: PeopleSource,
    sizes: TraitSizes,
    rho_nano: int,
    *,
    strata_of_cells: Integers | None = None,
    wanted: Flags | None = None,
    base: BaseCounts | None = None,
    selected: int = SELECTED,
) -> PrivateCards:
    """Cards of the seed that `people` are flagged with, for one price, noise included throughout.

    `sizes` is the build's free table, whose traits and strata are those of `people`. With
    `strata_of_cells` (the stratum of each cell) people are compared within their cells, such as
    activity crossed with fandom. `wanted` leaves traits out that the outcome is made of: like the
    cells it must follow from definitions, never from the data. `base` saves counting everybody
    again for each seed.
    """
    if not 1 <= selected <= 40:
        raise InputError(f"Between 1 and 40 traits can be measured, not {selected}.")
    for_seed, for_selection, for_measurement = split(rho_nano, *PARTS)
    thought = sigma(for_measurement, sqrt(MOST_EACH))
    traits, cells = len(sizes.traits), len(_strata(sizes, strata_of_cells))
    if base is None:
        base = count_base(people, traits, cells)
    counts = count_seed(people, traits, cells)
    seed = noisy_seed(counts.people, base.people, sizes, strata_of_cells, for_seed)
    spread = np.sqrt(seed.variance + thought**2)
    eligible = np.ones(len(sizes.traits), dtype=bool) if wanted is None else wanted
    tested = _with_power(seed, spread, np.flatnonzero(eligible), selected)
    powered = int((POWER * seed.expected >= OFFSET * spread).sum())
    offset = OFFSET * np.sqrt(spread**2 + seed.of_rates)
    ranked = scores(counts, base, seed, tested, offset)
    columns = tested[noisy_top_k(ranked, selected, for_selection, UNIT)]
    seed, most_each = weighted(seed, columns, for_measurement)
    noisy = _measure(people, columns, seed, for_measurement, most_each)
    measured = _judged(sizes.traits, columns, noisy, seed, len(tested))
    total = NoisyNumber.of(float(seed.seed.sum()), seed.sigma * sqrt(len(seed.seed)))
    terms = CardTerms(rho_nano, sizes.people.value, selected, MOST_EACH, max(len(tested), selected))
    return PrivateCards(
        cards=tuple(c for c in measured if c.associated),
        measured=measured,
        tested=len(tested),
        seed=total,
        least_ratio=least_ratio(total.value, terms),
        notes=_notes(total, terms, powered),
        rho_nano=rho_nano,
    )


@dataclass(frozen=True)
class SeedCounts:
    """The same of a seed, exact."""

    people: Ints
    holders: Ints


def _strata(sizes: TraitSizes, of_cells: Integers | None) -> Integers:
    return np.arange(len(sizes.strata)) if of_cells is None else of_cells


def count_base(people: PeopleSource, traits: int, cells: int) -> BaseCounts:
    """Everybody by cell and trait."""
    everyone, holders = np.zeros(cells, np.int64), np.zeros(cells * traits, np.int64)
    for part in people():
        cell = part.strata if part.cells is None else part.cells
        at = cell[part.owners] * traits + part.columns
        holders += np.bincount(at, minlength=len(holders))
        everyone += np.bincount(cell, minlength=cells)
    return BaseCounts(everyone, holders.reshape(cells, traits))


def count_seed(people: PeopleSource, traits: int, cells: int) -> SeedCounts:
    """The seed by cell and trait, reading its own people's traits only."""
    seeds, holders = np.zeros(cells, np.int64), np.zeros(cells * traits, np.int64)
    for part in people():
        if part.seed is None:
            raise InputError("Cards need to know who is in the seed.")
        cell = part.strata if part.cells is None else part.cells
        rows = np.flatnonzero(part.seed)
        seeds += np.bincount(cell[rows], minlength=cells)
        start, held = part.offsets[rows].astype(np.int64), part.held[rows]
        ends = np.cumsum(held)
        at = np.repeat(start - (ends - held), held) + np.arange(int(held.sum()))
        columns = part.columns[at].astype(np.int64)
        holders += np.bincount(
            np.repeat(cell[rows], held) * traits + columns, minlength=len(holders)
        )
    return SeedCounts(seeds, holders.reshape(cells, traits))


def noisy_seed(
    seeds: Ints, everyone: Ints, sizes: TraitSizes, of_cells: Integers | None, price: int
) -> NoisySeed:
    """The seed by cell; where cells are finer than strata, so are their people, in one vector."""
    if of_cells is None:
        people, deviation = sizes.strata, sigma(price)
        seed = noisy_vector(seeds, price, 1.0).astype(np.float64)
    else:
        both = noisy_vector(np.stack([seeds, everyone]), price, sqrt(2))
        deviation = sigma(price, sqrt(2))
        seed, people = both.astype(np.float64)
    people = np.maximum(people, 1.0)
    overall = float(np.clip(seed.sum() / people.sum(), 1e-9, 1.0))
    rate = np.clip(seed / people, 0.0, min(1.0, MOST_CELLS_RATE * overall))
    # In whole units, so that scores are exact.
    rate = np.round(rate * UNIT) / UNIT
    return NoisySeed(
        people, seed, rate, sizes.share[_strata(sizes, of_cells)], deviation, np.ones(len(people))
    )


def _with_power(seed: NoisySeed, spread: Floats, eligible: Ints, selected: int) -> Ints:
    """The traits that are tested: where a high ratio would be seen; free, as all of it is public.

    Where that holds for fewer than are selected, twice as many as are, the likeliest first.
    """
    promise = seed.expected[eligible] / spread[eligible]
    powered = eligible[promise * POWER >= OFFSET]
    if len(powered) >= selected:
        return powered
    return np.sort(eligible[np.argsort(-promise, kind="stable")[: 2 * selected]])


def scores(
    counts: SeedCounts, base: BaseCounts, seed: NoisySeed, tested: Ints, offset: Floats
) -> Ints:
    """The excess of each tested trait less what chance may make, in 1 / UNIT; exact.

    A person adds x (y - f) to it, of one sign for all traits and at most 1: that is why it is
    centred once only, and never scaled.
    """
    rate = np.round(seed.rate * UNIT).astype(np.int64)
    excess = UNIT * counts.holders[:, tested].sum(0) - rate @ base.holders[:, tested]
    less: Ints = excess - np.round(UNIT * offset[tested]).astype(np.int64)
    return less


@dataclass(frozen=True)
class Patterns:
    """How many people have each combination of cell, seed and selected traits, exact."""

    cell: Ints
    seed: Flags
    has: Flags
    people: Ints


def patterns_of(people: PeopleSource, columns: Ints, traits: int) -> Patterns:
    """People by all that their contribution depends on: a few thousand kinds of millions."""
    bit = np.zeros(traits, dtype=np.int64)
    bit[columns] = 1 << np.arange(len(columns))
    keys, numbers = [], []
    for part in people():
        cell = part.strata if part.cells is None else part.cells
        seed = part.seed if part.seed is not None else np.zeros(part.people, dtype=bool)
        bits = bit[part.columns]
        at = np.flatnonzero(bits)
        owners = np.searchsorted(part.offsets, at, side="right") - 1
        # Sums of different powers of two below 2**53: exact.
        code = np.bincount(owners, bits[at], part.people).astype(np.int64)
        key, number = _tally(((cell.astype(np.int64) * 2 + seed) << len(columns)) + code, None)
        keys.append(key)
        numbers.append(number)
    every, people_of = _tally(np.concatenate(keys), np.concatenate(numbers))
    head, code = every >> len(columns), every & ((1 << len(columns)) - 1)
    has = (code[:, None] >> np.arange(len(columns)) & 1).astype(bool)
    return Patterns(head >> 1, (head & 1).astype(bool), has, people_of)


def _tally(keys: Ints, numbers: Ints | None) -> tuple[Ints, Ints]:
    """Different keys and how many of each. Sorted, as np.unique hashes and is far slower."""
    if not len(keys):
        return keys, np.zeros(0, dtype=np.int64)
    order = np.argsort(keys, kind="stable") if numbers is not None else None
    ordered = np.sort(keys) if order is None else keys[order]
    first = np.flatnonzero(np.diff(ordered, prepend=ordered[0] - 1))
    if numbers is None or order is None:
        return ordered[first], np.diff(np.append(first, len(ordered)))
    return ordered[first], np.add.reduceat(numbers[order], first)


def contributions(patterns: Patterns, seed: NoisySeed, columns: Ints, most_each: int) -> Ints:
    """What one person of each pattern adds to excess and weight, in 1 / UNIT, within the norm.

    Excess and weight are clipped together: a person with many of the traits counts less for all.
    """
    rate = seed.rate[patterns.cell][:, None]
    centred = patterns.has - seed.share[:, columns][patterns.cell]
    excess = centred * (patterns.seed[:, None] - rate)
    weight = np.where(patterns.seed[:, None], 0.0, patterns.has * rate / _unit(seed))
    both = np.concatenate([excess, weight], axis=1) * seed.weight[patterns.cell][:, None]
    return fixed_point(both, sqrt(most_each))


def weighted(seed: NoisySeed, columns: Ints, price: int) -> tuple[NoisySeed, int]:
    """What people of each cell count for, and the square of the most that one may.

    Of all squares the one with which the selected traits are measured best: a larger one adds
    noise, a smaller one makes less of the active. Public, from what is public; so nobody is
    clipped but those who have far more of the traits than others of their cell.
    """
    share = seed.share[:, columns]
    has = np.clip(share * LIFT, 0.0, 0.95)
    above, below = (1 - share) ** 2, share**2
    mean = (has * above + (1 - has) * below).sum(1)
    spread = np.sqrt((has * (1 - has) * (above - below) ** 2).sum(1))
    largest = np.maximum((1 - seed.rate) ** 2 * (mean + REACH * spread), 1e-9)
    information = (seed.modelled * (1 - seed.rate))[:, None] * share * (1 - share)

    def precision(most: int) -> float:
        weight = np.minimum(1.0, np.sqrt(most / largest))
        noise = sigma(price, sqrt(most)) ** 2
        signal, chance = weight @ information, weight**2 @ information
        return float(np.median(signal**2 / (chance + noise)))

    best = max(CANDIDATES, key=precision)
    weight = np.minimum(1.0, np.sqrt(best / largest))
    return replace(seed, weight=weight), best


def _unit(seed: NoisySeed) -> float:
    """What weights are counted in."""
    return WEIGHT_UNIT * max(float((seed.rate * seed.weight).max(initial=0.0)), 1e-9)


def _measure(
    people: PeopleSource, columns: Ints, seed: NoisySeed, price: int, most_each: int
) -> "_Measured":
    """Noisy excess and weight of the selected traits, as one vector."""
    patterns = patterns_of(people, columns, seed.share.shape[1])
    total = np.zeros(2 * len(columns), dtype=np.int64)
    for first in range(0, len(patterns.people), AT_ONCE):
        some = slice(first, first + AT_ONCE)
        part = Patterns(
            patterns.cell[some], patterns.seed[some], patterns.has[some], patterns.people[some]
        )
        # One trait's sum is below 2**58 for ten billion people: exact.
        total += part.people @ contributions(part, seed, columns, most_each)
    noisy = noisy_vector(total, price, sqrt(most_each) * UNIT) / UNIT
    excess, weight = np.split(noisy, 2)
    unit = _unit(seed)
    return _Measured(excess, weight * unit, unit, sigma(price, sqrt(most_each)))


@dataclass(frozen=True)
class _Measured:
    """Noisy excess and weight of each selected trait; the weight's noise is `unit` times sigma."""

    excess: Floats
    weight: Floats
    unit: float
    sigma: float


def _judged(
    traits: Sequence[str], columns: Ints, measured: _Measured, seed: NoisySeed, tested: int
) -> tuple[PrivateCard, ...]:
    """Every selected trait with ratio, interval and q; the surest first."""
    share = _matching(seed, measured, columns)
    chosen = replace(seed, share=share)
    spread = np.sqrt(chosen.variance + measured.sigma**2)
    z = measured.excess / spread
    p = _upper_tail(z, chosen.third / spread**3)
    q = _benjamini_hochberg(p, tested)
    cards = []
    for i, column in enumerate(columns):
        low, high = _fieller(measured, i, chosen)
        weight = float(measured.weight[i])
        in_seed = 1 + float(measured.excess[i]) / weight if weight > 0 else inf
        risk = _in_seed(chosen, i)
        cards.append(
            PrivateCard(
                trait=traits[column],
                column=int(column),
                ratio=_risk_ratio(min(max(in_seed, low), high), risk),
                low=_risk_ratio(low, risk),
                high=_risk_ratio(high, risk),
                z=float(z[i]),
                q=float(q[i]),
                expected=float(chosen.expected[i]),
                sigma=measured.sigma,
            )
        )
    return tuple(sorted(cards, key=lambda c: (c.q, -c.z, c.column)))


def _matching(seed: NoisySeed, measured: _Measured, columns: Ints) -> Floats:
    """The selected traits' shares by cell, raised where the weight shows that they are too low.

    In cells finer than the table's strata, people who are much in the seed may have a trait more
    often than their stratum; the chance of an excess would be taken for too small.
    """
    share = seed.share[:, columns]
    rate = seed.rate[:, None]
    expected = ((seed.weight * seed.modelled)[:, None] * (1 - rate) * share).sum(0)
    noise = measured.unit * measured.sigma
    raised = measured.weight > expected + 2 * noise + 0.05 * expected
    factor = np.where(raised, measured.weight / np.maximum(expected, 1e-9), 1.0)
    matching: Floats = np.clip(share * factor, 0.0, 0.95)
    return matching


def _upper_tail(z: Floats, skewness: Floats) -> Floats:
    """The chance of a z as high, with the skewness of a sum of few (Cornish and Fisher)."""
    normal = z - skewness * (z**2 - 1) / 6 + skewness**2 * (4 * z**3 - 7 * z) / 36
    # The expansion is for moderate z; where it bends back, the plain normal's z bounds it.
    p: Floats = ndtr(-np.minimum(normal, np.maximum(z, 0.0)))
    return p


def _benjamini_hochberg(p: Floats, tests: int) -> Floats:
    """Q of each p among so many tests, of which the others' p is 1."""
    order = np.argsort(p, kind="stable")
    scaled = p[order] * tests / np.arange(1, len(p) + 1)
    q = np.empty(len(p))
    q[order] = np.minimum(1.0, np.minimum.accumulate(scaled[::-1])[::-1])
    return q


def _fieller(measured: _Measured, i: int, seed: NoisySeed) -> tuple[float, float]:
    """All ratios that excess and weight of one trait do not contradict at 95 %."""
    excess, weight = float(measured.excess[i]), float(measured.weight[i])
    f, share = seed.rate[:, None], seed.share[:, [i]]
    more = GRID - 1
    without = share / (1 + f * more)
    risk = np.minimum(GRID * without, 1.0)
    chance = (seed.weight**2 * seed.modelled * (1 - seed.rate)) @ (
        (1 - f) * risk * (1 - risk) + GRID**2 * f * without * (1 - without)
    )
    noise = measured.sigma**2 * (1 + (more * measured.unit) ** 2)
    variance = chance + noise + more**2 * seed.of_rates[i]
    outside = (excess - more * weight) ** 2 - Z95**2 * variance
    inside = np.flatnonzero(outside <= 0)
    if not len(inside):
        # Ratios beyond the grid; nothing between can be right.
        return (float(GRID[-1]), inf) if excess > 0 else (0.0, float(GRID[0]))
    first, last = int(inside[0]), int(inside[-1])
    low = 0.0 if first == 0 else _crossing(outside, first - 1)
    high = inf if last == len(GRID) - 1 else _crossing(outside, last)
    return low, high


def _in_seed(seed: NoisySeed, i: int) -> Floats:
    """How much more common one trait is in the seed, for each ratio of the grid.

    The ratios of the grid are those of holders' chance to be in the seed to that of others.
    """
    f, p = seed.rate[:, None], seed.share[:, [i]]
    one = (seed.weight * seed.modelled)[:, None]
    more = 1 + p * (GRID - 1)
    others = np.clip(1 - GRID * f / more, 1e-9, None)
    common: Floats = (one * (1 - f) * GRID * p / more).sum(0)
    in_seed: Floats = common / np.maximum((one * p * others).sum(0), 1e-300)
    return in_seed


def _risk_ratio(in_seed: float, grid: Floats) -> float:
    """The ratio of chances at which a trait would be so much more common in the seed."""
    if in_seed <= grid[0]:
        return 0.0 if in_seed <= 0 else float(GRID[0])
    return float(np.interp(in_seed, grid, GRID)) if in_seed < grid[-1] else inf


def _crossing(values: Floats, left: int) -> float:
    """Where values between two places of the grid are 0."""
    one, two = float(values[left]), float(values[left + 1])
    part = one / (one - two) if one != two else 0.5
    return float(GRID[left] + part * (GRID[left + 1] - GRID[left]))


@dataclass(frozen=True)
class CardTerms:
    """What decides which cards can be had: the price, the house, and how they are measured.

    `tested` traits are thought to have power.
    """

    rho_nano: int
    people: float
    selected: int = SELECTED
    most_each: int = MOST_EACH
    tested: int = 500


def is_shown(seed: float, terms: CardTerms, ratio: float, share: float) -> bool:
    """Whether a trait of some ratio and share of people is likely to become a card of a seed.

    By the selection's noise and by the measurement's.
    """
    if seed <= 0:
        return False
    _, for_selection, for_measurement = split(terms.rho_nano, *PARTS)
    f = min(seed / max(terms.people, 1.0), 1.0)
    excess = (ratio - 1) * seed * share * (1 - f)
    risk = min(ratio * share, 1.0)
    chance = seed * (1 - f) * risk * (1 - risk)
    deviation = sigma(for_measurement, sqrt(terms.most_each))
    scale = top_k_scale(for_selection, terms.selected)
    rivals = log(max(terms.tested / terms.selected, 1.0)) + 1
    return excess >= SURE * sqrt(chance + deviation**2) and excess >= scale * rivals


def seed_needed(terms: CardTerms, ratio: float = WANTED_RATIO, share: float = WANTED_SHARE) -> int:
    """The smallest seed that is likely to show a card at this price."""
    return _smallest(lambda n: is_shown(n, terms, ratio, share), 1, int(max(terms.people, 1)))


def rho_needed(
    seed: float, terms: CardTerms, ratio: float = WANTED_RATIO, share: float = WANTED_SHARE
) -> int | None:
    """The smallest price in nano-ρ at which a seed is likely to show a card; None above a ρ of 10.

    None also means that chance alone hides it: more people or more interest are needed.
    """

    def shown(price: int) -> bool:
        terms_at = CardTerms(price, terms.people, terms.selected, terms.most_each, terms.tested)
        return is_shown(seed, terms_at, ratio, share)

    most = 10 * NANO
    return _smallest(shown, 1_000, most) if shown(most) else None


def least_ratio(seed: float, terms: CardTerms, share: float = WANTED_SHARE) -> float | None:
    """The smallest ratio, in twentieths, that a trait of some share is likely to be shown with."""
    ratios = np.arange(21, 201) / 20
    return next((float(r) for r in ratios if is_shown(seed, terms, float(r), share)), None)


def _smallest(shown: Callable[[int], bool], low: int, high: int) -> int:
    """The least whole number for which something holds that holds for all larger; or `high`."""
    while low < high:
        middle = (low + high) // 2
        if shown(middle):
            high = middle
        else:
            low = middle + 1
    return low


def _notes(seed: NoisyNumber, terms: CardTerms, powered: int) -> tuple[CardNote, ...]:
    notes: list[CardNote] = []
    if powered == 0:
        notes.append(NothingHasPower(seed, powered))
    if not is_shown(seed.value, terms, WANTED_RATIO, WANTED_SHARE):
        needed = seed_needed(terms)
        notes.append(
            SeedTooSmall(
                seed=seed,
                ratio=WANTED_RATIO,
                share=WANTED_SHARE,
                seed_needed=needed,
                people_needed=round(terms.people * needed / max(seed.value, 1.0)),
                rho_needed=rho_needed(seed.value, terms),
            )
        )
    if seed.value < FEW:
        notes.append(RatiosLookHigh(seed, FEW))
    return tuple(notes)
