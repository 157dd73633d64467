"""One's own way in as pages: sessions, ending them elsewhere, another password, the provider."""

from dataclasses import replace

import pytest

from fullhouse.access import passwords
from fullhouse.cleanroom import tenants
from fullhouse.core.values import HOUSE
from fullhouse.web import web_app
from fullhouse.web.language import LANGUAGES
from fullhouse.web.session import COOKIE
from tests.cleanroom.conftest import make_house
from tests.web.conftest import Browser, signed_in
from tests.web.html import problems_of
from tests.web.test_studio import shown

FIRST, SECOND = "nine cranes over a quiet harbour", "seven lamps beside the old mill"
ADDRESS = "/account/sign-in"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """A house with its own sessions; users of two studios and of the house have a password."""
    with make_house(tmp_path_factory.mktemp("guarded") / "house") as house:
        tenants.add_user(house.control, HOUSE, "olga", "operator")
        for tenant, name in (("lion", "ann"), ("lion", "vic"), ("wolf", "ann"), (HOUSE, "olga")):
            user = tenants.find_user(house.control, tenant, name)
            passwords.redeem(house.control, passwords.make_token(house.control, user), FIRST)
        yield house


@pytest.fixture(scope="module")
def own_site(guarded):
    return web_app(guarded)


def enter(site, studio, name, password=FIRST):
    browser = Browser(site)
    assert browser.sign_in(studio, name, password).status_code == 303
    return browser


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("who", [("lion", "ann"), (HOUSE, "olga")])
def test_sessions_are_listed_in_each_language(own_site, who, code):
    browser = enter(own_site, *who)
    browser.speak(code)
    page = browser.get(ADDRESS)
    assert page.status_code == 200
    assert problems_of(page.text) == []
    assert 'name="old"' in page.text
    assert f'href="{ADDRESS}"' in page.text


def test_signing_out_elsewhere_ends_all_sessions_but_this_one_and_nobody_elses(own_site):
    here, there, other = (enter(own_site, *w) for w in (
        ("lion", "vic"), ("lion", "vic"), ("wolf", "ann")))  # fmt: skip
    assert len(here.get(f"{ADDRESS}.json").json()) >= 2
    done = here.post(f"{ADDRESS}/end", ADDRESS)
    assert "You are signed out everywhere but here." in shown(here.get(done.headers["location"]))
    assert len(here.get(f"{ADDRESS}.json").json()) == 1
    assert "Only here." in shown(here.get(ADDRESS))
    assert there.get("/").status_code == 303
    assert other.get("/").status_code == 200


def test_a_password_is_changed_by_the_old_one_and_other_sessions_end(guarded, own_site):
    tenants.add_user(guarded.control, "lion", "eve", "viewer")
    user = tenants.find_user(guarded.control, "lion", "eve")
    passwords.redeem(guarded.control, passwords.make_token(guarded.control, user), FIRST)
    here, there = enter(own_site, "lion", "eve"), enter(own_site, "lion", "eve")
    before = here.client.cookies[COOKIE]
    form = {"old": FIRST, "new": SECOND, "again": SECOND}
    for wrong, sentence in (
        ({"old": "not it at all"}, "That is not the password."),
        ({"again": "another one"}, "The two passwords differ."),
        ({"new": "short", "again": "short"}, "assword"),
    ):
        refused = here.post(f"{ADDRESS}/password", ADDRESS, **(form | wrong))
        assert refused.status_code == 422
        assert sentence in shown(refused)
        assert problems_of(refused.text) == []
        assert not any(p in refused.text for p in (FIRST, SECOND, "not it at all"))
    assert there.get("/").status_code == 200
    done = here.post(f"{ADDRESS}/password", ADDRESS, **form)
    assert done.headers["location"] == f"{ADDRESS}?done=changed"
    assert here.client.cookies[COOKIE] != before
    assert "Your password is changed" in shown(here.get(f"{ADDRESS}?done=changed"))
    assert there.get("/").status_code == 303
    assert Browser(own_site).sign_in("lion", "eve", FIRST).status_code == 422
    enter(own_site, "lion", "eve", SECOND)


def test_without_its_token_a_form_ends_no_session_and_changes_no_password(own_site):
    here, there = enter(own_site, "wolf", "ann"), enter(own_site, "wolf", "ann")
    change = {"old": FIRST, "new": SECOND, "again": SECOND}
    for path, form in (("end", {"next": "/"}), ("password", change)):
        sent = here.client.post(f"{ADDRESS}/{path}", data=form)
        assert sent.status_code == 422
    assert there.get("/").status_code == 200
    assert enter(own_site, "wolf", "ann")


def test_a_stranger_is_sent_to_sign_in(own_site):
    assert Browser(own_site).get(ADDRESS).headers["location"].startswith("/sign-in")


def test_the_provider_is_offered_where_the_house_has_one(web_house, sessions):
    link = 'href="/sign-in/oidc"'
    assert link not in Browser(web_app(web_house, sessions)).get("/sign-in").text
    settings = replace(web_house.settings, oidc_issuer="https://id.house.test")
    house = replace(web_house, workspace=replace(web_house.workspace, settings=settings))
    page = Browser(web_app(house, sessions)).get("/sign-in")
    assert link in page.text
    assert problems_of(page.text) == []
    assert signed_in(web_app(house, sessions), "lion", "ann").get(ADDRESS).status_code == 200
