"""What the collector answers, and what of a message comes to stand in the lake."""

import asyncio
import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from fullhouse import app
from fullhouse.collector import collector_app, collector_room
from fullhouse.control.suppression import account_digest, suppress
from fullhouse.core.errors import InputError
from fullhouse.core.tables import ACCOUNT_TABLE, ACTIVITY, IDENTIFIER, QUARANTINE, TRAILER_VIEW
from tests.collector.conftest import Door


def trailer(id_: str, **more: object) -> dict[str, object]:
    return {
        "type": "track", "event": "Trailer Viewed", "userId": "u1", "messageId": id_,
        "properties": {"film": "f1", "completion": 0.5}, **more,
    }  # fmt: skip


IDENTIFY = {
    "type": "identify", "userId": "u1", "messageId": "b",
    "traits": {"email": "bob@example.com", "gender": "F"},
}  # fmt: skip
SENT = datetime(2026, 1, 5, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def filled(door: Door) -> Door:
    """Some messages, sent again before and after they were moved."""
    suppress(door.house.control, [account_digest(door.house.key, "gone", "erased")])
    key = door.new_source("gone")
    assert door.batch(trailer("a"), IDENTIFY, 5, trailer("a")).status_code == 200
    door.batch(trailer("a"), IDENTIFY)
    assert door.batch(trailer("g1", userId="erased"), trailer("g2"), key=key).status_code == 200
    body = {
        "batch": [trailer("clock", timestamp=SENT.isoformat())],
        "sentAt": (SENT + timedelta(minutes=1)).isoformat(),
    }
    door.post("/v1/batch", body, key=door.new_source("clock"))
    bad = trailer(
        "late",
        timestamp="2190-01-01T00:00:00Z",
        context={"library": {"name": "old-lib", "version": "0.1"}},
    )
    door.batch(bad, trailer("fine"), key=door.new_source("wrong"))
    door.flush()
    door.batch(trailer("a"), IDENTIFY)
    door.flush()
    return door


def _of(door: Door, table: Any, source: str) -> list[dict[str, Any]]:
    return [row for row in door.rows(table) if row["source"] == source]


def test_a_message_is_in_the_lake_once_however_often_it_is_sent(filled: Door) -> None:
    views = _of(filled, TRAILER_VIEW, "site")
    assert [(v["event_id"], v["film"], v["completion"]) for v in views] == [("a", "f1", 0.5)]
    assert sorted(r["event_id"] for r in _of(filled, ACTIVITY, "site")) == ["a", "b"]
    assert [r["gender"] for r in _of(filled, ACCOUNT_TABLE, "site")] == ["female"]
    assert [r["kind"] for r in _of(filled, IDENTIFIER, "site")] == ["email"]
    assert [r["reason"] for r in _of(filled, QUARANTINE, "site")] == ["bad_value"]


def test_an_event_of_an_erased_person_is_counted_and_dropped(filled: Door) -> None:
    assert [r["event_id"] for r in _of(filled, ACTIVITY, "gone")] == ["g2"]
    assert app.collector_status(filled.house).dropped == {("gone", "suppressed"): 1}
    assert "erased" not in json.dumps(filled.rows(QUARANTINE), default=str)


@pytest.mark.slow
def test_an_erasure_reaches_what_still_waits_for_the_lake(door: Door) -> None:
    key = door.new_source("waits")
    assert door.batch(trailer("w1", userId="away-7"), trailer("w2"), key=key).status_code == 200
    erased = app.erase_people(door.house, app.ErasePeople((("waits", "away-7"),)))
    assert erased.verification is not None
    assert not erased.verification.traces
    assert [r["event_id"] for r in _of(door, ACTIVITY, "waits")] == ["w2"]
    assert not any(door.house.place.path.joinpath("collector").glob("*.wal"))


def test_the_senders_clock_is_repaired_and_its_time_stays_beside(filled: Door) -> None:
    [row] = _of(filled, ACTIVITY, "clock")
    assert row["reported_at"] == SENT
    assert row["received_at"] - row["at"] == timedelta(minutes=1)
    [view] = _of(filled, TRAILER_VIEW, "clock")
    assert view["at"] == row["at"]


def test_status_names_what_a_library_version_gets_wrong(filled: Door) -> None:
    libraries = app.collector_status(filled.house).libraries
    [old] = [x for x in libraries if x.source == "wrong" and x.library == "old-lib"]
    assert old.version == "0.1"
    assert set(old.refused) == {"future_time at"}
    assert [r["event_id"] for r in _of(filled, TRAILER_VIEW, "wrong")] == ["fine"]


def test_check_says_what_messages_would_become_and_writes_nothing(door: Door) -> None:
    before = list(door.house.place.path.joinpath("collector").glob("*.open"))
    rows = door.check(trailer("c1"), {"type": "track", "event": "play", "userId": "u"}, 5)
    kinds = [(r["message"], r["kind"], r["reason"]) for r in rows]
    assert kinds == [
        (0, "activity", None), (0, "trailer_view", None),
        (1, "activity", None), (1, "play", "missing_required"),
        (2, "message", "bad_value"),
    ]  # fmt: skip
    assert rows[1]["row"]["film"] == "f1"
    assert list(door.house.place.path.joinpath("collector").glob("*.open")) == before


@pytest.mark.parametrize(
    ("path", "body", "headers"),
    [
        ("/v1/track", {"event": "x", "userId": "u"}, {}),
        ("/v1/t", {"event": "x", "userId": "u"}, {"content-type": "text/plain"}),
        ("/v1/import", {"batch": [{"type": "page", "userId": "u"}]}, {}),
        ("/beacon/v1/batch", {"batch": []}, {"content-type": "text/plain"}),
        ("/v1/batch", {"batch": [1, None, [], {"type": 3}, "x"]}, {}),
        ("/v1/batch", [], {}),
        ("/v1/batch", {"batch": "no list"}, {}),
        ("/v1/b/", 7, {}),
    ],
)
def test_whatever_json_is_taken(
    door: Door, path: str, body: object, headers: dict[str, str]
) -> None:
    assert door.post(path, body, headers=headers).status_code == 200


def test_a_body_is_json_whatever_its_content_type_and_gzip_needs_no_header(door: Door) -> None:
    body = gzip.compress(json.dumps({"batch": [{"type": "page", "userId": "u"}]}).encode())
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert door.post("/v1/batch", body, headers=form).status_code == 200
    assert door.post("/v1/batch", body, headers={"content-encoding": "gzip"}).status_code == 200


def test_answers_say_what_a_client_should_do(door: Door) -> None:
    assert door.post("/v1/batch", {"batch": []}, key="nobody").status_code == 401
    assert door.post("/v1/batch", b"no json").status_code == 400
    assert door.post("/v1/batch", b"").status_code == 400
    assert door.post("/v1/batch", b'{"batch":["' + b"x" * (501 * 1024) + b'"]}').status_code == 413
    assert door.post("/v1/track", {"event": "x" * 33_000}).status_code == 413
    assert door.post("/v1/import", b'"' + b"x" * (4_001 * 1024) + b'"').status_code == 413
    bomb = gzip.compress(b'"' + b" " * (50 << 20) + b'"')
    assert door.post("/v1/import", bomb).status_code == 413
    assert door.post("/nowhere", {}).status_code == 404
    big = door.check(trailer("big", note="x" * 33_000), trailer("small"))
    assert [(r["message"], r["reason"]) for r in big] == [(0, "too_long"), (1, None), (1, None)]


def test_a_key_may_stand_in_the_address_the_body_or_a_header(door: Door) -> None:
    body = json.dumps({"batch": [], "writeKey": door.key}).encode()
    assert door.http.post("/v1/batch", content=body).status_code == 200
    empty = b'{"batch":[]}'
    assert door.http.post(f"/v1/batch?writeKey={door.key}", content=empty).status_code == 200
    header = {"x-write-key": door.key}
    assert door.http.post("/v1/batch", content=empty, headers=header).status_code == 200
    pixel = door.http.get(f"/pixel/v1/track?writeKey={door.key}&event=x&userId=u")
    assert (pixel.status_code, pixel.headers["content-type"]) == (200, "image/gif")


def test_browsers_are_answered_before_they_send(door: Door) -> None:
    asked = {
        "origin": "https://shop.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "anonymousid,authorization,content-type,sentat",
    }
    answer = door.http.options("/v1/track", headers=asked)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"
    allowed = answer.headers["access-control-allow-headers"]
    assert allowed == asked["access-control-request-headers"]
    settings = door.http.get(f"/v1/projects/{door.key}/settings").json()
    host = settings["integrations"]["Segment.io"]["apiHost"]
    assert f"http://{host}" == f"{door.url}/v1"
    assert door.http.get("/v1/projects/nobody/settings").status_code == 404
    config = door.http.get(f"/sourceConfig/?p=process&writeKey={door.key}").json()
    assert config["source"]["enabled"] is True


def test_a_key_is_known_the_moment_it_is_made(door: Door) -> None:
    key = door.new_source("moment")
    for _ in range(5):
        # The look-up for the unknown key is just done.
        assert door.batch(key="nobody-" + key).status_code == 401
        fresh = app.collector_key(door.house, app.NewWriteKey("moment")).key
        assert door.batch(key=fresh).status_code == 200


def test_a_disabled_source_and_a_revoked_key_are_refused(door: Door) -> None:
    key = door.new_source("off")
    assert door.batch(key=key).status_code == 200
    app.collector_enable(door.house, app.EnableSource("off", enabled=False))
    door.served.collector._read()
    assert door.batch(key=key).status_code == 404
    app.collector_enable(door.house, app.EnableSource("off"))
    [stored] = [k for k in app.collector_keys(door.house) if k.source == "off"]
    app.collector_revoke(door.house, app.RevokeWriteKey(stored.id))
    door.served.collector._read()
    assert door.batch(key=key).status_code == 401
    assert key not in door.house.place.path.joinpath("control.db").read_bytes().decode("latin-1")


def test_a_full_disk_answers_503_and_nothing_of_it_stands(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fullhouse.feeds import wal

    def full(handle: int, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(wal, "_write", full)
        answer = door.batch(trailer("full"))
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert door.batch(trailer("after")).status_code == 200


def test_too_much_that_waits_is_sent_again_later(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as busy:
        busy.setattr(door.served.collector._log, "waiting_bytes", 1 << 40)
        answer = door.batch(trailer("busy"))
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('kind = "view"\n[columns]\naccount = "userId"\nat = "timestamp"\nfilm = "x"', "collector"),
        ('kind = "view"\n[collector]\nevents = ["x"]\n[columns]\naccount = "lower(userId)"\n'
         'event_id = "messageId"\nat = "timestamp"\nfilm = "x"', "coalesce"),
        ('kind = "view"\n[collector]\nevents = ["x"]\n[columns]\naccount = "userId"\n'
         'at = "timestamp"\nfilm = "x"', "messageId"),
        ('kind = "view"\n[collector]\nevents = ["x"]\n[columns]\naccount = "userId"\n'
         'event_id = "messageId"\nat = "timestamp"\nfilm = "anonymousId"', "anonymousId"),
        ('kind = "view"\n[collector]\nevent = ["x"]\n', "events"),
    ],
)  # fmt: skip
def test_a_feed_that_cannot_be_collected_through_is_refused_in_words(
    door: Door, tmp_path: Path, text: str, problem: str
) -> None:
    path = tmp_path / "feed.toml"
    path.write_text(f'source = "own"\n{text}')
    with pytest.raises(InputError, match=problem):
        app.collector_declare(door.house, app.DeclareSource("own", (path,)))


def test_before_another_app_the_collector_takes_its_own_addresses_only(door: Door) -> None:
    async def other(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 418, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def ask() -> list[int]:
        room = collector_room(collector_app(door.house, moves=False))(other)
        transport = httpx.ASGITransport(app=room)
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as http:
            own = [await http.post(p, auth=(door.key, ""), content=b"{}") for p in
                   ("/v1/batch", "/v1/t", "/v1/identify/")]  # fmt: skip
            others = [await http.get(p) for p in ("/v1/films", "/healthz", "/", "/v1/tracks")]
        room._collector.close()
        return [answer.status_code for answer in (*own, *others)]

    assert asyncio.run(ask()) == [200, 200, 200, 418, 418, 418, 418]
