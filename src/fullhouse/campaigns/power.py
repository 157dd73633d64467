"""What a plan could show before it is launched, and what would show what it expects."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import ceil, inf, log
from statistics import median

import numpy as np
from pyroaring import BitMap

from fullhouse.campaigns.campaign import LineAudience, Power
from fullhouse.campaigns.launch import eligible
from fullhouse.core.errors import CannotTellError
from fullhouse.core.person_sets import PersonSet, inside, low_ids_of, size, union
from fullhouse.core.values import BLOCK_BITS
from fullhouse.planning.plan import Plan, PlanLine
from fullhouse.sample.analysis_sample import AnalysisSample
from fullhouse.sample.sales import SELLING_DAYS, known_share, ticket_buyers
from fullhouse.stats.power import holdout_share, rate_sd, smallest_effect

FILMS = 5
"""Past films that give the base rate, the nearest in size."""
WHOLE = "the whole campaign"
MOST_PEOPLE = 100_000_000
"""No house could contact more."""


@dataclass(frozen=True)
class PlanPart:
    """The whole plan, an audience or a line: its eligible people, and its lines with theirs."""

    name: str
    group: str
    people: PersonSet
    lines: tuple[tuple[PlanLine, int], ...]

    @property
    def expected(self) -> float:
        """Tickets that the plan expects its lines to add, per person of the part."""
        added = sum(x.tickets.middle / max(x.people, 1.0) * many for x, many in self.lines)
        return added / max(size(self.people), 1)


def plan_power(
    house: AnalysisSample,
    plan: Plan,
    audiences: Sequence[LineAudience],
    *,
    holdout: float,
    rate: float | None,
    rho2: float | None,
) -> tuple[Power, ...]:
    """What the whole plan, each audience and each line could show, the whole first.

    `rate` and `rho2` as in `power_of_part`; where they are not given, the rate is what the plan
    expects these people to buy without it or, of an older plan, the median share of them that saw
    past films, those nearest to the forecast in size; and `rho2` what it was at these films.
    """
    parts = _parts(plan, [eligible(x) for x in audiences])
    rates = [rate] * len(parts) if rate is not None else _planned_rates(plan, parts)
    if not rates or rho2 is None:
        buyers = ticket_buyers(house)
        films = _comparable(house, plan, buyers)
        rates = rates or _past_rates(parts, [buyers[f] for f in films])
        if rho2 is None:
            rho2 = _rho2(house, parts[0].people, films, buyers)
    whole = size(parts[0].people)
    if min(round(whole * holdout), whole - round(whole * holdout)) < 2:
        raise CannotTellError(code="arm_without_people", people=whole, holdout=holdout)
    return tuple(
        power_of_part(
            p.name, p.group, size(p.people), holdout=holdout, rate=r, expected=p.expected, rho2=rho2
        )
        for p, r in zip(parts, rates, strict=True)
        if r is not None
    )


def power_of_part(
    name: str,
    group: str,
    people: int,
    *,
    holdout: float,
    rate: float,
    expected: float,
    rho2: float = 0.0,
) -> Power:
    """The power of some people with a share held out, against what the plan expects of them.

    `rate` is the share of them that buys a ticket anyway, `rho2` the share of the variance that
    tickets of the year before explain.

    >>> power_of_part("dogs", "line", 10_000, holdout=0.1, rate=0.02, expected=0.001).needed
    615353
    """
    out = round(people * holdout)
    sd = rate_sd(rate)
    smallest = inf
    if min(out, people - out) >= 2:
        smallest = smallest_effect(people - out, out, sd, rho2=rho2)
    share = _suggested(people, expected, sd, rho2)
    needed = _needed(expected, sd, rho2) if share is None and expected > 0 else None
    return Power(name, people - out, out, rate, smallest, group, rho2, expected, share, needed)


def _suggested(people: int, expected: float, sd: float, rho2: float) -> float | None:
    if people < 4 or not expected > 0:
        return None
    try:
        # Never so few that an arm has nobody.
        return max(holdout_share(people, expected, sd, rho2=rho2), 2 / people)
    except CannotTellError:
        return None


def _needed(expected: float, sd: float, rho2: float) -> int | None:
    """People who would show it with half of them held out."""
    # The smallest effect falls with the root of the people.
    half = smallest_effect(500_000, 500_000, sd, rho2=rho2)
    needed = ceil(1_000_000 * (half / expected) ** 2)
    return needed if needed <= MOST_PEOPLE else None


def _parts(plan: Plan, lines: Sequence[PersonSet]) -> list[PlanPart]:
    counted = [(x, size(people)) for x, people in zip(plan.lines, lines, strict=True)]
    parts = [PlanPart(WHOLE, "whole", union(*lines), tuple(counted))]
    for rule in dict.fromkeys(x.rule for x in plan.lines):
        places = [i for i, x in enumerate(plan.lines) if x.rule == rule]
        name = plan.lines[places[0]].audience
        people = union(*(lines[i] for i in places))
        parts.append(PlanPart(name, "audience", people, tuple(counted[i] for i in places)))
    parts += [
        PlanPart(line.id, "line", people, ((line, count),))
        for (line, count), people in zip(counted, lines, strict=True)
    ]
    return parts


def _comparable(house: AnalysisSample, plan: Plan, buyers: Mapping[str, PersonSet]) -> list[str]:
    """The past films whose sales inform on the plan's film, nearest in size first, by slug.

    Their runs are over and lie inside the house's events. Size is people of the house who went,
    against the plan's base forecast in the house's share; without a base the latest films count.
    """
    first, _ = house.span
    past = [
        (k.slug, k.opening)
        for k in house.films.values()
        if k.film != plan.film
        and k.slug is not None
        and k.slug in buyers
        and k.opening is not None
        and (first is None or first <= k.opening)
        and k.opening <= house.day - timedelta(days=SELLING_DAYS)
    ]
    share = known_share(house, plan.price) if plan.base is not None and plan.price > 0 else None
    if plan.base is not None and share:
        about = max(plan.base.middle / plan.price * share, 1.0)
        near = sorted(past, key=lambda x: (abs(log(size(buyers[x[0]]) / about)), x[0]))
    else:
        near = sorted(past, key=lambda x: (-x[1].toordinal(), x[0]))
    return [slug for slug, _ in near[:FILMS]]


def _planned_rates(plan: Plan, parts: Sequence[PlanPart]) -> list[float | None]:
    """Tickets per person that the plan expects without it; none where it has no such figure."""
    if not plan.base_tickets > 0 or not plan.people > 0:
        return []
    whole = plan.base_tickets / plan.people
    rates: list[float | None] = []
    for part in parts:
        people, tickets = plan.base_by_audience.get(part.lines[0][0].rule, (0.0, 0.0))
        rate = tickets / people if part.group != "whole" and people and tickets else whole
        rates.append(_share(rate * size(part.people), size(part.people)))
    return rates


def _share(buyers: float, people: int) -> float | None:
    """The share, at least half a person and not everybody; None of nobody."""
    return min(max(buyers, 0.5), people - 0.5) / people if people else None


def _past_rates(parts: Sequence[PlanPart], films: Sequence[PersonSet]) -> list[float | None]:
    """The median share of each part that saw the films; at least half a person."""
    if not films:
        raise CannotTellError(code="no_base_rate")
    return [
        _share(median(inside(part.people, film) for film in films), size(part.people))
        for part in parts
    ]


def _rho2(
    house: AnalysisSample, people: PersonSet, films: Sequence[str], buyers: Mapping[str, PersonSet]
) -> float:
    """The share of the variance of seeing a film that films seen in the year before explain."""
    opening = {k.slug: k.opening for k in house.films.values() if k.slug and k.opening}
    shares = []
    for film in films:
        day = opening[film]
        before = [
            buyers[s]
            for s, o in opening.items()
            if s in buyers and s != film and timedelta(0) < day - o <= timedelta(days=365)
        ]
        shares.append(_explained(people, buyers[film], before))
    return float(np.mean(shares)) if shares else 0.0


def _explained(people: PersonSet, film: PersonSet, before: Sequence[PersonSet]) -> float:
    """The squared correlation, over people, of seeing a film and of how many others they saw."""
    n = x = xx = y = xy = 0.0
    for block, here in people.items():
        ids = low_ids_of(here)
        films_before = np.zeros(1 << BLOCK_BITS, np.int32)
        for other in before:
            films_before[low_ids_of(other.get(block, BitMap()))] += 1
        bought = low_ids_of(here & film.get(block, BitMap()))
        each = films_before[ids].astype(np.float64)
        n, y = n + len(ids), y + len(bought)
        x, xx, xy = x + each.sum(), xx + (each**2).sum(), xy + films_before[bought].sum()
    spread = (xx - x * x / n) * (y - y * y / n) if n else 0.0
    return float(min((xy - x * y / n) ** 2 / spread, 0.99)) if spread > 0 else 0.0
