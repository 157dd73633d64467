"""`fullhouse log`, and the verifier as a program of its own."""

import json
import shutil
import stat
import subprocess
import sys
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

import fullhouse_verify
from fullhouse import app
from fullhouse.cleanroom import log
from fullhouse.cli.root import commands
from fullhouse.core.errors import InputError

AT = datetime(2026, 11, 29, 6, tzinfo=UTC)


@pytest.fixture
def house(tmp_path):
    place = tmp_path / "house"
    with app.init_house(str(place), environment={}) as context:
        for n in range(5):
            with context.control.begin() as connection:
                detail = {"question": f"{n:064x}", "nano_rho": 50_000}
                log.append(connection, log.LogLeaf("north", "release", "mia", AT, detail))
    return place


def change(house, do):
    with (
        app.open_house(str(house), environment={}) as context,
        context.control.begin() as connection,
    ):
        do(connection)


def add(house, leaf):
    change(house, lambda connection: log.append(connection, leaf))


def run(*arguments, code=0):
    result = CliRunner().invoke(commands, list(map(str, arguments)))
    assert result.exit_code == code, result.output + str(result.exception)
    return result.output


def alone(folder, *arguments):
    """The verifier in a folder of its own, without any package, and what it says."""
    shutil.copy(fullhouse_verify.__file__, folder / "fullhouse_verify.py")
    command = [sys.executable, "-I", "-S", folder / "fullhouse_verify.py", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_a_receipt_is_accepted_by_one_file_that_knows_nothing_of_fullhouse(house, tmp_path):
    head, receipt = tmp_path / "head.json", tmp_path / "receipt.json"
    run("log", "head", "-w", house, "--out", head)
    run("log", "receipt", 3, "--as", "north", "-w", house, "--out", receipt)
    checked = alone(tmp_path, receipt, "--head", head)
    assert (checked.returncode, checked.stderr) == (0, "")
    assert "In the log of north: release" in checked.stdout
    assert "release" in run("log", "verify", receipt, "--head", head)
    key = json.loads(head.read_text())["key"]
    assert alone(tmp_path, receipt, "--key", key).returncode == 0
    other = alone(tmp_path, receipt, "--key", "00" * 32)
    assert (other.returncode, other.stderr) == (
        1,
        "REJECTED: The receipt was signed by another key.\n",
    )
    receipt.write_text(receipt.read_text().replace("mia", "eve"))
    assert alone(tmp_path, receipt, "--head", head).returncode == 1
    run("log", "verify", receipt, "--head", head, code=1)
    assert alone(tmp_path, tmp_path / "none", "--head", head).returncode == 2


def test_an_answer_is_the_one_that_was_logged_or_another(house, tmp_path):
    answer = tmp_path / "answer.json"
    answer.write_bytes(b'{"people": 1200}')
    detail = {"answer": sha256(answer.read_bytes()).hexdigest()}
    add(house, log.LogLeaf("north", "release", "mia", AT, detail))
    head, receipt = tmp_path / "head.json", tmp_path / "receipt.json"
    run("log", "head", "-w", house, "--out", head)
    run("log", "receipt", 5, "--as", "north", "-w", house, "--out", receipt)
    assert alone(tmp_path, receipt, "--head", head, "--answer", answer).returncode == 0
    answer.write_bytes(b'{"people": 1201}')
    assert alone(tmp_path, receipt, "--head", head, "--answer", answer).returncode == 1


def test_two_heads_of_a_log_that_grew_and_of_one_that_was_rewritten(house, tmp_path):
    old, new, proof = (tmp_path / f"{name}.json" for name in ("old", "new", "proof"))
    run("log", "head", "-w", house, "--out", old)
    add(house, log.LogLeaf("south", "release", "leo", AT))
    run("log", "head", "-w", house, "--out", new)
    sizes = [json.loads(file.read_text())["size"] for file in (old, new)]
    run("log", "proof", *sizes, "-w", house, "--out", proof)
    run("log", "verify", "--head", new, "--earlier", old, "--consistency", proof)
    run("log", "verify", "-w", house)
    run("log", "verify", "--head", old, "--earlier", new, code=1)
    change(
        house,
        lambda connection: connection.execute(
            text("UPDATE log_leaf SET body = replace(body, 'mia', 'eve')")
        ),
    )
    result = CliRunner().invoke(commands, ["log", "verify", "-w", str(house)])
    assert result.exit_code != 0
    assert "Entry 0 of the log of north is not what it was." in result.output


def test_a_tenant_lists_its_own_entries_and_of_others_counts_by_day(house):
    listed = json.loads(run("log", "list", "--as", "south", "-w", house, "--json"))
    assert listed == {"entries": [], "others": {"2026-11-29": 5}}
    own = json.loads(run("log", "list", "--as", "north", "-w", house, "--json"))
    assert len(own["entries"]) == 5
    with app.open_house(str(house), environment={}) as context:
        south = app.Context(context.workspace, tenant="south", actor="house:operator")
        with pytest.raises(InputError, match="no entry 3"):
            app.log_receipt(south, app.MakeReceipt(3))
        eve = app.Context(context.workspace, tenant="north", actor="eve")
        with pytest.raises(InputError, match="No user 'eve'"):
            app.log_receipt(eve, app.MakeReceipt(3))


def test_the_signing_key_is_its_owners_alone_and_a_lost_one_is_not_replaced(house):
    run("log", "head", "-w", house)
    file = Path(house / "fullhouse-log.key")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.chmod(0o644)
    result = CliRunner().invoke(commands, ["log", "head", "-w", str(house)])
    assert "may be read or changed by others" in str(result.exception)
    file.unlink()
    result = CliRunner().invoke(commands, ["log", "head", "-w", str(house)])
    assert "signed by another key" in str(result.exception)
