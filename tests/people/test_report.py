"""The report adds up."""

import pytest

from fullhouse.core.errors import CannotTellError
from fullhouse.core.tables import PERSON_TABLE
from fullhouse.people import report
from fullhouse.people.report import Cluster, RefusedIdentifier, SourceCount, SourceOverlap


@pytest.fixture
def three_sources(house):
    house.share(*(("shop", str(n), f"{n:064}") for n in range(6)))
    house.share(*(("video", str(n), f"{n:064}") for n in range(4, 8)))
    house.share(("tickets", "t", f"{5:064}"), ("tickets", "u", f"{9:064}"))
    house.share(*(("shop", str(n), "f" * 64) for n in range(6)))
    return house


@pytest.mark.slow
def test_overlaps_and_the_union_add_up(engine, three_sources) -> None:
    three_sources.resolve(engine, most=5)
    result = report(engine, three_sources.lake)
    assert (result.accounts, result.persons, result.sum_of_sources) == (12, 9, 12)
    assert result.sources == [
        SourceCount("shop", 6, 6, 4),
        SourceCount("tickets", 2, 2, 1),
        SourceCount("video", 4, 4, 2),
    ]
    assert result.overlaps == [
        SourceOverlap("shop", "tickets", 1, 0.5),
        SourceOverlap("shop", "video", 2, 0.5),
        SourceOverlap("tickets", "video", 1, 0.5),
    ]
    assert result.sizes == {1: 7, 2: 1, 3: 1}
    assert [(c.accounts, c.sources) for c in result.largest] == [
        (3, "shop,tickets,video"),
        (2, "shop,video"),
    ]
    assert isinstance(result.largest[0], Cluster)


@pytest.mark.slow
def test_refused_identifiers_show_only_the_beginning_of_their_digest(duck, three_sources) -> None:
    three_sources.resolve(duck, most=5)
    result = report(duck, three_sources.lake)
    assert result.refused == [RefusedIdentifier("email", "f" * 12, 6)]
    assert result.refused_identifiers == 1


@pytest.mark.slow
def test_merges_are_listed_newest_first(duck, house) -> None:
    house.share(("s", "a", "1"), ("s", "b", "2"), ("s", "c", "3"))
    house.resolve(duck)
    house.share(("s", "b", "4"), ("s", "c", "4"))
    house.resolve(duck)
    house.share(("s", "a", "5"), ("s", "c", "5"))
    house.resolve(duck)
    result = report(duck, house.lake, rows=1)
    assert [(m.run, m.kept, m.merged) for m in result.latest_merges] == [(3, 0, 1)]
    assert result.merges == 2


def test_without_a_resolve_run_there_is_no_report(duck, house) -> None:
    with pytest.raises(CannotTellError, match="fullhouse people resolve"):
        report(duck, house.lake)


def test_a_run_that_was_cut_off_is_not_reported_on(duck, house) -> None:
    house.share(("s", "a", "1"))
    house.resolve(duck)
    house.lake.replace(
        PERSON_TABLE, house.lake.read(PERSON_TABLE), marks={"fullhouse.resolve.run": 0}
    )
    with pytest.raises(CannotTellError, match="cut off"):
        report(duck, house.lake)
