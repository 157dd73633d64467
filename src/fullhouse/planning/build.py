"""Build the plan: the best spends for its inputs, and all that is computed from them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
from scipy.special import ndtri

from fullhouse.core.arrays import Flags, Floats
from fullhouse.core.errors import Reason
from fullhouse.core.values import slug
from fullhouse.planning.audience_effects import SHARE_EXPLORED, AudienceEffects
from fullhouse.planning.inputs import plan_problem, plan_rows
from fullhouse.planning.objective import extra_tickets, impressions_by_cell, tickets_by_slot
from fullhouse.planning.optimise import DoesNotFitError, marginal_curve, optimise
from fullhouse.planning.plan import (
    Amount,
    AudienceByHeadroom,
    BestWithin,
    BeyondMeasured,
    BridgeStep,
    BudgetPoint,
    BudgetsLeftOut,
    GrossInTickets,
    NeverMeasured,
    Plan,
    PlanLine,
    PlanNote,
    SpentForMinimum,
    Unreachable,
)
from fullhouse.planning.problem import (
    CITY_GROUPS,
    Attitude,
    PlanInputs,
    PlanLimits,
    PlannedFilm,
    PlanProblem,
    PlanRows,
    Spending,
    reach,
)
from fullhouse.planning.response import Response
from fullhouse.sample.sales import ExpectedSales
from fullhouse.stats.figures import two_piece

BASE_QUANTILES = 201
BUDGETS = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0)
AT_MINIMUM = 1.01
"""Spend up to this many times a minimum counts as spent for it."""
NEAR = 5
"""The fifth of the draws nearest the median of the whole says what its parts are there."""
POOR = 0.5
"""Money that sells less than this share of what the rest sells, unit by unit, is poorly spent."""


@dataclass(frozen=True)
class SolvedPlan:
    """A problem with its best spends; tickets of lines share what they sell together."""

    inputs: PlanInputs
    problem: PlanProblem
    rows: PlanRows
    allowed: Flags
    spending: Spending
    attitude: Attitude

    @cached_property
    def by_slot(self) -> Floats:
        """Extra tickets of each slot in each draw: (draws, slots)."""
        return tickets_by_slot(self.problem, self.spending.spend)

    @cached_property
    def middles(self) -> Floats:
        """What each slot adds where the plan sells its middle: they add up to that middle."""
        return _at_the_middle(self.by_slot)

    @property
    def spent(self) -> Flags:
        """Which slots have money."""
        return self.spending.spend > 0


def build_plan(
    film: PlannedFilm,
    inputs: PlanInputs,
    response: Response,
    base: ExpectedSales | None,
    limits: PlanLimits,
    budget: float,
    attitude: Attitude,
    holdout: float,
    *,
    effects: AudienceEffects | None = None,
) -> Plan:
    """The plan that sells most for a budget within limits, without a name.

    With `effects` audiences respond by them, beside the plan by what people buy anyway.
    """
    solved = _solved(film, inputs, response, limits, budget, attitude, holdout, effects)
    curve, left_out = _curve(solved, budget)
    plan = plan_of(film, solved, base, limits, budget, holdout)
    plan = replace(plan, curve=curve, notes=(*plan.notes, *left_out))
    return _with_headroom(plan, solved, effects, limits) if effects else plan


def plan_of(
    film: PlannedFilm,
    solved: SolvedPlan,
    base: ExpectedSales | None,
    limits: PlanLimits,
    budget: float,
    holdout: float,
) -> Plan:
    """The plan that some spends are, without the curve of other budgets."""
    inputs, problem, spending = solved.inputs, solved.problem, solved.spending
    price = base.price if base else 1.0
    alone, everybody, frequency = reach(problem.slots, problem.cells, spending.spend)
    addressed = problem.slots.reaches[solved.spent].any(axis=0)
    return Plan(
        name="",
        film=film.film,
        title=film.title,
        territory=film.territory,
        as_of=film.as_of,
        opening=film.opening,
        budget=budget,
        currency=base.currency if base else inputs.channels[0].currency,
        price=price,
        attitude=solved.attitude,
        lines=_lines(solved, alone, price),
        spend=float(spending.spend.sum()),
        people=float(problem.cells.persons[addressed].sum()),
        reach=everybody,
        frequency=frequency,
        tickets=_amount(spending.tickets),
        gross=_amount(spending.tickets * price),
        base=Amount(base.total, base.low, base.high) if base else None,
        bridge=_bridge(solved, base),
        curve=(),
        unreachable=_unreachable(inputs),
        holdout=holdout,
        audiences=dict(zip(inputs.rules, inputs.names, strict=True)),
        cities=inputs.cities,
        notes=tuple(_notes(solved, limits, base)),
        limits=vars(limits) | {"blackout": [d.isoformat() for d in limits.blackout]},
        simulated=film.simulated,
        claims={rule: claim for rule, claim in film.claims.items() if rule in inputs.rules},
        base_tickets=float(problem.cells.tickets[addressed].sum()),
        base_by_audience=_base_by_audience(solved),
    )


def _solved(
    film: PlannedFilm,
    inputs: PlanInputs,
    response: Response,
    limits: PlanLimits,
    budget: float,
    attitude: Attitude,
    holdout: float,
    effects: AudienceEffects | None,
) -> SolvedPlan:
    problem = plan_problem(inputs, response, film.opening, holdout=holdout)
    rows, allowed = plan_rows(inputs, problem, limits)
    if effects is not None:
        factors = effects.by_cell(problem.cells.in_audience)
        problem = replace(problem, factors=factors)
        exploring = rows + explored_rows(problem, effects)
        try:
            best = optimise(problem, budget, rows=exploring, allowed=allowed, attitude=attitude)
            return SolvedPlan(inputs, problem, exploring, allowed, best, attitude)
        except DoesNotFitError:
            pass  # The share to explore is ours, not the operator's: it gives way.
    best = optimise(problem, budget, rows=rows, allowed=allowed, attitude=attitude)
    return SolvedPlan(inputs, problem, rows, allowed, best, attitude)


def explored_rows(problem: PlanProblem, effects: AudienceEffects) -> PlanRows:
    """A share of the spend for audiences of which nothing was measured, if there are any."""
    new = ~effects.measured[problem.slots.audience]
    if not new.any():
        return PlanRows(np.zeros((0, len(new))), np.zeros(0))
    reason = Reason("limit_explore", {"name": "", "amount": SHARE_EXPLORED})
    row = SHARE_EXPLORED - new.astype(np.float64)
    return PlanRows(row[None], np.zeros(1), (reason,))


def _with_headroom(
    plan: Plan, solved: SolvedPlan, effects: AudienceEffects, limits: PlanLimits
) -> Plan:
    """The plan with how headroom moved its money, beside the plan by what people buy anyway."""
    inputs, problem, attitude = solved.inputs, solved.problem, solved.attitude
    alike = replace(problem, factors=None)
    rows, allowed = plan_rows(inputs, alike, limits)
    by_base = optimise(alike, plan.budget, rows=rows, allowed=allowed, attitude=attitude).spend
    tickets = extra_tickets(problem, by_base)
    audience, size = problem.slots.audience, len(inputs.rules)
    spends = [np.bincount(audience, s, size).tolist() for s in (solved.spending.spend, by_base)]
    factors = effects.factors.mean(axis=0).tolist()
    pilot = effects.pilot or (None,) * size
    audiences = zip(inputs.names, inputs.rules, effects.aware, factors, *spends, pilot, strict=True)
    return replace(
        plan,
        by_headroom=tuple(AudienceByHeadroom(*a) for a in audiences),
        by_base=_amount(tickets),
        better=float((solved.spending.tickets > tickets).mean()),
    )


def _base_by_audience(solved: SolvedPlan) -> dict[str, tuple[float, float]]:
    """People whom each audience's lines address, and what they would buy without a campaign."""
    problem, base = solved.problem, {}
    for place, rule in enumerate(solved.inputs.rules):
        slots = (problem.slots.audience == place) & solved.spent
        if slots.any():
            who = problem.slots.reaches[slots].any(axis=0)
            base[rule] = (
                float(problem.cells.persons[who].sum()),
                float(problem.cells.tickets[who].sum()),
            )
    return base


def _lines(solved: SolvedPlan, alone: Floats, price: float) -> tuple[PlanLine, ...]:
    lines = []
    inputs, slots, response = solved.inputs, solved.problem.slots, solved.problem.response
    for i in np.flatnonzero(solved.spent):
        channel, week = inputs.channels[slots.channel[i]], inputs.weeks[slots.week[i]]
        rule, city = inputs.rules[slots.audience[i]], CITY_GROUPS[slots.city[i]]
        spend = float(solved.spending.spend[i])
        impressions = spend / float(slots.unit_price[i])
        lines.append(
            PlanLine(
                id=slug(f"{rule} {channel.name} {city} {week}"),
                audience=inputs.names[slots.audience[i]],
                rule=rule,
                kind=inputs.kinds[slots.audience[i]],
                channel=channel.name,
                cities=city,
                week=week,
                spend=spend,
                impressions=impressions,
                people=float(slots.addressed[i]),
                reach=float(alone[i]),
                frequency=impressions / max(float(alone[i]), 1e-9),
                tickets=_amount(solved.by_slot[:, i], solved.middles[i]),
                gross=_amount(solved.by_slot[:, i] * price, solved.middles[i] * price),
                tested=response.tested(inputs.kinds[slots.audience[i]]),
            )
        )
    return tuple(sorted(lines, key=lambda x: (-x.spend, x.id)))


def _amount(draws: Floats, middle: float | None = None) -> Amount:
    """Quantiles of draws; the `middle` of a part is its share of the middle of the whole."""
    low, half, high = np.quantile(draws, (0.1, 0.5, 0.9))
    return Amount(float(half if middle is None else middle), float(low), float(high))


def _at_the_middle(by_slot: Floats) -> Floats:
    """Each slot's tickets given that all together sell their median; (draws, slots) to (slots).

    Medians of parts do not add up to the median of the whole. What parts are expected to be where
    the whole is near its median does: Euler's rule for sharing out a quantile (Tasche, 1999).
    """
    total = by_slot.sum(axis=1)
    middle = float(np.median(total))
    near = np.argsort(np.abs(total - middle), kind="stable")[: max(1, len(total) // NEAR)]
    shares: Floats = by_slot[near].mean(axis=0)
    return shares * (middle / shares.sum()) if shares.sum() > 0 else shares


def _bridge(solved: SolvedPlan, base: ExpectedSales | None) -> tuple[BridgeStep, ...]:
    """From the base forecast, audience by audience.

    The range with the plan and that without it come from the same draws of the base, so that a plan
    that sells something never lowers an end of the range.
    """
    if base is None:
        return ()
    # Every quantile of the base with every draw of the plan: drawn at random, the noise of a few
    # hundred draws of the base would be larger than what a campaign adds.
    scores = ndtri((np.arange(BASE_QUANTILES) + 0.5) / BASE_QUANTILES)
    without = two_piece(base.low, base.total, base.high, scores)[:, None]
    so_far = np.zeros(len(solved.by_slot))
    same_draws = _amount((without + so_far).ravel())
    steps = []
    for a, name in enumerate(solved.inputs.names):
        of_audience = solved.problem.slots.audience == a
        added = solved.by_slot[:, of_audience].sum(1) * base.price
        if not added.any():
            continue
        so_far = so_far + added
        middle = float(solved.middles[of_audience].sum()) * base.price
        after = _amount((without + so_far).ravel())
        steps.append(BridgeStep(name, _amount(added, middle), _moved(base, same_draws, after)))
    return tuple(steps)


def _moved(base: ExpectedSales, without: Amount, after: Amount) -> Amount:
    """The base's own range, each end moved by what the plan moves that of the same draws."""
    return Amount(
        base.total + after.middle - without.middle,
        base.low + after.low - without.low,
        base.high + after.high - without.high,
    )


def _curve(
    solved: SolvedPlan, budget: float
) -> tuple[tuple[BudgetPoint, ...], tuple[BudgetsLeftOut, ...]]:
    """What other budgets would sell within the same limits, the plan's own among them.

    Budgets that cannot keep them are left out, and noted.
    """
    others = [budget * x for x in BUDGETS if x != 1]
    best = marginal_curve(
        solved.problem,
        others,
        rows=solved.rows,
        allowed=solved.allowed,
        attitude=solved.attitude,
    )
    points = [(budget, solved.spending)]
    points += [(b, s) for b, s in zip(others, best, strict=True) if s is not None]
    points.sort(key=lambda point: point[0])
    short = tuple(b for b, s in zip(others, best, strict=True) if s is None)
    left_out = (BudgetsLeftOut(short),) if short else ()
    if len(points) < 2:
        return (), left_out
    means = [float(s.tickets.mean()) for _, s in points]
    slopes = np.gradient(means, [b for b, _ in points])
    curve = (
        BudgetPoint(b, _amount(s.tickets), float(max(slope, 0.0)))
        for (b, s), slope in zip(points, slopes, strict=True)
    )
    return tuple(curve), left_out


def _unreachable(inputs: PlanInputs) -> tuple[Unreachable, ...]:
    """People on no channel, audience by audience."""
    addressed, people = np.logical_or.reduce(inputs.channel_of), inputs.people
    return tuple(
        Unreachable(
            name,
            float(people[members].sum()),
            float(people[members & ~addressed].sum()),
            float((people * inputs.expected)[members & ~addressed].sum()),
        )
        for name, members in zip(inputs.names, inputs.audience_of, strict=True)
    )


def _notes(
    solved: SolvedPlan, limits: PlanLimits, base: ExpectedSales | None
) -> Iterator[PlanNote]:
    inputs, response = solved.inputs, solved.problem.response
    new = tuple(k for k in dict.fromkeys(inputs.kinds) if not response.tested(k))
    if new:
        yield NeverMeasured(new)
    highest = impressions_by_cell(solved.problem, solved.spending.spend).max(axis=1)
    for channel, most in zip(inputs.channels, highest.tolist(), strict=True):
        measured = response.most_measured(channel.name)
        if most > 0 and (measured is None or most > measured * 1.001):
            yield BeyondMeasured(channel.name, most, measured)
    if base is None:
        yield GrossInTickets()
    yield from _for_minimums(solved, limits, base)
    yield BestWithin(float(solved.spending.gap))


def _for_minimums(
    solved: SolvedPlan, limits: PlanLimits, base: ExpectedSales | None
) -> Iterator[SpentForMinimum]:
    """Money at a minimum that neither pays back nor sells half as much as the rest of the money."""
    spend, tickets = solved.spending.spend, solved.middles
    for of, name, slots, least in _minimums(solved, limits):
        money, sold = float(spend[slots].sum()), float(tickets[slots].sum())
        at_minimum = 0 < money <= AT_MINIMUM * least
        rest = float(spend[~slots].sum())
        elsewhere = float(tickets[~slots].sum()) / rest if rest > 0 else np.inf
        pays_back = base is not None and sold * base.price >= money
        if at_minimum and not pays_back and sold / money < POOR * elsewhere:
            yield SpentForMinimum(of, name, money, sold)


def _minimums(
    solved: SolvedPlan, limits: PlanLimits
) -> Iterator[tuple[Literal["city", "audience", "channel"], str, Flags, float]]:
    """What minimums ask for: of what, which, its slots, and the least that they must spend."""
    slots, inputs = solved.problem.slots, solved.inputs
    for city, least in limits.city_minimum.items():
        yield "city", city, slots.city == CITY_GROUPS.index(city), least
    for rule, least in limits.audience_minimum.items():
        place = inputs.rules.index(rule)
        yield "audience", inputs.names[place], slots.audience == place, least
    for place, channel in enumerate(inputs.channels):
        if channel.minimum_spend > 0:
            used = (slots.channel == place) & solved.spent
            yield "channel", channel.name, used, channel.minimum_spend * int(used.sum())
