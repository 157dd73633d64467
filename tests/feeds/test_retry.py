"""Rows of quarantine come in once their reason is gone; whatever happens in between."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib import import_module
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from fullhouse import app
from fullhouse.control.suppression import account_digest, suppress
from fullhouse.core.errors import FullhouseError, InputError
from fullhouse.core.tables import (
    ACCOUNT_TABLE,
    BEGUN,
    CONSENT,
    IDENTIFIER,
    INGESTED,
    PURCHASE,
    QUARANTINE,
)
from fullhouse.feeds.ledgers import ledger_faults

from .conftest import NOW, SHOP, csv_of

module = import_module("fullhouse.feeds.retry")

ACCOUNTS = 'source = "shop"\nkind = "account"\n[columns]\naccount = "user"\ncity = "town"\n'
CONSENTS = """
source = "shop"
kind = "consent"
time_zone = "UTC"
[columns]
account = "user"
purpose = "what"
granted = "yes"
at = "when"
event_id = "id"
"""
LEDGERS = ("begun", "ingested", "retracted", "retracted_account")


def retry(house: Any, feed: str = SHOP, now: datetime = NOW, **settings: Any) -> Any:
    with house.open(**settings) as workspace:
        at_now = replace(workspace, clock=lambda: now)
        return app.feed_retry(at_now, app.RetryFeed(house.feed(feed)))


def retract(house: Any, name: str) -> Any:
    with house.open() as context:
        return app.feed_retract(context, app.RetractFeed(name, confirmed=True))


def faults(house: Any) -> list[Any]:
    with house.open() as context:
        return list(ledger_faults(context.lake, erased=False))


def content(house: Any) -> dict[str, Any]:
    return {name: rows for name, rows in house.content().items() if name not in LEDGERS}


def accounts(house: Any, *names: str) -> None:
    """A feed named otherwise, of accounts."""
    rows = "user,town\n" + "".join(f"{n},Oslo\n" for n in names)
    with house.open() as context:
        at_now = replace(context, clock=lambda: NOW)
        feed = house.feed(ACCOUNTS, "people")
        app.ingest(at_now, app.IngestFiles(feed, (house.write(f"{'-'.join(names)}.csv", rows),)))


@pytest.mark.slow
@pytest.mark.parametrize("feed", [SHOP, SHOP.replace('event_id = "order_id"\n', "")])
def test_events_of_an_account_that_arrives_later_come_in(
    new_house: Any, orders: Callable[..., str], feed: str
) -> None:
    house, clean = new_house(), new_house()
    rows = orders({"mail": "a@x.com"}, {"order_id": "o2", "user": "bob", "mail": "b@x.com"})
    report = house.ingest(house.write("a.csv", rows), feed=feed, unknown_account="quarantine")
    assert report.quarantined == {"unknown_account": 2}
    accounts(house, "ann")
    first = retry(house, feed, unknown_account="quarantine")
    assert (first.rows, first.written, dict(first.refused)) == (2, 1, {"unknown_account": 1})
    accounts(house, "bob")
    assert retry(house, feed, unknown_account="quarantine").written == 1
    assert retry(house, feed, unknown_account="quarantine").rows == 0
    accounts(clean, "ann")
    accounts(clean, "bob")
    clean.ingest(clean.write("a.csv", rows), feed=feed, unknown_account="quarantine")
    assert content(house) == content(clean)
    assert faults(house) == []
    with house.open() as context:
        file = next(f for f in app.feed_files(context) if f.feed == "orders")
        entry = app.audit(context)[0]
    assert (file.read, file.written, file.quarantined) == (2, 2, 0)
    assert (entry.action, entry.detail["written"]) == ("feed.retry", 1)


def test_rows_refused_under_a_wrong_clock_come_in_when_it_is_right(
    house: Any, orders: Callable[..., str]
) -> None:
    file = house.write("a.csv", orders({}, {"order_id": "o2", "when": "2024-01-01 00:00:00"}))
    early = datetime(2025, 2, 1, tzinfo=UTC)
    assert house.ingest(file, now=early).quarantined == {"future_time": 1}
    assert dict(retry(house, now=early + timedelta(days=1)).refused) == {"future_time": 1}
    assert retry(house).written == 1
    assert {r["event_id"] for r in house.rows(PURCHASE)} == {"o1", "o2"}
    assert house.rows(QUARANTINE) == []
    assert house.ingest(file).known == 2


def test_rows_refused_under_a_wrong_time_zone_come_in_through_a_mended_feed(
    house: Any, orders: Callable[..., str]
) -> None:
    now = datetime(2025, 3, 1, 12, tzinfo=UTC)
    file = house.write("a.csv", orders({"mail": "a@x.com", "tel": "+4930123456"}))
    assert house.ingest(file, now=now).quarantined == {"future_time": 1}
    mended = SHOP.replace("America/New_York", "Europe/Berlin")
    assert retry(house, mended, now=now).written == 1
    (row,) = house.rows(PURCHASE)
    assert row["at"] == datetime(2025, 3, 1, 11, tzinfo=UTC)
    before = content(house)
    assert house.ingest(file, feed=mended, now=now).known == 1, "and the file adds nothing"
    assert content(house) == before


def test_identifiers_are_those_of_the_file_and_no_digests_of_digests(
    new_house: Any, orders: Callable[..., str]
) -> None:
    house, clean = new_house(), new_house()
    good = {"mail": "a@x.com", "tel": "+4930123456"}
    clean.ingest(clean.write("a.csv", orders(good)))
    house.ingest(house.write("a.csv", orders(good)), now=datetime(2025, 1, 1, tzinfo=UTC))
    retry(house)
    assert len(house.rows(IDENTIFIER)) == 2
    assert house.rows(IDENTIFIER) == clean.rows(IDENTIFIER)


def test_a_mended_mapping_brings_in_what_it_reads_and_says_why_not_the_rest(
    house: Any, orders: Callable[..., str]
) -> None:
    file = house.write("a.csv", orders({"count": "two"}, {"order_id": "o2", "count": "many"}))
    house.ingest(file)
    mended = SHOP.replace("[identifiers]", "[values.quantity]\ntwo = 2\nmany = -4\n[identifiers]")
    report = retry(house, mended)
    assert (report.written, dict(report.refused)) == (1, {"negative_quantity": 1})
    (row,) = house.rows(QUARANTINE)
    assert (row["row"], row["reason"]) == (2, "negative_quantity")
    assert "many" in row["raw"]
    with house.open() as context:
        version = context.lake.version(QUARANTINE)
    assert dict(retry(house, mended).refused) == {"negative_quantity": 1}
    with house.open() as context:
        assert context.lake.version(QUARANTINE) == version, "nothing new, nothing written"


def test_a_row_whose_event_id_is_taken_stays_and_one_that_is_in_leaves(
    house: Any, orders: Callable[..., str]
) -> None:
    early = datetime(2025, 1, 1, tzinfo=UTC)
    house.ingest(house.write("a.csv", orders({}, {"order_id": "o2"})), now=early)
    house.ingest(house.write("b.csv", orders({}, {"order_id": "o2", "count": "9"})))
    report = retry(house)
    assert (report.written, report.known, dict(report.refused)) == (
        0,
        1,
        {"duplicate_event_id": 1},
    )
    assert [r["quantity"] for r in house.rows(PURCHASE)] == [2.0, 9.0]
    retract(house, "b.csv")
    assert retry(house).written == 1
    assert [(r["event_id"], r["quantity"]) for r in house.rows(PURCHASE)] == [("o2", 2.0)]


def test_of_what_is_not_stored_whole_the_file_is_asked_for(
    house: Any, orders: Callable[..., str]
) -> None:
    long = "x" * 1_200
    rows = orders({"tel": "1,2"}, {"sku": "mail me a@x.com"}, {"order_id": "o3", "sku": long})
    house.ingest(house.write("a.csv", rows), now=datetime(2025, 1, 1, tzinfo=UTC))
    before = house.rows(QUARANTINE)
    report = retry(house)
    assert (report.rows, report.incomplete, report.written) == (3, 3, 0)
    assert house.rows(QUARANTINE) == before


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('phone = "tel"', 'device = "tel"'),
        ('product = "sku"', 'product = "mail"'),
        ('source = "shop"', 'source = "shop"\nphone_region = "DE"'),
        ('product = "sku"', 'product = "coalesce(sku, other)"'),
    ],
    ids=["kind", "digest_as_text", "region", "new_column"],
)
def test_digests_are_never_taken_for_what_the_feed_declares_now(
    house: Any, orders: Callable[..., str], old: str, new: str
) -> None:
    rows = orders({"mail": "a@x.com", "tel": "2125550123"})
    house.ingest(house.write("a.csv", rows), now=datetime(2025, 1, 1, tzinfo=UTC))
    feed = SHOP.replace(old, new)
    if old.startswith("product") and "mail" in new:
        feed = feed.replace('email = "mail"\n', "")
    report = retry(house, feed)
    assert (report.incomplete, report.written) == (1, 0)
    assert house.rows(PURCHASE) == house.rows(IDENTIFIER) == []


def test_a_row_of_an_erased_account_is_counted_and_dropped(
    house: Any, orders: Callable[..., str]
) -> None:
    rows = orders({"mail": "a@x.com"}, {"order_id": "o2", "user": "bob"}, {"count": "x"})
    house.ingest(house.write("a.csv", rows), now=datetime(2025, 1, 1, tzinfo=UTC))
    with house.open() as context:
        suppress(context.control, [account_digest(context.key, "shop", "ann")])
    report = retry(house)
    assert (report.written, report.suppressed, dict(report.refused)) == (1, 2, {})
    assert [r["account"] for r in house.rows(PURCHASE)] == ["bob"]
    assert house.rows(QUARANTINE) == house.rows(IDENTIFIER) == []


def test_a_retraction_takes_out_what_a_retry_brought_in(
    house: Any, orders: Callable[..., str]
) -> None:
    file = house.write("a.csv", orders({"mail": "a@x.com"}, {"order_id": "o2", "count": "x"}))
    house.ingest(file, now=datetime(2025, 1, 1, tzinfo=UTC))
    assert retry(house).written == 1
    assert retract(house, "orders").rows == {"purchase": 1, "identifier": 1, "quarantine": 1}
    for table in (PURCHASE, IDENTIFIER, QUARANTINE, BEGUN, INGESTED):
        assert house.rows(table) == [], table.name
    assert house.ingest(file).written == 1
    assert faults(house) == []


@pytest.mark.parametrize("mended_file_first", [False, True])
def test_rows_of_accounts_never_double(house: Any, mended_file_first: bool) -> None:
    feed = ACCOUNTS.replace('city = "town"', 'city = "town"\nbirth_year = "born"')
    file = house.write("p.csv", "user,town,born\nann,Oslo,about\nbob,Rome,1980\n")
    house.ingest(file, feed=feed)
    mended = feed + "[values.birth_year]\nabout = 1970\n"
    if mended_file_first:
        house.ingest(file, feed=mended, now=NOW + timedelta(days=1))
    before = house.rows(ACCOUNT_TABLE)
    report = retry(house, mended, now=NOW + timedelta(days=2))
    assert (report.written, report.known) == ((0, 1) if mended_file_first else (1, 0))
    assert len(house.rows(ACCOUNT_TABLE)) == len(before) + report.written
    assert house.rows(QUARANTINE) == []


def test_a_grant_that_can_be_read_now_is_no_refusal_any_more(house: Any) -> None:
    rows = "user,what,yes,when,id\nann,advertising,ja,2025-01-01 10:00,c1\n"
    rows += "bob,advertising,vielleicht,2025-01-01 10:00,c2\n"
    assert house.ingest(house.write("c.csv", rows), feed=CONSENTS).quarantined == {"bad_value": 2}
    assert {(r["account"], r["granted"]) for r in house.rows(CONSENT)} == {
        ("ann", False),
        ("bob", False),
    }
    mended = CONSENTS + "[values.granted]\nja = true\n"
    for expected in (1, 0):
        assert retry(house, mended).written == expected
        assert [(r["account"], r["granted"]) for r in house.rows(CONSENT)] == [
            ("bob", False),
            ("ann", True),
        ]
    assert faults(house) == []


class Killed(BaseException):
    """A process that ends here."""


def dying(patch: pytest.MonkeyPatch, step: int) -> list[int]:
    """Let the process end after so many commits of a retry; how many are left to make."""
    from fullhouse.lake import Lake

    left = [step]
    for name in ("append_checked", "append_each", "replace"):
        real = getattr(Lake, name)

        def then(*arguments: Any, real: Any = real, **options: Any) -> Any:
            if left[0] <= 0:
                raise Killed
            left[0] -= 1
            return real(*arguments, **options)

        patch.setattr(Lake, name, then)
    real_delete = module.delete_where

    def delete(*arguments: Any) -> Any:
        if left[0] <= 0:
            raise Killed
        left[0] -= 1
        return real_delete(*arguments)

    patch.setattr(module, "delete_where", delete)
    return left


@pytest.mark.slow
@pytest.mark.parametrize("step", range(8))
def test_broken_off_after_any_commit_and_done_again_it_is_as_if_done_once(
    new_house: Any, orders: Callable[..., str], monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    mended = SHOP.replace("[identifiers]", "[values.quantity]\ntwo = 2\n[identifiers]")
    rows = orders(
        {"mail": "a@x.com", "count": "two"},
        {"order_id": "o2", "count": "many"},
        {"order_id": "o3", "mail": "b@x.com", "count": "two"},
        {"order_id": "o4", "mail": "c@x.com"},
    )
    houses = [new_house(), new_house()]
    for house in houses:
        house.ingest(house.write("a.csv", rows), chunk_rows=2)
    clean, house = houses
    retry(clean, mended)
    with monkeypatch.context() as patch:
        left = dying(patch, step)
        if step < 7:
            with pytest.raises(Killed):
                retry(house, mended)
        else:
            retry(house, mended)
            assert left[0] == 0, "a retry makes seven commits here, and each was tried"
    assert faults(house) == []
    retry(house, mended)
    assert content(house) == content(clean)
    assert len(house.rows(PURCHASE)) == 3
    assert faults(house) == []
    with house.open() as context:
        (file,) = app.feed_files(context)
    assert (file.read, file.written, file.quarantined) == (4, 3, 1)


@pytest.mark.parametrize("step", range(4))
def test_consent_broken_off_after_any_commit_is_as_if_done_once(
    new_house: Any, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    rows = "user,what,yes,when,id\nann,advertising,ja,2025-01-01 10:00,c1\n"
    mended = CONSENTS + "[values.granted]\nja = true\n"
    houses = [new_house(), new_house()]
    for house in houses:
        house.ingest(house.write("c.csv", rows), feed=CONSENTS)
    clean, house = houses
    retry(clean, mended)
    with monkeypatch.context() as patch:
        dying(patch, step)
        with pytest.raises(Killed):
            retry(house, mended)
    retry(house, mended)
    assert content(house) == content(clean)


def test_a_file_that_is_retracted_while_its_rows_are_retried_leaves_nothing(
    house: Any, orders: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = house.write("a.csv", orders({"mail": "a@x.com"}))
    house.ingest(file, now=datetime(2025, 1, 1, tzinfo=UTC))
    real = module._write

    def meanwhile(*arguments: Any) -> Any:
        retract(house, "orders")
        return real(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(module, "_write", meanwhile)
        with pytest.raises(FullhouseError, match="retracted while"):
            retry(house)
    for table in (PURCHASE, IDENTIFIER, QUARANTINE, BEGUN, INGESTED):
        assert house.rows(table) == [], table.name


def test_what_an_erasure_takes_while_rows_are_retried_does_not_come_back(
    house: Any, orders: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    house.ingest(house.write("a.csv", orders({"count": "x"}, {"user": "bob", "count": "y"})))
    mended = SHOP.replace("[identifiers]", "[values.quantity]\nx = -1\ny = -1\n[identifiers]")
    real = module._leave

    def meanwhile(*arguments: Any) -> Any:
        with house.open() as context:
            module.delete_where(context.lake.live, QUARANTINE, "row = 1")
        return real(*arguments)

    monkeypatch.setattr(module, "_leave", meanwhile)
    retry(house, mended)
    assert [r["row"] for r in house.rows(QUARANTINE)] == [2]


def test_a_feed_that_is_none_and_one_without_refused_rows(
    house: Any, orders: Callable[..., str]
) -> None:
    with house.open() as context, pytest.raises(InputError, match="no feed file"):
        app.feed_retry(context, app.RetryFeed("none.toml"))
    assert retry(house).rows == 0
    house.ingest(house.write("a.csv", orders({})))
    assert retry(house).to_dict() == {
        "feed": "orders", "rows": 0, "written": 0, "known": 0, "suppressed": 0, "refused": {},
        "incomplete": 0,
    }  # fmt: skip


def test_json_lines_come_in_as_the_file_would(new_house: Any) -> None:
    feed = SHOP.replace("[columns]", "[columns]", 1)
    rows = [
        {"order_id": 12345678901234567, "user": 17, "when": "2025-03-01 12:00", "sku": True,
         "category": "a", "count": 2, "price": 1e2, "currency": None, "mail": "a@x.com"},
        {"order_id": "x", "user": "u", "when": "2025-03-01 12:00", "sku": "p", "category": None,
         "count": 1, "price": 2, "currency": "USD", "tel": "+4930123456"},
    ]  # fmt: skip
    text = "\n".join(map(json.dumps, rows))
    house, clean = new_house(), new_house()
    house.ingest(house.write("a.jsonl", text), feed=feed, now=datetime(2025, 1, 1, tzinfo=UTC))
    assert retry(house, feed).written == 2
    clean.ingest(clean.write("a.jsonl", text), feed=feed)
    assert content(house) == content(clean)


def test_parquet_comes_in_as_the_file_would(new_house: Any) -> None:
    table = pa.table(
        {
            "order_id": pa.array([12345678901234567890, 7], pa.decimal128(38, 0)),
            "user": pa.array([9007199254740993, 2], pa.int64()),
            "when": pa.array(
                [datetime(2025, 3, 1, 12, 0, 0, 500, tzinfo=UTC), None], pa.timestamp("us", "UTC")
            ),
            "sku": ["a", None],
            "category": ["a/b", "c"],
            "count": pa.array([1.5, 2.0], pa.float32()),
            "price": pa.array([Decimal("9.990"), None], pa.decimal128(9, 3)),
            "currency": ["USD", "USD"],
            "mail": ["a@x.com", None],
            "tel": pa.array([None, None], pa.string()),
        }
    )
    houses = [new_house(), new_house()]
    for house in houses:
        pq.write_table(table, house.files / "a.parquet")
    house, clean = houses
    house.ingest(str(house.files / "a.parquet"), now=datetime(2025, 1, 1, tzinfo=UTC))
    assert retry(house).written == 1
    clean.ingest(str(clean.files / "a.parquet"))
    assert house.rows(PURCHASE) == clean.rows(PURCHASE)
    assert house.rows(IDENTIFIER) == clean.rows(IDENTIFIER)
    assert house.rows(PURCHASE)[0]["event_id"] == "12345678901234567890"


def test_the_same_row_refused_under_two_declarations_comes_in_once(
    house: Any, orders: Callable[..., str]
) -> None:
    file = house.write("a.csv", orders({"mail": "a@x.com"}))
    early, mended = datetime(2025, 1, 1, tzinfo=UTC), SHOP.replace("New_York", "Chicago")
    for feed in (SHOP, mended):
        house.ingest(file, feed=feed, now=early)
    assert len(house.rows(QUARANTINE)) == 2
    report = retry(house, mended)
    assert (report.written, report.known) == (1, 1)
    assert (len(house.rows(PURCHASE)), len(house.rows(IDENTIFIER))) == (1, 1)
    assert house.rows(QUARANTINE) == []


def test_a_house_without_a_written_down_declaration_takes_only_the_same_one(
    house: Any, orders: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files that were begun before the identifiers' columns stood in the ledger."""
    terms = import_module("fullhouse.feeds.terms")
    with monkeypatch.context() as patch:
        patch.setattr(terms, "declared_identifiers", lambda _: None)
        early = datetime(2025, 1, 1, tzinfo=UTC)
        house.ingest(house.write("a.csv", orders({"mail": "a@x.com"})), now=early)
    assert retry(house, SHOP.replace("New_York", "Chicago")).incomplete == 1
    assert retry(house).written == 1


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "order_id": st.sampled_from(["o1", "o2", "o3", "o4", "", "NULL"]),
            "user": st.sampled_from(["ann", "bob", " cyd ", "a@x.com", ""]),
            "when": st.sampled_from(["2025-03-01 12:00", "2027-01-01", "never", "2025-02-30"]),
            "count": st.sampled_from(["1", "2", "-1", "x", "1e3", "inf"]),
            "currency": st.sampled_from(["", "EUR", "usd"]),
            "mail": st.sampled_from(["", "a@x.com", "no mail", "B@X.com "]),
        }
    ),
    min_size=1,
    max_size=8,
)


@pytest.mark.slow
@hypothesis_settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=ROWS)
def test_all_refused_for_the_clock_then_retried_is_as_the_file_itself(
    new_house: Any, rows: list[dict[str, str]]
) -> None:
    """Whatever can be stored whole comes to what a first reading at the right time gives."""
    house, clean = new_house(), new_house()
    text = csv_of(*rows)
    house.ingest(house.write("a.csv", text), now=datetime(2020, 1, 1, tzinfo=UTC))
    first = retry(house)
    clean.ingest(clean.write("a.csv", text))
    assert house.rows(PURCHASE) == clean.rows(PURCHASE)
    assert house.rows(IDENTIFIER) == clean.rows(IDENTIFIER)
    reasons = [(r["row"], r["reason"], r["detail"], r["raw"]) for r in house.rows(QUARANTINE)]
    assert reasons == [
        (r["row"], r["reason"], r["detail"], r["raw"]) for r in clean.rows(QUARANTINE)
    ]
    total = first.written + first.known + first.suppressed + first.incomplete
    assert first.rows == total + sum(first.refused.values())
    assert retry(house).written == 0
