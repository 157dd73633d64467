"""Fixtures that every test may use."""

import os
import secrets
import shutil
import socket
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine as Database
from sqlalchemy import create_engine, inspect, text

from fullhouse.control import control
from fullhouse.engine import DuckDBEngine, Engine, SparkEngine
from fullhouse.lake import Lake, Place


@pytest.fixture(scope="session", autouse=True)
def migrated_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """New SQLite control databases are copies of one that the migrations made.

    A quarter of a second of each house that a test makes, and hundreds do.
    """
    template = tmp_path_factory.mktemp("template") / "control.db"
    migrate = control._migrate

    def copy(database: Database) -> None:
        file = database.url.database
        if database.dialect.name != "sqlite" or not file or inspect(database).get_table_names():
            migrate(database)
            return
        database.dispose()
        with closing(sqlite3.connect(template)) as source, closing(sqlite3.connect(file)) as target:
            source.backup(target)

    with pytest.MonkeyPatch.context() as patch:
        control.open_control(f"sqlite:///{template}").dispose()
        patch.setattr(control, "_migrate", copy)
        yield


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """An empty lake in a folder."""
    return Lake(Place(str(tmp_path / "lake")))


@pytest.fixture
def duck(tmp_path: Path) -> Iterator[DuckDBEngine]:
    """DuckDB with little memory, so that spilling is tried too."""
    with DuckDBEngine(memory_limit="1GB", threads=2, spill=tmp_path) as engine:
        yield engine


@pytest.fixture(scope="session")
def sail_address() -> Iterator[str]:
    """A Sail server that speaks Spark Connect, in this process."""
    server_module = pytest.importorskip("pysail.spark")
    with pytest.MonkeyPatch.context() as patch:
        # Minutes of other tests may lie between two of Sail, and its sessions end after five.
        patch.setenv("SAIL_SPARK__SESSION_TIMEOUT_SECS", "86400")
        server = server_module.SparkConnectServer(ip="127.0.0.1", port=0)
        server.start(background=True)
        yield f"sc://127.0.0.1:{server.listening_address[1]}"
        server.stop()


@pytest.fixture(scope="session")
def sail(sail_address: str) -> Iterator[SparkEngine]:
    """Sail, which speaks Spark Connect without a JVM."""
    with SparkEngine(sail_address) as engine:
        yield engine


@pytest.fixture(scope="session")
def pyspark() -> Iterator[SparkEngine]:
    """Apache Spark in a JVM of its own; a process holds either this or Spark Connect."""
    with SparkEngine("local[2]") as engine:
        yield engine


@pytest.fixture(params=["duck", "sail", pytest.param("pyspark", marks=pytest.mark.pyspark)])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Every engine in turn: DuckDB and Sail in each run, PySpark where -m pyspark asks for it."""
    chosen: Engine = request.getfixturevalue(request.param)
    return chosen


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of the real data sets. Where CI names it, a test without it fails."""
    named = os.environ.get("FULLHOUSE_DATA")
    if named and Path(named).is_dir():
        return Path(named)
    if named or os.environ.get("CI"):
        pytest.fail(f"FULLHOUSE_DATA names no folder: {named!r}; real-data tests must run here")
    pytest.skip("real data: set FULLHOUSE_DATA to the folder of the public data sets")


@pytest.fixture(scope="module")
def postgres(postgres_server: str) -> str:
    """A new database of a PostgreSQL server of our own, for the tests of a file."""
    return new_database(postgres_server)


def new_database(server: str) -> str:
    """A new database of a PostgreSQL server."""
    name = f"t{secrets.token_hex(6)}"
    with create_engine(server, isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    return f"{server.rpartition('/')[0]}/{name}"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A PostgreSQL server of our own. Its programs refuse to run as root: as its own user then."""
    homes = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    program = shutil.which("initdb") or (homes and str(homes[-1] / "initdb"))
    pytest.importorskip("psycopg")
    if not program:
        pytest.skip("PostgreSQL is not installed")
    programs = Path(program).parent
    # Not in pytest's own folder, which no other user may enter.
    folder = Path(tempfile.mkdtemp(prefix="fullhouse-postgres-"))
    user = "postgres" if os.geteuid() == 0 else None
    if user:
        shutil.chown(folder, user)

    def call(*arguments: str) -> None:
        subprocess.run(arguments, check=True, capture_output=True, user=user, cwd=folder)

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data = str(folder / "data")
    call(str(programs / "initdb"), "-D", data, "-U", "house", "--auth=trust", "-N")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -k {folder} -c fsync=off"
    call(str(programs / "pg_ctl"), "-D", data, "-o", options, "-l", f"{data}/log", "-w", "start")
    yield f"postgresql+psycopg://house@127.0.0.1:{port}/postgres"
    call(str(programs / "pg_ctl"), "-D", data, "-m", "immediate", "stop")
    shutil.rmtree(folder)


@pytest.fixture
def spans() -> Iterator[Callable[[], tuple[Any, ...]]]:
    """The spans that end in a test; the tracer provider stays, since a process has but one."""
    from opentelemetry.sdk import trace
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
    from opentelemetry.trace import get_tracer_provider, set_tracer_provider

    if not isinstance(get_tracer_provider(), trace.TracerProvider):
        set_tracer_provider(trace.TracerProvider())
    exporter = InMemorySpanExporter()
    get_tracer_provider().add_span_processor(SimpleSpanProcessor(exporter))
    yield exporter.get_finished_spans
    exporter.shutdown()
