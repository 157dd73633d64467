"""A file that was broken off goes on where it was, and ends as one that was not."""

import csv
import io
import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fullhouse import app
from fullhouse.core.tables import IDENTIFIER, INGESTED, PURCHASE, QUARANTINE
from fullhouse.engine import DuckDBEngine
from fullhouse.feeds import delimited, event_ids, piece
from fullhouse.feeds.feed import Feed
from fullhouse.feeds.files import File
from fullhouse.feeds.piece import chunks
from fullhouse.feeds.records import pieces

ingest = import_module("fullhouse.feeds.ingest")
commits = import_module("fullhouse.feeds.commit")
FORMATS = ("csv", "csv.gz", "jsonl", "parquet")
ROWS = 200
CHUNK = 20
ALL_CHUNKS = ROWS // CHUNK
CHUNK_WHOLE = 7
"""Commits after which two chunks are written whole: refused rows, rows, ids taken, identifiers."""


class BrokenOffError(Exception):
    """The process ends here."""


def _rows() -> list[dict[str, str]]:
    """Good, refused, of an id that comes twice, and of accounts that come again."""
    odd = {3: {"count": "x"}, 7: {"count": "-1"}}
    rows = []
    for i in range(ROWS):
        row = {
            "order_id": f"o{i - 30 if i % 20 in (9, 11) else i}", "user": f"u{i % 50}",
            "when": "2025-03-01 12:00:00", "sku": "p1", "category": "Pet Supplies/Dogs",
            "count": "7" if i % 20 == 11 else "2", "price": "9.99", "currency": "",
            "mail": f"a{i % 50}@x.com" if i % 4 else "none", "tel": "",
        }  # fmt: skip
        rows.append(row | odd.get(i % 20, {}))
    return rows


def _file(house: Any, format_: str) -> str:
    import gzip

    rows, path = _rows(), house.files / f"orders.{format_}"
    if format_ == "parquet":
        pq.write_table(pa.Table.from_pylist(rows), path, row_group_size=64)
    elif format_ == "jsonl":
        path.write_text("".join(json.dumps(r) + "\n" for r in rows))
    else:
        text = io.StringIO()
        writer = csv.DictWriter(text, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
        data = text.getvalue().encode()
        path.write_bytes(gzip.compress(data, mtime=0) if format_.endswith("gz") else data)
    return str(path)


def _break_at(patch: pytest.MonkeyPatch, steps: int) -> None:
    """Let the process end at a commit to the lake."""
    from fullhouse.lake import Lake

    real, left = Lake.append_checked, [steps]

    def breaking(self: Any, table: Any, *args: Any, **options: Any) -> bool:
        if table in (PURCHASE, QUARANTINE, IDENTIFIER):
            left[0] -= 1
            if left[0] < 0:
                raise BrokenOffError
        return real(self, table, *args, **options)

    patch.setattr(Lake, "append_checked", breaking)


def _broken_off(house: Any, file: str, steps: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        _break_at(patch, steps)
        with pytest.raises(BrokenOffError):
            house.ingest(file, chunk_rows=CHUNK)


def _content(house: Any) -> Any:
    """All of it, batches too."""
    tables = (PURCHASE, QUARANTINE, IDENTIFIER)
    return [house.rows(t, but=()) for t in tables], house.rows(INGESTED, but=("at",))


@pytest.mark.slow
@pytest.mark.parametrize("format_", FORMATS)
def test_what_was_written_is_not_mapped_again_and_the_end_is_the_same(
    new_house: Callable[[], Any], monkeypatch: pytest.MonkeyPatch, format_: str
) -> None:
    monkeypatch.setattr(delimited, "READ", 900)
    clean = new_house()
    whole = clean.ingest(_file(clean, format_), chunk_rows=CHUNK)
    for steps in (1, CHUNK_WHOLE, 13, 24):
        house = new_house()
        file = _file(house, format_)
        _broken_off(house, file, steps)
        written = len({r["batch"] for r in house.rows(PURCHASE, but=())})
        mapped = []
        with monkeypatch.context() as patch:
            real = ingest.prepare
            patch.setattr(
                ingest,
                "prepare",
                lambda *a, real=real, mapped=mapped: (mapped.append(a), real(*a))[1],
            )
            report = house.ingest(file, chunk_rows=CHUNK)
        # The last chunk that was begun is done again where a commit of it is missing, and no other.
        again = 0 if steps in (CHUNK_WHOLE, 24) else 1
        assert len(mapped) in (ALL_CHUNKS - written, ALL_CHUNKS - max(written - again, 0))
        assert _content(house) == _content(clean)
        assert (report.read, report.quarantined) == (whole.read, whole.quarantined)
        assert report.read == report.written + report.known + sum(report.quarantined.values())


@pytest.mark.slow
def test_rows_of_erased_people_are_counted_the_same_after_a_break(
    new_house: Callable[[], Any],
) -> None:
    ledgers = []
    for breaks in (False, True):
        house = new_house()
        file = _file(house, "csv")
        head, row = Path(file).read_text().splitlines()[:2]
        house.ingest(house.write("first.csv", f"{head}\n{row.replace('o0', 'before')}\n"))
        with house.open() as context:
            app.erase_people(context, app.ErasePeople((("shop", "u0"),)))
        if breaks:
            _broken_off(house, file, 25)
        report = house.ingest(file, chunk_rows=CHUNK)
        assert report.suppressed == ROWS // 50
        ledgers.append([r for r in house.rows(INGESTED, but=("at",)) if r["read"] == ROWS])
    assert ledgers[0] == ledgers[1] != []


@pytest.mark.slow
def test_an_identifier_is_stored_once_for_an_account_and_a_value(house: Any) -> None:
    house.ingest(_file(house, "csv"), chunk_rows=CHUNK)
    rows = [(r["account"], r["kind"], r["digest"]) for r in house.rows(IDENTIFIER)]
    assert len(rows) == len(set(rows)) > 30
    with house.open() as context:
        events = {r["account"] for r in context.lake.read(PURCHASE).to_pylist()}
    assert {account for account, _, _ in rows} <= events


@pytest.mark.slow
def test_ids_that_are_new_are_not_looked_up_chunk_after_chunk(
    house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the first chunks; later ones ask for those only that may be there."""
    asked: list[int] = []
    real = commits._hits

    def hits(engine: Any, existing: Any, ids: Any) -> Any:
        asked.append(len(ids))
        return real(engine, existing, ids)

    monkeypatch.setattr(commits, "_hits", hits)
    house.ingest(_file(house, "csv"), chunk_rows=CHUNK)
    # Two of twenty rows repeat the id of one that came thirty rows before.
    assert len(asked) >= ALL_CHUNKS
    assert max(asked[event_ids.PLAIN_LOOKS :]) <= 2
    again = house.ingest(_file(house, "jsonl"), chunk_rows=CHUNK)
    assert (again.written, again.known) == (0, ROWS - sum(again.quarantined.values()))


FIELD = st.text(st.sampled_from('ab"\n, x\u00e9'), max_size=12)
FEED = Feed.parse(
    'source = "s"\nkind = "click"\n[columns]\naccount = "a"\nat = "t"\nevent_id = "c"\n', name="f"
)


@pytest.mark.slow
@settings(deadline=None, max_examples=150)
@given(
    st.lists(st.tuples(FIELD, FIELD, FIELD), min_size=1, max_size=40),
    st.sampled_from(["csv", "jsonl", "parquet", "bad"]),
    st.integers(1, 9),
    st.integers(20, 400),
    st.integers(10, 200),
)
def test_reading_from_any_chunk_gives_the_chunks_that_follow(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, str, str]],
    kind: str,
    size: int,
    largest: int,
    read: int,
) -> None:
    folder = tmp_path_factory.mktemp("resumed")
    named = [dict(zip("atc", row, strict=True)) for row in rows]
    path = folder / f"f.{'csv' if kind == 'bad' else kind}"
    if kind == "csv":
        with path.open("w", newline="") as out:
            writer = csv.DictWriter(out, list("atc"))
            writer.writeheader()
            writer.writerows(named)
    elif kind == "bad":
        path.write_text("a,t,c\n" + "\n".join(",".join(row) for row in rows))
    elif kind == "jsonl":
        path.write_text("".join(json.dumps(r) + "\n" for r in named))
    else:
        pq.write_table(pa.Table.from_pylist(named), path, row_group_size=4)
    with pytest.MonkeyPatch.context() as patch, DuckDBEngine(memory_limit="200MB") as engine:
        patch.setattr(piece, "LARGEST", largest)
        patch.setattr(delimited.pieces, "__kwdefaults__", {
            **delimited.pieces.__kwdefaults__, "read": read})  # fmt: skip
        patch.setattr("fullhouse.feeds.parquet._ROWS", 8)
        # Text is read as far as it went when it was begun.
        file = File(str(path), None if kind == "parquet" else path.stat().st_size)

        def read_from(start: piece.Start) -> list[piece.Chunk]:
            return list(chunks(pieces(file, FEED, engine, start), size, start))

        whole = read_from(piece.BEGINNING)
        for i, chunk in enumerate(whole):
            assert chunk.start.chunk == chunk.number == i
            again = read_from(chunk.start)
            assert [(c.number, c.bad, c.read, c.start, c.end) for c in again] == [
                (c.number, c.bad, c.read, c.start, c.end) for c in whole[i:]
            ]
            assert chunk.end == (whole[i + 1].start if i + 1 < len(whole) else chunk.end)
            assert [c.rows.to_pylist() for c in again] == [c.rows.to_pylist() for c in whole[i:]]
        assert not whole or read_from(whole[-1].end) == []
