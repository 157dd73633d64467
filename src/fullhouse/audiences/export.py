"""Write the accounts of a saved audience to a file, for the operator."""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fullhouse.audiences.audience import Audience, Exported
from fullhouse.audiences.bitmaps import after_merges, read_members
from fullhouse.audiences.kernel import as_words
from fullhouse.audiences.leaving import Leaving
from fullhouse.audiences.population import read_merges
from fullhouse.core.arrays import Flags, Ints, PackedBits
from fullhouse.core.errors import ConflictError, InputError, did_you_mean
from fullhouse.core.leftovers import part_of
from fullhouse.core.person_sets import size
from fullhouse.core.tables import ACCOUNT_PERSON
from fullhouse.core.tabular import without_formulas
from fullhouse.core.values import BLOCK_BITS
from fullhouse.lake import Lake

SCHEMA = pa.schema([ACCOUNT_PERSON.schema.field("source"), ACCOUNT_PERSON.schema.field("account")])
FORMATS = (".parquet", ".csv")
TRIES = 20
"""A file is written anew this often when people in it withdraw meanwhile."""


class _WithdrawnError(Exception):
    """Somebody in a file that is about to leave withdrew while it was written."""


def export(
    leaving: Leaving,
    audience: Audience,
    file: Path,
    *,
    sources: tuple[str, ...] = (),
    record: Callable[[Exported], None],
) -> Exported:
    """Write source and account of the people in an audience who may leave now.

    People merged since the audience was saved are followed to the person they became. Memory is
    one bit for each person id, whatever the number of accounts. The file appears whole or not, and
    only once `record` has written down what leaves. Who withdraws while it is written is not in it.
    """
    if file.suffix not in FORMATS:
        raise InputError(f"The file must end in .parquet or .csv, not {file.name!r}.")
    for _ in range(TRIES):
        try:
            return _export(leaving, audience, file, sources, record)
        except _WithdrawnError:
            continue
    raise ConflictError(code="consent_changes", tries=TRIES)


def _export(
    leaving: Leaving,
    audience: Audience,
    file: Path,
    sources: tuple[str, ...],
    record: Callable[[Exported], None],
) -> Exported:
    lake = leaving.lake
    members = after_merges(read_members(lake, audience.name, audience.version), read_merges(lake))
    consenting = leaving.may_leave(members)
    persons = size(consenting)
    bits = bits_of({b: as_words(m).view(np.uint8) for b, m in consenting.items() if m})
    exported = np.zeros_like(bits)
    accounts: Counter[str] = Counter()
    where = pc.field("source").isin(_known(lake, sources)) if sources else None

    def done() -> Exported:
        with_account = int(np.bitwise_count(exported).sum(dtype=np.int64))
        return Exported(
            file, dict(sorted(accounts.items())), with_account, size(members) - persons,
            persons - with_account,
        )  # fmt: skip

    def before() -> None:
        record(done())
        if leaving.has_left(consenting):
            raise _WithdrawnError

    with writer(file, SCHEMA, before=before) as write:
        for batch in lake.batches(
            ACCOUNT_PERSON, columns=["source", "account", "person"], where=where
        ):
            rows = batch.filter(pa.array(among(batch.column("person").to_numpy(), bits)))
            mark(exported, rows.column("person").to_numpy())
            write(rows.select(["source", "account"]))
            for value in pc.value_counts(rows.column("source")).to_pylist():
                accounts[value["values"]] += value["counts"]
    return done()


def _known(lake: Lake, sources: tuple[str, ...]) -> list[str]:
    batches = lake.batches(ACCOUNT_PERSON, columns=["source"])
    known = {s for batch in batches for s in pc.unique(batch.column("source")).to_pylist()}
    for source in sources:
        if source not in known:
            raise InputError(f"No source {source!r}.{did_you_mean(source, known)}")
    return list(sources)


@contextmanager
def writer(
    file: Path, schema: pa.Schema, *, before: Callable[[], None] = lambda: None
) -> Iterator[Callable[[pa.RecordBatch], None]]:
    """A function that writes batches to a file, which is there once all went well.

    Its owner alone may read it. `before` is called when all is written and nothing there yet.
    """
    if not file.parent.is_dir():
        raise InputError(f"There is no folder {file.parent}.")
    import pyarrow.csv as pacsv
    import pyarrow.parquet as pq

    with part_of(file) as (part, raw):
        kind = pacsv.CSVWriter if file.suffix == ".csv" else pq.ParquetWriter
        with kind(raw, schema) as out:

            def write(batch: pa.RecordBatch) -> None:
                rows = pa.Table.from_batches([batch.cast(schema)])
                out.write_table(without_formulas(rows) if file.suffix == ".csv" else rows)

            yield write
        raw.flush()
        os.fsync(raw.fileno())
        before()
        part.replace(file)


def bits_of(blocks: Mapping[int, PackedBits]) -> PackedBits:
    """One array for all blocks, from each block's packed bits; 12.5 MB for 100 million people."""
    size = 1 << (BLOCK_BITS - 3)
    out = np.zeros((max(blocks, default=0) + 1) * size, np.uint8)
    for block, words in blocks.items():
        out[block * size : (block + 1) * size] = words
    return out


def among(persons: Ints, bits: PackedBits) -> Flags:
    """Which of some persons are in it."""
    inside = persons < len(bits) * 8
    at = np.where(inside, persons, 0)
    result: Flags = inside & (bits[at >> 3] >> (at & 7).astype(np.uint8) & 1 == 1)
    return result


def mark(bits: PackedBits, persons: Ints) -> None:
    """Put some persons in it."""
    np.bitwise_or.at(bits, persons >> 3, np.left_shift(1, persons & 7).astype(np.uint8))
