"""The demo finds what is true of its simulated market, and nothing else."""

import re
import subprocess
import sys
from pathlib import Path
from typing import TypeAlias

import pyarrow.parquet as pq
import pytest

import fullhouse as fh
from fullhouse.settings import SIMULATED

pytestmark = pytest.mark.slow
"""The whole demo runs: minutes. `.ci/run` runs it too."""

ROOT = Path(__file__).parents[2]

Played: TypeAlias = tuple[Path, str]


def demo(folder: Path, *more: str) -> str:
    """Run the demo as `make demo` does, and return what it printed."""
    command = [sys.executable, "examples/demo/run.py", str(folder), *more]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def found(path: Path) -> dict[str, float]:
    """Trait → affinity of what a discovery found."""
    rows = pq.read_table(path).to_pylist()
    return {r["trait"]: r["ratio"] for r in rows if r["verdict"] == "found"}


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """The folder of a demo that has run, and what it printed."""
    folder = tmp_path_factory.mktemp("demo")
    return folder, demo(folder)


def test_dog_keepers_are_found_behind_one_film_and_nobody_behind_the_other(played: Played) -> None:
    folder, told = played
    hidden = found(folder / "hidden-audience.parquet")
    assert hidden["buys:pet-supplies/dogs"] > 1.4
    # The film draws cat keepers, young women and young families too; and nobody else.
    others = [t for t in hidden if not re.search("pet|dog|cat|gender|age:|toy|baby|child", t)]
    assert not others
    assert found(folder / "no-audience.parquet") == {}
    assert told.startswith("A simulated market.")
    assert "Traceback" not in told


def test_page_and_charts_say_that_they_are_simulated(played: Played) -> None:
    folder, _ = played
    for name in ("hidden-audience", "no-audience", "forecast"):
        for kind in ("png", "html", "svg"):
            assert (folder / f"{name}.{kind}").stat().st_size > 10_000
        assert "SIMULATED" in (folder / f"{name}.svg").read_text()
    page = (folder / "index.html").read_text()
    assert SIMULATED in page
    assert page.count("<svg") == 4
    assert "A Season for Bramble" in page


def test_cards_are_of_the_hidden_groups_and_the_other_film_has_none(played: Played) -> None:
    folder, told = played
    cards = pq.read_table(folder / "audiences.parquet").to_pylist()
    assert any("dogs" in c["rule"] and c["standing"] == "found" for c in cards)
    # The key halves people and draws placebos by chance: one in forty films has a stray card.
    strays = [
        c for c in cards if not re.search("pet|dog|cat|gender|age:|toy|baby|child", c["rule"])
    ]
    assert len(strays) <= 1
    assert all(c["label"] == SIMULATED for c in cards)
    page = (folder / "audiences.html").read_text()
    assert "A Season for Bramble" in page
    assert "Expected tickets" in page
    assert "Nothing found" in told


def test_forecasts_stand_beside_the_truth_and_in_the_score_book(played: Played) -> None:
    folder, told = played
    page = (folder / "index.html").read_text()
    assert 'href="forecast.html"' in page
    own = (folder / "forecast.html").read_text()
    assert SIMULATED in own
    verdicts = re.findall(r"(opening day|opening weekend|total of the run).*(held|missed)", told)
    assert [q for q, _ in verdicts] == (
        ["total of the run"] * 5 + ["opening weekend"] * 3 + ["opening day"] * 2
    )
    with fh.open(str(folder / "house")) as house:
        entries = fh.scorebook_list(house, film="a-season-for-bramble-2025")
        book = fh.scorebook(house)
    # Issued on the day they are of, so none of them after the fact, and all came true since.
    assert [e.issued_at[:10] for e in entries] == [e.as_of for e in entries]
    assert [e.horizon for e in entries] == [
        "T-28", "T-1", "first day", "first weekend", "second weekend"
    ]  # fmt: skip
    assert book.simulated
    assert "issued after the fact" not in book.left_out
    true = {row.quantity: row.truth for row in book.rows if row.film == entries[0].film}
    known = pq.read_table(folder / "market/truth/grosses.parquet").to_pylist()
    (row,) = [r for r in known if r["title"] == "A Season for Bramble"]
    assert true == pytest.approx({q: row[q] for q in true})
    assert set(true) == {"opening_day", "opening_weekend", "total"}


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
    smaller = ("--people", "40000", "--days", "28", "--seed", "3")
    first, second = demo(tmp_path, *smaller), demo(tmp_path, *smaller)
    people = [line for line in first.splitlines() if "persons behind" in line]
    assert people == [line for line in second.splitlines() if "persons behind" in line]
    assert (tmp_path / "mine.txt").read_text() == "kept"
