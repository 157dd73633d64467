"""Let old data go: rows older than the house's own rules allow, with every byte of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from fullhouse.core.brief import Brief
from fullhouse.core.settings import Settings
from fullhouse.core.tables import (
    CONSENT,
    EVENT_TABLES,
    IDENTIFIER,
    PERSON_EVENT,
    QUARANTINE,
    Table,
)
from fullhouse.lake import Lake
from fullhouse.lake.maintain import delete_where, fence, purge

RULES: dict[str, tuple[Table, ...]] = {
    "keep_quarantine_days": (QUARANTINE,),
    "keep_identifier_days": (IDENTIFIER,),
    "keep_event_days": (*(t for t in EVENT_TABLES.values() if t is not CONSENT), PERSON_EVENT),
}
"""The settings that bound how long rows stay, and the tables that each is of. What people said of
their consent stays: a refusal does not grow old."""


@dataclass(frozen=True)
class Overdue(Brief):
    """Rows of a table that are older than a setting allows: all before a day."""

    setting: str
    table: str
    before: date
    rows: int


def overdue(lake: Lake, settings: Settings, *, today: date) -> tuple[Overdue, ...]:
    """What is older than the settings allow, table by table; tables with nothing are left out."""
    return tuple(
        Overdue(setting, table.name, before, rows)
        for setting, table, before in _rules(settings, today)
        if (rows := _count(lake, table, before))
    )


def retain(lake: Lake, settings: Settings, *, today: date) -> tuple[Overdue, ...]:
    """Remove what is older than the settings allow, from tables, files and logs; what went."""
    gone = []
    for setting, table, before in _rules(settings, today):
        if not _count(lake, table, before):
            continue
        fenced = fence(lake, table)
        if fenced is None:
            continue
        rows = delete_where(lake, table, _condition(table, before))
        purge(lake, table, fenced=fenced)
        gone.append(Overdue(setting, table.name, before, rows))
    return tuple(gone)


def _rules(settings: Settings, today: date) -> Iterator[tuple[str, Table, date]]:
    for setting, tables in RULES.items():
        days = getattr(settings, setting)
        if days:
            yield from ((setting, table, today - timedelta(days=days)) for table in tables)


def _count(lake: Lake, table: Table, before: date) -> int:
    if "day" in table.names:
        column, limit = "day", pa.scalar(before)
    else:
        column, limit = "at", pa.scalar(_midnight(before), pa.timestamp("us", tz="UTC"))
    where = pc.field(column) < limit
    batches = lake.live.batches(table, columns=[column], where=where)
    return sum(batch.num_rows for batch in batches)


def _condition(table: Table, before: date) -> str:
    if "day" in table.names:
        return f"day < DATE '{before}'"
    kind = 'Timestamp(Microsecond, Some("UTC"))'
    return f"at < arrow_cast('{_midnight(before).isoformat()}', '{kind}')"


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
