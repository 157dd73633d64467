"""Dispatch a launched campaign: files, customer-match files, webhooks, and the log of it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import httpx
import obstore
import pyarrow as pa
import pyarrow.compute as pc
from obstore.exceptions import BaseError
from obstore.store import ObjectStore, from_url

from fullhouse.campaigns.campaign import HELD_OUT, TREATED, Delivered, DeliveryLine
from fullhouse.campaigns.customer_match import (
    check_contacts,
    is_platform,
    match_file,
    read_contacts,
)
from fullhouse.campaigns.deliver import LOG_ROWS, deliver, log_rows
from fullhouse.campaigns.people import read_people
from fullhouse.campaigns.webhook import (
    TakenPart,
    channel_client,
    check_url,
    parts_taken,
    secret_of,
    send,
    send_parts,
)
from fullhouse.core.errors import InputError
from fullhouse.core.tables import DELIVERY
from fullhouse.lake import Place
from fullhouse.planning import Channel
from fullhouse.planning.plan import Plan
from fullhouse.workspace.context import Context

WEBHOOK = "webhook"


@dataclass(frozen=True)
class DispatchTo:
    """Where deliveries go, the operator's contacts, and whether the log of both arms is written.

    Without a choice the log is written up to five million people × lines.
    """

    place: Place
    contacts: str | None = None
    log: bool | None = None

    def check(self, context: Context, plan: Plan, channels: Mapping[str, Channel]) -> None:
        """Refuse what cannot be handed over, before anything is frozen."""
        used = [channels[c] for c in dict.fromkeys(x.channel for x in plan.lines)]
        matched = tuple(c.name for c in used if is_platform(c.deliver))
        if matched:
            check_contacts(self.contacts, matched)
        elif self.contacts is not None:
            raise InputError(
                "Contacts are for channels that deliver as google, meta or tiktok; the plan has"
                " none. Contacts are read for nothing else."
            )
        for channel in used:
            if channel.deliver == WEBHOOK:
                check_url(channel.url)
                secret_of(channel.name, context.environment)


def dispatch(
    context: Context,
    campaign: str,
    lines: Sequence[DeliveryLine],
    channels: Mapping[str, Channel],
    to: DispatchTo,
) -> tuple[list[Delivered], bool]:
    """Hand over all that a frozen campaign delivers, line by line; and whether it has a log.

    Accounts that become a platform's file or a webhook's parts are in a scratch folder meanwhile.
    """
    frozen = read_people(context.lake, campaign, [TREATED, HELD_OUT])
    people = {x.line: frozen.get(x.line, {}) for x in lines}
    log = to.log if to.log is not None else log_rows(lines, people) <= LOG_ROWS
    with TemporaryDirectory(prefix="fullhouse-accounts-") as scratch:
        with outbox(to.place) as folder:
            delivered = deliver(context.lake, lines, people, folder, scratch=Path(scratch), log=log)
            delivered = _matched(context, delivered, to, folder)
        put = [
            x if x.form == WEBHOOK else replace(x, file=address(to.place, folder, x.file))
            for x in delivered
        ]
        _log_files(context, campaign, [x for x in put if x.form != WEBHOOK])
        with channel_client() as client:
            whole = [
                _sent(context, client, campaign, line, channels[line.channel], x)
                if x.form == WEBHOOK
                else x
                for line, x in zip(lines, put, strict=True)
            ]
    return whole, log


def _matched(
    context: Context, delivered: Sequence[Delivered], to: DispatchTo, folder: Path
) -> list[Delivered]:
    if not any(is_platform(x.form) for x in delivered):
        return list(delivered)
    assert to.contacts is not None
    contacts = read_contacts(to.contacts)
    region = context.settings.phone_region
    return [
        match_file(x, contacts, folder, phone_region=region) if is_platform(x.form) else x
        for x in delivered
    ]


def _sent(
    context: Context,
    client: httpx.Client,
    campaign: str,
    line: DeliveryLine,
    channel: Channel,
    accounts: Delivered,
) -> Delivered:
    """Send a line to its channel's address; each part is in the log when it was taken."""
    secret = secret_of(channel.name, context.environment)
    log = context.lake.read(DELIVERY, where=pc.field("campaign") == campaign)

    def log_parts(parts: Sequence[TakenPart]) -> None:
        host = replace(accounts, file=urlsplit(channel.url).hostname or channel.url)
        rows = [_row(context, campaign, host, p.number, p.persons, p.rows, p.digest) for p in parts]
        first, last = parts[0].number, parts[-1].number
        _append(context, rows, f"delivery:{campaign}:{line.line}:{first}-{last}")

    return send_parts(
        accounts, line, campaign=campaign, url=channel.url,
        send=lambda body, key: send(
            client, channel.url, body, secret=secret, key=key, clock=context.clock
        ),
        taken=parts_taken(log, line.line), log=log_parts,
    )  # fmt: skip


def _log_files(context: Context, campaign: str, files: Sequence[Delivered]) -> None:
    rows = [_row(context, campaign, f, 0, f.persons, f.rows, f.digest) for f in files]
    if rows:
        _append(context, rows, f"delivery:{campaign}")


def _row(
    context: Context,
    campaign: str,
    delivered: Delivered,
    part: int,
    persons: int,
    rows: int,
    digest: str,
) -> dict[str, object]:
    return {
        "campaign": campaign, "line": delivered.line, "channel": delivered.channel, "part": part,
        "form": delivered.form, "persons": persons, "rows": rows, "digest": digest,
        "to": delivered.file.rpartition("/")[2], "at": context.now,
    }  # fmt: skip


def _append(context: Context, rows: list[dict[str, object]], batch: str) -> None:
    context.lake.append(DELIVERY, pa.Table.from_pylist(rows, schema=DELIVERY.schema), batch=batch)


def check_out(where: str) -> Place:
    """The folder or object store of deliveries, checked before anything is frozen."""
    place = Place.of(where)
    if not place.is_local:
        _store(place)
    elif place.path.exists() and not place.path.is_dir():
        raise InputError(f"{place.path} is a file; give a folder.")
    return place


@contextmanager
def outbox(place: Place) -> Iterator[Path]:
    """A folder to write into: the place's own, or one whose files are put there at the end.

    An object appears whole or not at all, and replaces one of its name. Nothing is put where the
    writing failed.
    """
    if place.is_local:
        place.path.mkdir(parents=True, exist_ok=True)
        yield place.path
        return
    with TemporaryDirectory(prefix="fullhouse-out-") as name:
        folder = Path(name)
        yield folder
        store = _store(place)
        for file in sorted(p for p in folder.rglob("*") if p.is_file()):
            # A path, and not its bytes: obstore sends a large file in pieces.
            obstore.put(store, file.relative_to(folder).as_posix(), file)


def address(place: Place, folder: Path, file: str) -> str:
    """The path or URL of a file of the outbox."""
    if place.is_local:
        return file
    return f"{place.root}/{Path(file).relative_to(folder).as_posix()}"


def _store(place: Place) -> ObjectStore:
    try:
        return from_url(place.root)
    except (BaseError, ValueError) as problem:
        raise InputError(
            f"{place.root} is no folder and no object store that can be opened: {problem}."
            " Give a folder, or s3://, gs:// or az:// with credentials in the environment."
        ) from None
