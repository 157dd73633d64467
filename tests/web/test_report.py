"""A film's report: the same sentences as its tabs, nothing computed, what is missing named."""

from dataclasses import replace

import pytest

from fullhouse import app
from fullhouse.web import web_app
from fullhouse.web.language import LANGUAGES
from tests.cleanroom.conftest import OWN, SECRET
from tests.web.conftest import LocalSessions, signed_in
from tests.web.html import numbers_in, problems_of
from tests.web.screens import played
from tests.web.test_studio import shown

ADDRESS = f"/film/{OWN}/report"


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """The house of the pictures: two rival studios, forecasts, cards, plans and a campaign."""
    with played(tmp_path_factory.mktemp("report") / "house") as made:
        yield made


@pytest.fixture(scope="module")
def own_site(house):
    return web_app(house, LocalSessions(house))


@pytest.fixture
def lion(own_site):
    return signed_in(own_site, "lion", "ann")


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_report_is_sound_html_in_each_language(lion, code):
    lion.speak(code)
    response = lion.get(ADDRESS)
    assert response.status_code == 200
    assert problems_of(response.text) == []
    assert ("尚不清楚" in response.text) is False
    assert ("投放使每千人" in response.text) == (code == "zh")


def test_a_report_has_the_sentence_of_each_tab_and_costs_nothing(house, lion):
    context = replace(house, tenant="lion", actor="ann")
    before = app.room_statement(context).spent
    page = shown(lion.get(ADDRESS))
    for tab, words in (
        ("outlook", "(80 % range); middle estimate"),
        ("audiences", "2 audiences stand out."),
        ("plan", "is expected to sell about"),
        ("campaign", "people were reached"),
        ("readout", "The campaign sold 4.1 more tickets for every 1,000 people"),
    ):
        assert words in page
        assert words in shown(lion.get(f"/film/{OWN}/{tab}"))
        assert f'href="/film/{OWN}/{tab}' in lion.get(ADDRESS).text
    assert app.room_statement(context).spent == before
    rows = lion.get(f"{ADDRESS}.csv").text.splitlines()
    assert [row.partition(",")[0] for row in rows] == [
        "part", "outlook", "plan", "campaign", "readout",
    ]  # fmt: skip
    tables = {t: lion.get(f"{ADDRESS}.csv?table={t}").text for t in ("outlook", "plan", "readout")}
    assert all(len(text.splitlines()) > 1 for text in tables.values())
    assert set(lion.get(f"{ADDRESS}.json").json()) >= {"outlook", "audiences", "plan", "readout"}


def test_what_is_not_known_yet_is_named_and_leads_on(own_site):
    wolf = signed_in(own_site, "wolf", "ann")
    page = wolf.get(f"/film/{SECRET}/report")
    assert problems_of(page.text) == []
    assert "Likely between" in shown(page)
    for tab, words in (
        ("audiences", "Who will want it: no audience cards were released yet."),
        ("plan", "Where to spend: no plan was saved yet."),
        ("readout", "What a campaign changed: none was read out yet."),
    ):
        assert words in shown(page)
        assert f'href="/film/{SECRET}/{tab}"' in page.text


def test_nothing_of_a_rival_is_in_a_report(lion):
    for form in ("", ".json", ".csv", ".csv?table=outlook"):
        text = lion.get(ADDRESS + form).text
        words = (SECRET, "Hidden Hounds", "wolf", "77.7m")
        assert [w for w in words if w in text] == [], form
        assert {77.7, 77_700_000.0} & numbers_in(text) == set(), form
