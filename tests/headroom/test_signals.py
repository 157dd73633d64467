"""What is read of each person and a film, on every engine."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from fullhouse.core.tables import ALL
from fullhouse.engine import Engine
from fullhouse.headroom.signals import read_signals
from fullhouse.lake import Lake
from fullhouse.sample.analysis_sample import KnownFilm

DAY = date(2026, 3, 1)
LANDMARK = DAY - timedelta(days=28)
FILM = KnownFilm("up-2026", "Up", date(2026, 4, 1), {}, "up-2026")


def _write(lake: Lake, table: str, rows: list[dict[str, Any]]) -> None:
    columns = ALL[table]
    filled = [
        {"batch": "b", "block": 0, "since": 1, "quantity": 1.0, "accounts": 1} | r for r in rows
    ]
    lake.append(columns, pa.Table.from_pylist(filled, schema=columns.schema), batch=table)


def _event(person: int, kind: str, item: int, days: int, quantity: float = 1.0) -> dict[str, Any]:
    return {"person": person, "kind": kind, "item": item, "source": "video",
            "day": DAY - timedelta(days=days), "quantity": quantity}  # fmt: skip


def _advertisement(account: str, film: str, days: int) -> dict[str, Any]:
    at = datetime.combine(DAY - timedelta(days=days), datetime.min.time(), tzinfo=UTC)
    return {"source": "video", "account": account, "film": film, "event_id": f"{account}{film}",
            "at": at, "day": at.date()}  # fmt: skip


def test_who_was_shown_the_film_and_who_wanted_it_when(engine: Engine, lake: Lake) -> None:
    titles = [(0, "u", "Up", 2026), (1, "old", "Up", 1999), (2, "x", "Other", 2025)]
    items = [
        {"item": i, "kind": "film", "source": "video", "id": n, "title": t, "release_year": y}
        for i, n, t, y in titles
    ]
    _write(lake, "item", items)
    people = [{"source": "video", "account": f"a{p}", "person": p} for p in range(10)]
    _write(lake, "account_person", people)
    _write(
        lake,
        "person_event",
        [
            _event(0, "trailer_view", 0, 40, 0.5),
            _event(1, "trailer_view", 0, 3),
            _event(2, "trailer_view", 1, 40),
            _event(3, "want_to_see", 0, 28),
            _event(4, "want_to_see", 0, 27),
            _event(5, "ticket", 0, 0, 2.0),
            _event(5, "ticket", 2, 1, -1.0),
            _event(6, "want_to_see", 0, 400),
            _event(6, "ticket", 2, 5),
            *(_event(7, "view", 2, 100) for _ in range(7)),
            _event(8, "want_to_see", 0, -1),
        ],
    )
    shown = [("a2", "up-2026", 30), ("a3", "u", 29), ("a4", "old", 30), ("a5", "up-2026", 2)]
    _write(lake, "impression", [_advertisement(*row) for row in shown])
    _write(lake, "click", [_advertisement("a9", "u", 50)])
    persons = np.arange(10)
    signals = read_signals(engine, lake, FILM, persons, landmark=LANDMARK, as_of=DAY)

    def who(flags: Any) -> list[int]:
        return list(np.flatnonzero(flags))

    assert who(signals.shown_by["impression"]) == [2, 3, 9]
    assert who(signals.shown_by["trailer_view"]) == [0]
    assert who(signals.shown) == [0, 1, 2, 3, 5, 9]
    assert who(signals.before) == [3]
    assert who(signals.after) == [4, 5]
    assert who(signals.others_after) == [6]
    assert signals.stratum[7] == 3 * 64
    assert who(signals.stratum == signals.stratum[8]) == [0, 1, 3, 4, 5, 6, 8, 9]
