"""A film's audiences near a cinema: how many people live there, and the tickets they will buy."""

from collections.abc import Sequence

from fullhouse.core.person_sets import PersonSet, is_inside, only, size
from fullhouse.exhibit.exhibit import NearbyAudience, at_least, hidden_parts
from fullhouse.exhibit.market import Market
from fullhouse.sample.analysis_sample import AnalysisSample
from fullhouse.sample.sheet import rule_masks
from fullhouse.traits.names import name_slug

MOST_AUDIENCES = 8
ELSEWHERE = ""


def audiences_near(
    house: AnalysisSample, market: Market, city: str, cinema_share: float, minimum: int
) -> tuple[NearbyAudience, ...]:
    """The film's audiences with their people in a city (by its slug) and tickets expected of them.

    People are all of the house who take part in analytics; tickets those that they will buy in
    the run. Packs of several cities, or of audiences one inside another, tell no small rest.
    """
    told = [(c.name, c.rule) for c in market.found.cards[:MOST_AUDIENCES]]
    if market.found.obvious:
        told.append(("The obvious audience", " | ".join(p.rule for p in market.found.obvious)))
    if not told:
        return ()
    people = house.people(*(rule for _, rule in told))
    counts, inside = _counts(house, people, minimum)
    tickets = _tickets(house, market, city, [rule for _, rule in told])
    found = []
    for k, (name, rule) in enumerate(told):
        hidden = hidden_parts([counts[k]], minimum, hide=inside[k])
        count = None if city in hidden else counts[k].get(city)
        mine = None if count is None else at_least(float(round(tickets[k] * cinema_share)), minimum)
        found.append(NearbyAudience(name, rule, count, mine))
    return tuple(found)


def _counts(
    house: AnalysisSample, audiences: Sequence[PersonSet], minimum: int
) -> tuple[list[dict[str, int]], list[set[str]]]:
    """People of each audience by city, and the cities where it fills another one.

    There the two numbers would tell the few who are in the other alone.
    """
    traits = [t for t in house.traits if t.family == "city"]
    counts: list[dict[str, int]] = [{} for _ in audiences]
    inside: list[set[str]] = [set() for _ in audiences]
    for trait, here in zip(traits, house.people(*(t.name for t in traits)), strict=True):
        city = name_slug(trait.label.removeprefix("lives in "))
        local = [only(mine, here) for mine in audiences]
        for k, mine in enumerate(local):
            counts[k][city] = size(mine)
            for j, other in enumerate(local):
                more = size(other) - size(mine)
                if j != k and 0 <= more < minimum and (more or j < k) and is_inside(mine, other):
                    inside[k].add(city)
    for k, people in enumerate(audiences):
        counts[k][ELSEWHERE] = size(people) - sum(counts[k].values())
        if not counts[k][ELSEWHERE]:
            del counts[k][ELSEWHERE]
    return counts, inside


def _tickets(house: AnalysisSample, market: Market, city: str, rules: Sequence[str]) -> list[float]:
    """Tickets that each audience's people in a city are expected to buy in the run."""
    masks = rule_masks(market.sheet, rules, house.population.catalogue)
    here = market.city == market.names.index(city)
    every = market.visits[here].sum()
    theirs = market.run.middle * market.cities[city].share * market.tickets.known_share
    return [float(theirs * market.visits[here & mask].sum() / every) for mask in masks.T]
