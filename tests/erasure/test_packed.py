"""What others packed, encrypted or escaped is searched, or named as what cannot be read."""

import base64
import gzip
import html
import io
import lzma
import random
import tarfile
import zipfile
from collections.abc import Callable
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fullhouse.erasure.erasure import Wanted
from fullhouse.erasure.files import cleaned_bytes
from fullhouse.erasure.match import Matcher
from fullhouse.erasure.search import UNREAD, search_file
from fullhouse.feeds import files

from .conftest import House

GONE, NEIGHBOUR = "zz-40401", "zz-404010"
MATCHER = Matcher(Wanted(frozenset({("shop", GONE)})))
FILLER = "".join(random.Random(1).choices("abcdefghij \n", k=4000))


def _stream(codec: str) -> Callable[[bytes], bytes]:
    def pack(data: bytes) -> bytes:
        sink = pa.BufferOutputStream()
        with pa.CompressedOutputStream(sink, codec) as out:
            out.write(data)
        return bytes(sink.getvalue())

    return pack


def _zip(data: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("rows.txt", data)
    return packed.getvalue()


def _tar(data: bytes) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        member = tarfile.TarInfo("rows.txt")
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    return packed.getvalue()


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": _stream("gzip"),
    ".zst": _stream("zstd"),
    ".lz4": _stream("lz4"),
    ".bz2": _stream("bz2"),
    ".br": _stream("brotli"),
    ".xz": lzma.compress,
    ".lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE),
    ".zip": _zip,
    ".tar": _tar,
}
BY_FIRST_BYTES = sorted(set(PACKERS) - {".br", ".lzma"})


layered = st.lists(st.sampled_from(sorted(PACKERS)), min_size=1, max_size=3).filter(
    # Brotli has no first bytes: it is known by its name, which these archives give another one.
    lambda layers: not set(layers) & {".br", ".lzma"} or not set(layers) & {".zip", ".tar"}
)


@settings(max_examples=40, deadline=None)
@given(layers=layered, twice=st.booleans())
def test_a_trace_in_packed_files_in_packed_files_is_met_and_taken_out(
    layers: list[str], twice: bool
) -> None:
    for account in (GONE, NEIGHBOUR):
        name, data = "rows.txt", f"{FILLER}\nuser {account} left\n".encode()
        for layer in layers:
            name, data = name + layer, PACKERS[layer](data)
        if twice and len(layers) == 1 and layers[0] in (".gz", ".zst", ".lz4", ".bz2", ".xz"):
            data += PACKERS[layers[0]](b"and more\n")  # frames one after the other are one file
        assert search_file(name, data, MATCHER) == ({"account": 1} if account == GONE else {})
    name, data = "rows.txt", f"{FILLER}\nuser {GONE} left-77\n".encode()
    for layer in layers:
        name, data = name + layer, PACKERS[layer](data)
    cleaned = cleaned_bytes(name, data, MATCHER)
    assert cleaned is not None
    assert not search_file(name, cleaned, MATCHER)
    assert search_file(name, cleaned, Matcher(Wanted(frozenset({("shop", "left-77")}))))


@pytest.mark.parametrize("ending", BY_FIRST_BYTES)
def test_a_packed_file_is_known_by_its_first_bytes(ending: str) -> None:
    data = PACKERS[ending](f"{FILLER}user {GONE}".encode())
    for name in ("export", "export.bin", "export.csv", "export.GZ"):
        assert search_file(name, data, MATCHER)["account"] == 1


@settings(max_examples=40, deadline=None)
@given(ending=st.sampled_from(sorted(PACKERS)), share=st.floats(0.2, 0.95))
def test_a_packed_file_that_breaks_off_is_never_called_clean(ending: str, share: float) -> None:
    noise = random.Random(2).randbytes(3000).hex()
    data = PACKERS[ending](f"{noise}user {GONE} {noise}".encode())
    assert search_file(f"x.txt{ending}", data[: int(share * len(data))], MATCHER)


@settings(max_examples=60, deadline=None)
@given(ending=st.sampled_from([".bz2", ".gz", ".xz", ".zip"]), seed=st.integers(0, 1 << 20))
def test_a_packed_file_with_damage_in_it_is_never_called_clean(ending: str, seed: int) -> None:
    g = random.Random(seed)
    data = bytearray(PACKERS[ending](f"{g.randbytes(2000).hex()} user {GONE}".encode()))
    for _ in range(5):
        data[g.randrange(60, len(data) - 120)] ^= g.randrange(1, 256)
    assert search_file(f"x.txt{ending}", bytes(data), MATCHER)


def _broken_tars() -> dict[str, bytes]:
    whole = _tar(b"nothing here")
    with_it = _tar(f"user {GONE}".encode())
    # Two members, the head of the second damaged; then two archives one after the other.
    end = len(whole.rstrip(b"\0")) // 512 * 512 + 512
    damaged = bytearray(whole[:end] + with_it)
    damaged[end + 150] ^= 0xFF  # in its checksum
    return {"damaged": bytes(damaged), "joined": whole + with_it}


@pytest.mark.parametrize(("name", "data"), _broken_tars().items(), ids=_broken_tars())
def test_what_stands_behind_the_end_of_an_archive_is_never_called_clean(
    name: str, data: bytes
) -> None:
    assert search_file(f"{name}.tar", data, MATCHER)
    assert search_file(f"{name}.tar.gz", PACKERS[".gz"](data), MATCHER)
    behind = lzma.compress(b"nothing here") + f"user {GONE}".encode()
    assert search_file(f"{name}.xz", behind, MATCHER)


SEALED = {
    "x.7z": b"7z\xbc\xaf\x27\x1c\x00\x04",
    "x.rar": b"Rar!\x1a\x07\x01\x00",
    "secret": b"Salted__\x01\x02\x03",
    "x.parquet": b"PARE\x00\x00PARE",
    "mail.asc": b"-----BEGIN PGP MESSAGE-----\n\nhQEMA",
    "rows.gpg": b"\x85\x01\x0c\x03",
    "x.pdf": b"%PDF-1.7\n",
    "x.orc": b"ORC\n",
    "x.avro": b"Obj\x01\x04",
    "x.sz": b"\xff\x06\x00\x00sNaPpY",
    "x.duckdb": b"\x00" * 8 + b"DUCK" + b"\x40\x00",
    "torn.parquet": b"PAR1\x15\x04\x15",
    "torn.feather": b"ARROW1\x00\x00\xff\xff",
    "torn": b"\xff\xff\xff\xff\x10\x00\x00\x00\x01",
}


@pytest.mark.parametrize(("name", "start"), SEALED.items(), ids=SEALED)
def test_what_cannot_be_opened_is_named_and_its_bytes_are_searched(name: str, start: bytes) -> None:
    assert search_file(name, start + b"\x00" * 50, MATCHER) == {UNREAD: 1}
    kinds = search_file(name, start + b"\x00" + GONE.encode() + b"\x00", MATCHER)
    assert kinds == {UNREAD: 1, "account": 1}
    assert search_file("all.zip", _zipped(name, start), MATCHER)[UNREAD] == 1


def _zipped(name: str, data: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(name, data)
    return packed.getvalue()


def test_a_zip_with_a_password_is_named() -> None:
    data = bytearray(_zipped("rows.txt", b"nothing"))
    for at, flag in ((0, 6), (data.index(b"PK\x01\x02"), 8)):
        data[at + flag] |= 1  # as an encrypted member is marked
    assert search_file("x.zip", bytes(data), MATCHER) == {UNREAD: 1}


def test_plain_text_under_a_packed_name_is_text() -> None:
    for name in ("x.gz", "x.zst", "x.7z", "x.enc", "x.br", "x.zip"):
        assert not search_file(name, b"nothing here\n", MATCHER)
        assert search_file(name, f"user {GONE}\n".encode(), MATCHER) == {"account": 1}


def test_what_unpacks_to_far_more_than_rows_do_is_named_and_not_unpacked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(files, "SMALL_UNPACKED", 1 << 20)
    for ending in set(PACKERS) - {".tar", ".lz4"}:
        bomb = PACKERS[ending](b"\0" * (20 << 20))
        assert search_file(f"x{ending}", bomb, MATCHER) == {UNREAD: 1}, ending


def test_the_name_in_the_head_of_a_packed_file_is_met_and_taken_out() -> None:
    packed = io.BytesIO()
    with gzip.GzipFile(f"takeout-{GONE}.csv", "wb", fileobj=packed) as out:
        out.write(b"nothing\n")
    assert search_file("x.gz", packed.getvalue(), MATCHER)["account"] == 1
    cleaned = cleaned_bytes("x.gz", packed.getvalue(), MATCHER)
    assert cleaned is not None
    assert gzip.decompress(cleaned) == b"nothing\n"
    assert not search_file("x.gz", cleaned, MATCHER)


@pytest.mark.parametrize("code", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_text_of_two_or_four_bytes_a_letter_is_read(code: str) -> None:
    for name in ("x.log", "x.csv"):
        for account, is_met in ((GONE, True), (NEIGHBOUR, False)):
            data = f"source,account\nshop,{account}\n".encode(code)
            assert bool(search_file(name, data, MATCHER)) == is_met


TABLES = {
    "text": pa.array(["b", GONE]),
    "large text": pa.array(["b", GONE], pa.large_string()),
    "bytes": pa.array([b"b", GONE.encode()]),
    "a view": pa.array(["b", GONE], pa.string_view()),
    "a list": pa.array([["b"], ["c", GONE]]),
    "pairs": pa.FixedSizeListArray.from_arrays(pa.array(["b", "c", "d", GONE]), 2),
    "a structure": pa.array([{"note": "b"}, {"note": f"of {GONE}"}]),
    "codes": pa.array(["b", GONE]).dictionary_encode(),
}


@pytest.mark.parametrize("column", ["customer_id", "note"])
@pytest.mark.parametrize("values", TABLES.values(), ids=TABLES)
@pytest.mark.parametrize("form", ["lz4", "zstd", "stream"])
def test_arrow_files_of_every_type_are_searched_and_cleaned(
    column: str, values: pa.Array, form: str
) -> None:
    table = pa.table({column: values, "n": [1, 2]})
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="lz4" if form == "stream" else form)
    make = pa.ipc.new_stream if form == "stream" else pa.ipc.new_file
    with make(sink, table.schema, options=options) as out:
        out.write_table(table)
    data = bytes(sink.getvalue())
    assert search_file("x.feather", data, MATCHER) == {"account": 1}
    if form != "stream":
        cleaned = cleaned_bytes("x.feather", data, MATCHER)
        assert cleaned is not None
        assert pa.ipc.open_file(cleaned).read_all()["n"].to_pylist() == [1]


def test_numbers_in_a_column_of_accounts_are_accounts() -> None:
    matcher = Matcher(Wanted(frozenset({("shop", "77")})))
    for kind in (pa.int64(), pa.uint16(), pa.decimal128(38, 0)):
        for column, met in (("user_id", 1), ("quantity", 0)):
            sink = io.BytesIO()
            pq.write_table(pa.table({column: pa.array([77, 78], kind)}), sink)
            assert search_file("x.parquet", sink.getvalue(), matcher)["account"] == met


def _quoted_printable(text: str) -> str:
    return "".join(c if c.isalnum() else f"={ord(c):02X}" for c in text)


ESCAPES: dict[str, Callable[[str], str]] = {
    "an address": lambda text: quote(text, safe="").replace("-", "%2D").replace(".", "%2e"),
    "an address twice": lambda text: quote(quote(text, safe="").replace("-", "%2D"), safe=""),
    "all of it": lambda text: "".join(f"%{b:02x}" for b in text.encode()),
    "a page": lambda text: "".join(c if c.isalnum() else f"&#{ord(c)};" for c in text),
    "a page, by names": lambda text: html.escape(text).replace("@", "&commat;"),
    "a program": lambda text: "".join(c if c.isalnum() else f"\\u{ord(c):04x}" for c in text),
    "bytes of a program": lambda text: "".join(
        c if c.isalnum() else f"\\x{ord(c):02x}" for c in text
    ),
    "a mail": _quoted_printable,
}
accounts = st.from_regex(r"[a-z]{3,6}[-+.][0-9]{3,6}(@[a-z]{2,5}\.com)?", fullmatch=True)


@settings(max_examples=60, deadline=None)
@given(account=accounts, how=st.sampled_from(sorted(ESCAPES)))
def test_an_escaped_account_in_a_log_is_met_and_taken_out(account: str, how: str) -> None:
    matcher = Matcher(Wanted(frozenset({("shop", account)})))
    for before, after in (
        ("GET /?user=", "&x=1"),
        ("user=", " HTTP"),
        ("mail%3D", "%26"),
        ("", ""),
    ):
        line = f"{before}{ESCAPES[how](account)}{after}"
        near = f"{before}{ESCAPES[how](account)}7{after}"
        other = "12:00 GET /100%25 of it\n"
        data = f"{other}{line}\n".encode()
        if how == "a mail" and "%" in before:
            continue
        assert search_file("x.log", data, matcher)["account"] == 1, line
        assert account.endswith("com") or not search_file("x.log", near.encode(), matcher)
        cleaned = cleaned_bytes("x.log", data, matcher)
        assert cleaned is not None
        assert not search_file("x.log", cleaned, matcher)
        assert cleaned.decode().startswith(other)
    assert search_file("x.parquet", _text_column(ESCAPES[how](account)), matcher)["account"]


def _text_column(text: str) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table({"line": ["nothing", text]}), sink)
    return sink.getvalue()


def test_a_digest_in_base64_of_nothing_is_no_trace() -> None:
    assert not search_file("x.log", base64.b64encode(random.Random(3).randbytes(4000)), MATCHER)


@pytest.mark.slow
def test_an_erasure_names_what_it_cannot_read_and_ends_once_that_is_gone(house: House) -> None:
    account = ("shop", "c-003")
    text = f"source,account\nshop,{account[1]}\nshop,c-004\n".encode()
    for ending in (".zst", ".xz", ".lz4"):
        (house.root / f"export.csv{ending}").write_bytes(PACKERS[ending](text))
    sealed = house.root / "backup.7z"
    sealed.write_bytes(SEALED["x.7z"] + bytes(100))
    result = house.erase(account)
    assert not result.complete
    assert result.verification is not None
    assert result.verification.traces == ()
    assert [p.rpartition("/")[2] for p in result.verification.unread] == ["backup.7z"]
    for ending in (".zst", ".xz", ".lz4"):
        kept = (house.root / f"export.csv{ending}").read_bytes()
        other = Matcher(Wanted(frozenset({("shop", "c-004")})))
        assert search_file(f"export.csv{ending}", kept, other)["account"] == 1
    sealed.unlink()
    assert house.erase(account).complete
    assert house.verify(account).clean
