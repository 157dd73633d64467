"""The house's own ticket sales: what a ticket costs, and how much of a film the house sells."""

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from statistics import median

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fullhouse import films
from fullhouse.core.person_sets import PersonSet, by_block, union
from fullhouse.core.tables import ITEM, PERSON_EVENT
from fullhouse.engine.expr import ibis
from fullhouse.sample.analysis_sample import AnalysisSample
from fullhouse.traits.names import film_slug

PRICE_DAYS = 365
SELLING_DAYS = 60
"""A run so old has sold nearly all of its tickets."""
FILMS = 20
"""Films from which the house's share of sales is estimated, the latest."""


@dataclass(frozen=True)
class ExpectedSales:
    """The forecast's total with its 80 % range, what a ticket costs, the house's share of tickets.

    Money is in `currency`; `known_share` is the share of all tickets that the house's people buy.
    """

    total: float
    low: float
    high: float
    price: float
    currency: str
    known_share: float


def ticket_price(house: AnalysisSample, currency: str) -> float | None:
    """Mean price of a ticket in a currency over the last year; None where no price is known."""
    events = house.context.engine.scan(house.context.lake.snapshot(PERSON_EVENT))
    first = house.day - timedelta(days=PRICE_DAYS - 1)
    sold = events.filter(
        events.kind == "ticket",
        events.day.between(ibis.literal(first), ibis.literal(house.day)),
        events.currency == currency,
        events.unit_price > 0,
        events.quantity > 0,
    )
    paid = sold.aggregate(paid=(sold.unit_price * sold.quantity).sum(), tickets=sold.quantity.sum())
    row = house.context.engine.arrow(paid).to_pylist()[0]
    return row["paid"] / row["tickets"] if row["tickets"] else None


def known_share(house: AnalysisSample, price: float) -> float | None:
    """The share of a film's tickets in the territory that the house's own people buy.

    The median over the latest films whose runs are over and lie inside the house's events; None
    where there are none. Grosses count as tickets at today's price: prices move by a few
    percent a year, the share is known to a factor.
    """
    sold, first = _sold(house)
    if first is None:
        return None
    grosses = _grosses(house)
    last = house.day - timedelta(days=SELLING_DAYS)
    fitting = sorted(
        (
            (k.opening, sold[k.slug] / (grosses[k.film] / price))
            for k in house.films.values()
            if k.slug in sold
            and grosses.get(k.film, 0) > 0
            and k.opening is not None
            and first <= k.opening <= last
        ),
        reverse=True,
    )
    return min(1.0, median(share for _, share in fitting[:FILMS])) if fitting else None


def ticket_buyers(house: AnalysisSample) -> dict[str, PersonSet]:
    """Who bought a ticket for each film by the day, by the film's slug; refunds apart."""
    context = house.context
    events = context.engine.scan(context.lake.snapshot(PERSON_EVENT))
    until = min(house.day, house.population.build.as_of)
    sales = events.filter(
        events.kind == "ticket", events.day <= ibis.literal(until), events.quantity > 0
    )
    pairs = context.engine.arrow(sales.select("person", "item").distinct()).sort_by("item")
    persons, item = pairs["person"].to_numpy(), pairs["item"].to_numpy()
    names = slugs_of(house)
    sets: dict[str, PersonSet] = {}
    starts: list[int] = np.flatnonzero(np.r_[len(item) > 0, np.diff(item) != 0]).tolist()
    for first, last in pairwise([*starts, len(item)]):
        slug = names.get(int(item[first]))
        if slug is None:
            continue
        sets[slug] = union(sets.get(slug, {}), by_block(persons[first:last]))
    return sets


def slugs_of(house: AnalysisSample) -> dict[int, str]:
    """The slug of each film among the items."""
    columns = ["item", "kind", "title", "release_year"]
    rows = house.context.lake.read(ITEM, columns=columns).to_pylist()
    return {
        r["item"]: film_slug(r["title"], r["release_year"])
        for r in rows
        if r["kind"] == "film" and r["title"]
    }


def _sold(house: AnalysisSample) -> tuple[dict[str, float], date | None]:
    """Tickets sold to the house's people up to the day, by film, and the first day of sales."""
    context = house.context
    events = context.engine.scan(context.lake.snapshot(PERSON_EVENT))
    sales = events.filter(events.kind == "ticket", events.day <= ibis.literal(house.day))
    counted = context.engine.arrow(
        sales.group_by("item").aggregate(tickets=sales.quantity.sum(), first=sales.day.min())
    )
    names = slugs_of(house)
    tickets: dict[str, float] = {}
    for row in counted.to_pylist():
        slug = names.get(row["item"])
        if slug is not None:
            tickets[slug] = tickets.get(slug, 0.0) + row["tickets"]
    return tickets, pc.min(counted["first"]).as_py()


def _grosses(house: AnalysisSample) -> dict[str, float]:
    """Gross of each film in the territory up to the day."""
    rows = films.grosses(house.context.lake, house.territory, house.day)
    if not rows.num_rows:
        return {}
    total = pa.table({"film": rows["film"], "gross": rows["gross"]})
    summed = total.group_by("film").aggregate([("gross", "sum")])
    return {row["film"]: row["gross_sum"] for row in summed.to_pylist()}
