"""Files at an object-store URL are taken in like files in a folder, also into a lake at one."""

import gzip
import io
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from fullhouse import app
from fullhouse.core.errors import InputError
from fullhouse.core.tables import PURCHASE


@pytest.fixture(scope="module")
def bucket() -> Iterator[Any]:
    """A client of a local S3 server with one bucket, which the environment points at."""
    pytest.importorskip("moto.server")
    boto3 = pytest.importorskip("boto3")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    arguments = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    quiet = subprocess.DEVNULL
    # A process of its own: a thread here would wait for the lock that its reader holds.
    with subprocess.Popen(arguments, stdout=quiet, stderr=quiet) as server:
        _wait_for(port)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("AWS_ACCESS_KEY_ID", "test")
            patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
            patch.setenv("AWS_REGION", "us-east-1")
            patch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
            patch.setenv("AWS_ALLOW_HTTP", "true")
            client = boto3.client("s3", region_name="us-east-1")
            client.create_bucket(Bucket="feeds")
            yield client
        server.terminate()


def _wait_for(port: int) -> None:
    for _ in range(600):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError(f"no S3 server on port {port}")


@pytest.mark.slow
def test_files_of_a_bucket(
    bucket: Any, house: Any, orders: Callable[..., str], tmp_path: Path
) -> None:
    text = pyarrow.csv.read_csv(
        io.BytesIO(orders({"order_id": "p"}).encode()),
        convert_options=pyarrow.csv.ConvertOptions(strings_can_be_null=True),
    )
    sink = io.BytesIO()
    pq.write_table(text.set_column(2, "when", pa.array([datetime(2025, 1, 1)])), sink)  # noqa: DTZ001
    bucket.put_object(Bucket="feeds", Key="in/a.csv", Body=orders({"order_id": "a"}).encode())
    packed = gzip.compress(orders({"order_id": "b"}).encode())
    bucket.put_object(Bucket="feeds", Key="in/b.csv.gz", Body=packed)
    bucket.put_object(Bucket="feeds", Key="in/p.parquet", Body=sink.getvalue())
    bucket.put_object(Bucket="feeds", Key="in/_tmp", Body=b"x")
    one = house.ingest("s3://feeds/in/a.csv")
    assert (one.written, one.files[0].file) == (1, "a.csv")
    some = house.ingest("s3://feeds/in/*.csv*")
    assert [(f.file, f.written) for f in some.files] == [("a.csv", 0), ("b.csv.gz", 1)]
    assert house.ingest("s3://feeds/in/").written == 1
    assert [r["event_id"] for r in house.rows(PURCHASE)] == ["a", "b", "p"]
    for nothing in ("s3://feeds/nowhere/", "s3://feeds/in/*.tsv", "s3://feeds/in/c.csv"):
        with pytest.raises(InputError, match="no files at"):
            house.ingest(nothing)
    with pytest.raises(InputError, match="Cannot list"):
        house.ingest("s3://no-such-bucket/x.csv")


@pytest.mark.slow
def test_a_lake_in_a_bucket(
    bucket: Any, house: Any, orders: Callable[..., str], tmp_path: Path
) -> None:
    """With event ids looked up there, twice."""
    environment = {"FULLHOUSE_CONTROL": f"sqlite:///{tmp_path / 'c.db'}"}
    app.init_house("s3://feeds/house", environment=environment).close()
    first = house.write("a.csv", orders({}, {"order_id": "o2"}))
    second = house.write("b.csv", orders({}, {"order_id": "o2", "count": "9"}))
    with app.open_house("s3://feeds/house", environment=environment) as workspace:
        feed = house.feed()
        assert app.ingest(workspace, app.IngestFiles(feed, (first,))).written == 2
        report = app.ingest(workspace, app.IngestFiles(feed, (second,)))
        assert (report.known, report.quarantined) == (1, {"duplicate_event_id": 1})
        assert app.ingest(workspace, app.IngestFiles(feed, (second,))).known == 2
