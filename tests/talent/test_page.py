"""What names add, as a page, files and commands: one sentence, and the shuffled names beside it."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from fullhouse import app
from fullhouse.cli.root import commands
from fullhouse.core.settings import SIMULATED
from fullhouse.talent.effects import EFFECTS_SCHEMA, GainCheck, RoleSpread, TalentEffects
from fullhouse.talent.rising import RisingBook, RisingNames
from fullhouse.view.talent_page import rising_page, talent_page, write_talent
from fullhouse.view.words.talent import book_words, effect_words, headline

CHECK = GainCheck(
    300, date(2010, 1, 1), date(2015, 1, 1), 0.5, 0.52, 0.49, 0.03, 0.01, 0.05, (-0.01, 0.002)
)
ROWS = [
    {"talent": "t1", "name": "Ann <b>Holm</b>", "role": "cast", "films": 9, "effect": 0.4,
     "error": 0.1, "placebo": 0.01},
    {"talent": "t2", "name": "=Jo Ash", "role": "director", "films": 2, "effect": -0.05,
     "error": 0.2, "placebo": -0.02},
]  # fmt: skip
EFFECTS = TalentEffects(
    "US", date(2016, 1, 1), 800, (RoleSpread("cast", 1, 0.1),), 0.9, CHECK,
    pa.Table.from_pylist(ROWS, schema=EFFECTS_SCHEMA),
)  # fmt: skip


def test_names_add_only_above_nothing_and_above_every_shuffle() -> None:
    assert CHECK.names_add
    assert not replace(CHECK, gain_low=-0.001).names_add
    assert not replace(CHECK, placebo_gains=(0.0, 0.011)).names_add
    little = replace(EFFECTS, check=replace(CHECK, gain_low=-0.001))
    assert headline(little).startswith("Beyond the budget, names tell little")
    assert "which shuffled names did not" in headline(EFFECTS)


def test_an_effect_is_said_only_where_its_wide_range_leaves_out_one() -> None:
    clear, unclear = EFFECTS.names()
    assert (clear.clear, unclear.clear) == (True, False)
    assert "1.49 times what the budget would give" in effect_words("Ann", clear)
    assert "no effect can be told" in effect_words("Jo", unclear)


def test_the_page_shows_names_ranges_and_the_placebo_and_escapes_them(tmp_path: Path) -> None:
    written = write_talent(
        EFFECTS, [tmp_path / n for n in ("t.html", "t.json", "t.csv", "t.parquet", "t.svg")]
    )
    page = written[0].read_text("utf-8")
    assert headline(EFFECTS) in page
    assert "names shuffled" in page
    assert "<b>Holm" not in page
    plain = json.loads(written[1].read_text("utf-8"))
    assert plain["names_add"] is True
    assert [n["placebo"] > 0 for n in plain["names"]] == [True, True]
    assert "'=Jo Ash" in written[2].read_text("utf-8")
    assert pq.read_table(written[3]).num_rows == 2


def test_simulated_figures_say_so_in_the_page_and_as_json() -> None:
    rising = RisingNames("US", date(2016, 1, 1), 0, (), None)
    for result, page in ((EFFECTS, talent_page), (rising, rising_page)):
        marked = replace(result, simulated=True)
        assert marked.to_dict()["simulated"] is True
        assert result.to_dict()["simulated"] is False
        assert SIMULATED in page(marked)
        assert SIMULATED not in page(result)


def test_lists_whose_people_are_all_gone_are_counted() -> None:
    assert "known here: 3." in book_words(RisingBook((), 1, 3))
    assert "known here" not in book_words(RisingBook((), 1))


def test_a_user_imports_lists_shows_and_suppresses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.init_house(str(tmp_path / "house"), environment={}).close()
    monkeypatch.setenv("FULLHOUSE_WORKSPACE", str(tmp_path / "house"))
    monkeypatch.chdir(tmp_path)
    Path("films.csv").write_text(
        "title,territory,known_on,opening\nBram,US,2015-01-01,2016-03-04\n"
    )
    Path("credits.csv").write_text(
        "name,role,billing,title,opening\nAnn Holm,Actor,1,Bram,2016-03-04\nBo,x,,Bram,2016-03-04\n"
    )

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(commands, [*arguments], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    run("film", "import", "plain", "films.csv")
    assert "No credits yet: fullhouse talent import" in run("talent", "list")
    assert "role is none of cast" in run("talent", "import", "credits.csv").replace("\n", " ")
    assert "already" not in run("talent", "list")
    listed = json.loads(run("talent", "list", "--json"))
    assert [t["name"] for t in listed["talents"]] == ["Ann Holm"]
    shown = json.loads(run("talent", "show", "ann holm", "--json"))
    assert shown["credits"][0]["film"] == "bram-2016"
    assert "200 are needed" in shown["why_not"]
    assert "Credits taken out: 1" in run("talent", "suppress", "Ann Holm")
    assert json.loads(run("talent", "list", "--json"))["total"] == 0
    assert "waiting until 5 years are over: 0" in run("talent", "scorebook")
