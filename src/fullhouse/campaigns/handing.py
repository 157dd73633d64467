"""Hand a launched campaign over: files, customer-match files, webhooks, and the log of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.compute as pc

from fullhouse.campaigns.contacts import (
    check_contacts,
    is_platform,
    match_file,
    read_contacts,
)
from fullhouse.campaigns.deliver import (
    LOG_ROWS,
    Delivered,
    DeliveryLine,
    deliver,
    log_rows,
)
from fullhouse.campaigns.launch import HELD_OUT, TREATED, read_people
from fullhouse.campaigns.outbox import address, outbox
from fullhouse.campaigns.parts import Part, parts_taken, secret_of, send_parts
from fullhouse.campaigns.webhook import check_url, send
from fullhouse.core.errors import InputError
from fullhouse.core.tables import DELIVERY
from fullhouse.lake import Place
from fullhouse.planning import Channel
from fullhouse.planning.plan import Plan
from fullhouse.workspace.context import Context

WEBHOOK = "webhook"


@dataclass(frozen=True)
class Handing:
    """Where deliveries go, the operator's contacts, and whether the log of both arms is written.

    With no word on the log it is written up to five million people × lines.
    """

    place: Place
    contacts: str | Path | None = None
    log: bool | None = None

    def check(self, context: Context, plan: Plan, channels: Mapping[str, Channel]) -> None:
        """Refuse what cannot be handed over, before anything is frozen."""
        used = [channels[c] for c in dict.fromkeys(x.channel for x in plan.lines)]
        matched = tuple(c.name for c in used if is_platform(c.deliver))
        if matched:
            check_contacts(self.contacts, matched)
        elif self.contacts is not None:
            raise InputError(
                "--contacts is for channels that deliver as google, meta or tiktok; the plan has"
                " none. Contacts are read for nothing else."
            )
        for channel in used:
            if channel.deliver == WEBHOOK:
                check_url(channel.url)
                secret_of(channel.name, context.environment)


def hand_over(
    context: Context,
    campaign: str,
    lines: Sequence[DeliveryLine],
    channels: Mapping[str, Channel],
    handing: Handing,
) -> tuple[list[Delivered], bool]:
    """Everything that a frozen campaign hands over, in order of lines; and whether it has a log.

    Accounts that become a platform's file or a webhook's parts are in a scratch folder meanwhile.
    """
    found = read_people(context.lake, campaign, [TREATED, HELD_OUT])
    people = {x.line: found.get(x.line, {}) for x in lines}
    log = handing.log if handing.log is not None else log_rows(lines, people) <= LOG_ROWS
    with TemporaryDirectory(prefix="fullhouse-accounts-") as scratch:
        with outbox(handing.place) as folder:
            made = deliver(context.lake, lines, people, folder, scratch=Path(scratch), log=log)
            made = _matched(context, made, handing, folder)
        put = [
            x if x.form == WEBHOOK else replace(x, file=address(handing.place, folder, x.file))
            for x in made
        ]
        _log_files(context, campaign, [x for x in put if x.form != WEBHOOK])
        whole = [
            _sent(context, campaign, line, channels[line.channel], x) if x.form == WEBHOOK else x
            for line, x in zip(lines, put, strict=True)
        ]
    return whole, log


def _matched(
    context: Context, made: Sequence[Delivered], handing: Handing, folder: Path
) -> list[Delivered]:
    if not any(is_platform(x.form) for x in made):
        return list(made)
    assert handing.contacts is not None
    contacts = read_contacts(handing.contacts)
    region = context.settings.phone_region
    return [
        match_file(x, contacts, folder, phone_region=region) if is_platform(x.form) else x
        for x in made
    ]


def _sent(
    context: Context, campaign: str, line: DeliveryLine, channel: Channel, accounts: Delivered
) -> Delivered:
    """Send a line to its channel's address; each part is in the log when it was taken."""
    secret = secret_of(channel.name, context.environment)
    log = context.lake.read(DELIVERY, where=pc.field("campaign") == campaign)

    def taken(parts: Sequence[Part]) -> None:
        host = replace(accounts, file=_host(channel.url))
        rows = [_row(campaign, host, p.number, p.persons, p.rows, p.digest) for p in parts]
        first, last = parts[0].number, parts[-1].number
        _append(context, rows, f"delivery:{campaign}:{line.line}:{first}-{last}")

    return send_parts(
        accounts, line, campaign=campaign, url=channel.url,
        send=lambda body, key: send(channel.url, body, secret=secret, key=key),
        taken=parts_taken(log, line.line), log=taken,
    )  # fmt: skip


def _log_files(context: Context, campaign: str, files: Sequence[Delivered]) -> None:
    rows = [_row(campaign, f, 0, f.persons, f.rows, f.digest) for f in files]
    if rows:
        _append(context, rows, f"delivery:{campaign}")


def _row(
    campaign: str, made: Delivered, part: int, persons: int, rows: int, digest: str
) -> dict[str, object]:
    return {
        "campaign": campaign, "line": made.line, "channel": made.channel, "part": part,
        "form": made.form, "persons": persons, "rows": rows, "digest": digest,
        "to": made.file.rpartition("/")[2], "at": datetime.now(UTC),
    }  # fmt: skip


def _append(context: Context, rows: list[dict[str, object]], batch: str) -> None:
    context.lake.append(DELIVERY, pa.Table.from_pylist(rows, schema=DELIVERY.schema), batch=batch)


def _host(url: str) -> str:
    return urlsplit(url).hostname or url
