"""Delivery files: the accounts of treated people, a line each, in the form its channel takes."""

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyroaring import BitMap

from fullhouse.activation.launch import HELD_OUT, TREATED
from fullhouse.audiences.bits import Bits, among, bits_of
from fullhouse.audiences.kernel import as_words
from fullhouse.audiences.writer import writer
from fullhouse.errors import InputError
from fullhouse.lake import Lake
from fullhouse.tables import ACCOUNT_PERSON

ACCOUNTS = pa.schema([("source", pa.string()), ("account", pa.string())])
LOG = pa.schema(
    [
        ("source", pa.string()), ("account", pa.string()), ("line", pa.string()),
        ("audience", pa.string()), ("channel", pa.string()), ("arm", pa.string()),
        ("day", pa.date32()), ("frequency", pa.float64()),
    ]
)  # fmt: skip
"""The house's own log: both arms, never handed to a channel."""


@dataclass(frozen=True)
class DeliveryLine:
    """What is handed over for a line: on which channel, from which day, how often a person."""

    line: str
    audience: str
    channel: str
    sources: tuple[str, ...]
    form: str
    day: date
    frequency: float


@dataclass(frozen=True)
class Delivered:
    """A file that was written for a line: people, rows, and the digest of its bytes."""

    line: str
    channel: str
    form: str
    file: Path
    persons: int
    rows: int
    digest: str


def deliver(
    lake: Lake,
    lines: Sequence[DeliveryLine],
    people: Mapping[str, Mapping[str, Mapping[int, BitMap]]],
    folder: Path,
) -> list[Delivered]:
    """Write FOLDER/CHANNEL/LINE.parquet (or .csv) of the treated, and FOLDER/assigned.parquet.

    `people` gives each line's states. Accounts of the channel's sources only, in one pass over all
    accounts; memory is one bit for each person and line. Files appear whole or not at all, so
    that doing it again after a crash writes the same bytes in their place.
    """
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder}.")
    for line in lines:
        _file(folder, line).parent.mkdir(exist_ok=True)
    bits = {x.line: {s: _bits(people[x.line].get(s, {})) for s in (TREATED, HELD_OUT)}
            for x in lines}  # fmt: skip
    counts = {x.line: 0 for x in lines}
    with ExitStack() as stack:
        log = stack.enter_context(writer(folder / "assigned.parquet", LOG))
        out = {x.line: stack.enter_context(writer(_file(folder, x), ACCOUNTS)) for x in lines}
        for batch in lake.batches(ACCOUNT_PERSON, columns=["source", "account", "person"]):
            persons = batch.column("person").to_numpy()
            for line in lines:
                ours = pc.is_in(batch.column("source"), pa.array(line.sources, pa.string()))
                mine = np.asarray(ours)
                for arm, who in bits[line.line].items():
                    rows = batch.filter(pa.array(mine & among(persons, who)))
                    if not rows.num_rows:
                        continue
                    log(_logged(rows, line, arm))
                    if arm == TREATED:
                        counts[line.line] += rows.num_rows
                        out[line.line](rows.select(["source", "account"]))
    return [
        Delivered(
            x.line,
            x.channel,
            x.form,
            _file(folder, x),
            sum(len(p) for p in people[x.line].get(TREATED, {}).values()),
            counts[x.line],
            hashlib.sha256(_file(folder, x).read_bytes()).hexdigest(),
        )
        for x in lines
    ]


def _logged(rows: pa.RecordBatch, line: DeliveryLine, arm: str) -> pa.RecordBatch:
    n = rows.num_rows
    told = {
        "line": line.line, "audience": line.audience, "channel": line.channel, "arm": arm,
        "day": line.day, "frequency": line.frequency,
    }  # fmt: skip
    columns = [rows.column("source"), rows.column("account")]
    columns += [pa.repeat(pa.scalar(v, LOG.field(k).type), n) for k, v in told.items()]
    return pa.record_batch(columns, schema=LOG)


def _file(folder: Path, line: DeliveryLine) -> Path:
    suffix = ".csv" if line.form == "csv" else ".parquet"
    return folder / line.channel / f"{line.line}{suffix}"


def _bits(people: Mapping[int, BitMap]) -> Bits:
    return bits_of({b: as_words(p).view(np.uint8) for b, p in people.items() if p})
