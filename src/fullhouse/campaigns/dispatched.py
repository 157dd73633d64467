"""The record of whose accounts were handed to which channel, and who was taken back since."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from fullhouse.core.errors import ConflictError
from fullhouse.core.tables import DISPATCHED
from fullhouse.lake import Lake
from fullhouse.workspace.context import Context

if TYPE_CHECKING:
    import ibis.expr.types as ir

DISPATCHED_STATE, REMOVED_STATE = "dispatched", "removed"
KEYS = ["source", "account"]
ACCOUNTS = pa.schema([("source", pa.string()), ("account", pa.string())])


@dataclass(frozen=True)
class Recipient:
    """A channel of a campaign, in what form and where its accounts go."""

    campaign: str
    channel: str
    form: str
    to: str


def record_accounts(
    lake: Lake,
    recipient: Recipient,
    accounts: Iterable[tuple[int, pa.Table]],
    *,
    state: str,
    batch: str,
    at: datetime,
    line: str = "",
) -> None:
    """Write accounts down as handed over, before they are, or as taken back, after they were.

    Each table of accounts comes with the number of its part. An error where another process wrote
    the same batch.
    """
    fixed = {"line": line, "state": state, **vars(recipient)}

    def rows() -> Iterable[pa.RecordBatch]:
        for number, some in accounts:
            values = fixed | {"part": number, "at": at}
            columns = [
                some[name].combine_chunks().cast(pa.string())
                if name in KEYS
                else pa.repeat(
                    pa.scalar(values[name], DISPATCHED.schema.field(name).type), some.num_rows
                )
                for name in DISPATCHED.names
            ]
            yield pa.record_batch(columns, schema=DISPATCHED.schema)

    data = pa.RecordBatchReader.from_batches(DISPATCHED.schema, rows())
    if not lake.append(DISPATCHED, data, batch=batch):
        raise ConflictError(code="dispatched_at_once", campaign=recipient.campaign)


def next_moment(context: Context, campaign: str) -> datetime:
    """Now, or just after the latest record of a campaign: its records have an order of time."""
    at = context.lake.live.read(DISPATCHED, columns=["at"], where=pc.field("campaign") == campaign)[
        "at"
    ]
    latest = pc.max(at).as_py()
    return context.now if latest is None else max(context.now, latest + timedelta(microseconds=1))


def records(lake: Lake, campaign: str, channel: str) -> pa.Table:
    """What was handed over and not taken back since: line, part, source, account."""
    where = (pc.field("campaign") == campaign) & (pc.field("channel") == channel)
    names = ["line", "part", *KEYS, "state", "at"]
    rows = lake.read(DISPATCHED, columns=names, where=where)
    removed = rows.filter(pc.equal(rows["state"], REMOVED_STATE))
    sent = rows.filter(pc.equal(rows["state"], DISPATCHED_STATE))
    if removed.num_rows:
        last = removed.group_by(KEYS).aggregate([("at", "max")])
        sent = sent.join(last, KEYS, join_type="left outer")
        open_ = pc.or_kleene(pc.is_null(sent["at_max"]), pc.greater(sent["at"], sent["at_max"]))
        sent = sent.filter(pc.fill_null(open_, True))
    return sent.select(["line", "part", *KEYS])


def still_dispatched(context: Context) -> ir.Table:
    """Campaign, channel, form, to, source, account of all that were not taken back since."""
    rows = context.engine.scan(context.lake.live.snapshot(DISPATCHED))
    keys = ["campaign", "channel", "form", "to", *KEYS]
    removed = (
        rows.filter(rows.state == REMOVED_STATE)
        .group_by(*keys)
        .agg(removed_at=lambda t: t["at"].max())
    )
    sent = rows.filter(rows.state == DISPATCHED_STATE)
    joined = sent.left_join(removed, keys)
    open_ = joined.filter(joined.removed_at.isnull() | (joined["at"] > joined.removed_at))
    return open_.select(*keys).distinct()


def without(rows: pa.Table, others: pa.Table) -> pa.Table:
    """The rows whose source and account are not among others."""
    if not others.num_rows or not rows.num_rows:
        return rows
    return rows.join(others.select(KEYS), KEYS, join_type="left anti")


def within(rows: pa.Table, others: pa.Table) -> pa.Table:
    """The rows whose source and account are among others."""
    return rows.join(others.select(KEYS), KEYS, join_type="left semi")


def in_order(rows: pa.Table) -> pa.Table:
    """Rows by source and account, each once, so that the same accounts are the same bytes."""
    once = rows.select(KEYS).group_by(KEYS).aggregate([]).select(KEYS)
    return once.sort_by([(name, "ascending") for name in KEYS])
