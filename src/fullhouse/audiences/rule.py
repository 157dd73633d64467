"""What an audience is: a rule over traits, saved audiences and samples; and a rule compiled.

Two texts that differ only in brackets, spaces or spelling of an operator are the same rule:
`a - b` is `And(a, Not(b))`, and an And inside an And is one And.
"""

import unicodedata
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from fullhouse.audiences.audience import PartlyOutside
from fullhouse.core.errors import InputError


@dataclass(frozen=True)
class Name:
    """A trait by its name `family:slug`, an age band `age:18-34`, or a bare slug."""

    text: str

    def __post_init__(self) -> None:
        plain = unicodedata.normalize("NFC", self.text).strip()
        if not plain or not plain.isprintable():
            raise InputError(f"A trait needs a name such as 'buys:books', not {self.text!r}.")
        object.__setattr__(self, "text", plain)


@dataclass(frozen=True)
class Everyone:
    """Everyone in the base of the trait build."""


@dataclass(frozen=True)
class Saved:
    """A saved audience; without a version, the newest one."""

    name: str
    version: int | None = None

    def __post_init__(self) -> None:
        if not self.name:
            raise InputError("A saved audience needs a name, such as audience:dog-lovers.")
        if self.version is not None and self.version < 1:
            raise InputError(f"Versions of an audience count from 1, not {self.version}.")

    def __str__(self) -> str:
        return self.name + (f"@{self.version}" if self.version else "")


@dataclass(frozen=True)
class Sample:
    """Everyone whose chance lies in [low, high): the same people for ever under one salt.

    Shares are exact fractions, so that 0..0.1, 0.1..0.2 and so on split people without a gap.
    """

    low: Fraction
    high: Fraction
    salt: str

    def __post_init__(self) -> None:
        if not 0 <= self.low < self.high <= 1:
            raise InputError(
                "A sample needs a share above 0 and up to 1, such as 0.1 or 0.5..1,"
                f" not {float(self.low):g}..{float(self.high):g}."
            )
        if not self.salt or not self.salt.isprintable():
            raise InputError(f"A sample needs a salt, such as 'spring', not {self.salt!r}.")


@dataclass(frozen=True)
class Not:
    """Everyone in the base but these."""

    part: "Rule"


@dataclass(frozen=True)
class And:
    """The people in all parts; use `both`."""

    parts: "tuple[Rule, ...]"


@dataclass(frozen=True)
class Or:
    """The people in any part; use `either`."""

    parts: "tuple[Rule, ...]"


Rule: TypeAlias = Name | Everyone | Saved | Sample | Not | And | Or


def both(*parts: Rule) -> Rule:
    """The people in all parts: nested Ands become one."""
    flat = [p for part in parts for p in (part.parts if isinstance(part, And) else (part,))]
    return flat[0] if len(flat) == 1 else And(tuple(flat))


def either(*parts: Rule) -> Rule:
    """The people in any part: nested Ors become one."""
    flat = [p for part in parts for p in (part.parts if isinstance(part, Or) else (part,))]
    return flat[0] if len(flat) == 1 else Or(tuple(flat))


@dataclass(frozen=True)
class KeyedRange:
    """People whose keyed bits lie in [low, high) under a salt, or outside with `inverse`."""

    low: int
    high: int
    salt: str
    inverse: bool = False


@dataclass(frozen=True)
class All:
    """People in every one of `parts` (the smallest first), none of `minus`, all of `ranges`."""

    parts: "tuple[Node, ...]"
    minus: "tuple[Node, ...]" = ()
    ranges: tuple[KeyedRange, ...] = ()


@dataclass(frozen=True)
class Some:
    """People in any one of `parts`."""

    parts: "tuple[Node, ...]"


Node: TypeAlias = int | All | Some
"""A leaf is its place in `CompiledRule.leaves`."""

Leaf: TypeAlias = int | Saved
"""A trait's number (EVERYONE is the base), or a version of a saved audience."""


@dataclass(frozen=True)
class CompiledRule:
    """What to count, over which sets; `rule` has full trait names and pinned versions."""

    root: Node
    leaves: tuple[Leaf, ...]
    rule: Rule
    notes: tuple[PartlyOutside, ...] = ()
