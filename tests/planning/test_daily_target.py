"""The target of a signal: a regression on past films, and what it does not tell."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import linregress

from fullhouse.planning.daily import ABOVE, BELOW, CANNOT_TELL, ON, Band
from fullhouse.planning.daily_target import FEWEST, band, band_at, record, verdict

BAND = Band(100.0, 50.0, 200.0, 40)


def past_films(films, *, noise=0.4, slope=0.8, seed=3):
    g = np.random.default_rng(seed)
    grosses = np.exp(g.normal(16, 1, films))
    return np.expm1(slope * np.log(grosses) - 3 + g.normal(0, noise, films)), grosses


def test_the_middle_is_that_of_a_plain_regression():
    amounts, grosses = past_films(50)
    line = linregress(np.log(grosses), np.log1p(amounts))
    found = band(amounts, grosses, 2e7)
    assert found.middle == pytest.approx(np.expm1(line.intercept + line.slope * np.log(2e7)))
    assert found.films == 50


def test_the_range_holds_what_a_film_of_the_target_has_80_times_in_100():
    held, tries, target = 0, 1_500, 2e7
    for seed in range(tries):
        amounts, grosses = past_films(25, seed=seed)
        mine = np.expm1(0.8 * np.log(target) - 3 + np.random.default_rng([seed]).normal(0, 0.4))
        found = band(amounts, grosses, target)
        held += found.low <= mine <= found.high
    # 4 standard errors of a share of 0.8 over so many tries.
    assert held / tries == pytest.approx(0.8, abs=4 * np.sqrt(0.16 / tries))


def test_far_from_all_past_films_the_range_is_wider():
    amounts, grosses = past_films(40)
    near, far = band(amounts, grosses, float(np.median(grosses))), band(amounts, grosses, 1e12)
    assert np.log(far.high / far.low) > 1.2 * np.log(near.high / near.low)


def test_too_few_films_and_films_that_took_the_same_tell_nothing():
    amounts, grosses = past_films(FEWEST)
    assert band(amounts, grosses, 1e7) is not None
    assert band(amounts[1:], grosses[1:], 1e7) is None
    assert band(amounts, np.full(FEWEST, 1e7), 1e7) is None
    assert band(amounts, 1 / grosses, 1e-7) is None, "those that took more had less of it"


@given(st.lists(st.tuples(st.integers(0, 90), st.floats(0, 1e6)), min_size=1, max_size=40),
       st.integers(0, 95))  # fmt: skip
def test_a_record_sums_what_was_known_by_a_distance(rows, left):
    """Against the slow, obvious sum; no row known later is in it."""
    opening = 1_000
    known = np.array([opening - d for d, _ in rows], np.int64)
    found = record(opening, known, np.array([v for _, v in rows])).by(left)
    mine = [v for d, v in rows if d >= left]
    assert found == (pytest.approx(sum(mine)) if mine else None)


def test_once_half_have_begun_the_others_count_as_nothing():
    amounts, grosses = past_films(40)
    early = [record(100, np.array([90]), np.array([a])) for a in amounts]
    late = [record(100, np.array([99]), np.array([a])) for a in amounts]
    half = [*early[:20], *late[20:]]
    found, begun = band_at(list(zip(half, grosses, strict=True)), 5, 1e7)
    assert (found.films, begun) == (40, 20)
    fewer = [*early[:19], *late[19:]]
    assert band_at(list(zip(fewer, grosses, strict=True)), 5, 1e7) == (None, 19)
    assert band_at(list(zip(early, grosses, strict=True)), 5, None) == (None, 40)
    assert band_at([], 5, 1e7) == (None, 0)


@pytest.mark.parametrize(
    ("actual", "target", "said"),
    [(50, BAND, ON), (200, BAND, ON), (49.9, BAND, BELOW), (200.1, BAND, ABOVE),
     (None, BAND, CANNOT_TELL), (50, None, CANNOT_TELL)],
)  # fmt: skip
def test_the_verdict(actual, target, said):
    assert verdict(actual, target) == said
