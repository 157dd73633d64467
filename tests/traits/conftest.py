"""A small house, written straight into the lake."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

import pyarrow as pa
import pytest

from fullhouse.core.tables import ACCOUNT_PERSON, ALL, PERSON_TABLE, Table
from fullhouse.core.values import BLOCK_BITS
from fullhouse.lake import Lake

Row = dict[str, Any]
DEFAULTS: Row = {
    "batch": "b",
    "quantity": 1.0,
    "since": 1,
    "at": datetime(2020, 1, 1, tzinfo=UTC),
    "accounts": 1,
}


class House:
    """Writes rows given by their telling columns; the rest is filled in."""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake
        self.events = 0

    def write(self, table: Table | str, rows: Sequence[Row]) -> None:
        """Append rows to a table."""
        declared = ALL[table] if isinstance(table, str) else table
        full = [self._full(declared, r) for r in rows]
        data = pa.Table.from_pylist(full, schema=declared.schema)
        self.events += 1
        self.lake.append(declared, data, batch=f"test {self.events}")

    def people(self, accounts: dict[tuple[str, str], int], **facts: dict[int, Any]) -> None:
        """Who is who: (source, account) → person; facts as column → person → value."""
        rows = [{"source": s, "account": a, "person": p} for (s, a), p in accounts.items()]
        self.lake.replace(ACCOUNT_PERSON, _table(ACCOUNT_PERSON, [DEFAULTS | r for r in rows]))
        persons = []
        for person in sorted(set(accounts.values())):
            sources = sorted({s for (s, _), p in accounts.items() if p == person})
            row = {"person": person, "block": person >> BLOCK_BITS, "sources": ",".join(sources)}
            persons.append(DEFAULTS | row | {c: v.get(person) for c, v in facts.items()})
        self.lake.replace(PERSON_TABLE, _table(PERSON_TABLE, persons))

    def _full(self, table: Table, row: Row) -> Row:
        full = DEFAULTS | row
        if "event_id" in table.names:
            self.events += 1
            full.setdefault("event_id", str(self.events))
            full["day"] = date.fromisoformat(row["day"])
            full["at"] = datetime.combine(full["day"], time(12), tzinfo=UTC)
        elif isinstance(row.get("at"), str):
            full["at"] = datetime.combine(date.fromisoformat(row["at"]), time(12), tzinfo=UTC)
        return full


def _table(table: Table, rows: Sequence[Row]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=table.schema)


@pytest.fixture
def house(lake: Lake) -> House:
    """An empty house on an empty lake."""
    return House(lake)


@pytest.fixture
def new_house(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], House]:
    """Makes houses, for tests that need many."""
    from fullhouse.lake import Place

    return lambda: House(Lake(Place(str(tmp_path_factory.mktemp("house")))))


@pytest.fixture
def make_house() -> type[House]:
    """Makes a house of a lake."""
    return House
