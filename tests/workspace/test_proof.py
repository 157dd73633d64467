"""Damage of any kind ends in a clear stop: nothing is "already known" in a table that lost it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from fullhouse import app
from fullhouse.core.errors import DamagedError, FullhouseError, InputError
from fullhouse.core.tables import PURCHASE
from fullhouse.workspace.proof import read_note

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
FILES, ROWS = 3, 40


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A house that took in three files, each in two chunks, and knows of one more commit."""
    folder = tmp_path_factory.mktemp("sound")
    (folder / "feed.toml").write_text(FEED)
    for number in range(FILES):
        lines = [f"{number}-{i},u{i},2025-03-01 12:00:00,p{i % 7},u{i}@x.com" for i in range(ROWS)]
        text = "\n".join(["id,user,when,sku,mail", *lines, f"{number}-x,u,never,p,"]) + "\n"
        (folder / f"{number}.csv").write_text(text)
    app.init_house(str(folder / "house"), environment={}).close()
    for number in range(FILES):
        assert ingest(folder, f"{number}.csv") == (ROWS, 0)
    return folder


@pytest.fixture
def house(sound: Path, tmp_path: Path) -> Path:
    return copied(sound, tmp_path / "copy")


def copied(folder: Path, to: Path) -> Path:
    shutil.copytree(folder, to)
    return to


def ingest(folder: Path, *files: str, key: str | None = None) -> tuple[int, int]:
    """Rows written and rows known."""
    environment = {"FULLHOUSE_CHUNK_ROWS": "25"} | ({"FULLHOUSE_KEY": key} if key else {})
    with app.open_house(str(folder / "house"), environment=environment) as context:
        names = tuple(folder / name for name in files)
        report = app.ingest(context, app.IngestFiles(folder / "feed.toml", names))
    return report.written, report.known


def log(folder: Path, table: str = "purchase") -> list[Path]:
    return sorted((folder / "house/lake" / table / "_delta_log").glob("*.json"))


def stop_of(folder: Path) -> FullhouseError:
    with pytest.raises(FullhouseError) as problem:
        ingest(folder, *(f"{i}.csv" for i in range(FILES)))
    assert str(problem.value).endswith("."), "a sentence"
    return problem.value


def test_a_sound_house_knows_every_row(house: Path) -> None:
    assert ingest(house, "0.csv", "1.csv", "2.csv") == (0, FILES * (ROWS + 1))


LEDGERS = ("purchase", "quarantine", "identifier", "begun", "ingested")


@pytest.mark.parametrize("table", LEDGERS)
def test_a_lost_last_commit_stops_the_ingest(house: Path, table: str) -> None:
    log(house, table)[-1].unlink()
    assert stop_of(house).code == "table_behind"


@pytest.mark.parametrize("table", LEDGERS)
def test_an_emptied_last_commit_stops_the_ingest(house: Path, table: str) -> None:
    log(house, table)[-1].write_bytes(b"")
    assert stop_of(house).code == "table_log_damaged"


@pytest.mark.parametrize("table", LEDGERS)
def test_a_lost_log_stops_the_ingest(house: Path, table: str) -> None:
    shutil.rmtree(house / "house/lake" / table / "_delta_log")
    assert stop_of(house).code == "table_log_lost"


def test_a_commit_cut_between_two_lines_stops_the_ingest(house: Path) -> None:
    last = log(house)[-1]
    lines = [line for line in last.read_text().splitlines() if not line.startswith('{"add"')]
    last.write_text("\n".join(lines) + "\n")
    assert stop_of(house).code == "table_rows_other"


def test_another_commit_in_the_place_of_a_lost_one_stops_the_ingest(house: Path) -> None:
    with app.open_house(str(house / "house"), environment={}) as context:
        rows = context.lake.read(PURCHASE).slice(0, 3)
        log(house)[-1].unlink()
        context.lake.append(PURCHASE, rows, batch="other")
    assert stop_of(house).code == "table_rows_other"


def test_a_lost_control_database_is_not_made_anew(house: Path) -> None:
    file = house / "house/control.db"
    file.unlink()
    assert stop_of(house).code == "control_lost"
    with app.open_house(str(house / "house"), environment={}) as context:
        for use in (app.audit, app.audience_list, app.campaign_list):
            with pytest.raises(DamagedError):
                use(context)
    assert not file.exists()


def test_an_empty_control_database_is_a_lost_one(house: Path) -> None:
    (house / "house/control.db").write_bytes(b"")
    assert stop_of(house).code == "control_lost"


def test_a_control_database_of_before_is_recognised_as_older(house: Path) -> None:
    old = (house / "house/control.db").read_bytes()
    (house / "3.csv").write_text("id,user,when,sku,mail\n9,u9,2025-03-01 12:00:00,p,\n")
    assert ingest(house, "3.csv") == (1, 0)
    (house / "house/control.db").write_bytes(old)
    assert stop_of(house).code == "control_older"


def test_a_control_database_that_lost_an_audit_row_only_is_older_too(house: Path) -> None:
    old = (house / "house/control.db").read_bytes()
    with app.open_house(str(house / "house"), environment={}) as context:
        app.lake_vacuum(context, app.VacuumLake())
    (house / "house/control.db").write_bytes(old)
    assert stop_of(house).code == "control_older"


def test_a_lake_of_before_has_lost_commits(house: Path, tmp_path: Path) -> None:
    old = tmp_path / "old"
    shutil.copytree(house / "house/lake", old)
    (house / "3.csv").write_text("id,user,when,sku,mail\n9,u9,2025-03-01 12:00:00,p,\n")
    ingest(house, "3.csv")
    shutil.rmtree(house / "house/lake")
    shutil.copytree(old, house / "house/lake")
    assert stop_of(house).code == "table_behind"


def test_the_lake_or_control_database_of_another_house_is_recognised(
    house: Path, tmp_path: Path
) -> None:
    app.init_house(str(tmp_path / "other"), environment={}).close()
    control, lake = house / "house/control.db", house / "house/lake"
    own = control.read_bytes()
    control.write_bytes((tmp_path / "other/control.db").read_bytes())
    assert stop_of(house).code in ("lake_other", "control_other")
    control.write_bytes(own)
    shutil.rmtree(lake)
    shutil.copytree(tmp_path / "other/lake", lake)
    assert stop_of(house).code in ("lake_other", "control_other")
    shutil.rmtree(lake)
    assert stop_of(house).code == "lake_lost"


def test_another_key_is_recognised(house: Path) -> None:
    with pytest.raises(DamagedError, match="the same person would become two"):
        ingest(house, "0.csv", key="another key of a house")
    (house / "house/fullhouse.key").write_text("f" * 64 + "\n")
    assert stop_of(house).code == "key_other"


@pytest.mark.parametrize("text", ["", "\n", "   \n", "abc"])
def test_an_empty_or_cut_key_is_refused(house: Path, text: str) -> None:
    (house / "house/fullhouse.key").write_text(text)
    assert isinstance(stop_of(house), InputError)


def test_a_workspace_of_before_becomes_a_house(house: Path) -> None:
    """One whose lake and database know nothing of each other yet."""
    import sqlite3

    (house / "house/lake/_house.json").unlink()
    with sqlite3.connect(house / "house/control.db") as connection:
        connection.execute("DELETE FROM house")
        connection.execute("DELETE FROM table_mark")
    assert ingest(house, "0.csv") == (0, ROWS + 1)
    with app.open_house(str(house / "house"), environment={}) as context:
        note = read_note(context.lake.place)
    assert note is not None
    assert note.tables["purchase"].rows == FILES * ROWS
    log(house)[-1].unlink()
    assert stop_of(house).code == "table_behind"


def test_a_lake_of_before_beside_a_new_empty_database_is_refused(house: Path) -> None:
    (house / "house/lake/_house.json").unlink()
    (house / "house/control.db").unlink()
    assert stop_of(house).code == "control_lost"


def test_marks_that_lag_behind_after_a_crash_do_no_harm(house: Path) -> None:
    """A commit that nobody wrote down is taken as it is."""
    note = house / "house/lake/_house.json"
    control = house / "house/control.db"
    old = note.read_bytes(), control.read_bytes()
    (house / "3.csv").write_text("id,user,when,sku,mail\n9,u9,2025-03-01 12:00:00,p,\n")
    ingest(house, "3.csv")
    note.write_bytes(old[0])
    assert ingest(house, "3.csv") == (0, 1)
    control.write_bytes(old[1])
    note.write_bytes(old[0])
    assert ingest(house, "3.csv") == (0, 1)


def _emptied(file: Path, _: float) -> None:
    file.write_bytes(b"")


def _cut(file: Path, share: float) -> None:
    data = file.read_bytes()
    file.write_bytes(data[: int(len(data) * share)])


def _gone(file: Path, _: float) -> None:
    file.unlink()


DAMAGES: tuple[Callable[[Path, float], None], ...] = (_emptied, _cut, _gone)


@pytest.mark.parametrize("damage", ["cut", "garbage"])
def test_whoever_only_reads_meets_a_sentence_over_a_log_that_cannot_be_read(
    house: Path, damage: str
) -> None:
    log = max((house / "house/lake/purchase/_delta_log").glob("*.json"))
    data = log.read_bytes()
    log.write_bytes(data[: len(data) - 30] if damage == "cut" else b"\xff\x00" * 99)
    with (
        app.open_house(str(house / "house"), environment={}) as context,
        pytest.raises(DamagedError, match="cannot be read"),
    ):
        app.people_resolve(context)


def test_a_key_that_is_gone_is_a_fault_of_the_house(house: Path) -> None:
    (house / "house/fullhouse.key").unlink()
    with app.open_house(str(house / "house"), environment={}) as context:
        proof = app.lake_verify(context)
    assert [p.code for p in proof.problems] == ["key_missing"]


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"")])
def test_the_doctor_names_a_data_file_that_is_missing_or_cut(
    house: Path, damage: Callable[[Path], None]
) -> None:
    assert app.workspace_health(str(house / "house"), environment={}).ok
    damage(next((house / "house/lake/purchase").rglob("*.parquet")))
    health = app.workspace_health(str(house / "house"), environment={})
    assert not health.ok
    (fault,) = [c for c in health.checks if not c.ok]
    assert fault.name == "lake"
    assert "part-" in str(fault.facts["reason"])


@pytest.mark.slow
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_any_damage_to_any_file_ends_in_a_sentence_or_does_no_harm(
    sound: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """After it, either the command stops, or every row is in the table once."""
    house = copied(sound, tmp_path_factory.mktemp("damaged") / "copy")
    files = sorted(
        p for p in (house / "house").rglob("*") if p.is_file() and p.name != "fullhouse.toml"
    )
    file = files[data.draw(st.integers(0, len(files) - 1), label="file")]
    damage = data.draw(st.sampled_from(DAMAGES), label="damage")
    damage(file, data.draw(st.floats(0, 0.99), label="share"))
    with app.open_house(str(house / "house"), environment={}) as context:
        try:
            result = ingest(house, *(f"{i}.csv" for i in range(FILES)))
            app.lake_status(context)
        except FullhouseError as problem:
            event(getattr(problem, "code", "") or type(problem).__name__)
            return
        ids = context.lake.read(PURCHASE, columns=["event_id"])["event_id"].to_pylist()
    assert len(ids) == len(set(ids)) == FILES * ROWS, (file, result)
