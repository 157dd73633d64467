"""Make forecasts of a workspace: one film, or all films that open in a time."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from fullhouse import films
from fullhouse.core.errors import CannotTellError
from fullhouse.forecast.assumptions import Assumptions, with_assumptions
from fullhouse.forecast.forecast import Forecast
from fullhouse.forecast.history import History, read_history
from fullhouse.forecast.models import Models
from fullhouse.forecast.project import case_of, project
from fullhouse.forecast.slate import Slate, conflicts
from fullhouse.workspace.cache_files import cache_folder
from fullhouse.workspace.context import Context

NONE = Assumptions()


def make_forecast(
    context: Context,
    film: str,
    *,
    as_of: date,
    territory: str | None = None,
    comps: Sequence[str] = (),
    assumptions: Assumptions = NONE,
) -> Forecast:
    """What a film will take, as known on a day.

    Models learn from films up to the first of the month and are saved beside the workspace; the
    first forecast of a month makes them.
    """
    territory = territory or context.settings.territory
    films.check_territory(territory)
    history = read_history(context.lake, territory, as_of)
    now = films.renamed(context.lake)
    film, comps = now.get(film, film), [now.get(c, c) for c in comps]
    models = _models(context, history)
    return _forecast(context, models, history, film, comps, assumptions)


def make_slate(
    context: Context,
    *,
    as_of: date,
    first: date,
    last: date,
    territory: str | None = None,
    film: str | None = None,
    dates: Sequence[date] = (),
) -> Slate:
    """Forecasts of the films that open wide from one day to another, and one on other dates.

    A film of which no forecast can be made stands in `without`, with the reason.
    """
    territory = territory or context.settings.territory
    films.check_territory(territory)
    history = read_history(context.lake, territory, as_of)
    models = _models(context, history)
    on = as_of.toordinal()
    openings = sorted(history.openings(on).items(), key=lambda p: (p[1], p[0]))
    chosen = [
        name
        for name, day in openings
        if first.toordinal() <= day <= last.toordinal() and history.plan(name, on) == "wide"
    ]
    forecasts, without = [], {}
    for name in chosen:
        try:
            forecasts.append(_forecast(context, models, history, name, (), NONE))
        except CannotTellError as problem:
            without[name] = problem
    tried = [
        _forecast(context, models, history, film, (), Assumptions({"opening": day}))
        for day in dates
        if film is not None
    ]
    pairs = conflicts(models.index(history), forecasts)
    return Slate(territory, first, last, tuple(forecasts), tuple(pairs), tuple(tried), without)


def models_folder(context: Context) -> Path | None:
    """Where trained models are saved; nowhere for a workspace that is remote or read-only."""
    folder = cache_folder(context.place)
    return None if folder is None else folder / "forecast"


def _models(context: Context, history: History) -> Models:
    return Models(
        models_folder(context),
        history,
        every=context.settings.learn_every,
        progress=context.progress,
    )


def _forecast(
    context: Context,
    models: Models,
    history: History,
    film: str,
    comps: Sequence[str],
    assumptions: Assumptions,
) -> Forecast:
    if assumptions.values:
        history = with_assumptions(history, film, assumptions)
    index = models.index(history)
    case = case_of(index, film)
    return project(
        index,
        case,
        models.stages(case),
        models.shape(case.plan),
        comps=comps,
        features_instead=assumptions.features,
        what_if=assumptions.values,
        model=models.facts(case),
        simulated=context.settings.simulated,
    )
