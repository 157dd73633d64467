"""Anybody's experiment table, from CSV, Parquet or Arrow, with its mistakes named by row."""

import re
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
from fullhouse.measurement.experiment import Experiment, RepeatedRows


def load_table(source: pa.Table | str | Path) -> pa.Table:
    """The table itself, or that of a .csv, .csv.gz or .parquet file."""
    if isinstance(source, pa.Table):
        return source
    path = Path(source)
    if not path.is_file():
        raise InputError(f"There is no file {path}.")
    name = path.name.lower()
    try:
        if name.endswith((".csv", ".csv.gz")):
            with pa.input_stream(path, compression="gzip" if name.endswith(".gz") else None) as raw:
                return pa_csv.read_csv(raw)
        if name.endswith(".parquet"):
            return pq.read_table(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(f"{path} cannot be read: {error}") from error
    raise InputError(f"{path} must be a .csv, .csv.gz or .parquet file.")


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
    written, arm = np.unique(texts(table, experiment.arm), return_inverse=True)
    names, turn = arm_names([str(a) for a in written], experiment.arm)
    arm = turn[arm]
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


NO_NAMES = ("", "nan", "null", "na", "n/a", "<na>", "nat")
"""What programs write where there is no arm."""


def arm_names(written: Sequence[str], column: str) -> tuple[tuple[str, ...], Ints]:
    """The arms without blanks around their names, and which of them each written name is.

    An error for a name that is blank, and for two that differ in case only.

    >>> arm_names(["t", "t ", "none"], "arm")
    (('none', 't'), array([1, 1, 0]))
    """
    trimmed = [w.strip() for w in written]
    blank = [w for w, name in zip(written, trimmed, strict=True) if name.lower() in NO_NAMES]
    if blank:
        raise InputError(
            f"Column {column!r} holds {blank[0]!r}, which names no arm. Write the arm of everybody,"
            " or leave out the rows of people who were in none."
        )
    names = tuple(sorted(set(trimmed)))
    by_letters: dict[str, str] = {}
    for name in names:
        other = by_letters.setdefault(" ".join(name.casefold().split()), name)
        if other != name:
            raise InputError(
                f"Column {column!r} holds {other!r} and {name!r}: write one arm one way, or give"
                " two arms names that differ in more than capitals and blanks."
            )
    return names, np.array([names.index(t) for t in trimmed], dtype=np.int64)


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


FEW_VALUES = 20
"""Columns with no more values than this do not tell people apart."""
MOST_ALIKE = 50
"""More rows than this that agree are a common value, not one person."""
LEAST_ALIKE = 10


def repeated_rows(
    table: pa.Table, assignment: Assignment, experiment: Experiment
) -> RepeatedRows | None:
    """Whether people seem to stand in several rows, though no column was said to name them.

    Rows that agree in all columns of many values (outcomes aside, where others do) are of one arm
    about as often as the lot makes two people be, or nearly always: then they are one person's.
    """
    names = _telling(table, {experiment.arm, *experiment.outcomes})
    names = names or _telling(table, {experiment.arm})
    if not names:
        return None
    arms = pa.table({**{n: table[n] for n in names}, "an arm": pa.array(assignment.arm)})
    grouped = arms.group_by(names).aggregate([("an arm", "count"), ("an arm", "count_distinct")])
    size, of_arms = (
        np.asarray(grouped[f"an arm_{what}"].to_numpy()) for what in ("count", "count_distinct")
    )
    alike = (size > 1) & (size <= MOST_ALIKE)
    if alike.sum() < LEAST_ALIKE:
        return None
    shares = np.bincount(assignment.arm) / len(assignment.arm)
    by_lot = (shares[:, None] ** size[alike]).sum(0)
    same = of_arms[alike] == 1
    spread = float(np.sqrt((by_lot * (1 - by_lot)).sum()))
    if same.mean() < 0.9 or same.sum() < by_lot.sum() + 5 * spread:
        return None
    return RepeatedRows(rows=int(size[alike][same].sum()), rows_people=int(same.sum()))


def _telling(table: pa.Table, besides: set[str]) -> list[str]:
    """The columns of more than a few values, by which people can be told apart."""
    return [
        name
        for name in table.column_names
        if name not in besides
        and not pa.types.is_nested(table[name].type)
        and pc.count_distinct(table[name]).as_py() > FEW_VALUES
    ]


def two_factors(arms: Sequence[str]) -> tuple[str, ...]:
    """The arms, if their names cross two things, as none, a, b and a+b do; else nothing.

    >>> two_factors(["none", "mail", "push", "mail+push"])[-1]
    'mail+push'
    >>> two_factors(["red big", "red small", "blue big", "blue small"])[0]
    'red big'
    >>> two_factors(["none", "mail", "push"])
    ()
    """
    parts = {a: [p for p in re.split(r"[\W_]+", a.casefold()) if p and p != "and"] for a in arms}
    singles = {p[0] for p in parts.values() if len(p) == 1}
    joined = [p for p in parts.values() if len(p) == 2 and p[0] != p[1] and set(p) <= singles]
    pairs = {tuple(p) for p in parts.values() if len(p) == 2}
    first, second = {p[0] for p in pairs}, {p[1] for p in pairs}
    whole = len(pairs) == len(arms) == len(first) * len(second)
    crossed = whole and min(len(first), len(second)) > 1
    return tuple(arms) if joined or crossed else ()


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
