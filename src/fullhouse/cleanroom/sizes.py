"""One noisy table of all trait sizes for each build, and the size of any rule computed from it.

Each person is in one stratum and counts for `most_traits` traits at most, so that the whole table
moves by √most_traits in the L2 norm when a person comes or goes. Who has more traits counts a
little less for each of them, rather than for some of them only: √(C / d) keeps the norm and treats
all traits alike. What is lost by that is put back by a factor of each stratum, itself noisy: the
traits that people have over what was counted of them.

The table is released once for all tenants and paid for once; sizes of rules are post-processing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isqrt, log, sqrt

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array
from scipy.special import ndtri

from fullhouse.audiences.rule import And, Everyone, Name, Not, Or, Rule, Sample, Saved
from fullhouse.cleanroom.noise import nano, noisy_vector, sigma, split
from fullhouse.cleanroom.private import (
    NoisyNumber,
    PairSizes,
    PeopleSource,
    SizeEstimate,
    TraitSizes,
)
from fullhouse.cleanroom.release import Z95
from fullhouse.core.arrays import Flags, Floats, Ints
from fullhouse.core.errors import CannotTellError, InputError, did_you_mean

SIZES_NANO = nano(0.1)
PAIRS_NANO = nano(0.1)
"""Prices of the table and of its pairs, once for each build and all tenants together."""

MOST_TRAITS = 100
"""Traits of one person that count in full. At 50 nearly all of the most active tenth is clamped."""

MOST_COUNTED = 3
"""So many times `most_traits` of one person count when the correction for clamping is computed."""

WEIGHT = 1 << 12
"""Parts in which a person's contribution to one trait is counted."""

FALSE_PAIR = 0.05
"""Chance that any pair which nobody has passes the threshold."""

MOST_ATOMS = 10
"""Traits in a rule up to which its bounds are the sharpest there are, by linear programming."""

UNEVEN = 0.25
"""How far the clamping of one trait is from its stratum's, as a share of the correction, at most:
measured on simulated people, .02 in the median and .2 at worst (benchmarks/private_cards.py)."""


def measure_sizes(
    people: PeopleSource,
    traits: Sequence[str],
    strata: int,
    *,
    rho_nano: int = SIZES_NANO,
    pairs_nano: int | None = PAIRS_NANO,
    most_traits: int = MOST_TRAITS,
) -> TraitSizes:
    """All trait sizes by stratum and in total, with pairs above a threshold, for ρ of both prices.

    The price holds for all of it together; without `pairs_nano` there are no pairs. The list of
    traits and the strata must be fixed before the data are read.
    """
    if most_traits < 1:
        raise InputError(f"At least one trait of a person must count, not {most_traits}.")
    for_strata, for_kappa, for_cells, for_totals = split(rho_nano, 5, 10, 40, 45)
    sums = _sums(people, len(traits), strata, most_traits)
    sizes = noisy_vector(sums.people, for_strata, 1.0).astype(np.float64)
    l2 = sqrt(most_traits) * WEIGHT
    cells = noisy_vector(sums.cells, for_cells, l2) / WEIGHT
    totals = noisy_vector(sums.cells.sum(0), for_totals, l2) / WEIGHT
    spread_cells, spread_totals = (sigma(n, l2) / WEIGHT for n in (for_cells, for_totals))
    counted = _adding_to(cells, totals, spread_cells, spread_totals)
    most_lost = int(_lost_traits(most_traits).max())
    kappa, of_kappa = _kappa(sums.lost, counted.sum(1), max(most_lost, 1), for_kappa)
    cells = counted * kappa[:, None]
    deviation = np.sqrt(
        _total_sigma(kappa, spread_cells, spread_totals) ** 2
        + ((counted * of_kappa[:, None]) ** 2).sum(0)
    )
    uneven = UNEVEN * ((kappa - 1)[:, None] * np.maximum(counted, 0)).sum(0)
    everyone = NoisyNumber.of(float(sizes.sum()), sigma(for_strata) * sqrt(strata))
    pair_sizes = None
    if pairs_nano is not None:
        share = np.clip(cells / np.maximum(sizes, 1.0)[:, None], 0, 1)
        pair_sizes = _pairs(people, sums, sizes, share, pairs_nano, most_traits)
    return TraitSizes(
        traits=tuple(traits),
        strata=np.maximum(sizes, 0.0),
        cells=cells,
        totals=cells.sum(0),
        sigmas=deviation,
        margins=uneven,
        kappa=kappa,
        pairs=pair_sizes,
        people=everyone,
        most_traits=most_traits,
        rho_nano=rho_nano + (pairs_nano or 0),
    )


def exact_cells(people: PeopleSource, traits: int, strata: int, most_traits: int) -> Ints:
    """People by stratum and trait, clamped, in 1 / WEIGHT: what noise is added to."""
    return _sums(people, traits, strata, most_traits).cells


@dataclass(frozen=True)
class _Sums:
    """Exact sums over everybody by stratum; of cells and `counted` in 1 / WEIGHT."""

    people: Ints
    cells: Ints
    lost: Ints
    pairs: Ints
    lost_pairs: Ints


def _sums(people: PeopleSource, traits: int, strata: int, most: int) -> _Sums:
    tables = _lost_traits(most), _pairs_of(most), _lost_pairs(most)
    everyone, cells = np.zeros(strata, np.int64), np.zeros(strata * traits, np.int64)
    moments = np.zeros((3, strata), np.int64)
    for part in people():
        held, owners = part.held, part.owners
        weights = _weights(int(held.max(initial=1)), most)[held]
        at = part.strata[owners] * traits + part.columns
        # Whole numbers below 2**53, so that floats add them exactly.
        cells += np.bincount(at, weights[owners], len(cells)).astype(np.int64)
        everyone += np.bincount(part.strata, minlength=strata)
        capped = np.minimum(held, MOST_COUNTED * most)
        for i, values in enumerate(tables):
            moments[i] += np.bincount(part.strata, values[capped], strata).astype(np.int64)
    return _Sums(everyone, cells.reshape(strata, traits), *moments)


def _pairs_of(most: int) -> Ints:
    d = np.arange(MOST_COUNTED * most + 1, dtype=np.int64)
    return d * (d - 1) // 2


def _lost_traits(most: int) -> Ints:
    """What is not counted of a person with so many traits, in 1 / WEIGHT."""
    return np.arange(MOST_COUNTED * most + 1) * (WEIGHT - _weights(MOST_COUNTED * most, most))


def _lost_pairs(most: int) -> Ints:
    return _pairs_of(most) * (WEIGHT - _pair_weights(MOST_COUNTED * most, most))


def _weights(largest: int, most: int) -> Ints:
    """What a person with so many traits counts for each, in 1 / WEIGHT, cut so the norm holds."""
    return np.array(
        [WEIGHT if d <= most else isqrt(most * WEIGHT**2 // d) for d in range(max(largest, 1) + 1)],
        dtype=np.int64,
    )


def _pair_weights(largest: int, most: int) -> Ints:
    """The same for pairs: a person counts for as many as `most` traits have."""
    full = most * (most - 1) // 2
    return np.array(
        [
            WEIGHT if d <= most else isqrt(full * WEIGHT**2 // (d * (d - 1) // 2))
            for d in range(max(largest, 1) + 1)
        ],
        dtype=np.int64,
    )


def _kappa(lost: Ints, counted: Floats, most_lost: int, price: int) -> tuple[Floats, Floats]:
    """What corrects for clamping in each stratum, 1 at least, and its standard deviation.

    `lost` is what was not counted of people's traits, in 1 / WEIGHT, `counted` what was, from the
    noisy cells. A loss that noise alone might show is none.
    """
    measured = noisy_vector(lost, price, float(most_lost)) / WEIGHT
    spread = sigma(price, float(most_lost)) / WEIGHT
    base = np.maximum(counted, 1.0)
    kappa = 1 + np.where(measured > 2 * spread, measured, 0.0) / base
    # Of a factor from 1 to 2; in a stratum of hardly anybody the loss seems huge by noise alone.
    return np.minimum(kappa, 2.0), np.where(kappa > 1, np.minimum(spread / base, 1.0), 0.0)


def _adding_to(cells: Floats, totals: Floats, of_cells: float, of_totals: float) -> Floats:
    """The cells by least squares, given that they add up to totals measured on their own."""
    weight = of_cells**2 / (len(cells) * of_cells**2 + of_totals**2)
    adjusted: Floats = cells + (totals - cells.sum(0)) * weight
    return adjusted


def _total_sigma(kappa: Floats, of_cells: float, of_totals: float) -> float:
    """The standard deviation of corrected, adjusted cells' sum."""
    weight = of_cells**2 / (len(kappa) * of_cells**2 + of_totals**2)
    of_each = kappa - weight * kappa.sum()
    return sqrt(
        of_cells**2 * float((of_each**2).sum()) + (weight * float(kappa.sum()) * of_totals) ** 2
    )


def _pairs(
    people: PeopleSource,
    sums: _Sums,
    strata: Floats,
    share: Floats,
    price: int,
    most: int,
) -> PairSizes:
    """Pairs whose noisy size is above what noise alone would reach among all pairs.

    Corrected by the strata that a pair's people are likely to be in: active people are clamped,
    others not, and which they are the table of single traits shows.
    """
    traits = share.shape[1]
    for_kappa, for_sizes = split(price, 1, 9)
    full, top = most * (most - 1) // 2, int(_pairs_of(most)[-1])
    for_all, for_lost = split(for_kappa, 1, 1)
    every = noisy_vector(sums.pairs, for_all, float(max(top, 1))).astype(np.float64)
    most_lost = float(max(1, int(_lost_pairs(most).max())))
    lost = noisy_vector(sums.lost_pairs, for_lost, most_lost) / WEIGHT
    enough = (lost > 2 * sigma(for_lost, most_lost) / WEIGHT) & (
        every > 4 * sigma(for_all, float(max(top, 1)))
    )
    kappa = np.clip(1 / (1 - np.where(enough, lost, 0) / np.maximum(every, 1.0)), 1.0, 4.0)
    counted = _pair_counts(people, traits, most)
    l2 = sqrt(full) * WEIGHT
    deviation = sigma(for_sizes, l2) / WEIGHT
    number = traits * (traits - 1) // 2
    threshold = deviation * float(-ndtri(FALSE_PAIR / max(number, 1)))
    sizes: dict[tuple[int, int], NoisyNumber] = {}
    for one in range(traits - 1):
        # A row at a time: one release, all at the same noise, without two million in memory.
        row = noisy_vector(counted[one, one + 1 :], for_sizes, l2) / WEIGHT
        above = np.flatnonzero(row > threshold)
        if not len(above):
            continue
        two = one + 1 + above
        expected = strata[:, None] * share[:, [one]] * share[:, two]
        correction = np.maximum(expected.sum(0), 1e-9) / np.maximum(
            (expected / kappa[:, None]).sum(0), 1e-9
        )
        for other, value, factor in zip(two, row[above], correction, strict=True):
            sizes[one, int(other)] = NoisyNumber.of(
                float(value * factor),
                deviation * float(factor),
                margin=UNEVEN * (float(factor) - 1) * float(value),
            )
    return PairSizes(sizes, threshold, deviation)


def _pair_counts(people: PeopleSource, traits: int, most: int) -> Ints:
    counted = np.zeros((traits, traits), np.int64)
    for part in people():
        weights = _pair_weights(int(part.held.max(initial=1)), most)[part.held]
        shape = (part.people, traits)
        ones = csr_array((np.ones(len(part.columns), np.int64), part.columns, part.offsets), shape)
        own = csr_array((weights[part.owners], part.columns, part.offsets), shape)
        counted += (ones.T @ own).toarray()
    return counted


def estimate_size(sizes: TraitSizes, rule: Rule) -> SizeEstimate:
    """The size of a rule over traits, with bounds that hold however the traits depend.

    Free. Bounds are the sharpest that sizes of single traits and known pairs allow, up to ten
    traits; of more, Bonferroni's. Samples count as drawn by chance.
    """
    names = sorted({*_names(rule)})
    places = _places(sizes, names)
    ranges = {n: _range(sizes, places[n]) for n in names}
    people = sizes.people.value
    rough = _rough(rule, ranges, people)
    low, high = rough
    if 0 < len(names) <= MOST_ATOMS and not _samples(rule):
        low, high = _sharp(rule, names, ranges, _pair_ranges(sizes, names, places), people) or rough
    value = min(max(_independent(sizes, rule, names, places), low), high)
    return SizeEstimate(value, low, high)


def _names(rule: Rule) -> list[str]:
    match rule:
        case Name(text=text):
            return [text]
        case Not(part=part):
            return _names(part)
        case And(parts=parts) | Or(parts=parts):
            return [n for p in parts for n in _names(p)]
        case Saved(name=name):
            raise CannotTellError(code="no_free_size_of_saved", audience=name)
        case _:
            return []


def _samples(rule: Rule) -> bool:
    match rule:
        case Sample():
            return True
        case Not(part=part):
            return _samples(part)
        case And(parts=parts) | Or(parts=parts):
            return any(_samples(p) for p in parts)
        case _:
            return False


def _places(sizes: TraitSizes, names: Sequence[str]) -> dict[str, int]:
    known = {name: i for i, name in enumerate(sizes.traits)}
    for name in names:
        if name not in known:
            raise InputError(
                f"No trait {name!r} in the table of sizes.{did_you_mean(name, sizes.traits)}"
            )
    return {name: known[name] for name in names}


def _range(sizes: TraitSizes, column: int) -> tuple[float, float]:
    """A trait's size, so wide that ten of a rule hold together 95 % of the time."""
    wide = _wider(sizes.size(column))
    return max(0.0, wide[0]), min(sizes.people.value, wide[1])


def _wider(number: NoisyNumber) -> tuple[float, float]:
    # The same for every rule, so that a part of a rule is never larger than the whole.
    more = (float(-ndtri(0.025 / MOST_ATOMS)) - Z95) * number.sigma
    return number.low - more, number.high + more


def _pair_ranges(
    sizes: TraitSizes, names: Sequence[str], places: Mapping[str, int]
) -> dict[tuple[int, int], tuple[float, float]]:
    """What is known of pairs of a rule's traits; of one not in the table that it is not large."""
    if sizes.pairs is None or len(names) < 2:
        return {}
    ranges = {}
    for i, one in enumerate(names):
        for j in range(i + 1, len(names)):
            known = sizes.pairs.of(places[one], places[names[j]])
            if known is not None:
                low, high = _wider(known)
                ranges[i, j] = max(low, 0.0), high
    return ranges


def _sharp(
    rule: Rule,
    names: Sequence[str],
    ranges: Mapping[str, tuple[float, float]],
    pairs: Mapping[tuple[int, int], tuple[float, float]],
    people: float,
) -> tuple[float, float] | None:
    """The least and most people of the rule among all that could have these sizes (Fréchet).

    None where noise has made the sizes contradict one another.
    """
    atoms = _atoms(len(names))
    inside = _holds(rule, dict(zip(names, atoms, strict=True))).astype(np.float64)
    rows = [atoms[i] for i in range(len(names))] + [atoms[i] & atoms[j] for i, j in pairs]
    ends = np.array([ranges[n] for n in names] + list(pairs.values())) / max(people, 1.0)
    matrix = np.array(rows, dtype=np.float64)
    bounds = []
    for sign in (1.0, -1.0):
        result = linprog(
            sign * inside,
            A_ub=np.vstack([matrix, -matrix]),
            b_ub=np.concatenate([ends[:, 1], -ends[:, 0]]),
            A_eq=np.ones((1, len(inside))),
            b_eq=[1.0],
            method="highs",
        )
        if result.status != 0:
            return None
        bounds.append(sign * float(result.fun) * people)
    low, high = bounds
    return max(0.0, min(low, high)), min(people, max(low, high))


def _atoms(traits: int) -> Flags:
    """Every way to have some of so many traits and not the others: one row for each trait."""
    numbers = np.arange(1 << traits)
    return (numbers >> np.arange(traits)[:, None] & 1).astype(bool)


def _holds(rule: Rule, atoms: Mapping[str, Flags]) -> Flags:
    match rule:
        case Name(text=text):
            return atoms[text]
        case Not(part=part):
            return ~_holds(part, atoms)
        case And(parts=parts):
            every: Flags = np.logical_and.reduce([_holds(p, atoms) for p in parts])
            return every
        case Or(parts=parts):
            some: Flags = np.logical_or.reduce([_holds(p, atoms) for p in parts])
            return some
        case _:
            return np.ones(len(next(iter(atoms.values()))), dtype=bool)


def _rough(
    rule: Rule, ranges: Mapping[str, tuple[float, float]], people: float
) -> tuple[float, float]:
    """Bonferroni's bounds, part by part."""
    match rule:
        case Name(text=text):
            return ranges[text]
        case Not(part=part):
            low, high = _rough(part, ranges, people)
            return max(0.0, people - high), max(0.0, people - low)
        case And(parts=parts):
            each = [_rough(p, ranges, people) for p in parts]
            low = sum(e[0] for e in each) - (len(each) - 1) * people
            return max(0.0, low), min(e[1] for e in each)
        case Or(parts=parts):
            each = [_rough(p, ranges, people) for p in parts]
            return max(e[0] for e in each), min(people, sum(e[1] for e in each))
        case Sample(low=first, high=last):
            share = float(last - first)
            reach = sqrt(max(people, 1.0) * share * (1 - share) * 2 * log(2 / 0.05))
            return max(0.0, people * share - reach), min(people, people * share + reach)
        case _:
            return people, people


def _independent(
    sizes: TraitSizes, rule: Rule, names: Sequence[str], places: Mapping[str, int]
) -> float:
    """The size were traits independent within a stratum; a pair that is known is taken as it is."""
    share = sizes.share
    if len(names) > MOST_ATOMS or _samples(rule):
        by_name = {n: share[:, places[n]] for n in names}
        return float(sizes.strata @ _chance(rule, by_name, len(sizes.strata)))
    match rule:
        case Everyone():
            return sizes.people.value
        case Name(text=text):
            return float(sizes.totals[places[text]])
        case And(parts=parts) if all(isinstance(p, Name) for p in parts) and len(names) > 1:
            return _conjunction(sizes, [places[n] for n in names])
    if not names:
        return sizes.people.value if _holds(rule, {"": np.ones(1, dtype=bool)})[0] else 0.0
    atoms = _atoms(len(names))
    chance = np.ones((len(sizes.strata), atoms.shape[1]))
    for row, name in zip(atoms, names, strict=True):
        p = share[:, [places[name]]]
        chance *= np.where(row, p, 1 - p)
    inside = _holds(rule, dict(zip(names, atoms, strict=True)))
    return float(sizes.strata @ chance[:, inside].sum(1))


def _conjunction(sizes: TraitSizes, columns: Sequence[int]) -> float:
    """People with all of some traits: a known pair as it is, never more than any part of it."""
    value = float(sizes.strata @ np.multiply.reduce(sizes.share[:, columns], axis=1))
    most = [max(float(sizes.totals[c]), 0.0) for c in columns]
    for i, one in enumerate(columns):
        for two in columns[i + 1 :]:
            known = sizes.pairs.of(one, two) if sizes.pairs is not None else None
            if known is not None:
                most.append(known.value)
                value = known.value if len(columns) == 2 else value
    return min(value, *most)


def _chance(rule: Rule, share: Mapping[str, Floats], strata: int) -> Floats:
    match rule:
        case Name(text=text):
            return share[text]
        case Not(part=part):
            return 1 - _chance(part, share, strata)
        case And(parts=parts):
            together: Floats = np.multiply.reduce([_chance(p, share, strata) for p in parts])
            return together
        case Or(parts=parts):
            none: Floats = np.multiply.reduce([1 - _chance(p, share, strata) for p in parts])
            return 1 - none
        case Sample(low=low, high=high):
            return np.full(strata, float(high - low))
        case _:
            return np.ones(strata)
