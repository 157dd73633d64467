"""What was known on a day, read from the lake: whose word counts, renamed films, previews, gaps."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fullhouse as fh
from fullhouse import films
from fullhouse.core.errors import CannotTellError
from fullhouse.core.tables import FILM_FACT, FILM_GROSS
from fullhouse.forecast.history import History, read_history
from fullhouse.lake import Lake, Place
from tests.forecast.synthetic_market import AS_OF, EARLY, Market

DAY = date(2016, 6, 1)
AT = datetime(2016, 1, 1, tzinfo=UTC)


def fact(film: str, field: str, value: str | None, known_on: date, **more: Any) -> dict[str, Any]:
    row = {"film": film, "territory": "US", "field": field, "value": value, "known_on": known_on}
    return row | {"origin": "made", "at": AT, "batch": "1"} | more


def gross(film: str, day: date, amount: float, **more: Any) -> dict[str, Any]:
    row = {"film": film, "territory": "US", "day": day, "gross": amount, "currency": "USD"}
    known = {"known_on": day + timedelta(days=1), "origin": "made", "at": AT, "batch": "1"}
    return row | {"theaters": None, "to_date": None} | known | more


def write(
    lake: Lake, facts: list[dict[str, Any]], days: list[dict[str, Any]] | None = None
) -> Lake:
    lake.append(FILM_FACT, pa.Table.from_pylist(facts, FILM_FACT.schema), batch="facts")
    rows = days or [gross("other", DAY - timedelta(days=900), 1.0)]
    lake.append(FILM_GROSS, pa.Table.from_pylist(rows, FILM_GROSS.schema), batch="days")
    return lake


def known(lake: Lake, field: str, *, as_of: date = DAY, on: date | None = None) -> Any:
    return read_history(lake, "US", as_of).fact("a", field, (on or as_of).toordinal())


BEFORE, AFTER = DAY - timedelta(days=20), DAY - timedelta(days=10)
WHOSE: list[tuple[str, list[dict[str, Any]], int]] = [
    (
        "later over earlier",
        [fact("a", "theaters", "1", BEFORE), fact("a", "theaters", "2", AFTER)],
        2,
    ),
    (
        "the territory over everywhere, though it was known earlier",
        [fact("a", "theaters", "1", BEFORE), fact("a", "theaters", "2", AFTER, territory="")],
        1,
    ),
    (
        "the territory over everywhere of the same day",
        [
            fact("a", "theaters", "1", BEFORE),
            fact("a", "theaters", "2", BEFORE, territory="", origin="user"),
        ],
        1,
    ),
    (
        "a user over a set of the same day",
        [
            fact("a", "theaters", "1", BEFORE, origin="user"),
            fact("a", "theaters", "2", BEFORE, origin="zzz"),
        ],
        1,
    ),
    (
        "the set later in the alphabet",
        [fact("a", "theaters", "1", BEFORE, origin="b"), fact("a", "theaters", "2", BEFORE)],
        2,
    ),
]


@pytest.mark.parametrize(("rows", "value"), [w[1:] for w in WHOSE], ids=[w[0] for w in WHOSE])
def test_whose_word_counts(lake: Lake, rows: list[dict[str, Any]], value: int) -> None:
    write(lake, rows)
    assert known(lake, "theaters") == value
    assert films.known(lake, "a", "US", DAY).facts["theaters"] == value


def test_a_word_on_everywhere_counts_until_the_territory_has_its_own(lake: Lake) -> None:
    rows = [fact("a", "theaters", "1", BEFORE, territory=""), fact("a", "theaters", "2", AFTER)]
    write(lake, rows)
    assert known(lake, "theaters", on=AFTER - timedelta(days=1)) == 1
    assert known(lake, "theaters") == 2
    assert known(lake, "theaters", as_of=AFTER - timedelta(days=1)) == 1


def test_a_film_that_was_renamed_has_the_facts_and_days_of_both_ids(lake: Lake) -> None:
    rows = [
        fact("old", "opening", '"2016-05-06"', BEFORE),
        fact("old", "theaters", "7", AFTER),
        fact("a", "theaters", "5", BEFORE),
        fact("old", "same_as", '"a"', AFTER, origin="user"),
    ]
    write(lake, rows, [gross("old", date(2016, 5, 6), 10.0), gross("a", date(2016, 5, 7), 12.0)])
    result = read_history(lake, "US", DAY)
    assert set(result.facts) == {"a"}
    assert result.fact("a", "theaters", DAY.toordinal()) == 7
    assert result.run("a").gross.tolist() == [10.0, 12.0]


def test_previews_lie_before_the_opening_and_count_to_date(lake: Lake) -> None:
    opening = date(2016, 5, 6)
    days = [
        gross("a", opening + timedelta(days=k), a) for k, a in ((-1, 3.0), (0, 10.0), (1, 12.0))
    ]
    write(lake, [fact("a", "opening", f'"{opening}"', BEFORE)], days)
    run = read_history(lake, "US", DAY).run("a")
    assert run.offsets.tolist() == [-1, 0, 1]
    assert [run.until(k) for k in (-1, 0, 1, 2)] == [0.0, 3.0, 13.0, 25.0]
    assert run.between(0, 1) == 22.0


def test_a_gap_is_not_known_and_what_was_stated_to_date_counts(lake: Lake) -> None:
    opening = date(2016, 5, 6)
    days = [gross("a", opening, 10.0), gross("a", opening + timedelta(days=3), 4.0, to_date=40.0)]
    write(lake, [fact("a", "opening", f'"{opening}"', BEFORE)], days)
    run = read_history(lake, "US", DAY).run("a")
    assert np.isnan(run.on(1))
    assert np.isnan(run.between(0, 3))
    assert run.until(4) == 40.0


def test_days_of_a_film_whose_opening_is_not_known_any_more_are_left_out(lake: Lake) -> None:
    rows = [fact("a", "opening", '"2016-05-06"', BEFORE), fact("a", "opening", None, AFTER)]
    write(lake, rows, [gross("a", date(2016, 5, 6), 10.0)])
    result = read_history(lake, "US", DAY)
    assert result.runs == {}
    assert result.openings(DAY.toordinal()) == {}


def test_two_currencies_and_no_gross_are_refused(lake: Lake, tmp_path: Path) -> None:
    days = [gross("a", DAY, 1.0, known_on=DAY), gross("b", DAY, 1.0, known_on=DAY, currency="EUR")]
    write(lake, [fact("a", "opening", '"2016-06-01"', BEFORE)], days)
    with pytest.raises(CannotTellError, match="EUR, USD: a territory needs one currency"):
        read_history(lake, "US", DAY)
    with pytest.raises(CannotTellError, match="No gross of any film in 'FR'"):
        read_history(lake, "FR", DAY)


def test_an_earlier_day_within_a_history_is_what_was_read_on_that_day(
    history: History, market_house: Path
) -> None:
    with fh.app.open_house(str(market_house), environment={}) as workspace:
        then = read_history(workspace.lake, "US", EARLY)
    within = history.at(EARLY)
    assert within.facts == then.facts
    assert within.digest() == then.digest()
    assert within.as_of == EARLY


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(
    moves=st.lists(
        st.tuples(st.integers(-40, 9), st.integers(-30, 20), st.booleans()), min_size=1, max_size=5
    ),
    on=st.integers(-60, 10),
)
def test_an_opening_that_moved_is_the_one_that_was_known(
    tmp_path_factory: pytest.TempPathFactory, moves: list[tuple[int, int, bool]], on: int
) -> None:
    lake = Lake(Place(str(tmp_path_factory.mktemp("lake"))))
    facts = [
        fact(
            "a",
            "opening",
            f'"{DAY + timedelta(days=opening)}"',
            DAY + timedelta(days=known_on),
            territory="US" if here else "",
            origin=f"set-{i}",
        )
        for i, (known_on, opening, here) in enumerate(moves)
    ]
    days = [gross("a", DAY + timedelta(days=k), float(40 + k)) for k in range(-40, 9)]
    write(lake, facts, [*days, gross("b", DAY - timedelta(days=99), 1.0)])
    day = DAY + timedelta(days=on)
    whole = read_history(lake, "US", DAY + timedelta(days=10))
    then, within = read_history(lake, "US", day), whole.at(day)
    assert within.facts == then.facts
    assert set(within.runs) == set(then.runs)
    assert within.run("a").offsets.tolist() == then.run("a").offsets.tolist()
    assert within.run("a").to_date.tolist() == then.run("a").to_date.tolist()


def test_nothing_of_a_day_later_than_the_history_is_in_it(history: History, market: Market) -> None:
    last = AS_OF.toordinal()
    assert all(
        s[0] <= last for f in history.facts.values() for stated in f.values() for s in stated
    )
    for film, run in history.runs.items():
        assert history.fact(film, "opening", last) + run.offsets[-1] < last
    assert all((k <= last).all() for s in history.signals.values() for _, k, _ in s.values())
    assert market.coming()[0].film in history.facts
