"""The report of a film: gather all that the house knows of it by a day, and write it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow.compute as pc

from fullhouse import control, films
from fullhouse.control.campaigns import learned, verdicts
from fullhouse.discovery.card import FilmDiscovery
from fullhouse.errors import CannotTellError, InputError, did_you_mean
from fullhouse.films.film import Film
from fullhouse.forecast import Forecast
from fullhouse.forecast.truth import truth
from fullhouse.pipeline.film_discovery import discover_film
from fullhouse.pipeline.film_report_kept import (
    film_ids,
    issued_forecasts,
    report_campaigns,
    report_plan,
)
from fullhouse.pipeline.forecasts import forecast_film
from fullhouse.pipeline.page_files import check_page_out, write_page_files
from fullhouse.pipeline.score_book import scorebook
from fullhouse.pipeline.workspace import Workspace
from fullhouse.report.film_report import FilmReport
from fullhouse.report.film_report_page import film_report_page
from fullhouse.tables import FILM_GROSS

Progress = Callable[[str], None]
Taken = tuple[tuple[date, float], ...]


def film_report(
    workspace: Workspace,
    film: str,
    *,
    as_of: date | None = None,
    territory: str | None = None,
    plan: str | None = None,
    campaign: str | None = None,
    discovery: FilmDiscovery | None = None,
    progress: Progress = lambda _: None,
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
    territory = territory or workspace.settings.territory
    films.check_territory(territory)
    film = films.renamed(workspace.lake).get(film, film)
    known = _known(workspace, film, territory, day)
    carried = report_plan(workspace, film, day, plan=plan, campaign=campaign)
    without: dict[str, str] = {}
    progress("Forecasting")
    forecasts = _forecasts(workspace, film, territory, day, without, progress)
    if discovery is None:
        discovery = _discovery(workspace, film, territory, day, without, progress)
    days, amounts = _actual(workspace, known)
    campaigns = report_campaigns(workspace, film, day, campaign=campaign, progress=progress)
    ids = film_ids(workspace, film)
    found = FilmReport(
        film,
        known.title,
        territory,
        day,
        known.opening,
        forecasts=forecasts,
        actual_days=days,
        actual=amounts,
        score_book=scorebook(workspace, territory=territory),
        discovery=discovery,
        plan=carried,
        campaigns=campaigns,
        learned=tuple(x for x in learned(workspace.control, as_of=day) if x.film in ids),
        verdicts=tuple(v for v in verdicts(workspace.control, as_of=day) if v.film in ids),
        without=without,
        simulated=workspace.settings.simulated,
        made_on=datetime.now(UTC).date(),
    )
    detail: dict[str, object] = {"film": film, "as_of": day.isoformat()}
    control.record(workspace.control, "report", detail | {"without": sorted(without)})
    return found


def write_film_report(report: FilmReport, files: Sequence[str | Path]) -> list[Path]:
    """Write a report as a page (.html) or as data (.json)."""
    return write_page_files(report, lambda: film_report_page(report), files)


def check_report_out(file: str | Path) -> Path:
    """The path itself, when its ending says what to write; an error before any work is done."""
    return check_page_out(file)


def _known(workspace: Workspace, film: str, territory: str, day: date) -> Film:
    known = films.known(workspace.lake, film, territory, day)
    if known.facts:
        return known
    rows = films.facts(workspace.lake, territory, day, fields=["title"])
    hint = did_you_mean(film, rows["film"].to_pylist()) or (
        " Import films with 'fullhouse film import', or add one with 'fullhouse film add'."
    )
    raise InputError(f"No film {film!r} was known in {territory} on {day}.{hint}")


def _forecasts(
    workspace: Workspace,
    film: str,
    territory: str,
    day: date,
    without: dict[str, str],
    progress: Progress,
) -> tuple[Forecast, ...]:
    """Those that were issued and the one of the day, in the currency of the newest."""
    found = issued_forecasts(workspace, film, territory, day)
    try:
        found[day] = forecast_film(
            workspace, film, as_of=day, territory=territory, progress=progress
        )
    except (CannotTellError, InputError) as problem:
        without["forecast"] = str(problem)
    ordered = [found[d] for d in sorted(found)]
    return tuple(f for f in ordered if f.currency == ordered[-1].currency)


def _discovery(
    workspace: Workspace,
    film: str,
    territory: str,
    day: date,
    without: dict[str, str],
    progress: Progress,
) -> FilmDiscovery | None:
    try:
        return discover_film(workspace, film, territory=territory, as_of=day, progress=progress)
    except (CannotTellError, InputError) as problem:
        without["discovery"] = str(problem)
        return None


def _actual(workspace: Workspace, film: Film) -> tuple[Taken, Mapping[str, float]]:
    """What each day took and what has come true, as known on the film's day."""
    rows = films.grosses(workspace.lake, film.territory, film.as_of, films=[film.film])
    if film.opening is None or rows.num_rows == 0:
        return (), {}
    told = (pc.field("territory") == film.territory) & (pc.field("known_on") <= film.as_of)
    newest = pc.max(workspace.lake.read(FILM_GROSS, columns=["day"], where=told)["day"]).as_py()
    came = truth(rows, film.opening, upto=newest)
    days = tuple(zip(rows["day"].to_pylist(), rows["gross"].to_pylist(), strict=True))
    return days, came.amounts
