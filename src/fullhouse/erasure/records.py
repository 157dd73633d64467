"""Take traces out of the control database."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import MetaData, Table, and_, select, text, update

from fullhouse.control.control import Control
from fullhouse.control.runs import forget_results
from fullhouse.control.schema import AudienceRow
from fullhouse.core.tables import AUDIENCE_BLOCK
from fullhouse.erasure.match import ACCOUNT_KEYS, Matcher
from fullhouse.erasure.search import search_cell
from fullhouse.erasure.tables import personal_tables
from fullhouse.lake import Lake

UNCHANGED = (
    "erasure", "suppression", "alembic_version",
    "forecast_entry", "ledger", "log_leaf", "log_node", "log_head", "log_size",
)  # fmt: skip
"""Not touched: what an erasure itself writes, and what nobody may change and what names no account:
the score book, the ledger of privacy, the transparency log, whose proofs a changed word would
break. A trace in one of them is reported as left over."""


def take_from_control(control: Control, lake: Lake, matcher: Matcher) -> int:
    """Make every trace in the control database the word `erased`; how many values changed.

    Remembered results that were computed from people are forgotten: they would never be given
    again, since the tables have other versions now.
    """
    changed = forget_results(control, {t.name for t in personal_tables()})
    tables = MetaData()
    tables.reflect(control.database)
    for table in tables.sorted_tables:
        if table.name not in UNCHANGED:
            changed += _redact(control, table, matcher)
    _count_again(control, lake)
    return changed


def compact_control(control: Control) -> None:
    """Give back the pages of what was deleted, so that its bytes are gone too."""
    if control.dialect == "sqlite":
        with control.database.connect().execution_options(isolation_level="AUTOCOMMIT") as all_:
            all_.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
            all_.execute(text("VACUUM"))
            all_.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
    elif control.dialect == "postgresql":
        with control.database.connect().execution_options(isolation_level="AUTOCOMMIT") as all_:
            for name in ("erasure", "run", "audit", "job"):
                all_.execute(text(f"VACUUM (FULL) {name}"))


def _redact(control: Control, table: Table, matcher: Matcher) -> int:
    changed = 0
    keys = list(table.primary_key.columns)
    with control.begin() as connection:
        for row in connection.execute(select(table)).mappings().all():
            new = _redacted(row, matcher)
            if new:
                one = and_(*(key == row[key.name] for key in keys))
                connection.execute(update(table).where(one).values(**new))
                changed += len(new)
    return changed


def _redacted(row: Mapping[Any, Any], matcher: Matcher) -> dict[str, Any]:
    new: dict[str, Any] = {}
    for column, value in row.items():
        name = str(column)
        if not search_cell(name, value, matcher):
            continue
        if isinstance(value, bytes | memoryview):
            new[name] = None
        elif isinstance(value, dict | list):
            new[name] = matcher.redact_json(value, name)
        elif name in ACCOUNT_KEYS:
            new[name] = "erased"
        else:
            new[name] = _redacted_text(value, matcher)
    return new


def _redacted_text(value: str, matcher: Matcher) -> str:
    if value.lstrip()[:1] in ("{", "["):
        try:
            return json.dumps(matcher.redact_json(json.loads(value)), ensure_ascii=False)
        except ValueError:
            pass
    return matcher.redact(value)


def _count_again(control: Control, lake: Lake) -> None:
    """People of each saved audience as its bitmaps have them now."""
    if lake.live.version(AUDIENCE_BLOCK) is None:
        return
    columns = ["audience", "version", "persons"]
    counted = lake.live.read(AUDIENCE_BLOCK, columns=columns)
    summed = counted.group_by(["audience", "version"]).aggregate([("persons", "sum")])
    now = {(r["audience"], r["version"]): r["persons_sum"] for r in summed.to_pylist()}
    with control.session() as session:
        for row in session.scalars(select(AudienceRow)):
            row.persons = now.get((row.name, row.version), 0)
        session.commit()
