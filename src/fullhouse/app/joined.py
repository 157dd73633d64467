"""Several use cases in one, for who cannot hand an object from one to another: the API and jobs."""

from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any

from fullhouse import app
from fullhouse.app.campaigns import LaunchCampaign
from fullhouse.app.discoveries import DiscoverFilm
from fullhouse.app.films import AddFilm, SetFilm
from fullhouse.app.forecast import WITHOUT, Issued
from fullhouse.app.pilots import LaunchedPilot, PilotFilm
from fullhouse.app.use_case import use_case
from fullhouse.campaigns.campaign import Launched
from fullhouse.core.brief import Brief
from fullhouse.core.request import request
from fullhouse.discovery.card import FilmDiscovery
from fullhouse.films.catalogue import FilmView
from fullhouse.forecast.assumptions import Assumptions
from fullhouse.forecast.forecast import Forecast
from fullhouse.forecast.score import ActualRun
from fullhouse.workspace.context import Context

DELIVERIES = "deliveries"
"""The folder of the workspace that campaigns are handed over into where nobody names one."""


@request
class Discover(DiscoverFilm):
    """Who will want a film; with `tickets`, how many each audience is expected to buy, too."""

    tickets: bool = False


@request
class MakeForecast:
    """A film's forecast as known on a day; `assumptions` ask what if, `issue` enters it for good.

    With `actual`, what the film took is given beside it, as far as it is known.
    """

    film: str
    as_of: date | None = None
    territory: str | None = None
    comps: tuple[str, ...] = ()
    assumptions: Assumptions = WITHOUT
    issue: bool = False
    actual: bool = False


@request
class StartCampaign(LaunchCampaign):
    """Launch a saved plan; without a folder, its lines are put into one of the workspace."""

    folder: str | Path = ""


@request
class StartPilot(PilotFilm):
    """Pilot a film; without a folder, its lines are put into one of the workspace."""

    folder: str | Path = ""


@dataclass(frozen=True)
class MadeForecast(Brief):
    """A forecast, its entry where it was issued, and what the film took by day where asked."""

    forecast: Forecast
    issued: Issued | None
    actual: ActualRun | None


@use_case
def film_create(context: Context, asked: AddFilm) -> FilmView:
    """Add a film by hand; how it stands in the catalogue."""
    film = app.film_add(context, asked)
    return app.film_show(context, app.ShowFilm(film, asked.territory, asked.known_on))


@use_case
def film_update(context: Context, asked: SetFilm) -> FilmView:
    """Write down facts of a film from a day on; how it stands then."""
    film = app.film_set(context, asked)
    return app.film_show(context, app.ShowFilm(film, asked.territory, asked.known_on))


@use_case
def forecast_make(context: Context, asked: MakeForecast) -> MadeForecast:
    """Forecast a film, as it is or with assumptions; enter it into the score book where asked."""
    wanted = app.ForecastFilm(
        asked.film, asked.as_of, asked.territory, asked.comps, asked.assumptions
    )
    made = app.forecast_film(context, wanted)
    issued = app.issue_forecast(context, app.IssueForecast(made)) if asked.issue else None
    actual = app.forecast_actual(context, app.CompareForecast(made)) if asked.actual else None
    return MadeForecast(made, issued, actual)


@use_case
def discovery_make(context: Context, asked: Discover) -> FilmDiscovery:
    """Who will want a film: its audiences as cards, or that nothing stands out."""
    values: dict[str, Any] = {f.name: getattr(asked, f.name) for f in fields(DiscoverFilm)}
    cards = app.discover_film(context, DiscoverFilm(**values))
    return app.share_tickets(context, app.ShareTickets(cards)) if asked.tickets else cards


@use_case
def campaign_start(context: Context, asked: StartCampaign) -> Launched:
    """Launch a saved plan: people are held out by chance, and its lines handed over."""
    values = {f.name: getattr(asked, f.name) for f in fields(LaunchCampaign)}
    values["folder"] = asked.folder or context.place.join(f"{DELIVERIES}/{asked.name}").root
    return app.campaign_launch(context, LaunchCampaign(**values))


@use_case
def pilot_start(context: Context, asked: StartPilot) -> LaunchedPilot:
    """Show a film to a few people of many audiences, chosen by chance, and hand the lines over."""
    values = {f.name: getattr(asked, f.name) for f in fields(PilotFilm)}
    values["folder"] = asked.folder or context.place.join(f"{DELIVERIES}/{asked.name}").root
    return app.campaign_pilot(context, PilotFilm(**values))
