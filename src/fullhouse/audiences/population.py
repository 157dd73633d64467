"""The people that rules are counted among, and how many of them, and who, fit a rule."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from pyroaring import BitMap

from fullhouse import consent
from fullhouse.audiences.audience import Audience, Basis, Count
from fullhouse.audiences.bitmaps import Bitmaps, Blocks, after_merges, read_members
from fullhouse.audiences.compile import BuiltTraits, LeafError, compile_rule
from fullhouse.audiences.forms import from_json, to_json, to_text
from fullhouse.audiences.kernel import EMPTY, Kernel, Set, as_bitmap, compact
from fullhouse.audiences.parse import parse, point
from fullhouse.audiences.rule import CompiledRule, Rule, Saved
from fullhouse.audiences.save import find_saved
from fullhouse.core.cache import Cache
from fullhouse.core.errors import InputError
from fullhouse.core.person_sets import PersonSet, by_block, union
from fullhouse.core.settings import Settings
from fullhouse.core.stored import from_bytes, to_bytes
from fullhouse.core.tables import ACCOUNT_PERSON, CONSENT, PERSON_MERGE
from fullhouse.engine import Engine
from fullhouse.lake import Lake
from fullhouse.traits.store import find_build, traits_of
from fullhouse.traits.trait import EVERYONE, Build
from fullhouse.workspace.cache_files import (
    cache_folder,
    prune_files,
    read_if_there,
    write_whole,
)
from fullhouse.workspace.context import Context

FORMAT = 2
UNUSED_DAYS = 7
"""Files of who takes part that nobody read for so long go: they are of one day each."""


@dataclass(frozen=True)
class Blocked:
    """People who take no part in a purpose: either those named, or all but those named."""

    people: Blocks
    others: bool = False

    def size_within(self, kernel: Kernel, people: Set, block: int) -> int:
        """How many of some people are blocked."""
        named = kernel.common(people, self.people.get(block, EMPTY), block)
        return kernel.size(people) - named if self.others else named

    def none_in(self, block: int) -> bool:
        """Whether nobody in a block is blocked."""
        named = self.people.get(block, EMPTY)
        return not self.others and isinstance(named, type(EMPTY)) and not named

    def without_blocked(self, kernel: Kernel, people: Set, block: int) -> Set:
        """The people that are not blocked; valid as `Kernel.evaluate` is."""
        named = self.people.get(block, EMPTY)
        if self.others:
            return kernel.within(people, named, block)
        return kernel.without(people, named, block)


def blocked(
    engine: Callable[[], Engine],
    lake: Lake,
    settings: Settings,
    *,
    purpose: str,
    as_of: date,
    leaving: bool = False,
    folder: Path | None = None,
) -> Blocked:
    """Who takes no part in a purpose, by the consent recorded on or before `as_of`.

    Of people who are about to leave the house, a refusal counts whatever its day.

    The engine is opened only when any consent is recorded at all, and only once for the same
    versions of the tables where a `folder` for derived files is given.
    """
    others = purpose in map(consent.normal_purpose, settings.consent_required)
    if lake.version(CONSENT) is None:
        return Blocked({}, others)
    versions = (lake.version(CONSENT), lake.version(ACCOUNT_PERSON))
    key = repr((FORMAT, purpose, others, as_of, leaving, versions)).encode()
    file = None if folder is None else folder / "consent" / f"{sha256(key).hexdigest()[:32]}.set"
    content = None if file is None else read_if_there(file)
    if content is None:
        listed = consent.granting if others else consent.refusing
        opened = engine()
        rows = opened.batches(listed(opened, lake, purpose=purpose, as_of=as_of, now=leaving))
        columns = (batch.column(0).to_numpy(zero_copy_only=False) for batch in rows)
        people = union(*(by_block(column) for column in columns))
        if file is not None:
            written = to_bytes(dict(people))
            write_whole(file, lambda part: part.write_bytes(written))
            prune_files(file.parent, unused_days=UNUSED_DAYS)
    else:
        people = from_bytes(content)
    return Blocked({b: compact(m) for b, m in people.items()}, others)


@dataclass(frozen=True)
class Population:
    """A trait build, its catalogue, and who is left out for want of consent to `purpose`.

    Everything is read as of one moment; make a new one to see what changed since.
    """

    bitmaps: Bitmaps
    catalogue: BuiltTraits
    purpose: str
    blocked: Blocked
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

    def compile(self, rule: Rule | str) -> CompiledRule:
        """A rule, or its text or JSON text, ready to count here; mistakes show their place."""
        parsed = read(rule) if isinstance(rule, str) else rule
        try:
            return compile_rule(
                parsed, self.catalogue, persons=self.build.persons, saved=self.saved
            )
        except LeafError as problem:
            at = rule.find(problem.leaf) if isinstance(rule, str) else -1
            if not isinstance(rule, str) or at < 0:
                raise
            raise InputError(f"{problem}\n{point(rule, at)}") from None

    def sets(self, *rules: CompiledRule) -> Iterator[tuple[int, list[list[Set]]]]:
        """Block after block, the sets of the leaves of each rule."""
        leaves = list(dict.fromkeys(leaf for r in rules for leaf in r.leaves))
        traits = [leaf for leaf in leaves if isinstance(leaf, int)]
        frozen = {leaf: self._members(leaf) for leaf in leaves if isinstance(leaf, Saved)}
        sizes = [self._size(t) for t in traits]
        for block, members_of in self.bitmaps.stream(traits, self.blocks, sizes=sizes):
            here: dict[int | Saved, Set] = dict(zip(traits, members_of, strict=True))
            here |= {leaf: members.get(block, EMPTY) for leaf, members in frozen.items()}
            yield block, [[here[leaf] for leaf in r.leaves] for r in rules]

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
    context: Context, *, as_of: date | None = None, purpose: str = consent.ANALYTICS
) -> Population:
    """The people of the newest build as of a day or earlier who take part in a purpose.

    Without a day it is today. Consent is as of today, whatever the build: a refusal counts at
    once, also for traits built before it.
    """
    return population_of(
        lambda: context.engine,
        context.lake,
        context.settings,
        find_build(context.lake, as_of=as_of or context.today),
        purpose=purpose,
        as_of=context.today,
        key=context.key,
        saved=lambda wanted: find_saved(context.control, wanted),
        cache=context.bitmaps,
        folder=cache_folder(context.place),
    )


def population_of(
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
    folder: Path | None = None,
) -> Population:
    """The people of one build who take part in a purpose, by consent recorded up to `as_of`."""
    purpose = consent.check_purpose(purpose, consent.known_purposes(settings))
    return Population(
        Bitmaps.of(lake, build, cache),
        BuiltTraits(traits_of(lake, build)),
        purpose,
        blocked(engine, lake, settings, purpose=purpose, as_of=as_of, folder=folder),
        key,
        saved,
    )


def basis(population: Population, *rules: CompiledRule) -> Basis:
    """What answers about some rules rest on."""
    return Basis(
        population.build,
        population.purpose,
        tuple(to_text(r.rule) for r in rules),
        tuple(to_json(r.rule) for r in rules),
        tuple(dict.fromkeys(note for r in rules for note in r.notes)),
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
    heirs: dict[int, int] = {}
    for person in direct:
        path = [person]
        while path[-1] in direct and path[-1] not in heirs:
            path.append(direct[path[-1]])
        living = heirs.get(path[-1], path[-1])
        heirs |= dict.fromkeys(path[:-1], living)
    return heirs


def count(population: Population, rule: CompiledRule) -> Count:
    """How many people fit, and how many more would but for consent."""
    kernel = Kernel(population.key)
    persons = left_out = 0
    for block, (sets,) in population.sets(rule):
        if population.blocked.none_in(block):
            persons += kernel.count(rule.root, sets, block)
            continue
        people = kernel.evaluate(rule.root, sets, block)
        refused = population.blocked.size_within(kernel, people, block)
        persons += kernel.size(people) - refused
        left_out += refused
    return Count(persons, left_out)


def people(population: Population, *rules: CompiledRule) -> Iterator[tuple[int, list[BitMap], int]]:
    """Block after block, the people who fit each rule and take part, as bitmaps of their own.

    With them comes how many fit any of the rules but are left out for want of consent.
    """
    kernel = Kernel(population.key)
    for block, sets in population.sets(*rules):
        members: list[BitMap] = []
        refused = BitMap()
        for rule, leaves in zip(rules, sets, strict=True):
            fit: Set = kernel.evaluate(rule.root, leaves, block)
            if population.blocked.none_in(block):
                members.append(BitMap(as_bitmap(fit, block)))
                continue
            everyone = BitMap(as_bitmap(fit, block))
            consenting = BitMap(
                as_bitmap(population.blocked.without_blocked(kernel, fit, block), block)
            )
            members.append(consenting)
            refused |= everyone - consenting
        yield block, members, len(refused)


def members_of(population: Population, *rules: CompiledRule) -> tuple[tuple[PersonSet, ...], int]:
    """The people who fit each rule and take part, and how many fit any but do not take part."""
    sets: tuple[dict[int, BitMap], ...] = tuple({} for _ in rules)
    left_out = 0
    for block, members, refused in people(population, *rules):
        left_out += refused
        for into, here in zip(sets, members, strict=True):
            into[block] = here
    return sets, left_out
