"""Whether the claims of a plan's cards held, among people whom no campaign contacted."""

import numpy as np

from fullhouse.control.campaign_records import SavedVerdict
from fullhouse.core.errors import CannotTellError
from fullhouse.core.person_sets import size
from fullhouse.discovery import Outcome, outcome_of
from fullhouse.discovery.beyond import beyond, estimate, score_features
from fullhouse.discovery.card import Estimate
from fullhouse.discovery.columns import Column, obvious_of
from fullhouse.discovery.compare import LEAST_EXPECTED, LEAST_OUTCOME
from fullhouse.planning.plan import Plan
from fullhouse.sample.analysis_sample import AnalysisSample, KnownFilm
from fullhouse.sample.outcome import LikelyAudience
from fullhouse.sample.sheet import rule_mask
from fullhouse.traits.film_traits import any_of, base_rule

CONFIRMED, WEAKER, REFUTED = "confirmed", "weaker", "refuted"
CANNOT_TELL = "cannot tell"
NOTHING = (None, None, None)


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
            NOTHING if ratio is None else (ratio.value, ratio.low, ratio.high),
            people, verdict_of(claim, ratio),
        )
        for (rule, claim), ratio in zip(plan.claims.items(), observed.values(), strict=True)
    ]  # fmt: skip


def verdict_of(claimed: tuple[float, float, float], observed: Estimate | None) -> str:
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
) -> Estimate | None:
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
    column = Column(rule, rule, "", tuple(audience_outcome.kinds), families, rows)
    adjusted = beyond(people, [column], facts, people.seed, key=key)
    return estimate(adjusted.ratio, 0) if adjusted.test.least[0] >= LEAST_EXPECTED else None
