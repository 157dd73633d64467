"""Demographic audiences that marketers think in and that no single trait shows."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from fullhouse.audiences.forms import quote
from fullhouse.discovery.columns import Column, holders_of, known_in
from fullhouse.sample.film_traits import any_of
from fullhouse.sample.sheet import Sheet
from fullhouse.traits.trait import Trait

WIDE = ((0, 24), (25, 200), (18, 34), (35, 54), (55, 200))
"""Under 25 and over, as the trade cuts them, and the ages that media are bought for."""

OPEN = 200
"""The end of a band that has none."""

FAMILY = "gender and age"


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
    found = []
    for gender in genders:
        mine = np.zeros(len(known), dtype=bool)
        mine[holders_of(sheet, gender.name)] = True
        found += [_column(sheet, gender, ages, mine & known) for ages in runs.values()]
    return found


def ages_of(traits: Sequence[Trait]) -> list[Ages]:
    """Single age bands, youngest first; bands whose name says no years are left out.

    >>> [a.words for a in ages_of([Trait(0, "age:65+", "age", "", "person", {}, 1, {}, True)])]
    ['aged 65 and over']
    """
    matched = ((t, re.fullmatch(r"(\d+)(?:-(\d+)|\+)", t.slug)) for t in traits)
    found = [Ages(int(m[1]), int(m[2] or OPEN), (t,)) for t, m in matched if m]
    return sorted(found, key=lambda a: (a.first, a.last))


def _wide(bands: Sequence[Ages]) -> list[Ages]:
    found = []
    for first, last in WIDE:
        inside = [b for b in bands if b.first >= first and b.last <= last]
        # Bands must add up to the run, without a gap or an overlap and up to both its ends.
        joined = all(a.last + 1 == b.first for a, b in pairwise(inside))
        ends = inside and (first == 0 or inside[0].first == first) and inside[-1].last == last
        if joined and ends:
            found.append(Ages(first, last, tuple(t for b in inside for t in b.traits)))
    return found


def _column(sheet: Sheet, gender: Trait, ages: Ages, mine: np.ndarray) -> Column:
    aged = np.zeros(len(mine), dtype=bool)
    for trait in ages.traits:
        aged[holders_of(sheet, trait.name)] = True
    rule = f"{quote(gender.name)} & {any_of([quote(t.name) for t in ages.traits])}"
    label = f"{gender.label} {ages.words}"
    return Column(
        rule, label, FAMILY, (), ("gender", "age"), np.flatnonzero(mine & aged), None, rule
    )
