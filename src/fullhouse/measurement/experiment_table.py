"""Anybody's experiment table, from CSV, Parquet or Arrow, with its mistakes named by row."""

import re
import unicodedata
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

GZIP = b"\x1f\x8b"
"""How a file packed with gzip begins."""


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
            _check_packing(path, packed=name.endswith(".gz"))
            with pa.input_stream(path, compression="gzip" if name.endswith(".gz") else None) as raw:
                return pa_csv.read_csv(raw)
        if name.endswith(".parquet"):
            return pq.read_table(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(f"{path} cannot be read: {error}") from error
    raise InputError(f"{path} must be a .csv, .csv.gz or .parquet file.")


def _check_packing(path: Path, *, packed: bool) -> None:
    with path.open("rb") as file:
        is_packed = file.read(2) == GZIP
    if is_packed and not packed:
        raise InputError(f"{path} is packed with gzip: name it .csv.gz.")
    if packed and not is_packed:
        raise InputError(f"{path} is not packed with gzip: name it .csv, or pack it.")


def check_columns(table: pa.Table, names: Iterable[str]) -> None:
    """An error for the first named column that the table does not have."""
    for name in names:
        if name not in table.column_names:
            raise InputError(
                f"The table has no column {name!r}.{did_you_mean(name, table.column_names)}"
                f" It has: {', '.join(table.column_names)}.{_separated(table)}"
            )


def _separated(table: pa.Table) -> str:
    """What to do where the whole first line is one column."""
    whole = table.column_names[0] if table.num_columns == 1 else ""
    other = next((s for s in (";", "\t", "|") if s in whole), None)
    return f" Its columns seem to be separated by {other!r}: separate them by commas." * bool(other)


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

    Characters that nobody sees count as blanks. An error for a name that is blank, and for two
    that differ only in case, blanks or the width of letters.

    >>> arm_names(["t", "t ", "none"], "arm")
    (('none', 't'), array([1, 1, 0]))
    """
    trimmed = [trimmed_name(w) for w in written]
    blank = [w for w, name in zip(written, trimmed, strict=True) if name.lower() in NO_NAMES]
    if blank:
        raise InputError(
            f"Column {column!r} holds {blank[0]!r}, which names no arm. Write the arm of everybody,"
            " or leave out the rows of people who were in none."
        )
    names = tuple(sorted(set(trimmed)))
    check_alike(names, column)
    return names, np.array([names.index(t) for t in trimmed], dtype=np.int64)


def trimmed_name(written: str) -> str:
    """A name without blanks around it and without characters that nobody sees."""
    return "".join(c for c in written if unicodedata.category(c) != "Cf").strip()


def look_of(name: str) -> str:
    """A name without what a reader does not tell apart: case, blanks, the width of letters."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def check_alike(names: Iterable[str], column: str, what: str = "arms") -> None:
    """An error for two names that a reader takes for one."""
    by_look: dict[str, str] = {}
    for name in names:
        other = by_look.setdefault(look_of(name), name)
        if other != name:
            raise InputError(
                f"Column {column!r} holds {other!r} and {name!r}: write each of the {what} one way,"
                f" or give two {what} names that differ in more than capitals, blanks and the width"
                " of letters."
            )


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


BOTH, NEITHER = ("both", "all", "together"), ("neither", "none", "nothing", "control")


def two_factors(arms: Sequence[str]) -> tuple[str, ...]:
    """The arms, if their names cross two things, as none, a, b and a+b do; else nothing.

    >>> two_factors(["none", "mail", "push", "mail+push"])[-1]
    'mail+push'
    >>> two_factors(["red big", "red small", "blue big", "blue small"])[0]
    'red big'
    >>> two_factors(["no mail, no push", "no mail, push", "mail, no push", "mail, push"])[-1]
    'mail, push'
    >>> two_factors(["neither", "mail", "push", "both"])[-1]
    'both'
    >>> two_factors(["none", "mail", "push"]), two_factors([str(n) for n in range(10, 20)])
    ((), ())
    """
    names = [a.casefold() for a in arms]
    parts = [[p for p in re.split(r"[\W_]+", a) if p and p != "and"] for a in names]
    singles = {p[0] for p in parts if len(p) == 1}
    joined = [p for p in parts if len(p) == 2 and p[0] != p[1] and set(p) <= singles]
    named = len(arms) == 4 and any(b in names for b in BOTH) and any(n in names for n in NEITHER)
    return tuple(arms) if joined or named or _are_product(names) else ()


def _are_product(names: Sequence[str]) -> bool:
    """Whether the names are each of some beginnings with each of some ends.

    The first name is cut everywhere; numbers are not, but for four of 0 and 1: ten arms that are
    numbered 10 to 19 are not two things.
    """
    first, every, codes = names[0], set(names), sorted(names) == ["00", "01", "10", "11"]
    for cut in range(1, len(first)):
        begin, end = first[:cut], first[cut:]
        if begin[-1].isdigit() and end[0].isdigit() and not codes:
            continue
        begins = {n.removesuffix(end) for n in names if n.endswith(end)}
        ends = {n[cut:] for n in names if n.startswith(begin)}
        # Of 'red', 'red dark' the shorter begins names of both.
        ends = {e for e in ends if all(b + e in every for b in begins)}
        whole = len(ends) * len(begins) == len(every) and min(len(ends), len(begins)) > 1
        if whole and {b + e for b in begins for e in ends} == every:
            return True
    return False


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
