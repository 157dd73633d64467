"""Every reason for which a row is refused, and that it costs no other row."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fullhouse.core.tables import ACCOUNT_TABLE, PURCHASE, QUARANTINE, VIEW

GOOD = {"order_id": "good"}
CASES = {
    "bad_time": ({"when": "yesterday"}, "at: when = 'yesterday'"),
    "bad_time of a named zone": ({"when": "2025-01-01 00:00:00 Europe/Paris"}, "at"),
    "bad_time beyond all years": ({"when": "9999-01-01"}, "at"),
    "bad_time of the year 1": ({"when": "0001-01-01"}, "at"),
    "future_time": ({"when": "2026-01-01 00:11:00Z"}, "at: when = '2026-01-01 00:11:00Z'"),
    "negative_quantity": ({"count": "-1"}, "quantity: count = '-1'"),
    "negative_price": ({"price": "-0.01"}, "unit_price: price = '-0.01'"),
    "bad_number": ({"count": "two"}, "quantity: count = 'two'"),
    "bad_number that is none": ({"price": "nan"}, "unit_price: price = 'nan'"),
    "bad_number without end": ({"price": "inf"}, "unit_price: price = 'inf'"),
    "currency_mismatch": ({"currency": "EUR"}, "currency: currency = 'EUR'"),
    "missing_required": ({"user": ""}, "account: user is empty"),
    "missing_required time": ({"when": ""}, "at: when is empty"),
    "missing_required event id": ({"order_id": ""}, "event_id: order_id is empty"),
    "raw_identifier": ({"user": "ann@example.com"}, "account: user = 'email:"),
    "unparseable_row": ({"tel": "1,2"}, "11 fields instead of 10"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_bad_row_is_quarantined_with_its_reason(
    house: Any, orders: Callable[..., str], case: str
) -> None:
    """Its neighbours come in."""
    wrong, detail = CASES[case]
    file = house.write("o.csv", orders(GOOD, {"order_id": "bad", **wrong}, {"order_id": "too"}))
    report = house.ingest(file)
    reason = case.split(maxsplit=1)[0]
    assert report.quarantined == {reason: 1}
    assert (report.read, report.written, report.known) == (3, 2, 0)
    assert [r["event_id"] for r in house.rows(PURCHASE)] == ["good", "too"]
    (refused,) = house.rows(QUARANTINE)
    assert refused["reason"] == reason
    assert detail in refused["detail"]
    assert (refused["row"], refused["file"], refused["feed"]) == (2, "o.csv", "orders")
    assert isinstance(json.loads(refused["raw"]), dict)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'o2,"ann,2025-01-01,p1,,1,1,,,\n', "unparseable_row"),
        (b'o2,"ann"x,2025-01-01,p1,,1,1,,,\n', "unparseable_row"),
        (b"o2,ann\n", "unparseable_row"),
        (b"o2,\xff\xfe,2025-01-01,p1,,1,1,,,\n", "wrong_encoding"),
    ],
    ids=["open quote", "stray quote", "too short", "latin-1 bytes"],
)
def test_a_line_that_cannot_be_read_costs_no_other(
    house: Any, orders: Callable[..., str], line: bytes, reason: str
) -> None:
    text = orders({"order_id": "a"}).encode() + line
    text += (
        orders({"order_id": "b", "sku": '"x\ny"'}, {"order_id": "c"}).encode().split(b"\n", 1)[1]
    )
    report = house.ingest(house.write("o.csv", text))
    assert report.quarantined == {reason: 1}
    assert [r["event_id"] for r in house.rows(PURCHASE)] == ["a", "b", "c"]
    assert house.rows(QUARANTINE)[0]["row"] == 2


def test_the_clock_may_be_a_little_off(house: Any, orders: Callable[..., str]) -> None:
    late = {"when": "2026-01-01 00:09:00Z"}
    assert house.ingest(house.write("o.csv", orders(late))).written == 1


@pytest.mark.slow
def test_unknown_accounts_are_refused_where_the_house_says_so(
    house: Any, orders: Callable[..., str]
) -> None:
    people = house.write("people.csv", "id\nann\n")
    feed = 'source = "shop"\nkind = "account"\n[columns]\naccount = "id"\n'
    file = house.write("o.csv", orders(GOOD, {"order_id": "o2", "user": "bob"}))
    refused = house.ingest(file, unknown_account="quarantine")
    assert refused.quarantined == {"unknown_account": 2}
    house.ingest(people, feed=feed)
    other = house.write("o3.csv", orders({"order_id": "o3"}, {"order_id": "o4", "user": "bob"}))
    assert house.ingest(other, unknown_account="quarantine").quarantined == {"unknown_account": 1}
    assert [r["event_id"] for r in house.rows(PURCHASE)] == ["o3"]


ACCOUNTS = """
source = "shop"
kind = "account"
[columns]
account = "id"
birth_year = "born"
age_min = "low"
age_max = "high"
gender = "sex"
[values.sex]
[constants]
at = 2025-01-01
""".replace("[values.sex]\n", '[values.gender]\nF = "female"\nM = "male"\n')


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("b,,18.5,,F", "bad_number"),
        ("b,,99999999999,,F", "bad_number"),
        ("b,,,,robot", "bad_value"),
        (",1980,,,F", "missing_required"),
    ],
)
def test_accounts_that_cannot_be_are_refused(house: Any, line: str, reason: str) -> None:
    file = house.write("a.csv", f"id,born,low,high,sex\na,1980,18,24,M\n{line}\nc,,,,\n")
    assert house.ingest(file, feed=ACCOUNTS).quarantined == {reason: 1}
    rows = house.rows(ACCOUNT_TABLE)
    assert [(r["account"], r["gender"], r["birth_year"]) for r in rows] == [
        ("a", "male", 1980),
        ("c", None, None),
    ]


@pytest.mark.parametrize(
    ("line", "stays", "dropped"),
    [
        ("1700,,,", (None, None, None), {"birth_year": 1}),
        ("1904,,,", (None, None, None), {"birth_year": 1}),
        ("1905,,,", (1905, None, None), {}),
        # By the row's own day, 2025: the house's day is in 2026.
        ("2025,,,", (2025, None, None), {}),
        ("2026,,,", (None, None, None), {"birth_year": 1}),
        ("1980,-3,,", (1980, None, None), {"age_min": 1}),
        (",18,180,", (None, 18, None), {"age_max": 1}),
        (",35,34,", (None, None, None), {"age_min": 1, "age_max": 1}),
        (",0,120,", (None, 0, 120), {}),
    ],
)
def test_an_age_that_nobody_has_is_left_out_and_the_account_stays(
    house: Any, line: str, stays: tuple[int | None, ...], dropped: dict[str, int]
) -> None:
    file = house.write("a.csv", f"id,born,low,high,sex\nb,{line}F\nc,1980,18,24,M\n")
    report = house.ingest(file, feed=ACCOUNTS)
    assert (report.written, report.quarantined) == (2, {})
    assert report.files[0].dropped_values == dropped
    rows = {r["account"]: r for r in house.rows(ACCOUNT_TABLE)}
    assert tuple(rows["b"][n] for n in ("birth_year", "age_min", "age_max")) == stays
    assert rows["b"]["gender"] == "female"
    assert rows["c"]["birth_year"] == 1980


def test_a_completion_lies_between_nothing_and_all(house: Any) -> None:
    feed = """
source = "video"
kind = "view"
[columns]
account = "a"
film = "f"
completion = "c"
[constants]
at = "2025-01-01T20:00:00"
"""
    report = house.ingest(house.write("v.csv", "a,f,c\n1,1,0.5\n1,2,1.5\n"), feed=feed)
    assert report.quarantined == {"bad_value": 1}
    assert house.rows(VIEW)[0]["at"] == datetime(2025, 1, 1, 20, tzinfo=UTC)


def test_refused_rows_keep_the_moment_when_the_file_was_begun(
    house: Any, orders: Callable[..., str]
) -> None:
    now = datetime(2026, 2, 1, tzinfo=UTC)
    house.ingest(house.write("o.csv", orders({"user": ""})), now=now)
    assert house.rows(QUARANTINE)[0]["at"] - now == timedelta(0)
