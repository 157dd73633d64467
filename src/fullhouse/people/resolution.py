"""What a resolve run changed, where it left the tables, and whom an old id stands for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from fullhouse.core.brief import Brief
from fullhouse.core.tables import (
    ACCOUNT_PERSON,
    PERSON_MERGE,
    PERSON_TABLE,
    REFUSED_IDENTIFIER,
    Snapshot,
)
from fullhouse.lake import Lake

if TYPE_CHECKING:
    import ibis.expr.types as ir

RUN = "fullhouse.resolve.run"
NEXT = "fullhouse.resolve.next"
BEFORE = "fullhouse.resolve.before"


@dataclass(frozen=True)
class Resolution(Brief):
    """One consistent state of the people, and what the run changed.

    Accounts are removed when nothing names them any more, once their rows were retracted.

    `changed` is false when there was nothing new: then `run` is the earlier run's number.
    """

    run: int
    changed: bool
    accounts: int
    persons: int
    new_accounts: int
    new_persons: int
    merges: int
    refused: int
    splits: int = 0
    removed_accounts: int = 0
    removed_persons: int = 0


@dataclass(frozen=True)
class State:
    """Where the last resolve run left the tables."""

    run: int
    next: int
    accounts: Snapshot


@dataclass(frozen=True)
class Census:
    """The people before a run, and the first id that was never used."""

    accounts: int
    persons: int
    next: int


@dataclass(frozen=True)
class Decided:
    """What a run decides: every account's person, and what became of earlier persons.

    `merges` has kept and merged, `splits` person, separated and accounts, in order.
    """

    accounts: ir.Table
    new_accounts: int
    new_persons: int
    merges: pa.Table
    splits: pa.Table
    refused: pa.Table
    removed_accounts: int = 0
    removed_persons: int = 0

    @property
    def is_news(self) -> bool:
        """Whether any account is new or gone, or any persons became one or several."""
        changed = self.new_accounts or self.removed_accounts
        return bool(changed or self.merges.num_rows or self.splits.num_rows)


def batch(run: int) -> str:
    """The name under which a run's rows were appended."""
    return f"resolve-{run}"


def read_state(lake: Lake) -> State:
    """The state that the newest version of account_person carries, in one commit with its rows."""
    snapshot = lake.snapshot(ACCOUNT_PERSON)
    if snapshot.version < 0:
        return State(0, 0, snapshot)
    run = lake.mark(ACCOUNT_PERSON, RUN, version=snapshot.version) or 0
    following = lake.mark(ACCOUNT_PERSON, NEXT, version=snapshot.version) or 0
    return State(run, following, snapshot)


def is_whole(lake: Lake, state: State) -> bool:
    """Whether every table of the state's run was written."""
    if state.run == 0:
        return True
    return (
        lake.has_batch(PERSON_MERGE, batch(state.run))
        and lake.has_batch(REFUSED_IDENTIFIER, batch(state.run))
        and lake.mark(PERSON_TABLE, RUN) == state.run
    )


def living(lake: Lake, persons: Iterable[int]) -> dict[int, int]:
    """The living person that each id stands for today, through any chain of merges.

    An id that was never merged stands for itself.
    """
    rows = lake.read(PERSON_MERGE, columns=["kept", "merged"])
    into = dict(zip(rows["merged"].to_pylist(), rows["kept"].to_pylist(), strict=True))
    return {person: _follow(into, person) for person in persons}


def _follow(into: dict[int, int], person: int) -> int:
    # Ends: the id that stays is always the smaller one.
    while person in into:
        person = into[person]
    return person
