"""From the ground to the plan: slots, the best spends, and everything that a plan tells of them."""

import numpy as np
from scipy.special import ndtri

from fullhouse.core.arrays import Flags, Floats
from fullhouse.core.values import slug
from fullhouse.discovery.card import FilmDiscovery
from fullhouse.planning import Problem, Response, Rows, Spent, optimise, reach, seen, shared_out
from fullhouse.planning.aim import Attitude
from fullhouse.planning.limits import Limits
from fullhouse.planning.optimise import marginal_curve
from fullhouse.planning.plan import Amount, BudgetPoint, Line, Plan, Step, Unreachable
from fullhouse.planning.plan_ground import GROUPS, Ground
from fullhouse.planning.plan_problem import plan_problem, plan_rows
from fullhouse.sample.film_sales import ExpectedSales

BASE_QUANTILES = 201
BUDGETS = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0)


def make_plan(
    found: FilmDiscovery,
    ground: Ground,
    response: Response,
    base: ExpectedSales | None,
    limits: Limits,
    budget: float,
    attitude: Attitude,
    holdout: float,
) -> Plan:
    """The plan that wins most for a budget within limits, without a name."""
    assert found.opening is not None
    problem = plan_problem(ground, response, found.opening, holdout=holdout)
    rows, allowed = plan_rows(ground, problem, limits)
    spent = optimise(problem, budget, rows=rows, allowed=allowed, attitude=attitude)
    price = base.price if base else 1.0
    alone, everybody, frequency = reach(problem.slots, problem.cells, spent.spend)
    won = shared_out(problem, spent.spend)
    addressed = problem.slots.reaches[spent.spend > 0].any(axis=0)
    curve, left_out = _curve(problem, spent, budget, rows, allowed, attitude)
    return Plan(
        name="",
        film=found.film,
        title=found.title,
        territory=found.territory,
        as_of=found.as_of,
        opening=found.opening,
        budget=budget,
        currency=base.currency if base else ground.channels[0].currency,
        price=price,
        attitude=attitude,
        lines=_lines(ground, problem, response, spent, won, alone, price),
        spend=float(spent.spend.sum()),
        people=float(problem.cells.persons[addressed].sum()),
        reach=everybody,
        frequency=frequency,
        tickets=_amount(spent.tickets),
        gross=_amount(spent.tickets * price),
        base=None if base is None else Amount(base.total, base.low, base.high),
        bridge=_bridge(ground, problem, won, base, price),
        curve=curve,
        unreachable=_unreachable(ground),
        holdout=holdout,
        audiences=dict(zip(ground.rules, ground.names, strict=True)),
        cities=ground.cities,
        notes=(*_notes(ground, problem, response, spent, base), *left_out),
        limits=vars(limits) | {"blackout": [d.isoformat() for d in limits.blackout]},
        simulated=found.simulated,
        claims=_claims(found, ground),
        base_tickets=float(problem.cells.tickets[addressed].sum()),
        base_by_audience=_base(ground, problem, spent),
    )


def _claims(found: FilmDiscovery, ground: Ground) -> dict[str, tuple[float, float, float]]:
    """How much likelier each card's people are said to be, beyond the obvious, with the range."""
    told = {c.rule: c.beyond for c in found.cards if c.rule in ground.rules}
    return {
        rule: (x.value, x.low, x.high)
        for rule, x in told.items()
        if x.value is not None and x.low is not None and x.high is not None
    }


def _base(ground: Ground, problem: Problem, spent: Spent) -> dict[str, tuple[float, float]]:
    """People whom each audience's lines address, and what they would buy without a campaign."""
    found = {}
    for place, rule in enumerate(ground.rules):
        mine = (problem.slots.audience == place) & (spent.spend > 0)
        if mine.any():
            who = problem.slots.reaches[mine].any(axis=0)
            found[rule] = (
                float(problem.cells.persons[who].sum()),
                float(problem.cells.tickets[who].sum()),
            )
    return found


def _lines(
    ground: Ground,
    problem: Problem,
    response: Response,
    spent: Spent,
    won: Floats,
    alone: Floats,
    price: float,
) -> tuple[Line, ...]:
    found = []
    slots = problem.slots
    for i in np.flatnonzero(spent.spend > 0):
        channel, week = ground.channels[slots.channel[i]], ground.weeks[slots.week[i]]
        rule, city = ground.rules[slots.audience[i]], GROUPS[slots.city[i]]
        impressions = float(spent.spend[i] / slots.unit_price[i])
        found.append(
            Line(
                id=slug(f"{rule} {channel.name} {city} {week}"),
                audience=ground.names[slots.audience[i]],
                rule=rule,
                kind=ground.kinds[slots.audience[i]],
                channel=channel.name,
                cities=city,
                week=week,
                spend=float(spent.spend[i]),
                impressions=impressions,
                people=float(slots.addressed[i]),
                reach=float(alone[i]),
                frequency=impressions / max(float(alone[i]), 1e-9),
                tickets=_amount(won[:, i]),
                gross=_amount(won[:, i] * price),
                tested=response.tested(ground.kinds[slots.audience[i]]),
            )
        )
    return tuple(sorted(found, key=lambda x: (-x.spend, x.id)))


def _amount(draws: Floats) -> Amount:
    low, middle, high = np.quantile(draws, (0.1, 0.5, 0.9))
    return Amount(float(middle), float(low), float(high))


def _bridge(
    ground: Ground, problem: Problem, won: Floats, base: ExpectedSales | None, price: float
) -> tuple[Step, ...]:
    """From the base forecast, audience by audience; draws of both are independent."""
    if base is None:
        return ()
    # Every quantile of the base with every draw of the plan: drawn at random, the luck of a few
    # hundred draws of the base would be larger than what a campaign adds.
    spread = (np.log(base.high) - np.log(base.low)) / (2 * ndtri(0.9))
    quantiles = ndtri((np.arange(BASE_QUANTILES) + 0.5) / BASE_QUANTILES)
    without = base.total * np.exp(spread * quantiles)[:, None]
    so_far = np.zeros(len(won))
    steps = []
    for a, name in enumerate(ground.names):
        added = won[:, problem.slots.audience == a].sum(1) * price
        if not added.any():
            continue
        so_far = so_far + added
        steps.append(Step(name, _amount(added), _amount((without + so_far).ravel())))
    return tuple(steps)


def _curve(
    problem: Problem,
    spent: Spent,
    budget: float,
    rows: Rows,
    allowed: Flags,
    attitude: Attitude,
) -> tuple[tuple[BudgetPoint, ...], tuple[str, ...]]:
    """What other budgets would win within the same limits, the plan's own among them.

    A budget that cannot keep them is left out, and said.
    """
    others = [budget * x for x in BUDGETS if x != 1]
    found = marginal_curve(problem, others, rows=rows, allowed=allowed, attitude=attitude)
    known = sorted([(budget, spent), *((b, s) for b, s in zip(others, found, strict=True) if s)],
                   key=lambda point: point[0])  # fmt: skip
    short = [f"{b:,.0f}" for b, s in zip(others, found, strict=True) if s is None]
    left_out = (
        f"No plan of {' or '.join(short)} keeps the limits: the curve of budgets leaves it out.",
    ) * bool(short)
    budgets = [b for b, _ in known]
    means = [float(s.tickets.mean()) for _, s in known]
    slopes = np.gradient(means, budgets) if len(known) > 1 else [0.0]
    curve = tuple(
        BudgetPoint(b, _amount(s.tickets), float(max(slope, 0.0)))
        for (b, s), slope in zip(known, slopes, strict=True)
    )
    return curve if len(curve) > 1 else (), left_out


def _unreachable(ground: Ground) -> tuple[Unreachable, ...]:
    """People on no channel; `tickets` are those that they are expected to buy anyway."""
    addressed = np.logical_or.reduce(ground.on)
    return tuple(
        Unreachable(
            name,
            float(mask.sum()),
            float((mask & ~addressed).sum()),
            float(ground.expected[mask & ~addressed].sum()),
        )
        for name, mask in zip(ground.names, ground.masks, strict=True)
    )


def _notes(
    ground: Ground, problem: Problem, response: Response, spent: Spent, base: ExpectedSales | None
) -> tuple[str, ...]:
    notes = []
    new = [k for k in dict.fromkeys(ground.kinds) if not response.tested(k)]
    if new:
        notes.append(
            f"No readout has measured {' or '.join(new)}: what they answer is a wide guess, and the"
            " first campaign is to find out."
        )
    highest = seen(problem, spent.spend).max(axis=1)
    for channel, most in zip(ground.channels, highest, strict=True):
        known = response.most_seen(channel.name)
        if most > 0 and (known is None or most > known * 1.001):
            was = "none was measured" if known is None else f"{known:.1f} was the most measured"
            notes.append(
                f"{channel.name}: up to {most:.1f} impressions a person, as they have faded when"
                f" the film opens, where {was}."
            )
    if base is None:
        notes.append("No forecast, ticket price or share of sales is known: gross is in tickets.")
    notes.append(f"No other plan can win more than {spent.gap:.1%} more, by the same response.")
    return tuple(notes)
