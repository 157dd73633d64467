"""The headroom of a film's audiences, from what the house saw of it."""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from fullhouse.core.arrays import Flags, Floats
from fullhouse.core.errors import CannotTellError
from fullhouse.core.person_sets import persons_of
from fullhouse.discovery.card import FilmDiscovery, NoSales
from fullhouse.discovery.likely_audience import likely_audience
from fullhouse.headroom.estimate import Audience, compare, headroom_of, ranked
from fullhouse.headroom.headroom import AudienceHeadroom, Headroom, NothingShown, NoTickets, Range
from fullhouse.headroom.signals import read_signals
from fullhouse.propensity.film_propensity import expected_visits
from fullhouse.sample.analysis_sample import AnalysisSample, KnownFilm
from fullhouse.sample.sales import ExpectedSales
from fullhouse.sample.sheet import members_of, rule_masks
from fullhouse.workspace.context import Context

OBVIOUS = "The obvious audience"


def measure_headroom(
    context: Context,
    sample: AnalysisSample,
    discovery: FilmDiscovery,
    sales: ExpectedSales | NoSales,
    *,
    days: int,
    price: float,
    currency: str,
) -> Headroom:
    """The headroom of each card of a discovery and of the obvious audience, most by money first.

    Who was shown the film before the last `days` is compared; `price` is of one impression.
    """
    named = [(c.name, c.rule, False) for c in discovery.cards]
    if discovery.obvious:
        named.append((OBVIOUS, " | ".join(p.rule for p in discovery.obvious), True))
    if not named:
        raise CannotTellError(code="no_audience_to_compare", film=discovery.film)
    film = sample.find(discovery.film)
    everybody, *sets = sample.people("everyone", *(rule for _, rule, _ in named))
    persons = persons_of(everybody)
    context.progress("Reading who was shown what")
    landmark = sample.day - timedelta(days=days)
    signals = read_signals(
        context.engine, context.lake, film, persons, landmark=landmark, as_of=sample.day
    )
    tickets, notes = _tickets(sample, film, discovery, sales, [rule for _, rule, _ in named])
    comparison = compare(signals, NothingShown(landmark))
    context.progress("Comparing")
    audiences = [
        headroom_of(
            signals,
            Audience(name, rule, obvious, members_of(persons, people), sold),
            comparison,
            audiences=len(named),
            price=price,
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
        currency,
        price,
        notes,
        discovery.simulated,
    )


def headroom_of_parts(
    context: Context,
    sample: AnalysisSample,
    film: KnownFilm,
    persons: npt.NDArray[np.int64],
    parts: Sequence[tuple[str, Flags]],
    *,
    days: int,
    price: float,
) -> tuple[AudienceHeadroom, ...]:
    """The headroom of people by name, flags over `persons` (ascending), in their order."""
    landmark = sample.day - timedelta(days=days)
    signals = read_signals(
        context.engine, context.lake, film, persons, landmark=landmark, as_of=sample.day
    )
    comparison = compare(signals, NothingShown(landmark))
    return tuple(
        headroom_of(
            signals,
            Audience(name, name, False, members, None),
            comparison,
            audiences=len(parts),
            price=price,
        )
        for name, members in parts
    )


def _tickets(
    sample: AnalysisSample,
    film: KnownFilm,
    discovery: FilmDiscovery,
    sales: ExpectedSales | NoSales,
    rules: list[str],
) -> tuple[list[float | None], tuple[NoTickets, ...]]:
    """The tickets that each audience is expected to buy now, of the forecast's middle.

    Audiences overlap: each has all that its people are expected to buy.
    """
    by_user = any(c.chosen_by_user for c in discovery.comps)
    likely = likely_audience(sample, film, discovery.comps, by_user=by_user)
    if likely is None or not isinstance(sales, ExpectedSales):
        why = "no_likely_audience" if likely is None else type(sales).__name__
        return [None] * len(rules), (NoTickets(why),)
    sheet = sample.likely_sheet(likely)
    visits: Floats = expected_visits(sample, film, likely, sheet) * sheet.weight
    total = sales.total / sales.price * sales.known_share
    masks = rule_masks(sheet, rules, sample.population.catalogue)
    shares = visits @ masks / max(float(np.sum(visits)), 1e-12)
    return [float(total * share) for share in shares], ()
