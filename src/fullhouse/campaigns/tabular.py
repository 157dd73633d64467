"""The operator's own files of accounts, Parquet or CSV, as text columns."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from fullhouse.core.errors import InputError

ENDINGS = (".parquet", ".csv", ".csv.gz")


def columns_of(file: str | Path, *, what: str) -> list[str]:
    """The names of a file's columns, without reading the rest."""
    path = _path(file, what)
    try:
        if path.suffix == ".parquet":
            return list(pq.read_schema(path).names)
        with pacsv.open_csv(path) as opened:
            return list(opened.schema.names)
    except (pa.ArrowInvalid, OSError) as problem:
        raise InputError(f"{what}: {path.name} cannot be read: {problem}") from None


def read_columns(
    file: str | Path, *, required: Sequence[str], optional: Sequence[str] = (), what: str
) -> pa.Table:
    """Some columns of a file as text; an error that names what is missing."""
    path, there = _path(file, what), columns_of(file, what=what)
    missing = [c for c in required if c not in there]
    if missing:
        raise InputError(
            f"{what}: {path.name} has no column {', '.join(missing)}; it has {', '.join(there)}."
        )
    names = [*required, *(c for c in optional if c in there)]
    try:
        if path.suffix == ".parquet":
            rows = pq.read_table(path, columns=names)
        else:
            # As text, so that an account '007' or a phone keeps its zeros.
            kept = pacsv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), include_columns=names
            )
            rows = pacsv.read_csv(path, convert_options=kept)
        return rows.select(names).cast(pa.schema([(c, pa.string()) for c in names]))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as problem:
        raise InputError(f"{what}: {path.name} cannot be read: {problem}") from None


def _path(file: str | Path, what: str) -> Path:
    path = Path(file).expanduser()
    if not path.name.lower().endswith(ENDINGS):
        raise InputError(f"{what} takes a file ending in {', '.join(ENDINGS)}, not {path.name!r}.")
    if not path.is_file():
        raise InputError(f"{what}: there is no file {path}.")
    return path
