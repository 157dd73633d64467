"""The house's own ticket sales: its price and share of tickets, and sales by city and week."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fullhouse import films
from fullhouse.core.arrays import Floats
from fullhouse.core.errors import CannotTellError
from fullhouse.core.person_sets import PersonSet, by_block, union
from fullhouse.core.tables import ITEM, PERSON_EVENT
from fullhouse.engine.expr import ibis
from fullhouse.sample.analysis_sample import AnalysisSample, KnownFilm
from fullhouse.traits.names import film_slug

PRICE_DAYS = 365
SELLING_DAYS = 60
"""A run so old has sold nearly all of its tickets."""
FILMS = 20
"""Past films that count, the latest: for the house's share of sales, and for a design's power."""


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
    sold, first = _sold_by_film(house)
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


def _sold_by_film(house: AnalysisSample) -> tuple[dict[str, float], date | None]:
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


if TYPE_CHECKING:
    import ibis.expr.types as ir

WEEKS = 52
"""The past that cities are paired on and measured against."""
LEAST_WEEKS = 4


@dataclass(frozen=True)
class CityPast:
    """Tickets of all films by city and week, from `first` to `last`, and each city's buyers."""

    cities: tuple[str, ...]
    weeks: Floats
    people: Floats
    first: date
    last: date

    @property
    def totals(self) -> Floats:
        """Tickets of each city over all weeks."""
        totals: Floats = self.weeks.sum(1)
        return totals


def city_past(house: AnalysisSample, last: date, *, without: Collection[int] = ()) -> CityPast:
    """Up to a year of whole weeks that end on a day; items `without` are left out.

    The city is the cinema's; a ticket whose cinema's city is not known stands in none. Refunds
    count against what was sold.
    """
    sold = _sold(house, last - timedelta(days=7 * WEEKS - 1), last)
    if without:
        sold = sold.filter(sold["item"].notin(list(without)))
    arrow = house.context.engine.arrow
    rows = arrow(sold.group_by("city", "day").aggregate(tickets=sold.quantity.sum()))
    begun = pc.min(rows["day"]).as_py() or last
    weeks = ((last - begun).days + 1) // 7
    if weeks < LEAST_WEEKS:
        raise CannotTellError(
            code="too_few_weeks_of_tickets", weeks=weeks, until=last, needed=LEAST_WEEKS
        )
    first = last - timedelta(days=7 * weeks - 1)
    rows = rows.filter(pc.greater_equal(rows["day"], first))
    cities, at = np.unique(np.array(rows["city"].to_pylist(), dtype=np.str_), return_inverse=True)
    days = np.array([(d - first).days for d in rows["day"].to_pylist()])
    panel = np.zeros((len(cities), weeks))
    np.add.at(panel, (at, days // 7), rows["tickets"].to_numpy())
    inside = sold.filter(sold.day >= ibis.literal(first))
    buyers = arrow(inside.group_by("city").aggregate(people=inside.person.nunique()))
    who = dict(zip(buyers["city"].to_pylist(), buyers["people"].to_pylist(), strict=True))
    people = np.array([who[c] for c in cities], dtype=np.float64)
    return CityPast(tuple(cities.tolist()), np.maximum(panel, 0.0), people, first, last)


def city_tickets(
    house: AnalysisSample, items: Collection[int], first: date, last: date
) -> dict[str, float]:
    """Tickets of these items by city, both days included; a city that sold none is not in it."""
    if not items:
        return {}
    sold = _sold(house, first, last)
    own = sold.filter(sold["item"].isin(list(items)))
    rows = house.context.engine.arrow(own.group_by("city").aggregate(tickets=own.quantity.sum()))
    return {r["city"]: max(0.0, r["tickets"]) for r in rows.to_pylist()}


def items_of(house: AnalysisSample, film: KnownFilm) -> list[int]:
    """The film's items in the house's feeds; none where no feed has it yet."""
    slugs = {film.slug, film_slug(film.title, film.opening.year if film.opening else None)}
    return [item for item, slug in slugs_of(house).items() if slug in slugs]


@dataclass(frozen=True)
class ReplayedFilm:
    """A past film as if a campaign had run on it: by city, tickets of other films, and its own.

    `weeks` are the columns of the past that its window touches.
    """

    before: Floats
    after: Floats
    weeks: range


def past_films(
    house: AnalysisSample, past: CityPast, *, begins: int, days: int
) -> list[ReplayedFilm]:
    """The films whose windows lie in the past, as if each had had the campaign.

    The film's own tickets are those of `days` days, the first of them `begins` days after its
    opening (before it, where below 0). Of films whose days all lie in the past, the latest 20 that
    sold at least a ticket a city: a smaller film shows nothing by city.
    """
    known = sorted(
        ((k.opening, k) for k in house.films.values() if k.opening), key=lambda x: (x[0], x[1].film)
    )
    past_runs: list[ReplayedFilm] = []
    for opening, film in reversed(known):
        first = opening + timedelta(days=begins)
        last = first + timedelta(days=days - 1)
        if film.slug is None or first < past.first or last > past.last:
            continue
        items = items_of(house, film)
        after = _in_order(city_tickets(house, items, first, last), past)
        others = past.totals - _in_order(city_tickets(house, items, past.first, past.last), past)
        if after.sum() >= len(past.cities):
            touched = range((first - past.first).days // 7, (last - past.first).days // 7 + 1)
            past_runs.append(ReplayedFilm(others, after, touched))
        if len(past_runs) == FILMS:
            break
    return past_runs


def _in_order(tickets: dict[str, float], past: CityPast) -> Floats:
    return np.array([tickets.get(c, 0.0) for c in past.cities])


def _sold(house: AnalysisSample, first: date, last: date) -> ir.Table:
    events = house.context.engine.scan(house.context.lake.snapshot(PERSON_EVENT))
    return events.filter(
        events.kind == "ticket",
        events.day.between(ibis.literal(first), ibis.literal(last)),
        events.city.notnull(),
        events.city != "",
    )
