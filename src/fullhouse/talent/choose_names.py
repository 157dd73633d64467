"""A set of names whose fans are as many different people as can be, for a number or a budget."""

from collections.abc import Mapping
from dataclasses import dataclass

from fullhouse.core.person_sets import BlockSets, PersonSet, inside, size, union

MOST_NAMES = 5
"""Names of a set that is chosen without costs."""


@dataclass(frozen=True)
class ChosenNames:
    """Names in the order of their choice, and how many people any affordable set has at most."""

    names: tuple[str, ...]
    people: int
    at_most: int


def choose_names(
    fans: Mapping[str, PersonSet],
    *,
    costs: Mapping[str, float] | None = None,
    budget: float | None = None,
    most: int = MOST_NAMES,
) -> ChosenNames:
    """Names one after the other by people that those before do not bring, for each unit of cost.

    Without costs at most `most` names: at least 1 − 1/e of the best such set (Nemhauser, Wolsey and
    Fisher 1978). With costs and a budget the better of that choice and of the best single name: at
    least half of 1 − 1/e (Leskovec and others 2007). A name that adds nobody is not taken.
    """
    each = {name: (costs or {}).get(name, 1.0) for name in fans}
    left = float(most) if costs is None or budget is None else budget
    can = {n: fans[n] for n in sorted(fans) if each[n] <= left}
    chosen, at_most = _greedy(can, each, left)
    best = max(can, key=lambda n: size(can[n]), default=None)
    if best is not None and size(can[best]) > size(union(*(can[n] for n in chosen))):
        chosen = [best]
    people = size(union(*(can[n] for n in chosen)))
    return ChosenNames(tuple(chosen), people, max(at_most, people))


def _greedy(
    fans: Mapping[str, PersonSet], cost: Mapping[str, float], budget: float
) -> tuple[list[str], int]:
    """The names by people per cost while any can be paid, and the least bound on all sets."""
    covered: BlockSets = {}
    chosen: list[str] = []
    spent, at_most = 0.0, size(union(*fans.values()))
    while True:
        gains = {
            n: size(people) - inside(people, covered)
            for n, people in fans.items()
            if n not in chosen
        }
        at_most = min(at_most, size(covered) + _fractional(gains, cost, budget))
        able = [n for n, gain in gains.items() if gain and spent + cost[n] <= budget + 1e-9]
        if not able:
            return chosen, at_most
        name = max(able, key=lambda n: gains[n] / cost[n])
        chosen.append(name)
        spent += cost[name]
        covered = union(covered, fans[name])


def _fractional(gains: Mapping[str, int], cost: Mapping[str, float], budget: float) -> int:
    """The most people of any set that could be paid, were names divisible and their fans apart."""
    left, people = budget, 0.0
    for name in sorted(gains, key=lambda n: -gains[n] / cost[n]):
        if left <= 0:
            break
        share = min(1.0, left / cost[name])
        people, left = people + share * gains[name], left - cost[name]
    return int(people + 1e-6)
