"""Sign-in by a provider: who comes in, who does not, and answers that do not fit what was asked."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import oidc_provider_mock
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from fullhouse import app
from fullhouse.access.identities import grants, user_of_claims
from fullhouse.access.sessions import COOKIE, Sessions
from fullhouse.api.signin import sign_in_app
from fullhouse.cleanroom import tenants
from fullhouse.cleanroom.roles import User
from fullhouse.core.errors import InputError
from fullhouse.workspace.context import Context
from tests.access.conftest import clock, house, quick_hashes
from tests.access.test_passwords import GOOD

__all__ = ["clock", "house", "quick_hashes"]

PEOPLE = {
    "s-ann": {"email": "Ann@Lion.test", "email_verified": True},
    "s-fake": {"email": "ann@lion.test", "email_verified": False},
    "s-text": {"email": "ann@lion.test", "email_verified": "true"},
    "s-new": {"preferred_username": "newt", "groups": ["staff", "lion-marketing"]},
    "s-none": {"groups": ["staff"]},
}


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    users = [oidc_provider_mock.User(sub=sub, claims=claims) for sub, claims in PEOPLE.items()]
    with oidc_provider_mock.run_server_in_thread(user_claims=users) as server:
        yield f"http://localhost:{server.server_port}"


def settled(house: Context, issuer: str, **settings: Any) -> Context:
    """The house with a provider in its settings."""
    house.workspace.settings = replace(
        house.settings, oidc_issuer=issuer, oidc_client="fullhouse", **settings
    )
    house.workspace.environment = {**house.environment, "FULLHOUSE_OIDC_SECRET": "s3cret"}
    return house


def browser(house: Context) -> TestClient:
    site = Starlette(routes=[Mount("/sign-in", sign_in_app(house, Sessions(house), secure=False))])
    return TestClient(site, base_url="http://house.test", follow_redirects=False)


def asked(client: TestClient) -> str:
    """The provider's address to which the browser is sent."""
    answer = client.get("/sign-in/oidc")
    assert answer.status_code == 302
    return str(answer.headers["location"])


def consented(address: str, subject: str) -> str:
    """Where the provider sends the browser back to, once somebody has signed in there."""
    answer = httpx.post(address, data={"sub": subject})
    assert answer.status_code == 302
    target = urlsplit(answer.headers["location"])
    return f"{target.path}?{target.query}"


def entered(house: Context, subject: str) -> User | None:
    """Who somebody of the provider's is here."""
    client = browser(house)
    answer = client.get(consented(asked(client), subject))
    if answer.status_code == 403:
        assert COOKIE not in answer.cookies
        assert "no user here" in answer.text
        return None
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    principal = Sessions(house).principal(answer.cookies[COOKIE])
    assert principal is not None
    assert principal.how == "oidc"
    return User(principal.user, principal.tenant, principal.role)


def test_the_code_flow_has_pkce_state_and_nonce(house: Context, provider: str) -> None:
    query = parse_qs(urlsplit(asked(browser(settled(house, provider)))).query)
    assert query["response_type"] == ["code"]
    assert query["code_challenge_method"] == ["S256"]
    assert query["redirect_uri"] == ["http://house.test/sign-in/oidc/callback"]
    assert {"state", "nonce", "code_challenge"} <= set(query)
    assert "s3cret" not in str(query)


@pytest.mark.slow
def test_a_verified_address_binds_a_subject_once_and_only_a_user_comes_in(
    house: Context, provider: str
) -> None:
    settled(house, provider)
    assert entered(house, "s-ann") is None
    app.user_email(house, app.SetEmail("ann", "ann@lion.test", "lion"))
    assert entered(house, "s-fake") is None
    assert entered(house, "s-text") is None
    assert entered(house, "s-ann") == User("ann", "lion", "owner")
    app.user_email(house, app.SetEmail("max", "max@lion.test", "lion"))
    assert entered(house, "s-ann") == User("ann", "lion", "owner")
    app.tenant_suspend(house, app.SuspendTenant("lion"))
    assert entered(house, "s-ann") is None
    app.tenant_suspend(house, app.SuspendTenant("lion", resume=True))
    app.user_remove(house, app.RemoveUser("ann", "lion"))
    tenants.add_user(house.control, "lion", "ann", "owner")
    assert entered(house, "s-ann") is None


@pytest.mark.slow
def test_groups_make_a_user_only_where_the_settings_say_so(house: Context, provider: str) -> None:
    settled(house, provider)
    assert entered(house, "s-new") is None
    settled(house, provider, oidc_groups=("lion-marketing=lion/marketer",))
    assert entered(house, "s-new") is None
    settled(house, provider, oidc_groups=("lion-marketing=lion/marketer",), oidc_create=True)
    assert entered(house, "s-none") is None
    assert entered(house, "s-new") == User("newt", "lion", "marketer")
    settled(house, provider, oidc_groups=("lion-marketing=lion/viewer",))
    assert entered(house, "s-new") == User("newt", "lion", "viewer")
    settled(house, provider, oidc_groups=("lion-marketing=wolf/owner",))
    assert entered(house, "s-new") == User("newt", "lion", "viewer"), "no group moves a user"


def test_no_new_user_takes_the_name_of_one_who_is_there(house: Context) -> None:
    settled(house, "x", oidc_groups=("g=lion/viewer",), oidc_create=True)
    claims = {"iss": "i", "sub": "s", "preferred_username": "ann", "groups": ["g"]}
    assert user_of_claims(house.control, claims, house.settings) is None
    known = user_of_claims(house.control, claims | {"preferred_username": "a/b:c"}, house.settings)
    assert known == User("a-b-c", "lion", "viewer")
    for broken in ({"sub": None}, {"iss": ""}, {"sub": 7}):
        assert user_of_claims(house.control, claims | broken, house.settings) is None


@pytest.mark.parametrize("entry", ["", "lion", "g=lion", "g=lion/boss", "g=house/owner", "=a/b"])
def test_a_setting_that_gives_nothing_sensible_is_named(house: Context, entry: str) -> None:
    settled(house, "x", oidc_groups=(entry,))
    with pytest.raises(InputError, match="GROUP=TENANT/ROLE"):
        grants(house.settings)


def test_unrequested_answers_open_nothing(house: Context, provider: str) -> None:
    settled(house, provider)
    app.user_email(house, app.SetEmail("ann", "ann@lion.test", "lion"))
    client = browser(house)
    back = consented(asked(client), "s-ann")
    stranger = browser(house)
    for other, address in (
        (stranger, back),  # stolen, in another browser
        (client, re.sub(r"state=[^&]*", "state=x", back)),
        (client, "/sign-in/oidc/callback"),
        (client, "/sign-in/oidc/callback?error=access_denied"),
    ):
        answer = other.get(address)
        assert answer.status_code == 403
        assert "does not fit" in answer.text
        assert COOKIE not in answer.cookies
    again = consented(asked(client), "s-ann")
    assert client.get(again).status_code == 303
    assert client.get(again).status_code == 403, "a code is good once"


def test_an_unreachable_provider_is_reported(house: Context) -> None:
    answer = browser(settled(house, "http://127.0.0.1:9")).get("/sign-in/oidc")
    assert answer.status_code == 502
    assert "does not answer" in answer.text


def test_without_a_provider_there_is_no_single_sign_on(house: Context) -> None:
    assert browser(house).get("/sign-in/oidc").status_code == 404


def test_the_page_of_a_link_sets_a_password_and_signs_in(house: Context) -> None:
    client = browser(house)
    link = app.password_link(house, app.MakeLink("ann", "lion"))
    page = client.get("/sign-in/password", params={"token": '"><script>'})
    assert "<script>" not in page.text
    assert "script-src" not in page.headers["content-security-policy"]
    fields = {"token": link.text, "password": "short"}
    assert client.post("/sign-in/password", data=fields).status_code == 422
    fields["password"] = GOOD
    foreign = {"origin": "http://evil.test"}
    assert client.post("/sign-in/password", data=fields, headers=foreign).status_code == 403
    answer = client.post("/sign-in/password", data=fields, headers={"origin": "http://house.test"})
    assert answer.status_code == 303
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert Sessions(house).principal(answer.cookies[COOKIE]) is not None
    assert client.post("/sign-in/password", data=fields).status_code == 422


def test_the_cookie_is_for_encrypted_connections_alone(house: Context) -> None:
    link = app.password_link(house, app.MakeLink("ann", "lion"))
    site = Starlette(routes=[Mount("/sign-in", sign_in_app(house, Sessions(house)))])
    client = TestClient(site, base_url="https://house.test", follow_redirects=False)
    fields = {"token": link.text, "password": GOOD}
    assert "Secure" in client.post("/sign-in/password", data=fields).headers["set-cookie"]
