"""The lines of a webhook in parts: each written down, asked for consent, sent, and logged."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

import httpx
import pyarrow as pa
import pyarrow.compute as pc

from fullhouse.audiences.leaving import Leaving, Moment
from fullhouse.campaigns import webhook
from fullhouse.campaigns.accounts import AccountsWanted, accounts_of
from fullhouse.campaigns.campaign import Delivered, DeliveryLine
from fullhouse.campaigns.dispatched import (
    DISPATCHED_STATE,
    KEYS,
    Recipient,
    in_order,
    next_moment,
    record_accounts,
    records,
    within,
    without,
)
from fullhouse.campaigns.webhook import (
    NothingLeftError,
    body_of,
    parts_taken,
    secret_of,
    send,
)
from fullhouse.core.errors import ConflictError
from fullhouse.core.person_sets import PersonSet
from fullhouse.core.tables import DELIVERY, DISPATCHED
from fullhouse.planning import Channel
from fullhouse.workspace.context import Context

Logged = tuple[Delivered, int, int, int, str]
"""What was delivered, the number of the part, its persons, its rows, and its digest."""
WHOSE = pa.schema([("source", pa.string()), ("account", pa.string()), ("person", pa.int64())])


@dataclass
class Parts:
    """The parts of a campaign's webhooks.

    Which accounts are in which part is written down before the part is sent, and never changes:
    a launch that goes on sends what was not taken under the same key, without those who withdrew.
    Accounts that are in no part yet, since they came later or granted again, come in new parts.
    """

    context: Context
    leaving: Leaving
    client: httpx.Client
    campaign: str
    _accounts: dict[object, tuple[PersonSet, pa.Table]] = field(default_factory=dict)
    _moment: Moment | None = None

    def send(
        self, line: DeliveryLine, channel: Channel, treated: PersonSet, delivered: Delivered
    ) -> Delivered:
        """Send what of a line the channel did not take yet; what was taken is logged, come what
        may.
        """
        lake, campaign = self.leaving.lake, self.campaign
        log = lake.read(DELIVERY, where=pc.field("campaign") == campaign)
        taken = parts_taken(log, line.line)
        before = records(lake, campaign, channel.name)
        before = before.filter(pc.equal(before["line"], line.line))
        numbers = set(before["part"].to_pylist())
        ever = self._numbers(channel.name, line.line)
        if taken.keys() - ever:
            raise ConflictError(code="parts_unrecorded", line=line.line)
        waiting = [
            (n, in_order(before.filter(pc.equal(before["part"], n))))
            for n in sorted(numbers - taken.keys())
        ]
        fresh = in_order(without(self._may_leave(line, treated), before))
        first = 1 + max(ever, default=-1)
        sent: dict[int, str] = {}
        for group in _groups(waiting, fresh, first):
            new = [(n, rows) for n, rows in group if n >= first]
            if new:
                recipient = Recipient(campaign, channel.name, channel.deliver, channel.url)
                numbered = f"{new[0][0]}-{new[-1][0]}"
                record_accounts(
                    lake, recipient, new, state=DISPATCHED_STATE, line=line.line,
                    batch=f"parts:{campaign}:{line.line}:{numbered}",
                    at=next_moment(self.context, campaign),
                )  # fmt: skip
            sent |= self._send_group(line, channel, treated, group, delivered)
        allowed = self._may_leave(line, treated)
        digests = taken | sent
        whole = hashlib.sha256(b"".join(bytes.fromhex(digests[n]) for n in sorted(digests)))
        return replace(
            delivered, file=_host(channel), rows=allowed.num_rows, digest=whole.hexdigest(),
            persons=_persons(allowed), parts=len(digests), resent=len(sent),
        )  # fmt: skip

    def _send_group(
        self,
        line: DeliveryLine,
        channel: Channel,
        treated: PersonSet,
        group: Sequence[tuple[int, pa.Table]],
        delivered: Delivered,
    ) -> dict[int, str]:
        """The digest of each part that was taken now; they are logged, also before an error."""
        secret = secret_of(channel.name, self.context.environment)
        host = replace(delivered, file=_host(channel))
        logged: list[Logged] = []
        try:
            for number, rows in group:
                last: list[Logged] = []

                def body(
                    number: int = number, rows: pa.Table = rows, last: list[Logged] = last
                ) -> bytes:
                    left = within(self._may_leave(line, treated), rows)
                    if not left.num_rows:
                        raise NothingLeftError
                    left = left.sort_by([(name, "ascending") for name in KEYS])
                    made = body_of(self.campaign, line, number, left)
                    digest = hashlib.sha256(made).hexdigest()
                    last[:] = [(host, number, _persons(left), left.num_rows, digest)]
                    return made

                try:
                    send(
                        self.client, channel.url, body, secret=secret,
                        key=f"{self.campaign}/{line.line}/{number}", clock=self.context.clock,
                    )  # fmt: skip
                except NothingLeftError:
                    continue
                logged += last
        finally:
            if logged:
                numbers = "-".join(str(n) for _, n, *_ in (logged[0], logged[-1]))
                name = f"delivery:{self.campaign}:{line.line}:{numbers}"
                log_delivery(self.context, self.campaign, logged, name)
        return {number: digest for _, number, _, _, digest in logged}

    def _may_leave(self, line: DeliveryLine, treated: PersonSet) -> pa.Table:
        """Source, account and person of those of a line who may leave at this moment."""
        people = self.leaving.may_leave(treated)
        moment = self.leaving.moment()
        if moment != self._moment:
            people = self.leaving.may_leave(treated)
            self._accounts, self._moment = {}, moment
        which = (tuple(sorted((b, id(p)) for b, p in treated.items())), line.sources)
        if which not in self._accounts:
            batches = accounts_of(self.leaving.lake, [AccountsWanted(people, line.sources)])
            parts = [pa.Table.from_batches([rows]).cast(WHOSE) for _, rows in batches]
            # The people are held with their accounts: Python gives the id of what is gone anew, and
            # another line's people would get these accounts.
            whose = pa.concat_tables([WHOSE.empty_table(), *parts])
            self._accounts[which] = (dict(treated), whose)
        return self._accounts[which][1]

    def _numbers(self, channel: str, line: str) -> set[int]:
        """Every number that a part of a line ever had."""
        where = (
            (pc.field("campaign") == self.campaign)
            & (pc.field("channel") == channel)
            & (pc.field("line") == line)
            & (pc.field("state") == DISPATCHED_STATE)
        )
        rows = self.leaving.lake.read(DISPATCHED, columns=["part"], where=where)
        return set(pc.unique(rows["part"]).to_pylist())


def _groups(
    waiting: Sequence[tuple[int, pa.Table]], fresh: pa.Table, first: int
) -> Iterable[list[tuple[int, pa.Table]]]:
    """Parts by the number that is written down and logged in one commit, old ones first."""
    starts = range(0, fresh.num_rows, webhook.ACCOUNTS)
    new = [(n, fresh.slice(start, webhook.ACCOUNTS)) for n, start in enumerate(starts, first)]
    for some in (list(waiting), new):
        for start in range(0, len(some), webhook.LOGGED_EACH):
            yield some[start : start + webhook.LOGGED_EACH]


def log_delivery(context: Context, campaign: str, rows: Sequence[Logged], batch: str) -> None:
    """Append what was delivered to the log, once for each batch."""
    if not rows:
        return
    named = [
        {
            "campaign": campaign, "line": delivered.line, "channel": delivered.channel,
            "part": part, "form": delivered.form, "persons": persons, "rows": count,
            "digest": digest, "to": delivered.file.rpartition("/")[2], "at": context.now,
        }
        for delivered, part, persons, count, digest in rows
    ]  # fmt: skip
    context.lake.live.append(
        DELIVERY, pa.Table.from_pylist(named, schema=DELIVERY.schema), batch=batch
    )


def _host(channel: Channel) -> str:
    return urlsplit(channel.url).hostname or channel.url


def _persons(rows: pa.Table) -> int:
    return int(pc.count_distinct(rows["person"]).as_py())
