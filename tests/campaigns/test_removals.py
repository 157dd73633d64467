"""Who was handed to a channel and left is taken back from it, in the channel's own form."""

import hashlib
import re
from datetime import date

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

import fullhouse as fh
from fullhouse.campaigns import dispatch as dispatches
from fullhouse.campaigns.removals import RemovalsDue, removals, removals_due
from fullhouse.control import audit_log
from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.core.tables import ACCOUNT_PERSON, DISPATCHED
from tests.campaigns.small_house import FORMS, Campaign, Hook, hooked, made_house


@pytest.fixture
def house(tmp_path):
    with made_house(tmp_path / "house") as context:
        yield context


@pytest.fixture
def campaign(house, tmp_path, monkeypatch):
    made = Campaign(house, "spring", tmp_path)
    with hooked(monkeypatch, Hook()) as made.hook:
        made.dispatch()
        yield made


def _lists(campaign, channel):
    return sorted((campaign.folder / "removals" / channel).glob("*"))


def _hash(account):
    return hashlib.sha256(f"{account}@mail.example".encode()).hexdigest()


@pytest.mark.slow
def test_nobody_is_due_before_somebody_leaves(campaign):
    assert removals_due(campaign.house) == ()
    assert removals(campaign.house) == ()
    assert not (campaign.folder / "removals").exists()


def test_each_channel_gets_a_list_of_those_who_withdrew_in_its_own_form(campaign):
    gone = campaign.treated[:3]
    campaign.state_consent(*gone, granted=False, days_ahead=1)
    campaign.state_consent(campaign.accounts[35], granted=False)  # held out: no channel has them
    assert removals_due(campaign.house) == tuple(RemovalsDue("spring", c, 3) for c in sorted(FORMS))
    done = removals(campaign.house, contacts=campaign.contacts)
    assert [(r.channel, r.accounts, r.rows, r.problem) for r in done] == [
        (c, 3, 3, None) for c in sorted(FORMS)
    ]
    (push,), (mail,), (ads,) = (_lists(campaign, c) for c in ("push", "mail", "ads"))
    assert re.fullmatch(r"spring-0001-[0-9a-f]{8}\.parquet", push.name)
    assert pq.read_table(push).to_pylist() == [{"source": "shop", "account": a} for a in gone]
    assert pacsv.read_csv(mail)["account"].to_pylist() == gone
    assert pacsv.read_csv(ads)["Email"].to_pylist() == sorted(map(_hash, gone))
    assert {f.stat().st_mode & 0o777 for f in (push, mail, ads)} == {0o600}
    assert campaign.hook.removed == gone
    assert campaign.hook.calls[-1].startswith("spring/removal/hook/1/0/")
    assert removals_due(campaign.house) == ()
    assert removals(campaign.house, contacts=campaign.contacts) == ()
    assert [r.action for r in audit_log(campaign.house.control)][:4] == ["campaign.removals"] * 4


@pytest.mark.slow
def test_who_comes_back_and_leaves_again_is_taken_back_again(campaign):
    account = campaign.treated[4]
    for number in (1, 2):
        campaign.state_consent(account, granted=False)
        removals(campaign.house, contacts=campaign.contacts)
        assert pq.read_table(_lists(campaign, "push")[number - 1])["account"].to_pylist() == [
            account
        ]
        campaign.state_consent(account, granted=True)
        campaign.dispatch()
    assert campaign.hook.removed == [account] * 2
    assert campaign.hook.accounts.count(account) == 3


def test_a_list_that_cannot_be_delivered_stays_due_and_the_others_go_out(campaign, monkeypatch):
    campaign.state_consent(campaign.treated[0], granted=False)
    campaign.hook.answers = [410]
    done = {r.channel: r for r in removals(campaign.house)}
    assert {c for c, r in done.items() if r.delivered} == {"push", "mail"}
    assert "--contacts" in str(done["ads"].problem)
    assert "status 410" in str(done["hook"].problem)
    assert {d.channel for d in removals_due(campaign.house)} == {"ads", "hook"}
    again = removals(campaign.house, contacts=campaign.contacts)
    assert {r.channel for r in again} == {"ads", "hook"}
    assert removals_due(campaign.house) == ()


def test_an_account_that_the_house_has_no_more_is_taken_back(campaign):
    lake = campaign.house.lake
    gone = campaign.treated[9]
    rows = [r for r in lake.read(ACCOUNT_PERSON).to_pylist() if r["account"] != gone]
    lake.replace(ACCOUNT_PERSON, pa.Table.from_pylist(rows, schema=ACCOUNT_PERSON.schema))
    removals(campaign.house, contacts=campaign.contacts)
    assert campaign.hook.removed == [gone]


def test_accounts_named_by_the_caller_are_taken_back_though_they_consent(campaign):
    named = pa.table({"source": ["shop", "shop"], "account": [campaign.treated[2], "nobody"]})
    done = removals(campaign.house, contacts=campaign.contacts, leaving=named)
    assert {r.accounts for r in done} == {1}
    assert campaign.hook.removed == [campaign.treated[2]]


def test_a_person_is_taken_back_with_all_accounts_when_one_of_them_refuses(campaign):
    lake = campaign.house.lake
    other = {"source": "video", "account": "v", "person": 3, "since": 1}
    lake.append(ACCOUNT_PERSON, pa.Table.from_pylist([other], ACCOUNT_PERSON.schema), batch="v")
    fh.consent_withdraw(campaign.house, fh.WithdrawConsent("video", " v "))
    removals(campaign.house, contacts=campaign.contacts)
    assert campaign.hook.removed == [campaign.accounts[3]]


def test_a_cancelled_campaign_is_taken_back_whole_and_never_dispatched_again(campaign):
    done = fh.campaign_cancel(campaign.house, fh.CancelCampaign("spring"))
    assert done.campaign.cancelled == date(2025, 7, 14)
    assert {r.channel for r in done.removals if r.delivered} == {"push", "mail", "hook"}
    assert campaign.hook.removed == campaign.treated
    assert removals_due(campaign.house) == (RemovalsDue("spring", "ads", 30),)
    again = fh.campaign_cancel(
        campaign.house, fh.CancelCampaign("spring", contacts=campaign.contacts)
    )
    assert again.campaign == done.campaign
    assert [r.channel for r in again.removals] == ["ads"]
    with pytest.raises(InputError, match=r"No campaign 'sprnig'\. Did you mean 'spring'"):
        fh.campaign_cancel(campaign.house, fh.CancelCampaign("sprnig"))


def test_a_campaign_that_was_delivered_to_nobody_can_be_cancelled(house, tmp_path):
    Campaign(house, "stuck", tmp_path)
    done = fh.campaign_cancel(house, fh.CancelCampaign("stuck"))
    assert done.removals == ()


def test_the_doctor_reports_lists_that_are_due(campaign, monkeypatch):
    environment = {**campaign.house.environment}
    where = str(campaign.house.place.path)
    health = fh.workspace_health(where, environment=environment)
    assert {c.name: c.code for c in health.checks}["removals"] == "removals_none"
    campaign.state_consent(campaign.treated[0], granted=False)
    health = fh.workspace_health(where, environment=environment)
    (check,) = (c for c in health.checks if c.name == "removals")
    assert (check.ok, check.code, dict(check.facts)) == (
        False, "removals_due", {"accounts": 4, "channels": 4},
    )  # fmt: skip


def test_nothing_leaves_when_the_audit_log_cannot_be_written(house, tmp_path, monkeypatch):
    stuck = Campaign(house, "stuck", tmp_path)

    def read_only(*_):
        raise OSError("attempt to write a readonly database")

    with hooked(monkeypatch, Hook()) as hook, monkeypatch.context() as patch:
        patch.setattr(dispatches, "record", read_only)
        with pytest.raises(OSError, match="readonly"):
            stuck.dispatch()
    assert hook.calls == []
    assert [p for p in stuck.folder.rglob("*") if p.is_file()] == []


@pytest.mark.slow
def test_who_is_erased_is_taken_back_first_and_is_written_nowhere_after(campaign):
    house, gone = campaign.house, campaign.treated[4]
    request = {"accounts": (("shop", gone),)}
    with pytest.raises(CannotTellError, match="Channel ads of campaign spring could not"):
        fh.erase_people(house, fh.ErasePeople(**request))
    erased = fh.erase_people(house, fh.ErasePeople(**request, contacts=campaign.contacts))
    assert erased.to_remove >= 1
    assert campaign.hook.removed == [gone]
    assert gone not in house.lake.live.read(DISPATCHED)["account"].to_pylist()
    assert removals_due(house) == ()
