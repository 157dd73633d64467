"""A house with a feed, and rows to take in."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fullhouse import app
from fullhouse.app import Context
from fullhouse.core.tables import ALL, Table
from fullhouse.feeds import IngestReport

NOW = datetime(2026, 1, 1, tzinfo=UTC)

SHOP = """
source = "shop"
kind = "purchase"
time_zone = "America/New_York"
currency = "USD"
category_separator = "/"

[columns]
event_id = "order_id"
account = "user"
at = "when"
product = "sku"
category = "category"
quantity = "count"
unit_price = "price"
currency = "currency"

[identifiers]
email = "mail"
phone = "tel"
"""


class House:
    """A workspace with shorthands."""

    def __init__(self, folder: Path, key: bytes | None = None) -> None:
        self.folder = folder
        self.files = folder / "files"
        self.files.mkdir()
        self.root = folder / "house"
        if key is not None:
            self.root.mkdir()
            (self.root / "fullhouse.key").write_bytes(key)
        app.init_house(str(self.root), environment={}).close()

    def open(self, **settings: Any) -> Context:
        """The workspace under some settings."""
        environment = {f"FULLHOUSE_{k.upper()}": str(v) for k, v in settings.items()}
        return app.open_house(str(self.root), environment=environment)

    def feed(self, text: str = SHOP, name: str = "orders") -> Path:
        """A feed's file."""
        path = self.folder / f"{name}.toml"
        # Two ingests at once must not find the file half written.
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
        return path

    def write(self, name: str, data: str | bytes) -> str:
        """A file of rows."""
        path = self.files / name
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return str(path)

    def ingest(
        self, *files: str, feed: str = SHOP, now: datetime = NOW, **settings: Any
    ) -> IngestReport:
        """Take files in."""
        with self.open(**settings) as workspace:
            at_now = replace(workspace, clock=lambda: now)
            return app.ingest(at_now, app.IngestFiles(self.feed(feed), files))

    def rows(self, table: Table, *, but: tuple[str, ...] = ("batch",)) -> list[dict[str, Any]]:
        """All rows of a table, sorted by everything."""
        with self.open() as workspace:
            rows = workspace.lake.read(table).to_pylist()
        kept = [{k: v for k, v in r.items() if k not in but} for r in rows]
        return sorted(kept, key=lambda r: [str(r.get("event_id")), *map(str, r.values())])

    def content(self) -> dict[str, list[dict[str, Any]]]:
        """What is in the lake, without batches and the clock of each run."""
        # Whose settings a file began under is no part of what came of it.
        left_out = {"ingested": ("batch", "at"), "begun": ("batch", "at", "terms")}
        return {
            name: rows
            for name, table in ALL.items()
            if (rows := self.rows(table, but=left_out.get(name, ("batch",))))
        }


@pytest.fixture
def house(tmp_path: Path) -> House:
    """An empty workspace."""
    return House(tmp_path)


@pytest.fixture
def new_house(tmp_path: Path) -> Iterator[Callable[[], House]]:
    """Makes empty workspaces under one key."""
    created: list[House] = []

    def make() -> House:
        folder = tmp_path / f"h{len(created)}"
        folder.mkdir()
        key = (created[0].root / "fullhouse.key").read_bytes() if created else None
        created.append(House(folder, key))
        return created[-1]

    return make


ORDER: Mapping[str, str] = {
    "order_id": "o1",
    "user": "ann",
    "when": "2025-03-01 12:00:00",
    "sku": "p1",
    "category": "Pet Supplies/Dogs",
    "count": "2",
    "price": "9.99",
    "currency": "",
    "mail": "",
    "tel": "",
}


def csv_of(*rows: Mapping[str, str]) -> str:
    """Orders as CSV; each row says what differs from the plain one."""
    lines = [",".join(ORDER)]
    lines += [",".join({**ORDER, **row}.values()) for row in rows]
    return "\n".join(lines) + "\n"


@pytest.fixture
def orders() -> Callable[..., str]:
    """Orders as CSV."""
    return csv_of
