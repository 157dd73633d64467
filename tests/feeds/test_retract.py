"""Rows are taken out again, and corrected ones come in; whatever happens in between."""

from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from fullhouse import app
from fullhouse.core.errors import FullhouseError, InputError
from fullhouse.core.tables import ALL, BEGUN, IDENTIFIER, INGESTED, PURCHASE, QUARANTINE
from fullhouse.feeds import retract as module

from .conftest import SHOP

ingest_module = import_module("fullhouse.feeds.ingest")


def retract(house: Any, name: str, **options: Any) -> Any:
    with house.open() as context:
        return app.feed_retract(context, app.RetractFeed(name, **options))


@pytest.mark.slow
def test_a_corrected_time_zone_can_come_in_after_a_retraction(
    house: Any, orders: Callable[..., str]
) -> None:
    file = house.write("a.csv", orders({"mail": "a@x.com"}, {"order_id": "o2"}))
    house.ingest(file)
    corrected = SHOP.replace("America/New_York", "Europe/Berlin")
    report = house.ingest(file, feed=corrected)
    assert report.quarantined == {"duplicate_event_id": 2}, "the declaration alone is not enough"
    retract(house, "orders", confirmed=True)
    for table in (PURCHASE, IDENTIFIER, QUARANTINE, BEGUN, INGESTED):
        assert house.rows(table) == [], table.name
    assert house.ingest(file, feed=corrected).written == 2
    assert {r["at"] for r in house.rows(PURCHASE)} == {datetime(2025, 3, 1, 11, tzinfo=UTC)}
    assert house.ingest(file, feed=corrected).known == 2


def test_a_retraction_counts_only_until_it_is_confirmed(
    house: Any, orders: Callable[..., str]
) -> None:
    house.ingest(house.write("a.csv", orders({"mail": "a@x.com"}, {"count": "x"})))
    before = house.content()
    counted = retract(house, "orders")
    assert (counted.done, counted.rows) == (
        False,
        {"purchase": 1, "identifier": 1, "quarantine": 1},
    )
    with pytest.raises(InputError, match="takes out 3 rows, not 2"):
        retract(house, "orders", confirmed=True, rows=2)
    assert house.content() == before
    assert retract(house, "orders", confirmed=True, rows=3).done
    with house.open() as context:
        entry = app.audit(context)[0]
    assert (entry.action, entry.detail["purchase"]) == ("feed.retract", 1)


@pytest.mark.parametrize("by", ["batch", "chunk", "file"])
def test_one_batch_goes_and_the_others_stay(
    house: Any, orders: Callable[..., str], by: str
) -> None:
    house.ingest(
        *(house.write(f"{i}.csv", orders({"order_id": f"o{i}"})) for i in range(3)), chunk_rows=1
    )
    with house.open() as context:
        files = app.feed_files(context)
    name = {"batch": files[1].digest[:12], "chunk": f"{files[1].batch}:0", "file": files[1].file}
    gone = files[1].file.removesuffix(".csv")
    retract(house, name[by], confirmed=True)
    assert {r["event_id"] for r in house.rows(PURCHASE)} == {f"o{i}" for i in range(3)} - {
        f"o{gone}"
    }
    everything = [str(house.files / f"{i}.csv") for i in range(3)]
    report = house.ingest(*everything)
    assert (report.written, report.known) == (1, 2)


@pytest.mark.slow
def test_a_file_goes_and_comes_any_number_of_times(house: Any, orders: Callable[..., str]) -> None:
    file = house.write("a.csv", orders({}, {"order_id": "o2", "mail": "b@x.com"}))
    house.ingest(file)
    first = house.content()
    for _ in range(3):
        retract(house, "a.csv", confirmed=True)
        assert house.rows(PURCHASE) == []
        assert house.ingest(file).written == 2
    again = house.content()
    for content in (first, again):
        for table in ("begun", "ingested", "retracted", "retracted_account"):
            content.pop(table, None)
    assert again == first


def test_a_name_that_is_none_is_refused_with_a_suggestion(
    house: Any, orders: Callable[..., str]
) -> None:
    house.ingest(house.write("a.csv", orders({})))
    with pytest.raises(InputError, match="'orders'"):
        retract(house, "ordres")
    with pytest.raises(InputError, match="feed files"):
        retract(house, "0123456789abcdef")


@pytest.mark.parametrize("step", range(6))
def test_a_retraction_that_breaks_off_is_finished_by_the_next_ingest(
    house: Any, orders: Callable[..., str], monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """After each of its commits in turn."""
    rows = orders({"mail": "a@x.com"}, {"order_id": "o2"}, {"order_id": "o3", "count": "x"})
    file = house.write("a.csv", rows)
    house.ingest(file)
    clean = house.content()
    real, left = module.delete_where, [step]

    def dying(*arguments: Any) -> int:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        return real(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(module, "delete_where", dying)
        if step < 5:
            with pytest.raises(KeyboardInterrupt):
                retract(house, "orders", confirmed=True)
        else:
            retract(house, "orders", confirmed=True)
    assert house.ingest(file).written == 2
    content = house.content()
    for ledger in ("begun", "ingested", "retracted", "retracted_account"):
        clean.pop(ledger, None), content.pop(ledger, None)
    assert content == clean


def test_a_file_that_is_retracted_while_it_is_read_leaves_nothing(
    house: Any, orders: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = house.write("a.csv", orders(*({"order_id": f"o{i}"} for i in range(6))))
    real, times = ingest_module.commit, [0]

    def meanwhile(*arguments: Any) -> Any:
        times[0] += 1
        if times[0] == 2:
            retract(house, "orders", confirmed=True)
        return real(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(ingest_module, "commit", meanwhile)
        with pytest.raises(FullhouseError, match="retracted while it was read"):
            house.ingest(file, chunk_rows=2)
    assert house.rows(PURCHASE) == house.rows(INGESTED) == house.rows(BEGUN) == []
    assert house.ingest(file).written == 6


NO_ID = SHOP.replace('event_id = "order_id"\n', "")


def lines(first: int, last: int) -> str:
    rows = (f"x,u{i},2025-03-01 12:00:00,p{i},Pets,1,1.5,,,\n" for i in range(first, last))
    return "".join(rows)


HEADER = "order_id,user,when,sku,category,count,price,currency,mail,tel\n"


def products(house: Any) -> list[str]:
    return sorted(r["product"] for r in house.rows(PURCHASE))


def expected(count: int) -> list[str]:
    return sorted(f"p{i}" for i in range(count))


@pytest.mark.slow
@pytest.mark.parametrize("feed", [SHOP.replace("order_id", "sku"), NO_ID], ids=["ids", "no_ids"])
def test_a_file_that_grew_comes_in_from_where_it_was(house: Any, feed: str) -> None:
    file = Path(house.write("a.csv", HEADER + lines(0, 50)))
    assert house.ingest(str(file), feed=feed).written == 50
    for size in (80, 81, 200):
        with file.open("a") as stream:
            stream.write(lines(len(products(house)), size))
        report = house.ingest(str(file), feed=feed, chunk_rows=30)
        assert report.read == size
        assert report.written + report.known == size
        assert products(house) == expected(size)
    assert house.ingest(str(file), feed=feed).known == 200
    assert len(house.rows(INGESTED)) == 4


@pytest.mark.parametrize("cut", [1, 2, 3, 9, 20, len(lines(50, 51)) - 1, len(lines(50, 51))])
def test_a_last_line_that_was_half_written_is_read_whole_later(house: Any, cut: int) -> None:
    text = HEADER + lines(0, 51)
    file = Path(house.write("a.csv", text[:-cut]))
    house.ingest(str(file), feed=NO_ID)
    file.write_text(text + lines(51, 60))
    house.ingest(str(file), feed=NO_ID)
    assert products(house) == expected(60)
    assert house.rows(QUARANTINE) == []


@pytest.mark.parametrize("feed", [SHOP.replace("order_id", "sku"), NO_ID], ids=["ids", "no_ids"])
@pytest.mark.parametrize("grow", [lines(60, 90), lines(60, 90)[:-7], "\n"])
def test_a_file_that_grows_while_it_is_read_never_doubles(
    house: Any, monkeypatch: pytest.MonkeyPatch, feed: str, grow: str
) -> None:
    file = Path(house.write("a.csv", HEADER + lines(0, 60)))
    real, left = ingest_module.commit, [1]

    def meanwhile(*arguments: Any) -> Any:
        if left[0]:
            left[0] = 0
            with file.open("a") as stream:
                stream.write(grow)
        return real(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(ingest_module, "commit", meanwhile)
        report = house.ingest(str(file), feed=feed, chunk_rows=20)
    assert (report.written, products(house)) == (60, expected(60))
    with file.open("a") as stream:
        stream.write(lines(60, 90)[len(grow.strip(chr(10)) and grow) :])
    house.ingest(str(file), feed=feed)
    assert products(house) == expected(90)


@pytest.mark.parametrize("feed", [SHOP.replace("order_id", "sku"), NO_ID], ids=["ids", "no_ids"])
def test_a_file_that_is_rewritten_while_it_is_read_leaves_no_row(
    house: Any, monkeypatch: pytest.MonkeyPatch, feed: str
) -> None:
    file = Path(house.write("a.csv", HEADER + lines(0, 60)))
    real, left = ingest_module.commit, [1]

    def meanwhile(*arguments: Any) -> Any:
        if left[0]:
            left[0] = 0
            file.write_text(HEADER + lines(30, 90))
        return real(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(ingest_module, "commit", meanwhile)
        with pytest.raises(FullhouseError, match="none of its rows is in"):
            house.ingest(str(file), feed=feed, chunk_rows=20)
    notes = ("retracted", "retracted_account")
    assert all(house.rows(t) == [] for t in ALL.values() if t.name not in notes)
    house.ingest(str(file), feed=feed)
    assert products(house) == sorted(f"p{i}" for i in range(30, 90))


def test_retracting_a_part_takes_what_went_on_from_it(house: Any) -> None:
    file = Path(house.write("a.csv", HEADER + lines(0, 50)))
    house.ingest(str(file), feed=NO_ID)
    with house.open() as context:
        (first,) = app.feed_files(context)
    with file.open("a") as stream:
        stream.write(lines(50, 80))
    house.ingest(str(file), feed=NO_ID)
    assert retract(house, first.batch, confirmed=True).rows == {"purchase": 80}
    assert house.ingest(str(file), feed=NO_ID).written == 80
    assert products(house) == expected(80)


CONSENTS = """
source = "shop"
kind = "consent"
time_zone = "UTC"
[columns]
event_id = "id"
account = "user"
at = "when"
purpose = "purpose"
granted = "granted"
"""


def test_refusals_are_taken_out_only_by_who_names_the_number_of_rows(house: Any) -> None:
    feed = house.feed(CONSENTS, "consents")
    head, day = "id,user,when,purpose,granted", "2025-01-01 00:00,advertising"
    granted = house.write("granted.csv", f"{head}\n1,ann,{day},yes\n")
    refused = house.write(
        "refused.csv", f"{head}\n2,ann,{day},yes\n3,bob,{day},no\n4,eve,{day},maybe\n"
    )
    with house.open() as context:
        app.ingest(context, app.IngestFiles(feed, (granted, refused)))
    assert retract(house, "consents").refusals == retract(house, "refused.csv").refusals == 2
    before = house.content()
    with pytest.raises(InputError, match=r"2 refusals of a purpose.*--expect 4"):
        retract(house, "refused.csv", confirmed=True)
    assert house.content() == before
    assert retract(house, "granted.csv", confirmed=True).refusals == 0
    done = retract(house, "refused.csv", confirmed=True, rows=4)
    assert (done.done, done.refusals) == (True, 2)
