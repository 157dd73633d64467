"""What the standard feeds of the collector make of trailers, searches and plays."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from fullhouse.core.settings import Settings
from fullhouse.feeds.check import check_lines
from fullhouse.feeds.collected import Rule, Rules, standard_feeds
from fullhouse.feeds.feed import Feed

FEEDS = [Feed.parse(text, name=name) for name, text in standard_feeds("site").items()]
RULES = Rules("site", [Rule(i, feed) for i, feed in enumerate(FEEDS, 1)])
AT = "2026-01-05T10:00:00Z"


@pytest.mark.parametrize(
    ("event", "properties", "kind", "row"),
    [
        ("Game Played", {"game_id": "g1"}, "play", {"film": "g1"}),
        ("song_played", {"song": "s1"}, "play", {"film": "s1"}),
        ("Podcast Played", {"episode_id": "e"}, "play", {"film": "e"}),
        ("Trailer Viewed", {"film": "f", "completion": 0.4}, "trailer_view", {"completion": 0.4}),
        ("Trailer Viewed", {"film": "f"}, "trailer_view", {"completion": None}),
        ("Trailer Completed", {"film": "f"}, "trailer_view", {"completion": 1.0}),
        ("Trailer Completed", {"film": "f", "completion": 0}, "trailer_view", {"completion": 0.0}),
        ("Films Searched", {"query": "up", "results": 3}, "search", {"query": "up", "results": 3}),
    ],
)  # fmt: skip
def test_an_event_becomes_one_row_of_its_kind(
    event: str, properties: dict[str, Any], kind: str, row: dict[str, Any]
) -> None:
    [rule] = [r for r in RULES.of("track", event) if r.feed.kind != "activity"]
    assert rule.feed.kind == kind
    line = {"type": "track", "event": event, "userId": "u", "messageId": "m", "timestamp": AT,
            "properties": properties}  # fmt: skip
    now = datetime(2026, 1, 6, tzinfo=UTC)
    rows, refused = check_lines(
        rule.feed, [json.dumps(line).encode()], key=b"k" * 32, settings=Settings(), now=now
    )
    assert refused == []
    assert {k: rows[0][k] for k in row} == row


def test_a_trailer_watched_more_than_whole_is_refused() -> None:
    [rule] = [r for r in RULES.of("track", "Trailer Viewed") if r.feed.kind != "activity"]
    line = {"type": "track", "userId": "u", "messageId": "m", "timestamp": AT,
            "properties": {"film": "f", "completion": 1.5}}  # fmt: skip
    now = datetime(2026, 1, 6, tzinfo=UTC)
    rows, refused = check_lines(
        rule.feed, [json.dumps(line).encode()], key=b"k" * 32, settings=Settings(), now=now
    )
    assert (rows, refused[0]["reason"]) == ([], "bad_value")
