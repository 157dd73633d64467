"""A line in parts to a channel's own address: nothing is taken twice, nor left unsent."""

from types import SimpleNamespace

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from pyroaring import BitMap

from fullhouse.audiences.leaving import Leaving
from fullhouse.campaigns.parts import Parts
from fullhouse.campaigns.webhook import secret_of
from fullhouse.core.errors import CannotTellError, ConflictError, InputError
from fullhouse.core.tables import ACCOUNT_PERSON, DELIVERY, DISPATCHED
from fullhouse.core.values import BLOCK_BITS, BLOCK_SIZE
from tests.campaigns.small_house import DAY, LINES, Campaign, Hook, hooked, made_house

HOOK = [x for x in LINES if x.form == "webhook"]


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with made_house(tmp_path_factory.mktemp("parts") / "house") as context:
        yield context


@pytest.fixture
def campaign(house, tmp_path, request):
    number = _count(house)
    return Campaign(house, f"c{number}", tmp_path, first=100 * number, lines=HOOK)


def _count(house) -> int:
    return len(pc.unique(house.lake.read(ACCOUNT_PERSON)["account"])) // 40


def _log(campaign):
    where = pc.field("campaign") == campaign.name
    return campaign.house.lake.read(DELIVERY, where=where).to_pylist()


def test_every_account_is_taken_once_though_the_receiver_fails_at_first(campaign, monkeypatch):
    with hooked(monkeypatch, Hook(503, 503)) as hook:
        ((done,), _) = campaign.dispatch()
    name = campaign.name
    assert hook.calls == [f"{name}/hook/0"] * 3 + [f"{name}/hook/{i}" for i in range(1, 5)]
    assert hook.accounts == campaign.treated
    assert [len(b["accounts"]) for b in hook.bodies] == [7, 7, 7, 7, 2]
    first = hook.bodies[0] | {"accounts": hook.bodies[0]["accounts"][:1]}
    assert first == {
        "campaign": name, "line": "hook", "part": 0, "day": DAY.isoformat(), "frequency": 1.0,
        "accounts": [{"source": "shop", "account": campaign.treated[0]}],
    }  # fmt: skip
    assert sorted((r["part"], r["rows"]) for r in _log(campaign)) == [
        (0, 7), (1, 7), (2, 7), (3, 7), (4, 2),
    ]  # fmt: skip
    assert (done.parts, done.resent, done.persons, done.rows) == (5, 5, 30, 30)
    assert done.file == "hook.example"


def test_a_resumed_launch_sends_only_what_was_not_taken(campaign, monkeypatch):
    with hooked(monkeypatch, Hook(200, 410)) as hook:
        with pytest.raises(CannotTellError, match=f"refused delivery {campaign.name}/hook/1"):
            campaign.dispatch()
        assert [r["part"] for r in _log(campaign)] == [0], "logged before the error"
        ((done,), _) = campaign.dispatch()
        ((again,), _) = campaign.dispatch()
    assert hook.calls == [f"{campaign.name}/hook/{n}" for n in (0, 1, 1, 2, 3, 4)]
    assert hook.accounts == campaign.treated
    assert (done.resent, again.resent) == (4, 0)
    assert again.digest == done.digest


def test_who_withdraws_between_two_tries_is_not_in_the_next_one(campaign, monkeypatch):
    gone = campaign.treated[:7]  # the whole first part
    with hooked(monkeypatch, Hook(503)) as hook:
        hook.before = lambda: campaign.state_consent(*gone, granted=False)
        ((done,), _) = campaign.dispatch()
    assert hook.calls.count(f"{campaign.name}/hook/0") == 1, "nobody is left to send"
    assert hook.accounts == campaign.treated[7:]
    assert (done.persons, done.withdrawn, done.parts) == (23, 7, 4)


def test_who_withdrew_before_a_resume_is_not_sent_and_parts_keep_their_keys(campaign, monkeypatch):
    with hooked(monkeypatch, Hook(200, 410)) as hook:
        with pytest.raises(CannotTellError):
            campaign.dispatch()
        withdrawn = [campaign.treated[i] for i in (0, 8, 20, 29)]
        campaign.state_consent(*withdrawn, granted=False, days_ahead=1)
        campaign.dispatch()
    sent = hook.accounts
    assert sorted(sent) == sorted(set(campaign.treated) - set(withdrawn[1:]))
    assert hook.bodies[1]["part"] == 1
    assert campaign.treated[8] not in [a["account"] for a in hook.bodies[1]["accounts"]]


def test_who_grants_again_or_has_a_new_account_comes_in_a_new_part(campaign, monkeypatch):
    late = campaign.treated[3]
    campaign.state_consent(late, granted=False)
    with hooked(monkeypatch, Hook()) as hook:
        campaign.dispatch()
        campaign.state_consent(late, granted=True)
        person = 100 * int(campaign.name[1:]) + 5
        rows = [{"source": "shop", "account": f"new-{person}", "person": person, "since": 1}]
        new = pa.Table.from_pylist(rows, schema=ACCOUNT_PERSON.schema)
        campaign.house.lake.append(ACCOUNT_PERSON, new, batch=f"new-{person}")
        campaign.dispatch()
    assert sorted(hook.accounts) == sorted([*campaign.treated, f"new-{person}"])
    assert hook.bodies[-1]["part"] == 5


def test_accounts_are_written_down_before_they_are_sent(campaign, monkeypatch):
    def recorded():
        where = pc.field("campaign") == campaign.name
        return campaign.house.lake.read(DISPATCHED, where=where)["account"].to_pylist()

    known = []
    with hooked(monkeypatch, Hook(410)) as hook:
        hook.before = lambda: known.extend(recorded())
        with pytest.raises(CannotTellError):
            campaign.dispatch()
    assert sorted(known) == campaign.treated[:14]


def test_people_whose_set_is_gone_from_memory_leave_their_accounts_to_nobody_else(campaign):
    """Python gives the id of a freed set to the next one: its accounts must not come with it."""
    rows = campaign.house.lake.read(ACCOUNT_PERSON, columns=["person"])["person"].to_pylist()
    everybody = SimpleNamespace(
        lake=campaign.house.lake, may_leave=lambda people: people, moment=lambda: 1
    )
    parts = Parts(campaign.house, everybody, None, campaign.name)
    line = SimpleNamespace(sources=("shop",))
    for person in sorted(set(rows))[:20]:
        alone = parts._may_leave(line, {person >> BLOCK_BITS: BitMap([person % BLOCK_SIZE])})
        assert set(alone["person"].to_pylist()) == {person}


def test_parts_of_an_earlier_version_are_not_sent_again(campaign, monkeypatch):
    row = {
        "campaign": campaign.name, "line": "hook", "channel": "hook", "part": 0,
        "form": "webhook", "persons": 7, "rows": 7, "digest": "0" * 64, "to": "hook.example",
        "at": campaign.house.now,
    }  # fmt: skip
    log = pa.Table.from_pylist([row], schema=DELIVERY.schema)
    campaign.house.lake.append(DELIVERY, log, batch=f"old-{campaign.name}")
    with (
        hooked(monkeypatch, Hook()) as hook,
        pytest.raises(ConflictError, match="sent by an earlier version"),
    ):
        campaign.dispatch()
    assert hook.calls == []


def test_a_secret_is_needed_and_a_channel_may_have_its_own():
    with pytest.raises(InputError, match="FULLHOUSE_WEBHOOK_SECRET_PRE_ROLL"):
        secret_of("pre-roll", {})
    both = {"FULLHOUSE_WEBHOOK_SECRET": "all", "FULLHOUSE_WEBHOOK_SECRET_PRE_ROLL": "own"}
    assert (secret_of("pre-roll", both), secret_of("push", both)) == (b"own", b"all")


@pytest.mark.slow
@pytest.mark.parametrize("files", [0, 1, 2])
def test_who_keeps_losing_people_while_files_leave_is_told_how_many_left_before(
    house, tmp_path, monkeypatch, files
):
    name = f"c{_count(house)}"
    campaign = Campaign(house, name, tmp_path, first=100 * _count(house), lines=LINES)

    def left() -> list[object]:
        return [p for p in campaign.folder.rglob("*") if p.is_file() and p.name[0] != "."]

    monkeypatch.setattr(Leaving, "has_left", lambda *_: len(left()) >= files)
    with hooked(monkeypatch, Hook()), pytest.raises(ConflictError) as problem:
        campaign.dispatch()
    assert problem.value.facts["before"] == files == len(left())
    assert f"was not handed out; files before it: {files}" in str(problem.value)
