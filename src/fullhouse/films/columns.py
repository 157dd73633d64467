"""Read a table of a file whose rows may be bad: every column as it should be, and the bad rows."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv
import pyarrow.parquet as pq

from fullhouse.core.arrays import Flags
from fullhouse.core.errors import InputError, did_you_mean
from fullhouse.films.film import Problem


def read_table(path: Path, *, what: str) -> pa.Table:
    """The rows of a Parquet file, or of a CSV file with every column as text."""
    if not path.is_file():
        raise InputError(f"There is no file {path}.")
    try:
        if path.suffix == ".parquet":
            return pq.read_table(path)
        with path.open("rb") as file:
            head = pcsv.open_csv(file, parse_options=_PARSE).schema.names
        convert = pcsv.ConvertOptions(
            column_types=dict.fromkeys(head, pa.string()),
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
            null_values=[""],
        )
        rows = pcsv.read_csv(path, parse_options=_PARSE, convert_options=convert)
    except (pa.ArrowInvalid, pa.ArrowKeyError, OSError) as problem:
        raise InputError(
            f"{path.name} cannot be read as {what}: {str(problem).splitlines()[0]}."
            " A CSV file in UTF-8 with a head, or a Parquet file, would do."
        ) from None
    return rows.rename_columns([n.strip() for n in rows.column_names])


_PARSE = pcsv.ParseOptions(newlines_in_values=True)


def need_columns(path: Path, given: Sequence[str], needed: Sequence[str], *, what: str) -> None:
    """An error that says which columns a file does not have, or has more than once."""
    twice = sorted(n for n, count in Counter(given).items() if count > 1)
    if twice:
        raise InputError(
            f"{path.name} has more than one column {', '.join(twice)}. Each column once would do."
        )
    missing = [n for n in needed if n not in given]
    if missing:
        near = "".join(did_you_mean(n, given) for n in missing)
        raise InputError(
            f"{path.name} is not {what}: it has no column {', '.join(missing)}."
            f" It has {', '.join(given)}.{near}"
        )


MISSING = frozenset(
    {"n/a", "n.a.", "n.a", "na", "#n/a", "#na", "nan", "null", "none", "nil", "-", "--", "–", "—",
     "?", "tba", "tbd", "tbc", "unknown", "not available", "not known", "missing",
     "暂无", "未知", "待定", "无"}
)  # fmt: skip
"""What people write where a value is missing. Titles are taken as they stand: None is a film."""


def known(text: str) -> str:
    """The text without blanks at its ends; empty where it says that nothing is known.

    >>> known(" N/A "), known("Larch Films")
    ('', 'Larch Films')
    """
    text = text.strip()
    return "" if text.casefold() in MISSING else text


def dates(column: pa.ChunkedArray) -> tuple[pa.Array, Flags]:
    """A column as dates; bad is what is there and is no date written YYYY-MM-DD."""
    column = _whole(column)
    if pa.types.is_temporal(column.type):
        return column.cast(pa.date32(), safe=False), np.zeros(len(column), dtype=bool)
    text = _known(column)
    parsed = pc.strptime(text, format="%Y-%m-%d", unit="s", error_is_null=True)
    # strptime takes 2017-02-31 and 2017-1-5: only what reads back as it was is a date.
    same = pc.fill_null(pc.equal(pc.strftime(parsed, format="%Y-%m-%d"), text), False)
    parsed = pc.if_else(same, parsed, pa.scalar(None, parsed.type)).cast(pa.date32())
    return parsed, _bad(text, parsed)


def numbers(column: pa.ChunkedArray) -> tuple[pa.Array, Flags]:
    """A column as numbers; bad is what is there and is no finite number."""
    column = _whole(column)
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        parsed = column.cast(pa.float64())
        finite = pc.fill_null(pc.is_finite(parsed), True)
        return pc.if_else(finite, parsed, None), ~np.asarray(finite)
    text = _known(column)
    fits = pc.match_substring_regex(text, r"^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,2})?$")
    parsed = pc.if_else(fits, text, pa.scalar(None, pa.string())).cast(pa.float64())
    return parsed, _bad(text, parsed)


def titles(column: pa.ChunkedArray) -> pa.Array:
    """A column as trimmed text, as it stands; empty is null."""
    return _text(_whole(column))


def texts(column: pa.ChunkedArray) -> pa.Array:
    """A column as trimmed text; what is empty or says that nothing is known is null."""
    return _known(_whole(column))


def _known(column: pa.Array) -> pa.Array:
    text = _text(column)
    missing = pc.is_in(pc.utf8_lower(text), value_set=pa.array(sorted(MISSING), pa.string()))
    return pc.if_else(missing, pa.scalar(None, pa.string()), text)


class Refusals:
    """Which rows of a table were refused so far, and why."""

    def __init__(self, rows: int) -> None:
        self.good = np.ones(rows, dtype=bool)
        self.problems: list[Problem] = []

    def refuse(self, bad: Flags, problem: str, given: pa.Array | pa.ChunkedArray) -> None:
        """Refuse rows that were not refused before."""
        for row in np.flatnonzero(bad & self.good):
            self.problems.append(Problem(int(row) + 1, problem, _show(given[int(row)].as_py())))
        self.good &= ~bad

    def in_order(self) -> tuple[Problem, ...]:
        """Every problem in the order of rows."""
        return tuple(sorted(self.problems))


def null(column: pa.Array) -> Flags:
    """Which values are missing."""
    return np.asarray(column.is_null())


def _show(value: object) -> str:
    return "nothing" if value is None else str(value)[:80]


def _whole(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _text(column: pa.Array) -> pa.Array:
    if not pa.types.is_string(column.type):
        try:
            column = column.cast(pa.string())
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            raise InputError(
                f"A column of type {column.type} is no text. Text, numbers or dates would do."
            ) from None
    text = pc.utf8_trim_whitespace(column)
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)


def _bad(given: pa.Array, parsed: pa.Array) -> Flags:
    bad: Flags = np.asarray(given.is_valid()) & np.asarray(parsed.is_null())
    return bad
