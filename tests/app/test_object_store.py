"""A workspace at an object-store URL works like one in a folder."""

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from fullhouse import app
from fullhouse.core.errors import InputError
from fullhouse.core.tables import ACCOUNT_PERSON, TRAIT_BITMAP
from fullhouse.lake import Place
from fullhouse.workspace.machine import machine_folder


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    """A bucket of a local S3 server, which the environment points at."""
    pytest.importorskip("moto.server")
    boto3 = pytest.importorskip("boto3")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # A process of its own: a server thread here would wait for the interpreter lock that the
    # reader holds while it waits for the server.
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _wait_for(port)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            "AWS_ALLOW_HTTP": "true",
        }.items():
            patch.setenv(name, value)
        boto3.client("s3", region_name="us-east-1").create_bucket(Bucket="fullhouse-test")
        yield "s3://fullhouse-test"
    server.terminate()
    server.wait()


def _wait_for(port: int) -> None:
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError(f"no S3 server on port {port}")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {"FULLHOUSE_CONTROL": f"sqlite:///{tmp_path / 'control.db'}"}


def test_tables_settings_and_key_live_in_the_bucket(
    bucket: str, environment: dict[str, str]
) -> None:
    app.init_house(f"{bucket}/house", environment=environment).close()
    rows = [
        {"build": b, "trait": 1, "block": 0, "persons": 1, "bitmap": b"\x01"} for b in (1, 2, 2)
    ]
    with app.open_house(f"{bucket}/house", environment=environment) as workspace:
        assert len(workspace.key) == 64
        table = pa.Table.from_pylist(rows, schema=TRAIT_BITMAP.schema)
        assert workspace.lake.append(TRAIT_BITMAP, table, batch="a")
        assert not workspace.lake.append(TRAIT_BITMAP, table, batch="a")
        scan = workspace.engine.scan(workspace.lake.snapshot(TRAIT_BITMAP))
        counts = scan.group_by("build").agg(n=scan.count()).order_by("build")
        assert workspace.engine.arrow(counts)["n"].to_pylist() == [1, 2]
        assert [t.rows for t in app.lake_status(workspace)] == [3]
        app.lake_compact(workspace)
        assert workspace.lake.read(TRAIT_BITMAP).num_rows == 3


def test_a_second_workspace_does_not_overwrite_the_first(
    bucket: str, environment: dict[str, str]
) -> None:
    app.init_house(f"{bucket}/twice", environment=environment).close()
    with pytest.raises(InputError, match="already"):
        app.init_house(f"{bucket}/twice", environment=environment)


def test_the_control_database_must_be_named(bucket: str) -> None:
    with pytest.raises(InputError, match="FULLHOUSE_CONTROL"):
        app.init_house(f"{bucket}/other", environment={})
    assert Place.of(f"{bucket}/other").read("fullhouse.toml") is None, "nothing is half made"


@pytest.mark.slow
def test_people_are_erased_from_tables_files_and_logs_in_the_bucket(
    bucket: str, environment: dict[str, str], tmp_path: Path
) -> None:
    feed, file = tmp_path / "orders.toml", tmp_path / "orders.csv"
    feed.write_text(
        'source = "shop"\nkind = "purchase"\ntime_zone = "UTC"\n[columns]\nevent_id = "id"\n'
        'account = "user"\nat = "day"\nproduct = "sku"\n[identifiers]\nemail = "mail"\n'
    )
    file.write_text(
        "id,user,day,sku,mail\n"
        + "".join(f"{n},u-70{n % 9},2025-12-01,p,m{n % 9}@example.org\n" for n in range(40))
    )
    place, own = f"{bucket}/erased", environment | {"FULLHOUSE_TRAIT_FLOOR": "1"}
    gone = (("shop", "u-703"),)
    app.init_house(place, environment=own).close()
    with app.open_house(place, environment=own) as context:
        app.ingest(context, app.IngestFiles(feed, (str(file),)))
        app.people_resolve(context)
        app.traits_build(context, app.BuildTraits())
        context.place.write("notes.txt", b"looked up u-703 today")
        upload = machine_folder(context.place) / "uploads/house/file_1/late.csv"
        upload.parent.mkdir(parents=True, exist_ok=True)
        upload.write_text("id,user\n1,u-703\n2,u-7031\n")
        before = app.verify_erasure(context, app.VerifyErasure(gone))
        assert {t.kind for t in before.traces} == {"account", "identifier", "person"}
        (person,) = [
            r["person"]
            for r in context.workspace.lake.read(ACCOUNT_PERSON).to_pylist()
            if r["account"] == "u-703"
        ]
        assert app.erase_people(context, app.ErasePeople(gone)).complete
        after = app.verify_erasure(context, app.VerifyErasure(gone, persons=(person,)))
        assert after.clean
        assert upload.read_text() == "id,user\n2,u-7031\n"
        shutil.rmtree(machine_folder(context.place))
        assert after.files > 20
        accounts = context.workspace.lake.read(ACCOUNT_PERSON)["account"].to_pylist()
        assert sorted(accounts) == [f"u-70{n}" for n in range(9) if n != 3]
        file.write_text("id,user,day,sku,mail\n99,u-703,2025-12-02,p,m3@example.org\n")
        assert app.ingest(context, app.IngestFiles(feed, (str(file),))).suppressed == 1
