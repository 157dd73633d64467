"""Files into the lake: every format, exactly once, whatever the chunks."""

import csv
import gzip
import io
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from importlib import import_module
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fullhouse.core.errors import InputError
from fullhouse.core.tables import (
    BEGUN,
    IDENTIFIER,
    INGESTED,
    PRODUCT,
    PURCHASE,
    QUARANTINE,
    TICKET,
)

RELAXED: Any = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.function_scoped_fixture],
}
ROWS = [
    {
        "order_id": f"o{i}",
        "user": f"u{i % 3}",
        "when": f"2025-03-{i + 1:02}T10:00:00",
        "sku": f"p{i}",
        "category": "Pet/Dogs, big",
        "count": str(i),
        "price": "1.5",
        "currency": "USD",
        "mail": f"u{i % 3}@x.com",
        "tel": "",
    }
    for i in range(9)
]


def _csv(delimiter: str) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(ROWS[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(ROWS)
    return out.getvalue().encode()


def _parquet() -> bytes:
    rows = [
        {**r, "when": datetime.fromisoformat(r["when"]), "count": int(r["count"]), "price": 1.5}
        for r in ROWS
    ]
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), sink)
    return sink.getvalue()


def _jsonl() -> bytes:
    return "\n".join(json.dumps({**r, "count": int(r["count"])}) for r in ROWS).encode()


def _packed(data: bytes, how: str) -> bytes:
    if how == ".gz":
        return gzip.compress(data)
    return pa.Codec("zstd").compress(data, asbytes=True) if how == ".zst" else data


FORMATS = {"csv": lambda: _csv(","), "tsv": lambda: _csv("\t"), "jsonl": _jsonl}


@pytest.mark.parametrize("packing", ["", ".gz", ".zst"])
@pytest.mark.parametrize("kind", [*FORMATS, "parquet"])
def test_every_format_gives_the_same_rows(house: Any, kind: str, packing: str) -> None:
    if kind == "parquet" and packing:
        pytest.skip("Parquet packs itself")
    data = _parquet() if kind == "parquet" else FORMATS[kind]()
    report = house.ingest(house.write(f"o.{kind}{packing}", _packed(data, packing)))
    assert (report.read, report.written, report.quarantined) == (9, 9, {})
    rows = house.rows(PURCHASE)
    assert [r["event_id"] for r in rows] == [f"o{i}" for i in range(9)]
    assert rows[3] == {
        "source": "shop", "account": "u0", "event_id": "o3",
        "at": datetime(2025, 3, 4, 15, tzinfo=UTC), "day": date(2025, 3, 4),
        "product": "p3", "title": None, "category": "Pet > Dogs, big",
        "quantity": 3.0, "unit_price": 1.5, "currency": "USD",
    }  # fmt: skip
    # Daylight saving time began on 9 March.
    assert rows[8]["at"] == datetime(2025, 3, 9, 14, tzinfo=UTC)
    assert len(house.rows(IDENTIFIER)) == 3


def test_the_same_command_again_writes_nothing(house: Any, orders: Callable[..., str]) -> None:
    file = house.write("o.csv", orders({}, {"order_id": "o2", "user": ""}))
    house.ingest(file)
    before = house.content()
    again = house.ingest(file)
    assert (again.read, again.written, again.known, again.quarantined) == (2, 0, 2, {})
    assert house.content() == before


def test_a_file_is_known_by_its_bytes_and_not_by_its_name(
    house: Any, orders: Callable[..., str]
) -> None:
    first = house.write("a.csv", orders({}))
    house.ingest(first)
    assert house.ingest(house.write("b.csv", orders({}))).known == 1


@pytest.mark.slow
def test_event_ids_are_known_across_files(house: Any, orders: Callable[..., str]) -> None:
    house.ingest(house.write("a.csv", orders({}, {"order_id": "o2"})))
    report = house.ingest(
        house.write("b.csv", orders({}, {"order_id": "o2", "count": "7"}, {"order_id": "o3"}))
    )
    assert (report.written, report.known) == (1, 1)
    assert report.quarantined == {"duplicate_event_id": 1}
    assert {r["event_id"]: r["quantity"] for r in house.rows(PURCHASE)} == {
        "o1": 2.0, "o2": 2.0, "o3": 2.0,
    }  # fmt: skip


@pytest.mark.parametrize("chunk", [1, 2, 100])
def test_event_ids_are_known_within_a_file(
    house: Any, orders: Callable[..., str], chunk: int
) -> None:
    """The first row counts, whichever chunk the others are in."""
    rows = [{}, {}, {"count": "5"}, {"order_id": "o2"}]
    report = house.ingest(house.write("a.csv", orders(*rows)), chunk_rows=chunk)
    assert (report.written, report.known) == (2, 1)
    assert report.quarantined == {"duplicate_event_id": 1}
    assert [r["row"] for r in house.rows(QUARANTINE)] == [3]


@pytest.mark.slow
def test_the_same_id_in_another_source_is_another_event(
    house: Any, orders: Callable[..., str]
) -> None:
    house.ingest(house.write("a.csv", orders({})))
    other = house.ingest(
        house.write("b.csv", orders({})),
        feed=(house.feed().read_text()).replace('source = "shop"', 'source = "kiosk"'),
    )
    assert other.written == 1


NO_ID = 'source = "shop"\nkind = "purchase"\n[columns]\naccount = "user"\nat = "when"\n'


def test_without_event_ids_a_file_is_known_whole(house: Any, orders: Callable[..., str]) -> None:
    file = house.write("a.csv", orders({}, {}))
    assert house.ingest(file, feed=NO_ID).written == 2
    assert house.ingest(file, feed=NO_ID).known == 2


def test_files_of_the_same_bytes_in_one_command_are_one(
    house: Any, orders: Callable[..., str]
) -> None:
    files = [house.write(name, orders({}, {})) for name in ("a.csv", "copy.csv")]
    report = house.ingest(*files, feed=NO_ID)
    assert (report.written, report.known) == (2, 2)
    assert [len(house.rows(t)) for t in (PURCHASE, BEGUN, INGESTED)] == [2, 1, 1]
    assert house.ingest(*files, feed=NO_ID).known == 4


@pytest.mark.slow
def test_files_before_one_that_breaks_are_written_down_as_taken_in(
    house: Any, orders: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    module = import_module("fullhouse.feeds.ingest")
    real = module._ingest_file

    def breaking(run: Any, job: Any, part: Any) -> Any:
        if part.file.name == "b.csv":
            raise InputError("b.csv is broken")
        return real(run, job, part)

    monkeypatch.setattr(module, "_ingest_file", breaking)
    rows = [house.write(f"{n}.csv", orders({"order_id": n})) for n in "abc"]
    with pytest.raises(InputError, match="broken"):
        house.ingest(*rows)
    assert [r["file"] for r in house.rows(INGESTED)] == ["a.csv"]
    monkeypatch.setattr(module, "_ingest_file", real)
    report = house.ingest(*rows)
    assert (report.written, report.known) == (2, 1)


@pytest.mark.slow
def test_a_mended_declaration_doubles_nothing(house: Any, orders: Callable[..., str]) -> None:
    """Rows that the first declaration refused come in, those that it took stay as they are."""
    file = house.write("a.csv", orders({}, {"when": "03/01/2025"}))
    assert house.ingest(file, feed=NO_ID).written == 1
    mended = NO_ID.replace('"when"', "\"coalesce(time(when), time(when, '%m/%d/%Y'))\"")
    report = house.ingest(file, feed=mended)
    assert (report.written, report.known, report.quarantined) == (1, 1, {})
    assert len(house.rows(PURCHASE)) == 2


@pytest.mark.slow
def test_what_a_feed_leaves_out_has_a_defined_value(house: Any) -> None:
    """A thing without a time counts from when its file was begun, and one is one."""
    now = datetime(2026, 1, 5, tzinfo=UTC)
    things = 'source = "shop"\nkind = "product"\n[columns]\nproduct = "id"\n'
    house.ingest(house.write("p.csv", "id\n007\n"), feed=things, now=now)
    assert house.rows(PRODUCT) == [
        {"source": "shop", "product": "007", "at": now, "title": None, "category": None,
         "brand": None, "unit_price": None, "currency": None}
    ]  # fmt: skip
    tickets = """
source = "box"
kind = "ticket"
currency = "EUR"
[columns]
account = "who"
film = "film"
at = "at"
unit_price = "price"
refunded = "state = 'refunded'"
showing_at = "show"
"""
    text = "who,film,at,price,state,show\na,f,2025-01-01,9,refunded,2027-01-01T20:00:00Z\n"
    house.ingest(house.write("t.csv", text), feed=tickets)
    (row,) = house.rows(TICKET)
    assert (row["quantity"], row["currency"], row["refunded"]) == (1.0, "EUR", True)
    assert row["showing_at"] == datetime(2027, 1, 1, 20, tzinfo=UTC)


def _orders(count: int) -> list[dict[str, str]]:
    """Rows of every fate."""
    odd = {3: {"count": "x"}, 5: {"order_id": "o1"}, 6: {"order_id": "o2", "count": "9"}}
    return [
        {"order_id": f"o{i}", "mail": f"a{i % 4}@x.com", "tel": "12,3" if i == 8 else "",
         **odd.get(i, {})}
        for i in range(count)
    ]  # fmt: skip


@pytest.mark.slow
@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(chunk=st.integers(1, 12), other=st.integers(1, 12))
def test_the_chunk_size_does_not_change_the_lake(
    new_house: Callable[[], Any], orders: Callable[..., str], chunk: int, other: int
) -> None:
    lakes = []
    for size in (chunk, other):
        house = new_house()
        house.ingest(house.write("a.csv", orders(*_orders(11))), chunk_rows=size)
        content = house.content()
        # An identifier may stand once per chunk; which ones stand is the same.
        content["identifier"] = sorted({(r["account"], r["digest"]) for r in content["identifier"]})
        lakes.append(content)
    assert lakes[0] == lakes[1]


@pytest.mark.slow
@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(order=st.permutations(range(3)))
def test_the_order_of_files_does_not_change_the_lake(
    new_house: Callable[[], Any], orders: Callable[..., str], order: list[int]
) -> None:
    rows = [[{"order_id": f"{f}-{i}"} for i in range(3)] + [{"user": ""}] for f in range(3)]
    lakes = []
    for turn in (range(3), order):
        house = new_house()
        files = [house.write(f"{f}.csv", orders(*rows[f])) for f in range(3)]
        house.ingest(*(files[f] for f in turn))
        lakes.append(house.content())
    assert lakes[0] == lakes[1]


@pytest.mark.slow
def test_other_settings_after_a_crash_change_nothing(
    new_house: Callable[[], Any], orders: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chunk size and clock of the first run are kept: here it dies after its first chunk."""
    text = orders(*_orders(11), {"order_id": "late", "when": "2026-01-01 12:00:00Z"})
    clean, broken = new_house(), new_house()
    clean.ingest(clean.write("a.csv", text), chunk_rows=4)
    file = broken.write("a.csv", text)
    module = import_module("fullhouse.feeds.ingest")
    real, observed = module.commit, []

    def dying(*arguments: object) -> object:
        if observed:
            raise KeyboardInterrupt
        observed.append(1)
        return real(*arguments)

    monkeypatch.setattr(module, "commit", dying)
    with pytest.raises(KeyboardInterrupt):
        broken.ingest(file, chunk_rows=4)
    monkeypatch.setattr(module, "commit", real)
    assert broken.rows(INGESTED) == []
    later = datetime(2026, 6, 1, tzinfo=UTC)
    report = broken.ingest(file, chunk_rows=5, now=later, unknown_account="quarantine")
    assert report.known > 0
    assert broken.content() == clean.content()
    assert len(broken.rows(BEGUN)) == 1


BROKEN = {
    "a gzip file cut short": ("o.csv.gz", gzip.compress(b"a,b\n" * 9999)[:-9], "broken gzip"),
    "no gzip file at all": ("o.csv.gz", b"order_id,user\n", "gzip"),
    "no Parquet file": ("o.parquet", b"PAR1 not", "not a Parquet file"),
    "a name without a format": ("o.txt", b"a,b\n", "the name shows no format"),
    "another header": ("o.csv", b"order_id,user_id\n", "no column 'user'. Did you mean 'user_id'"),
    "a header with a column twice": ("o.csv", b"order_id,user,user\n", "'user' twice"),
    "a header in another encoding": ("o.csv", b"\xfa\xfb,b\n", "header is not utf-8"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_file_that_cannot_be_read_is_a_users_mistake(house: Any, case: str) -> None:
    name, data, message = BROKEN[case]
    with pytest.raises(InputError, match=message):
        house.ingest(house.write(name, data))
    assert house.content() == {}


def test_a_wrong_file_stops_the_command_before_the_first_row(
    house: Any, orders: Callable[..., str]
) -> None:
    good, wrong = house.write("a.csv", orders({})), house.write("b.csv", "x\n1\n")
    with pytest.raises(InputError, match="has no column"):
        house.ingest(good, wrong)
    assert house.content() == {}


@pytest.mark.parametrize("data", [b"", b"\n\n"])
def test_an_empty_file_has_no_rows(house: Any, data: bytes) -> None:
    feed = NO_ID.replace("[columns]", 'names = ["user", "when"]\n[columns]')
    report = house.ingest(house.write("a.csv", data), feed=feed)
    assert (report.read, report.written) == (0, 0)
    assert len(house.rows(INGESTED)) == 1


def test_nothing_at_all_is_a_users_mistake(house: Any) -> None:
    for words in ((), ("nowhere.csv",), (str(house.files),), (str(house.files / "*.csv"),)):
        with pytest.raises(InputError, match=r"There (is|are) no|No files"):
            house.ingest(*words)


def test_folders_and_globs_stand_for_their_files(house: Any, orders: Callable[..., str]) -> None:
    house.write("a.csv", orders({}))
    house.write("b.csv", orders({"order_id": "o2"}))
    house.write(".hidden", "x")
    house.write("_tmp", "x")
    assert [f.file for f in house.ingest(str(house.files)).files] == ["a.csv", "b.csv"]
    again = house.ingest(str(house.files / "*.csv"), str(house.files / "a.csv"))
    assert [f.file for f in again.files] == ["a.csv", "b.csv"]
    assert again.known == 2


def test_other_encodings_and_long_delimiters(house: Any) -> None:
    feed = """
source = "video"
kind = "film"
format = "csv"
delimiter = "::"
quote = ""
encoding = "latin-1"
names = ["id", "title", "genres"]
[columns]
film = "id"
title = "regex_extract(title, '^(.*) \\\\(\\\\d{4}\\\\)$', 1)"
release_year = "regex_extract(title, '\\\\((\\\\d{4})\\\\)$', 1)"
genres = "genres"
[constants]
at = 2000-12-31
"""
    from fullhouse.core.tables import FILM

    text = 'é::"Léon: x" (1994)::Crime|Drama\n2::A: B (1995)::Comedy\n'
    house.ingest(house.write("movies.dat", text.encode("latin-1")), feed=feed)
    assert [(r["film"], r["title"], r["release_year"]) for r in house.rows(FILM)] == [
        ("2", "A: B", 1995),
        ("é", '"Léon: x"', 1994),
    ]


def test_utf_16_is_read_too(house: Any, orders: Callable[..., str]) -> None:
    feed = house.feed().read_text().replace("currency =", 'encoding = "utf-16"\ncurrency =', 1)
    file = house.write("o.csv", orders({"user": "žofie"}).encode("utf-16"))
    house.ingest(file, feed=feed)
    assert house.rows(PURCHASE)[0]["account"] == "žofie"
