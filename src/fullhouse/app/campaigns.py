"""What a campaign could show before it is launched, and which there are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import log
from statistics import median

import numpy as np
from pyroaring import BitMap

from fullhouse.campaigns.campaign_people import channels_of, line_audiences
from fullhouse.campaigns.foresight import Power, foresee
from fullhouse.campaigns.launch import eligible
from fullhouse.consent import ADVERTISING
from fullhouse.control.campaign_records import SavedCampaign
from fullhouse.control.campaigns import campaigns, find_plan
from fullhouse.core.errors import CannotTellError
from fullhouse.core.person_sets import PersonSet, inside, low_ids_of, size, union
from fullhouse.core.values import BLOCK_BITS
from fullhouse.planning.plan import Line, Plan, plan_from
from fullhouse.sample.analysis_sample import AnalysisSample, analysis_sample
from fullhouse.sample.film_sales import SELLING_DAYS, known_share, ticket_buyers
from fullhouse.workspace.context import Context

FILMS = 5
"""Past films that tell the base rate, the nearest in size."""
WHOLE = "the whole campaign"


@dataclass(frozen=True)
class Part:
    """The whole, an audience or a line: its people, and the lines that speak to them."""

    name: str
    group: str
    people: PersonSet
    lines: tuple[tuple[Line, int], ...]

    @property
    def expected(self) -> float:
        """Tickets that the plan expects its lines to add, per person of the part."""
        won = sum(x.tickets.middle / max(x.people, 1.0) * many for x, many in self.lines)
        return won / max(size(self.people), 1)


def campaign_power(
    context: Context,
    plan_name: str,
    *,
    rate: float | None = None,
    holdout: float | None = None,
    rho2: float | None = None,
    channels: str | None = None,
) -> tuple[Power, ...]:
    """What the whole plan, each audience and each line could show, with 80 % power at 95 %.

    Counted over the people who would be eligible now. `rate` is the share of them that buys a
    ticket without a campaign; without it what the plan expects them to buy anyway, or, of a plan
    that does not tell, the median share of these people that saw past films, those nearest to the
    forecast in size. `rho2` is the share of the variance that tickets of the
    year before take away; without it what it was at these films, or 0 where none tell. What the
    plan expects of a part and cannot be shown is said, with what to ask for; the whole stands
    first.
    """
    plan = plan_from(find_plan(context.control, plan_name).body)
    out = plan.holdout if holdout is None else holdout
    told = channels_of(plan, channels)
    with (
        analysis_sample(context, territory=plan.territory) as house,
        analysis_sample(context, territory=plan.territory, purpose=ADVERTISING) as willing,
    ):
        lines = [eligible(x) for x in line_audiences(house, willing, plan, told)]
        parts = _parts(plan, lines)
        rates = [rate] * len(parts) if rate is not None else _planned(plan, parts)
        if not rates or rho2 is None:
            goers = ticket_buyers(house)
            films = _comparable(house, plan, goers)
            rates = rates or _rates(parts, [goers[f] for f in films])
            if rho2 is None:
                rho2 = _rho2(house, parts[0].people, films, goers)
    whole = size(parts[0].people)
    if min(round(whole * out), whole - round(whole * out)) < 2:
        raise CannotTellError(
            f"{whole:,} people with {out:.0%} held out leave an arm without anybody; hold out"
            " more, or speak to more people."
        )
    return tuple(
        foresee(
            p.name, p.group, size(p.people), holdout=out, rate=r, expected=p.expected, rho2=rho2
        )
        for p, r in zip(parts, rates, strict=True)
        if r is not None
    )


def campaign_list(context: Context) -> list[SavedCampaign]:
    """Every campaign, the newest first."""
    return campaigns(context.control)


def _parts(plan: Plan, lines: Sequence[PersonSet]) -> list[Part]:
    each = [(x, size(mine)) for x, mine in zip(plan.lines, lines, strict=True)]
    found = [Part(WHOLE, "whole", union(*lines), tuple(each))]
    for rule in dict.fromkeys(x.rule for x in plan.lines):
        mine = [i for i, x in enumerate(plan.lines) if x.rule == rule]
        name = plan.lines[mine[0]].audience
        people = union(*(lines[i] for i in mine))
        found.append(Part(name, "audience", people, tuple(each[i] for i in mine)))
    found += [
        Part(x.id, "line", mine, ((x, many),)) for (x, many), mine in zip(each, lines, strict=True)
    ]
    return found


def _comparable(house: AnalysisSample, plan: Plan, goers: Mapping[str, PersonSet]) -> list[str]:
    """The past films whose sales tell of the plan's film, nearest in size first, by slug.

    Their runs are over and lie inside the house's events. Size is people of the house who went,
    against the plan's base forecast in the house's share; without a base the latest films count.
    """
    first, _ = house.span
    past = [
        (k.slug, k.opening)
        for k in house.films.values()
        if k.film != plan.film
        and k.slug is not None
        and k.slug in goers
        and k.opening is not None
        and (first is None or first <= k.opening)
        and k.opening <= house.day - timedelta(days=SELLING_DAYS)
    ]
    share = known_share(house, plan.price) if plan.base is not None and plan.price > 0 else None
    if plan.base is not None and share:
        about = max(plan.base.middle / plan.price * share, 1.0)
        near = sorted(past, key=lambda x: (abs(log(size(goers[x[0]]) / about)), x[0]))
    else:
        near = sorted(past, key=lambda x: (-x[1].toordinal(), x[0]))
    return [slug for slug, _ in near[:FILMS]]


def _planned(plan: Plan, parts: Sequence[Part]) -> list[float | None]:
    """Tickets per person that the plan expects without it; nothing where it does not tell."""
    if not plan.base_tickets > 0 or not plan.people > 0:
        return []
    whole = plan.base_tickets / plan.people
    found: list[float | None] = []
    for part in parts:
        people, tickets = plan.base_by_audience.get(part.lines[0][0].rule, (0.0, 0.0))
        told = tickets / people if part.group != "whole" and people and tickets else whole
        found.append(_share(told * size(part.people), size(part.people)))
    return found


def _share(buyers: float, people: int) -> float | None:
    """The share, at least half a person and not everybody; None of nobody."""
    return min(max(buyers, 0.5), people - 0.5) / people if people else None


def _rates(parts: Sequence[Part], films: Sequence[PersonSet]) -> list[float | None]:
    """The median share of each part that saw the films; at least half a person."""
    if not films:
        raise CannotTellError(
            "No past film's tickets in the house tell how many buy anyway: give --rate, such as"
            " 0.02 where one of fifty of these people buys a ticket for a film like this."
        )
    return [
        _share(median(inside(part.people, film) for film in films), size(part.people))
        for part in parts
    ]


def _rho2(
    house: AnalysisSample, people: PersonSet, films: Sequence[str], goers: Mapping[str, PersonSet]
) -> float:
    """The share of the variance of seeing a film that films seen in the year before explain."""
    opening = {k.slug: k.opening for k in house.films.values() if k.slug and k.opening}
    found = []
    for film in films:
        day = opening[film]
        before = [
            goers[s]
            for s, o in opening.items()
            if s in goers and s != film and timedelta(0) < day - o <= timedelta(days=365)
        ]
        found.append(_explained(people, goers[film], before))
    return float(np.mean(found)) if found else 0.0


def _explained(people: PersonSet, film: PersonSet, before: Sequence[PersonSet]) -> float:
    """The squared correlation, over people, of seeing a film and of how many others they saw."""
    n = x = xx = y = xy = 0.0
    for block, here in people.items():
        ids = low_ids_of(here)
        seen = np.zeros(1 << BLOCK_BITS, np.int32)
        for other in before:
            seen[low_ids_of(other.get(block, BitMap()))] += 1
        went = low_ids_of(here & film.get(block, BitMap()))
        mine = seen[ids].astype(np.float64)
        n, y = n + len(ids), y + len(went)
        x, xx, xy = x + mine.sum(), xx + (mine**2).sum(), xy + seen[went].sum()
    spread = (xx - x * x / n) * (y - y * y / n) if n else 0.0
    return float(min((xy - x * y / n) ** 2 / spread, 0.99)) if spread > 0 else 0.0
