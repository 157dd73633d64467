"""The latest word of every account, on every engine, against plain Python."""

from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fullhouse import consent
from fullhouse.core.tables import ACCOUNT_PERSON, CONSENT
from fullhouse.engine import DuckDBEngine, Engine
from fullhouse.lake import Lake

START = datetime(2020, 1, 1, 10, tzinfo=UTC)
AS_OF = date(2020, 1, 4)
Word = tuple[str, str, int, str, bool]
"""Source, account, hours after the start, purpose, granted."""

PEOPLE = {("shop", "a"): 1, ("video", "a"): 1, ("shop", "b"): 2, ("shop", "c"): 3}
WORDS: list[Word] = [
    ("shop", "a", 0, "analytics", False),
    ("shop", "a", 5, "analytics", True),  # taken back on the same day
    ("shop", "b", 0, "analytics", True),
    ("shop", "b", 9, "analytics", False),
    ("shop", "c", 3, "analytics", True),
    ("shop", "c", 3, "analytics", False),  # at the same moment: the refusal wins
    ("shop", "a", 0, "advertising", True),
    ("video", "a", 0, "advertising", False),  # one account's refusal is the person's
    ("shop", "b", 2, "advertising", True),
    ("shop", "b", 24 * 9, "advertising", False),  # after the day asked for
    ("shop", "nobody", 0, "advertising", True),  # an account that no person has yet
]


def write(lake: Lake, words: list[Word]) -> None:
    rows = [
        {"source": s, "account": a, "event_id": str(i), "at": START + timedelta(hours=h)}
        | {"day": (START + timedelta(hours=h)).date(), "purpose": p, "granted": g, "batch": "b"}
        for i, (s, a, h, p, g) in enumerate(words)
    ]
    lake.replace(CONSENT, pa.Table.from_pylist(rows, schema=CONSENT.schema))
    links = [{"source": s, "account": a, "person": p, "since": 1} for (s, a), p in PEOPLE.items()]
    lake.replace(ACCOUNT_PERSON, pa.Table.from_pylist(links, schema=ACCOUNT_PERSON.schema))


def oracle(words: list[Word], purpose: str) -> tuple[set[int], set[int]]:
    """Who refuses and who grants, the slow way."""
    refusing, granting = set(), set()
    for account, person in PEOPLE.items():
        output = [
            (h, not g)
            for s, a, h, p, g in words
            if (s, a) == account and p == purpose and (START + timedelta(hours=h)).date() <= AS_OF
        ]
        if output:
            (refusing if max(output)[1] else granting).add(person)
    return refusing, granting - refusing


def ask(engine: Engine, lake: Lake, purpose: str) -> tuple[set[int], set[int]]:
    def persons(find: object) -> set[int]:
        table = find(engine, lake, purpose=purpose, as_of=AS_OF)  # type: ignore[operator]
        return set(engine.arrow(table)["person"].to_pylist())

    return persons(consent.refusing), persons(consent.granting)


@pytest.mark.parametrize("purpose", ["analytics", "advertising", "research"])
def test_the_latest_word_counts(engine: Engine, lake: Lake, purpose: str) -> None:
    write(lake, WORDS)
    assert ask(engine, lake, purpose) == oracle(WORDS, purpose)


def test_the_words_of_the_case() -> None:
    assert oracle(WORDS, "analytics") == ({2, 3}, {1})
    assert oracle(WORDS, "advertising") == ({1}, {2})


def test_a_house_without_any_statement(engine: Engine, lake: Lake) -> None:
    assert ask(engine, lake, "analytics") == (set(), set())


words = st.lists(
    st.tuples(
        st.sampled_from(["shop", "video"]),
        st.sampled_from(["a", "b", "c", "d"]),
        st.integers(0, 120),
        st.sampled_from(["analytics", "advertising"]),
        st.booleans(),
    ),
    min_size=1,
    max_size=25,
)


@pytest.mark.slow
@settings(max_examples=6, deadline=None)
@given(words)
def test_random_words_in_any_order(
    tmp_path_factory: pytest.TempPathFactory, output: list[Word]
) -> None:
    from fullhouse.lake import Place

    lake = Lake(Place(str(tmp_path_factory.mktemp("lake"))))
    with DuckDBEngine() as duck:
        for order in (output, output[::-1]):
            write(lake, order)
            assert ask(duck, lake, "analytics") == oracle(output, "analytics")


def test_who_leaves_is_asked_with_refusals_of_any_day_and_blanks_and_case_do_not_count(
    engine: Engine, lake: Lake
) -> None:
    words: list[Word] = [
        ("shop", "a", 0, "analytics", True),
        ("shop", "b ", 5, " Analytics", True),
        ("shop", " b", 24 * 30, "ANALYTICS ", False),  # tomorrow, or later still
        ("shop", "c", 24 * 30, "analytics", True),  # a grant counts from its day on
    ]
    write(lake, words)

    def persons(find: object, *, now: bool) -> set[int]:
        table = find(engine, lake, purpose="analytics", as_of=AS_OF, now=now)  # type: ignore[operator]
        return set(engine.arrow(table)["person"].to_pylist())

    assert persons(consent.refusing, now=True) == {2}
    assert persons(consent.granting, now=True) == {1}
    assert persons(consent.granting, now=False) == {1, 2}
