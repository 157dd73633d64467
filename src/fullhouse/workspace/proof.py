"""Whether lake, control database and key belong together, and no table has lost commits.

The lake holds a note (`_house.json`) of the control database and the key that belong to it, and
the control database of the lake and the key. Both hold a mark of each table: a version it has
reached, with its rows. Every use case begins with a look at both, and ends with new marks.
"""

import hmac
import json
import secrets
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from fullhouse.control.house import (
    House,
    establish_house,
    house_of,
    is_made,
    move_marks,
    peek,
)
from fullhouse.core.errors import DamagedError, FullhouseError, InputError
from fullhouse.core.tables import ALL, Mark, Table
from fullhouse.lake.lake import Lake
from fullhouse.lake.place import Place
from fullhouse.lake.verify import log_faults, table_fault, table_mark

if TYPE_CHECKING:
    from fullhouse.control import Control
    from fullhouse.workspace.workspace import Workspace

NOTE = "_house.json"


def fingerprint(key: bytes) -> str:
    """What a key is recognised by; the key cannot be had from it."""
    return hmac.digest(key, b"fullhouse/fingerprint", "sha256").hex()[:32]


def prove(workspace: "Workspace") -> House | None:
    """The house that lake, control database and key belong to; an error when they do not.

    A workspace of before, and a new one, becomes a house here. None where that cannot be: no key
    is at hand, or nothing may be written.
    """
    note, house = read_note(workspace.lake.place), peek(workspace.control_url)
    if note is None and house is None:
        return _establish(workspace)
    check_tied(note, house, key_of(workspace))
    assert note is not None
    assert house is not None
    for fault in log_faults(workspace.lake.place, later(note.tables, house.tables)):
        raise fault
    return house


def key_of(workspace: "Workspace") -> str | None:
    """The fingerprint of the key at hand; None where there is none."""
    if not workspace.has_key:
        return None
    return fingerprint(workspace.key)


def check_tied(note: House | None, house: House | None, key: str | None) -> None:
    """Raise what keeps a lake's note, a control database and a key from being of one house."""
    if house is None:
        raise DamagedError(code="control_lost")
    if note is None:
        raise DamagedError(code="lake_lost")
    if note.lake != house.lake:
        raise DamagedError(code="lake_other")
    if note.control != house.control:
        raise DamagedError(code="control_other")
    if key is not None and key != house.key:
        raise DamagedError(code="key_other", expected=house.key, given=key)
    if note.sequence > house.sequence or note.audit > house.audit:
        raise DamagedError(code="control_older", known=house.audit, expected=note.audit)


class ProofWitness:
    """Knows how far tables have been, for a lake that is asked to take in more."""

    def __init__(self, workspace: "Workspace") -> None:
        self._workspace = workspace

    def check(self, lake: Lake, tables: Iterable[Table]) -> None:
        """An error when a table has lost commits that it had."""
        if self._workspace.house is None:
            return
        house = house_of(self._workspace.control)
        marks = {} if house is None else house.tables
        for table in tables:
            if table.name in marks and (fault := table_fault(lake, table, marks[table.name])):
                raise fault

    def seal(self, lake: Lake, tables: Iterable[Table]) -> None:
        """Write down, in the control database and in the lake, how far tables are now."""
        if self._workspace.house is None:
            return
        from sqlalchemy.exc import InternalError, OperationalError

        marks = {t.name: table_mark(lake, t) for t in tables}
        # Marks may lag behind: what cannot be written down now is with the next ones.
        with suppress(OperationalError, InternalError, FullhouseError):
            known = move_marks(self._workspace.control, {n: m for n, m in marks.items() if m})
            write_note(lake.place, known)
            self._workspace.audited = known.audit

    def close(self, lake: Lake, written: Iterable[str]) -> None:
        """At the end of a use: new marks of the tables it wrote, and how far the audit log is."""
        tables = [ALL[name] for name in sorted(written) if name in ALL]
        if tables:
            self.seal(lake, tables)
        elif self._workspace.control_is_open and self._workspace.house is not None:
            known = house_of(self._workspace.control)
            if known is not None and known.audit > self._workspace.audited:
                with suppress(FullhouseError):
                    write_note(lake.place, known)
                self._workspace.audited = known.audit


def read_note(place: Place) -> House | None:
    """What a lake knows of its house; None where it has no note."""
    text = place.read(NOTE)
    if text is None:
        return None
    try:
        fields: dict[str, Any] = json.loads(text)
        tables = {name: Mark(*mark) for name, mark in fields.pop("tables").items()}
        return House(**fields, tables=tables)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise DamagedError(code="lake_note_unreadable", file=NOTE) from None


def write_note(place: Place, house: House) -> None:
    """Write down in a lake which house it is of, and how far its tables are."""
    tables = {name: [mark.version, mark.rows] for name, mark in house.tables.items()}
    place.write(NOTE, json.dumps(vars(house) | {"tables": tables}).encode())


def new_id() -> str:
    """An id that no other lake or control database has."""
    return secrets.token_hex(16)


def lake_marks(lake: Lake) -> dict[str, Mark]:
    """The marks of all tables as they now are."""
    marks = {name: table_mark(lake, table) for name, table in ALL.items()}
    return {name: mark for name, mark in marks.items() if mark is not None}


def later(one: Mapping[str, Mark], other: Mapping[str, Mark]) -> dict[str, Mark]:
    """Of each table the mark at the later version."""
    return {
        name: max(
            (m[name] for m in (one, other) if name in m), key=lambda mark: (mark.version, mark.rows)
        )
        for name in {**one, **other}
    }


def _establish(workspace: "Workspace") -> House | None:
    """Make lake, control database and key one house, as they now are."""
    from sqlalchemy.exc import InternalError, OperationalError

    place = workspace.lake.place
    marks = lake_marks(workspace.lake)
    if marks and not is_made(workspace.control_url):
        raise DamagedError(code="control_lost")
    key = key_of(workspace)
    if key is None:
        return None
    try:
        control = _opened(workspace)
        house = establish_house(control, House(new_id(), new_id(), key))
        if house.key == key:
            house = move_marks(control, marks)
            write_note(place, house)
    except (InputError, DamagedError):
        raise
    except (OperationalError, InternalError, FullhouseError):
        return None
    return house


def _opened(workspace: "Workspace") -> "Control":
    from fullhouse.control import open_control

    return open_control(workspace.control_url)
