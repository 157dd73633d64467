"""People are read one by one: their stratum, traits and seed follow from themselves alone."""

import numpy as np
import pytest
from pyroaring import BitMap

from fullhouse.cleanroom.person_rows import FAN_CELLS, STRATA, person_rows, strata_of
from fullhouse.core.person_sets import by_block
from fullhouse.sample.outcome import Outcome, OwnEvents
from tests.discovery.house import trait, write_blocks

TRAITS = [
    trait(5, "buys:b", "purchase", least=2),
    trait(2, "age:a"),
    trait(9, "buys:c", "purchase"),
]


@pytest.fixture
def blocks(tmp_path):
    people = [
        {"person": 1, "traits": [2, 5, 9], "events": [0, 2, 1], "purchase": 3},
        {"person": 2, "traits": [], "events": [], "purchase": 0},
        {"person": 4, "traits": [5, 7], "events": [3, 8], "purchase": 61},
    ]
    return write_blocks(tmp_path / "blocks", {0: people})


BASE = {0: BitMap([1, 2, 3, 4])}


def rows_of(source):
    """(stratum, cell, seed, columns) of everybody, in reading order."""
    rows = []
    for part in source():
        for i in range(part.people):
            columns = tuple(part.columns[part.offsets[i] : part.offsets[i + 1]].tolist())
            cell = None if part.cells is None else int(part.cells[i])
            seed = None if part.seed is None else bool(part.seed[i])
            rows.append((int(part.strata[i]), cell, seed, columns))
    return rows


def test_everybody_of_the_base_is_read_once_with_the_traits_asked_for(blocks) -> None:
    assert rows_of(person_rows(blocks, BASE, TRAITS)) == [
        (3, None, None, (0, 1, 2)),
        (0, None, None, ()),
        (9, None, None, (0,)),
        (0, None, None, ()),  # person 3, of whom nothing is known
    ]


def test_the_seed_and_fans_are_flagged_known_or_not(blocks) -> None:
    outcome = Outcome("x", by_block(np.array([3, 4, 99])))
    rows = rows_of(person_rows(blocks, BASE, TRAITS, outcome=outcome, fans={0: BitMap([1])}))
    assert [r[2] for r in rows] == [False, False, True, True]
    assert [r[1] for r in rows] == [7, 0, 18, 0]
    assert FAN_CELLS[[7, 0, 18]].tolist() == [3, 0, 9]


def test_the_outcomes_own_events_are_taken_from_traits_and_activity(blocks) -> None:
    outcome = Outcome("x", by_block(np.array([1, 4])))
    own = OwnEvents(
        persons=np.array([1, 4]),
        counts=np.array([[2, 2], [0, 0], [0, 0], [0, 0]], dtype=np.int32),
        needed=(1, 0, 0, 0),
        overlap=(np.array([1, 4]), np.array([5, 5]), np.array([1, 1])),
    )
    rows = rows_of(person_rows(blocks, BASE, TRAITS, outcome=outcome, own=own))
    # Person 1 has one event of trait 5 left, and two are needed; 4 has two left.
    assert rows[0] == (2, None, True, (1, 2))
    assert rows[2] == (9, None, True, (0,))


def test_another_person_changes_nobody_elses_row(blocks) -> None:
    every = rows_of(person_rows(blocks, BASE, TRAITS))
    fewer = rows_of(person_rows(blocks, {0: BitMap([1, 2, 4])}, TRAITS))
    assert every[:3] == fewer


def test_strata_have_fixed_ends() -> None:
    assert strata_of(np.array([0, 1, 2, 4, 5, 10**6])).tolist() == [0, 1, 2, 3, 4, STRATA - 1]
