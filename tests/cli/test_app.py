"""The command: exit codes, no traceback for a user's mistake."""

import json
import subprocess
import sys
from pathlib import Path


def fullhouse(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fullhouse", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )


def test_init_settings_and_lake_status(tmp_path: Path) -> None:
    assert fullhouse("init", "house", cwd=tmp_path).returncode == 0
    printed = fullhouse("settings", "-w", "house", "--json", cwd=tmp_path)
    assert {"name": "threads", "value": 0, "origin": "default"}.items() <= next(
        s for s in json.loads(printed.stdout) if s["name"] == "threads"
    ).items()
    assert (
        json.loads(fullhouse("lake", "status", "--json", "-w", "house", cwd=tmp_path).stdout) == []
    )


def test_a_users_mistake_is_one_sentence_and_exit_code_2(tmp_path: Path) -> None:
    done = fullhouse("settings", cwd=tmp_path)
    assert done.returncode == 2
    assert "is not a Fullhouse workspace" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_an_unknown_table_is_named_with_near_ones(tmp_path: Path) -> None:
    fullhouse("init", ".", cwd=tmp_path)
    done = fullhouse("lake", "compact", "purchas", cwd=tmp_path)
    assert done.returncode == 2
    assert "No table 'purchas' in the lake. Did you mean 'purchase'" in done.stderr
