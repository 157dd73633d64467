"""The demo finds what is true of its simulated market, and nothing else."""

import re
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import TypeAlias

import pyarrow.parquet as pq
import pytest

import fullhouse as fh
from fullhouse.core.settings import SIMULATED
from fullhouse.forecast.score import AFTERWARDS

pytestmark = pytest.mark.slow
"""The whole demo runs: minutes. `.ci/run` runs it too."""

ROOT = Path(__file__).parents[2]
END = date(2025, 9, 4)
"""The day that was set for the campaign's last look."""

Played: TypeAlias = tuple[Path, str]


def demo(folder: Path, *more: str) -> str:
    """Run the demo as `make demo` does, and return what it printed."""
    command = [sys.executable, "examples/demo/run.py", str(folder), "--no-serve", *more]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """The folder of a demo that has run, and what it printed."""
    folder = tmp_path_factory.mktemp("demo")
    return folder, demo(folder)


def test_page_and_charts_say_that_they_are_simulated(played: Played) -> None:
    folder, summary = played
    for name in ("forecast", "audiences", "effects", "outlooks"):
        for kind in ("png", "svg"):
            assert (folder / f"{name}.{kind}").stat().st_size > 10_000
        assert "SIMULATED" in (folder / f"{name}.svg").read_text()
    page = (folder / "index.html").read_text()
    assert SIMULATED in page
    assert page.count("<svg") == 4
    assert "A Season for Bramble" in page
    assert summary.startswith("A simulated market.")
    assert "Traceback" not in summary


def test_the_campaign_is_read_beside_the_truth_and_teaches_the_next_film(played: Played) -> None:
    folder, summary = played
    with fh.open(str(folder / "house")) as house:
        last = fh.campaign_readout(house, fh.ReadCampaign("bramble-launch", as_of=END, learn=False))
        taught = fh.campaign_learned(house, fh.ListLearned(as_of=END))
        verdicts = fh.campaign_verdicts(house, fh.ListVerdicts(as_of=END))
        following = fh.plan_show(house, fh.ShowPlan("next-film"))
    total = last.on("tickets")[0].effect.total
    (row,) = re.findall(
        r"(-?[\d,]+) \((-?[\d,]+) – (-?[\d,]+)\) +│ +(-?[\d,]+) +│ (yes|no)", summary
    )
    claimed, low, high, true = (int(x.replace(",", "")) for x in row[:4])
    assert claimed == round(total.value)
    # Twice as wide as the interval: it holds the truth but for one key in ten thousand.
    assert total.value - 2 * (high - claimed) < true < total.value + 2 * (claimed - low)
    assert true > 0
    assert taught
    assert {v.verdict for v in verdicts} <= {"confirmed", "weaker", "refuted", "cannot tell"}
    assert following.untaught is not None
    widths = [x.high / x.low for x in (following.tickets, following.untaught)]
    assert widths[0] < widths[1], "a readout narrows what the next plan expects"


def test_the_report_and_the_morning_page_open_offline(played: Played) -> None:
    folder, _ = played
    for name in ("report.html", "daily.html", "plan.html"):
        page = (folder / name).read_text()
        assert SIMULATED in page
        assert not re.search(r'(src|href)="https?://', page)
    assert "bramble-launch" in (folder / "report.html").read_text()


def test_cards_are_of_the_hidden_groups_and_the_other_film_has_none(played: Played) -> None:
    folder, summary = played
    cards = pq.read_table(folder / "audiences.parquet").to_pylist()
    assert any("dogs" in c["rule"] and c["basis"] == "measured" for c in cards)
    # The key halves people and draws placebos by chance: one in forty films has a stray card.
    strays = [
        c for c in cards if not re.search("pet|dog|cat|gender|age:|toy|baby|child", c["rule"])
    ]
    assert len(strays) <= 1
    assert all(c["label"] == SIMULATED for c in cards)
    page = (folder / "audiences.html").read_text()
    assert "A Season for Bramble" in page
    assert "Expected tickets" in page
    assert "Nothing found" in summary


def test_forecasts_stand_beside_the_truth_and_in_the_score_book(played: Played) -> None:
    folder, summary = played
    page = (folder / "index.html").read_text()
    assert 'href="forecast.html"' in page
    own = (folder / "forecast.html").read_text()
    assert SIMULATED in own
    verdicts = re.findall(r"(opening day|opening weekend|total of the run).*(held|missed)", summary)
    assert [q for q, _ in verdicts] == (
        ["total of the run"] * 5 + ["opening weekend"] * 3 + ["opening day"] * 2
    )
    with fh.open(str(folder / "house")) as house:
        entries = fh.scorebook_list(house, fh.ListEntries(film="a-season-for-bramble-2025"))
        book = fh.scorebook(house, fh.ReadScoreBook())
    # Issued on the day they are of, so none of them after the fact, and all came true since.
    assert [e.issued_at[:10] for e in entries] == [e.as_of for e in entries]
    assert [e.horizon for e in entries] == [
        "T-28", "T-1", "first day", "first weekend", "second weekend"
    ]  # fmt: skip
    assert book.simulated
    assert AFTERWARDS not in book.left_out
    true = {row.quantity: row.actual for row in book.rows if row.film == entries[0].film}
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
    assert all(row.endswith(" associated") for row in rows)


@pytest.mark.slow
def test_it_starts_fresh_where_one_was_played(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("own")
    (tmp_path / "report.html").write_text("of the last time")
    fh.init(str(tmp_path / "house"), environment={"FULLHOUSE_KEY": "0" * 64}).close()
    (tmp_path / "house" / "left.txt").write_text("of the last time")
    demo(tmp_path, "--people", "40000", "--days", "28", "--seed", "3")
    assert not (tmp_path / "house" / "left.txt").exists()
    assert "of the last time" not in (tmp_path / "report.html").read_text()
    assert (tmp_path / "notes.txt").read_text() == "own"
