"""Traits from purchases: against DuckDB and Polars doing only the distinct person × category.

    python -m benchmarks.traits --people 2000000

All start from the laid-out `person_event`, five purchases a person over 2,000 categories. Ours
ends with bitmaps and person rows committed; the others read the same Parquet files and count the
distinct pairs.
"""

import argparse
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.measure import in_own_process, machine, table
from fullhouse.core.tables import (
    ACCOUNT_PERSON,
    ITEM,
    PERSON_EVENT,
    PERSON_TABLE,
    PRODUCT,
    PURCHASE,
)
from fullhouse.core.values import BLOCK_BITS
from fullhouse.engine import DuckDBEngine
from fullhouse.lake import Lake, Place
from fullhouse.traits import build, lay_out, parse_catalogue

CATEGORIES = 2000
PRODUCTS = 100_000
PER_PERSON = 5
MEMORY = "4GB"
AS_OF = date(2024, 12, 31)


def write_house(root: str, people: int) -> None:
    """Purchases, accounts, persons and products of a house, in the lake."""
    lake = Lake(Place(root))
    size = 2_000_000
    for number, table_, rows in _tables(people, size):
        lake.append(table_, rows, batch=f"{table_.name} {number}")


def laid_out(root: str) -> int:
    """Lay the house out; the number of events."""
    with DuckDBEngine(memory_limit=MEMORY) as engine:
        return sum(lay_out(engine, Lake(Place(root))).events.values())


def ours(root: str, families: str) -> int:
    """Build traits, bitmaps and person rows; the number of traits."""
    catalogue = parse_catalogue(families)
    with DuckDBEngine(memory_limit=MEMORY) as engine:
        lake = Lake(Place(root))
        now = datetime.now(UTC)
        return build(engine, lake, catalogue, as_of=AS_OF, floor=20, at=now).build.traits


def plain_duckdb(root: str) -> int:
    """Distinct pairs of person and category in DuckDB."""
    import duckdb

    con = duckdb.connect(config={"memory_limit": MEMORY})
    con.execute("SET preserve_insertion_order = false")
    con.execute(f"SET temp_directory = '{root}/spill'")
    rows = con.execute(
        "SELECT count(*) FROM (SELECT DISTINCT e.person, i.category"
        " FROM read_parquet($events, hive_partitioning = false) e"
        " JOIN read_parquet($items) i USING (item))",
        {"events": _files(root, PERSON_EVENT), "items": _files(root, ITEM)},
    ).fetchone()
    assert rows is not None
    return int(rows[0])


def plain_polars(root: str) -> int:
    """Distinct pairs of person and category in Polars."""
    import polars as pl

    items = pl.scan_parquet(_files(root, ITEM)).select("item", "category")
    items = items.with_columns(category=pl.col("category").rank("dense").cast(pl.Int32))
    events = pl.scan_parquet(_files(root, PERSON_EVENT), hive_partitioning=False)
    pairs = events.select("person", "item").join(items, on="item").select("person", "category")
    return int(pairs.unique().select(pl.len()).collect(engine="streaming").item())


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, action="append")
    parser.add_argument("--folder", help="where to put the data; default: a temporary folder")
    parser.add_argument("--every-family", action="store_true", help="also the whole catalogue")
    options = parser.parse_args()
    print(machine(), end="\n\n")
    rows: list[list[Any]] = []
    for people in options.people or [2_000_000]:
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            rows += _measure(folder, people, options.every_family)
    columns = ("people", "purchases", "what", "seconds", "peak GB", "of the best alternative")
    print(table(columns, rows))


def _measure(root: str, people: int, every: bool) -> list[list[Any]]:
    from fullhouse.traits.catalogue import default_catalogue

    in_own_process(write_house, root, people)
    at, peak, events = in_own_process(laid_out, root)
    rows = [[people, events, "laying out", at, peak, ""]]
    results = {}
    for name, what, more in (
        ("distinct in DuckDB", plain_duckdb, ()),
        ("distinct in Polars", plain_polars, ()),
        ("traits built", ours, ("[family.buys]\n",)),
    ):
        results[name] = in_own_process(what, root, *more)
    best = min(results[n][0] for n in results if n.startswith("distinct"))
    for name, (seconds, peak, result) in results.items():
        label = f"{name} ({result:,})"
        rows.append([people, events, label, seconds, peak, f"{seconds / best:.2f}"])
    if every:
        seconds, peak, result = in_own_process(ours, root, default_catalogue())
        label = f"every family of the catalogue ({result:,})"
        rows.append([people, events, label, seconds, peak, f"{seconds / best:.2f}"])
    return rows


def _tables(people: int, size: int) -> Iterator[tuple[int, Any, pa.Table]]:
    noon = datetime(2024, 1, 1, 12, tzinfo=UTC)
    yield 0, PRODUCT, _conform(PRODUCT, _products(), PRODUCTS, noon)
    rng = np.random.default_rng(1)
    for number, start in enumerate(range(0, people, size)):
        persons = np.arange(start, min(people, start + size), dtype=np.int64)
        accounts = _numbered("a", persons)
        who = {"account": accounts, "person": persons, "since": np.ones(len(persons), np.int64)}
        yield number, ACCOUNT_PERSON, _conform(ACCOUNT_PERSON, who, len(persons), noon)
        being = {
            "person": persons,
            "block": (persons >> BLOCK_BITS).astype(np.int32),
            "accounts": np.ones(len(persons), np.int32),
            "sources": pa.repeat("shop", len(persons)),
            "gender": pa.array(np.where(persons % 2, "female", "male")),
            "birth_year": rng.integers(1940, 2010, len(persons)).astype(np.int32),
            "region": _numbered("r", rng.integers(0, 50, len(persons))),
        }
        yield number, PERSON_TABLE, _conform(PERSON_TABLE, being, len(persons), noon)
    bought = people * PER_PERSON
    for number, start in enumerate(range(0, bought, size)):
        n = min(bought, start + size) - start
        account = (rng.random(n) ** 1.5 * people).astype(np.int64) * 7919 % people
        # Two thirds of what people buy is of two favourite categories of theirs.
        favourite = (account * 31 + rng.integers(0, 2, n) * 977) % CATEGORIES
        other = (rng.random(n) ** 3 * CATEGORIES).astype(np.int64)
        category = np.where(rng.random(n) < 0.67, favourite, other)
        product = category + CATEGORIES * rng.integers(0, PRODUCTS // CATEGORIES, n)
        days = (date(2024, 1, 1) - date(1970, 1, 1)).days + rng.integers(0, 365, n)
        rows = {
            "account": _numbered("a", account),
            "event_id": _numbered("e", np.arange(start, start + n)),
            "day": pa.array(days.astype(np.int32)).cast(pa.date32()),
            "product": _numbered("p", product),
            "quantity": np.ones(n),
            "unit_price": np.round(rng.lognormal(3, 1, n), 2),
            "currency": pa.repeat("USD", n),
        }
        yield number, PURCHASE, _conform(PURCHASE, rows, n, noon)


def _products() -> dict[str, Any]:
    numbers = np.arange(PRODUCTS)
    words = np.array(["dog", "cat", "leash", "mug", "lamp", "novel", "shirt", "phone", "chair"])
    rng = np.random.default_rng(2)
    title = ["{} {} {}".format(*words[rng.integers(0, len(words), 3)]) for _ in numbers]
    return {
        "product": _numbered("p", numbers),
        "title": pa.array(title),
        "category": _numbered("category ", numbers % CATEGORIES),
    }


def _numbered(prefix: str, numbers: Any) -> pa.Array:
    import pyarrow.compute as pc

    texts = pa.array(numbers).cast(pa.string())
    return pc.binary_join_element_wise(pa.scalar(prefix), texts, "")


def _conform(of: Any, columns: dict[str, Any], n: int, at: datetime) -> pa.Table:
    fixed = {"source": "shop", "batch": "bench"}
    columns = {}
    for field in of.schema:
        if field.name in columns:
            columns[field.name] = pa.array(columns[field.name]).cast(field.type)
        elif field.name in fixed:
            columns[field.name] = pa.repeat(fixed[field.name], n)
        elif field.name == "at":
            columns[field.name] = pa.repeat(pa.scalar(at, field.type), n)
        else:
            columns[field.name] = pa.nulls(n, field.type)
    return pa.table(columns, schema=of.schema)


def _files(root: str, of: Any) -> list[str]:
    return list(Lake(Place(root)).snapshot(of).uris)


if __name__ == "__main__":
    main()
