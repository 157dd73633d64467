"""The accounts of sets of people, from one pass over all accounts."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from fullhouse.core.person_sets import LOW, PersonSet, low_ids_of
from fullhouse.core.tables import ACCOUNT_PERSON
from fullhouse.core.values import BLOCK_BITS
from fullhouse.lake import Lake

MOST = 64
"""Sets of people in one word."""
ROWS = 1 << 20
"""Accounts read at a time."""
WRITTEN = 1 << 18
"""Rows that are gathered before they are written: small row groups are slow to write and read."""


@dataclass(frozen=True)
class AccountsWanted:
    """Some people, and the sources whose accounts of theirs are wanted."""

    people: PersonSet
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Members:
    """Bit i of a person's word says whether they are in set i.

    Words stand by block, those that have nobody not at all: `row_of` gives a block's row, row 0
    being empty. A person costs one byte for up to 8 sets, two for up to 16, eight for up to 64.
    """

    row_of: npt.NDArray[np.int64]
    words: npt.NDArray[np.unsignedinteger]

    def of(self, persons: npt.NDArray[np.int64]) -> npt.NDArray[np.unsignedinteger]:
        """The words of some persons."""
        blocks = np.minimum(persons >> BLOCK_BITS, len(self.row_of) - 1)
        at = self.row_of[blocks]
        at <<= BLOCK_BITS
        at |= persons & LOW
        words: npt.NDArray[np.unsignedinteger] = self.words.take(at)
        return words


def members(sets: Sequence[PersonSet]) -> Members:
    """The words of up to 64 sets."""
    assert len(sets) <= MOST
    blocks = sorted({b for people in sets for b, here in people.items() if here})
    row_of = np.zeros(max(blocks, default=-1) + 2, np.int64)
    row_of[blocks] = np.arange(1, len(blocks) + 1)
    kind = np.dtype(f"u{next(n for n in (1, 2, 4, 8) if 8 * n >= len(sets))}")
    words = np.zeros((len(blocks) + 1, 1 << BLOCK_BITS), kind)
    for number, people in enumerate(sets):
        bit = kind.type(1 << number)
        for block, here in people.items():
            if here:
                words[row_of[block]][low_ids_of(here)] |= bit
    return Members(row_of, words.reshape(-1))


def accounts_of(
    lake: Lake, wanted: Sequence[AccountsWanted]
) -> Iterator[tuple[int, pa.RecordBatch]]:
    """The number of a wanted set, and accounts of its people with their persons, bit by bit.

    All accounts are read once for every 64 sets; an account costs one look-up for all of them.
    """
    for first in range(0, len(wanted), MOST):
        some = wanted[first : first + MOST]
        membership = members([w.people for w in some])
        # By source, the sets that want its accounts.
        of_source: dict[str, int] = {}
        for number, each in enumerate(some):
            for source in each.sources:
                of_source[source] = of_source.get(source, 0) | 1 << number
        columns = ["source", "account", "person"]
        for batch in lake.batches(ACCOUNT_PERSON, columns=columns, rows=ROWS):
            words = _words(batch, membership, of_source)
            for number in range(len(some)):
                rows = np.flatnonzero(words & words.dtype.type(1 << number))
                if len(rows):
                    yield first + number, batch.take(pa.array(rows))


def _words(
    batch: pa.RecordBatch, membership: Members, of_source: dict[str, int]
) -> npt.NDArray[np.unsignedinteger]:
    words = membership.of(batch.column("person").to_numpy())
    sources = pc.dictionary_encode(batch.column("source"))
    allowed = [of_source.get(s, 0) for s in sources.dictionary.to_pylist()]
    words &= np.array(allowed, words.dtype)[sources.indices.to_numpy()]
    return words


@dataclass
class Gathered:
    """Batches on their way to a file, joined to larger ones; and how many rows there were."""

    write: Callable[[pa.RecordBatch], None]
    rows: int = 0
    _waiting: list[pa.RecordBatch] = field(default_factory=list)
    _many: int = 0

    def add(self, batch: pa.RecordBatch) -> None:
        """Take a batch; written at once or later."""
        self.rows += batch.num_rows
        self._many += batch.num_rows
        self._waiting.append(batch)
        if self._many >= WRITTEN:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        if self._waiting:
            self.write(pa.concat_batches(self._waiting))
        self._waiting, self._many = [], 0
