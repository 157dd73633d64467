"""Forecasts: of one film, of a slate, beside what a film took; and the backtest of past ones."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa

from fullhouse import control, films
from fullhouse.app.use_case import use_case
from fullhouse.core.errors import InputError, did_you_mean
from fullhouse.core.request import request
from fullhouse.core.tables import FILM_GROSS
from fullhouse.forecast import Forecast
from fullhouse.forecast.assumptions import Assumptions
from fullhouse.forecast.backtest import HORIZONS, PLANS, Backtests, backtest, curves
from fullhouse.forecast.history import read_history
from fullhouse.forecast.history_index import HistoryIndex
from fullhouse.forecast.make import make_forecast, make_slate
from fullhouse.forecast.score import actuals_of
from fullhouse.forecast.slate import Slate
from fullhouse.view.forecast_page import save_forecast
from fullhouse.workspace.context import Context
from fullhouse.workspace.runs import remembered

AHEAD = timedelta(days=120)
"""How far a slate looks, unless its last day is given."""
WITHOUT = Assumptions()


@request
class ForecastFilm:
    """A film, the day whose knowledge counts (today), its market, your comps, assumptions."""

    film: str
    as_of: date | None = None
    territory: str | None = None
    comps: tuple[str, ...] = ()
    assumptions: Assumptions = WITHOUT


@use_case
def forecast_film(context: Context, request: ForecastFilm) -> Forecast:
    """What a film will take, as known on a day; one that was made before is looked up."""
    day = _day(context, request.as_of)
    whole = replace(request, territory=request.territory or context.settings.territory, as_of=day)

    def make(own: Context) -> Forecast:
        return make_forecast(
            own,
            whole.film,
            as_of=day,
            territory=whole.territory,
            comps=whole.comps,
            assumptions=whole.assumptions,
        )

    return remembered(context, whole, Forecast, make)


@request
class ForecastSlate:
    """The first and last day of openings, as known on a day; other dates to try for one film."""

    first: date | None = None
    last: date | None = None
    as_of: date | None = None
    territory: str | None = None
    film: str | None = None
    dates: tuple[date, ...] = ()


@use_case
def forecast_slate(context: Context, request: ForecastSlate) -> Slate:
    """The films that open wide from one day to another; and one of them on other dates.

    A slate that was made before of the same tables is looked up.
    """
    as_of = _day(context, request.as_of)
    first = request.first or as_of
    last = request.last or first + AHEAD
    if last < first:
        raise InputError(f"The slate ends on {last}, before it begins on {first}.")
    if request.dates and request.film is None:
        raise InputError("Dates to try need the film that they are for.")
    whole = replace(
        request,
        first=first,
        last=last,
        as_of=as_of,
        territory=request.territory or context.settings.territory,
    )

    def make(own: Context) -> Slate:
        return make_slate(
            own,
            as_of=as_of,
            first=first,
            last=last,
            territory=whole.territory,
            film=whole.film,
            dates=whole.dates,
        )

    return remembered(context, whole, Slate, make)


@dataclass(frozen=True)
class ActualRun:
    """What a film took, as far as the lake knows now: each day, and the amounts that are known."""

    days: tuple[tuple[date, float], ...] = ()
    amounts: Mapping[str, float] = field(default_factory=dict)


@request
class CompareForecast:
    """A forecast, to be compared with what the film took."""

    forecast: Forecast


@use_case
def forecast_actual(context: Context, request: CompareForecast) -> ActualRun:
    """The gross of each day of a forecast film, and the amounts that are known by now."""
    forecast, ever = request.forecast, date.max - timedelta(days=1)
    rows = films.grosses(context.lake, forecast.territory, ever, films=[forecast.film])
    if rows.num_rows == 0:
        return ActualRun()
    newest = context.lake.read(FILM_GROSS, columns=["day"])["day"]
    actuals = actuals_of(rows, forecast.opening, upto=pa.compute.max(newest).as_py())
    days = tuple(zip(rows["day"].to_pylist(), rows["gross"].to_pylist(), strict=True))
    return ActualRun(days, actuals.amounts)


@request
class WriteForecast:
    """Forecasts of one film, and files ending in .html, .svg, .png, .csv or .parquet."""

    forecasts: tuple[Forecast, ...]
    files: tuple[str | Path, ...]
    with_actual: bool = True


@use_case
def write_forecast(context: Context, request: WriteForecast) -> list[Path]:
    """Write the page, the chart or the table of a film's forecasts, beside what it took."""
    newest = max(request.forecasts, key=lambda f: f.as_of)
    compared = CompareForecast(newest)
    actual = forecast_actual(context, compared) if request.with_actual else ActualRun()
    return save_forecast(
        request.forecasts,
        request.files,
        actual_days=actual.days,
        actual=actual.amounts,
        made_on=context.today,
    )


@request
class RunBacktest:
    """Which years of which films to forecast as if their day were today."""

    first_year: int
    last_year: int
    as_of: date | None = None
    territory: str | None = None
    plans: tuple[str, ...] = ("wide",)
    horizons: tuple[str, ...] = ()
    fridays_only: bool = False


@use_case
def forecast_backtest(context: Context, request: RunBacktest) -> Backtests:
    """Forecast the films that opened in some years as if their day were today, and score it.

    Nothing that was known after `as_of` is used, not even as the outcome.
    """
    control.check_writable(context.control)
    _check_backtest(request)
    territory = request.territory or context.settings.territory
    films.check_territory(territory)
    index = HistoryIndex(read_history(context.lake, territory, _day(context, request.as_of)))
    parts = [
        backtest(
            index,
            first_year=request.first_year,
            last_year=request.last_year,
            plan=plan,
            horizons=request.horizons or HORIZONS,
            fridays_only=request.fridays_only,
            progress=context.progress,
        )
        for plan in request.plans
    ]
    by_day = [c for p in parts if p.plan == "wide" for c in curves(index, p)]
    result = Backtests(tuple(parts), tuple(by_day), context.settings.simulated)
    years = {"first_year": request.first_year, "last_year": request.last_year}
    record: dict[str, object] = {"territory": territory, **years, "plan": result.plan}
    control.record(context.control, "backtest", record)
    return result


def _check_backtest(request: RunBacktest) -> None:
    for plan in request.plans:
        if plan not in PLANS:
            raise InputError(f"A plan is {' or '.join(PLANS)}, not {plan!r}.")
    for horizon in request.horizons:
        if horizon not in HORIZONS:
            raise InputError(
                f"No horizon {horizon!r}.{did_you_mean(horizon, HORIZONS)}"
                f" There are {', '.join(HORIZONS)}."
            )
    if request.last_year < request.first_year:
        raise InputError(
            f"The years end with {request.last_year}, before {request.first_year} begins them."
        )


def _day(context: Context, as_of: date | None) -> date:
    return context.today if as_of is None else as_of
