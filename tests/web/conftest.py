"""A house with two rival studios behind the web app, and browsers of its users."""

import re
import secrets
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from fullhouse.access.principal import Principal, scopes_of
from fullhouse.cleanroom import size_table, tenants
from fullhouse.core.errors import InputError
from fullhouse.core.values import HOUSE
from fullhouse.web import web_app
from fullhouse.web.session import COOKIE, OpenSession, SignedIn
from tests.cleanroom.conftest import make_house
from tests.cleanroom.test_size_table import read_rows

PASSWORD = "a good long password"


class LocalSessions:
    """Sessions in memory, of users of the house's own control database."""

    fields = ("studio", "name", "password")

    def __init__(self, house):
        self.house, self.open = house, {}

    def principal(self, cookie):
        known = self.open.get(cookie)
        if known is None:
            return None
        try:
            user = tenants.find_user(self.house.control, *known)
            if user.tenant != HOUSE:
                tenants.check_active(self.house.control, user.tenant)
        except InputError:
            return None
        return Principal(user.tenant, user.name, user.role, scopes_of(user.role), "password")

    def sign_in(self, given, *, address):
        tenant, user, password = (given[name] for name in self.fields)
        cookie = secrets.token_urlsafe(16)
        self.open[cookie] = (tenant, user)
        principal = self.principal(cookie)
        if principal is None or password != PASSWORD:
            del self.open[cookie]
            raise InputError("Studio, name or password is wrong.")
        return SignedIn(cookie, principal)

    def sign_out(self, cookie):
        self.open.pop(cookie, None)

    def open_sessions(self, principal):
        at = self.house.now
        return tuple(
            OpenSession(f"s{place}", "password", at, at)
            for place, user in enumerate(self.open.values())
            if user == (principal.tenant, principal.user)
        )

    def csrf_token(self, cookie):
        return f"token-of-{cookie}"

    def check_csrf(self, cookie, token):
        return token == self.csrf_token(cookie)


class Browser:
    """A user's browser: it keeps cookies, and sends the token that its pages hold."""

    def __init__(self, app):
        self.client = TestClient(app, base_url="http://house.test", follow_redirects=False)

    def get(self, path, **headers):
        return self.client.get(path, headers={"Accept": "text/html", **headers})

    def post(self, path, page="/account", **fields):
        token = re.search(r'name="csrf" value="([^"]*)"', self.get(page).text)
        return self.client.post(path, data={"csrf": token[1] if token else "", **fields})

    def sign_in(self, studio, name, password=PASSWORD):
        fields = {"studio": studio, "name": name, "password": password}
        return self.client.post("/sign-in", data=fields)

    def speak(self, language):
        self.client.cookies.set("language", language)


@pytest.fixture(scope="session")
def web_house(tmp_path_factory):
    """The clean room's house of 20,000 people and two rival studios, with users of the house."""
    folder = Path(tmp_path_factory.mktemp("web")) / "house"
    with make_house(folder) as house, pytest.MonkeyPatch.context() as patch:
        # The small house has no person-major form.
        patch.setattr(size_table, "person_rows", read_rows)
        for name in ("operator", "privacy", "auditor"):
            tenants.add_user(house.control, HOUSE, name, name)
        yield house


@pytest.fixture(scope="session")
def sessions(web_house):
    return LocalSessions(web_house)


@pytest.fixture(scope="session")
def site(web_house, sessions):
    return web_app(replace(web_house), sessions)


@pytest.fixture
def browser(site):
    """A browser of nobody yet."""
    return Browser(site)


@pytest.fixture
def lion(site):
    """The browser of an owner of the studio whose film is no secret."""
    return signed_in(site, "lion", "ann")


@pytest.fixture
def wolf(site):
    """The browser of an owner of its rival, who has a secret film."""
    return signed_in(site, "wolf", "ann")


def signed_in(site, studio, name):
    browser = Browser(site)
    assert browser.sign_in(studio, name).status_code == 303
    assert COOKIE in browser.client.cookies
    return browser
