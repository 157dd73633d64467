"""Makes files that are bad in every way we know, with personal data where no feed reads it."""

import decimal
import gzip
import io
import json
import random
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

FEED = """
source = "shop"
kind = "purchase"
time_zone = "America/New_York"
currency = "USD"

[columns]
event_id = "order_id"
account = "user"
at = "when"
product = "sku"
title = "title"
quantity = "count"
unit_price = "price"

[identifiers]
email = "mail"
phone = "tel"
"""
NAMES = ("order_id", "user", "when", "sku", "title", "count", "price", "mail", "tel", "note")
Row = dict[str, str]

PLANTED = (
    "Zora Quillfeather", "zora.quill@secret.example", "+1 650 253 0199", "12 Hidden Lane",
    "6502530188", "quill@ragged.example", "title.quill@secret.example",
    "account.quill@secret.example", "%40percent.example", "name.quill@secret.example",
)  # fmt: skip
"""What may stand nowhere in the workspace afterwards."""


def good_rows(rng: random.Random, count: int) -> list[Row]:
    """Rows with nothing wrong, and personal data in what is hashed or not read."""
    return [
        {
            "order_id": f"o{rng.randrange(10**12)}", "user": f"u{rng.randrange(50)}",
            "when": f"2025-{rng.randint(1, 12):02}-{rng.randint(1, 28):02} 10:{i % 60:02}:00",
            "sku": f"p{rng.randrange(9)}", "title": "Dog food", "count": "1", "price": "9.99",
            "mail": "zora.quill@secret.example", "tel": "+1 650 253 0199",
            "note": rng.choice(("Zora Quillfeather", "12 Hidden Lane", "6502530188")),
        }
        for i in range(count)
    ]  # fmt: skip


BAD_VALUES: tuple[Row, ...] = (
    {"when": "300000-01-01"}, {"when": "yesterday"}, {"when": "2025-02-30"}, {"when": ""},
    {"when": "9999-12-31 23:59:59.999999+14:00"}, {"when": "0000-00-00 00:00:00"},
    {"user": " account.quill@secret.example"}, {"user": "account.quill@secret.example\t"},
    {"user": "NULL"}, {"user": "\\N"}, {"user": "NaN"}, {"user": "1.23457E+15"}, {"user": ""},
    {"user": "+1 650 253 0199"}, {"user": "quill%40percent.example"},
    {"title": "ask title.quill@secret.example now"}, {"title": "y" * 20_000},
    {"title": '{"who": "title.quill@secret.example"}'},
    {"count": "1e999"}, {"count": "-1"}, {"count": "many"}, {"price": "nan"}, {"price": "--"},
)  # fmt: skip


def csv_of(rows: list[Row]) -> str:
    """Rows as CSV."""
    lines = [",".join(NAMES)]
    for row in rows:
        cells = (row[n] for n in NAMES)
        lines.append(",".join(f'"{c}"'.replace('"{"', '"{""') if "," in c else c for c in cells))
    return "\n".join(lines) + "\n"


def json_of(rows: list[Row]) -> str:
    """Rows as JSON Lines."""
    return "".join(json.dumps(row) + "\n" for row in rows)


def _with_bad(rng: random.Random, rows: list[Row]) -> list[Row]:
    bad = [{**rows[0], "order_id": f"b{rng.randrange(10**12)}", **v} for v in BAD_VALUES]
    chosen = rng.sample(bad, rng.randint(1, len(bad)))
    mixed = [*rows, *chosen]
    rng.shuffle(mixed)
    return mixed


def _parquet(columns: dict[str, Any]) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out)
    return out.getvalue()


def bad_values(rng: random.Random, rows: list[Row]) -> tuple[str, bytes]:
    """Values that cannot be, in CSV or JSON Lines."""
    mixed = _with_bad(rng, rows)
    return rng.choice((("a.csv", csv_of(mixed).encode()), ("a.jsonl", json_of(mixed).encode())))


def ragged(rng: random.Random, rows: list[Row]) -> tuple[str, bytes]:
    """Lines with fields too many or too few, stray quotes, no CSV or JSON at all."""
    extra = ("o,quill@ragged.example", "Zora Quillfeather,6502530188", '"o1,"x,12 Hidden Lane',
             "a," * 40 + "quill@ragged.example", '{"note": "Zora Quillfeather"', "]", '"', "\0\0,\0")  # fmt: skip  # noqa: E501
    name, text = rng.choice((("a.csv", csv_of(rows)), ("a.jsonl", json_of(rows))))
    lines = text.splitlines()
    for _ in range(rng.randint(1, 20)):
        lines.insert(rng.randint(1, len(lines)), rng.choice(extra))
    return name, rng.choice(("\n", "\r\n")).join(lines).encode()


def encoded(rng: random.Random, rows: list[Row]) -> tuple[str, bytes]:
    """In an encoding that the feed does not say."""
    name, text = rng.choice((("a.csv", csv_of(rows)), ("a.jsonl", json_of(rows))))
    text = text.replace("Dog", rng.choice(("Dög", "犬", "Dog")))
    codec = rng.choice(("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig", "latin-1",
                        "gb18030", "cp037"))  # fmt: skip
    return name, text.encode(codec, "replace")


def documents(rng: random.Random, rows: list[Row]) -> tuple[str, bytes]:
    """JSON as an array or over several lines."""
    mixed = _with_bad(rng, rows)
    indent = rng.choice((None, 1, 2, "\t"))
    text = json.dumps(mixed, indent=indent)
    if rng.random() < 0.3:
        text = "\n".join(json.dumps(r, indent=2) for r in mixed)
    return "a.json", text[: rng.choice((len(text), len(text) - 1, len(text) // 2))].encode()


ODD_COLUMNS: dict[str, Callable[[int], Any]] = {
    "struct": lambda n: pa.array([{"m": "title.quill@secret.example"}] * n),
    "list": lambda n: pa.array([["a", "b"]] * n),
    "list of structs": lambda n: pa.array([[{"m": 1}]] * n),
    "map": lambda n: pa.array([[("k", "v")]] * n, pa.map_(pa.string(), pa.string())),
    "duration": lambda n: pa.array([7] * n, pa.duration("ms")),
    "time": lambda n: pa.array([7] * n, pa.time32("s")),
    "decimal": lambda n: pa.array([decimal.Decimal(10**37 + i) for i in range(n)]),
    "decimal256": lambda n: pa.array([decimal.Decimal(2)] * n, pa.decimal256(70, 3)),
    "dictionary": lambda n: pa.array(["a"] * n).dictionary_encode(),
    "dictionary of numbers": lambda n: pa.array([1.5] * n).dictionary_encode(),
    "binary": lambda n: pa.array([b"\xff\xfe"] * n),
    "fixed binary": lambda n: pa.array([b"ab"] * n, pa.binary(2)),
    "half": lambda n: pa.array([1.0] * n, pa.float32()).cast(pa.float16()),
    "huge": lambda n: pa.array([1e300] * n),
    "unsigned": lambda n: pa.array([2**64 - 1] * n, pa.uint64()),
    "null": pa.nulls,
    "bool": lambda n: pa.array([True] * n),
    "far milliseconds": lambda n: pa.array([2**62] * n, pa.timestamp("ms")),
    "far days": lambda n: pa.array([2**31 - 1] * n, pa.date32()),
    "nanoseconds": lambda n: pa.array([2**62] * n, pa.timestamp("ns", "Asia/Tokyo")),
}


def odd_parquet(rng: random.Random, rows: list[Row]) -> tuple[str, bytes]:
    """A column of a type that nobody expects there."""
    columns: dict[str, Any] = {n: pa.array([r[n] for r in rows]) for n in NAMES}
    columns[rng.choice(NAMES[:-1])] = ODD_COLUMNS[rng.choice(list(ODD_COLUMNS))](len(rows))
    return "a.parquet", _parquet(columns)


def twice(rng: random.Random, rows: list[Row]) -> tuple[str, bytes]:
    """A column that stands there twice."""
    names = [*NAMES, rng.choice(NAMES)]
    arrays = [pa.array([r[n] for r in rows]) for n in names]
    if rng.random() < 0.5:
        lines = [",".join(names)] + [",".join(r[n] for n in names) for r in rows]
        return "a.csv", "\n".join(lines).encode()
    out = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(arrays, names=names), out)
    return "a.parquet", out.getvalue()


def damaged(rng: random.Random, rows: list[Row]) -> tuple[str, bytes]:
    """Cut short, one byte changed, packed badly, or not what its name says."""
    columns: dict[str, Any] = {n: pa.array([r[n] for r in rows]) for n in NAMES}
    name, data = rng.choice(
        (("a.csv", csv_of(rows).encode()), ("a.jsonl", json_of(rows).encode()),
         ("a.parquet", _parquet(columns)), ("a.csv.gz", gzip.compress(csv_of(rows).encode())))
    )  # fmt: skip
    match rng.randrange(4):
        case 0:
            data = data[: rng.randrange(len(data))]
        case 1:
            place = rng.randrange(len(data))
            data = data[:place] + bytes([rng.randrange(256)]) + data[place + 1 :]
        case 2:
            data = rng.randbytes(rng.randrange(300))
        case _:
            name = rng.choice(("a.parquet", "a.jsonl", "a.csv.zst", "a.tsv"))
    return name, data


def named(rng: random.Random, rows: list[Row]) -> tuple[str, bytes]:
    """A file whose name is personal."""
    name = rng.choice(("name.quill@secret.example.csv", "orders of name.quill@secret.example .csv",
                       "+16502530199.csv"))  # fmt: skip
    return name, csv_of(_with_bad(rng, rows)).encode()


KINDS = {
    f.__name__: f
    for f in (bad_values, ragged, encoded, documents, odd_parquet, twice, damaged, named)
}


def bad_file(kind: str, seed: int) -> tuple[str, bytes]:
    """A name and the bytes of a file of a kind; the same for the same seed."""
    rng = random.Random(f"{kind} {seed}")
    return KINDS[kind](rng, good_rows(rng, rng.randint(1, 30)))
