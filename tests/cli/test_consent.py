"""Consent by the operator's hand: taking back is as short as giving, and counts at once."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from typer.testing import CliRunner

import fullhouse as fh
from fullhouse.audiences import Leaving
from fullhouse.cli.consent import commands
from fullhouse.control import audit_log
from fullhouse.core.errors import InputError
from fullhouse.core.tables import ACCOUNT_PERSON, CONSENT


@pytest.fixture
def house(tmp_path: Path):
    with fh.init(str(tmp_path / "house"), environment={"FULLHOUSE_KEY": "0" * 64}) as context:
        rows = [
            {"source": "shop", "account": "a1", "person": 1, "since": 1},
            {"source": "video", "account": "v1", "person": 1, "since": 1},
            {"source": "shop", "account": "a2", "person": 2, "since": 1},
        ]
        context.lake.append(
            ACCOUNT_PERSON, pa.Table.from_pylist(rows, schema=ACCOUNT_PERSON.schema), batch="a"
        )
        yield context


def _leave(house, purpose: str = "advertising") -> set[int]:
    from pyroaring import BitMap

    return set(Leaving(house, purpose).may_leave({0: BitMap([1, 2])})[0])


def _run(house, *arguments: str):
    where = ["-w", str(house.place.path)]
    return CliRunner().invoke(commands, [*arguments, *where], env={"FULLHOUSE_KEY": "0" * 64})


def test_a_grant_and_a_withdrawal_count_at_the_next_question(house) -> None:
    assert _leave(house) == set()
    for account in ("a1", "a2"):
        whose = ("--source", "shop", "--account", account)
        assert _run(house, "grant", *whose, "--purpose", "Advertising").exit_code == 0
    assert _leave(house) == {1, 2}
    run = _run(house, "withdraw", "--source", "video", "--account", " v1 ", "--json")
    assert json.loads(run.stdout)["purposes"] == ["advertising", "analytics"]
    assert _leave(house) == {2}
    assert _leave(house, "analytics") == {2}
    one = ("withdraw", "--source", "shop", "--account", "a2", "--purpose", "analytics")
    assert _run(house, *one).exit_code == 0
    assert _leave(house) == {2}
    assert _leave(house, "analytics") == set()
    actions = [row.action for row in audit_log(house.control)]
    assert actions == ["consent.withdraw"] * 2 + ["consent.grant"] * 2
    assert "v1" not in str([row.detail for row in audit_log(house.control)])


def test_the_latest_word_counts_though_a_feeds_clock_ran_ahead(house) -> None:
    ahead = datetime.now(UTC) + timedelta(minutes=9)
    row = {
        "source": "shop", "account": "a1", "event_id": "e", "at": ahead, "day": ahead.date(),
        "purpose": "advertising", "granted": True, "batch": "b",
    }  # fmt: skip
    house.lake.append(CONSENT, pa.Table.from_pylist([row], schema=CONSENT.schema), batch="b")
    fh.consent_withdraw(house, fh.WithdrawConsent("shop", "a1"))
    assert _leave(house) == set()
    fh.consent_grant(house, fh.GrantConsent("shop", "a1", "advertising"))
    assert _leave(house) == {1}


def test_what_would_be_without_effect_is_explained_or_refused(house) -> None:
    with pytest.raises(InputError, match=r"No source 'shp'\. Did you mean 'shop'"):
        fh.consent_withdraw(house, fh.WithdrawConsent("shp", "a1"))
    with pytest.raises(InputError, match="Did you mean 'advertising'"):
        fh.consent_withdraw(house, fh.WithdrawConsent("shop", "a1", "ads"))
    with pytest.raises(InputError, match="Did you mean 'advertising'"):
        fh.consent_grant(house, fh.GrantConsent("shop", "a1", "advertizing"))
    with pytest.raises(InputError, match="An account is needed"):
        fh.consent_withdraw(house, fh.WithdrawConsent("shop", "  "))
    for whose in ("ann@x.example", " ann [at] x.example", "+49 30 901820"):
        with pytest.raises(InputError, match="and no account"):
            fh.consent_grant(house, fh.GrantConsent("shop", whose, "advertising"))
    with pytest.raises(InputError, match="stands for no account"):
        fh.consent_withdraw(house, fh.WithdrawConsent("shop", "NULL"))
    assert house.lake.read(CONSENT).num_rows == 0
    run = _run(house, "withdraw", "--source", "shop", "--account", "a9")
    assert run.exit_code == 0
    assert "no account of that name yet" in run.stdout


@pytest.mark.parametrize("spelt", ["jose\u0301", "jos\u00e9\u200b", "\ufeff jos\u00e9 "])
def test_a_withdrawal_counts_however_the_account_is_spelt(house, spelt: str) -> None:
    """Feeds write one form of each letter and no invisible signs, and so does the operator."""
    row = {"source": "shop", "account": "jos\u00e9", "person": 3, "since": 1}
    house.lake.append(
        ACCOUNT_PERSON, pa.Table.from_pylist([row], schema=ACCOUNT_PERSON.schema), batch="c"
    )
    fh.consent_grant(house, fh.GrantConsent("shop", "jos\u00e9", "advertising"))
    stated = fh.consent_withdraw(house, fh.WithdrawConsent("shop", spelt))
    assert (stated.account, stated.known) == ("jos\u00e9", True)
    assert {r["account"] for r in house.lake.read(CONSENT).to_pylist()} == {"jos\u00e9"}
