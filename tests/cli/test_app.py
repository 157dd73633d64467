"""The command: exit codes, no traceback for a user's mistake, one way to be quiet."""

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

from fullhouse.cli.root import QUIET, commands
from fullhouse.core.faults import DAMAGES, LOCKED, STORAGE_FAULTS, storage_fault


def fullhouse(*arguments: str, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fullhouse", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        **more,
    )


@pytest.fixture
def house(tmp_path: Path) -> Path:
    assert fullhouse("init", "house", cwd=tmp_path).returncode == 0
    return tmp_path / "house"


@pytest.mark.slow
def test_init_settings_and_lake_status(house: Path) -> None:
    printed = fullhouse("settings", "--json", cwd=house)
    assert {"name": "threads", "value": 0, "origin": "default"}.items() <= next(
        s for s in json.loads(printed.stdout)["settings"] if s["name"] == "threads"
    ).items()
    status = fullhouse("lake", "status", "--json", cwd=house)
    assert json.loads(status.stdout) == {"tables": []}


def test_the_version_is_printed(tmp_path: Path) -> None:
    done = fullhouse("--version", cwd=tmp_path)
    assert (done.returncode, done.stdout.split()[0]) == (0, "fullhouse")


def test_a_users_mistake_is_one_sentence_and_exit_code_2(tmp_path: Path) -> None:
    done = fullhouse("settings", cwd=tmp_path)
    assert done.returncode == 2
    assert "is not a Fullhouse workspace" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_an_unknown_option_is_exit_code_2(tmp_path: Path) -> None:
    assert fullhouse("settings", "--colour", cwd=tmp_path).returncode == 2


@pytest.mark.slow
def test_an_unknown_table_is_named_with_near_ones(house: Path) -> None:
    done = fullhouse("lake", "compact", "purchas", cwd=house)
    assert done.returncode == 2
    assert "No table 'purchas' in the lake. Did you mean 'purchase'" in done.stderr


@pytest.mark.slow
def test_a_workspace_is_not_made_inside_another_or_among_other_files(house: Path) -> None:
    inside = fullhouse("init", "sub", cwd=house)
    assert inside.returncode == 2
    assert "is inside the workspace" in inside.stderr
    full = house.parent / "full"
    full.mkdir()
    (full / "a.csv").write_text("")
    refused = fullhouse("init", "full", cwd=house.parent)
    assert refused.returncode == 2
    assert "holds other files (a.csv)" in refused.stderr
    assert sorted(p.name for p in full.iterdir()) == ["a.csv"]


@pytest.mark.slow
def test_a_place_that_cannot_be_written_is_one_sentence_and_exit_code_1(tmp_path: Path) -> None:
    done = fullhouse("init", "/proc/house", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("failed: Cannot write fullhouse.toml in /proc/house")


@pytest.mark.parametrize("words", STORAGE_FAULTS)
def test_a_fault_of_storage_is_a_sentence_by_whichever_library_it_comes(words: str) -> None:
    assert words.lower() in str(storage_fault(RuntimeError(f"Kernel error: {words} (os error)")))
    assert storage_fault(RuntimeError("index out of range")) is None


@pytest.mark.slow
def test_a_workspace_of_a_newer_version_is_refused_in_one_sentence(house: Path) -> None:
    with sqlite3.connect(house / "control.db") as control:
        control.execute("UPDATE alembic_version SET version_num = '9999'")
    done = fullhouse("audience", "list", cwd=house)
    assert done.returncode == 2
    assert "A newer version of Fullhouse has worked on this workspace" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("--json",)], ids=["table", "json"])
def test_a_reader_that_goes_away_ends_the_command_without_a_word(
    house: Path, options: tuple[str, ...]
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "fullhouse", "settings", *options]
    done = subprocess.run(command, cwd=house, stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


def test_a_closed_output_is_no_failure(house: Path) -> None:
    line = f"{sys.executable} -m fullhouse settings --json >&-"
    done = subprocess.run(["bash", "-c", line], cwd=house, capture_output=True, check=False)
    assert b"Traceback" not in done.stderr


def test_an_interrupted_command_ends_with_exit_code_130(tmp_path: Path) -> None:
    code = (
        "import fullhouse.app, fullhouse.cli.root as r\n"
        "def stop(*_): raise KeyboardInterrupt\n"
        "r.app.workspace_health = stop\n"
        "r.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "doctor"], cwd=tmp_path, capture_output=True, check=False
    )
    assert done.returncode == 130
    assert b"Traceback" not in done.stderr


@pytest.mark.slow
def test_quiet_prints_nothing_but_the_json_that_is_asked_for(house: Path) -> None:
    assert fullhouse("settings", "--quiet", cwd=house).stdout == ""
    assert json.loads(fullhouse("settings", "-q", "--json", cwd=house).stdout)["settings"]
    refused = fullhouse("lake", "compact", "purchas", "-q", cwd=house)
    assert refused.returncode == 2
    assert "No table" in refused.stderr


def test_every_command_can_be_quiet() -> None:
    group = typer.main.get_command(commands)
    for name in group.commands:  # type: ignore[attr-defined]  # a group
        group.get_command(None, name)  # type: ignore[attr-defined]
    assert list(_without_quiet(group)) == []


def _without_quiet(command: object) -> list[str]:
    below = getattr(command, "commands", None)
    if below is None:
        return [] if QUIET in command.params else [command.name]  # type: ignore[attr-defined]
    return [name for c in below.values() for name in _without_quiet(c)]


@pytest.mark.slow
def test_doctor_has_a_line_for_each_check_and_exit_code_0(house: Path) -> None:
    done = fullhouse("doctor", cwd=house)
    assert done.returncode == 0
    names = [line.split(":")[0].split()[1] for line in done.stdout.splitlines()]
    assert names == [
        "settings",
        "key",
        "lake",
        "house",
        "control",
        "erasure",
        "retention",
        "engine",
        "disk",
        "removals",
    ]


@pytest.mark.slow
def test_doctor_goes_on_after_a_fault_and_ends_with_exit_code_1(house: Path) -> None:
    (house / "fullhouse.key").unlink()
    done = fullhouse("doctor", "--json", cwd=house)
    assert done.returncode == 1
    result = json.loads(done.stdout)
    assert result["ok"] is False
    assert {c["name"]: c["ok"] for c in result["checks"]} == {
        "settings": True, "key": False, "lake": True, "house": True, "control": True,
        "engine": True, "disk": True, "removals": True, "erasure": True, "retention": True,
    }  # fmt: skip
    (house / "fullhouse.toml").write_text("thread = 1")
    done = fullhouse("doctor", cwd=house)
    assert done.returncode == 1
    assert "fault settings: fullhouse.toml has no setting 'thread'" in done.stdout


@pytest.mark.slow
def test_the_audit_log_names_the_action_and_the_actor(house: Path) -> None:
    assert fullhouse("lake", "compact", cwd=house).returncode == 0
    (entry,) = json.loads(fullhouse("audit", "--json", cwd=house).stdout)["entries"]
    assert (entry["action"], entry["actor"]) == ("lake.compact", "operator")
    assert "lake.compact" in fullhouse("audit", "--rows", "1", cwd=house).stdout


def test_values_have_names_that_read_well_in_every_help() -> None:
    group = typer.main.get_command(commands)
    for name in group.commands:  # type: ignore[attr-defined]  # a group
        command = group.get_command(None, name)  # type: ignore[attr-defined]
        for below in getattr(command, "commands", {"": command}).values():
            for parameter in below.params:
                assert parameter.metavar is not None, (name, parameter.name)
                assert "<" not in parameter.metavar, (name, parameter.name)


@pytest.mark.parametrize(("arguments", "code"), [(["--version"], 0), (["lake", "status"], 2)])
def test_a_command_ends_before_python_takes_itself_apart(
    tmp_path: Path, arguments: list[str], code: int
) -> None:
    # What native threads still do while Python takes itself apart ends in exit code 134.
    line = (
        "import atexit, fullhouse.cli.root as r\n"
        "class Last:\n"
        "    def __del__(self): print('taken apart')\n"
        "last = Last()\n"
        "atexit.register(lambda: print('closed'))\n"
        "r.main()"
    )
    command = [sys.executable, "-c", line, *arguments]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert "closed" in done.stdout, "what was registered for the end is done"
    assert "taken apart" not in done.stdout


def test_native_threads_that_still_run_python_do_not_end_a_command_with_134(tmp_path: Path) -> None:
    # DuckDB's threads wait for the interpreter here. Ended by Python itself, this very program
    # ends with 134 or 139 each time (Python 3.11).
    line = (
        "import threading, time, duckdb, fullhouse.cli.root as r\n"
        "def slow(x: int) -> int:\n"
        "    time.sleep(0.01)\n"
        "    return x\n"
        "con = duckdb.connect()\n"
        "con.create_function('slow', slow)\n"
        "query = 'select sum(slow(i::bigint)) from range(100000) t(i)'\n"
        "threading.Thread(target=lambda: con.execute(query).fetchall(), daemon=True).start()\n"
        "time.sleep(0.5)\n"
        "r.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", line, "--version"], cwd=tmp_path, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("words", [*DAMAGES, LOCKED])
def test_a_damaged_file_is_a_sentence_with_what_to_do(words: str) -> None:
    sentence = str(storage_fault(ValueError(f"Kernel error: {words} /some/path")))
    assert sentence[0].isupper()
    assert "fullhouse " in sentence or "try again" in sentence


def test_any_fault_of_the_system_names_its_file_and_cause() -> None:
    sentence = str(storage_fault(OSError(5, "Input/output error", "/house/lake/x")))
    assert "(/house/lake/x): input/output error." in sentence
    assert "memory_limit" in str(storage_fault(MemoryError()))


@pytest.mark.slow
def test_a_command_that_used_processes_ends_at_once() -> None:
    """Joblib's processes wait five minutes for more work: a command does not wait for them."""
    code = (
        "from joblib import Parallel, delayed\n"
        "Parallel(n_jobs=2, prefer='processes')(delayed(pow)(i, 2) for i in range(4))\n"
        "from fullhouse.cli import root\n"
        "root._leave(0)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
