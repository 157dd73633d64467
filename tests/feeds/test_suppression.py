"""Rows of accounts that were erased: counted, written nowhere."""

from importlib import import_module
from pathlib import Path

import pytest

from fullhouse.control.suppression import account_digest, suppress
from fullhouse.core.tables import BEGUN, IDENTIFIER, INGESTED, PURCHASE, QUARANTINE
from fullhouse.feeds import IngestReport

from .conftest import NOW, House

HEADER = "order_id,user,when,sku,category,count,price,currency,mail,tel\n"
ACCOUNT = 'source = "shop"\nkind = "account"\n[columns]\naccount = "user"\ncity = "town"\n'
GONE = "u-77"


def erased(house: House, account: str, source: str = "shop") -> None:
    """Suppress an account as an erasure does."""
    with house.open() as context:
        suppress(context.control, [account_digest(context.key, source, account)])


def row(order: str, user: str, price: str = "2") -> str:
    return f"{order},{user},2025-12-01 10:00,p1,a/b,1,{price},USD,{user.strip()}@example.org,\n"


def take(house: House, rows: str, name: str = "o.csv", **settings: str) -> IngestReport:
    return house.ingest(house.write(name, HEADER + rows), **settings)


def everything(house: House) -> str:
    """All rows of all tables that a feed of events writes, as one text."""
    tables = (PURCHASE, IDENTIFIER, QUARANTINE, BEGUN, INGESTED)
    return repr([house.rows(table, but=()) for table in tables])


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_a_suppressed_row_is_counted_and_its_neighbours_are_written(house: House) -> None:
    erased(house, GONE)
    report = take(house, row("1", GONE) + row("2", "u-777") + row("3", "u-7"))
    assert (report.read, report.written, report.suppressed) == (3, 2, 1)
    assert sorted(r["account"] for r in house.rows(PURCHASE)) == ["u-7", "u-777"]
    assert sorted(r["account"] for r in house.rows(IDENTIFIER)) == ["u-7", "u-777"]
    (file,) = house.rows(INGESTED)
    assert (file["read"], file["written"], file["known"], file["quarantined"]) == (3, 2, 0, 0)


def test_the_same_account_of_another_source_is_written(house: House) -> None:
    erased(house, GONE, source="video")
    assert take(house, row("1", GONE)).written == 1


@pytest.mark.parametrize(
    "bad",
    [
        row("1", GONE, price="-3"),
        row("1", GONE, price="dear"),
        row("1", f" {GONE} "),
    ],
    ids=["negative", "unreadable", "blanks"],
)
def test_a_refused_row_of_a_suppressed_account_is_not_quarantined(house: House, bad: str) -> None:
    erased(house, GONE)
    report = take(house, bad + row("2", "u-777", price="-3"))
    assert report.suppressed == 1
    assert report.quarantined == {"negative_price": 1}
    assert GONE not in everything(house).replace("u-777", "")


@pytest.mark.parametrize(
    "bad",
    [
        f"1,{GONE},2025-12-01 10:00,p1,a/b,1,2,USD\n",
        f'1,"{GONE}",2025-12-01 10:00,p1,a/b,1,2,USD,a@example.org,,one,two,three\n',
    ],
    ids=["short", "long"],
)
def test_a_line_that_cannot_be_read_leaves_nothing_of_a_suppressed_account(
    house: House, bad: str
) -> None:
    erased(house, GONE)
    report = take(house, bad + row("2", "u-8"))
    assert (report.written, report.quarantined) == (1, {"unparseable_row": 1})
    assert GONE not in everything(house)


def test_an_unknown_account_that_is_suppressed_is_not_quarantined(house: House) -> None:
    erased(house, GONE)
    report = take(house, row("1", GONE) + row("2", "u-8"), unknown_account="quarantine")
    assert (report.suppressed, report.quarantined) == (1, {"unknown_account": 1})
    assert GONE not in everything(house)


def test_a_duplicate_event_of_a_suppressed_account_is_not_quarantined(house: House) -> None:
    take(house, row("1", "u-8"))
    erased(house, GONE)
    report = take(house, row("1", GONE), "late.csv")
    assert (report.suppressed, report.quarantined) == (1, {})
    assert GONE not in everything(house)


def test_a_feed_of_accounts_counts_suppressed_rows_too(house: House) -> None:
    erased(house, GONE)
    file = house.write("a.csv", f"user,town\n{GONE},Oslo\nu-1,Rome\n")
    report = house.ingest(file, feed=ACCOUNT, now=NOW)
    assert (report.written, report.suppressed) == (1, 1)
    again = house.ingest(file, feed=ACCOUNT, now=NOW)
    assert (again.written, again.known) == (0, 2)


def test_who_is_suppressed_while_a_file_is_read_is_not_written(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest = import_module("fullhouse.feeds.ingest")
    prepare = ingest.prepare

    def then_erased(*args: object) -> object:
        ready = prepare(*args)
        erased(house, GONE)
        return ready

    monkeypatch.setattr(ingest, "prepare", then_erased)
    report = take(house, row("1", GONE) + row("2", GONE, price="-1") + row("3", "u-8"))
    assert (report.written, report.suppressed, report.quarantined) == (1, 2, {})
    assert GONE not in everything(house)


def test_a_feed_without_suppression_is_as_it_was(house: House) -> None:
    report = take(house, row("1", GONE))
    assert (report.written, report.suppressed) == (1, 0)
