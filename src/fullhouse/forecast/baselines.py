"""What simple forecasts say of the same films: the floors that a model has to beat.

Each learns from the openings of the six years before the origin, as ours do from theirs.
"""

from collections.abc import Mapping

import numpy as np

from fullhouse.core.arrays import Floats
from fullhouse.forecast.calendar import first_sunday
from fullhouse.forecast.history_index import HistoryIndex
from fullhouse.forecast.rows import outcomes
from fullhouse.forecast.train import Errors

WINDOW_DAYS = 6 * 366
FEWEST = 30
RECORD = 3 * 366
LOG_LINEAR: Mapping[str, tuple[str, ...]] = {
    "T-1": ("theaters",),
    "first day": ("first_day",),
    "first weekend": ("weekend",),
    "second weekend": ("weekend", "second_weekend"),
}
"""By horizon, the logs that a linear regression of the log amount is given."""


def log_linear(index: HistoryIndex, errors: Errors, quantity: str, horizon: str) -> Floats | None:
    """Predicted logs of a linear regression on what the horizon knows; None where it has none."""
    names = LOG_LINEAR.get(horizon)
    if names is None or quantity not in errors.predicted:
        return None
    x = np.stack([_column(index, errors, n) for n in names], axis=1)
    return _rolled(index, errors, quantity, x)


def comparables(index: HistoryIndex, errors: Errors, quantity: str) -> Floats:
    """The median of the distributor's films of the three years before, or of all of them."""
    predictions = np.full(len(errors.films), np.nan)
    facts = index.history
    for origin in np.unique(errors.origin):
        here = np.flatnonzero(errors.origin == origin)
        then = np.flatnonzero((errors.as_of < origin) & (errors.as_of >= origin - RECORD))
        films = [errors.films[i] for i in then]
        actual = getattr(outcomes(index, films, int(origin)), quantity)
        known = np.isfinite(actual)
        if known.sum() < FEWEST:
            continue
        by = np.array([str(facts.fact(f, "distributor", int(origin))) for f in films])
        for i in here:
            name = str(facts.fact(errors.films[i], "distributor", int(errors.as_of[i])))
            same = known & (by == name)
            predictions[i] = np.median(actual[same] if same.sum() >= 3 else actual[known])
    return predictions


def _rolled(index: HistoryIndex, errors: Errors, quantity: str, x: Floats) -> Floats:
    predictions = np.full(len(errors.films), np.nan)
    for origin in np.unique(errors.origin):
        here = np.flatnonzero(errors.origin == origin)
        then = np.flatnonzero((errors.as_of < origin) & (errors.as_of >= origin - WINDOW_DAYS))
        y = getattr(outcomes(index, [errors.films[i] for i in then], int(origin)), quantity)
        ok = np.isfinite(y) & np.isfinite(x[then]).all(axis=1)
        if ok.sum() < FEWEST:
            continue
        a = np.column_stack([np.ones(ok.sum()), x[then][ok]])
        slope = np.linalg.lstsq(a, y[ok], rcond=None)[0]
        predictions[here] = np.column_stack([np.ones(len(here)), x[here]]) @ slope
    return predictions


def _column(index: HistoryIndex, errors: Errors, name: str) -> Floats:
    values = np.full(len(errors.films), np.nan)
    for i, film in enumerate(errors.films):
        opening = index.openings[film]
        run, sunday = index.history.run(film), first_sunday(opening)
        price = index.log_price(opening, opening)
        if name == "theaters":
            planned = index.history.fact(film, "theaters", int(errors.as_of[i]))
            values[i] = np.log(planned) if planned else np.nan
            continue
        taken = {
            "first_day": run.on(0),
            "weekend": run.between(max(0, sunday - 2), sunday),
            "second_weekend": run.between(sunday + 5, sunday + 7),
        }[name]
        if taken > 0:
            values[i] = np.log(taken) - price
    return values
