"""What a film is forecast to sell, with what turns money into tickets of the house's people."""

from fullhouse.app.forecast import ForecastFilm, forecast_film
from fullhouse.core.errors import FullhouseError
from fullhouse.sample.analysis_sample import AnalysisSample, KnownFilm
from fullhouse.sample.film_sales import ExpectedSales, known_share, ticket_price


def expected_sales(sample: AnalysisSample, film: KnownFilm) -> tuple[ExpectedSales | None, str]:
    """The forecast's total and what makes tickets of it; or why it is not known."""
    context = sample.context
    try:
        request = ForecastFilm(film.film, as_of=sample.day, territory=sample.territory)
        forecast = forecast_film(context, request)
    except FullhouseError as problem:
        return None, f"No tickets are told: {problem}"
    price = ticket_price(sample, forecast.currency)
    if price is None:
        return None, f"No tickets are told: no ticket price in {forecast.currency} is known."
    share = known_share(sample, price)
    if share is None:
        return None, (
            "No tickets are told: no past film has both its gross and the house's own sales over"
            " its run, so nobody knows which share of tickets the house's people buy."
        )
    total = forecast.ranges["total"]
    low, high = total.between(0.8)
    return ExpectedSales(total.median, low, high, price, forecast.currency, share), ""
