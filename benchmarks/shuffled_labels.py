"""How often discovery finds something where, by construction, nothing is to be found.

python -m benchmarks.shuffled_labels [--runs N]

The people are real (Open e-commerce, in the folder FULLHOUSE_DATA names); only the outcome is
shuffled. Each person's outcome events are first taken out of everything known of them: their
activity and the events behind their traits. What is left is split into strata by its number of
events, and the outcome events are shuffled among the people of a stratum, a whole person's
hand to one other person, and added to that person's activity. So who buys much still has the
outcome more often, hands keep their sizes (bursts and all), traits keep their true links with one
another and with activity, and nothing else goes with the outcome. Shuffling only the list of
members would be the wrong null: the events of a true member would stay in that person's activity
and traits, and the product would take events from people who never had them. The product does not
know these strata: its own are cut from all events, and leave out each trait's own.

The second shuffle deals among all buyers, so that not even activity goes with the outcome.

Every discovery is then false. Wanted: at most 5 % of the runs with any (BH holds the
false-discovery rate at 5 %, and where all is false that is the chance of any; so the mean share of
false discoveries is the same number). Beside it: the same test without activity strata.
"""

import argparse
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
from pyroaring import BitMap
from scipy.stats import binomtest

from benchmarks.measure import data_folder, table
from benchmarks.topic_pairs import House, read_plan, real_house
from fullhouse.core.arrays import Integers
from fullhouse.discovery import Block, Blocks, Outcome, OutcomeDiscovery
from fullhouse.discovery.compare import FALSE_DISCOVERIES, compare
from fullhouse.discovery.strata import PEOPLE_EACH, QUANTILES, quantiles_of
from fullhouse.sample.outcome import OwnEvents, subtract_events
from fullhouse.traits import Trait
from fullhouse.traits.blocks import pairs_of

NONE: Integers = np.zeros(0, dtype=np.int64)

RULES = (
    "own:dog-book",
    "own:cooking-book",
    "buys:pet-food",
    "own:christmas-product",
    "buys:abis-book",
)
"""Outcomes of 70 to 1,000 people; pet food comes in bursts."""


@dataclass(frozen=True)
class Stripped:
    """The buyers of a block without an outcome's events, and the events that were taken away.

    `hands` has one row for each of KINDS and one column for each person of the block; `rest` is
    how many other events the person has.
    """

    block: Block
    hands: npt.NDArray[np.int32] = field(repr=False)
    needed: tuple[int, ...]
    outcome: Outcome

    @property
    def rest(self) -> Integers:
        """The events of each person that are not the outcome's."""
        activity: Integers = sum(self.block.activity, np.zeros(len(self.block.persons), np.int64))
        return activity

    @property
    def buyers(self) -> Integers:
        """The rows of people with any event."""
        return np.flatnonzero((self.rest > 0) | (self.hands.sum(0) > 0))

    @property
    def base(self) -> dict[int, BitMap]:
        """The same as people."""
        return {self.block.block: BitMap(self.block.persons[self.buyers].astype(np.uint32))}


@dataclass(frozen=True)
class Made(Blocks):
    """Blocks that hold one made block; what is derived from it is kept beside it."""

    block: Block = field(kw_only=True)

    def numbers(self) -> list[int]:
        """The one."""
        return [self.block.block]

    def load(self, number: int) -> Block:
        """The one."""
        assert number == self.block.block
        return self.block

    @property
    def home(self) -> Path:
        """A folder that holds nothing of another block: kept margins do not know whose they are."""
        return self.folder


def strip(block: Block, outcome: Outcome, own: OwnEvents) -> Stripped:
    """Take an outcome's events out of everything known of the people of a block."""
    rows = np.arange(len(block.persons))
    hands = own.counts_of(block, rows)
    owner, trait, events = pairs_of(block, rows)
    events = events.astype(np.int64)
    own_rows = own.of(block, rows)
    subtract_events(events, owner, trait, own_rows)
    left = tuple(
        np.maximum(a - h, 0).astype(np.int32) for a, h in zip(block.activity, hands, strict=True)
    )
    return Stripped(replace(block, events=events, activity=left), hands, own.needed, outcome)


def shuffle(stripped: Stripped, rng: np.random.Generator, *, strata: bool) -> Integers:
    """Whose hand each person of the block gets: within strata of the rest, or among all buyers."""
    order = np.arange(len(stripped.block.persons))
    buyers, rest = stripped.buyers, stripped.rest
    scale = quantiles_of(np.bincount(rest[buyers]), len(buyers) // PEOPLE_EACH)
    of = np.searchsorted(scale.edges, rest[buyers]) + (rest[buyers] > 0)
    for stratum in np.unique(of) if strata else [None]:
        some = buyers if stratum is None else buyers[of == stratum]
        order[some] = rng.permutation(some)
    return order


def deal(stripped: Stripped, order: Integers) -> tuple[Block, Outcome, OwnEvents]:
    """The block after the hands are shuffled out, and the outcome that they make."""
    hands = stripped.hands[:, order]
    block = stripped.block
    activity = tuple(a + h for a, h in zip(block.activity, hands, strict=True))
    needed = np.array(stripped.needed)[:, None]
    inside = ((hands >= needed) & (needed > 0)).any(0)
    some = np.flatnonzero(hands.sum(0))
    own = OwnEvents(
        block.persons[some].astype(np.int64), hands[:, some], stripped.needed, (NONE, NONE, NONE)
    )
    people = {block.block: BitMap(block.persons[inside].astype(np.uint32))}
    return replace(block, activity=activity), replace(stripped.outcome, people=people), own


def discover_shuffled(
    blocks: Made, traits: Sequence[Trait], shuffled: Outcome, own: OwnEvents, **options: Any
) -> OutcomeDiscovery:
    """The product's whole test of every trait against an outcome as it was shuffled."""
    shutil.rmtree(blocks.folder, ignore_errors=True)
    return compare(blocks.build, (shuffled, own), traits=traits, blocks=blocks, **options)


@dataclass(frozen=True)
class Tally:
    """Runs of one outcome: the tests, those with p < 0.05, and discoveries, in each."""

    tests: Integers
    small: Integers
    significant: Integers
    discoveries: Integers

    @classmethod
    def of(cls, runs: Sequence[OutcomeDiscovery]) -> "Tally":
        """Count what some runs found."""
        tested = [[r for r in run.rows if r.p is not None and r.q is not None] for run in runs]
        return cls(
            np.array([len(t) for t in tested]),
            np.array([sum((r.p or 0) < 0.05 for r in t) for t in tested]),
            np.array([sum((r.q or 0) <= FALSE_DISCOVERIES for r in t) for t in tested]),
            np.array([len(run.of("associated")) + len(run.of("avoided")) for run in runs]),
        )

    @property
    def row(self) -> tuple[str, ...]:
        """As a table shows it."""
        tests = max(1, int(self.tests.sum()))
        return (
            f"{self.tests.mean():.0f}",
            f"{100 * self.small.sum() / tests:.1f} %",
            share(self.significant > 0),
            share(self.discoveries > 0),
            f"{100 * np.mean(self.discoveries > 0):.1f} %",
            f"{self.discoveries.mean():.2f}",
        )


COLUMNS = (
    "outcome",
    "people",
    "shuffled among",
    "strata",
    "runs",
    "tests",
    "p < .05",
    "runs with q ≤ .05",
    "runs with a discovery",
    "mean share false",
    "discoveries a run",
)


def share(hits: npt.NDArray[np.bool_]) -> str:
    """A share of runs in percent, with its exact 95 % interval."""
    interval = binomtest(int(hits.sum()), len(hits)).proportion_ci()
    return f"{100 * hits.mean():.1f} % ({100 * interval.low:.1f}–{100 * interval.high:.1f})"


def trials(house: House, rule: str, runs: int, folder: Path) -> list[tuple[str, ...]]:
    """One outcome: both shuffles, with the product's strata, and the first without any."""
    outcome, own = house.outcome(rule)
    number = house.blocks.numbers()
    if len(number) != 1:
        raise SystemExit("The real people fill one block; this set does not.")
    stripped = strip(house.blocks.load(number[0]), outcome, own)
    lines = []
    for strata, quantiles in ((True, QUANTILES), (False, QUANTILES), (True, 1)):
        some = runs if quantiles > 1 else max(1, runs // 10)
        seen = []
        for run in range(some):
            order = shuffle(stripped, np.random.default_rng((11, run)), strata=strata)
            block, shuffled, events = deal(stripped, order)
            made = Made(house.workspace.lake, house.population.build, folder, block=block)
            options = {"base": stripped.base, "quantiles": quantiles}
            seen.append(discover_shuffled(made, house.traits, shuffled, events, **options))
        among = "people as active" if strata else "all buyers"
        kind = "ours" if quantiles > 1 else "none"
        head = (rule, str(seen[0].outcome_people), among, kind, str(some))
        lines.append((*head, *Tally.of(seen).row))
    return lines


def main(arguments: Sequence[str] | None = None) -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--outcome", action="append", help=f"default: {', '.join(RULES)}")
    asked = parser.parse_args(arguments)
    lines: list[tuple[str, ...]] = []
    with (
        real_house(read_plan().own, data_folder()) as house,
        TemporaryDirectory(prefix="fullhouse-shuffled-") as folder,
    ):
        for rule in asked.outcome or RULES:
            lines += trials(house, rule, asked.runs, Path(folder) / "shuffled")
            print(f"… {rule}", flush=True)
    print(table(COLUMNS, lines))


if __name__ == "__main__":
    main()
