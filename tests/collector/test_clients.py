"""Unmodified client libraries: each posts a session, and the lake holds exactly that."""

import json
from typing import Any

import pytest
import rudderstack.analytics.client as rudder
import segment.analytics.client as segment
from snowplow_tracker import (
    Emitter,
    PageView,
    SelfDescribing,
    SelfDescribingJson,
    StructuredEvent,
    Subject,
    Tracker,
)

from fullhouse.core.tables import (
    ACTIVITY,
    IDENTIFIER,
    PLAY,
    PURCHASE,
    QUARANTINE,
    SEARCH,
    TRAILER_VIEW,
    Table,
)
from tests.collector.conftest import Door

SECRETS = ("bob@example.com", "+1 415 555 2671", "4155552671", "anon-0001")


def _session(client: Any) -> None:
    """What a visitor does, in the words that Segment's and RudderStack's libraries share."""
    client.identify("u1", {"email": "bob@example.com", "phone": "+1 415 555 2671"})
    client.page("u1", name="Home", properties={"url": "https://x.example/?mail=bob@example.com"})
    client.track("u1", "Trailer Viewed", {"film": "f1", "completion": 0.75})
    client.track("u1", "search", {"query": "dune", "results": 3})
    client.track("u1", "play", {"film": "f2"})
    products = [{"product_id": "p1", "price": 3.5, "quantity": 2}, {"sku": "p2", "price": 1}]
    client.track("u1", "Order Completed", {"currency": "USD", "products": products})
    client.track("u1", "Something Else", {"note": "call +1 415 555 2671"})
    client.group("u1", "g1", {})
    client.alias("anon-0001", "u1")
    client.screen("u1", name="Menu")
    client.flush()
    client.join()


@pytest.fixture(scope="module")
def sent(door: Door) -> Door:
    """The house after every library's session."""
    faults: list[object] = []
    key = door.new_source("segment")
    _session(segment.Client(key, host=door.url, on_error=lambda e, _: faults.append(e)))
    key = door.new_source("segment-gzip")
    _session(segment.Client(key, host=door.url, gzip=True, on_error=lambda e, _: faults.append(e)))
    key = door.new_source("rudder")
    _session(rudder.Client(key, host=door.url, on_error=lambda e, _: faults.append(e)))
    key = door.new_source("snowplow")
    host = door.url.removeprefix("http://")
    for method in ("post", "get"):
        emitter = Emitter(
            host, protocol="http", method=method, on_failure=lambda *a: faults.append(a)
        )
        tracker = Tracker("web", emitter, app_id=key, subject=Subject().set_user_id(f"u-{method}"))
        tracker.track(PageView("https://x.example/", page_title="Home"))
        tracker.track(StructuredEvent("film", "Trailer Viewed", "f1"))
        schema = "iglu:example/search/jsonschema/1-0-0"
        tracker.track(SelfDescribing(SelfDescribingJson(schema, {"query": "dune"})))
        tracker.flush()
    assert not faults
    door.flush()
    return door


def _of(door: Door, table: Table, source: str) -> list[dict[str, Any]]:
    return [row for row in door.rows(table) if row["source"] == source]


@pytest.mark.parametrize("source", ["segment", "segment-gzip", "rudder"])
def test_a_session_of_a_client_is_in_the_lake_exactly(sent: Door, source: str) -> None:
    types = sorted(row["type"] for row in _of(sent, ACTIVITY, source))
    assert types == sorted(["identify", "page", *["track"] * 5, "group", "alias", "screen"])
    assert not _of(sent, QUARANTINE, source)
    [trailer] = _of(sent, TRAILER_VIEW, source)
    assert (trailer["account"], trailer["film"], trailer["completion"]) == ("u1", "f1", 0.75)
    [search] = _of(sent, SEARCH, source)
    assert (search["query"], search["results"]) == ("dune", 3)
    assert [row["film"] for row in _of(sent, PLAY, source)] == ["f2"]
    bought = [(r["product"], r["quantity"], r["unit_price"]) for r in _of(sent, PURCHASE, source)]
    assert sorted(bought) == [("p1", 2, 3.5), ("p2", 1, 1)]
    assert {row["kind"] for row in _of(sent, IDENTIFIER, source)} >= {"email", "phone"}
    library = {(r["library"], bool(r["library_version"])) for r in _of(sent, ACTIVITY, source)}
    assert len(library) == 1
    assert library.pop()[1]


def test_snowplow_trackers_post_and_get_the_same(sent: Door) -> None:
    for method in ("post", "get"):
        account = f"u-{method}"
        rows = [r for r in _of(sent, ACTIVITY, "snowplow") if r["account"] == account]
        assert sorted(r["type"] for r in rows) == ["page", "track", "track"]
        assert {r["library"] for r in rows} == {"snowplow-py"}
        assert [
            r["film"] for r in _of(sent, TRAILER_VIEW, "snowplow") if r["account"] == account
        ] == ["f1"]
        assert [r["query"] for r in _of(sent, SEARCH, "snowplow") if r["account"] == account] == [
            "dune"
        ]


def test_no_raw_identifier_is_in_any_byte_of_the_house(sent: Door) -> None:
    files = [p for p in sent.house.place.path.rglob("*") if p.is_file()]
    assert len(files) > 20
    for path in files:
        data = path.read_bytes()
        for secret in SECRETS:
            assert secret.encode() not in data, f"{secret} in {path}"
    for table in (ACTIVITY, QUARANTINE, IDENTIFIER, PURCHASE, TRAILER_VIEW):
        text = json.dumps(sent.rows(table), default=str)
        for secret in SECRETS:
            assert secret not in text
