"""A growing set of 64-bit hashes on disk, in bounded memory: which ids may have been met before."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

UInts = npt.NDArray[np.uint64]
Flags = npt.NDArray[np.bool_]

BLOCK = 1 << 18
"""Hashes that are in memory at a time, of each run."""
_NONE: UInts = np.zeros(0, dtype=np.uint64)


@dataclass(frozen=True)
class _Run:
    """A file of ascending hashes, and the first one of each block of it."""

    file: Path
    size: int
    firsts: UInts

    def block(self, number: int) -> UInts:
        return np.fromfile(self.file, np.uint64, count=BLOCK, offset=number * BLOCK * 8)

    def blocks(self) -> Iterator[UInts]:
        for number in range(len(self.firsts)):
            yield self.block(number)


class Hashes:
    """Sorted runs, each at least twice as long as the next: some log2(n) files, merged as it grows.

    Looking up a million hashes among a hundred million reads 800 MB of the page cache, in order.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number = 0
        self._runs: list[_Run] = []

    def __len__(self) -> int:
        """How many there are; one that was added twice may count twice."""
        return sum(run.size for run in self._runs)

    def add(self, hashes: UInts) -> None:
        """Put some hashes in it."""
        ordered = np.sort(hashes)
        if not len(ordered):
            return
        self._runs.append(self._written(iter([ordered])))
        while len(self._runs) > 1 and self._runs[-2].size < 2 * self._runs[-1].size:
            right, left = self._runs.pop(), self._runs.pop()
            self._runs.append(self._written(_merged(left, right)))
            left.file.unlink()
            right.file.unlink()

    def inside(self, hashes: UInts) -> Flags:
        """Which of some hashes are in it."""
        order = np.argsort(hashes)
        ordered = hashes[order]
        result = np.zeros(len(hashes), dtype=bool)
        for run in self._runs:
            starts = np.searchsorted(ordered, run.firsts)
            stops = np.append(starts[1:], len(ordered))
            for number in np.flatnonzero(starts < stops).tolist():
                block, some = run.block(number), slice(starts[number], stops[number])
                wanted = ordered[some]
                places = np.minimum(np.searchsorted(block, wanted), len(block) - 1)
                result[some] |= block[places] == wanted
        answer = np.empty_like(result)
        answer[order] = result
        return answer

    def _written(self, parts: Iterator[UInts]) -> _Run:
        file = self._folder / f"hashes-{self._number}"
        self._number += 1
        size, firsts = 0, []
        with file.open("wb") as out:
            for part in parts:
                # Where a block begins inside this part.
                firsts.append(part[-size % BLOCK :: BLOCK])
                part.tofile(out)
                size += len(part)
        return _Run(file, size, np.concatenate(firsts))


def _merged(left: _Run, right: _Run) -> Iterator[UInts]:
    """The hashes of both in order, a block of each in memory at a time."""
    of_left, of_right = left.blocks(), right.blocks()
    a, b = next(of_left, _NONE), next(of_right, _NONE)
    while len(a) and len(b):
        limit = min(a[-1], b[-1])
        i, j = (int(np.searchsorted(x, limit, "right")) for x in (a, b))
        both = np.concatenate((a[:i], b[:j]))
        both.sort(kind="stable")  # two ascending parts: merged, not sorted
        yield both
        a = a[i:] if i < len(a) else next(of_left, _NONE)
        b = b[j:] if j < len(b) else next(of_right, _NONE)
    for rest, others in ((a, of_left), (b, of_right)):
        if len(rest):
            yield rest
            yield from others
