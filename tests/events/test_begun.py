"""Which files were begun, whoever else begins files at the same time."""

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from fullhouse.events import Feed
from fullhouse.events.begun import Begun
from fullhouse.events.terms import Terms
from fullhouse.lake import Lake
from fullhouse.settings import Settings

FEED = Feed.parse(
    'source = "shop"\nkind = "purchase"\ntime_zone = "UTC"\ncurrency = "USD"\n'
    '[columns]\naccount = "a"\nat = "t"\n',
    name="f",
)


def _terms(day: int) -> Terms:
    return Terms.of(FEED, Settings(), now=datetime(2026, 1, day, tzinfo=UTC))


def test_terms_are_those_of_the_first_run(lake: Lake) -> None:
    first = Begun(lake, FEED).begin("x.csv", _terms(1), digest="d", content="c")
    again = Begun(lake, FEED).begin("x.csv", _terms(2), digest="d", content="c")
    assert first == again == (_terms(1), False)


def test_what_another_ingest_began_meanwhile_is_seen(lake: Lake) -> None:
    mine, theirs = Begun(lake, FEED), Begun(lake, FEED)
    assert theirs.begin("x.csv", _terms(1), digest="d1", content="c") == (_terms(1), False)
    assert mine.begin("x.csv", _terms(2), digest="d1", content="c") == (_terms(1), False)
    assert mine.begin("x.csv", _terms(2), digest="d2", content="c") == (_terms(2), True)
    assert theirs.begin("y.csv", _terms(3), digest="d3", content="e") == (_terms(3), False)


class Counting(Lake):
    """A lake that counts how often a table is read."""

    reads = 0

    def read(self, *arguments: Any, **named: Any) -> pa.Table:
        type(self).reads += 1
        return super().read(*arguments, **named)


def test_many_files_read_the_table_once(lake: Lake) -> None:
    counting = Counting(lake.place)
    begun = Begun(counting, FEED)
    for i in range(5):
        begun.begin(f"{i}.csv", _terms(1), digest=f"d{i}", content=f"c{i}")
    assert Counting.reads <= 1
