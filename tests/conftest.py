"""Fixtures that every test may use."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from fullhouse.engine import DuckDBEngine, Engine, SparkEngine
from fullhouse.lake import Lake, Place


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
    found: Engine = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of the real data sets. Where CI names it, a test without it fails."""
    named = os.environ.get("FULLHOUSE_DATA")
    if named and Path(named).is_dir():
        return Path(named)
    if named or os.environ.get("CI"):
        pytest.fail(f"FULLHOUSE_DATA names no folder: {named!r}; real-data tests must run here")
    pytest.skip("real data: set FULLHOUSE_DATA to the folder of the public data sets")
