"""A rule made ready to count: names looked up in a build's traits, operands ordered by size."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import TypeVar

from fullhouse.audiences.audience import Audience, PartlyOutside
from fullhouse.audiences.rule import (
    All,
    And,
    CompiledRule,
    Everyone,
    KeyedRange,
    Leaf,
    Name,
    Node,
    Not,
    Or,
    Rule,
    Sample,
    Saved,
    Some,
)
from fullhouse.core.errors import InputError, did_you_mean
from fullhouse.traits import EVERYONE, Trait

_BAND = re.compile(r"(\d{1,3})-(\d{1,3})")
_FROM = re.compile(r"(\d{1,3})(?:\+|-plus|-and-over|-or-older|-older)")
_UNDER = re.compile(r"under-(\d{1,3})")
Wanted = TypeVar("Wanted")
Resolved = TypeVar("Resolved")
OLDEST = 999
_MOST_SHOWN = 5


class LeafError(InputError):
    """A name in a rule stands for nothing, or for too much; `leaf` is that name."""

    def __init__(self, problem: InputError, leaf: str) -> None:
        super().__init__(str(problem))
        self.leaf = leaf


@dataclass(frozen=True)
class Meaning:
    """What a name stands for: its full form, its traits (the union is meant), a note."""

    name: str
    traits: tuple[Trait, ...]
    note: PartlyOutside | None = None


@dataclass(frozen=True)
class BuiltTraits:
    """The traits of a build by name."""

    traits: Sequence[Trait]

    def find(self, name: str) -> Meaning:
        """What a name stands for; an error when it is nobody's, rare, or several traits'."""
        plain = unicodedata.normalize("NFC", name).lower()
        if plain.startswith("age:") and (band := age_band(plain.removeprefix("age:"))):
            return self._ages(plain, band)
        if plain in self._by_name:
            return Meaning(plain, (_built(self._by_name[plain]),))
        same = self._by_slug.get(plain, [])
        if len(same) == 1:
            return Meaning(same[0].name, (_built(same[0]),))
        if same:
            names = " or ".join(sorted(t.name for t in same))
            raise InputError(f"{name!r} could be {names}; write which one.")
        raise InputError(f"No trait {name!r}.{self._near(plain)}")

    @cached_property
    def _by_name(self) -> dict[str, Trait]:
        return {unicodedata.normalize("NFC", t.name).lower(): t for t in self.traits}

    @cached_property
    def _by_slug(self) -> dict[str, list[Trait]]:
        by_slug = defaultdict(list)
        for name, t in self._by_name.items():
            by_slug[name.partition(":")[2]].append(t)
        return by_slug

    def _ages(self, name: str, wanted: tuple[int, int]) -> Meaning:
        bands = [(b, t) for t in self.traits if t.family == "age" and (b := age_band(t.slug))]
        inside = [t for b, t in bands if wanted[0] <= b[0] and b[1] <= wanted[1]]
        cut = [
            t.slug
            for b, t in bands
            if t not in inside and b[0] <= wanted[1] and wanted[0] <= b[1] and t.built
        ]
        if not any(t.built for t in inside):
            known = ", ".join(t.slug for _, t in sorted(bands, key=lambda p: p[0]) if t.built)
            raise InputError(
                f"No age trait lies inside {name!r};"
                + (f" there are {known}." if known else " there are no age traits in this build.")
            )
        counted = tuple(t for t in inside if t.built)
        if not cut or _covered([age_band(t.slug) for t in counted], wanted):
            return Meaning(name, counted)
        note = PartlyOutside(name, tuple(t.slug for t in counted), tuple(cut))
        return Meaning(name, counted, note)

    def _near(self, name: str) -> str:
        family, colon, slug = name.rpartition(":")
        holding = [t for n, t in self._by_name.items() if slug and slug in n and t.built]
        holding.sort(key=lambda t: (t.family != family, not t.slug.startswith(slug), -t.persons))
        if holding:
            return f" Did you mean {' or '.join(repr(t.name) for t in holding[:_MOST_SHOWN])}?"
        if colon and family not in {t.family for t in self.traits}:
            return did_you_mean(family, {t.family for t in self.traits}) or (
                f" There is no family {family!r} in this build."
            )
        start = slug[:1]
        pool = [n for n in self._by_name if n.partition(":")[2][:1] == start]
        near = did_you_mean(name, pool if colon else [n.partition(":")[2] for n in pool])
        return near or " Search the list of traits for one."


def age_band(slug: str) -> tuple[int, int] | None:
    """Youngest and oldest age of a slug such as 18-24, 65+ or under-18; None when it is no band."""
    if match := _BAND.fullmatch(slug):
        return int(match[1]), int(match[2])
    if match := _FROM.fullmatch(slug):
        return int(match[1]), OLDEST
    if match := _UNDER.fullmatch(slug):
        return 0, int(match[1]) - 1
    return None


def _covered(bands: Sequence[tuple[int, int] | None], wanted: tuple[int, int]) -> bool:
    years = {y for b in bands if b for y in range(b[0], min(b[1], OLDEST) + 1)}
    return all(y in years for y in range(wanted[0], wanted[1] + 1))


def _built(trait: Trait) -> Trait:
    if not trait.built:
        raise InputError(code="trait_below_floor", trait=trait.name, persons=trait.persons)
    return trait


def compile_rule(
    rule: Rule, catalogue: BuiltTraits, *, persons: int, saved: Callable[[Saved], Audience]
) -> CompiledRule:
    """The rule ready to count in a base of so many persons.

    `saved` finds a saved audience, the newest version where the rule names none.
    """
    compiler = _Compiler(catalogue, persons, saved)
    root, settled = compiler.node(rule)
    return CompiledRule(root, tuple(compiler.leaves), settled, tuple(dict.fromkeys(compiler.notes)))


@dataclass
class _Compiler:
    catalogue: BuiltTraits
    persons: int
    saved: Callable[[Saved], Audience]
    leaves: dict[Leaf, int] = field(default_factory=dict)
    sizes: dict[int, float] = field(default_factory=dict)
    notes: list[PartlyOutside] = field(default_factory=list)

    def node(self, rule: Rule) -> tuple[Node, Rule]:
        match rule:
            case Name(text):
                named = _resolved(self.catalogue.find, text, text)
                self.notes += [named.note] if named.note else []
                leaves = tuple(self._leaf(t.id, t.persons) for t in named.traits)
                return (leaves[0] if len(leaves) == 1 else Some(leaves)), Name(named.name)
            case Everyone():
                return self._everyone(), rule
            case Saved():
                audience = _resolved(self.saved, rule, f"audience:{rule}")
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
        required: list[Node] = []
        minus: list[Node] = []
        ranges: list[KeyedRange] = []
        settled: list[Rule] = []
        for part in parts:
            inner = part.part if isinstance(part, Not) else part
            if isinstance(inner, Sample):
                ranges.append(_keyed_range(inner, inverse=part is not inner))
                settled.append(part)
                continue
            node, done = self.node(inner)
            (required if inner is part else minus).append(node)
            settled.append(done if inner is part else Not(done))
        required.sort(key=self._size)
        minus.sort(key=self._size, reverse=True)
        node = All(tuple(required) or (self._everyone(),), tuple(minus), tuple(ranges))
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
            case All(parts, _, ranges):
                share = 1.0
                for c in ranges:
                    part = (c.high - c.low) / 2**32
                    share *= 1 - part if c.inverse else part
                return min(self._size(p) for p in parts) * share
            case _:
                return self.sizes[node]


def _resolved(find: Callable[[Wanted], Resolved], what: Wanted, leaf: str) -> Resolved:
    try:
        return find(what)
    except InputError as problem:
        raise LeafError(problem, leaf) from None


def _keyed_range(sample: Sample, *, inverse: bool) -> KeyedRange:
    return KeyedRange(_bits(sample.low), _bits(sample.high), sample.salt, inverse)


def _bits(share: Fraction) -> int:
    return int(share * 2**32)
