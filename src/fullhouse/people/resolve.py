"""Decide which accounts are one person, and give persons ids that stay."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

import pyarrow as pa

from fullhouse.core.errors import CannotTellError, ConflictError
from fullhouse.core.tables import (
    ACCOUNT_TABLE,
    IDENTIFIER,
    PERSON_LINK,
    PERSON_MERGE,
    PERSON_TABLE,
    PERSON_UNLINK,
    RETRACTED_ACCOUNT,
    Snapshot,
)
from fullhouse.core.values import MAX_PERSON
from fullhouse.engine import Engine, Scratch
from fullhouse.engine.expr import ibis
from fullhouse.feeds.retract import broken_off
from fullhouse.lake import Lake
from fullhouse.people.accounts import (
    MENTIONS,
    all_nodes,
    numbered,
    numbered_nodes,
    unnamed,
    unseen,
)
from fullhouse.people.candidates import candidates
from fullhouse.people.decide import linked_nodes, pairs_of_model
from fullhouse.people.persons import write_persons
from fullhouse.people.publish import (
    append_refused,
    changes,
    finish_merges,
    publish,
    refused_of,
    refuses_others,
)
from fullhouse.people.resolution import (
    RUN,
    Census,
    Decided,
    Resolution,
    State,
    read_state,
)

if TYPE_CHECKING:
    import ibis.expr.types as ir

INPUTS = "fullhouse.resolve.inputs"


def resolve(
    engine: Engine,
    lake: Lake,
    *,
    most_accounts: int,
    models: Sequence[str] = (),
    at: datetime,
    anew: bool = False,
) -> Resolution:
    """Link accounts that share a hashed identifier, or that a named model linked, into persons.

    Pairs that share an identifier are judged by everything both accounts state. An account keeps
    the person it has; where persons turn out to be one, the smallest id stays and the others are
    retired into person_merge. New persons get the next ids, in the order of their first (source,
    account). No id is ever used twice.

    Persons are split in three cases only, and into person_split: those that an operator's unlink
    concerns are decided anew, those of accounts whose rows were retracted, and all of them with
    `anew`. The largest part keeps the id. A retracted account that nothing names any more is gone.

    account_person changes in one commit, and only if nobody else changed it meanwhile; a run
    that dies after it is finished by the next one. Nothing new: nothing is written.
    """
    state = read_state(lake)
    finish_merges(engine, lake, state, at)
    # First: whatever these accounts lost is lost in the other snapshots, if no retraction runs now.
    retracted = lake.snapshot(RETRACTED_ACCOUNT)
    is_whole = not (retracted.uris and broken_off(lake))
    snapshots = {t.name: lake.snapshot(t) for t in (*MENTIONS, PERSON_LINK, PERSON_UNLINK)}
    inputs = _inputs(snapshots, most_accounts, models)
    snapshots[RETRACTED_ACCOUNT.name] = retracted
    with Scratch(engine, lake.place.root) as scratch:
        before = _census(engine, lake, state)
        is_same = lake.metadata(PERSON_TABLE).get(INPUTS) == _stamp(inputs, state)
        if is_same and not anew and not retracted.uris:
            return _unchanged(lake, state, before)
        decided = _decide(
            scratch,
            state,
            snapshots,
            start=before.next,
            most_accounts=most_accounts,
            models=models,
            anew=anew,
        )
        if decided.is_news or refuses_others(lake, state.run, decided.refused):
            resolution, state = publish(scratch, lake, state, before, decided, at=at)
        else:
            append_refused(lake, state.run, decided.refused)
            resolution = _unchanged(lake, state, before)
    write_persons(
        engine,
        lake,
        state.accounts,
        marks={RUN: state.run},
        metadata={INPUTS: _stamp(inputs, state)},
    )
    if retracted.uris and is_whole:
        _forget(lake, retracted)
    return resolution


def _forget(lake: Lake, retracted: Snapshot) -> None:
    """Empty the list of retracted accounts, unless more were retracted meanwhile."""
    none = RETRACTED_ACCOUNT.schema.empty_table()
    with suppress(ConflictError):
        lake.replace(RETRACTED_ACCOUNT, none, expected=retracted.version)


def models_used(lake: Lake) -> tuple[str, ...]:
    """The link models whose pairs the last run took."""
    stamp = lake.metadata(PERSON_TABLE).get(INPUTS)
    if stamp is None:
        return ()
    return tuple(json.loads(stamp[: stamp.rindex("]") + 1])[2])


def _census(engine: Engine, lake: Lake, state: State) -> Census:
    known = engine.scan(state.accounts)
    counts = known.aggregate(
        accounts=known.count(), persons=known.person.nunique(), top=known.person.max()
    )
    row = engine.arrow(counts).to_pylist()[0]
    ever = lake.read(PERSON_MERGE, columns=["merged"])["merged"].to_pylist()
    if row["accounts"]:
        ever.append(int(row["top"]))
    # The mark alone would do, were the tables never written by another hand.
    following = max(state.next, max(ever, default=-1) + 1)
    return Census(row["accounts"], row["persons"], following)


def _decide(
    scratch: Scratch,
    state: State,
    snapshots: Mapping[str, Snapshot],
    *,
    start: int,
    most_accounts: int,
    models: Sequence[str],
    anew: bool,
) -> Decided:
    engine = scratch.engine
    known = engine.scan(state.accounts)
    identifiers = engine.scan(snapshots[IDENTIFIER.name])
    unlinks = engine.scan(snapshots[PERSON_UNLINK.name])
    retracted = engine.scan(snapshots[RETRACTED_ACCOUNT.name]).select("source", "account")
    again = known.select("person").distinct()
    if not anew:
        again = _ruled_on(known, unlinks, identifiers, state.run)
        concerned = known.semi_join(retracted, ["source", "account"])
        again = again.union(concerned.select("person")).distinct()
    again = scratch.keep(again)
    settled, open_ = known.anti_join(again, "person"), known.semi_join(again, "person")
    new = unseen(scratch, snapshots, known)
    new_rows = scratch.count(new)
    open_ = scratch.keep(open_.select("source", "account", old="person", old_since="since"))
    removed = Removed.of(scratch, snapshots, open_, retracted)
    open_ = removed.left
    to_decide = new.union(open_.select("source", "account"))
    rows = new_rows + scratch.count(open_)
    if start + rows - 1 > MAX_PERSON:
        raise CannotTellError(code="person_ids_end", most=MAX_PERSON, new=rows, last=start - 1)
    fresh = numbered_nodes(scratch, to_decide, rows, start=start)
    accounts = scratch.keep(all_nodes(settled, fresh))
    compared = candidates(
        scratch,
        identifiers,
        engine.scan(snapshots[ACCOUNT_TABLE.name]),
        accounts,
        most=most_accounts,
        unlinked=_unlinked(scratch, unlinks),
    )
    by_model = None
    if models:
        by_model = pairs_of_model(engine.scan(snapshots[PERSON_LINK.name]), tuple(models))
    apart = unlinks.filter(unlinks.kind.isnull()).select(*PERSON_LINK.names[:4]).distinct()
    roots = linked_nodes(scratch, compared, accounts, by_model, apart)
    run = state.run + 1
    named = Numbered(settled, open_, fresh, new_rows, start, run)
    decided = _with_ids(scratch, named, roots, compared.refused)
    return replace(decided, removed_accounts=removed.accounts, removed_persons=removed.persons)


@dataclass(frozen=True)
class Removed:
    """The accounts to decide anew without those that nothing names any more; how many these are,
    and of how many persons no account is left.
    """

    left: ir.Table
    accounts: int
    persons: int

    @classmethod
    def of(
        cls,
        scratch: Scratch,
        snapshots: Mapping[str, Snapshot],
        reopened: ir.Table,
        retracted: ir.Table,
    ) -> Removed:
        """Only a retracted account can have lost all that named it."""
        doubted = scratch.keep(reopened.semi_join(retracted, ["source", "account"]))
        gone = unnamed(scratch, snapshots, doubted)
        accounts = scratch.count(gone)
        if not accounts:
            return cls(reopened, 0, 0)
        left = scratch.keep(reopened.anti_join(gone, ["source", "account"]))
        olds = scratch.engine.arrow(left.select("old").distinct())["old"]
        before = scratch.engine.arrow(gone.select("old").distinct())["old"]
        return cls(left, accounts, len(set(before.to_pylist()) - set(olds.to_pylist())))


def _unlinked(scratch: Scratch, unlinks: ir.Table) -> ir.Table | None:
    """The identifiers that an operator ruled out; None of none."""
    kept = scratch.keep(unlinks.filter(unlinks.kind.notnull()).select("kind", "digest").distinct())
    # DuckDB 2.0 returns nothing for some anti joins with an empty side.
    return kept if scratch.count(kept) else None


def _ruled_on(known: ir.Table, unlinks: ir.Table, identifiers: ir.Table, run: int) -> ir.Table:
    """The persons that an unlink concerns: both accounts in one, or an identifier since `run`."""
    one = known.select(source_a="source", account_a="account", person="person")
    two = known.select(source_b="source", account_b="account", second="person")
    pairs = unlinks.join(one, ["source_a", "account_a"]).join(two, ["source_b", "account_b"])
    late = unlinks.filter(unlinks.kind.notnull() & (unlinks.run >= run))
    holders = identifiers.semi_join(late, ["kind", "digest"]).select("source", "account")
    by_identifier = known.semi_join(holders, ["source", "account"]).select("person")
    return (
        pairs.filter(pairs.person == pairs.second).select("person").union(by_identifier).distinct()
    )


@dataclass(frozen=True)
class Numbered:
    """The accounts of a run: those whose person stays, and those to decide on with their nodes.

    `reopened` has the earlier person (old) and the run of an account that is decided anew.
    """

    settled: ir.Table
    reopened: ir.Table
    fresh: ir.Table
    new: int
    start: int
    run: int


def _with_ids(scratch: Scratch, nodes: Numbered, roots: ir.Table, refused: pa.Table) -> Decided:
    """Every account's person: an earlier id where there is one, else the next ones.

    The largest part of a person decided anew is its heir (of equal ones, that with the first
    account). Of several earlier ids in one group, the smallest stays.
    """
    settled, start = nodes.settled, nodes.start
    rooted = _rooted(scratch, nodes, roots)
    persons, new_persons = _persons_of_roots(scratch, rooted, start)
    by_root = rooted.left_join(persons, rooted.root == persons.of)
    placed = scratch.keep(
        by_root.select(
            "source",
            "account",
            "old",
            "since",
            person=ibis.coalesce(persons.person, rooted.root),
        )
    )
    below = roots.filter(roots.node < start)
    final = below.left_join(persons, below.root == persons.of)
    final = final.select(of_node="node", final=ibis.coalesce(persons.person, below.root))
    final = scratch.keep(final.filter(final["final"] != final.of_node))
    lost = placed.filter(placed.old.notnull() & (placed.old != placed.person))
    lost = lost.group_by("old", "person").aggregate(accounts=lost.count())
    lives = lost.semi_join(placed.select(old="person"), "old").select("old").distinct()
    merges, splits = changes(scratch.engine.arrow(lost), scratch.engine.arrow(lives)["old"])
    retired = scratch.engine.arrow(final.select(kept="final", merged="of_node"))
    moved = settled.left_join(final, settled.person == final.of_node)
    still = moved.select(
        "source", "account", person=ibis.coalesce(final["final"], settled.person), since="since"
    )
    with_since = placed.select(
        "source",
        "account",
        "person",
        since=ibis.coalesce(placed.since, ibis.literal(nodes.run, "int64")),
    )
    return Decided(
        ibis.union(still, with_since),
        nodes.new,
        new_persons,
        pa.concat_tables([retired.cast(merges.schema), merges]),
        splits,
        refused,
    )


def _rooted(scratch: Scratch, nodes: Numbered, roots: ir.Table) -> ir.Table:
    """Every fresh account with the root of its group, and its earlier person where it had one."""
    fresh = nodes.fresh
    above = roots.select(at_node="node", root="root")
    joined = fresh.left_join(above, fresh.node == above.at_node)
    every = joined.select("source", "account", "node", root=ibis.coalesce(joined.root, fresh.node))
    before = nodes.reopened.select(
        at_source="source", at_account="account", old="old", since="old_since"
    )
    rooted = every.left_join(
        before, [every.source == before.at_source, every.account == before.at_account]
    )
    return scratch.keep(rooted.drop("at_source", "at_account"))


def _persons_of_roots(scratch: Scratch, rooted: ir.Table, start: int) -> tuple[ir.Table, int]:
    """The person of each root, `of` and `person`, and how many of these are new.

    Of several earlier persons whose heir a root is, the smallest; without one, the next number.
    """
    earlier = rooted.filter(rooted.old.notnull())
    parts = earlier.group_by("old", "root").aggregate(accounts=earlier.count())
    window = ibis.window(group_by=parts.old, order_by=[ibis.desc(parts.accounts), parts.root])
    ranked = parts.mutate(turn=ibis.row_number().over(window))
    largest = ranked.filter(ranked.turn == 0)
    heirs = scratch.keep(largest.group_by(of_root="root").aggregate(heir=largest.old.min()))
    alone = rooted.filter((rooted.root == rooted.node) & (rooted.root >= start)).select("node")
    alone = scratch.keep(alone.anti_join(heirs, alone.node == heirs.of_root))
    new_persons = scratch.count(alone)
    numbers = numbered(scratch, alone, new_persons, by=["node"], start=start)
    oldest = ibis.ifelse(heirs.of_root < start, ibis.least(heirs.of_root, heirs.heir), heirs.heir)
    inherited = heirs.select(of="of_root", person=oldest)
    persons = ibis.union(numbers.select(of="node", person="number"), inherited)
    return scratch.keep(persons), new_persons


def _unchanged(lake: Lake, state: State, before: Census) -> Resolution:
    return Resolution(
        run=state.run,
        changed=False,
        accounts=before.accounts,
        persons=before.persons,
        new_accounts=0,
        new_persons=0,
        merges=0,
        refused=len(refused_of(lake, state.run)),
    )


def _inputs(snapshots: Mapping[str, Snapshot], most_accounts: int, models: Sequence[str]) -> str:
    versions = {n: s.version for n, s in snapshots.items() if n != PERSON_LINK.name or models}
    return json.dumps([versions, most_accounts, sorted(models)])


def _stamp(inputs: str, state: State) -> str:
    """What the person table was made from; equal means that there is nothing to do."""
    return f"{inputs} {state.accounts.version}"
