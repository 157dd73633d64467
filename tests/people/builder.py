"""A small builder of lake tables, since people read tables and not feeds."""

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from fullhouse.core.tables import (
    ACCOUNT_PERSON,
    ACCOUNT_TABLE,
    ALL,
    IDENTIFIER,
    PERSON_LINK,
    PERSON_TABLE,
    Table,
)
from fullhouse.engine import Engine
from fullhouse.lake import Lake
from fullhouse.people import Resolution, resolve, write_pairs

AT = datetime(2026, 1, 1, tzinfo=UTC)


class House:
    """A lake that tests fill row by row."""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake
        self.batches = 0

    def add(self, table: Table, *rows: dict[str, Any]) -> None:
        """Append rows; columns that must be filled get a plain value."""
        self.batches += 1
        batch = f"test-{self.batches}"
        plain: dict[str, Any] = {
            "string": "x",
            "timestamp": AT,
            "date": AT.date(),
            "float64": 1.0,
            "bool": True,
        }
        blank = {c.name: plain.get(c.type) for c in table.columns if not c.nullable}
        blank["batch"] = batch
        self.lake.append(
            table, pa.Table.from_pylist([blank | r for r in rows], schema=table.schema), batch=batch
        )

    def write(self, table: Table, *rows: dict[str, Any]) -> None:
        """Replace a whole table."""
        self.lake.replace(table, pa.Table.from_pylist(list(rows), schema=table.schema))

    def share(self, *rows: tuple[str, str, str], kind: str = "email") -> None:
        """Identifiers: (source, account, digest)."""
        self.add(
            IDENTIFIER,
            *({"source": s, "account": a, "kind": kind, "digest": d} for s, a, d in rows),
        )

    def name(self, *rows: dict[str, Any]) -> None:
        """Account rows."""
        self.add(ACCOUNT_TABLE, *rows)

    def event(self, kind: str, *accounts: tuple[str, str]) -> None:
        """Events of accounts."""
        rows = [
            {"source": s, "account": a, "event_id": f"{self.batches}-{i}"}
            for i, (s, a) in enumerate(accounts)
        ]
        self.add(ALL[kind], *rows)

    def people(self) -> dict[tuple[str, str], int]:
        """Every account's person."""
        rows = self.lake.read(ACCOUNT_PERSON).to_pylist()
        return {(r["source"], r["account"]): r["person"] for r in rows}

    def persons(self) -> dict[int, dict[str, Any]]:
        """The person table by person."""
        return {r["person"]: r for r in self.lake.read(PERSON_TABLE).to_pylist()}

    def link(self, model: str, *pairs: tuple[tuple[str, str], tuple[str, str]]) -> None:
        """Pairs of accounts that a model linked."""
        rows = [dict(zip(PERSON_LINK.names, (*a, *b, 0.95, model), strict=True)) for a, b in pairs]
        write_pairs(self.lake, pa.Table.from_pylist(rows, schema=PERSON_LINK.schema), model)

    def resolve(self, engine: Engine, *, most: int = 10, **more: Any) -> Resolution:
        """One run."""
        return resolve(engine, self.lake, most_accounts=most, at=AT, **more)
