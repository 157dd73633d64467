"""Which of many sets each person is in: one word for each person, read once for each account."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fullhouse.core.person_sets import LOW, PersonSet, low_ids_of
from fullhouse.core.values import BLOCK_BITS, BLOCK_SIZE

MOST = 64
"""Sets in one word."""


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
        found: npt.NDArray[np.unsignedinteger] = self.words.take(at)
        return found


def members(sets: Sequence[PersonSet]) -> Members:
    """The words of up to 64 sets."""
    assert len(sets) <= MOST
    blocks = sorted({b for people in sets for b, here in people.items() if here})
    row_of = np.zeros(max(blocks, default=-1) + 2, np.int64)
    row_of[blocks] = np.arange(1, len(blocks) + 1)
    kind = np.dtype(f"u{next(n for n in (1, 2, 4, 8) if 8 * n >= len(sets))}")
    words = np.zeros((len(blocks) + 1, BLOCK_SIZE), kind)
    for number, people in enumerate(sets):
        bit = kind.type(1 << number)
        for block, here in people.items():
            if here:
                words[row_of[block]][low_ids_of(here)] |= bit
    return Members(row_of, words.reshape(-1))
