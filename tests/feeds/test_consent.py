"""Statements of consent: purposes, blanks, and refusals that cannot be read."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from fullhouse import app
from fullhouse.cli.feed import commands
from fullhouse.consent import latest_words
from fullhouse.core.errors import InputError
from fullhouse.core.tables import CONSENT, QUARANTINE

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FEED = """
source = "shop"
kind = "consent"
time_zone = "UTC"
[columns]
event_id = "id"
account = "user"
at = "when"
purpose = "purpose"
granted = "yes"
"""


def _file(house: Any, name: str, *rows: tuple[str, ...]) -> str:
    text = "\n".join(",".join(f'"{v}"' for v in row) for row in rows)
    file: str = house.write(f"{name}.csv", f"id,user,when,purpose,yes\n{text}\n")
    return file


def _latest(house: Any, purpose: str = "advertising") -> dict[str, bool]:
    with house.open() as context:
        words = latest_words(context.engine, context.lake, purpose=purpose, as_of=NOW.date())
        rows = context.engine.arrow(words).to_pylist()
    return {r["account"]: r["granted"] for r in rows}


def test_case_and_blanks_of_a_purpose_and_of_an_account_count_for_nothing(house: Any) -> None:
    file = _file(
        house, "a", ("1", " ann ", "2025-01-01", " Advertising ", "yes"),
        ("2", "ann", "2025-02-01", "ADVERTISING", "no"),
    )  # fmt: skip
    report = house.ingest(file, feed=FEED)
    assert report.written == 2
    assert {(r["account"], r["purpose"]) for r in house.rows(CONSENT)} == {("ann", "advertising")}
    assert _latest(house) == {"ann": False}


GRANT = ("g", "ann", "2025-01-01", "advertising", "yes")
UNREADABLE = {
    "nein": ("r", "ann", "2025-02-01", "advertising", "nein"),
    "no way": ("r", "ann", "2025-02-01", "advertising", "no way"),
    "nothing": ("r", "ann", "2025-02-01", "advertising", ""),
    "dated tomorrow": ("r", "ann", "2026-01-02", "advertising", "no"),
    "no date": ("r", "ann", "", "advertising", "no"),
    "no calendar's date": ("r", "ann", "2025-02-31", "advertising", "no"),
    "an unknown purpose": ("r", "ann", "2025-02-01", "ads", "no"),
    "no purpose": ("r", "ann", "2025-02-01", "", "no"),
    "an event id that is taken": ("g", "ann", "2025-02-01", "advertising", "no"),
    "no event id": ("", "ann", "2025-02-01", "advertising", "no"),
    "an account with blanks": ("r", " ann", "2025-02-01", "advertising", "non"),
}


@pytest.mark.parametrize("row", UNREADABLE.values(), ids=UNREADABLE)
def test_a_refusal_that_cannot_be_read_counts_until_a_later_grant(
    house: Any, row: tuple[str, ...]
) -> None:
    report = house.ingest(_file(house, "a", GRANT, row), feed=FEED)
    assert report.refusals >= 1
    assert sum(report.quarantined.values()) == 1
    assert len(house.rows(QUARANTINE)) == 1
    assert _latest(house) == {"ann": False}
    again = house.ingest(_file(house, "a", GRANT, row), feed=FEED)
    assert again.written == 0
    later = NOW + timedelta(days=1)
    grant = _file(house, "b", ("h", "ann", f"{later:%Y-%m-%d}", "advertising", "yes"))
    house.ingest(grant, feed=FEED, now=later + timedelta(hours=1))
    with house.open() as context:
        words = latest_words(
            context.engine, context.lake, purpose="advertising", as_of=later.date()
        )
        assert context.engine.arrow(words)["granted"].to_pylist() == [True]


def test_a_grant_that_cannot_be_taken_grants_nothing_and_refuses_nothing(house: Any) -> None:
    rows = [
        ("r", "bob", "2026-01-02", "advertising", "yes"),
        ("s", "cat", "2025-02-01", "ads", "y"),
    ]
    report = house.ingest(_file(house, "a", GRANT, *rows), feed=FEED)
    assert report.refusals == 0
    assert _latest(house) == {"ann": True}


def test_an_unknown_purpose_refuses_every_purpose_and_an_email_is_not_written(house: Any) -> None:
    rows = [
        ("r", "bob", "2025-02-01", "newsletter", "no"),
        ("s", "cat@mail.example", "2025-02-01", "ads", "no"),
    ]
    report = house.ingest(_file(house, "a", *rows), feed=FEED)
    assert report.quarantined == {"unknown_purpose": 1, "raw_identifier": 1}
    assert {(r["account"], r["purpose"], r["granted"]) for r in house.rows(CONSENT)} == {
        ("bob", "advertising", False),
        ("bob", "analytics", False),
    }


def test_a_refusal_of_an_account_that_no_feed_named_counts_when_the_account_comes(
    house: Any,
) -> None:
    file = _file(house, "a", ("r", "ann", "2025-02-01", "advertising", "no"))
    report = house.ingest(file, feed=FEED, unknown_account="quarantine")
    assert report.quarantined == {"unknown_account": 1}
    assert _latest(house) == {"ann": False}


def test_a_declared_purpose_is_known(house: Any) -> None:
    file = _file(house, "a", ("r", "ann", "2025-02-01", "Newsletter", "no"))
    report = house.ingest(file, feed=FEED, purposes="analytics, newsletter")
    assert report.quarantined == {}
    assert [r["purpose"] for r in house.rows(CONSENT)] == ["newsletter"]


def test_a_feed_that_names_an_unknown_purpose_is_stopped(house: Any) -> None:
    file = _file(house, "a", GRANT)
    constant = FEED.replace('purpose = "purpose"\n', "") + '[constants]\npurpose = "ads"\n'
    mapped = FEED + '[values.purpose]\nmarketing = "adverts"\n'
    for number, feed in enumerate((constant, mapped)):
        with house.open() as context:
            for ask, do in ((app.CheckFeed, app.check_feed), (app.IngestFiles, app.ingest)):
                request: Any = ask(house.feed(feed, f"f{number}"), (file,))
                with pytest.raises(InputError, match="Did you mean 'advertising'"):
                    do(context, request)
    assert house.rows(CONSENT) == []


def test_a_check_of_rows_with_an_unknown_purpose_fails_with_a_suggestion(house: Any) -> None:
    file = _file(house, "a", GRANT, ("r", "ann", "2025-02-01", "Ads", "no"))
    arguments = ["check", str(house.feed(FEED, "c")), file, "-w", str(house.root)]
    run = CliRunner().invoke(commands, arguments)
    assert run.exit_code == 1
    assert "unknown_purpose" in run.stdout
    assert "Did you mean 'advertising'?" in run.stdout.replace("\n", " ")
    body = json.loads(CliRunner().invoke(commands, [*arguments, "--json"]).stdout)
    assert body["ok"] is False


@pytest.mark.slow
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    word=st.text(
        st.characters(min_codepoint=33, max_codepoint=0x24F, blacklist_characters='",\x7f\x85\xa0'),
        max_size=12,
    ).filter(lambda w: w.strip().lower() not in ("true", "yes", "y", "t", "1") and "@" not in w)
)
def test_whatever_is_no_readable_grant_blocks(house: Any, word: str) -> None:
    account = f"a{word.encode().hex()}"
    rows = [
        (f"g{account}", account, "2025-01-01", "advertising", "yes"),
        (f"r{account}", account, "2025-02-01", "advertising", word),
    ]
    house.ingest(_file(house, f"f{account}", *rows), feed=FEED)
    assert _latest(house)[account] is False
