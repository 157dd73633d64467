"""The main job on two real sets gives the facts that were measured apart."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from examples.real_market.facts import Fact, read_answer
from examples.real_market.job import main
from fullhouse.core.errors import InputError

ROOT = Path(__file__).parents[2]
RUN = [sys.executable, "examples/real_market/run.py"]


@pytest.mark.real
@pytest.mark.slow
def test_every_fact_is_met_and_fifteen_buyers_are_too_few(tmp_path: Path) -> None:
    done = subprocess.run(
        [*RUN, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    with (tmp_path / "comparison.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) >= 12
    assert {r["agrees"] for r in rows} == {"yes"}
    assert "11,067 persons behind 11,067 accounts" in done.stdout

    books = read_answer(tmp_path / "books.parquet")
    assert books.rows["own:dog-product"].verdict == "associated"
    disc = read_answer(tmp_path / "disc.parquet")
    assert (disc.verdict, disc.people) == ("cannot_tell", 15)
    assert {r.verdict for r in disc.rows.values()} == {"cannot_tell", "is_outcome"}
    films = read_answer(tmp_path / "films.parquet").rows
    assert films["gender:female"].verdict == "associated"
    # No person is in both sources, so no shop trait can be tied to a film that was watched.
    shop = [r for r in films.values() if r.family in ("buys", "word")]
    assert shop
    assert {r.verdict for r in shop} == {"cannot_tell"}
    for name in ("books", "books-search", "disc", "films", "children"):
        assert (tmp_path / f"{name}.svg").read_text().startswith("<svg")


def test_without_the_data_it_says_where_to_get_it(tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    with pytest.raises(InputError, match="FULLHOUSE_DATA is not set"):
        main([out], {})
    with pytest.raises(InputError, match=r"https://doi\.org/10\.7910/DVN/YGLYDY"):
        main([out], {"FULLHOUSE_DATA": str(tmp_path)})


@pytest.mark.parametrize(
    ("fact", "agrees"),
    [
        (Fact("same digits", 4.69, 4.6893), True),
        (Fact("another digit", 4.69, 4.6961), False),
        (Fact("theirs in our interval", 2.34, 2.09, (1.10, 3.96)), True),
        (Fact("theirs outside our interval", 2.34, 1.5, (1.1, 2.3)), False),
        (Fact("ours in their interval", 1.37, 1.44, (1.3, 1.6), (1.28, 1.45)), True),
        (Fact("ours outside their interval", 1.37, 1.46, (1.3, 1.6), (1.28, 1.45)), False),
        (Fact("nothing came out", 15, None, digits=0), False),
        (Fact("no upper end", 2.34, 2.09, (1.10, None)), False),
    ],
    ids=lambda v: v.what if isinstance(v, Fact) else "",
)
def test_a_fact_agrees_only_inside_its_interval(fact: Fact, agrees: bool) -> None:
    assert fact.inside is agrees
    assert fact.row[-1] == ("yes" if agrees else "NO")
