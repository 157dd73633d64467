"""The exhibitor pack of a film in a city or a cinema, and its demand in all cities."""

from datetime import date

from fullhouse import control
from fullhouse.app.discoveries import DiscoverFilm, discover_film, expected_sales
from fullhouse.app.forecast import ForecastFilm, forecast_film
from fullhouse.app.use_case import use_case
from fullhouse.core.errors import CannotTellError, InputError, did_you_mean
from fullhouse.core.request import request
from fullhouse.discovery.likely_audience import likely_audience
from fullhouse.exhibit.demand import cinemas_everywhere, demand_of, hidden_cities, market_of
from fullhouse.exhibit.film_pack import pack_of
from fullhouse.exhibit.market import City, Market, cities_sold, past_films, showings
from fullhouse.exhibit.pack import Demand, Exhibit, check_showing
from fullhouse.sample.analysis_sample import AnalysisSample, KnownFilm, analysis_sample
from fullhouse.sample.sales import ExpectedSales
from fullhouse.traits.names import name_slug
from fullhouse.view.words.discovery import note_words
from fullhouse.workspace.context import Context

SEATS, GOAL, MINIMUM = 120, 0.3, 50


@request
class ExhibitFilm:
    """A film's pack for a city, or for one cinema of it, as known on a day (today).

    `seats` are those of a showing, `goal` the share of them to fill; no count is under `minimum`.
    """

    film: str
    city: str
    cinema: str | None = None
    territory: str | None = None
    as_of: date | None = None
    seats: int = SEATS
    goal: float = GOAL
    minimum: int = MINIMUM

    def __post_init__(self) -> None:
        check_showing(self.seats, self.goal, self.minimum)


@request
class ExhibitCities:
    """A film's demand in every city, as known on a day (today); fields as of `ExhibitFilm`."""

    film: str
    territory: str | None = None
    as_of: date | None = None
    seats: int = SEATS
    goal: float = GOAL
    minimum: int = MINIMUM

    def __post_init__(self) -> None:
        check_showing(self.seats, self.goal, self.minimum)


@use_case
def exhibit_film(context: Context, request: ExhibitFilm) -> Exhibit:
    """What a film is expected to draw in a city, or in one cinema of it, as known on a day.

    Admissions are the forecast's tickets × the city's share (where the likely people of the house
    live) × the cinema's (where they bought before). What rests on fewer than `minimum` people or
    tickets is left out, and what it could be computed from. The request is recorded.
    """
    control.check_writable(context.control)
    with analysis_sample(context, territory=request.territory, as_of=request.as_of) as house:
        film = house.find(request.film)
        spellings = _spellings(house, request.city)
        market = _market(house, film)
        city = _city(market, request.city, request.minimum)
        context.progress("Reading past sales")
        films = past_films(house, film, {c.film for c in market.discovery.comps})
        sold = showings(house, films, cities=spellings)
        if sold.tickets.sum() < request.minimum:
            raise CannotTellError(
                code="few_tickets_sold", city=city.name, as_of=house.day, minimum=request.minimum
            )
        pack = pack_of(
            house, market, city, films, sold, request.cinema, request.seats, request.goal,
            request.minimum,
        )  # fmt: skip
    control.record(context.control, "exhibit", {"film": pack.film, "place": pack.place})
    return pack


@use_case
def exhibit_cities(context: Context, request: ExhibitCities) -> Demand:
    """What a film is expected to draw in every city, and in those cinemas whose share is known.

    Cities under the minimum are named without numbers. The request is recorded.
    """
    control.check_writable(context.control)
    minimum = request.minimum
    with analysis_sample(context, territory=request.territory, as_of=request.as_of) as house:
        film = house.find(request.film)
        market = _market(house, film)
        context.progress("Reading past sales")
        films = past_films(house, film, {c.film for c in market.discovery.comps})
        cinemas = cinemas_everywhere(house, films, minimum)
        table = demand_of(house, market, cinemas, request.seats, request.goal, minimum)
    control.record(context.control, "exhibit", {"film": table.film, "place": None})
    return table


def _market(house: AnalysisSample, film: KnownFilm) -> Market:
    """The film's market as of the house's day, from the discovery and forecast of that day."""
    about = DiscoverFilm(film.film, territory=house.territory, as_of=house.day)
    discovery = discover_film(house.context, about)
    sales = expected_sales(house, film)
    if not isinstance(sales, ExpectedSales):
        why = note_words(sales)
        raise CannotTellError(code="pack_without_tickets", film=film.film, why=why)
    request = ForecastFilm(film.film, as_of=house.day, territory=house.territory)
    forecast = forecast_film(house.context, request)
    house.context.progress("Sharing out the forecast")
    return market_of(house, film, discovery, likely_audience(house, film), sales, forecast)


def _spellings(house: AnalysisSample, city: str) -> list[str]:
    """A city as feeds spell it; an error with near names where no ticket was sold there."""
    cities = cities_sold(house)
    if name_slug(city) in cities:
        return cities[name_slug(city)]
    hint = did_you_mean(city, [spellings[0] for spellings in cities.values()])
    raise InputError(
        f"The house's people bought no ticket in a city {city!r} by {house.day}."
        + (hint or " Without a city, a table of all cities lists those there are.")
    )


def _city(market: Market, name: str, minimum: int) -> City:
    """A city whose numbers may be known; an error where nobody is known to live or too few do."""
    city = market.cities.get(name_slug(name))
    if city is None:
        raise InputError(
            f"Nobody in the house is known to live in {name!r}, so its share of the film is not"
            f" known.{did_you_mean(name, [c.name for c in market.cities.values()])}"
        )
    if name_slug(name) in hidden_cities(market, minimum):
        raise CannotTellError(code="city_too_small", city=city.name, minimum=minimum)
    return city
