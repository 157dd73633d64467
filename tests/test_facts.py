"""What is said where: facts below the view, words above it; each thing once.

Read from the source's trees, so that each new file is looked at, too.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1] / "src" / "fullhouse"
ABOVE = {"api", "cli", "client.py", "collector", "jobs", "view", "web"}
"""What meets people and programs: sentences and commands stand here."""

CLOCKS = {"date.today", "datetime.now", "datetime.today", "datetime.utcnow", "time.time", "utc_now"}
READS_A_CLOCK = {
    "control/job_schedules.py": "whether a cron expression can be read at all",
    "core/leftovers.py": "how old a file is",
    "core/values.py": "the clock itself",
    "feeds/wal.py": "how old a segment is",
    "workspace/cache_files.py": "how old a file is",
}
READS_THE_ENVIRONMENT = {"app/upkeep.py", "core/settings.py", "workspace/context.py",
                         "workspace/workspace.py"}  # fmt: skip
"""Where a workspace is opened: everything else is given its settings."""

COMMAND = re.compile(
    r"\bfullhouse (audience|campaign|collect|control|daily|discover|doctor|experiment|export|feed"
    r"|film|forecast|ingest|init|jobs|key|lake|log|look-alike|lookup|match|people|plan|policy"
    r"|report|restore|room|runs|scorebook|serve|tenant|traits|user|work)\b"
)
SETTING = "core/settings.py"
"""The doc of a setting names the command that uses it; `fullhouse settings` prints it."""

CODED = {"CannotTellError", "DamagedError"}
"""Errors that speak of what the data hold."""

SAME_NAME = {
    "Audience": "a saved rule; what headroom is counted in",
    "AudienceRow": "of the control database; of the plan's page",
    "Capped": "of a forecast; of an experiment's effect",
    "Comparison": "with films of others; with past interest",
    "Count": "a question, and its result", "Overlap": "a question, and its result",
    "Readout": "a question, and its result",
    "Cut": "of people by a lot; of the end of a file",
    "Job": "of the queue; of an ingest",
    "Outlook": "of a campaign; a page",
    "Range": "of a forecast; of headroom",
    "Sessions": "the store; those of a page",
    "TooFewInterested": "for cards; for headroom",
}  # fmt: skip

Kinds = dict[type[ast.AST], list[Any]]


@cache
def _trees() -> dict[str, Kinds]:
    """The nodes of each file by their kind, from one walk."""
    trees: dict[str, Kinds] = {}
    for path in sorted(ROOT.rglob("*.py")):
        nodes: Kinds = defaultdict(list)
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            nodes[type(node)].append(node)
        trees[path.relative_to(ROOT).as_posix()] = nodes
    return trees


def _below() -> Iterator[tuple[str, Kinds]]:
    return ((name, nodes) for name, nodes in _trees().items() if name.split("/")[0] not in ABOVE)


def _docs(nodes: Kinds) -> set[int]:
    """The nodes of strings that stand alone: docstrings of modules, functions, fields."""
    return {id(n.value) for n in nodes[ast.Expr] if isinstance(n.value, ast.Constant)}


def test_no_command_of_the_shell_stands_below_the_view() -> None:
    wrong = [
        f"{name}:{node.lineno}: {node.value}"
        for name, nodes in _below()
        for docs in [_docs(nodes)]
        for node in nodes[ast.Constant]
        if isinstance(node.value, str) and COMMAND.search(node.value)
        if id(node) not in docs and name != SETTING
    ]
    assert wrong == []


def test_errors_of_the_data_have_a_code_and_facts_below_the_view() -> None:
    wrong = [
        f"{name}:{node.lineno}"
        for name, nodes in _below()
        for node in nodes[ast.Call]
        if getattr(node.func, "id", "") in CODED and node.args
        if isinstance(node.args[0], ast.JoinedStr | ast.BinOp)
    ]
    assert wrong == []


def test_no_stage_and_no_use_case_reads_a_clock() -> None:
    calls = {
        name
        for name, nodes in _below()
        for node in nodes[ast.Call]
        if ast.unparse(node.func) in CLOCKS
    }
    assert calls == set(READS_A_CLOCK)


def test_no_stage_reads_the_environment() -> None:
    reads = {
        name
        for name, nodes in _below()
        for node in nodes[ast.Attribute]
        if ast.unparse(node) in {"os.environ", "os.getenv"}
    }
    assert reads == READS_THE_ENVIRONMENT


def test_no_function_is_written_twice() -> None:
    places = defaultdict(list)
    for name, nodes in _trees().items():
        if "/migrations/" in name:
            continue  # a migration stays what it was
        docs = _docs(nodes)
        for node in (*nodes[ast.FunctionDef], *nodes[ast.AsyncFunctionDef]):
            body = [s for s in node.body if not (isinstance(s, ast.Expr) and id(s.value) in docs)]
            key = ast.dump(ast.Module(body=body, type_ignores=[]))
            if len(key) > SHORT and node.name not in ALIKE:
                places[key].append(f"{name}:{node.lineno} {node.name}")
    assert [where for where in places.values() if len(where) > 1] == []


ALIKE = {"__post_init__", "to_dict"}
"""What they call is each module's own, under the same name."""

SHORT = 500
"""Trees of fewer letters are a call or two: naming them once more would cost more than it saves."""


def test_a_class_has_a_name_of_its_own() -> None:
    files = defaultdict(set)
    for name, nodes in _trees().items():
        for node in nodes[ast.ClassDef]:
            if not node.name.startswith("_"):
                files[node.name].add(name)
    assert {name for name, where in files.items() if len(where) > 1} == set(SAME_NAME)
