"""Removal lists: who was handed to a channel and may be there no more is taken back from it."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import pyarrow as pa
import pyarrow.compute as pc

from fullhouse import consent
from fullhouse.audiences.export import writer
from fullhouse.campaigns import webhook
from fullhouse.campaigns.campaign import Delivered
from fullhouse.campaigns.customer_match import is_platform, match_file, read_contacts
from fullhouse.campaigns.deliver import WHOSE, digest_of, put_file
from fullhouse.campaigns.dispatch import WEBHOOK, address, outbox
from fullhouse.campaigns.dispatched import (
    ACCOUNTS,
    KEYS,
    REMOVED_STATE,
    Recipient,
    in_order,
    next_moment,
    record_accounts,
    still_dispatched,
    within,
)
from fullhouse.campaigns.webhook import channel_client, removal_body, secret_of, send
from fullhouse.consent import ADVERTISING
from fullhouse.control import record
from fullhouse.control.campaigns import campaigns
from fullhouse.core.brief import Brief
from fullhouse.core.errors import FullhouseError, InputError, Reason
from fullhouse.core.leftovers import TemporaryFolder
from fullhouse.core.tables import ACCOUNT_PERSON, CONSENT, DISPATCHED
from fullhouse.engine.expr import ibis
from fullhouse.lake import Place
from fullhouse.workspace.context import Context

if TYPE_CHECKING:
    import ibis.expr.types as ir

RECIPIENT = ["campaign", "channel", "form", "to"]
FOLDER = "removals"
"""Below the folder of deliveries, a file for each channel, campaign and list."""


@dataclass(frozen=True)
class Removal(Brief):
    """A removal list of a channel: for how many accounts, and where it went.

    `problem` says why it was not delivered; its accounts are then still due. `rows` are what is in
    the list: accounts, or hashed contacts, of which `without_contact` accounts had none.
    """

    campaign: str
    channel: str
    form: str
    accounts: int
    to: str = ""
    rows: int = 0
    number: int = 0
    without_contact: int = 0
    problem: Reason | None = None

    @property
    def delivered(self) -> bool:
        """Whether the channel has the list."""
        return self.problem is None


@dataclass(frozen=True)
class RemovalsDue(Brief):
    """How many accounts of a campaign a channel still has and should not."""

    campaign: str
    channel: str
    accounts: int


@dataclass(frozen=True)
class _List:
    """The accounts that a channel is to give back, in order."""

    recipient: Recipient
    accounts: pa.Table = field(repr=False)


def removals_due(context: Context, campaign: str | None = None) -> tuple[RemovalsDue, ...]:
    """The channels that have accounts of people who take no part any more."""
    if context.lake.live.version(DISPATCHED) is None:
        return ()
    keys = ["campaign", "channel"]
    due = _due(context, campaign).group_by([*keys, *KEYS]).aggregate([])
    counted = due.group_by(keys).aggregate([([], "count_all")])
    rows = counted.sort_by([(name, "ascending") for name in keys]).to_pylist()
    return tuple(RemovalsDue(r["campaign"], r["channel"], r["count_all"]) for r in rows)


def removals(
    context: Context,
    *,
    campaign: str | None = None,
    contacts: str | None = None,
    leaving: pa.Table | None = None,
) -> tuple[Removal, ...]:
    """Deliver to each channel the list of those that it was handed and should have no more.

    These are accounts of people who do not take part in advertising now, accounts that the house
    has no more, and all accounts of a cancelled campaign; or else the accounts (source, account)
    of `leaving`, whatever they said. By the records of what was dispatched, of one campaign or of
    all. Files lie below the folder of the deliveries, in the channel's form; webhooks get signed
    bodies. Platforms that match hashed contacts need the operator's `contacts`. A list that cannot
    be delivered is returned with its problem, and its accounts stay due; the other lists go out.
    """
    if context.lake.live.version(DISPATCHED) is None:
        return ()
    lists = _lists(context, campaign, leaving)
    if contacts is not None:
        read_contacts(contacts)
    done = []
    with channel_client() as client:
        for one in lists:
            number = _number(context, one.recipient)
            empty = Removal(
                one.recipient.campaign, one.recipient.channel, one.recipient.form,
                one.accounts.num_rows, number=number,
            )  # fmt: skip
            try:
                done += [_Delivery(context, client, contacts).deliver(one, empty)]
            except (FullhouseError, OSError) as problem:
                reason = (
                    problem.reason
                    if isinstance(problem, FullhouseError)
                    else Reason(message=str(problem))
                )
                done.append(replace(empty, problem=reason))
    return tuple(done)


def _due(context: Context, campaign: str | None) -> pa.Table:
    """What channels still have of accounts that may not be there; each recipient and account."""
    engine, sent = context.engine, _sent(context, campaign)
    cancelled = [c.name for c in campaigns(context.control) if c.cancelled is not None]
    live = sent.filter(~sent.campaign.isin(cancelled)) if cancelled else sent
    gone = live.mutate(plain=live.account.strip()).anti_join(
        _may_stay(context), ["source", "plain"]
    )
    parts = [engine.arrow(gone.select(*RECIPIENT, *KEYS))]
    if cancelled:
        parts.append(engine.arrow(sent.filter(sent.campaign.isin(cancelled))))
    return pa.concat_tables(parts)


def _sent(context: Context, campaign: str | None) -> ir.Table:
    """What the channels of a campaign, or of all, still have."""
    sent = still_dispatched(context).select(*RECIPIENT, *KEYS)
    return sent if campaign is None else sent.filter(sent.campaign == campaign)


def _may_stay(context: Context) -> ir.Table:
    """Source and account (without blanks around it) of those who take part in advertising now."""
    engine, lake = context.engine, context.lake.live
    people = engine.scan(lake.snapshot(ACCOUNT_PERSON))
    accounts = people.select("person", "source", plain=people.account.strip())
    required = ADVERTISING in map(consent.normal_purpose, context.settings.consent_required)
    if lake.version(CONSENT) is None:
        return accounts.filter(ibis.literal(not required))
    find = consent.granting if required else consent.refusing
    named = find(engine, lake, purpose=ADVERTISING, as_of=context.today, now=True)
    joined = accounts.semi_join if required else accounts.anti_join
    return joined(named, "person")


def _lists(context: Context, campaign: str | None, leaving: pa.Table | None) -> list[_List]:
    """The accounts of each recipient that are to be given back."""
    if leaving is None:
        rows = _due(context, campaign)
    else:
        rows = within(context.engine.arrow(_sent(context, campaign)), leaving)
    order = [(name, "ascending") for name in RECIPIENT]
    recipients = rows.group_by(RECIPIENT).aggregate([]).sort_by(order).to_pylist()
    lists = []
    for one in recipients:
        same = pc.and_(
            pc.and_(pc.equal(rows["campaign"], one["campaign"]),
                    pc.equal(rows["channel"], one["channel"])),
            pc.and_(pc.equal(rows["form"], one["form"]), pc.equal(rows["to"], one["to"])),
        )  # fmt: skip
        recipient = Recipient(**{name: one[name] for name in RECIPIENT})
        lists.append(_List(recipient, in_order(rows.filter(same)).cast(ACCOUNTS)))
    return lists


def _number(context: Context, recipient: Recipient) -> int:
    """The number of the next list of a campaign on a channel, from 1."""
    where = (
        (pc.field("campaign") == recipient.campaign)
        & (pc.field("channel") == recipient.channel)
        & (pc.field("state") == REMOVED_STATE)
    )
    rows = context.lake.live.read(DISPATCHED, columns=["part"], where=where)
    return 1 + (pc.max(rows["part"]).as_py() or 0)


@dataclass(frozen=True)
class _Delivery:
    """One list on its way: written down in the audit log, delivered, and settled."""

    context: Context
    client: httpx.Client
    contacts: str | None

    def deliver(self, one: _List, empty: Removal) -> Removal:
        recipient, number = one.recipient, empty.number
        if is_platform(recipient.form) and self.contacts is None:
            raise InputError(
                f"{recipient.channel} takes hashed contacts, and the house keeps none: give"
                " --contacts FILE as for the launch."
            )
        detail: dict[str, object] = {
            "campaign": recipient.campaign, "channel": recipient.channel,
            "accounts": one.accounts.num_rows, "number": number,
        }  # fmt: skip
        record(self.context.control, "campaign.removals", detail)
        if recipient.form == WEBHOOK:
            return self._send(one, empty)
        with TemporaryFolder("removals") as scratch:
            file, rows, without = self._file(one, number, scratch.path)
            # The digest: after an erasure a number may come again, and overwrites no other list.
            name = f"{recipient.campaign}-{number:04}-{digest_of(file)[:8]}{file.suffix}"
            relative = f"{FOLDER}/{recipient.channel}/{name}"
            with outbox(Place.of(recipient.to)) as folder:
                put_file(file, folder / relative)
                where = address(Place.of(recipient.to), folder, str(folder / relative))
        self._settle(recipient, one.accounts, number)
        return replace(empty, to=where, rows=rows, without_contact=without)

    def _file(self, one: _List, number: int, folder: Path) -> tuple[Path, int, int]:
        """The list in the channel's form, its rows, and the accounts that had no contact."""
        form = one.recipient.form
        if not is_platform(form):
            file = folder / f"list.{form}"
            with writer(file, ACCOUNTS) as write:
                for batch in one.accounts.to_batches():
                    write(batch)
            return file, one.accounts.num_rows, 0
        scratch = folder / "accounts.parquet"
        nobody = pa.array([0] * one.accounts.num_rows, pa.int64())
        with writer(scratch, WHOSE) as write:
            for batch in one.accounts.append_column("person", nobody).to_batches():
                write(batch)
        line = Delivered(
            f"list-{number}", "list", form, str(scratch), 0, one.accounts.num_rows, ""
        )  # fmt: skip
        done = match_file(
            line, read_contacts(self.contacts or ""), folder,
            phone_region=self.context.settings.phone_region,
        )  # fmt: skip
        return Path(done.file), done.rows, sum(done.left_out.values())

    def _send(self, one: _List, empty: Removal) -> Removal:
        """Send the list in signed parts, each settled when it was taken."""
        recipient, number = one.recipient, empty.number
        secret = secret_of(recipient.channel, self.context.environment)
        for part, rows in enumerate(_slices(one.accounts)):
            body = removal_body(recipient.campaign, recipient.channel, number, rows)
            # The digest: a list that is tried again after more people left is another one.
            digest = hashlib.sha256(body).hexdigest()[:16]
            key = f"{recipient.campaign}/removal/{recipient.channel}/{number}/{part}/{digest}"
            send(self.client, recipient.to, body, secret=secret, key=key, clock=self.context.clock)
            self._settle(recipient, rows, number)
        host = urlsplit(recipient.to).hostname or recipient.to
        return replace(empty, to=host, rows=one.accounts.num_rows)

    def _settle(self, recipient: Recipient, rows: pa.Table, number: int) -> None:
        at = next_moment(self.context, recipient.campaign)
        record_accounts(
            self.context.lake.live, recipient, [(number, rows)], state=REMOVED_STATE, at=at,
            batch=f"removed:{secrets.token_hex(16)}",
        )  # fmt: skip


def _slices(rows: pa.Table) -> Iterator[pa.Table]:
    for start in range(0, rows.num_rows, webhook.ACCOUNTS):
        yield rows.slice(start, webhook.ACCOUNTS)
