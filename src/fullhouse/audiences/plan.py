"""A rule made ready to count: names looked up, operands ordered by size."""

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeAlias, TypeVar

from fullhouse.audiences.audience import Audience
from fullhouse.audiences.catalogue import Catalogue
from fullhouse.audiences.rule import And, Everyone, Name, Not, Or, Rule, Sample, Saved
from fullhouse.core.errors import InputError
from fullhouse.traits import EVERYONE

A = TypeVar("A")
B = TypeVar("B")


class LeafError(InputError):
    """A name in a rule stands for nothing, or for too much; `leaf` is that name."""

    def __init__(self, problem: InputError, leaf: str) -> None:
        super().__init__(str(problem))
        self.leaf = leaf


@dataclass(frozen=True)
class Chance:
    """People whose keyed bits lie in [low, high) under a salt, or outside with `inverse`."""

    low: int
    high: int
    salt: str
    inverse: bool = False


@dataclass(frozen=True)
class All:
    """People in every one of `parts` (the smallest first), none of `minus`, kept by `chances`."""

    parts: "tuple[Node, ...]"
    minus: "tuple[Node, ...]" = ()
    chances: tuple[Chance, ...] = ()


@dataclass(frozen=True)
class Some:
    """People in any one of `parts`."""

    parts: "tuple[Node, ...]"


Node: TypeAlias = int | All | Some
"""A leaf is its place in `Plan.leaves`."""

Leaf: TypeAlias = int | Saved
"""A trait's number (EVERYONE is the base), or a version of a saved audience."""


@dataclass(frozen=True)
class Plan:
    """What to count, over which sets; `rule` says it in full names and pinned versions."""

    root: Node
    leaves: tuple[Leaf, ...]
    rule: Rule
    notes: tuple[str, ...] = ()


def plan(
    rule: Rule, catalogue: Catalogue, *, persons: int, saved: Callable[[Saved], Audience]
) -> Plan:
    """The rule ready to count in a base of so many persons.

    `saved` finds a saved audience, the newest version where the rule names none.
    """
    compiler = _Compiler(catalogue, persons, saved)
    root, settled = compiler.node(rule)
    return Plan(root, tuple(compiler.leaves), settled, tuple(dict.fromkeys(compiler.notes)))


@dataclass
class _Compiler:
    catalogue: Catalogue
    persons: int
    saved: Callable[[Saved], Audience]
    leaves: dict[Leaf, int] = field(default_factory=dict)
    sizes: dict[int, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def node(self, rule: Rule) -> tuple[Node, Rule]:
        match rule:
            case Name(text):
                found = _named(self.catalogue.find, text, text)
                self.notes += [found.note] if found.note else []
                leaves = tuple(self._leaf(t.id, t.persons) for t in found.traits)
                return (leaves[0] if len(leaves) == 1 else Some(leaves)), Name(found.name)
            case Everyone():
                return self._everyone(), rule
            case Saved():
                audience = _named(self.saved, rule, f"audience:{rule}")
                pinned = Saved(audience.name, audience.version)
                # Its members were frozen on another day: only those still in the base count.
                return All((self._leaf(pinned, audience.persons), self._everyone())), pinned
            case Or(parts):
                nodes, rules = self._nodes(parts)
                return Some(nodes), Or(rules)
            case And(parts):
                return self._all(parts, rule)
            case Not() | Sample():
                return self._all((rule,), rule)

    def _all(self, parts: tuple[Rule, ...], rule: Rule) -> tuple[Node, Rule]:
        kept: list[Node] = []
        minus: list[Node] = []
        chances: list[Chance] = []
        settled: list[Rule] = []
        for part in parts:
            inner = part.part if isinstance(part, Not) else part
            if isinstance(inner, Sample):
                chances.append(_chance(inner, inverse=part is not inner))
                settled.append(part)
                continue
            node, done = self.node(inner)
            (kept if inner is part else minus).append(node)
            settled.append(done if inner is part else Not(done))
        kept.sort(key=self._size)
        minus.sort(key=self._size, reverse=True)
        node = All(tuple(kept) or (self._everyone(),), tuple(minus), tuple(chances))
        return node, And(tuple(settled)) if isinstance(rule, And) else settled[0]

    def _nodes(self, parts: tuple[Rule, ...]) -> tuple[tuple[Node, ...], tuple[Rule, ...]]:
        pairs = [self.node(p) for p in parts]
        return tuple(n for n, _ in pairs), tuple(r for _, r in pairs)

    def _everyone(self) -> int:
        return self._leaf(EVERYONE, self.persons)

    def _leaf(self, leaf: Leaf, persons: int) -> int:
        number = self.leaves.setdefault(leaf, len(self.leaves))
        self.sizes[number] = persons
        return number

    def _size(self, node: Node) -> float:
        match node:
            case Some(parts):
                return min(float(self.persons), sum(self._size(p) for p in parts))
            case All(parts, _, chances):
                share = 1.0
                for c in chances:
                    part = (c.high - c.low) / 2**32
                    share *= 1 - part if c.inverse else part
                return min(self._size(p) for p in parts) * share
            case _:
                return self.sizes[node]


def _named(find: Callable[[A], B], what: A, leaf: str) -> B:
    try:
        return find(what)
    except InputError as problem:
        raise LeafError(problem, leaf) from None


def _chance(sample: Sample, *, inverse: bool) -> Chance:
    return Chance(_bits(sample.low), _bits(sample.high), sample.salt, inverse)


def _bits(share: Fraction) -> int:
    return int(share * 2**32)
