"""What a size class stated four weeks ahead is worth: T-28 with it and without, on US films.

`python -m benchmarks.release_plan [--first-year 2016] [--last-year 2018]`, with FULLHOUSE_DATA.
Nobody published what was expected: the class is drawn from the cinemas that a film opened in, and
is that of a neighbour one time in five. Models of a year learned from films before it.
"""

import argparse
import tempfile
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np

import fullhouse as fh
from benchmarks.measure import data_folder, table
from fullhouse.core.arrays import Floats
from fullhouse.films import SIZE_CLASSES
from fullhouse.forecast import unknown
from fullhouse.forecast.features import features
from fullhouse.forecast.forecast import PROBABILITIES
from fullhouse.forecast.history import read_history
from fullhouse.forecast.history_index import HistoryIndex
from fullhouse.forecast.release_plan import CLASS_ERROR, release_plan, with_cinemas
from fullhouse.forecast.rows import table as rows_of
from fullhouse.forecast.train import (
    CALENDAR,
    CINEMAS,
    Stage,
    eligible,
    franchises,
    predict,
    roll,
    sizes,
    stage_at,
    width_features,
)
from fullhouse.sources import box_office_us, tmdb
from fullhouse.stats.scores import scores

NOW = date(2019, 7, 1)
FIRST_LEARNED = 2008
DAYS = 28
OUTCOME = "opening_weekend"


def main() -> None:
    """Print the figures with a stated class and without."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--first-year", type=int, default=2016)
    parser.add_argument("--last-year", type=int, default=2018)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, fh.init(str(Path(folder) / "house")) as house:
        _load(house)
        index = HistoryIndex(read_history(house.lake, "US", NOW))
    films = eligible(index, "wide", NOW.toordinal())
    index = _with_stated_classes(index, films, np.random.default_rng(1))
    origins = [date(y, 1, 1).toordinal() for y in range(FIRST_LEARNED, asked.last_year + 1)]
    rolled = {name: roll(index, films, name, origins) for name in (CINEMAS, CALENDAR)}
    known: list[Floats] = []
    unstated: list[Floats] = []
    actual: list[float] = []
    for origin in origins[asked.first_year - FIRST_LEARNED :]:
        cinemas, calendar = (
            stage_at(index, rolled[name], origin, with_comps=False) for name in (CINEMAS, CALENDAR)
        )
        errors = rolled[CALENDAR].errors[f"T-{DAYS}"]
        for i in np.flatnonzero(errors.origin == origin):
            with_class = _with_class(index, cinemas, errors.films[i])
            if with_class is None or not np.isfinite(errors.actual[OUTCOME][i]):
                continue
            own = errors.features[[i]], errors.size[[i]], errors.franchise[[i]]
            spread = calendar.conformal[(f"T-{DAYS}", OUTCOME)].quantiles(*own)[0]
            known.append(with_class)
            unstated.append(errors.predicted[OUTCOME][i] + spread)
            actual.append(errors.actual[OUTCOME][i])
    print(table(
        ("T-28, opening weekend", "films", "median error", "log-RMSE", "80 % held", "hi / lo"),
        [_row("with a class", known, actual), _row("without", unstated, actual)],
    ))  # fmt: skip


def _load(house: fh.Context) -> None:
    data = data_folder()
    us = next((data / "box_office_us").glob("daily_*.parquet"))
    meta = next((data / "tmdb_5000").glob("tmdb_5000_movies.csv*"))
    fh.film_import(house, fh.ImportFilms(box_office_us.read(us)))
    fh.film_import(house, fh.ImportFilms(tmdb.read(meta)))


def _with_stated_classes(
    index: HistoryIndex, films: list[str], rng: np.random.Generator
) -> HistoryIndex:
    """The history, with a class of each film's cinemas stated four weeks before it opened."""
    facts = dict(index.history.facts)
    names = list(SIZE_CLASSES)
    for film in films:
        opening = index.openings[film]
        cinemas = index.history.fact(film, "theaters", opening)
        widest = index.widest(opening - DAYS)
        if not cinemas or not np.isfinite(widest):
            continue
        ends = [high for _, high in SIZE_CLASSES.values()]
        true = min(int(np.searchsorted(ends, cinemas / widest, side="right")), len(names) - 1)
        moved = int(rng.choice((-1, 1))) if rng.random() < CLASS_ERROR else 0
        # A wide film is not expected to open on a platform.
        stated = names[min(max(true + moved, 1), len(names) - 1)]
        known_on = opening - DAYS
        facts[film] = {**facts[film], "expected_theaters": [(known_on, stated, "made up")]}
    return HistoryIndex(replace(index.history, facts=facts))


def _with_class(index: HistoryIndex, stage: Stage, film: str) -> Floats | None:
    """Quantiles of the log of a film's opening weekend with its class stated, none booked."""
    opening = index.openings[film]
    on = opening - DAYS
    plan = release_plan(index, film, on, stage.learned_from.column("theaters.of_widest"))
    if plan is None:
        return None
    row = rows_of([film], [opening], [on], [features(index, film, opening, on,
                                                     cinemas=plan.middle)])  # fmt: skip
    row = unknown.typical(row, stage.learned_from, unknown.RIVALS_CINEMAS)
    drawn = unknown.drawn(row, stage.learned_from, unknown.RIVALS_CINEMAS)
    drawn = with_cinemas(drawn, plan.cinemas)
    nothing = np.array([np.nan])
    moves = predict(stage.name, stage.models, drawn, np.repeat(nothing, len(drawn.films)))
    predicted = predict(stage.name, stage.models, row, nothing)
    own = width_features(stage.name, row, predicted), sizes(row, predicted), franchises(row)
    errors = stage.conformal[("T-1", OUTCOME)].quantiles(*own)[0]
    result: Floats = predicted[OUTCOME][0] + unknown.wider(errors, float(np.std(moves[OUTCOME])))
    return result


def _row(name: str, logs: list[Floats], actual: list[float]) -> tuple[str, ...]:
    made = scores(np.exp(np.array(logs)), np.exp(np.array(actual)), np.array(PROBABILITIES))
    return (name, str(made.n), f"{made.median_error:.1%}", f"{made.log_rmse:.3f}",
            f"{made.coverage[0.8].share:.1%}", f"{made.spread:.1f}")  # fmt: skip


if __name__ == "__main__":
    main()
