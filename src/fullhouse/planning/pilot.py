"""A pilot: a few people of many candidate audiences, drawn by chance, shown a film weeks before.

Its plan is a plan like others: parts that share nobody, on one channel, in its first weeks. Of each
part a sample is drawn by the workspace's key (`sample(...)` in the line's rule), so that a launch,
its holdout and its readout need to know nothing of pilots.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import combinations
from math import floor

import numpy as np

from fullhouse.core.arrays import Flags, Floats
from fullhouse.core.errors import CannotTellError
from fullhouse.core.values import slug
from fullhouse.planning.audience_effects import AudienceEffects
from fullhouse.planning.build import SolvedPlan, plan_of
from fullhouse.planning.channel import Channel
from fullhouse.planning.inputs import LEAST_ADDRESSED, plan_problem
from fullhouse.planning.objective import extra_tickets
from fullhouse.planning.plan import BestWithin, PilotedAudience, Plan
from fullhouse.planning.problem import (
    CITY_GROUPS,
    FANS,
    PlanInputs,
    PlanLimits,
    PlannedFilm,
    PlanRows,
    Spending,
)
from fullhouse.planning.response import Response, effective
from fullhouse.sample.sales import ExpectedSales
from fullhouse.traits.film_traits import any_of

COMBINATIONS = 3
"""Pairs of audiences that are candidates of their own, the largest first."""
EQUALLY = 0.5
"""Of the people, so many are divided equally, so that every audience is measured about as well and
none that was never measured is left out; the others go by the root of people × tickets that are
expected of them if they respond as their headroom says: what a mistake there would cost."""
EVERYWHERE = "everywhere"
LEAD_DAYS = 7
"""Days between a pilot's last week and the opening that are left to plan and book by it."""


@dataclass(frozen=True)
class PilotPart:
    """A candidate audience without the people of those before it: flags over the plan's rows."""

    name: str
    rule: str
    kind: str
    people: Flags


@dataclass(frozen=True)
class PilotDesign:
    """On which channel how many impressions a week, and how many people of each part are treated.

    `share` is the share of each part's people on the channel that is in the pilot, in either arm.
    """

    channel: Channel
    impressions: int
    treated: Floats
    share: Floats


def pilot_weeks(as_of: date, opening: date, weeks: int) -> tuple[date, ...]:
    """The first Mondays after a day; an error where they leave no time to plan by what they tell.

    >>> pilot_weeks(date(2025, 6, 30), date(2025, 8, 15), 2)
    (datetime.date(2025, 7, 7), datetime.date(2025, 7, 14))
    """
    first = as_of + timedelta(days=7 - as_of.weekday())
    days = tuple(first + timedelta(weeks=w) for w in range(weeks))
    if days[-1] + timedelta(days=7 + LEAD_DAYS) > opening:
        raise CannotTellError(
            code="no_weeks_to_pilot", as_of=as_of, opening=opening, weeks=weeks, days=LEAD_DAYS
        )
    return days


def pilot_parts(inputs: PlanInputs) -> tuple[PilotPart, ...]:
    """The obvious audience, the largest pairs of others, then the others: nobody is in two.

    The obvious one comes last, as in a plan; its people are in no other.
    """
    names, rules, kinds, flags = inputs.names, inputs.rules, inputs.kinds, inputs.audience_of
    single = [i for i in range(len(names)) if i != inputs.obvious]
    last = [] if inputs.obvious is None else [inputs.obvious]
    taken = np.zeros(len(inputs.city), bool)
    for place in last:
        taken |= flags[place]
    before = [f"({rules[place]})" for place in last]
    pairs = [(i, j, flags[i] & flags[j] & ~taken) for i, j in combinations(single, 2)]
    pairs = sorted(pairs, key=lambda p: -int(p[2].sum()))[:COMBINATIONS]
    candidates = [
        (f"{names[i]} & {names[j]}", f"({rules[i]}) & ({rules[j]})", kinds[i], both)
        for i, j, both in pairs
        if both.sum() >= 2 * LEAST_ADDRESSED
    ]
    candidates += [(names[i], f"({rules[i]})", kinds[i], flags[i]) for i in single]
    parts = []
    for name, rule, kind, people in candidates:
        others = f" & !{any_of(before)}" if before else ""
        parts.append(PilotPart(name, rule + others, kind, people & ~taken))
        taken |= people
        before.append(f"({rule})" if ") & (" in rule else rule)
    parts += [PilotPart(names[p], f"({rules[p]})", kinds[p], flags[p]) for p in last]
    return tuple(parts)


def pilot_design(
    inputs: PlanInputs,
    parts: Sequence[PilotPart],
    response: Response,
    budget: float,
    *,
    holdout: float,
    stakes: Floats,
) -> tuple[tuple[int, ...], PilotDesign]:
    """The places of the parts that are in, and how many people of each are shown what.

    `stakes` are the tickets that each part is expected to buy times its response beside the
    others'. Parts too small to be measured, or too many for the money, are left out: least at
    stake first. One channel for all, the one on which the money tells most, so that parts differ
    in their response and not in their dose.
    """
    channel, often = _channel(inputs, parts, response, budget, holdout)
    price = inputs.channels[channel].unit_price * often
    afford = budget / (price * len(inputs.weeks))
    # A line of a week costs at least what the channel asks for.
    least = max(LEAST_ADDRESSED, inputs.channels[channel].minimum_spend / price)
    most = _most(inputs, parts, channel, holdout)
    weight = np.sqrt(np.maximum(stakes, 0) * most)
    # Each has at least EQUALLY of an equal part, which has to be enough to be counted at all.
    can = [p for p in np.argsort(-weight, kind="stable").tolist() if most[p] >= least]
    fit = tuple(sorted(can[: int(afford * EQUALLY / least)]))
    if not fit:
        raise _too_small(budget)
    chosen = list(fit)
    treated = divided(afford, weight[chosen], most[chosen])
    share = treated / most[chosen]
    return fit, PilotDesign(inputs.channels[channel], often, treated, share)


def _channel(
    inputs: PlanInputs,
    parts: Sequence[PilotPart],
    response: Response,
    budget: float,
    holdout: float,
) -> tuple[int, int]:
    """The channel and its whole impressions a week with which a budget tells most of a response.

    What it tells grows with the people treated, and with the square of what each is moved by.
    """
    weeks, best = len(inputs.weeks), None
    for place, channel in enumerate(inputs.channels):
        most = _most(inputs, parts, place, holdout)
        if channel.minimum_spend * weeks > budget * EQUALLY:
            continue
        # So many for all that it addresses, of whom it reaches a part, each within the cap.
        for often in range(1, floor(channel.frequency_cap * channel.reach_limit) + 1):
            people = min(budget / (channel.unit_price * often * weeks), float(most.sum()))
            dose = response.strength[:, place] * effective(np.array(float(often * weeks)))
            tells = people * float(-np.expm1(-dose).mean()) ** 2
            if best is None or tells > best[0]:
                best = tells, place, often
    if best is None:
        raise _too_small(budget)
    return best[1], best[2]


def _too_small(budget: float) -> CannotTellError:
    return CannotTellError(code="pilot_too_small", budget=budget, needed=LEAST_ADDRESSED)


def divided(people: float, weight: Floats, most: Floats) -> Floats:
    """So many people, half of them equally, half by weight, none above its most.

    >>> divided(100.0, np.array([1.0, 3.0]), np.array([1000.0, 1000.0])).round().tolist()
    [38.0, 62.0]
    >>> divided(100.0, np.array([1.0, 3.0]), np.array([10.0, 1000.0])).round().tolist()
    [10.0, 90.0]
    """
    by_weight = weight / weight.sum() if weight.sum() > 0 else np.full(len(weight), 1 / len(weight))
    wanted = EQUALLY / len(weight) + (1 - EQUALLY) * by_weight
    given = np.zeros(len(weight))
    for _ in range(len(weight)):
        room = given < most
        left = people - given.sum()
        if left <= 1e-9 or not room.any():
            break
        share = np.where(room, wanted, 0.0)
        given = np.minimum(given + left * share / share.sum(), most)
    return given


def pilot_plan(
    film: PlannedFilm,
    inputs: PlanInputs,
    parts: Sequence[PilotPart],
    design: PilotDesign,
    response: Response,
    base: ExpectedSales | None,
    *,
    name: str,
    budget: float,
    holdout: float,
    effects: AudienceEffects | None,
) -> Plan:
    """The pilot as a plan that can be saved, launched and read like any other.

    `response` and `effects` are of these parts.
    """
    place = inputs.channels.index(design.channel)
    weight = np.ones(len(inputs.city))
    for part, share in zip(parts, design.share, strict=True):
        weight[part.people] = share
    own = replace(
        inputs, names=tuple(p.name for p in parts), rules=tuple(p.rule for p in parts),
        kinds=tuple(p.kind for p in parts), channels=(design.channel,),
        audience_of=[p.people for p in parts], channel_of=[inputs.channel_of[place]],
        weight=weight, city=np.full(len(inputs.city), len(CITY_GROUPS) - 1),
        cities={EVERYWHERE: ()}, noise=None,
    )  # fmt: skip
    problem = plan_problem(own, response, film.opening, holdout=holdout)
    if effects is not None:
        problem = replace(problem, factors=effects.by_cell(problem.cells.in_audience))
    slots = problem.slots
    spend = design.impressions * slots.unit_price * slots.addressed
    sold = extra_tickets(problem, spend)
    rows = PlanRows(np.zeros((0, len(spend))), np.zeros(0))
    solved = SolvedPlan(
        own, problem, rows, np.ones(len(spend), bool), Spending(spend, sold, 0.0), "neutral"
    )
    plan = plan_of(film, solved, base, PlanLimits(), budget, holdout)
    sampled = {
        part.rule: _sampled(part.rule, share, name)
        for part, share in zip(parts, design.share.tolist(), strict=True)
    }
    numbers = {part.rule: number for number, part in enumerate(parts, 1)}
    lines = [
        replace(
            line, id=slug(f"{name} {numbers[line.rule]} {line.week}"), rule=sampled[line.rule],
            cities=EVERYWHERE,
        )
        for line in plan.lines
    ]  # fmt: skip
    factors = [1.0] * len(parts) if effects is None else effects.factors.mean(axis=0).tolist()
    chosen = _candidates(parts, effects, factors)
    return replace(
        plan,
        lines=tuple(lines),
        audiences={sampled[r]: n for r, n in plan.audiences.items()},
        base_by_audience={sampled[r]: b for r, b in plan.base_by_audience.items()},
        notes=tuple(n for n in plan.notes if not isinstance(n, BestWithin)),
        piloted=tuple(
            PilotedAudience(
                part.name, sampled[part.rule], share, *plan.base_by_audience[part.rule], factor,
                place in chosen,
            )
            for place, (part, share, factor) in enumerate(
                zip(parts, design.share.tolist(), factors, strict=True)
            )
            if part.rule in plan.base_by_audience
        ),
    )  # fmt: skip


def _sampled(rule: str, share: float, name: str) -> str:
    """A rule of a share of its people, drawn by the workspace's key for this pilot."""
    return rule if share >= 1 else f"{rule} & sample({share:.6f}, pilot-{name})"


def _most(inputs: PlanInputs, parts: Sequence[PilotPart], channel: int, holdout: float) -> Floats:
    """How many people of each part a channel can treat, the others of them being held out."""
    people = inputs.people * inputs.channel_of[channel]
    return (1 - holdout) * np.array([float(people[p.people].sum()) for p in parts])


def _candidates(
    parts: Sequence[PilotPart], effects: AudienceEffects | None, factors: Sequence[float]
) -> list[int]:
    """Whose response is expected to be above the mean by headroom; without it all but the obvious.

    Nobody where there is nothing to compare them with.
    """
    places = [p for p, part in enumerate(parts) if part.kind != FANS]
    if effects is not None:
        places = [p for p in places if effects.measured[p] and factors[p] > 1]
    return places if len(places) < len(parts) else []
