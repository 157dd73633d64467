"""What the days in cinemas tell."""

from datetime import date

import numpy as np
import pytest

from fullhouse.forecast.rows import run_features
from tests.forecast.small_history import a_run, an_index

OPENING = date(2016, 6, 3)
DAY = OPENING.toordinal()
WEEK = np.array([10.0, 12.0, 8.0, 3.0, 3.5, 2.5, 2.4]) * 1e6
RUN = np.concatenate([WEEK, WEEK * 0.5, WEEK * 0.3, WEEK * 0.2])


def features_of(days: int, *, previews: bool = False) -> dict[str, float]:
    run = a_run([1e6, *RUN], first=-1, theaters=3000) if previews else a_run(RUN, theaters=3000)
    index = an_index({"Film": {"opening": OPENING}}, runs={"Film": run})
    return run_features(index, "Film", DAY, days)


def price() -> float:
    return an_index({"Film": {"opening": OPENING}}).log_price(DAY, DAY)


def test_takings_are_in_constant_prices() -> None:
    result = features_of(3)
    assert result["run.first_day"] == pytest.approx(np.log(10e6) - price())
    assert result["run.first_weekend"] == pytest.approx(np.log(30e6) - price())
    assert result["run.to_date"] == pytest.approx(np.log(30e6) - price())
    assert result["run.saturday"] == pytest.approx(np.log(1.2))
    assert result["run.sunday"] == pytest.approx(np.log(8 / 12))


def test_past_weekends_show_how_the_run_holds() -> None:
    assert "run.hold" not in features_of(9)
    assert features_of(10)["run.hold"] == pytest.approx(np.log(0.5))
    assert features_of(24)["run.hold"] == pytest.approx(np.log(0.2 / 0.3))
    assert features_of(24)["run.hold_of_all"] == pytest.approx(np.log(0.2) / 3)


def test_an_unfinished_weekend_is_compared_with_the_same_days_of_the_one_before() -> None:
    assert features_of(8)["run.under_way"] == pytest.approx(np.log(0.5))
    assert "run.under_way" not in features_of(10)


def test_weeks_hold_too() -> None:
    assert features_of(14)["run.week_hold"] == pytest.approx(np.log(0.5))
    assert features_of(15)["run.same_day"] == pytest.approx(np.log(0.3 / 0.5))


def test_previews_count_to_date_and_are_a_share() -> None:
    assert features_of(3)["run.before"] == 0.0
    assert features_of(3, previews=True)["run.before"] == pytest.approx(1 / 31)
    assert features_of(3, previews=True)["run.first_weekend"] == features_of(3)["run.first_weekend"]


def test_cinemas_are_a_feature_where_the_source_has_them() -> None:
    assert features_of(3)["run.cinemas"] == pytest.approx(np.log(3000))
    assert features_of(3)["run.cinemas_change"] == 0.0


def test_a_gap_is_not_taken_for_nothing() -> None:
    run = a_run(RUN)
    keep = run.offsets != 1
    holed = type(run)(*(part[keep] for part in (run.offsets, run.gross, run.to_date, run.theaters)))
    index = an_index({"Film": {"opening": OPENING}}, runs={"Film": holed})
    result = run_features(index, "Film", DAY, 10)
    assert np.isnan(result["run.first_weekend"])
    assert np.isnan(result["run.hold"])
    assert np.isfinite(result["run.to_date"])


@pytest.mark.parametrize("days", [1, 2, 3, 5, 7, 10, 14, 20])
def test_later_days_change_nothing(days: int) -> None:
    runs = {"Film": a_run(np.concatenate([RUN[:days], RUN[days:] * 7]))}
    other = run_features(an_index({"Film": {"opening": OPENING}}, runs=runs), "Film", DAY, days)
    own = run_features(
        an_index({"Film": {"opening": OPENING}}, runs={"Film": a_run(RUN)}), "Film", DAY, days
    )
    assert other == pytest.approx(own, nan_ok=True)
