"""Whether a plan's cards held: who saw the film, among people whom no campaign spoke to."""

import numpy as np

from fullhouse.control.campaign_records import SavedVerdict
from fullhouse.core.errors import CannotTellError
from fullhouse.core.person_sets import size
from fullhouse.discovery import Outcome, outcome_of
from fullhouse.discovery.beyond import beyond, estimate, score_features
from fullhouse.discovery.card import Estimate
from fullhouse.discovery.columns import Column
from fullhouse.discovery.judge import LEAST_EXPECTED, LEAST_OUTCOME
from fullhouse.discovery.obvious import obvious_of
from fullhouse.planning.plan import Plan
from fullhouse.sample.analysis_sample import AnalysisSample, KnownFilm
from fullhouse.sample.film_traits import any_of, base_rule
from fullhouse.sample.outcome import LikelyAudience
from fullhouse.sample.sheet import rule_mask

CONFIRMED, WEAKER, REFUTED = "confirmed", "weaker", "refuted"
CANNOT_TELL = "cannot tell"
NOTHING = (None, None, None)


def card_verdicts(
    house: AnalysisSample, plan: Plan, film: KnownFilm, *, campaign: str
) -> list[SavedVerdict]:
    """Each claim of a plan against who bought a ticket, judged on the house's people.

    The house leaves out whom the campaign spoke to: the campaign would confirm itself. What was
    claimed and what is seen are the same ratio, beyond the obvious; a `CannotTellError` where too
    few of these people saw the film for any card.
    """
    traits = house.film_traits.get(film.slug or "")
    saw = None if traits is None else traits.saw
    if saw is None:
        raise CannotTellError(
            f"Cards of {plan.title} are not judged: too few people of the house bought a ticket, or"
            " traits were built before they did."
        )
    outcome = house.outcome([saw])
    people = size(outcome.people)
    if people < LEAST_OUTCOME:
        raise CannotTellError(
            f"Cards of {plan.title} are not judged: {people:,} people whom the campaign did not"
            f" speak to bought a ticket, and {LEAST_OUTCOME} are needed."
        )
    seen = {rule: _seen(house, film, outcome, rule) for rule in plan.claims}
    return [
        SavedVerdict(
            house.day, campaign, plan.film, rule, plan.audiences.get(rule, rule), claim,
            NOTHING if there is None else (there.value, there.low, there.high),
            people, verdict_of(claim, there),
        )
        for (rule, claim), there in zip(plan.claims.items(), seen.values(), strict=True)
    ]  # fmt: skip


def verdict_of(claimed: tuple[float, float, float], seen: Estimate | None) -> str:
    """One word: confirmed, weaker, refuted, or cannot tell.

    Confirmed where the ratio seen is proven above 1 and may be what was claimed; weaker where it is
    above 1 and proven below the claim's interval; refuted where it is below the claim's interval
    and not above 1.
    """
    if seen is None or seen.low is None or seen.high is None:
        return CANNOT_TELL
    below = seen.high < claimed[1]
    if seen.low > 1:
        return WEAKER if below else CONFIRMED
    return REFUTED if below else CANNOT_TELL


def _seen(house: AnalysisSample, film: KnownFilm, outcome: Outcome, rule: str) -> Estimate | None:
    """The ratio of one audience, beyond the obvious; None where luck alone gives too few."""
    plan = house.population.compile(rule)
    made_of = outcome_of(rule, plan.rule, house.population.catalogue, {})
    families = tuple(sorted(made_of.fact_families))
    own = house.own_events(outcome)
    sources = house.sources
    bases = [base_rule(outcome.kinds, sources)]
    bases += [base_rule(made_of.kinds, sources)] if made_of.kinds else []
    bases += [any_of([t.name for t in house.traits if t.family == f]) for f in families]
    (base,) = house.people(" & ".join(bases))
    key = house.population.key
    audience = LikelyAudience(outcome, own, outcome.traits, {}, ())
    people = house.sheet(base, audience)
    if not people.seed.any() or people.seed.all():
        return None
    facts = score_features(people, obvious_of(house, film, audience))
    rows = np.flatnonzero(rule_mask(people, plan.rule, house.population.catalogue))
    column = Column(rule, rule, "", tuple(made_of.kinds), families, rows)
    held = beyond(people, [column], facts, people.seed, key=key)
    return estimate(held.ratio, 0) if held.test.least[0] >= LEAST_EXPECTED else None
