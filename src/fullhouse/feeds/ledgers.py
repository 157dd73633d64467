"""Whether the ledgers of ingest and the tables agree: each file's rows, counted."""

from collections import Counter
from collections.abc import Iterator, Set

import pyarrow as pa

from fullhouse.core.errors import Reason
from fullhouse.core.tables import BEGUN, CONSENT, FEED_TABLES, INGESTED, Table
from fullhouse.feeds.retract import RETRY, LedgerFile, ledger, retry_batch
from fullhouse.feeds.terms import BATCH_DIGITS
from fullhouse.lake import Lake


def short_files(lake: Lake, *, erased: bool) -> list[tuple[LedgerFile, int]]:
    """Files that were taken in whole and have other rows than the ledger says, and how many.

    After an erasure, fewer rows are as they should be.
    """
    wrong = []
    retries = {
        retry_batch(digest)
        for digest in lake.live.read(INGESTED, columns=["digest"])["digest"].to_pylist()
        if ":" in digest
    }
    held: dict[str, Counter[str]] = {}
    for file in ledger(lake.live):
        if file.written is None:
            continue
        if file.kind not in held:
            held[file.kind] = _rows_by_file(lake, FEED_TABLES[file.kind], retries)
        rows = held[file.kind][file.batch]
        # A refusal that was refused for its id stands in the table beside the rows of its file.
        more = rows > file.written and file.table is not CONSENT
        if more or (rows < file.written and not erased):
            wrong.append((file, rows))
    return wrong


def ledger_faults(lake: Lake, *, erased: bool) -> Iterator[Reason]:
    """What does not fit between ledgers and tables."""
    for file, rows in short_files(lake, erased=erased):
        facts = {"file": file.file, "batch": file.batch, "table": file.table.name}
        yield Reason("ledger_rows_other", {**facts, "rows": rows, "expected": file.written})
    begun = set(lake.live.read(BEGUN, columns=["digest"])["digest"].to_pylist())
    lost = [
        row["file"]
        for row in lake.live.read(INGESTED, columns=["digest", "file"]).to_pylist()
        if row["digest"].partition(":")[0] not in begun
    ]
    if lost:
        yield Reason("ledger_without_beginning", {"files": sorted(lost)[:5]})


def _rows_by_file(lake: Lake, table: Table, retries: Set[str]) -> Counter[str]:
    """Rows of each file; those of a retry that broke off are not in the ledger yet, nor here."""
    counts: Counter[str] = Counter()
    for part in lake.live.batches(table, columns=["batch"]):
        for value in pa.array(part.column("batch")).value_counts().to_pylist():
            batch = value["values"]
            if RETRY not in batch or batch in retries:
                counts[batch[:BATCH_DIGITS]] += value["counts"]
    return counts
