"""Discovery on real purchases: products of a topic and books on it, fixed before the first run.

python -m benchmarks.topic_pairs [--splits N] [--search]

FULLHOUSE_DATA names the folder with open_ecommerce/. Each pair of topic_pairs.toml is asked alone,
as somebody asks who has one idea: the placebo is any book without the topic's words. Replication
cuts the people into halves by a keyed hash, each half in turn the first: a pair is found there
with p below 0.05 and a ratio above 1, by the product's own test. Intervals of shares over pairs
come from drawing topics (or pairs) anew, since the splits of one pair are not independent.
`--search` looks through every trait for each book outcome, and prints what is found.
"""

import argparse
import hashlib
import math
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from pyroaring import BitMap

from benchmarks.measure import data_folder, table
from fullhouse import app, audiences, discovery
from fullhouse.audiences import Population
from fullhouse.core.arrays import keyed_bits
from fullhouse.core.person_sets import PersonSet
from fullhouse.discovery import Affinity, Blocks, Outcome, OutcomeDiscovery
from fullhouse.discovery.compare import compare
from fullhouse.sample.outcome import OwnEvents, own_events
from fullhouse.sources import open_ecommerce
from fullhouse.traits import Catalogue, Trait, find_trait
from fullhouse.traits.catalogue import Own, parse_catalogue

PLAN = Path(__file__).with_suffix(".toml")
FROZEN = "6b6b58e1f96d25553a0fa156e754b8d8f03c021fdb017a7e0cd79bfe1b61f0a9"
"""SHA-256 of the plan as it was before the first run."""

REAL_MARKET = Path(__file__).parents[1] / "examples" / "real_market"
AS_OF = date(2023, 3, 31)
ACTIVE = "own:many-orders"


@dataclass(frozen=True)
class Pair:
    """Products of one topic and books on one: the same, or with no plausible link."""

    product: str
    book: str

    @property
    def matched(self) -> bool:
        """Whether they are expected to go together."""
        return self.product == self.book

    def __str__(self) -> str:
        return self.product if self.matched else f"{self.product} → {self.book}"


@dataclass(frozen=True)
class Plan:
    """The pre-registered file: its own traits, the pairs asked, and its SHA-256."""

    own: tuple[Own, ...]
    matched: tuple[Pair, ...]
    mismatched: tuple[Pair, ...]
    digest: str


def read_plan(path: Path = PLAN) -> Plan:
    """The plan, each trait built however few people have it, and the placebo of each topic."""
    raw = path.read_bytes()
    catalogue, _, questions = raw.decode().partition("\n[questions]\n")
    own = tuple(replace(o, floor=1) for o in parse_catalogue(catalogue, name=path.name).own)
    books = [o for o in own if o.name.endswith("-book")]
    others = tuple(
        replace(
            o, name=_other(o.name), label="any other book", title_any=(), title_none=o.title_any
        )
        for o in books
    )
    topics = [o.name.removesuffix("-book") for o in books]
    wrong = tomllib.loads(questions)["no_link"]
    return Plan(
        own + others,
        tuple(Pair(t, t) for t in topics),
        tuple(Pair(product, book) for product, book in wrong),
        hashlib.sha256(raw).hexdigest(),
    )


def _other(book: str) -> str:
    return book.removesuffix("-book") + "-other-book"


@dataclass(frozen=True)
class House:
    """The real people with their traits, ready to be asked again and again."""

    workspace: app.Context
    population: Population
    blocks: Blocks
    base: PersonSet

    @property
    def traits(self) -> tuple[Trait, ...]:
        """Every built trait."""
        return tuple(t for t in self.population.catalogue.traits if t.built)

    def trait(self, name: str) -> Trait:
        """One trait by name."""
        return find_trait(self.population.catalogue.traits, name)

    def people(self, rule: str) -> PersonSet:
        """Who fits a rule, by block."""
        plan = self.population.compile(rule)
        return {block: people[0] for block, people, _ in audiences.people(self.population, plan)}

    def outcome(self, rule: str) -> tuple[Outcome, OwnEvents]:
        """An outcome with its own events, as `app.discover` makes it."""
        plan, catalogue = self.population.compile(rule), self.population.catalogue
        text = audiences.to_text(plan.rule)
        outcome = discovery.outcome_of(text, plan.rule, catalogue, self.people(rule))
        w = self.workspace
        return outcome, own_events(w.engine, w.lake, self.population.build, outcome)


@contextmanager
def real_house(own: Sequence[Own], data: Path) -> Iterator[House]:
    """The people of Open e-commerce in a folder that is gone afterwards.

    Besides one's own traits it has the families of examples/real_market.
    """
    shown = parse_catalogue((REAL_MARKET / "traits.toml").read_text("utf-8"))
    with TemporaryDirectory(prefix="fullhouse-real-") as folder:
        files = open_ecommerce.read(data / "open_ecommerce", Path(folder) / "feeds")
        with app.init_house(str(Path(folder) / "house")) as workspace:
            for feed, file in (("shop-accounts", files.people), ("shop-orders", files.purchases)):
                app.ingest(
                    workspace, app.IngestFiles(REAL_MARKET / "feeds" / f"{feed}.toml", (str(file),))
                )
            app.people_resolve(workspace)
            catalogue = Catalogue(shown.families, tuple(own))
            app.traits_build(workspace, app.BuildTraits(as_of=AS_OF, catalogue=catalogue))
            population = audiences.population(workspace)
            blocks = Blocks(workspace.lake, population.build, Path(folder) / "cache")
            house = House(workspace, population, blocks, {})
            yield replace(house, base=house.people("everyone"))


@dataclass(frozen=True)
class Topics:
    """A house with the outcome and the placebo of every topic."""

    house: House
    books: Mapping[str, tuple[Outcome, OwnEvents]]
    others: Mapping[str, tuple[Outcome, OwnEvents]]

    @classmethod
    def of(cls, house: House, plan: Plan) -> "Topics":
        """Every topic of a plan."""
        topics = [p.book for p in plan.matched]
        return cls(
            house,
            {t: house.outcome(f"own:{t}-book") for t in topics},
            {t: house.outcome(f"own:{_other(f'{t}-book')}") for t in topics},
        )

    def ask(self, pair: Pair, base: PersonSet, *, placebo: bool = True) -> Affinity:
        """One pair, asked alone: its q is its p."""
        traits = [self.house.trait(f"own:{pair.product}-product")]
        return self.search(pair.book, traits, base, placebo=placebo).rows[0]

    def search(
        self, topic: str, traits: Sequence[Trait], base: PersonSet, *, placebo: bool = True
    ) -> OutcomeDiscovery:
        """Some traits against the books of a topic, the product's own way."""
        return compare(
            self.house.population.build,
            self.books[topic],
            traits=traits,
            base=base,
            blocks=self.house.blocks,
            placebo=self.others[topic] if placebo else None,
        )


def halves(people: PersonSet, split: int) -> tuple[PersonSet, PersonSet]:
    """The people cut in two by a keyed hash; the same for the same split."""
    first, second = {}, {}
    for block, some in people.items():
        ids = np.asarray(some.to_array(), dtype=np.uint32)
        heads = keyed_bits(ids, f"topic-pairs-{split}".encode()) < np.uint32(2**31)
        first[block], second[block] = BitMap(ids[heads]), BitMap(ids[~heads])
    return first, second


def above(row: Affinity) -> bool:
    """Whether the ratio is above 1; where nobody else has the outcome it is infinite."""
    return row.ratio > 1 if row.ratio is not None else bool(row.low)


def is_significant(row: Affinity) -> bool:
    """Whether one half would have said: they go together."""
    return row.p is not None and row.p < 0.05 and above(row)


@dataclass(frozen=True)
class Replicated:
    """One pair over all splits: halves that could test it, saw it, and saw it come back."""

    tested: int
    significant: int
    above: int
    repeated: int


def replicate(topics: Topics, pair: Pair, base: PersonSet, splits: int) -> Replicated:
    """Each half of each split in turn the first."""
    counts = np.zeros(4, dtype=int)
    for split in range(splits):
        rows = [topics.ask(pair, half, placebo=False) for half in halves(base, split)]
        for first, second in (rows, rows[::-1]):
            hit = is_significant(first)
            counts += [
                first.p is not None,
                hit,
                hit and above(second),
                hit and is_significant(second),
            ]
    return Replicated(*(int(c) for c in counts))


def rate(hits: Sequence[int], tries: Sequence[int], *, seed: int = 1) -> str:
    """A share over pairs in percent, with the 95 % interval of drawing the pairs anew."""
    top, bottom = np.array(hits, dtype=float), np.array(tries, dtype=float)
    if not bottom.sum():
        return "-"
    drawn = np.random.default_rng(seed).integers(len(top), size=(4000, len(top)))
    sums = bottom[drawn].sum(1)
    shares = top[drawn].sum(1)[sums > 0] / sums[sums > 0]
    low, high = 100 * np.quantile(shares, [0.025, 0.975])
    return f"{100 * top.sum() / bottom.sum():.0f} % ({low:.0f}–{high:.0f})"


def pooled(rows: Sequence[Affinity], *, seed: int = 1) -> str:
    """The mean ratio, each pair weighted by its precision; interval by drawing pairs anew."""
    usable = [r for r in rows if r.p is not None and r.ratio and r.low and r.high]
    if not usable:
        return "-"
    logs = np.log([r.ratio or 1 for r in usable])
    spread = np.array([math.log((r.high or 1) / (r.low or 1)) for r in usable])
    weights = spread**-2
    drawn = np.random.default_rng(seed).integers(len(logs), size=(4000, len(logs)))
    means = (weights * logs)[drawn].sum(1) / weights[drawn].sum(1)
    low, high = np.exp(np.quantile(means, [0.025, 0.975]))
    return f"{np.exp((weights * logs).sum() / weights.sum()):.2f} ({low:.2f}–{high:.2f})"


def pair_table(pairs: Sequence[Pair], rows: Sequence[Affinity], books: Mapping[str, int]) -> str:
    """One line for each pair, as found alone."""
    columns = (
        "pair",
        "products",
        "books",
        "both",
        "naive",
        "over strata",
        "p",
        "placebo",
        "verdict",
    )
    lines = [
        (
            str(pair),
            r.persons,
            books[pair.book],
            r.outcome_persons,
            _two(r.naive),
            f"{_two(r.ratio)} ({_two(r.low)}–{_two(r.high)})",
            "-" if r.p is None else f"{r.p:.2g}",
            _two(r.placebo),
            r.verdict if r.p is not None else "too few to test",
        )
        for pair, r in zip(pairs, rows, strict=True)
    ]
    return table(columns, lines)


def summary(name: str, rows: Sequence[Affinity], again: Sequence[Replicated]) -> tuple[str, ...]:
    """One line for matched pairs or for mismatched ones."""
    tested = [r for r in rows if r.p is not None]
    return (
        name,
        f"{len(tested)} of {len(rows)}",
        pooled(rows),
        str(sum(is_significant(r) for r in tested)),
        str(sum(r.p is not None and r.p < 0.05 and not above(r) for r in tested)),
        str(sum(r.verdict == "associated" for r in tested)),
        rate([a.significant for a in again], [a.tested for a in again]),
        rate([a.above for a in again], [a.significant for a in again]),
        rate([a.repeated for a in again], [a.significant for a in again]),
    )


SUMMARY = (
    "pairs",
    "tested",
    "mean ratio",
    "p < .05 above 1",
    "below 1",
    "verdict associated",
    "found in a half",
    "ratio > 1 in the other",
    "p < .05 in the other",
)


def report(topics: Topics, plan: Plan, base: PersonSet, what: str, splits: int) -> None:
    """Every pair among the people of a base, and whether it comes back in halves."""
    people = sum(len(p) for p in base.values())
    print(f"\n### {what}: {people:,} people\n")
    lines = []
    for name, pairs in (("same topic", plan.matched), ("no link", plan.mismatched)):
        books = {
            t: sum(len(p & base[b]) for b, p in seen.people.items() if b in base)
            for t, (seen, _) in topics.books.items()
        }
        rows = [topics.ask(p, base) for p in pairs]
        print(pair_table(pairs, rows, books), "\n", flush=True)
        again = [replicate(topics, p, base, splits) for p in pairs]
        lines.append(summary(name, rows, again))
    print(table(SUMMARY, lines), flush=True)


def search_table(topics: Topics, plan: Plan, base: PersonSet) -> str:
    """What a search through every trait finds for each topic's books."""
    traits, lines = topics.house.traits, []
    # The topic's own rules are what is asked; only the traits that expand by themselves count.
    chosen = [t for t in traits if t.family != "own"]
    for pair in plan.matched:
        seen = topics.search(pair.book, chosen, base)
        hits = [f"{r.trait} {_two(r.ratio)}" for r in seen.of("associated")]
        lines.append((pair.book, seen.outcome_people, seen.tested, seen.verdict, len(hits), hits))
    shown = [(*line[:5], "; ".join(line[5][:12])) for line in lines]
    return table(("books", "people", "tested", "verdict", "found", "strongest"), shown)


def _two(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def main(arguments: Sequence[str] | None = None) -> Any:
    """Print every table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--splits", type=int, default=20)
    parser.add_argument("--search", action="store_true")
    asked = parser.parse_args(arguments)
    plan = read_plan()
    same = (
        "as fixed before the first run" if plan.digest == FROZEN else "CHANGED since it was fixed"
    )
    print(f"{PLAN.name}: SHA-256 {plan.digest}, {same}", flush=True)
    with real_house(plan.own, data_folder()) as house:
        topics = Topics.of(house, plan)
        report(topics, plan, house.people(ACTIVE), "at least 50 orders", asked.splits)
        report(topics, plan, house.base, "everybody", asked.splits)
        if asked.search:
            print("\n### Searched through every trait, everybody\n")
            print(search_table(topics, plan, house.base))


if __name__ == "__main__":
    main()
