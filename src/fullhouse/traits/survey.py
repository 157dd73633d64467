"""Look at what a house has, and plan a build of its catalogue."""

from dataclasses import dataclass
from datetime import date

import ibis
import ibis.expr.types as ir

from fullhouse.core.arrays import Ints32
from fullhouse.core.tables import Snapshot
from fullhouse.engine import Engine
from fullhouse.traits.base import Base
from fullhouse.traits.catalogue import Catalogue
from fullhouse.traits.expand import expand
from fullhouse.traits.facts import expand_facts
from fullhouse.traits.items import items_as_of
from fullhouse.traits.levels import PriceLevels, price_levels
from fullhouse.traits.plan import Plan, make_plan
from fullhouse.traits.select import Items

COUNTS_ITEMS = ("word", "genre", "saw", "wants")
"""Families that need to know how many events each item has."""


@dataclass(frozen=True)
class Survey:
    """A plan, the events of each block by kind, the items of each counted trait, the caps."""

    plan: Plan
    events: dict[int, dict[str, int]]
    about: list[Ints32]
    capped: dict[str, int]


def survey(
    engine: Engine,
    inputs: dict[str, Snapshot],
    base: Base,
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
    found: dict[int, dict[str, int]] = {}
    for r in rows:
        here = found.setdefault(r["block"], {})
        here[r["kind"]] = here.get(r["kind"], 0) + r["n"]
    return found, sorted({r["source"] for r in rows})


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
    seen = laid.filter(laid.day <= ibis.literal(as_of))
    counted = engine.arrow(seen.group_by(["kind", "item"]).aggregate(n=seen.count()))
    columns = (counted[c].to_pylist() for c in ("kind", "item", "n"))
    found: dict[str, dict[int, int]] = {}
    for kind, item, n in zip(*columns, strict=True):
        found.setdefault(kind, {})[item] = n
    return found


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
