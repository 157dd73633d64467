"""Delivery files: the accounts of treated people, a line each, in the form its channel takes."""

import hashlib
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from fullhouse.audiences.export import writer
from fullhouse.campaigns.accounts import WRITTEN, AccountsWanted, Gathered, accounts_of
from fullhouse.campaigns.campaign import HELD_OUT, TREATED, Delivered, DeliveryLine, file_stem
from fullhouse.campaigns.dispatched import without
from fullhouse.core.errors import InputError
from fullhouse.core.leftovers import part_of
from fullhouse.core.person_sets import PersonSet, size
from fullhouse.lake import Lake

ACCOUNTS = pa.schema([("source", pa.string()), ("account", pa.string())])
WHOSE = ACCOUNTS.append(pa.field("person", pa.int64()))
"""The house's own form of accounts that still become a platform's file or a webhook's parts."""
LOG = pa.schema(
    [
        ("source", pa.string()), ("account", pa.string()), ("line", pa.string()),
        ("audience", pa.string()), ("channel", pa.string()), ("arm", pa.string()),
        ("day", pa.date32()), ("frequency", pa.float64()),
    ]
)  # fmt: skip
"""The house's own log: both arms, never handed to a channel."""
LOG_FILE = "assigned.parquet"
LOG_ROWS = 5_000_000
"""People × lines up to which the log is written unasked: it repeats each account for each line."""
FILES = ("parquet", "csv")
"""Forms that are files of accounts."""

PeopleByLine = Mapping[str, Mapping[str, PersonSet]]
"""By line, state and block."""


def deliver(
    lake: Lake,
    lines: Sequence[DeliveryLine],
    people: PeopleByLine,
    folder: Path,
    *,
    scratch: Path | None = None,
    log: bool = True,
) -> list[Delivered]:
    """Write FOLDER/CHANNEL/LINE.parquet (or .csv) of the treated, and FOLDER/assigned.parquet.

    `people` gives each line's states. Accounts of the channel's sources only. Lines of other forms
    are written to SCRATCH/LINE.parquet, with persons, for what they become. The `log` has a
    row for each account of a treated or held out person and line; a person who is withheld from a
    line has none for it.

    All accounts are read once for every 64 different sets of people and sources; lines that
    share both (several weeks of one audience) are written once and copied. Files appear whole or
    not at all, so that doing it again after a crash writes the same bytes in their place.
    """
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder}.")
    files = {x.line: _file(folder, scratch, x) for x in lines}
    for file in files.values():
        file.parent.mkdir(exist_ok=True)
    with ExitStack() as stack:
        out = stack.enter_context(writer(folder / LOG_FILE, LOG)) if log else None
        rows = _write(lake, lines, people, files, Gathered(out) if out else None, stack)
    digests = _copied(lines, people, files)
    return [
        Delivered(
            x.line, x.channel, x.form, str(files[x.line]),
            size(people[x.line].get(TREATED, {})),
            rows[x.line], digests[x.line],
        )
        for x in lines
    ]  # fmt: skip


def log_rows(lines: Sequence[DeliveryLine], people: PeopleByLine) -> int:
    """Persons × lines that the log would hold; its rows are as many accounts as they have."""
    arms = (people[x.line].get(arm, {}) for x in lines for arm in (TREATED, HELD_OUT))
    return sum(size(arm) for arm in arms)


def _write(
    lake: Lake,
    lines: Sequence[DeliveryLine],
    people: PeopleByLine,
    files: Mapping[str, Path],
    log: Gathered | None,
    stack: ExitStack,
) -> dict[str, int]:
    """Write the first line of each group, and the log; the rows of every line."""
    wanted = [(TREATED, group) for group in _groups(lines, people, TREATED)]
    if log is not None:
        wanted += [(HELD_OUT, group) for group in _groups(lines, people, HELD_OUT)]
    sinks: list[list[tuple[Gathered, pa.Schema]]] = []
    for arm, group in wanted:
        firsts = {_kind(x): x for x in reversed(group)} if arm == TREATED else {}
        sinks.append(
            [
                (Gathered(stack.enter_context(writer(files[x.line], _schema(x)))), _schema(x))
                for x in firsts.values()
            ]
        )
    rows = {x.line: 0 for x in lines}
    sets = [
        AccountsWanted(people[group[0].line].get(arm, {}), group[0].sources)
        for arm, group in wanted
    ]
    for number, batch in accounts_of(lake, sets):
        arm, group = wanted[number]
        for gathered, schema in sinks[number]:
            gathered.add(batch.select(schema.names))
        for line in group:
            if arm == TREATED:
                rows[line.line] += batch.num_rows
            if log is not None:
                log.add(_logged(batch, line, arm))
    for gathered in [*(g for s in sinks for g, _ in s), *([log] if log else [])]:
        gathered.flush()
    return rows


def _groups(
    lines: Sequence[DeliveryLine], people: PeopleByLine, arm: str
) -> list[list[DeliveryLine]]:
    """Lines that have the very same people in an arm and the same sources."""
    groups: dict[object, list[DeliveryLine]] = {}
    for line in lines:
        blocks = people[line.line].get(arm, {})
        same = tuple(sorted((b, id(p)) for b, p in blocks.items() if p))
        groups.setdefault((same, tuple(sorted(line.sources))), []).append(line)
    return list(groups.values())


def _copied(
    lines: Sequence[DeliveryLine], people: PeopleByLine, files: Mapping[str, Path]
) -> dict[str, str]:
    """Copy the first file of each group to its other lines; the digest of each line's file."""
    digests = {}
    for group in _groups(lines, people, TREATED):
        for kind in dict.fromkeys(map(_kind, group)):
            first, *others = (x.line for x in group if _kind(x) == kind)
            digests[first] = digest_of(files[first])
            for other in others:
                put_file(files[first], files[other])
                digests[other] = digests[first]
    return digests


def put_file(source: Path, target: Path, still: Callable[[], bool] = lambda: True) -> bool:
    """Copy a file whole to its place, readable by its owner alone; False and nothing there where
    at the last moment it may not be.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with part_of(target) as (part, copy):
        with source.open("rb") as original:
            shutil.copyfileobj(original, copy, 1 << 20)
        copy.flush()
        os.fsync(copy.fileno())
        allowed = still()
        if allowed:
            part.replace(target)
    return allowed


def drop_accounts(file: Path, gone: pa.Table) -> int:
    """Take some accounts out of a file of accounts; the rows that are left."""
    if file.suffix == ".csv":
        text = pacsv.ConvertOptions(column_types={k: pa.string() for k in ACCOUNTS.names})
        rows = pacsv.read_csv(file, convert_options=text)
    else:
        rows = pq.read_table(file)
    left = without(rows, gone)
    with writer(file, rows.schema) as write:
        for batch in left.select(rows.schema.names).to_batches(WRITTEN):
            write(batch)
    return int(left.num_rows)


def digest_of(file: Path) -> str:
    """The SHA-256 of a file's bytes."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _logged(rows: pa.RecordBatch, line: DeliveryLine, arm: str) -> pa.RecordBatch:
    n = rows.num_rows
    values = {
        "line": line.line, "audience": line.audience, "channel": line.channel, "arm": arm,
        "day": line.day, "frequency": line.frequency,
    }  # fmt: skip
    columns = [rows.column("source"), rows.column("account")]
    columns += [pa.repeat(pa.scalar(v, LOG.field(k).type), n) for k, v in values.items()]
    return pa.record_batch(columns, schema=LOG)


def _kind(line: DeliveryLine) -> str:
    return line.form if line.form in FILES else "scratch"


def _schema(line: DeliveryLine) -> pa.Schema:
    return ACCOUNTS if line.form in FILES else WHOSE


def _file(folder: Path, scratch: Path | None, line: DeliveryLine) -> Path:
    if line.form in FILES:
        return folder / line.channel / f"{file_stem(line.line)}.{line.form}"
    if scratch is None:
        raise InputError(
            f"Line {line.line} is delivered as {line.form}, not as a file of accounts."
        )
    return scratch / f"{file_stem(line.line)}.parquet"
