"""What an operator rules out: accounts as one person, an identifier as a link."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations

import pyarrow as pa
import pyarrow.compute as pc
from pyroaring import BitMap

from fullhouse.core.errors import CannotTellError, InputError, did_you_mean
from fullhouse.core.tables import (
    ACCOUNT_PERSON,
    CAMPAIGN_PEOPLE,
    IDENTIFIER,
    PERSON_SPLIT,
    PERSON_UNLINK,
)
from fullhouse.core.values import BLOCK_BITS, plain_text
from fullhouse.lake import Lake
from fullhouse.people.resolution import living, read_state

Account = tuple[str, str]
MOST_ACCOUNTS = 500
"""Accounts of one person that are taken apart at once: pairs grow with their square."""
LEAST_DIGITS = 8


@dataclass(frozen=True)
class Ruling:
    """Pairs of accounts that are never one person, or an identifier that links nobody."""

    pairs: tuple[tuple[Account, Account], ...] = ()
    identifier: tuple[str, str] | None = None


@dataclass(frozen=True)
class Split:
    """Accounts that left a person: `person` keeps its id, `separated` is theirs from now on."""

    person: int
    separated: int
    accounts: int


def account_named(text: str) -> Account:
    """The account that `source:account` names.

    >>> account_named("shop:S-17")
    ('shop', 'S-17')
    """
    source, colon, account = text.partition(":")
    if not (source and colon and account):
        raise InputError(f"An account is written source:account, such as shop:S-17, not {text!r}.")
    return source, plain_text(account)


def pairs_of(lake: Lake, accounts: Sequence[Account]) -> Ruling:
    """The ruling that these accounts are different people; each must be one that the house has."""
    chosen = sorted(set(accounts))
    if len(chosen) < 2:
        raise InputError("Name at least two different accounts that are not one person.")
    _check_size(chosen)
    for source, account in chosen:
        where = (pc.field("source") == source) & (pc.field("account") == account)
        if not lake.read(ACCOUNT_PERSON, columns=["person"], where=where).num_rows:
            sources = set(lake.read(ACCOUNT_PERSON, columns=["source"])["source"].to_pylist())
            hint = did_you_mean(source, sources) if source not in sources else ""
            raise InputError(f"The house has no account {account!r} of {source!r}.{hint}")
    return Ruling(pairs=tuple(combinations(chosen, 2)))


def pairs_of_person(lake: Lake, person: int) -> Ruling:
    """The ruling that every account of a person is another person."""
    current = living(lake, [person])[person]
    where = pc.field("person") == current
    rows = lake.read(ACCOUNT_PERSON, columns=["source", "account"], where=where).to_pylist()
    if not rows:
        raise InputError(f"There is no person {person}.")
    if len(rows) < 2:
        raise InputError(f"Person {current} has one account only: there is nothing to take apart.")
    chosen = sorted((r["source"], r["account"]) for r in rows)
    _check_size(chosen)
    return Ruling(pairs=tuple(combinations(chosen, 2)))


def _check_size(accounts: Sequence[Account]) -> None:
    if len(accounts) > MOST_ACCOUNTS:
        raise InputError(code="too_many_unlinked", accounts=len(accounts), most=MOST_ACCOUNTS)


def identifier_named(lake: Lake, text: str) -> Ruling:
    """The ruling on the one identifier that `kind:digest` names; the digest's beginning will do."""
    kind, colon, start = text.strip().partition(":")
    start = start.lower()
    if not (
        kind and colon and len(start) >= LEAST_DIGITS and set(start) <= set("0123456789abcdef")
    ):
        raise InputError(
            "An identifier is written kind:digest with at least"
            f" {LEAST_DIGITS} digits of its digest, such as email:3fa94b01c2d7, not {text!r}."
        )
    where = (pc.field("kind") == kind) & pc.starts_with(pc.field("digest"), start)
    rows = lake.read(IDENTIFIER, columns=["digest"], where=where)
    digests = sorted(set(rows["digest"].to_pylist()))
    if not digests:
        raise InputError(f"The house has no identifier {kind}:{start}.")
    if len(digests) > 1:
        begins = f"{kind}:{start}"
        raise InputError(code="identifiers_alike", identifiers=len(digests), begins=begins)
    return Ruling(identifier=(kind, digests[0]))


def write_ruling(lake: Lake, ruling: Ruling, *, at: datetime, undo: bool = False) -> int:
    """Write a ruling so that every later run obeys it, or take it back; the rows that changed."""
    state = read_state(lake)
    if state.run == 0:
        raise CannotTellError("No people are resolved yet, so there is nothing to unlink.")
    version = lake.version(PERSON_UNLINK)
    before = lake.read(PERSON_UNLINK).to_pylist()
    names = PERSON_UNLINK.names[:4]
    rows = [dict(zip(names, (*a, *b), strict=True)) for a, b in ruling.pairs]
    if ruling.identifier:
        rows.append(dict(zip(("kind", "digest"), ruling.identifier, strict=True)))
    keys = PERSON_UNLINK.names[:6]
    given = {tuple(r.get(k) for k in keys) for r in rows}
    if undo:
        after = [r for r in before if tuple(r[k] for k in keys) not in given]
        if len(after) == len(before):
            raise InputError("That was never unlinked, so there is nothing to take back.")
    else:
        known = {tuple(r[k] for k in keys) for r in before}
        added = [r for r in rows if tuple(r.get(k) for k in keys) not in known]
        stamp = {"run": state.run, "at": at, "batch": f"unlink-{state.run}"}
        after = before + [r | stamp for r in added]
        if not added:
            return 0
    table = pa.Table.from_pylist(after, schema=PERSON_UNLINK.schema)
    lake.replace(PERSON_UNLINK, table, expected=-1 if version is None else version)
    return abs(len(after) - len(before))


def splits_of(lake: Lake, run: int) -> tuple[Split, ...]:
    """Which accounts left which persons in a run."""
    names = ["person", "separated", "accounts"]
    rows = lake.read(PERSON_SPLIT, columns=names, where=pc.field("run") == run).to_pylist()
    return tuple(Split(**r) for r in sorted(rows, key=lambda r: (r["person"], r["separated"])))


def campaigns_with(lake: Lake, persons: Sequence[int]) -> tuple[str, ...]:
    """The campaigns that froze one of these persons into an arm; those who left are in none."""
    names: set[str] = set()
    for block in sorted({p >> BLOCK_BITS for p in persons}):
        rows = lake.read(
            CAMPAIGN_PEOPLE,
            columns=["campaign", "state", "bitmap"],
            where=(pc.field("block") == block)
            & pc.field("state").isin(["treated", "withheld", "held_out"]),
        )
        for row in rows.to_pylist():
            if any(p in BitMap.deserialize(row["bitmap"]) for p in persons):
                names.add(row["campaign"])
    return tuple(sorted(names))
