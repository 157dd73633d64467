"""Rows that a link model compares, read from files and not stored, and the pairs it links."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv
import pyarrow.parquet as pq

from fullhouse.core.errors import InputError, did_you_mean
from fullhouse.core.tables import PERSON_LINK
from fullhouse.lake import Lake
from fullhouse.people.link import LinkPlan


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
    table = pa.table(columns)
    for key in ("source", "account"):
        if pc.any(pc.equal(pc.fill_null(table[key], ""), "")).as_py():
            raise InputError(f"Some rows have no {key}; a pair could not be named.")
    table = table.sort_by([(c, "ascending") for c in table.column_names])
    return table.add_column(0, "unique_id", pa.array(range(table.num_rows), pa.int64()))


def _source(rows: pa.Table, plan: LinkPlan) -> pa.ChunkedArray | pa.Array:
    if plan.source_column is not None:
        return pc.utf8_trim_whitespace(rows[plan.source_column].cast(pa.string()))
    return pa.array([plan.source] * rows.num_rows, pa.string())


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    text = pc.utf8_lower(pc.utf8_trim_whitespace(column.cast(pa.string())))
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)


def _read(file: Path, plan: LinkPlan) -> pa.Table:
    wanted = [plan.account, *plan.columns.values()]
    if plan.source_column is not None:
        wanted.append(plan.source_column)
    wanted = list(dict.fromkeys(wanted))
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
