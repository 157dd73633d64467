"""The search meets a planted trace in every kind of place, and nothing else."""

import gzip
import io
import json
import sqlite3
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from pyroaring import BitMap

from fullhouse import app
from fullhouse.control.job import NewJob
from fullhouse.control.jobs import claim, enqueue, finish
from fullhouse.control.suppression import account_digest
from fullhouse.core.stored import to_bytes
from fullhouse.core.tables import PERSON_TRAIT, QUARANTINE, TRAIT_BITMAP
from fullhouse.erasure.erasure import Verification, Wanted
from fullhouse.erasure.match import Matcher
from fullhouse.erasure.search import search_file

from .conftest import NOW, House

GONE = ("shop", "zz-40401")
NEIGHBOURS = ("zz-404010", "azz-40401", "zz-4040", "zz-40402", "zz.40401", "x.zz-40401")
PERSON, OTHER = 900_001, 900_002
DIGEST, OTHER_DIGEST = "ab" * 32, "ba" * 32

Plant = Callable[[House, str, int, str], None]
"""Puts an account, a person and an identifier's digest somewhere in a house."""


def lake_file(house: House, table: str) -> Path:
    files = sorted((house.root / "lake" / table).rglob("*.parquet"))
    return next((f for f in files if f.parent.name == "source=shop"), files[0])


def beside(house: House, table: str, name: str) -> Path:
    return lake_file(house, table).with_name(name)


def in_the_rows(house: House, account: str, person: int, digest: str) -> None:
    rows = {"account": [account, "a"], "digest": [digest, "b"]}
    pq.write_table(pa.table(rows), beside(house, "identifier", "part-9.parquet"))


def in_a_dictionary_page(house: House, account: str, person: int, digest: str) -> None:
    coded = pa.DictionaryArray.from_arrays(pa.array([0, 0]), pa.array(["a", f"row of {account}."]))
    pq.write_table(
        pa.table({"note": coded.cast(pa.string())}), beside(house, "purchase", "9.parquet")
    )
    metadata = {"note": f"made for {account}"}
    table = pa.table({"n": [1]}).replace_schema_metadata(metadata)
    pq.write_table(table, beside(house, "purchase", "8.parquet"))


def in_a_log(house: House, account: str, person: int, digest: str) -> None:
    stats = json.dumps({"numRecords": 1, "minValues": {"account": account}})
    add = {"add": {"path": "a.parquet", "partitionValues": {"source": "shop"}, "stats": stats}}
    log = house.root / "lake" / "purchase" / "_delta_log"
    (log / "00000000000000000001.json.old").write_text(json.dumps(add) + "\n")
    (log / "_commit_1.json.tmp").write_text(json.dumps(add) + "\n")


def in_a_checkpoint(house: House, account: str, person: int, digest: str) -> None:
    stats = json.dumps({"minValues": {"account": account}})
    log = house.root / "lake" / "purchase" / "_delta_log"
    adds = pa.table({"add": [{"path": "x", "stats": stats}, {"path": "y", "stats": "{}"}]})
    pq.write_table(adds, log / "00000000000000000009.checkpoint.parquet")


def in_a_predicate(house: House, account: str, person: int, digest: str) -> None:
    commit = {"commitInfo": {"operationParameters": {"predicate": f"account IN ('{account}')"}}}
    log = house.root / "lake" / "consent" / "_delta_log"
    (log / "00000000000000000008.json.bak").write_text(json.dumps(commit) + "\n")


def in_a_bitmap(house: House, account: str, person: int, digest: str) -> None:
    rows = {"trait": [1], "bitmap": [BitMap([3, person]).serialize()]}
    pq.write_table(pa.table(rows), beside(house, "trait_bitmap", "9.parquet"))


def in_a_column_of_persons(house: House, account: str, person: int, digest: str) -> None:
    pq.write_table(pa.table({"person": [5, person]}), beside(house, "person_trait", "9.parquet"))
    pq.write_table(pa.table({"merged": [person]}), house.root / "merges.parquet")


def in_quarantine(house: House, account: str, person: int, digest: str) -> None:
    row = {
        "source": "shop", "feed": "f", "kind": "purchase", "file": "f.csv", "row": 1,
        "reason": "bad_number", "detail": f"account: user = '{account}'", "batch": "b",
        "raw": json.dumps({"user": account, "mail": f"email:{digest}"}),
    }  # fmt: skip
    rows = pa.Table.from_pylist([{**row, "at": NOW}], schema=QUARANTINE.schema)
    pq.write_table(rows, beside(house, "quarantine", "9.parquet"))


def in_an_audit_row(house: House, account: str, person: int, digest: str) -> None:
    with house.open() as context:
        from fullhouse.control import record

        detail: dict[str, object] = {"files": [{"file": f"takeout-{account}.csv"}]}
        record(context.control, "ingest", detail)


def in_a_remembered_result(house: House, account: str, person: int, digest: str) -> None:
    stored = to_bytes({"people": {0: BitMap([person])}, "by": (account, digest)})
    with house.open() as context:
        _run(context, "{}", stored)


def in_a_request(house: House, account: str, person: int, digest: str) -> None:
    with house.open() as context:
        _run(context, json.dumps({"file": f"/data/{account}.csv"}), None)


def _run(context: app.Context, request: str, result: bytes | None) -> None:
    values = {
        "tenant": "house", "id": uuid4().hex, "kind": "k", "request": request, "digest": "d",
        "versions": "{}", "actor": "a", "status": "finished", "started_at": "2026-01-01",
        "heard_at": "2026-01-01", "process": "p", "step": "s", "done": 0, "error": "",
        "result": result,
    }  # fmt: skip
    with context.control.begin() as connection:
        names, marks = ", ".join(values), ", ".join("?" * len(values))
        connection.exec_driver_sql(
            f"INSERT INTO run ({names}) VALUES ({marks})", tuple(values.values())
        )


def in_a_job(house: House, account: str, person: int, digest: str) -> None:
    with house.open() as context:
        request = json.dumps({"source": "shop", "accounts": [account]})
        new = NewJob("house", "operator", "erase_people", request, dedupe=f"erase {account}")
        with context.control.begin() as connection:
            enqueue(connection, new, now=context.now)
        job = claim(context.control, "worker")
        assert job is not None
        assert finish(context.control, job, to_bytes({"people": BitMap([person]), "by": account}))


def in_free_pages_of_the_database(house: House, account: str, person: int, digest: str) -> None:
    with sqlite3.connect(house.root / "control.db") as database:
        database.execute("PRAGMA secure_delete = OFF")
        database.execute("CREATE TABLE gone (a TEXT)")
        text = json.dumps({"file": f"{account}.csv", "digest": digest})
        database.executemany("INSERT INTO gone VALUES (?)", [(text,)] * 200)
    with sqlite3.connect(house.root / "control.db") as database:
        database.execute("PRAGMA secure_delete = OFF")
        database.execute("DROP TABLE gone")


def in_a_delivery(house: House, account: str, person: int, digest: str) -> None:
    with (house.out / "mail" / "l1.csv").open("a") as file:
        file.write(f'"shop","{account}"\n')


def in_an_export(house: House, account: str, person: int, digest: str) -> None:
    with (house.folder / "export.csv").open("a") as file:
        file.write(f'"shop","{account}"\n')


def in_text_files(house: House, account: str, person: int, digest: str) -> None:
    (house.root / "service.log").write_text(f"12:00 looked up {account}, found nothing\n")
    (house.root / "page.html").write_text(f"<td>{account}</td><td>{digest}</td>")


def in_packed_files(house: House, account: str, person: int, digest: str) -> None:
    text = f"source,account\nshop,{account}\n".encode()
    (house.root / "old.csv.gz").write_bytes(gzip.compress(text))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/rows.csv", text)
        archive.writestr("b/inner.csv.gz", gzip.compress(text))
    (house.root / "backup.zip").write_bytes(packed.getvalue())


def in_a_file_name(house: House, account: str, person: int, digest: str) -> None:
    (house.root / f"takeout-{account}.txt").write_text("nothing")


def in_caches(house: House, account: str, person: int, digest: str) -> None:
    cache = house.root / "cache"
    (cache / "consent").mkdir(parents=True, exist_ok=True)
    (cache / "consent" / "1.set").write_bytes(to_bytes({0: BitMap([person])}))
    table = pa.table({"person": pa.array([person], pa.uint32())})
    with (
        pa.OSFile(str(cache / "0.arrow"), "wb") as sink,
        pa.ipc.new_file(sink, table.schema) as out,
    ):
        out.write_table(table)
    np.savez(cache / "counts.npz", person=np.array([person]), people=np.array([PERSON]))


def in_a_model(house: House, account: str, person: int, digest: str) -> None:
    folder = house.root / "models" / "link"
    folder.mkdir(parents=True)
    (folder / "m.json").write_text(json.dumps({"example": {"account": account}}))


def in_raw_bytes(house: House, account: str, person: int, digest: str) -> None:
    data = b"\x00\x01" + account.encode() + b"\x00" + bytes.fromhex(digest) + b"\x00"
    (house.root / "core.dump").write_bytes(b"\x00" * (9 << 20) + data)


PLANTS: list[tuple[Plant, set[str]]] = [
    (in_the_rows, {"account", "identifier"}),
    (in_a_dictionary_page, {"account"}),
    (in_a_log, {"account"}),
    (in_a_checkpoint, {"account"}),
    (in_a_predicate, {"account"}),
    (in_a_bitmap, {"person"}),
    (in_a_column_of_persons, {"person"}),
    (in_quarantine, {"account", "identifier"}),
    (in_an_audit_row, {"account"}),
    (in_a_remembered_result, {"account", "person", "identifier"}),
    (in_a_request, {"account"}),
    (in_a_job, {"account", "person"}),
    (in_free_pages_of_the_database, {"account", "identifier"}),
    (in_a_delivery, {"account"}),
    (in_an_export, {"account"}),
    (in_text_files, {"account", "identifier"}),
    (in_packed_files, {"account"}),
    (in_a_file_name, {"account"}),
    (in_caches, {"person"}),
    (in_a_model, {"account"}),
    (in_raw_bytes, {"account", "identifier"}),
]


def search(house: House) -> Verification:
    return house.verify(GONE, persons=[PERSON], digests=[DIGEST])


@pytest.fixture(scope="module")
def shared(template: House, tmp_path_factory: pytest.TempPathFactory) -> House:
    """A house that holds the neighbours of what is looked for, everywhere."""
    import shutil

    house = House(tmp_path_factory.mktemp("search") / "copy")
    shutil.copytree(template.folder, house.folder)
    return house


@pytest.mark.parametrize(("plant", "kinds"), PLANTS, ids=lambda p: getattr(p, "__name__", ""))
def test_a_planted_trace_is_met_where_it_is(house: House, plant: Plant, kinds: set[str]) -> None:
    plant(house, GONE[1], PERSON, DIGEST)
    result = search(house)
    assert {t.kind for t in result.traces} == kinds
    assert not result.clean


@pytest.mark.slow
def test_neighbours_in_every_place_are_not_met(house: House) -> None:
    assert search(house).clean
    for plant, _ in PLANTS:
        if plant is not in_a_model:
            plant(house, NEIGHBOURS[0], OTHER, OTHER_DIGEST)
    assert search(house).traces == ()


@pytest.mark.slow
def test_erasing_takes_every_planted_trace_that_is_not_raw_bytes(house: House) -> None:
    for plant, _ in PLANTS:
        # Raw bytes can only be reported; a false checkpoint or commit leaves no table.
        if plant not in (in_raw_bytes, in_a_checkpoint, in_a_predicate):
            plant(house, GONE[1], PERSON, DIGEST)
    with house.open() as context:
        app.erase_people(context, app.ErasePeople((GONE,)))
    left = house.verify(GONE).traces
    assert left == (), left


@pytest.mark.slow
def test_the_digest_of_a_suppressed_account_is_met_but_in_the_list_of_them(house: House) -> None:
    assert house.erase(GONE).complete
    with house.open() as context:
        digest = account_digest(context.key, *GONE)
    (house.root / "notes.txt").write_text(f"suppressed {digest}")
    (trace,) = house.verify(GONE).traces
    assert (trace.place, trace.kind) == ("notes.txt", "digest")


def test_the_same_id_of_another_source_is_not_met() -> None:
    matcher = Matcher(Wanted(frozenset({("shop", "12")})))
    for rows, count in (
        ({"source": ["video"], "account": ["12"]}, 0),
        ({"source": ["shop"], "account": ["12"]}, 1),
        ({"account": ["12"]}, 1),
        ({"account": ["123"]}, 0),
    ):
        sink = io.BytesIO()
        pq.write_table(pa.table(rows), sink)
        assert search_file("x.parquet", sink.getvalue(), matcher)["account"] == count
    inside = io.BytesIO()
    pq.write_table(pa.table({"account": ["12"]}), inside)
    met = search_file("purchase/source=video/a.parquet", inside.getvalue(), matcher)
    assert met["account"] == 0


@pytest.mark.parametrize("name", ["x.parquet", "x.csv.gz", "x.zip", "x.arrow", "x.set", "x.json"])
def test_half_a_file_is_searched_by_its_bytes(name: str) -> None:
    matcher = Matcher(Wanted(frozenset({GONE})))
    magic = {"x.parquet": b"PAR1", "x.zip": b"PK\x03\x04"}.get(name, b"")
    assert search_file(name, magic + b'\x00{"a": "' + GONE[1].encode() + b'"', matcher)


def _tgz(data: bytes) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        member = tarfile.TarInfo("rows.csv")
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    return packed.getvalue()


def _npz(data: bytes) -> bytes:
    packed = io.BytesIO()
    np.savez_compressed(packed, a=np.array(data.decode().replace("\n", ",").split(",")))
    return packed.getvalue()


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("x.tgz", _tgz),
        ("x.tar.gz", _tgz),
        ("x.npz", _npz),
        ("x.csv", lambda data: data.decode().encode("utf-16")),
        ("x.jsonl", lambda data: b'{"a":1}\n{"account":"' + GONE[1].encode() + b'"}\n'),
        ("x.csv.zst", lambda data: pa.compress(data * 50, codec="zstd", asbytes=True)),
    ],
)
def test_a_trace_in_a_packed_or_encoded_file_is_met(
    name: str, pack: Callable[[bytes], bytes]
) -> None:
    matcher = Matcher(Wanted(frozenset({GONE})))
    for account, is_met in ((GONE[1], True), (NEIGHBOURS[0], False)):
        text = f"source,account\nshop,{account}\n".encode()
        if name != "x.jsonl" or is_met:
            assert bool(search_file(name, pack(text), matcher)["account"]) == is_met


def test_tables_are_read_in_full(shared: House) -> None:
    bitmaps, lists = shared.rows(TRAIT_BITMAP), shared.rows(PERSON_TRAIT)
    person = shared.person(("shop", "c-003"))
    traces = shared.verify(("shop", "c-003")).traces
    of = {t.place.split("/")[1]: t.count for t in traces if t.kind == "person"}
    assert of["trait_bitmap"] == sum(person in BitMap.deserialize(r["bitmap"]) for r in bitmaps)
    assert of["person_trait"] == sum(r["person"] == person for r in lists)


def test_rows_and_versions_of_the_table_person_are_no_persons() -> None:
    matcher = Matcher(Wanted(frozenset({GONE}), persons=frozenset({35})))
    note = {"lake": "a2c6", "tables": {"person": [35, 35]}}
    assert not search_file("lake/_house.json", json.dumps(note).encode(), matcher)
    planted = note | {"note": GONE[1], "person": 35}
    met = search_file("lake/_house.json", json.dumps(planted).encode(), matcher)
    assert (met["account"], met["person"]) == (1, 1)
    assert search_file("other.json", json.dumps(note).encode(), matcher)["person"] == 2


APPEND_ONLY = ("ledger", "log_leaf", "log_node", "log_head", "log_size", "forecast_entry")
OWN = ("erasure", "suppression", "alembic_version", "house", "table_mark")
"""What an erasure writes itself, and what ties a house together: a false row there is damage."""


def _planted_everywhere(house: House, account: str) -> set[str]:
    """A trace in every column of the control database that may hold one, known to us or not."""
    planted = set()
    values: dict[type, Any] = {
        sa.JSON: {"file": f"of-{account}.csv"},
        sa.LargeBinary: to_bytes({"by": account}),
        sa.String: f"of {account}",
    }
    with house.open() as context, context.control.begin() as connection:
        tables = sa.MetaData()
        tables.reflect(connection)
        for table in tables.sorted_tables:
            for column in table.columns:
                kind = next((k for k in values if isinstance(column.type, k)), None)
                if kind is None or column.name == "tenant" or table.name in (*APPEND_ONLY, *OWN):
                    continue
                planted.add(f"{table.name}.{column.name}")
                row = {
                    c.name: _some(c, 10_000 + len(planted)) for c in table.columns if not c.nullable
                }
                connection.execute(table.insert().values(**row | {column.name: values[kind]}))
    return planted


def _some(column: Any, number: int) -> Any:
    if column.name == "tenant":
        return f"t{number}"
    if isinstance(column.type, sa.DateTime):
        return NOW
    if isinstance(column.type, sa.Date):
        return NOW.date()
    plain = {sa.JSON: {}, sa.LargeBinary: b"", sa.Float: 1.0, sa.Boolean: False}
    for kind, value in plain.items():
        if isinstance(column.type, kind):
            return value
    return f"v{number}" if isinstance(column.type, sa.String) else number


@pytest.mark.slow
def test_a_trace_in_any_column_of_the_control_database_is_met_and_erased(house: House) -> None:
    """Of tables that came later, too: the schema itself says where one may stand."""
    planted = _planted_everywhere(house, GONE[1])
    assert {"session.member", "request.body", "job.error", "released.body"} <= planted
    met = {t.place.removeprefix("control database: ") for t in house.verify(GONE).traces}
    assert planted <= met
    assert house.erase(GONE).complete
    assert house.verify(GONE).traces == ()
