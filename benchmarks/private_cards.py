"""What audience cards, trait sizes and readouts keep under differential privacy.

python -m benchmarks.private_cards [--quick] [--cards] [--people N ...]

Simulated houses (benchmarks/private_house.py) of 100 thousand, a million and ten million people
with 2,000 traits, and seeds of .3, 1 and 3 %. Beside the product's private cards stand the exact
ones: the Cochran–Mantel–Haenszel test and risk ratio of fullhouse.stats on the same people, q at
most 5 %. Kept is the share of exact cards that are cards with noise too; width is that of the
interval of the log ratio over the exact one, in the median; coverage is how often the interval of a
true trait holds the ratio the people were drawn by. A false card is one of a trait that was drawn
with none.

Then: seeds that go with activity and nothing else (shuffled within strata), on traits that depend
on one another; a null film without true traits; mixed worlds of true and null traits; sizes and
pairs against the exact ones; readouts of campaigns.
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import csr_array
from scipy.stats import beta

from benchmarks.measure import machine, table
from benchmarks.private_house import (
    STRATA,
    TRAITS,
    SimulatedHouse,
    chances,
    draw,
    simulate,
    source,
)
from fullhouse.cleanroom.cards import (
    BaseCounts,
    count_base,
    count_seed,
    discover_privately,
)
from fullhouse.cleanroom.noise import nano
from fullhouse.cleanroom.private import PersonRows, TraitSizes
from fullhouse.cleanroom.readouts import ArmSales, Bounds, exact_sums, read_privately
from fullhouse.cleanroom.sizes import measure_sizes
from fullhouse.core.arrays import Floats, Ints
from fullhouse.stats import Ratio, association, benjamini_hochberg, risk_ratio

NAMES = tuple(f"trait:{i}" for i in range(TRAITS))
RHOS = (0.005, 0.02, 0.05, 0.1)
FEWER = (0.005, 0.02, 0.1)
SHARES = (0.003, 0.01, 0.03)
COLUMNS = ("people", "seed", "ρ", "exact cards", "kept", "width", "coverage", "false", "s each")
RUNS = {100_000: 12, 1_000_000: 4, 10_000_000: 1}
"""Seeds drawn for each size and share; ten million people take as long as all the rest."""


@dataclass
class Tally:
    """What private cards gave beside the exact ones, over some seeds."""

    exact: int = 0
    kept: int = 0
    cards: int = 0
    false: int = 0
    widths: list[float] = field(default_factory=list)
    covered: list[bool] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class ExactCards:
    """The cards without noise, and every trait's ratio."""

    columns: frozenset[int]
    ratio: Ratio


def four(counts: BaseCounts, base: BaseCounts) -> tuple[Floats, Floats, Floats, Floats]:
    """People with and without each trait, in a seed and in all, by stratum."""
    a, n1 = counts.holders.T.astype(np.float64), base.holders.T.astype(np.float64)
    return a, n1, counts.people[None] - a, base.people[None] - n1


def exact_cards(blocks: tuple[PersonRows, ...], base: BaseCounts) -> ExactCards:
    """What the house itself would find."""
    seed = count_seed(source(blocks), TRAITS, STRATA)
    cells = four(BaseCounts(seed.people, seed.holders), base)
    ratio = risk_ratio(*cells)
    q = benjamini_hochberg(association(*cells, tested_from=5.0).p)
    return ExactCards(frozenset(np.flatnonzero((q <= 0.05) & (ratio.ratio > 1)).tolist()), ratio)


def true_ratios(house: SimulatedHouse, chance: list[Floats], base: BaseCounts) -> Floats:
    """The Mantel–Haenszel ratios of the chances themselves."""
    holders, people = np.zeros(STRATA * TRAITS), np.zeros(STRATA)
    for block, p in zip(house.blocks, chance, strict=True):
        at = block.strata[block.owners] * TRAITS + block.columns
        holders += np.bincount(at, p[block.owners], len(holders))
        people += np.bincount(block.strata, p, STRATA)
    a, n1 = holders.reshape(STRATA, TRAITS).T, base.holders.T.astype(np.float64)
    ratio: Floats = risk_ratio(a, n1, people[None] - a, base.people[None] - n1).ratio
    return ratio


def compare(
    house: SimulatedHouse,
    sizes: TraitSizes,
    base: BaseCounts,
    share: float,
    runs: int,
    rng: np.random.Generator,
    *,
    ratios: Floats | None = None,
    rhos: Sequence[float] = RHOS,
) -> dict[float, Tally]:
    """Private against exact cards for some seeds of one share, by ρ."""
    chance = chances(house, share, ratios)
    truth = true_ratios(house, chance, base)
    real = house.ratios if ratios is None else ratios
    true = set(house.true[real > 1].tolist())
    tallies = {rho: Tally() for rho in rhos}
    for _ in range(runs):
        blocks = draw(house, chance, rng)
        exact = exact_cards(blocks, base)
        for rho, tally in tallies.items():
            start = time.perf_counter()
            result = discover_privately(source(blocks), sizes, nano(rho), base=base)
            tally.seconds.append(time.perf_counter() - start)
            shown = {c.column for c in result.cards}
            tally.exact += len(exact.columns)
            tally.kept += len(exact.columns & shown)
            tally.cards += len(shown)
            tally.false += len(shown - true)
            for card in result.measured:
                if card.column in true:
                    inside = card.low <= truth[card.column] <= card.high
                    tally.covered.append(bool(inside))
            tally.widths += [_width(c.low, c.high, exact.ratio, c.column) for c in result.cards]
    return tallies


def _width(low: float, high: float, exact: Ratio, column: int) -> float:
    if not (low > 0 and np.isfinite(high)):
        return float("inf")
    return float(np.log(high / low) / np.log(exact.high[column] / exact.low[column]))


def upper(hits: int, runs: int) -> float:
    """The upper end of Clopper and Pearson's 95 % interval."""
    return 1.0 if hits == runs else float(beta.ppf(0.975, hits + 1, runs - hits))


def cards_table(people: Sequence[int], rng: np.random.Generator, runs: dict[int, int]) -> None:
    """The issue's table: share of exact cards kept and width, by people, seed and ρ."""
    for number in people:
        rows = []
        start = time.perf_counter()
        house = simulate(number, rng)
        sizes = measure_sizes(source(house.blocks), NAMES, STRATA, pairs_nano=None)
        base = count_base(source(house.blocks), TRAITS, STRATA)
        for share in SHARES:
            rhos = RHOS if number < 10_000_000 else FEWER
            tallies = compare(house, sizes, base, share, runs[number], rng, rhos=rhos)
            for rho, t in tallies.items():
                rows.append(
                    [
                        f"{number:,}",
                        f"{share:.1%}",
                        rho,
                        f"{t.exact / runs[number]:.1f}",
                        f"{t.kept / max(t.exact, 1):.3f}",
                        f"{np.median(t.widths):.3f}" if t.widths else "none",
                        f"{np.mean(t.covered):.3f} of {len(t.covered)}" if t.covered else "none",
                        f"{t.false} of {t.cards}",
                        f"{np.median(t.seconds):.2f}",
                    ]
                )
        print(table(COLUMNS, rows))
        print(f"\n{number:,} people: {time.perf_counter() - start:.0f} s.\n", flush=True)


def nulls_table(rng: np.random.Generator, runs: int) -> None:
    """Runs with any card where none is true, and false cards in mixed worlds."""
    rows = []
    for people, spread in ((100_000, 0.3), (100_000, 0.0)):
        house = simulate(people, rng, spread=spread)
        sizes = measure_sizes(source(house.blocks), NAMES, STRATA, pairs_nano=None)
        base = count_base(source(house.blocks), TRAITS, STRATA)
        none = np.ones(len(house.ratios))
        for share in (0.003, 0.03):
            for rho in (0.02, 0.1):
                false = _any_card(house, sizes, base, share, rho, runs, rng, none)
                kind = "shuffled, people differ in activity" if spread else "null film"
                rows.append([kind, f"{people:,}", f"{share:.1%}", rho, f"{false} of {runs} runs",
                             f"{upper(false, runs):.3f}"])  # fmt: skip
        if spread:
            continue
        for share in SHARES:
            for rho, t in compare(house, sizes, base, share, max(runs // 8, 2), rng).items():
                shown, end = f"{t.false} of {t.cards} cards", f"{upper(t.false, t.cards):.3f}"
                rows.append(["mixed world", f"{people:,}", f"{share:.1%}", rho, shown, end])
    print(table(["world", "people", "seed", "ρ", "false", "97.5 % upper end"], rows), flush=True)


def _any_card(
    house: SimulatedHouse,
    sizes: TraitSizes,
    base: BaseCounts,
    share: float,
    rho: float,
    runs: int,
    rng: np.random.Generator,
    ratios: Floats,
) -> int:
    chance = chances(house, share, ratios)
    return sum(
        bool(
            discover_privately(source(draw(house, chance, rng)), sizes, nano(rho), base=base).cards
        )
        for _ in range(runs)
    )


def sizes_table(rng: np.random.Generator, people: Sequence[int], pairs_of: int) -> None:
    """Sizes and pairs against the exact ones, on people who differ in activity within strata."""
    rows = []
    for number in people:
        house = simulate(number, rng, spread=0.3)
        sizes = measure_sizes(
            source(house.blocks),
            NAMES,
            STRATA,
            pairs_nano=nano(0.1) if number == pairs_of else None,
        )
        exact = sum(
            (np.bincount(b.columns, minlength=TRAITS) for b in house.blocks),
            np.zeros(TRAITS, dtype=np.int64),
        )
        numbers = [sizes.size(i) for i in range(TRAITS)]
        inside = [n.low <= e <= n.high for n, e in zip(numbers, exact, strict=True)]
        large = exact > number / 50
        off = np.abs(sizes.totals / np.maximum(exact, 1) - 1)[large]
        rows.append(["sizes", f"{number:,}", f"{sizes.sigmas.mean():.0f}", f"{np.median(off):.4f}",
                     f"{off.max():.4f}", f"{np.mean(inside):.3f}"])  # fmt: skip
        if sizes.pairs is not None:
            rows.append(_pairs_row(house, sizes, number))
    columns = ["table", "people", "sigma", "off, median", "off, worst", "intervals hold"]
    print(table(columns, rows), flush=True)


def _pairs_row(house: SimulatedHouse, sizes: TraitSizes, number: int) -> list[str]:
    exact: Ints = np.zeros((TRAITS, TRAITS), dtype=np.int64)
    for b in house.blocks:
        ones = np.ones(len(b.columns), dtype=np.int64)
        has = csr_array((ones, b.columns, b.offsets), (b.people, TRAITS))
        exact += (has.T @ has).toarray()
    assert sizes.pairs is not None
    off, inside = [], []
    for (i, j), n in sizes.pairs.sizes.items():
        inside.append(n.low <= exact[i, j] <= n.high)
        if exact[i, j] > 20 * sizes.pairs.sigma:
            off.append(abs(n.value / exact[i, j] - 1))
    share = len(sizes.pairs.sizes) / (TRAITS * (TRAITS - 1) / 2)
    return [f"pairs ({share:.1%} above {sizes.pairs.threshold:.0f})", f"{number:,}",
            f"{sizes.pairs.sigma:.0f}", f"{np.median(off):.4f}", f"{np.max(off):.4f}",
            f"{np.mean(inside):.3f}"]  # fmt: skip


def sales(people: int, share: float, rng: np.random.Generator) -> ArmSales:
    """An arm of so many people, of whom a share buy one to a few tickets."""
    buyers = int(rng.binomial(people, share))
    tickets = 1 + rng.poisson(1.0, buyers)
    cents = (tickets * rng.lognormal(6.9, 0.5, buyers)).astype(np.int64)
    return ArmSales(tickets, cents, people - buyers)


def readouts_table(rng: np.random.Generator, runs: int) -> None:
    """How often a readout's intervals hold, and how much of their width is noise."""
    bounds, rows = Bounds(), []
    shares = {"treated": 0.055, "control": 0.05}
    # Of buyers alone, so that the truth is known far better than any run could show.
    each = exact_sums(sales(4_000_000, 1.0, rng), bounds)
    gap = (shares["treated"] - shares["control"]) / 4_000_000
    for people in (10_000, 100_000, 1_000_000):
        for rho in (0.005, 0.02, 0.1):
            inside = {"tickets": 0, "cents": 0}
            parts: list[float] = []
            for _ in range(runs):
                arms = {arm: sales(people, s, rng) for arm, s in shares.items()}
                for e in read_privately(arms, nano(rho), control="control").effects:
                    inside[e.outcome] += e.low <= each[e.outcome] * gap <= e.high
                    if e.outcome == "tickets":
                        parts.append(e.se / max((e.se**2 - e.noise_se**2) ** 0.5, 1e-12))
            rows.append([f"{people:,}", rho, f"{inside['tickets'] / runs:.3f}",
                         f"{inside['cents'] / runs:.3f}", f"{np.median(parts):.2f}"])  # fmt: skip
    columns = ["people each arm", "ρ", "tickets hold", "money holds", "width over no noise"]
    print(table(columns, rows), flush=True)


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the runs, no ten million")
    parser.add_argument("--cards", action="store_true", help="the first table alone")
    parser.add_argument("--people", type=int, nargs="*", help="sizes of houses")
    arguments = parser.parse_args()
    rng = np.random.default_rng(20261129)
    people = arguments.people or ([100_000] if arguments.quick else list(RUNS))
    runs = {n: RUNS.get(n, 2) for n in people}
    few = 10 if arguments.quick else 1
    if arguments.quick:
        runs = {n: max(1, r // few) for n, r in runs.items()}
    start = time.perf_counter()
    print(f"{machine()}\n\n### Cards\n")
    cards_table(people, rng, runs)
    if arguments.cards:
        return
    print("\n### Where nothing is to be found, and where some is\n")
    nulls_table(rng, 100 // few)
    print("\n### Sizes\n")
    sizes_table(rng, [100_000, 1_000_000] if few == 1 else [100_000], 100_000)
    print("\n### Readouts\n")
    readouts_table(rng, 400 // few)
    print(f"\n{time.perf_counter() - start:.0f} s in all.")


if __name__ == "__main__":
    main()
