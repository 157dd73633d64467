"""Collect what a campaign's readout is computed from: arms, sales, impressions, spend."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from fullhouse.campaigns.account_files import frozen_units
from fullhouse.campaigns.campaign import HELD_OUT, TREATED, WITHHELD
from fullhouse.campaigns.people import frozen_people
from fullhouse.control.campaign_records import SavedCampaign
from fullhouse.core.errors import CannotTellError
from fullhouse.core.person_sets import arm_people, union
from fullhouse.core.tables import ACCOUNT_PERSON, FILM, TICKET
from fullhouse.engine.expr import ibis
from fullhouse.measurement.campaign_data import (
    HOUSEHOLD,
    CampaignData,
    LineStates,
    PeopleSales,
    Reached,
    spend_by_line,
)
from fullhouse.measurement.campaign_readout import Exposure
from fullhouse.measurement.exposure import clicks_of, exposures, reached_people
from fullhouse.planning.plan import Plan
from fullhouse.sample.analysis_sample import AnalysisSample, KnownFilm
from fullhouse.traits.film_traits import film_slug_in
from fullhouse.traits.names import ListedFilm, film_slug, one_year
from fullhouse.workspace.context import Context

if TYPE_CHECKING:
    import ibis.expr.types as ir

YEAR_DAYS = 365
COUNTED_DAYS = 28
"""Days from the opening over which tickets are counted: set before the launch, so that the look
at their end is the one for which the plain interval holds."""


def collect_campaign(house: AnalysisSample, campaign: SavedCampaign, plan: Plan) -> CampaignData:
    """A campaign as known in a house on its day; an error where nothing can be known yet."""
    first = min(x.week for x in plan.lines)
    ends = plan.opening + timedelta(days=COUNTED_DAYS - 1)
    until = min(house.day, last_sale(house) or house.day, ends)
    if until <= first:
        raise CannotTellError(code="campaign_not_begun", known=until, began=first)
    context = house.context
    lines = frozen_people(context.lake, campaign.name, plan)
    treated = union(arm_people(lines.values(), TREATED), arm_people(lines.values(), WITHHELD))
    reached, came_back = _impressions(context, campaign.name, plan, lines, first, until)
    film = house.find(plan.film)
    by_household = campaign.body.get("by") == HOUSEHOLD
    return CampaignData(
        campaign=campaign,
        plan=plan,
        lines=lines,
        arms={TREATED: treated, HELD_OUT: arm_people(lines.values(), HELD_OUT)},
        sales=film_sales(house, film, first=first, until=until, currency=plan.currency),
        before=sales_before(house, until=first - timedelta(days=1), currency=plan.currency),
        exposures=came_back,
        reached=reached,
        spend=spend_by_line(plan, came_back, until),
        first=first,
        until=until,
        ends=ends,
        units=frozen_units(context.lake, campaign.name) if by_household else None,
    )


def _impressions(
    context: Context, name: str, plan: Plan, lines: LineStates, first: date, until: date
) -> tuple[dict[str, Reached], tuple[Exposure, ...]]:
    """Whom each line reached, and the sums of it."""
    channels = {x.id: x.channel for x in plan.lines}
    engine, lake = context.engine, context.lake
    reached = reached_people(engine, lake, lines=channels, first=first, until=until, campaign=name)
    clicks = clicks_of(engine, lake, lines=channels, first=first, until=until, campaign=name)
    treated = {i: lines[i].get(TREATED, {}) for i in channels}
    held_out = {i: lines[i].get(HELD_OUT, {}) for i in channels}
    return reached, exposures(channels, reached, clicks, treated=treated, held_out=held_out)


def film_sales(
    house: AnalysisSample, film: KnownFilm, *, first: date, until: date, currency: str
) -> PeopleSales:
    """What was bought of a film from the first day to the last, both included.

    From the ticket feeds themselves, not from a trait build: what arrived this morning counts.
    """
    tickets, ids = _tickets(house.context), film_ids(house.context, film)
    if not ids:
        # Without it every arm would have bought nothing, which would look like no effect.
        raise CannotTellError(code="film_in_no_ticket_feed", film=film.title)
    is_film = [(tickets.source == s) & (tickets.film == f) for s, f in ids]
    sold = tickets.filter(
        ibis.or_(*is_film), tickets.day.between(ibis.literal(first), ibis.literal(until))
    )
    return _sales(house.context, sold, currency)


def sales_before(house: AnalysisSample, *, until: date, currency: str) -> PeopleSales:
    """What was bought of any film in the year that ends with a day."""
    tickets = _tickets(house.context)
    first = until - timedelta(days=YEAR_DAYS - 1)
    days = tickets.day.between(ibis.literal(first), ibis.literal(until))
    return _sales(house.context, tickets.filter(days), currency)


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
    rows = [r for r in context.lake.read(FILM, columns=columns).to_pylist() if r["title"]]
    listed = [
        ListedFilm(
            r["source"],
            r["title"],
            r["release_year"] or (r["release_date"] and r["release_date"].year),
            r["release_date"],
        )
        for r in rows
    ]
    for row, year in zip(rows, one_year(listed), strict=True):
        row_slug = film_slug(row["title"], year)
        by_slug.setdefault(row_slug, set()).add((row["source"], row["film"]))
    opened = None if film.opening is None else film.opening.year
    slug = film.slug or film_slug_in(by_slug, film.film, film.title, opened)
    return sorted(by_slug.get(slug or "", set()))


def _tickets(context: Context) -> ir.Table:
    return context.engine.scan(context.lake.snapshot(TICKET))


def _sales(context: Context, sold: ir.Table, currency: str) -> PeopleSales:
    accounts = context.engine.scan(context.lake.snapshot(ACCOUNT_PERSON))
    signed = ibis.ifelse(sold.refunded.fill_null(False), -sold.quantity.abs(), sold.quantity)
    priced = (sold.currency == currency).fill_null(False) & sold.unit_price.notnull()
    plain = sold.mutate(
        tickets=signed,
        money=ibis.ifelse(priced, signed * sold.unit_price, 0.0),
        unpriced=ibis.ifelse(priced, 0.0, sold.quantity.abs()),
    )
    # By account first: the join is then of buyers, and not of sales.
    by_account = plain.group_by("source", "account").aggregate(
        tickets=plain.tickets.sum(), money=plain.money.sum(), unpriced=plain.unpriced.sum()
    )
    named = by_account.join(accounts.select("source", "account", "person"), ["source", "account"])
    by_person = named.group_by("person").aggregate(
        tickets=named.tickets.sum(), money=named.money.sum(), unpriced=named.unpriced.sum()
    )
    rows = context.engine.arrow(by_person).sort_by("person")
    return PeopleSales(
        rows["person"].to_numpy().astype(np.int64),
        rows["tickets"].to_numpy().astype(np.float64),
        rows["money"].to_numpy().astype(np.float64),
        round(float(rows["unpriced"].to_numpy().sum())),
    )
