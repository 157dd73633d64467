"""The control database and its migrations."""

import multiprocessing
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, event, text

from fullhouse import app
from fullhouse.audiences import saved_audiences
from fullhouse.control import HEAD, HOUSE, audit_log, campaigns, open_control, record, was_recorded
from fullhouse.control.campaign_records import SavedCampaign
from fullhouse.control.copying import check_database, copy_database
from fullhouse.control.house import is_made, peek
from fullhouse.control.schema import Base
from fullhouse.core.errors import FullhouseError, InputError
from fullhouse.core.tables import PRODUCT
from fullhouse.films import links


def test_head_is_the_newest_migration(tmp_path: Path) -> None:
    config = Config()
    folder = Path(__file__).parents[2] / "src/fullhouse/control/migrations"
    config.set_main_option("script_location", str(folder))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_migrations_make_exactly_the_declared_tables(tmp_path: Path) -> None:
    with open_control(f"sqlite:///{tmp_path / 'c.db'}").connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, Base.metadata) == []


def test_opening_twice_keeps_what_is_there(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'c.db'}"
    open_control(url).dispose()
    size = (tmp_path / "c.db").stat().st_size
    open_control(url).dispose()
    assert (tmp_path / "c.db").stat().st_size == size
    assert create_engine(url).connect()


@pytest.mark.slow
def test_many_processes_that_open_at_once_migrate_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'c.db'}"
    context = multiprocessing.get_context("spawn")
    running = [context.Process(target=open_and_record, args=(url, n)) for n in range(4)]
    for process in running:
        process.start()
    for process in running:
        process.join(400)
    assert [process.exitcode for process in running] == [0] * 4
    assert sorted(row.action for row in audit_log(open_control(url))) == list("0123")


def open_and_record(url: str, number: int) -> None:
    record(open_control(url), str(number), {})


def test_threads_that_open_at_once_migrate_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'c.db'}"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: open_and_record(url, n), range(8)))
    assert len(audit_log(open_control(url))) == 8


def test_opening_an_up_to_date_database_asks_it_one_thing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'c.db'}"
    open_control(url).dispose()
    asked: list[str] = []

    def count(_c: object, _k: object, statement: str, *_: object) -> None:
        asked.append(statement)

    event.listen(Engine, "before_cursor_execute", count)
    try:
        open_control(url).dispose()
    finally:
        event.remove(Engine, "before_cursor_execute", count)
    assert asked == ["SELECT version_num FROM alembic_version"]


def test_a_database_of_a_newer_version_is_refused_in_a_sentence(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'c.db'}"
    with open_control(url).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(InputError, match="A newer version of Fullhouse"):
        open_control(url)


def test_rows_from_before_tenants_are_the_houses(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'c.db'}"
    config = Config()
    folder = Path(__file__).parents[2] / "src/fullhouse/control/migrations"
    config.set_main_option("script_location", str(folder))
    with create_engine(url).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0005")
        for statement in FILLED_0005:
            connection.execute(text(statement))
    control = open_control(url)
    (row,) = audit_log(control)
    assert (row.tenant, row.actor, row.action, row.detail) == (HOUSE, "operator", "init", {"n": 1})
    assert campaigns.find_plan(control, "p").body == {"budget": 1}
    assert campaigns.find_campaign(control, "c").plan_version == 1
    (readout,) = campaigns.readouts(control, "c")
    assert readout.body == {"effect": 2}
    (link,) = links(control)
    assert (link.film, link.score, link.candidate) == ("f-2025", 0.5, None)
    (audience,) = saved_audiences(control)
    assert (audience.name, audience.persons) == ("dogs", 7)
    with control.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, Base.metadata) == []


AT = "'2025-01-01 00:00:00.000000'"
FILLED_0005 = (
    f"INSERT INTO audit (at, action, detail) VALUES ({AT}, 'init', '{{\"n\": 1}}')",
    "INSERT INTO audience (name, version, rule, purpose, as_of, build, persons, at)"
    f" VALUES ('dogs', 1, 'buys:dogs', 'analytics', '2025-01-01', 3, 7, {AT})",
    'INSERT INTO film_link ("set", set_id, film, status, score, title, territory, at)'
    f" VALUES ('tmdb', '7', 'f-2025', 'matched', 0.5, 'F', 'US', {AT})",
    f"INSERT INTO plan VALUES ('p', 1, 'f-2025', '{{\"budget\": 1}}', {AT})",
    f"INSERT INTO campaign VALUES ('c', 'f-2025', 'p', 1, '{{}}', {AT})",
    "INSERT INTO readout (campaign, as_of, body, at)"
    f" VALUES ('c', '2025-02-01', '{{\"effect\": 2}}', {AT})",
)


def test_a_tenant_sees_nothing_of_another(tmp_path: Path) -> None:
    house = open_control(f"sqlite:///{tmp_path / 'c.db'}")
    studio = replace(house, tenant="studio", actor="ann")
    at = datetime(2025, 1, 1, tzinfo=UTC)
    for control in (house, studio):
        assert campaigns.save_plan(control, "bramble", "f", {}, at=at).version == 1
        campaigns.add_campaign(control, SavedCampaign("launch", "f", "bramble", 1, {}, at))
        record(control, "campaign.launch", {})
    campaigns.save_plan(house, "brambles", "f", {}, at=at)
    assert len(campaigns.plans(house)) == 2
    assert [p.name for p in campaigns.plans(studio)] == ["bramble"]
    assert len(campaigns.campaigns(studio)) == 1
    assert [(r.tenant, r.actor) for r in audit_log(studio)] == [("studio", "ann")]
    with pytest.raises(InputError) as problem:
        campaigns.find_plan(studio, "brambles")
    assert str(problem.value) == "No plan 'brambles'. Did you mean 'bramble'?"
    with pytest.raises(InputError) as problem:
        campaigns.find_plan(replace(house, tenant="other"), "bramble")
    assert str(problem.value) == "No plan 'bramble'.", "no name of another tenant is near"


def test_a_locked_database_stops_a_command_before_it_does_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And no audit row is lost: what was done while it was free is written down."""
    monkeypatch.setattr("fullhouse.control.control.WAIT_SECONDS", 0.2)
    app.init_house(str(tmp_path / "house"), environment={}).close()
    (tmp_path / "f.toml").write_text(
        'source = "s"\nkind = "product"\n[columns]\nproduct = "p"\ntitle = "t"\n'
    )
    (tmp_path / "f.csv").write_text("p,t\n1,x\n")
    request = app.IngestFiles(tmp_path / "f.toml", (tmp_path / "f.csv",))
    other = sqlite3.connect(tmp_path / "house/control.db", isolation_level=None)
    with app.open_house(str(tmp_path / "house"), environment={}) as context:
        other.execute("BEGIN IMMEDIATE")
        for use in (lambda: app.ingest(context, request), lambda: app.lake_compact(context)):
            with pytest.raises(FullhouseError, match="locked by another program"):
                use()
        assert context.lake.version(PRODUCT) is None, "nothing was written"
        other.execute("ROLLBACK")
        assert app.ingest(context, request).written == 1
        assert [entry.action for entry in app.audit(context)] == ["ingest"]
    other.close()


HALF = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA cache_size = 1")
connection.execute("BEGIN IMMEDIATE")
# More than the cache holds, so that the file itself is half written.
for number in range(3_000):
    connection.execute(
        "INSERT INTO audit (tenant, at, actor, action, detail)"
        " VALUES ('house', '2026-01-01', 'x', 'half', ?)",
        ('"' + "x" * 500 + '"',),
    )
print("half written", flush=True)
time.sleep(60)
"""


def test_a_database_that_a_killed_process_left_half_written_opens_again(tmp_path: Path) -> None:
    """Its journal is rolled back, also by who only reads."""
    file = tmp_path / "control.db"
    url = f"sqlite:///{file}"
    control = open_control(url)
    record(control, "before", {})
    control.dispose()
    child = subprocess.Popen(
        [sys.executable, "-c", HALF, str(file)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "half written\n"
    child.kill()
    child.wait()
    child.stdout.close()
    assert file.with_name("control.db-journal").stat().st_size
    assert is_made(url)
    assert peek(url) is None
    copy_database(url, tmp_path / "copy.db")
    check_database(file)
    again = open_control(url)
    assert [row.action for row in audit_log(again)] == ["before"]
    again.dispose()


def test_what_a_dead_process_did_is_known_to_lack_its_audit_row(tmp_path: Path) -> None:
    control = open_control(f"sqlite:///{tmp_path / 'c.db'}")
    assert not was_recorded(control, "traits.build", "build", 1)
    record(control, "traits.build", {"build": 1})
    record(control, "traits.delete", {"build": 2})
    assert was_recorded(control, "traits.build", "build", 1)
    assert not was_recorded(control, "traits.build", "build", 2)
    assert not was_recorded(replace(control, tenant="studio"), "traits.build", "build", 1)
    control.dispose()
