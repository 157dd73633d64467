"""Ingest: rows per second into the lake, beside plain DuckDB writing Parquet from the same file.

    python -m benchmarks.ingest --rows 1 10 100

Sizes are in millions of rows. The files are made first, in a temporary folder (`--folder`), and
are removed at the end: 100 million rows take 2 GB as Parquet and 8 GB as CSV.
"""

import argparse
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.measure import in_own_process, machine, table

COLUMNS = """
    {id} AS order_id,
    'u' || (hash(i) % 20_000_000)::VARCHAR AS account,
    'p' || (hash(i + 1) % 50_000)::VARCHAR AS product,
    TIMESTAMP '2020-01-01' + INTERVAL (hash(i + 2) % 150_000_000) SECOND AS at,
    1 + (hash(i + 3) % 3)::BIGINT AS quantity,
    round((hash(i + 4) % 10_000) / 100, 2) AS price,
    'Department ' || (hash(i + 5) % 20)::VARCHAR || ' > Category ' || (hash(i + 6) % 2_000)::VARCHAR
        AS category
"""
IDS = {"in order": "'o' || lpad(i::VARCHAR, 12, '0')", "at random": "md5(i::VARCHAR)"}
FEED = """
source = "shop"
kind = "purchase"
time_zone = "America/New_York"
[columns]
account = "account"
product = "product"
at = "at"
quantity = "quantity"
unit_price = "price"
category = "category"
"""


def make(path: str, rows: int, ids: str) -> None:
    """Write a file of purchases."""
    import duckdb

    columns = COLUMNS.format(id=IDS[ids])
    options = "FORMAT parquet, CODEC zstd" if path.endswith(".parquet") else "FORMAT csv"
    with duckdb.connect() as connection:
        connection.execute("SET memory_limit = '2GB'; SET preserve_insertion_order = true")
        query = f"SELECT {columns} FROM range({rows}) AS r(i)"
        connection.execute(f"COPY ({query}) TO '{path}' ({options})")


def plain_duckdb(path: str, to: str) -> int:
    """The same file to Parquet by DuckDB alone: no check, no time zone, no transaction."""
    import duckdb

    with duckdb.connect() as connection:
        connection.execute("SET memory_limit = '2GB'; SET preserve_insertion_order = false")
        connection.execute(f"COPY (FROM '{path}') TO '{to}' (FORMAT parquet, CODEC zstd)")
        size: int = Path(to).stat().st_size
    Path(to).unlink()
    return size


def ingest(path: str, root: str, with_ids: bool) -> int:
    """The same file into the lake."""
    from fullhouse import app

    app.init_house(root, environment={}).close()
    feed = Path(root) / "feed.toml"
    feed.write_text(FEED + ('event_id = "order_id"\n' if with_ids else ""))
    with app.open_house(root) as workspace:
        context = replace(workspace, clock=lambda: datetime(2026, 1, 1, tzinfo=UTC))
        report = app.ingest(context, app.IngestFiles(feed, (path,)))
    assert report.quarantined == {}
    shutil.rmtree(root)
    return report.written


def measured(folder: Path, rows: int, kinds: list[str], ids: list[str]) -> Iterator[list[object]]:
    """One row of the table for each file and way."""
    for kind in kinds:
        for order in ids:
            path = str(folder / f"orders.{kind}")
            in_own_process(make, path, rows, order)
            plain_s, plain_gb, _ = in_own_process(plain_duckdb, path, str(folder / "out.parquet"))
            for with_ids in (False, True):
                if not with_ids and order != ids[0]:
                    continue
                seconds, peak_gb, written = in_own_process(
                    ingest, path, str(folder / "house"), with_ids
                )
                assert written == rows
                case = f"ids {order}, each looked up" if with_ids else "known by its file"
                yield [
                    f"{rows // 1_000_000} M",
                    kind,
                    case,
                    seconds,
                    rows / seconds,
                    peak_gb,
                    rows / plain_s,
                    plain_gb,
                    seconds / plain_s,
                ]
            Path(path).unlink()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[10], help="millions of rows")
    parser.add_argument("--kinds", nargs="+", default=["parquet", "csv"])
    parser.add_argument("--ids", nargs="+", default=list(IDS), choices=list(IDS))
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    print(machine())
    measurements: list[list[object]] = []
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        for millions in options.rows:
            rows = millions * 1_000_000
            for row in measured(Path(folder), rows, options.kinds, options.ids):
                measurements.append(row)
                print(row, flush=True)
    heads = (
        "rows", "file", "feed", "seconds", "rows/s", "peak GB", "DuckDB rows/s", "DuckDB peak GB",
        "times DuckDB",
    )  # fmt: skip
    print(table(heads, measurements))


if __name__ == "__main__":
    main()
