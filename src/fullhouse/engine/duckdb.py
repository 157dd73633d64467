"""The embedded engine: DuckDB under a memory limit, spilling to a folder."""

import itertools
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, Self

import duckdb
import ibis
import ibis.expr.types as ir
import pyarrow as pa

from fullhouse.core.leftovers import TemporaryFolder
from fullhouse.core.tables import Snapshot
from fullhouse.engine.engine import ibis_schema


@dataclass(frozen=True)
class _Database:
    """What all leases share: the database with its memory limit, its threads and its spill."""

    root: duckdb.DuckDBPyConnection
    spill: TemporaryFolder
    numbers: "itertools.count[int]" = field(default_factory=itertools.count)
    schemes: set[str] = field(default_factory=set)
    lock: Lock = field(default_factory=Lock)

    @classmethod
    def start(cls, memory_limit: str, threads: int, spill: Path | None) -> "_Database":
        folder = TemporaryFolder("spill", beside=spill)
        config: dict[str, Any] = {
            "memory_limit": memory_limit,
            "temp_directory": folder.name,
            # Order is restored where it matters; keeping it everywhere costs memory.
            "preserve_insertion_order": "false",
            **({"threads": threads} if threads else {}),
        }
        return cls(duckdb.connect(config=config), folder)


class DuckDBEngine:
    """DuckDB in this process. Object stores are read through obstore, with no extension.

    `lease()` gives another engine on the same database, for another thread: memory limit and
    threads are shared, what it scans, registers and keeps is its own and goes when it closes.
    """

    name = "duckdb"

    def __init__(
        self, *, memory_limit: str = "4GB", threads: int = 0, spill: Path | None = None
    ) -> None:
        self._begin(_Database.start(memory_limit, threads, spill), owner=True)

    def _begin(self, database: _Database, *, owner: bool) -> None:
        self._database = database
        self._owner = owner
        self._views: list[str] = []
        # A connection of its own: it has temporary tables and open streams of its own. Ibis sets
        # its time zone to UTC.
        self.connection = ibis.duckdb.from_connection(database.root.cursor())

    def lease(self) -> "DuckDBEngine":
        """An engine for one use, on the same database."""
        leased = DuckDBEngine.__new__(DuckDBEngine)
        leased._begin(self._database, owner=False)
        return leased

    def scan(self, snapshot: Snapshot) -> ir.Table:
        """A snapshot as an Ibis table; partition columns come from the paths."""
        schema = ibis_schema(snapshot.table.schema)
        if not snapshot.uris:
            return self.memory(snapshot.table.schema.empty_table())
        self._register_scheme(snapshot.root)
        name = self._name()
        # By DuckDB's own reader: Ibis would download an extension for s3:// before it tries ours.
        self.connection.con.sql(
            "SELECT * FROM read_parquet($files, hive_partitioning = $hive,"
            # As text first: '007' must stay a source, and the cast below knows the types.
            " hive_types_autocast = false)",
            params={"files": list(snapshot.uris), "hive": bool(snapshot.table.partition_by)},
        ).create_view(name)
        self._views.append(name)
        table = self.connection.table(name)
        return table.select(**{c: table[c].cast(schema[c]) for c in schema})

    def memory(self, table: pa.Table) -> ir.Table:
        """An Arrow table as an Ibis table, without a copy."""
        name = self._name()
        self.connection.con.register(name, table)
        return self.connection.table(name)

    def arrow(self, expr: ir.Table) -> pa.Table:
        """The result of an expression, in memory."""
        return expr.to_pyarrow()

    def batches(self, expr: ir.Table, *, rows: int = 1_000_000) -> pa.RecordBatchReader:
        """The result of an expression as a stream; read it out or close it before the next query.

        DuckDB refuses any other query of this lease while a stream is open.
        """
        # Not Ibis's own: it asks DuckDB 2.0 for a method that is gone.
        stream = self.connection.con.sql(self.connection.compile(expr)).to_arrow_reader(rows)
        return stream.cast(expr.schema().to_pyarrow())

    def keep(self, expr: ir.Table, *, scratch: str) -> ir.Table:  # noqa: ARG002
        """The rows of an expression as a temporary table, in memory or spilled."""
        return self.connection.create_table(self._name(), expr, temp=True)

    def forget(self, table: ir.Table) -> None:
        """Drop a kept table."""
        self.connection.con.execute(f"DROP TABLE {table.get_name()}")

    def close(self) -> None:
        """Give back what this lease holds; the owner's closes the database and its spill too."""
        # On a connection beside: what broke off in the middle may hold a result of this one open.
        with self.connection.con.cursor() as beside:
            for name in self._views:
                beside.execute(f"DROP VIEW IF EXISTS {name}")
        self._views.clear()
        # With its connection go its registered data and its temporary tables.
        self.connection.disconnect()
        if self._owner:
            self._database.root.close()
            self._database.spill.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _name(self) -> str:
        # Views are seen by every connection of the database, so no two have one name.
        return f"t{next(self._database.numbers)}"

    def _register_scheme(self, uri: str) -> None:
        scheme = uri.split("://", maxsplit=1)[0] if "://" in uri else ""
        if scheme in ("", "file"):
            return
        with self._database.lock:
            if scheme in self._database.schemes:
                return
            # obstore takes the same credentials from the environment as deltalake does.
            from obstore.fsspec import FsspecStore

            store: Any = FsspecStore
            self._database.root.register_filesystem(store(scheme))
            self._database.schemes.add(scheme)
