"""What every engine can do with the tables of a lake."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

import pyarrow as pa

from fullhouse.core.tables import Snapshot
from fullhouse.engine.expr import ibis

if TYPE_CHECKING:
    import ibis.expr.types as ir


class Engine(Protocol):
    """Runs Ibis expressions over snapshots of lake tables."""

    name: str

    def lease(self) -> Engine:
        """An engine for one use and one thread beside this one; it shares what is costly.

        What it scans, registers and keeps is its own, and goes when it closes.
        """

    def scan(self, snapshot: Snapshot) -> ir.Table:
        """A snapshot as an Ibis table with the declared columns and types; maybe empty."""

    def memory(self, table: pa.Table) -> ir.Table:
        """A small Arrow table as an Ibis table."""

    def arrow(self, expr: ir.Table) -> pa.Table:
        """The result of an expression, in memory."""

    def batches(self, expr: ir.Table, *, rows: int = 1_000_000) -> pa.RecordBatchReader:
        """The result of an expression, batch after batch, in bounded memory where it can be."""

    def keep(self, expr: ir.Table, *, scratch: str) -> ir.Table:
        """Compute an expression once and hold its rows until `forget`; see `Scratch`.

        `scratch` is a folder or URL that every machine of the engine can write to.
        """

    def forget(self, table: ir.Table) -> None:
        """Give back the rows of a kept table, which must not be used any more."""

    def close(self) -> None:
        """Give back what the engine holds."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


def ibis_schema(schema: pa.Schema) -> ibis.Schema:
    """An Arrow schema as Ibis knows it, every column nullable.

    Engines forget which columns are required, and Ibis unites no tables that differ in it.
    """
    declared = ibis.Schema.from_pyarrow(schema)
    return ibis.Schema({name: kind(nullable=True) for name, kind in declared.items()})
