"""The client has the library's verbs: the same requests, the same values, the same errors."""

from dataclasses import replace

import httpx
import pytest

import fullhouse as fh
from fullhouse.api.rows import ROWS
from fullhouse.client import Client
from fullhouse.core.errors import NotFoundError


def client_of(served, who, **options):
    return Client("http://testserver", served.keys[who], http=served.http, **options)


def test_a_studio_asks_as_it_does_in_the_library(served):
    lion = client_of(served, "lion/ann")
    assert [t.film for t in lion.titles()] == ["our-film-2026"]
    ask = fh.Ask(fh.Overlap(("buys:books", "buys:dogs")))
    price = lion.room_price(ask)
    answer = lion.room_ask(ask)
    assert answer.paid == price.rho
    assert (
        answer.release.digest
        == fh.room_release(
            _context(served, "lion", "ann"), fh.ReadRelease(answer.digest)
        ).release.digest
    )
    assert lion.room_ask(ask).paid == 0
    assert lion.room_release(fh.ReadRelease(answer.digest)).body == answer.body
    assert answer.digest in [given.digest for given in lion.room_releases()]
    assert lion.room_statement().tenant == "lion"
    assert lion.log_list(fh.ListLog(3)).entries
    assert lion.log_receipt(fh.MakeReceipt(answer.receipt["position"]))["format"]
    assert lion.log_head(fh.ShowHead(own=True))["tenant"] == "lion"


def test_an_error_is_the_librarys_in_the_houses_words(served):
    lion = client_of(served, "lion/ann")
    with pytest.raises(fh.InputError, match="Did you mean"):
        lion.room_ask(fh.Ask(fh.Count("buys:boks")))
    with pytest.raises(NotFoundError):
        lion.room_release(fh.ReadRelease("0" * 64))
    with pytest.raises(fh.InputError) as refused:
        lion.call("tenant_list")
    assert refused.value.code == "house_only"
    with pytest.raises(fh.InputError, match="The API has no 'backup'"):
        lion.call("backup")


def test_the_house_calls_every_row_by_its_name_and_sends_files_by_itself(served, tmp_path):
    house = client_of(served, "house/olga")
    added = house.call("tenant_add", fh.AddTenant("client-studio", "Client Studio"))
    assert added["label"] == "Client Studio"
    assert "client-studio" in [t["tenant"] for t in house.pages("tenant_list")]
    counted = house.call("audience_count", fh.CountAudience("buys:books"))
    assert counted["persons"] > 1_000
    film = tmp_path / "feed.toml"
    film.write_text("nothing")
    with pytest.raises(fh.InputError):
        house.call("check_feed", fh.CheckFeed(film, (str(film),)))
    as_lion = client_of(served, "house/olga", tenant="lion")
    assert [t.film for t in as_lion.titles()] == ["our-film-2026"]


def test_who_is_turned_away_comes_again():
    calls = []

    def answer(request: httpx.Request) -> httpx.Response:
        calls.append(request)
        if len(calls) < 3:
            return httpx.Response(503, headers={"Retry-After": "2"})
        return httpx.Response(200, json={"ok": True})

    waits = []
    http = httpx.Client(base_url="http://x", transport=httpx.MockTransport(answer))
    client = Client("http://x", "k", http=http, sleep=waits.append)
    assert client.request("GET", "/v1/titles").json() == {"ok": True}
    assert waits == [2.0, 2.0]


def test_a_change_is_sent_under_one_idempotency_key_however_often():
    keys = []

    def answer(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers.get("idempotency-key"))
        if len(keys) < 3:
            raise httpx.ConnectError("gone")
        return httpx.Response(201, json={"tenant": "x"})

    http = httpx.Client(base_url="http://x", transport=httpx.MockTransport(answer))
    client = Client("http://x", "k", http=http, sleep=lambda _: None)
    assert client.call("tenant_add", fh.AddTenant("x")) == {"tenant": "x"}
    assert len(set(keys)) == 1
    assert keys[0]


def test_every_row_can_be_called_by_one_name():
    assert len({row.name for row in ROWS}) == len(ROWS)


def _context(served, tenant, actor):
    return replace(served.house, tenant=tenant, actor=actor)
