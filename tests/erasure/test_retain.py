"""Rows older than the settings allow go, with their bytes; what is younger stays."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from fullhouse import app
from fullhouse.core.errors import InputError
from fullhouse.core.settings import Settings
from fullhouse.core.tables import CONSENT, IDENTIFIER, PERSON_EVENT, PURCHASE, QUARANTINE

from .conftest import TODAY, House


def retain(house: House, *, today: date = TODAY, dry_run: bool = False, **settings: int) -> Any:
    with house.open() as context:
        workspace = replace(context.workspace, settings=Settings(**settings))
        with replace(context, workspace=workspace, day=today) as own:
            return app.lake_retain(own, app.RetainLake(dry_run))


def bytes_with(house: House, text: str) -> list[str]:
    files = [p for p in (house.root / "lake").rglob("*") if p.is_file()]
    return [p.name for p in files if text.encode() in p.read_bytes()]


def test_without_a_rule_nothing_goes(house: House) -> None:
    assert retain(house) == ()
    assert house.rows(PURCHASE)


def test_old_events_go_and_young_ones_and_consent_stay(house: House) -> None:
    before, consents = house.rows(PURCHASE), house.rows(CONSENT)
    days = (TODAY - date(2025, 12, 15)).days
    counted = retain(house, keep_event_days=days, dry_run=True)
    assert house.rows(PURCHASE) == before
    gone = retain(house, keep_event_days=days)
    assert gone == counted
    left = [r for r in before if r["day"] >= date(2025, 12, 15)]
    assert house.rows(PURCHASE) == left
    assert all(r["day"] >= date(2025, 12, 15) for r in house.rows(PERSON_EVENT))
    assert {g.table: g.rows for g in gone}["purchase"] == len(before) - len(left) > 0
    assert house.rows(CONSENT) == consents
    assert retain(house, keep_event_days=days) == ()
    with house.open() as context:
        entry = next(e for e in app.audit(context) if e.action == "lake.retain")
    assert entry.detail["purchase"] == len(before) - len(left)


@pytest.mark.parametrize(
    ("setting", "table"),
    [("keep_quarantine_days", QUARANTINE), ("keep_identifier_days", IDENTIFIER)],
)
def test_refused_rows_and_identifiers_go_with_their_bytes(
    house: House, setting: str, table: Any
) -> None:
    rows = house.rows(table)
    digest = next(r["digest"] for r in house.rows(IDENTIFIER))
    assert retain(house, **{setting: 10}) == ()
    (gone,) = retain(house, today=date(2026, 1, 17), **{setting: 10})
    assert (gone.setting, gone.table, gone.rows) == (setting, table.name, len(rows))
    assert house.rows(table) == []
    if table is IDENTIFIER:
        assert bytes_with(house, digest) == []


def test_days_below_none_are_refused() -> None:
    with pytest.raises(InputError, match="keep_event_days"):
        Settings(keep_event_days=-1)


def test_doctor_says_what_is_due_and_which_erasures_died(house: House) -> None:
    environment = {"FULLHOUSE_KEEP_EVENT_DAYS": "1"}
    checks = {
        c.name: c for c in app.workspace_health(str(house.root), environment=environment).checks
    }
    assert checks["retention"].code == "retention_due"
    assert checks["retention"].facts["rows"] > 0
    assert checks["erasure"].code == "erasures_ended"
    with house.open() as context:
        from fullhouse.control.suppression import begin_erasure

        begin_erasure(context.control, {"accounts": []})
    checks = {c.name: c for c in app.workspace_health(str(house.root), environment={}).checks}
    assert not checks["erasure"].ok
    assert checks["retention"].code == "retention_none"
