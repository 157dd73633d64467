"""A tenant's plan: computed from releases that it holds and from its own money, never from people.

Audiences are the cards of its title, with their noisy affinities. Their sizes, how they overlap,
who is on which channel and in which cities come from the free table of sizes. The planner is the
house's: it gets people in rows that are alike instead of one by one, each row with how many it
stands for, and in each draw what noise may have added to an audience or taken from it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from math import exp, log

import numpy as np
from pydantic import TypeAdapter

from fullhouse.campaigns.campaign import Power
from fullhouse.campaigns.power import WHOLE, power_of_part
from fullhouse.cleanroom.market import TenantForecast
from fullhouse.cleanroom.people import CleanRoom
from fullhouse.cleanroom.policy import Policy
from fullhouse.cleanroom.private import TraitSizes
from fullhouse.cleanroom.question import Cards
from fullhouse.cleanroom.release import NANO, Z95, ForTenants, Note, ReleasedLine, ReleasedNumber
from fullhouse.cleanroom.releases import HeldRelease, RestsOn, held, rests_on
from fullhouse.cleanroom.size_table import SizeTable, sized_room, within_bounds
from fullhouse.control import record
from fullhouse.control.campaigns import find_plan, plans, save_plan
from fullhouse.core.arrays import Flags, Floats, Integers
from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.core.values import slug
from fullhouse.planning.build import build_plan
from fullhouse.planning.channel import Channel, read_channels
from fullhouse.planning.inputs import DRAWS, LARGEST, kind_of, plan_response, plan_weeks
from fullhouse.planning.plan import Plan, plan_from
from fullhouse.planning.problem import (
    CITY_GROUPS,
    Attitude,
    PlanInputs,
    PlanLimits,
    PlannedFilm,
    read_limits,
)
from fullhouse.sample.sales import ExpectedSales
from fullhouse.workspace.context import Context
from fullhouse.workspace.runs import remembered

MOST_AUDIENCES = 8
MOST_SOURCES = 6
MOST_ROWS = 2_000
"""Rows of people alike; those in rarer combinations count in the first audience of theirs."""
MOST_SPREAD = 1.0
"""Spread of the log of an audience's tickets by noise, at most."""


@dataclass(frozen=True)
class PlanTerms:
    """What a tenant gives to its plan: its money, prices, limits, and what it knows of sales.

    `price` is of a ticket and `share` that of the market's tickets which the house's people buy;
    `expected_people` how many of them would buy one without a campaign.
    """

    budget: float
    channels: str | None = None
    limits: str | None = None
    weeks: int = 4
    attitude: Attitude = "neutral"
    holdout: float = 0.1
    price: float | None = None
    share: float | None = None
    expected_people: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if self.price is not None and not self.price > 0:
            raise InputError(f"The price of a ticket must be above 0, not {self.price:g}.")
        if self.share is not None and not 0 < self.share <= 1:
            raise InputError(f"The share of tickets must be above 0, up to 1, not {self.share:g}.")
        if self.expected_people is not None and not self.expected_people > 0:
            raise InputError(f"Expected people must be above 0, not {self.expected_people:g}.")
        if not 0 <= self.holdout < 1:
            raise InputError(f"A holdout is a share from 0 to below 1, not {self.holdout:g}.")


@dataclass(frozen=True)
class PlannedAudience:
    """An audience of a tenant's plan, as it was released: its size and its affinity."""

    rule: str
    name: str
    family: str
    people: ReleasedNumber
    affinity: ReleasedNumber


@dataclass(frozen=True)
class TenantPlan(ForTenants):
    """A plan from releases: which ones, its audiences with their noise, what a reader must know."""

    plan: Plan
    audiences: tuple[PlannedAudience, ...]
    rests_on: tuple[RestsOn, ...]
    sizes_build: int
    sizes_as_of: date
    notes: tuple[Note, ...]


@dataclass(frozen=True)
class _Ground:
    """What a plan is computed from: releases only."""

    cards: HeldRelease
    audiences: tuple[PlannedAudience, ...]
    sizes: TraitSizes
    table: SizeTable
    seed: ReleasedNumber


def plan_of_tenant(
    context: Context,
    request: object,
    policy: Policy,
    forecast: TenantForecast,
    terms: PlanTerms,
    *,
    name: str = "",
) -> TenantPlan:
    """The plan that sells most for a tenant's budget, by what it was released of its title.

    An error where no cards were released yet, with what they would cost.
    """
    film = forecast.forecast
    ground = _ground(context, policy, film.film)
    if film.opening <= film.as_of:
        raise CannotTellError(code="opened_already", film=film.film, opening=film.opening)
    plan = remembered(
        context,
        request,
        Plan,
        partial(_plan, ground, forecast, terms),
        inputs=f"{ground.cards.digest} {ground.table.build} {film.model.fingerprint}"
        f" {forecast.inputs!r} {sorted(ground.sizes.traits)!r}",
    )
    notes = [Note("plan_from_releases"), Note("consent_not_counted")]
    if _expected(ground, forecast, terms)[1]:
        notes.append(Note("expected_from_interest"))
    return TenantPlan(
        replace(plan, name=name),
        ground.audiences,
        (rests_on(ground.cards),),
        ground.table.build,
        ground.table.as_of,
        (*notes, *forecast.notes),
    )


def _ground(context: Context, policy: Policy, film: str) -> _Ground:
    cards = [h for h in held(context.control, "cards", title=film) if h.as_of <= context.today]
    if not cards:
        price = policy.price(Cards(film))
        raise CannotTellError(code="no_cards_released", film=film, rho=price / NANO)
    newest = cards[0]
    about, table = sized_room(context, policy, None)
    audiences = tuple(_audiences(newest.release.lines, about, table, policy.minimum))
    if not audiences:
        raise CannotTellError(
            code="no_audience_released", film=film, entry=newest.position, as_of=newest.as_of
        )
    visible = {t.name for t in about.visible.traits}
    sizes, _ = table.only([t for t in about.every.traits if t.name in visible])
    return _Ground(newest, audiences, sizes, table, newest.release.lines[0].figures["people"])


def _audiences(
    lines: Sequence[ReleasedLine], about: CleanRoom, table: SizeTable, minimum: int
) -> list[PlannedAudience]:
    """The cards whose sizes the tenant may know, the highest affinity first."""
    place = {name: i for i, name in enumerate(table.sizes.traits)}
    visible = {t.name for t in about.visible.traits}
    cards = []
    for line in lines:
        ratio = line.figures.get("affinity")
        trait = line.of["trait"]
        if ratio is None or ratio.value is None or trait not in place or trait not in visible:
            continue
        size = within_bounds(table.sizes.size(place[trait]), minimum)
        if size.value is not None:
            cards.append(PlannedAudience(trait, line.of["label"], line.of["family"], size, ratio))
    cards.sort(key=lambda c: (-(c.affinity.value or 0.0), c.rule))
    return cards[:MOST_AUDIENCES]


def _plan(ground: _Ground, forecast: TenantForecast, terms: PlanTerms, _: Context) -> Plan:
    film = forecast.forecast
    claims = {
        a.rule: (a.affinity.value, a.affinity.low or 0.0, a.affinity.high or a.affinity.value)
        for a in ground.audiences
        if a.affinity.value is not None
    }
    about = PlannedFilm(
        film.film, film.title, film.territory, film.as_of, film.opening, film.simulated, claims
    )
    expected, _from_interest = _expected(ground, forecast, terms)
    channels = read_channels(terms.channels)
    inputs = release_inputs(
        ground.sizes,
        ground.audiences,
        channels,
        plan_weeks(about, terms.weeks),
        expected=expected,
        seed=terms.seed,
    )
    limits = read_limits(terms.limits) if terms.limits else PlanLimits()
    response = plan_response(inputs, [], terms.seed)
    base = _base(forecast, terms, expected)
    return build_plan(
        about, inputs, response, base, limits, terms.budget, terms.attitude, terms.holdout
    )


def _expected(ground: _Ground, forecast: TenantForecast, terms: PlanTerms) -> tuple[float, bool]:
    """Tickets that the house's people buy without a campaign; whether that is taken from interest.

    As the tenant says; or its forecast's total in the house's share; or as many as want it.
    """
    if terms.expected_people is not None:
        return terms.expected_people, False
    total = forecast.forecast.ranges.get("total")
    if total is not None and terms.price is not None and terms.share is not None:
        return total.median / terms.price * terms.share, False
    return max(ground.seed.value or float(ground.seed.fewer_than or 1), 1.0), True


def _base(forecast: TenantForecast, terms: PlanTerms, expected: float) -> ExpectedSales | None:
    total = forecast.forecast.ranges.get("total")
    if total is None or terms.price is None:
        return None
    low, high = total.between(0.8)
    share = min(1.0, expected * terms.price / total.median)
    currency = forecast.forecast.currency
    return ExpectedSales(total.median, low, high, terms.price, currency, share)


def release_inputs(
    sizes: TraitSizes,
    audiences: Sequence[PlannedAudience],
    channels: Sequence[Channel],
    weeks: tuple[date, ...],
    *,
    expected: float,
    seed: int,
) -> PlanInputs:
    """The inputs of a plan from released numbers: rows of people alike, and draws of the noise.

    Traits count as independent within an activity stratum, as in the free sizes of rules.
    """
    if len(channels) and len({s for c in channels for s in c.sources}) > MOST_SOURCES:
        raise InputError(f"A plan's channels have at most {MOST_SOURCES} sources together.")
    place = {name: i for i, name in enumerate(sizes.traits)}
    sources = list(dict.fromkeys(slug(s) for c in channels for s in c.sources))
    columns = [place.get(a.rule) for a in audiences]
    columns += [place.get(f"source:{s}") for s in sources]
    city_share, groups = _city_groups(sizes)
    bits, city, people = _rows(sizes, columns, city_share, len(audiences))
    members = bits[:, : len(audiences)]
    on_source = {s: bits[:, len(audiences) + i] for i, s in enumerate(sources)}
    ratio = np.array([a.affinity.value or 1.0 for a in audiences])
    rate = np.maximum(np.where(members, ratio, 1.0).max(axis=1), 1.0)
    rate *= expected / max(float((rate * people).sum()), 1e-9)
    return PlanInputs(
        tuple(a.name for a in audiences),
        tuple(a.rule for a in audiences),
        tuple(kind_of(a.family) for a in audiences),
        tuple(channels),
        weeks,
        groups,
        list(members.T),
        [np.logical_or.reduce([on_source[slug(s)] for s in c.sources]) for c in channels],
        city,
        rate,
        people,
        _noise(audiences, seed),
    )


def _city_groups(sizes: TraitSizes) -> tuple[Floats, dict[str, tuple[str, ...]]]:
    """The share of each stratum that lives in each city group, and the cities of the groups."""
    cities = [
        (float(sizes.totals[i]), i, name)
        for i, name in enumerate(sizes.traits)
        if name.startswith("city:") and sizes.totals[i] > 0
    ]
    cities.sort(key=lambda c: (-c[0], c[2]))
    half, counted = sum(c[0] for c in cities) / 2, 0.0
    share = np.zeros((len(sizes.strata), len(CITY_GROUPS)))
    names: dict[str, list[str]] = {g: [] for g in CITY_GROUPS}
    for number, (people, column, name) in enumerate(cities):
        group = 0 if number < LARGEST else 1 if counted < half + half / 2 else 2
        counted += people
        names[CITY_GROUPS[group]].append(name.removeprefix("city:"))
        share[:, group] += sizes.share[:, column]
    over = np.maximum(share.sum(axis=1), 1.0)
    share /= over[:, None]
    share[:, -1] += 1 - share.sum(axis=1)
    return share, {g: tuple(n) for g, n in names.items()}


def _rows(
    sizes: TraitSizes, columns: Sequence[int | None], city_share: Floats, audiences: int
) -> tuple[Flags, Integers, Floats]:
    """Rows of people alike: in which audiences and sources, which city group, how many they are."""
    chance = sizes.strata[:, None].astype(np.float64)
    for column in columns:
        p = 0.0 if column is None else sizes.share[:, [column]]
        chance = np.hstack([chance * (1 - p), chance * p])
    # Columns double with each bit, so that bit i of a column's number says whether it has set i.
    people = chance.T @ city_share
    numbers = np.arange(len(people))
    kept = np.argsort(-people.sum(axis=1), kind="stable")
    rare = np.zeros(len(people), dtype=bool)
    rare[kept[MOST_ROWS:]] = True
    numbers = np.where(rare, _first_only(numbers, audiences), numbers)
    codes, at = np.unique(numbers, return_inverse=True)
    counts = np.zeros((len(codes), len(CITY_GROUPS)))
    np.add.at(counts, at, people)
    code, city = np.nonzero(counts > 0)
    bits = (codes[code][:, None] >> np.arange(len(columns))) & 1 == 1
    return bits, city, counts[code, city]


def _first_only(numbers: Integers, audiences: int) -> Integers:
    """The sets' numbers with no audience but the first of theirs."""
    of_audiences = numbers & ((1 << audiences) - 1)
    first = of_audiences & -of_audiences
    return (numbers & ~((1 << audiences) - 1)) | first


def _noise(audiences: Sequence[PlannedAudience], seed: int) -> Floats:
    """By what noise may have changed each audience's tickets, in each draw: log-normal, mean 1.

    The spreads are those that the released intervals have, of size and affinity together.
    """
    spread = np.array(
        [min((_spread(a.people) ** 2 + _spread(a.affinity) ** 2) ** 0.5, MOST_SPREAD)
         for a in audiences]
    )  # fmt: skip
    z = np.random.default_rng(seed).standard_normal((DRAWS, len(audiences)))
    noise: Floats = np.exp(spread * z - spread**2 / 2)
    return noise


def _spread(number: ReleasedNumber) -> float:
    """The spread of the log of a released number, by its 95 % interval."""
    if number.value is None or number.low is None or number.high is None or number.value <= 0:
        return 0.0
    least = number.value * exp(-2 * Z95 * MOST_SPREAD)
    return (log(max(number.high, least)) - log(max(number.low, least))) / (2 * Z95)


@dataclass(frozen=True)
class SavedTenantPlan:
    """A saved version of a tenant's plan, in short."""

    name: str
    version: int
    film: str
    budget: float
    currency: str
    tickets: float
    at: datetime


@dataclass(frozen=True)
class TenantPlans(ForTenants):
    """The saved plans of a tenant, every version, by name, the newest first."""

    plans: tuple[SavedTenantPlan, ...]


@dataclass(frozen=True)
class PlanPower(ForTenants):
    """What a plan could show, the whole first, and that the sizes behind it hold noise.

    `relative_error` is by how much of itself the size of each part may be off (95 %).
    """

    plan: str
    powers: tuple[Power, ...]
    relative_error: Mapping[str, float]


def save(context: Context, name: str, plan: TenantPlan) -> None:
    """Save a plan as the next version of a name, with what it rests on."""
    save_plan(context.control, name, plan.plan.film, _PLAN.dump_python(plan, mode="json"),
              at=context.now)  # fmt: skip
    detail: dict[str, object] = {"film": plan.plan.film, "lines": len(plan.plan.lines)}
    record(context.control, "plan", detail | {"saved": name})


def saved(context: Context) -> Sequence[SavedTenantPlan]:
    """Every version of the tenant's saved plans that was made from releases."""
    versions = []
    for row in plans(context.control):
        if "rests_on" not in row.body:
            continue
        plan = plan_from(row.body["plan"])
        versions.append(
            SavedTenantPlan(
                row.name, row.version, row.film, plan.budget, plan.currency, plan.tickets.middle,
                row.at,
            )
        )  # fmt: skip
    return versions


def find(context: Context, name: str) -> TenantPlan:
    """A saved plan of the tenant; an error with near names of its own where there is none."""
    row = find_plan(context.control, name)
    if "rests_on" not in row.body:
        raise InputError(f"The plan {name!r} was not made from your releases.")
    return _PLAN.validate_python(row.body)


def power(plan: TenantPlan, *, rate: float | None, holdout: float | None) -> PlanPower:
    """What the whole plan and each audience could show, by the sizes that the plan has."""
    of = plan.plan
    share = of.holdout if holdout is None else holdout
    if share <= 0:
        raise InputError("A plan without a holdout can show nothing: give --holdout.")
    # The plan's people are those to be contacted; those held out are of the same audiences.
    whole = of.people / (1 - of.holdout)
    added = of.tickets.middle / max(of.people, 1.0)
    base = rate if rate is not None else min(max(of.base_tickets / max(of.people, 1.0), 1e-6), 0.99)
    powers = [power_of_part(WHOLE, "whole", round(whole), holdout=share, rate=base, expected=added)]
    errors = {}
    for audience in plan.audiences:
        lines = [x for x in of.lines if x.rule == audience.rule]
        people, tickets = of.base_by_audience.get(audience.rule, (0.0, 0.0))
        if not lines or people < 1:
            continue
        own = rate if rate is not None else min(max(tickets / people, 1e-6), 0.99)
        gained = sum(x.tickets.middle for x in lines) / people
        many = round(people / (1 - of.holdout))
        powers.append(
            power_of_part(audience.name, "audience", many, holdout=share, rate=own, expected=gained)
        )
        errors[audience.name] = Z95 * _spread(audience.people)
    return PlanPower(of.name, tuple(powers), errors)


_PLAN = TypeAdapter(TenantPlan)
