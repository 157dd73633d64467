"""What stands around every page: sign-in, forms, headers, errors, languages, static files."""

import json
import re
from dataclasses import replace
from html import unescape

import pytest
from starlette.testclient import TestClient

from fullhouse.core.errors import CannotTellError, FullhouseError
from fullhouse.web import site as web_site
from fullhouse.web import web_app
from fullhouse.web.language import LANGUAGES, chosen, language
from fullhouse.web.session import COOKIE
from tests.web.conftest import PASSWORD, Browser, signed_in
from tests.web.html import problems_of

OWN, RIVAL, SECRET = "our-film-2026", "their-film-2026", "hidden-film-2027"
PAGES = [
    "/",
    f"/film/{OWN}/outlook",
    f"/film/{OWN}/audiences",
    f"/film/{OWN}/plan",
    f"/film/{OWN}/campaign",
    f"/film/{OWN}/readout",
    f"/film/{OWN}/report",
    "/audiences",
    "/audiences?rule=buys:books+%26+!buys:dogs",
    "/ask",
    "/answers",
    "/account",
    "/film/nothing-2020/outlook",
    "/nothing",
]


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_sound_html_in_each_language(lion, path, code):
    lion.speak(code)
    response = lion.get(path)
    assert response.status_code in (200, 404)
    assert problems_of(response.text) == []
    assert f'lang="{"zh-CN" if code == "zh" else "en"}"' in response.text


@pytest.mark.parametrize("path", ["/sign-in", "/nothing", "/static/nothing.css", *PAGES])
def test_every_answer_forbids_scripts_and_styles_of_its_own(lion, path):
    response = lion.get(path)
    if "static" not in path:
        assert response.headers["content-security-policy"] == web_site.POLICY
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["x-content-type-options"] == "nosniff"
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|<script>", response.text)


def test_the_policy_allows_nothing_inline_and_nobody_else():
    assert "unsafe" not in web_site.POLICY
    assert "http" not in web_site.POLICY
    assert web_site.POLICY.startswith("default-src 'none'")


def test_what_problems_of_a_page_are():
    """Control: the check of pages can fail."""
    assert problems_of("<!doctype html><html lang=en><p>a<b>c</p></html>")
    assert problems_of('<!doctype html><html lang=en><i id="a"></i><i id="a"></i></html>')
    assert problems_of('<!doctype html><html lang=en><label for="no">x</label></html>')


def test_a_stranger_is_sent_to_sign_in_and_then_where_they_wanted(site):
    browser = Browser(site)
    response = browser.get("/audiences?rule=buys:books")
    assert response.status_code == 303
    onward = response.headers["location"]
    assert onward.startswith("/sign-in?next=/audiences")
    form = browser.get(onward)
    following = unescape(re.findall(r'name="next" value="([^"]*)"', form.text)[-1])
    fields = {"studio": "lion", "name": "ann", "password": PASSWORD, "next": following}
    done = browser.client.post("/sign-in", data=fields)
    assert done.headers["location"] == "/audiences?rule=buys:books"
    cookie = done.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


@pytest.mark.parametrize("away", ["//evil.test", "/\\evil.test", "https://evil.test", "evil", ""])
def test_nobody_is_sent_to_another_site(site, away):
    fields = {"studio": "lion", "name": "ann", "password": PASSWORD, "next": away}
    assert Browser(site).client.post("/sign-in", data=fields).headers["location"] == "/"


@pytest.mark.parametrize(
    ("studio", "name", "password"),
    [("lion", "ann", "never so"), ("lion", "bob", PASSWORD), ("nobody", "ann", PASSWORD)],
)
def test_a_sign_in_that_fails_says_the_same_whatever_was_wrong(site, studio, name, password):
    response = Browser(site).sign_in(studio, name, password)
    assert response.status_code == 422
    assert COOKIE not in response.headers.get("set-cookie", "")
    assert "Studio, name or password is wrong." in response.text
    assert password not in response.text


def test_signing_out_ends_the_session(site):
    browser = signed_in(site, "lion", "ann")
    cookie = browser.client.cookies[COOKIE]
    assert browser.post("/sign-out").headers["location"] == "/sign-in"
    browser.client.cookies.set(COOKIE, cookie)
    assert browser.get("/").status_code == 303


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.test"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}],
)
def test_a_form_of_another_site_does_nothing(lion, headers):
    token = re.search(r'name="csrf" value="([^"]*)"', lion.get("/").text)[1]
    response = lion.client.post("/sign-out", data={"csrf": token}, headers=headers)
    assert response.status_code == 422
    assert lion.get("/").status_code == 200


@pytest.mark.parametrize("token", ["", "token-of-another"])
def test_a_form_without_the_token_of_its_session_does_nothing(lion, token):
    for path in ("/sign-out", "/ask", "/settings"):
        assert lion.client.post(path, data={"csrf": token}).status_code == 422
    assert lion.get("/").status_code == 200


def test_a_form_is_text_and_short(lion):
    sent = lion.client.post("/ask", files={"a": b"x"})
    assert sent.status_code == 415
    assert lion.client.post("/ask", data={"a": "x" * 300_000}).status_code == 413


def test_language_and_theme_are_chosen_and_stay(lion):
    assert 'data-theme="auto"' in lion.get("/").text
    assert lion.post("/settings", theme="dark", next="/answers").headers["location"] == "/answers"
    lion.post("/settings", language="zh")
    page = lion.get("/").text
    assert 'data-theme="dark"' in page
    assert 'lang="zh-CN"' in page


@pytest.mark.parametrize(
    ("cookie", "accepted", "code"),
    [
        (None, "zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        (None, "fr,en", "en"),
        ("zh", "en", "zh"),
        ("xx", "", "en"),
    ],
)
def test_the_language_of_a_page(cookie, accepted, code):
    assert chosen(cookie, accepted) == code


def test_numbers_and_days_are_written_as_each_language_does():
    english, chinese = language("en"), language("zh")
    assert english.number(1234567.4) == chinese.number(1234567.4) == "1,234,567"
    assert chinese.compact(1_200_000) == "120万"
    assert english.share(0.00001) == "under 1%"
    assert english.share(0.00001, digits=1) == "under 0.1%"


def test_static_files_are_kept_for_ever_under_their_digest(lion):
    page = lion.get("/").text
    names = re.findall(r'"(/static/[^"]+)"', page)
    assert len(names) == 3
    for name in names:
        response = lion.get(name)
        assert response.status_code == 200
        assert "immutable" in response.headers["cache-control"]
    assert lion.get("/static/../site.py").status_code == 404
    assert lion.get("/static/app.css").status_code == 404


def test_a_page_has_its_json_and_csv_by_address_and_by_what_is_accepted(lion):
    by_address = lion.get("/slate.json")
    assert by_address.headers["content-type"] == "application/json"
    assert [row["film"] for row in by_address.json()] == [OWN]
    by_header = lion.client.get("/slate", headers={"Accept": "application/json"})
    assert by_header.json() == by_address.json()
    table = lion.get("/slate.csv")
    assert table.headers["content-type"].startswith("text/csv")
    assert table.text.splitlines()[0].startswith("film,title,secret,opening")
    assert lion.get("/sign-in.json").status_code in (303, 404)
    assert lion.get("/ask.csv").status_code == 404


def test_a_bug_shows_a_number_and_nothing_else(web_house, sessions, monkeypatch, caplog):
    def broken(*_):
        raise ZeroDivisionError("17 people")

    monkeypatch.setattr("fullhouse.app.room_statement", broken)
    browser = signed_in(web_app(web_house, sessions), "lion", "ann")
    response = browser.get("/")
    assert response.status_code == 500
    assert "17 people" not in response.text
    incident = re.search(r"incident ([0-9a-f]{12})", response.text)[1]
    assert incident in caplog.text


@pytest.mark.parametrize(
    ("problem", "status", "shown"),
    [
        (CannotTellError(code="no_interest"), 422, "The data cannot tell"),
        (FullhouseError("disk sda1 is full"), 500, "The house could not do this"),
    ],
)
def test_an_error_is_a_page_with_its_sentence(
    web_house, sessions, monkeypatch, problem, status, shown
):
    def failing(*_):
        raise problem

    monkeypatch.setattr("fullhouse.app.room_statement", failing)
    response = signed_in(web_app(web_house, sessions), "lion", "ann").get("/")
    assert response.status_code == status
    assert shown in response.text
    assert "sda1" not in response.text


def test_a_suspended_studio_is_out_at_its_next_click(web_house, site):
    from fullhouse.cleanroom import tenants

    browser = signed_in(site, "wolf", "vic")
    assert browser.get("/").status_code == 200
    tenants.suspend_tenant(web_house.control, "wolf")
    try:
        assert browser.get("/").headers["location"] == "/sign-in"
    finally:
        tenants.suspend_tenant(web_house.control, "wolf", resume=True)


def test_mounted_behind_another_application_it_answers_alike(web_house, sessions):
    from starlette.applications import Starlette
    from starlette.routing import Mount

    outer = Starlette(routes=[Mount("", web_app(replace(web_house), sessions))])
    browser = Browser(outer)
    browser.sign_in("lion", "ann")
    assert browser.get("/").status_code == 200
    assert json.loads(browser.get("/slate.json").text)[0]["film"] == OWN
    assert TestClient(outer).get("/nothing").status_code == 404


def test_every_sentence_is_translated_with_its_places():
    from tests.web.sentences import sentences

    known = language("zh").sentences
    missing = [f"{where}: {s}" for s, where in sentences().items() if s not in known]
    assert missing == []
    assert len(sentences()) > 150
    for sentence, translation in known.items():
        places = {
            tuple(sorted(re.findall(r"%\(\w+\)s|\{\w+\}", t))) for t in (sentence, translation)
        }
        assert len(places) == 1, sentence
    of_templates = [s for s, where in sentences().items() if where.startswith("templates/")]
    for sentence in of_templates:
        for text in (sentence, known[sentence]):
            assert "%" not in re.sub(r"%\(\w+\)s|%%", "", text), text


def test_a_page_in_chinese_has_none_of_the_pages_own_english(lion):
    from tests.web.sentences import sentences

    english = {s for s in sentences() if "%" not in s and "{" not in s and len(s) > 12}
    lion.speak("zh")
    for path in PAGES:
        text = unescape(lion.get(path).text)
        assert [s for s in english if s in text] == [], path


@pytest.mark.parametrize(
    ("amount", "english", "chinese"),
    [
        (752.7548743608056, "US$753", "US$753"),
        (0.4399, "US$0.44", "US$0.44"),
        (99.6, "US$100", "US$100"),
        (12.0, "US$12", "US$12"),
        (0.0, "US$0", "US$0"),
        (-3.5, "-US$3.50", "-US$3.50"),
        (999.7, "US$1,000", "US$1,000"),
        (20_000.0, "US$20k", "US$2万"),
        (2_055_000.0, "US$2.1m", "US$205.5万"),
    ],
)
def test_money_is_short_and_never_has_more_digits_than_cents(amount, english, chinese):
    assert language("en").money(amount, "USD") == english
    assert language("zh").money(amount, "USD") == chinese
