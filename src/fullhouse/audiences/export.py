"""Write the accounts of a saved audience to a file, for the operator."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyroaring import BitMap

from fullhouse.audiences.audience import Audience
from fullhouse.audiences.bitmaps import after_merges, read_members
from fullhouse.audiences.bits import among, bits_of, mark
from fullhouse.audiences.kernel import Kernel, Set, as_bitmap, as_words
from fullhouse.audiences.population import Blocked, read_merges
from fullhouse.audiences.writer import writer
from fullhouse.core.errors import InputError, did_you_mean
from fullhouse.core.person_sets import size
from fullhouse.core.tables import ACCOUNT_PERSON
from fullhouse.lake import Lake

SCHEMA = pa.schema([ACCOUNT_PERSON.schema.field("source"), ACCOUNT_PERSON.schema.field("account")])
FORMATS = (".parquet", ".csv")


@dataclass(frozen=True)
class Exported:
    """What was written: accounts by source, of so many people.

    `left_out` people do not take part in the purpose; of `gone` no account is left in the lake,
    or, where sources were named, none in those.
    """

    file: Path
    accounts: dict[str, int]
    persons: int
    left_out: int
    gone: int


def export(
    lake: Lake,
    audience: Audience,
    blocked: Sequence[Blocked],
    file: Path,
    *,
    sources: tuple[str, ...] = (),
) -> Exported:
    """Write source and account of the people in an audience whom nothing blocks.

    People merged since the audience was saved are followed to the person they became. Memory is
    one bit for each person id, whatever the number of accounts. The file appears whole or not.
    """
    if file.suffix not in FORMATS:
        raise InputError(f"The file must end in .parquet or .csv, not {file.name!r}.")
    members = after_merges(read_members(lake, audience.name, audience.version), read_merges(lake))
    kept = {b: _kept(m, b, blocked) for b, m in members.items()}
    everyone, persons = size(members), size(kept)
    bits = bits_of({b: as_words(m).view(np.uint8) for b, m in kept.items() if m})
    seen = np.zeros_like(bits)
    accounts: Counter[str] = Counter()
    where = pc.field("source").isin(_known(lake, sources)) if sources else None
    with writer(file, SCHEMA) as write:
        for batch in lake.batches(
            ACCOUNT_PERSON, columns=["source", "account", "person"], where=where
        ):
            rows = batch.filter(pa.array(among(batch.column("person").to_numpy(), bits)))
            mark(seen, rows.column("person").to_numpy())
            write(rows.select(["source", "account"]))
            for value in pc.value_counts(rows.column("source")).to_pylist():
                accounts[value["values"]] += value["counts"]
    found = int(np.bitwise_count(seen).sum(dtype=np.int64))
    return Exported(
        file, dict(sorted(accounts.items())), found, everyone - persons, persons - found
    )


def _known(lake: Lake, sources: tuple[str, ...]) -> list[str]:
    batches = lake.batches(ACCOUNT_PERSON, columns=["source"])
    known = {s for batch in batches for s in pc.unique(batch.column("source")).to_pylist()}
    for source in sources:
        if source not in known:
            raise InputError(f"No source {source!r}.{did_you_mean(source, known)}")
    return list(sources)


def _kept(members: BitMap, block: int, blocked: Sequence[Blocked]) -> BitMap:
    kernel = Kernel()
    people: Set = members
    for each in blocked:
        people = each.taken_out(kernel, people, block)
    return as_bitmap(people, block)
