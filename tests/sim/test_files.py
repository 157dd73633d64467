"""Files that are written piece by piece."""

import gzip
import json
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from fullhouse.core.errors import InputError
from fullhouse_sim.files import join_parts, open_file, write_file

PIECE = pa.table(
    {
        "id": ["a", "b"],
        "at": pa.array([datetime.fromisoformat("2025-01-01T08:00"), None], pa.timestamp("s")),
        "title": ['Say "when"', "One, two"],
        "price": [1.5, None],
        "yes": [True, False],
    }
)


def _twice(path: Path) -> bytes:
    file = open_file(path, PIECE.schema)
    file.write(PIECE)
    file.write(PIECE)
    file.close()
    assert file.rows == 4
    return path.read_bytes()


@pytest.mark.parametrize("name", ["x.parquet", "x.csv", "x.csv.gz", "x.jsonl.gz"])
def test_the_same_pieces_give_the_same_bytes(tmp_path: Path, name: str) -> None:
    assert _twice(tmp_path / "a" / name) == _twice(tmp_path / "b" / name)


def test_packed_pieces_carry_no_time(tmp_path: Path) -> None:
    data = _twice(tmp_path / "x.csv.gz")
    assert data[:4] == b"\x1f\x8b\x08\x00"
    assert data[4:8] == b"\0\0\0\0"


def test_csv_reads_back(tmp_path: Path) -> None:
    _twice(tmp_path / "x.csv.gz")
    table = pa.csv.read_csv(tmp_path / "x.csv.gz")
    assert table["title"].to_pylist() == ['Say "when"', "One, two"] * 2
    assert table["price"].to_pylist() == [1.5, None] * 2


def test_json_reads_back(tmp_path: Path) -> None:
    _twice(tmp_path / "x.jsonl.gz")
    rows = [
        json.loads(x) for x in gzip.decompress((tmp_path / "x.jsonl.gz").read_bytes()).splitlines()
    ]
    assert rows[0] == {
        "id": "a", "at": "2025-01-01 08:00:00", "title": 'Say "when"', "price": 1.5, "yes": "true",
    }  # fmt: skip
    assert rows[1]["at"] is None
    assert len(rows) == 4


def test_parquet_reads_back(tmp_path: Path) -> None:
    _twice(tmp_path / "x.parquet")
    table = pa.parquet.read_table(tmp_path / "x.parquet")
    assert table.cast(PIECE.schema).equals(pa.concat_tables([PIECE, PIECE]))


def test_parts_become_one_file(tmp_path: Path) -> None:
    for i in (0, 1):
        part = open_file(tmp_path / f"part-{i}.csv.gz", PIECE.schema, header=i == 0)
        part.write(PIECE)
        part.close()
    parts = [tmp_path / f"part-{i}.csv.gz" for i in (0, 1)]
    join_parts(parts, tmp_path / "whole.csv.gz")
    assert pa.csv.read_csv(tmp_path / "whole.csv.gz").num_rows == 4
    assert not any(p.exists() for p in parts)


def test_an_unknown_kind_of_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"x\.xml"):
        write_file(tmp_path / "x.xml", PIECE)
