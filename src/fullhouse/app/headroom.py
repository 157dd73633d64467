"""What a film's audiences would buy if all of them had heard of it."""

from dataclasses import replace
from datetime import date, timedelta
from functools import partial

import numpy as np

from fullhouse import control
from fullhouse.app.discoveries import DiscoverFilm, discover_film, expected_sales
from fullhouse.app.use_case import use_case
from fullhouse.core.arrays import Floats
from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.core.person_sets import persons_of
from fullhouse.core.request import request
from fullhouse.discovery.card import FilmDiscovery
from fullhouse.discovery.likely_audience import likely_audience
from fullhouse.headroom.estimate import Audience, compare, headroom_of, ranked
from fullhouse.headroom.headroom import Headroom, NothingShown, NoTickets, Range
from fullhouse.headroom.signals import read_signals
from fullhouse.planning import read_channels
from fullhouse.propensity.film_propensity import expected_visits
from fullhouse.sample.analysis_sample import AnalysisSample, KnownFilm, analysis_sample
from fullhouse.sample.sales import ExpectedSales
from fullhouse.sample.sheet import members_of, rule_masks
from fullhouse.workspace.context import Context
from fullhouse.workspace.runs import remembered

DAYS = 28
OBVIOUS = "The obvious audience"


@request
class FilmHeadroom:
    """A film's headroom by audience, as known on a day; today where none is given.

    Interest is that of the last `days`; who was shown the film before them is compared. `channels`
    is TOML with prices, by itself the shipped, made-up ones.
    """

    film: str
    territory: str | None = None
    as_of: date | None = None
    days: int = DAYS
    channels: str | None = None

    def __post_init__(self) -> None:
        if not 7 <= self.days <= 180:
            raise InputError(f"days must be from 7 to 180, not {self.days}.")


@use_case
def film_headroom(context: Context, request: FilmHeadroom) -> Headroom:
    """For every card and the obvious audience: who has heard of the film, and tickets if all had.

    The house's alone. A headroom of the same tables that was computed before is looked up.
    """
    control.check_writable(context.control)
    whole = replace(
        request,
        territory=request.territory or context.settings.territory,
        as_of=request.as_of or context.today,
    )
    result = remembered(context, whole, Headroom, partial(_headroom, whole), daily=True)
    detail: dict[str, object] = {
        "film": result.film,
        "as_of": result.as_of.isoformat(),
        "claimed": [a.rule for a in result.audiences if a.claimed],
    }
    control.record(context.control, "headroom", detail)
    return result


def _headroom(request: FilmHeadroom, context: Context) -> Headroom:
    channels = read_channels(request.channels)
    cheapest = min(channels, key=lambda c: c.unit_price)
    about = DiscoverFilm(request.film, territory=request.territory, as_of=request.as_of)
    discovery = discover_film(context, about)
    named = [(c.name, c.rule, False) for c in discovery.cards]
    if discovery.obvious:
        named.append((OBVIOUS, " | ".join(p.rule for p in discovery.obvious), True))
    if not named:
        raise CannotTellError(code="no_audience_to_plan", film=discovery.film)
    with analysis_sample(context, territory=request.territory, as_of=request.as_of) as sample:
        film = sample.find(request.film)
        everybody, *sets = sample.people("everyone", *(rule for _, rule, _ in named))
        persons = persons_of(everybody)
        context.progress("Reading who was shown what")
        landmark = sample.day - timedelta(days=request.days)
        signals = read_signals(
            context.engine, context.lake, film, persons, landmark=landmark, as_of=sample.day
        )
        tickets, notes = _tickets(sample, film, discovery, [rule for _, rule, _ in named])
        comparison = compare(signals, NothingShown(landmark))
        context.progress("Comparing")
        audiences = [
            headroom_of(
                signals,
                Audience(name, rule, obvious, members_of(persons, people), sold),
                comparison,
                audiences=len(named),
                price=cheapest.unit_price,
            )
            for (name, rule, obvious), people, sold in zip(named, sets, tickets, strict=True)
        ]
    selection = comparison.selection
    return Headroom(
        discovery.film,
        discovery.title,
        discovery.territory,
        sample.day,
        discovery.opening,
        landmark,
        comparison.exposure,
        Range(None, None, None)
        if selection is None
        else Range(selection.ratio, selection.low, selection.high),
        ranked(audiences),
        cheapest.currency,
        cheapest.unit_price,
        notes,
        discovery.simulated,
    )


def _tickets(
    sample: AnalysisSample, film: KnownFilm, discovery: FilmDiscovery, rules: list[str]
) -> tuple[list[float | None], tuple[NoTickets, ...]]:
    """The tickets that each audience is expected to buy now, of the forecast's middle.

    Audiences overlap: each has all that its people are expected to buy.
    """
    by_user = any(c.chosen_by_user for c in discovery.comps)
    likely = likely_audience(sample, film, discovery.comps, by_user=by_user)
    sales = expected_sales(sample, film) if likely is not None else None
    if likely is None or not isinstance(sales, ExpectedSales):
        why = "no_likely_audience" if sales is None else type(sales).__name__
        return [None] * len(rules), (NoTickets(why),)
    sheet = sample.likely_sheet(likely)
    visits: Floats = expected_visits(sample, film, likely, sheet) * sheet.weight
    total = sales.total / sales.price * sales.known_share
    masks = rule_masks(sheet, rules, sample.population.catalogue)
    shares = visits @ masks / max(float(np.sum(visits)), 1e-12)
    return [float(total * share) for share in shares], ()
