"""Going on with a large file: seconds from the command to the first new row, and what is stored.

    python -m benchmarks.resume --rows 10

A file of so many million purchases, with an e-mail for each, is taken in by a process that is
killed (-9) when all but the last chunks are in; then the same command is given again. Also, how
often each identifier stands in the lake.
"""

import argparse
import multiprocessing
import os
import signal
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.ingest import FEED
from benchmarks.measure import machine, table

CHUNK = 1_000_000


def make(path: str, rows: int) -> None:
    """Write a file of purchases by a twentieth as many accounts."""
    import duckdb

    options = "FORMAT parquet, CODEC zstd" if path.endswith(".parquet") else "FORMAT csv"
    query = f"""
        SELECT md5(i::VARCHAR) AS order_id, 'u' || (hash(i) % {rows // 20})::VARCHAR AS account,
            'p' || (hash(i + 1) % 50_000)::VARCHAR AS product,
            TIMESTAMP '2020-01-01' + INTERVAL (hash(i + 2) % 150_000_000) SECOND AS at,
            1 + (hash(i + 3) % 3)::BIGINT AS quantity,
            round((hash(i + 4) % 10_000) / 100, 2) AS price,
            'Department ' || (hash(i + 5) % 20)::VARCHAR AS category,
            'm' || (hash(i) % {rows // 20})::VARCHAR || '@x.example' AS mail
        FROM range({rows}) AS r(i)"""
    with duckdb.connect() as connection:
        connection.execute("SET memory_limit = '2GB'; SET preserve_insertion_order = true")
        connection.execute(f"COPY ({query}) TO '{path}' ({options})")


def cpu_seconds(pid: int) -> float:
    """What a process has used so far, in all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def ingest(root: str, feed: Path, path: str, rows_of: Any) -> None:
    """Take the file in, and report after each chunk how far it is."""
    from fullhouse import app

    def progress(_: str, rows: int = 0, __: int | None = None, /) -> None:
        rows_of.send(rows)

    with app.open_house(root) as workspace:
        context = replace(
            workspace, clock=lambda: datetime(2026, 1, 1, tzinfo=UTC), progress=progress
        )
        report = app.ingest(context, app.IngestFiles(feed, (path,)))
    rows_of.send(-max(report.written, 1))


def measured(folder: Path, rows: int, kind: str) -> list[object]:
    """One line of the table."""
    from fullhouse import app
    from fullhouse.core.tables import IDENTIFIER

    path, root = str(folder / f"orders.{kind}"), str(folder / f"house-{kind}")
    make(path, rows)
    app.init_house(root, environment={}).close()
    feed = folder / "feed.toml"
    feed.write_text(FEED + 'event_id = "order_id"\n[identifiers]\nemail = "mail"\n')
    context = multiprocessing.get_context("spawn")

    def start() -> tuple[Any, Any, float]:
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=ingest, args=(root, feed, path, theirs))
        begun = time.monotonic()
        process.start()
        theirs.close()
        return process, ours, begun

    process, pipe, begun = start()
    before = 0
    while before < rows - 3 * CHUNK:
        before = pipe.recv()
    whole = time.monotonic() - begun
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    log = Path(root, "lake/purchase/_delta_log")
    commits = len(list(log.glob("*.json")))
    process, pipe, begun = start()
    while len(list(log.glob("*.json"))) == commits:
        assert process.is_alive()
        time.sleep(0.01)
    first, used = time.monotonic() - begun, cpu_seconds(process.pid)
    now = 0
    while now >= 0:
        now = pipe.recv()
    process.join()
    with app.open_house(root) as house:
        stored = house.lake.read(IDENTIFIER, columns=["account", "kind", "digest"])
        once = stored.group_by(["account", "kind", "digest"]).aggregate([]).num_rows
        size = sum(f.stat().st_size for f in Path(root, "lake/identifier").rglob("*.parquet"))
    return [
        f"{rows // 1_000_000} M", kind, Path(path).stat().st_size / 1e6, whole, first, used,
        stored.num_rows, once, size / 1e6,
    ]  # fmt: skip


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10, help="millions of rows")
    parser.add_argument("--kinds", nargs="+", default=["csv", "parquet"])
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        lines = [measured(Path(folder), options.rows * 1_000_000, k) for k in options.kinds]
    heads = (
        "rows", "file", "MB", "seconds until killed", "seconds to the first new row",
        "CPU seconds to it",
        "identifiers stored", "accounts × values", "MB of them",
    )  # fmt: skip
    print(table(heads, lines))


if __name__ == "__main__":
    main()
