"""The nouns of audiences: a saved one, and what counting, comparing and exporting give."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

from fullhouse.core.brief import Brief
from fullhouse.core.tabular import Tabular, row_of
from fullhouse.traits.trait import Build, Trait


@dataclass(frozen=True)
class Audience(Brief):
    """A saved version of an audience: never edited; its members are in `audience_block`.

    The rule names its traits in full and pins the versions of the audiences it uses. `as_of` is
    the day the trait build looks back from, `at` when it was saved.
    """

    name: str
    version: int
    rule: str
    purpose: str
    as_of: date
    build: int
    persons: int
    at: datetime

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"


@dataclass(frozen=True)
class PartlyOutside:
    """An age range counts only the bands inside it; these bands lie partly outside."""

    name: str
    counted: tuple[str, ...]
    not_counted: tuple[str, ...]


@dataclass(frozen=True)
class Basis:
    """What an answer rests on: the trait build, the purpose, the rules in full names, notes.

    `forms` are the rules in the typed form for programs.
    """

    build: Build
    purpose: str
    rules: tuple[str, ...]
    forms: tuple[Mapping[str, Any], ...]
    notes: tuple[PartlyOutside, ...]


@dataclass(frozen=True)
class Count:
    """People who fit a rule and take part in a purpose, and those left out for want of consent."""

    persons: int
    left_out: int


@dataclass(frozen=True)
class AudienceCount(Count, Brief):
    """The people who fit a rule, and what the count rests on."""

    basis: Basis

    def in_brief(self) -> str:
        """The result in one line."""
        return f"{self.persons:,} people: {self.basis.rules[0]}"


@dataclass(frozen=True)
class Index:
    """Share in the audience ÷ share in the base × 100, with a 95 % interval."""

    index: float
    low: float
    high: float


@dataclass(frozen=True)
class TraitIndex:
    """One trait: people of the audience and of the base who have it, their shares, the index."""

    trait: Trait
    persons: int
    base_persons: int
    share: float
    base_share: float
    index: Index


@dataclass(frozen=True)
class Profile:
    """An audience, trait by trait; by family, and in a family farthest from 100 first.

    `persons` are the people of the audience inside the base: the two are compared on those;
    `outside` are its people who are not in the base. `too_small` counts traits not listed.
    """

    persons: int
    base_persons: int
    left_out: int
    outside: int
    traits: tuple[TraitIndex, ...]
    too_small: int


@dataclass(frozen=True)
class AudienceProfile(Profile, Tabular):
    """The profile of an audience against its base, and what it rests on."""

    basis: Basis

    def rows(self) -> Sequence[Mapping[str, Any]]:
        """A row for each trait."""
        return [
            {
                "trait": t.trait.name,
                "family": t.trait.family,
                "label": t.trait.label,
                "persons": t.persons,
                "base_persons": t.base_persons,
                "share": t.share,
                "base_share": t.base_share,
                "index": t.index.index,
                "low": t.index.low,
                "high": t.index.high,
            }
            for t in self.traits
        ]

    def in_brief(self) -> str:
        """The result in one line."""
        return f"{self.basis.rules[0]}: {self.persons:,} people, {len(self.traits):,} traits"


@dataclass(frozen=True)
class Overlap:
    """How audiences overlap. An audience is its place in the order given.

    `exclusive` has every combination that someone is in: the people in exactly those audiences
    and no other. They add up to `union`; `sizes` and `pairs` are sums of them.
    """

    sizes: tuple[int, ...]
    pairs: dict[tuple[int, int], int]
    exclusive: dict[tuple[int, ...], int]
    union: int
    left_out: int


@dataclass(frozen=True)
class AudienceOverlap(Overlap, Tabular):
    """The overlap of some audiences, and what it rests on."""

    basis: Basis

    def rows(self) -> Sequence[Mapping[str, Any]]:
        """A row for each exclusive combination, most people first."""
        return [
            {"audiences": [self.basis.rules[i] for i in places], "persons": n}
            for places, n in self.exclusive.items()
        ]

    def in_brief(self) -> str:
        """The result in one line."""
        return f"{len(self.sizes)} audiences of {self.union:,} people together"


@dataclass(frozen=True)
class SplitPart:
    """One part of a split: people whose keyed share lies in [low, high), and how many they are."""

    low: Fraction
    high: Fraction
    rule: str
    persons: int
    left_out: int
    saved: Audience | None = None


@dataclass(frozen=True)
class AudienceSplit(Tabular):
    """An audience cut by chance into parts, and what it rests on."""

    parts: tuple[SplitPart, ...]
    basis: Basis

    def rows(self) -> Sequence[Mapping[str, Any]]:
        """A row for each part."""
        return [row_of(part) for part in self.parts]

    def in_brief(self) -> str:
        """The result in one line."""
        return f"{len(self.parts)} parts of {self.basis.rules[0]}"


@dataclass(frozen=True)
class SavedAudience(Brief):
    """A version that was saved, how many were left out of it, and what it rests on."""

    audience: Audience
    left_out: int
    basis: Basis

    def in_brief(self) -> str:
        """The result in one line."""
        return f"{self.audience}: {self.audience.persons:,} people"


@dataclass(frozen=True)
class Exported:
    """What was written: accounts by source, of so many people.

    `left_out` people do not take part in the purpose; of `gone` no account is left in the lake,
    or, where sources were named, none in those.
    """

    file: Path
    accounts: dict[str, int]
    persons: int
    left_out: int
    gone: int


@dataclass(frozen=True)
class AudienceExport(Exported, Brief):
    """The file that was written of a saved audience."""

    audience: Audience

    def in_brief(self) -> str:
        """The result in one line."""
        return f"{self.audience}: {sum(self.accounts.values()):,} accounts in {self.file}"
