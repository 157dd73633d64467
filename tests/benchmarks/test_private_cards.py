"""The table of private cards, in small: what is kept, how wide, what is false."""

import numpy as np
import pytest
from scipy.stats import binom

from benchmarks.private_cards import NAMES, compare, upper
from benchmarks.private_house import STRATA, TRAITS, simulate, source
from fullhouse.cleanroom.cards import count_base
from fullhouse.cleanroom.sizes import measure_sizes


def tallies(people: int, share: float, runs: int, rho: float, *, ratios=None):
    rng = np.random.default_rng(people)
    house = simulate(people, rng)
    sizes = measure_sizes(source(house.blocks), NAMES, STRATA, pairs_nano=None)
    base = count_base(source(house.blocks), TRAITS, STRATA)
    return compare(house, sizes, base, share, runs, rng, ratios=ratios, rhos=(rho,))[rho]


@pytest.mark.slow
def test_a_hundred_thousand_people_keep_most_cards_of_a_large_seed() -> None:
    tally = tallies(100_000, 0.03, 4, 0.1)
    # .91 of about 55 cards were kept when measured; this few are one chance in 100,000.
    assert tally.kept >= binom.ppf(1e-5, tally.exact, 0.88)
    assert tally.exact >= 40
    assert tally.false <= binom.isf(1e-5, tally.cards, 0.05)
    assert np.median(tally.widths) < 1.25
    assert sum(tally.covered) >= binom.ppf(1e-5, len(tally.covered), 0.93)


@pytest.mark.slow
def test_no_card_where_no_trait_is_true() -> None:
    tally = tallies(100_000, 0.03, 4, 0.1, ratios=np.ones(15))
    assert tally.cards <= 3


@pytest.mark.slow
def test_a_million_people_keep_the_goal_at_a_small_price() -> None:
    tally = tallies(1_000_000, 0.03, 4, 0.02)
    assert tally.kept / tally.exact >= 0.87
    assert np.median(tally.widths) <= 1.08
    assert tally.false <= binom.isf(1e-5, tally.cards, 0.05)
    covered = len(tally.covered)
    assert binom.ppf(1e-5, covered, 0.93) <= sum(tally.covered)


def test_an_upper_end_is_clopper_and_pearsons() -> None:
    assert upper(0, 200) == pytest.approx(0.0183, abs=1e-4)
    assert upper(5, 5) == 1.0
