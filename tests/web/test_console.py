"""The house's pages: who may see them, what they show, and what can be decided on them."""

import json
import re

import pytest

from fullhouse import app
from fullhouse.access import passwords, users
from fullhouse.cleanroom import tenants
from fullhouse.core.values import HOUSE
from fullhouse.web import web_app
from fullhouse.web.console import _MADE, masked
from fullhouse.web.language import LANGUAGES
from tests.web.conftest import Browser, signed_in
from tests.web.html import problems_of
from tests.web.test_studio import shown

ADDRESSES = [f"/house/{name}".rstrip("/") for name in _MADE]


@pytest.fixture
def operator(site):
    return signed_in(site, HOUSE, "operator")


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("address", ADDRESSES)
def test_every_page_of_the_console_is_sound_html_in_each_language(operator, address, code):
    operator.speak(code)
    response = operator.get(address)
    assert response.status_code == 200
    assert problems_of(response.text) == []
    assert operator.get(f"{address}.json").status_code == 200


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_studio_sees_none_of_them(lion, address):
    assert lion.get(address).status_code == 404
    assert lion.get(f"{address}.json").status_code == 404
    assert lion.post(address).status_code in (404, 405)


@pytest.mark.parametrize("address", ["/audiences", "/answers", "/account", "/slate"])
def test_the_house_has_no_studios_pages(operator, address):
    assert operator.get(address).status_code == 404


def test_the_house_begins_with_its_console(operator):
    assert operator.get("/").headers["location"] == "/house"


def test_an_operator_admits_suspends_and_resumes_a_studio(web_house, operator):
    page = "/house/tenants"
    operator.post(page, page, do="add", name="bear", label="Bear Pictures")
    assert "Bear Pictures" in shown(operator.get(page))
    operator.post(page, page, do="user", name="bear", user="bo", role="owner")
    operator.post(page, page, do="suspend", name="bear")
    assert tenants.find_tenant(web_house.control, "bear").status == "suspended"
    operator.post(page, page, do="resume", name="bear")
    assert tenants.find_tenant(web_house.control, "bear").users[0].name == "bo"
    assert tenants.find_tenant(web_house.control, "bear").status == "active"
    assert "tenant.resume" in shown(operator.get("/house/log"))


def test_an_auditor_reads_and_decides_nothing(web_house, site):
    auditor = signed_in(site, HOUSE, "auditor")
    assert "Suspend" not in shown(auditor.get("/house/tenants"))
    for address, fields in (
        ("/house/tenants", {"do": "suspend", "name": "lion"}),
        ("/house/erasure", {"do": "verify", "source": "shop", "account": "a1"}),
    ):
        assert auditor.post(address, "/house", **fields).status_code == 422
    assert tenants.find_tenant(web_house.control, "lion").status == "active"


@pytest.mark.slow
def test_an_erasure_needs_the_account_twice_and_shows_what_was_searched(site):
    officer = signed_in(site, HOUSE, "privacy")
    fields = {"source": "shop", "account": "a1"}
    once = officer.post("/house/erasure", "/house", do="erase", again="a2", **fields)
    assert once.status_code == 422
    assert "once more" in shown(once)
    searched = officer.post("/house/erasure", "/house", do="verify", **fields)
    assert "Nothing of this account is anywhere" in shown(searched)


def test_the_ledger_shows_what_every_studio_spent(web_house, operator, lion):
    app.room_ask(
        lion_context(web_house), app.Ask(app_count("buys:books | buys:dogs"), "our-film-2026")
    )
    page = shown(operator.get("/house/ledger"))
    assert "lion" in page
    assert "All rows add up" in page


def lion_context(house):
    from dataclasses import replace

    return replace(house, tenant="lion", actor="ann")


def app_count(rule):
    from fullhouse.cleanroom.question import Count

    return Count(rule)


def test_the_policy_is_in_plain_words_with_widths(operator):
    page = shown(operator.get("/house/policy"))
    assert "Tenants may ask" in page
    assert "how many people are in an audience" in page
    assert re.search(r"0\.00005 196", page)


@pytest.mark.parametrize(
    ("raw", "shown_as"),
    [
        ({"email": "ann@example.org", "n": 42}, "email: xxx@xxxxxxx.xxx, n: 00"),
        ({"name": "王小明"}, "name: xxx"),
        (["ann"], '["xxx"]'),
    ],
)
def test_of_a_refused_row_only_the_form_is_shown(raw, shown_as):
    assert masked(json.dumps(raw, ensure_ascii=False)) == shown_as
    assert masked("not json 12") == "xxx xxxx 00"


@pytest.mark.slow
def test_a_user_sets_a_password_once_signs_in_with_it_and_is_out_when_removed(web_house):
    site = web_app(web_house)
    user = tenants.add_user(web_house.control, "lion", "new", "marketer")
    token = passwords.make_token(web_house.control, user)
    password = " a lion walks in slowly "
    browser = Browser(site)
    fields = {"token": token, "password": password, "again": password}
    assert "differ" in shown(browser.client.post("/password", data=fields | {"again": "x"}))
    assert browser.client.post("/password", data=fields).headers["location"] == "/"
    assert "Our film" in shown(browser.get("/"))
    assert browser.client.post("/password", data=fields).status_code == 422
    assert browser.post("/sign-out").status_code == 303
    assert browser.get("/").headers["location"] == "/sign-in"
    assert browser.sign_in("lion", "new", "a lion walks in").status_code == 422
    assert browser.sign_in("lion", "new", password).status_code == 303
    csrf = re.search(r'name="csrf" value="([0-9a-f]{64})"', browser.get("/").text)[1]
    other = Browser(site)
    other.sign_in("lion", "new", password)
    assert other.client.post("/sign-out", data={"csrf": csrf}).status_code == 422
    users.remove_user(web_house.control, "lion", "new")
    assert browser.get("/").headers["location"] == "/sign-in"
