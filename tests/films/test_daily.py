"""Daily grosses beside their gross to date."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fullhouse.core.arrays import Floats
from fullhouse.films.daily import Days, contradicted, mended

RUN = np.array([11.55e6, 13.2e6, 9.1e6, 2.4e6, 2.6e6, 2.1e6, 1.9e6, 5.8e6, 7.1e6, 4.4e6])
NONE = np.full(len(RUN), np.nan)


def mend(gross: Floats, stated: Floats, day: object = None) -> Days:
    days = np.arange(len(gross)) if day is None else np.asarray(day)
    return mended(days, gross, stated, np.full(len(gross), np.nan))


@given(st.integers(0, len(RUN) - 1), st.sampled_from([1e-3, 1e-2, 0.1, 10.0, 100.0, 1000.0]))
@settings(max_examples=60, deadline=None)
def test_a_gross_off_by_powers_of_ten_gives_way_to_its_column(at: int, factor: float) -> None:
    wrong = RUN.copy()
    wrong[at] *= factor
    result = mend(wrong, np.cumsum(RUN))
    assert result.gross == pytest.approx(RUN)
    assert result.mended.nonzero()[0].tolist() == [at]


@given(st.lists(st.floats(1e3, 1e8), min_size=2, max_size=40))
@settings(max_examples=40, deadline=None)
def test_grosses_that_agree_with_their_column_stay(values: list[float]) -> None:
    gross = np.round(np.array(values))
    wrong, implied = contradicted(np.arange(len(gross)), gross, np.cumsum(gross))
    assert not wrong.any()
    assert (implied == gross).all()


def test_a_gross_without_a_column_stays() -> None:
    assert (mend(RUN * 7, NONE).gross == RUN * 7).all()


def test_a_gross_to_date_that_is_wrong_itself_moves_no_gross() -> None:
    stated = np.cumsum(RUN)
    stated[4] *= 10
    result = mend(RUN, stated)
    assert (result.gross == RUN).all()
    assert np.isnan(result.stated[4])


def test_earlier_days_that_are_not_here_do_not_contradict_the_first() -> None:
    # A platform run of weeks before: the column began at 4 million.
    result = mend(RUN, np.cumsum(RUN) + 4e7)
    assert (result.gross == RUN).all()


def test_a_few_missing_days_are_what_the_column_says_they_took_together() -> None:
    keep = np.array([0, 1, 4, 5, 6, 7, 8, 9])
    result = mend(RUN[keep], np.cumsum(RUN)[keep], keep)
    assert result.day.tolist() == list(range(10))
    assert result.gross.sum() == pytest.approx(RUN.sum())
    assert result.gross[2] + result.gross[3] == pytest.approx(RUN[2] + RUN[3])
    assert result.mended.tolist() == [k in (2, 3) for k in range(10)]
    long = np.array([0, 1, 7, 8])
    assert mend(RUN[long], np.cumsum(RUN)[long], long).day.tolist() == long.tolist()
