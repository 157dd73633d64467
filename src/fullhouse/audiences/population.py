"""The people that rules are counted among: a trait build, without those who take no part."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from fullhouse import consent
from fullhouse.audiences.audience import Audience
from fullhouse.audiences.bitmaps import Bitmaps, Blocks, after_merges, read_members
from fullhouse.audiences.catalogue import Catalogue
from fullhouse.audiences.json_form import from_json
from fullhouse.audiences.kernel import EMPTY, Kernel, Set, compact
from fullhouse.audiences.parse import parse, point
from fullhouse.audiences.plan import LeafError, Plan, plan
from fullhouse.audiences.rule import Rule, Saved
from fullhouse.audiences.save import find_saved
from fullhouse.core.cache import Cache
from fullhouse.core.errors import InputError
from fullhouse.core.person_sets import by_block, union
from fullhouse.core.settings import Settings
from fullhouse.core.tables import CONSENT, PERSON_MERGE
from fullhouse.engine import Engine
from fullhouse.lake import Lake
from fullhouse.traits import EVERYONE, Build, find_build, traits_of

if TYPE_CHECKING:
    from fullhouse.workspace.context import Context


@dataclass(frozen=True)
class Blocked:
    """People who take no part in a purpose: either those named, or all but those named."""

    people: Blocks
    others: bool = False

    def within(self, kernel: Kernel, people: Set, block: int) -> int:
        """How many of some people are blocked."""
        named = kernel.common(people, self.people.get(block, EMPTY), block)
        return kernel.size(people) - named if self.others else named

    def none_in(self, block: int) -> bool:
        """Whether nobody in a block is blocked."""
        named = self.people.get(block, EMPTY)
        return not self.others and isinstance(named, type(EMPTY)) and not named

    def taken_out(self, kernel: Kernel, people: Set, block: int) -> Set:
        """The people that are not blocked; valid as `Kernel.evaluate` is."""
        named = self.people.get(block, EMPTY)
        if self.others:
            return kernel.within(people, named, block)
        return kernel.without(people, named, block)


def blocked(
    engine: Callable[[], Engine], lake: Lake, settings: Settings, *, purpose: str, as_of: date
) -> Blocked:
    """Who takes no part in a purpose, by what accounts had said on or before `as_of`.

    The engine is opened only when some account said something at all.
    """
    others = purpose in settings.consent_required
    if lake.version(CONSENT) is None:
        return Blocked({}, others)
    ask = consent.granting if others else consent.refusing
    opened = engine()
    rows = opened.batches(ask(opened, lake, purpose=purpose, as_of=as_of))
    people = union(*(by_block(batch.column(0).to_numpy(zero_copy_only=False)) for batch in rows))
    return Blocked({b: compact(m) for b, m in people.items()}, others)


@dataclass(frozen=True)
class Population:
    """A trait build, its catalogue, and who is left out for want of consent to `purpose`.

    Everything is read as of one moment; make a new one to see what changed since.
    """

    bitmaps: Bitmaps
    catalogue: Catalogue
    purpose: str
    out: Blocked
    key: bytes
    saved: Callable[[Saved], Audience]

    @property
    def build(self) -> Build:
        """The trait build."""
        return self.bitmaps.build

    @cached_property
    def blocks(self) -> list[int]:
        """The blocks that have people, ascending."""
        return self.bitmaps.blocks()

    @cached_property
    def merges(self) -> dict[int, int]:
        """Every retired person with the living one it became."""
        return read_merges(self.bitmaps.lake)

    def plan(self, rule: Rule | str) -> Plan:
        """A rule, or its text or JSON text, ready to count here; mistakes show their place."""
        parsed = read(rule) if isinstance(rule, str) else rule
        try:
            return plan(parsed, self.catalogue, persons=self.build.persons, saved=self.saved)
        except LeafError as problem:
            at = rule.find(problem.leaf) if isinstance(rule, str) else -1
            if not isinstance(rule, str) or at < 0:
                raise
            raise InputError(f"{problem}\n{point(rule, at)}") from None

    def sets(self, *plans: Plan) -> Iterator[tuple[int, list[list[Set]]]]:
        """Block after block, the sets of the leaves of each plan."""
        leaves = list(dict.fromkeys(leaf for p in plans for leaf in p.leaves))
        traits = [leaf for leaf in leaves if isinstance(leaf, int)]
        frozen = {leaf: self._members(leaf) for leaf in leaves if isinstance(leaf, Saved)}
        sizes = [self._size(t) for t in traits]
        for block, found in self.bitmaps.stream(traits, self.blocks, sizes=sizes):
            here: dict[int | Saved, Set] = dict(zip(traits, found, strict=True))
            here |= {leaf: members.get(block, EMPTY) for leaf, members in frozen.items()}
            yield block, [[here[leaf] for leaf in p.leaves] for p in plans]

    def _size(self, trait: int) -> int:
        return self.build.persons if trait == EVERYONE else self._sizes[trait]

    @cached_property
    def _sizes(self) -> dict[int, int]:
        return {t.id: t.persons for t in self.catalogue.traits}

    def _members(self, leaf: Saved) -> Blocks:
        assert leaf.version is not None
        members = read_members(self.bitmaps.lake, leaf.name, leaf.version)
        return {b: compact(m) for b, m in after_merges(members, self.merges).items()}


def population(
    engine: Callable[[], Engine],
    lake: Lake,
    settings: Settings,
    build: Build,
    *,
    purpose: str,
    as_of: date,
    key: bytes,
    saved: Callable[[Saved], Audience],
    cache: Cache[Blocks],
) -> Population:
    """The people of a build who take part in a purpose.

    `as_of` is the day up to which words on consent count: the present day, so that a refusal
    counts at once, also for traits built before it.
    """
    if not purpose.strip():
        raise InputError("A purpose is needed, such as analytics or advertising.")
    return Population(
        Bitmaps.of(lake, build, cache),
        Catalogue(traits_of(lake, build)),
        purpose,
        blocked(engine, lake, settings, purpose=purpose, as_of=as_of),
        key,
        saved,
    )


def read(text: str) -> Rule:
    """A rule from the audience language, or from JSON text, which begins with '{'."""
    if not text.lstrip().startswith("{"):
        return parse(text)
    try:
        value = json.loads(text)
    except json.JSONDecodeError as problem:
        raise InputError(
            f"The rule is not valid JSON: {problem}\n{point(text, problem.pos)}"
        ) from None
    return from_json(value)


def read_merges(lake: Lake) -> dict[int, int]:
    """Every retired person with the living one it became, however many merges lie between."""
    rows = lake.read(PERSON_MERGE, columns=["merged", "kept"])
    direct = dict(zip(rows["merged"].to_pylist(), rows["kept"].to_pylist(), strict=True))
    found: dict[int, int] = {}
    for person in direct:
        path = [person]
        while path[-1] in direct and path[-1] not in found:
            path.append(direct[path[-1]])
        end = found.get(path[-1], path[-1])
        found |= dict.fromkeys(path[:-1], end)
    return found


def house_population(
    context: "Context", *, as_of: date | None = None, purpose: str = consent.ANALYTICS
) -> Population:
    """The people that rules are counted among: of the newest build as of a day or earlier.

    Consent is as of today, whatever the build: a refusal counts at once.
    """
    return population(
        lambda: context.engine,
        context.lake,
        context.settings,
        find_build(context.lake, as_of=as_of),
        purpose=purpose,
        as_of=context.today,
        key=context.key,
        saved=lambda wanted: find_saved(context.control, wanted),
        cache=context.bitmaps,
    )
