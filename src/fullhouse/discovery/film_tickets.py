"""A film's expected tickets by audience and by city, adding up to its forecast."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from fullhouse.app.forecast import forecast_film
from fullhouse.core.arrays import Floats, Integers
from fullhouse.core.errors import FullhouseError
from fullhouse.core.progress import Progress
from fullhouse.discovery.card import Card, Tickets
from fullhouse.discovery.film_counts import masks_of
from fullhouse.discovery.film_groups import Groups
from fullhouse.discovery.sheet import Sheet
from fullhouse.discovery.tickets import first_of, share_tickets
from fullhouse.sample.film_house import FilmHouse, KnownFilm
from fullhouse.sample.film_sales import known_share, ticket_price

Expect = Callable[[Sheet], Floats]


@dataclass(frozen=True)
class Expected:
    """The forecast's total in money, what a ticket costs, and the house's share of all tickets."""

    total: float
    low: float
    high: float
    price: float
    currency: str
    known_share: float


def film_tickets(
    house: FilmHouse,
    film: KnownFilm,
    compared: Groups,
    cards: Sequence[Card],
    expect: Expect,
    progress: Progress,
) -> tuple[Tickets | None, str]:
    """The tickets shared out, or None and why not. `expect` gives each person's expected visits."""
    told, why = expected_total(house, film, progress)
    if told is None:
        return None, why
    sheet = compared.facts.sheet
    # Who is in several counts in the sharpest: a broad one would swallow it.
    cards = sorted(cards, key=lambda c: -(c.beyond.value or 0.0))
    city, cities = cities_of(sheet)
    masks = (
        masks_of(house, sheet, [c.rule for c in cards])
        if cards
        else np.zeros((len(sheet.persons), 0), dtype=bool)
    )
    return (
        share_tickets(
            told.total,
            told.low,
            told.high,
            told.price,
            told.currency,
            expected=expect(sheet),
            weight=sheet.weight,
            audience=first_of(masks),
            audiences=[c.name for c in cards],
            city=city,
            cities=cities,
            known_share=told.known_share,
            note=(
                f"Forecast as of {house.day}; a ticket costs {told.price:,.2f} {told.currency}, the"
                " mean of the house's own sales of a year; the house's people buy"
                f" {told.known_share:.2%} of a film's tickets, the median of past films."
            ),
        ),
        "",
    )


def expected_total(
    house: FilmHouse, film: KnownFilm, progress: Progress
) -> tuple[Expected | None, str]:
    """What the film is forecast to take, and what makes tickets of it; or why it is not told."""
    try:
        forecast = forecast_film(
            house.context,
            film.film,
            as_of=house.day,
            territory=house.territory,
            progress=progress,
        )
    except FullhouseError as problem:
        return None, f"No tickets are told: {problem}"
    price = ticket_price(house, forecast.currency)
    if price is None:
        return None, f"No tickets are told: no ticket price in {forecast.currency} is known."
    share = known_share(house, price)
    if share is None:
        return None, (
            "No tickets are told: no past film has both its gross and the house's own sales over"
            " its run, so nobody knows which share of tickets the house's people buy."
        )
    total = forecast.ranges["total"]
    low, high = total.between(0.8)
    return Expected(total.median, low, high, price, forecast.currency, share), ""


def cities_of(sheet: Sheet) -> tuple[Integers, list[str]]:
    """The number of each person's city among the names, -1 where it is not known."""
    columns = [(i, t) for i, t in enumerate(sheet.traits) if t.family == "city"]
    found = np.full(len(sheet.persons), -1, dtype=np.int64)
    for number, (column, _) in enumerate(columns):
        ends = sheet.by_trait.indptr[column : column + 2]
        found[sheet.by_trait.indices[slice(*ends)]] = number
    return found, [t.label.removeprefix("lives in ") for _, t in columns]
