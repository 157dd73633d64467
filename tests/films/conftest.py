"""A lake, a control database, and sets made up of a few words."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from fullhouse.control import Control, open_control
from fullhouse.films import GROSSES, EntryFact, FilmEntry, FilmSet

AT = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def control(tmp_path: Path) -> Control:
    return open_control(f"sqlite:///{tmp_path / 'control.db'}")


def entry(
    id_: str, title: str, opening: str | None, territory: str = "", **more: object
) -> FilmEntry:
    day = date.fromisoformat(opening) if opening else None
    known_on = (day or date(2000, 1, 1)) - timedelta(days=180)
    facts = (EntryFact("title", title, known_on),)
    return FilmEntry(id_, title, day, territory, facts=facts, **more)  # type: ignore[arg-type]


def film_set(
    name: str, *entries: FilmEntry, days: list[tuple[str, str, float]] | None = None
) -> FilmSet:
    rows = [
        {
            "id": id_,
            "territory": "US",
            "day": date.fromisoformat(day),
            "gross": gross,
            "currency": "USD",
            "theaters": 10,
            "to_date": None,
            "known_on": date.fromisoformat(day) + timedelta(days=1),
        }
        for id_, day, gross in days or []
    ]
    return FilmSet(
        name=name,
        file=f"{name}.csv",
        digest=f"{name}{hash((entries, str(days)))}",
        read=len(entries),
        entries=entries,
        grosses=pa.Table.from_pylist(rows, schema=GROSSES),
    )
