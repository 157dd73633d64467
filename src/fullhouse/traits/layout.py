"""Lay person data out: stable numbers of items, and events by kind and block of persons."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import date
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from fullhouse.core.errors import ConflictError
from fullhouse.core.tables import (
    ACCOUNT_PERSON,
    EVENT_TABLES,
    FILM,
    ITEM,
    PERSON_EVENT,
    PLAY,
    PRODUCT,
    PURCHASE,
    SEARCH,
    TICKET,
    TRAILER_VIEW,
    VIEW,
    WANT_TO_SEE,
    Snapshot,
    Table,
)
from fullhouse.core.values import BLOCK_BITS
from fullhouse.engine import Engine
from fullhouse.engine.expr import ibis
from fullhouse.engine.scratch import Scratch
from fullhouse.lake import Lake
from fullhouse.traits.names import ListedFilm, film_slug, one_year
from fullhouse.traits.searches import TitleFinder
from fullhouse.traits.select import about_kind
from fullhouse.traits.trait import EVENT_KINDS

if TYPE_CHECKING:
    import ibis.expr.types as ir

PRODUCT_COLUMNS = ("title", "category")
FILM_COLUMNS = ("title", "genres", "release_year", "release_date")
"""The day is no column of ITEM: it says which years are of one film."""
KEY = ("kind", "source", "id")


def purchase_id(purchases: ir.Table) -> ir.StringColumn:
    """The product's id, or where a feed has none, its category and title."""
    inline = ibis.literal("~") + purchases.category.fill_null("") + " / "
    return purchases.product.fill_null(inline + purchases.title.fill_null(""))


def nullable(table: ir.Table) -> ir.Table:
    """The table with every column nullable, as unions ask of all their parts."""
    return table.cast({c: t.copy(nullable=True) for c, t in table.schema().items()})


def number_items(engine: Engine, lake: Lake, known: pa.Table) -> pa.Table:
    """ITEM extended by what the tables have now: old numbers stay, new ones follow in key order.

    Titles, categories and the rest are the latest non-empty words of the product and film tables;
    where they have none, the first that a purchase carries inline.
    """
    keys = ibis.union(*_keys(engine, lake), distinct=True)
    present = engine.arrow(keys.order_by(list(KEY)))
    new = present.join(known.select([*KEY]), [*KEY], join_type="left anti")
    new = new.sort_by([(c, "ascending") for c in KEY])
    start = (pc.max(known["item"]).as_py() if known.num_rows else -1) + 1
    numbers = pa.array(range(start, start + new.num_rows), pa.int32())
    columns = ["item", *KEY]
    numbered = pa.concat_tables(
        [known.select(columns), new.append_column("item", numbers).select(columns)],
        promote_options="permissive",
    )
    return describe(engine, lake, numbered, as_of=None)


def describe(engine: Engine, lake: Lake, numbered: pa.Table, *, as_of: date | None) -> pa.Table:
    """The columns of ITEM beside its key, as known on a date (None: now)."""
    described = _latest_values(engine, lake.snapshot(PRODUCT), PRODUCT_COLUMNS, "product", as_of)
    described |= _latest_values(engine, lake.snapshot(FILM), FILM_COLUMNS, "film", as_of)
    inline = {c: _inline(engine, lake.snapshot(PURCHASE), c) for c in PRODUCT_COLUMNS}
    return _assemble(numbered, described, inline)


def items_as_of(
    engine: Engine, item: Snapshot, product: Snapshot, film: Snapshot, as_of: date
) -> pa.Table:
    """ITEM with what was known on a date, without a pass over the purchases.

    A word of the product or film table dated after the date counts only where there is no earlier
    one (catalogues are often loaded after the fact); an inline word of a later purchase never.
    """
    stored = engine.arrow(engine.scan(item)).sort_by("item")
    described = _latest_values(engine, product, PRODUCT_COLUMNS, "product", as_of)
    described |= _latest_values(engine, film, FILM_COLUMNS, "film", as_of)
    inline = {}
    for column in PRODUCT_COLUMNS:
        day = f"{column}_day"
        by_then = stored.filter(pc.field(day) <= pa.scalar(as_of))
        inline[column] = by_then.select(["source", "id", column, day])
    return _assemble(stored.select(["item", *KEY]), described, inline)


def _keys(engine: Engine, lake: Lake) -> list[ir.Table]:
    purchase = engine.scan(lake.snapshot(PURCHASE))
    product = engine.scan(lake.snapshot(PRODUCT))
    keys = [
        purchase.select(
            kind=ibis.literal("product"), source=purchase.source, id=purchase_id(purchase)
        ),
        product.select(kind=ibis.literal("product"), source=product.source, id=product["product"]),
    ]
    for table in (FILM, VIEW, TICKET, WANT_TO_SEE, TRAILER_VIEW, PLAY):
        rows = engine.scan(lake.snapshot(table))
        kind = ibis.literal("play" if table is PLAY else "film")
        keys.append(rows.select(kind=kind, source=rows.source, id=rows.film))
    searches = engine.scan(lake.snapshot(SEARCH)).select("source", "query").distinct()
    titles = engine.memory(title_of_query(engine, lake))
    searched = searches.join(titles, "query")
    keys.append(
        searched.select(kind=ibis.literal("search"), source=searched.source, id=searched.id)
    )
    return [nullable(t).distinct() for t in keys]


def _latest_values(
    engine: Engine, snapshot: Snapshot, columns: tuple[str, ...], kind: str, as_of: date | None
) -> dict[tuple[str, str], pa.Table]:
    """(kind, column) → (source, id, value): the latest value, by the date where there is one."""
    rows = engine.scan(snapshot)
    if kind == "film":
        year = ibis.coalesce(rows.release_year, rows.release_date.year().cast("int32"))
        rows = rows.mutate(release_year=year)
    latest = {}
    for column in columns:
        rows_with = rows.filter(rows[column].notnull())
        if column not in ("release_year", "release_date"):
            rows_with = rows_with.filter(rows_with[column] != "")
        rows_with = rows_with.select("source", "at", id=rows_with[kind], value=rows_with[column])
        latest[kind, column] = engine.arrow(_latest(rows_with, as_of)).rename_columns(
            {"value": column}
        )
    return latest


def _latest(rows: ir.Table, as_of: date | None) -> ir.Table:
    # Later first, but what came after the date last and earliest first; then by value, so that
    # every engine breaks ties alike.
    seconds = rows.at.epoch_seconds()
    if as_of is None:
        order = [ibis.desc("seconds"), ibis.asc("value")]
    else:
        late = (rows.at.date() > ibis.literal(as_of)).cast("int32")
        rows = rows.mutate(late=late)
        seconds = ibis.ifelse(rows.late == 1, -seconds, seconds)
        order = [ibis.asc("late"), ibis.desc("seconds"), ibis.asc("value")]
    rows = rows.mutate(seconds=seconds)
    place = ibis.row_number().over(group_by=["source", "id"], order_by=order)
    ranked = rows.mutate(place=place)
    return ranked.filter(ranked.place == 0).select("source", "id", "value")


def _inline(engine: Engine, purchase: Snapshot, column: str) -> pa.Table:
    """(source, id, value, day) of the first purchase that carries the column."""
    rows = engine.scan(purchase)
    rows_with = rows.filter(rows[column].notnull() & (rows[column] != ""))
    rows_with = rows_with.select(
        "source", "day", id=purchase_id(rows_with), value=rows_with[column]
    )
    first = rows_with.group_by(["source", "id", "value"]).aggregate(day=rows_with.day.min())
    place = ibis.row_number().over(
        group_by=["source", "id"], order_by=[first.day.asc(), first.value.asc()]
    )
    ranked = first.mutate(place=place)
    first_values = engine.arrow(
        ranked.filter(ranked.place == 0).select("source", "id", "value", "day")
    )
    return first_values.rename_columns({"value": column, "day": f"{column}_day"})


def _assemble(
    numbered: pa.Table, described: dict[tuple[str, str], pa.Table], inline: dict[str, pa.Table]
) -> pa.Table:
    parts = []
    for kind in ("product", "film"):
        part = _described(numbered.filter(pc.field("kind") == kind), described, kind)
        if kind == "product":
            for column in PRODUCT_COLUMNS:
                part = _fill(part, column, inline[column])
        parts.append(_of_one_year(part) if kind == "film" else part)
    parts.append(_plays(numbered.filter(pc.field("kind") == "play"), described))
    parts.append(_titled(numbered.filter(pc.field("kind") == "search"), described))
    both = pa.concat_tables(parts, promote_options="permissive")
    for field in ITEM.schema:
        if field.name not in both.column_names:
            both = both.append_column(field, pa.nulls(both.num_rows, field.type))
    return both.select(ITEM.names).cast(ITEM.schema).sort_by("item")


def _described(part: pa.Table, described: dict[tuple[str, str], pa.Table], kind: str) -> pa.Table:
    for (of, _), words in described.items():
        if of == kind:
            part = part.join(words, ["source", "id"], join_type="left outer")
    return part


def _plays(part: pa.Table, described: dict[tuple[str, str], pa.Table]) -> pa.Table:
    """What is played has the title and category of a product, else the title of a film."""
    part = _described(part, described, "product")
    words = described["film", "title"].rename_columns({"title": "film_title"})
    part = part.join(words, ["source", "id"], join_type="left outer")
    title = pc.coalesce(part["title"], part["film_title"])
    return part.drop_columns(["title", "film_title"]).append_column("title", title)


def _titled(part: pa.Table, described: dict[tuple[str, str], pa.Table]) -> pa.Table:
    """The titles of films under the slugs that searches are numbered by."""
    texts = sorted({t for t in described["film", "title"]["title"].to_pylist() if t}, reverse=True)
    spelt = {film_slug(t, None): t for t in texts}
    titles = pa.array([spelt.get(slug) for slug in part["id"].to_pylist()], pa.string())
    return part.append_column("title", titles)


def title_of_query(engine: Engine, lake: Lake) -> pa.Table:
    """(query, id) of every search: the slug of the film title that it names; empty for none.

    Only that is laid out. What else people search for may be about themselves, and stays in the
    event's own row, where it goes with it.
    """
    searches = engine.scan(lake.snapshot(SEARCH))
    queries = engine.arrow(searches.select("query").distinct().order_by("query"))["query"]
    ids: list[str] = []
    if len(queries):
        films = engine.scan(lake.snapshot(FILM))
        named = films.filter(films.title.notnull()).select("title").distinct()
        finder = TitleFinder(engine.arrow(named)["title"].to_pylist())
        ids = [finder.find(query) for query in queries.to_pylist()]
    return pa.table({"query": queries.cast(pa.string()), "id": pa.array(ids, pa.string())})


def _of_one_year(part: pa.Table) -> pa.Table:
    """The films with the year by which all sources mean the same one."""
    columns = ("source", "title", "release_year", "release_date")
    films = [
        ListedFilm(*values) for values in zip(*(part[c].to_pylist() for c in columns), strict=True)
    ]
    years = pa.array(one_year(films), part.schema.field("release_year").type)
    return part.drop_columns(["release_year"]).append_column("release_year", years)


def _fill(part: pa.Table, column: str, inline: pa.Table) -> pa.Table:
    """The column with missing values filled from purchases, and the day of those."""
    inline = inline.rename_columns({column: "inline", f"{column}_day": "inline_day"})
    part = part.join(inline, ["source", "id"], join_type="left outer")
    hole = pc.is_null(part[column])
    day = pc.if_else(hole, part["inline_day"], pa.scalar(None, pa.date32()))
    value = pc.if_else(hole, part["inline"], part[column])
    part = part.drop_columns([column, "inline", "inline_day"])
    return part.append_column(column, value).append_column(f"{column}_day", day)


if TYPE_CHECKING:
    import ibis.expr.types as ir

INPUTS: tuple[Table, ...] = (ACCOUNT_PERSON, PRODUCT, FILM, *(EVENT_TABLES[k] for k in EVENT_KINDS))
NOTE = "fullhouse.layout"
"""Under this name the last commit of a layout keeps its report and the versions it read."""
EVENTS_AT_ONCE = 20_000_000
"""Blocks are laid out together until they hold about so many events; each pass reads them all."""


@dataclass(frozen=True)
class PersonLayout:
    """What a layout holds: items, and events by kind and source, with and without a person.

    `left_out` counts the events whose account no resolve run has seen yet.
    """

    items: int
    events: dict[str, int]
    left_out: dict[str, int]
    versions: dict[str, int]
    reused: bool = False


def lay_out(engine: Engine, lake: Lake) -> PersonLayout:
    """Write ITEM and PERSON_EVENT from the events and the accounts' persons.

    Nothing is written, and `reused` is set, when the tables read have the versions of the last
    layout. An event whose account has no person is left out and counted.
    """
    versions = versions_of(lake, INPUTS)
    current = _current(lake, versions)
    if current is not None:
        return current
    items = number_items(engine, lake, lake.read(ITEM))
    lake.replace(ITEM, items)
    events = {k: engine.scan(lake.snapshot(EVENT_TABLES[k])) for k in EVENT_KINDS}
    total = _by_source(engine, events)
    persons = _persons(engine, lake)
    titles = engine.memory(title_of_query(engine, lake))
    groups = list(_groups(_blocks(engine, persons), sum(total.values())))
    version = lake.replace(PERSON_EVENT, PERSON_EVENT.schema.empty_table())
    with Scratch(engine, lake.place.root) as scratch:
        parts = [
            _of_source(events[kind], kind, source, persons, titles, engine, lake, scratch)
            for kind, source in (k.split(" ", 1) for k in total)
        ]
        for first, last in groups if parts else ():
            rows = parts[0] if len(parts) == 1 else ibis.union(*parts)
            # By person: it packs better, and counting a block then only has to check an order.
            some = rows.filter(rows.block.between(first, last)).order_by(["kind", "person"])
            part = engine.batches(some)
            lake.append(PERSON_EVENT, part, batch=f"layout {version} block {first}")
    written = version + len(groups) if parts else version
    if lake.live.version(PERSON_EVENT) != written:
        raise ConflictError(code="table_changed", table=PERSON_EVENT.name)
    return _finish(engine, lake, items.num_rows, total, versions)


def versions_of(lake: Lake, tables: Iterable[Table]) -> dict[str, int]:
    """The newest version of each table; -1 before its first write."""
    return {t.name: -1 if (v := lake.version(t)) is None else v for t in tables}


def _current(lake: Lake, versions: Mapping[str, int]) -> PersonLayout | None:
    note = lake.metadata(PERSON_EVENT).get(NOTE)
    if note is None:
        return None
    known = {f.name for f in fields(PersonLayout)}
    layout = PersonLayout(**{k: v for k, v in json.loads(note).items() if k in known})
    return replace(layout, reused=True) if layout.versions == versions else None


def _finish(
    engine: Engine, lake: Lake, items: int, total: dict[str, int], versions: dict[str, int]
) -> PersonLayout:
    laid = engine.scan(lake.snapshot(PERSON_EVENT))
    counted = engine.arrow(laid.group_by(["kind", "source"]).aggregate(n=laid.count()))
    events = {f"{r['kind']} {r['source']}": r["n"] for r in counted.to_pylist()}
    left_out = {k: n - events.get(k, 0) for k, n in sorted(total.items()) if n > events.get(k, 0)}
    layout = PersonLayout(items, dict(sorted(events.items())), left_out, versions)
    # A commit of its own, and the last: a layout that crashed before it is done again.
    batch = f"layout {lake.version(PERSON_EVENT)} done"
    note = {NOTE: json.dumps(asdict(layout))}
    lake.append(PERSON_EVENT, PERSON_EVENT.schema.empty_table(), batch=batch, metadata=note)
    return layout


def _persons(engine: Engine, lake: Lake) -> ir.Table:
    accounts = engine.scan(lake.snapshot(ACCOUNT_PERSON))
    return accounts.select(
        "source", "account", "person", block=(accounts.person >> BLOCK_BITS).cast("int32")
    )


def _of_source(
    events: ir.Table,
    kind: str,
    source: str,
    persons: ir.Table,
    titles: ir.Table,
    engine: Engine,
    lake: Lake,
    scratch: Scratch,
) -> ir.Table:
    """The events of one kind and source in the columns of PERSON_EVENT.

    Source by source: joined on the source too, DuckDB 2.0 took it as a reason to join persons
    with items first, and 5 million purchases spilled 70 GB.
    """
    of = about_kind(kind)
    item = engine.scan(lake.snapshot(ITEM))
    item = item.filter(item.kind == of, item.source == source).select("item", "id")
    persons = persons.filter(persons.source == source).drop("source")
    events = events.filter(events.source == source)
    if kind == "search":
        # On its own first: among the joins of several other parts Ibis 12 loses this one's table.
        named = events.select("account", "day", "query").join(titles, "query").drop("query")
        named = scratch.keep(named)
    else:
        named = events.mutate(id=purchase_id(events) if kind == "purchase" else events.film)
    plain = named.select("account", "day", "id", **_measures(named, kind))
    known = plain.join(persons, "account").join(item, "id")
    known = known.mutate(kind=ibis.literal(kind), source=ibis.literal(source))
    return nullable(known.select(PERSON_EVENT.names))


def _measures(events: ir.Table, kind: str) -> dict[str, ir.Value]:
    quantity = events.quantity if kind in ("purchase", "ticket") else ibis.literal(1.0)
    if kind == "ticket":
        quantity = ibis.ifelse(events.refunded.fill_null(False), -quantity.abs(), quantity)
    if kind == "trailer_view":
        quantity = events.completion.fill_null(1.0)
    priced = kind in ("purchase", "ticket")
    return {
        "quantity": quantity,
        "unit_price": events.unit_price if priced else ibis.null("float64"),
        "currency": events.currency if priced else ibis.null("string"),
        "city": events.city if kind == "ticket" else ibis.null("string"),
    }


def _by_source(engine: Engine, events: Mapping[str, ir.Table]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for kind, rows in events.items():
        counted = engine.arrow(rows.group_by("source").aggregate(n=rows.count()))
        counts |= {f"{kind} {r['source']}": r["n"] for r in counted.to_pylist()}
    return counts


def _blocks(engine: Engine, persons: ir.Table) -> list[int]:
    numbers: list[int] = engine.arrow(persons.select("block").distinct())["block"].to_pylist()
    return sorted(numbers)


def _groups(blocks: list[int], events: int) -> Iterator[tuple[int, int]]:
    """First and last block of each pass."""
    passes = -(-events // EVENTS_AT_ONCE)
    size = max(1, len(blocks) // max(1, passes))
    for start in range(0, len(blocks), size):
        yield blocks[start], blocks[min(start + size, len(blocks)) - 1]
