"""A house is verified, backed up, restored to the same answers, and goes on after a loss."""

import json
import secrets
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fullhouse import app
from fullhouse.control import open_control, record
from fullhouse.control.copying import copy_database, copy_rows
from fullhouse.control.schema import Base
from fullhouse.core.errors import DamagedError, FullhouseError, InputError, StorageError
from fullhouse.core.tables import ALL, PURCHASE

FEED = """
source = "shop"
kind = "purchase"
time_zone = "UTC"
[columns]
event_id = "id"
account = "user"
at = "when"
product = "sku"
[identifiers]
email = "mail"
"""
FILES, ROWS = 3, 30


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sound")
    (folder / "feed.toml").write_text(FEED)
    for number in range(FILES):
        lines = [f"{number}-{i},u{i},2025-03-01 12:00:00,p{i % 7},u{i}@x.com" for i in range(ROWS)]
        (folder / f"{number}.csv").write_text("\n".join(["id,user,when,sku,mail", *lines]) + "\n")
    app.init_house(str(folder / "house"), environment={}).close()
    for number in range(FILES):
        ingest(folder, f"{number}.csv")
    with opened(folder) as context:
        app.people_resolve(context)
        app.lake_compact(context, app.CompactLake(("purchase",)))
    return folder


@pytest.fixture
def house(sound: Path, tmp_path: Path) -> Path:
    shutil.copytree(sound, tmp_path / "copy")
    return tmp_path / "copy"


def opened(folder: Path, name: str = "house") -> Any:
    return app.open_house(str(folder / name), environment={})


def ingest(folder: Path, *files: str, name: str = "house") -> Any:
    names = tuple(folder / file for file in files)
    with opened(folder, name) as context:
        return app.ingest(context, app.IngestFiles(folder / "feed.toml", names))


def content(context: Any) -> dict[str, list[str]]:
    return {
        name: sorted(map(repr, context.lake.read(table).to_pylist())) for name, table in ALL.items()
    }


def codes(proof: Any) -> set[str]:
    problems = (*proof.problems, *(p for t in proof.tables for p in t.problems))
    assert all(str(p).endswith(".") for p in problems), "sentences"
    return {p.code for p in problems}


def verified(folder: Path, **options: Any) -> set[str]:
    with opened(folder) as context:
        proof = app.lake_verify(context, app.VerifyLake(**options))
    assert proof.ok == (not codes(proof))
    return codes(proof)


@pytest.mark.parametrize("full", [False, True])
def test_a_sound_house_has_no_fault(house: Path, full: bool) -> None:
    assert verified(house, full=full) == set()


def _log(house: Path, table: str) -> list[Path]:
    return sorted((house / "house/lake" / table / "_delta_log").glob("*.json"))


def _data(house: Path, table: str) -> list[Path]:
    with opened(house) as context:
        files = context.lake.snapshot(ALL[table]).uris
    return [Path(str(uri).removeprefix("file://")) for uri in files]


def _garble(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[8 : len(data) // 2] = b"\xff" * (len(data) // 2 - 8)
    file.write_bytes(bytes(data))


def _less_ledger(house: Path) -> None:
    """Rows leave the table by a proper commit that no ledger knows of."""
    from fullhouse.lake.maintain import delete_where

    with opened(house) as context:
        delete_where(context.lake, PURCHASE, "event_id = '0-3'")


DAMAGE: dict[str, tuple[Callable[[Path], object], set[str]]] = {
    "commit": (lambda h: _log(h, "identifier")[-1].unlink(), {"table_behind"}),
    "empty_commit": (lambda h: _log(h, "begun")[-1].write_bytes(b""), {"table_log_damaged"}),
    "log": (lambda h: shutil.rmtree(_log(h, "purchase")[0].parent), {"table_log_lost"}),
    "data": (lambda h: _data(h, "purchase")[0].unlink(), {"data_file_missing"}),
    "cut": (lambda h: _data(h, "identifier")[0].write_bytes(b"PAR1"), {"data_file_cut"}),
    "control": (lambda h: (h / "house/control.db").unlink(), {"control_lost"}),
    "key": (lambda h: (h / "house/fullhouse.key").write_text("e" * 64), {"key_other"}),
    "note": (lambda h: (h / "house/lake/_house.json").write_text("{"), {"lake_note_unreadable"}),
    "rows": (_less_ledger, {"ledger_rows_other"}),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_each_damage_is_named(house: Path, name: str) -> None:
    damage, expected = DAMAGE[name]
    damage(house)
    assert expected <= verified(house)


def test_a_page_that_cannot_be_decoded_is_noticed_by_a_full_look(house: Path) -> None:
    _garble(_data(house, "purchase")[0])
    assert verified(house, full=True) == {"data_file_unreadable"}


@pytest.mark.parametrize("action", ["people.erase", "lake.retain"])
def test_rows_that_were_erased_or_are_past_their_time_are_no_fault(
    house: Path, action: str
) -> None:
    _less_ledger(house)
    assert verified(house) == {"ledger_rows_other"}
    with opened(house) as context:
        record(context.control, action, {})
    assert verified(house) == set()


@pytest.mark.slow
def test_verify_ends_with_exit_code_1_and_no_traceback(house: Path) -> None:
    command = [sys.executable, "-m", "fullhouse", "lake", "verify", "-w", str(house / "house")]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    _log(house, "purchase")[-1].unlink()
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    result = json.loads(done.stdout)
    states = {t["name"]: t["ok"] for t in result["tables"]}
    assert [name for name, ok in states.items() if not ok] == ["purchase"]


LOSSES = ("commit", "log", "data", "cut", "control", "note", "rows")


@pytest.mark.parametrize("name", LOSSES)
def test_after_a_loss_is_accepted_the_files_bring_back_every_row(house: Path, name: str) -> None:
    with opened(house) as context:
        before = content(context)
    DAMAGE[name][0](house)
    with opened(house) as context:
        assert not app.lake_accept(context).done
        assert app.lake_accept(context, app.AcceptLake(confirmed=True)).done
    ingest(house, *(f"{i}.csv" for i in range(FILES)))
    with opened(house) as context:
        after = content(context)
        ids = context.lake.read(PURCHASE)["event_id"].to_pylist()
    assert len(ids) == len(set(ids)) == FILES * ROWS
    assert len(after["purchase"]) == len(before["purchase"])
    assert verified(house) == set()


@pytest.mark.parametrize("with_key", [False, True])
def test_a_restored_house_gives_the_same_answers(house: Path, with_key: bool) -> None:
    key = house / "house/fullhouse.key"
    with opened(house) as context:
        saved = app.backup(context, app.MakeBackup(house / "saved", with_key))
        before, audit = content(context), app.audit(context)[1:]
    assert (house / "saved/fullhouse.key").exists() == with_key == saved.with_key
    app.restore(app.RestoreBackup(house / "saved", house / "new", None if with_key else key))
    with opened(house, "new") as context:
        assert content(context) == before
        assert app.audit(context) == audit
        assert app.lake_verify(context, app.VerifyLake(full=True)).ok
    assert ingest(house, "0.csv", "1.csv", name="new").known == 2 * ROWS
    (house / "9.csv").write_text("id,user,when,sku,mail\n9,u9,2025-03-01 12:00:00,p,u9@x.com\n")
    assert ingest(house, "9.csv", name="new").written == 1


def test_a_restored_house_without_its_key_waits_for_it(house: Path) -> None:
    with opened(house) as context:
        app.backup(context, app.MakeBackup(house / "saved"))
    (house / "other").write_text("d" * 64)
    with pytest.raises(DamagedError, match="another key"):
        app.restore(app.RestoreBackup(house / "saved", house / "new", house / "other"))
    assert not (house / "new").exists()
    app.restore(app.RestoreBackup(house / "saved", house / "new"))
    with pytest.raises(InputError, match="no key"):
        ingest(house, "0.csv", name="new")
    shutil.copy(house / "house/fullhouse.key", house / "new/fullhouse.key")
    assert ingest(house, "0.csv", name="new").known == ROWS


def test_nothing_is_overwritten(house: Path) -> None:
    with opened(house) as context:
        app.backup(context, app.MakeBackup(house / "saved"))
        for place in ("saved", "house", "feed.toml"):
            with pytest.raises(InputError, match="there already"):
                app.backup(context, app.MakeBackup(house / place))
    with pytest.raises(InputError, match="there already"):
        app.restore(app.RestoreBackup(house / "saved", house / "house"))
    with pytest.raises(InputError, match="no backup"):
        app.restore(app.RestoreBackup(house / "house", house / "new"))


def test_a_backup_that_was_damaged_is_not_restored(house: Path) -> None:
    """Whatever file of it is changed, cut or gone."""
    with opened(house) as context:
        app.backup(context, app.MakeBackup(house / "saved", with_key=True))
    files = sorted(p for p in (house / "saved").rglob("*") if p.is_file())
    for file in files:
        whole = file.read_bytes()
        for data in (b"", whole[: len(whole) // 2], whole[:-1] + bytes([whole[-1] ^ 1])):
            file.write_bytes(data)
            if file.name == "backup.json" and data and data.endswith(b"}"):
                continue
            with pytest.raises(FullhouseError):
                app.restore(app.RestoreBackup(house / "saved", house / "new"))
        file.unlink()
        with pytest.raises(FullhouseError):
            app.restore(app.RestoreBackup(house / "saved", house / "new"))
        file.write_bytes(whole)
        assert not (house / "new").exists()
    app.restore(app.RestoreBackup(house / "saved", house / "new"))


def test_a_backup_that_breaks_off_leaves_nothing(
    house: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fullhouse.workspace import backup as module

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(module, "_copy_models", full)
        with opened(house) as context, pytest.raises(StorageError, match="no space"):
            app.backup(context, app.MakeBackup(house / "saved"))
    assert not [p for p in house.iterdir() if "saved" in p.name]


def test_rows_go_from_one_kind_of_database_to_another(tmp_path: Path) -> None:
    """Row by row, as from and to PostgreSQL."""
    one, two = (open_control(f"sqlite:///{tmp_path / name}") for name in ("1.db", "2.db"))
    for number in range(3):
        record(one, f"a{number}", {"n": number})
    copy_rows(one, two)
    for control in (one, two):
        control.dispose()
    dumps = []
    for name in ("1.db", "2.db"):
        with sqlite3.connect(tmp_path / name) as connection:
            dumps.append(list(connection.execute("SELECT * FROM audit ORDER BY id")))
    assert dumps[0] == dumps[1]
    assert len(dumps[0]) == 3
    copy_database(f"sqlite:///{tmp_path / '1.db'}", tmp_path / "3.db")
    assert open_control(f"sqlite:///{tmp_path / '3.db'}").dialect == "sqlite"


def rows_of(url: str, folder: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of a control database, by table, as SQLite has it."""
    file = folder / f"{secrets.token_hex(4)}.db"
    copy_database(url, file)
    open_control(f"sqlite:///{file}").dispose()
    with sqlite3.connect(file) as connection:
        return {
            table.name: sorted(connection.execute(f"SELECT * FROM {table.name}"), key=repr)
            for table in Base.metadata.sorted_tables
        }


def test_a_house_goes_from_sqlite_to_postgresql_and_back(
    house: Path, postgres: str, tmp_path: Path
) -> None:
    """Lake, key and every row of the control database, which then goes on numbering its rows."""
    with opened(house) as context:
        app.tenant_add(context, app.AddTenant("north"))
        app.user_add(context, app.AddUser("north", "olga", "owner"))
        app.backup(context, app.MakeBackup(tmp_path / "saved", with_key=True))
    before = rows_of(f"sqlite:///{tmp_path / 'saved' / 'control.db'}", tmp_path)
    assert before["audit"]
    assert before["tenant"]
    asked = app.RestoreBackup(tmp_path / "saved", tmp_path / "new", control=postgres)
    app.restore(asked)
    assert not (tmp_path / "new" / "control.db").exists()
    assert rows_of(postgres, tmp_path) == before
    with app.open_house(str(tmp_path / "new"), environment={}) as context:
        assert context.control.dialect == "postgresql"
        assert app.lake_verify(context).ok
        app.tenant_add(context, app.AddTenant("south"))
        assert app.audit(context, app.ListAudit(1))[0].action == "tenant.add"
        app.backup(context, app.MakeBackup(tmp_path / "again", with_key=True))
    with pytest.raises(InputError, match="has rows already"):
        app.restore(replace(asked, to=tmp_path / "other"))
    assert not (tmp_path / "other").exists()
    app.restore(app.RestoreBackup(tmp_path / "again", tmp_path / "back"))
    with app.open_house(str(tmp_path / "back"), environment={}) as context:
        assert context.control.dialect == "sqlite"
        assert app.lake_verify(context).ok
        assert [t.tenant for t in app.tenant_list(context)] == ["north", "south"]


def test_a_password_of_the_database_is_written_into_no_file(house: Path, tmp_path: Path) -> None:
    from fullhouse.workspace import backup as module

    url = "postgresql+psycopg://owner:secret@host/fullhouse"
    assert "secret" not in module._with_control("house = 'a'\n", url)
    assert 'control = "postgresql+psycopg://owner@host/fullhouse"' in module._with_control(
        "house = 'a'\n", "postgresql+psycopg://owner@host/fullhouse"
    )
    with opened(house) as context:
        app.backup(context, app.MakeBackup(tmp_path / "saved"))
    with pytest.raises(InputError, match="--control names a database elsewhere"):
        app.restore(
            app.RestoreBackup(
                tmp_path / "saved", tmp_path / "new", control=f"sqlite:///{tmp_path / 'c.db'}"
            )
        )
    assert not (tmp_path / "new").exists()
