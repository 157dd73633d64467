"""Freeze the members of an audience as a version, and find saved versions again."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

import pyarrow as pa
import pyarrow.compute as pc
from pyroaring import BitMap

from fullhouse.audiences.audience import Audience
from fullhouse.audiences.rule import Saved
from fullhouse.control import AudienceRow, Control
from fullhouse.core.errors import InputError, did_you_mean
from fullhouse.core.person_sets import PersonSet, size
from fullhouse.core.tables import AUDIENCE_BLOCK, Snapshot
from fullhouse.lake import BITMAPS, Lake


def freeze(
    lake: Lake,
    control: Control,
    audience: Audience,
    members: PersonSet,
    *,
    batch: str,
) -> Audience:
    """Write members as the next version of an audience; the audience with its version.

    Two saves of one name at once get different versions. The row in the control database comes
    last: a crash before it leaves rows in the lake that no version shows, and whose number is
    not given again.
    """
    version = 0

    def rows(snapshot: Snapshot) -> pa.Table:
        nonlocal version
        version = 1 + max(
            _newest_written(lake, audience.name, snapshot),
            max((a.version for a in versions(control, audience.name)), default=0),
        )
        return _rows(audience.name, version, members)

    guard = f"audience:{audience.name}"
    if not lake.append_checked(AUDIENCE_BLOCK, rows, batch=batch, guard=guard, writer=BITMAPS):
        raise ValueError(f"batch {batch!r} was used before")
    done = replace(audience, version=version, persons=size(members))
    with control.session() as session:
        values = vars(done) | {"as_of": done.as_of.isoformat()}
        session.add(AudienceRow(tenant=control.tenant, **values))
        session.commit()
    return done


def saved_audiences(control: Control) -> list[Audience]:
    """Every version of every saved audience, by name, the newest version first."""
    order = (AudienceRow.name, AudienceRow.version.desc())
    with control.session() as session:
        own = control.own(AudienceRow)
        return [_audience(r) for r in session.scalars(own.order_by(*order))]


def versions(control: Control, name: str) -> list[Audience]:
    """The versions of one audience, the newest first."""
    found = control.own(AudienceRow).where(AudienceRow.name == name)
    with control.session() as session:
        rows = session.scalars(found.order_by(AudienceRow.version.desc()))
        return [_audience(r) for r in rows]


def find_saved(control: Control, wanted: Saved) -> Audience:
    """A saved audience: the version named, or the newest; an error with near names."""
    found = versions(control, wanted.name)
    if not found:
        names = control.own(AudienceRow.name).distinct()
        with control.session() as session:
            known = set(session.scalars(names))
        hint = did_you_mean(wanted.name, known) or (
            "" if known else " Save one with: fullhouse audience save NAME RULE"
        )
        raise InputError(f"No audience {wanted.name!r}.{hint}")
    fitting = [a for a in found if wanted.version in (None, a.version)]
    if not fitting:
        known_versions = ", ".join(str(a.version) for a in reversed(found))
        raise InputError(
            f"Audience {wanted.name!r} has no version {wanted.version}; it has {known_versions}."
        )
    return fitting[0]


def _rows(name: str, version: int, members: PersonSet) -> pa.Table:
    blocks: Sequence[tuple[int, BitMap]] = [(b, m) for b, m in sorted(members.items()) if m]
    # An audience of nobody has a row too: the row is what takes the version number.
    blocks = blocks or [(0, BitMap())]
    columns = {
        "audience": [name] * len(blocks),
        "version": [version] * len(blocks),
        "block": [b for b, _ in blocks],
        "persons": [len(m) for _, m in blocks],
        "bitmap": [m.serialize() for _, m in blocks],
    }
    return pa.table(columns, schema=AUDIENCE_BLOCK.schema)


def _newest_written(lake: Lake, name: str, snapshot: Snapshot) -> int:
    where = pc.field("audience") == name
    written = lake.read(AUDIENCE_BLOCK, columns=["version"], where=where, version=snapshot.version)
    return pc.max(written["version"]).as_py() or 0


def _audience(row: AudienceRow) -> Audience:
    at: datetime = row.at if row.at.tzinfo else row.at.replace(tzinfo=UTC)
    return Audience(
        row.name, row.version, row.rule, row.purpose, date.fromisoformat(row.as_of), row.build,
        row.persons, at,
    )  # fmt: skip
