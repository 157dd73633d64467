"""Anybody's experiment table, from CSV, Parquet or Arrow, with its mistakes named by row."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from fullhouse.core.arrays import Flags, Floats, Ints
from fullhouse.core.errors import CannotTellError, InputError, did_you_mean
from fullhouse.measurement.experiment import Experiment


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
    repeated = counted.filter(pc.greater(counted.field("counts"), 1))[:3].to_pylist()
    if repeated:
        who = ", ".join(f"{r['values']} ({r['counts']} rows)" for r in repeated)
        raise InputError(
            f"Column {name!r} must name each person once; these come more often: {who}."
            " Add up each person's rows first."
        )


def matrix(columns: Sequence[Floats], rows: int) -> Floats:
    """Columns side by side; (rows, 0) where there are none."""
    return np.column_stack(columns) if columns else np.zeros((rows, 0))


@dataclass(frozen=True)
class Assignment:
    """Who of an experiment's table is in which arm and stratum, by number; and covariates."""

    arms: tuple[str, ...]
    arm: Ints
    strata: tuple[str, ...]
    stratum: Ints
    covariates: Floats

    def cell(self, arm: int, stratum: int) -> Flags:
        """Who is in an arm and a stratum."""
        here: Flags = (self.arm == arm) & (self.stratum == stratum)
        return here


def assignment_of(table: pa.Table, experiment: Experiment) -> Assignment:
    """The arms and strata of a table's people; an error where an arm is missing."""
    arms, arm = np.unique(texts(table, experiment.arm), return_inverse=True)
    names = tuple(str(a) for a in arms)
    if experiment.control not in names:
        raise InputError(
            f"No control arm {experiment.control!r} in column {experiment.arm!r}."
            f"{did_you_mean(experiment.control, names)} Its arms: {', '.join(names)}."
        )
    for given in (experiment.shares, experiment.assigned, experiment.costs):
        for name in given or ():
            if name not in names:
                raise CannotTellError(
                    code="arm_empty",
                    arm=name,
                    column=experiment.arm,
                    hint=did_you_mean(name, names),
                )
    if len(names) < 2:
        raise CannotTellError(code="single_arm", arm=names[0])
    strata: tuple[str, ...] = ("all",)
    stratum: Ints = np.zeros(table.num_rows, dtype=np.int64)
    if experiment.strata is not None:
        values, stratum = np.unique(texts(table, experiment.strata), return_inverse=True)
        strata = tuple(str(s) for s in values)
    return Assignment(names, arm, strata, stratum, covariate_matrix(table, experiment.covariates))


def covariate_matrix(table: pa.Table, names: Sequence[str]) -> Floats:
    """Covariates as columns: numbers as they are, each value of a text but the first as 0 or 1."""
    columns: list[Floats] = []
    for name in names:
        if is_number(table, name):
            columns.append(numbers(table, name))
            continue
        words = texts(table, name)
        values = np.unique(words)
        if len(values) > 100:
            raise InputError(
                f"Covariate {name!r} has {len(values):,} different texts; 100 at most."
            )
        columns += [(words == v).astype(np.float64) for v in values[1:]]
    return matrix(columns, table.num_rows)


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
