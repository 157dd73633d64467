"""Leases share a database and its limit, and nothing else."""

from threading import Thread

import pyarrow as pa
import pytest

from fullhouse.core.tables import PERSON_TRAIT
from fullhouse.engine import DuckDBEngine, Engine, SparkEngine
from fullhouse.lake import Lake


def numbers(n: int) -> pa.Table:
    return pa.table({"n": list(range(n))})


def test_each_lease_has_tables_of_its_own(engine: Engine, lake: Lake, tmp_path: object) -> None:
    one, two = engine.lease(), engine.lease()
    tables = [lease.memory(numbers(n)) for lease, n in ((one, 3), (two, 5), (engine, 7))]
    counts = [
        lease.arrow(table.count().as_table())[0][0].as_py()
        for lease, table in zip((one, two, engine), tables, strict=True)
    ]
    assert counts == [3, 5, 7]
    one.close()
    again = two.arrow(tables[1].count().as_table())
    assert again[0][0].as_py() == 5, "closing one lease leaves the others alone"
    two.close()


def test_a_closed_lease_leaves_nothing_in_the_database(duck: DuckDBEngine, lake: Lake) -> None:
    row = {"build": 1, "block": 0, "person": 1, "traits": [1], "events": [1]}
    counts = dict.fromkeys(("purchase", "view", "ticket", "want_to_see"), 1)
    rows = pa.Table.from_pylist([row | counts], schema=PERSON_TRAIT.schema)
    lake.append(PERSON_TRAIT, rows, batch="a")
    lease = duck.lease()
    table = lease.scan(lake.snapshot(PERSON_TRAIT))
    lease.keep(table, scratch="")
    lease.memory(numbers(10))
    lease.close()
    left = duck.connection.con.execute(
        "SELECT view_name FROM duckdb_views() WHERE NOT internal"
        " UNION ALL SELECT table_name FROM duckdb_tables()"
    ).fetchall()
    assert left == []


def test_a_lease_closes_though_something_broke_off_in_the_middle_of_a_stream(
    duck: DuckDBEngine, lake: Lake
) -> None:
    row = {"build": 1, "block": 0, "traits": [1], "events": [1]}
    counts = dict.fromkeys(("purchase", "view", "ticket", "want_to_see"), 1)
    many = [row | counts | {"person": n} for n in range(5000)]
    lake.append(PERSON_TRAIT, pa.Table.from_pylist(many, schema=PERSON_TRAIT.schema), batch="many")
    lease = duck.lease()
    stream = lease.batches(lease.scan(lake.snapshot(PERSON_TRAIT)), rows=100)
    assert stream.read_next_batch().num_rows
    lease.close()
    views = "SELECT view_name FROM duckdb_views() WHERE NOT internal"
    assert duck.connection.con.execute(views).fetchall() == []


def test_all_leases_share_one_memory_limit(duck: DuckDBEngine) -> None:
    lease = duck.lease()
    query = "SELECT current_setting('memory_limit')"
    assert lease.connection.con.execute(query).fetchone() == (
        duck.connection.con.execute(query).fetchone()
    )
    lease.close()


def test_a_stream_of_one_lease_does_not_stop_another(duck: DuckDBEngine) -> None:
    one, two = duck.lease(), duck.lease()
    with one.batches(one.memory(numbers(5000)), rows=100) as stream:
        first = stream.read_next_batch().num_rows
        assert two.arrow(two.memory(numbers(4)).count().as_table())[0][0].as_py() == 4
        rest = sum(batch.num_rows for batch in stream)
    assert first + rest == 5000
    one.close()
    two.close()


@pytest.mark.slow
def test_threads_with_leases_compute_at_the_same_time(duck: DuckDBEngine) -> None:
    sums: dict[int, int] = {}

    def compute(n: int) -> None:
        lease = duck.lease()
        for _ in range(20):
            table = lease.keep(lease.memory(numbers(n)), scratch="")
            sums[n] = lease.arrow(table.aggregate(s=table.n.sum()))["s"][0].as_py()
            lease.forget(table)
        lease.close()

    threads = [Thread(target=compute, args=(n,)) for n in range(1000, 1008)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sums == {n: n * (n - 1) // 2 for n in range(1000, 1008)}


def test_a_closed_lease_cannot_be_used(duck: DuckDBEngine) -> None:
    lease = duck.lease()
    table = lease.memory(numbers(1))
    lease.close()
    with pytest.raises(Exception, match="closed"):
        lease.arrow(table)


def test_a_session_that_its_server_has_ended_is_begun_anew(sail_address: str) -> None:
    """Sail ends a session that nobody used for five minutes; a house is open for days."""
    owner = SparkEngine(sail_address, anew=True)
    ended = owner.session
    ended.client.release_session()
    with pytest.raises(Exception, match=r"not running|closed|released"):
        ended.sql("SELECT 1").collect()
    with owner.lease() as lease:
        counted = lease.arrow(lease.memory(numbers(4)).count().as_table())
        assert counted[0][0].as_py() == 4
    assert owner.session is not ended
    live = owner.session
    with owner.lease():
        assert owner.session is live, "one that lives is gone on with"
    owner.close()
