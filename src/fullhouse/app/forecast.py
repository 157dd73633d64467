"""Forecasts of films, a slate and a backtest, and the score book of those that were issued."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from fullhouse import control, films
from fullhouse.app.use_case import use_case
from fullhouse.control import Entry, Verified
from fullhouse.core.code import code_version
from fullhouse.core.errors import CannotTellError, InputError, did_you_mean
from fullhouse.core.request import request
from fullhouse.core.tables import FILM_GROSS
from fullhouse.films.store import value
from fullhouse.forecast import Forecast
from fullhouse.forecast.assumptions import Assumptions
from fullhouse.forecast.backtest import HORIZONS, PLANS, Backtests, backtest, curves
from fullhouse.forecast.history import read_history
from fullhouse.forecast.history_index import HistoryIndex
from fullhouse.forecast.make import make_forecast, make_slate
from fullhouse.forecast.score import Actuals, ScoreBook, actuals_of, score
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


@dataclass(frozen=True)
class ActualRun:
    """What a film took, as far as the lake knows now: each day, and the amounts that are known."""

    days: tuple[tuple[date, float], ...] = ()
    amounts: Mapping[str, float] = field(default_factory=dict)


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
class Issued:
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
    if request.territory is not None:
        films.check_territory(request.territory)
    verified = control.verify(context.control, head=request.head)
    if not verified.ok:
        raise CannotTellError(
            code=f"score_book_{verified.problem}", entry=verified.broken, good=verified.entries
        )
    book = score(
        control.stream(context.control, territory=request.territory, horizon=request.horizon),
        _actuals(context, request.territory),
        looking_back=request.looking_back,
    )
    only = {"territory": request.territory, "horizon": request.horizon}
    return replace(
        book,
        simulated=book.simulated or context.settings.simulated,
        only={name: value for name, value in only.items() if value is not None},
        head=verified.head,
        head_noted=verified.noted is not None,
    )


@use_case
def issue_forecast(context: Context, request: IssueForecast) -> Issued:
    """Enter a forecast into the score book; its entry, or the one that says the same already.

    One that assumes facts is refused, and so is a simulated one in a workspace that is not.
    """
    control.check_writable(context.control)
    forecast, now = request.forecast, context.now
    if forecast.what_if:
        assumed = ", ".join(sorted(forecast.what_if))
        raise InputError(
            f"A forecast that assumes facts ({assumed}) does not enter the score book."
        )
    if forecast.simulated != context.settings.simulated:
        raise InputError(
            "A simulated forecast enters the score book of a simulated workspace only, and a real"
            " one that of a real workspace."
        )
    entry = control.issue(
        context.control,
        forecast.to_dict(),
        film=forecast.film,
        territory=forecast.territory,
        as_of=forecast.as_of,
        horizon=forecast.horizon,
        code=code_version(),
        model=forecast.model.fingerprint,
        issued_at=now,
    )
    new = entry.issued == now
    if new:
        record: dict[str, object] = {"entry": entry.id, "film": entry.film, "hash": entry.hash}
        control.record(context.control, "scorebook.issue", record)
    return Issued(entry, new)


@use_case
def scorebook_list(context: Context, request: ListEntries) -> list[Entry]:
    """The entries of the score book in the order of issue; the newest of them with `most`."""
    return control.entries(
        context.control, film=request.film, territory=request.territory, most=request.most
    )


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


def _actuals(context: Context, territory: str | None) -> dict[tuple[str, str], Actuals]:
    """The outcome of each film that was forecast, as far as the lake knows now."""
    actuals: dict[tuple[str, str], Actuals] = {}
    issued = control.issued_films(context.control, territory=territory)
    now = films.renamed(context.lake) if issued else {}
    for where in sorted({place for _, place in issued}):
        own = [film for film, place in issued if place == where]
        known = dict(_actuals_in(context, where, {now.get(f, f) for f in own}))
        actuals |= {(f, where): known[now.get(f, f)] for f in own if now.get(f, f) in known}
    return actuals


def _actuals_in(
    context: Context, territory: str, wanted: set[str]
) -> Iterator[tuple[str, Actuals]]:
    lake, latest = context.lake, date.max
    fields = ["opening", "total"]
    facts: dict[str, dict[str, object]] = defaultdict(dict)
    for row in films.facts(lake, territory, latest, films=wanted, fields=fields).to_pylist():
        facts[row["film"]][row["field"]] = value(row["field"], row["value"])
    days = lake.read(FILM_GROSS, columns=["day"], where=pc.field("territory") == territory)
    upto = pc.max(days["day"]).as_py()
    grosses = _by_film(films.grosses(lake, territory, latest, films=wanted))
    for film, known in facts.items():
        opening, total = known.get("opening"), known.get("total")
        if not isinstance(opening, date):
            continue
        rows = grosses.get(film, FILM_GROSS.schema.empty_table())
        amount, currency = total if isinstance(total, tuple) else (None, "")
        if rows.num_rows and rows["currency"][0].as_py() != currency:
            amount = None
        actuals = actuals_of(rows, opening, upto=upto, total=amount)
        yield film, replace(actuals, currency=actuals.currency or currency)


def _by_film(rows: pa.Table) -> dict[str, pa.Table]:
    """The rows of each film; they come in its order."""
    names = rows["film"].to_pylist()
    if not names:
        return {}
    starts = [0, *(i for i in range(1, len(names)) if names[i] != names[i - 1]), len(names)]
    return {names[a]: rows.slice(a, b - a) for a, b in pairwise(starts)}
