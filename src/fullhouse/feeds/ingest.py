"""Files into the lake."""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from tempfile import mkdtemp

import pyarrow as pa
import pyarrow.compute as pc

from fullhouse.control.suppression import Suppression
from fullhouse.core.errors import ConflictError, InputError
from fullhouse.core.leftovers import TemporaryFolder
from fullhouse.core.progress import Progress, silent
from fullhouse.core.settings import Settings
from fullhouse.core.tables import (
    ACCOUNT_TABLE,
    BEGUN,
    CONSENT,
    IDENTIFIER,
    INGESTED,
    QUARANTINE,
)
from fullhouse.engine import DuckDBEngine
from fullhouse.feeds.commit import commit, of_source, unknown_accounts
from fullhouse.feeds.event_ids import EventIds, Identified
from fullhouse.feeds.feed import Feed
from fullhouse.feeds.files import File
from fullhouse.feeds.grown import Looked, is_same, line_ends_at, look
from fullhouse.feeds.identify import Hasher
from fullhouse.feeds.job import Job, Ready, Refusal, Tally
from fullhouse.feeds.map import map_rows
from fullhouse.feeds.piece import BEGINNING, ROW, Chunk, Start, after, ahead, chunks
from fullhouse.feeds.records import check_columns, pieces
from fullhouse.feeds.refusals import check_feed_purposes
from fullhouse.feeds.report import FileReport, IngestReport
from fullhouse.feeds.resume import resumed
from fullhouse.feeds.retract import (
    LedgerFile,
    files_after,
    finish_broken_off,
    ledger,
    next_digest,
    retract,
    retracted_digests,
    take_out,
)
from fullhouse.feeds.terms import Beginning, Begun, Terms
from fullhouse.lake import Lake

MEMORY = "400MB"
"""Memory of each of the two DuckDB instances of an ingest; what does not fit is spilled."""

GROUP_FILES, GROUP_BYTES = 64, 64 << 20
"""Files that are begun together, and written down as taken in together. A crash in between only
means that they are read again; their rows are known."""


@dataclass(frozen=True)
class _Run:
    """What all files of one ingest share."""

    lake: Lake
    feed: Feed
    key: bytes
    settings: Settings
    now: datetime
    progress: Progress
    mapper: DuckDBEngine
    writer: DuckDBEngine
    begun: Begun
    ingested: dict[str, int]
    scratch: Path
    event_ids: EventIds
    suppression: Suppression | None = None
    collected: bool = False

    @property
    def retracted(self) -> frozenset[str]:
        """The digests of all files that were ever retracted."""
        return retracted_digests(self.lake)

    def reread(self) -> None:
        """Look again what was begun and taken in, after files were retracted."""
        self.begun.reread()
        self.ingested.clear()
        self.ingested.update(_ingested(self.lake.live, self.feed))


def ingest(
    lake: Lake,
    feed: Feed,
    files: Sequence[File],
    *,
    key: bytes,
    settings: Settings,
    now: datetime,
    progress: Progress = silent,
    suppression: Suppression | None = None,
    collected: bool = False,
) -> IngestReport:
    """Take files into the lake, each row exactly once.

    Files of the collector (`collected`) hold digests for identifiers. Rows of suppressed accounts
    are counted and written nowhere.

    Files whose columns do not fit the feed are refused before the first row is written. Doing
    the same again writes nothing; doing it again after a crash writes the rest.
    """
    check_feed_purposes(feed, settings)
    for file in files:
        check_columns(file, feed)
    # A row is not "already known" in a table that has lost it.
    lake.check(feed.table, ACCOUNT_TABLE, IDENTIFIER, QUARANTINE, BEGUN, INGESTED)
    finish_broken_off(lake)
    with (
        DuckDBEngine(memory_limit=MEMORY, threads=settings.threads) as mapper,
        DuckDBEngine(memory_limit=MEMORY, threads=settings.threads) as writer,
        TemporaryFolder("hashes") as scratch,
    ):
        before = Begun(lake, feed), _ingested(lake, feed)
        run = _Run(
            lake, feed, key, settings, now, progress, mapper, writer, *before, scratch.path,
            EventIds(scratch.path / "event_ids"), suppression, collected,
        )  # fmt: skip
        reports: list[FileReport] = []
        for group in _groups(files):
            reports += _ingest_group(run, group)
    return IngestReport(feed.name, tuple(reports), settings.refused_percent)


def prepare(engine: DuckDBEngine, lake: Lake | None, job: Job, chunk: Chunk) -> Ready:
    """A chunk hashed, mapped and validated. Raw identifiers end here."""
    if job.collected:
        return prepare_hashed(engine, lake, job, chunk, {})
    raw, invalid = hashed(chunk.rows, job.feed, job.hasher)
    return prepare_hashed(engine, lake, job, replace(chunk, rows=raw), invalid)


def prepare_hashed(
    engine: DuckDBEngine, lake: Lake | None, job: Job, chunk: Chunk, invalid: dict[str, int]
) -> Ready:
    """A chunk mapped and validated whose identifiers are digests already."""
    raw = chunk.rows
    mapped = map_rows(engine, raw, job.feed, job.terms, content=job.content)
    rows, refused, accounts = mapped.rows, mapped.refused, dict(mapped.accounts)
    refusals = mapped.refusals
    if lake and job.feed.is_event and job.terms.unknown_account == "quarantine":
        rows, unknown = _without_unknown(engine, lake, job, rows)
        refused = (*refused, *unknown)
        named = mapped.rows.filter(
            pc.is_in(mapped.rows[ROW], pa.array([r.row for r in unknown], pa.int64()))
        )
        accounts |= dict(zip(named[ROW].to_pylist(), named["account"].to_pylist(), strict=True))
        if job.feed.table is CONSENT and named.num_rows:
            refusals = named if refusals is None else pa.concat_tables([refusals, named])
    # What is not needed any more is let go: a chunk waits for its turn to be written.
    light = replace(chunk, rows=chunk.rows.schema.empty_table())
    raw_rows = raw if refused or job.by_id or job.feed.identifiers else raw.schema.empty_table()
    return Ready(
        light, raw_rows, rows, refused, invalid, accounts, refusals, mapped.dropped
    )  # fmt: skip


def hashed(raw: pa.Table, feed: Feed, hasher: Hasher) -> tuple[pa.Table, dict[str, int]]:
    """The raw rows with each identifier column made digests, and the invalid ones by kind."""
    invalid: Counter[str] = Counter()
    for column, kind in feed.identifier_columns.items():
        digests, wrong = hasher.column(kind, raw[column])
        raw = raw.set_column(raw.column_names.index(column), column, digests)
        if wrong:
            invalid[kind] += wrong
    return raw, dict(invalid)


def _groups(files: Sequence[File]) -> list[list[File]]:
    """Small files together, so that a year of daily ones is not a thousand commits of one row."""
    groups: list[list[File]] = []
    held = 0
    for file in files:
        size = file.size()
        if not groups or len(groups[-1]) == GROUP_FILES or held + size > GROUP_BYTES:
            groups.append([])
            held = 0
        groups[-1].append(file)
        held += size
    return groups


def _ingest_group(run: _Run, files: Sequence[File]) -> list[FileReport]:
    lake, feed = run.lake, run.feed
    checked = run.settings.unknown_account == "quarantine"
    accounts = lake.version(ACCOUNT_TABLE) if checked else None
    terms = Terms.of(feed, run.settings, now=run.now, accounts=-1 if accounts is None else accounts)
    before, reports, finished = run.ingested, [], {}
    # Segments of the collector never grow, and there are thousands of them.
    known = [] if run.collected else list(run.begun.contents())
    looked = [look(file, feed, known) for file in files]
    parts = [part for one in looked for part in _parts(run, one)]
    begins = [_beginning(part, terms, run) for part in parts]
    earlier = {b.digest for b in begins if run.begun.has(b)}
    begun = iter(run.begun.begin(*(b for b in begins if b.digest not in before)))
    rows_of: dict[str, int] = {}
    try:
        for part, begin in zip(parts, begins, strict=True):
            if (rows := before.get(begin.digest)) is None:
                first, again = next(begun)
                if first.after:
                    first = replace(first, skip=rows_of.get(first.after, first.skip))
                by_id = feed.is_event and ("event_id" in feed.targets or again)
                hasher = Hasher(run.key, first.phone_region)
                identified = Identified(Path(mkdtemp(dir=run.scratch)))
                job = Job(
                    feed, first, hasher, begin.name, begin.digest, begin.content, by_id,
                    run.suppression, run.event_ids, identified, run.collected,
                    begin.digest in earlier,
                )  # fmt: skip
                tally = _ingest_file(run, job, part)
                finished[begin.digest] = _finish(job, tally, run.now)
                report, rows = _report(begin.name, tally), tally.read
            else:
                report = FileReport(begin.name, rows, 0, rows)
            rows_of[part.content] = rows
            if part.is_whole:
                reports.append(report)
    finally:
        # Also when a file in the middle could not be read: those before it are taken in.
        if finished:
            done = pa.Table.from_pylist(list(finished.values()), schema=INGESTED.schema)
            # Before the ledger: what it calls taken in is then known to be in the tables.
            lake.seal(feed.table, IDENTIFIER, QUARANTINE, BEGUN)
            lake.append_each(INGESTED, done)
            _check_not_retracted(run, frozenset(finished))
    return reports


@dataclass(frozen=True)
class _Part:
    """A file as far as it is read, or the part of it that was begun as a file of its own."""

    file: File
    content: str
    looked: Looked
    after: str = ""
    is_whole: bool = True


def _parts(run: _Run, looked: Looked) -> list[_Part]:
    """A file that has grown: first what it was, under the terms of then, then the rest."""
    whole = _Part(looked.file, looked.content, looked)
    earlier = {c: s for c, s in looked.prefixes.items() if line_ends_at(looked.file, s)}
    cut = frozenset(looked.prefixes) - frozenset(earlier)
    if cut:
        # A line was taken in when half of it was written.
        same = [f for f in ledger(run.lake.live) if f.content in cut and _is_of(f, run.feed)]
        retract(run.lake.live, files_after(run.lake.live, same), now=run.now)
        run.reread()
    if not earlier:
        return [whole]
    content = max(earlier, key=lambda c: earlier[c])
    size = earlier[content]
    rest = {c: s for c, s in earlier.items() if s < size}
    fixed = replace(looked.file, length=size)
    before = _parts(run, replace(looked, file=fixed, content=content, size=size, prefixes=rest))
    return [*(replace(p, is_whole=False) for p in before), replace(whole, after=content)]


def _is_of(file: LedgerFile, feed: Feed) -> bool:
    return file.source == feed.source and file.kind == feed.kind


def _beginning(part: _Part, terms: Terms, run: _Run) -> Beginning:
    own = replace(terms, size=part.looked.size, head=part.looked.head, after=part.after)
    digest = next_digest(terms.digest(run.feed, part.content), run.retracted)
    name = Hasher(run.key, terms.phone_region).file_name(part.file.name)
    return Beginning(name, own, digest, part.content)


def _ingest_file(run: _Run, job: Job, part: _Part) -> Tally:
    run.progress(job.file, 0)
    stamp = part.file.stamp()
    start, tally = resumed(run.mapper, run.lake, job) if job.was_begun else (BEGINNING, Tally())
    if job.was_begun and job.identified is not None:
        known = of_source(run.lake.live.snapshot(IDENTIFIER), job.feed.source)
        job.identified.load(run.mapper, known, job.batches)
    _write_all(run, job, part.file, start, tally)
    changed = not part.looked.stamp == stamp == part.file.stamp()
    if changed and part.is_whole and not is_same(part.looked):
        _take_back(run, frozenset({job.digest}))
        raise ConflictError(
            f"{part.file.path} changed while it was read, so none of its rows is in;"
            " ingest it again."
        )
    return tally


def _take_back(run: _Run, digests: frozenset[str]) -> None:
    """Take out the rows of files that are not what they were when they were begun."""
    files = [f for f in ledger(run.lake.live) if f.digest in digests]
    retract(run.lake.live, files, now=run.now)
    run.reread()


def _check_not_retracted(run: _Run, digests: frozenset[str]) -> None:
    """Whoever retracts a file while it is read has its last rows taken out here."""
    gone = digests & retracted_digests(run.lake)
    if gone:
        # Not from the ledger: the retraction took the files out of it.
        of, now = run.feed, run.now
        take_out(
            run.lake.live,
            [LedgerFile(of.source, of.name, of.kind, "", d, "", "", now) for d in sorted(gone)],
        )
        raise ConflictError("A file was retracted while it was read; none of its rows is in.")


def _report(file: str, tally: Tally) -> FileReport:
    return FileReport(
        file,
        tally.read,
        tally.written,
        tally.known,
        dict(tally.quarantined),
        dict(tally.invalid),
        tally.suppressed,
        tally.refusals,
        dict(tally.dropped),
    )


def _write_all(run: _Run, job: Job, file: File, start: Start, tally: Tally) -> None:
    """Read ahead, map here, write behind: three chunks are in memory at most."""
    raw = pieces(file, job.feed, run.mapper, start)
    coming = ahead(chunks(raw, job.terms.chunk_rows, start))
    with ThreadPoolExecutor(1, thread_name_prefix="write") as pool:
        behind: Future[Tally] | None = None
        for whole in coming:
            chunk, skipped = after(whole, job.terms.skip)
            tally.read += skipped
            tally.known += skipped
            if not chunk.read:
                continue
            ready = prepare(run.mapper, run.lake, job, chunk)
            if behind is not None:
                tally.add(behind.result())
                run.progress(job.file, tally.read)
            behind = pool.submit(commit, run.writer, run.lake, job, ready)
            del whole, chunk, ready
            pa.default_memory_pool().release_unused()
        if behind is not None:
            tally.add(behind.result())
            run.progress(job.file, tally.read)


def _without_unknown(
    engine: DuckDBEngine, lake: Lake, job: Job, rows: pa.Table
) -> tuple[pa.Table, list[Refusal]]:
    version = job.terms.accounts
    if version < 0:
        unknown = pa.array([True] * rows.num_rows, pa.bool_())
    else:
        try:
            accounts = lake.snapshot(ACCOUNT_TABLE, version=version)
        except InputError:  # an erasure has taken the old versions away
            accounts = lake.live.snapshot(ACCOUNT_TABLE)
        named = of_source(accounts, job.feed.source)
        unknown = pa.array(unknown_accounts(engine, named, rows))
    refused = rows.filter(unknown)[ROW].to_pylist()
    named_rows = rows.filter(pc.invert(unknown))
    return named_rows, [Refusal(row, "unknown_account", "account") for row in refused]


def _finish(job: Job, tally: Tally, now: datetime) -> dict[str, object]:
    """The row of table `ingested` for a file that was taken in whole."""
    refused = tally.quarantined.total()
    return {
        "source": job.feed.source,
        "feed": job.feed.name,
        "kind": job.feed.kind,
        "digest": job.digest,
        "file": job.file,
        "read": tally.read,
        "written": tally.taken,
        "known": tally.read - tally.taken - refused - tally.suppressed,
        "quarantined": refused,
        "at": now,
        "batch": job.digest,
    }


def _ingested(lake: Lake, feed: Feed) -> dict[str, int]:
    """Rows of each file that was taken in whole, by digest."""
    same_feed = (pc.field("source") == feed.source) & (pc.field("kind") == feed.kind)
    rows = lake.read(INGESTED, columns=["digest", "read"], where=same_feed)
    return dict(zip(rows["digest"].to_pylist(), rows["read"].to_pylist(), strict=True))
