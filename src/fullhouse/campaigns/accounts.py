"""The accounts of sets of people, found in one pass over all accounts."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from fullhouse.campaigns.members import MOST, Members, members
from fullhouse.core.person_sets import PersonSet
from fullhouse.core.tables import ACCOUNT_PERSON
from fullhouse.lake import Lake

ROWS = 1 << 20
"""Accounts read at a time."""
WRITTEN = 1 << 18
"""Rows that are gathered before they are written: small row groups are slow to write and read."""


@dataclass(frozen=True)
class Wanted:
    """Some people, and the sources whose accounts of theirs are wanted."""

    people: PersonSet
    sources: tuple[str, ...]


def accounts_of(lake: Lake, wanted: Sequence[Wanted]) -> Iterator[tuple[int, pa.RecordBatch]]:
    """The number of a wanted set, and accounts of its people with their persons, bit by bit.

    All accounts are read once for every 64 sets; an account costs one look-up for all of them.
    """
    for first in range(0, len(wanted), MOST):
        some = wanted[first : first + MOST]
        here = members([w.people for w in some])
        # By source, the sets that want its accounts.
        of_source: dict[str, int] = {}
        for number, each in enumerate(some):
            for source in each.sources:
                of_source[source] = of_source.get(source, 0) | 1 << number
        columns = ["source", "account", "person"]
        for batch in lake.batches(ACCOUNT_PERSON, columns=columns, rows=ROWS):
            words = _words(batch, here, of_source)
            for number in range(len(some)):
                rows = np.flatnonzero(words & words.dtype.type(1 << number))
                if len(rows):
                    yield first + number, batch.take(pa.array(rows))


def _words(
    batch: pa.RecordBatch, here: Members, of_source: dict[str, int]
) -> npt.NDArray[np.unsignedinteger]:
    words = here.of(batch.column("person").to_numpy())
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
