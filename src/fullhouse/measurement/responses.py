"""What a campaign shows for the next plan: how people responded, and whether its cards held."""

from collections.abc import Mapping

import numpy as np

from fullhouse.campaigns.campaign import HELD_OUT, TREATED
from fullhouse.control.campaign_records import SavedResponse, SavedVerdict
from fullhouse.core.errors import CannotTellError
from fullhouse.core.person_sets import (
    PersonSet,
    by_block,
    inside,
    only,
    persons_of,
    size,
    union,
    without,
)
from fullhouse.discovery import Outcome, outcome_of
from fullhouse.discovery.beyond import beyond, score_features
from fullhouse.discovery.card import RatioEstimate
from fullhouse.discovery.columns import AudienceColumn, obvious_of
from fullhouse.discovery.compare import LEAST_EXPECTED, LEAST_OUTCOME
from fullhouse.measurement.campaign_data import (
    TICKETS,
    CampaignData,
    CountedArms,
    lines_by,
    share_elapsed,
    silent_channels,
)
from fullhouse.planning import adstock
from fullhouse.planning.plan import Plan, PlanLine
from fullhouse.planning.response import Purchases, relative_responses
from fullhouse.sample.analysis_sample import AnalysisSample, KnownFilm
from fullhouse.sample.outcome import LikelyAudience
from fullhouse.sample.sheet import rule_mask
from fullhouse.traits.film_traits import any_of, base_rule

LEAST_TICKETS = 10
"""With fewer tickets among the held out of a part its relative response is no near-normal figure:
it is read together with the other small parts of its audience. Treated people who got one set of
channels and bought fewer are left out."""
OTHERS = "other mixes"
NOTHING = "nothing"


def measured_responses(data: CampaignData, counted: CountedArms) -> list[SavedResponse]:
    """The relative response of each audience, by the channels that they got.

    Nobody is in two parts: each counts in the first of the plan's audiences that they are in, as
    a plan takes them, and within it by the channels that address them. Where channels were
    withheld by lot, those who got different sets of them are compared with the same held out. A
    part whose held out bought next to nothing has no response.
    """
    buyers = by_block(data.sales.person[data.sales.tickets > 0])
    responses: list[SavedResponse] = []
    counted_before: PersonSet = {}
    for place, rule in enumerate(data.plan.audiences, 1):
        lines = [x for x in data.plan.lines if x.rule == rule]
        if not lines:
            continue
        people = without(data.people_of(*lines), counted_before)
        counted_before = union(counted_before, people)
        for mix, part in _by_mix(data, people, buyers).items():
            responses += _part_responses(data, counted, lines[0], place, mix, part)
    return responses


def _by_mix(data: CampaignData, people: PersonSet, buyers: PersonSet) -> dict[str, PersonSet]:
    """Some people by the channels that address them, mixes with few tickets together."""
    addressed = {c: data.people_of(*lines) for c, lines in _channels(data).items()}
    parts = _split(people, addressed)
    out = data.arms[HELD_OUT]
    large = {n: p for n, p in parts.items() if inside(only(p, out), buyers) >= LEAST_TICKETS}
    others = union(*(p for n, p in parts.items() if n not in large))
    return large | ({OTHERS: others} if size(others) else {})


def _channels(data: CampaignData) -> dict[str, list[PlanLine]]:
    """The plan's lines by channel, in order of its name."""
    return dict(sorted(lines_by(data.plan.lines, "channel").items()))


def _split(people: PersonSet, on: Mapping[str, PersonSet]) -> dict[str, PersonSet]:
    """Some people by the channels that they are on, as "email + push"."""
    parts: dict[str, PersonSet] = {"": people}
    for channel, there in on.items():
        both = [(f"{n} + {channel}" if n else channel, only(p, there)) for n, p in parts.items()]
        rest = [(n, without(p, there)) for n, p in parts.items()]
        parts = {n: p for n, p in both + rest if size(p)}
    return parts


def _by_channels_received(data: CampaignData, mix: str, treated: PersonSet) -> dict[str, PersonSet]:
    """The treated of a part by the channels that were not withheld from them.

    Where channels are withheld by lot, who gets what is chance among people addressed alike; in
    a part of several mixes it is not, so that stays whole.
    """
    if mix == OTHERS or not data.channel_holdout:
        return {mix: treated}
    on = {
        c: union(*(data.lines[x.id].get(TREATED, {}) for x in lines))
        for c, lines in _channels(data).items()
    }
    return {name or NOTHING: people for name, people in _split(treated, on).items()}


def _part_responses(
    data: CampaignData, counted: CountedArms, line: PlanLine, place: int, mix: str, part: PersonSet
) -> list[SavedResponse]:
    treated = only(part, data.arms[TREATED])
    sets = _by_channels_received(data, mix, treated)
    doses = {name: _doses(data, people) for name, people in sets.items()}
    sums = {n: _purchases(data, counted, p) for n, p in sets.items() if any(doses[n].values())}
    try:
        result = relative_responses(
            _purchases(data, counted, only(part, data.arms[HELD_OUT])), sums
        )
    except CannotTellError:
        return []
    return [
        SavedResponse(
            known_on=data.until,
            campaign=data.campaign.name,
            film=data.plan.film,
            line=f"{place}: {mix}" + (f", got {name}" if name != mix else ""),
            audience=line.audience,
            kind=line.kind,
            channel=name,
            doses=doses[name],
            response=response,
            error=error,
            part=f"{data.campaign.name} {place}: {mix}",
            base_error=result.base_error,
        )
        for name, (response, error) in result.responses.items()
        if sums[name].tickets >= LEAST_TICKETS
    ]


def _purchases(data: CampaignData, counted: CountedArms, people: PersonSet) -> Purchases:
    """What some people bought, as they are compared: themselves or their households."""
    compared = data.compared(people)
    listed = persons_of(only(counted.listed, compared))
    rows = np.searchsorted(counted.person, listed)
    tickets = counted.columns[counted.outcomes.index(TICKETS), rows]
    return Purchases(float(size(compared)), float(tickets.sum()), float((tickets**2).sum()))


def _doses(data: CampaignData, treated: PersonSet) -> dict[str, float]:
    """Impressions a treated person by channel, as adstock at the opening.

    As reported, or as planned on a channel that reported nothing.
    """
    impressions = {e.line: e.impressions for e in data.exposures}
    silent = silent_channels(data.plan, data.exposures)
    doses: dict[str, float] = {}
    for line in data.plan.lines:
        on_line = data.lines[line.id].get(TREATED, {})
        share = inside(on_line, treated) / max(1, size(on_line))
        planned = line.impressions * share_elapsed(line, data.until)
        booked = planned if line.channel in silent else impressions[line.id]
        per_person = booked * share / max(1, size(treated))
        days = (data.plan.opening - line.week).days - 3
        if per_person:
            doses[line.channel] = doses.get(line.channel, 0.0) + adstock(per_person, days)
    return doses


CONFIRMED, WEAKER, REFUTED = "confirmed", "weaker", "refuted"
CANNOT_TELL = "cannot tell"
NO_RATIO = (None, None, None)


def card_verdicts(
    house: AnalysisSample, plan: Plan, film: KnownFilm, *, campaign: str
) -> list[SavedVerdict]:
    """Each claim of a plan against who bought a ticket, judged on the house's people.

    The house leaves out whom the campaign contacted: the campaign would confirm itself. What was
    claimed and what is observed are the same ratio, beyond the obvious; a `CannotTellError` where
    too few of these people saw the film for any card.
    """
    traits = house.film_traits.get(film.slug or "")
    saw = None if traits is None else traits.saw
    if saw is None:
        raise CannotTellError(code="no_trait_of_ticket_buyers", title=plan.title)
    outcome = house.outcome([saw])
    people = size(outcome.people)
    if people < LEAST_OUTCOME:
        raise CannotTellError(
            code="too_few_ticket_buyers", title=plan.title, people=people, needed=LEAST_OUTCOME
        )
    observed = {rule: _observed(house, film, outcome, rule) for rule in plan.claims}
    return [
        SavedVerdict(
            house.day, campaign, plan.film, rule, plan.audiences.get(rule, rule), claim,
            NO_RATIO if ratio is None else (ratio.value, ratio.low, ratio.high),
            people, verdict_of(claim, ratio),
        )
        for (rule, claim), ratio in zip(plan.claims.items(), observed.values(), strict=True)
    ]  # fmt: skip


def verdict_of(claimed: tuple[float, float, float], observed: RatioEstimate | None) -> str:
    """One word: confirmed, weaker, refuted, or cannot tell.

    Confirmed where the observed ratio is proven above 1 and may be what was claimed; weaker where
    it is above 1 and proven below the claim's interval; refuted where it is below the claim's
    interval and not above 1.
    """
    if observed is None or observed.low is None or observed.high is None:
        return CANNOT_TELL
    below = observed.high < claimed[1]
    if observed.low > 1:
        return WEAKER if below else CONFIRMED
    return REFUTED if below else CANNOT_TELL


def _observed(
    house: AnalysisSample, film: KnownFilm, outcome: Outcome, rule: str
) -> RatioEstimate | None:
    """The ratio of one audience, beyond the obvious; None where too few are expected by chance."""
    plan = house.population.compile(rule)
    audience_outcome = outcome_of(rule, plan.rule, house.population.catalogue, {})
    families = tuple(sorted(audience_outcome.fact_families))
    own = house.own_events(outcome)
    sources = house.sources
    bases = [base_rule(outcome.kinds, sources)]
    bases += [base_rule(audience_outcome.kinds, sources)] if audience_outcome.kinds else []
    bases += [any_of([t.name for t in house.traits if t.family == f]) for f in families]
    (base,) = house.people(" & ".join(bases))
    key = house.population.key
    audience = LikelyAudience(outcome, own, outcome.traits, {}, ())
    people = house.sheet(base, audience)
    if not people.seed.any() or people.seed.all():
        return None
    facts = score_features(people, obvious_of(house, film, audience))
    rows = np.flatnonzero(rule_mask(people, plan.rule, house.population.catalogue))
    column = AudienceColumn(rule, rule, "", tuple(audience_outcome.kinds), families, rows)
    adjusted = beyond(people, [column], facts, people.seed, key=key)
    return RatioEstimate.of(adjusted.ratio, 0) if adjusted.test.least[0] >= LEAST_EXPECTED else None
