"""The card page of a film over a big base: affinities, sheet, cards and exact counts.

python -m benchmarks.card_page [--people N ...] [--seed N] [--per-person N] [--library-up-to N]

Made-up people with 1,800 things to buy, genres, films, cities, gender, age and levels of going out.
16 of the things go with the film beyond the obvious. Times are warm: every part is the best of
some runs of the whole page, which is itself the best of them. `counts` and `activity` are parts
of `affinities`, taken beside it. The base's margins and the bitmaps of traits are made once and
not timed. DuckDB counts the same table, people by trait and stratum in base and seed, from pairs.
"""

import argparse
import gc
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyroaring import BitMap

from benchmarks.affinity import BLOCK, TRAITS, Files, Made
from benchmarks.measure import best_of, in_own_process, machine, table
from fullhouse.audiences import parse
from fullhouse.audiences.rule import And, Name, Or, Rule
from fullhouse.core.arrays import Integers
from fullhouse.core.person_sets import PersonSet
from fullhouse.discovery import count as counting
from fullhouse.discovery.card import Card
from fullhouse.discovery.cards import find_cards
from fullhouse.discovery.columns import ComparedTraits, ObviousTraits, obvious_traits
from fullhouse.discovery.compare import compare
from fullhouse.discovery.count import CountPlan, Counts
from fullhouse.discovery.coverage import GOING, exact_card, with_overlaps
from fullhouse.discovery.strata import QUANTILES, groups_for
from fullhouse.sample.outcome import Outcome, OwnEvents
from fullhouse.sample.sheet import sheet
from fullhouse.traits.blocks import write_block
from fullhouse.traits.trait import KINDS, Build, Trait

THINGS = 1800
GENRES = tuple(f"genre:g{i}" for i in range(20))
GENDERS = ("gender:female", "gender:male")
AGES = tuple(f"age:{a}" for a in ("18-24", "25-34", "35-44", "45-54", "55-64", "65+"))
LEVELS = tuple(f"moviegoer:{a}" for a in ("frequent", "occasional", "recent", "lapsed"))
CITIES = tuple(f"city:c{i}" for i in range(40))
FACTS = (GENDERS, AGES, LEVELS, CITIES)
KNOWN = (0.7, 0.6, 0.6, 0.8)
"""Share of people of whom each of these is known."""
DRAWING = range(100, 1700, 100)
"""Things whose buyers are twice as likely in the seed."""
KEY = b"card page"
BUILD = Build(1, date(2025, 7, 1), datetime(2025, 7, 1, tzinfo=UTC), 0, TRAITS, 0, 0, "", "")


def traits_made() -> list[Trait]:
    """The traits of the house, by number."""
    names = [f"buys:t{i}" for i in range(THINGS)]
    names += [*GENRES, *(name for facts in FACTS for name in facts)]
    names += [f"saw:f{i}" for i in range(TRAITS - len(names))]
    return [_trait(i, name) for i, name in enumerate(names)]


def _trait(number: int, name: str) -> Trait:
    family, _, slug = name.partition(":")
    kind = {"buys": "purchase", "genre": "ticket", "saw": "ticket"}.get(family)
    definition: dict[str, Any] = {} if kind is None else {"kinds": [kind], "min_events": 1}
    if family == "saw":
        definition["film"] = slug
    return Trait(number, name, family, name, kind or "person", definition, 1, {}, True)


@dataclass(frozen=True)
class Whole:
    """One whole block; all blocks of a house have the same people in it."""

    offsets: Integers
    traits: Integers
    purchases: npt.NDArray[np.int32]
    tickets: npt.NDArray[np.int32]
    drawn: npt.NDArray[np.float64]
    """How likely each is in the seed, relative to everybody's mean."""

    def holders(self, trait: int) -> npt.NDArray[np.uint32]:
        """The rows of those with a trait."""
        at = np.flatnonzero(self.traits == trait)
        return (np.searchsorted(self.offsets, at, side="right") - 1).astype(np.uint32)


@cache
def whole(per_person: int) -> Whole:
    """The people of `benchmarks.affinity`, with facts in place of its rarest traits."""
    offsets, traits, _, purchases = Made(BLOCK, 1, per_person).block(0)
    g = np.random.default_rng(2)
    owner = np.repeat(np.arange(BLOCK), np.diff(offsets))
    first = THINGS + len(GENRES)
    last = first + sum(len(f) for f in FACTS)
    kept = (traits < first) | (traits >= last)
    owners, trait_lists = [owner[kept]], [traits[kept].astype(np.int64)]
    for facts, share in zip(FACTS, KNOWN, strict=True):
        known = np.flatnonzero(g.random(BLOCK) < share)
        owners.append(known)
        trait_lists.append(first + (len(facts) * g.random(len(known)) ** 1.5).astype(np.int64))
        first += len(facts)
    keys = np.sort(np.concatenate(owners) << 16 | np.concatenate(trait_lists))
    owner, traits = keys >> 16, keys & 0xFFFF
    seen = ((traits >= THINGS) & (traits < THINGS + len(GENRES))) | (traits >= last)
    tickets = np.bincount(owner[seen], minlength=BLOCK) + g.poisson(g.gamma(0.6, 3, BLOCK))
    drawn = tickets.astype(np.float64)
    draws = np.isin(traits, [*DRAWING, THINGS, THINGS + len(GENRES)])
    drawn *= 2.0 ** np.bincount(owner[draws], minlength=BLOCK)
    starts = np.searchsorted(owner, np.arange(BLOCK + 1)).astype(np.int32)
    return Whole(
        starts,
        traits.astype(np.int32),
        np.asarray(purchases, np.int32),
        tickets.astype(np.int32),
        drawn / drawn.mean(),
    )


def size_of(made: Made, number: int) -> int:
    """How many people are in a block."""
    return min(BLOCK, made.people - number * BLOCK)


def make(made: Made, folder: Path) -> None:
    """Write the blocks as `discovery.blocks` does."""
    folder.mkdir(parents=True, exist_ok=True)
    one = whole(made.per_person)
    for number in range(made.blocks):
        size = size_of(made, number)
        offsets = one.offsets[: size + 1]
        traits = one.traits[: offsets[-1]]
        active = {"purchase": one.purchases[:size], "ticket": one.tickets[:size]}
        nothing = np.zeros(size, np.int32)
        rows = {
            "person": pa.array(np.arange(size) + number * BLOCK),
            "traits": pa.ListArray.from_arrays(offsets, pa.array(traits)),
            "events": pa.ListArray.from_arrays(offsets, pa.array(np.ones_like(traits))),
            **{k: pa.array(active.get(k, nothing)) for k in KINDS},
        }
        write_block(folder / f"{number}.arrow", pa.table(rows))


def seed_of(made: Made, number: int) -> npt.NDArray[np.uint32]:
    """The seed in a block: by how often they go out, what they buy, genre and gender."""
    size = size_of(made, number)
    chance = whole(made.per_person).drawn[:size] * (made.seed / made.people)
    picked = np.flatnonzero(np.random.default_rng((7, number)).random(size) < chance)
    return picked.astype(np.uint32) + np.uint32(number * BLOCK)


def outcome_of(made: Made) -> tuple[Outcome, OwnEvents, PersonSet]:
    """The seed, its own events (one ticket each), and a tenth of it who showed interest."""
    by_block = [seed_of(made, n) for n in range(made.blocks)]
    persons = np.concatenate(by_block).astype(np.int64)
    counts = np.zeros((len(KINDS), len(persons)), dtype=np.int32)
    counts[KINDS.index("ticket")] = 1
    none = np.zeros(0, np.int64)
    needed = tuple(int(k == "ticket") for k in KINDS)
    film = {"kinds": ["ticket"], "min_events": 1, "film": "ours"}
    member = Trait(TRAITS, "saw:ours", "saw", "", "ticket", film, 1, {}, False)
    seed = Outcome("saw:ours", {n: BitMap(p) for n, p in enumerate(by_block)}, (member,))
    own = OwnEvents(persons, counts, needed, (none, none, none))
    return seed, own, {n: BitMap(p[p % 10 == 0]) for n, p in enumerate(by_block)}


def everyone_of(made: Made) -> PersonSet:
    """Everybody, by block."""
    starts = [(n, n * BLOCK) for n in range(made.blocks)]
    return {n: BitMap(range(at, at + size_of(made, n))) for n, at in starts}


def keep_margins(made: Made, files: Any, base: counting.ComparedPeople, plan: CountPlan) -> None:
    """Keep the base's margins as `count` does: those of one block, which all the others have."""
    every = Counts(plan)
    parts = {size_of(made, n): n for n in range(made.blocks)}
    for size, n in parts.items():
        here = {n: base.people[n]}
        counted = counting.count_people(files, plan, here, here, None)
        for _ in range(sum(size_of(made, m) == size for m in range(made.blocks))):
            every.plus(counted)
    counting.save_counts(files.home / f"base-{counting.margins_key(base, plan)}.npz", every)


class Bitmaps:
    """Who has each trait, by block, made once a trait: what a house's lake holds."""

    def __init__(self, made: Made) -> None:
        self._made = made
        self._numbers = {t.name: t.id for t in traits_made()}
        self._known: dict[str, PersonSet] = {}

    def of(self, trait: str) -> PersonSet:
        """The people with one trait."""
        if trait not in self._known:
            rows = whole(self._made.per_person).holders(self._numbers[trait])
            self._known[trait] = {
                n: BitMap(rows[: np.searchsorted(rows, size_of(self._made, n))] + n * BLOCK)
                for n in range(self._made.blocks)
            }
        return self._known[trait]

    def fitting(self, rule: Rule) -> PersonSet:
        """The people who fit a rule."""
        match rule:
            case Name(name):
                return self.of(name)
            case And(parts):
                each = [self.fitting(p) for p in parts]
                return {b: BitMap.intersection(*(e[b] for e in each)) for b in each[0]}
            case Or(parts):
                each = [self.fitting(p) for p in parts]
                return {b: BitMap.union(*(e[b] for e in each)) for b in each[0]}
        raise AssertionError(rule)


def exact(bitmaps: Bitmaps, obvious: ObviousTraits, cards: Sequence[Card]) -> tuple[Card, ...]:
    """Cards with exact numbers and overlaps, as `pipeline.film_counts` does."""
    going = bitmaps.fitting(parse(" | ".join(f"moviegoer:{g}" for g in GOING)))
    assert obvious.rule is not None
    known = bitmaps.fitting(parse(obvious.rule))
    holders = [bitmaps.fitting(parse(c.rule)) for c in cards]
    return with_overlaps(
        tuple(
            exact_card(c, holders_of, c.base_people, going, known)
            for c, holders_of in zip(cards, holders, strict=True)
        ),
        holders,
    )


@dataclass(frozen=True)
class Page:
    """Seconds of each part, the whole of it, and what it found."""

    seconds: dict[str, float]
    seed: int
    cards: int
    drawing: int
    tested: int


@contextmanager
def _timed(into: dict[str, float], part: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    into[part] = min(into.get(part, np.inf), time.perf_counter() - start)


def page(made: Made, folder: Path, runs: int) -> Page:
    """The card page some times over; the best of each part and of the whole."""
    files: Any = Files(folder, range(made.blocks))
    traits, everyone, bitmaps = traits_made(), everyone_of(made), Bitmaps(made)
    outcome, own, interest = outcome_of(made)
    obvious = obvious_traits(traits, genres=["g0"], talent_films={"f0", "f1"})
    names = tuple(t.name for t in traits if t.family in ("buys", "gender", "age"))
    seconds: dict[str, float] = {}
    for _ in range(runs):
        with _timed(seconds, "activity"):
            base = counting.measure_base(files, everyone)
    groups, of_trait = groups_for(traits, outcome.kinds, base.histograms, quantiles=QUANTILES)
    keep_margins(made, files, base, CountPlan.of(traits, groups, of_trait, outcome.kinds))
    seconds["counts"], _ = best_of(_counts(files, base, outcome, own, traits), runs=runs)
    cards: tuple[Card, ...] = ()
    for run in range(runs):
        if run == 1:
            # The first page made the bitmaps of its cards.
            seconds.pop("exact"), seconds.pop("all")
        gc.collect()
        with _timed(seconds, "all"):
            with _timed(seconds, "affinities"):
                answer = compare(BUILD, (outcome, own), traits=traits, base=everyone, blocks=files)
                affinities = {r.trait: r for r in answer.rows}
            with _timed(seconds, "sheet"):
                people = sheet(
                    files, everyone, outcome.people, own, traits, key=KEY, interest=interest
                )
            with _timed(seconds, "cards"):
                compared = ComparedTraits("everyone", people, affinities, names)
                shown = find_cards([compared], obvious, key=KEY)
            with _timed(seconds, "exact"):
                cards = exact(bitmaps, obvious, shown.cards)
    real = {f"buys:t{i}" for i in DRAWING}
    return Page(
        seconds,
        len(own.persons),
        len(cards),
        sum(bool(real & {*c.traits}) for c in cards),
        shown.tested,
    )


def _counts(
    files: Any, base: counting.ComparedPeople, outcome: Outcome, own: OwnEvents, traits: list[Trait]
) -> Callable[[], counting.CountTables]:  # fmt: skip
    return lambda: counting.count(files, base, outcome, own, traits, quantiles=QUANTILES)


def library(made: Made, folder: Path) -> float:
    """DuckDB: seconds for people by thing and stratum, in base and seed; it must count as we do."""
    files: Any = Files(folder, range(made.blocks))
    traits = traits_made()[:THINGS]
    base = counting.measure_base(files, everyone_of(made))
    outcome, own, _ = outcome_of(made)
    (group,), _ = groups_for(traits, outcome.kinds, base.histograms, quantiles=QUANTILES)
    with duckdb.connect(str(folder / "pairs.duckdb")) as store:
        store.execute("SET enable_progress_bar = false")
        store.execute("CREATE TABLE pairs (person UINTEGER, trait USMALLINT)")
        store.execute("CREATE TABLE people (person UINTEGER, stratum USMALLINT, seed UTINYINT)")
        for block in files:
            owner = block.persons[np.repeat(np.arange(len(block.persons)), np.diff(block.offsets))]
            store.register("p", pa.table({"person": owner, "trait": block.traits}))
            store.execute(f"INSERT INTO pairs SELECT * FROM p WHERE trait < {THINGS}")
            every = np.arange(len(block.persons))
            seed = np.isin(block.persons, seed_of(made, block.block))
            strata = group.strata(block.activity_of(every))
            person = pa.table({"person": block.persons, "stratum": strata, "seed": seed})
            store.register("q", person)
            store.execute("INSERT INTO people SELECT * FROM q")
        query = (
            "SELECT trait, stratum, count(*) AS n, sum(seed)::BIGINT AS a"
            " FROM pairs JOIN people USING (person) GROUP BY trait, stratum"
        )
        seconds, fetched = best_of(lambda: store.execute(query).fetchnumpy(), runs=2)
    ours = counting.count(files, base, outcome, own, traits, quantiles=QUANTILES)
    ((rows, (a, n1, _, _)),) = ours.tables
    for name, values in (("a", a), ("n", n1)):
        theirs = np.zeros(values.shape)
        theirs[fetched["trait"], fetched["stratum"]] = fetched[name]
        assert (theirs[rows] == values).all(), "the library counts something else"
    return seconds


PARTS = ("activity", "counts", "affinities", "sheet", "cards", "exact", "all")


def run(made: Made, runs: int, library_up_to: int) -> tuple[Page, tuple[object, ...]]:
    """The page of one size, and its row of the table."""
    folder = Path(tempfile.mkdtemp(prefix="card-page-"))
    try:
        started = time.perf_counter()
        make(made, folder)
        print(f"made {made.people:,} people in {time.perf_counter() - started:.0f} s", flush=True)
        _, peak, cards = in_own_process(page, made, folder, runs)
        theirs: float | str = "-"
        if made.people <= library_up_to:
            _, _, theirs = in_own_process(library, made, folder)
        times = [cards.seconds[p] for p in PARTS]
        drawing = f"{cards.drawing} of {cards.cards}"
        row = (made.people, cards.seed, *times, peak, theirs, cards.tested, drawing)
        print(table(HEAD, [row]), flush=True)
        return cards, row
    finally:
        shutil.rmtree(folder, ignore_errors=True)


HEAD = (
    "people", "seed", *PARTS, "peak GB", "DuckDB: counts", "tested", "cards that are real",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--people", type=int, nargs="+", default=[1_000_000, 10_000_000, 100_000_000]
    )
    parser.add_argument("--seed", type=int, default=1_000_000, help="at most 1 % of the people")
    parser.add_argument("--per-person", type=int, default=20)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--library-up-to", type=int, default=10_000_000)
    options = parser.parse_args()
    print(f"The card page, {TRAITS:,} traits, {machine()}\n", flush=True)
    pages, rows = [], []
    for people in options.people:
        made = Made(people, min(options.seed, people // 100), options.per_person)
        result, row = run(made, options.runs, options.library_up_to)
        pages.append(result)
        rows.append(row)
    growth = [pages[-1].seconds[p] / pages[0].seconds[p] for p in PARTS]
    rows.append(("× from first to last", "", *growth, "", "", "", ""))
    print("\n" + table(HEAD, rows))


if __name__ == "__main__":
    main()
