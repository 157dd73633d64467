"""Rows that a link model compares, read from files and not stored, and the pairs it links."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import chain
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv
import pyarrow.parquet as pq

from fullhouse.core.errors import InputError, did_you_mean
from fullhouse.core.tables import PERSON_LINK
from fullhouse.engine import DuckDBEngine
from fullhouse.engine.expr import ibis
from fullhouse.feeds import expression
from fullhouse.feeds.compile import as_text, compile_node
from fullhouse.lake import Lake
from fullhouse.people.link import LinkPlan

MOST_UNREADABLE = 0.05
"""Share of birth dates that may be none, as slips of the pen are; more are another way to write."""
UNREADABLE = "unreadable_dates"


def read_attributes(files: Sequence[Path], plan: LinkPlan) -> pa.Table:
    """Rows (unique_id, source, account, fields of the plan) of CSV and Parquet files, in memory.

    Texts are lower-cased and trimmed, empty ones are null; rows without an account are an error.
    Rows come in the order of source, account and fields, whatever the order of files and rows.
    """
    if not files:
        raise InputError("No files given: name at least one CSV or Parquet file.")
    return attributes(pa.concat_tables([_read(f, plan) for f in files]), plan)


def attributes(rows: pa.Table, plan: LinkPlan) -> pa.Table:
    """The same from rows in memory, under the columns that the plan names."""
    columns = {
        "source": _source(rows, plan),
        "account": pc.utf8_trim_whitespace(rows[plan.account].cast(pa.string())),
    }
    for name in plan.fields:
        columns[name] = _plain(rows[plan.columns[name]])
    unreadable = 0
    if "birth_date" in columns:
        columns["birth_date"], unreadable = _dates(columns["birth_date"], plan)
    table = pa.table(columns)
    for key in ("source", "account"):
        if pc.any(pc.equal(pc.fill_null(table[key], ""), "")).as_py():
            raise InputError(f"Some rows have no {key}; a pair could not be named.")
    table = table.sort_by([(c, "ascending") for c in table.column_names])
    table = table.replace_schema_metadata({UNREADABLE: str(unreadable)})
    return table.add_column(0, "unique_id", pa.array(range(table.num_rows), pa.int64()))


def unreadable_dates(rows: pa.Table) -> int:
    """How many rows of `attributes` lost a birth date that was none."""
    return int((rows.schema.metadata or {}).get(UNREADABLE.encode(), b"0"))


def _source(rows: pa.Table, plan: LinkPlan) -> pa.ChunkedArray | pa.Array:
    if plan.source_column is not None:
        return pc.utf8_trim_whitespace(rows[plan.source_column].cast(pa.string()))
    return pa.array([plan.source] * rows.num_rows, pa.string())


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    text = pc.utf8_lower(pc.utf8_trim_whitespace(column.cast(pa.string())))
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)


def _dates(dates: pa.ChunkedArray, plan: LinkPlan) -> tuple[pa.ChunkedArray, int]:
    """The dates without those that are none, and how many rows that concerns.

    Where more than MOST_UNREADABLE of them are none, they are written in another way: compared as
    texts they would quietly link nobody, so that is an error.
    """
    odd = sorted(d for d in pc.unique(dates.drop_null()).to_pylist() if not _is_date(d))
    if not odd:
        return dates, 0
    is_odd = pc.is_in(dates, pa.array(odd, pa.string()))
    rows, given = pc.sum(is_odd).as_py(), len(dates) - dates.null_count
    if rows <= MOST_UNREADABLE * given:
        return pc.if_else(is_odd, pa.scalar(None, pa.string()), dates), rows
    shape = re.sub(r"[^\W\d_]", "a", re.sub(r"\d", "9", odd[0]))[:20]
    column = plan.columns["birth_date"]
    many = f"{rows:,} of {given:,} birth dates cannot be read"
    if not re.fullmatch(r"\w+", column):
        raise InputError(
            f"{many} by the expression {column}. Correct it, or make those values empty with"
            " nullif()."
        )
    raise InputError(
        f"{many} as YYYY-MM-DD; the first looks like {shape} (9 for a digit, a for a letter). Say"
        f""" how they are written, such as birth_date = "date({column}, '%d/%m/%Y')", and make"""
        " others empty with nullif()."
    )


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) is not None


def _read(file: Path, plan: LinkPlan) -> pa.Table:
    """The account, the source and the fields of a file's rows, as text, under the plan's words."""
    names = _names_in(file)
    trees = {text: _tree(text, names, plan, f) for f, text in plan.columns.items()}
    raw = [plan.account, *chain.from_iterable(expression.names(t) for t in trees.values())]
    if plan.source_column is not None:
        raw.append(plan.source_column)
    table = _read_columns(file, list(dict.fromkeys(raw)))
    keys = dict.fromkeys([plan.account, *([plan.source_column] if plan.source_column else [])])
    columns = {name: table[name] for name in keys}
    computed = {t: n for t, n in trees.items() if not isinstance(n, expression.Raw)}
    columns |= {t: table[n.name] for t, n in trees.items() if isinstance(n, expression.Raw)}
    if computed:
        columns |= _computed(table, computed, plan)
    return pa.table({c: v.cast(pa.string()) for c, v in columns.items()})


def _tree(text: str, names: Sequence[str], plan: LinkPlan, field: str) -> expression.Node:
    """The column of that very name, or else the expression."""
    if text in names or re.fullmatch(r"\w+", text):
        return expression.Raw(text)
    return expression.parse(text, what=f"{plan.name}: {field}")


def _computed(
    table: pa.Table, trees: Mapping[str, expression.Node], plan: LinkPlan
) -> dict[str, pa.ChunkedArray]:
    with DuckDBEngine(memory_limit="2GB") as engine:
        rows = engine.memory(table.append_column("_row", pa.array(range(table.num_rows))))
        wanted = {"_row": rows["_row"]}
        for number, (text, tree) in enumerate(trees.items()):
            value = compile_node(tree, rows, what=f"{plan.name}: {text}")
            if value.type == "time":
                # A mark, so that it counts as a date that is none.
                day = value.expr.cast("date").cast("string")
                wanted[f"value_{number}"] = ibis.ifelse(value.lost, "?", day)
                wanted[f"failed_{number}"] = ibis.literal(False)
                continue
            wanted[f"value_{number}"] = as_text(value).expr
            wanted[f"failed_{number}"] = value.lost
        result = engine.arrow(rows.select(**wanted)).sort_by("_row")
    for number, text in enumerate(trees):
        failed = pc.sum(pc.fill_null(result[f"failed_{number}"], False)).as_py() or 0
        if failed:
            raise InputError(
                f"[columns] {text} cannot be read in {failed:,} of {table.num_rows:,} rows."
                " Correct the expression, or make those values empty with nullif()."
            )
    return {text: result[f"value_{number}"] for number, text in enumerate(trees)}


def _names_in(file: Path) -> list[str]:
    if not file.is_file():
        raise InputError(f"There is no file {file}.")
    try:
        if file.suffix == ".parquet":
            return list(pq.read_schema(file).names)
        with pcsv.open_csv(file) as opened:
            return list(opened.schema.names)
    except (pa.ArrowInvalid, OSError) as problem:
        raise InputError(f"{file} is neither CSV nor Parquet that can be read: {problem}") from None


def _read_columns(file: Path, wanted: list[str]) -> pa.Table:
    if not file.is_file():
        raise InputError(f"There is no file {file}.")
    try:
        if file.suffix == ".parquet":
            names = pq.read_schema(file).names
            _has(file, wanted, names)
            table = pq.read_table(file, columns=wanted)
        else:
            types = dict.fromkeys(wanted, pa.string())
            convert = pcsv.ConvertOptions(column_types=types, strings_can_be_null=True)
            table = pcsv.read_csv(file, convert_options=convert)
            _has(file, wanted, table.column_names)
    except pa.ArrowInvalid as problem:
        raise InputError(f"{file} is neither CSV nor Parquet that can be read: {problem}") from None
    return table.select(wanted).cast(pa.schema([(c, pa.string()) for c in wanted]))


def _has(file: Path, wanted: Sequence[str], names: Sequence[str]) -> None:
    for column in wanted:
        if column not in names:
            raise InputError(
                f"{file.name} has no column {column!r}.{did_you_mean(column, names)}"
                f" Columns: {', '.join(names)}."
            )


def account_pairs(matched: pa.Table, rows: pa.Table, model: str) -> pa.Table:
    """Rows of person_link from matched pairs of unique ids.

    Each pair once, the smaller (source, account) first, with the largest probability of any of
    its rows; two rows of one account are no pair.
    """
    best: dict[tuple[tuple[str, str], tuple[str, str]], float] = {}
    names = list(zip(rows["source"].to_pylist(), rows["account"].to_pylist(), strict=True))
    for a, b, probability in zip(
        *(matched[c].to_pylist() for c in matched.column_names), strict=True
    ):
        first, second = sorted((names[a], names[b]))
        if first != second:
            best[first, second] = max(probability, best.get((first, second), 0.0))
    pairs = [
        (*first, *second, probability, model)
        for (first, second), probability in sorted(best.items())
    ]
    linked = [dict(zip(PERSON_LINK.names, row, strict=True)) for row in pairs]
    return pa.Table.from_pylist(linked, schema=PERSON_LINK.schema)


def write_pairs(lake: Lake, pairs: pa.Table, model: str) -> None:
    """Put a model's pairs in place of its earlier ones; other models' pairs stay."""
    lake.replace(PERSON_LINK, pairs, where={"model": model})


def expected_precision(pairs: pa.Table) -> float | None:
    """The share of pairs that are right if the model's probabilities are; None of no pairs."""
    mean: float | None = pc.mean(pairs["probability"]).as_py()
    return mean


def models(lake: Lake) -> Mapping[str, int]:
    """The models that have pairs, with the number of each."""
    names = lake.read(PERSON_LINK, columns=["model"])["model"]
    return {r["values"]: r["counts"] for r in pc.value_counts(names).to_pylist()}
