"""Which files were begun, whoever else begins files at the same time."""

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from fullhouse.core.settings import Settings
from fullhouse.core.tables import BEGUN
from fullhouse.feeds import Feed
from fullhouse.feeds.terms import Beginning, Begun, Terms
from fullhouse.lake import Lake

FEED = Feed.parse(
    'source = "shop"\nkind = "purchase"\ntime_zone = "UTC"\ncurrency = "USD"\n'
    '[columns]\naccount = "a"\nat = "t"\n',
    name="f",
)


def _terms(day: int) -> Terms:
    return Terms.of(FEED, Settings(), now=datetime(2026, 1, day, tzinfo=UTC))


def _begin(begun: Begun, terms: Terms, digest: str, content: str) -> tuple[Terms, bool]:
    (result,) = begun.begin(Beginning("x.csv", terms, digest, content))
    return result


def test_terms_are_those_of_the_first_run(lake: Lake) -> None:
    first = _begin(Begun(lake, FEED), _terms(1), "d", "c")
    again = _begin(Begun(lake, FEED), _terms(2), "d", "c")
    assert first == again == (_terms(1), False)


def test_what_another_ingest_began_meanwhile_is_seen(lake: Lake) -> None:
    own, theirs = Begun(lake, FEED), Begun(lake, FEED)
    assert _begin(theirs, _terms(1), "d1", "c") == (_terms(1), False)
    assert _begin(own, _terms(2), "d1", "c") == (_terms(1), False)
    assert _begin(own, _terms(2), "d2", "c") == (_terms(2), True)
    assert _begin(theirs, _terms(3), "d3", "e") == (_terms(3), False)


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
        _begin(begun, _terms(1), f"d{i}", f"c{i}")
    assert Counting.reads <= 1


def test_files_begun_together_are_one_commit(lake: Lake) -> None:
    begun = Begun(lake, FEED)
    _begin(begun, _terms(1), "d0", "c0")
    before = lake.version(BEGUN)
    result = begun.begin(*(Beginning("x", _terms(2), f"d{i}", f"c{i}") for i in range(4)))
    assert result == [(_terms(1 if i == 0 else 2), False) for i in range(4)]
    assert before is not None
    assert lake.version(BEGUN) == before + 1
