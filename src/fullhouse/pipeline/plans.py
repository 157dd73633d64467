"""A plan for a film: its audiences on a house's channels, as a budget wins most tickets."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import product
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fullhouse import control
from fullhouse.control.campaigns import KeptPlan, find_plan, learned, plans, save_plan
from fullhouse.discovery.card import FilmDiscovery
from fullhouse.discovery.film_traits import BASKETS, any_of
from fullhouse.discovery.sheet import members_of
from fullhouse.errors import CannotTellError, InputError
from fullhouse.pipeline.film_chance import learn_propensity
from fullhouse.pipeline.film_discovery import discover_film
from fullhouse.pipeline.film_house import FilmHouse, KnownFilm, film_house
from fullhouse.pipeline.film_tickets import Expected, expected_total
from fullhouse.pipeline.workspace import Workspace
from fullhouse.planning import (
    Channel,
    Measured,
    Problem,
    Response,
    Slots,
    Spent,
    cells,
    learn_response,
    optimise,
    reach,
    read_channels,
)
from fullhouse.planning.limits import Limits, as_rows, read_limits
from fullhouse.planning.optimise import Attitude, marginal_curve, shared_out
from fullhouse.planning.plan import Amount, BudgetPoint, Line, Plan, Step, Unreachable, plan_from
from fullhouse.planning.response import FADE_DAYS
from fullhouse.propensity import score_all
from fullhouse.report.plan_page import plan_page
from fullhouse.values import slug

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.integer]
Progress = Callable[[str], None]
MOST_AUDIENCES = 8
LARGEST = 5
"""Cities that are a group of their own together; those with the next half of the people follow."""
GROUPS = ("5 largest cities", "other large cities", "all other places")
WEEKS = 4
LEAST_ADDRESSED = 50
"""A line that addresses fewer people is no line."""
BUDGETS = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0)
DRAWS = 300
FANS = "fans"
CURVE_WITHOUT = (
    "The curve of budgets is without the limits on cities, channels and exploring: at the plan's"
    " own budget it may lie above the plan."
)
CAP = "A channel's cap is kept in each line; somebody in several audiences may be shown more."


@dataclass(frozen=True)
class Ground:
    """Everything a plan is made on: who is where, on what, and what they would buy anyway."""

    names: tuple[str, ...]
    rules: tuple[str, ...]
    kinds: tuple[str, ...]
    channels: tuple[Channel, ...]
    weeks: tuple[date, ...]
    cities: dict[str, tuple[str, ...]]
    masks: list[Flags]
    on: list[Flags]
    city: Ints
    expected: Floats


def plan_film(
    workspace: Workspace,
    film: str,
    *,
    budget: float,
    channels: str | None = None,
    limits: str | None = None,
    territory: str | None = None,
    as_of: date | None = None,
    weeks: int = WEEKS,
    attitude: Attitude = "neutral",
    holdout: float = 0.1,
    expected_people: float | None = None,
    name: str | None = None,
    seed: int = 0,
    progress: Progress = lambda _: None,
) -> Plan:
    """The plan that wins most tickets for at most a budget, over all that response may be.

    `channels` and `limits` are TOML; without channels the shipped, made-up ones. What readouts
    have taught by the day is where the response starts from. With `name` the plan is saved.
    """
    told, kept = read_channels(channels), read_limits(limits) if limits else Limits()
    if attitude not in ("neutral", "cautious"):
        raise InputError(f"The attitude to risk is neutral or cautious, not {attitude!r}.")
    found = discover_film(
        workspace, film, territory=territory, as_of=as_of, tickets=False, progress=progress
    )
    if found.opening is None or found.opening <= found.as_of:
        raise CannotTellError(
            f"A plan is for a film to come; {found.film} "
            + ("has no opening day." if found.opening is None else f"opened on {found.opening}.")
        )
    with film_house(workspace, territory=territory, as_of=as_of) as house:
        known = house.find(film)
        base, _ = expected_total(house, known, progress)
        ground = _ground(house, known, found, told, weeks, expected_people, progress)
        progress("Looking for the best plan")
        response = _response(workspace, ground, house.day, seed)
        plan = _plan(found, ground, response, base, kept, budget, attitude, holdout, seed)
    plan = replace(plan, name=name or "")
    if name is not None:
        save_plan(workspace.control, name, found.film, plan.to_dict(), at=datetime.now(UTC))
    detail: dict[str, object] = {"film": found.film, "budget": budget, "lines": len(plan.lines)}
    control.record(workspace.control, "plan", detail | {"saved": name})
    return plan


def plan_list(workspace: Workspace) -> list[KeptPlan]:
    """Every version of every saved plan, the newest version first."""
    return plans(workspace.control)


def plan_show(workspace: Workspace, name: str) -> Plan:
    """A saved plan by NAME (the newest version) or NAME@VERSION."""
    return plan_from(find_plan(workspace.control, name).body)


def write_plan(plan: Plan, files: Sequence[str | Path]) -> list[Path]:
    """Write a plan as a page (.html) or as data (.json)."""
    import json

    paths = [check_plan_out(f) for f in files]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix.lower() == ".html":
            path.write_text(plan_page(plan), "utf-8")
        else:
            told = json.dumps(plan.to_dict(), indent=2, ensure_ascii=False, allow_nan=False)
            path.write_text(told + "\n", "utf-8")
    return paths


def check_plan_out(file: str | Path) -> Path:
    """The path itself, when its ending says what to write; an error before any work is done."""
    path = Path(file).expanduser()
    if path.suffix.lower() not in (".html", ".json"):
        raise InputError(f"--out takes a file ending in .html or .json, not {path.name!r}.")
    return path


def _ground(
    house: FilmHouse,
    film: KnownFilm,
    found: FilmDiscovery,
    channels: Sequence[Channel],
    weeks: int,
    expected_people: float | None,
    progress: Progress,
) -> Ground:
    audiences = [(c.name, c.rule, _kind(c.family)) for c in found.cards[:MOST_AUDIENCES]]
    audiences += [("The obvious audience", " | ".join(p.rule for p in found.obvious), FANS)] * bool(
        found.obvious
    )
    if not audiences:
        raise CannotTellError(f"There is no audience to plan for: {found.sentence}")
    learnt = learn_propensity(house, film, expected_people=expected_people, progress=progress)
    on = [any_of([f"source:{slug(s)}" for s in c.sources]) for c in channels]
    every = " | ".join(dict.fromkeys([*(r for _, r, _ in audiences), *on]))
    people = house.people(every, *(r for _, r, _ in audiences), *on)
    scored = list(score_all(learnt.model, house.blocks, people[0]))
    ids = np.concatenate([p.astype(np.int64) for _, p, _ in scored])
    city, groups = _cities(house, ids)
    return Ground(
        tuple(n for n, _, _ in audiences),
        tuple(r for _, r, _ in audiences),
        tuple(k for _, _, k in audiences),
        tuple(channels),
        _weeks(found, weeks),
        groups,
        [members_of(ids, p) for p in people[1 : 1 + len(audiences)]],
        [members_of(ids, p) for p in people[1 + len(audiences) :]],
        city,
        np.concatenate([p.astype(np.float64) for _, _, p in scored]),
    )


def _kind(family: str) -> str:
    return "baskets" if family in BASKETS else "demographics"


def _weeks(found: FilmDiscovery, weeks: int) -> tuple[date, ...]:
    """The Mondays of the last weeks up to the opening's, none before the day after as-of."""
    assert found.opening is not None
    last = found.opening - timedelta(days=found.opening.weekday())
    every = [last - timedelta(weeks=w) for w in reversed(range(weeks))]
    after = tuple(m for m in every if m + timedelta(days=6) > found.as_of)
    if not after:
        raise CannotTellError(f"No week is left between {found.as_of} and {found.opening}.")
    return after


def _cities(house: FilmHouse, ids: Ints) -> tuple[Ints, dict[str, tuple[str, ...]]]:
    """The city group of each person, and the cities of each group."""
    cities = sorted(
        (t for t in house.traits if t.family == "city"), key=lambda t: (-t.persons, t.name)
    )
    group = np.full(len(ids), len(GROUPS) - 1)
    half = sum(t.persons for t in cities) / 2
    names: dict[str, list[str]] = {g: [] for g in GROUPS}
    seen = 0
    people = house.people(*(t.name for t in cities)) if cities else []
    for number, (trait, mine) in enumerate(zip(cities, people, strict=True)):
        place = 0 if number < LARGEST else 1 if seen < half + half / 2 else 2
        seen += trait.persons
        names[GROUPS[place]].append(trait.label.removeprefix("lives in "))
        group[members_of(ids, mine)] = place
    return group, {g: tuple(n) for g, n in names.items()}


def _response(workspace: Workspace, ground: Ground, day: date, seed: int) -> Response:
    taught = [
        Measured(x.kind, x.channel, sum(x.doses.values()), x.response, x.error)
        for x in learned(workspace.control, as_of=day)
    ]
    kinds = tuple(dict.fromkeys(ground.kinds))
    return learn_response(kinds, [c.name for c in ground.channels], taught, draws=DRAWS, seed=seed)


def _problem(ground: Ground, response: Response, opening: date) -> Problem:
    parts = cells(ground.masks, ground.on, ground.city, ground.expected)
    chosen, reaches = [], []
    places = product(range(len(ground.names)), range(len(ground.channels)), range(len(GROUPS)))
    for a, c, g in places:
        whom = parts.in_audience[:, a] & parts.on_channel[:, c] & (parts.city == g)
        if parts.persons[whom].sum() < LEAST_ADDRESSED:
            continue
        for w in range(len(ground.weeks)):
            chosen.append((a, c, g, w))
            reaches.append(whom)
    if not chosen:
        raise CannotTellError("No channel addresses 50 people or more of any audience.")
    audience, channel, city, week = (np.array(x) for x in zip(*chosen, strict=True))
    who = np.array(reaches)
    addressed = (who * parts.persons).sum(1)
    told = [ground.channels[c] for c in channel]
    price, limit = np.array([c.unit_price for c in told]), np.array([c.reach_limit for c in told])
    most = addressed * limit * price * np.array([c.frequency_cap for c in told])
    least = np.array([c.minimum_spend for c in told])
    slots = Slots(audience, channel, city, week, who, addressed, price, limit, most, least)
    days = np.array([max(0, (opening - m).days - 3) for m in ground.weeks])
    kinds = tuple(response.kinds.index(k) for k in ground.kinds)
    return Problem(parts, slots, response, kinds, np.exp(-days / FADE_DAYS)[week])


def _plan(
    found: FilmDiscovery,
    ground: Ground,
    response: Response,
    base: Expected | None,
    limits: Limits,
    budget: float,
    attitude: Attitude,
    holdout: float,
    seed: int,
) -> Plan:
    assert found.opening is not None
    problem = _problem(ground, response, found.opening)
    rows, allowed = as_rows(
        limits,
        problem.slots,
        audiences=ground.rules,
        channels=[c.name for c in ground.channels],
        cities=GROUPS,
        weeks=ground.weeks,
        tested=[response.tested(k) for k in ground.kinds],
        budget=budget,
    )
    spent = optimise(problem, budget, rows=rows, allowed=allowed, attitude=attitude)
    price = base.price if base else 1.0
    alone, everybody, frequency = reach(problem.slots, problem.cells, spent.spend)
    won = shared_out(problem, spent.spend)
    curve = marginal_curve(
        problem, [budget * x for x in BUDGETS], allowed=allowed, attitude=attitude
    )
    addressed = (problem.slots.reaches[spent.spend > 0].any(0) * problem.cells.persons).sum()
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
        people=float(addressed),
        reach=everybody,
        frequency=frequency,
        tickets=_amount(spent.tickets),
        gross=_amount(spent.tickets * price),
        base=None if base is None else Amount(base.total, base.low, base.high),
        bridge=_bridge(ground, problem, won, base, price, seed),
        curve=_curve(curve, budget),
        unreachable=_unreachable(ground),
        holdout=holdout,
        audiences=dict(zip(ground.rules, ground.names, strict=True)),
        cities=ground.cities,
        notes=(
            *_notes(ground, problem, response, spent, base),
            *([CURVE_WITHOUT] if len(rows.limits) else []),
        ),
        limits=vars(limits) | {"blackout": [d.isoformat() for d in limits.blackout]},
        simulated=found.simulated,
    )


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
    ground: Ground, problem: Problem, won: Floats, base: Expected | None, price: float, seed: int
) -> tuple[Step, ...]:
    """From the base forecast, audience by audience; draws of both are independent."""
    if base is None:
        return ()
    spread = (np.log(base.high) - np.log(base.low)) / (2 * 1.2816)
    g = np.random.default_rng(seed)
    now = base.total * np.exp(spread * g.standard_normal(len(won)))
    steps = []
    for a, name in enumerate(ground.names):
        added = won[:, problem.slots.audience == a].sum(1) * price
        if not added.any():
            continue
        now = now + added
        steps.append(Step(name, _amount(added), _amount(now)))
    return tuple(steps)


def _curve(found: Sequence[Spent], budget: float) -> tuple[BudgetPoint, ...]:
    budgets = [budget * x for x in BUDGETS]
    middles = [float(s.tickets.mean()) for s in found]
    slopes = np.gradient(middles, budgets)
    return tuple(
        BudgetPoint(b, _amount(s.tickets), float(max(slope, 0.0)))
        for b, s, slope in zip(budgets, found, slopes, strict=True)
    )


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
    ground: Ground, problem: Problem, response: Response, spent: Spent, base: Expected | None
) -> tuple[str, ...]:
    notes = []
    new = [k for k in dict.fromkeys(ground.kinds) if not response.tested(k)]
    if new:
        notes.append(
            f"No readout has measured {' or '.join(new)}: what they answer is a wide guess, and the"
            " first campaign is to find out."
        )
    rates = problem.slots.rates(spent.spend)
    for number, channel in enumerate(ground.channels):
        seen = response.most_seen(channel.name)
        most = rates[problem.slots.channel == number].max(initial=0.0)
        if most > 0 and (seen is None or most > seen):
            was = "none was measured" if seen is None else f"{seen:.1f} was the most measured"
            notes.append(
                f"{channel.name}: up to {most:.1f} impressions a person and week, where {was}."
            )
    notes.append(CAP)
    if base is None:
        notes.append("No forecast, ticket price or share of sales is known: gross is in tickets.")
    notes.append(f"No other plan can win more than {spent.gap:.1%} more, by the same response.")
    return tuple(notes)
