"""Who will want a film, what its audiences are expected to buy, and what goes with any outcome."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from hashlib import sha256
from pathlib import Path

from fullhouse import audiences, control, discovery
from fullhouse.app.forecast import ForecastFilm, forecast_film
from fullhouse.app.use_case import use_case
from fullhouse.audiences import BuiltTraits
from fullhouse.core.errors import FullhouseError, InputError, did_you_mean
from fullhouse.core.request import request
from fullhouse.core.values import as_json
from fullhouse.discovery import OutcomeDiscovery
from fullhouse.discovery.card import (
    FilmDiscovery,
    NoForecast,
    NoKnownShare,
    NoSales,
    NoTicketPrice,
)
from fullhouse.discovery.columns import DEMOGRAPHICS
from fullhouse.discovery.film import find_audiences
from fullhouse.discovery.likely_audience import likely_audience
from fullhouse.discovery.strata import ACTIVITY, StrataAdjustment
from fullhouse.discovery.tickets import film_tickets
from fullhouse.propensity.film_propensity import expected_visits
from fullhouse.sample.analysis_sample import AnalysisSample, KnownFilm, analysis_sample
from fullhouse.sample.outcome import count_items
from fullhouse.sample.sales import ExpectedSales, known_share, ticket_price
from fullhouse.traits import Trait
from fullhouse.workspace.context import Context
from fullhouse.workspace.runs import remembered


@request
class DiscoverFilm:
    """Who will want a film, as known on a day; today where none is given.

    `comps` names comparable films in place of those that are chosen; `plus` and `minus` are words
    or traits that the film is, or is not, about; `embedding` is a file of word vectors.
    """

    film: str
    territory: str | None = None
    as_of: date | None = None
    comps: tuple[str, ...] = ()
    plus: tuple[str, ...] = ()
    minus: tuple[str, ...] = ()
    embedding: Path | None = None


@request
class ShareTickets:
    """How many tickets the audiences of a discovery are expected to buy, and each city."""

    discovery: FilmDiscovery


@request
class DiscoverOutcome:
    """Which traits go with an outcome, among the people of a base, against a placebo.

    Outcome, base and placebo are rules; `families` restricts the traits. Traits are those of the
    newest build as of a day or earlier. `adjust` names what those who are compared are alike in:
    "activity", families of facts such as "gender", or "none". `answers` are kinds of event that
    are stated yes/no answers, so facts: how many there are is no activity.
    """

    outcome: str
    base: str = "everyone"
    placebo: str | None = None
    as_of: date | None = None
    families: tuple[str, ...] = ()
    adjust: tuple[str, ...] = (ACTIVITY,)
    answers: tuple[str, ...] = ()


@use_case
def discover_film(context: Context, request: DiscoverFilm) -> FilmDiscovery:
    """The people who will want a film, beyond those whom film people know.

    A discovery of the same tables that was computed before is looked up.
    """
    control.check_writable(context.control)
    whole = replace(
        request,
        territory=request.territory or context.settings.territory,
        as_of=request.as_of or context.today,
    )
    vectors = request.embedding
    result = remembered(
        context,
        whole,
        FilmDiscovery,
        partial(_discover, whole),
        inputs="" if vectors is None else sha256(vectors.read_bytes()).hexdigest(),
        daily=True,  # consent is as of today
    )
    detail: dict[str, object] = {
        "film": result.film,
        "territory": result.territory,
        "as_of": result.as_of.isoformat(),
        "build": result.build,
        "used": [s.rule for s in result.used],
        "cards": len(result.cards),
        "tested": result.tested,
        "verdict": result.verdict,
    }
    control.record(context.control, "discover.film", detail)
    return result


def _discover(request: DiscoverFilm, context: Context) -> FilmDiscovery:
    with analysis_sample(context, territory=request.territory, as_of=request.as_of) as sample:
        return find_audiences(
            sample,
            sample.find(request.film),
            comps=request.comps,
            plus=request.plus,
            minus=request.minus,
            embedding=request.embedding,
        )


@use_case
def share_tickets(context: Context, request: ShareTickets) -> FilmDiscovery:
    """The discovery with the forecast's tickets shared out, or with a note why there are none.

    A discovery that rests on words alone stays as it is.
    """
    return remembered(context, request, FilmDiscovery, partial(_share_tickets, request), daily=True)


def _share_tickets(request: ShareTickets, context: Context) -> FilmDiscovery:
    result = request.discovery
    with analysis_sample(context, territory=result.territory, as_of=result.as_of) as sample:
        film = sample.find(result.film)
        by_user = any(c.chosen_by_user for c in result.comps)
        audience = likely_audience(sample, film, result.comps, by_user=by_user)
        if audience is None:
            return result
        context.progress("Sharing out the forecast")
        sales = expected_sales(sample, film)
        if not isinstance(sales, ExpectedSales):
            return replace(result, notes=(*result.notes, sales))
        people = sample.likely_sheet(audience)
        visits = expected_visits(sample, film, audience, people)
        return replace(result, tickets=film_tickets(sample, people, result.cards, sales, visits))


def expected_sales(sample: AnalysisSample, film: KnownFilm) -> ExpectedSales | NoSales:
    """The forecast's total and what makes tickets of it; or why it is not known."""
    try:
        request = ForecastFilm(film.film, as_of=sample.day, territory=sample.territory)
        forecast = forecast_film(sample.context, request)
    except FullhouseError as problem:
        return NoForecast(problem.code, problem.message, as_json(dict(problem.facts)))
    price = ticket_price(sample, forecast.currency)
    if price is None:
        return NoTicketPrice(forecast.currency)
    share = known_share(sample, price)
    if share is None:
        return NoKnownShare()
    total = forecast.ranges["total"]
    low, high = total.between(0.8)
    return ExpectedSales(total.median, low, high, price, forecast.currency, share)


@use_case
def discover_outcome(context: Context, request: DiscoverOutcome) -> OutcomeDiscovery:
    """Every trait's affinity with an outcome, among the people of a base who allow analytics.

    A discovery of the same tables and saved audiences that was computed before is looked up.
    """
    control.check_writable(context.control)
    result = remembered(
        context,
        replace(request, as_of=request.as_of or context.today),
        OutcomeDiscovery,
        partial(_discover_outcome, request),
        inputs=repr(audiences.saved_audiences(context.control)),
        daily=True,  # consent is as of today
    )
    detail: dict[str, object] = {
        "outcome": result.outcome,
        "base": result.base,
        "placebo": result.placebo,
        "build": result.build,
        "tested": result.tested,
        "associated": len(result.of("associated")),
        "verdict": result.verdict,
    }
    control.record(context.control, "discover", detail)
    return result


def _discover_outcome(request: DiscoverOutcome, context: Context) -> OutcomeDiscovery:
    with analysis_sample(context, as_of=request.as_of) as sample:
        population = sample.population
        chosen = _chosen(population.catalogue, request.families)
        facts = _fact_ids(population.catalogue)
        adjustment = StrataAdjustment.of(request.adjust, request.answers, facts)
        rules = [request.outcome, request.base]
        rules += [] if request.placebo is None else [request.placebo]
        plans = [population.compile(rule) for rule in rules]
        people, refused = audiences.members_of(population, *plans)
        outcomes = [
            discovery.outcome_of(
                audiences.to_text(plan.rule), plan.rule, population.catalogue, members
            )
            for plan, members in zip(plans, people, strict=True)
        ]
        result = discovery.discover(
            context.engine,
            context.lake,
            population.build,
            outcomes[0],
            traits=chosen,
            base=people[1],
            base_rule=outcomes[1].rule,
            blocks=sample.blocks,
            placebo=outcomes[2] if request.placebo is not None else None,
            refused=refused,
            adjustment=adjustment,
            facts={name: facts[name] for name in adjustment.families},
            items=count_items(context.engine, context.lake, outcomes[0].kinds),
        )
    return replace(result, simulated=context.settings.simulated)


def _fact_ids(catalogue: BuiltTraits) -> dict[str, tuple[int, ...]]:
    """The numbers of the built traits of each family of facts."""
    ids: dict[str, list[int]] = {}
    for trait in catalogue.traits:
        if trait.built and trait.family in DEMOGRAPHICS:
            ids.setdefault(trait.family, []).append(trait.id)
    return {family: tuple(sorted(of)) for family, of in ids.items()}


def _chosen(catalogue: BuiltTraits, families: Sequence[str]) -> list[Trait]:
    known = {t.family for t in catalogue.traits}
    for family in families:
        if family not in known:
            raise InputError(
                f"There is no family {family!r} in this build.{did_you_mean(family, known)}"
            )
    return [t for t in catalogue.traits if not families or t.family in families]
