"""Take traces out of files beside the tables: deliveries, exports, caches, what lies about."""

import csv
import gzip
import io
import json
import os
import zipfile
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
from fullhouse.erasure.match import PERSON_KEYS, Matcher
from fullhouse.erasure.search import account_mask, search_file, search_place
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
        if kinds:
            lake.place.remove(file.name)
            taken += 1
    return taken


def take_from(place: Place, matcher: Matcher, skip: tuple[str, ...] = ()) -> int:
    """Take traces out of the files of a place; how many were rewritten or removed."""
    traced = [f for f, kinds in search_place(place, matcher, skip=skip) if kinds]
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
    if lower.endswith(".gz"):
        inner = cleaned_bytes(name[:-3], gzip.decompress(data), matcher)
        return None if inner is None else gzip.compress(inner, mtime=0)
    if data[:4] == b"PK\x03\x04":
        return _cleaned_zip(data, matcher)
    if data[:4] == b"PAR1":
        return _cleaned_parquet(name, data, matcher)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    if lower.endswith((".csv", ".tsv")):
        return "".join(_records_without(text, matcher)).encode()
    if lower.endswith((".json", ".jsonl", ".ndjson")):
        return _cleaned_json(text, matcher).encode()
    return matcher.redact(text).encode()


def _cleaned_zip(data: bytes, matcher: Matcher) -> bytes | None:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", 8) as new:
        for member in old.infolist():
            inner: bytes | None = old.read(member)
            if matcher.text(member.filename):
                continue
            if inner and search_file(member.filename, inner, matcher, depth=1):
                inner = cleaned_bytes(member.filename, inner, matcher)
            if inner is None:
                return None
            new.writestr(member, inner)
    return out.getvalue()


def _cleaned_parquet(name: str, data: bytes, matcher: Matcher) -> bytes:
    rows = pq.read_table(pa.BufferReader(data), partitioning=None)
    kept = np.ones(rows.num_rows, dtype=bool)
    for column in rows.schema.names:
        if column in ("account", "account_a", "account_b"):
            kept &= ~account_mask(name, rows.combine_chunks(), column, matcher)
        elif column in PERSON_KEYS and pa.types.is_integer(rows.schema.field(column).type):
            gone = pa.array(sorted(matcher.wanted.persons), pa.int64())
            kept &= ~np.asarray(pc.is_in(rows[column].cast(pa.int64()), gone).to_numpy(), bool)
        elif pa.types.is_string(rows.schema.field(column).type):
            values = rows[column].to_pylist()
            kept &= ~np.array([bool(v is not None and matcher.value(v)) for v in values], bool)
    sink = pa.BufferOutputStream()
    pq.write_table(rows.filter(pa.array(kept)), sink)
    return bytes(sink.getvalue())


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
