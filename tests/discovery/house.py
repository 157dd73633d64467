"""A small house made in memory: people with traits and events, and a slow, obvious discovery."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyroaring import BitMap

from fullhouse.sample.outcome import Outcome, OwnEvents
from fullhouse.traits.blocks import Block, read_block, write_block
from fullhouse.traits.trait import KINDS, Build, Trait

BUILD = Build(1, date(2020, 1, 31), datetime(2020, 2, 1, tzinfo=UTC), 0, 0, 0, 1, "{}", "{}")


def trait(id_: int, name: str, *kinds: str, least: int = 1) -> Trait:
    """A trait counted from some kinds, or a fact."""
    kind = kinds[0] if kinds else "person"
    definition = {"kind": kind, "kinds": list(kinds), "window_days": None, "min_events": least}
    return Trait(
        id_,
        name,
        name.split(":", maxsplit=1)[0],
        name,
        kind,
        definition if kind in KINDS else {},
        1,
        {},
        True,
    )


@dataclass
class MemoryBlocks:
    """Blocks as a test gives them, through the same files."""

    home: Path
    blocks: dict[int, Block] = field(default_factory=dict)

    def __iter__(self):
        return iter([self.blocks[n] for n in sorted(self.blocks)])

    def numbers(self):
        return sorted(self.blocks)

    def load(self, number):
        return self.blocks.get(number) or Block(
            number,
            np.zeros(0, np.uint32),
            np.zeros(1, np.int32),
            np.zeros(0, np.uint16),
            np.zeros(0, np.uint16),
            tuple(np.zeros(0, np.int32) for _ in range(4)),
        )


def write_blocks(folder: Path, rows: dict[int, list[dict]]) -> MemoryBlocks:
    """Blocks from block → rows of person_trait."""
    folder.mkdir(parents=True, exist_ok=True)
    blocks = MemoryBlocks(folder)
    for number, people in rows.items():
        table = pa.table(
            {
                "person": pa.array([p["person"] for p in people], pa.int64()),
                "traits": pa.array([p["traits"] for p in people], pa.list_(pa.int32())),
                "events": pa.array([p["events"] for p in people], pa.list_(pa.int32())),
                **{k: pa.array([p.get(k, 0) for p in people], pa.int32()) for k in KINDS},
            }
        ).sort_by("person")
        path = folder / f"{number}.arrow"
        write_block(path, table)
        blocks.blocks[number] = read_block(path, number)
    return blocks


def from_counts(
    folder: Path,
    counts: np.ndarray,
    others: np.ndarray,
    facts: np.ndarray | None = None,
    *,
    least: int = 1,
    persons: np.ndarray | None = None,
    blocks: int = 1,
) -> tuple[MemoryBlocks, list[Trait], dict[int, BitMap]]:
    """A house of purchases: counts (people × traits) of each trait's events, and other events.

    Facts (people × facts, boolean) are numbered after the traits. The last column of `counts` is
    meant for the outcome. Person ids are 0, 1, ... spread over some blocks.
    """
    size, many = counts.shape
    number = np.arange(size) % blocks
    persons = np.arange(size) if persons is None else persons
    ids = (number.astype(np.int64) << 20) + persons
    traits = [trait(t, f"buys:t{t}", "purchase", least=least) for t in range(many)]
    facts = np.zeros((size, 0), bool) if facts is None else facts
    traits += [trait(many + f, f"fact{f}:yes") for f in range(facts.shape[1])]
    rows: dict[int, list[dict]] = defaultdict(list)
    everyone: dict[int, list[int]] = defaultdict(list)
    for i in range(size):
        held = np.flatnonzero(counts[i])
        known = np.flatnonzero(facts[i])
        rows[int(number[i])].append(
            {
                "person": int(ids[i]),
                "traits": [*held.tolist(), *(known + many).tolist()],
                "events": [*counts[i][held].tolist(), *([0] * len(known))],
                "purchase": int(counts[i].sum() + others[i]),
            }
        )
        everyone[int(number[i])].append(int(ids[i]))
    base = {b: BitMap(p) for b, p in sorted(everyone.items())}
    return write_blocks(folder, rows), traits, base


def outcome_of(
    which: Trait, counts: np.ndarray, ids: np.ndarray, kind: str = "purchase"
) -> tuple[Outcome, OwnEvents]:
    """An outcome that is one trait whose events belong to no other trait."""
    column = counts[:, which.id]
    order = np.argsort(ids)
    touched = order[column[order] > 0]
    four = np.zeros((4, len(touched)), dtype=np.int32)
    four[KINDS.index(kind)] = column[touched]
    needed = tuple(which.definition["min_events"] if k == kind else 0 for k in KINDS)
    overlap = (ids[touched], np.full(len(touched), which.id), column[touched])
    members = ids[column >= which.definition["min_events"]]
    people: dict[int, BitMap] = {}
    for b in np.unique(ids >> 20):
        people[int(b)] = BitMap(members[members >> 20 == b].tolist())
    return (
        Outcome(which.name, people, (which,)),
        OwnEvents(ids[touched], four, needed, overlap),
    )
