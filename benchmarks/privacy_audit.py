"""Whether the clean room's mechanisms are as private as they claim, by running them.

python -m benchmarks.privacy_audit [--runs 200000]

Each mechanism runs so often with a person and as often without, the worst person that the product's
own clamping lets through. One half of the runs chooses the event that tells the two apart best, the
other half measures it: Clopper and Pearson's ends give an ε that the mechanism has at least, with
95 % confidence. It must not be above the ε that is claimed. The same mechanism with half the noise,
at the price of the whole, must be caught in a tenth of the runs; otherwise this audit sees nothing.

Gaussian noise at a price of ρ claims the ε of a Gaussian at √(2ρ) deviations, at δ = .01; selection
of one claims √(8ρ) at δ = 0. Prices here are high, so that a difference shows in so few runs.

Then: what a ledger that adds whole nano-ρ says of a year's mixed questions, beside dp-accounting.
"""

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr
from scipy.stats import beta

from benchmarks.measure import machine, table
from fullhouse.cleanroom import cards, sizes
from fullhouse.cleanroom.noise import (
    UNIT,
    epsilon,
    nano,
    noisy,
    noisy_top_k,
    noisy_vector,
    sigma,
)
from fullhouse.cleanroom.private import PersonRows
from fullhouse.cleanroom.readouts import ArmSales, Bounds, exact_sums
from fullhouse.cleanroom.release import NANO
from fullhouse.core.arrays import Floats, Ints

RHO = nano(0.5)
DELTA = 0.01
AT_ONCE = 2_000

Draw = Callable[[bool, int, int], Floats]
"""Statistics of so many runs, with the person or without, at a price."""


@dataclass(frozen=True)
class Mechanism:
    """A mechanism with its claim, and a statistic that tells two neighbours apart best."""

    name: str
    draw: Draw
    claimed: float
    delta: float
    rho_nano: int = RHO


def gaussian_epsilon(rho_nano: int, delta: float) -> float:
    """The ε of a Gaussian at a price, exact (Balle and Wang, ICML 2018)."""
    mu = (2 * rho_nano / NANO) ** 0.5

    def off(eps: float) -> float:
        inside = ndtr(mu / 2 - eps / mu) - np.exp(eps) * ndtr(-mu / 2 - eps / mu)
        return float(inside - delta)

    return float(brentq(off, 0.0, 50.0))


def measured_epsilon(
    with_person: Floats, without: Floats, delta: float, *, alpha: float = 0.05
) -> float:
    """An ε that the mechanism has at least, but for a chance of `alpha`."""
    half = len(with_person) // 2
    best, sign, cut = -np.inf, 1.0, 0.0
    for direction in (1.0, -1.0):
        one, two = np.sort(direction * with_person[:half]), np.sort(direction * without[:half])
        cuts = np.quantile(np.concatenate([one, two]), np.linspace(0.001, 0.999, 400))
        inside = half - np.searchsorted(one, cuts, side="left")
        outside = half - np.searchsorted(two, cuts, side="left")
        each = _bound(inside, outside, half, delta, alpha)
        at = int(np.argmax(each))
        if each[at] > best:
            best, sign, cut = float(each[at]), direction, float(cuts[at])
    rest = len(with_person) - half
    hits, others = (np.array([int((sign * x[half:] >= cut).sum())]) for x in (with_person, without))
    return float(_bound(hits, others, rest, delta, alpha)[0])


def _bound(hits: Ints, others: Ints, runs: int, delta: float, alpha: float) -> Floats:
    """ln((p - δ) / q) at the ends of both shares that make it least."""
    low = np.where(hits > 0, beta.ppf(alpha / 2, np.maximum(hits, 1), runs - hits + 1), 0.0)
    high = np.where(
        others < runs, beta.ppf(1 - alpha / 2, others + 1, np.maximum(runs - others, 1)), 1.0
    )
    bound: Floats = np.log(np.maximum(low - delta, 1e-300) / high)
    return bound


def _projected(with_person: Ints, without: Ints, l2: float) -> Draw:
    """The noisy vector of two neighbours, seen along the line between them."""
    line = (with_person - without).astype(np.float64)
    norm = float(np.linalg.norm(line))
    # The worst person that there is: the audit would see nothing of one who hardly counts.
    if not 0.98 * l2 <= norm <= l2 * (1 + 1e-12):
        raise AssertionError(f"the worst person moves the vector by {norm:g}, not by {l2:g}")

    def draw(there: bool, runs: int, rho_nano: int) -> Floats:
        values = with_person if there else without
        parts = []
        for first in range(0, runs, AT_ONCE):
            copies = np.tile(values, (min(AT_ONCE, runs - first), 1))
            noised = noisy_vector(copies, rho_nano, l2)
            parts.append((noised - without) @ (line / norm) / l2)
        return np.concatenate(parts)

    return draw


def scalar() -> Mechanism:
    """A count, one person more."""

    def draw(there: bool, runs: int, rho_nano: int) -> Floats:
        return np.array([noisy(1000 + there, rho_nano) for _ in range(runs)], dtype=np.float64)

    # At σ of 4, where the whole numbers are fine enough to compare with the continuous claim.
    price = nano(1 / 32)
    claimed = gaussian_epsilon(price, DELTA)
    return Mechanism("a count", draw, claimed, DELTA, price)


def trait_sizes() -> Mechanism:
    """The table of sizes, and a person with far more traits than count."""
    most, traits = 1, 4
    other = PersonRows(np.zeros(3, np.int64), np.arange(4), np.array([1, 2, 3]))
    person = PersonRows(np.zeros(1, np.int64), np.array([0, traits]), np.arange(traits))
    without = sizes.exact_cells(lambda: iter([other]), traits, 1, most)
    there = sizes.exact_cells(lambda: iter([other, person]), traits, 1, most)
    l2 = most**0.5 * sizes.WEIGHT
    draw = _projected(there.ravel(), without.ravel(), l2)
    return Mechanism("trait sizes", draw, gaussian_epsilon(RHO, DELTA), DELTA)


def _seed(traits: int) -> cards.NoisySeed:
    one = np.ones(1)
    return cards.NoisySeed(1000 * one, 10 * one, 0.01 * one, np.full((1, traits), 0.05), 5.0, one)


def card_measurement() -> Mechanism:
    """Excess and weight of selected traits, and a person of the seed who has them all."""
    traits, most = 2, 1
    seed, columns = _seed(traits), np.arange(traits)
    one = np.ones(1, dtype=np.int64)
    person = cards.Patterns(0 * one, one.astype(bool), np.ones((1, traits), bool), one)
    without = np.zeros(2 * traits, dtype=np.int64)
    there = without + cards.contributions(person, seed, columns, most)[0]
    l2 = most**0.5 * UNIT
    draw = _projected(there, without, l2)
    return Mechanism("card measurement", draw, gaussian_epsilon(RHO, DELTA), DELTA)


def card_selection() -> Mechanism:
    """The trait with the highest score, and a person of the seed who has just one of them."""
    traits = 60
    zeros = np.zeros((1, traits), dtype=np.int64)
    more = zeros.copy()
    more[0, 0] = 1
    # A share of seed of nearly nothing: then this person moves the score by all of one.
    seed = replace(_seed(traits), rate=np.zeros(1))
    people = np.array([1000])
    args = (seed, np.arange(traits), np.zeros(traits))
    by_seed = [
        cards.scores(cards.SeedCounts(people, c), cards.BaseCounts(people, c), *args)
        for c in (zeros, more)
    ]

    def draw(there: bool, runs: int, rho_nano: int) -> Floats:
        chosen = [noisy_top_k(by_seed[there], 1, rho_nano, UNIT)[0] for _ in range(runs)]
        first: Floats = (np.array(chosen) == 0).astype(np.float64)
        return first

    return Mechanism("card selection", draw, (8 * RHO / NANO) ** 0.5, 0.0)


def readout() -> Mechanism:
    """An arm's sums, and a person who bought more than counts for one."""
    bounds = Bounds()
    nobody = ArmSales(np.zeros(0, np.int64), np.zeros(0, np.int64), 50)
    buyer = ArmSales(np.array([10**4]), np.array([10**8]), 50)
    units = bounds.units
    without, there = (
        np.array([s * units[n] for n, s in exact_sums(a, bounds).items()]) for a in (nobody, buyer)
    )
    draw = _projected(there, without, bounds.l2)
    return Mechanism("campaign readout", draw, gaussian_epsilon(RHO, DELTA), DELTA)


MECHANISMS = (scalar, trait_sizes, card_selection, card_measurement, readout)


@dataclass(frozen=True)
class Audited:
    """The measured ε of a mechanism and of its copy with half the noise, and the claim."""

    name: str
    claimed: float
    measured: float
    half_noise: float

    @property
    def holds(self) -> bool:
        """Whether the mechanism keeps its claim and the control breaks it."""
        return self.measured <= self.claimed < self.half_noise


def audit(mechanism: Mechanism, runs: int, *, alpha: float = 0.05) -> Audited:
    """A mechanism, and the same with half the noise at the price of the whole."""
    measured = []
    # Four times the price is half the noise; it shows in a tenth of the runs.
    for price, number in ((mechanism.rho_nano, runs), (4 * mechanism.rho_nano, runs // 10)):
        there, without = (mechanism.draw(is_there, number, price) for is_there in (True, False))
        measured.append(measured_epsilon(there, without, mechanism.delta, alpha=alpha))
    return Audited(mechanism.name, mechanism.claimed, *measured)


def composition(questions: int, delta: float = 1e-9) -> tuple[float, float]:
    """ε of a year of mixed questions: by adding nano-ρ, and by dp-accounting's Rényi accountant."""
    import dp_accounting

    rng = np.random.default_rng(1)
    prices = [nano(float(r)) for r in rng.choice([0.00125, 0.005, 0.02], questions)]
    orders = 1 + np.geomspace(1e-2, 1e4, 1_000)
    accountant = dp_accounting.rdp.RdpAccountant(orders=orders.tolist())
    for price in prices:
        accountant.compose(dp_accounting.GaussianDpEvent(sigma(price)))
    return epsilon(sum(prices), delta), float(accountant.get_epsilon(delta))


def main() -> None:
    """Audit every mechanism; exit code 1 where a claim is broken or a control is not caught."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200_000)
    runs = parser.parse_args().runs
    print(f"{machine()}\n\n{runs:,} runs of each mechanism with a person and without\n")
    rows, start = [], time.perf_counter()
    every = True
    for make in MECHANISMS:
        result = audit(make(), runs)
        every &= result.holds
        rows.append([result.name, f"{result.claimed:.3f}", f"{result.measured:.3f}",
                     f"{result.half_noise:.3f}", "yes" if result.holds else "NO"])  # fmt: skip
    print(table(["mechanism", "claimed ε", "measured ε", "half the noise", "holds"], rows))
    print("\n### Composition\n")
    rows = []
    for questions in (1, 20, 400):
        ours, theirs = composition(questions)
        every &= abs(ours / theirs - 1) <= 0.01
        rows.append([str(questions), f"{ours:.4f}", f"{theirs:.4f}", f"{ours / theirs - 1:+.3%}"])
    print(table(["questions", "ledger ε", "dp-accounting ε", "difference"], rows))
    print(f"\n{time.perf_counter() - start:.0f} s in all.")
    if not every:
        sys.exit("a claim is broken, or a control was not caught")


if __name__ == "__main__":
    main()
