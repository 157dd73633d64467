"""People: quality of linking on sets with known truth, and speed and memory of `resolve`.

    python -m benchmarks.people --quality
    python -m benchmarks.people --market --seeds 9101 9102 9103 --people 100000
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
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from benchmarks.measure import data_folder, in_own_process, machine, table
from fullhouse import people
from fullhouse.core.tables import ACCOUNT_PERSON, ACCOUNT_TABLE, IDENTIFIER
from fullhouse.engine import DuckDBEngine
from fullhouse.feeds.identify import normalise
from fullhouse.lake import Lake, Place
from fullhouse.sources.identity import FEBRL, IdentitySet, fake_1000, febrl
from fullhouse_sim import accounts as account_feed
from fullhouse_sim import truth
from fullhouse_sim.market import Market
from fullhouse_sim.members import SOURCES, members
from fullhouse_sim.population import people as people_of

AT = datetime(2026, 1, 1, tzinfo=UTC)
MOST_ACCOUNTS = 10
MEMORY = "3GB"
"""DuckDB's limit: the process stays under 4 GB with what it holds besides."""
CHUNK = 1_000_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quality", action="store_true")
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--market", action="store_true")
    parser.add_argument("--seeds", type=int, nargs="+", default=[9101, 9102, 9103])
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--accounts", type=int, nargs="+", default=[1_000_000, 10_000_000])
    chosen = parser.parse_args()
    print(machine(), "\n")
    every = not (chosen.quality or chosen.market or chosen.speed)
    if chosen.quality or every:
        quality()
    if chosen.market or every:
        market(chosen.seeds, chosen.people)
    if chosen.speed or every:
        speed(chosen.accounts)


# Quality


def quality() -> None:
    folder = data_folder() / "identity"
    rows = []
    numbers = [n for n, files in FEBRL.items() if all((folder / f).is_file() for f in files)]
    for known in (fake_1000(folder), *(febrl(folder, n) for n in numbers)):
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


# The simulated market


def market(seeds: list[int], size: int) -> None:
    """What `resolve` makes of a simulated market's account feeds, with and without addresses."""
    rows = []
    for seed in seeds:
        statements, identifiers, owners = _account_feeds(Market(people=size, seed=seed))
        for kinds in (("email", "phone", "device"), ("email", "phone", "device", "address")):
            given = identifiers.filter(pl.col("kind").is_in(kinds))
            persons = _resolved(statements, given)
            both = owners.join(persons, on=["source", "account"])
            right, linked, true = (
                _pairs_in(both, by) for by in (["who", "person"], ["person"], ["who"])
            )
            rows.append(
                (
                    seed,
                    "with addresses" if "address" in kinds else "e-mail, phone, device",
                    owners.height,
                    right / linked,
                    right / true,
                    _attainable(given, owners) / true,
                )
            )
            print(table(_MARKET, rows[-1:]), "\n", flush=True)
    print(table(_MARKET, rows))


_MARKET = (
    "seed",
    "linked by",
    "accounts",
    "linked pairs that are right",
    "true pairs linked",
    "true pairs that share anything, in steps",
)


def _pairs_in(rows: pl.DataFrame, by: list[str]) -> int:
    sizes = rows.group_by(by).len()["len"]
    return int((sizes * (sizes - 1) // 2).sum())


def _attainable(identifiers: pl.DataFrame, owners: pl.DataFrame) -> int:
    """True pairs that whoever knew the truth could link through what their accounts share."""
    nodes = owners.with_row_index("node")
    held = identifiers.join(nodes, on=["source", "account"]).unique(["kind", "digest", "node"])
    # Only accounts of one person: what another shares with them leads nowhere.
    low = held.group_by("kind", "digest", "who").agg(low=pl.col("node").min())
    edges = held.join(low, on=["kind", "digest", "who"])
    _, label = _components(nodes.height, edges["node"].to_numpy(), edges["low"].to_numpy())
    return _pairs_in(nodes.with_columns(part=pl.Series(label)), ["who", "part"])


def _account_feeds(of: Market) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """The account feeds as ingest reads them, their identifiers hashed, and whose they are."""
    feeds, owners = [], []
    for chunk in range(of.chunks):
        crowd = people_of(of, chunk)
        theirs = tuple(members(of, crowd, source) for source in SOURCES)
        for each in theirs:
            feed = pl.DataFrame(account_feed.accounts(of, crowd, each))
            feeds.append(feed.with_columns(source=pl.lit(each.source)))
        owners.append(pl.DataFrame(truth.owners_table(crowd, theirs)))
    rows = pl.concat(feeds, how="diagonal_relaxed").rename({"id": "account"})
    rows = rows.with_columns(
        pl.col("updated").cast(pl.Datetime("us", "UTC")).alias("at"),
        pl.col("gender").replace({"F": "female", "M": "male"}),
    )
    kinds = {"email": "email", "phone": "phone", "device": "device", "address": "home"}
    identifiers = pl.concat(
        rows.select("source", "account", "at", raw=column, kind=pl.lit(kind)).drop_nulls("raw")
        for kind, column in kinds.items()
    )
    digests = [
        None if plain is None else hashlib.sha256(f"{kind} {plain}".encode()).hexdigest()
        for kind, plain in (
            (kind, normalise(kind, raw, phone_region="US"))
            for kind, raw in identifiers.select("kind", "raw").iter_rows()
        )
    ]
    named = identifiers.with_columns(digest=pl.Series(digests, dtype=pl.String)).drop_nulls()
    return rows, named.drop("raw"), pl.concat(owners).rename({"person": "who"})


def _resolved(statements: pl.DataFrame, identifiers: pl.DataFrame) -> pl.DataFrame:
    with tempfile.TemporaryDirectory() as folder, DuckDBEngine(memory_limit=MEMORY) as engine:
        lake = Lake(Place(folder))
        stated = statements.select(
            "source", "account", "at", "gender", "birth_year", "region", "city"
        )
        lake.append(ACCOUNT_TABLE, _account_rows(stated), batch="a")
        rows = identifiers.with_columns(batch=pl.lit("a")).to_arrow()
        lake.append(IDENTIFIER, rows.select(IDENTIFIER.names).cast(IDENTIFIER.schema), batch="a")
        people.resolve(engine, lake, most_accounts=MOST_ACCOUNTS, at=AT)
        persons = lake.read(ACCOUNT_PERSON, columns=["source", "account", "person"])
        return pl.DataFrame(persons)


# Speed


def speed(sizes: list[int]) -> None:
    rows: list[tuple[object, ...]] = []
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            _, _, identifiers = in_own_process(_market, folder, size)
            ours, our_gb, (done, our_cpu) = in_own_process(_resolve, folder)
            again, again_gb, (_, again_cpu) = in_own_process(_resolve, folder)
            splink, splink_gb, (splink_persons, splink_cpu) = in_own_process(_splink, folder)
            theirs, their_gb, (union, core, cpu) = in_own_process(_polars_scipy, folder)
        assert union == done.persons, (union, done.persons)
        rows += [
            (size, identifiers, "resolve", ours, our_cpu, our_gb, our_cpu / cpu, done.persons),
            (size, identifiers, "again", again, again_cpu, again_gb, again_cpu / cpu, "-"),
            (size, identifiers, "Polars + SciPy", theirs, cpu, their_gb, 1.0, union),
            (
                size,
                identifiers,
                "Splink's defaults",
                splink,
                splink_cpu,
                splink_gb,
                splink_cpu / cpu,
                splink_persons,
            ),
            (size, identifiers, "SciPy's components alone", core, "-", "-", "-", "-"),
        ]
        print(table(_SPEED, rows[-5:]), "\n", flush=True)
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
            # Whoever shares anything has the same number of tens, and so one birth year.
            gender=pl.when(pl.col("n") // 10 % 2 == 0)
            .then(pl.lit("female"))
            .otherwise(pl.lit("male")),
            birth_year=(1940 + pl.col("n") // 10 % 70).cast(pl.Int32),
        )
        lake.append(ACCOUNT_TABLE, _account_rows(frame), batch=str(start))
        for kind in ("email", "device"):
            rows = _identifier_rows(frame, kind)
            written += rows.num_rows
            lake.append(IDENTIFIER, rows, batch=f"{kind}-{start}")
    return written


def _account_rows(frame: pl.DataFrame) -> pa.Table:
    given = [c for c in ACCOUNT_TABLE.names if c in frame.columns]
    rows = frame.select(given).to_arrow()
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


def _splink(folder: str) -> tuple[int, float]:
    """The same accounts by Splink as its guide has it: blocked on each identifier, trained, linked
    from 0.9 on and clustered, in DuckDB under the same limit; the persons.
    """
    import splink
    import splink.comparison_library as library

    begin = time.process_time()
    names = _scan(folder, IDENTIFIER.name).select("source", "account", "kind", "digest").collect()
    wide = names.pivot(
        "kind", index=["source", "account"], values="digest", aggregate_function="min"
    )
    facts = _scan(folder, ACCOUNT_TABLE.name).select("source", "account", "gender", "birth_year")
    rows = facts.collect().join(wide, on=["source", "account"], how="left")
    rows = rows.with_row_index("unique_id").drop("source", "account")
    database = splink.DuckDBAPI()
    database.duckdb_con.execute(f"SET memory_limit = '{MEMORY}'")
    database.duckdb_con.execute(f"SET temp_directory = '{folder}/splink'")
    fields = ("email", "device", "gender", "birth_year")
    rules: list[Any] = [splink.block_on("email"), splink.block_on("device")]
    settings = splink.SettingsCreator(
        link_type="dedupe_only",
        comparisons=[library.ExactMatch(f) for f in fields],
        blocking_rules_to_generate_predictions=rules,
    )
    linker = splink.Linker(database.register(rows.to_arrow()), settings, log_level=None)
    training = linker.training
    training.estimate_probability_two_random_records_match(rules, recall=0.9)
    training.estimate_u_using_random_sampling(max_pairs=1_000_000, seed=1)
    for rule in rules:
        training.estimate_parameters_using_expectation_maximisation(rule)
    predicted = linker.inference.predict(threshold_match_probability=0.9, warning_mode="never")
    clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(predicted, 0.9)
    clustered = clusters.as_pyarrow_table()
    persons = pa.compute.count_distinct(clustered["cluster_id"]).as_py()
    return int(persons), time.process_time() - begin


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
