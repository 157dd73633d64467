"""The benchmark's truth is the simulator's own, and its simple plans keep the caps."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.planning import split
from benchmarks.planning_market import book, ground, played, three_films, won
from fullhouse.planning import cap_rows


@pytest.fixture(scope="module")
def film():
    return three_films(1000, 12_000)[0]


def test_expected_tickets_won_are_those_that_plays_give(film):
    _, slots, _ = ground(film, film.base)
    spend = slots.most * 0.15
    expected, real = [], []
    for luck in range(8):
        other = replace(film, market=replace(film.market, seed=50 + luck))
        given = book(other, slots, spend)
        expected.append(won(other, given))
        tickets, without = played(other, given)
        real.append(int((tickets - without).sum()))
    error = np.std(real, ddof=1) / len(real) ** 0.5
    # Days of a run are taken some together: up to a fiftieth beside the luck of 8 plays.
    wanted = pytest.approx(np.mean(real), abs=4 * error + 0.02 * np.mean(real))
    assert np.mean(expected) == wanted
    assert 4 * error < 0.25 * np.mean(real)


def test_a_spend_is_booked_in_full(film):
    _, slots, _ = ground(film, film.base)
    spend = slots.most * 0.1
    for together in (False, True):
        given = book(film, slots, spend, together=together)
        slot = np.array([int(x.name.split()[0]) for x in given.lines])[given.line]
        paid = float((given.frequency * slots.unit_price[slot]).sum())
        assert paid == pytest.approx(spend.sum(), rel=0.02)


def test_simple_plans_spend_the_budget_within_the_caps(film):
    _, slots, _ = ground(film, film.base)
    rows = cap_rows(slots)
    for weight in (np.ones(len(slots)), slots.addressed):
        spend = split(slots, rows, weight, 100.0)
        assert spend.sum() == pytest.approx(100.0, rel=1e-3)
        assert (rows.coefficients @ spend <= rows.limits * (1 + 1e-9)).all()
        assert (spend <= slots.most * (1 + 1e-9)).all()
