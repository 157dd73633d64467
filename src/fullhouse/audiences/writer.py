"""A CSV or Parquet file that appears whole or not at all."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from fullhouse.core.errors import InputError


@contextmanager
def writer(file: Path, schema: pa.Schema) -> Iterator[Callable[[pa.RecordBatch], None]]:
    """A function that writes batches to a file, which is there once all went well."""
    if not file.parent.is_dir():
        raise InputError(f"There is no folder {file.parent}.")
    handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    try:
        with os.fdopen(handle, "wb") as raw:
            make = pacsv.CSVWriter if file.suffix == ".csv" else pq.ParquetWriter
            with make(raw, schema) as out:
                yield lambda batch: out.write_batch(batch.cast(schema))
            raw.flush()
            os.fsync(raw.fileno())
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
