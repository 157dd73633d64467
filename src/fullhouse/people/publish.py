"""Write what a resolve run linked, so that a crash at any moment does no harm."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from fullhouse.core.tables import (
    ACCOUNT_PERSON,
    PERSON_MERGE,
    PERSON_SPLIT,
    REFUSED_IDENTIFIER,
)
from fullhouse.engine import Engine, Scratch
from fullhouse.lake import Lake
from fullhouse.people.resolution import (
    BEFORE,
    NEXT,
    RUN,
    Census,
    Decided,
    Resolution,
    State,
    batch,
)


def publish(
    scratch: Scratch, lake: Lake, state: State, before: Census, decided: Decided, *, at: datetime
) -> tuple[Resolution, State]:
    """Write the next run: account_person in one commit, then what is known from it.

    The run's number and the next free id change in that commit. Whoever dies after it leaves
    merges and splits that `finish_merges` reads off the two versions of account_person.
    """
    run = state.run + 1
    following = before.next + decided.new_persons
    marks = {RUN: run, NEXT: following, BEFORE: max(state.accounts.version, 0)}
    with scratch.engine.batches(decided.accounts) as rows:
        version = lake.replace(ACCOUNT_PERSON, rows, marks=marks, expected=state.accounts.version)
    _append_changes(lake, run, decided.merges, decided.splits, at)
    append_refused(lake, run, decided.refused)
    resolution = Resolution(
        run=run,
        changed=True,
        accounts=before.accounts + decided.new_accounts - decided.removed_accounts,
        persons=before.persons
        + decided.new_persons
        - decided.merges.num_rows
        - decided.removed_persons,
        new_accounts=decided.new_accounts,
        new_persons=decided.new_persons,
        merges=decided.merges.num_rows,
        refused=decided.refused.num_rows,
        splits=decided.splits.num_rows,
        removed_accounts=decided.removed_accounts,
        removed_persons=decided.removed_persons,
    )
    return resolution, State(run, following, lake.snapshot(ACCOUNT_PERSON, version=version))


def finish_merges(engine: Engine, lake: Lake, state: State, at: datetime) -> None:
    """Write the merges and splits of a run that died after its commit, from the two versions."""
    if state.run == 0 or lake.has_batch(PERSON_MERGE, batch(state.run)):
        return
    version = lake.mark(ACCOUNT_PERSON, BEFORE, version=state.accounts.version)
    old = engine.scan(lake.snapshot(ACCOUNT_PERSON, version=version or 0))
    new = engine.scan(state.accounts)
    both = old.select("source", "account", old="person").join(
        new.select("source", "account", "person"), ["source", "account"]
    )
    moved = both.filter(both.old != both.person)
    parts = moved.group_by("old", "person").aggregate(accounts=moved.count())
    living = engine.arrow(parts.semi_join(new.select(old="person"), "old").select("old").distinct())
    _append_changes(lake, state.run, *changes(engine.arrow(parts), living["old"]), at)


def changes(parts: pa.Table, living: pa.ChunkedArray) -> tuple[pa.Table, pa.Table]:
    """Merges and splits, from how many accounts each old person has lost to which.

    An old person who is not among the `living` went into the one that took most of the accounts.
    """
    order = [("old", "ascending"), ("accounts", "descending"), ("person", "ascending")]
    lives = set(living.to_pylist())
    merges, splits, heirs = [], [], {o: o for o in lives}
    for row in parts.sort_by(order).to_pylist():
        old, person = row["old"], row["person"]
        if old in heirs:
            splits.append((heirs[old], person, row["accounts"]))
        else:
            heirs[old] = person
            merges.append((person, old))
    return (
        _integers(("kept", "merged"), merges),
        _integers(("person", "separated", "accounts"), splits),
    )


def _integers(names: Sequence[str], rows: Sequence[tuple[int, ...]]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    return pa.table({n: pa.array(c, pa.int64()) for n, c in zip(names, columns, strict=True)})


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


def _append_changes(lake: Lake, run: int, merges: pa.Table, splits: pa.Table, at: datetime) -> None:
    if splits.num_rows:
        # A part may have taken accounts of several old persons that are one now.
        whole = splits.group_by(["person", "separated"]).aggregate([("accounts", "sum")])
        whole = whole.rename_columns(["person", "separated", "accounts"])
        whole = whole.sort_by([("person", "ascending"), ("separated", "ascending")])
        lake.append(PERSON_SPLIT, _dated(whole, run, at), batch=batch(run))
    # Last: with this batch the changes of a run count as written.
    lake.append(PERSON_MERGE, _dated(merges.sort_by("merged"), run, at), batch=batch(run))


def _dated(rows: pa.Table, run: int, at: datetime) -> pa.Table:
    stamp = pa.array([at] * rows.num_rows, PERSON_MERGE.schema.field("at").type)
    rows = rows.add_column(0, "run", pa.array([run] * rows.num_rows, pa.int64()))
    return rows.append_column("at", stamp)
