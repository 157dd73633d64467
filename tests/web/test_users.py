"""Users and keys as pages: who sees them, what is decided there, and what opens and shuts."""

import re
from dataclasses import replace

import pytest

from fullhouse.access import keys, passwords
from fullhouse.cleanroom import log, tenants
from fullhouse.core.errors import InputError
from fullhouse.core.values import HOUSE
from fullhouse.web import web_app
from fullhouse.web.language import LANGUAGES
from tests.cleanroom.conftest import make_house
from tests.web.conftest import Browser
from tests.web.html import problems_of
from tests.web.test_studio import shown

PASSWORD = "nine cranes over a quiet harbour"
OWN, OF_HOUSE = "/account/users", "/house/users"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """A house with its own sessions, whose users have a password."""
    with make_house(tmp_path_factory.mktemp("users") / "house") as house:
        for name, role in (("olga", "operator"), ("paul", "privacy"), ("alma", "auditor")):
            tenants.add_user(house.control, HOUSE, name, role)
        for tenant, name in (("lion", "ann"), ("lion", "vic"), (HOUSE, "olga"), (HOUSE, "alma")):
            user = tenants.find_user(house.control, tenant, name)
            passwords.redeem(house.control, passwords.make_token(house.control, user), PASSWORD)
        yield house


@pytest.fixture(scope="module")
def own_site(guarded):
    return web_app(guarded)


def enter(site, studio, name, password=PASSWORD):
    browser = Browser(site)
    assert browser.sign_in(studio, name, password).status_code == 303
    return browser


@pytest.fixture(scope="module")
def owner(own_site):
    return enter(own_site, "lion", "ann")


@pytest.fixture(scope="module")
def operator(own_site):
    return enter(own_site, HOUSE, "olga")


def text_of(response, begins):
    return re.search(rf'<code class="once">({begins}[\w-]+)</code>', response.text)[1]


def new_user(owner, name, role="marketer"):
    made = owner.post(OWN, OWN, do="add", name=name, role=role)
    assert made.status_code == 200, shown(made)
    return text_of(made, "fhp_")


def new_key(browser, address, name, verbs=("read",), **fields):
    may = {f"may-{verb}": "1" for verb in verbs}
    made = browser.post(address, address, do="key", name=name, days="30", **may, **fields)
    assert made.status_code == 200, shown(made)
    return text_of(made, "fh_")


def opens(house, key):
    return keys.principal_of_key(house.control, key, house.now)


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("address", [OWN, f"{OWN}?user=vic"])
def test_an_owner_sees_users_and_keys_in_each_language(owner, address, code):
    new_key(owner, OWN, "ann")
    owner.speak(code)
    page = owner.get(address)
    owner.speak("en")
    assert page.status_code == 200
    assert problems_of(page.text) == []
    assert [u["name"] for u in owner.get(f"{OWN}.json").json()["users"]][:2] == ["ann", "vic"]


def test_nobody_else_of_the_studio_sees_the_page_or_its_link(own_site):
    viewer = enter(own_site, "lion", "vic")
    assert viewer.get(OWN).status_code == 404
    assert OWN not in viewer.get("/").text
    refused = viewer.post(OWN, "/account", do="role", name="vic", role="owner")
    assert refused.status_code == 404


def test_a_user_is_added_sets_a_password_and_comes_in(guarded, own_site, owner):
    token = new_user(owner, "max")
    assert token not in owner.get(OWN).text
    browser = Browser(own_site)
    filled = browser.get(f"/password?token={token}")
    assert f'value="{token}"' in filled.text
    fields = {"token": token, "password": PASSWORD, "again": PASSWORD}
    assert browser.client.post("/password", data=fields).headers["location"] == "/"
    assert browser.get("/").status_code == 200
    again = owner.post(OWN, OWN, do="add", name="max", role="owner")
    assert again.status_code == 422
    assert tenants.find_user(guarded.control, "lion", "max").role == "marketer"


def test_another_role_ends_the_session_of_the_earlier_one(own_site, owner):
    token = new_user(owner, "rob")
    browser = Browser(own_site)
    browser.client.post("/password", data={
        "token": token, "password": PASSWORD, "again": PASSWORD})  # fmt: skip
    assert browser.get("/").status_code == 200
    assert owner.post(OWN, OWN, do="role", name="rob", role="viewer").status_code == 303
    assert browser.get("/").headers["location"] == "/sign-in"
    assert owner.post(OWN, OWN, do="role", name="nobody", role="viewer").status_code == 422


def test_a_suspended_user_is_out_at_once_and_comes_in_again_when_resumed(guarded, own_site, owner):
    token = new_user(owner, "sue")
    key = new_key(owner, OWN, "sue")
    browser = Browser(own_site)
    browser.client.post("/password", data={
        "token": token, "password": PASSWORD, "again": PASSWORD})  # fmt: skip
    later = text_of(owner.post(OWN, OWN, do="link", name="sue"), "fhp_")
    assert opens(guarded, key).user == "sue"
    assert owner.post(OWN, OWN, do="suspend", name="sue").status_code == 303
    assert "suspended" in shown(owner.get(OWN))
    assert browser.get("/").headers["location"] == "/sign-in"
    assert Browser(own_site).sign_in("lion", "sue", PASSWORD).status_code == 422
    assert opens(guarded, key) is None
    with pytest.raises(InputError, match="used, or is too old"):
        passwords.redeem(guarded.control, later, PASSWORD)
    assert owner.post(OWN, OWN, do="role", name="sue", role="viewer").status_code == 303
    assert tenants.find_user(guarded.control, "lion", "sue").suspended
    assert owner.post(OWN, OWN, do="resume", name="sue").status_code == 303
    assert opens(guarded, key).user == "sue"
    assert browser.get("/").headers["location"] == "/sign-in", "an ended session stays ended"
    assert Browser(own_site).sign_in("lion", "sue", PASSWORD).status_code == 303


def test_a_key_is_shown_once_replaced_with_an_overlap_and_ended(guarded, owner):
    first = new_key(owner, OWN, "vic", label="nightly")
    assert first not in owner.get(OWN).text
    name = first.split("_")[1]
    assert 'name="hours"' in owner.get(f"{OWN}?key={name}").text
    second = text_of(owner.post(OWN, OWN, do="rotate", name=name, hours="2"), "fh_")
    assert opens(guarded, first).scopes == opens(guarded, second).scopes == {"read"}
    assert "being replaced" in shown(owner.get(OWN))
    tomorrow = replace(guarded, clock=lambda: guarded.now).now.replace(year=2027)
    assert keys.principal_of_key(guarded.control, first, tomorrow) is None
    assert owner.post(OWN, OWN, do="revoke", name=second.split("_")[1]).status_code == 303
    assert opens(guarded, second) is None
    assert owner.post(OWN, OWN, do="rotate", name=name, hours="-1").status_code == 422
    assert owner.post(OWN, OWN, do="key", name="vic", days="30").status_code == 422


def test_a_key_never_gives_more_than_its_user_may(owner):
    refused = owner.post(OWN, OWN, do="key", name="vic", days="3", **{"may-manage": "1"})
    assert refused.status_code == 422


def test_the_last_owner_stays(guarded, owner):
    for fields in (
        {"do": "suspend", "name": "ann"},
        {"do": "remove", "name": "ann", "again": "ann"},
        {"do": "role", "name": "ann", "role": "viewer"},
    ):
        refused = owner.post(OWN, OWN, **fields)
        assert refused.status_code == 422
        assert "last owner" in shown(refused)
    new_user(owner, "ava", "owner")
    assert owner.post(OWN, OWN, do="remove", name="ava", again="eva").status_code == 422
    assert owner.post(OWN, OWN, do="remove", name="ava", again="ava").status_code == 303
    assert {u.name for u in tenants.find_tenant(guarded.control, "lion").users} >= {"ann", "vic"}


def test_a_form_without_the_sessions_token_does_nothing(guarded, owner):
    for token in ("", "0" * 64):
        fields = {"csrf": token, "do": "suspend", "name": "vic"}
        assert owner.client.post(OWN, data=fields).status_code == 422
    crossed = {"Sec-Fetch-Site": "cross-site"}
    token = re.search(r'name="csrf" value="([^"]*)"', owner.get(OWN).text)[1]
    fields = {"csrf": token, "do": "suspend", "name": "vic"}
    assert owner.client.post(OWN, data=fields, headers=crossed).status_code == 422
    assert not tenants.find_user(guarded.control, "lion", "vic").suspended


def test_what_is_typed_is_shown_as_text(owner):
    new_key(owner, OWN, "vic", label="<script>alert(1)</script>")
    page = owner.get(OWN).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<img" not in owner.get(f"{OWN}?user=<img>&key=<img>").text


@pytest.mark.parametrize("studio", ["wolf", "bear", "house"])
def test_an_owner_never_sees_users_of_another_studio(guarded, owner, studio):
    asked = owner.get(f"{OWN}?studio={studio}")
    assert [u["name"] for u in owner.get(f"{OWN}.json?studio={studio}").json()["users"]] == [
        u.name for u in tenants.find_tenant(guarded.control, "lion").users
    ]
    assert "wolf" not in re.sub(r"studio=\w+", "", asked.text)
    assert owner.post(f"{OWN}?studio=wolf", OWN, do="suspend", name="ann").status_code == 422
    assert not tenants.find_user(guarded.control, "wolf", "ann").suspended


def test_an_operator_manages_users_of_any_studio_and_gives_no_more_than_an_operator_has(
    guarded, operator
):
    assert "vic" in shown(operator.get(f"{OF_HOUSE}?studio=lion"))
    address = f"{OF_HOUSE}?studio=wolf"
    made = operator.post(address, address, do="add", name="will", role="marketer")
    assert text_of(made, "fhp_")
    assert operator.post(address, address, do="suspend", name="will").status_code == 303
    assert tenants.find_user(guarded.control, "wolf", "will").suspended
    refused = operator.post(OF_HOUSE, OF_HOUSE, do="add", name="pia", role="privacy")
    assert refused.status_code == 422
    assert "govern" in shown(refused)
    refused = operator.post(OF_HOUSE, OF_HOUSE, do="suspend", name="olga")
    assert "last operator" in shown(refused)
    assert operator.get(f"{OF_HOUSE}?studio=nobody").status_code == 404


def test_an_auditor_reads_them_and_decides_nothing(guarded, own_site):
    auditor = enter(own_site, HOUSE, "alma")
    page = auditor.get(f"{OF_HOUSE}?studio=lion&user=vic")
    assert "vic" in shown(page)
    assert "Suspend" not in shown(page)
    assert auditor.post(f"{OF_HOUSE}?studio=lion", OF_HOUSE, do="suspend", name="vic"
                        ).status_code == 422  # fmt: skip
    assert not tenants.find_user(guarded.control, "lion", "vic").suspended


def test_what_was_decided_stands_in_the_studios_own_log(guarded, owner):
    new_user(owner, "ned")
    owner.post(OWN, OWN, do="suspend", name="ned")
    kinds = [leaf.kind for leaf in log.entries(replace(guarded.control, tenant="lion"))]
    assert kinds[:3] == ["user.suspend", "password.link", "user.add"]
