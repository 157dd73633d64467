"""Take traces out of files beside the tables: deliveries, exports, caches, what lies about."""

import codecs
import csv
import io
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from fullhouse.campaigns.removals import FOLDER as REMOVALS
from fullhouse.core.errors import FullhouseError
from fullhouse.core.tables import ALL, DELIVERY
from fullhouse.erasure.match import PERSON_KEYS, Matcher, is_account_key
from fullhouse.erasure.packed import Packed, is_sealed, pack, unpack
from fullhouse.erasure.search import UNREAD, account_mask, search_file, search_place, search_rows
from fullhouse.lake import Lake, Place
from fullhouse.workspace.cache_files import CACHE, write_whole

OWN = ("control.db",)
HASHED = ("google", "meta", "tiktok")
"""Forms of deliveries in which people stand by a platform's digest of their contacts alone."""


def removal_lists(place: Place, places: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """What names of removal lists begin with, where campaigns were handed over into a workspace."""
    inside = f"{place.root}/"
    return tuple(
        f"{root.removeprefix(inside)}/{REMOVALS}/"
        for root, kind in places
        if kind.startswith("campaign") and root.startswith(inside)
    )


def take_from_workspace(
    place: Place, lake: Lake, matcher: Matcher, lists: tuple[str, ...] = ()
) -> int:
    """Remove derived files, and take traces out of all others but tables and database."""
    taken = remove_derived(place)
    taken += take_from(place, matcher, skip=(*OWN, *_below(place, lake), *lists))
    # What engines put aside, and tables that nobody declares.
    declared = tuple(f"{name}/" for name in ALL)
    for file, kinds in search_place(lake.place, matcher, skip=declared):
        if kinds and kinds.keys() - {UNREAD}:
            lake.place.remove(file.name)
            taken += 1
    return taken


def take_from(place: Place, matcher: Matcher, skip: tuple[str, ...] = ()) -> int:
    """Take traces out of the files of a place; how many were rewritten or removed."""
    searched = search_place(place, matcher, skip=skip)
    traced = [f for f, kinds in searched if kinds and kinds.keys() - {UNREAD}]
    return sum(clean(place, file.name, matcher) for file in traced)


def remove_derived(place: Place) -> int:
    """Remove all files that are derived from the tables; each is made again when it is needed."""
    removed = 0
    for file in list(place.files()):
        if file.name.startswith(f"{CACHE}/") and not file.name.endswith(".model"):
            place.remove(file.name)
            removed += 1
    return removed


def take_from_handed_out(
    places: Sequence[tuple[str, str]], lake: Lake, matcher: Matcher, *, hashed: frozenset[str]
) -> int:
    """Rewrite what was written for channels and operators without the erased accounts.

    `hashed` names the campaigns that an erased person was treated in: their customer-match files
    hold nobody by name, so they are removed whole.
    """
    taken = 0
    for root, kind in places:
        with suppress(OSError, FullhouseError):
            place, names = _files_of(root, kind, lake)
            for name, form in names:
                if form in HASHED:
                    if kind.partition(":")[2] in hashed and place.read(name) is not None:
                        place.remove(name)
                        taken += 1
                    continue
                data = place.read(name)
                if data is not None and search_file(name, data, matcher):
                    taken += clean(place, name, matcher)
    return taken


def handed_out_files(root: str, kind: str, lake: Lake) -> tuple[Place, list[str]]:
    """A place that was handed accounts, and the names of the files that went there."""
    place, names = _files_of(root, kind, lake)
    return place, [name for name, _ in names]


def clean(place: Place, name: str, matcher: Matcher) -> int:
    """Take every trace out of a file; 0 where its form is not known and it stays as it is."""
    data = place.read(name)
    if data is None:
        return 0
    base = name.rpartition("/")[2]
    if matcher.text(base) or base.startswith(".") or base.endswith((".part", ".tmp")):
        place.remove(name)
        return 1
    cleaned = cleaned_bytes(name, data, matcher)
    if cleaned is None or cleaned == data:
        return 0
    if not place.is_local:
        place.write(name, cleaned)
        return 1
    path = place.path / name
    mode = path.stat().st_mode & 0o777

    def write(part: Path) -> None:
        part.write_bytes(cleaned)
        os.chmod(part, mode)

    write_whole(path, write)
    return 1


def cleaned_bytes(name: str, data: bytes, matcher: Matcher) -> bytes | None:
    """A file without its traces; None for a form that cannot be rewritten."""
    lower = name.lower()
    if is_sealed(lower, data):
        return None
    if (packed := unpack(name, data)) is not None:
        return _cleaned_packed(packed, data, matcher)
    if data[:4] == b"PAR1" or data[:6] == b"ARROW1":
        return _cleaned_table(name, data, matcher)
    code = _encoding(data)
    try:
        text = data.decode(code)
    except UnicodeDecodeError:
        return None
    if lower.endswith((".csv", ".tsv")):
        text = "".join(_records_without(text, matcher))
    elif lower.endswith((".json", ".jsonl", ".ndjson")):
        text = _cleaned_json(text, matcher)
    else:
        text = matcher.redact(text)
    return text.encode(code)


def _encoding(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    return "utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8"


def _cleaned_packed(packed: Packed, data: bytes, matcher: Matcher) -> bytes | None:
    """A packed file without the traces in it; None where a part cannot be read or rewritten."""
    archive = packed.form in ("zip", "tar")
    members = []
    for name, inner in packed.members:
        if archive and matcher.text(name):
            continue
        cleaned: bytes | None = inner
        if search_file(name, inner, matcher, depth=1).keys() - {UNREAD}:
            cleaned = cleaned_bytes(name, inner, matcher)
        if cleaned is None:
            return None
        members.append((name, cleaned))
    return pack(packed.form, members, data) if packed.whole else None


def _cleaned_table(name: str, data: bytes, matcher: Matcher) -> bytes:
    """A Parquet or Arrow file without the rows in which a trace stands."""
    parquet = data[:4] == b"PAR1"
    if parquet:
        rows = pq.read_table(pa.BufferReader(data), partitioning=None)
    else:
        with pa.ipc.open_file(pa.BufferReader(data)) as opened:
            rows = opened.read_all()
    schema = rows.schema
    rows = rows.cast(pa.schema([f.with_type(_plain(f.type)) for f in schema], schema.metadata))
    kept = np.ones(rows.num_rows, dtype=bool)
    for column in rows.schema.names:
        kind = rows.schema.field(column).type
        if is_account_key(column) and not pa.types.is_nested(kind):
            kept &= ~account_mask(name, rows.combine_chunks(), column, matcher)
        elif column in PERSON_KEYS and pa.types.is_integer(kind):
            gone = pa.array(sorted(matcher.wanted.persons), pa.int64())
            kept &= ~np.asarray(pc.is_in(rows[column].cast(pa.int64()), gone).to_numpy(), bool)
        elif pa.types.is_string(kind):
            values = rows[column].to_pylist()
            kept &= ~np.array([bool(v is not None and matcher.value(v)) for v in values], bool)
    rows = rows.filter(pa.array(kept))
    batches = [_without(name, batch, matcher) for batch in rows.to_batches()]
    rows = pa.Table.from_batches(batches, rows.schema)
    about = rows.schema.metadata or {}
    if any(matcher.raw(k + b" " + v) for k, v in about.items()):
        rows = rows.replace_schema_metadata(None)
        schema = schema.remove_metadata()
    rows = rows.cast(schema)
    sink = pa.BufferOutputStream()
    if parquet:
        pq.write_table(rows, sink)
    else:
        with pa.ipc.new_file(sink, rows.schema) as out:
            out.write_table(rows)
    return bytes(sink.getvalue())


def _plain(kind: pa.DataType) -> pa.DataType:
    """A type that rows can be picked from, and whose values go with their rows."""
    if pa.types.is_dictionary(kind):
        return _plain(kind.value_type)
    return pa.string() if pa.types.is_string_view(kind) else kind


def _without(name: str, batch: pa.RecordBatch, matcher: Matcher) -> pa.RecordBatch:
    """The rows in which the search meets nothing, whatever column it would stand in."""
    if not search_rows(name, batch, matcher):
        return batch
    clean = [not search_rows(name, batch.slice(n, 1), matcher) for n in range(batch.num_rows)]
    return batch.filter(pa.array(clean, pa.bool_()))


def _records_without(text: str, matcher: Matcher) -> Iterator[str]:
    """The records of a delimited text that hold no trace, letter by letter as they were."""
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t|", key=first.count)
    raw: list[str] = []

    def lines() -> Iterator[str]:
        for line in io.StringIO(text, newline=""):
            raw.append(line)
            yield line

    columns: list[str] = []
    for row in csv.reader(lines(), delimiter=delimiter):
        record = "".join(raw)
        raw.clear()
        if not columns:
            columns = row
        named = dict(zip(columns, row, strict=False))
        if not matcher.json(named) and not any(matcher.value(x) for x in row[len(columns) :]):
            yield record


def _cleaned_json(text: str, matcher: Matcher) -> str:
    try:
        return json.dumps(matcher.redact_json(json.loads(text)), ensure_ascii=False, indent=1)
    except ValueError:
        lines = text.splitlines(keepends=True)
        return "".join(line for line in lines if not matcher.value(line))


def _below(place: Place, lake: Lake) -> tuple[str, ...]:
    """What names of files of the tables begin with, where the lake is inside the workspace."""
    inside = lake.place.root.removeprefix(place.root.rstrip("/") + "/")
    return () if inside == lake.place.root else (f"{inside}/",)


def _files_of(root: str, kind: str, lake: Lake) -> tuple[Place, list[tuple[str, str]]]:
    """What was written at a place: an export's file, or what the log of deliveries names."""
    if kind == "export":
        folder, _, name = root.rpartition("/")
        return Place.of(folder or "/"), [(name, "")]
    campaign = kind.partition(":")[2]
    where = pc.field("campaign") == campaign
    rows = lake.live.read(DELIVERY, columns=["channel", "to", "form"], where=where).to_pylist()
    names = {(f"{r['channel']}/{r['to']}", r["form"]) for r in rows if r["form"] != "webhook"}
    return Place.of(root), sorted({*names, ("assigned.parquet", "")})
