"""The report of a film: gather all that the house knows of it by a day, and write it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
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
from fullhouse.control.campaigns import saved_responses, verdicts
from fullhouse.core.errors import CannotTellError, InputError, did_you_mean
from fullhouse.core.progress import Progress, silent
from fullhouse.core.tables import FILM_GROSS
from fullhouse.discovery.card import FilmDiscovery
from fullhouse.films.film import Film
from fullhouse.forecast import Forecast
from fullhouse.forecast.actuals import actuals_of
from fullhouse.view.film_report import FilmReport
from fullhouse.view.film_report_page import film_report_page
from fullhouse.view.page_files import check_page_out, write_page_files
from fullhouse.workspace.context import Context

Taken = tuple[tuple[date, float], ...]


def film_report(
    context: Context,
    film: str,
    *,
    as_of: date | None = None,
    territory: str | None = None,
    plan: str | None = None,
    campaign: str | None = None,
    discovery: FilmDiscovery | None = None,
    progress: Progress = silent,
) -> FilmReport:
    """All that was known of a film on a day (today): forecast, audiences, plan, campaign, readout.

    Forecast, audiences and outlooks are computed, audiences unless `discovery` is given; the rest
    is what the house has kept. Without `plan` and `campaign` (names) the film's newest plan and all
    its campaigns are taken. A part that cannot be had is left out, and the report says why.
    """
    # The latest day that has begun anywhere.
    today = (datetime.now(UTC) + timedelta(hours=14)).date()
    day = as_of or today
    if day > today:
        raise InputError(f"--as-of {day} has not come yet; the latest day that can be asked for is"
                         f" {today}.")  # fmt: skip
    territory = territory or context.settings.territory
    films.check_territory(territory)
    film = films.renamed(context.lake).get(film, film)
    known = _known(context, film, territory, day)
    carried = report_plan(context, film, day, plan=plan, campaign=campaign)
    without: dict[str, str] = {}
    progress("Forecasting")
    forecasts = _forecasts(context, film, territory, day, without, progress)
    if discovery is None:
        discovery = _discovery(context, film, territory, day, without, progress)
    days, amounts = _actual(context, known)
    campaigns = report_campaigns(context, film, day, campaign=campaign, progress=progress)
    ids = film_ids(context, film)
    found = FilmReport(
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
        plan=carried,
        campaigns=campaigns,
        learned=tuple(x for x in saved_responses(context.control, as_of=day) if x.film in ids),
        verdicts=tuple(v for v in verdicts(context.control, as_of=day) if v.film in ids),
        without=without,
        simulated=context.settings.simulated,
        made_on=datetime.now(UTC).date(),
    )
    detail: dict[str, object] = {"film": film, "as_of": day.isoformat()}
    control.record(context.control, "report", detail | {"without": sorted(without)})
    return found


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
    hint = did_you_mean(film, rows["film"].to_pylist()) or (
        " Import films with 'fullhouse film import', or add one with 'fullhouse film add'."
    )
    raise InputError(f"No film {film!r} was known in {territory} on {day}.{hint}")


def _forecasts(
    context: Context,
    film: str,
    territory: str,
    day: date,
    without: dict[str, str],
    progress: Progress,
) -> tuple[Forecast, ...]:
    """Those that were issued and the one of the day, in the currency of the newest."""
    found = issued_forecasts(context, film, territory, day)
    try:
        found[day] = forecast_film(
            replace(context, progress=progress),
            ForecastFilm(film, as_of=day, territory=territory),
        )
    except (CannotTellError, InputError) as problem:
        without["forecast"] = str(problem)
    ordered = [found[d] for d in sorted(found)]
    return tuple(f for f in ordered if f.currency == ordered[-1].currency)


def _discovery(
    context: Context,
    film: str,
    territory: str,
    day: date,
    without: dict[str, str],
    progress: Progress,
) -> FilmDiscovery | None:
    try:
        context = replace(context, progress=progress)
        cards = discover_film(context, DiscoverFilm(film, territory=territory, as_of=day))
        return share_tickets(context, ShareTickets(cards))
    except (CannotTellError, InputError) as problem:
        without["discovery"] = str(problem)
        return None


def _actual(context: Context, film: Film) -> tuple[Taken, Mapping[str, float]]:
    """What each day took and what has come true, as known on the film's day."""
    rows = films.grosses(context.lake, film.territory, film.as_of, films=[film.film])
    if film.opening is None or rows.num_rows == 0:
        return (), {}
    told = (pc.field("territory") == film.territory) & (pc.field("known_on") <= film.as_of)
    newest = pc.max(context.lake.read(FILM_GROSS, columns=["day"], where=told)["day"]).as_py()
    actuals = actuals_of(rows, film.opening, upto=newest)
    days = tuple(zip(rows["day"].to_pylist(), rows["gross"].to_pylist(), strict=True))
    return days, actuals.amounts
