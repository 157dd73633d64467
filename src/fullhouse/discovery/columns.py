"""What may become a card: a trait's people in a sheet, or people put together from traits."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from fullhouse.audiences.forms import quote
from fullhouse.core.arrays import Flags, Integers
from fullhouse.discovery.obvious import DEMOGRAPHICS
from fullhouse.sample.film_traits import kinds_of
from fullhouse.sample.sheet import Sheet
from fullhouse.traits.trait import Trait


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
        found = np.zeros(people, dtype=bool)
        found[self.rows] = True
        return found


def trait_columns(sheet: Sheet, names: Iterable[str]) -> list[Column]:
    """The columns of some of a sheet's traits, in the order given."""
    return [_column(sheet, sheet.traits[sheet.column(name)]) for name in names]


def holders_of(sheet: Sheet, trait: str) -> Integers:
    """The rows of those with one trait."""
    at = sheet.column(trait)
    matrix = sheet.by_trait
    rows: Integers = matrix.indices[matrix.indptr[at] : matrix.indptr[at + 1]]
    return rows


def having_any(sheet: Sheet, traits: Iterable[Trait]) -> Flags:
    """Who has any of some traits; traits that are not in the sheet are nobody's."""
    known = {t.name for t in sheet.traits}
    found = np.zeros(len(sheet.persons), dtype=bool)
    for trait in traits:
        if trait.name in known:
            found[holders_of(sheet, trait.name)] = True
    return found


def known_in(sheet: Sheet, families: Iterable[str]) -> Flags:
    """Of whom something is known in each of some families of facts."""
    found = np.ones(len(sheet.persons), dtype=bool)
    for family in families:
        found &= having_any(sheet, (t for t in sheet.traits if t.family == family))
    return found


def _column(sheet: Sheet, trait: Trait) -> Column:
    return Column(
        trait.name,
        trait.label,
        trait.family,
        _shown_in(trait),
        (trait.family,) if trait.family in DEMOGRAPHICS else (),
        holders_of(sheet, trait.name),
        trait,
        quote(trait.name),
    )


def _shown_in(trait: Trait) -> tuple[str, ...]:
    # A level of prices is a fact that only purchases can show.
    shown = trait.definition.get("from")
    return kinds_of(trait) or ((shown,) if shown else ())
