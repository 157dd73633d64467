"""Raw files, piece by piece: nothing is lost, and a piece's borders change nothing."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fullhouse.engine import DuckDBEngine
from fullhouse.feeds import Feed, File, delimited
from fullhouse.feeds.piece import ROW, chunks
from fullhouse.feeds.records import pieces

FEED = Feed.parse(
    'source = "s"\nkind = "click"\n[columns]\naccount = "a"\nat = "t"\ncampaign = "c"\n', name="f"
)
RELAXED: Any = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.function_scoped_fixture],
}
texts = st.text(st.sampled_from("ab ,\"\n;é'\t"), max_size=6)
rows_of_texts = st.lists(st.tuples(texts, texts, texts), min_size=1, max_size=30)


def _read(path: Path, read: int) -> tuple[dict[int, tuple[Any, ...]], dict[int, str], int]:
    result = list(delimited.pieces(File(str(path)), FEED, "csv", ["a", "t", "c"], read=read))
    good = {r[ROW]: (r["a"], r["t"], r["c"]) for p in result for r in p.rows.to_pylist()}
    bad = {b.row: b.reason for p in result for b in p.bad}
    return good, bad, result[-1].last if result else 0


@settings(max_examples=150, **RELAXED)
@given(rows=rows_of_texts, read=st.integers(64, 400), quoting=st.sampled_from([0, 1]))
def test_well_formed_csv_is_read_as_the_standard_library_does(
    tmp_path: Path, rows: list[tuple[str, str, str]], read: int, quoting: int
) -> None:
    """Whatever is quoted, and wherever the pieces are cut; blank lines are no rows."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=quoting, lineterminator="\n")
    writer.writerow(["a", "t", "c"])
    writer.writerows(rows)
    path = tmp_path / "x.csv"
    path.write_bytes(out.getvalue().encode())
    good, bad, last = _read(path, read)
    assert not bad
    assert list(good.values()) == [tuple(v or None for v in row) for row in rows]
    assert list(good) == list(range(1, last + 1))


@settings(max_examples=150, **RELAXED)
@given(body=st.binary(max_size=200) | st.text('a,"\n', max_size=80).map(str.encode))
def test_every_line_of_any_bytes_is_a_row_good_or_bad(tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"a,t,c\n" + body)
    good, bad, last = _read(path, 1 << 20)
    assert sorted([*good, *bad]) == list(range(1, last + 1))
    if b'"' not in body and b"\r" not in body:
        assert last == sum(1 for line in body.split(b"\n") if line)


def test_a_stray_quote_costs_one_row_of_many(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    lines = [f"u{i},2025-01-01,x" for i in range(5000)]
    lines[70] = 'u70,"2025-01-01,x'
    path.write_text("a,t,c\n" + "\n".join(lines))
    for read in (1 << 20, 4096):
        good, bad, last = _read(path, read)
        assert bad == {71: "unparseable_row"}
        assert (len(good), last) == (4999, 5000)


@settings(max_examples=60, **RELAXED)
@given(
    lengths=st.lists(st.integers(0, 7), max_size=8), size=st.integers(1, 9), bad=st.integers(0, 30)
)
def test_chunks_hold_each_row_once_in_order(lengths: list[int], size: int, bad: int) -> None:
    import pyarrow as pa

    from fullhouse.feeds.piece import Bad, Piece, numbered

    created, last = [], 0
    for length in lengths:
        numbers = [n for n in range(last + 1, last + length + 1) if n != bad]
        wrong = (Bad(bad, "r", "", 0),) if last < bad <= last + length else ()
        last += length
        rows = pa.table({"x": pa.array(numbers, pa.int64())})
        created.append(Piece(numbered(rows, pa.array(numbers, pa.int64())), wrong, last))
    result = list(chunks(created, size))
    observed = [
        n for c in result for n in sorted([*c.rows[ROW].to_pylist(), *(b.row for b in c.bad)])
    ]
    assert observed == list(range(1, last + 1))
    assert [c.read for c in result] == [size] * (last // size) + (
        [last % size] if last % size else []
    )
    assert [c.number for c in result] == list(range(len(result)))


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_json_lines(tmp_path: Path, ending: str) -> None:
    feed = Feed.parse(
        'source = "s"\nkind = "click"\n[columns]\naccount = "who.id"\nat = "t"\n', name="f"
    )
    lines = [
        b'{"who": {"id": 12345678901234567}, "t": "x"}', b"", b"[]", b'{"who": 1, "t": null}',
        b'{"t": "\xff"}', b"nonsense", b'{"who": {"id": "\\u00e9"}, "t": ""}',
    ]  # fmt: skip
    path = tmp_path / "x.jsonl"
    path.write_bytes(ending.encode().join(lines))
    with DuckDBEngine() as engine:
        result = list(pieces(File(str(path)), feed, engine))
    assert [r for p in result for r in p.rows.to_pylist()] == [
        {"who.id": "12345678901234567", "t": "x", ROW: 1},
        {"who.id": None, "t": None, ROW: 3},
        {"who.id": "é", "t": None, ROW: 6},
    ]
    assert sorted((b.row, b.reason) for p in result for b in p.bad) == [
        (2, "unparseable_row"), (4, "wrong_encoding"), (5, "unparseable_row"),
    ]  # fmt: skip
