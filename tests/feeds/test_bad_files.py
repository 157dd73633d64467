"""Bad files never stop a house, never leak and never hang."""

import bz2
import codecs
import decimal
import gzip
import io
import json
import lzma
import os
import random
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fullhouse.core.errors import FullhouseError, InputError
from fullhouse.core.tables import BEGUN, CLICK, INGESTED, PURCHASE, QUARANTINE
from fullhouse.engine import DuckDBEngine
from fullhouse.feeds import Feed, File, files
from fullhouse.feeds import text as text_
from fullhouse.feeds.identify import Hasher, looks_like_email, normalise
from fullhouse.feeds.map import LONGEST_FIELD
from fullhouse.feeds.records import pieces
from fullhouse.feeds.times import read_iso
from tests.feeds import bad_files

CLICKS = 'source = "s"\nkind = "click"\n[columns]\naccount = "a"\nat = "t"\ncampaign = "c"\n'
MANY = int(os.environ.get("FULLHOUSE_BAD_FILES", "150"))
"""Files of the long test; a thousand take minutes."""
RELAXED: Any = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.function_scoped_fixture],
}


def everything(folder: Path) -> bytes:
    """All bytes of all files, Parquet files read out too, since they are packed."""
    result = io.BytesIO()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        result.write(path.read_bytes())
        if path.suffix == ".parquet":
            rows = pq.read_table(path).to_pylist()
            result.write(json.dumps(rows, default=str, ensure_ascii=False).encode())
    return result.getvalue()


def leaks(folder: Path) -> list[str]:
    """What was planted and stands somewhere in a workspace."""
    content = everything(folder)
    return [p for p in bad_files.PLANTED if p.encode() in content]


def take_all(house: Any, cases: Iterable[tuple[str, int]]) -> list[str]:
    """Take bad files in, one after the other; the sentences of those that could not be."""
    sentences: list[str] = []
    for kind, seed in cases:
        name, data = bad_files.bad_file(kind, seed)
        try:
            house.ingest(house.write(name, data), feed=bad_files.FEED)
        except FullhouseError as problem:
            sentences.append(str(problem))
    assert not [s for s in sentences if not s or "\n" in s]
    return sentences


@pytest.mark.slow
def test_bad_files_of_every_kind_end_in_a_sentence_and_leak_nothing(house: Any) -> None:
    cases = [(kind, seed) for kind in bad_files.KINDS for seed in range(4)]
    take_all(house, cases)
    assert house.rows(PURCHASE)
    assert house.rows(QUARANTINE)
    assert leaks(house.root) == []


@pytest.mark.slow
def test_many_bad_files_end_in_a_sentence_and_leak_nothing(
    new_house: Callable[[], Any],
) -> None:
    each = max(1, MANY // len(bad_files.KINDS))
    for first in range(0, each, 25):
        house = new_house()
        last = min(first + 25, each)
        take_all(house, [(k, s) for k in bad_files.KINDS for s in range(first, last)])
        assert leaks(house.root) == []


def test_what_is_planted_would_be_noticed(house: Any) -> None:
    """The search of the tests above is no search in vain."""
    feed = bad_files.FEED.replace('title = "title"', 'title = "note"')
    rows = bad_files.good_rows(random.Random(1), 20)
    house.ingest(house.write("a.csv", bad_files.csv_of(rows)), feed=feed)
    assert "Zora Quillfeather" in leaks(house.root)


ROWS = [{"a": f"u{i}", "t": "2025-01-01", "c": "é犬"} for i in range(5)]


def _csv() -> str:
    return "a,t,c\n" + "".join(",".join(r.values()) + "\n" for r in ROWS)


def _lines() -> str:
    return "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in ROWS)


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize(("name", "content"), [("a.csv", _csv), ("a.jsonl", _lines)])
def test_a_file_in_another_unicode_is_read_by_its_mark_or_its_zeros(
    house: Any, name: str, content: Callable[[], str], codec: str
) -> None:
    report = house.ingest(house.write(name, content().encode(codec)), feed=CLICKS)
    assert (report.written, report.quarantined) == (5, {})
    assert {r["campaign"] for r in house.rows(CLICK)} == {"é犬"}


def test_half_a_sign_in_utf_16_costs_its_row(house: Any) -> None:
    data = _csv().encode("utf-16") + b"\x00\xd8x\x00\n\x00"
    report = house.ingest(house.write("a.csv", data), feed='encoding = "utf-16"\n' + CLICKS)
    assert (report.written, report.quarantined) == (5, {"wrong_encoding": 1})


@pytest.mark.parametrize(
    "codec", ["rot13", "base64", "zip", "hex", "idna", "punycode", "undefined"]
)
def test_a_codec_that_is_no_encoding_is_refused(codec: str) -> None:
    assert codecs.lookup(codec)
    with pytest.raises(InputError, match="no encoding"):
        Feed.parse(f'encoding = "{codec}"\n' + CLICKS, name="f")


def _json_rows(path: Path, data: bytes) -> tuple[list[str], int]:
    path.write_bytes(data)
    with DuckDBEngine() as engine:
        result = list(pieces(File(str(path)), Feed.parse(CLICKS, name="f"), engine))
    return [r["a"] for p in result for r in p.rows.to_pylist()], sum(len(p.bad) for p in result)


plain = st.text(st.sampled_from('ab{}[]",:\\\n é'), max_size=8)
values = st.recursive(
    plain | st.integers() | st.none(), lambda v: st.lists(v, max_size=3), max_leaves=4
)


@settings(max_examples=60, **RELAXED)
@given(
    rows=st.lists(st.dictionaries(plain, values, max_size=3), min_size=1, max_size=8),
    indent=st.sampled_from([None, 0, 1, 4]),
    array=st.booleans(),
    read=st.integers(4, 200),
)
def test_json_comes_line_by_line_however_it_is_laid_out(
    rows: list[dict[str, Any]], indent: int | None, array: bool, read: int
) -> None:
    rows = [{"a": i, **row} for i, row in enumerate(rows)]
    each = [json.dumps(r, indent=indent, ensure_ascii=False) for r in rows]
    data = (json.dumps(rows, indent=indent) if array else "\n".join(each)).encode()
    blocks = text_.json_lines(text_.decoded(io.BytesIO(data), "utf-8", read=read))
    lines = [line for block in blocks for line in block.split(b"\n") if line.strip()]
    assert [json.loads(line) for line in lines] == rows


def test_an_array_with_a_broken_element_costs_that_one(tmp_path: Path) -> None:
    good = [json.dumps(r, indent=2) for r in ROWS]
    broken = good[1].rstrip("}\n ")
    text = "[" + ",\n".join([good[0], broken, *good[2:], "7"]) + "]"
    assert _json_rows(tmp_path / "a.json", text.encode()) == (["u0", "u2", "u3", "u4"], 2)


@pytest.mark.parametrize("line", ["x,y", 'x,"y', "\\xff,,", "{", "[1]"])
@pytest.mark.parametrize(("name", "content"), [("a.csv", _csv), ("a.jsonl", _lines)])
def test_bad_lines_in_a_row_between_good_ones(
    house: Any, name: str, content: Callable[[], str], line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than are read at a time, so that whole pieces hold no good row."""
    monkeypatch.setattr("fullhouse.feeds.text.READ", 4096)
    monkeypatch.setattr("fullhouse.feeds.text.decoded.__kwdefaults__", {"read": 4096})
    head, _, rest = content().encode().partition(b"\n")
    body = (
        head + b"\n" + rest + line.encode().replace(b"\\xff", b"\xff").join([b"", *[b"\n"] * 3000])
    )
    data = body + rest.replace(b"u", b"v")
    report = house.ingest(house.write(name, data), feed=CLICKS)
    expected = 10 if name == "a.csv" else 9
    assert (report.written, sum(report.quarantined.values())) == (expected, 3000)


@pytest.mark.parametrize(("name", "content"), [("a.csv", _csv), ("a.jsonl", _lines)])
def test_a_line_without_end_costs_one_row_and_little_memory(
    house: Any, name: str, content: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_, "LONGEST_LINE", 8 << 20)
    data = content().encode() + b"y" * (30 << 20) + b"\n" + content().encode().replace(b"u", b"v")
    report = house.ingest(house.write(name, data), feed=CLICKS)
    assert report.quarantined.pop("too_long") == 1
    assert report.written == 10
    assert house.rows(QUARANTINE)[0]["raw"] == '{"line": null, "bytes": 8388608}'


def test_a_file_that_unpacks_without_end_is_stopped(
    house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "SMALL_UNPACKED", 1 << 20)
    monkeypatch.setattr(files, "READ", 1 << 16)
    data = gzip.compress(b"a,t,c\n" + b"x,2025-01-01,y\n" * 2_000_000)
    with pytest.raises(InputError, match="unpacks to more than 250 times its size"):
        house.ingest(house.write("a.csv.gz", data), feed=CLICKS)
    assert house.rows(CLICK) == []


@pytest.mark.parametrize("odd", bad_files.ODD_COLUMNS)
@pytest.mark.parametrize("column", ["a", "t", "c"])
def test_a_parquet_column_of_any_type_is_read_or_answered(
    tmp_path: Path, odd: str, column: str
) -> None:
    columns: dict[str, Any] = {n: pa.array([r[n] for r in ROWS]) for n in "atc"}
    columns[column] = bad_files.ODD_COLUMNS[odd](5)
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    feed = Feed.parse(CLICKS, name="f")
    with DuckDBEngine() as engine:
        if odd in ("struct", "map", "list of structs"):
            with pytest.raises(InputError, match="which cannot be mapped"):
                list(pieces(File(str(tmp_path / "a.parquet")), feed, engine))
            return
        result = list(pieces(File(str(tmp_path / "a.parquet")), feed, engine))
    assert sum(p.rows.num_rows + len(p.bad) for p in result) == 5


ids = st.integers(0, 10**38 - 1)


@pytest.mark.slow
@settings(max_examples=8, **RELAXED)
@given(id_=ids)
def test_ids_as_decimals_keep_every_digit(new_house: Callable[[], Any], id_: int) -> None:
    house = new_house()
    two = [decimal.Decimal(id_), decimal.Decimal(id_ ^ 1)]
    rows = pa.table(
        {"a": pa.array(two, pa.decimal128(38, 0)), "t": ["2025-01-01"] * 2, "c": ["x"] * 2}
    )
    pq.write_table(rows, house.files / "a.parquet")
    house.ingest(str(house.files / "a.parquet"), feed=CLICKS)
    assert {r["account"] for r in house.rows(CLICK)} == {str(id_), str(id_ ^ 1)}


def test_a_number_of_json_is_one_id_however_it_is_written(house: Any) -> None:
    lines = [f'{{"a": {n}, "t": "2025-01-01"}}' for n in ("1e5", "100000", "100000.0", '"100000"')]
    lines += ['{"a": "1e5", "t": "2025-01-01"}']
    none = ("12345678901234567.0", "1E400", "-1e999", "[]", "[1]", '"{}"', '"1.5E+16"')
    lines += [f'{{"a": {n}, "t": "2025-01-01"}}' for n in (*none, "true", "false")]
    report = house.ingest(house.write("a.jsonl", "\n".join(lines)), feed=CLICKS)
    assert sorted(r["account"] for r in house.rows(CLICK)) == ["100000"] * 4 + ["1e5"]
    assert report.quarantined == {"bad_value": len(none), "missing_required": 2}


@pytest.mark.parametrize("kind", [pa.float32(), pa.float64()])
def test_ids_as_floats_that_have_lost_digits_are_no_ids(house: Any, kind: pa.DataType) -> None:
    limit = 2.0**24 if kind == pa.float32() else 2.0**53
    numbers = [7.0, limit - 1, limit, limit * 3, 1e30]
    rows = {"a": pa.array(numbers, kind), "t": ["2025-01-01"] * 5, "c": ["x"] * 5}
    pq.write_table(pa.table(rows), house.files / "a.parquet")
    report = house.ingest(str(house.files / "a.parquet"), feed=CLICKS)
    assert {r["account"] for r in house.rows(CLICK)} == {"7", str(int(limit) - 1)}
    assert report.quarantined == {"bad_value": 3}


@pytest.mark.parametrize("others", ["", "u,2025-01-02 10:00,x\n"])
def test_no_clock_is_further_off_than_fourteen_hours(house: Any, others: str) -> None:
    """Alone in a file, where Arrow reads times, and beside others, where patterns do."""
    good = ("+14:00", "-12:00", "+0530", "Z", "+05:45")
    bad = ("+99:00", "+15:00", "-24:00", "+05:60", "-2500")
    lines = [f"{o},2025-01-01T12:00:00{o},x" for o in (*good, *bad)]
    text = "a,t,c\n" + "\n".join(lines) + f"\n{others}"
    report = house.ingest(house.write("a.csv", text), feed=CLICKS)
    assert {r["account"] for r in house.rows(CLICK)} - {"u"} == set(good)
    assert report.quarantined == {"bad_time": len(bad)}


@pytest.mark.parametrize("packed", [bz2.compress, lzma.compress, gzip.compress])
@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.csv.gz"])
def test_a_file_that_is_packed_in_another_way_is_named(
    house: Any, packed: Callable[[bytes], bytes], name: str
) -> None:
    data = packed(_csv().encode())
    file = house.write(name, gzip.compress(data) if name.endswith("gz") else data)
    with pytest.raises(InputError, match="by its first bytes, and not by its name"):
        house.ingest(file, feed=CLICKS)


@pytest.mark.parametrize(
    "word",
    [
        "NULL",
        "\\N",
        "NaN",
        "null",
        " None ",
        "n/a",
        "\u200b",
        "\ufeff ",
        "ＮＵＬＬ",
        "inf",
        "#REF!",
        "<NA>",
        "true",
        "--",
    ],
)
def test_a_word_for_nothing_is_no_account(house: Any, word: str) -> None:
    report = house.ingest(house.write("a.csv", f"a,t,c\n{word},2025-01-01,x\n"), feed=CLICKS)
    assert report.quarantined == {"missing_required": 1}


@pytest.mark.parametrize(
    "value",
    [" zoemarlene@x.com", "zoemarlene@x.com\t", "ask zoemarlene@x.com now", "zoemarlene＠x.com",
     "zoemarlene%40x.com", "<zoemarlene@x.com>", "zo\u200bemarlene@x\u200b.com",
     "+1 650 253 0000", " +49 30 1234567"],
)  # fmt: skip
def test_an_account_that_is_an_identifier_is_refused_and_kept_nowhere(
    house: Any, value: str
) -> None:
    lines = [json.dumps({"a": value, "t": "2025-01-01"}, ensure_ascii=False)]
    report = house.ingest(house.write("a.jsonl", "\n".join(lines)), feed=CLICKS)
    assert report.quarantined == {"raw_identifier": 1}
    content = everything(house.root)
    assert value.strip().encode() not in content
    assert b"zoemarlene" not in content


@pytest.mark.parametrize("text", ["Live @ Wembley", "@midnight", "5 @ 3.50", "M@", "a/@b.c"])
def test_an_at_alone_is_no_email(text: str) -> None:
    assert looks_like_email(text) is (text == "a/@b.c")


def test_a_file_named_by_an_email_is_so_named_in_no_ledger(house: Any) -> None:
    file = house.write("of zoe@secret.example .csv", _csv() + "x\n")
    report = house.ingest(file, feed=CLICKS)
    named = {r["file"] for t in (BEGUN, INGESTED, QUARANTINE) for r in house.rows(t)}
    assert named == {report.files[0].file}
    assert named.pop().startswith("of email:")
    assert b"zoe@" not in everything(house.root)


@settings(max_examples=150, deadline=None)
@given(text=st.text(st.sampled_from("a1 @.-+(/%4\u0030:,\"'"), max_size=60))
def test_nothing_that_reads_as_an_email_is_left(text: str) -> None:
    scrubbed = Hasher(b"k", "US").scrub(text)
    assert not looks_like_email(scrubbed)
    assert Hasher(b"k", "US").scrub(scrubbed) == scrubbed


@pytest.mark.parametrize(
    "text",
    ["2025-01-01", "on 2025-01-01 12:00:00", "01.02.2025", "1/2/2025",
     "12345678-1234-1234-1234-123456789012", "email:" + "0123456789" * 6 + "abcd"],
)  # fmt: skip
def test_dates_and_digests_are_left_as_they_are(text: str) -> None:
    assert Hasher(b"k", "US").scrub(text) == text


@pytest.mark.parametrize("text", ["650 253 0000 2025-01-01", "2025-01-01 (650) 253-0000"])
def test_a_number_beside_a_date_goes(text: str) -> None:
    scrubbed = Hasher(b"k", "US").scrub(text)
    assert "253" not in scrubbed.replace(Hasher(b"k", "US").digest("phone", "6502530000") or "", "")
    assert "2025-01-01" in scrubbed


@pytest.mark.parametrize(
    "unit", ["a", "a@", "@", "1 ", "1", "(1", "+", "%4", "%40a", "1-", "1234567-", '{"a":"', "a."]
)
def test_scrubbing_takes_time_by_length_alone(unit: str) -> None:
    """160 kB took 74 s when it was quadratic."""
    hasher, text = Hasher(b"k", "US"), unit * (400_000 // len(unit))
    start = time.process_time()
    hasher.scrub(text)
    looks_like_email(text)
    normalise("email", text, phone_region="US")
    normalise("phone", text, phone_region="US")
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    "raw",
    ["Jos\u00e9@x.com", "Jose\u0301@x.com", "jos\u200b\u00e9@x.com", " \ufeffJOS\u00c9@X.COM"],
)
def test_one_email_in_any_form_of_its_letters(raw: str) -> None:
    assert normalise("email", raw, phone_region="US") == "jos\u00e9@x.com"


def test_a_domain_is_one_in_both_spellings() -> None:
    spellings = ("a@M\u00dcLLER.de", "a@xn--mller-kva.de")
    assert len({normalise("email", w, phone_region="US") for w in spellings}) == 1


def test_a_feed_says_of_which_country_its_numbers_are(house: Any) -> None:
    from fullhouse.core.tables import IDENTIFIER

    for region in ("DE", "GB"):
        feed = f'phone_region = "{region}"\n' + CLICKS.replace('"s"', f'"{region.lower()}"')
        feed += '[identifiers]\nphone = "p"\n'
        house.ingest(
            house.write("a.csv", f"a,t,c,p\n{region},2025-01-01,x,030 1234567\n"), feed=feed
        )
    assert len({r["digest"] for r in house.rows(IDENTIFIER)}) == 2
    with pytest.raises(InputError, match="phone_region must be an ISO 3166 region"):
        Feed.parse('phone_region = "Germany"\n' + CLICKS, name="f")


clock = st.sampled_from(
    ["2025-01-02", "2025-01-02 12", "2025-01-02T12Z", "2025-01-02 12+01:00", "2025-01-02 12:30",
     "2025-01-02T12:30:15.5Z", "2025-01-02 12:30+0100", "20250102", "2025-01-02 24:00:00"]
)  # fmt: skip


@pytest.mark.slow
@settings(max_examples=8, **RELAXED)
@given(times=st.lists(clock, min_size=1, max_size=4))
def test_one_bad_time_changes_no_other(new_house: Callable[[], Any], times: list[str]) -> None:
    def read(*more: str) -> dict[str, Any]:
        house = new_house()
        lines = [f"{i},{t},x" for i, t in enumerate([*times, *more])]
        house.ingest(house.write("a.csv", "a,t,c\n" + "\n".join(lines)), feed=CLICKS)
        return {r["account"]: (r["at"], r["day"]) for r in house.rows(CLICK)}

    assert read() == read("not a time")


def test_a_bare_hour_is_no_time_with_an_offset_either() -> None:
    assert read_iso(pa.array(["2025-01-02T12+01:00"])) is None


@pytest.mark.parametrize(
    ("when", "day"),
    [
        ("2025-01-01T23:30:00-05:00", "2025-01-01"),
        ("2025-01-02T04:30:00Z", "2025-01-01"),
        ("2025-01-02T13:30:00+09:00", "2025-01-01"),
        ("2025-01-01 23:30:00", "2025-01-01"),
    ],
)
@pytest.mark.parametrize("expression", ["t", "date(t)", "date(if(c = 'x', time(t), time(t)))"])
def test_a_time_with_an_offset_has_the_day_of_the_feeds_clock(
    house: Any, when: str, day: str, expression: str
) -> None:
    feed = 'time_zone = "America/New_York"\n' + CLICKS.replace('at = "t"', f'at = "{expression}"')
    house.ingest(house.write("a.csv", f"a,t,c\nu,{when},x\n"), feed=feed)
    assert str(house.rows(CLICK)[0]["day"]) == day


def test_a_text_that_is_too_long_is_refused(house: Any) -> None:
    lines = f"a,t,c\nu,2025-01-01,{'y' * (LONGEST_FIELD + 1)}\nv,2025-01-01,{'y' * LONGEST_FIELD}\n"
    report = house.ingest(house.write("a.csv", lines), feed=CLICKS)
    assert (report.written, report.quarantined) == (1, {"too_long": 1})
    assert len(house.rows(QUARANTINE)[0]["raw"]) < 2_000


def test_a_file_of_which_too_much_was_refused_is_named(house: Any) -> None:
    file = house.write("a.csv", _csv() + "x\n")
    assert house.ingest(file, feed=CLICKS, refused_percent=10).too_many_refused == ("a.csv",)
    other = house.write("b.csv", _csv() + "y\n")
    assert house.ingest(other, feed=CLICKS, refused_percent=20).too_many_refused == ()
