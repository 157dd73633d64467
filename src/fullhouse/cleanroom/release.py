"""The one type that is rendered for a tenant: numbers with their noise in them, and their price."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from hashlib import sha256
from typing import Any

from pydantic import TypeAdapter

from fullhouse.core.brief import Brief
from fullhouse.core.tabular import Tabular

NANO = 1_000_000_000
"""The ledger counts rho in billionths: floats refuse the eighth of eight equal shares."""

Z95 = 1.959963984540054
"""Standard deviations on either side of a number that hold 95 % of a normal distribution."""


class ForTenants(Brief):
    """What may be handed to a tenant. Stages stand below this module and can make none."""


class Proof(dict[str, Any], ForTenants):
    """A signed head, a receipt or a proof of the transparency log, as JSON."""


@dataclass(frozen=True)
class ReleasedNumber:
    """A released number with its 95 % interval, or that it is under the policy's minimum.

    The interval contains the noise and, where the number estimates something, the sampling error.
    A suppressed number has no value: it is fewer than `fewer_than`, by its noisy value.
    """

    value: float | None
    low: float | None
    high: float | None
    unit: str = "people"
    fewer_than: int | None = None

    def __str__(self) -> str:
        if self.fewer_than is not None:
            return f"fewer than {self.fewer_than:,}"
        if self.value is None:
            return "-"
        return f"{self.value:,.6g}" if self.unit in RATIOS else f"{self.value:,.0f}"


RATIOS = frozenset({"ratio", "index", "share"})


@dataclass(frozen=True)
class ReleasedLine:
    """A row of a release: what it is of, and its figures by name."""

    of: Mapping[str, str]
    figures: Mapping[str, ReleasedNumber]


@dataclass(frozen=True)
class Noise:
    """The noise that a release holds: the deviation of each measurement, and bounds of a person."""

    sigma: float
    sensitivity: float = 1.0
    bounds: Mapping[str, float] | None = None


@dataclass(frozen=True)
class Note:
    """What a reader must know of a release: a code, and its facts, which are released as well."""

    code: str
    facts: Mapping[str, int | float | str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Release(Tabular, ForTenants):
    """An answer that passed the clean room.

    `question` is the canonical form in words, `data` the trait build or day it was computed from,
    `rho` the price in nano-rho, `policy` the digest of the policy that allowed it.
    """

    kind: str
    question: Mapping[str, Any]
    lines: tuple[ReleasedLine, ...]
    minimum: int
    noise: tuple[Noise, ...]
    epoch: str
    data: Mapping[str, str]
    rho: int
    policy: str
    notes: tuple[Note, ...] = ()

    def rows(self) -> Sequence[Mapping[str, Any]]:
        """A row for each line: what it is of, each figure with its interval."""
        return [dict(line.of) | _columns(line.figures) for line in self.lines]

    def in_brief(self) -> str:
        """The result in one line."""
        return f"{self.kind}: {len(self.lines)} lines"

    def to_bytes(self) -> bytes:
        """The release as JSON: the bytes that are stored, signed for, and given again."""
        return _adapter().dump_json(self)

    @classmethod
    def from_bytes(cls, body: bytes | str) -> "Release":
        """The release that was stored."""
        return _adapter().validate_json(body)

    @property
    def digest(self) -> str:
        """SHA-256 of the stored bytes."""
        return sha256(self.to_bytes()).hexdigest()


@cache
def _adapter() -> TypeAdapter[Release]:
    return TypeAdapter(Release)  # built when it is first needed: it takes 0.03 s


def _columns(figures: Mapping[str, ReleasedNumber]) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for name, figure in figures.items():
        columns |= {name: figure.value, f"{name}_low": figure.low, f"{name}_high": figure.high}
        if figure.fewer_than is not None:
            columns[f"{name}_fewer_than"] = figure.fewer_than
    return columns


@dataclass(frozen=True)
class BudgetLeft:
    """What is left of one budget in nano-rho: of all together, a tenant, title, stage, campaign."""

    scope: str
    name: str
    cap: int
    spent: int

    @property
    def left(self) -> int:
        """What may still be spent."""
        return max(self.cap - self.spent, 0)


@dataclass(frozen=True)
class Price(ForTenants):
    """What a question would cost, in nano-rho, and what is left of each budget before and after.

    `half_width` is that of the 95 % interval of one number, in people, from the noise alone. A
    question that was answered in this epoch costs nothing.
    """

    kind: str
    rho: int
    sigma: float
    half_width: float
    answered: bool
    affordable: bool
    budgets: tuple[BudgetLeft, ...]
    epoch: str
    epoch_ends: str


@dataclass(frozen=True)
class Answer(ForTenants):
    """A release as a tenant gets it: what it cost now, what is left, and its receipt."""

    release: Release
    body: bytes
    paid: int
    left: tuple[BudgetLeft, ...]
    receipt: Mapping[str, Any]
    digest: str = ""
    """Of the question: by it the answer is read again."""


@dataclass(frozen=True)
class GivenAnswer:
    """An answer that a tenant was given: to what, when, for which title, and its price."""

    digest: str
    kind: str
    title: str
    campaign: str
    epoch: str
    rho: int
    at: datetime
    position: int


@dataclass(frozen=True)
class SizedRule:
    """The free size of a rule: an estimate, and bounds that hold however its traits depend."""

    rule: str
    people: ReleasedNumber


@dataclass(frozen=True)
class RuleSizes(Tabular, ForTenants):
    """Free sizes of rules, of everybody too, and what the exact figure of a rule would cost.

    `count_rho` is the price of a count in nano-rho, `half_width` that of its 95 % interval.
    """

    sizes: tuple[SizedRule, ...]
    everyone: ReleasedNumber
    as_of: date
    build: int
    count_rho: int
    half_width: float

    def rows(self) -> Sequence[Mapping[str, Any]]:
        """A row for each rule."""
        return [{"rule": s.rule} | _columns({"people": s.people}) for s in self.sizes]


@dataclass(frozen=True)
class NamedTrait:
    """A trait that a tenant may name; without a size where the free table does not have it yet."""

    name: str
    family: str
    label: str
    people: ReleasedNumber | None


@dataclass(frozen=True)
class NamedTraits(Tabular, ForTenants):
    """Traits that a tenant may name, by name, and how many fit what was looked for."""

    traits: tuple[NamedTrait, ...]
    total: int
    families: tuple[str, ...]
    as_of: date
    build: int

    def rows(self) -> Sequence[Mapping[str, Any]]:
        """A row for each trait."""
        return [
            {"name": t.name, "family": t.family, "label": t.label}
            | ({} if t.people is None else _columns({"people": t.people}))
            for t in self.traits
        ]


def figure(
    value: float, half_width: float, *, minimum: int, unit: str = "people"
) -> ReleasedNumber:
    """A noisy number of people with its interval; under the minimum, that alone.

    The threshold looks at the noisy number: whether a cell is shown tells no more than its number.
    """
    if value < minimum:
        return ReleasedNumber(None, 0.0, float(minimum), unit, minimum)
    return ReleasedNumber(float(value), max(value - half_width, 0.0), value + half_width, unit)
