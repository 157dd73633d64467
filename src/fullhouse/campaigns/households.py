"""Households: who lives together, from the operator's file, frozen with the campaign.

The house's own data links nobody into households: `household_size` says how many live with a
person and not who. Where one's advertisement reaches the others (television, pre-roll), the
operator gives a file of source, account and household.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from fullhouse.campaigns.tabular import read_columns
from fullhouse.core.arrays import Integers
from fullhouse.core.errors import InputError
from fullhouse.core.tables import ACCOUNT_PERSON, CAMPAIGN_UNIT
from fullhouse.lake import Lake

KEYS = ["source", "account"]


@dataclass(frozen=True)
class Units:
    """The household of each person who lives with another known one; all others are alone.

    `persons` ascends; a household's number is the least person of it.
    """

    persons: npt.NDArray[np.int64]
    unit: npt.NDArray[np.int64]

    def of(self, ids: Integers) -> npt.NDArray[np.int64]:
        """The unit of each of some people: their household's number, or their own."""
        found = ids.astype(np.int64)
        if len(self.persons):
            at = np.minimum(np.searchsorted(self.persons, ids), len(self.persons) - 1)
            known = self.persons[at] == ids
            found[known] = self.unit[at[known]]
        return found


def read_households(lake: Lake, file: str | Path) -> Units:
    """The households of a file with the columns source, account, household.

    Accounts that nobody has are passed over. A person with accounts in two households joins them:
    who lives in both reaches both. Memory is that of the file and its persons.
    """
    told = read_columns(file, required=(*KEYS, "household"), what="--households")
    # An empty household is no household: those people are alone, not together.
    told = told.filter(pc.greater(pc.fill_null(pc.utf8_length(told["household"]), 0), 0))
    parts = [
        pa.Table.from_batches([batch]).join(told, KEYS, join_type="inner")
        for batch in lake.batches(ACCOUNT_PERSON, columns=[*KEYS, "person"], rows=1_000_000)
    ]
    found = pa.concat_tables(parts) if parts else None
    if found is None or not found.num_rows:
        raise InputError(f"--households: {file} has no account that the house has.")
    return units_of(
        found["person"].to_numpy(),
        pc.dictionary_encode(found["household"].combine_chunks()).indices.to_numpy(),
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
    """Write the households of a campaign, once; False where they stand."""
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
