"""Decide which accounts are one person, and give persons ids that stay."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import reduce
from typing import TYPE_CHECKING

from fullhouse.core.errors import CannotTellError
from fullhouse.core.tables import IDENTIFIER, PERSON_LINK, PERSON_MERGE, PERSON_TABLE, Snapshot
from fullhouse.core.values import MAX_PERSON
from fullhouse.engine import Engine, Scratch
from fullhouse.lake import Lake
from fullhouse.people.accounts import MENTIONS, all_nodes, numbered_nodes, unseen
from fullhouse.people.components import components
from fullhouse.people.edges import by_identifier, by_model
from fullhouse.people.persons import write_persons
from fullhouse.people.publish import (
    append_refused,
    finish_merges,
    publish,
    refused_of,
    refuses_others,
)
from fullhouse.people.resolution import (
    RUN,
    Census,
    Linked,
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
) -> Resolution:
    """Link accounts that share a hashed identifier, or that a named model linked, into persons.

    An account keeps the person it has; where persons turn out to be one, the smallest id stays
    and the others are retired into person_merge. New persons get the next ids, in the order of
    their first (source, account). No id is ever used twice, and persons are never split: an
    identifier that too many accounts share links nobody from then on, but undoes nothing.

    account_person changes in one commit, and only if nobody else changed it meanwhile; a run
    that dies after it is finished by the next one. Nothing new: nothing is written.
    """
    state = read_state(lake)
    finish_merges(engine, lake, state, at)
    snapshots = {t.name: lake.snapshot(t) for t in (*MENTIONS, PERSON_LINK)}
    inputs = _inputs(snapshots, most_accounts, models)
    with Scratch(engine, lake.place.root) as scratch:
        before = _census(engine, lake, state)
        if lake.metadata(PERSON_TABLE).get(INPUTS) == _stamp(inputs, state):
            return _unchanged(lake, state, before)
        known = engine.scan(state.accounts)
        linked = _link(
            scratch, known, snapshots, start=before.next, most_accounts=most_accounts, models=models
        )
        if linked.is_news or refuses_others(lake, state.run, linked.refused):
            resolution, state = publish(scratch, lake, state, before, linked, at=at)
        else:
            append_refused(lake, state.run, linked.refused)
            resolution = _unchanged(lake, state, before)
    write_persons(
        engine,
        lake,
        state.accounts,
        marks={RUN: state.run},
        metadata={INPUTS: _stamp(inputs, state)},
    )
    return resolution


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


def _link(
    scratch: Scratch,
    known: ir.Table,
    snapshots: Mapping[str, Snapshot],
    *,
    start: int,
    most_accounts: int,
    models: Sequence[str],
) -> Linked:
    new = unseen(scratch, snapshots, known)
    rows = scratch.count(new)
    if start + rows - 1 > MAX_PERSON:
        raise CannotTellError(
            f"Person ids end at {MAX_PERSON:,}: {rows:,} new accounts may not fit after"
            f" {start - 1:,}."
        )
    fresh = numbered_nodes(scratch, new, rows, start=start)
    accounts = all_nodes(known, fresh)
    identifiers = scratch.engine.scan(snapshots[IDENTIFIER.name])
    links = by_identifier(scratch, identifiers, accounts, most=most_accounts)
    edges = links.edges
    if models:
        pairs = scratch.engine.scan(snapshots[PERSON_LINK.name])
        chosen = pairs.filter(pairs.model.isin(list(models)))
        edges = [*edges, by_model(scratch, chosen, accounts)]
    roots = components(scratch, reduce(lambda one, two: one.union(two), edges))
    retired = roots.filter((roots.node < start) & (roots.root != roots.node))
    merges = scratch.engine.arrow(retired.select(kept="root", merged="node"))
    return Linked(fresh, rows, roots, merges, links.refused)


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
