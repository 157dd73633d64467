"""Affinity beyond the obvious: people alike in activity, taste, habit and facts are compared.

People are alike who did about equally much of what makes the outcome, have nearly the same
prognostic score, and are equally active where the trait shows itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from fullhouse.core.arrays import Flags, Floats, Integers, Ints32
from fullhouse.discovery.columns import Column, known_in
from fullhouse.discovery.prognosis import Cohort, Facts, cohort_of, score
from fullhouse.sample.sheet import Sheet
from fullhouse.sample.strata import MOST_STRATA, PEOPLE_EACH
from fullhouse.stats import Association, Ratio, association, risk_ratio
from fullhouse.stats.case_cohort import case_cohort_ratio
from fullhouse.stats.mantel_haenszel import EXACT_BELOW
from fullhouse.traits.trait import KINDS

MOST_EXPOSURES = 8
"""Classes of how much somebody did of what makes the outcome: it is a small number mostly."""

MOST_OWN = 10
"""Classes of activity where the trait shows itself, which the score holds equal too."""

NEAR_LUCK = 1.5
"""Standard errors within which nothing is a discovery, however many are tested."""


@dataclass(frozen=True)
class Group:
    """Columns that are compared over the same people and strata; stratum -1 is not compared."""

    columns: Integers
    strata: Ints32 = field(repr=False)
    size: int


@dataclass(frozen=True)
class Beyond:
    """Ratios and tests of all columns against one outcome, all that is obvious held equal."""

    columns: tuple[Column, ...]
    cohort: Cohort
    groups: tuple[Group, ...]
    ratio: Ratio
    test: Association

    def strata(self, column: int) -> tuple[Ints32, int]:
        """The strata that a column is compared over, and how many there are."""
        group = next(g for g in self.groups if column in g.columns)
        return group.strata, group.size


def beyond(
    sheet: Sheet,
    columns: Sequence[Column],
    facts: Facts,
    outcome: Flags,
    *,
    key: bytes,
    without: Flags | None = None,
) -> Beyond:
    """Compare every column with an outcome (the seed, or a part of it) beyond the obvious.

    `facts` are what is obvious of the sheet's people. A column's own demographic families are not
    held equal: that would be what it measures. People flagged by `without` are not compared.
    """
    cohort = cohort_of(sheet, outcome, key=key, without=without)
    exposure = exposure_of(sheet, cohort)
    alike: dict[tuple[tuple[str, ...], tuple[str, ...]], list[int]] = {}
    for i, column in enumerate(columns):
        alike.setdefault((column.facts, column.kinds), []).append(i)
    scores: dict[tuple[str, ...], Floats] = {}
    known: dict[tuple[str, ...], Flags] = {}
    groups = []
    for (families, kinds), members in alike.items():
        if families not in scores:
            scores[families] = score(sheet, facts, cohort, without=families, key=key)
            known[families] = cohort.rows & known_in(sheet, families)
        strata, size = strata_of(
            exposure, scores[families], _own(sheet, kinds, outcome), cohort.case, known[families]
        )
        groups.append(Group(np.array(members), strata, size))
    ratio, test = _measured(columns, groups, cohort)
    return Beyond(tuple(columns), cohort, tuple(groups), ratio, test)


def seed_kinds(sheet: Sheet, outcome: Flags) -> tuple[str, ...]:
    """The kinds of event that put people into an outcome; none for facts and lists."""
    needed = (sheet.activity != sheet.bare)[:, outcome]
    return tuple(k for k, own in zip(KINDS, needed, strict=True) if own.any())


def exposure_of(sheet: Sheet, cohort: Cohort) -> Floats:
    """How many events of the outcome each person would have had, did events fall at random.

    Of each kind, the share of events that made a member, times the person's events. Who has none
    could not be in the outcome. Everybody has 1 when it has no events of its own.
    """
    needed = ((sheet.activity - sheet.bare)[:, cohort.case]).sum(1) / cohort.case_share
    every = (sheet.activity * sheet.weight).sum(1)
    share = np.divide(needed, every, out=np.zeros(len(KINDS)), where=every > 0)
    found: Floats = share @ sheet.activity
    return found if share.any() else np.ones(len(sheet.persons))


def strata_of(
    exposure: Floats, scores: Floats, own: Integers | None, case: Flags, known: Flags
) -> tuple[Ints32, int]:
    """Classes of exposure, in each of them of the score, crossed with those of own activity.

    Classes hold equally many people and cases taken together, for where cases are counts most;
    at most `MOST_STRATA`, and `PEOPLE_EACH` people to each on average.
    """
    rows = np.flatnonzero(known & (exposure > 0))
    strata = np.full(len(exposure), -1, dtype=np.int32)
    if not len(rows) or not case[rows].any():
        return strata, 1
    cells = max(1, min(MOST_STRATA, len(rows) // PEOPLE_EACH))
    owns = 1 if own is None else max(2, min(MOST_OWN, round(cells ** (1 / 3))))
    exposures = max(1, min(MOST_EXPOSURES, round((cells / owns) ** (1 / 3))))
    mine = case[rows]
    outer = _classes(exposure[rows], mine, exposures, by_cases=True)
    found: npt.NDArray[np.int64] = np.zeros(len(rows), dtype=np.int64)
    size = 0
    for each in range(int(outer.max()) + 1):
        inside = np.flatnonzero(outer == each)
        many = max(1, round(cells / owns * _mass(mine, inside)))
        found[inside] = size + _classes(scores[rows[inside]], mine[inside], many)
        size += many
    if own is not None:
        classes = _classes(own[rows].astype(np.float64), mine, owns)
        found = found * owns + classes.astype(np.int64)
    strata[rows] = found
    return strata, size * owns


def count_columns(
    columns: Sequence[Column], strata: Ints32, size: int, case: Flags
) -> tuple[Floats, Floats, Floats, Floats]:
    """Cases and others with each column and without, by stratum: a, b, c and d."""
    where = np.where(strata < 0, 2 * size, 2 * strata + case)
    every = np.bincount(where, minlength=2 * size + 1)[: 2 * size].reshape(size, 2)
    many = np.array([len(c.rows) for c in columns])
    keys = where[np.concatenate([c.rows for c in columns])]
    keys = keys + np.repeat(np.arange(len(columns)) * (2 * size + 1), many)
    held = np.bincount(keys, minlength=len(columns) * (2 * size + 1))
    held = held.reshape(len(columns), 2 * size + 1)[:, : 2 * size].reshape(-1, size, 2)
    without = every - held
    a, b, c, d = (x.astype(np.float64) for h in (held, without) for x in (h[..., 1], h[..., 0]))
    return a, b, c, d


def association_of(a: Floats, b: Floats, c: Floats, d: Floats) -> Association:
    """The test of each column, on the people drawn: it needs no weights.

    Near what luck gives, p is the plain normal one. No discovery lies there, and the exact test
    of a thousand columns would take longer than all else.
    """
    n1, n0, cases = a + b, c + d, a + c
    n = np.maximum(n1 + n0, 1)
    seen, expected = a.sum(-1), (cases * n1 / n).sum(-1)
    spread = (cases * (b + d) / n * n1 * n0 / n / np.maximum(n - 1, 1)).sum(-1)
    least = np.minimum(expected, (cases * n0 / n).sum(-1))
    others = ((b + d) * n1 / n).sum(-1), ((b + d) * n0 / n).sum(-1)
    least = np.minimum(least, np.minimum(*others))
    chi2 = np.divide(
        (seen - expected) ** 2, spread, out=np.full(len(seen), np.nan), where=spread > 0
    )
    found = Association(seen, expected, least, spread, chi2, 2 * ndtr(-np.sqrt(chi2)))
    far = np.flatnonzero((chi2 > NEAR_LUCK**2) | (least >= EXACT_BELOW))
    _put(found, far, association(a[far], n1[far], c[far], n0[far]))
    return found


def ratio_of(a: Floats, b: Floats, c: Floats, d: Floats, cohort: Cohort) -> Ratio:
    """The ratio of risks among all people of the base."""
    if not cohort.sampled:
        return risk_ratio(a, a + b, c, c + d)
    return case_cohort_ratio(
        a, b, c, d, case_share=cohort.case_share, other_share=cohort.other_share
    )


def _measured(
    columns: Sequence[Column], groups: Sequence[Group], cohort: Cohort
) -> tuple[Ratio, Association]:
    ratio = Ratio(*(np.full(len(columns), np.nan) for _ in fields(Ratio)))
    test = Association(*(np.full(len(columns), np.nan) for _ in fields(Association)))
    for group in groups:
        mine = [columns[i] for i in group.columns]
        four = count_columns(mine, group.strata, group.size, cohort.case)
        _put(ratio, group.columns, ratio_of(*four, cohort))
        _put(test, group.columns, association_of(*four))
    return ratio, test


def _put(into: Ratio | Association, rows: Integers, part: Ratio | Association) -> None:
    for name, values in vars(part).items():
        getattr(into, name)[rows] = values


def _own(sheet: Sheet, kinds: Sequence[str], outcome: Flags) -> Integers | None:
    rows = [KINDS.index(k) for k in kinds if k not in seed_kinds(sheet, outcome)]
    own: Integers | None = sheet.activity[rows].sum(0) if rows else None
    return own


def _mass(case: Flags, inside: npt.NDArray[np.intp]) -> float:
    return float(len(inside) / len(case) + case[inside].sum() / max(1, case.sum())) / 2


def _classes(values: Floats, case: Flags, many: int, *, by_cases: bool = False) -> Integers:
    """The class of each value, 0 upward; the first class by cases has none of them."""
    if many <= 1 and not by_cases:
        return np.zeros(len(values), dtype=np.int64)
    order = np.argsort(values, kind="stable")
    cases = case[order] / max(1, case.sum())
    mass = np.cumsum(cases if by_cases else (cases + 1 / len(values)) / 2)
    shares = np.arange(0 if by_cases else 1, many) / many
    at = np.minimum(np.searchsorted(mass, shares + 1e-9), len(values) - 1)
    edges = np.unique(values[order[at]])
    found: Integers = np.searchsorted(edges, values, side="right")
    return found
