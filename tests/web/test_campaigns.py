"""The tabs Campaign and Readout: whom a campaign reached, what it changed, and what that costs."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from fullhouse import app
from fullhouse.cleanroom import answers, gate, tenants
from fullhouse.cleanroom.answers import Computed
from fullhouse.cleanroom.own_campaigns import is_unbalanced
from fullhouse.cleanroom.policy import HOUSE_FILE
from fullhouse.cleanroom.question import ReachFrequency, Readout
from fullhouse.cleanroom.release import Noise, Release, ReleasedLine, ReleasedNumber
from fullhouse.control.campaign_records import SavedCampaign
from fullhouse.control.campaigns import add_campaign
from fullhouse.web import web_app
from fullhouse.web.language import LANGUAGES
from tests.cleanroom.conftest import DAY, OWN, POLICY, RIVAL, SECRET, make_house
from tests.web.conftest import LocalSessions, signed_in
from tests.web.html import numbers_in, problems_of
from tests.web.test_studio import pay, shown

AT = datetime(2026, 10, 1, tzinfo=UTC)
CAMPAIGN, READOUT = f"/film/{OWN}/campaign", f"/film/{OWN}/readout"


def figure(value, half, unit="people"):
    return ReleasedNumber(value, value - half, value + half, unit)


def arms(treated=9_000.0, out=1_000.0, effect=(4.0, 1.5), hidden=0.1):
    """The lines of a readout: two arms with a deviation of 20 people, and the effect on tickets."""
    lines = [
        ReleasedLine({"of": "treated"}, {"people": figure(treated, 39.2)}),
        ReleasedLine({"of": "held out"}, {"people": figure(out, 39.2)}),
    ]
    if effect is not None:
        figures = {
            "effect": figure(*effect, "ratio"),
            "at_any_look": figure(effect[0], 2 * effect[1], "ratio"),
            "hidden_by_clamping": figure(0.0, hidden, "ratio"),
        }
        lines.append(ReleasedLine({"of": "extra tickets for 1,000 people"}, figures))
    return Computed(tuple(lines), (Noise(20.0),))


def look(context, name, lines, days=0):
    """A readout that is released, of some days after the house's."""
    return gate.ask(context, Readout(name, DAY + timedelta(days)), compute=lambda _: lines)


@pytest.fixture(scope="module")
def launched(tmp_path_factory):
    """Each studio has a campaign; the first one's was read out twice, the rival's once."""
    with make_house(tmp_path_factory.mktemp("launched") / "house") as house:
        # Room for a readout of each case below.
        policy = POLICY.replace("title = 0.25", "title = 2.5").replace("tenant = 0.5", "tenant = 5")
        house.place.write(HOUSE_FILE, policy.replace("together = 2", "together = 9").encode())
        for name, film in (("our-launch", OWN), ("their-launch", SECRET)):
            body = {"holdout": 0.1}
            add_campaign(house.control, SavedCampaign(name, film, "plan", 1, body, AT))
        lion, wolf = (replace(house, tenant=t, actor="ann") for t in ("lion", "wolf"))
        app.room_reserve(lion, app.ReserveLooks("our-launch", 4))
        app.room_reserve(wolf, app.ReserveLooks("their-launch", 1))
        look(lion, "our-launch", arms(effect=(0.5, 1.5)), -7)
        look(lion, "our-launch", arms(), -1)
        look(wolf, "their-launch", arms(77_771.0, 8_641.0, (7.77, 1.0)), -1)
        contacts = {1: 4_000, 2: 900, 3: 300}
        reach = ReachFrequency("our-launch", DAY - timedelta(1))
        gate.ask(lion, reach, compute=lambda a: answers.reach(contacts, 5, 50, a.spending.rho))
        yield house


@pytest.fixture(scope="module")
def own_site(launched):
    return web_app(launched, LocalSessions(launched))


@pytest.fixture
def lion(own_site):
    return signed_in(own_site, "lion", "ann")


def checked(house, lines, *, holdout=0.1):
    """The readout of a campaign of its own, as its tenant has it, and the page."""
    name = f"launch-{len(app.campaign_list(house, app.ListCampaigns()))}"
    add_campaign(house.control, SavedCampaign(name, RIVAL, "plan", 1, {"holdout": holdout}, AT))
    wolf = replace(house, tenant="wolf", actor="ann")
    app.room_reserve(wolf, app.ReserveLooks(name, 1))
    given = look(wolf, name, lines)
    (own,) = (c for c in app.studio_campaigns(wolf).campaigns if c.name == name)
    return own.readouts[0], given


def section(page, name):
    """The part of a page that is about one campaign."""
    return next(part for part in page.text.split("<section")[1:] if f">{name}" in part)


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("path", [CAMPAIGN, READOUT, f"/film/{RIVAL}/campaign"])
def test_these_tabs_are_sound_html_in_each_language(own_site, path, code):
    browser = signed_in(own_site, "wolf" if RIVAL in path else "lion", "ann")
    browser.speak(code)
    response = browser.get(path)
    assert response.status_code == 200
    assert problems_of(response.text) == []
    assert ("投放" in response.text) == (code == "zh")


def test_a_readout_is_one_sentence_then_its_groups_and_its_receipt(lion):
    response = lion.get(READOUT)
    page = shown(response)
    sentence = "The campaign sold 4 more tickets for every 1,000 people, between 2.5 and 5.5"
    assert sentence in page
    assert page.index(sentence) < page.index("The two groups")
    assert "Whenever you look, it is between 1 and 7" in page
    assert "Contacted" in page
    assert "extra tickets for 1,000 people" not in page  # it is said in the page's own words
    receipt = re.search(r'href="(/account/receipts/\d+)"', response.text)[1]
    assert lion.get(receipt).status_code == 200
    # The look before could not tell, and says so without a verdict.
    assert "The data cannot tell whether the campaign sold tickets" in page
    assert "between -1 and 2 (95 % range)" in page
    rows = lion.get(f"{READOUT}.csv").text.splitlines()
    assert rows[0].startswith("campaign,of,people")
    assert len(rows) == 4


def test_whom_a_campaign_reached_is_one_sentence_and_a_table_under_its_picture(launched, lion):
    page = shown(lion.get(CAMPAIGN))
    (own,) = app.studio_campaigns(replace(launched, tenant="lion", actor="ann")).campaigns
    whole, *cells = own.reach[0].release.lines
    reach, frequency = whole.figures["reach"], whole.figures["frequency"]
    assert f"About {reach.value:,.0f} people were reached, {frequency.value:.1f}" in page
    assert f"between {reach.low:,.0f} and {reach.high:,.0f} people" in page
    for cell in cells:
        people = cell.figures["people"]
        words = "fewer than" if people.value is None else f"{people.value:,.0f}"
        assert words in page


def test_the_price_stands_before_the_answer_and_looking_spends_nothing(launched, lion):
    context = replace(launched, tenant="lion", actor="ann")
    before = app.room_statement(context).spent
    for path in (CAMPAIGN, READOUT):
        assert "ρ" in shown(lion.get(path))
    assert "2 looks are set aside and left." in shown(lion.get(READOUT))
    assert app.room_statement(context).spent == before
    text = lion.get(READOUT).text
    assert f'name="then" value="{READOUT}"' in text
    assert 'name="kind" value="readout"' in text


def test_looks_are_set_aside_by_who_may_launch(launched, own_site):
    name = "quiet-launch"
    add_campaign(launched.control, SavedCampaign(name, RIVAL, "plan", 1, {"holdout": 0.1}, AT))
    wolf, address = signed_in(own_site, "wolf", "ann"), f"/film/{RIVAL}/readout"
    part = section(wolf.get(address), name)
    assert "This campaign has not been read out yet." in part
    assert "Each costs 0.005 ρ." in part
    viewer = signed_in(own_site, "wolf", "vic")
    assert "/readout/reserve" not in section(viewer.get(address), name)
    assert viewer.post(f"{address}/reserve", campaign=name, looks="3").status_code == 422
    for looks in ("many", "-1", "", "1000"):
        wrong = wolf.post(f"{address}/reserve", campaign=name, looks=looks)
        assert wrong.status_code == 422
    done = wolf.post(f"{address}/reserve", campaign=name, looks="3")
    assert done.headers["location"] == address
    assert "3 looks are set aside and left." in section(wolf.get(address), name)
    budgets = app.room_statement(replace(launched, tenant="wolf", actor="ann")).budgets
    assert 15_000_000 in {b.cap for _, b in budgets if b.scope == "campaign" and b.name == name}


@pytest.mark.parametrize(
    ("lines", "failed", "words"),
    [
        (arms(9_000, 1_000), (), "sold 4 more tickets"),
        (arms(9_000, 1_090), (), "sold 4 more tickets"),  # four deviations of its noise
        (arms(9_000, 1_250), ("unbalanced",), "is not to be believed"),
        (arms(9_300, 700), ("unbalanced",), "is not to be believed"),
        (arms(effect=(-4.0, 1.5)), (), "sold 4 fewer tickets"),
        (arms(hidden=3.0), ("cut_off",), "could turn its effect into none"),
        (arms(effect=(-4.0, 1.5), hidden=3.0), ("cut_off",), "could turn its effect into none"),
        (arms(effect=(1.0, 1.5), hidden=3.0), (), "cannot tell whether"),
        (arms(effect=None), (), "cannot tell what the campaign changed"),
        (Computed((), ()), (), "cannot tell what the campaign changed"),
    ],
    ids=["sound", "noise", "more held out", "fewer held out", "fewer tickets", "cut off",
         "cut off below", "cannot tell", "no effect", "nothing"],
)  # fmt: skip
def test_a_check_that_failed_stands_in_the_place_of_the_number(
    launched, own_site, lines, failed, words
):
    readout, given = checked(launched, lines)
    assert readout.failed == failed
    browser = signed_in(own_site, "wolf", "ann")
    name = given.release.question["campaign"]
    part = section(browser.get(f"/film/{RIVAL}/readout"), name)
    assert words in part
    if failed:
        assert "more tickets" not in part
        assert "Whenever you look" not in part
        # Where the bare answer stands, the check stands as well.
        assert words in shown(browser.get(f"/answers/{given.digest}"))


def test_noise_alone_makes_an_arm_look_wrong_hardly_ever():
    """Five deviations: once in 1.7 million readouts. Of 2,000, none."""
    random = np.random.default_rng(5)
    wrong = 0
    for treated, out in random.normal((9_000, 1_000), 20.0, (2_000, 2)).tolist():
        lines = arms(treated, out).lines
        release = Release("readout", {}, lines, 50, (), "2026", {}, 1, "p")
        wrong += is_unbalanced(release, 0.1)
    assert wrong == 0


def test_a_readout_is_paid_by_its_button(launched, own_site):
    """The campaign's plan is not there, so that the answer says that it could not be computed."""
    wolf = signed_in(own_site, "wolf", "ann")
    context = replace(launched, tenant="wolf", actor="ann")
    name = "paid-launch"
    add_campaign(launched.control, SavedCampaign(name, SECRET, "none", 1, {"holdout": 0.1}, AT))
    app.room_reserve(context, app.ReserveLooks(name, 2))
    address = f"/film/{SECRET}/readout"
    assert "2 looks are set aside and left." in section(wolf.get(address), name)
    done = pay(_Part(wolf, address, name), address)
    assert done.headers["location"] == address
    part = section(wolf.get(address), name)
    assert "1 look is set aside and left." in part
    assert "The data cannot tell what the campaign changed." in part


class _Part:
    """A browser of which one page is the part that is about one campaign."""

    def __init__(self, browser, address, name):
        self.browser, self.address, self.name, self.client = browser, address, name, browser.client

    def get(self, address):
        page = self.browser.get(address)
        return type("Part", (), {"text": section(page, self.name)})


def test_a_film_without_a_campaign_leads_to_its_plan(launched, own_site):
    tenants.add_title(launched.control, "lion", "early-film-2027")
    for tab in ("campaign", "readout"):
        page = signed_in(own_site, "lion", "ann").get(f"/film/early-film-2027/{tab}")
        assert "No campaign of this film has been launched." in shown(page)
        assert 'href="/film/early-film-2027/plan"' in page.text


def test_nothing_of_a_rivals_campaign_is_in_any_byte(own_site, lion):
    words, figures = {"their-launch", SECRET, "wolf"}, {7.77, 77_771.0, 8_641.0}
    for path in (CAMPAIGN, READOUT):
        for form in ("", ".json", ".csv"):
            text = lion.get(path + form).text
            assert [word for word in words if word in text] == [], path + form
            assert figures & numbers_in(text) == set(), path + form
    stolen = lion.post(f"/film/{OWN}/readout/reserve", READOUT, campaign="their-launch", looks="1")
    absent = lion.post(f"/film/{OWN}/readout/reserve", READOUT, campaign="never-launch", looks="1")
    assert stolen.status_code == absent.status_code == 404
    assert stolen.text.replace("their", "never") == absent.text
    # Control: to its owner all of it is shown.
    own = signed_in(own_site, "wolf", "ann").get(f"/film/{SECRET}/readout").text
    assert {"their-launch", SECRET} <= {word for word in words if word in own}
    assert figures <= numbers_in(own)
