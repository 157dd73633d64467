"""Passwords: what is refused, the one-time text, and back-off that locks nobody out for ever."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from fullhouse import app
from fullhouse.access import backoff, passwords
from fullhouse.access.backoff import ACCOUNT, ADDRESS
from fullhouse.access.keys import utc
from fullhouse.access.passwords import check_password
from fullhouse.access.sessions import REFUSED, Sessions
from fullhouse.cleanroom import tenants
from fullhouse.control.control import audit_log
from fullhouse.control.schema import AttemptRow, PasswordRow
from fullhouse.core.errors import InputError
from fullhouse.workspace.context import Context
from tests.access.conftest import Clock

GOOD = "seven herons over a mill pond"
HERE = "192.0.2.7"


def set_password(house: Context, user: str = "ann", tenant: str = "lion") -> None:
    link = app.password_link(house, app.MakeLink(user, tenant))
    passwords.redeem(house.control, link.text, GOOD)


@pytest.fixture
def entered(house: Context) -> Context:
    """A house in which lion's ann has a password."""
    set_password(house)
    return house


def enters(
    house: Context, tenant: str = "lion", user: str = "ann", password: str = GOOD, at: str = HERE
) -> bool:
    refused = ""
    try:
        Sessions(house).enter(tenant, user, password, address=at)
    except InputError as problem:
        refused = str(problem)
    assert refused in ("", REFUSED)
    return not refused


@pytest.mark.parametrize(
    "password",
    [
        "", "short", "eleven-char", "x" * 201, "password1234", "P@ssw0rd2026!", "Passwort 2026!!",
        "qwertyuiop12", "asdfghjklzxc", "123456789012", "aaaaaaaaaaaa", "abcabcabcabc",
        "210987654321", "letmeinletmein", "iloveyou1234", "ann-ann-ann-ann", "ann at lion",
        "lionlionlion", "lion-ann-2026", "FULLHOUSE2026",
    ],
)  # fmt: skip
def test_what_is_tried_first_is_no_password(password: str) -> None:
    with pytest.raises(InputError) as refused:
        check_password(password, ("ann", "lion"))
    assert not password or password not in str(refused.value)


@pytest.mark.parametrize(
    "password",
    [GOOD, "correct horse battery", "全家一起去看电影真的很开心呀", "jfuwEkq82mvZ",
     "nannies and lions in tall grass", "   twelve   spaces   "],
)  # fmt: skip
def test_whatever_only_its_user_would_write_is_one(password: str) -> None:
    assert check_password(password, ("ann", "lion"))


@given(st.text(min_size=40, max_size=60, alphabet="abcdefghijkmnopqrstuvwxyz "))
def test_the_same_letters_are_the_same_password_however_they_are_encoded(text: str) -> None:
    composed = "é ein Satz, den niemand sonst so schreibt" + text
    decomposed = composed.replace("é", "e\u0301")
    assert check_password(composed) == check_password(f" {decomposed} ")


def test_a_link_sets_a_password_once_and_for_a_day(house: Context, clock: Clock) -> None:
    link = app.password_link(house, app.MakeLink("ann", "lion"))
    assert not enters(house)
    with pytest.raises(InputError, match="12 to 200"):
        passwords.redeem(house.control, link.text, "short")
    passwords.redeem(house.control, link.text, GOOD)
    assert enters(house)
    old = app.password_link(house, app.MakeLink("ann", "lion"))
    messages = set()
    for text in (link.text, "", "fhp_x", old.text):
        if text == old.text:
            clock.forward(hours=24)
        with pytest.raises(InputError) as refused:
            passwords.redeem(house.control, text, GOOD)
        messages.add(str(refused.value))
    assert len(messages) == 1
    first = app.password_link(house, app.MakeLink("ann", "lion"))
    app.password_link(house, app.MakeLink("ann", "lion"))
    with pytest.raises(InputError, match="has been used"):
        passwords.redeem(house.control, first.text, GOOD)


def test_neither_password_nor_link_is_stored(house: Context) -> None:
    link = app.password_link(house, app.MakeLink("ann", "lion"))
    with house.control.session() as session:
        assert link.text not in repr(vars(session.scalars(select(PasswordRow)).one()))
    passwords.redeem(house.control, link.text, GOOD)
    with house.control.session() as session:
        row = session.scalars(select(PasswordRow)).one()
    assert row.hash.startswith("$argon2id$")
    assert GOOD not in repr(vars(row))
    assert (row.token, row.token_until) == (None, None)


def test_an_owner_makes_links_for_the_own_users_and_nobody_else_does(
    house: Context, owner: Context
) -> None:
    assert app.password_link(owner, app.MakeLink("vic")).user.name == "vic"
    for actor, tenant in ((replace(owner, actor="max"), None), (owner, "wolf"), (owner, "house")):
        with pytest.raises(InputError, match=r"may not manage|lion alone"):
            app.password_link(actor, app.MakeLink("max", tenant))
    operator = replace(house, actor="olga", scopes=frozenset({"admit", "read"}))
    with pytest.raises(InputError, match="does not have"):
        app.password_link(operator, app.MakeLink("pia"))
    assert app.password_link(operator, app.MakeLink("ann", "lion"))


def test_whatever_is_wrong_gets_the_same_answer_after_the_same_steps(
    house: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_password(house)
    set_password(house, "max", "wolf")
    app.tenant_suspend(house, app.SuspendTenant("wolf"))
    app.password_link(house, app.MakeLink("vic", "lion"))
    verified: list[str] = []
    cheap = passwords.hasher()

    class Counting:
        hash = staticmethod(cheap.hash)

        def verify(self, stored: str, plain: str) -> bool:
            verified.append(stored.split("$")[3])
            return cheap.verify(stored, plain)

    monkeypatch.setattr(passwords, "hasher", Counting)
    cases = [
        ("lion", "ann", "not the password"), ("lion", "nobody", GOOD), ("nowhere", "ann", GOOD),
        ("lion", "vic", ""), ("lion", "max", GOOD), ("wolf", "max", GOOD), ("house", "olga", GOOD),
        ("", "", ""), ("lion", "ann", GOOD.upper()), ("lion", "x" * 5000, "y" * 5000),
    ]  # fmt: skip
    for tenant, user, password in cases:
        assert not enters(house, tenant, user, password)
    assert len(verified) == len(cases)
    assert len(set(verified)) == 1, "a hash of other parameters takes another time"
    assert enters(house)


def test_failures_make_an_account_wait_longer_up_to_a_cap(house: Context, clock: Clock) -> None:
    set_password(house)
    waits = []
    for attempt in range(13):
        assert not enters(house, password="wrong, wrong, wrong", at=f"192.0.2.{attempt}")
        with house.control.session() as session:
            free_at = max(utc(row.free_at) for row in session.scalars(select(AttemptRow)))
        waits.append((free_at - clock.now).total_seconds())
        clock.now = free_at
    assert waits == sorted(waits)
    assert waits[0] == 0
    assert waits[-1] == ACCOUNT.cap.total_seconds()
    assert enters(house, at="203.0.113.1"), "nobody is locked out for ever"


def test_who_must_wait_is_refused_with_the_right_password_too_and_loses_no_more_time(
    house: Context, clock: Clock
) -> None:
    set_password(house)
    for _ in range(9):
        enters(house, password="wrong, wrong, wrong")
        clock.forward(seconds=32)
    enters(house, password="wrong, wrong, wrong")
    assert not enters(house)
    for _ in range(5):
        assert not enters(house)
    clock.forward(seconds=60)
    assert enters(house)
    assert enters(house), "who came in begins anew"


def test_an_account_that_is_none_waits_as_long(house: Context, clock: Clock) -> None:
    set_password(house)

    def allowed(account: str) -> list[bool]:
        tries = []
        for number in range(12):
            address = f"{account}-{number}"
            tries.append(backoff.attempt(house.control, account, address, clock.now))
            clock.forward(seconds=1)
        clock.forward(days=2)
        return tries

    assert allowed("lion/ann") == allowed("nowhere/nobody")


def test_an_address_waits_whatever_accounts_it_names(house: Context, clock: Clock) -> None:
    set_password(house)
    allowed = [backoff.attempt(house.control, f"lion/user{n}", HERE, clock.now) for n in range(40)]
    assert sum(allowed) == ADDRESS.free
    assert not enters(house)
    assert enters(house, at="198.51.100.9")
    clock.forward(minutes=15)
    assert enters(house)


def test_many_attempts_at_once_are_as_many(house: Context) -> None:
    with ThreadPoolExecutor(8) as pool:
        allowed = list(
            pool.map(
                lambda n: backoff.attempt(house.control, "lion/ann", f"a{n}", house.now), range(40)
            )
        )
    assert sum(allowed) == ACCOUNT.free


@settings(max_examples=30, deadline=None)
@given(failures=st.integers(0, 10**6))
def test_a_wait_grows_and_never_passes_its_cap(failures: int) -> None:
    for waiting in (ACCOUNT, ADDRESS):
        now, later = waiting.after(failures), waiting.after(failures + 1)
        assert timedelta() <= now <= later <= waiting.cap


def test_an_office_behind_one_address_comes_in_all_day_and_its_failures_stay(
    house: Context, clock: Clock
) -> None:
    set_password(house)
    for _ in range(2 * ADDRESS.free):
        assert enters(house)
    for number in range(ADDRESS.free):
        assert backoff.attempt(house.control, f"lion/user{number}", HERE, clock.now)
    assert not enters(house), "who came in before frees no address"


def test_failures_are_forgotten_after_a_day_and_no_name_or_address_is_kept(
    house: Context, clock: Clock
) -> None:
    enters(house, user="ann", password="wrong, wrong, wrong")
    with house.control.session() as session:
        kept = repr([vars(row) for row in session.scalars(select(AttemptRow))])
    assert HERE not in kept
    assert "ann" not in kept
    assert "ann" not in repr(audit_log(house.control)[0].detail)
    assert audit_log(house.control)[0].action == "sign_in.refused"
    set_password(house)
    clock.forward(days=2)
    assert enters(house, at="198.51.100.9")
    with house.control.session() as session:
        (row,) = session.scalars(select(AttemptRow)).all()
    assert row.failures == 0, "what is left is of the address that came in"


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(password=st.text(max_size=300))
def test_no_text_but_the_password_opens(entered: Context, clock: Clock, password: str) -> None:
    clock.forward(hours=1, minutes=20)
    assert enters(entered, password=password) == (password == GOOD)


def test_a_removed_users_password_is_not_the_next_ones(house: Context) -> None:
    set_password(house, "vic")
    app.user_remove(house, app.RemoveUser("vic", "lion"))
    tenants.add_user(house.control, "lion", "vic", "owner")
    assert not enters(house, user="vic")
