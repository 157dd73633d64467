"""What the counts that a tenant holds say of the next one: a subset is no larger than its set.

Post-processing of numbers that have their noise: it costs nothing, and uses the data no more. Only
counts of the same data bound each other, and only by one at least as precise: a finer answer is
what a tenant pays for, and is not pulled to a coarser one.
"""

import re
from ast import literal_eval
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from sqlalchemy import select

from fullhouse.cleanroom.release import Release
from fullhouse.control.control import Control
from fullhouse.control.schema import ReleasedRow
from fullhouse.core.arrays import Flags

MOST_TOGETHER = 12
"""Names of two rules together up to which one is checked to be a part of the other."""
_NAMES = re.compile(r'"(?:[^"\\]|\\.)*"|[^,"]+')


@dataclass(frozen=True)
class Formula:
    """A rule as its names and its truth table, bit `row` where name i has bit i of `row`."""

    names: tuple[str, ...]
    table: int

    def over(self, names: Sequence[str]) -> Flags:
        """The value in each row of a table of more names."""
        rows = np.arange(1 << len(names))
        own = np.zeros(len(rows), np.int64)
        for bit, name in enumerate(self.names):
            own |= (rows >> names.index(name) & 1) << bit
        width = max(1 << len(self.names), 8)
        bits = np.frombuffer(self.table.to_bytes(width // 8, "little"), np.uint8)
        result: Flags = np.unpackbits(bits, bitorder="little")[own].astype(bool)
        return result


@lru_cache(1 << 14)
def formula(form: str) -> Formula | None:
    """The rule of a count in its canonical form; None of one that has no truth table there."""
    names, colon, table = literal_eval(form.partition(" rule=")[2]).rpartition(":")
    listed = tuple(_NAMES.findall(names))
    if not colon or ",".join(listed) != names or not re.fullmatch("[0-9a-f]+", table):
        return None
    value = int(table, 16)
    if len(listed) > MOST_TOGETHER or value.bit_length() > 1 << len(listed):
        return None
    return Formula(listed, value)


def implies(part: Formula, whole: Formula) -> bool:
    """Whether everybody who fits one rule fits the other, whoever has which trait.

    False where they have too many names together to tell.
    """
    names = sorted({*part.names, *whole.names})
    if len(names) > MOST_TOGETHER or _is_refuted(part, whole):
        return False
    return not bool((part.over(names) & ~whole.over(names)).any())


def _is_refuted(part: Formula, whole: Formula) -> bool:
    """Whether the first row of one rule is a counterexample: most pairs are told apart by it."""
    first = (part.table & -part.table).bit_length() - 1
    if first < 0:
        return False
    none, every = 0, 0
    for bit, name in enumerate(whole.names):
        if name not in part.names:
            every |= 1 << bit
        elif first >> part.names.index(name) & 1:
            none, every = none | 1 << bit, every | 1 << bit
    return not (whole.table >> none & 1 and whole.table >> every & 1)


def bounds(
    control: Control, form: str, data: Mapping[str, str], *, rho: int, minimum: int
) -> tuple[float, float]:
    """The least and the most people that a count may have beside those that the tenant holds."""
    asked, least, most = formula(form), 0.0, float("inf")
    if asked is None:
        return least, most
    names = frozenset(asked.names)
    query = (
        select(ReleasedRow.question, ReleasedRow.digest)
        .where(ReleasedRow.tenant == control.tenant)
        .where(ReleasedRow.kind == "count")
        .where(ReleasedRow.rho >= rho)
        .where(ReleasedRow.question.startswith(form.partition(" ")[0] + " ", autoescape=True))
    )
    with control.connect() as connection:
        rows = connection.execute(query).all()
        for row in rows:
            held = formula(row.question)
            # A rule about other things implies nothing of this one, unless it is all or nobody.
            if held is None or (held.names and names and names.isdisjoint(held.names)):
                continue
            within, around = implies(asked, held), implies(held, asked)
            if not within and not around:
                continue
            body = select(ReleasedRow.body).where(
                ReleasedRow.tenant == control.tenant, ReleasedRow.digest == row.digest
            )
            release = Release.from_bytes(connection.execute(body).scalar_one().encode())
            if release.data != data or not release.lines:
                continue
            value = release.lines[0].figures["people"].value
            if within:
                most = min(most, minimum - 1 if value is None else value)
            if around and value is not None:
                least = max(least, value)
    return least, most
