"""Look at what a house has, as of a date, and plan a build of its catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from fullhouse.core.arrays import Ints32
from fullhouse.core.tables import DEMOGRAPHICS, Snapshot
from fullhouse.core.values import BLOCK_BITS
from fullhouse.engine import Engine, Scratch
from fullhouse.engine.expr import ibis
from fullhouse.people.persons import persons as persons_of
from fullhouse.traits.catalogue import Catalogue
from fullhouse.traits.expand import expand
from fullhouse.traits.facts import expand_facts
from fullhouse.traits.kernel import PriceLevels, price_levels
from fullhouse.traits.layout import items_as_of, nullable
from fullhouse.traits.plan import BuildPlan, make_plan
from fullhouse.traits.select import Items
from fullhouse.traits.tally import of_block

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
    then = persons_of(
        members.semi_join(changed, "person"),
        words.filter(words.late == 0)
        .semi_join(changed, "person")
        .select(
            "person", "block", "source", "account", "at", "batch", *(c.name for c in DEMOGRAPHICS)
        ),
    )
    return PersonsAsOf(engine, inputs["person"], scratch.keep(then))


COUNTS_ITEMS = ("word", "genre", "saw", "wants")
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
    products, films = Items.of(items, "product"), Items.of(items, "film")
    laid = engine.scan(inputs["person_event"])
    events, sources = _sizes(engine, laid)
    kinds = _kinds(engine, laid, catalogue, events, as_of)
    expansion = expand(catalogue, products, films, kinds)
    price = _price(engine, laid, catalogue, products, items.num_rows, as_of)
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
