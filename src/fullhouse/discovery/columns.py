"""What may become a card: a trait's people in a sheet, or people of several traits together."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from fullhouse.audiences.forms import quote
from fullhouse.core.arrays import Flags, Integers
from fullhouse.discovery.obvious import DEMOGRAPHICS
from fullhouse.sample.film_traits import any_of, kinds_of
from fullhouse.sample.sheet import Sheet
from fullhouse.traits.trait import Trait

WIDE = ((0, 24), (25, 200), (18, 34), (35, 54), (55, 200))
"""Under 25 and over, as the trade cuts them, and the ages that media are bought for."""

OPEN = 200
"""The end of a band that has none."""

FAMILY = "gender and age"


@dataclass(frozen=True)
class Column:
    """Some people of a sheet, by row, and what they have in common.

    `kinds` are the kinds of event it shows in; `facts` the demographic families it is made of:
    only people of whom these are known are compared.
    """

    name: str
    label: str
    family: str
    kinds: tuple[str, ...]
    facts: tuple[str, ...]
    rows: Integers = field(repr=False)
    trait: Trait | None = None
    rule: str = ""

    def holders(self, people: int) -> Flags:
        """One flag for each person of the sheet."""
        flags = np.zeros(people, dtype=bool)
        flags[self.rows] = True
        return flags


def trait_columns(sheet: Sheet, names: Iterable[str]) -> list[Column]:
    """The columns of some of a sheet's traits, in the order given."""
    return [_trait_column(sheet, sheet.traits[sheet.column(name)]) for name in names]


def holders_of(sheet: Sheet, trait: str) -> Integers:
    """The rows of those with one trait."""
    at = sheet.column(trait)
    matrix = sheet.by_trait
    rows: Integers = matrix.indices[matrix.indptr[at] : matrix.indptr[at + 1]]
    return rows


def having_any(sheet: Sheet, traits: Iterable[Trait]) -> Flags:
    """Who has any of some traits; traits that are not in the sheet are nobody's."""
    known = {t.name for t in sheet.traits}
    flags = np.zeros(len(sheet.persons), dtype=bool)
    for trait in traits:
        if trait.name in known:
            flags[holders_of(sheet, trait.name)] = True
    return flags


def known_in(sheet: Sheet, families: Iterable[str]) -> Flags:
    """Of whom something is known in each of some families of facts."""
    flags = np.ones(len(sheet.persons), dtype=bool)
    for family in families:
        flags &= having_any(sheet, (t for t in sheet.traits if t.family == family))
    return flags


def _trait_column(sheet: Sheet, trait: Trait) -> Column:
    return Column(
        trait.name,
        trait.label,
        trait.family,
        _event_kinds(trait),
        (trait.family,) if trait.family in DEMOGRAPHICS else (),
        holders_of(sheet, trait.name),
        trait,
        quote(trait.name),
    )


def _event_kinds(trait: Trait) -> tuple[str, ...]:
    # A level of prices is a fact that only purchases can show.
    kind = trait.definition.get("from")
    return kinds_of(trait) or ((kind,) if kind else ())


@dataclass(frozen=True)
class Ages:
    """A run of age bands, first and last year included."""

    first: int
    last: int
    traits: tuple[Trait, ...]

    @property
    def words(self) -> str:
        """The ages in words.

        >>> Ages(18, 34, ()).words, Ages(25, 200, ()).words, Ages(0, 24, ()).words
        ('aged 18 to 34', 'aged 25 and over', 'under 25')
        """
        if self.first == 0:
            return f"under {self.last + 1}"
        if self.last >= OPEN:
            return f"aged {self.first} and over"
        return f"aged {self.first} to {self.last}"


def quadrants(sheet: Sheet) -> list[Column]:
    """Gender by age: each band of the sheet, and the wider ones that its bands add up to.

    Two of the same people are one. Nothing when the sheet has no gender or fewer than two ages.
    """
    genders = [t for t in sheet.traits if t.family == "gender"]
    bands = ages_of([t for t in sheet.traits if t.family == "age"])
    if not genders or len(bands) < 2:
        return []
    runs = {tuple(t.name for t in a.traits): a for a in [*bands, *_wide(bands)]}
    known = known_in(sheet, ("gender", "age"))
    columns = []
    for gender in genders:
        flags = np.zeros(len(known), dtype=bool)
        flags[holders_of(sheet, gender.name)] = True
        columns += [_quadrant(sheet, gender, ages, flags & known) for ages in runs.values()]
    return columns


def ages_of(traits: Sequence[Trait]) -> list[Ages]:
    """Single age bands, youngest first; bands whose name says no years are left out.

    >>> [a.words for a in ages_of([Trait(0, "age:65+", "age", "", "person", {}, 1, {}, True)])]
    ['aged 65 and over']
    """
    matched = ((t, re.fullmatch(r"(\d+)(?:-(\d+)|\+)", t.slug)) for t in traits)
    bands = [Ages(int(m[1]), int(m[2] or OPEN), (t,)) for t, m in matched if m]
    return sorted(bands, key=lambda a: (a.first, a.last))


def _wide(bands: Sequence[Ages]) -> list[Ages]:
    runs = []
    for first, last in WIDE:
        inside = [b for b in bands if b.first >= first and b.last <= last]
        # Bands must add up to the run, without a gap or an overlap and up to both its ends.
        joined = all(a.last + 1 == b.first for a, b in pairwise(inside))
        ends = inside and (first == 0 or inside[0].first == first) and inside[-1].last == last
        if joined and ends:
            runs.append(Ages(first, last, tuple(t for b in inside for t in b.traits)))
    return runs


def _quadrant(sheet: Sheet, gender: Trait, ages: Ages, flags: Flags) -> Column:
    aged = np.zeros(len(flags), dtype=bool)
    for trait in ages.traits:
        aged[holders_of(sheet, trait.name)] = True
    rule = f"{quote(gender.name)} & {any_of([quote(t.name) for t in ages.traits])}"
    label = f"{gender.label} {ages.words}"
    return Column(
        rule, label, FAMILY, (), ("gender", "age"), np.flatnonzero(flags & aged), None, rule
    )
