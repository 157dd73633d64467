"""What holds for every command: its names, its help, its JSON, and that messages name real ones."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer.main

from fullhouse.cli.root import commands

ROOT = Path(__file__).parents[2]
SERVERS = {"collect", "collector kafka", "serve", "work"}
"""They run until they are stopped, and have no result."""

DIFFERENT = {
    # What it takes differs by what the command is about, not by who wrote it.
    "--as": "some take a tenant only, some need its user",
    "--city": "a city, or the column of it",
    "--control": "a database, or an arm",
    "--expect": "people, or rows",
    "--head": "a file, or a hash",
    "--key": "a file, or the key itself",
    "--out": "a file, or a folder",
    "--outcome": "a rule, or a column",
    "--plan": "a kind of release, or a plan",
    "--person": "a sign, or a number",
    "--share": "of one thing, or of arms",
    "--strata": "a choice, or a column",
    "--treated": "a city, or an arm",
    "--by": "a family, or a choice",
    "--kind": "of a job, or of identifiers",
}


def _walk(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    for name in group.commands:
        command = group.get_command(None, name)
        if getattr(command, "invoke_without_command", not hasattr(command, "commands")):
            yield " ".join((*path, name)), command
        if hasattr(command, "commands"):
            yield from _walk(command, (*path, name))


@cache
def every() -> dict[str, Any]:
    """Each command by its words, as the command line completes it."""
    return dict(_walk(typer.main.get_command(commands)))


def test_each_command_gives_one_json_object_when_asked_unless_it_serves() -> None:
    without = {
        words for words, c in every().items() if not any("--json" in p.opts for p in c.params)
    }
    assert without == SERVERS


def test_an_option_takes_the_same_in_every_command() -> None:
    takes = defaultdict(set)
    for command in every().values():
        for parameter in command.params:
            if parameter.param_type_name == "option":
                for name in parameter.opts:
                    takes[name].add(parameter.metavar)
    differ = {name for name, metavars in takes.items() if len(metavars) > 1}
    assert differ == set(DIFFERENT)


@pytest.mark.parametrize(
    "arguments", [["-h"], ["plan", "make", "-h"], ["campaign", "launch", "-h"], ["film", "-h"]]
)
def test_help_shows_no_types_and_no_formulas(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        commands(arguments)
    assert end.value.code == 0
    assert not re.search(r"<\w+>|<=", capsys.readouterr().out)


DEFAULTS = {"plan": "plan make", "simulate": "simulate market"}
"""What a group does when it is given no command of its own."""

CALL = re.compile(r"fullhouse ((?:[a-z][a-z0-9-]*)(?: [a-z][a-z0-9-]*)*)((?: [^`'\"\n|&;#()]*)?)")


def _texts() -> Iterator[tuple[str, str]]:
    for path in sorted((ROOT / "src" / "fullhouse").rglob("*.py")):
        source = path.read_text("utf-8")
        if not CALL.search(source.replace("from fullhouse import", "")):
            continue  # to parse the rest would take seconds
        for node in ast.walk(ast.parse(source)):
            value = getattr(node, "value", None)
            if isinstance(node, ast.Constant) and isinstance(value, str):
                yield f"{path.relative_to(ROOT)}:{node.lineno}", value
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        text = path.read_text("utf-8")
        for block in re.findall(r"`{3}.*?`{3}|`[^`\n]+`", text, re.DOTALL):
            yield path.name, block.replace("\\\n", " ")


def _faults(call: re.Match[str]) -> list[str]:
    words = call[1].split()
    starts = [" ".join(words[:n]) for n in (3, 2, 1)]
    known = next((start for start in starts if start in every()), None)
    by_default = DEFAULTS.get(words[0]) if known is None else known
    if by_default is None:
        groups = {w.rpartition(" ")[0] for w in every()} - {""}
        first = {w.split()[0] for w in every()}
        return [] if words[0] not in first or groups & set(starts[:1]) else [" ".join(words)]
    names = {n for p in every()[by_default].params for n in (*p.opts, *p.secondary_opts)}
    used = re.findall(r"(?<![\w-])--[a-z][a-z0-9-]+", call[2])
    return [f"{by_default} {option}" for option in used if option not in names | {"--help"}]


def test_a_command_that_a_message_or_a_document_names_exists_with_its_options() -> None:
    wrong = [
        f"{where}: fullhouse {fault}"
        for where, text in _texts()
        for call in CALL.finditer(text)
        for fault in _faults(call)
    ]
    assert wrong == []
