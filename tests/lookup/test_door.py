"""The look-up over HTTP: who may ask, what is answered, and what nobody gets to read."""

import asyncio
import logging
import threading
import time
from collections.abc import Iterator
from urllib.parse import quote

import httpx
import pytest

from fullhouse import app as use_cases
from fullhouse.access.keys import add_key, revoke_key
from fullhouse.cleanroom.tenants import add_tenant, add_user
from fullhouse.core.values import HOUSE
from fullhouse.lookup import LookupApp, lookup_app, memberships
from fullhouse.lookup.door import KEY_SECONDS, MOST_ACCOUNTS

from .generated_house import World

KEYS = {"good": 200, "narrow": 403}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("door") / "house", 21)
    made.build()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine a look takes longer than a server may wait for it."""
    monkeypatch.setattr(memberships, "MOST_SECONDS", 60)


@pytest.fixture
def app(world: World) -> Iterator[LookupApp]:
    made = lookup_app(world.house, lambda text: KEYS.get(text, 401))
    yield made
    made.close()


def ask(app: LookupApp, method: str, path: str, *, key: str | None = "good", **options):
    async def once() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://house") as client:
            return await client.request(method, path, headers=headers, **options)

    return asyncio.run(once())


def of(source: str, account: str) -> str:
    return f"/v1/memberships/{quote(source, safe='')}/{quote(account, safe='')}"


def test_every_account_is_answered_as_the_house_says(app: LookupApp, world: World) -> None:
    for account in world.accounts:
        answer = ask(app, "GET", of(*account))
        assert answer.status_code == 200
        assert set(answer.json()["segments"]) == world.expected(account)
    assert answer.headers["cache-control"] == "no-store"


def test_many_at_once_are_answered_in_order(app: LookupApp, world: World) -> None:
    accounts = [*world.accounts, ("nowhere", "nobody")]
    body = {"accounts": [{"source": s, "account": a} for s, a in accounts]}
    answer = ask(app, "POST", "/v1/memberships", json=body).json()["memberships"]
    assert [set(x) for x in answer] == [world.expected(a) for a in accounts]


def test_the_openrtb_form_is_a_user_with_data(app: LookupApp, world: World) -> None:
    account = next(a for a in world.accounts if world.expected(a))
    request = {
        "id": "1",
        "user": {"eids": [{"source": account[0], "uids": [{"id": account[1], "atype": 3}]}]},
    }
    answer = ask(app, "POST", "/v1/memberships/openrtb", json=request).json()
    (data,) = answer["user"]["data"]
    assert {s["id"] for s in data["segment"]} == world.expected(account)
    assert all(isinstance(s["name"], str) for s in data["segment"])
    assert ask(app, "GET", of(*account) + "?form=openrtb").json() == answer
    nobody = ask(app, "GET", of("shop", "nobody") + "?form=openrtb").json()
    assert nobody == {"user": {"data": []}}


def test_a_bid_request_of_two_accounts_is_refused(app: LookupApp) -> None:
    """One may be of somebody who is held out, who would be shown what is meant for the other."""
    uids = [{"id": "a"}, {"id": "b"}]
    for eids in ([{"source": "shop", "uids": uids}], [], [{"source": "shop", "uids": [{"id": 7}]}]):
        answer = ask(app, "POST", "/v1/memberships/openrtb", json={"user": {"eids": eids}})
        assert answer.status_code == 400
    assert ask(app, "POST", "/v1/memberships/openrtb", json=[]).status_code == 400


def test_an_unknown_account_is_answered_byte_for_byte_like_one_in_nothing(
    app: LookupApp, world: World
) -> None:
    nothing = next(a for a in world.accounts if not world.expected(a))
    answers = [
        ask(app, "GET", of(*a)) for a in (nothing, ("shop", "nobody"), ("nowhere", "nobody"))
    ]
    assert len({(a.status_code, a.content, tuple(a.headers.items())) for a in answers}) == 1


@pytest.mark.parametrize(
    ("key", "status"), [(None, 401), ("", 401), ("wrong", 401), ("narrow", 403), ("good", 200)]
)
def test_only_a_key_with_the_scope_is_let_in(app: LookupApp, key: str | None, status: int) -> None:
    for method, path in (("GET", of("shop", "a")), ("GET", "/v1/memberships")):
        answer = ask(app, method, path, key=key)
        assert answer.status_code == status
        if status != 200:
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["status"] == status


def test_keys_of_the_house_with_the_scope_open_it_and_no_others(world: World) -> None:
    house = world.house
    operator = add_user(house.control, HOUSE, "anna", "operator")
    auditor = add_user(house.control, HOUSE, "carl", "auditor")
    add_tenant(house.control, "north")
    owner = add_user(house.control, "north", "olga", "owner")
    looking, good = add_key(house.control, operator, scopes=["lookup"])
    texts = {
        "another scope": add_key(house.control, operator, scopes=["read"])[1],
        "another role": add_key(house.control, auditor)[1],
        "a tenant's": add_key(house.control, owner)[1],
    }
    app = use_cases.lookup_door(house)
    assert ask(app, "GET", of("shop", "a"), key=good).status_code == 200
    for whose, text in texts.items():
        assert ask(app, "GET", of("shop", "a"), key=text).status_code == 403, whose
    assert ask(app, "GET", of("shop", "a"), key=good[:-1] + "x").status_code == 401
    revoke_key(house.control, HOUSE, looking.id)
    time.sleep(KEY_SECONDS)
    assert ask(app, "GET", of("shop", "a"), key=good).status_code == 401
    app.close()


def test_beside_other_routes_it_answers_its_own_only(app: LookupApp) -> None:
    async def others(scope, receive, send) -> None:
        await send({"type": "http.response.start", "status": 418, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    both = app.beside(others)
    for path in ("/", "/v1/membershipsx", "/v1/films"):
        assert ask(both, "GET", path).status_code == 418
    for path in ("/v1/memberships", of("shop", "a")):
        assert ask(both, "GET", path).status_code == 200


def test_a_key_that_was_taken_back_is_refused_within_a_second(world: World) -> None:
    keys, asked = {"good": 200}, []

    def check(text: str) -> int:
        asked.append(text)
        return keys.get(text, 401)

    app = lookup_app(world.house, check)
    assert [ask(app, "GET", of("shop", "a")).status_code for _ in range(5)] == [200] * 5
    assert len(asked) == 1, "a key is not looked up for every request"
    keys.clear()
    time.sleep(KEY_SECONDS)
    assert ask(app, "GET", of("shop", "a")).status_code == 401
    app.close()


@pytest.mark.parametrize(
    ("method", "path", "options", "status"),
    [
        ("DELETE", "/v1/memberships", {}, 405),
        ("POST", "/v1/memberships/shop/a", {}, 405),
        ("GET", "/v1/memberships/openrtb", {}, 405),
        ("GET", "/v1/memberships/shop", {}, 404),
        ("GET", "/v1/memberships/shop/", {}, 404),
        ("POST", "/v1/memberships", {"content": b"{"}, 400),
        ("POST", "/v1/memberships", {"json": []}, 400),
        ("POST", "/v1/memberships", {"json": {"accounts": [{"source": "shop"}]}}, 400),
        ("POST", "/v1/memberships", {"content": b"[" * 100_000}, 400),
        ("POST", "/v1/memberships", {"content": b" " * (2 << 20)}, 413),
        (
            "POST",
            "/v1/memberships",
            {"json": {"accounts": [{"source": "s", "account": "a"}] * (MOST_ACCOUNTS + 1)}},
            413,
        ),
    ],
)
def test_what_cannot_be_answered_is_a_problem_in_words(
    app: LookupApp, method: str, path: str, options: dict[str, object], status: int
) -> None:
    answer = ask(app, method, path, **options)
    assert answer.status_code == status
    assert answer.json().keys() == {"type", "title", "status", "detail"}


def test_an_account_may_have_any_letters(app: LookupApp) -> None:
    for account in ("a/b", "a%2Fb", "Ünï", "a?b#c", "名字", "a b", "\x00", "a\udcffb"):
        path = f"/v1/memberships/shop/{quote(account.encode(errors='surrogatepass'), safe='')}"
        assert ask(app, "GET", path).json() == {"segments": []}


def test_without_a_file_the_answer_is_503_and_says_what_to_do(tmp_path, world: World) -> None:
    app = lookup_app(world.house, lambda _: 200, path=tmp_path / "none.lookup")
    answer = ask(app, "GET", of("shop", "a"))
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert "fullhouse lookup build" in answer.json()["detail"]
    app.close()


def test_a_server_writes_down_no_account(
    app: LookupApp,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With the access log of the server on: it writes down each path that it answers."""
    import uvicorn

    config = uvicorn.Config(app, host="127.0.0.1", port=0, access_log=True, log_config=None)
    server = uvicorn.Server(config)
    # Another server of the same process may have turned it off.
    monkeypatch.setattr(logging.getLogger("uvicorn.access"), "propagate", True)
    with caplog.at_level(logging.DEBUG), caplog.at_level(logging.INFO, "uvicorn.access"):
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        try:
            while not server.started:
                time.sleep(0.01)
            port = server.servers[0].sockets[0].getsockname()[1]
            for path in (of("shop", "ann-private"), of("shop", "ann-private") + "?form=openrtb"):
                answer = httpx.get(
                    f"http://127.0.0.1:{port}{path}", headers={"Authorization": "Bearer good"}
                )
                assert answer.status_code == 200
        finally:
            server.should_exit = True
            thread.join()
    lines = [r.getMessage() for r in caplog.records if r.name.startswith("uvicorn")]
    assert any("/v1/memberships/-" in line for line in lines), "it did write its access log"
    captured = capfd.readouterr()
    assert "ann-private" not in "".join([*lines, captured.out, captured.err])
