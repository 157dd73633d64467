"""Ends of ranges move with their misses; a market far from its season widens both."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fullhouse.core.arrays import Floats
from fullhouse.forecast import PROBABILITIES, adapt
from fullhouse.forecast.adapt import ALL, Ends, Lately, PastScores, ends, market_factor
from fullhouse.forecast.forecast import MarketChanged, MarketClosed, RangesMissed
from fullhouse.forecast.history_index import HistoryIndex
from fullhouse.view.words.forecast import note_words
from tests.forecast.small_history import a_run, an_index

LOW, MIDDLE, HIGH = adapt.LOW, adapt.MIDDLE, adapt.HIGH


def past(scores: list[float], *, group: int = 0, every: int = 3) -> PastScores:
    n = len(scores)
    return PastScores(
        np.arange(n, dtype=np.int64) * every, np.array(scores), np.full(n, group, np.int64)
    )


def last(scores: PastScores, group: int = 0) -> Ends:
    day = int(scores.known_on[-1])
    return ends(scores, np.array([day]), np.array([group]))[0]


def test_only_the_end_that_missed_moves_out() -> None:
    moved = last(past([-2.0] * 12))
    assert moved.lower > 1.5
    assert moved.upper < 1.0, "nothing lay above"
    other = last(past([2.0] * 12))
    assert (other.lower, other.upper) == pytest.approx((moved.upper, moved.lower))


@given(st.lists(st.floats(-1e6, 1e6), max_size=300))
@settings(max_examples=40, deadline=None)
def test_no_misses_draw_an_end_out_beyond_its_cap(scores: list[float]) -> None:
    moved = last(past([*scores, 0.0]))
    for factor in (moved.lower, moved.upper):
        assert adapt.CLOSEST - 1e-9 <= factor <= adapt.WIDEST + 1e-9


def test_in_the_long_run_a_tenth_lies_beyond_each_end_of_ranges_that_were_too_narrow() -> None:
    rng = np.random.default_rng(3)
    # Normal errors 1.5 times as large as the ranges thought: 19.6 % would lie beyond each end.
    scores = past((rng.normal(0, 1.5 / 1.2816, 4000)).tolist(), every=1)
    states = ends(scores, scores.known_on - 1, scores.group)
    beyond = np.array(
        [(s < -e.lower, s > e.upper) for s, e in zip(scores.scores, states, strict=True)]
    )[500:]
    # A standard deviation of a share of 3,500 is .005.
    assert beyond.mean(axis=0) == pytest.approx([0.1, 0.1], abs=0.03)
    plain = (scores.scores < -1).mean()
    assert plain > 0.17


def test_a_group_moves_more_than_the_others_by_its_own_misses() -> None:
    scores = past([2.0] * 8, group=4)
    own, other = last(scores, 4), last(scores, 1)
    assert own.upper > other.upper > 1.0


def test_what_misses_moved_goes_back_with_time() -> None:
    scores = past([-2.0] * 12)
    day = int(scores.known_on[-1])
    days = np.array([day, day + 365, day + 3650])
    factors = [e.lower for e in ends(scores, days, np.zeros(3, np.int64))]
    assert factors[0] > factors[1] > factors[2] > 1.0
    assert factors[2] < 1.1


def test_no_outcome_counts_before_it_was_known() -> None:
    scores = past([-2.0] * 12, every=10)
    days = np.array([55, 119, 300])
    states = ends(scores, days, np.zeros(3, np.int64))
    first = PastScores(scores.known_on[:6], scores.scores[:6], scores.group[:6])
    assert states[0] == ends(first, days[:1], np.zeros(1, np.int64))[0]
    assert states[0] != states[1]


def test_drawn_out_quantiles_keep_their_middle_and_their_order() -> None:
    quantiles = np.linspace(-1.0, 1.5, len(PROBABILITIES))
    drawn = Ends(2.0, 0.9).applied(quantiles)
    assert drawn[MIDDLE] == quantiles[MIDDLE]
    assert (np.diff(drawn) > 0).all()
    assert drawn[MIDDLE] - drawn[LOW] == pytest.approx(2 * (quantiles[MIDDLE] - quantiles[LOW]))
    assert drawn[HIGH] - drawn[MIDDLE] == pytest.approx(0.9 * (quantiles[HIGH] - quantiles[MIDDLE]))


@pytest.mark.parametrize(
    ("scores", "changed"),
    [([-2.0] * 5 + [0.0] * 5, True), ([2.0] * 5 + [0.0] * 5, True),
     ([-2.0, 2.0] + [0.0] * 8, False), ([-2.0] * 4, False)],
    ids=["below", "above", "as stated", "too few"],
)  # fmt: skip
def test_more_misses_on_one_side_than_chance_explains_are_noticed(
    scores: list[float], changed: bool
) -> None:
    assert adapt.lately(past(scores), 90).changed is changed


def test_ranges_that_hold_are_rarely_called_broken() -> None:
    rng = np.random.default_rng(5)
    below = rng.binomial(12, 0.1, 20_000)
    above = np.array([rng.binomial(12 - b, 0.1 / 0.9) for b in below])
    alarms = np.mean([Lately(12, b, a).changed for b, a in zip(below, above, strict=True)])
    assert alarms < 0.004, "twice .002, one for each side"


def weeks(factors: Floats) -> HistoryIndex:
    """A market that takes a million a day in each week, times a factor a week."""
    opening = date(2011, 1, 7)
    run = a_run(np.repeat(1e6 * factors, 7).tolist())
    end = opening + timedelta(days=7 * len(factors))
    return an_index({"All": {"opening": opening}}, runs={"All": run}, as_of=end, territory="GB")


def test_a_closed_and_a_reopening_market_widen_the_range_within_four_weeks() -> None:
    usual = np.ones(52 * 6)
    for weeks_closed, widened in ((0, False), (1, False), (3, True), (4, True)):
        closed = np.concatenate([usual, np.full(weeks_closed, 1e-6)])
        index = weeks(closed)
        share = adapt.market_share(index, index.history.as_of.toordinal())
        assert share == pytest.approx(1 - weeks_closed / 4, abs=0.01)
        assert (market_factor(share, opened=False) > 1.2) is widened
    reopened = np.concatenate([usual, np.full(20, 1e-6), np.linspace(0.05, 0.4, 20)])
    index = weeks(reopened)
    share = adapt.market_share(index, index.history.as_of.toordinal())
    assert share is not None
    assert 0.2 < share < 0.5
    assert market_factor(share, opened=True) > 1.5


def test_a_year_that_was_closed_is_no_usual_season() -> None:
    normal = np.concatenate([np.ones(52 * 5), np.full(52, 1e-6), np.ones(20)])
    index = weeks(normal)
    share = adapt.market_share(index, index.history.as_of.toordinal())
    assert share == pytest.approx(1.0, abs=0.01), "the middle of five years, not the last"


@pytest.mark.parametrize("years", [1, 2])
def test_a_market_known_too_short_or_no_longer_says_nothing(years: int) -> None:
    index = weeks(np.ones(52 * years + 6))
    on = index.history.as_of.toordinal()
    assert (adapt.market_share(index, on) is None) is (years == 1)
    assert adapt.market_share(index, on + 15) is None, "grosses that ended say nothing of today"
    assert market_factor(None, opened=False) == 1.0


def test_a_market_near_its_season_moves_nothing() -> None:
    assert [market_factor(s, opened=o) for s in (0.75, 1.0, 1.4) for o in (True, False)] == [
        1.0
    ] * 6
    assert market_factor(1e-9, opened=True) == adapt.MARKET_WIDEST


def test_the_notes_say_it_in_words() -> None:
    assert "the data cannot tell" in note_words(MarketClosed(0.004, 3.0))
    assert "under 1 %" in note_words(MarketClosed(0.004, 3.0))
    words = note_words(MarketChanged(0.12, 2.1))
    assert "12 % of what they usually take" in words
    assert "wider" in words
    words = note_words(RangesMissed(12, 7, 1, 1.6, 0.9))
    assert "7 fell below" in words
    assert "12 films" in words
    assert ALL == -1
