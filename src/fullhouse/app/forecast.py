"""Forecasts of films, a slate and a backtest, and the score book of those that were issued."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from fullhouse import control, films
from fullhouse.app.use_case import use_case
from fullhouse.control import Entry, Verified
from fullhouse.core.brief import Brief
from fullhouse.core.errors import InputError, did_you_mean
from fullhouse.core.request import request
from fullhouse.core.tabular import Listing
from fullhouse.forecast import Forecast
from fullhouse.forecast.assumptions import Assumptions
from fullhouse.forecast.backtest import HORIZONS, PLANS, Backtests, backtest, curves
from fullhouse.forecast.book import actual_run, enter, read_book
from fullhouse.forecast.history import read_history
from fullhouse.forecast.history_index import HistoryIndex
from fullhouse.forecast.make import make_forecast, make_slate
from fullhouse.forecast.outside import SourceRecord, records
from fullhouse.forecast.score import ActualRun, ScoreBook
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


@request
class ForecastSlate:
    """The first and last day of openings, as known on a day; other dates to try for one film."""

    first: date | None = None
    last: date | None = None
    as_of: date | None = None
    territory: str | None = None
    film: str | None = None
    dates: tuple[date, ...] = ()


@request
class CompareForecast:
    """A forecast, to be compared with what the film took."""

    forecast: Forecast


@request
class WriteForecast:
    """Forecasts of one film, and files ending in .html, .svg, .png, .csv or .parquet."""

    forecasts: tuple[Forecast, ...]
    files: tuple[str | Path, ...]
    with_actual: bool = True


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


@request
class ReadScoreBook:
    """One market or horizon, or all; those issued after the fact instead of those in time.

    `head` is the hash of an entry that was noted earlier and must still be in the book.
    """

    territory: str | None = None
    horizon: str | None = None
    looking_back: bool = False
    head: str | None = None


@dataclass(frozen=True)
class Issued(Brief):
    """The entry of a forecast, and whether it was not in the book before."""

    entry: Entry
    new: bool


@request
class IssueForecast:
    """A forecast to enter into the score book."""

    forecast: Forecast


@request
class ListEntries:
    """Of one film or market, or all; the newest `most`."""

    film: str | None = None
    territory: str | None = None
    most: int | None = None


@request
class ListSources:
    """Whose forecasts of opening weekends to judge: those of a market, known by a day (today)."""

    territory: str | None = None
    as_of: date | None = None


@request
class VerifyScoreBook:
    """A hash that was noted earlier as the book's `head`, where there is one."""

    head: str | None = None


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


@use_case
def forecast_slate(context: Context, request: ForecastSlate) -> Slate:
    """The films that open wide from one day to another; and one of them on other dates.

    A slate that was made before of the same tables is looked up.
    """
    whole = whole_slate(context, request)

    def make(own: Context) -> Slate:
        assert whole.as_of is not None
        assert whole.first is not None
        assert whole.last is not None
        return make_slate(
            own,
            as_of=whole.as_of,
            first=whole.first,
            last=whole.last,
            territory=whole.territory,
            film=whole.film,
            dates=whole.dates,
        )

    return remembered(context, whole, Slate, make)


def whole_slate(context: Context, request: ForecastSlate) -> ForecastSlate:
    """The slate that is asked for, with its days and market settled."""
    as_of = _day(context, request.as_of)
    first = request.first or as_of
    last = request.last or first + AHEAD
    if last < first:
        raise InputError(f"The slate ends on {last}, before it begins on {first}.")
    if request.dates and request.film is None:
        raise InputError("Dates to try need the film that they are for.")
    territory = request.territory or context.settings.territory
    return replace(request, first=first, last=last, as_of=as_of, territory=territory)


@use_case
def forecast_actual(context: Context, request: CompareForecast) -> ActualRun:
    """The gross of each day of a forecast film, and the amounts that are known by now."""
    return actual_run(context, request.forecast)


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


@use_case
def scorebook(context: Context, request: ReadScoreBook) -> ScoreBook:
    """How the issued forecasts did whose outcome the lake knows now.

    Those issued after the fact are never counted with the others; `looking_back` counts them.
    A book whose chain is broken has no figures: that is an error.
    """
    return read_book(
        context,
        territory=request.territory,
        horizon=request.horizon,
        looking_back=request.looking_back,
        head=request.head,
    )


@use_case
def issue_forecast(context: Context, request: IssueForecast) -> Issued:
    """Enter a forecast into the score book; its entry, or the one that says the same already.

    One that assumes facts is refused, and so is a simulated one in a workspace that is not.
    """
    entry, new = enter(context, request.forecast)
    return Issued(entry, new)


@use_case
def scorebook_list(context: Context, request: ListEntries) -> Listing[Entry]:
    """The entries of the score book in the order of issue; the newest of them with `most`."""
    entries = control.entries(
        context.control, film=request.film, territory=request.territory, most=request.most
    )
    return Listing(entries)


@use_case
def scorebook_sources(context: Context, request: ListSources) -> Listing[SourceRecord]:
    """How the forecasts of others did whose outcome was known: bias, error, ranges that held."""
    territory = request.territory or context.settings.territory
    films.check_territory(territory)
    history = read_history(context.lake, territory, _day(context, request.as_of))
    return Listing(records(HistoryIndex(history)))


@use_case
def scorebook_verify(context: Context, request: VerifyScoreBook) -> Verified:
    """Check the whole chain, and that a hash that was noted earlier as its `head` is in it."""
    return control.verify(context.control, head=request.head)


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
