"""The demo finds what is true of its simulated market, and nothing else."""

import re
import subprocess
import sys
from pathlib import Path
from typing import TypeAlias

import pyarrow.parquet as pq
import pytest

from examples.demo.make_set import make

ROOT = Path(__file__).parents[2]

Played: TypeAlias = tuple[Path, str]


def demo(folder: Path, seed: int) -> str:
    """Run the demo as `make demo` does, and return what it printed."""
    command = [sys.executable, "examples/demo/run.py", str(folder), str(seed)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def found(path: Path) -> dict[str, float]:
    """Trait → affinity of what a discovery found."""
    rows = pq.read_table(path).to_pylist()
    return {r["trait"]: r["ratio"] for r in rows if r["verdict"] == "found"}


@pytest.fixture(scope="module", params=[7, pytest.param(2024, marks=pytest.mark.slow)])
def played(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Played:
    """The folder of a demo that has run, and what it printed."""
    folder = tmp_path_factory.mktemp("demo")
    return folder, demo(folder, request.param)


def test_dog_owners_are_found_behind_one_film_and_nobody_behind_the_other(played: Played) -> None:
    tmp_path, told = played
    hidden = found(tmp_path / "hidden-audience.parquet")
    assert hidden["buys:pet-supplies/dogs"] > 1.5
    assert not [t for t in hidden if "/cats" in t or t.startswith(("gender", "age", "region"))]
    assert found(tmp_path / "no-audience.parquet") == {}
    for name in ("hidden-audience", "no-audience"):
        for kind in ("png", "html", "svg"):
            assert (tmp_path / f"{name}.{kind}").stat().st_size > 10_000
    assert "SIMULATED" in (tmp_path / "hidden-audience.svg").read_text()
    assert told.startswith("A simulated market.")
    assert "Traceback" not in told


def test_the_example_of_the_readme_runs_on_the_demos_house(played: Played) -> None:
    (block,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    code = block.replace("demo/house", str(played[0] / "house"))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    women, *rows = done.stdout.splitlines()
    assert re.fullmatch(r"[\d,]+ women of 18 to 34 who buy for pets, as of 2025-06-30", women)
    assert len(rows) == 3
    assert all(row.endswith(" found") for row in rows)


@pytest.mark.slow
def test_running_it_again_starts_fresh(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("kept")
    first, second = demo(tmp_path, 7), demo(tmp_path, 7)
    people = [line for line in first.splitlines() if "persons behind" in line]
    assert people == [line for line in second.splitlines() if "persons behind" in line]
    assert (tmp_path / "mine.txt").read_text() == "kept"


def test_a_seed_gives_the_same_files_and_another_seed_others(tmp_path: Path) -> None:
    truth = [make(tmp_path / name, seed=seed) for name, seed in (("a", 1), ("b", 1), ("c", 2))]
    files = {p.name for p in (tmp_path / "a").iterdir()}
    same = {f for f in files if _bytes(tmp_path, "a", f) == _bytes(tmp_path, "b", f)}
    other = {f for f in files if _bytes(tmp_path, "a", f) == _bytes(tmp_path, "c", f)}
    assert same == files
    assert "shop_orders.parquet" not in other
    assert truth[0] == truth[1] != truth[2]


def test_feeds_hold_nothing_of_the_truth(tmp_path: Path) -> None:
    make(tmp_path, seed=1)
    columns = pq.read_table(tmp_path / "shop_orders.parquet").column_names
    assert columns == ["order_line", "customer", "ordered_at", "sku", "units", "price", "currency"]


def _bytes(folder: Path, name: str, file: str) -> bytes:
    return (folder / name / file).read_bytes()
