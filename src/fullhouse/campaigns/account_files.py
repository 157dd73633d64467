"""The operator's own files of accounts, Parquet or CSV; and households, frozen with a campaign.

The house's own data links nobody into households: `household_size` gives how many live with a
person and not who. Where one's advertisement reaches the others (television, pre-roll), the
operator gives a file of source, account and household.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from fullhouse.campaigns.campaign import Units
from fullhouse.core.arrays import Integers
from fullhouse.core.errors import InputError
from fullhouse.core.tables import ACCOUNT_PERSON, CAMPAIGN_UNIT
from fullhouse.lake import Lake

KEYS = ["source", "account"]
ENDINGS = (".parquet", ".csv", ".csv.gz")


def columns_of(file: str | Path, *, what: str) -> list[str]:
    """The names of a file's columns, without reading the rest."""
    path = _path(file, what)
    try:
        if path.suffix == ".parquet":
            return list(pq.read_schema(path).names)
        with pacsv.open_csv(path) as opened:
            return list(opened.schema.names)
    except (pa.ArrowInvalid, OSError) as problem:
        raise InputError(f"{what}: {path.name} cannot be read: {problem}") from None


def read_columns(
    file: str | Path, *, required: Sequence[str], optional: Sequence[str] = (), what: str
) -> pa.Table:
    """Some columns of a file as text; an error that names what is missing."""
    path, columns = _path(file, what), columns_of(file, what=what)
    missing = [c for c in required if c not in columns]
    if missing:
        raise InputError(
            f"{what}: {path.name} has no column {', '.join(missing)}; it has {', '.join(columns)}."
        )
    names = [*required, *(c for c in optional if c in columns)]
    try:
        if path.suffix == ".parquet":
            rows = pq.read_table(path, columns=names)
        else:
            # As text, so that an account '007' or a phone keeps its zeros.
            as_text = pacsv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), include_columns=names
            )
            rows = pacsv.read_csv(path, convert_options=as_text)
        return rows.select(names).cast(pa.schema([(c, pa.string()) for c in names]))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as problem:
        raise InputError(f"{what}: {path.name} cannot be read: {problem}") from None


def _path(file: str | Path, what: str) -> Path:
    path = Path(file).expanduser()
    if not path.name.lower().endswith(ENDINGS):
        raise InputError(f"{what} takes a file ending in {', '.join(ENDINGS)}, not {path.name!r}.")
    if not path.is_file():
        raise InputError(f"{what}: there is no file {path}.")
    return path


def read_households(lake: Lake, file: str | Path) -> Units:
    """The households of a file with the columns source, account, household.

    Accounts that nobody has are ignored. A person with accounts in two households joins them:
    who lives in both reaches both. Memory is that of the file and its persons.
    """
    rows = read_columns(file, required=(*KEYS, "household"), what="--households")
    # An empty household is no household: those people are alone, not together.
    rows = rows.filter(pc.greater(pc.fill_null(pc.utf8_length(rows["household"]), 0), 0))
    parts = [
        pa.Table.from_batches([batch]).join(rows, KEYS, join_type="inner")
        for batch in lake.batches(ACCOUNT_PERSON, columns=[*KEYS, "person"], rows=1_000_000)
    ]
    members = pa.concat_tables(parts) if parts else None
    if members is None or not members.num_rows:
        raise InputError(f"--households: {file} has no account that the house has.")
    return units_of(
        members["person"].to_numpy(),
        pc.dictionary_encode(members["household"].combine_chunks()).indices.to_numpy(),
    )


def units_of(person: Integers, household: Integers) -> Units:
    """Units from pairs of a person and a household's number, in any order."""
    persons, at = np.unique(person.astype(np.int64), return_inverse=True)
    n, homes = len(persons), int(household.max()) + 1
    pairs = coo_matrix((np.ones(len(at), bool), (at, household + n)), shape=(n + homes, n + homes))
    _, label = connected_components(pairs, directed=False)
    label = label[:n]
    names, first, of, sizes = np.unique(
        label, return_index=True, return_inverse=True, return_counts=True
    )
    assert len(names) == len(sizes)
    # Persons ascend, so the first of a household is its least.
    several = sizes[of] > 1
    return Units(persons[several], persons[first[of[several]]])


def freeze_units(lake: Lake, campaign: str, units: Units) -> bool:
    """Write the households of a campaign, once; False where they are frozen already."""
    return lake.append(
        CAMPAIGN_UNIT,
        pa.RecordBatchReader.from_batches(CAMPAIGN_UNIT.schema, _rows(campaign, units)),
        batch=f"units:{campaign}",
    )


def frozen_units(lake: Lake, campaign: str) -> Units | None:
    """The households that a campaign was frozen with; None where none were."""
    if not lake.has_batch(CAMPAIGN_UNIT, f"units:{campaign}"):
        return None
    rows = lake.read(
        CAMPAIGN_UNIT, columns=["person", "unit"], where=pc.field("campaign") == campaign
    )
    rows = rows.sort_by("person")
    return Units(rows["person"].to_numpy(), rows["unit"].to_numpy())


def _rows(campaign: str, units: Units, size: int = 1_000_000) -> Iterator[pa.RecordBatch]:
    for start in range(0, len(units.persons), size):
        persons, unit = units.persons[start : start + size], units.unit[start : start + size]
        name = pa.repeat(pa.scalar(campaign), len(persons))
        yield pa.record_batch([name, persons, unit], schema=CAMPAIGN_UNIT.schema)
