"""A piece of a raw file: the rows that could be read, and those that could not."""

from dataclasses import dataclass

import pyarrow as pa

ROW = "__row"
"""Name of the column that numbers the rows of a file from 1, blank lines and header left out."""

UNPARSEABLE = "unparseable_row"
WRONG_ENCODING = "wrong_encoding"


@dataclass(frozen=True)
class Bad:
    """A row that could not be read."""

    row: int
    reason: str
    detail: str
    line: str


@dataclass(frozen=True)
class Piece:
    """Consecutive rows of a file; `last` is the number of the last row, good or bad."""

    rows: pa.Table
    bad: tuple[Bad, ...]
    last: int


def numbered(rows: pa.Table, numbers: pa.Array) -> pa.Table:
    """The rows with their numbers."""
    return rows.append_column(pa.field(ROW, pa.int64()), numbers)
