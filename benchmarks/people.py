"""People: quality of linking on sets with known truth, and speed and memory of `resolve`.

    python -m benchmarks.people --quality
    python -m benchmarks.people --speed --accounts 1000000 10000000

The link settings are the product's defaults. They and the threshold of 0.9 were written down
before the first link run on either set, and were not changed afterwards. The ratio of the speed
table is one of CPU seconds, which other work on the machine moves less than seconds.
"""

import argparse
import hashlib
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import combinations

import numpy as np
import polars as pl
import pyarrow as pa
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from benchmarks.measure import data_folder, in_own_process, machine, table
from fullhouse import people
from fullhouse.core.tables import ACCOUNT_PERSON, ACCOUNT_TABLE, IDENTIFIER
from fullhouse.engine import DuckDBEngine
from fullhouse.lake import Lake, Place
from fullhouse.sources.identity import IdentitySet, fake_1000, febrl_1

AT = datetime(2026, 1, 1, tzinfo=UTC)
MOST_ACCOUNTS = 10
MEMORY = "3GB"
"""DuckDB's limit: the process stays under 4 GB with what it holds besides."""
CHUNK = 1_000_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quality", action="store_true")
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--accounts", type=int, nargs="+", default=[1_000_000, 10_000_000])
    chosen = parser.parse_args()
    print(machine(), "\n")
    if chosen.quality or not chosen.speed:
        quality()
    if chosen.speed or not chosen.quality:
        speed(chosen.accounts)


# Quality


def quality() -> None:
    folder = data_folder() / "identity"
    rows = []
    for known in (fake_1000(folder), febrl_1(folder)):
        methods = (f"shared {known.key}", "Splink ≥ 0.9", f"{known.key} and Splink")
        rows += [(known.name, m, *scores(*_linked(known, m))) for m in methods]
    print(table(("set", "linked by", *_SCORES), rows), "\n")


_SCORES = (
    "pair precision",
    "pair recall",
    "pair F1",
    "cluster precision",
    "cluster recall",
    "pairs linked directly",
    "expected precision",
    "refused identifiers",
)


def scores(
    persons: Mapping[str, int], truth: Mapping[str, str], direct: int, expected: str, refused: int
) -> tuple[object, ...]:
    """Pairs of accounts in one person, and persons that are exactly right."""
    got, true = _clusters(persons), _clusters(truth)
    got_pairs, true_pairs = _pairs(got), _pairs(true)
    right = len(got_pairs & true_pairs)
    precision, recall = right / max(len(got_pairs), 1), right / len(true_pairs)
    exact = len(got & true)
    f1 = 2 * precision * recall / max(precision + recall, 1e-9)
    return precision, recall, f1, exact / len(got), exact / len(true), direct, expected, refused


def _clusters(of: Mapping[str, int] | Mapping[str, str]) -> set[frozenset[str]]:
    groups: dict[int | str, set[str]] = defaultdict(set)
    for account, person in of.items():
        groups[person].add(account)
    return {frozenset(g) for g in groups.values()}


def _pairs(clusters: set[frozenset[str]]) -> set[tuple[str, ...]]:
    return {pair for c in clusters for pair in combinations(sorted(c), 2)}


def _linked(
    known: IdentitySet, method: str
) -> tuple[dict[str, int], dict[str, str], int, str, int]:
    """What `resolve` makes of a set, through the lake as a house would do it."""
    with tempfile.TemporaryDirectory() as folder, DuckDBEngine(memory_limit=MEMORY) as engine:
        lake = Lake(Place(folder))
        accounts = known.records["account"].to_pylist()
        lake.append(ACCOUNT_TABLE, _named(accounts), batch="a")
        direct, expected = 0, "-"
        if known.key in method:
            keys = known.records["key"].to_pylist()
            lake.append(IDENTIFIER, _hashed(accounts, keys), batch="a")
            shared = Counter(k for k in keys if k)
            direct = sum(n * (n - 1) // 2 for n in shared.values() if n <= MOST_ACCOUNTS)
        if "Splink" in method:
            pairs = _model(known)
            people.write_pairs(lake, pairs, "model")
            direct, expected = pairs.num_rows, f"{people.expected_precision(pairs):.4f}"
        done = people.resolve(
            engine,
            lake,
            most_accounts=MOST_ACCOUNTS,
            models=["model"] if "Splink" in method else [],
            at=AT,
        )
        rows = lake.read(ACCOUNT_PERSON)
        person_of = dict(zip(rows["account"].to_pylist(), rows["person"].to_pylist(), strict=True))
        return person_of, known.truth, direct, expected, done.refused


def _model(known: IdentitySet) -> pa.Table:
    fields = ("first_name", "surname", "birth_date", "email", "address", "city", "postcode")
    columns = {f: f for f in fields if f in known.records.column_names}
    plan = people.LinkPlan(name="model", source="s", account="account", columns=columns)
    rows = people.attributes(known.records, plan)
    return people.account_pairs(people.match(rows, plan).pairs, rows, "model")


def _named(accounts: list[str]) -> pa.Table:
    rows = [{"source": "s", "account": a, "at": AT, "batch": "a"} for a in accounts]
    return pa.Table.from_pylist(rows, schema=ACCOUNT_TABLE.schema)


def _hashed(accounts: list[str], keys: list[str | None]) -> pa.Table:
    rows = [
        {
            "source": "s",
            "account": account,
            "kind": "key",
            "digest": hashlib.sha256(key.lower().encode()).hexdigest(),
            "at": AT,
            "batch": "a",
        }
        for account, key in zip(accounts, keys, strict=True)
        if key
    ]
    return pa.Table.from_pylist(rows, schema=IDENTIFIER.schema)


# Speed


def speed(sizes: list[int]) -> None:
    rows: list[tuple[object, ...]] = []
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            _, _, identifiers = in_own_process(_market, folder, size)
            ours, our_gb, (done, our_cpu) = in_own_process(_resolve, folder)
            again, again_gb, (_, again_cpu) = in_own_process(_resolve, folder)
            theirs, their_gb, (union, core, cpu) = in_own_process(_polars_scipy, folder)
        assert union == done.persons, (union, done.persons)
        rows += [
            (size, identifiers, "resolve", ours, our_cpu, our_gb, our_cpu / cpu, done.persons),
            (size, identifiers, "again", again, again_cpu, again_gb, again_cpu / cpu, "-"),
            (size, identifiers, "Polars + SciPy", theirs, cpu, their_gb, 1.0, union),
            (size, identifiers, "SciPy's components alone", core, "-", "-", "-", "-"),
        ]
        print(table(_SPEED, rows[-4:]), "\n", flush=True)
    print(table(_SPEED, rows))


_SPEED = (
    "accounts",
    "identifiers",
    "what",
    "seconds",
    "CPU seconds",
    "peak GB",
    "CPU ratio",
    "persons",
)


def _market(folder: str, accounts: int) -> int:
    """A house of two sources with little overlap; the number of identifiers.

    Half of the accounts are in each source. Every account has an e-mail, one in ten of the
    video accounts shares it with a shop account; three in ten accounts have a device, and two
    of those three share it.
    """
    lake = Lake(Place(folder))
    written = 0
    for start in range(0, accounts, CHUNK):
        number = np.arange(start, min(start + CHUNK, accounts), dtype=np.int64)
        frame = pl.DataFrame({"n": number}).with_columns(
            source=pl.when(pl.col("n") % 2 == 0).then(pl.lit("shop")).otherwise(pl.lit("video")),
            account=pl.format("user-{}", (pl.col("n") * 2_654_435_761 % 4_294_967_296)),
            email=pl.when(pl.col("n") % 20 == 1).then(pl.col("n") - 1).otherwise(pl.col("n")),
            device=pl.when(pl.col("n") % 10 < 3).then((pl.col("n") - 1) // 2),
            at=pl.lit(AT),
            gender=pl.when(pl.col("n") % 3 == 0).then(pl.lit("female")).otherwise(pl.lit("male")),
            birth_year=(1940 + pl.col("n") % 70).cast(pl.Int32),
        )
        lake.append(ACCOUNT_TABLE, _account_rows(frame), batch=str(start))
        for kind in ("email", "device"):
            rows = _identifier_rows(frame, kind)
            written += rows.num_rows
            lake.append(IDENTIFIER, rows, batch=f"{kind}-{start}")
    return written


def _account_rows(frame: pl.DataFrame) -> pa.Table:
    rows = frame.select("source", "account", "at", "gender", "birth_year").to_arrow()
    columns = {c: rows[c] for c in rows.column_names}
    blank = {
        f.name: pa.nulls(rows.num_rows, f.type)
        for f in ACCOUNT_TABLE.schema
        if f.name not in columns
    }
    blank["batch"] = pa.array(["b"] * rows.num_rows)
    return pa.table(blank | columns).select(ACCOUNT_TABLE.names).cast(ACCOUNT_TABLE.schema)


def _identifier_rows(frame: pl.DataFrame, kind: str) -> pa.Table:
    named = frame.filter(pl.col(kind).is_not_null())
    digests = [hashlib.sha256(f"{kind}{n}".encode()).hexdigest() for n in named[kind].to_list()]
    rows = named.select(
        "source", "account", "at", kind=pl.lit(kind), digest=pl.Series(digests), batch=pl.lit("b")
    ).to_arrow()
    return rows.select(IDENTIFIER.names).cast(IDENTIFIER.schema)


def _resolve(folder: str) -> tuple[people.Resolution, float]:
    start = time.process_time()
    with DuckDBEngine(memory_limit=MEMORY) as engine:
        lake = Lake(Place(folder))
        done = people.resolve(engine, lake, most_accounts=MOST_ACCOUNTS, at=AT)
        return done, time.process_time() - start


def _edges(folder: str) -> tuple[pl.DataFrame, np.ndarray, np.ndarray]:
    """Accounts in order with their number, and the same edges, all in memory with Polars."""
    identifiers = _scan(folder, IDENTIFIER.name).select("source", "account", "kind", "digest")
    accounts = _scan(folder, ACCOUNT_TABLE.name).select("source", "account").unique()
    nodes = accounts.sort("source", "account").with_row_index("node").collect()
    named = identifiers.unique().collect().join(nodes, on=["source", "account"])
    shared = named.group_by("kind", "digest").agg(pl.len(), low=pl.col("node").min())
    few = shared.filter((pl.col("len") > 1) & (pl.col("len") <= MOST_ACCOUNTS))
    edges = named.join(few, on=["kind", "digest"]).filter(pl.col("node") != pl.col("low"))
    return nodes, edges["node"].to_numpy(), edges["low"].to_numpy()


def _scan(folder: str, name: str) -> pl.LazyFrame:
    return pl.scan_parquet(f"{folder}/{name}/**/*.parquet", hive_partitioning=True)


def _components(nodes: int, a: np.ndarray, b: np.ndarray) -> tuple[int, np.ndarray]:
    graph = coo_matrix((np.ones(len(a), np.int8), (a, b)), shape=(nodes, nodes))
    components: tuple[int, np.ndarray] = connected_components(graph, directed=False)
    return components


def _polars_scipy(folder: str) -> tuple[int, float, float]:
    """The same accounts with persons and demographics, first ids only, to plain Parquet."""
    begin = time.process_time()
    nodes, a, b = _edges(folder)
    start = time.perf_counter()
    persons, labels = _components(nodes.height, a, b)
    core = time.perf_counter() - start
    named = nodes.with_columns(person=pl.Series(labels)).drop("node")
    named.write_parquet(f"{folder}/alternative_account_person.parquet")
    identifiers = _scan(folder, ACCOUNT_TABLE.name).collect().join(named, on=["source", "account"])
    latest = (
        identifiers.sort("person", "at", "source", "account")
        .group_by("person")
        .agg(
            pl.len(), pl.col("source").unique(), pl.col("gender", "birth_year").drop_nulls().last()
        )
    )
    latest.write_parquet(f"{folder}/alternative_person.parquet")
    return persons, core, time.process_time() - begin


if __name__ == "__main__":
    main()
