"""Sessions: theft, age, another role, another password, another site; what the house sees."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from fullhouse import app
from fullhouse.access.keys import utc
from fullhouse.access.principal import Principal, scopes_of
from fullhouse.access.sessions import IDLE, LONGEST, Sessions, note_look
from fullhouse.cleanroom import log, tenants
from fullhouse.cleanroom.roles import (
    HOUSE_ROLES,
    MAY,
    PARTNER_ROLES,
    TENANT_ROLES,
    VERBS,
    Thing,
    User,
    may,
)
from fullhouse.control.control import audit_log
from fullhouse.control.schema import Base, SessionRow
from fullhouse.core.errors import InputError
from fullhouse.workspace.context import Context
from tests.access.conftest import Clock
from tests.access.test_passwords import GOOD, HERE, set_password

ANN = Principal("lion", "ann", "owner", MAY["owner"], "password")
FEW = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def sessions(house: Context) -> Sessions:
    """Sessions of a house in which lion's ann and max have passwords."""
    set_password(house)
    set_password(house, "max")
    return Sessions(house)


def enter(sessions: Sessions, user: str = "ann") -> str:
    return sessions.enter("lion", user, GOOD, address=HERE).cookie


def test_a_password_begins_a_session_that_is_its_users(sessions: Sessions) -> None:
    begun = sessions.enter("lion", "ann", GOOD, address=HERE)
    assert begun.principal == ANN
    assert sessions.principal(begun.cookie) == ANN
    assert enter(sessions) != begun.cookie


@pytest.fixture
def cookie(sessions: Sessions) -> str:
    """The cookie of a session of ann's."""
    return enter(sessions)


@FEW
@given(data=st.data())
def test_no_changed_cookie_opens_anything(
    sessions: Sessions, cookie: str, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(cookie) - 1))
    letter = data.draw(st.characters(codec="utf-8"))
    forged = data.draw(
        st.sampled_from(
            [cookie[:place], cookie[:place] + letter + cookie[place + 1 :], cookie + letter,
             letter, "", cookie.upper(), cookie.partition(".")[0], "." + cookie.partition(".")[2]]
        )
    )  # fmt: skip
    assert (sessions.principal(forged) is not None) == (forged == cookie)


def test_a_token_from_the_database_is_no_cookie(sessions: Sessions, house: Context) -> None:
    cookie = enter(sessions)
    token = cookie.partition(".")[0]
    with house.control.connect() as connection:
        for table in Base.metadata.sorted_tables:
            assert token not in repr(connection.execute(select(table)).all())
    other = replace(house)
    other.workspace.__dict__["key"] = b"another house's key"
    assert Sessions(other).principal(cookie) is None


def test_a_session_ends_when_it_rests_and_when_it_is_old(sessions: Sessions, clock: Clock) -> None:
    resting, used = enter(sessions), enter(sessions)
    begun = clock.now
    while clock.now - begun < LONGEST - timedelta(hours=1):
        clock.forward(hours=1)
        assert sessions.principal(used) == ANN
    assert sessions.principal(resting) is None
    clock.forward(hours=1)
    assert sessions.principal(used) is None
    again = enter(sessions)
    clock.forward(seconds=IDLE.total_seconds() - 1)
    assert sessions.principal(again)
    clock.forward(seconds=IDLE.total_seconds())
    assert sessions.principal(again) is None


def test_a_session_ends_by_signing_out_and_no_other_does(sessions: Sessions) -> None:
    first, second = enter(sessions), enter(sessions)
    sessions.sign_out(first)
    sessions.sign_out("no cookie")
    assert sessions.principal(first) is None
    assert sessions.principal(second) == ANN


@pytest.mark.parametrize("role", ["viewer", "marketer"])
def test_a_session_ends_when_the_role_becomes_another(
    sessions: Sessions, house: Context, role: str
) -> None:
    cookie = enter(sessions)
    tenants.add_user(house.control, "lion", "ann", role)
    assert sessions.principal(cookie) is None
    assert sessions.principal(enter(sessions)) == replace(ANN, role=role, scopes=scopes_of(role))


def test_a_session_ends_with_its_user_and_stops_with_its_tenant(
    sessions: Sessions, house: Context
) -> None:
    ann, max_ = enter(sessions), enter(sessions, "max")
    app.tenant_suspend(house, app.SuspendTenant("lion"))
    assert sessions.principal(ann) is None
    app.tenant_suspend(house, app.SuspendTenant("lion", resume=True))
    assert sessions.principal(ann) == ANN
    app.user_remove(house, app.RemoveUser("max", "lion"))
    assert sessions.principal(max_) is None
    tenants.add_user(house.control, "lion", "max", "marketer")
    assert sessions.principal(max_) is None


def test_another_password_ends_every_session_and_gives_whoever_did_it_a_new_one(
    sessions: Sessions, house: Context
) -> None:
    stolen, own, foreign = enter(sessions), enter(sessions), enter(sessions, "max")
    with pytest.raises(InputError, match="not the password"):
        sessions.change_password(stolen, "a guess at it", "the thief's own words", address=HERE)
    assert sessions.principal(stolen)
    begun = sessions.change_password(own, GOOD, "nine geese on a frozen lake", address=HERE)
    assert [sessions.principal(c) for c in (stolen, own)] == [None, None]
    assert sessions.principal(begun.cookie) == ANN
    assert sessions.principal(foreign)
    with pytest.raises(InputError):
        enter(sessions)
    with pytest.raises(InputError, match="Sign in first"):
        sessions.change_password(stolen, GOOD, "nine geese on a frozen lake", address=HERE)
    link = app.password_link(house, app.MakeLink("ann", "lion"))
    assert sessions.principal(begun.cookie)
    again = sessions.redeem(link.text, "ten swans on a frozen lake")
    assert sessions.principal(begun.cookie) is None
    assert sessions.principal(again.cookie) == ANN


def test_a_user_lists_and_ends_the_own_sessions_only(sessions: Sessions, clock: Clock) -> None:
    first = enter(sessions)
    clock.forward(minutes=5)
    second, foreign = enter(sessions), enter(sessions, "max")
    listed = sessions.open_sessions(ANN)
    assert [s.began_at for s in listed] == [clock.now, clock.now - timedelta(minutes=5)]
    assert first.partition(".")[0] not in repr(listed)
    (other,) = sessions.open_sessions(sessions.principal(foreign))
    sessions.end(ANN, other.id)
    assert sessions.principal(foreign)
    sessions.end(ANN, listed[1].id)
    assert sessions.principal(first) is None
    assert sessions.principal(second)


def test_a_user_ends_all_own_sessions_but_the_one_at_hand(sessions: Sessions) -> None:
    gone, own, foreign = enter(sessions), enter(sessions), enter(sessions, "max")
    sessions.end_all(ANN, but=own)
    assert [sessions.principal(c) is not None for c in (gone, own, foreign)] == [False, True, True]
    sessions.end_all(ANN, but=foreign)
    assert sessions.principal(own) is None
    assert sessions.principal(foreign)


def test_sessions_of_long_ago_are_forgotten_at_the_users_next_sign_in(
    sessions: Sessions, house: Context, clock: Clock
) -> None:
    enter(sessions)
    enter(sessions, "max")
    clock.forward(days=31)
    enter(sessions)
    with house.control.with_all().connect() as connection:
        kept = connection.execute(select(SessionRow.member, SessionRow.began_at)).all()
    assert sorted(row.member for row in kept) == ["ann", "max"]
    assert [utc(row.began_at) for row in kept if row.member == "ann"] == [clock.now]


def test_with_a_key_a_user_lists_and_ends_the_own_sessions_and_nobody_elses(
    sessions: Sessions, owner: Context, house: Context
) -> None:
    first, second, foreign = enter(sessions), enter(sessions), enter(sessions, "max")
    listed = app.session_list(owner).sessions
    assert len(listed) == 2
    (other,) = sessions.open_sessions(sessions.principal(foreign))
    answers = {
        tuple(s.id for s in app.session_end(owner, app.EndSession(wrong)).sessions)
        for wrong in (other.id, "0" * 16, "", "é' OR 1=1 --")
    }
    assert answers == {tuple(s.id for s in listed)}
    kept = app.session_end(owner, app.EndSession(listed[0].id)).sessions
    assert [s.id for s in kept] == [listed[1].id]
    assert app.session_end(owner, app.EndSession()).sessions == ()
    assert [sessions.principal(c) is not None for c in (first, second, foreign)] == [
        False, False, True,
    ]  # fmt: skip
    for actor in (replace(owner, actor="house:olga"), replace(house, actor="operator")):
        with pytest.raises(InputError):
            app.session_list(actor)


def test_with_a_key_a_user_changes_the_own_password_and_a_guess_waits(
    sessions: Sessions, owner: Context, clock: Clock
) -> None:
    cookie, new = enter(sessions), "nine geese on a frozen lake"
    for _ in range(7):
        with pytest.raises(InputError, match="not the password"):
            app.password_change(owner, app.ChangePassword("a guess at it", new))
    with pytest.raises(InputError, match="Wait"):
        app.password_change(owner, app.ChangePassword(GOOD, new))
    assert sessions.principal(cookie)
    clock.forward(minutes=2)
    assert app.password_change(owner, app.ChangePassword(GOOD, new)).sessions == ()
    assert sessions.principal(cookie) is None
    assert sessions.enter("lion", "ann", new, address=HERE).principal == ANN
    assert GOOD not in repr(app.ChangePassword(GOOD, new))


def test_a_form_is_of_its_session_alone(sessions: Sessions) -> None:
    own, other = enter(sessions), enter(sessions)
    token = sessions.csrf_token(own)
    assert sessions.check_csrf(own, token)
    for cookie, given_ in ((other, token), (own, ""), (own, token[:-1]), (own, own), (own, "é")):
        assert not sessions.check_csrf(cookie, given_)
    assert token not in own


def test_that_a_session_is_used_is_written_at_most_once_a_minute(
    sessions: Sessions, clock: Clock
) -> None:
    cookie, begun = enter(sessions), clock.now
    clock.forward(seconds=59)
    sessions.principal(cookie)
    assert sessions.open_sessions(ANN)[0].seen_at == begun
    clock.forward(seconds=1)
    sessions.principal(cookie)
    assert sessions.open_sessions(ANN)[0].seen_at == clock.now


def test_sign_ins_are_in_the_audit_log_of_whose_they_are(
    sessions: Sessions, owner: Context
) -> None:
    enter(sessions)
    row = audit_log(owner.control)[0]
    assert (row.action, row.actor, row.detail) == (
        "sign_in", "ann", {"user": "ann", "how": "password"},
    )  # fmt: skip


def test_that_the_house_looks_at_a_tenants_objects_is_in_the_tenants_log_once_an_hour(
    house: Context, clock: Clock
) -> None:
    olga = Principal("house", "olga", "operator", MAY["operator"], "password")
    for _ in range(3):
        note_look(house, olga, "lion")
    clock.forward(hours=1)
    note_look(house, olga, "lion")
    note_look(house, replace(olga, user="aron", role="auditor"), "lion")
    lion = log.entries(replace(house, tenant="lion").control)
    assert [leaf.kind for leaf in lion] == ["house.look"] * 3
    assert "house:olga" in lion[-1].body
    assert log.entries(replace(house, tenant="wolf").control) == []
    assert app.log_verify(house) == ()
    assert [r.action for r in audit_log(house.control)].count("house.look") == 3


@given(
    role=st.sampled_from([*HOUSE_ROLES, *TENANT_ROLES, *PARTNER_ROLES]),
    own=st.sampled_from(["lion", "wolf", "house"]),
    verb=st.sampled_from(VERBS),
    tenant=st.sampled_from(["lion", "wolf", "house", ""]),
    scopes=st.frozensets(st.sampled_from(VERBS)),
)
def test_nobody_may_more_than_role_scope_and_tenant_all_allow(
    role: str, own: str, verb: str, tenant: str, scopes: frozenset[str]
) -> None:
    principal = Principal(own, "x", role, scopes_of(role, scopes), "key")
    allowed = principal.may(verb, tenant)
    assert allowed <= (verb in scopes)
    assert allowed <= (verb in MAY[role])
    assert allowed <= may(User("x", own, role), verb, Thing(tenant))
    if own != "house":
        assert allowed <= (tenant == own)
        assert allowed <= (role not in HOUSE_ROLES)
    else:
        assert allowed <= (role in HOUSE_ROLES)
    expected = verb in scopes & MAY[role] and may(User("x", own, role), verb, Thing(tenant))
    assert allowed == expected


def test_a_tenants_user_acts_for_no_other_tenant(house: Context) -> None:
    with pytest.raises(PermissionError):
        ANN.context(house, tenant="wolf")
    acting = replace(ANN, scopes=frozenset({"read"})).context(house)
    assert (acting.tenant, acting.actor, acting.scopes) == ("lion", "ann", frozenset({"read"}))
