"""Search every file of a workspace, and every row of its control database, for traces."""

import codecs
import csv
import io
import json
import re
import zlib
from base64 import b64decode
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from typing import Any
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from sqlalchemy import MetaData, select

from fullhouse.control.control import Control
from fullhouse.core.stored import TAG
from fullhouse.erasure.erasure import ACCOUNT, PERSON, Trace
from fullhouse.erasure.match import (
    ACCOUNT_KEYS,
    ESCAPED,
    PERSON_KEYS,
    Kinds,
    Matcher,
    is_account_key,
)
from fullhouse.erasure.packed import Packed, is_sealed, unpack
from fullhouse.lake import Place
from fullhouse.lake.place import Stored
from fullhouse.workspace.proof import NOTE

CATALOGUE = frozenset({"product", "film", "id", "cinema"})
"""Columns of ids of goods and films, where the same text is no account."""
PIECE = 8 << 20
OVERLAP = 4096
"""Bytes that two pieces of a large file share, so that nothing is cut in two."""
MOST_NESTED = 4
HEAD = 1024
MOST_NEEDLES = 200
_STREAM = b"\xff\xff\xff\xff"
"""How a stream of Arrow batches begins."""
_BINARY = (b"PAR1", b"ARROW1", _STREAM, b"\x93NUMPY", b"SQLite")
_PARTITION = re.compile(r"(?:^|/)(source)=([^/]+)/")
_DELIMITERS = ",;\t|"


UNREAD = "unread"
"""Counted among the kinds of traces where a file, or one in it, could not be read to its end."""


def search_file(name: str, data: bytes, matcher: Matcher, *, depth: int = 0) -> Kinds:
    """Traces in a file, by what it is; what is not known is read as bytes.

    `UNREAD` is among them where a part is packed or encrypted in a way that nothing here undoes,
    or breaks off: traces may stand in it that no search meets.
    """
    kinds: Kinds = Counter() if depth else matcher.text(name)
    lower = name.lower()
    if is_sealed(lower, data):
        return +(kinds + _pieces(data, matcher) + Counter({UNREAD: 1}))
    if (packed := unpack(name, data)) is not None:
        return +(kinds + _packed(packed, data, matcher, depth))
    data = _utf8(data)
    try:
        kinds.update(_contents(name, lower, data, matcher))
    except (pa.ArrowException, OSError, EOFError, ValueError, zlib.error):
        # Half a file, or none of its kind: its bytes are searched all the same.
        kinds.update(_pieces(data, matcher))
        kinds[UNREAD] += data.startswith((b"PAR1", b"ARROW1", _STREAM))
    return +kinds


def _packed(packed: Packed, data: bytes, matcher: Matcher, depth: int) -> Kinds:
    """Traces in what a packed file holds, in the names in it, and in its own first bytes."""
    kinds: Kinds = Counter()
    if depth >= MOST_NESTED or not packed.whole:
        kinds.update(_pieces(data, matcher))
        kinds[UNREAD] += 1
    elif packed.form == "gzip" and data[3] & 8:  # the name of the file that was packed
        kinds.update(matcher.raw(data[10:HEAD].split(b"\0")[0]))
    if depth < MOST_NESTED:
        for name, inner in packed.members:
            kinds.update(matcher.text(name) if packed.form in ("zip", "tar") else {})
            kinds.update(search_file(name, inner, matcher, depth=depth + 1))
    return kinds


def _utf8(data: bytes) -> bytes:
    """Text of UTF-16 or UTF-32 as UTF-8; other bytes as they are."""
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return data.decode("utf-32", "replace").encode()
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace").encode()
    head = data[: 1 << 12]
    if data.startswith(_BINARY) or len(head) < 8:
        return data
    if 0.3 < head.count(0) / len(head) < 0.7:  # letters and zeros in turns
        for zeros, code in ((head[1::2], "utf-16-le"), (head[0::2], "utf-16-be")):
            if zeros.count(0) > 0.7 * len(zeros):
                return data.decode(code, "replace").encode() + b"\n" + data
    return data


def search_control(control: Control, matcher: Matcher) -> Iterator[Trace]:
    """Traces in every row and column of the control database.

    The list of suppressed accounts holds their digests, as it must; what an erasure that still
    runs is looking for stands in its own row.
    """
    tables = MetaData()
    tables.reflect(control.database)
    for table in tables.sorted_tables:
        if table.name in ("erasure", "suppression"):
            continue
        kinds: dict[str, Kinds] = {}
        with control.connect() as connection:
            for row in connection.execute(select(table)).mappings():
                for column, value in row.items():
                    met = search_cell(str(column), value, matcher)
                    if met:
                        kinds.setdefault(str(column), Counter()).update(met)
        for column, met in kinds.items():
            place = f"control database: {table.name}.{column}"
            yield from (Trace(place, kind, n) for kind, n in sorted(met.items()))


def search_cell(column: str, value: Any, matcher: Matcher) -> Kinds:
    """Traces in a value of the control database."""
    if isinstance(value, str):
        if column in ACCOUNT_KEYS:
            return Counter({ACCOUNT: 1}) if matcher.is_account(value) else Counter()
        return matcher.value(value)
    if isinstance(value, bytes | memoryview):
        return search_stored(bytes(value), matcher)
    if isinstance(value, dict | list):
        return matcher.json(value, column)
    return Counter()


def search_stored(data: bytes, matcher: Matcher) -> Kinds:
    """Traces in a value as `core.stored` writes it: texts, bitmaps, arrays and tables."""
    try:
        value = json.loads(zlib.decompress(data))
    except (zlib.error, ValueError):
        return _pieces(data, matcher)
    return _stored(value, "", matcher)


def search_place(
    place: Place, matcher: Matcher, skip: Iterable[str] = ()
) -> Iterator[tuple[Stored, Kinds | None]]:
    """Each file of a place with its traces; None for one that cannot be read.

    Files whose names begin with one of `skip` are left out.
    """
    left = tuple(skip)
    for file in place.files():
        if left and file.name.startswith(left):
            continue
        try:
            data = place.read(file.name) if not place.is_local else _local(place, file.name)
        except OSError:
            yield file, None
            continue
        if data is None:  # gone since it was listed
            continue
        yield file, search_file(file.name, data, matcher)


def _local(place: Place, name: str) -> bytes | None:
    try:
        return (place.path / name).read_bytes()
    except (FileNotFoundError, IsADirectoryError):
        return None


def _contents(name: str, lower: str, data: bytes, matcher: Matcher) -> Kinds:
    if data[:4] == b"PAR1":
        return _parquet(name, data, matcher)
    if data.startswith((b"ARROW1", _STREAM)):
        return _arrow(name, data, matcher)
    if lower.endswith(".npy"):
        return _array(name, np.load(io.BytesIO(data), allow_pickle=False), matcher)
    if lower.endswith(".set"):
        return search_stored(data, matcher)
    if lower.endswith((".csv", ".tsv")):
        return _delimited(data, matcher)
    if lower.rpartition("/")[2] == NOTE:
        return _house(data, matcher)
    if lower.endswith((".json", ".jsonl", ".ndjson")):
        return _json(data, matcher)
    return _pieces(data, matcher)


def _house(data: bytes, matcher: Matcher) -> Kinds:
    """Traces in the lake's note of its tables: their versions and rows are no persons' ids."""
    try:
        note = json.loads(data)
        names = list(note.pop("tables"))
    except (ValueError, KeyError, AttributeError):
        return _json(data, matcher)
    return matcher.json([note, names])


def _pieces(data: bytes, matcher: Matcher) -> Kinds:
    kinds: Kinds = Counter()
    for start in range(0, max(len(data), 1), PIECE):
        kinds.update(matcher.raw(data[max(start - OVERLAP, 0) : start + PIECE]))
    return kinds


def _json(data: bytes, matcher: Matcher) -> Kinds:
    text = data.decode("utf-8-sig", "replace")
    try:
        return matcher.json(json.loads(text))
    except (ValueError, RecursionError):
        kinds: Kinds = Counter()
        for line in text.splitlines():
            kinds.update(matcher.value(line))
        return kinds


def _delimited(data: bytes, matcher: Matcher) -> Kinds:
    text = data.decode("utf-8-sig", "replace")
    first = text.split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=first.count)
    kinds: Kinds = Counter()
    columns: list[str] = []
    csv.field_size_limit(1 << 30)
    for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
        if not columns:
            columns = row
        named = dict(zip(columns, row, strict=False))
        kinds.update(matcher.json({k: v for k, v in named.items() if k not in CATALOGUE}))
        for extra in row[len(columns) :]:
            kinds.update(matcher.value(extra))
    return kinds


def _parquet(name: str, data: bytes, matcher: Matcher) -> Kinds:
    kinds: Kinds = Counter()
    texts = [
        field.name
        for field in pq.read_schema(pa.BufferReader(data))
        if pa.types.is_string(field.type)
    ]
    # The dictionaries of the pages come with the rows, and with them what no row names any more.
    with closing(pq.ParquetFile(pa.BufferReader(data), read_dictionary=texts)) as file:
        for key, value in (file.metadata.metadata or {}).items():
            if key != b"ARROW:schema":
                kinds.update(matcher.raw(value))
        kinds.update(_statistics(file.metadata, matcher))
        for batch in file.iter_batches(batch_size=1 << 16):
            kinds.update(search_rows(name, batch, matcher))
    return kinds


def _statistics(metadata: pq.FileMetaData, matcher: Matcher) -> Kinds:
    """Traces in the footer: the least and the greatest of each column of each row group."""
    kinds: Kinds = Counter()
    for group in range(metadata.num_row_groups):
        for number in range(metadata.num_columns):
            chunk = metadata.row_group(group).column(number)
            name = chunk.path_in_schema.rpartition(".")[2]
            if not chunk.is_stats_set or not chunk.statistics.has_min_max:
                continue
            for value in {chunk.statistics.min, chunk.statistics.max}:
                if isinstance(value, int) and name in PERSON_KEYS:
                    kinds[PERSON] += value in matcher.wanted.persons
                elif isinstance(value, str) and name not in (*CATALOGUE, *ACCOUNT_KEYS):
                    kinds.update(matcher.value(value))
    return kinds


def _arrow(name: str, data: bytes, matcher: Matcher) -> Kinds:
    kinds: Kinds = Counter()
    if data[:6] == b"ARROW1":
        with pa.ipc.open_file(pa.BufferReader(data)) as opened:
            batches = [opened.get_batch(i) for i in range(opened.num_record_batches)]
    else:
        batches = pa.ipc.open_stream(pa.BufferReader(data)).read_all().to_batches()
    for batch in batches:
        kinds.update(search_rows(name, batch, matcher))
    return kinds


def search_rows(name: str, rows: pa.RecordBatch, matcher: Matcher) -> Kinds:
    """Traces in the rows of a table; `name` is of its file, whose folders may hold its source."""
    kinds: Kinds = Counter()
    for field, column in zip(rows.schema, rows.columns, strict=True):
        if field.name in CATALOGUE:
            continue
        if is_account_key(field.name) and not pa.types.is_nested(field.type):
            kinds[ACCOUNT] += int(np.count_nonzero(account_mask(name, rows, field.name, matcher)))
            continue
        for leaf, values in _leaves(field.name, column):
            kinds.update(_column(leaf, values, matcher))
    return +kinds


def account_mask(
    name: str, rows: pa.RecordBatch | pa.Table, column: str, matcher: Matcher
) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which rows are of an account that is looked for, by its source where that is known."""
    accounts = _as_text(rows.column(column))
    near = pc.utf8_trim_whitespace(accounts)
    names = pa.array(sorted(matcher.names), pa.string())
    mask = pc.fill_null(pc.or_(pc.is_in(accounts, names), pc.is_in(near, names)), False)
    met = np.array(mask.to_numpy(zero_copy_only=False), dtype=bool)
    if not met.any():
        return met
    beside = column.replace("account", "source") if "account" in column else "source"
    sources: list[str | None] = [None] * len(met)
    if beside in rows.schema.names:
        sources = _as_text(rows.column(beside)).to_pylist()
    elif place := _PARTITION.search(name):
        sources = [unquote(place[2])] * len(met)
    for at in np.flatnonzero(met):
        account = accounts[int(at)].as_py()
        met[at] = matcher.is_account(account, sources[int(at)])
    return met


def _leaves(name: str, column: pa.Array) -> Iterator[tuple[str, pa.Array]]:
    """The plain columns that a column is made of."""
    if isinstance(column, pa.StructArray):
        for number, field in enumerate(column.type):
            yield from _leaves(field.name, column.field(number))
    elif isinstance(column, pa.MapArray):
        yield from _leaves(name, column.keys)
        yield from _leaves(name, column.items)
    elif isinstance(column, pa.ListArray | pa.LargeListArray | pa.FixedSizeListArray):
        yield from _leaves(name, column.flatten())
    elif isinstance(column, pa.ExtensionArray):
        yield from _leaves(name, column.storage)
    else:
        yield name, column


def _column(name: str, column: pa.Array, matcher: Matcher) -> Kinds:
    kinds: Kinds = Counter()
    kind = column.type
    if pa.types.is_dictionary(kind):
        counts = dict(_counts(column.indices))
        texts = column.dictionary
        if name in CATALOGUE or not _is_text(texts.type):
            return kinds
        for number in _candidates(texts, matcher):
            for k, n in matcher.value(texts[number].as_py()).items():
                kinds[k] += n * max(1, counts.get(number, 0))
    elif _is_text(kind):
        return _column(name, column.cast(pa.string()).dictionary_encode(), matcher)
    elif is_account_key(name) and pa.types.is_integer(kind):
        kinds[ACCOUNT] += sum(map(matcher.is_account, _as_text(column.drop_null()).to_pylist()))
    elif pa.types.is_integer(kind) and name in PERSON_KEYS and matcher.wanted.persons:
        wanted = pa.array(sorted(matcher.wanted.persons), pa.int64())
        kinds[PERSON] += pc.sum(pc.is_in(column.cast(pa.int64()), wanted)).as_py() or 0
    elif _is_bytes(kind):
        for value in column.to_pylist():
            if value is not None:
                kinds.update(matcher.bitmap(value))
    return +kinds


def _as_text(column: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """A plain column as text; bytes that are no text as none."""
    if _is_bytes(column.type):
        texts = [None if v is None else v.decode("utf-8", "replace") for v in column.to_pylist()]
        return pa.array(texts, pa.string())
    return column.cast(pa.string())


def _is_bytes(kind: pa.DataType) -> bool:
    types = pa.types
    return bool(
        types.is_binary(kind)
        or types.is_large_binary(kind)
        or types.is_fixed_size_binary(kind)
        or types.is_binary_view(kind)
    )


def _is_text(kind: pa.DataType) -> bool:
    types = pa.types
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind))


def _counts(indices: pa.Array) -> Iterator[tuple[int, int]]:
    for each in pc.value_counts(indices).to_pylist():
        if each["values"] is not None:
            yield each["values"], each["counts"]


def _candidates(texts: pa.Array, matcher: Matcher) -> Iterable[int]:
    """Which of some texts may hold a trace: a quick look before the careful one."""
    if not len(texts):
        return []
    if len(matcher.needles) > MOST_NEEDLES:
        return range(len(texts))
    either = [*map(re.escape, matcher.needles), ESCAPED.pattern]
    if matcher.weak:
        either += [r"(?i)account|user|customer|member|client|buyer|subscriber|uid", r"^\s*[{\[]"]
        either += [re.escape(s) for s in sorted({s for v in matcher.sources.values() for s in v})]
    mask = pc.match_substring_regex(texts, "|".join(either))
    return [int(i) for i in np.flatnonzero(pc.fill_null(mask, False).to_numpy(False))]


def _stored(value: Any, key: str, matcher: Matcher) -> Kinds:
    kinds: Kinds = Counter()
    if isinstance(value, list):
        for each in value:
            kinds.update(_stored(each, key, matcher))
        return kinds
    if not isinstance(value, Mapping):
        return matcher.json(value, key)
    tag = value.get(TAG)
    if tag == "bitmap":
        return matcher.bitmap(b64decode(value["v"]))
    if tag == "arrow":
        return _arrow("", b64decode(value["v"]), matcher)
    if tag == "array":
        stored = value["v"]
        numbers = np.frombuffer(b64decode(stored["d"]), dtype=stored["t"])
        return _array(key, numbers, matcher)
    for name, each in value.items():
        kinds.update(_stored(each, name if name != "v" else key, matcher))
    return kinds


def _array(name: str, numbers: np.ndarray[Any, Any], matcher: Matcher) -> Kinds:
    """Traces in an array whose name says that it holds persons."""
    stem = name.rpartition("/")[2].split(".")[0]
    if numbers.dtype.kind in "US":
        texts = (
            np.char.decode(numbers, "utf-8", "replace") if numbers.dtype.kind == "S" else numbers
        )
        kinds: Kinds = Counter()
        for text in texts.ravel().tolist():
            kinds.update(matcher.value(text))
        return kinds
    if stem not in (*PERSON_KEYS, "ids") or numbers.dtype.kind not in "iu":
        return Counter()
    met = int(np.isin(numbers, sorted(matcher.wanted.persons)).sum())
    return Counter({PERSON: met}) if met else Counter()
