"""What people bought of a film since a day, straight from the feeds: tickets and money."""

from dataclasses import dataclass
from datetime import date, timedelta

import ibis
import ibis.expr.types as ir
import numpy as np

from fullhouse.core.arrays import Floats, Ints
from fullhouse.core.errors import CannotTellError
from fullhouse.core.tables import ACCOUNT_PERSON, FILM, TICKET
from fullhouse.sample.analysis_sample import AnalysisSample, KnownFilm
from fullhouse.sample.film_traits import film_slug_in
from fullhouse.traits.names import film_slug
from fullhouse.workspace.context import Context

YEAR_DAYS = 365


@dataclass(frozen=True)
class Bought:
    """People with tickets, ascending: how many, and what was paid in one currency.

    Refunds are taken off. `unpriced` counts tickets without a price in that currency.
    """

    person: Ints
    tickets: Floats
    paid: Floats
    unpriced: int


def film_bought(
    house: AnalysisSample, film: KnownFilm, *, first: date, until: date, currency: str
) -> Bought:
    """What was bought of a film from the first day to the last, both included.

    From the ticket feeds themselves, not from a trait build: what came in this morning counts.
    """
    tickets, ids = _tickets(house.context), film_ids(house.context, film)
    if not ids:
        raise CannotTellError(
            f"No ticket feed of the house knows {film.title}: that would look like no effect. Take"
            " in a feed of films and one of tickets that have it."
        )
    ours = [(tickets.source == s) & (tickets.film == f) for s, f in ids]
    sold = tickets.filter(
        ibis.or_(*ours), tickets.day.between(ibis.literal(first), ibis.literal(until))
    )
    return _bought(house.context, sold, currency)


def bought_before(house: AnalysisSample, *, until: date, currency: str) -> Bought:
    """What was bought of any film in the year that ends with a day."""
    tickets = _tickets(house.context)
    first = until - timedelta(days=YEAR_DAYS - 1)
    days = tickets.day.between(ibis.literal(first), ibis.literal(until))
    return _bought(house.context, tickets.filter(days), currency)


def last_sale(house: AnalysisSample) -> date | None:
    """The last day up to the house's on which the feeds have a ticket of any film."""
    tickets = _tickets(house.context)
    known = tickets.filter(tickets.day <= ibis.literal(house.day))
    last: date | None = house.context.engine.arrow(known.aggregate(last=known.day.max()))[
        "last"
    ].to_pylist()[0]
    return last


def film_ids(context: Context, film: KnownFilm) -> list[tuple[str, str]]:
    """Each source's own id of a film, among the films of the feeds."""
    columns = ["source", "film", "title", "release_date", "release_year"]
    by_slug: dict[str, set[tuple[str, str]]] = {}
    for row in context.lake.read(FILM, columns=columns).to_pylist():
        if row["title"]:
            day = row["release_date"]
            slug = film_slug(row["title"], row["release_year"] or (day and day.year))
            by_slug.setdefault(slug, set()).add((row["source"], row["film"]))
    year = None if film.opening is None else film.opening.year
    mine = film.slug or film_slug_in(by_slug, film.film, film.title, year)
    return sorted(by_slug.get(mine or "", set()))


def _tickets(context: Context) -> ir.Table:
    return context.engine.scan(context.lake.snapshot(TICKET))


def _bought(context: Context, sold: ir.Table, currency: str) -> Bought:
    accounts = context.engine.scan(context.lake.snapshot(ACCOUNT_PERSON))
    signed = ibis.ifelse(sold.refunded.fill_null(False), -sold.quantity.abs(), sold.quantity)
    priced = (sold.currency == currency).fill_null(False) & sold.unit_price.notnull()
    plain = sold.mutate(
        many=signed,
        money=ibis.ifelse(priced, signed * sold.unit_price, 0.0),
        lost=ibis.ifelse(priced, 0.0, sold.quantity.abs()),
    )
    # By account first: the join is then of buyers, and not of sales.
    by_account = plain.group_by("source", "account").aggregate(
        many=plain.many.sum(), money=plain.money.sum(), lost=plain.lost.sum()
    )
    named = by_account.join(accounts.select("source", "account", "person"), ["source", "account"])
    by_person = named.group_by("person").aggregate(
        many=named.many.sum(), money=named.money.sum(), lost=named.lost.sum()
    )
    rows = context.engine.arrow(by_person).sort_by("person")
    return Bought(
        rows["person"].to_numpy().astype(np.int64),
        rows["many"].to_numpy().astype(np.float64),
        rows["money"].to_numpy().astype(np.float64),
        round(float(rows["lost"].to_numpy().sum())),
    )
