"""The tables of a workspace on Delta Lake: exactly-once appends, replacements, snapshots."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import pyarrow as pa
from deltalake import (
    ColumnProperties,
    CommitProperties,
    DeltaTable,
    Transaction,
    WriterProperties,
    write_deltalake,
)
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError

from fullhouse.core.errors import ConflictError, DamagedError, FullhouseError, InputError
from fullhouse.core.lean import without
from fullhouse.core.tables import ALL, Snapshot, Table
from fullhouse.lake.pins import ABSENT, OpenTables, Pins, newest_versions
from fullhouse.lake.place import Place

if TYPE_CHECKING:
    import pyarrow.compute as pc
    import pyarrow.dataset as ds

Data: TypeAlias = pa.Table | pa.RecordBatchReader
WRITER = WriterProperties(compression="ZSTD", compression_level=1)
BITMAPS = WriterProperties(
    # Roaring is compact as it is. Small row groups, sorted, so that a reader of five traits
    # reads only those: docs/decisions/0003-block-kernel.md has the figures.
    compression="UNCOMPRESSED",
    max_row_group_size=128,
    column_properties={
        "bitmap": ColumnProperties(dictionary_enabled=False, statistics_enabled="NONE")
    },
)
"""For tables of bitmaps (trait_bitmap sorted by trait and block, audience_block)."""
PERSONS = WriterProperties(
    compression="ZSTD",
    compression_level=1,
    max_row_group_size=262_144,
    # Numbers of persons and lists of small numbers, read block by block: dictionaries and
    # statistics cost a third of the writing time and save a sixth of the space.
    default_column_properties=ColumnProperties(dictionary_enabled=False, statistics_enabled="NONE"),
)
"""For person_trait."""
WRITERS = {"trait_bitmap": BITMAPS, "audience_block": BITMAPS, "campaign_people": BITMAPS} | {
    "person_trait": PERSONS
}
"""How a table is rewritten where it is not as most are."""
FENCES = "fullhouse.fences"
"""The property of a table that every erasure counts up, so that no older commit can follow."""
TAKEN = (FENCES.encode(), b'"specifiedRetentionMillis":"0"')
"""What stands in the log entry of a commit with which an erasure fences a table or takes files."""
ERASED = "ERASED"
"""The operation that a log entry names whose content an erasure took away."""
TRIES = 50
"""A commit that lost a race is tried again this often; each try reads the new state."""


class Witness(Protocol):
    """Knows how far the tables of a lake have been."""

    def check(self, lake: "Lake", tables: Iterable[Table]) -> None:
        """An error when a table has lost commits that it had."""

    def seal(self, lake: "Lake", tables: Iterable[Table]) -> None:
        """Write down how far tables are now."""

    def close(self, lake: "Lake", written: Iterable[str]) -> None:
        """At the end of a use: write down how far the tables are that it wrote."""


@dataclass(frozen=True)
class Lake:
    """Where the tables are. Cheap to make: it holds no connection.

    A pinned lake reads each table at one version for as long as it is used: that of its first
    look, or of what it wrote itself. Writing always goes on from the newest version.
    """

    place: Place
    pins: Pins | None = field(default=None, repr=False, compare=False)
    opened: OpenTables | None = field(default=None, repr=False, compare=False)
    """Tables that are open already, shared by the uses of one process."""
    witness: Witness | None = field(default=None, repr=False, compare=False)
    written: set[str] = field(default_factory=set, repr=False, compare=False)
    """Names of the tables that this use has written, or meant to."""
    committed: set[str] = field(default_factory=set, repr=False, compare=False)
    """Names of the tables in which a commit of this use stands."""

    def pinned(self) -> "Lake":
        """The lake for one use: it reads one version of each table, while others write."""
        return replace(self, pins=Pins(), written=set(), committed=set())

    def check(self, *tables: Table) -> None:
        """An error when one of these tables has lost commits that it had."""
        if self.witness is not None:
            self.witness.check(self, tables)

    def seal(self, *tables: Table) -> None:
        """Write down how far these tables are, so that a lost commit is noticed."""
        if self.witness is not None:
            self.witness.seal(self, tables)

    @property
    def live(self) -> "Lake":
        """The lake that reads the newest version at each look."""
        return self if self.pins is None else replace(self, pins=None)

    @property
    def versions(self) -> dict[str, int]:
        """Each table that was read in this use, with its version; -1 before its first write."""
        return {} if self.pins is None else self.pins.versions

    def uri(self, table: Table) -> str:
        """Folder or URL of a table."""
        return self.place.join(table.name).root

    def version(self, table: Table) -> int | None:
        """The version of a table that is read, or None before its first write."""
        if self.pins is None:
            delta = self.open(table)
            return None if delta is None else delta.version()
        version = self.pins.version(table.name, lambda: self._newest(table))
        return None if version == ABSENT else version

    def reads_as(self, versions: Mapping[str, int]) -> bool:
        """Whether this use reads each of these tables at this version; looking is not reading."""
        pins = self.pins
        return pins is not None and all(
            name in ALL
            and pins.version(name, partial(self._newest, ALL[name]), reading=False) == version
            for name, version in versions.items()
        )

    def mark_read(self, tables: Iterable[str]) -> None:
        """Count tables as read in this use, whose rows came by way of a stored result."""
        if self.pins is not None:
            self.pins.mark_read(tables)

    def _newest(self, table: Table) -> Mapping[str, int]:
        """The newest versions: of all tables where that is quick, else of this one."""
        if self.place.is_local:
            return newest_versions(self.place.root, {*ALL, table.name})
        delta = self._open_newest(table)
        return {table.name: ABSENT if delta is None else delta.version()}

    def create(self, table: Table) -> DeltaTable:
        """The table, made empty when it does not stand yet."""
        table_now = self.opened.take_newest(self.uri(table)) if self.opened else None
        table_now = table_now or self._open_newest(table)
        if table_now is not None:
            return table_now
        if self.place.is_local:
            self.place.path.mkdir(parents=True, exist_ok=True)
        return DeltaTable.create(
            self.uri(table),
            schema=table.schema,
            mode="ignore",
            partition_by=list(table.partition_by) or None,
            name=table.name,
            description=table.doc,
            configuration=configuration(table),
        )

    def has_batch(self, table: Table, batch: str) -> bool:
        """Whether a batch was committed to a table."""
        delta = self.open(table)
        return delta is not None and delta.transaction_version(batch) is not None

    def append(
        self,
        table: Table,
        data: Data,
        *,
        batch: str,
        metadata: Mapping[str, str] | None = None,
        writer: WriterProperties = WRITER,
    ) -> bool:
        """Append a batch in one commit; False, and nothing written, when it is there already."""
        tries = 0

        def once(_: Snapshot) -> Data:
            nonlocal tries
            tries += 1
            if tries > 1 and not isinstance(data, pa.Table):
                raise ConflictError(code="table_changed", table=table.name)
            return data

        return self.append_checked(
            table, once, batch=batch, guard=batch, metadata=metadata, writer=writer
        )

    def append_each(self, table: Table, rows: pa.Table) -> int:
        """Append rows that are each a batch of their own, by their column `batch`, in one commit.

        Those whose batch is there already are left out; how many were not.
        """
        data = _conform(rows, table)
        assert isinstance(data, pa.Table)
        for _ in range(TRIES):
            delta = self.create(table)
            fresh = [delta.transaction_version(b) is None for b in data["batch"].to_pylist()]
            if not any(fresh):
                self._move(table, delta)
                return 0
            new = data.filter(pa.array(fresh))
            transactions = dict.fromkeys(new["batch"].to_pylist(), 1)
            try:
                write_deltalake(
                    delta,
                    new,
                    mode="append",
                    writer_properties=WRITER,
                    commit_properties=_properties(transactions, None),
                )
            except CommitFailedError:
                continue
            self._move(table, delta, committed=True)
            return int(new.num_rows)
        raise ConflictError(code="table_changed", table=table.name)

    def append_checked(
        self,
        table: Table,
        rows: Callable[[Snapshot], Data],
        *,
        batch: str,
        guard: str,
        metadata: Mapping[str, str] | None = None,
        marks: Callable[[], Mapping[str, int]] = dict,
        left_out: Callable[[], int] = lambda: 0,
        writer: WriterProperties = WRITER,
    ) -> bool:
        """Append what `rows` makes of the newest snapshot; False when the batch is there already.

        `marks` are numbers that `mark` reads, asked for after `rows`. So it does the batch: 1, and
        1 more for each row that `rows` has `left_out`.

        Two appends under the same guard never overlap: the one that loses the race sees a
        snapshot with the other's rows and calls `rows` again. Guard and batch are application
        transactions of the one Delta commit, so a crash leaves all or nothing.
        """
        for _ in range(TRIES):
            delta = self.create(table)
            if delta.transaction_version(batch) is not None:
                self._move(table, delta)
                return False
            transactions = {batch: 1}
            self._check_inputs(table)
            if guard != batch:
                transactions[guard] = (delta.transaction_version(guard) or 0) + 1
            try:
                data = _conform(rows(_snapshot(table, delta)), table)
            except FullhouseError:
                raise
            except Exception:
                # An erasure takes the files of older versions away while they are read.
                if self.is_fenced(table.name, delta.version()):
                    continue
                raise
            transactions[batch] += left_out()
            transactions.update(marks())
            try:
                write_deltalake(
                    delta,
                    data,
                    mode="append",
                    writer_properties=writer,
                    commit_properties=_properties(transactions, metadata),
                )
            except CommitFailedError:
                continue
            self._move(table, delta, committed=True)
            return True
        raise ConflictError(code="table_changed", table=table.name)

    def replace(
        self,
        table: Table,
        data: Data,
        *,
        where: Mapping[str, str | int] | None = None,
        metadata: Mapping[str, str] | None = None,
        marks: Mapping[str, int] | None = None,
        expected: int | None = None,
        writer: WriterProperties = WRITER,
    ) -> int:
        """Overwrite a derived table, or only its rows `where` column = value; the version.

        `marks` are numbers that change in the same commit and that `mark` reads; compaction
        keeps them. With `expected`, a ConflictError when the table is no longer at that version
        (-1: not there yet), and nothing is written. Of two that replace the whole table at once,
        the rows of one are left.
        """
        # Delta itself would take away the files of the version that was read, and leave those that
        # another one has added since.
        strict = where is None or expected is not None
        again = isinstance(data, pa.Table) and expected is None
        for left in reversed(range(TRIES if again else 1)):
            delta = self.create(table)
            if expected is not None and delta.version() != max(expected, 0):
                raise ConflictError(code="table_changed", table=table.name)
            self._check_inputs(table)
            try:
                write_deltalake(
                    delta,
                    _conform(data, table),
                    mode="overwrite",
                    predicate=_predicate(table, where) if where else None,
                    writer_properties=writer,
                    commit_properties=_properties(
                        marks or {}, metadata, retries=0 if strict else None
                    ),
                )
            except CommitFailedError as problem:
                if left:
                    continue
                raise ConflictError(code="table_changed", table=table.name) from problem
            break
        self._move(table, delta, committed=True)
        return delta.version()

    def _move(self, table: Table, delta: DeltaTable, *, committed: bool = False) -> None:
        """Read the table from now on as it was just written, or as its batch was seen there."""
        self.written.add(table.name)
        if committed:
            self.committed.add(table.name)
        if self.opened is not None:
            self.opened.give_back(self.uri(table), delta)
        if self.pins is not None:
            self.pins.move(table.name, delta.version())

    def mark(self, table: Table, name: str, *, version: int | None = None) -> int | None:
        """A number that a `replace` set, as of a version or now; None when it never was."""
        delta = self._at(table, version)
        number: int | None = None if delta is None else delta.transaction_version(name)
        return number

    def numbers(self, table: Table) -> Callable[[str], int | None]:
        """The numbers of a table's batches and marks now, by name; None of one that never was."""
        delta = self.open(table)
        return (lambda _: None) if delta is None else delta.transaction_version

    def snapshot(
        self, table: Table, *, version: int | None = None, at: datetime | None = None
    ) -> Snapshot:
        """The files of a table now, at a version, or as it stood at a time."""
        delta = self._at(table, version, at)
        if delta is None:
            return Snapshot(table, ABSENT, self.uri(table), ())
        return _snapshot(table, delta)

    def read(
        self,
        table: Table,
        *,
        columns: Sequence[str] | None = None,
        where: "pc.Expression | None" = None,
        version: int | None = None,
    ) -> pa.Table:
        """Rows of a table in memory: for small tables, or narrow ones under a filter."""
        names = list(columns or table.names)
        delta = self._at(table, version)
        if delta is None:
            return table.schema.empty_table().select(names)
        return dataset_of(delta).to_table(columns=names, filter=where)

    def batches(
        self,
        table: Table,
        *,
        columns: Sequence[str] | None = None,
        where: "pc.Expression | None" = None,
        version: int | None = None,
        rows: int = 100_000,
    ) -> Iterator[pa.RecordBatch]:
        """Rows of a table, batch after batch in no order, a few batches in memory at a time."""
        delta = self._at(table, version)
        if delta is None:
            return
        filesystem, options = self._mapped(table)
        yield from dataset_of(delta, filesystem=filesystem).to_batches(
            columns=list(columns or table.names),
            filter=where,
            batch_size=rows,
            batch_readahead=2,
            fragment_readahead=1,
            fragment_scan_options=options,
        )

    def added(
        self, table: Table, since: int, *, columns: Sequence[str], where: "pc.Expression"
    ) -> pa.Table:
        """Rows of the files that a table has now and did not have at a version.

        All its rows where that version cannot be read any more, or is from before its first write.
        Rows that were only rewritten since are among them.
        """
        delta = self._at(table)
        if delta is None:
            return table.schema.empty_table().select(list(columns))
        try:
            older = DeltaTable(self.uri(table), version=since) if since != ABSENT else None
            known = set(dataset_of(older).files) if older is not None else set()
        except (DeltaError, OSError, ValueError):
            known = set()
        from pyarrow.dataset import FileSystemDataset

        every = dataset_of(delta)
        fresh = [f for f in every.get_fragments() if f.path not in known]
        return FileSystemDataset(fresh, every.schema, every.format, every.filesystem).to_table(
            columns=list(columns), filter=where
        )

    def _mapped(self, table: Table) -> tuple[Any, Any]:
        """Local files are mapped, not read: a third of the time for a trait of a billion people."""
        if not self.place.is_local:
            return None, None
        from pyarrow.dataset import ParquetFragmentScanOptions
        from pyarrow.fs import LocalFileSystem, SubTreeFileSystem

        folder = SubTreeFileSystem(self.uri(table), LocalFileSystem(use_mmap=True))
        return folder, ParquetFragmentScanOptions(pre_buffer=False)

    def metadata(self, table: Table) -> dict[str, str]:
        """What the newest commit of a table was given as metadata; empty before the first."""
        version = self.version(table)
        if version is None:
            return {}
        # From the commit itself: the history reads every commit there ever was.
        log = Place(self.uri(table)).read(f"_delta_log/{version:020}.json")
        commits = [json.loads(line) for line in (log or b"").splitlines()]
        last = next((c["commitInfo"] for c in commits if "commitInfo" in c), None)
        if last is None:
            every = DeltaTable(self.uri(table)).history()
            last = next(h for h in every if h["version"] == version)
        return {k: v for k, v in last.items() if isinstance(v, str)}

    def open(self, table: Table) -> DeltaTable | None:
        """The Delta table as it is read, not to be moved or written; None before its first write.

        Ask the `live` lake for one that may be.
        """
        if self.pins is None:
            return self._open_newest(table)
        version = self.version(table)
        return None if version is None else self._opened_at(table, version)

    def _open_newest(self, table: Table) -> DeltaTable | None:
        for last in (False, True):
            try:
                return DeltaTable(self.uri(table))
            except TableNotFoundError:
                return None
            except (DeltaError, OSError, ValueError) as problem:
                # An erasure may have emptied the log while it was read; its checkpoint stands now.
                if last:
                    reason = str(problem).splitlines()[0]
                    raise DamagedError(
                        code="table_log_unreadable", table=table.name, reason=reason
                    ) from None
        raise AssertionError

    def _opened_at(self, table: Table, version: int) -> DeltaTable:
        try:
            if self.opened is not None:
                return self.opened.at(self.uri(table), version)
            return DeltaTable(self.uri(table), version=version)
        except DeltaError as problem:
            if self._is_erased(table.name, version):
                raise ConflictError(code="erased_meanwhile") from None
            reason = str(problem).splitlines()[0]
            raise DamagedError(
                code="table_log_unreadable", table=table.name, reason=reason
            ) from None

    def _is_erased(self, name: str, version: int) -> bool:
        """Whether an erasure took a version of a table away."""
        log = self.place.join(name).read(f"_delta_log/{version:020}.json")
        return log is not None and is_erased(log)

    def _check_inputs(self, table: Table) -> None:
        """Refuse to write what was derived from rows that an erasure has since taken away.

        Asked after the table to be written was opened: an erasure that takes rows away later
        fences that table afterwards, so that this commit fails.
        """
        if not table.is_feed and self.was_erased:
            raise ConflictError(code="erased_meanwhile")

    @property
    def was_erased(self) -> bool:
        """Whether an erasure took away a version that this use has read."""
        return any(
            version != ABSENT and self._is_erased(name, version)
            for name, version in self.versions.items()
        )

    @property
    def was_fenced(self) -> bool:
        """Whether an erasure has begun to take from a table since this use has read it."""
        return any(
            version != ABSENT and self.is_fenced(name, version)
            for name, version in self.versions.items()
        )

    def is_fenced(self, name: str, version: int) -> bool:
        """Whether an erasure fenced a table after a version."""
        place = self.place.join(name)
        while (log := place.read(f"_delta_log/{version + 1:020}.json")) is not None:
            if is_erased(log) or any(mark in log for mark in TAKEN):
                return True
            version += 1
        return False

    def _at(
        self, table: Table, version: int | None = None, at: datetime | None = None
    ) -> DeltaTable | None:
        """The table as it is read, or at a version or a time; None before its first write."""
        read = self.version(table) if self.pins is not None else None
        if self.pins is not None and read is None and version is None:
            return None
        if read is not None and at is None and version in (None, read):
            return self._opened_at(table, read)
        delta = self._open_newest(table)
        if delta is not None and (version is not None or at is not None):
            self._travel(delta, table, version, at)
        return delta

    def _travel(
        self, delta: DeltaTable, table: Table, version: int | None, at: datetime | None
    ) -> None:
        if version is None:
            version = version_at(delta, _utc(at))
        try:
            if version is not None:
                delta.load_as_version(version)
                return
            problem: Exception | str = "it was made later"
        except (DeltaError, OSError, ValueError) as failure:
            problem = failure
        raise InputError(
            f"Table {table.name!r} has no snapshot for"
            f" {at if at is not None else 'version ' + str(version)}: {problem}"
        )


def dataset_of(delta: DeltaTable, **options: Any) -> "ds.Dataset":
    """The files of a version as one dataset, whose library is loaded when it is first needed."""
    with without("pandas"):
        import_module("pyarrow.dataset")  # before deltalake loads it with pandas
    return delta.to_pyarrow_dataset(**options)


def total(numbers: pa.ChunkedArray) -> int:
    """The sum of a column of the log, without PyArrow's functions, which take long to load."""
    return sum(n or 0 for n in numbers.to_pylist())


def configuration(table: Table) -> dict[str, str]:
    """The properties of a table: of personal ones, no text or person stands in the log."""
    if not table.is_personal:
        return {}
    if not table.statistics:
        return {"delta.dataSkippingNumIndexedCols": "0"}
    return {"delta.dataSkippingStatsColumns": ",".join(table.statistics)}


def version_at(delta: DeltaTable, at: datetime) -> int | None:
    """The newest version committed by a time; None before the first.

    From the commits' own times. `load_as_version(at)` goes by the log files' modification times,
    which are later, and change when a lake is copied.
    """
    left = (h for h in delta.history() if h.get("operation") != ERASED)
    by_then = (h["version"] for h in left if commit_time(h) <= at)
    return max(by_then, default=None)


def is_erased(log: bytes) -> bool:
    """Whether a log entry is one whose content an erasure took away."""
    return log.startswith(b'{"commitInfo": {"operation": "' + ERASED.encode() + b'"')


def commit_time(commit: Mapping[str, Any]) -> datetime:
    """When a commit of a table's history was made."""
    return datetime.fromtimestamp(commit["timestamp"] / 1000, UTC)


def _utc(at: datetime | None) -> datetime:
    assert at is not None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _snapshot(table: Table, delta: DeltaTable) -> Snapshot:
    return Snapshot(table, delta.version(), delta.table_uri, tuple(sorted(delta.file_uris())))


def _properties(
    transactions: Mapping[str, int],
    metadata: Mapping[str, str] | None,
    *,
    retries: int | None = None,
) -> CommitProperties:
    return CommitProperties(
        custom_metadata=dict(metadata or {}),
        max_commit_retries=retries,
        app_transactions=[Transaction(a, v) for a, v in transactions.items()],
    )


def _conform(data: Data, table: Table) -> Data:
    """The data in the table's column order and types; a missing or extra column is our bug."""
    schema = table.schema
    if isinstance(data, pa.Table):
        return data.select(schema.names).cast(schema)

    def batches() -> Any:
        for batch in data:
            yield from pa.Table.from_batches([batch]).select(schema.names).cast(schema).to_batches()

    return pa.RecordBatchReader.from_batches(schema, batches())


def _predicate(table: Table, where: Mapping[str, str | int]) -> str:
    unknown = set(where) - set(table.names)
    if unknown:
        raise ValueError(f"table {table.name} has no column {unknown}")
    return " AND ".join(f"{column} = {literal(value)}" for column, value in where.items())


def literal(value: str | int) -> str:
    """A value as SQL writes it."""
    return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"
