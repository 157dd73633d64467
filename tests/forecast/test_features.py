"""What the models are told of a film before it opens."""

from datetime import date, timedelta

import numpy as np
import pytest

from fullhouse.forecast.features import GROUPS, features
from fullhouse.forecast.history_index import HistoryIndex
from tests.forecast.small_history import a_run, an_index

OPENING = date(2016, 6, 3)
DAY = OPENING.toordinal()
EARLIER = OPENING - timedelta(days=700)
RIVAL = OPENING - timedelta(days=0)
RUN = [4e6, 5e6, 3e6, *([1e6] * 60)]
FILMS = {
    "Otter Lake": {"opening": EARLIER, "distributor": "Larch", "theaters": 2000},
    "Otter Lake 2": {
        "opening": OPENING,
        "distributor": "Larch",
        "genres": ["Action", "Comedy"],
        "budget": [50_000_000, "USD"],
        "theaters": 3000,
        "keywords": ["based on comic", "dog"],
        "talent": ["Ann Larch"],
    },
    "Kestrel": {"opening": OPENING, "distributor": "Hazel", "theaters": 1000},
    "Small": {"opening": OPENING, "distributor": "Hazel", "plan": "limited"},
}


def index() -> HistoryIndex:
    return an_index(
        FILMS,
        runs={"Otter Lake": a_run(RUN)},
        signals={"Otter Lake 2": {"presales": [(-9, 10.0), (-3, 20.0), (-1, 40.0)]}},
    )


def features_of(days_before: int = 1) -> dict[str, float]:
    return features(index(), "Otter Lake 2", DAY, DAY - days_before)


def test_every_feature_belongs_to_a_group_that_has_words() -> None:
    assert all(any(name.startswith(g) for g in GROUPS) for name in features_of())


def test_the_weekend_total_and_gap_of_the_predecessor_are_features() -> None:
    result = features_of()
    weekend = index().results["Otter Lake"].log_weekend
    assert result["series.weekend"] == weekend
    assert np.exp(result["series.total"] - result["series.weekend"]) == pytest.approx(72e6 / 12e6)
    assert result["series.gap"] == pytest.approx(np.log(700))
    assert (result["series.part"], result["series.same_distributor"]) == (1.0, 1.0)
    assert result["series.theaters"] == pytest.approx(np.log(2000))


def test_a_film_that_continues_none_says_so() -> None:
    result = features(index(), "Kestrel", DAY, DAY - 1)
    assert result["series.part"] == 0.0
    assert np.isnan(result["series.weekend"])


def test_the_record_of_a_distributor_is_drawn_towards_the_usual() -> None:
    one = index().results["Otter Lake"].log_weekend
    result = features_of()
    assert result["distributor.mean"] == pytest.approx((one + 5 * index().usual(DAY)) / 6)
    assert result["distributor.films"] == pytest.approx(np.log(2))
    assert np.isnan(features(index(), "Kestrel", DAY, DAY - 1)["distributor.last"])


def test_wide_openings_around_it_are_counted_and_limited_ones_are_not() -> None:
    result = features_of()
    assert (result["slate.same"], result["slate.before"], result["slate.after"]) == (1.0, 0.0, 0.0)


def test_genres_themes_and_budget_are_features_and_the_unknown_is_left_out() -> None:
    result = features_of()
    assert [result[f"story.{g}"] for g in ("Action", "Comedy", "Drama")] == [1.0, 1.0, 0.0]
    assert result["story.theme based on comic"] == 1.0
    assert result["story.keywords"] == 2.0
    assert result["budget.log"] == pytest.approx(np.log(5e7) - index().log_price(DAY, DAY))
    assert not any(
        n.startswith(("budget.", "story.")) for n in features(index(), "Small", DAY, DAY)
    )


def test_a_budget_in_another_currency_is_not_used() -> None:
    film = {**FILMS["Otter Lake 2"], "budget": [5e7, "EUR"]}
    result = features(an_index({**FILMS, "Otter Lake 2": film}), "Otter Lake 2", DAY, DAY - 1)
    assert "budget.log" not in result


def test_cinemas_are_a_feature_beside_the_rivals() -> None:
    result = features_of()
    assert result["theaters.number"] == 3000
    assert result["theaters.share"] == pytest.approx(0.75)
    assert result["theaters.largest_rival"] == 1000
    assert result["theaters.against_usual"] == pytest.approx(np.log(3000 / 2000))


def signalled(*, films: int = 12, growth: float = 1.0) -> HistoryIndex:
    """Films a month apart, each with presales of 10 a day times `growth`; then the film itself."""
    known = {
        f"Film {k}": {"opening": EARLIER + timedelta(days=30 * k), "distributor": "Larch"}
        for k in range(films)
    }
    usual = {
        f"Film {k}": {"presales": [(-d, 10.0 * growth) for d in range(60, 0, -1)]}
        for k in range(films)
    }
    own = {"Otter Lake 2": {"presales": [(-9, 10.0), (-3, 20.0), (-1, 40.0)]}}
    return an_index({**known, **FILMS}, runs={}, signals={**usual, **own})


def test_signals_are_compared_with_the_usual_at_the_same_distance_and_only_those_known() -> None:
    def values_of(past_: HistoryIndex, days_before: int) -> dict[str, float]:
        return features(past_, "Otter Lake 2", DAY, DAY - days_before)

    result = values_of(signalled(), 1)
    # Known the day after: of the seven days before, six of ten each of the others'.
    usual = signalled().usual_signal("presales", 7, 1, DAY - 1)
    assert usual == pytest.approx(np.log1p(10 * 6))
    assert result["signal.presales 7"] == pytest.approx(np.log1p(20) - usual)
    assert result["signal.presales 28"] > result["signal.presales 7"] - 2
    twice = values_of(signalled(growth=2.0), 1)
    assert twice["signal.presales 7"] < result["signal.presales 7"]
    assert "signal.presales 7" not in values_of(signalled(), 20)


def test_a_signal_that_too_few_films_had_is_no_feature() -> None:
    assert not any(
        n.startswith("signal.") for n in features(signalled(films=9), "Otter Lake 2", DAY, DAY - 1)
    )
    assert not any(n.startswith("signal.") for n in features_of(1))


def test_there_are_no_features_on_a_day_before_the_film_was_known() -> None:
    result = features(index(), "Otter Lake 2", DAY, DAY - 300)
    assert result["distributor.known"] == 0.0
    assert not any(n.startswith(("story.", "budget.", "theaters.", "signal.")) for n in result)
    assert np.isnan(result["title.words"])
