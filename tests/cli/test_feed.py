"""`fullhouse feed check`, `ingest` and `quarantine` as a user types them."""

import hashlib
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fullhouse import app
from fullhouse.cli.root import commands
from fullhouse.core.errors import InputError

FEED = """
source = "shop"
kind = "purchase"
[columns]
account = "user"
at = "when"
quantity = "count"
[identifiers]
email = "mail"
"""
ROWS = "user,when,count,mail,diagnosis,note\nann,2025-01-01,2,a@x.com,flu,x\nbob,never,1,,,\n"


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    app.init_house(str(tmp_path / "house"), environment={}).close()
    (tmp_path / "orders.toml").write_text(FEED)
    (tmp_path / "o.csv").write_text(ROWS)
    monkeypatch.setenv("FULLHOUSE_WORKSPACE", str(tmp_path / "house"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _bytes(folder: Path) -> dict[str, str]:
    return {
        str(p): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


def test_a_check_shows_rows_and_problems_and_writes_nothing(house: Path) -> None:
    before = _bytes(house)
    result = CliRunner().invoke(commands, ["feed", "check", "orders.toml", "o.csv"])
    assert result.exit_code == 1
    for printed in (
        "ann", "2025-01-01", "bad_time", "'never'", "1 of the first 2 rows are good",
        "'diagnosis' looks like health: it is not read", "Not read: note", "maps no event_id",
    ):  # fmt: skip
        assert printed in result.output, printed
    assert "a@x.com" not in result.output
    assert _bytes(house) == before


def test_a_check_for_programs(house: Path) -> None:
    result = CliRunner().invoke(commands, ["feed", "check", "orders.toml", "o.csv", "--json"])
    printed_json = json.loads(result.output)
    assert printed_json["ok"] is False
    assert printed_json["files"][0]["refused"] == {"bad_time": 1}
    assert printed_json["rows"][0]["account"] == "ann"


def test_a_check_of_a_good_file_ends_well(house: Path) -> None:
    (house / "good.csv").write_text(ROWS.rsplit("bob", maxsplit=1)[0])
    assert CliRunner().invoke(commands, ["feed", "check", "orders.toml", "good.csv"]).exit_code == 0


def test_a_check_of_an_empty_file_ends_with_exit_code_1(house: Path) -> None:
    (house / "empty.csv").write_text("")
    result = CliRunner().invoke(commands, ["feed", "check", "orders.toml", "empty.csv"])
    assert result.exit_code == 1
    assert "empty.csv holds no rows" in result.output
    (house / "head.csv").write_text(ROWS.splitlines()[0] + "\n")
    assert CliRunner().invoke(commands, ["feed", "check", "orders.toml", "head.csv"]).exit_code == 1


@pytest.mark.parametrize("command", [("ingest",), ("feed", "check")])
def test_a_feed_and_its_file_in_the_wrong_order_are_explained(
    house: Path, command: tuple[str, ...]
) -> None:
    result = CliRunner().invoke(commands, [*command, "o.csv", "orders.toml"])
    assert isinstance(result.exception, InputError)
    assert "o.csv is no feed: its declaration, a .toml file, comes first" in str(result.exception)


def test_a_check_reports_on_every_file(house: Path) -> None:
    (house / "other.csv").write_text("usr,when\n")
    result = CliRunner().invoke(commands, ["feed", "check", "orders.toml", "other.csv", "o.csv"])
    assert "no column 'user'. Did you mean 'usr'" in result.output
    assert "1 of the first 2 rows" in result.output


@pytest.mark.slow
def test_ingest_and_quarantine(house: Path) -> None:
    first = CliRunner().invoke(commands, ["ingest", "orders.toml", "o.csv", "--json"])
    assert first.exit_code == 0, first.output
    printed_json = json.loads(first.output)
    assert (printed_json["read"], printed_json["written"], printed_json["known"]) == (2, 1, 0)
    assert printed_json["quarantined"] == {"bad_time": 1}
    again = CliRunner().invoke(commands, ["ingest", "orders.toml", "o.csv"])
    assert "already known" in again.output
    printed = CliRunner().invoke(commands, ["quarantine"])
    assert "bad_time" in printed.output
    listed = json.loads(CliRunner().invoke(commands, ["quarantine", "--json"]).output)
    assert listed["counts"] == [
        {"source": "shop", "feed": "orders", "reason": "bad_time", "rows": 1}
    ]
    assert listed["rows"][0]["row"] == 2
    none = CliRunner().invoke(commands, ["quarantine", "--source", "kiosk"])
    assert "Nothing is in quarantine" in none.output


def test_an_ingest_of_which_too_much_was_refused_ends_with_exit_code_1(house: Path) -> None:
    (house / "bad.csv").write_bytes((house / "o.csv").read_bytes() + b"x\ny\n")
    result = CliRunner().invoke(commands, ["ingest", "orders.toml", "bad.csv", "--json"])
    assert result.exit_code == 1
    assert json.loads(result.stdout)["too_many_refused"] == ["bad.csv"]
    assert "bad.csv: more than 50 % of its rows were refused" in " ".join(result.stderr.split())


def test_a_field_that_no_line_has_is_named(house: Path) -> None:
    (house / "o.jsonl").write_text('{"usr": "a", "when": "2025-01-01"}\n')
    result = CliRunner().invoke(commands, ["feed", "check", "orders.toml", "o.jsonl"])
    assert "has the field 'user'. Did you mean 'usr'" in result.output
    assert "missing_required" in result.output


def test_an_ingest_is_in_the_audit_log(house: Path) -> None:
    CliRunner().invoke(commands, ["ingest", "orders.toml", "o.csv"])
    from fullhouse.control import audit_log

    with app.open_house(str(house / "house")) as workspace:
        (entry, *_) = audit_log(workspace.control)
    assert entry.action == "ingest"
    assert entry.detail["written"] == 1


def test_a_retry_reports_accepted_and_refused_rows(house: Path) -> None:
    CliRunner().invoke(commands, ["ingest", "orders.toml", "o.csv"])
    again = ["feed", "retry", "orders.toml"]
    result = CliRunner().invoke(commands, again)
    assert result.exit_code == 0
    assert "still refused" in result.stdout
    assert "bad_time" in result.stdout
    mended = FEED + '[values.at]\nnever = "2025-01-02"\n'
    (house / "orders.toml").write_text(mended)
    result = CliRunner().invoke(commands, [*again, "--json"])
    assert (result.exit_code, json.loads(result.stdout)) == (
        0,
        {"feed": "orders", "rows": 1, "written": 1, "known": 0, "suppressed": 0, "refused": {},
         "incomplete": 0},
    )  # fmt: skip
    result = CliRunner().invoke(commands, again)
    assert (result.exit_code, result.stdout) == (0, "Nothing of orders is in quarantine.\n")
    result = CliRunner().invoke(commands, ["feed", "retry", "other.toml"])
    assert result.exit_code != 0
    assert isinstance(result.exception, InputError)


def test_a_retry_asks_for_the_file_where_a_row_was_not_stored_whole(house: Path) -> None:
    (house / "o.csv").write_text(ROWS + "cut,2025\n")
    CliRunner().invoke(commands, ["ingest", "orders.toml", "o.csv"])
    result = CliRunner().invoke(commands, ["feed", "retry", "orders.toml"])
    assert "otherwise now: 1." in result.stdout.replace("\n", " ")
    assert "take the file in again" in result.stdout.replace("\n", " ")
