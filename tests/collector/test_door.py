"""What the collector answers, and what of a message comes to stand in the lake."""

from fullhouse.core.tables import ACCOUNT_TABLE, ACTIVITY, IDENTIFIER, QUARANTINE, TRAILER_VIEW
from tests.collector.conftest import Door


def trailer(id_: str, **more: object) -> dict[str, object]:
    return {
        "type": "track", "event": "Trailer Viewed", "userId": "u1", "messageId": id_,
        "properties": {"film": "f1", "completion": 0.5}, **more,
    }  # fmt: skip


def test_a_batch_that_was_answered_is_in_the_lake_once_however_often_it_is_sent(door: Door) -> None:
    identify = {
        "type": "identify", "userId": "u1", "messageId": "b",
        "traits": {"email": "bob@example.com", "gender": "F"},
    }  # fmt: skip
    for _ in range(2):
        answer = door.batch(trailer("a"), identify, 5, trailer("a"))
        assert answer.status_code == 200
        door.flush()
    door.batch(trailer("a"), identify)
    door.flush()
    views = [r for r in door.rows(TRAILER_VIEW) if r["source"] == "site"]
    assert [(v["event_id"], v["film"], v["completion"]) for v in views] == [("a", "f1", 0.5)]
    assert sorted(r["event_id"] for r in door.rows(ACTIVITY)) == ["a", "b"]
    assert [r["gender"] for r in door.rows(ACCOUNT_TABLE)] == ["female"]
    assert {r["kind"] for r in door.rows(IDENTIFIER)} == {"email"}
    assert [r["reason"] for r in door.rows(QUARANTINE)] == ["bad_value", "bad_value"]
