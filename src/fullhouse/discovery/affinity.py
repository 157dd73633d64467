"""What discovery finds: each trait's affinity with an outcome, and the verdict on it."""

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any, Literal, TypeAlias, get_args

import pyarrow as pa

Verdict: TypeAlias = Literal["found", "avoided", "nothing", "cannot tell", "is the outcome"]
VERDICTS: tuple[str, ...] = get_args(Verdict)


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
    verdict: Verdict
    reason: str


@dataclass(frozen=True)
class Discovery:
    """Every trait's affinity with an outcome, strongest finding first, and what it says in all.

    `verdict` is found, nothing or cannot tell; `sentence` says it in words. It is association,
    never cause: nothing here says what a campaign would change. `simulated`: none of it is real.
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
    verdict: Verdict
    sentence: str
    notes: tuple[str, ...]
    rows: tuple[Affinity, ...]
    simulated: bool = False

    def of(self, verdict: Verdict) -> tuple[Affinity, ...]:
        """The rows with a verdict, in order."""
        return tuple(r for r in self.rows if r.verdict == verdict)

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON can say it: no NaN, no infinity."""
        return asdict(self) | {"as_of": self.as_of.isoformat(), "notes": list(self.notes)}

    def to_arrow(self) -> pa.Table:
        """The rows as a table; the rest as its metadata."""
        schema = pa.schema([pa.field(f.name, _arrow(f.type)) for f in fields(Affinity)])
        rest = {k: str(v) for k, v in self.to_dict().items() if k != "rows"}
        table = pa.Table.from_pylist([asdict(r) for r in self.rows], schema=schema)
        return table.replace_schema_metadata(rest)


def in_order(rows: Iterable[Affinity]) -> tuple[Affinity, ...]:
    """Rows as they are read: found and avoided by strength, then by p, then what was not tested."""

    def key(row: Affinity) -> tuple[int, float, str]:
        if row.verdict in ("found", "avoided"):
            strength = row.low if row.verdict == "found" else 1 / row.high if row.high else None
            return (VERDICTS.index(row.verdict), -(strength or math.inf), row.trait)
        if row.verdict == "is the outcome":
            return (4, 0.0, row.trait)
        return (2, row.p, row.trait) if row.p is not None else (3, -row.persons, row.trait)

    return tuple(sorted(rows, key=key))


def number(value: float) -> float | None:
    """The value, or None when there is none."""
    return float(value) if math.isfinite(value) else None


def _arrow(kind: Any) -> pa.DataType:
    if kind is int:
        return pa.int64()
    return pa.float64() if kind == float | None else pa.string()
