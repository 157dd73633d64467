"""Accounts that were erased and must not come back, and erasures that have not ended yet.

A suppressed account is known by a keyed digest only. What an erasure looks for is written down in
clear while it runs, so that a crash can be made good, and goes when it has ended.
"""

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError

from fullhouse.control.control import Control
from fullhouse.control.schema import ErasureRow, HandedOutRow, SuppressionRow
from fullhouse.core.values import HOUSE, plain_text


def account_digest(key: bytes, source: str, account: str) -> str:
    """The keyed digest under which an account of a source is suppressed, hexadecimal."""
    return hmac.digest(key, f"suppression\0{source}\0{account}".encode(), "sha256").hex()


def spellings(account: str) -> tuple[str, ...]:
    """An account as it was given, without blanks, and as feeds write it: all stay suppressed."""
    return tuple(dict.fromkeys((account, account.strip(), plain_text(account))))


def suppress(control: Control, digests: Iterable[str]) -> int:
    """Suppress accounts for the whole house; how many were not before."""
    new = 0
    for digest in dict.fromkeys(digests):
        with control.session() as session:
            if session.get(SuppressionRow, (HOUSE, digest)) is not None:
                continue
            session.add(SuppressionRow(tenant=HOUSE, digest=digest, at=control.clock()))
            try:
                session.commit()
            except IntegrityError:  # another erasure was faster
                continue
            new += 1
    return new


def suppressed_digests(control: Control) -> frozenset[str]:
    """The digests of every suppressed account."""
    with control.session() as session:
        rows = select(SuppressionRow.digest).where(SuppressionRow.tenant == HOUSE)
        return frozenset(session.scalars(rows))


def suppressed_since(control: Control, at: datetime) -> frozenset[str]:
    """The digests of accounts that were suppressed at a time or later."""
    rows = select(SuppressionRow.digest).where(
        SuppressionRow.tenant == HOUSE, SuppressionRow.at >= at
    )
    with control.session() as session:
        return frozenset(session.scalars(rows))


@dataclass
class Suppression:
    """Which accounts of a file were erased; every look is at the list as it is at that moment."""

    control: Control = field(repr=False)
    key: bytes = field(repr=False)
    _known: tuple[int, frozenset[str]] = field(default=(0, frozenset()), repr=False)

    def digests(self) -> frozenset[str]:
        """The list now; it is read whole only when it has grown."""
        with self.control.session() as session:
            rows = select(func.count()).select_from(SuppressionRow)
            many = session.scalar(rows.where(SuppressionRow.tenant == HOUSE)) or 0
        if many != self._known[0]:
            self._known = many, suppressed_digests(self.control)
        return self._known[1]

    def of(self, source: str, accounts: Iterable[str | None]) -> frozenset[str]:
        """Which of some accounts of a source are suppressed."""
        listed = self.digests()
        if not listed:
            return frozenset()
        return frozenset(
            account
            for account in set(accounts)
            if account is not None
            and any(account_digest(self.key, source, s) in listed for s in spellings(account))
        )


@dataclass(frozen=True)
class Pending:
    """An erasure that has begun: what it looks for, in clear, until it has ended."""

    id: int
    body: dict[str, Any]


def begin_erasure(control: Control, body: dict[str, Any]) -> Pending:
    """Write down what is to be erased before anything is."""
    row = ErasureRow(tenant=HOUSE, body=body, at=control.clock())
    with control.session() as session:
        session.add(row)
        session.commit()
        return Pending(row.id, body)


def pending_erasures(control: Control) -> list[Pending]:
    """Erasures that have not ended, the oldest first."""
    with control.session() as session:
        rows = session.scalars(select(ErasureRow).order_by(ErasureRow.id))
        return [Pending(row.id, row.body) for row in rows]


def end_erasures(control: Control, ids: Sequence[int]) -> None:
    """Forget what erasures that have ended were looking for."""
    with control.session() as session:
        session.execute(delete(ErasureRow).where(ErasureRow.id.in_(list(ids))))
        session.commit()


def hand_out(control: Control, place: str, kind: str) -> None:
    """Remember a folder or file that holds accounts, so that an erasure can reach it."""
    with control.session() as session:
        if session.get(HandedOutRow, (control.tenant, place)) is not None:
            return
        session.add(HandedOutRow(tenant=control.tenant, place=place, kind=kind, at=control.clock()))
        try:
            session.commit()
        except IntegrityError:
            session.rollback()


def handed_out(control: Control) -> list[tuple[str, str]]:
    """Every place that was handed accounts, with its kind (campaign or export)."""
    with control.session() as session:
        rows = session.execute(select(HandedOutRow.place, HandedOutRow.kind))
        return [(place, kind) for place, kind in rows]
