"""What the docs name exists, and what they mark as runnable runs."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import fullhouse as fh
from fullhouse import app

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
OLD = {"CHANGELOG.md"}
"""Pages that speak of what once was."""
FENCE = re.compile(r"^```(\w+) run\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#:]+?)(?:#[^)]*)?\)")
FILE = re.compile(
    r"`((?:src/fullhouse|benchmarks|examples|tests|docs)/[\w./-]+|[a-z_]+/[a-z_]+\.py)`"
)
MODULE = re.compile(
    r"`(?:python -m )?((?:fullhouse|fullhouse_sim|benchmarks)"
    r"\.(?!toml\b|key\b)[a-z_]\w*(?:\.[A-Za-z_]\w*)*)"
)


def _pages() -> list[Path]:
    return [p for p in PAGES if p.name not in OLD]


@pytest.mark.parametrize("page", _pages(), ids=lambda p: p.name)
def test_every_file_and_link_that_a_page_names_exists(page: Path) -> None:
    text = page.read_text("utf-8")
    places = (ROOT, ROOT / "src" / "fullhouse")
    missing = [n for n in LINK.findall(text) if not (page.parent / n).exists()]
    missing += [
        n for n in FILE.findall(text) if not any(list(p.glob(n.rstrip("/"))) for p in places)
    ]
    assert missing == []


@pytest.mark.parametrize("page", _pages(), ids=lambda p: p.name)
def test_every_module_and_name_in_it_that_a_page_names_exists(page: Path) -> None:
    missing = [n for n in MODULE.findall(page.read_text("utf-8")) if not _stands(n)]
    assert missing == []


def _stands(dotted: str) -> bool:
    """Whether a module is there, or a name that its text defines."""
    parts = dotted.split(".")
    for cut in range(len(parts), 0, -1):
        for base in (ROOT / "src", ROOT):
            path = base.joinpath(*parts[:cut])
            file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
            if file.is_file():
                rest = parts[cut:]
                return not rest or re.search(rf"\b{rest[0]}\b", file.read_text("utf-8")) is not None
    return False


@pytest.mark.slow
@pytest.mark.parametrize(
    "page", [p for p in PAGES if FENCE.search(p.read_text("utf-8"))], ids=lambda p: p.name
)
def test_what_a_page_marks_as_runnable_runs(page: Path, tmp_path: Path) -> None:
    """The blocks of a page are one session: where one ends, the next begins."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    (bin_ / "fullhouse").write_text(f'#!/bin/sh\nexec {sys.executable} -m fullhouse "$@"\n')
    (bin_ / "fullhouse").chmod(0o755)
    script = ["set -e"]
    for kind, text in FENCE.findall(page.read_text("utf-8")):
        script += (
            [text]
            if kind == "sh"
            else [f"(cd {tmp_path} && {sys.executable} - <<'END'", text + "END", ")"]
        )
    environment = {**os.environ, "PATH": f"{bin_}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-c", "\n".join(script)],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


def test_the_reference_lists_every_public_name_and_no_other() -> None:
    text = (ROOT / "docs" / "api.md").read_text("utf-8")
    assert set(re.findall(r"^### (\w+)$", text, re.MULTILINE)) == set(fh.__all__)
    assert set(app.MODULES) - {"open_house", "init_house", "new_house"} <= set(fh.__all__)


def test_the_quick_start_needs_no_file_that_is_not_there() -> None:
    page = (ROOT / "docs" / "quick-start.md").read_text("utf-8")
    for name in set(re.findall(r"`?(\w+\.(?:csv|toml))`?", page)) - {"fullhouse.toml", "dogs.csv"}:
        assert (ROOT / "examples" / "quick_start" / name).is_file(), name
