"""A small house, written straight into the lake."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime

import pyarrow as pa
import pytest
from pyroaring import BitMap

from fullhouse.core.tables import (
    ACCOUNT_PERSON,
    CONSENT,
    PERSON_MERGE,
    TRAIT,
    TRAIT_BITMAP,
    TRAIT_BUILD,
    Table,
)
from fullhouse.lake import BITMAPS, Lake
from fullhouse.traits import EVERYONE, Build

AT = datetime(2020, 1, 1, tzinfo=UTC)
Write = Callable[..., Build]


def rows(lake: Lake, table: Table, values: Sequence[Mapping[str, object]], batch: str) -> None:
    data = pa.Table.from_pylist([dict(v) for v in values], schema=table.schema)
    if table is TRAIT_BITMAP:
        lake.append(table, data, batch=batch, writer=BITMAPS)
    else:
        lake.append(table, data, batch=batch)


def write_house(
    lake: Lake,
    traits: Mapping[str, set[int]],
    everyone: set[int],
    *,
    as_of: date = date(2020, 1, 1),
    number: int = 1,
    floor: int = 1,
) -> Build:
    """A trait build; a trait with fewer people than the floor is not built."""
    bitmaps, described = [], []
    for i, (name, members) in enumerate([("", everyone), *traits.items()]):
        trait = EVERYONE if i == 0 else i - 1
        built = len(members) >= floor
        if i:
            about = {
                "family": name.partition(":")[0],
                "label": name,
                "basis": "person",
                "definition": "{}",
                "by_source": "{}",
            }
            described.append(
                {"build": number, "trait": trait, "name": name, "persons": len(members)}
                | {"built": built}
                | about
            )
        for block in sorted({p >> 20 for p in members}) if built else []:
            people = BitMap(p for p in members if p >> 20 == block)
            bitmaps.append(
                {"build": number, "trait": trait, "block": block, "persons": len(people)}
                | {"bitmap": people.serialize()}
            )
    build = Build(number, as_of, AT, len(everyone), len(traits), 0, floor, "{}", "{}")
    rows(lake, TRAIT_BITMAP, bitmaps, f"bitmap{number}")
    rows(lake, TRAIT, described, f"trait{number}")
    values = {"build": number} | {k: v for k, v in vars(build).items() if k != "id"}
    rows(lake, TRAIT_BUILD, [values], f"build{number}")
    return build


def write_accounts(lake: Lake, pairs: Mapping[tuple[str, str], int]) -> None:
    values = [{"source": s, "account": a, "person": p, "since": 1} for (s, a), p in pairs.items()]
    table = pa.Table.from_pylist(values, schema=ACCOUNT_PERSON.schema)
    lake.replace(ACCOUNT_PERSON, table)


def state_consent(
    lake: Lake,
    source: str,
    account: str,
    granted: bool,
    *,
    purpose: str = "analytics",
    at: datetime = AT,
) -> None:
    event = f"{source}-{account}-{purpose}-{at.isoformat()}-{granted}"
    value = {
        "source": source,
        "account": account,
        "event_id": event,
        "at": at,
        "day": at.date(),
        "purpose": purpose,
        "granted": granted,
        "batch": event,
    }
    rows(lake, CONSENT, [value], event)


def merge(lake: Lake, kept: int, merged: int) -> None:
    value = {"run": 2, "kept": kept, "merged": merged, "at": AT}
    rows(lake, PERSON_MERGE, [value], f"merge-{merged}")


@pytest.fixture
def house() -> Callable[..., Build]:
    return write_house


@pytest.fixture
def accounts() -> Callable[..., None]:
    return write_accounts


@pytest.fixture
def speak() -> Callable[..., None]:
    return state_consent


@pytest.fixture
def merged() -> Callable[..., None]:
    return merge
