"""Build the look-up file: every account of everybody who is in anything, under its keyed hash."""

import secrets
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from fullhouse.campaigns.accounts import members
from fullhouse.control.suppression import pending_erasures
from fullhouse.core.errors import DamagedError, InputError
from fullhouse.core.person_sets import PersonSet, persons_of, union
from fullhouse.core.tables import ACCOUNT_PERSON, CONSENT, Table
from fullhouse.lake import Lake
from fullhouse.lookup.file import (
    FOLDER,
    NAME,
    WORD_BITS,
    AccountHash,
    Hashes,
    LookupBuild,
    LookupFile,
    Words,
    without_people_of,
    write_file,
)
from fullhouse.lookup.segments import LookupScope, is_frozen, running_campaigns, segments
from fullhouse.people.publish import finish_merges
from fullhouse.people.resolution import RUN, read_state
from fullhouse.workspace.cache_files import one_at_a_time
from fullhouse.workspace.context import Context

ROWS = 1 << 18
LOCK = "lookup"
"""Held by whoever writes the file: a build, or an erasure."""
NEVER = -1
"""The version of a table, or the number of a resolve run, before the first."""


def lookup_path(context: Context) -> Path:
    """Where the look-up file of a house is on this machine."""
    path = _path_of(context)
    if path is None:
        raise InputError(
            f"A workspace at {context.place.root} has its look-up file elsewhere: set"
            " FULLHOUSE_LOOKUP to a folder of this machine."
        )
    return path


def _path_of(context: Context) -> Path | None:
    if context.settings.lookup:
        return Path(context.settings.lookup).expanduser() / NAME
    return context.place.path / FOLDER / NAME if context.place.is_local else None


def build_lookup(context: Context, scope: LookupScope) -> LookupBuild:
    """Write the look-up file anew; who maps the one before goes on with it until they look again.

    Everything that can change who may be answered is read after its version is noted, or at it:
    what changes later is for the overlay to find.
    """
    with one_at_a_time(context.place, LOCK):
        return _build(context, scope, lookup_path(context))


def _build(context: Context, scope: LookupScope, path: Path) -> LookupBuild:
    # A resolve run that died reads its merges from an older version: whom they joined must be one.
    finish_merges(context.engine, context.lake, read_state(context.lake.live), context.now)
    at, day, lake = context.now, context.today, context.lake
    consent, linked = version_of(lake, CONSENT), version_of(lake, ACCOUNT_PERSON)
    running = [
        each
        for each in running_campaigns(context.control, day)
        if is_frozen(context, each.campaign.name)
    ]
    context.progress("Reading who is in what")
    listed, sets = segments(context, scope, running)
    hasher = AccountHash(context.key)
    built = LookupBuild(
        secrets.token_hex(8), at, day, tuple(listed), tuple(r.campaign.name for r in running),
        consent, linked, links_of(lake), hasher.fingerprint,
    )  # fmt: skip
    persons, words = words_of(sets, built.width)
    context.progress("Hashing accounts")
    hashes, rows = _accounts(lake, hasher, persons)
    hashes, rows = _without_pending(context, hasher, hashes, rows)
    context.progress("Writing")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return write_file(path, built, hashes, rows, words)


def forget_accounts(context: Context, accounts: Iterable[tuple[str, str]]) -> int:
    """Take the people of some accounts out of the look-up file, until it is built anew.

    How many of the accounts it had. A damaged file is removed: nobody can tell whom it holds.
    """
    path = _path_of(context)
    if path is None or not path.is_file():
        return 0
    hasher = AccountHash(context.key)
    with one_at_a_time(context.place, LOCK):
        try:
            return without_people_of(LookupFile(path), (hasher.of(*a) for a in accounts))
        except (DamagedError, InputError):
            path.unlink(missing_ok=True)
            return 1


def known_accounts(context: Context, accounts: Iterable[tuple[str, str]]) -> int:
    """How many of some accounts the look-up file has, and leads anywhere from."""
    path = _path_of(context)
    if path is None or not path.is_file():
        return 0
    file, hasher = LookupFile(path), AccountHash(context.key)
    return sum(file.row(hasher.of(*account)) >= 0 for account in accounts)


def version_of(lake: Lake, table: Table) -> int:
    """The version of a table that is read; NEVER before its first write."""
    version = lake.version(table)
    return NEVER if version is None else version


def links_of(lake: Lake) -> int:
    """The resolve run that decided whose accounts are whose."""
    run = lake.mark(ACCOUNT_PERSON, RUN)
    return NEVER if run is None else run


def words_of(sets: Sequence[PersonSet], width: int) -> tuple[npt.NDArray[np.int64], Words]:
    """Everybody who is in any set, ascending, and their words."""
    persons = persons_of(union(*sets))
    words = np.zeros((len(persons), width), np.uint64)
    for number in range(width):
        some = sets[number * WORD_BITS : (number + 1) * WORD_BITS]
        if some and len(persons):
            words[:, number] = members(some).of(persons)
    return persons, words


def _accounts(
    lake: Lake, hasher: AccountHash, persons: npt.NDArray[np.int64]
) -> tuple[Hashes, npt.NDArray[np.uint32]]:
    """The hash and the row of every account of some people."""
    hashes: list[Hashes] = [np.zeros((0, 2), np.uint64)]
    rows: list[npt.NDArray[np.uint32]] = [np.zeros(0, np.uint32)]
    for batch in lake.batches(ACCOUNT_PERSON, columns=["source", "account", "person"], rows=ROWS):
        if not len(persons):
            break
        whose = batch.column("person").to_numpy()
        at = np.minimum(np.searchsorted(persons, whose), len(persons) - 1)
        member = persons[at] == whose
        source = batch.column("source")
        for name in pc.unique(source).to_pylist():
            here = member & pc.equal(source, name).to_numpy(zero_copy_only=False)
            accounts = batch.column("account").filter(pa.array(here)).to_pylist()
            hashes.append(hasher.of_all(name, accounts))
            rows.append(at[here].astype(np.uint32))
    return np.concatenate(hashes), np.concatenate(rows)


def _without_pending(
    context: Context, hasher: AccountHash, hashes: Hashes, rows: npt.NDArray[np.uint32]
) -> tuple[Hashes, npt.NDArray[np.uint32]]:
    """Without the people of accounts that an erasure which has not ended is looking for."""
    accounts = [a for p in pending_erasures(context.control) for a in p.body.get("accounts", ())]
    if not accounts or not len(rows):
        return hashes, rows
    sought = np.concatenate([hasher.of_all(source, [account]) for source, account in accounts])
    gone = np.isin(hashes[:, 0], sought[:, 0]) & np.isin(hashes[:, 1], sought[:, 1])
    left = ~np.isin(rows, rows[gone])
    return hashes[left], rows[left]
