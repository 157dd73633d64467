"""Dispatch a launched campaign: files, customer-match files, webhooks, and the log of it.

Whoever is in a file or a part is written down before it leaves, and asked for consent at the
moment at which it does.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain
from pathlib import Path

import obstore
import pyarrow as pa
from obstore.exceptions import BaseError
from obstore.store import ObjectStore, from_url
from pyroaring import BitMap

from fullhouse.audiences.leaving import Leaving
from fullhouse.campaigns.accounts import AccountsWanted, accounts_of
from fullhouse.campaigns.campaign import HELD_OUT, TREATED, Delivered, DeliveryLine, file_stem
from fullhouse.campaigns.customer_match import (
    check_contacts,
    is_platform,
    match_file,
    read_contacts,
)
from fullhouse.campaigns.deliver import (
    LOG_FILE,
    LOG_ROWS,
    PeopleByLine,
    deliver,
    digest_of,
    drop_accounts,
    log_rows,
    put_file,
)
from fullhouse.campaigns.dispatched import (
    DISPATCHED_STATE,
    KEYS,
    Recipient,
    next_moment,
    record_accounts,
    records,
    without,
)
from fullhouse.campaigns.parts import Parts, log_delivery
from fullhouse.campaigns.people import read_people
from fullhouse.campaigns.webhook import channel_client, check_host, check_url, secret_of
from fullhouse.consent import ADVERTISING
from fullhouse.control import record
from fullhouse.core.errors import ConflictError, InputError
from fullhouse.core.leftovers import TemporaryFolder
from fullhouse.core.person_sets import PersonSet, size, union
from fullhouse.lake import Lake, Place
from fullhouse.planning import Channel
from fullhouse.planning.plan import Plan
from fullhouse.workspace.cache_files import CACHE
from fullhouse.workspace.context import Context

WEBHOOK = "webhook"
PROBE = ".fullhouse-can-write"
TRIES = 100
"""A file is written anew this often when people in it withdraw meanwhile."""


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
            read_contacts(self.contacts or "")
        elif self.contacts is not None:
            raise InputError(
                "Contacts are for channels that deliver as google, meta or tiktok; the plan has"
                " none. Contacts are read for nothing else."
            )
        for channel in used:
            if channel.deliver == WEBHOOK:
                check_url(channel.url)
                check_host(channel.url)
                secret_of(channel.name, context.environment)
        files = [x for x in plan.lines if channels[x.channel].deliver != WEBHOOK]
        check_writable(self.place, {f"{x.channel}/{file_stem(x.id)}" for x in files})


def dispatch(
    context: Context,
    campaign: str,
    lines: Sequence[DeliveryLine],
    channels: Mapping[str, Channel],
    to: DispatchTo,
) -> tuple[list[Delivered], bool]:
    """Hand over all that a frozen campaign delivers, line by line; and whether it has a log.

    Who may not leave any more is left out, whenever they said so. Files are made in a scratch
    folder, and are in their place one after the other; parts are sent one after the other.
    """
    leaving = Leaving(context, ADVERTISING)
    frozen = read_people(leaving.lake, campaign, [TREATED, HELD_OUT])
    people = {
        x.line: {s: leaving.may_leave(p) for s, p in frozen.get(x.line, {}).items()} for x in lines
    }
    log = to.log if to.log is not None else log_rows(lines, people) <= LOG_ROWS
    _record(context, "campaign.dispatch", campaign, lines, people)
    with TemporaryFolder("accounts") as temporary:
        scratch = temporary.path
        staged = scratch / "out"
        staged.mkdir()
        delivered = deliver(leaving.lake, lines, people, staged, scratch=scratch, log=log)
        files = _Files(context, leaving, campaign, to, people, staged)
        files.note(lines)
        if log:
            files.put_log(lines)
        put = [
            x if x.form == WEBHOOK else files.put(line, x)
            for line, x in zip(lines, delivered, strict=True)
        ]
    _log_files(context, campaign, [x for x in put if x.form != WEBHOOK])
    with channel_client() as client:
        parts = Parts(context, leaving, client, campaign)
        whole = [
            parts.send(line, channels[line.channel], frozen.get(line.line, {}).get(TREATED, {}), x)
            if x.form == WEBHOOK
            else x
            for line, x in zip(lines, put, strict=True)
        ]
    whole = [
        replace(x, withdrawn=size(frozen.get(x.line, {}).get(TREATED, {})) - x.persons)
        for x in whole
    ]
    _record(context, "campaign.dispatched", campaign, lines, people)
    return whole, log


def _record(
    context: Context,
    action: str,
    campaign: str,
    lines: Sequence[DeliveryLine],
    people: PeopleByLine,
) -> None:
    treated = union(*(people[x.line].get(TREATED, {}) for x in lines))
    channels = list(dict.fromkeys(x.channel for x in lines))
    detail: dict[str, object] = {
        "campaign": campaign, "lines": len(lines), "channels": channels, "persons": size(treated)
    }  # fmt: skip
    record(context.control, action, detail)


@dataclass
class _Files:
    """Files on their way from the scratch folder to their place, each asked for at the last."""

    context: Context
    leaving: Leaving
    campaign: str
    to: DispatchTo
    people: PeopleByLine
    staged: Path
    left: list[str] = field(default_factory=list)
    """The files that are in their place."""

    @cached_property
    def contacts(self) -> pa.Table:
        """The operator's contacts, in memory only."""
        return read_contacts(self.to.contacts or "")

    def note(self, lines: Sequence[DeliveryLine]) -> None:
        """Write down whose accounts are about to be handed over to each channel as files."""
        for channel in dict.fromkeys(x.channel for x in lines if x.form != WEBHOOK):
            some = [x for x in lines if x.channel == channel]
            treated = union(*(self.people[x.line].get(TREATED, {}) for x in some))
            recipient = Recipient(self.campaign, channel, some[0].form, self.to.place.root)
            note_accounts(self.context, self.leaving.lake, recipient, treated, some[0].sources)

    def put(self, line: DeliveryLine, staged: Delivered) -> Delivered:
        """Put a line's file in its place: of those who may leave at that moment."""
        treated = self.people[line.line].get(TREATED, {})
        contacts = self.contacts if is_platform(line.form) else None
        region = self.context.settings.phone_region
        accounts = Path(staged.file)
        for _ in range(TRIES):
            done = staged
            if contacts is not None:
                done = match_file(staged, contacts, self.staged, phone_region=region)
            relative = Path(done.file).relative_to(self.staged).as_posix()
            where = self._put(Path(done.file), relative, treated)
            if where is not None:
                return replace(done, file=where, persons=size(treated))
            left = self.leaving.may_leave(treated)
            rows = drop_accounts(accounts, self._gone(treated, left, line.sources))
            treated = left
            staged = replace(staged, rows=rows, digest=digest_of(accounts))
        raise self._unsettled(accounts.name)

    def put_log(self, lines: Sequence[DeliveryLine]) -> None:
        """Put the house's own log in its place; it too is outside of the house's rights there."""
        states = (self.people[x.line].get(s, {}) for x in lines for s in (TREATED, HELD_OUT))
        both = union(*states)
        sources = tuple(dict.fromkeys(s for x in lines for s in x.sources))
        for _ in range(TRIES):
            if self._put(self.staged / LOG_FILE, LOG_FILE, both) is not None:
                return
            left = self.leaving.may_leave(both)
            drop_accounts(self.staged / LOG_FILE, self._gone(both, left, sources))
            both = left
        raise self._unsettled(LOG_FILE)

    def _unsettled(self, file: str) -> ConflictError:
        """That one file did not leave, and how many did before it."""
        return ConflictError(
            code="consent_changes_file", tries=TRIES, file=file, before=len(self.left)
        )

    def _gone(self, before: PersonSet, now: PersonSet, sources: tuple[str, ...]) -> pa.Table:
        gone = {b: people - now.get(b, BitMap()) for b, people in before.items()}
        return accounts_table(self.leaving.lake, gone, sources)

    def _put(self, file: Path, relative: str, people: PersonSet) -> str | None:
        """The path or URL of the file in its place; None where somebody in it may not leave."""
        place = self.to.place
        if place.is_local:
            target = place.path / relative
            if not put_file(file, target, lambda: not self.leaving.has_left(people)):
                return None
            self.left.append(relative)
            return str(target)
        if self.leaving.has_left(people):
            return None
        # A path, and not its bytes: obstore sends a large file in pieces.
        obstore.put(_store(place), relative, file)
        self.left.append(relative)
        return f"{place.root}/{relative}"


def note_accounts(
    context: Context,
    lake: Lake,
    recipient: Recipient,
    people: PersonSet,
    sources: tuple[str, ...],
) -> None:
    """Write down the accounts of some people as handed over, but for those that are already."""
    before = records(lake, recipient.campaign, recipient.channel)
    batches = accounts_of(lake, [AccountsWanted(people, sources)])
    every = (without(pa.Table.from_batches([rows]).select(KEYS), before) for _, rows in batches)
    accounts = ((0, some) for some in every if some.num_rows)
    first = next(accounts, None)
    if first is None:
        return
    at = next_moment(context, recipient.campaign)
    batch = f"dispatched:{recipient.campaign}:{recipient.channel}:{at.isoformat()}"
    record_accounts(
        lake, recipient, chain([first], accounts),
        state=DISPATCHED_STATE, batch=batch, at=at,
    )  # fmt: skip


def accounts_table(lake: Lake, people: PersonSet, sources: tuple[str, ...]) -> pa.Table:
    """The accounts of some people, with their persons."""
    batches = accounts_of(lake, [AccountsWanted(people, sources)])
    schema = pa.schema([("source", pa.string()), ("account", pa.string()), ("person", pa.int64())])
    parts = [pa.Table.from_batches([rows]).cast(schema) for _, rows in batches]
    return pa.concat_tables([schema.empty_table(), *parts])


def _log_files(context: Context, campaign: str, files: Sequence[Delivered]) -> None:
    rows = [(f, 0, f.persons, f.rows, f.digest) for f in files]
    log_delivery(context, campaign, rows, f"delivery:{campaign}")


def check_out(context: Context, where: str) -> Place:
    """The folder or object store of deliveries, checked before anything is frozen."""
    if not where.strip() or "\0" in where:
        raise InputError(f"Name a folder or an object store for the deliveries, not {where!r}.")
    place = Place.of(where)
    own = (context.lake.place.root, f"{context.place.root}/{CACHE}")
    if place.root == context.place.root or f"{place.root}/".startswith(tuple(f"{o}/" for o in own)):
        raise InputError(
            f"{place.root} is where the workspace keeps its own files; give another folder for the"
            " deliveries."
        )
    if not place.is_local:
        if place.root.startswith(("http://", "https://")):
            raise InputError(
                f"{place.root} is no object store. Give a folder, or s3://, gs:// or az:// with"
                " credentials in the environment; a channel that is called takes a webhook."
            )
        _store(place)
        return place
    try:
        if place.path.exists() and not place.path.is_dir():
            raise InputError(f"{place.path} is a file; give a folder.")
    except OSError as problem:
        raise _unwritable(place, problem) from None
    return place


def _unwritable(place: Place, problem: OSError | BaseError) -> InputError:
    reason = problem.strerror if isinstance(problem, OSError) else None
    return InputError(
        f"Nothing can be written in {place.root}:"
        f" {reason or str(problem).strip().splitlines()[0]}. Nothing was begun."
    )


def check_writable(place: Place, names: set[str]) -> None:
    """Refuse a place in which files of these names cannot be written, by writing empty ones."""
    try:
        if not place.is_local:
            obstore.put(_store(place), PROBE, b"")
            obstore.delete(_store(place), PROBE)
            return
        place.path.mkdir(parents=True, exist_ok=True)
        for name in {PROBE, *names}:
            file = place.path / Path(name).parent / f".{Path(name).name}.parquet.can-write"
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(b"")
            file.unlink()
    except (OSError, BaseError) as problem:
        raise _unwritable(place, problem) from None


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
    with TemporaryFolder("out") as temporary:
        folder = temporary.path / "out"  # all of it is handed over
        folder.mkdir()
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
        lines = str(problem).strip().splitlines()
        reason = f": {lines[0].rstrip('.')}" if len(lines) == 1 else ""
        raise InputError(
            f"{place.root} is no folder and no object store that can be opened{reason}."
            " Give a folder, or s3://, gs:// or az:// with credentials in the environment."
        ) from None
