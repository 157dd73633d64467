"""Sign flips over pairs of cities: p, interval, level and coverage against the obvious."""

from itertools import product
from math import inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.stats import city_pairs
from fullhouse.stats.city_pairs import (
    fewest_pairs,
    flips,
    needed_effect,
    paired_effect,
    paired_p,
    smallest_shown,
)

SMALL = st.floats(0.01, 1e6)


def _made(seed, pairs=8, sigma=0.1):
    g = np.random.default_rng(seed)
    before = g.lognormal(6, 1, (pairs, 1)) * g.lognormal(0, 0.2, (pairs, 2))
    return before, before * g.lognormal(0, sigma, (pairs, 2))


def _slow_p(before, after, effect=0.0):
    """Every draw that could have been, its statistic computed anew from the whole table."""
    null = after / [1 + effect, 1.0]

    def statistic(turned):
        total = 0.0
        for (b, a), turn in zip(zip(before, null, strict=True), turned, strict=True):
            one, other = (1, 0) if turn else (0, 1)
            total += (b[0] + b[1]) / 2 * (a[one] / b[one] - a[other] / b[other])
        return total

    every = [statistic(t) for t in product((False, True), repeat=len(before))]
    seen = abs(every[0])
    return sum(abs(x) >= seen * (1 - 1e-9) for x in every) / len(every)


@pytest.mark.parametrize("seed", range(5))
def test_p_counts_every_draw_that_could_have_been(seed):
    before, after = _made(seed)
    assert paired_effect(before, after).p == pytest.approx(_slow_p(before, after))


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_the_interval_ends_where_the_test_begins_to_reject(level):
    before, after = _made(11)
    result = paired_effect(before, after, level=level)
    for end, side in ((result.low, 1), (result.high, -1)):
        assert _slow_p(before, after, end + side * 1e-4) > 1 - level
        assert _slow_p(before, after, end - side * 1e-4) <= 1 - level
    assert result.low < result.value < result.high


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(SMALL, SMALL, st.floats(0, 1e9), st.floats(0, 1e9)), min_size=6, max_size=6),
    st.sampled_from([0.05, 0.1, 0.25]),
)
def test_of_all_draws_no_more_than_the_level_are_false_finds(rows, alpha):
    """The promise itself, for any sales whatever: the draws of the design are gone through."""
    before, after = np.array(rows)[:, :2], np.array(rows)[:, 2:]
    sets, false = flips(6), 0
    for turned in product((False, True), repeat=6):
        turn = np.array(turned)[:, None]
        b, a = (np.where(turn, x[:, ::-1], x) for x in (before, after))
        try:
            false += paired_p(b, a, sets) <= alpha + 1e-12
        except CannotTellError:
            continue
    assert false <= alpha * 2**6


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.floats(-0.5, 2.0))
def test_of_all_draws_the_interval_holds_a_common_effect_as_often_as_it_says(seed, effect):
    before, after = _made(seed, pairs=6, sigma=1.5)
    covered = 0
    for turned in product((False, True), repeat=6):
        turn = np.array(turned)[:, None]
        b, a = (np.where(turn, x[:, ::-1], x) for x in (before, after))
        result = paired_effect(b, a * [1 + effect, 1.0])
        covered += result.low <= effect + 1e-9 and effect - 1e-9 <= result.high
    assert covered >= 0.95 * 2**6


def test_a_planted_effect_is_detected_and_reversed_it_is_its_mirror():
    before, after = _made(3, pairs=12, sigma=0.03)
    result = paired_effect(before, after * [1.2, 1.0])
    assert result.low > 0
    assert result.value == pytest.approx(0.2, abs=0.05)
    back = paired_effect(before[:, ::-1], (after * [1.2, 1.0])[:, ::-1])
    assert back.p == result.p
    assert 1 + back.low == pytest.approx(1 / (1 + result.high))
    assert 1 + back.value == pytest.approx(1 / (1 + result.value))


def test_the_unit_of_the_past_and_of_the_sales_does_not_matter():
    before, after = _made(4)
    result, other = paired_effect(before, after), paired_effect(before * 7, after / 100)
    assert (other.value, other.low, other.p) == pytest.approx((result.value, result.low, result.p))


def test_drawn_sets_say_nearly_what_all_of_them_say(monkeypatch):
    before, after = _made(5, pairs=12)
    exact = paired_effect(before, after * [1.08, 1.0])
    monkeypatch.setattr(city_pairs, "EXACT_PAIRS", 5)
    drawn = paired_effect(before, after * [1.08, 1.0])
    assert (exact.exact, exact.sets, drawn.exact, drawn.sets) == (True, 4095, False, 10_000)
    # Four standard errors of a share of 10,000, twice over for two sides.
    assert drawn.p == pytest.approx(exact.p, abs=8 * (exact.p * (1 - exact.p) / 1e4) ** 0.5 + 2e-4)
    assert drawn.low == pytest.approx(exact.low, abs=0.01)
    assert drawn.p == paired_effect(before, after * [1.08, 1.0]).p, "the seed decides"
    assert drawn.p >= 2 / 10_001, "never 0, however many are drawn"


def test_needed_effect_is_the_least_that_would_have_been_found():
    before, after = _made(12)
    need = needed_effect(before, after, flips(8))
    assert paired_effect(before, after * [1 + need * 1.001, 1.0]).low > 0
    assert paired_effect(before, after * [1 + need * 0.999, 1.0]).low < 0
    assert needed_effect(before, after * [1.0, 0.0], flips(8)) == inf
    assert needed_effect(before, after * [9.0, 1.0], flips(8)) == 0


def test_the_smallest_stated_effect_is_detected_in_that_share_of_replays():
    played = [_made(s) for s in range(100)]
    shown = smallest_shown(played, 8, power=0.8)
    result = [paired_effect(b, a * [1 + shown + 1e-9, 1.0]).low > 0 for b, a in played]
    assert sum(result) == 81
    with pytest.raises(InputError, match="No past window"):
        smallest_shown([], 8)


@pytest.mark.parametrize(("pairs", "p"), [(5, "0.0625"), (1, "1")])
def test_too_few_pairs_are_refused_with_what_would_do(pairs, p):
    before, after = _made(7, pairs=pairs)
    with pytest.raises(CannotTellError, match=rf"no p is below {p}\. It takes 6 pairs, 12"):
        paired_effect(before, after)


def test_the_fewest_pairs_reach_the_level_and_one_fewer_does_not():
    for level in (0.5, 0.8, 0.9, 0.95, 0.99, 0.999):
        n = fewest_pairs(level)
        assert 2 / 2**n <= 1 - level + 1e-12 < 2 / 2 ** (n - 1) + 1e-12
    before, after = _made(8, pairs=6, sigma=0.001)
    assert paired_effect(before, after * [2.0, 1.0]).p == 2 / 2**6


def test_sets_without_sales_agree_with_every_effect():
    before, after = _made(9, pairs=6, sigma=0.001)
    after[:2] = 0
    result = paired_effect(before, after * [2.0, 1.0])
    assert result.p == _slow_p(before, after * [2.0, 1.0]) == 8 / 64
    assert (result.low, result.high) == (-1, inf)


@pytest.mark.parametrize(
    ("before", "after", "error", "message"),
    [
        ([0.0, 1.0], [1.0, 1.0], CannotTellError, "pair number 0 sold nothing before"),
        ([1.0, 1.0], [-1.0, 1.0], InputError, "more was given back than sold"),
        ([1.0, np.nan], [1.0, 1.0], InputError, "finite"),
        ([1.0, 1.0], [0.0, 1.0], CannotTellError, "treated cities sold nothing"),
        ([1.0, 1.0], [1.0, 0.0], CannotTellError, "control cities sold nothing"),
    ],
)
def test_what_cannot_be_computed_is_explained(before, after, error, message):
    with pytest.raises(error, match=message):
        paired_effect(np.array([before] * 6), np.array([after] * 6))
