"""A run by day: drawn days add up, known days stay, weekends are weekends."""

from datetime import date

import numpy as np
import pytest

from fullhouse.forecast.curve import DRAWS, FIRST, Shape, amount_at, draw, learn_shape, paired
from fullhouse.forecast.forecast import PROBABILITIES
from fullhouse.forecast.history_index import HistoryIndex
from fullhouse.forecast.rows import SETTLED_DAYS
from tests.forecast.synthetic_market import WEEKDAY, Market

FRIDAY = date(2017, 2, 10).toordinal()
P = np.array(PROBABILITIES)


def totals(seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    weekends = 2e7 * np.exp(rng.normal(0, 0.3, DRAWS))
    return weekends, weekends * np.exp(rng.normal(0.95, 0.2, DRAWS))


@pytest.mark.parametrize("days", [1, 2])
def test_what_is_to_come_of_a_weekend_is_what_its_draw_has_left(shape: Shape, days: int) -> None:
    weekends, total = totals()
    known = np.array([9e6, 1e7])[:days]
    weekends = np.maximum(weekends, 1.2 * known.sum())
    result = draw(shape, "US", FRIDAY, known, weekends, np.maximum(total, 2 * weekends), 4)
    ratio = (known.sum() + result.gross[:, : 3 - days].sum(axis=1)) / weekends
    assert np.median(ratio) == pytest.approx(1.0, abs=0.02)
    assert np.corrcoef(result.gross[:, 0], weekends)[0, 1] > 0.8


@pytest.mark.parametrize("days", [0, 1, 3, 6, 7, 10, 24, 60])
def test_the_days_of_a_draw_add_up_to_its_total(shape: Shape, days: int) -> None:
    weekends, total = totals()
    week = WEEKDAY[(4 + np.arange(90)) % 7] * 0.55 ** (np.arange(90) // 7)
    known = (2e7 * week / week[:3].sum())[:days]
    total = np.maximum(total, 1.05 * known.sum())
    result = draw(shape, "US", FRIDAY, known, weekends, total, 4)
    assert result.first == days
    assert result.gross.shape == (DRAWS, SETTLED_DAYS - days)
    assert (result.gross > 0).all()
    assert known.sum() + result.gross.sum(axis=1) == pytest.approx(total, rel=1e-6)


def test_the_opening_weekend_is_the_drawn_one_but_for_the_noise_of_days(shape: Shape) -> None:
    weekends, total = totals()
    result = draw(shape, "US", FRIDAY, np.array([]), weekends, total, 4)
    ratio = result.gross[:, :3].sum(axis=1) / weekends
    assert np.median(ratio) == pytest.approx(1.0, abs=0.03)
    assert np.quantile(ratio, 0.95) < 1.25


def test_saturday_is_larger_than_monday_in_every_week(shape: Shape) -> None:
    weekends, total = totals()
    result = np.median(draw(shape, "US", FRIDAY, np.array([]), weekends, total, 4).gross, axis=0)
    for week in range(8):
        assert result[7 * week + 1] > 2 * result[7 * week + 3]


def test_the_shape_learned_is_that_of_the_market(shape: Shape) -> None:
    first = np.exp(shape.first[2])
    week = WEEKDAY[(4 + np.arange(FIRST)) % 7] * 0.45 ** (np.arange(FIRST) / 7)
    assert first == pytest.approx(week / week[:3].sum(), rel=0.1)
    days = date(2017, 10, 16).toordinal() + np.arange(7)  # a week without a holiday
    effect = np.exp(shape.effect("US", days) - shape.effect("US", days).mean())
    true = WEEKDAY / np.exp(np.log(WEEKDAY).mean())
    weekday = (days + 6) % 7
    assert effect == pytest.approx(true[weekday], rel=0.12)
    assert (shape.decay < 0).all()
    assert shape.noise_day == pytest.approx(0.05, abs=0.02)


def test_the_same_seed_draws_the_same_and_another_does_not(shape: Shape) -> None:
    weekends, total = totals()
    one, two, other = (
        draw(shape, "US", FRIDAY, np.array([]), weekends, total, s).gross for s in (4, 4, 5)
    )
    assert (one == two).all()
    assert (one != other).any()


def test_a_shape_without_films_still_draws(index: HistoryIndex) -> None:
    plain = learn_shape(index, [])
    weekends, total = totals()
    result = draw(plain, "US", FRIDAY, np.array([]), weekends, total, 1)
    assert result.gross.sum(axis=1) == pytest.approx(total)


def test_a_total_near_what_was_taken_leaves_little_for_each_day(shape: Shape) -> None:
    known = np.array([1e7, 1.2e7, 0.8e7])
    weekends = np.full(DRAWS, known.sum())
    result = draw(shape, "US", FRIDAY, known, weekends, np.full(DRAWS, 3.1e7), 4)
    assert result.gross.sum(axis=1) == pytest.approx(1e6)


def test_amounts_have_their_quantiles_and_tails_go_on() -> None:
    quantiles = 1e7 * np.exp(np.linspace(-1, 1, len(P)))
    assert amount_at(quantiles, P, P) == pytest.approx(quantiles)
    low, high = amount_at(quantiles, P, np.array([0.001, 0.999]))
    assert low < quantiles[0]
    assert high > quantiles[-1]


def test_pairs_keep_both_quantiles_and_go_together() -> None:
    weekend, total = 1e7 * np.exp(P), 3e7 * np.exp(2 * P)
    a, b = paired(3, weekend, total, P, 0.95)
    assert np.quantile(b, 0.5) == pytest.approx(3e7 * np.exp(1.0), rel=0.01)
    assert np.quantile(a, 0.5) == pytest.approx(1e7 * np.exp(0.5), rel=0.05)
    assert np.corrcoef(np.log(a), np.log(b))[0, 1] > 0.85


def test_it_is_trained_on_runs_that_are_long_enough(
    training_index: HistoryIndex, market: Market
) -> None:
    few = [t.film for t in market.films_of("wide")[:60]]
    assert learn_shape(training_index, few).noise_day > 0
