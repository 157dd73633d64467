"""Persons among accounts whose links contradict each other: a household is told from a person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True)
class Link:
    """Two nodes that a pair of accounts links.

    `certain` links rest on a shared identifier, the others on an address or a name. `disputed`
    ones link accounts whose own facts differ, because everything else outweighs that.
    """

    a: int
    b: int
    probability: float
    certain: bool
    disputed: bool


@dataclass
class _Group:
    nodes: set[int]
    years: set[int] = field(default_factory=set)
    genders: set[str] = field(default_factory=set)
    sources: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Known:
    """What a node's accounts state, one set for all of them."""

    years: frozenset[int] = frozenset()
    genders: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()


def groups(
    links: Sequence[Link],
    known: Mapping[int, Known],
    apart: Mapping[int, Set[int]] = MappingProxyType({}),
) -> dict[int, int]:
    """The smallest node of each linked node's group.

    The likeliest links come first. Two groups whose birth years or genders have nothing in common
    stay apart, but for a link that was judged with that difference in view; so do nodes and those
    that `apart` names for them. A link without a shared identifier joins no second account of a
    source, and none where another is as likely: between two it cannot choose. The order of links
    does not matter.
    """
    state: dict[int, _Group] = {}
    for node in {n for link in links for n in (link.a, link.b)}:
        facts = known.get(node, Known())
        state[node] = _Group({node}, set(facts.years), set(facts.genders), set(facts.sources))
    for link in sorted(links, key=lambda x: (not x.certain, -x.probability, x.a, x.b)):
        if link.certain:
            _join(state, apart, link)
    weak: dict[int, list[Link]] = defaultdict(list)
    for link in links:
        if not link.certain:
            weak[link.a].append(link)
            weak[link.b].append(link)
    for link in sorted(links, key=lambda x: (-x.probability, x.a, x.b)):
        if not link.certain and not _is_ambiguous(link, weak, state):
            _join(state, apart, link)
    return {node: min(group.nodes) for node, group in state.items()}


def _join(state: dict[int, _Group], apart: Mapping[int, Set[int]], link: Link) -> None:
    one, two = state[link.a], state[link.b]
    if one is two or not _may_join(one, two, apart, link):
        return
    if len(one.nodes) < len(two.nodes):
        one, two = two, one
    one.nodes |= two.nodes
    one.years |= two.years
    one.genders |= two.genders
    one.sources |= two.sources
    for node in two.nodes:
        state[node] = one


def _may_join(one: _Group, two: _Group, apart: Mapping[int, Set[int]], link: Link) -> bool:
    if any(apart.get(n, frozenset()) & two.nodes for n in one.nodes):
        return False
    if not link.certain and one.sources & two.sources:
        return False
    return link.disputed or not (_differ(one.years, two.years) or _differ(one.genders, two.genders))


def _differ(one: set[int] | set[str], two: set[int] | set[str]) -> bool:
    return bool(one and two and not one & two)


def _is_ambiguous(
    link: Link, weak: Mapping[int, Sequence[Link]], state: Mapping[int, _Group]
) -> bool:
    """Whether another link of one end is as likely and leads to a rival account."""
    one, two = state[link.a], state[link.b]
    for end, rival in ((one, two), (two, one)):
        for other in (o for node in end.nodes for o in weak.get(node, ())):
            if other.probability < link.probability:
                continue
            third = state[other.b] if state[other.a] is end else state[other.a]
            if third is not end and third is not rival and third.sources & rival.sources:
                return True
    return False
