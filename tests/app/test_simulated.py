"""Simulated and real data stay apart, and what comes of the former says so."""

import json

import pytest
from typer.testing import CliRunner

from fullhouse import app
from fullhouse.app.feeds import IngestFiles, ingest
from fullhouse.cli.root import commands
from fullhouse.core.errors import InputError
from fullhouse.core.settings import SIMULATED

FEED = 'source = "shop"\nkind = "product"\n[columns]\nproduct = "sku"\n'


@pytest.mark.parametrize("simulated", [True, False])
def test_a_workspace_takes_in_one_sort_only(tmp_path, simulated):
    feed, rows = tmp_path / "feed.toml", tmp_path / "rows.csv"
    rows.write_text("sku\na\n")
    with app.init_house(str(tmp_path / "w"), simulated=simulated, environment={}) as workspace:
        assert workspace.settings.simulated is simulated
        feed.write_text(f"simulated = {str(not simulated).lower()}\n{FEED}")
        with pytest.raises(InputError, match="simulated"):
            ingest(workspace, IngestFiles(feed, (str(rows),)))
        feed.write_text(f"simulated = {str(simulated).lower()}\n{FEED}")
        assert ingest(workspace, IngestFiles(feed, (str(rows),))).written == 1


def test_every_command_prints_it_first(tmp_path):
    where = str(tmp_path / "w")
    CliRunner().invoke(commands, ["init", where, "--simulated"])
    result = CliRunner().invoke(commands, ["lake", "status", "-w", where])
    assert result.output.startswith(SIMULATED)
    as_json = CliRunner().invoke(commands, ["lake", "status", "--json", "-w", where])
    assert json.loads(as_json.stdout) == {"tables": []}
    assert SIMULATED in as_json.stderr
    CliRunner().invoke(commands, ["init", str(tmp_path / "real")])
    plain = CliRunner().invoke(commands, ["lake", "status", "-w", str(tmp_path / "real")])
    assert SIMULATED not in plain.output
