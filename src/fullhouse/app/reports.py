"""The report of a film: gather all that the house knows of it by a day, and write it."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import pyarrow.compute as pc

from fullhouse import control, films
from fullhouse.app.discoveries import DiscoverFilm, ShareTickets, discover_film, share_tickets
from fullhouse.app.film_report_records import (
    film_ids,
    issued_forecasts,
    report_campaigns,
    report_plan,
)
from fullhouse.app.forecast import ForecastFilm, forecast_film
from fullhouse.app.score_book import ReadScoreBook, scorebook
from fullhouse.app.use_case import use_case
from fullhouse.control.campaigns import saved_responses, verdicts
from fullhouse.core.errors import CannotTellError, InputError, Reason, did_you_mean
from fullhouse.core.request import request
from fullhouse.core.tables import FILM_GROSS
from fullhouse.discovery.card import FilmDiscovery
from fullhouse.films.film import Film
from fullhouse.forecast import Forecast
from fullhouse.forecast.actuals import actuals_of
from fullhouse.view.film_report import FilmReport
from fullhouse.view.film_report_page import film_report_page
from fullhouse.view.save import check_page_out, write_page_files
from fullhouse.workspace.context import Context

DayGrosses = tuple[tuple[date, float], ...]


@request
class ReportFilm:
    """A film, the day whose knowledge counts (today), and the plan or campaign to take, by name.

    Without `plan` and `campaign` the film's newest plan and all its campaigns are taken.
    """

    film: str
    as_of: date | None = None
    territory: str | None = None
    plan: str | None = None
    campaign: str | None = None


@use_case
def film_report(
    context: Context, request: ReportFilm, *, discovery: FilmDiscovery | None = None
) -> FilmReport:
    """All that was known of a film on a day (today): forecast, audiences, plan, campaign, readout.

    Forecast, audiences and outlooks are computed, audiences unless `discovery` is given; the rest
    is what the house has saved. A part that cannot be had is left out, with the reason.
    """
    day = context.today if request.as_of is None else request.as_of
    if day > context.today:
        raise InputError(
            f"as_of: {day} has not come yet; the latest day that can be asked for is"
            f" {context.today}."
        )
    territory = request.territory or context.settings.territory
    films.check_territory(territory)
    film = films.renamed(context.lake).get(request.film, request.film)
    known = _known(context, film, territory, day)
    plan = report_plan(context, film, day, plan=request.plan, campaign=request.campaign)
    without: dict[str, Reason] = {}
    context.progress("Forecasting")
    forecasts = _forecasts(context, film, territory, day, without)
    if discovery is None:
        context.progress("Looking for audiences")
        discovery = _discovery(context, film, territory, day, without)
    days, amounts = _actual(context, known)
    campaigns = report_campaigns(context, film, day, campaign=request.campaign)
    ids = film_ids(context, film)
    report = FilmReport(
        film,
        known.title,
        territory,
        day,
        known.opening,
        forecasts=forecasts,
        actual_days=days,
        actual=amounts,
        score_book=scorebook(context, ReadScoreBook(territory=territory)),
        discovery=discovery,
        plan=plan,
        campaigns=campaigns,
        responses=tuple(x for x in saved_responses(context.control, as_of=day) if x.film in ids),
        verdicts=tuple(v for v in verdicts(context.control, as_of=day) if v.film in ids),
        without=without,
        simulated=context.settings.simulated,
        made_on=context.today,
    )
    detail: dict[str, object] = {"film": film, "as_of": day.isoformat()}
    control.record(context.control, "report", detail | {"without": sorted(without)})
    return report


def write_film_report(report: FilmReport, files: Sequence[str | Path]) -> list[Path]:
    """Write a report as a page (.html) or as data (.json)."""
    return write_page_files(report, lambda: film_report_page(report), files)


def check_report_out(file: str | Path) -> Path:
    """The path itself, when its ending says what to write; an error before any work is done."""
    return check_page_out(file)


def _known(context: Context, film: str, territory: str, day: date) -> Film:
    known = films.known(context.lake, film, territory, day)
    if known.facts:
        return known
    rows = films.facts(context.lake, territory, day, fields=["title"])
    hint = did_you_mean(film, rows["film"].to_pylist())
    raise InputError(f"No film {film!r} was known in {territory} on {day}.{hint}")


def _forecasts(
    context: Context,
    film: str,
    territory: str,
    day: date,
    without: dict[str, Reason],
) -> tuple[Forecast, ...]:
    """Those that were issued and the one of the day, in the currency of the newest."""
    by_day = issued_forecasts(context, film, territory, day)
    try:
        by_day[day] = forecast_film(context, ForecastFilm(film, as_of=day, territory=territory))
    except (CannotTellError, InputError) as problem:
        without["forecast"] = problem.reason
    ordered = [by_day[d] for d in sorted(by_day)]
    return tuple(f for f in ordered if f.currency == ordered[-1].currency)


def _discovery(
    context: Context,
    film: str,
    territory: str,
    day: date,
    without: dict[str, Reason],
) -> FilmDiscovery | None:
    try:
        cards = discover_film(context, DiscoverFilm(film, territory=territory, as_of=day))
        return share_tickets(context, ShareTickets(cards))
    except (CannotTellError, InputError) as problem:
        without["discovery"] = problem.reason
        return None


def _actual(context: Context, film: Film) -> tuple[DayGrosses, Mapping[str, float]]:
    """What each day took and what is known of each quantity, as known on the film's day."""
    rows = films.grosses(context.lake, film.territory, film.as_of, films=[film.film])
    if film.opening is None or rows.num_rows == 0:
        return (), {}
    known = (pc.field("territory") == film.territory) & (pc.field("known_on") <= film.as_of)
    newest = pc.max(context.lake.read(FILM_GROSS, columns=["day"], where=known)["day"]).as_py()
    outcomes = actuals_of(rows, film.opening, upto=newest)
    days = tuple(zip(rows["day"].to_pylist(), rows["gross"].to_pylist(), strict=True))
    return days, outcomes.amounts
