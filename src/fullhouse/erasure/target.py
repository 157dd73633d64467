"""What is behind accounts that are to be erased: persons, other accounts, identifiers."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from fullhouse.audiences.population import read_merges
from fullhouse.control.suppression import account_digest, spellings
from fullhouse.core.tables import ACCOUNT_PERSON, ACCOUNT_TABLE, IDENTIFIER, Table
from fullhouse.core.values import plain_text
from fullhouse.erasure.erasure import Account, Target, Wanted
from fullhouse.lake import Lake


def find_target(lake: Lake, accounts: Sequence[Account], *, whole_person: bool) -> Target:
    """Everything that is to be erased with some accounts; with `whole_person`, all accounts of
    their persons.
    """
    wanted = tuple(dict.fromkeys(accounts))
    persons = {p for _, p in _persons_of(lake, wanted)}
    mates = _accounts_of(lake, persons)
    others = tuple(a for a, _ in mates if not _is_among(a, wanted))
    if whole_person and others:
        return replace(find_target(lake, (*wanted, *others), whole_person=False), others=())
    staying = {p for a, p in mates if not _is_among(a, wanted)}
    heirs = read_merges(lake.live)
    retired = {old: living for old, living in heirs.items() if living in persons}
    known = {a for table in (ACCOUNT_PERSON, ACCOUNT_TABLE) for a in _known(lake, table, wanted)}
    return Target(
        accounts=wanted,
        erased_persons=_with_retired(persons - staying, retired),
        staying=_with_retired(staying, retired),
        digests=_own_digests(lake, wanted),
        others=others,
        known=len(known),
    )


def wanted_of(target: Target, key: bytes) -> Wanted:
    """What a search for a target looks for."""
    keyed = (account_digest(key, s, each) for s, a in target.accounts for each in spellings(a))
    return Wanted(
        frozenset(target.accounts),
        frozenset(target.erased_persons),
        frozenset(target.digests),
        frozenset(keyed),
    )


def _is_among(account: Account, wanted: Sequence[Account]) -> bool:
    source, name = account
    plain = {(s, plain_text(a)) for s, a in wanted}
    return account in wanted or (source, plain_text(name)) in plain


def _with_retired(persons: set[int], retired: dict[int, int]) -> tuple[int, ...]:
    """The persons, and the numbers they had before they were merged."""
    return tuple(sorted(persons | {old for old, living in retired.items() if living in persons}))


def _rows_of(
    lake: Lake, table: Table, columns: list[str], accounts: Sequence[Account]
) -> Iterable[dict[str, object]]:
    names = pa.array(sorted({each for _, a in accounts for each in spellings(a)}), pa.string())
    where = pc.field("source").isin(sorted({s for s, _ in accounts}))
    for batch in lake.live.batches(table, columns=columns, where=where):
        trimmed = pc.utf8_trim_whitespace(batch.column("account"))
        near = pc.or_(pc.is_in(batch.column("account"), names), pc.is_in(trimmed, names))
        for row in batch.filter(near).to_pylist():
            if _is_among((row["source"], row["account"]), accounts):
                yield row


def _persons_of(lake: Lake, accounts: Sequence[Account]) -> list[tuple[Account, int]]:
    rows = _rows_of(lake, ACCOUNT_PERSON, ["source", "account", "person"], accounts)
    return [((str(r["source"]), str(r["account"])), int(str(r["person"]))) for r in rows]


def _known(lake: Lake, table: Table, accounts: Sequence[Account]) -> set[Account]:
    rows = _rows_of(lake, table, ["source", "account"], accounts)
    return {(str(r["source"]), str(r["account"]).strip()) for r in rows}


def _accounts_of(lake: Lake, persons: set[int]) -> list[tuple[Account, int]]:
    if not persons:
        return []
    where = pc.field("person").isin(pa.array(sorted(persons), pa.int64()))
    rows = lake.live.read(
        ACCOUNT_PERSON, columns=["source", "account", "person"], where=where
    ).to_pylist()
    return sorted(((r["source"], r["account"]), r["person"]) for r in rows)


def _own_digests(lake: Lake, accounts: Sequence[Account]) -> tuple[str, ...]:
    """Digests of identifiers that these accounts have and no other one."""
    rows = _rows_of(lake, IDENTIFIER, ["source", "account", "digest"], accounts)
    own = {str(r["digest"]) for r in rows}
    if not own:
        return ()
    where = pc.field("digest").isin(pa.array(sorted(own)))
    columns = ["source", "account", "digest"]
    for row in lake.live.read(IDENTIFIER, columns=columns, where=where).to_pylist():
        if not _is_among((row["source"], row["account"]), accounts):
            own.discard(row["digest"])
    return tuple(sorted(own))
