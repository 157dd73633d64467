"""Any JSON at all becomes lines: no error, no raw identifier, no harm to a neighbour."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fullhouse.collector.intake import Arrival, Intake, instant, own_id, repaired
from fullhouse.collector.request import NoJsonError, TooLargeError, batch_of, unpacked
from fullhouse.feeds.collected import Rule, Rules, standard_feeds
from fullhouse.feeds.feed import Feed
from fullhouse.feeds.identify import Hasher

FEEDS = [Feed.parse(text, name=name) for name, text in standard_feeds("site").items()]
RULES = Rules("site", [Rule(n, feed) for n, feed in enumerate(FEEDS, start=1)])
NUMBER = {feed.name.removeprefix("site-"): n for n, feed in enumerate(FEEDS, start=1)}
NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
ARRIVAL = Arrival(NOW)
EMAIL, PHONE = "bob.smith@example.com", "+14155552671"
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text()
    | st.sampled_from([EMAIL, f"mail {EMAIL}", PHONE, f"x {PHONE} y", "\ud83d"]),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(
            ["type", "event", "name", "userId", "anonymousId", "messageId", "timestamp", "traits",
             "email", "phone", "properties", "products", "product_id", "price", "film", "query",
             "context", "library", "version", "sentAt", "consent", "item", "number"]
        ) | st.text(max_size=5),
        inner, max_size=8,
    ),
    max_leaves=30,
)  # fmt: skip
messages = st.fixed_dictionaries(
    {"type": st.sampled_from(["track", "identify", "page", "alias"])},
    optional={
        "event": st.sampled_from(["Order Completed", "search", "play", "x"]) | values,
        "userId": values, "anonymousId": values, "messageId": values, "timestamp": values,
        "properties": values, "traits": values, "context": values, "name": values,
    },
)  # fmt: skip


def taken(message: bytes, suppressed: bool = False) -> list[tuple[bytes, dict[str, object]]]:
    intake = Intake(RULES, Hasher(b"k" * 32, "US"), (lambda _: True) if suppressed else None)
    lines = []
    for line in intake.take(message, ARRIVAL).splitlines():
        numbers, _, row = line.partition(b"\t")
        lines.append((numbers, json.loads(row)))
    return lines


@pytest.mark.slow
@given(values | messages)
@settings(max_examples=200, deadline=None)
def test_any_message_becomes_lines_without_a_raw_identifier(value: object) -> None:
    raw = json.dumps(value).encode()
    intake = Intake(RULES, Hasher(b"k" * 32, "US"))
    lines = intake.take(raw, ARRIVAL)
    assert lines.endswith(b"\n")
    for line in lines.splitlines():
        numbers, tab, row = line.partition(b"\t")
        assert tab
        assert numbers == b"!" or all(1 <= int(n) <= len(FEEDS) for n in numbers.split(b","))
        assert isinstance(json.loads(row), dict)
    assert EMAIL.encode() not in lines
    assert PHONE.encode() not in lines


@pytest.mark.slow
@given(st.lists(values | messages, max_size=5), st.integers(0, 5))
@settings(max_examples=80, deadline=None)
def test_a_good_message_is_as_it_was_whatever_its_neighbours_are(
    others: list[object], place: int
) -> None:
    good = {"type": "track", "event": "play", "userId": "u1", "messageId": "m",
            "properties": {"film": "f1"}}  # fmt: skip
    alone = taken(json.dumps(good).encode())
    batch = [*others[:place], good, *others[place:]]
    sent = batch_of(json.dumps({"batch": batch}).encode())
    assert len(sent.messages) == len(batch)
    assert taken(sent.messages[min(place, len(others))]) == alone
    assert alone[0][0] == b"%d,%d" % (NUMBER["play"], NUMBER["activity"])


@given(st.binary(max_size=200))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_messages_or_no_json(body: bytes) -> None:
    try:
        plain = unpacked(body, b"", 1000)
        sent = batch_of(plain)
    except (NoJsonError, TooLargeError):
        return
    for message in sent.messages:
        assert taken(message)


def test_json_without_end_is_one_bad_message() -> None:
    [(numbers, row)] = taken(batch_of(b"[" * 100_000 + b"]" * 100_000).messages[0])
    assert (numbers, row["reason"]) == (b"!", "too_long")
    [(numbers, row)] = taken(b'{"a":' * 3000 + b"1" + b"}" * 3000)
    assert numbers == b"!"


def test_fields_of_odd_types_read_like_those_of_the_usual_ones() -> None:
    usual = {"type": "track", "event": "Order Completed", "userId": "u1", "messageId": "m",
             "properties": {"products": [{"product_id": "p1", "price": 2}, {"sku": "p2"}]},
    }  # fmt: skip
    # A name that is an object is no name: the rest is read by another way than usual messages.
    odd = {**usual, "name": {"a": 1}}
    strict = [
        (n, {k: v for k, v in row.items() if k != "name"})
        for n, row in taken(json.dumps(odd).encode())
    ]
    assert strict == taken(json.dumps(usual).encode())
    assert [row["item"] for _, row in strict if "item" in row] == [
        {"number": 1, "product_id": "p1", "price": 2}, {"number": 2, "sku": "p2"},
    ]  # fmt: skip


def test_an_address_as_user_id_stands_for_its_digest() -> None:
    digest = Hasher(b"k" * 32, "US").digest("email", EMAIL)
    [(_, row)] = taken(json.dumps({"type": "page", "userId": f" {EMAIL.upper()} "}).encode())
    assert row["userId"] == digest
    assert row["traits"]["email"] == digest  # type: ignore[index]  # a row of JSON


def test_an_identifier_of_the_message_may_stand_in_no_other_field() -> None:
    message = {"type": "page", "userId": "u", "anonymousId": "device-77", "name": "of device-77"}
    [(numbers, row)] = taken(json.dumps(message).encode())
    assert (numbers, row["reason"]) == (b"!", "raw_identifier")


def test_an_erased_account_leaves_only_a_count() -> None:
    message = json.dumps({"type": "page", "userId": "u", "messageId": "m"}).encode()
    assert taken(message, suppressed=True) == [(b"-", {"source": "site", "reason": "suppressed"})]


def test_a_message_without_an_id_is_known_by_what_it_says() -> None:
    one = own_id(b'{"type":"page","userId":"u","sentAt":"1"}')
    assert one == own_id(b'{"userId":"u", "type":"page", "sentAt":"2"}')
    assert one != own_id(b'{"type":"page","userId":"v"}')


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2026-01-05T12:00:00Z", datetime(2026, 1, 5, 12, tzinfo=UTC)),
        ("2026-01-05T12:00:00+02:00", datetime(2026, 1, 5, 10, tzinfo=UTC)),
        ("2026-01-05T12:00:00", datetime(2026, 1, 5, 12, tzinfo=UTC)),
        (1_767_614_400_000, datetime(2026, 1, 5, 12, tzinfo=UTC)),
        (1_767_614_400, datetime(2026, 1, 5, 12, tzinfo=UTC)),
        ("yesterday", None), (True, None), (None, None), ({}, None), (1e300, None),
    ],
)  # fmt: skip
def test_times_are_read_as_clients_write_them(text: object, read: datetime | None) -> None:
    assert instant(text) == read


@given(st.integers(0, 10**9), st.timedeltas())
def test_a_clock_that_is_off_by_anything_gives_the_true_time(second: int, off: object) -> None:
    true = datetime.fromtimestamp(second, tz=UTC)
    try:
        reported, sent = true + off, NOW + off  # type: ignore[operator]  # a timedelta
    except OverflowError:
        return
    assert repaired(reported, sent, NOW) == true
