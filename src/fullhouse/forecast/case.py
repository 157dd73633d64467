"""A film on a day: what is known of it, the stage that forecasts it, and its row of features."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from fullhouse.core.arrays import Floats
from fullhouse.core.errors import CannotTellError, InputError, NotFoundError, did_you_mean
from fullhouse.forecast.calendar import (
    BEFORE,
    Horizon,
    as_day,
    horizon_at,
)
from fullhouse.forecast.features import features
from fullhouse.forecast.history_index import HistoryIndex
from fullhouse.forecast.release_plan import release_plan
from fullhouse.forecast.rows import Rows, run_row, table
from fullhouse.forecast.train import (
    CALENDAR,
    CINEMAS,
    RUN_STAGES,
    Stage,
)


@dataclass(frozen=True)
class FilmCase:
    """A film on a day: when it opens, how much of its run is known, which stage that is."""

    film: str
    opening: int
    on: int
    days: int
    horizon: Horizon
    stage: str
    plan: str


def case_of(index: HistoryIndex, film: str) -> FilmCase:
    """How much is known of a film on the day of the history."""
    history, on = index.history, index.history.as_of.toordinal()
    if film not in history.facts:
        raise NotFoundError(
            f"No film {film!r} is known in {history.territory} on {history.as_of}."
            f"{did_you_mean(film, history.facts)}"
        )
    opening = history.fact(film, "opening", on)
    if opening is None:
        raise InputError(
            code="opening_unknown", film=film, territory=history.territory, as_of=history.as_of
        )
    run = history.run(film)
    inside = run.offsets[(run.offsets >= 0) & (run.offsets < on - opening)]
    days = int(inside[-1]) + 1 if len(inside) else 0
    if days and not run.on(0) > 0:
        raise CannotTellError(code="first_day_unknown", film=film, opening=as_day(opening))
    horizon = horizon_at(opening, on, days)
    planned = history.fact(film, "theaters", on)
    expected = release_plan(index, film, on)
    stage = horizon.name if days else CINEMAS if planned or expected else CALENDAR
    return FilmCase(film, opening, on, days, horizon, stage, history.plan(film, on))


def stages_needed(case: FilmCase) -> tuple[str, ...]:
    """The stages that a forecast of a film uses: its own first, then those its steps tell of."""
    more = [s for s in (CALENDAR, CINEMAS, *RUN_STAGES) if s != case.stage]
    return (case.stage, *more)


def row_of(
    index: HistoryIndex,
    case: FilmCase,
    instead: Mapping[str, float],
    cinemas: float | None = None,
) -> Rows:
    """The film's features as a table of one row, with some replaced for what-if questions."""
    if case.days:
        values = run_row(index, case.film, case.opening, case.days)
    else:
        values = features(index, case.film, case.opening, case.on, cinemas=cinemas)
    day = case.opening + case.days if case.days else case.on
    return table([case.film], [case.opening], [day], [{**values, **instead}])


def log_to_date(index: HistoryIndex, case: FilmCase) -> Floats:
    """The log, in constant prices, of what the film has taken; not a number before its opening."""
    if not case.days:
        return np.array([np.nan])
    taken = index.history.run(case.film).until(case.days)
    return np.array([np.log(taken) - index.log_price(case.opening, case.on)])


def horizon_of_errors(case: FilmCase, stage: Stage) -> str:
    """The horizon whose past errors tell how far off this forecast may be.

    Where its own has none: cinemas are known earlier than is usual, or not on the eve, or too few
    forecasts were made at it. Then it is the nearest that knew no more of the time.
    """
    known = [h for h, q in stage.conformal if q == "total"]
    if case.horizon.name in known or case.days:
        return case.horizon.name if case.horizon.name in known else known[0]
    earlier = [h for h in known if BEFORE[h] >= case.horizon.before]
    return min(earlier, key=BEFORE.__getitem__) if earlier else max(known, key=BEFORE.__getitem__)
