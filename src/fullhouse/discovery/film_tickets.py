"""A film's expected tickets by audience and by city, adding up to its forecast."""

from collections.abc import Sequence

import numpy as np

from fullhouse.core.arrays import Floats, Integers
from fullhouse.discovery.card import Card, Tickets
from fullhouse.discovery.tickets import first_of, share_tickets
from fullhouse.sample.analysis_sample import AnalysisSample
from fullhouse.sample.film_sales import ExpectedSales
from fullhouse.sample.sheet import Sheet, rule_masks


def film_tickets(
    sample: AnalysisSample,
    people: Sheet,
    cards: Sequence[Card],
    sales: ExpectedSales,
    visits: Floats,
) -> Tickets:
    """The expected sales shared out over cards and cities, by each person's expected visits."""
    # Who is in several counts in the most specific: a broad one would swallow it.
    cards = sorted(cards, key=lambda c: -(c.beyond.value or 0.0))
    city, cities = cities_of(people)
    masks = rule_masks(people, [c.rule for c in cards], sample.population.catalogue)
    return share_tickets(
        sales.total,
        sales.low,
        sales.high,
        sales.price,
        sales.currency,
        expected=visits,
        weight=people.weight,
        audience=first_of(masks),
        audiences=[c.name for c in cards],
        city=city,
        cities=cities,
        known_share=sales.known_share,
        note=(
            f"Forecast as of {sample.day}; a ticket costs {sales.price:,.2f} {sales.currency}, the"
            " mean of the house's own sales of a year; the house's people buy"
            f" {sales.known_share:.2%} of a film's tickets, the median of past films."
        ),
    )


def cities_of(sheet: Sheet) -> tuple[Integers, list[str]]:
    """The number of each person's city among the names, -1 where it is not known."""
    columns = [(i, t) for i, t in enumerate(sheet.traits) if t.family == "city"]
    found = np.full(len(sheet.persons), -1, dtype=np.int64)
    for number, (column, _) in enumerate(columns):
        ends = sheet.by_trait.indptr[column : column + 2]
        found[sheet.by_trait.indices[slice(*ends)]] = number
    return found, [t.label.removeprefix("lives in ") for _, t in columns]
