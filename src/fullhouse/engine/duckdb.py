"""The embedded engine: DuckDB under a memory limit, spilling to a folder."""

import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from fullhouse.core.tables import Snapshot
from fullhouse.engine.engine import ibis_schema


class DuckDBEngine:
    """DuckDB in this process. Object stores are read through obstore, with no extension."""

    name = "duckdb"

    def __init__(
        self, *, memory_limit: str = "4GB", threads: int = 0, spill: Path | None = None
    ) -> None:
        self._spill = tempfile.TemporaryDirectory(prefix="fullhouse-spill-", dir=spill)
        self.connection = ibis.duckdb.connect(
            memory_limit=memory_limit,
            temp_directory=self._spill.name,
            # Order is restored where it matters; keeping it everywhere costs memory.
            preserve_insertion_order=False,
            **({"threads": threads} if threads else {}),
        )
        self.connection.raw_sql("SET TimeZone = 'UTC'")
        self._schemes: set[str] = set()
        self._names = 0

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

        DuckDB refuses any other query on this engine while a stream is open.
        """
        # Not Ibis's own: it asks DuckDB 2.0 for a method that is gone.
        found = self.connection.con.sql(self.connection.compile(expr)).to_arrow_reader(rows)
        return found.cast(expr.schema().to_pyarrow())

    def keep(self, expr: ir.Table, *, scratch: str) -> ir.Table:  # noqa: ARG002
        """The rows of an expression as a temporary table, in memory or spilled."""
        return self.connection.create_table(self._name(), expr, temp=True)

    def forget(self, table: ir.Table) -> None:
        """Drop a kept table."""
        self.connection.con.execute(f"DROP TABLE {table.get_name()}")

    def close(self) -> None:
        """Close the database and remove what it spilled."""
        self.connection.disconnect()
        self._spill.cleanup()

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
        self._names += 1
        return f"t{self._names}"

    def _register_scheme(self, uri: str) -> None:
        scheme = uri.split("://", maxsplit=1)[0] if "://" in uri else ""
        if scheme in ("", "file") or scheme in self._schemes:
            return
        # obstore takes the same credentials from the environment as deltalake does.
        from obstore.fsspec import FsspecStore

        store: Any = FsspecStore
        self.connection.con.register_filesystem(store(scheme))
        self._schemes.add(scheme)
