"""A person is what the accounts last said."""

from datetime import UTC, date, datetime

import pytest

from fullhouse.core.tables import ACCOUNT_PERSON, ACCOUNT_TABLE, PERSON_TABLE
from fullhouse.engine import Scratch
from fullhouse.people.accounts import numbered
from fullhouse.people.persons import write_persons
from fullhouse.people.resolution import RUN, read_state


def at(day: int) -> datetime:
    return datetime(2025, 1, day, 12, tzinfo=UTC)


def word(source: str, account: str, day: int, **output: object) -> dict[str, object]:
    return {"source": source, "account": account, "at": at(day), **output}


@pytest.mark.slow
def test_the_latest_word_that_is_not_empty_counts(engine, house) -> None:
    house.share(("shop", "a", "m"), ("video", "b", "m"), ("shop", "alone", "n"))
    house.name(
        word("shop", "a", 1, gender="female", city="Ames", income="low"),
        word("video", "b", 2, gender="", city=None, region="iowa"),
        word("shop", "a", 3, income="high", birth_year=1980),
        word("video", "b", 2, household_size=4),
    )
    house.resolve(engine)
    persons = house.persons()
    both = persons[house.people()["shop", "a"]]
    assert both["gender"] == "female"
    assert both["city"] == "Ames"
    assert both["region"] == "iowa"
    assert both["income"] == "high"
    assert (both["birth_year"], both["household_size"]) == (1980, 4)
    assert (both["accounts"], both["sources"], both["block"]) == (2, "shop,video", 0)
    alone = persons[house.people()["shop", "alone"]]
    assert (alone["gender"], alone["accounts"], alone["sources"]) == (None, 1, "shop")


@pytest.mark.slow
def test_of_words_of_the_same_time_the_first_account_counts(engine, house) -> None:
    house.share(*((s, a, "m") for s, a in (("b", "2"), ("a", "2"), ("a", "1"))))
    house.name(
        word("b", "2", 1, income="low"),
        word("a", "2", 1, income="middle"),
        word("a", "1", 1, income="high", city=""),
        word("b", "2", 1, city="Rome"),
    )
    house.resolve(engine)
    assert house.persons()[0]["income"] == "high"
    assert house.persons()[0]["city"] == "Rome"


@pytest.mark.slow
@pytest.mark.parametrize("times", [1, 2], ids=["once", "twice"])
def test_an_age_band_is_one_word_with_its_day(engine, house, times) -> None:
    bands = [{"age_min": 18, "age_max": 24}, {"age_max": 34}]
    house.name(*(word("s", "a", n + 1, **b) for n, b in enumerate(bands[-times:])))
    house.name(word("s", "b", 5, age_min=65))
    house.resolve(engine)
    person = house.persons()[0]
    assert (person["age_min"], person["age_max"]) == (None, 34)
    assert person["age_as_of"] == date(2025, 1, times)
    assert (house.persons()[1]["age_min"], house.persons()[1]["age_max"]) == (65, None)


@pytest.mark.slow
def test_new_words_change_the_person_but_are_no_run(engine, house) -> None:
    house.name(word("s", "a", 1, city="Ames"))
    house.resolve(engine)
    house.name(word("s", "a", 2, city="Rome"))
    result = house.resolve(engine)
    assert (result.changed, result.run) == (False, 1)
    assert house.persons()[0]["city"] == "Rome"


@pytest.mark.slow
def test_a_late_older_word_changes_nothing(duck, house) -> None:
    house.name(word("s", "a", 5, city="Rome"))
    house.name(word("s", "a", 1, city="Ames"))
    house.resolve(duck)
    assert house.persons()[0]["city"] == "Rome"


@pytest.mark.slow
def test_blocks_are_made_apart_and_together_alike(engine, house) -> None:
    rows = [
        {"source": "s", "account": str(p), "person": p, "since": 1}
        for p in (0, 1, 2**20 - 1, 2**20, 3 * 2**20 + 7, 2**32 - 1)
    ]
    house.name(*(word("s", r["account"], 1, birth_year=r["person"] % 100) for r in rows))
    house.write(ACCOUNT_PERSON, *rows)
    result = []
    for blocks in (1, 2, 100):
        state = read_state(house.lake)
        write_persons(
            engine, house.lake, state.accounts, marks={RUN: 1}, metadata={}, pass_blocks=blocks
        )
        result.append(house.persons())
    assert result[0] == result[1] == result[2]
    assert {p: r["block"] for p, r in result[0].items()} == {
        r["person"]: r["person"] >> 20 for r in rows
    }
    assert all(r["birth_year"] == p % 100 for p, r in result[0].items())


@pytest.mark.parametrize("bucket_rows", [1, 7, 1000])
def test_numbers_do_not_depend_on_the_cuts(engine, lake, bucket_rows) -> None:
    import pyarrow as pa

    pairs = [(s, f"{n % 7}-{n}") for n in range(40) for s in ("b", "a", "流")]
    table = pa.table({"s": [s for s, _ in pairs], "a": [a for _, a in pairs]})
    with Scratch(engine, lake.place.root) as scratch:
        named = numbered(
            scratch, engine.memory(table), 120, by=["s", "a"], start=5, bucket_rows=bucket_rows
        )
        rows = engine.arrow(named).to_pylist()
    assert {(r["s"], r["a"]): r["number"] for r in rows} == {
        pair: 5 + n for n, pair in enumerate(sorted(pairs))
    }


def test_tables_are_as_declared(duck, house) -> None:
    house.name(word("s", "a", 1))
    house.resolve(duck)
    assert house.lake.read(PERSON_TABLE).schema.names == PERSON_TABLE.names
    assert house.lake.read(ACCOUNT_TABLE).num_rows == 1
