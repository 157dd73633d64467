"""Anybody's experiment table, from CSV, Parquet or Arrow, with its mistakes named by row."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from fullhouse.core.arrays import Floats
from fullhouse.core.errors import InputError, did_you_mean


def load_table(source: pa.Table | str | Path) -> pa.Table:
    """The table itself, or that of a .csv or .parquet file."""
    if isinstance(source, pa.Table):
        return source
    path = Path(source)
    if not path.is_file():
        raise InputError(f"There is no file {path}.")
    try:
        match path.suffix.lower():
            case ".csv":
                return pa_csv.read_csv(path)
            case ".parquet":
                return pq.read_table(path)
    except pa.ArrowInvalid as error:
        raise InputError(f"{path} cannot be read: {error}") from error
    raise InputError(f"{path} must be a .csv or .parquet file.")


def check_columns(table: pa.Table, names: Iterable[str]) -> None:
    """An error for the first named column that the table does not have."""
    for name in names:
        if name not in table.column_names:
            raise InputError(
                f"The table has no column {name!r}.{did_you_mean(name, table.column_names)}"
                f" It has: {', '.join(table.column_names)}."
            )


def numbers(table: pa.Table, name: str) -> Floats:
    """A column as finite numbers; true is 1. An error names the first row that is none."""
    column = table[name]
    kind = column.type
    if pa.types.is_boolean(kind):
        column = column.cast(pa.int8())
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
        _not_a_number(column, name)
    elif not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or _decimal(kind)):
        raise InputError(f"Column {name!r} must hold numbers, and holds {kind}.")
    _filled(column, name)
    values = np.asarray(column.cast(pa.float64()).to_numpy(), dtype=np.float64)
    wrong = np.flatnonzero(~np.isfinite(values))
    if len(wrong):
        raise InputError(
            f"Column {name!r} must hold finite numbers; row {wrong[0] + 1} is {values[wrong[0]]}."
        )
    return values


def texts(table: pa.Table, name: str) -> npt.NDArray[np.str_]:
    """A column as texts, none of them missing."""
    column = table[name]
    _filled(column, name)
    return np.asarray(column.cast(pa.string()).to_pylist(), dtype=np.str_)


def is_number(table: pa.Table, name: str) -> bool:
    """Whether a column holds numbers or yes and no, rather than words."""
    kind = table[name].type
    return bool(
        pa.types.is_boolean(kind)
        or pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or _decimal(kind)
    )


def check_unique(table: pa.Table, name: str) -> None:
    """An error for a person who stands in two rows: chance was drawn once for each."""
    column = table[name]
    _filled(column, name)
    counted = pc.value_counts(column)
    many = counted.filter(pc.greater(counted.field("counts"), 1))[:3].to_pylist()
    if many:
        who = ", ".join(f"{m['values']} ({m['counts']} rows)" for m in many)
        raise InputError(
            f"Column {name!r} must name each person once; these come more often: {who}."
            " Add up each person's rows first."
        )


def matrix(columns: Sequence[Floats], rows: int) -> Floats:
    """Columns side by side; (rows, 0) where there are none."""
    return np.column_stack(columns) if columns else np.zeros((rows, 0))


def _filled(column: pa.ChunkedArray, name: str) -> None:
    if column.null_count:
        row = pc.index(column.is_null(), value=True).as_py()
        raise InputError(
            f"Column {name!r} is empty in row {row + 1} ({column.null_count:,} in all). Who did"
            " nothing has a 0, not nothing."
        )


def _not_a_number(column: pa.ChunkedArray, name: str) -> None:
    for row, value in enumerate(column.to_pylist()):
        try:
            float(value or "")
        except ValueError:
            raise InputError(
                f"Column {name!r} must hold numbers; row {row + 1} is {value!r}."
            ) from None
    raise InputError(f"Column {name!r} holds numbers written as text; store them as numbers.")


def _decimal(kind: pa.DataType) -> bool:
    return bool(pa.types.is_decimal(kind))
