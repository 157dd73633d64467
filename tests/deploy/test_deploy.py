"""What is deployed runs what there is: every unit and service is read against the command line."""

import re
import shlex
import shutil
import subprocess
from configparser import ConfigParser
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from fullhouse.cli.root import commands
from fullhouse.core.settings import PREFIX, Settings

DEPLOY = Path(__file__).parents[2] / "deploy"
PROGRAM = "/opt/fullhouse/bin/fullhouse"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
TIMERS = sorted((DEPLOY / "systemd").glob("*.timer"))
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
OWN = {n: s for n, s in COMPOSE["services"].items() if n != "postgres"}
VARIABLES = {PREFIX + f.name.upper() for f in fields(Settings)} | {
    "FULLHOUSE_WORKSPACE", "FULLHOUSE_KEY", "FULLHOUSE_LOG_KEY",
}  # fmt: skip
FROM_LIBPQ = {"PGPASSWORD"}


def read(arguments: list[str]) -> str:
    """The path of the command that a command line names; an error where it is none of ours."""
    command: Any = typer.main.get_command(commands)
    context = command.make_context("fullhouse", list(arguments))
    while hasattr(command, "commands"):
        name, command, rest = command.resolve_command(
            context, [*context._protected_args, *context.args]
        )
        context = command.make_context(name, rest, parent=context)
    return context.command_path


def unit(path: Path) -> ConfigParser:
    parsed = ConfigParser(interpolation=None, strict=False)
    parsed.optionxform = str
    parsed.read_string(path.read_text())
    return parsed


def started(path: Path) -> list[str]:
    """The arguments that a unit gives the program, with what the shell or systemd would put in."""
    line = unit(path)["Service"]["ExecStart"].replace("%%", "%")
    words = shlex.split(line)
    if words[0] == "/bin/sh":
        words = shlex.split(re.sub(r"\$\([^)]*\)", "NOW", words[2]).removeprefix("exec "))
    assert words[0] == PROGRAM
    return words[1:]


@pytest.mark.parametrize("path", UNITS, ids=lambda p: p.stem)
def test_every_unit_runs_a_command_with_options_that_there_are(path: Path) -> None:
    assert read(started(path)).startswith("fullhouse ")


@pytest.mark.parametrize("name", OWN)
def test_every_service_of_compose_runs_a_command_that_there_is(name: str) -> None:
    assert read(OWN[name]["command"]).startswith("fullhouse ")


@pytest.mark.parametrize(
    "wrong",
    [["sirve"], ["work", "--wokers", "2"], ["work", "extra"], ["lake", "retian"]],
)
def test_a_command_line_that_there_is_not_is_noticed(wrong: list[str]) -> None:
    with pytest.raises(Exception, match=r"(?i)no such|unexpected"):
        read(wrong)


def test_each_timer_starts_a_unit_of_its_own_name() -> None:
    assert {t.stem for t in TIMERS} <= {u.stem for u in UNITS}
    oneshot = {u.stem for u in UNITS if unit(u)["Service"]["Type"] == "oneshot"}
    assert oneshot == {t.stem for t in TIMERS}, "what runs once is started by a timer"
    assert {"fullhouse-backup", "fullhouse-retain", "fullhouse-lookup"} <= oneshot


def test_variables_that_are_set_are_ones_that_are_read() -> None:
    example = (DEPLOY / "systemd" / "environment.example").read_text()
    named = set(re.findall(r"^#? ?([A-Z_]+)=", example, re.MULTILINE))
    for service in OWN.values():
        named |= set(service["environment"])
    assert named - VARIABLES - FROM_LIBPQ == set()
    docker = (DEPLOY / "Dockerfile").read_text()
    assert set(re.findall(r"\b(FULLHOUSE_[A-Z_]+)=", docker)) <= VARIABLES


def test_services_of_compose_may_write_their_volume_only() -> None:
    for name, service in OWN.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert service["user"] != "0", name
        for port in service.get("ports", ()):
            assert port.startswith("127.0.0.1:"), "a proxy with TLS stands before it"
    assert COMPOSE["networks"]["inside"]["internal"] is True
    assert "ports" not in COMPOSE["services"]["postgres"], "nobody outside reaches the database"


def test_extras_that_the_image_installs_are_ones_that_there_are() -> None:
    import tomllib

    project = tomllib.loads((DEPLOY.parent / "pyproject.toml").read_text())["project"]
    extras = re.findall(r"--extra (\w+)", (DEPLOY / "Dockerfile").read_text())
    assert extras
    assert set(extras) <= set(project["optional-dependencies"])


@pytest.fixture(scope="module")
def runnable(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The units with a program that this machine has, whose path systemd looks up."""
    folder = tmp_path_factory.mktemp("units")
    for path in (*UNITS, *TIMERS, *DEPLOY.glob("systemd/*.target")):
        text = path.read_text().replace(PROGRAM, shutil.which("true") or "/bin/true")
        (folder / path.name).write_text(text)
    return folder


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
def test_systemd_takes_the_units_without_a_word(runnable: Path) -> None:
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, sorted(runnable.iterdir()))],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    ours = [x for x in done.stderr.splitlines() if "fullhouse" in x]
    assert (done.returncode, ours) == (0, []), done.stderr


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
@pytest.mark.parametrize("name", [p.name for p in UNITS])
def test_systemd_finds_little_that_a_unit_may_touch(runnable: Path, name: str) -> None:
    """2.0 of 10 at the most; a unit without any hardening has 9.6."""
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=20", str(runnable / name)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-300:]
