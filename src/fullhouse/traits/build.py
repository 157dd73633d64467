"""Build the traits of a house as of a date: plan it, count block after block, then write."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pyarrow as pa

from fullhouse.core.arrays import Flags, Integers, Ints32
from fullhouse.core.errors import InputError
from fullhouse.core.leftovers import TemporaryFolder
from fullhouse.core.progress import Progress, silent
from fullhouse.core.tables import (
    ACCOUNT_PERSON,
    ACCOUNT_TABLE,
    DEMOGRAPHICS,
    FILM,
    ITEM,
    ITEM_TRAIT,
    PERSON_EVENT,
    PERSON_TABLE,
    PERSON_TRAIT,
    PRODUCT,
    TRAIT_BITMAP,
    TRAIT_BUILD,
    Snapshot,
)
from fullhouse.core.values import BLOCK_BITS
from fullhouse.engine import Engine, Scratch
from fullhouse.engine.expr import ibis
from fullhouse.lake import Lake
from fullhouse.lake.lake import BITMAPS, PERSONS
from fullhouse.traits.catalogue import Catalogue
from fullhouse.traits.expand import expand
from fullhouse.traits.facts import expand_facts
from fullhouse.traits.kernel import PriceLevels, price_levels
from fullhouse.traits.layout import items_as_of, nullable
from fullhouse.traits.plan import BuildPlan, make_plan
from fullhouse.traits.rows import Totals, bitmap_table, bitmaps, person_rows
from fullhouse.traits.select import Items, ItemsByKind, is_narrow
from fullhouse.traits.store import builds, finish, write_traits
from fullhouse.traits.tally import BlockEvents, BlockTally, of_block, read_events, tally
from fullhouse.traits.trait import Build, Trait

if TYPE_CHECKING:
    import ibis.expr.types as ir


@dataclass(frozen=True)
class PersonsAsOf:
    """Rows of `person`, those described anew since the date corrected."""

    engine: Engine
    snapshot: Snapshot
    corrected: ir.Table | None

    def rows(self, block: int | None = None) -> ir.Table:
        """All persons, or those of one block."""
        files = self.snapshot if block is None else of_block(self.snapshot, block)
        persons = self.engine.scan(files)
        then = self.corrected
        if block is not None:
            persons = persons.filter(persons.block == block)
            then = None if then is None else then.filter(then.block == block)
        if then is None:
            return persons
        rest = persons.anti_join(then.select("person"), "person")
        return ibis.union(nullable(rest), nullable(then))


def base_as_of(
    engine: Engine, inputs: dict[str, Snapshot], scratch: Scratch, *, as_of: date
) -> PersonsAsOf:
    """The persons as their accounts described them by a date.

    People of whom nothing was said by then are described as they are now: accounts are often
    loaded after the fact. Who is a person, and which accounts are theirs, is as it is now.
    """
    described = engine.scan(inputs["account"])
    late = (described.at.date() > ibis.literal(as_of)).cast("int64")
    newest = engine.arrow(described.aggregate(late=late.max()))["late"][0].as_py()
    if not newest:
        return PersonsAsOf(engine, inputs["person"], None)
    accounts = engine.scan(inputs["account_person"])
    block = (accounts.person >> BLOCK_BITS).cast("int32")
    members = accounts.select("source", "account", "person", block=block)
    words = described.mutate(late=late).join(members, ["source", "account"])
    by_person = words.group_by("person").aggregate(n=words.count(), late=words.late.sum())
    changed = by_person.filter(by_person.late > 0, by_person.late < by_person.n).select("person")
    # Here, since everybody who reads traits imports this package, and few of them build.
    from fullhouse.people.persons import persons as persons_of

    then = persons_of(
        members.semi_join(changed, "person"),
        words.filter(words.late == 0)
        .semi_join(changed, "person")
        .select(
            "person", "block", "source", "account", "at", "batch", *(c.name for c in DEMOGRAPHICS)
        ),
    )
    return PersonsAsOf(engine, inputs["person"], scratch.keep(then))


COUNTS_ITEMS = ("word", "genre", "saw", "wants", "trailer", "searched")
"""Families that need to know how many events each item has."""


@dataclass(frozen=True)
class Survey:
    """A plan, the events of each block by kind, the items of each counted trait, the caps."""

    plan: BuildPlan
    events: dict[int, dict[str, int]]
    about: list[Ints32]
    capped: dict[str, int]


def survey(
    engine: Engine,
    inputs: dict[str, Snapshot],
    base: PersonsAsOf,
    catalogue: Catalogue,
    *,
    as_of: date,
    floor: int,
) -> Survey:
    """Expand a catalogue on the snapshots of a house as of a date."""
    items = items_as_of(engine, inputs["item"], inputs["product"], inputs["film"], as_of)
    by_kind = ItemsByKind(items)
    laid = engine.scan(inputs["person_event"])
    events, sources = _sizes(engine, laid)
    kinds = _kinds(engine, laid, catalogue, events, as_of)
    expansion = expand(catalogue, by_kind, kinds)
    price = _price(engine, laid, catalogue, by_kind.products, items.num_rows, as_of)
    plan = make_plan(
        catalogue,
        expansion.counted,
        expand_facts(engine, base.rows(), catalogue, as_of),
        price if kinds.get("purchase") else None,
        sources,
        items=items.num_rows,
        kinds=kinds,
        as_of=as_of,
        floor=floor,
    )
    about = [c.items for c in expansion.counted if c.items is not None]
    return Survey(plan, events, about, expansion.capped)


def _sizes(engine: Engine, laid: ir.Table) -> tuple[dict[int, dict[str, int]], list[str]]:
    """Block → kind → events, whatever their date; and the sources there are."""
    sizes = laid.group_by(["kind", "block", "source"]).aggregate(n=laid.count())
    rows = engine.arrow(sizes).to_pylist()
    by_block: dict[int, dict[str, int]] = {}
    for r in rows:
        here = by_block.setdefault(r["block"], {})
        here[r["kind"]] = here.get(r["kind"], 0) + r["n"]
    return by_block, sorted({r["source"] for r in rows})


def _kinds(
    engine: Engine,
    laid: ir.Table,
    catalogue: Catalogue,
    events: dict[int, dict[str, int]],
    as_of: date,
) -> dict[str, dict[int, int]]:
    """Kind → item → events up to the date; the kinds alone where no family asks for more."""
    if not any(catalogue.family(f) for f in COUNTS_ITEMS):
        return {k: {-1: 1} for by_kind in events.values() for k in by_kind}
    until = laid.filter(laid.day <= ibis.literal(as_of))
    counted = engine.arrow(until.group_by(["kind", "item"]).aggregate(n=until.count()))
    columns = (counted[c].to_pylist() for c in ("kind", "item", "n"))
    by_kind: dict[str, dict[int, int]] = {}
    for kind, item, n in zip(*columns, strict=True):
        by_kind.setdefault(kind, {})[item] = n
    return by_kind


def _price(
    engine: Engine,
    laid: ir.Table,
    catalogue: Catalogue,
    products: Items,
    items: int,
    as_of: date,
) -> PriceLevels | None:
    family = catalogue.family("price")
    if family is None:
        return None
    bought = laid.filter(laid.kind == "purchase")
    days = family.window_days
    return price_levels(engine, bought, products, items, as_of=as_of, window_days=days)


BLOCKS_AT_ONCE = 32
"""Rows of so many blocks are committed together: 34 million people."""
WORKERS = 2
"""Blocks in work at a time. Each holds its events; NumPy lets other threads run while it sorts."""

Item = TypeVar("Item")
Result = TypeVar("Result")


class TwoPasses:
    """The two passes of a build over its blocks, with the blocks put aside in a folder between."""

    def __init__(
        self,
        engine: Engine,
        events: Snapshot,
        base: PersonsAsOf,
        surveyed: Survey,
        folder: Path,
        *,
        progress: Progress,
    ) -> None:
        self.engine, self.events, self.surveyed, self.folder = engine, events, surveyed, folder
        self.progress = progress
        self.totals = Totals(surveyed.plan)
        self._engine_lock = Lock()
        self.base = base
        blocks = engine.arrow(base.rows().select("block").distinct())["block"].to_pylist()
        self.blocks: list[int] = sorted(blocks)

    def count(self) -> None:
        """Count every block and add it to the totals."""
        for done, (counted, sources) in enumerate(ahead(self.blocks, self._count)):
            self.progress("Counting", done, len(self.blocks))
            self.totals.add(counted, sources)

    def write(self, lake: Lake, traits: list[Trait], build: int) -> None:
        """Write the bitmaps and the persons' rows of the traits that are built."""
        built = np.array([t.built for t in traits], np.bool_)
        cuts = {s: self.totals.cut(s) for s in self.surveyed.plan.active}
        for start in range(0, len(self.blocks), BLOCKS_AT_ONCE):
            some = self.blocks[start : start + BLOCKS_AT_ONCE]
            maps: list[tuple[int, int, int, bytes]] = []
            rows = self._rows(some, start, maps, built, cuts, build)
            stream = pa.RecordBatchReader.from_batches(PERSON_TRAIT.schema, rows)
            lake.append(PERSON_TRAIT, stream, batch=f"persons {build}/{start}", writer=PERSONS)
            table = bitmap_table(build, maps)
            lake.append(TRAIT_BITMAP, table, batch=f"bitmaps {build}/{start}", writer=BITMAPS)

    def _count(self, block: int) -> tuple[BlockTally, pa.ChunkedArray]:
        persons = self._persons(block, ["person", "sources"])

        def read(kind: str, within: tuple[int, int]) -> BlockEvents:
            price = self.surveyed.plan.price
            with self._engine_lock:
                return read_events(
                    self.engine,
                    self.events,
                    kind,
                    block,
                    within,
                    as_of=self.surveyed.plan.as_of,
                    need=self.surveyed.plan.need,
                    sources=list(self.surveyed.plan.active),
                    currencies=price.currencies if price else [],
                )

        events = self.surveyed.events.get(block, {})
        counted = tally(self.surveyed.plan, persons["person"].to_numpy(), read, events)
        counted.save(self.folder / f"{block}.npy")
        return counted, persons["sources"]

    def _rows(
        self,
        some: list[int],
        start: int,
        maps: list[tuple[int, int, int, bytes]],
        built: Flags,
        cuts: dict[str, dict[int, int]],
        build: int,
    ) -> Iterator[pa.RecordBatch]:
        """The persons' rows of some blocks; their bitmaps are added to `maps` on the way."""

        def one(block: int) -> tuple[pa.Table, list[tuple[int, int, int, bytes]]]:
            counted = BlockTally.load(self.folder / f"{block}.npy")
            columns = self._columns(block, counted, cuts)
            of_traits = bitmaps(block, counted, columns, built)
            rows = person_rows(build, block, counted, columns, built)
            return rows, [(trait, block, n, data) for trait, n, data in of_traits]

        for done, (table, counted) in enumerate(ahead(some, one)):
            self.progress("Writing", start + done, len(self.blocks))
            maps += counted
            yield from table.to_batches()

    def _columns(
        self, block: int, counted: BlockTally, cuts: dict[str, dict[int, int]]
    ) -> Integers:
        """The candidates of each person that are not about items, ascending."""
        parts = [counted.columns]
        for n, (source, start) in enumerate(self.surveyed.plan.active.items()):
            cut = cuts[source]
            values, at = np.unique(counted.active[:, n], return_inverse=True)
            place = np.array([start + cut[v] if v > 0 else -1 for v in values.tolist()], np.int32)
            parts.append(place[at][:, None])
        if self.surveyed.plan.facts:
            persons = self._persons(block)
            for start, family in self.surveyed.plan.facts:
                held = family.of(persons)
                parts.append(np.where(held >= 0, held + start, -1).astype(np.int32))
        return np.concatenate(parts, axis=1)

    def _persons(self, block: int, columns: list[str] | None = None) -> pa.Table:
        with self._engine_lock:
            rows = self.base.rows(block)
            table = self.engine.arrow(rows.select(columns) if columns else rows)
        person = table["person"].to_numpy()
        ascending = bool((person[1:] > person[:-1]).all())
        return table if ascending else table.sort_by("person")


def ahead(items: Iterable[Item], work: Callable[[Item], Result]) -> Iterator[Result]:
    """The results of some work in order, a few of them being worked on ahead of the reader."""
    with ThreadPoolExecutor(WORKERS) as pool:
        waiting: deque[Future[Result]] = deque()
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > WORKERS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


INPUTS = (ITEM, PERSON_EVENT, PERSON_TABLE, ACCOUNT_PERSON, ACCOUNT_TABLE, PRODUCT, FILM)


@dataclass(frozen=True)
class Built:
    """A build, whether an earlier one was reused, and what the caps of its families left out."""

    build: Build
    reused: bool
    capped: dict[str, int]


@dataclass(frozen=True)
class Inputs:
    """The snapshots that a build reads."""

    of: dict[str, Snapshot]

    @classmethod
    def now(cls, lake: Lake) -> Inputs:
        """The newest ones."""
        return cls({t.name: lake.snapshot(t) for t in INPUTS})

    @property
    def text(self) -> str:
        """Their versions as JSON."""
        return json.dumps({n: s.version for n, s in sorted(self.of.items())})


def build(
    engine: Engine,
    lake: Lake,
    catalogue: Catalogue,
    *,
    as_of: date,
    floor: int,
    at: datetime,
    progress: Progress = silent,
) -> Built:
    """Build every trait of a catalogue as of a date, over the data as laid out.

    The same inputs, date, floor and catalogue give the earlier build again and write nothing. The
    row that makes a build visible is written last, so one that crashed was never there.
    """
    inputs = Inputs.now(lake)
    if not inputs.of["person"].uris:
        raise InputError(code="no_persons")
    earlier = _same_build(lake, inputs, catalogue, as_of, floor)
    if earlier is not None:
        return Built(earlier, reused=True, capped={})
    number = _claim(lake)
    with (
        TemporaryFolder("traits") as folder,
        Scratch(engine, lake.place.root) as scratch,
    ):
        base = base_as_of(engine, inputs.of, scratch, as_of=as_of)
        surveyed = survey(engine, inputs.of, base, catalogue, as_of=as_of, floor=floor)
        laid = inputs.of["person_event"]
        run = TwoPasses(engine, laid, base, surveyed, folder.path, progress=progress)
        run.count()
        traits = run.totals.traits()
        run.write(lake, traits, number)
    lake.append(ITEM_TRAIT, _items(traits, surveyed.about, number), batch=f"items {number}")
    write_traits(lake, number, traits, batch=f"traits {number}")
    persons, built = run.totals.persons, sum(t.built for t in traits)
    rare = len(traits) - built
    done = Build(number, as_of, at, persons, built, rare, floor, catalogue.text, inputs.text)
    finish(lake, done, batch=f"build {number}")
    return Built(done, reused=False, capped=surveyed.capped)


def _same_build(
    lake: Lake, inputs: Inputs, catalogue: Catalogue, as_of: date, floor: int
) -> Build | None:
    wanted = (as_of, floor, catalogue.text, inputs.text)
    same = [b for b in builds(lake) if (b.as_of, b.floor, b.catalogue, b.inputs) == wanted]
    return same[-1] if same else None


def _claim(lake: Lake) -> int:
    """The next number, taken for good: no other build gets it, even after a crash."""
    number = max((b.id for b in builds(lake)), default=0) + 1
    empty = TRAIT_BUILD.schema.empty_table()
    while not lake.append(TRAIT_BUILD, empty, batch=f"claim {number}"):
        number += 1
    return number


def _items(traits: list[Trait], about: list[Ints32], build: int) -> pa.Table:
    """Rows of `item_trait` for the built traits that are narrowed to some items."""
    some = [n for n, _ in enumerate(about) if traits[n].built and is_narrow(traits[n])]
    sizes = [len(about[n]) for n in some]
    items = [about[n] for n in some]
    return pa.table(
        {
            "build": pa.array(np.full(sum(sizes), build, np.int64)),
            "trait": pa.array(np.repeat(np.array(some, np.int32), sizes)),
            "item": pa.array(np.concatenate([np.empty(0, np.int32), *items])),
        }
    )
