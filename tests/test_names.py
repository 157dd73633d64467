"""Names in the source are the field's words: a variable is named for what it holds."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PLACES = ("src", "benchmarks", "examples", "tests")
DIALECT = {
    "found", "told", "said", "mine", "came", "foretold", "luck", "dealt", "goers", "willing",
    "standing", "worn", "faded", "misses", "law", "steep", "up", "way", "lump", "fate",
}  # fmt: skip
"""Words that say how a value came about, or that no engineer of the field would search for."""


def names(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Every name that a module gives to something, with its line."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()):
                yield name, node.lineno
            case ast.arg(arg=name):
                yield name, node.lineno
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield name, node.lineno
            case _:
                pass


def dialect(source: str) -> list[str]:
    """The names in a source that are one of the words, with their lines."""
    return [
        f"{line}: {name}"
        for name, line in names(ast.parse(source))
        if name.strip("_").lower() in DIALECT
    ]


@pytest.mark.parametrize("place", PLACES)
def test_no_name_is_of_the_dialect(place: str) -> None:
    named = {
        str(path.relative_to(ROOT)): lines
        for path in sorted((ROOT / place).rglob("*.py"))
        if (lines := dialect(path.read_text("utf-8")))
    }
    assert named == {}


def test_the_check_sees_each_kind_of_name() -> None:
    source = "found = 1\ndef told(said, *mine, luck=0): ...\nclass Came: ...\nfor way in (): ..."
    seen = {line.split(": ")[1] for line in dialect(source)}
    assert seen == {"found", "told", "Came", "way", "said", "luck", "mine"}
