"""Keys of programs: known again until they end, and nothing else opens anything."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, event, select

from fullhouse import app
from fullhouse import control as control_package
from fullhouse.access import keys
from fullhouse.access.keys import principal_of_key
from fullhouse.access.principal import Principal
from fullhouse.cleanroom import log, tenants
from fullhouse.cleanroom.roles import MAY, VERBS
from fullhouse.control.control import audit_log
from fullhouse.control.schema import AccessKeyRow, Base, MemberRow
from fullhouse.core.errors import InputError
from fullhouse.workspace.context import Context
from tests.access.conftest import Clock

FEW = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def make(context: Context, user: str = "ann", **request: object) -> app.KeyMade:
    return app.key_add(context, app.AddKey(user, **request))


def known(house: Context, text: str) -> Principal | None:
    return principal_of_key(house.control, text, house.now)


def test_a_key_is_its_users_with_the_verbs_of_the_role(house: Context) -> None:
    text = make(house, tenant="lion", label="nightly report").text
    assert known(house, text) == Principal("lion", "ann", "owner", MAY["owner"], "key")
    own = make(house, user="olga").text
    assert known(house, own) == Principal("house", "olga", "operator", MAY["operator"], "key")
    assert known(house, make(house, user="robot", tenant="wechat").text) == Principal(
        "wechat", "robot", "channel", frozenset({"fetch"}), "key"
    )


def test_the_text_of_a_key_is_stored_nowhere(house: Context) -> None:
    text = make(house, tenant="lion").text
    secret = text.split("_")[2]
    assert len(secret) == 49
    with house.control.connect() as connection:
        for table in Base.metadata.sorted_tables:
            for row in connection.execute(select(table)):
                assert secret[:20] not in repr(row)
    assert secret not in repr(app.key_list(house, app.ListKeys("lion")))


def test_256_bits_fit_and_are_all_kept() -> None:
    texts = {keys._text("a" * 12, bytes([first]) + bytes(31)) for first in (0, 1, 128, 255)}
    assert len(texts) == 4
    for text in (*texts, keys._text("a" * 12, b"\xff" * 32)):
        assert keys._parsed(text)[0] == "a" * 12


@pytest.fixture
def text(house: Context) -> str:
    """A key of the owner of the tenant lion."""
    return make(house, tenant="lion").text


@FEW
@given(data=st.data())
def test_no_changed_trimmed_or_invented_text_opens_anything(
    house: Context, text: str, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.characters(codec="utf-8"))
    forged = data.draw(
        st.sampled_from(
            [
                text[:place],
                text[place + 1 :],
                text[:place] + letter + text[place + 1 :],
                text + letter,
                letter + text,
                text.swapcase(),
                text + "\n",
                letter * len(text),
            ]
        )
    )
    assert (known(house, forged) is not None) == (forged == text)


def test_a_right_checksum_alone_opens_nothing(house: Context) -> None:
    made = make(house, tenant="lion")
    guessed = keys._text(made.key.id, b"\x07" * 32)
    assert keys._parsed(guessed)[0] == made.key.id
    assert known(house, guessed) is None
    assert known(house, keys._text("0" * 12, b"\x07" * 32)) is None


def test_whatever_opens_nothing_takes_the_same_steps(house: Context, clock: Clock) -> None:
    made = make(house, tenant="lion")
    other = make(house, tenant="wolf")
    app.tenant_suspend(house, app.SuspendTenant("wolf"))
    revoked = make(house, tenant="lion")
    app.key_revoke(house, app.RevokeKey(revoked.key.id, "lion"))
    steps = []
    database = house.control.database
    for text in (
        "",
        "fh_",
        made.text[:-1],
        keys._text("0" * 12, bytes(32)),
        keys._text(made.key.id, bytes(32)),
        other.text,
        revoked.text,
    ):
        statements: list[str] = []

        def note(_c: object, _k: object, statement: str, *_: object, to=statements) -> None:
            to.append(statement)

        event.listen(database, "before_cursor_execute", note)
        assert known(house, text) is None
        event.remove(database, "before_cursor_execute", note)
        steps.append(statements)
    assert len(steps[0]) == 1
    assert all(each == steps[0] for each in steps)


def test_a_key_ends_on_its_day_and_when_it_is_revoked(house: Context, clock: Clock) -> None:
    made, other = make(house, tenant="lion", days=2), make(house, tenant="lion")
    clock.forward(days=2, seconds=-1)
    assert known(house, made.text)
    clock.forward(seconds=1)
    assert known(house, made.text) is None
    assert known(house, other.text)
    app.key_revoke(house, app.RevokeKey(other.key.id, "lion"))
    assert known(house, other.text) is None
    ended = clock.now
    clock.forward(days=1)
    assert app.key_revoke(house, app.RevokeKey(other.key.id, "lion")).key.ended_at == ended


def test_a_suspended_tenants_key_stops_at_once_and_works_again_later(house: Context) -> None:
    text = make(house, tenant="lion").text
    app.tenant_suspend(house, app.SuspendTenant("lion"))
    assert known(house, text) is None
    app.tenant_suspend(house, app.SuspendTenant("lion", resume=True))
    assert known(house, text)


def test_a_removed_users_key_stops_at_once_and_is_not_the_next_ones(house: Context) -> None:
    text = make(house, user="vic", tenant="lion").text
    app.user_remove(house, app.RemoveUser("vic", "lion"))
    assert known(house, text) is None
    tenants.add_user(house.control, "lion", "vic", "owner")
    assert known(house, text) is None


def test_a_user_whose_row_is_gone_has_no_key(house: Context) -> None:
    text = make(house, user="vic", tenant="lion").text
    with house.control.begin() as connection:
        connection.execute(delete(MemberRow).where(MemberRow.name == "vic"))
    assert known(house, text) is None


@pytest.mark.parametrize("role", ["viewer", "marketer", "owner"])
def test_a_role_that_changed_takes_verbs_from_a_key_and_gives_none(
    house: Context, role: str
) -> None:
    text = make(house, user="max", tenant="lion").text
    tenants.add_user(house.control, "lion", "max", role)
    principal = known(house, text)
    assert principal is not None
    assert principal.role == role
    assert principal.scopes == MAY[role] & MAY["marketer"]


@pytest.mark.parametrize("verb", VERBS)
def test_a_key_has_the_scopes_that_it_was_given_and_no_more_than_the_role(
    house: Context, verb: str
) -> None:
    if verb in MAY["marketer"]:
        made = make(house, user="max", tenant="lion", scopes=(verb,))
        principal = known(house, made.text)
        assert principal is not None
        assert [v for v in VERBS if principal.may(v, "lion")] == [verb]
    else:
        with pytest.raises(InputError, match="nothing that marketer may do"):
            make(house, user="max", tenant="lion", scopes=(verb,))


def test_a_scope_that_is_no_verb_is_named_with_the_nearest(house: Context) -> None:
    with pytest.raises(InputError, match=r"'reed' is no verb.*Did you mean 'read'"):
        make(house, user="max", tenant="lion", scopes=("reed",))


@pytest.mark.parametrize("days", [0, -1, 367])
def test_no_key_is_for_ever_or_for_no_time(house: Context, days: int) -> None:
    with pytest.raises(InputError, match="1 to 366 days"):
        make(house, tenant="lion", days=days)


def test_that_a_key_is_used_is_written_at_most_once_a_minute(house: Context, clock: Clock) -> None:
    made = make(house, tenant="lion")

    def used() -> object:
        return app.key_list(house, app.ListKeys("lion")).keys[0].used_at

    assert used() is None
    first = clock.now
    known(house, made.text)
    assert used() == first
    clock.forward(seconds=59)
    known(house, made.text)
    assert used() == first
    clock.forward(seconds=1)
    known(house, made.text)
    assert used() == clock.now


def test_a_rotated_key_overlaps_with_the_one_that_it_replaces(house: Context, clock: Clock) -> None:
    old = make(house, user="max", tenant="lion", scopes=("read",), days=30, label="report")
    clock.forward(days=20)
    new = app.key_rotate(house, app.RotateKey(old.key.id, "lion", overlap_hours=2))
    assert (new.key.user, new.key.scopes, new.key.label) == ("max", ("read",), "report")
    assert new.key.expires_at - clock.now == timedelta(days=30)
    clock.forward(hours=1)
    assert known(house, old.text)
    assert known(house, new.text)
    clock.forward(hours=1)
    assert known(house, old.text) is None
    assert known(house, new.text)
    with pytest.raises(InputError, match="has ended"):
        app.key_rotate(house, app.RotateKey(old.key.id, "lion"))


@pytest.mark.slow
def test_to_rotate_with_overlap_never_lengthens_a_key(house: Context, clock: Clock) -> None:
    old = make(house, tenant="lion", days=1)
    app.key_rotate(house, app.RotateKey(old.key.id, "lion", overlap_hours=720))
    clock.forward(days=1)
    assert known(house, old.text) is None
    again = make(house, tenant="lion")
    app.key_rotate(house, app.RotateKey(again.key.id, "lion", overlap_hours=1))
    app.key_rotate(house, app.RotateKey(again.key.id, "lion", overlap_hours=24))
    clock.forward(hours=2)
    assert known(house, again.text) is None


def test_an_owner_manages_the_keys_of_the_own_users(house: Context, owner: Context) -> None:
    made = make(owner, user="vic")
    assert made.key.tenant == "lion"
    assert [k.id for k in app.key_list(owner).keys] == [made.key.id]
    app.key_rotate(owner, app.RotateKey(made.key.id))
    app.key_revoke(owner, app.RevokeKey(made.key.id))
    assert known(house, made.text) is None


@pytest.mark.parametrize("name", ["max", "vic", "nobody", "house:aron", "house:olga"])
def test_nobody_but_an_owner_manages_a_tenants_keys(house: Context, name: str) -> None:
    actor = replace(house, tenant="lion", actor=name)
    for call in (
        lambda: make(actor, user="vic"),
        lambda: app.key_list(actor),
        lambda: app.key_revoke(actor, app.RevokeKey("x")),
        lambda: app.user_remove(actor, app.RemoveUser("vic")),
    ):
        with pytest.raises(InputError, match=r"may not manage|No user"):
            call()


def test_an_owner_learns_nothing_of_the_keys_and_users_of_others(
    house: Context, owner: Context
) -> None:
    foreign = make(house, user="max", tenant="wolf")
    messages = set()
    for key in (foreign.key.id, "A" * 12):
        for call in (
            lambda key=key: app.key_revoke(owner, app.RevokeKey(key)),
            lambda key=key: app.key_rotate(owner, app.RotateKey(key)),
        ):
            with pytest.raises(InputError) as refused:
                call()
            messages.add(str(refused.value).replace(key, "KEY"))
    assert len(messages) == 1
    messages = set()
    for tenant in ("wolf", "house", "nobody"):
        for call in (
            lambda tenant=tenant: make(owner, user="max", tenant=tenant),
            lambda tenant=tenant: app.key_list(owner, app.ListKeys(tenant)),
            lambda tenant=tenant: app.user_remove(owner, app.RemoveUser("max", tenant)),
        ):
            with pytest.raises(InputError) as refused:
                call()
            messages.add(str(refused.value).replace(tenant, "TENANT"))
    assert len(messages) == 1
    assert known(house, foreign.text)


def test_a_key_gives_no_key_that_opens_more(house: Context) -> None:
    key = make(house, tenant="lion", scopes=("manage",)).text
    principal = known(house, key)
    assert principal is not None
    acting = principal.context(house)
    with pytest.raises(InputError, match="does not have"):
        make(acting)
    with pytest.raises(InputError, match="does not have"):
        make(acting, user="vic")
    assert make(acting, scopes=("manage",)).text
    wide = make(house, tenant="lion", label="wide")
    with pytest.raises(InputError, match="does not have"):
        app.key_rotate(acting, app.RotateKey(wide.key.id))


def test_an_operator_makes_no_key_of_an_officer_for_privacy(house: Context) -> None:
    principal = known(house, make(house, user="olga").text)
    assert principal is not None
    acting = principal.context(house)
    with pytest.raises(InputError, match="does not have"):
        make(acting, user="pia")
    assert make(acting, user="ann", tenant="lion").text
    auditor = known(house, make(house, user="aron").text)
    assert auditor is not None
    with pytest.raises(InputError, match="may not admit"):
        make(auditor.context(house), user="ann", tenant="lion")


def test_what_is_done_to_keys_is_in_the_audit_log_and_in_the_tenants_log(
    house: Context, owner: Context
) -> None:
    made = make(house, tenant="lion")
    app.key_revoke(owner, app.RevokeKey(made.key.id))
    assert [row.action for row in audit_log(owner.control)] == ["key.revoke"]
    assert audit_log(house.control)[0].detail["key"] == made.key.id
    leaves = log.entries(owner.control)
    assert [leaf.kind for leaf in leaves] == ["key.revoke", "key.add"]
    assert made.text not in repr(leaves)
    assert app.log_verify(house) == ()


def _rows(house: Context) -> dict[str, list[tuple[object, ...]]]:
    """Every row of the control database."""
    with house.control.connect() as connection:
        return {
            table.name: sorted(map(tuple, connection.execute(table.select())), key=repr)
            for table in Base.metadata.sorted_tables
        }


@pytest.mark.parametrize("fault", ["audit", "log"])
def test_nobody_is_let_in_or_shut_out_without_a_row_that_says_so(
    house: Context, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    key = make(house, tenant="lion").key.id
    before = _rows(house)

    def fails(*_: object, **__: object) -> None:
        raise OSError("the disk is gone")

    where = (log, "append") if fault == "log" else (control_package, "record")
    monkeypatch.setattr(*where, fails)
    for verb, request in (
        (app.key_add, app.AddKey("ann", "lion")),
        (app.key_revoke, app.RevokeKey(key, "lion")),
        (app.key_rotate, app.RotateKey(key, "lion")),
        (app.user_add, app.AddUser("lion", "new", "viewer")),
        (app.user_suspend, app.SuspendUser("vic", "lion")),
        (app.user_remove, app.RemoveUser("vic", "lion")),
        (app.user_email, app.SetEmail("vic", "vic@lion.example", "lion")),
        (app.password_link, app.MakeLink("vic", "lion")),
        (app.tenant_add, app.AddTenant("bear")),
        (app.tenant_suspend, app.SuspendTenant("lion")),
    ):
        with pytest.raises(OSError, match="the disk is gone"):
            verb(house, request)
        assert _rows(house) == before, verb.__name__
    monkeypatch.undo()
    app.user_remove(house, app.RemoveUser("vic", "lion"))
    assert audit_log(house.control)[0].action == "user.remove"
    assert app.log_verify(house) == ()


def test_a_studio_has_no_channels_user_and_a_channel_no_studios(house: Context) -> None:
    for tenant, role in (("lion", "channel"), ("wechat", "owner")):
        with pytest.raises(InputError, match=r"is a (studio|partner)"):
            tenants.add_user(house.control, tenant, "eve", role)
    with pytest.raises(InputError, match="works on no title"):
        tenants.add_title(house.control, "wechat", "film-2026")


def test_the_keys_row_has_the_digest_alone(house: Context) -> None:
    make(house, tenant="lion")
    with house.control.session() as session:
        row = session.scalars(select(AccessKeyRow)).one()
    assert len(row.digest) == 64
