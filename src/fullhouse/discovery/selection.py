"""Which compared columns become cards, on what basis, and which of them are the same audience."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from fullhouse.core.arrays import Flags, Floats, Integers
from fullhouse.discovery.affinity import Affinity
from fullhouse.discovery.beyond import Beyond, count_columns
from fullhouse.discovery.card import Basis, CardReason
from fullhouse.discovery.columns import Column, quadrants, trait_columns
from fullhouse.discovery.groups import ComparedTraits
from fullhouse.discovery.judge import FALSE_DISCOVERIES, LEAST_EXPECTED, LEFT_OVER
from fullhouse.stats import association, benjamini_hochberg

ADDS = 0.01
"""A column that overlaps a stronger one adds to it when, adjusted for that one, chance gives its
numbers less often than this."""

HALF = 0.5
"""Columns overlap when one has this share of the other's people."""


@dataclass(frozen=True)
class MeasuredColumns:
    """The columns of one base, beyond the obvious, for the whole seed and for its two parts.

    `interest` are those who showed interest in the film itself, `comps` the rest of the seed,
    compared without the former; None where there is nobody. `twins` names the columns that hold
    the very same people as one that is here.
    """

    compared: ComparedTraits
    columns: tuple[Column, ...]
    twins: Mapping[str, tuple[str, ...]]
    seed: Beyond
    interest: Beyond | None
    comps: Beyond | None


@dataclass(frozen=True)
class SelectedColumn:
    """A selected column, the estimate it is selected by, and which columns add nothing to it."""

    measured: MeasuredColumns
    at: int
    basis: Basis
    by: Beyond
    q: float
    reason: CardReason
    same: tuple[str, ...] = field(default=())

    @property
    def column(self) -> Column:
        """The column itself."""
        return self.measured.columns[self.at]

    @property
    def weight(self) -> float:
        """The weight of evidence in the whole seed: standard errors above what chance gives."""
        test = self.measured.seed.test
        spread = float(np.sqrt(test.variance[self.at]))
        return float(test.observed[self.at] - test.expected[self.at]) / spread if spread else 0.0


def enough(adjusted: Beyond) -> Integers:
    """Which columns have enough people expected by chance alone."""
    return np.flatnonzero(adjusted.test.least >= LEAST_EXPECTED)


def select(measured: Sequence[MeasuredColumns]) -> list[SelectedColumn]:
    """All columns that become cards, strongest first: the measured ones, then the expected.

    The false discovery rate is controlled over all columns of all bases, once among the tests on
    the film's own interest and once among those on the whole seed.
    """
    interest = _q_of_interest(measured)
    seed = _q([None if m.comps is None else m.seed for m in measured])
    chosen = []
    for m, of_interest, of_seed in zip(measured, interest, seed, strict=True):
        for at in range(len(m.columns)):
            if not _beyond_placebo(m.compared.affinities.get(m.columns[at].name)):
                continue
            if m.interest is not None and _passes(m.interest, at, of_interest[at]):
                q, by = of_interest[at], m.interest
                chosen.append(SelectedColumn(m, at, "measured", by, q, "own_interest"))
            elif (
                m.comps is not None
                and _passes(m.seed, at, of_seed[at])
                and not _contradicted(m, at)
            ):
                reason = _expected_reason(m, at)
                chosen.append(SelectedColumn(m, at, "expected", m.seed, of_seed[at], reason))
    return sorted(chosen, key=lambda c: (c.basis != "measured", -c.weight, c.column.name))


def grouped(candidates: Sequence[SelectedColumn]) -> list[SelectedColumn]:
    """Leads, each with the names of those that add nothing once it is adjusted for."""
    leads: list[SelectedColumn] = []
    for candidate in candidates:
        names = (candidate.column.name, *candidate.measured.twins.get(candidate.column.name, ()))
        for i, lead in enumerate(leads):
            if _adds_nothing(candidate, lead):
                leads[i] = replace(lead, same=lead.same + names)
                break
        else:
            leads.append(replace(candidate, same=names[1:]))
    return leads


def distinct(columns: Sequence[Column]) -> tuple[list[Column], dict[str, tuple[str, ...]]]:
    """Columns without those that hold the very same people as one before, and these by name.

    The same people are one test, and one card.
    """
    first_by_people: dict[tuple[tuple[str, ...], bytes], Column] = {}
    twins: dict[str, tuple[str, ...]] = {}
    for column in columns:
        people = (column.facts, np.sort(column.rows).tobytes())
        first = first_by_people.setdefault(people, column)
        if first is not column:
            twins[first.name] = (*twins.get(first.name, ()), column.name)
    return list(first_by_people.values()), twins


def _q_of_interest(measured: Sequence[MeasuredColumns]) -> list[Floats]:
    """The q-values of the tests on the film's own interest.

    Of a new film only a few hundred people are known. So half of the false discoveries allowed
    are reserved for the columns that the comparable films already show, hence the factor 2. Their
    audiences are other people, so what they show makes chance results with interest no likelier
    (Bourgon, Gentleman and Huber 2010, on filters that are independent of the test).
    """
    every = _q([m.interest for m in measured])
    if all(m.comps is None for m in measured):
        return every
    comps = _q([m.comps for m in measured])
    by_comps = [
        np.zeros(len(q), dtype=bool) if m.comps is None else _all_pass(m.comps, q)
        for m, q in zip(measured, comps, strict=True)
    ]
    few = _q([m.interest for m in measured], by_comps)
    return [np.minimum(1, 2 * np.fmin(a, b)) for a, b in zip(every, few, strict=True)]


def _q(adjusted: Sequence[Beyond | None], only: Sequence[Flags] | None = None) -> list[Floats]:
    """The q-values of the columns of each base, over those of all; NaN where not tested."""
    p = [np.zeros(0) if h is None else np.full(len(h.columns), np.nan) for h in adjusted]
    for i, (values, h) in enumerate(zip(p, adjusted, strict=True)):
        if h is not None:
            rows = enough(h) if only is None else np.intersect1d(enough(h), np.flatnonzero(only[i]))
            values[rows] = h.test.p[rows]
    q = benjamini_hochberg(np.concatenate([*p, np.zeros(0)]))
    ends = np.cumsum([len(x) for x in p])
    return [q[end - len(x) : end] for x, end in zip(p, ends, strict=True)]


def _all_pass(adjusted: Beyond, q: Floats) -> Flags:
    passing: Flags = (q <= FALSE_DISCOVERIES) & (adjusted.ratio.low > LEFT_OVER)
    return passing


def _passes(adjusted: Beyond, at: int, q: float) -> bool:
    return bool(q <= FALSE_DISCOVERIES and adjusted.ratio.low[at] > LEFT_OVER)


def _beyond_placebo(affinity: Affinity | None) -> bool:
    if affinity is None or affinity.placebo is None:
        return affinity is None or affinity.verdict != "is_outcome"
    low = affinity.against_placebo_low
    return affinity.verdict != "is_outcome" and low is not None and low > 1


def _contradicted(m: MeasuredColumns, at: int) -> bool:
    """Whether the film's own interest, where it is known, lies below that of the seed."""
    return m.interest is not None and bool(m.interest.ratio.high[at] < m.seed.ratio.low[at])


def _expected_reason(m: MeasuredColumns, at: int) -> CardReason:
    if m.interest is None:
        return "comps_before_any_interest"
    if m.interest.test.least[at] >= LEAST_EXPECTED:
        return "comps_not_contradicted"
    return "comps_interest_too_small"


def _adds_nothing(candidate: SelectedColumn, lead: SelectedColumn) -> bool:
    other = _same_people(candidate.measured, lead.column)
    if other is None or not _overlaps(candidate.column, other):
        return False
    by, people = candidate.by, len(candidate.measured.compared.sheet.persons)
    strata, size = by.strata(candidate.at)
    crossed = np.where(strata < 0, -1, strata * 2 + other.holders(people))
    a, b, c, d = count_columns([candidate.column], crossed, size * 2, by.cohort.case)
    test = association(a, a + b, c, c + d)
    # Where nothing is left to compare they are the same people: p is NaN.
    return not (test.p[0] <= ADDS and test.observed[0] > test.expected[0])


def _same_people(measured: MeasuredColumns, lead: Column) -> Column | None:
    """The lead in another base, when it is there."""
    for column in measured.columns:
        if column.name == lead.name:
            return column
    sheet = measured.compared.sheet
    if lead.trait is not None:
        there = any(t.name == lead.name for t in sheet.traits)
        return trait_columns(sheet, [lead.name])[0] if there else None
    return next((q for q in quadrants(sheet) if q.name == lead.name), None)


def _overlaps(one: Column, two: Column) -> bool:
    if one.family == two.family == "buys":
        first, second = one.name + "/", two.name + "/"
        if first.startswith(second) or second.startswith(first):
            return True
    both = len(np.intersect1d(one.rows, two.rows, assume_unique=True))
    least = min(len(one.rows), len(two.rows))
    return bool(both > 0 and both >= HALF * least)
