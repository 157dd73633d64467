"""Plans, campaigns, readouts and what was learned, as they are kept."""

import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from fullhouse.control import audit_log, open_control
from fullhouse.control.campaign_records import SavedCampaign, SavedReadout, SavedResponse
from fullhouse.control.campaigns import (
    add_campaign,
    add_readout,
    campaigns,
    find_campaign,
    find_plan,
    plans,
    readouts,
    save_plan,
    saved_responses,
)
from fullhouse.core.errors import InputError

AT = datetime(2025, 7, 1, 12, tzinfo=UTC)


@pytest.fixture
def database(tmp_path):
    database = open_control(f"sqlite:///{tmp_path / 'control.db'}")
    yield database
    database.dispose()


def _learned(day, line="a", response=0.2):
    return SavedResponse(
        day, "c", "f", line, "buys:dogs", "basket", "push", {"push": 3.0}, response, 0.05,
        "c 1: push", 0.1,
    )  # fmt: skip


def test_a_plan_gets_a_new_version_each_time_and_none_changes(database):
    save_plan(database, "bramble", "f", {"budget": 1}, at=AT)
    second = save_plan(database, "bramble", "f", {"budget": 2}, at=AT + timedelta(hours=1))
    assert second.version == 2
    assert find_plan(database, "bramble").body == {"budget": 2}
    assert find_plan(database, "bramble@1").body == {"budget": 1}
    assert [p.version for p in plans(database)] == [2, 1]
    assert find_plan(database, "bramble").at == AT + timedelta(hours=1)


def test_a_plan_that_is_not_there_is_named(database):
    with pytest.raises(InputError, match="No plan"):
        find_plan(database, "bramble")
    save_plan(database, "bramble", "f", {}, at=AT)
    with pytest.raises(InputError, match="Did you mean 'bramble'"):
        find_plan(database, "brambel")
    with pytest.raises(InputError, match="no version '7'; the newest is 1"):
        find_plan(database, "bramble@7")


def test_a_campaign_is_launched_once(database):
    campaign = SavedCampaign("c", "f", "bramble", 1, {"salt": "x"}, AT)
    add_campaign(database, campaign)
    with pytest.raises(InputError, match="launched once"):
        add_campaign(database, campaign)
    assert campaigns(database) == [campaign]
    assert find_campaign(database, "c") == campaign
    with pytest.raises(InputError, match="Did you mean 'c'"):
        find_campaign(database, "cc")


def test_a_campaign_and_the_audit_row_of_its_launch_stand_together_or_not_at_all(
    database, monkeypatch
):
    def launches():
        return [r.detail for r in audit_log(database) if r.action == "campaign.launch"]

    campaign, launch = SavedCampaign("d", "f", "bramble", 1, {}, AT), {"campaign": "d"}
    with monkeypatch.context() as patch:
        patch.setattr(Session, "commit", lambda _: sys.exit("killed"))
        with pytest.raises(SystemExit):
            add_campaign(database, campaign, launch=launch)
    assert campaigns(database) == launches() == []
    add_campaign(database, campaign, launch=launch)
    with pytest.raises(InputError, match="launched once"):
        add_campaign(database, campaign, launch=launch)
    assert (campaigns(database), launches()) == ([campaign], [launch])


def test_what_was_measured_later_is_not_known_earlier(database):
    first, later = date(2025, 8, 1), date(2025, 9, 1)
    add_readout(database, SavedReadout("c", first, {"n": 1}, AT), [_learned(first)])
    newer = [_learned(later, response=0.1), _learned(later, "b")]
    add_readout(database, SavedReadout("c", later, {"n": 2}, AT), newer)
    assert [r.body for r in readouts(database, "c")] == [{"n": 1}, {"n": 2}]
    assert saved_responses(database, as_of=first - timedelta(days=1)) == []
    assert [x.response for x in saved_responses(database, as_of=first)] == [0.2]
    assert [(x.line, x.response) for x in saved_responses(database, as_of=later)] == [
        ("a", 0.1),
        ("b", 0.2),
    ]


def test_a_newer_readout_takes_the_place_of_all_that_an_older_one_taught(database):
    first, later = date(2025, 8, 1), date(2025, 9, 1)
    add_readout(database, SavedReadout("c", first, {}, AT), [_learned(first, x) for x in "ab"])
    add_readout(database, SavedReadout("c", later, {}, AT), [_learned(later, x) for x in "bc"])
    assert saved_responses(database, as_of=first) == [_learned(first, x) for x in "ab"]
    assert saved_responses(database, as_of=later) == [_learned(later, x) for x in "bc"]


def test_a_response_is_no_surer_than_what_it_is_relative_to():
    response = replace(_learned(date(2025, 8, 1), response=0.5), error=0.03, base_error=0.04)
    assert response.standard_error == pytest.approx((0.03**2 + (1.5 * 0.04) ** 2) ** 0.5)
    alone = replace(_learned(date(2025, 8, 1)), error=0.05, base_error=0.0)
    assert alone.standard_error == 0.05
