"""`fullhouse backtest`."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fullhouse.cli.root import commands
from fullhouse.core.errors import InputError
from tests.forecast.synthetic_market import house, make

ASKED = ["--as-of", "2017-01-20", "--from-year", "2016", "--to-year", "2016"]


@pytest.fixture(scope="module")
def market_house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return house(tmp_path_factory.mktemp("market") / "house", make())


def _run(*words: str) -> str:
    result = CliRunner().invoke(commands, ["backtest", *words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.slow
def test_it_prints_figures_and_writes_files(market_house: Path, tmp_path: Path) -> None:
    files = [tmp_path / "rows.csv", tmp_path / "rows.parquet", tmp_path / "chart.svg"]
    outs = [word for f in files for word in ("--out", str(f))]
    horizons = ["--horizon", "T-1", "--horizon", "first weekend"]
    text = _run("-w", str(market_house), *ASKED, *horizons, *outs)
    for words in ("Coverage of the ranges", "log-linear", "By year", "Nine classes"):
        assert words in text
    assert all(f.stat().st_size > 500 for f in files)


def test_json_holds_the_same_figures(market_house: Path) -> None:
    values = json.loads(_run("-w", str(market_house), *ASKED, "--horizon", "T-1", "--json"))
    (weekend,) = [j for j in values["judged"] if j["quantity"] == "opening_weekend"]
    assert weekend["films"] > 20
    assert 0 <= weekend["coverage"]["80%"] <= 1
    assert set(weekend["by"]) == {"cinemas", "size", "franchise", "year"}
    assert weekend["baselines"]["log-linear"]["films"] == weekend["films"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--plan", "huge"], "--plan takes wide, limited or all"),
        (["--horizon", "T-29"], "Did you mean .*'T-28'"),
        (["--from-year", "2016", "--to-year", "2015"], "before 2016 begins"),
        (["--territory", "usa"], "territory"),
        (["--out", "x.docx"], "--out takes a file ending in"),
    ],
    ids=["plan", "horizon", "years", "territory", "out"],
)
def test_a_mistake_is_explained(market_house: Path, words: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        CliRunner().invoke(
            commands, ["backtest", "-w", str(market_house), *words], catch_exceptions=False
        )
