"""What the collector needs of the control database: sources, their feeds and write keys."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from fullhouse.control.control import Control
from fullhouse.control.schema import (
    CollectorDropRow,
    CollectorFeedRow,
    CollectorSourceRow,
    WriteKeyRow,
)
from fullhouse.core.brief import Brief
from fullhouse.core.errors import InputError, did_you_mean


@dataclass(frozen=True)
class WriteKey(Brief):
    """A write key as it is listed: whoever lost it makes a new one."""

    id: str
    source: str
    label: str
    at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True)
class DeclaredFeed(Brief):
    """A feed of the collector under its number."""

    number: int
    source: str
    name: str
    toml: str


@dataclass(frozen=True)
class DeclaredSources:
    """All that decides whose messages are taken, and how: read as one, often.

    `sources` says which are enabled; `keys` has the source of each key's digest.
    """

    sources: Mapping[str, bool]
    keys: Mapping[str, str]
    feeds: tuple[DeclaredFeed, ...]


def key_digest(key: str) -> str:
    """The digest under which a write key is stored; the keys are random, so no salt is needed."""
    return hashlib.sha256(key.encode()).hexdigest()


def declare_source(control: Control, source: str, feeds: Mapping[str, str]) -> None:
    """Have the collector take a source's events through these feeds, in place of earlier ones."""
    now = control.clock()
    with control.session() as session:
        row = session.get(CollectorSourceRow, (control.tenant, source))
        if row is None:
            session.add(
                CollectorSourceRow(tenant=control.tenant, source=source, enabled=True, at=now)
            )
        current = {
            r.name: r
            for r in session.scalars(
                control.own(CollectorFeedRow).where(
                    CollectorFeedRow.source == source, CollectorFeedRow.ended_at.is_(None)
                )
            )
        }
        for name, feed in current.items():
            if feeds.get(name) != feed.toml:
                feed.ended_at = now
        for name, toml in feeds.items():
            if name not in current or current[name].toml != toml:
                session.add(
                    CollectorFeedRow(
                        tenant=control.tenant, source=source, name=name, toml=toml, at=now
                    )
                )
        session.commit()


def enable_source(control: Control, source: str, *, enabled: bool) -> None:
    """Have the collector take a source's events, or refuse them."""
    check_source(control, source)
    with control.session() as session:
        row = session.get_one(CollectorSourceRow, (control.tenant, source))
        row.enabled = enabled
        session.commit()


def check_source(control: Control, source: str) -> None:
    """An error when the collector does not know a source."""
    known = declared(control).sources
    if source not in known:
        there = did_you_mean(source, known) or f" There are {', '.join(known) or 'none yet'}."
        raise InputError(f"The collector knows no source {source!r}.{there}")


def new_write_key(control: Control, source: str, label: str) -> tuple[str, WriteKey]:
    """A new key of a source, in clear for this once, and what is stored of it."""
    check_source(control, source)
    key = f"fhw_{secrets.token_hex(24)}"
    made = WriteKey(secrets.token_hex(4), source, label, control.clock())
    row = WriteKeyRow(tenant=control.tenant, digest=key_digest(key), **vars(made))
    with control.session() as session:
        session.add(row)
        session.commit()
    return key, made


def revoke_write_key(control: Control, id_: str) -> WriteKey:
    """The key that is not accepted any more."""
    with control.session() as session:
        row = session.scalar(control.own(WriteKeyRow).where(WriteKeyRow.id == id_))
        if row is None:
            raise InputError(code="no_write_key", key=id_)
        row.revoked_at = row.revoked_at or control.clock()
        session.commit()
        return _key(row)


def write_keys(control: Control) -> list[WriteKey]:
    """Every key, the oldest first."""
    with control.session() as session:
        rows = session.scalars(control.own(WriteKeyRow).order_by(WriteKeyRow.at, WriteKeyRow.id))
        return [_key(row) for row in rows]


def declared(control: Control) -> DeclaredSources:
    """Sources, keys and feeds as they are now."""
    with control.session() as session:
        sources = session.scalars(control.own(CollectorSourceRow))
        enabled = {row.source: row.enabled for row in sources}
        live = control.own(WriteKeyRow.digest, WriteKeyRow.source).where(
            WriteKeyRow.revoked_at.is_(None)
        )
        keys = {row.digest: row.source for row in session.execute(live)}
        rows = control.own(CollectorFeedRow).where(CollectorFeedRow.ended_at.is_(None))
        feeds = tuple(_feed(row) for row in session.scalars(rows.order_by(CollectorFeedRow.id)))
    return DeclaredSources(enabled, keys, feeds)


def feeds_numbered(control: Control, numbers: set[int]) -> dict[int, DeclaredFeed]:
    """Feeds by their numbers, those that were replaced too."""
    with control.session() as session:
        rows = control.own(CollectorFeedRow).where(CollectorFeedRow.id.in_(numbers))
        return {row.id: _feed(row) for row in session.scalars(rows)}


def count_dropped(control: Control, segment: str, counts: Mapping[tuple[str, str], int]) -> None:
    """Write down what was dropped of a segment, by source and reason; once, however often asked."""
    with control.session() as session:
        for (source, reason), rows in counts.items():
            session.add(
                CollectorDropRow(
                    tenant=control.tenant, segment=segment, source=source, reason=reason,
                    rows=rows, at=control.clock(),
                )
            )  # fmt: skip
        try:
            session.commit()
        except IntegrityError:  # a run that died after this has counted them
            session.rollback()


def dropped(control: Control) -> dict[tuple[str, str], int]:
    """Messages dropped at the door since the beginning, by source and reason."""
    row = CollectorDropRow
    counted = (
        select(row.source, row.reason, func.sum(row.rows))
        .where(row.tenant == control.tenant)
        .group_by(row.source, row.reason)
    )
    with control.session() as session:
        return {(source, reason): int(rows) for source, reason, rows in session.execute(counted)}


def _key(row: WriteKeyRow) -> WriteKey:
    return WriteKey(row.id, row.source, row.label, row.at, row.revoked_at)


def _feed(row: CollectorFeedRow) -> DeclaredFeed:
    return DeclaredFeed(row.id, row.source, row.name, row.toml)
