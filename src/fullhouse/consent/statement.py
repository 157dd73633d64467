"""A statement of consent by the operator's hand: as quick to take back as to give."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from fullhouse.core.brief import Brief
from fullhouse.core.errors import InputError, did_you_mean
from fullhouse.core.tables import ACCOUNT_PERSON, ACCOUNT_TABLE, CONSENT, Table
from fullhouse.core.values import plain_text
from fullhouse.lake import Lake
from fullhouse.workspace.context import Context


@dataclass(frozen=True)
class Statement(Brief):
    """What was written down of an account: for which purposes, granted or not, and when (UTC).

    `known` is whether the house has an account of that name; if not, the statement counts when it
    comes.
    """

    source: str
    account: str
    purposes: tuple[str, ...]
    granted: bool
    at: datetime
    known: bool


def state(
    context: Context, source: str, account: str, purposes: Sequence[str], *, granted: bool
) -> Statement:
    """Write an account's grant or refusal, which counts from this moment on.

    It is later than whatever the account stated before, also where a feed's clock runs ahead.
    """
    account = plain_text(account)
    if not account:
        raise InputError("An account is needed, as its source names it.")
    lake = context.lake.live
    _check_source(lake, source)
    earlier = lake.read(CONSENT, columns=["at"], where=_of(source, account))["at"]
    latest = pc.max(earlier).as_py()
    at = context.now if latest is None else max(context.now, latest + timedelta(microseconds=1))
    name = f"operator:{secrets.token_hex(12)}"
    rows = [
        {
            "source": source, "account": account, "event_id": f"{name}:{purpose}", "at": at,
            "day": context.today, "purpose": purpose, "granted": granted, "batch": name,
        }
        for purpose in purposes
    ]  # fmt: skip
    lake.append(CONSENT, pa.Table.from_pylist(rows, schema=CONSENT.schema), batch=name)
    known = any(_has(lake, table, source, account) for table in (ACCOUNT_PERSON, ACCOUNT_TABLE))
    return Statement(source, account, tuple(purposes), granted, at, known)


def _check_source(lake: Lake, source: str) -> None:
    known: set[str] = set()
    for table in (ACCOUNT_PERSON, ACCOUNT_TABLE, CONSENT):
        for batch in lake.batches(table, columns=["source"], rows=1 << 20):
            known.update(pc.unique(batch.column("source")).to_pylist())
        if source in known:
            return
    hint = did_you_mean(source, known) or f" There are {', '.join(sorted(known)) or 'none yet'}."
    raise InputError(f"No source {source!r}.{hint}")


def _has(lake: Lake, table: Table, source: str, account: str) -> bool:
    rows = lake.batches(table, columns=["source"], where=_of(source, account))
    return any(batch.num_rows for batch in rows)


def _of(source: str, account: str) -> pc.Expression:
    plain = pc.utf8_trim_whitespace(pc.field("account"))
    return (pc.field("source") == source) & (plain == account)
