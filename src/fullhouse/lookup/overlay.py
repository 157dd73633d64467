"""What has changed since a look-up file was built, and keeps somebody from being answered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from fullhouse.audiences.save import saved_audiences
from fullhouse.consent import normal_purpose
from fullhouse.control.campaigns import campaigns
from fullhouse.control.suppression import suppressed_since
from fullhouse.core.errors import ConflictError, FullhouseError
from fullhouse.core.tables import ACCOUNT_PERSON, CONSENT
from fullhouse.lake import Lake
from fullhouse.lake.verify import reading_fault
from fullhouse.lookup.build import links_of, version_of
from fullhouse.lookup.file import AccountHash, AccountSegment, LookupFile, words_of_bits
from fullhouse.lookup.segments import running_campaigns
from fullhouse.workspace.context import Context

CLOCKS_DIFFER = timedelta(days=1)
"""An account that was suppressed so long before a build is in no table that was built from."""

Running = tuple[date, tuple[tuple[str, date | None], ...], frozenset[str]]
"""A day, the campaigns with the day each was cancelled, and the saved audiences."""


@dataclass(frozen=True)
class Overlay:
    """Who of a look-up file is not answered any more, and which of its segments are.

    `suppressed` are digests of erased accounts, `refused` rows of people who took consent back with
    the purposes they did for, `moved` rows of people whose accounts are linked otherwise since,
    `open` the words of the segments that are answered. `consent`, `linked` and `links` are the
    versions of the tables and the resolve run that this rests on.
    """

    suppressed: frozenset[str]
    refused: Mapping[int, frozenset[str]]
    moved: frozenset[int]
    open: tuple[int, ...]
    running: Running
    consent: int
    linked: int
    links: int


def overlay_of(
    context: Context,
    file: LookupFile,
    hasher: AccountHash,
    before: Overlay | None = None,
    *,
    moving: Callable[[], None] = lambda: None,
) -> Overlay:
    """The overlay of a file as of this moment; what has not changed since `before` is kept.

    `moving` is called first where accounts are linked otherwise: it takes seconds to find out
    whose, and until then nobody may be answered.
    """
    newest = context.lake.live.pinned()
    consent, linked = version_of(newest, CONSENT), version_of(newest, ACCOUNT_PERSON)
    if before is not None and linked == before.linked:
        links, moved = before.links, before.moved
    else:
        links = links_of(newest)
        if before is not None and links == before.links:
            moved = before.moved
        elif links == file.built.links:
            moved = frozenset[int]()
        else:
            moving()
            moved = _moved_rows(context, file, hasher)
    if before is not None and consent == before.consent:
        refused = before.refused
    else:
        refused = _refused_rows(newest, file, hasher, context.today)
    running = _running(context)
    same = before is not None and running == before.running
    return Overlay(
        suppressed_since(context.control, file.built.at - CLOCKS_DIFFER), refused, moved,
        before.open if same and before is not None else _open_words(context, file, running[2]),
        running, consent, linked, links,
    )  # fmt: skip


def _running(context: Context) -> Running:
    listed = sorted((c.name, c.cancelled) for c in campaigns(context.control))
    saved = frozenset(f"{a.name}@{a.version}" for a in saved_audiences(context.control))
    return context.today, tuple(listed), saved


def _open_words(context: Context, file: LookupFile, saved: frozenset[str]) -> tuple[int, ...]:
    """The segments that are answered today, as words.

    Of a cancelled campaign and a deleted audience none is; and no audience while a campaign holds
    people out that the file does not know of.
    """
    day = context.today
    running = {r.campaign.name for r in running_campaigns(context.control, day)}
    unknown = running - set(file.built.campaigns)

    def is_open(segment: AccountSegment) -> bool:
        stands = (
            segment.campaign in running if segment.campaign else segment.id in saved and not unknown
        )
        return stands and segment.open_on(day)

    return words_of_bits(map(is_open, file.built.segments), file.width)


def _refused_rows(
    lake: Lake, file: LookupFile, hasher: AccountHash, day: date
) -> dict[int, frozenset[str]]:
    """Rows of people of whom an account's latest statement refuses, with the purposes.

    Of accounts that have refused anything since the file was built.
    """
    purposes = {p for segment in file.built.segments for p in segment.purposes}
    columns = ["source", "account", "purpose"]
    fresh = lake.added(CONSENT, file.built.consent, columns=columns, where=~pc.field("granted"))
    sought = {
        (source, account.strip())
        for source, account, purpose in _tuples(fresh)
        if normal_purpose(purpose) in purposes
    }
    if not sought:
        return {}
    plain = pc.utf8_trim_whitespace(pc.field("account"))
    where = plain.isin(sorted({account for _, account in sought}))
    statements = lake.read(CONSENT, columns=[*columns, "at", "day", "granted"], where=where)
    latest: dict[tuple[str, str, str], tuple[object, bool]] = {}
    for source, account, purpose, at, of, granted in _tuples(statements):
        if granted and of > day:
            continue
        which = source, account.strip(), normal_purpose(purpose)
        # Of several at the same moment a refusal wins.
        latest[which] = max(latest.get(which, (at, not granted)), (at, not granted))
    refusing: dict[int, set[str]] = {}
    for (source, account, purpose), (_, refused) in latest.items():
        row = file.row(hasher.of(source, account)) if refused and purpose in purposes else -1
        if row >= 0:
            refusing.setdefault(row, set()).add(purpose)
    return {row: frozenset(names) for row, names in refusing.items()}


def _moved_rows(context: Context, file: LookupFile, hasher: AccountHash) -> frozenset[int]:
    """Rows of all people who have gained or lost an account since."""
    try:
        with context.leased() as own:
            engine, lake = own.engine, own.lake
            was = lake.live.snapshot(ACCOUNT_PERSON, version=file.built.linked)
            old = engine.scan(was).select("source", "account", old="person")
            new = engine.scan(lake.snapshot(ACCOUNT_PERSON)).select(
                "source", "account", new="person"
            )
            both = old.outer_join(new, ["source", "account"]).select("old", "new")
            moved = both.filter(both.old.isnull() | both.new.isnull() | (both.old != both.new))
            pairs = engine.arrow(moved.distinct())
            ids = pc.drop_null(pa.chunked_array([*pairs["old"].chunks, *pairs["new"].chunks]))
            if not len(ids):
                return frozenset()
            gone = pa.table({"person": ids.unique()})
            accounts = pa.concat_tables(
                engine.arrow(
                    side.join(engine.memory(gone.rename_columns([name])), name).select(
                        "source", "account"
                    )
                )
                for side, name in ((old, "old"), (new, "new"))
            )
            rows = {file.row(hasher.of(*account)) for account in _tuples(accounts)}
            return frozenset(rows - {-1})
    except FullhouseError:
        raise ConflictError(code="lookup_outdated") from None
    except Exception as problem:
        if reading_fault(problem, context.lake.place) is None:
            raise
        raise ConflictError(code="lookup_outdated") from None


def _tuples(rows: pa.Table) -> Iterable[tuple[Any, ...]]:
    return zip(*(rows[name].to_pylist() for name in rows.column_names), strict=True)
