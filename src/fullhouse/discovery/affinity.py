"""Each trait's affinity with an outcome, and the verdict on it: facts only."""

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from datetime import date
from functools import cache
from typing import Any, Literal, TypeAlias, get_args

import pyarrow as pa
from pydantic import TypeAdapter

from fullhouse.core.brief import Brief
from fullhouse.core.values import as_json
from fullhouse.discovery.card import ExclusionReason

AffinityVerdict: TypeAlias = Literal[
    "associated", "avoided", "no_association", "cannot_tell", "is_outcome"
]
VERDICTS: tuple[str, ...] = get_args(AffinityVerdict)

VerdictReason: TypeAlias = (
    Literal[
        "beyond_placebo",
        "no_placebo_given",
        "placebo_not_testable",
        "placebo_may_show_as_much",
        "placebo_shows_as_much",
        "chance_not_excluded",
        "leftover_activity",
        "chance",
        "is_activity",
        "outcome_too_small",
        "everyone_has_it",
        "nobody_has_it",
        "no_comparable_people",
        "too_few_expected",
    ]
    | ExclusionReason
)
"""Why a trait has its verdict."""

OutcomeNote: TypeAlias = Literal[
    "listed_outcome",
    "outcome_of_facts",
    "outcome_of_answers",
    "few_items",
    "nothing_adjusted_for",
    "activity_not_adjusted_for",
    "no_placebo_given",
]
"""What a reader must know of an outcome before trusting the numbers."""


@dataclass(frozen=True)
class Affinity:
    """One trait and an outcome. Counts are people of the base; a trait is as it is without the
    outcome's own events. None means that a number could not be computed: `reason` says why.

    `ratio` is the affinity: the Mantel–Haenszel risk ratio over activity strata, with its 95 %
    interval; `naive` is the ratio without strata, not to be trusted. `index` is the trait
    holders' share in the outcome's events ÷ their share in all events of those kinds.
    """

    trait: str
    label: str
    family: str
    basis: str
    persons: int
    outcome_persons: int
    share: float | None
    outcome_share: float | None
    naive: float | None
    ratio: float | None
    low: float | None
    high: float | None
    expected: float | None
    p: float | None
    q: float | None
    placebo_naive: float | None
    placebo: float | None
    placebo_low: float | None
    placebo_high: float | None
    against_placebo: float | None
    against_placebo_low: float | None
    against_placebo_high: float | None
    index: float | None
    index_low: float | None
    index_high: float | None
    verdict: AffinityVerdict
    reason: VerdictReason

    @property
    def exclusion(self) -> ExclusionReason | None:
        """Why the trait is the outcome, if it is."""
        return EXCLUSIONS.get(self.reason)


EXCLUSIONS: dict[str, ExclusionReason] = {reason: reason for reason in get_args(ExclusionReason)}


@dataclass(frozen=True)
class OutcomeDiscovery(Brief):
    """Every trait's affinity with an outcome, strongest first, and the verdict in all.

    `verdict` is associated, no_association or cannot_tell, the last with a `reason`. It is
    association, never cause: nothing here says what a campaign would change. `needed` people in
    the outcome are the fewest for any comparison. `simulated`: none of it is real.
    """

    outcome: str
    base: str
    placebo: str | None
    as_of: date
    build: int
    base_people: int
    outcome_people: int
    outcome_outside: int
    outcome_events: int
    placebo_people: int | None
    refused: int
    strata: str
    tested: int
    too_few: int
    excluded: int
    verdict: AffinityVerdict
    reason: Literal["", "outcome_too_small", "nothing_testable", "chance_not_excluded"]
    needed: int
    notes: tuple[OutcomeNote, ...]
    rows: tuple[Affinity, ...]
    simulated: bool = False
    least_affinity: float | None = None
    """The affinity from which a typical trait would have been noticed; None: nothing was tested."""
    adjusted_for: tuple[str, ...] = ()
    """Families of facts in which those who are compared are alike."""

    @property
    def undecided(self) -> int:
        """How many traits were tested and can neither be told from 1 nor bound to be near it."""
        return sum(r.verdict == "cannot_tell" and r.q is not None for r in self.rows)

    def of(self, verdict: AffinityVerdict) -> tuple[Affinity, ...]:
        """The rows with a verdict, in order."""
        return tuple(r for r in self.rows if r.verdict == verdict)

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON can say it: no NaN, no infinity."""
        plain: dict[str, Any] = as_json(_adapter().dump_python(self, mode="json"))
        return plain

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> "OutcomeDiscovery":
        """The discovery of which `to_dict` gave this."""
        return _adapter().validate_python(plain)

    def to_arrow(self) -> pa.Table:
        """The rows as a table; the rest as its metadata."""
        schema = pa.schema([pa.field(f.name, _arrow(f.type)) for f in fields(Affinity)])
        rest = {k: str(v) for k, v in self.to_dict().items() if k != "rows"}
        table = pa.Table.from_pylist([asdict(r) for r in self.rows], schema=schema)
        return table.replace_schema_metadata(rest)


def in_order(rows: Iterable[Affinity]) -> tuple[Affinity, ...]:
    """Rows as they are read: associated and avoided by strength, then by p, then untested ones."""

    def key(row: Affinity) -> tuple[int, float, str]:
        if row.verdict in ("associated", "avoided"):
            end = row.low if row.verdict == "associated" else 1 / row.high if row.high else None
            return (VERDICTS.index(row.verdict), -(end or math.inf), row.trait)
        if row.verdict == "is_outcome":
            return (4, 0.0, row.trait)
        return (2, row.p, row.trait) if row.p is not None else (3, -row.persons, row.trait)

    return tuple(sorted(rows, key=key))


@cache
def _adapter() -> TypeAdapter[OutcomeDiscovery]:
    return TypeAdapter(OutcomeDiscovery)


def _arrow(kind: Any) -> pa.DataType:
    if kind is int:
        return pa.int64()
    return pa.float64() if kind == float | None else pa.string()
