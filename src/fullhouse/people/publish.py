"""Write what a resolve run linked, so that a crash at any moment does no harm."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from fullhouse.core.tables import ACCOUNT_PERSON, PERSON_MERGE, REFUSED_IDENTIFIER
from fullhouse.engine import Engine, Scratch
from fullhouse.engine.expr import ibis
from fullhouse.lake import Lake
from fullhouse.people.accounts import numbered
from fullhouse.people.resolution import (
    BEFORE,
    NEXT,
    RUN,
    Census,
    Linked,
    Resolution,
    State,
    batch,
)

if TYPE_CHECKING:
    import ibis.expr.types as ir


def publish(
    scratch: Scratch, lake: Lake, state: State, before: Census, linked: Linked, *, at: datetime
) -> tuple[Resolution, State]:
    """Write the next run: account_person in one commit, then what is known from it.

    The run's number and the next free id change in that commit. Whoever dies after it leaves
    merges that `finish_merges` reads off the two versions of account_person.
    """
    run = state.run + 1
    accounts, new_persons = _accounts(scratch, state, before.next, linked)
    marks = {RUN: run, NEXT: before.next + new_persons, BEFORE: max(state.accounts.version, 0)}
    with scratch.engine.batches(accounts) as rows:
        version = lake.replace(ACCOUNT_PERSON, rows, marks=marks, expected=state.accounts.version)
    _append_merges(lake, run, linked.merges, at)
    append_refused(lake, run, linked.refused)
    resolution = Resolution(
        run=run,
        changed=True,
        accounts=before.accounts + linked.fresh_rows,
        persons=before.persons + new_persons - linked.merges.num_rows,
        new_accounts=linked.fresh_rows,
        new_persons=new_persons,
        merges=linked.merges.num_rows,
        refused=linked.refused.num_rows,
    )
    after = lake.snapshot(ACCOUNT_PERSON, version=version)
    return resolution, State(run, before.next + new_persons, after)


def finish_merges(engine: Engine, lake: Lake, state: State, at: datetime) -> None:
    """Write the merges of a run that died after its commit: where the two versions differ."""
    if state.run == 0 or lake.has_batch(PERSON_MERGE, batch(state.run)):
        return
    version = lake.mark(ACCOUNT_PERSON, BEFORE, version=state.accounts.version)
    old = engine.scan(lake.snapshot(ACCOUNT_PERSON, version=version or 0))
    new = engine.scan(state.accounts).select("source", "account", kept="person")
    both = old.join(new, ["source", "account"])
    moved = both.filter(both.person != both.kept).select("kept", merged="person").distinct()
    _append_merges(lake, state.run, engine.arrow(moved), at)


def append_refused(lake: Lake, run: int, refused: pa.Table) -> None:
    """Write the refused identifiers of a run, once."""
    if run == 0:
        return
    rows = refused.append_column("run", pa.array([run] * refused.num_rows, pa.int64()))
    lake.append(REFUSED_IDENTIFIER, rows, batch=batch(run))


def refuses_others(lake: Lake, run: int, refused: pa.Table) -> bool:
    """Whether these refused identifiers are other than those that a run wrote.

    A run that died before it wrote any gets these as its own.
    """
    if not lake.has_batch(REFUSED_IDENTIFIER, batch(run)):
        return False
    now: list[dict[str, Any]] = refused.to_pylist()
    return refused_of(lake, run) != now


def refused_of(lake: Lake, run: int) -> list[dict[str, Any]]:
    """The refused identifiers of a run: kind, digest, accounts, in order."""
    names = ["kind", "digest", "accounts"]
    rows = lake.read(REFUSED_IDENTIFIER, columns=names, where=pc.field("run") == run)
    linked: list[dict[str, Any]] = rows.sort_by(
        [("kind", "ascending"), ("digest", "ascending")]
    ).to_pylist()
    return linked


def _accounts(scratch: Scratch, state: State, start: int, linked: Linked) -> tuple[ir.Table, int]:
    """Every account with its person, and the number of new persons."""
    known = scratch.engine.scan(state.accounts)
    joined = known.left_join(linked.roots, known.person == linked.roots.node)
    earlier = joined.select(
        "source",
        "account",
        person=ibis.coalesce(joined.root, joined.person),
        since="since",
    )
    rooted = linked.fresh.left_join(linked.roots, linked.fresh.node == linked.roots.node)
    root = ibis.coalesce(linked.roots.root, linked.fresh.node)
    rooted = scratch.keep(rooted.select("source", "account", linked.fresh.node, root=root))
    alone = rooted.filter(rooted.root == rooted.node).select("node")
    rows = scratch.count(alone)
    ids = numbered(scratch, alone, rows, by=["node"], start=start)
    ids = scratch.keep(ids.select(of="node", person="number"))
    named = rooted.left_join(ids, rooted.root == ids.of)
    fresh = named.select(
        "source",
        "account",
        person=ibis.coalesce(ids.person, rooted.root),
        since=ibis.literal(state.run + 1, "int64"),
    )
    return ibis.union(earlier, fresh), rows


def _append_merges(lake: Lake, run: int, merges: pa.Table, at: datetime) -> None:
    merges = merges.sort_by("merged")
    many = merges.num_rows
    rows = pa.table(
        {
            "run": pa.array([run] * many, pa.int64()),
            "kept": merges["kept"],
            "merged": merges["merged"],
            "at": pa.array([at] * many, PERSON_MERGE.schema.field("at").type),
        }
    )
    lake.append(PERSON_MERGE, rows, batch=batch(run))
