"""Rolling origins: what a model learns from, what it predicts, what its errors are."""

import numpy as np
import pytest

from fullhouse.core.errors import CannotTellError
from fullhouse.forecast.calendar import as_day
from fullhouse.forecast.ensemble import FEWEST
from fullhouse.forecast.history import History
from fullhouse.forecast.history_index import HistoryIndex
from fullhouse.forecast.rows import outcomes
from fullhouse.forecast.train import (
    ERRORS_DAYS,
    RUN_STAGES,
    STAGES,
    Rolled,
    Stage,
    eligible,
    horizons_of,
    is_run,
    predict,
    roll,
    stage_at,
)
from tests.forecast.conftest import LAST, ORIGINS
from tests.forecast.synthetic_market import AS_OF, Market


def test_films_that_opened_and_are_known_whole_are_training_data(
    index: HistoryIndex, market: Market
) -> None:
    result = eligible(index, "wide", AS_OF.toordinal())
    opened = [t.film for t in market.films_of("wide") if (AS_OF - t.opening).days > 3]
    assert set(opened) == set(result)
    assert not set(result) & set(eligible(index, "limited", AS_OF.toordinal()))
    days = [index.openings[f] for f in result]
    assert days == sorted(days)


@pytest.mark.parametrize("name", ["calendar", "cinemas", "first weekend"])
def test_no_model_predicts_a_film_of_its_training_data(
    rolled: dict[str, Rolled], training_index: HistoryIndex, name: str
) -> None:
    stage = rolled[name]
    main = stage.rows[horizons_of(name)[0]]
    series = training_index.series(main.films)
    for errors in stage.errors.values():
        assert len(errors.films)
        for film, origin in zip(errors.films, errors.origin.tolist(), strict=True):
            rows = stage.trained_on[origin]
            known = outcomes(training_index, [main.films[i] for i in rows], origin)
            aim = known.total if is_run(name) else known.opening_weekend
            trained = {main.films[i] for i, y in zip(rows, aim, strict=True) if np.isfinite(y)}
            assert film not in trained
            assert series[film] not in {series[f] for f in trained}


@pytest.mark.parametrize("name", ["calendar", "cinemas", "first weekend"])
def test_no_training_row_is_later_than_the_origin(rolled: dict[str, Rolled], name: str) -> None:
    stage = rolled[name]
    main = stage.rows[horizons_of(name)[0]]
    for origin, rows in stage.trained_on.items():
        assert (main.as_of[rows] < origin).all()
    for errors in stage.errors.values():
        assert (errors.as_of >= errors.origin).all()
        later = [o for o in ORIGINS if o > errors.origin.min()]
        assert (errors.as_of[errors.origin == errors.origin.min()] < later[0]).all()


def test_outcomes_are_not_known_before_their_day(
    training_index: HistoryIndex, market: Market
) -> None:
    film = market.films_of("wide")[-30]
    opening = film.opening.toordinal()
    known = [outcomes(training_index, [film.film], opening + k) for k in (0, 1, 2, 3, 119, 120)]
    assert [np.isfinite(k.opening_day[0]) for k in known] == [False, True, True, True, True, True]
    assert [np.isfinite(k.opening_weekend[0]) for k in known] == [False] * 3 + [True] * 3
    assert [np.isfinite(k.total[0]) for k in known] == [False] * 5 + [True]
    price = training_index.log_price(opening, opening)
    assert np.exp(known[-1].total[0] + price) == pytest.approx(film.total)
    assert np.exp(known[-1].opening_weekend[0] + price) == pytest.approx(film.weekend)


def test_ranges_come_from_errors_known_at_the_origin(
    rolled: dict[str, Rolled], training_index: HistoryIndex
) -> None:
    errors = rolled["calendar"].errors["T-28"]
    then = errors.until(ORIGINS[1], training_index, ORIGINS[1] - ERRORS_DAYS)
    assert (then.as_of < ORIGINS[1]).all()
    total = then.actual["total"]
    open_ = [training_index.openings[f] + 120 > ORIGINS[1] for f in then.films]
    assert np.isnan(total[open_]).all()
    assert np.isfinite(total[~np.array(open_)]).all()


def test_a_stage_knows_its_horizons_and_narrows(stages: dict[str, Stage]) -> None:
    assert {h for h, _ in stages["calendar"].conformal} == {*STAGES["calendar"]}
    assert {q for _, q in stages["calendar"].conformal} == {
        "opening_day",
        "opening_weekend",
        "total",
    }
    spreads = {**stages["calendar"].spreads, **stages["cinemas"].spreads}
    spreads |= stages["first weekend"].spreads
    assert 1 < spreads["first weekend"] < spreads["T-1"] < spreads["T-28"]
    assert 0.0 <= stages["calendar"].comps_weight <= 1.0
    assert stages["first weekend"].leaves.size == 0


def test_the_calendar_stage_knows_no_cinemas(stages: dict[str, Stage]) -> None:
    columns = stages["calendar"].models["anchor"].columns
    assert not any(c.startswith("theaters.") for c in columns)
    assert "theaters.log" in stages["cinemas"].models["anchor"].columns


@pytest.mark.parametrize(
    ("name", "horizon"), [("calendar", "T-28"), ("cinemas", "T-1"), ("first weekend", None)]
)
def test_forecasts_are_better_than_the_usual_film(
    rolled: dict[str, Rolled], name: str, horizon: str | None
) -> None:
    errors = rolled[name].errors[horizon or name]
    outcome, prediction = errors.actual["total"], errors.predicted["total"]
    ok = np.isfinite(outcome)
    assert ok.sum() > FEWEST
    residual_rms = np.sqrt(np.mean((outcome - prediction)[ok] ** 2))
    assert (
        residual_rms
        < {"calendar": 0.85, "cinemas": 0.7, "first weekend": 0.4}[name] * outcome[ok].std()
    )


def test_a_total_is_never_less_than_what_was_taken(stages: dict[str, Stage]) -> None:
    stage = stages["first weekend"]
    rows = stage.learned_from
    prediction = predict("first weekend", stage.models, rows, np.full(len(rows.films), 30.0))
    assert (prediction["total"] >= 30.0).all()


def test_too_few_films_are_reported(training_index: HistoryIndex, wide: list[str]) -> None:
    few = wide[:30]
    rolled = roll(training_index, few, "cinemas", ORIGINS, workers=1)
    assert rolled.models == {}
    with pytest.raises(CannotTellError, match="Not enough past forecasts"):
        stage_at(training_index, roll(training_index, wide, "cinemas", [LAST], workers=1), LAST)


def test_stages_have_their_horizons() -> None:
    assert [is_run(s) for s in (*STAGES, *RUN_STAGES)] == [False] * 2 + [True] * len(RUN_STAGES)
    assert horizons_of("day 9") == ("day 9",)
    assert as_day(LAST).day == 1


def test_a_model_is_the_one_that_was_made_on_its_day(
    history: History, rolled: dict[str, Rolled]
) -> None:
    origin, stage = ORIGINS[0], rolled["cinemas"]
    main = stage.rows["T-1"]
    films = [main.films[i] for i in stage.trained_on[origin]]
    then = HistoryIndex(history.at(as_day(origin)))
    built = roll(then, films, "cinemas", [origin], workers=1)
    models = built.models[origin]
    assert set(models) == set(stage.models[origin])
    rows = main.take(np.arange(40))
    for name, model in models.items():
        later = stage.models[origin][name]
        prediction, same = (m.predict(rows.aligned(m.columns)) for m in (model, later))
        assert prediction.tolist() == same.tolist()
