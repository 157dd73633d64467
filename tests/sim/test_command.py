"""`fullhouse simulate` as a user types it."""

import json
import shutil
from pathlib import Path

import pyarrow.parquet
import pytest
from typer.testing import CliRunner

from fullhouse import app
from fullhouse.cli.root import commands
from fullhouse.core.errors import InputError
from fullhouse_sim.members import SOURCES
from fullhouse_sim.write import Simulated, read_market
from tests.sim.conftest import SMALL

FEW = ["--people", "6000", "--films", "60", "--days", "28"]  # as SMALL: its season is known


@pytest.mark.slow
def test_a_market_is_written_and_summarised(tmp_path: Path) -> None:
    result = CliRunner().invoke(commands, ["simulate", str(tmp_path / "m"), *FEW])
    assert result.exit_code == 0, result.output
    for shown in ("shop/purchases", "tickets/sales", "All of it is simulated", "fullhouse ingest"):
        assert shown in result.output
    assert read_market(tmp_path / "m") == SMALL


@pytest.mark.slow
def test_a_market_for_programs(tmp_path: Path) -> None:
    asked = ["simulate", *FEW, str(tmp_path / "m"), "--json"]
    result = CliRunner().invoke(commands, asked)
    output = json.loads(result.output)
    assert output["simulated"] is True
    assert output["market"]["people"] == 6_000
    assert {f["name"] for f in output["feeds"]} > {"shop-purchases", "video-plays", "tickets-sales"}


@pytest.mark.parametrize(
    ("more", "message"),
    [(["--scenario", "sleepr"], "sleeper"), (["--people", "3"], "people must be from 1,000")],
)
def test_a_mistake_is_refused_in_a_sentence(tmp_path: Path, more: list[str], message: str) -> None:
    result = CliRunner().invoke(commands, ["simulate", str(tmp_path / "m"), *more])
    assert isinstance(result.exception, InputError)
    assert message in str(result.exception)
    assert not (tmp_path / "m").exists()


def test_a_campaign_is_played(small: Simulated, tmp_path: Path) -> None:
    folder = tmp_path / "market"  # playing a campaign adds to the market's truth
    shutil.copytree(small.folder, folder)
    owners = pyarrow.parquet.read_table(folder / "truth/owners").slice(0, 300).to_pylist()
    lines = ["source,account,line,audience,channel,arm,day,frequency"]
    for i, owner in enumerate(owners):
        arm = "treated" if i % 4 else "held_out"
        lines.append(f"{owner['source']},{owner['account']},L1,pets,push,{arm},2025-07-28,3")
    (tmp_path / "deliveries.csv").write_text("\n".join(lines) + "\n")
    asked = ["simulate", "respond", str(folder), str(tmp_path / "deliveries.csv")]
    result = CliRunner().invoke(commands, [*asked, "--out", str(tmp_path / "played")])
    assert result.exit_code == 0, result.output
    assert "true effect" in result.output
    assert "All of it is simulated" in result.output
    app.init_house(str(tmp_path / "house"), simulated=True, environment={}).close()
    feeds = {"sales": "tickets-sales", "wants": "tickets-wants"}
    feeds |= {f"{k}s-{s}": f"respond-{k}s-{s}" for k in ("impression", "click") for s in SOURCES}
    with app.open_house(str(tmp_path / "house")) as house:
        for file in sorted((tmp_path / "played").iterdir()):
            feed = folder / "feeds" / f"{feeds[file.name.partition('.')[0]]}.toml"
            assert app.check_feed(house, app.CheckFeed(feed, (str(file),))).ok
