"""Look at a pilot: intervals that hold at all looks, shrunken responses, and whether to go on.

Interest is counted in both arms as assigned. The interval of a difference of shares is Robbins'
mixture (`stats.multiplicity`), tightest where a number of interested people fixed here is reached:
how far a pilot is follows from counts, since marks do not come evenly over days.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil, sqrt

import numpy as np
from scipy.stats import norm

from fullhouse.campaigns.pilot import PilotArms
from fullhouse.core.arrays import Floats
from fullhouse.measurement.pilot import PilotAudienceLook, PilotLook, Verdict
from fullhouse.planning.audience_effects import Prior, piloted
from fullhouse.planning.pilot import LEAD_DAYS
from fullhouse.planning.plan import PilotCounts, PilotedAudience, Plan
from fullhouse.stats.figures import AlwaysValid, Interval
from fullhouse.stats.multiplicity import LEAST_PEOPLE, always_valid

INTENDED = 100.0
"""Interested people in both arms at which the interval of an audience, or a contrast, is tightest:
about what pilots have. The interval holds whatever is put here."""
LEAST_INTERESTED = 10
"""Fewer in both arms together and a normal approximation says nothing."""
LIKELY = 0.9
"""With this probability that it is better, the plan that learned from the pilot is taken."""
POWER = 0.8
DRAWS = 300


def pilot_look(
    campaign: str,
    plan: Plan,
    everybody: PilotArms,
    arms: Sequence[PilotArms],
    *,
    as_of: date,
    by: str,
    budget: float | None,
    with_it: Plan | None,
    without: Plan | None,
    seed: int,
) -> PilotLook:
    """A look at the counts of a pilot's plan; `with_it` is the plan that learns from them."""
    first = min(x.week for x in plan.lines)
    between = contrast(plan.piloted, arms)
    interested = everybody.counts.treated_interested + everybody.counts.held_out_interested
    code, more_days, more_people = verdict(
        between,
        interested=interested,
        comparable=bool(min(_sold(plan.piloted, arms)) > 0),
        fewest=min(everybody.counts.treated, everybody.counts.held_out),
        better=None if with_it is None else with_it.better,
        days=(as_of - first).days,
        days_left=(plan.opening - as_of).days - LEAD_DAYS,
        people=everybody.treated,
        people_left=int(sum(a.people * (1 / a.share - 1) for a in plan.piloted)),
    )
    factors = responses(plan.piloted, arms, seed=seed)
    audiences = tuple(
        _audience(a.audience, a.rule, a.candidate, arm, factor)
        for a, arm, factor in zip(plan.piloted, arms, factors, strict=True)
    )
    whole = _audience("", "", False, everybody, Interval(1.0, 1.0, 1.0))
    return PilotLook(
        campaign, plan.film, plan.title, as_of, first, plan.opening, by, whole, audiences,
        at_any_look(between), code, more_days, more_people, budget, plan.currency,
        None if with_it is None else with_it.better, _moved(with_it, without),
        simulated=plan.simulated,
    )  # fmt: skip


def _audience(
    name: str, rule: str, candidate: bool, arms: PilotArms, response: Interval
) -> PilotAudienceLook:
    lift = at_any_look(difference([arms.counts], [1.0]))
    return PilotAudienceLook(
        name, rule, candidate, arms.counts, lift, response, arms.watched, arms.completed
    )


def _moved(with_it: Plan | None, without: Plan | None) -> float | None:
    """The money that one plan puts elsewhere than the other, audience by audience."""
    if with_it is None or without is None:
        return None
    spends: dict[str, float] = {}
    for plan, sign in ((with_it, 1), (without, -1)):
        for line in plan.lines:
            spends[line.rule] = spends.get(line.rule, 0.0) + sign * line.spend
    return sum(max(0.0, s) for s in spends.values())


@dataclass(frozen=True)
class Difference:
    """A weighted difference of shares with its standard error, and the interested behind it."""

    value: float
    se: float
    interested: int


def difference(counts: Sequence[PilotCounts], weights: Sequence[float]) -> Difference | None:
    """The weighted sum of the treated's shares less those of the held out; None of too few.

    An audience with nobody in an arm does not count. The error of each is the larger one of that
    with one share in both arms and that with a share of its own in each: with few interested the
    latter is small just when the share is.
    """
    value = variance = 0.0
    interested = people = 0
    for c, weight in zip(counts, weights, strict=True):
        if min(c.treated, c.held_out) == 0 or weight == 0:
            continue
        one, other = c.treated_interested / c.treated, c.held_out_interested / c.held_out
        both = (c.treated_interested + c.held_out_interested) / (c.treated + c.held_out)
        value += weight * (one - other)
        own = one * (1 - one) / c.treated + other * (1 - other) / c.held_out
        pooled = both * (1 - both) * (1 / c.treated + 1 / c.held_out)
        variance += weight**2 * max(own, pooled)
        interested += c.treated_interested + c.held_out_interested
        people += min(c.treated, c.held_out)
    if interested < LEAST_INTERESTED or people < LEAST_PEOPLE or variance <= 0:
        return None
    return Difference(value, sqrt(variance), interested)


def at_any_look(d: Difference | None, *, level: float = 0.95) -> AlwaysValid | None:
    """The interval of a difference that holds at all looks together."""
    if d is None:
        return None
    return always_valid(d.value, d.se, share=d.interested / INTENDED, level=level)


def contrast(audiences: Sequence[PilotedAudience], arms: Sequence[PilotArms]) -> Difference | None:
    """What the treated want more by ticket bought anyway: candidates' less the others'.

    The weights are what was known before anybody was shown anything, so that looking at the counts
    chooses nothing. Where households are counted, an audience has so many households. One with
    nobody in an arm is left out, with its tickets.
    """
    inside = np.array([a.candidate for a in audiences])
    sizes = _sizes(audiences, arms)
    sold = _sold(audiences, arms)
    if not min(sold) > 0:
        return None
    weights = np.where(inside, sizes / sold[0], -sizes / sold[1])
    return difference([a.counts for a in arms], weights.tolist())


def _sizes(audiences: Sequence[PilotedAudience], arms: Sequence[PilotArms]) -> Floats:
    """The people, or households, of each audience."""
    return np.array([a.people * b.units for a, b in zip(audiences, arms, strict=True)])


def _sold(audiences: Sequence[PilotedAudience], arms: Sequence[PilotArms]) -> tuple[float, float]:
    """The tickets bought anyway of the candidates and of the others, as far as both have arms."""
    sold = [0.0, 0.0]
    for a, b in zip(audiences, arms, strict=True):
        if min(b.counts.treated, b.counts.held_out) > 0:
            sold[not a.candidate] += a.tickets
    return sold[0], sold[1]


def responses(
    audiences: Sequence[PilotedAudience], arms: Sequence[PilotArms], *, seed: int = 0
) -> tuple[Interval, ...]:
    """By how much each audience responds more than what it buys explains, with an 80 % range.

    Around what headroom said of it before, as far as the counts do not say otherwise.
    """
    sizes = _sizes(audiences, arms)
    before = np.array([a.response for a in audiences])
    tickets = np.array([a.tickets for a in audiences]) * before
    none = np.zeros(len(audiences))
    own = piloted(
        Prior(none, none, none + 1.0, tickets),
        [a.counts for a in arms],
        tickets / np.maximum(sizes, 1.0),
        np.random.default_rng([seed, 29]),
        DRAWS,
    )
    factors: Floats = own * before
    low, high = np.quantile(factors, (0.1, 0.9), axis=0)
    middle = factors.mean(axis=0)
    return tuple(Interval(*map(float, x)) for x in zip(middle, low, high, strict=True))


def verdict(
    d: Difference | None,
    *,
    interested: int,
    comparable: bool,
    fewest: int,
    better: float | None,
    days: int,
    days_left: int,
    people: int,
    people_left: int,
) -> tuple[Verdict, int | None, int | None]:
    """Whether to go on, and how many more days, or people, would show it with power .8.

    The effect is taken as one standard error larger than it is now: a pilot is not given up for
    bad luck. It ends where neither the days nor the people that are left would do. A plan that is
    better by headroom alone ends no pilot: it has to have been heard. `fewest` are the units of the
    smaller arm.
    """
    days_help = True
    if not comparable:
        return "nothing_to_compare", None, None
    if d is None:
        days_help = interested < LEAST_INTERESTED
        times = max(LEAST_INTERESTED / max(interested, 0.5), LEAST_PEOPLE / max(fewest, 1))
        code: Verdict = "too_few_interested" if days_help else "go_on"
    else:
        interval = at_any_look(d)
        assert interval is not None
        if interval.low > 0:
            return "proven", None, None
        if interval.high < 0:
            return "no_more", None, None
        if better is not None and better >= LIKELY:
            return "likely", None, None
        effect = d.value + d.se
        if effect <= 0:
            return "cannot_show", None, None
        times, code = (_reach() * d.se / effect) ** 2, "go_on"
    # An effect that would be enough already lacks luck: as much again.
    times = max(times, 1.2)
    more_days, more_people = ceil(days * (times - 1)), ceil(people * (times - 1))
    in_time = more_days if days_help and more_days <= days_left else None
    enough = more_people if days_left >= 0 and more_people <= people_left else None
    if in_time is None and enough is None:
        return "cannot_show", None, None
    return code, in_time, enough


def _reach() -> float:
    """How many standard errors an effect must be large to be shown with POWER, where tightest."""
    at_best = always_valid(0.0, 1.0, share=1.0)
    return float(at_best.high + norm.ppf(POWER))
