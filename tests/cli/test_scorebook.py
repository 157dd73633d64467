"""`fullhouse scorebook` as a user types it, from issued forecasts to figures and back."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from sqlalchemy import create_engine, text
from typer.testing import CliRunner, Result

import fullhouse as fh
from fullhouse import app
from fullhouse.cli.root import commands
from fullhouse.control import audit_log
from fullhouse.core.code import code_version
from fullhouse.core.errors import CannotTellError, InputError
from tests.forecast.sample_forecasts import a_forecast

FIRST = date(2026, 1, 2)  # a Friday
FILMS = 12
TRIGGERS = ("forecast_entry_no_update", "forecast_entry_no_delete", "forecast_entry_follows")


def opening(k: int) -> date:
    return FIRST + timedelta(weeks=k)


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def issue(workspace: Any, film: str, k: int, *, now: date | None = None, **changes: Any) -> Any:
    forecast = a_forecast(film, opening=opening(k), **changes)
    then = replace(workspace, clock=lambda: at(now or forecast.as_of))
    return app.issue_forecast(then, app.IssueForecast(forecast)).entry


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Twelve films a week apart, each forecast a week ahead; the last still runs."""
    app.init_house(str(tmp_path / "house"), environment={}).close()
    rng = np.random.default_rng(5)
    lines = ["film,title,territory,known_on,opening"]
    lines += [f"own-{k},Film {k},US,2025-06-01,{opening(k)}" for k in range(FILMS)]
    (tmp_path / "films.csv").write_text("\n".join(lines))
    days = ["film,day,gross"]
    for k in range(FILMS):
        start = 4e6 * np.exp(rng.normal(0, 0.3))
        length = 40 if k < FILMS - 1 else 3
        days += [
            f"own-{k},{opening(k) + timedelta(days=d)},{start * 0.8**d}" for d in range(length)
        ]
    (tmp_path / "days.csv").write_text("\n".join(days))
    monkeypatch.setenv("FULLHOUSE_WORKSPACE", str(tmp_path / "house"))
    monkeypatch.chdir(tmp_path)
    with fh.open("house") as workspace:
        for name in ("films.csv", "days.csv"):
            read = fh.film_read(name, territory="US", currency="USD")
            fh.film_import(workspace, fh.ImportFilms(read))
        for k in range(FILMS):
            size = {"size": "big" if k % 3 == 0 else "small", "genre": "comedy"}
            issue(workspace, f"film-{k}-2026", k, groups=size)
    return tmp_path


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(commands, ["scorebook", *arguments], catch_exceptions=False)


def run(*arguments: str) -> str:
    done = invoke(*arguments)
    assert done.exit_code == 0, done.output
    return done.output


def as_json(*arguments: str) -> Any:
    return json.loads(run(*arguments, "--json"))


def tamper(house: Path, *statements: str) -> None:
    database = create_engine(f"sqlite:///{house / 'house' / 'control.db'}")
    with database.begin() as connection:
        for statement in (*(f"DROP TRIGGER {name}" for name in TRIGGERS), *statements):
            connection.execute(text(statement))


def test_an_empty_book_says_what_would_fill_it(tmp_path: Path) -> None:
    app.init_house(str(tmp_path), environment={}).close()
    where = ("-w", str(tmp_path))
    assert "fullhouse forecast FILM" in run(*where)
    assert "fullhouse forecast FILM" in run("list", *where)
    assert "Intact: 0 entries" in run("verify", *where)
    assert json.loads(run(*where, "--json"))["rows"] == []
    run(*where, "--out", str(tmp_path / "none.svg"))
    assert "No outcome is known yet" in (tmp_path / "none.svg").read_text("utf-8")


def test_figures_of_what_has_come_true(house: Path) -> None:
    result = as_json()
    counts = {k["quantity"]: k["films"] for k in result["figures"] if k["by"] == "all"}
    assert counts == {"opening_day": 12, "opening_weekend": 12, "total": 11}
    assert result["left_out"] == {"waiting": 1}
    words = run()
    for word in (
        "12 forecasts issued; outcomes are known for 35 amounts of 12 films",
        "opening weekend",
        "T-7",
        "hi/lo",
    ):
        assert word in words
    first = result["rows"][0]
    assert (first["film"], first["median"]) == ("film-0-2026", pytest.approx(4e6))


def test_outcomes_are_those_in_the_lake(house: Path) -> None:
    rows = {(r["film"], r["quantity"]): r["actual"] for r in as_json()["rows"]}
    start = rows["film-3-2026", "opening_day"]
    assert rows["film-3-2026", "opening_weekend"] == pytest.approx(start * (1 + 0.8 + 0.64))
    assert rows["film-3-2026", "total"] == pytest.approx(start * (1 - 0.8**40) / 0.2)


def test_split_and_narrowed(house: Path) -> None:
    words = run("--by", "size")
    assert "big" in words
    assert "small" in words
    assert as_json("--horizon", "T-1")["entries"] == 0
    assert as_json("--territory", "CN")["rows"] == []
    with pytest.raises(InputError, match=r"not 'sise'\. Did you mean 'size'"):
        run("--by", "sise")


def test_looking_back_is_kept_apart(house: Path) -> None:
    with fh.open("house") as workspace:
        medians = {"total": 2e7}
        issue(workspace, "film-2-2026", 2, now=date(2027, 1, 1), horizon="T-1", medians=medians)
    assert "--looking-back" in run()
    assert as_json()["left_out"]["afterwards"] == 1
    back = as_json("--looking-back")
    assert [r["horizon"] for r in back["rows"]] == ["T-1"]
    assert "prove nothing" in run("--looking-back")


@pytest.mark.slow
def test_files(house: Path) -> None:
    outs = [a for name in ("b.csv", "b.parquet", "b.svg", "b.png") for a in ("--out", name)]
    run(*outs)
    assert pq.read_table("b.parquet").num_rows == 35
    assert Path("b.csv").read_text().count("\n") == 36
    assert "12 forecasts of 12 films" in Path("b.svg").read_text("utf-8")
    with pytest.raises(InputError, match="--out takes"):
        run("--out", "b.xlsx")


def test_list_shows_the_newest_last(house: Path) -> None:
    listed = as_json("list", "--rows", "2")["entries"]
    assert [e["id"] for e in listed] == [11, 12]
    assert listed[0]["payload"]["currency"] == "USD"
    words = run("list", "--film", "film-4-2026")
    assert "15.8 m – 56.9 m USD" in words
    assert "film-3" not in words
    assert "No such entry" in run("list", "--film", "film-99")


def test_issuing_again_is_the_same_entry(house: Path) -> None:
    with fh.open("house") as workspace:
        groups = {"size": "big", "genre": "comedy"}
        again = issue(workspace, "film-0-2026", 0, now=date(2026, 1, 1), groups=groups)
        assert again.id == 1
        entry = fh.scorebook_list(workspace, fh.ListEntries())[0]
        assert entry.model == "m1"
        assert entry.code == code_version()
        assert entry.code.startswith("0.1.0+")
        issued = [a for a in audit_log(workspace.control) if a.action == "scorebook.issue"]
        assert len(issued) == FILMS


def test_an_assumption_or_a_simulated_forecast_is_not_entered(house: Path) -> None:
    with fh.open("house") as workspace:
        with pytest.raises(InputError, match="assumes facts \\(theaters\\)"):
            issue(workspace, "film-0-2026", 0, what_if={"theaters": 4000})
        with pytest.raises(InputError, match="simulated"):
            issue(workspace, "film-0-2026", 0, simulated=True)
        assert len(fh.scorebook_list(workspace, fh.ListEntries())) == FILMS


def test_verify_says_intact_and_gives_the_head(house: Path) -> None:
    result = as_json("verify")
    assert (result["ok"], result["entries"]) == (True, 12)
    assert f"Head: {result['head']}" in run("verify")
    assert "is that of entry 12" in run("verify", "--head", result["head"])


def test_verify_fails_on_a_changed_entry_and_names_it(house: Path) -> None:
    tamper(house, "UPDATE forecast_entry SET payload = replace(payload, '3', '4') WHERE id = 5")
    done = invoke("verify")
    assert done.exit_code == 1
    assert "Broken at entry 5" in done.output
    assert "triggers are missing" in done.output
    assert json.loads(invoke("verify", "--json").stdout)["broken"] == 5


@pytest.mark.slow
def test_a_broken_book_prints_no_figures_and_fails(house: Path) -> None:
    tamper(house, "UPDATE forecast_entry SET payload = replace(payload, '3', '4') WHERE id = 5")
    with pytest.raises(CannotTellError, match="entry 5 was changed"):
        run()
    with pytest.raises(CannotTellError, match="worth nothing"):
        run("--json")


def test_figures_warn_that_a_cut_end_cannot_be_seen_without_a_noted_head(house: Path) -> None:
    head = as_json("verify")["head"]
    assert "Without --head" in " ".join(run().split())
    assert "Without --head" not in run("--head", head)
    assert as_json("--head", head)["head_noted"] is True
    assert as_json()["head_noted"] is False
    tamper(house, "DELETE FROM forecast_entry WHERE id > 10")
    with pytest.raises(CannotTellError, match="noted head is not in it"):
        run("--head", head)


def test_verify_fails_on_a_cut_end_when_the_head_was_noted(house: Path) -> None:
    head = as_json("verify")["head"]
    tamper(house, "DELETE FROM forecast_entry WHERE id > 10")
    assert invoke("verify").exit_code == 0
    done = invoke("verify", "--head", head)
    assert done.exit_code == 1
    assert "cut off" in done.output


def test_options_before_a_subcommand_are_not_lost_silently(house: Path) -> None:
    with pytest.raises(InputError, match="after the subcommand"):
        run("--territory", "US", "verify")


def test_a_book_of_a_simulated_house_says_so(tmp_path: Path) -> None:
    app.init_house(str(tmp_path), simulated=True, environment={}).close()
    with fh.open(str(tmp_path)) as workspace:
        issue(workspace, "a-2026", 0, simulated=True)
        assert fh.scorebook(workspace, fh.ReadScoreBook()).simulated
    assert "SIMULATED" in run("-w", str(tmp_path))
