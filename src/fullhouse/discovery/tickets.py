"""A forecast's total in tickets, shared out over audiences and over cities.

A group's share is the share of the expected visits that its people have, so groups that do not
overlap add up to the total. People outside the house are part of the total: they are a group of
their own among the audiences, and are spread over the cities as the people of the house are.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import exp, hypot, inf, isfinite, log

import numpy as np
from scipy.stats import norm

from fullhouse.core.arrays import Flags, Floats, Integers
from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.discovery.card import Card, TicketGroup, Tickets
from fullhouse.sample.analysis_sample import AnalysisSample
from fullhouse.sample.sales import ExpectedSales
from fullhouse.sample.sheet import Sheet, rule_masks

OUTSIDE = "people the house does not know"
REST = "in none of these audiences"
NO_CITY = "city not known"
FINEST = 2.0**-10
"""Tickets are counted in 1,024ths: sums of such numbers are exact, in whatever order."""
Z80 = float(norm.ppf(0.9))


def film_tickets(
    sample: AnalysisSample,
    people: Sheet,
    cards: Sequence[Card],
    sales: ExpectedSales,
    visits: Floats,
) -> Tickets:
    """The expected sales shared out over cards and cities, by each person's expected visits."""
    # Who is in several counts in the most specific: a broad one would swallow it.
    cards = sorted(cards, key=lambda c: -(c.beyond.value or 0.0))
    city, cities = cities_of(people)
    masks = rule_masks(people, [c.rule for c in cards], sample.population.catalogue)
    return share_tickets(
        sales.total,
        sales.low,
        sales.high,
        sales.price,
        sales.currency,
        expected=visits,
        weight=people.weight,
        audience=first_of(masks),
        audiences=[c.name for c in cards],
        city=city,
        cities=cities,
        known_share=sales.known_share,
    )


def share_tickets(
    total: float,
    low: float,
    high: float,
    price: float,
    currency: str,
    *,
    expected: Floats,
    weight: Floats,
    audience: Integers,
    audiences: Sequence[str],
    city: Integers,
    cities: Sequence[str],
    known_share: float,
) -> Tickets:
    """The tickets that each audience and each city is expected to buy.

    `total`, `low` and `high` are money: the median of the gross and the ends of its 80 % range;
    `price` is the average ticket's. `expected` is each person's expected visits, on any one
    scale, and each person stands for `weight` people. `audience` and `city` number each person's
    group among the names, -1 for none. `known_share` of all tickets is bought by the house's
    people; the persons of the group outside the house are 0, as nobody counted them.

    Each breakdown adds up to the total exactly; cities come with most tickets first. Order of
    people does not matter. A group's range is the forecast's, scaled and widened by how surely
    its share is known; ranges do not add up, as not all groups are at their low end together.
    How surely `known_share` is known is not in them.
    """
    _check_money(total, low, high, price, currency)
    _check_people(expected, weight, (audience, audiences), (city, cities), known_share)
    tickets = round(total / price / FINEST) * FINEST
    known = known_share * tickets
    inside = _parts(expected, weight, audience, (*audiences, REST), known)
    parts = [replace(p, share=p.share * known_share) for p in inside]
    if known_share < 1:
        parts.append(_Part(OUTSIDE, 0, 1 - known_share, 0.0))
    ends = (low / price, high / price)
    by_city = _groups(_parts(expected, weight, city, (*cities, NO_CITY), known), tickets, ends)
    return Tickets(
        total=tickets,
        low=ends[0],
        high=ends[1],
        price=price,
        currency=currency,
        known_share=known_share,
        audiences=_groups(parts, tickets, ends),
        cities=tuple(sorted(by_city, key=lambda g: (g.name == NO_CITY, -g.tickets, g.name))),
    )


def cities_of(sheet: Sheet) -> tuple[Integers, list[str]]:
    """The number of each person's city among the names, -1 where it is not known."""
    columns = [(i, t) for i, t in enumerate(sheet.traits) if t.family == "city"]
    numbers = np.full(len(sheet.persons), -1, dtype=np.int64)
    for number, (column, _) in enumerate(columns):
        numbers[sheet.holders(column)] = number
    return numbers, [t.label.removeprefix("lives in ") for _, t in columns]


def first_of(masks: Flags) -> Integers:
    """For each person (row) the first audience (column) that has them; -1 for none.

    >>> first_of(np.array([[False, True], [True, True], [False, False]])).tolist()
    [1, 0, -1]
    """
    if not masks.shape[1]:
        return np.full(len(masks), -1, dtype=np.int64)
    first: Integers = np.where(masks.any(axis=1), masks.argmax(axis=1), -1)
    return first


def apportion(shares: Sequence[float], units: int) -> list[int]:
    """Whole units in proportion to shares, by largest remainder.

    Their sum is `units` exactly; of equal remainders the first is rounded up.

    >>> apportion([0.5, 0.25, 0.25], 2)
    [1, 1, 0]
    """
    # Exact fractions: rounded products of large numbers might add up to a unit too many.
    parts = [Fraction(s) for s in shares]
    exact = [p * units / sum(parts) for p in parts]
    whole = [int(x) for x in exact]
    order = sorted(range(len(exact)), key=lambda i: whole[i] - exact[i])
    for i in order[: units - sum(whole)]:
        whole[i] += 1
    return whole


@dataclass(frozen=True)
class _Part:
    """A group's people, its share of some tickets, and the standard error of the share's log."""

    name: str
    persons: int
    share: float
    log_se: float


def _parts(
    expected: Floats, weight: Floats, group: Integers, names: Sequence[str], tickets: float
) -> list[_Part]:
    """The groups in order of names; the last one has those of none, and is left out if empty.

    A group's tickets vary by who is among the people (a person more or less is v tickets, so v²)
    and by who really goes (Poisson: v). Shares of a sum then vary by the delta method:
    chance in the group moves its share by what the others have, chance in theirs by what it has.
    """
    visits = expected * weight
    group = np.where(group < 0, len(names) - 1, group)
    # By size first: the same numbers added in the same order, in whatever order people come.
    order = np.lexsort((weight, visits, group))
    visits, group, weight = visits[order], group[order], weight[order]
    visits = visits * (tickets / np.sort(visits).sum())
    of_group = np.bincount(group, visits, minlength=len(names))
    variance = np.bincount(group, visits + visits**2, minlength=len(names))
    share = of_group / of_group.sum()
    others = variance.sum() - variance
    with np.errstate(divide="ignore", invalid="ignore"):
        off = np.hypot((1 - share) * variance**0.5, share * others**0.5) / of_group
        # The log of a log-normal number with that relative error; equal to it where it is small.
        log_se = np.sqrt(np.log1p(off**2))
    persons = np.bincount(group, weight, minlength=len(names))
    parts = [
        _Part(n, round(p), float(s), float(e) if s > 0 else 0.0)
        for n, p, s, e in zip(names, persons.tolist(), share, log_se, strict=True)
    ]
    return parts if parts[-1].persons or parts[-1].share else parts[:-1]


def _groups(
    parts: Sequence[_Part], tickets: float, ends: tuple[float, float]
) -> tuple[TicketGroup, ...]:
    units = apportion([p.share for p in parts], round(tickets / FINEST))
    groups = []
    for part, unit in zip(parts, units, strict=True):
        amount = unit * FINEST
        low, high = (exp(-_off(part, tickets, e)) for e in ends)
        groups.append(TicketGroup(part.name, part.persons, amount, amount * low, amount / high))
    return tuple(groups)


def _off(part: _Part, tickets: float, end: float) -> float:
    """How far an end of a group's 80 % range lies from its middle, in logs.

    The forecast's distance and the share's are independent, so their squares add up.
    """
    return hypot(log(tickets / end), Z80 * part.log_se) if end else inf


def _check_money(total: float, low: float, high: float, price: float, currency: str) -> None:
    if not (isfinite(price) and price > 0):
        raise InputError(f"A ticket must cost more than 0 {currency}, not {price:g}.")
    given = f"low {low:g}, median {total:g}, high {high:g} {currency}"
    if not (all(map(isfinite, (total, low, high))) and total > 0 and low >= 0):
        raise InputError(f"A gross needs a median above 0 and a range from 0 up, not {given}.")
    if total < price:
        raise InputError(f"A gross must be one ticket of {price:g} {currency} or more: {given}.")
    if not low <= total <= high:
        raise InputError(f"Low, median and high of a gross must ascend; given are {given}.")


def _check_people(
    expected: Floats,
    weight: Floats,
    audience: tuple[Integers, Sequence[str]],
    city: tuple[Integers, Sequence[str]],
    known_share: float,
) -> None:
    if not 0 < known_share <= 1:
        raise InputError(
            "The share of tickets that people of the house buy must be above 0 and at most 1,"
            f" not {known_share:g}."
        )
    for what, values in (("Expected visits", expected), ("Weights", weight)):
        if not (np.isfinite(values).all() and (values >= 0).all()):
            raise InputError(f"{what} must be 0 or more; some are negative or NaN.")
    for group, names in (audience, city):
        if not len(expected) == len(weight) == len(group):
            raise InputError(
                "Expected visits, weights and groups must be one for each person, not"
                f" {len(expected):,}, {len(weight):,} and {len(group):,}."
            )
        if len(group) and not -1 <= group.min() <= group.max() < len(names):
            raise InputError(
                f"Groups must be numbers from -1 to {len(names) - 1}, one for each of"
                f" {len(names)} names, not {group.min()} to {group.max()}."
            )
    if not (expected * weight).sum() > 0:
        raise CannotTellError(
            "Tickets cannot be shared out: nobody of the house is expected to buy any."
        )
