"""The target of a signal: a regression on past films, and where there is none."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import linregress

from fullhouse.planning.daily import ABOVE, BELOW, CANNOT_TELL, HIGH, LOW, ON, Band
from fullhouse.planning.daily_signals import FEWEST, band, band_at, record, verdict

BAND = Band(100.0, 50.0, 200.0, 40)


def past_films(films, *, noise=0.4, slope=0.8, seed=3):
    g = np.random.default_rng(seed)
    grosses = np.exp(g.normal(16, 1, films))
    return np.expm1(slope * np.log(grosses) - 3 + g.normal(0, noise, films)), grosses


def test_the_middle_is_that_of_a_plain_regression():
    amounts, grosses = past_films(50)
    line = linregress(np.log(grosses), np.log1p(amounts))
    target = band(amounts, grosses, 2e7)
    assert target.middle == pytest.approx(np.expm1(line.intercept + line.slope * np.log(2e7)))
    assert target.films == 50


def test_the_range_holds_what_a_film_of_the_target_has_80_times_in_100():
    held, tries, target = 0, 1_500, 2e7
    for seed in range(tries):
        amounts, grosses = past_films(25, seed=seed)
        film = np.expm1(0.8 * np.log(target) - 3 + np.random.default_rng([seed]).normal(0, 0.4))
        needed = band(amounts, grosses, target)
        held += needed.low <= film <= needed.high
    # 4 standard errors of a share of 0.8 over so many tries.
    assert held / tries == pytest.approx(0.8, abs=4 * np.sqrt(0.16 / tries))


def test_far_from_all_past_films_the_range_is_wider():
    amounts, grosses = past_films(40)
    near, far = band(amounts, grosses, float(np.median(grosses))), band(amounts, grosses, 1e12)
    assert np.log(far.high / far.low) > 1.2 * np.log(near.high / near.low)


def test_too_few_films_and_films_that_took_the_same_have_no_target():
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
    total = record(opening, known, np.array([v for _, v in rows])).by(left)
    amounts = [v for d, v in rows if d >= left]
    assert total == (pytest.approx(sum(amounts)) if amounts else None)


def test_once_half_have_begun_the_others_count_as_nothing():
    amounts, grosses = past_films(40)
    early = [record(100, np.array([90]), np.array([a])) for a in amounts]
    late = [record(100, np.array([99]), np.array([a])) for a in amounts]
    half = [*early[:20], *late[20:]]
    needed, begun = band_at(list(zip(half, grosses, strict=True)), 5, 1e7)
    assert (needed.films, begun) == (40, 20)
    fewer = [*early[:19], *late[19:]]
    assert band_at(list(zip(fewer, grosses, strict=True)), 5, 1e7) == (None, 19)
    assert band_at(list(zip(early, grosses, strict=True)), 5, None) == (None, 40)
    assert band_at([], 5, 1e7) == (None, 0)


@pytest.mark.parametrize(
    ("actual", "target", "expected"),
    [(100, BAND, ON), (75, BAND, ON), (140, BAND, ON), (50, BAND, LOW), (65, BAND, LOW),
     (150, BAND, HIGH), (200, BAND, HIGH), (49.9, BAND, BELOW), (200.1, BAND, ABOVE),
     (None, BAND, CANNOT_TELL), (50, None, CANNOT_TELL), (0, Band(0, 0, 0, 40), ON),
     (0.01, Band(10, 0, 90, 40), LOW)],
)  # fmt: skip
def test_barely_inside_the_range_is_not_on_target(actual, target, expected):
    assert verdict(actual, target) == expected


def test_half_of_the_films_of_the_target_are_on_target_and_80_in_100_inside():
    judged = []
    for seed in range(1_500):
        amounts, grosses = past_films(200, seed=seed)
        film = np.expm1(0.8 * np.log(2e7) - 3 + np.random.default_rng([seed]).normal(0, 0.4))
        judged.append(verdict(float(film), band(amounts, grosses, 2e7)))
    # 4 standard errors of a share of one half over so many tries.
    assert judged.count(ON) / len(judged) == pytest.approx(0.5, abs=4 * np.sqrt(0.25 / 1_500))
    inside = sum(v in {ON, LOW, HIGH} for v in judged) / len(judged)
    assert inside == pytest.approx(0.8, abs=4 * np.sqrt(0.16 / 1_500))
