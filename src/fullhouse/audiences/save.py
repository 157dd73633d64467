"""Freeze the members of an audience as a version, find saved versions again, delete one."""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

import pyarrow as pa
import pyarrow.compute as pc
from pyroaring import BitMap

import fullhouse.control as control_db
from fullhouse.audiences.audience import Audience
from fullhouse.audiences.parse import parse
from fullhouse.audiences.rule import And, Not, Or, Rule, Saved
from fullhouse.core.errors import InputError, NotFoundError, did_you_mean
from fullhouse.core.person_sets import PersonSet, size
from fullhouse.core.tables import AUDIENCE_BLOCK, Snapshot
from fullhouse.core.values import check_slug
from fullhouse.lake import BITMAPS, Lake
from fullhouse.traits.trait import Build
from fullhouse.workspace.context import Context


def freeze(
    lake: Lake,
    control: "control_db.Control",
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
    saved = replace(audience, version=version, persons=size(members))
    with control.session() as session:
        values = vars(saved) | {"as_of": saved.as_of.isoformat()}
        session.add(control_db.AudienceRow(tenant=control.tenant, **values))
        session.commit()
    return saved


def save_people(
    context: Context, name: str, rule: str, members: PersonSet, *, build: Build, purpose: str
) -> Audience:
    """Freeze people who take part in a purpose as the next version of a name.

    `rule` says who they are; it need not be in the audience language.
    """
    check_slug(name, what="The name of an audience")
    audience = Audience(
        name=name,
        version=0,
        rule=rule,
        purpose=purpose,
        as_of=build.as_of,
        build=build.id,
        persons=0,
        at=context.now,
    )
    batch = secrets.token_hex(16)
    return freeze(context.lake, context.control, audience, members, batch=batch)


def saved_audiences(control: "control_db.Control") -> list[Audience]:
    """Every version of every saved audience, by name, the newest version first."""
    order = (control_db.AudienceRow.name, control_db.AudienceRow.version.desc())
    with control.session() as session:
        own = control.own(control_db.AudienceRow)
        return [_audience(r) for r in session.scalars(own.order_by(*order))]


def versions(control: "control_db.Control", name: str) -> list[Audience]:
    """The versions of one audience, the newest first."""
    query = control.own(control_db.AudienceRow).where(control_db.AudienceRow.name == name)
    with control.session() as session:
        rows = session.scalars(query.order_by(control_db.AudienceRow.version.desc()))
        return [_audience(r) for r in rows]


def find_saved(control: "control_db.Control", wanted: Saved) -> Audience:
    """A saved audience: the version named, or the newest; an error with near names."""
    audiences = versions(control, wanted.name)
    if not audiences:
        with control.session() as session:
            known = set(session.scalars(control.own(control_db.AudienceRow.name).distinct()))
        raise NotFoundError(f"No audience {wanted.name!r}.{did_you_mean(wanted.name, known)}")
    fitting = [a for a in audiences if wanted.version in (None, a.version)]
    if not fitting:
        known_versions = ", ".join(str(a.version) for a in reversed(audiences))
        raise InputError(
            f"Audience {wanted.name!r} has no version {wanted.version}; it has {known_versions}."
        )
    return fitting[0]


def delete_audience(lake: Lake, control: "control_db.Control", audience: Audience) -> None:
    """Remove a saved version: its row and the members. Its number is not given again.

    What still needs it is the caller's to check. The row goes first: after a crash in between
    no version shows, and deleting the rest again is harmless.
    """
    # Imported here, as all that loads SQLAlchemy: a count needs none of it.
    from sqlalchemy import delete

    with control.session() as session:
        session.execute(
            delete(control_db.AudienceRow).where(
                control_db.AudienceRow.tenant == control.tenant,
                control_db.AudienceRow.name == audience.name,
                control_db.AudienceRow.version == audience.version,
            )
        )
        session.commit()
    # An empty row stays, since it is what takes the number.
    lake.replace(
        AUDIENCE_BLOCK,
        _rows(audience.name, audience.version, {}),
        where={"audience": audience.name, "version": audience.version},
        writer=BITMAPS,
    )


def audiences_using(control: "control_db.Control", audience: Audience) -> list[Audience]:
    """The saved audiences whose rule names this version."""
    return [a for a in saved_audiences(control) if names_audience(a.rule, audience)]


def names_audience(rule: str, audience: Audience, *, newest: bool = False) -> bool:
    """Whether a rule names this version of an audience; the `newest` one needs no version."""
    try:
        parsed = parse(rule)
    except InputError:
        return False  # A list or a model, in words of its own.
    versions_named = (audience.version, None) if newest else (audience.version,)
    return any(
        leaf.name == audience.name and leaf.version in versions_named for leaf in _saved_in(parsed)
    )


def _saved_in(rule: Rule) -> Iterator[Saved]:
    match rule:
        case Saved():
            yield rule
        case Not(part):
            yield from _saved_in(part)
        case And(parts) | Or(parts):
            for part in parts:
                yield from _saved_in(part)


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


def _audience(row: "control_db.AudienceRow") -> Audience:
    at: datetime = row.at if row.at.tzinfo else row.at.replace(tzinfo=UTC)
    return Audience(
        row.name, row.version, row.rule, row.purpose, date.fromisoformat(row.as_of), row.build,
        row.persons, at,
    )  # fmt: skip
