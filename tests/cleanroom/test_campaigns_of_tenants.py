"""A tenant's campaigns: their looks are paid in advance, and nobody else's are found."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from fullhouse.cleanroom import answers, gate, ledger, tenants
from fullhouse.cleanroom.answers import Computed
from fullhouse.cleanroom.ledger import BudgetError
from fullhouse.cleanroom.policy import HOUSE_FILE
from fullhouse.cleanroom.question import Count, ReachFrequency, Readout
from fullhouse.control.campaign_records import SavedCampaign
from fullhouse.control.campaigns import add_campaign
from fullhouse.core.errors import InputError
from tests.cleanroom.conftest import DAY, OWN, POLICY, RIVAL


def nothing(_: gate.PricedQuestion) -> Computed:
    return Computed((), ())


@pytest.fixture
def launched(house):
    at = datetime(2026, 10, 1, tzinfo=UTC)
    for name, film in (("our-launch", OWN), ("their-launch", RIVAL)):
        add_campaign(house.control, SavedCampaign(name, film, "plan", 1, {}, at))
    return house


def test_every_planned_look_can_be_paid_when_all_else_is_spent(launched, lion):
    gate.set_aside(lion, "our-launch", 3)
    stage = POLICY.replace("plan = 0.2", "plan = 0.0001")
    lion.place.write(HOUSE_FILE, stage.encode())
    with pytest.raises(BudgetError):
        gate.ask(lion, Count("books"))
    paid = [
        gate.ask(lion, Readout("our-launch", DAY.replace(day=day)), compute=nothing).paid
        for day in (1, 8, 15)
    ]
    assert paid == [5_000_000] * 3
    with pytest.raises(BudgetError) as refused:
        gate.ask(lion, Readout("our-launch", DAY.replace(day=22)), compute=nothing)
    assert refused.value.facts["scope"] == "campaign"
    assert gate.ask(lion, Readout("our-launch", DAY), compute=nothing).paid == 0
    assert ledger.spent(lion.control) == 15_000_000
    assert ledger.disagreements(lion.control) == ()


def test_without_a_share_set_aside_a_readout_says_how_to_set_one(launched, lion):
    with pytest.raises(BudgetError) as refused:
        gate.ask(lion, Readout("our-launch"), compute=nothing)
    assert refused.value.code == "campaign_without_budget"


def test_a_rivals_campaign_has_the_words_of_one_that_is_not_there(launched, lion):
    messages = []
    for name in ("their-launch", "nobodys-lunch"):
        for question in (ReachFrequency(name), Readout(name)):
            with pytest.raises(InputError, match="No campaign") as refused:
                gate.ask(lion, question)
            messages.append(str(refused.value).replace(name, ""))
    assert len({m.partition("Did")[0].strip() for m in messages}) == 1
    assert not any("their" in m for m in messages)


def test_a_campaign_of_the_house_for_a_title_of_two_tenants_is_neithers(launched, lion):
    tenants.add_title(launched.control, "wolf", OWN)
    with pytest.raises(InputError, match="No campaign"):
        gate.ask(lion, ReachFrequency("our-launch"))


def test_a_viewer_sets_nothing_aside(launched, lion):
    with pytest.raises(InputError, match="may not launch"):
        gate.set_aside(replace(lion, actor="vic"), "our-launch", 3)


@pytest.mark.parametrize("contacts", [{1: 40_000, 3: 9_000, 40: 1_000}, {}, {1: 3}, {10: 1}])
def test_reach_and_frequency_fit_together_whatever_the_noise(contacts):
    for _ in range(20):
        lines = answers.reach(contacts, 10, 50, 100_000).lines
        whole = lines[0].figures
        if whole["reach"].fewer_than is not None:
            assert set(whole) == {"reach"}
            continue
        reach, impressions = whole["reach"].value, whole["contacts"].value
        assert impressions >= reach > 0
        assert whole["frequency"].value == pytest.approx(impressions / reach)
        assert whole["frequency"].low >= 1
        assert sum(line.figures["people"].value or 0 for line in lines[1:]) <= reach


def test_a_persons_contacts_beyond_the_bound_count_no_more(monkeypatch):
    monkeypatch.setattr(answers, "noisy", lambda value, _: value)
    monkeypatch.setattr(answers, "noisy_vector", lambda values, *_: values)
    whole = answers.reach({1: 4_000, 3: 900, 40: 100}, 10, 50, 100_000).lines[0].figures
    assert (whole["reach"].value, whole["contacts"].value) == (5_000, 4_000 + 2_700 + 1_000)
