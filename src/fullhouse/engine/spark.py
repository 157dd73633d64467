"""Apache Spark, or any server that speaks Spark Connect, such as Sail."""

import itertools
import uuid
from threading import Lock
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from fullhouse.core.errors import InputError, UnsupportedError
from fullhouse.core.tables import Snapshot
from fullhouse.engine.engine import ibis_schema

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_TYPES = {
    "string": "string",
    "int32": "int",
    "int64": "bigint",
    "float64": "double",
    "bool": "boolean",
    "date": "date",
    "timestamp": "timestamp",
    "binary": "binary",
    "list<int32>": "array<int>",
}


class SparkEngine:
    """A Spark session: `local[2]`, `spark://host:7077`, or `sc://host:15002` for Connect.

    `lease()` gives another engine on the same session, whose views go when it closes.
    """

    name = "spark"

    def __init__(self, address: str = "local[2]", *, anew: bool = False) -> None:
        self._address, self._lock = address, Lock()
        self._begin(_session(address, anew=anew), owner=True)

    def _begin(self, session: "SparkSession", *, owner: bool) -> None:
        self.session = session
        self.session.conf.set("spark.sql.session.timeZone", "UTC")
        self.connection = ibis.pyspark.connect(self.session)
        self._owner = owner
        self._delta: bool | None = None
        self._views: set[str] = set()
        self._numbers = itertools.count()
        self._prefix = f"fullhouse_{uuid.uuid4().hex}"

    def lease(self) -> "SparkEngine":
        """An engine for one use, on the same session; on a new one where the server ended that.

        Servers end a session that nobody used for a while: Sail after five minutes.
        """
        leased = SparkEngine.__new__(SparkEngine)
        leased._address, leased._lock = self._address, self._lock
        with self._lock:
            if self._address.startswith("sc://") and _has_ended(self.session):
                self._begin(_session(self._address, anew=True), owner=self._owner)
        leased._begin(self.session, owner=False)
        return leased

    def scan(self, snapshot: Snapshot) -> ir.Table:
        """A snapshot as an Ibis table: by Delta where the server has it, else by its files."""
        if not snapshot.uris:
            return self.memory(snapshot.table.schema.empty_table())
        frame = self._by_delta(snapshot) if self._delta is not False else None
        return self._table(frame if frame is not None else self._by_files(snapshot), snapshot)

    def memory(self, table: pa.Table) -> ir.Table:
        """A small Arrow table as an Ibis table."""
        frame = self.session.createDataFrame(
            # In one chunk: pandas cannot hand a text column of several to Spark.
            table.combine_chunks().to_pandas(),
            schema=_spark_schema(table.schema),
        )
        return self._view(frame)

    def arrow(self, expr: ir.Table) -> pa.Table:
        """The result of an expression, in memory."""
        try:
            return expr.to_pyarrow()
        except ibis.common.exceptions.OperationNotDefinedError as problem:
            raise UnsupportedError(f"Spark cannot do this operation: {problem}") from problem

    def batches(self, expr: ir.Table, *, rows: int = 1_000_000) -> pa.RecordBatchReader:
        """The result of an expression; Spark hands it to this process as one table."""
        table = self.arrow(expr)
        return pa.RecordBatchReader.from_batches(table.schema, table.to_batches(max_chunksize=rows))

    def keep(self, expr: ir.Table, *, scratch: str) -> ir.Table:
        """The rows of an expression as Parquet files under `scratch`.

        Files and not `cache()`: that keeps the growing plan of an iteration, and does nothing
        at all on Sail.
        """
        folder = f"{scratch}/{uuid.uuid4().hex}"
        frame = self.session.sql(self.connection.compile(expr))
        schema = frame.schema
        frame.write.parquet(folder)
        # By its schema: Sail writes no file at all for no rows.
        return self._view(self.session.read.schema(schema).parquet(folder))

    def forget(self, table: ir.Table) -> None:
        """Drop the view of a kept table; its files go with the scratch folder."""
        self.session.catalog.dropTempView(table.get_name())
        self._views.discard(table.get_name())

    def close(self) -> None:
        """Drop this lease's views; the owner's ends the session too."""
        if self._owner:
            self.session.stop()
            return
        for name in self._views:
            self.session.catalog.dropTempView(name)
        self._views.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _by_delta(self, snapshot: Snapshot) -> "DataFrame | None":
        reader = self.session.read.format("delta").option("versionAsOf", snapshot.version)
        try:
            frame = reader.load(snapshot.root)
            _ = frame.columns
        except Exception as problem:
            # Plain Spark has no Delta source unless its jars are there; the files will do.
            # Its two kinds of session raise two kinds of error, so the word decides.
            if "DATA_SOURCE_NOT_FOUND" not in str(problem):
                raise
            self._delta = False
            return None
        self._delta = True
        return frame

    def _by_files(self, snapshot: Snapshot) -> "DataFrame":
        declared = ", ".join(f"`{c.name}` {_TYPES[c.type]}" for c in snapshot.table.columns)
        reader = self.session.read.option("basePath", snapshot.root).schema(declared)
        return reader.parquet(*snapshot.uris)

    def _table(self, frame: "DataFrame", snapshot: Snapshot) -> ir.Table:
        table = self._view(frame)
        schema = ibis_schema(snapshot.table.schema)
        return table.select(**{c: table[c].cast(schema[c]) for c in schema})

    def _view(self, frame: "DataFrame") -> ir.Table:
        name = f"{self._prefix}_{next(self._numbers)}"
        frame.createOrReplaceTempView(name)
        self._views.add(name)
        return self.connection.table(name)


def _has_ended(session: "SparkSession") -> bool:
    """Whether a server knows a session no more: asked by a query, which takes some milliseconds."""
    from pyspark.errors import PySparkException

    try:
        session.sql("SELECT 1").collect()
    except PySparkException:
        return True
    return False


def _session(address: str, *, anew: bool = False) -> "SparkSession":
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise InputError(
            "The spark engine needs PySpark: pip install 'fullhouse[spark]'."
        ) from None
    builder: Any = SparkSession.builder
    if address.startswith("sc://"):
        builder = builder.remote(address)
    else:
        builder = builder.master(address).appName("fullhouse")
        builder = builder.config("spark.ui.enabled", "false")
        builder = builder.config("spark.sql.shuffle.partitions", "8")
    session: SparkSession = builder.create() if anew else builder.getOrCreate()
    return session


def _spark_schema(schema: pa.Schema) -> Any:
    from pyspark.sql.pandas.types import from_arrow_schema

    return from_arrow_schema(schema)
