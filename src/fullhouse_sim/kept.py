"""What day tasks need of each chunk, on disk in few bytes, so that no chunk is made twice.

The files are plain arrays of records, mapped read-only: workers share their pages.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fullhouse.core.arrays import Ints
from fullhouse_sim.market import CHUNK
from fullhouse_sim.population import TASTES, People

KINDS: dict[str, list[Any]] = {
    "people": [
        ("age", "i1"), ("female", "?"), ("city", "i1"), ("hobbies", "u2"), ("activity", "f4"),
        ("tastes", "f2", (len(TASTES),)),
    ],
    "account": [
        ("person", "u2"), ("number", "u4"), ("joined", "i2"), ("hobbies", "u2"), ("rate", "f8"),
    ],
    "visit": [
        ("day", "i2"), ("buyer", "u2"), ("film", "i2"), ("showing_day", "i2"), ("quantity", "i1"),
    ],
    "want": [("day", "i2"), ("person", "u2"), ("film", "i2"), ("minute", "i2")],
}  # fmt: skip
"""Records by kind."""


def keep(
    folder: Path, name: str, chunk: int, kind: str, columns: Mapping[str, npt.NDArray[Any]]
) -> None:
    """Write a chunk's records."""
    dtype = np.dtype(KINDS[kind])
    names = dtype.names or ()
    records = np.zeros(len(columns[names[0]]), dtype)
    for name_ in names:
        records[name_] = columns[name_]
    records.tofile(_path(folder, name, chunk))


def kept(folder: Path, name: str, chunk: int, kind: str) -> npt.NDArray[np.void]:
    """A chunk's records, mapped."""
    path, dtype = _path(folder, name, chunk), np.dtype(KINDS[kind])
    if not path.stat().st_size:
        return np.zeros(0, dtype)
    return np.memmap(path, dtype, "r").view(np.ndarray)


def drop(folder: Path, name: str, chunk: int) -> None:
    """Remove a chunk's records."""
    _path(folder, name, chunk).unlink()


def column(records: npt.NDArray[np.void], name: str) -> Ints:
    """A column of whole numbers."""
    return records[name].astype(np.int64)


def kept_people(records: npt.NDArray[np.void], chunk: int, *, tastes: bool = True) -> People:
    """People with what was kept of them; households and incomes were not."""
    nothing = np.zeros(len(records), np.int64)
    liked = records["tastes"] if tastes else np.zeros((len(records), 0))
    return People(
        first=chunk * CHUNK,
        household=nothing,
        age=column(records, "age"),
        female=records["female"],
        city=column(records, "city"),
        income=nothing.astype(np.float64),
        activity=records["activity"].astype(np.float64),
        hobbies=column(records, "hobbies"),
        tastes=liked.astype(np.float64),
    )


def _path(folder: Path, name: str, chunk: int) -> Path:
    return folder / f"{name}-{chunk:05d}"
