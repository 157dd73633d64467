"""Where a file goes on that was begun by a run that ended in the middle, and what that run did.

Each chunk's commits hold where the chunk ends, and that of its rows which others follow. A chunk is
written when all of the one before it is, so that of those before the last one that was begun
nothing is left to do, and of the last one only when a commit that was to follow is missing.
"""

from collections import Counter
from collections.abc import Callable, Sequence

import pyarrow as pa

from fullhouse.core.tables import CONSENT, IDENTIFIER, QUARANTINE, Table
from fullhouse.engine import DuckDBEngine
from fullhouse.feeds.job import Job, Tally
from fullhouse.feeds.piece import BEGINNING, Start
from fullhouse.feeds.text import Cut
from fullhouse.lake import Lake

NEXT = ("row", "piece", "before", "offset", "read")
"""What a chunk's first commit holds of where the next chunk begins."""
EXPECTED = "expected"
"""Which commits follow the one of a chunk's rows: the sum of these."""
DUPLICATES, IDENTIFIERS = 1, 2


def marks(end: Start, batch: str, expected: int | None = None) -> dict[str, int]:
    """What a chunk's commit holds of its end, and of the commits that will follow, where known."""
    if not end.chunk:  # of rows that are no part of a file
        return {}
    places = (end.row, end.piece, end.before, end.cut.offset, end.cut.read)
    numbers = {f"{batch}@next_{name}": n for name, n in zip(NEXT, places, strict=True)}
    return numbers if expected is None else {**numbers, f"{batch}@{EXPECTED}": expected}


def resumed(engine: DuckDBEngine, lake: Lake, job: Job) -> tuple[Start, Tally]:
    """The chunk to go on with, and what became of the rows before it.

    From the beginning where nothing was committed, and of files that an older version began.
    """
    tables = [lake.live.numbers(table) for table in (job.feed.table, QUARANTINE)]
    number = 0
    while any(of(job.batch(number)) is not None for of in tables):
        number += 1
    if number and not _is_whole(lake, tables, job.batch(number - 1)):
        number -= 1
    start = _end(tables, job.batch(number - 1), number) if number else None
    if start is None:
        return BEGINNING, Tally()
    done = [job.batch(n) for n in range(start.chunk)]
    tally = Tally(read=start.row)
    # A commit's own number is 1, and 1 more for each row of somebody who was erased.
    numbers = [of(b) for of in tables for batch in done for b in (batch, f"{batch}:id")]
    tally.suppressed = sum(n - 1 for n in numbers if n)
    written = _rows(engine, lake, job, job.feed.table)
    tally.taken = sum(written[batch, ""] for batch in done)
    if job.feed.table is CONSENT:
        tally.refusals = sum(written[f"{batch}:refusals", ""] for batch in done)
    inside = {*done, *(f"{batch}:id" for batch in done)}
    for (batch, reason), rows in _rows(engine, lake, job, QUARANTINE, "reason").items():
        if batch in inside:
            tally.quarantined[reason] += rows
    tally.known = start.row - tally.quarantined.total() - tally.suppressed
    return start, tally


def _is_whole(lake: Lake, tables: Sequence[Callable[[str], int | None]], batch: str) -> bool:
    """Whether all commits of a chunk are there, as far as that of its rows knew of them."""
    rows, refused = tables
    expected = rows(f"{batch}@{EXPECTED}")
    if expected is None:
        return False
    if expected & DUPLICATES and refused(f"{batch}:id") is None:
        return False
    return not expected & IDENTIFIERS or lake.live.numbers(IDENTIFIER)(batch) is not None


def _end(tables: Sequence[Callable[[str], int | None]], batch: str, number: int) -> Start | None:
    """Where a chunk ends, which is where the chunk of a number begins."""
    for of in tables:
        row, piece, before, offset, read = (of(f"{batch}@next_{name}") for name in NEXT)
        if row is not None and piece is not None and before is not None:
            return Start(number, row, piece, before, Cut(offset or 0, read or 0))
    return None


def _rows(
    engine: DuckDBEngine, lake: Lake, job: Job, table: Table, column: str | None = None
) -> Counter[tuple[str, str]]:
    """Rows of a file in a table, by batch and a column."""
    snapshot = lake.live.snapshot(table)
    counts: Counter[tuple[str, str]] = Counter()
    if not snapshot.uris:
        return counts
    rows = engine.scan(snapshot)
    of_file = rows.filter(rows["batch"].startswith(job.batches))
    by = ["batch", *([column] if column else [])]
    counted: pa.Table = engine.arrow(of_file.group_by(by).agg(rows=of_file.count()))
    for row in counted.to_pylist():
        counts[row["batch"], row[column] if column else ""] = row["rows"]
    return counts
