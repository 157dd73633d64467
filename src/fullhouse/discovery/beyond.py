"""Affinity beyond the obvious: people alike in activity, taste, habit and facts are compared.

People are alike who did about equally much of what makes the outcome, have nearly the same
prognostic score, and are equally active where the trait shows itself. The score is how likely each
person is to be in the outcome by the obvious alone. Hansen (Biometrika 2008) shows that people
alike in such a score may be compared as if everything in it were equal. It is a ridge-penalised
logistic regression. Half of the people, by the workspace's key, score the other half, so that
nobody's score is fitted on their own outcome.
"""

import warnings
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, fields

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr
from threadpoolctl import threadpool_limits

from fullhouse.core.arrays import Flags, Floats, Integers, Ints32, Singles, keyed_bits
from fullhouse.discovery.columns import AudienceColumn, ObviousTraits
from fullhouse.discovery.strata import MOST_STRATA, PEOPLE_EACH
from fullhouse.sample.sheet import Sheet
from fullhouse.stats import Association, Ratio, association, risk_ratio
from fullhouse.stats.mantel_haenszel import EXACT_BELOW, case_cohort_ratio, put
from fullhouse.traits.trait import KINDS, Trait

MOST_EXPOSURES = 8
"""Classes of how much somebody did of what makes the outcome: it is a small number mostly."""

MOST_OWN = 10
"""Classes of activity where the trait shows itself, for which the score adjusts too."""

NEAR_CHANCE = 1.5
"""Standard errors within which nothing is a discovery, however many are tested."""

RIDGE = 0.1
"""Variance that a coefficient per standard deviation is thought to have: most are under 0.3."""

LEAST_CASES = 20
"""With fewer people of the outcome in a half nothing is fitted: everybody scores alike."""

MOST_CASES = 8_000
MOST_OTHERS = 12_000
"""People that one half is fitted on. The score need not be exact, only nearly in order."""

MOST_PLACES = 40
"""Towns that have a coefficient of their own; the others count by their region."""

MOST_TALENT = 20

Numbers = npt.NDArray[np.floating]


@dataclass(frozen=True)
class Cohort:
    """Who is compared: `rows` of a sheet, the cases among them, and the share drawn of each.

    Others than cases all stand for equally many: those of the seed who are no cases are thinned.
    """

    rows: Flags
    case: Flags
    case_share: float
    other_share: float

    @property
    def sampled(self) -> bool:
        """Whether somebody is not here."""
        return min(self.case_share, self.other_share) < 1

    def ratio(self, a: Floats, b: Floats, c: Floats, d: Floats) -> Ratio:
        """The ratio of risks among all people of the base, from the numbers drawn."""
        if not self.sampled:
            return risk_ratio(a, a + b, c, c + d)
        return case_cohort_ratio(
            a, b, c, d, case_share=self.case_share, other_share=self.other_share
        )


def cohort_of(sheet: Sheet, outcome: Flags, *, key: bytes, without: Flags | None = None) -> Cohort:
    """A sheet's people as cases of an outcome (all of the seed, or some of it) and others."""
    rows = np.ones(len(outcome), dtype=bool) if without is None else ~without
    case = outcome & sheet.seed & rows
    weights = sheet.weight[~case]
    heavy = float(weights.max()) if len(weights) else 1.0
    light = ~case & (sheet.weight < heavy)
    if light.any():
        bits = keyed_bits(sheet.persons[light], key + b" thinned")
        rows[light] &= bits < sheet.weight[light] / heavy * 2**32
    case_weight = float(sheet.weight[case][0]) if case.any() else 1.0
    return Cohort(rows, case, 1 / case_weight, 1 / heavy)


@dataclass(frozen=True)
class ScoreFeatures:
    """What a score is made of, one row for each person: as fitted, and as it is evaluated.

    `family` names the demographic family of each column, '' for the rest.
    """

    fitted: Singles
    evaluated: Singles
    family: tuple[str, ...]


def score_features(sheet: Sheet, obvious: ObviousTraits) -> ScoreFeatures:
    """Everything obvious about each person of a sheet, on scales of one standard deviation.

    Fitted without any of the seed's own events, so that these do not predict themselves;
    evaluated with those that are needed to be in the seed, so that members do not look idler than
    they are (decision 4). The latter are events of the film's genres too, when it has any.
    """
    known = {t.name for t in sheet.traits}
    fitted: list[Singles] = []
    evaluated: list[Singles] = []
    family: list[str] = []

    def add(of: str, one: Numbers, two: Numbers | None = None) -> None:
        fitted.append(one.astype(np.float32))
        evaluated.append(fitted[-1] if two is None else two.astype(np.float32))
        family.append(of)

    for kind in range(len(KINDS)):
        add("", np.log1p(sheet.bare[kind]), np.log1p(sheet.activity[kind]))
        add("", (sheet.bare[kind] > 0) * 1.0, (sheet.activity[kind] > 0) * 1.0)
    events = sheet.events_by_trait
    for trait in (t for t in obvious.tastes if t.name in known):
        counts = np.asarray(events[:, [sheet.column(trait.name)]].todense()).ravel()
        of_film = trait in obvious.genres
        back = _needed(sheet, trait) if of_film else 0
        add("", np.log1p(counts), np.log1p(counts + back))
        if of_film:
            least = float(trait.definition.get("min_events", 1))
            add("", (counts >= least) * 1.0, (counts + back >= least) * 1.0)
    talent = _common(obvious.talent, known, MOST_TALENT)
    places = _common([t for t in obvious.facts if t.family == "city"], known, MOST_PLACES)
    facts = [t for t in obvious.facts if t.family != "city" and t.name in known] + places
    for trait in (*talent, *(t for t in obvious.habits if t.name in known)):
        add("", _flags(sheet, trait))
    every = [t for t in obvious.talent if t.name in known]
    if every:
        add("", np.log1p(np.sum([_flags(sheet, t) for t in every], axis=0)))
    for trait in facts:
        add(trait.family, _flags(sheet, trait))
    return _scaled(fitted, evaluated, family)


def score(
    sheet: Sheet,
    features: ScoreFeatures,
    cohort: Cohort,
    *,
    without: Collection[str] = (),
    key: bytes,
) -> Floats:
    """The score of each person, cross-fitted, leaving out some demographic families."""
    use = [i for i, f in enumerate(features.family) if f not in without]
    bits = keyed_bits(sheet.persons, key + b" folds")
    fold = bits >> np.uint32(31)
    scores = np.zeros(len(fold))
    # OpenBLAS with two threads takes 40 times as long as with one for these tall thin products.
    with threadpool_limits(1, user_api="blas"):
        for half in (0, 1) if use else ():
            there = fold == half
            fit = _fit(features.fitted, use, cohort, cohort.rows & ~there, bits)
            if fit is not None:
                # All rows and columns at once: to pick them would copy most of the matrix.
                every = np.zeros(len(features.family), dtype=fit.dtype)
                every[use] = fit
                scores[there] = (features.evaluated @ every)[there]
    return scores


def _fit(
    x: Singles, use: list[int], cohort: Cohort, rows: Flags, bits: npt.NDArray[np.uint32]
) -> Floats | None:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    cases, others = np.flatnonzero(rows & cohort.case), np.flatnonzero(rows & ~cohort.case)
    if min(len(cases), len(others)) < LEAST_CASES:
        return None
    some_cases, some_others = _few(cases, bits, MOST_CASES), _few(others, bits, MOST_OTHERS)
    chosen = np.concatenate([some_cases, some_others])
    # Relative to a case, so that the penalty weighs as it would with these cases alone.
    each = len(others) / len(some_others) * cohort.case_share / cohort.other_share
    each *= len(some_cases) / len(cases)
    weights = np.where(cohort.case[chosen], 1.0, each)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = LogisticRegression(C=RIDGE, solver="newton-cholesky", max_iter=25, tol=1e-3)
        model.fit(x[chosen[:, None], use], cohort.case[chosen], sample_weight=weights)
    coefficients: Floats = model.coef_[0]
    return coefficients


def _few(
    rows: npt.NDArray[np.intp], bits: npt.NDArray[np.uint32], most: int
) -> npt.NDArray[np.intp]:
    if len(rows) <= most:
        return rows
    # The top bit is the fold; the others are as good as new.
    keys = bits[rows] << np.uint32(1)
    last = np.partition(keys, most - 1)[most - 1]
    below = keys < last
    ties = np.flatnonzero(keys == last)[: most - int(below.sum())]
    return np.sort(np.concatenate([rows[below], rows[ties]]))


def _needed(sheet: Sheet, trait: Trait) -> Floats:
    kinds = [KINDS.index(k) for k in trait.definition.get("kinds", [])]
    back: Floats = (sheet.activity[kinds] - sheet.bare[kinds]).sum(0).astype(np.float64)
    return back


def _flags(sheet: Sheet, trait: Trait) -> Floats:
    flags = np.zeros(len(sheet.persons))
    flags[sheet.holders(sheet.column(trait.name))] = 1
    return flags


def _common(traits: Collection[Trait], known: Collection[str], most: int) -> list[Trait]:
    here = [t for t in traits if t.name in known]
    return sorted(here, key=lambda t: (-t.persons, t.name))[:most]


def _scaled(fitted: list[Singles], evaluated: list[Singles], family: list[str]) -> ScoreFeatures:
    # Column after column in memory, as they are made: three times as fast as row after row.
    one, two = (np.empty((len(x[0]), len(x)), np.float32, order="F") for x in (fitted, evaluated))
    columns: list[int] = []
    for i, column in enumerate(fitted):
        centre, spread = column.mean(), column.std()
        if not spread > 0:
            continue
        at = len(columns)
        one[:, at] = (column - centre) / spread
        two[:, at] = one[:, at] if evaluated[i] is column else (evaluated[i] - centre) / spread
        columns.append(i)
    return ScoreFeatures(
        one[:, : len(columns)], two[:, : len(columns)], tuple(family[i] for i in columns)
    )


@dataclass(frozen=True)
class ColumnGroup:
    """Columns that are compared over the same people and strata; stratum -1 is not compared."""

    columns: Integers
    strata: Ints32 = field(repr=False)
    size: int


@dataclass(frozen=True)
class Beyond:
    """Ratios and tests of all columns against one outcome, adjusted for all that is obvious."""

    columns: tuple[AudienceColumn, ...]
    cohort: Cohort
    groups: tuple[ColumnGroup, ...]
    ratio: Ratio
    test: Association

    def strata(self, column: int) -> tuple[Ints32, int]:
        """The strata that a column is compared over, and how many there are."""
        group = next(g for g in self.groups if column in g.columns)
        return group.strata, group.size


def beyond(
    sheet: Sheet,
    columns: Sequence[AudienceColumn],
    features: ScoreFeatures,
    outcome: Flags,
    *,
    key: bytes,
    without: Flags | None = None,
) -> Beyond:
    """Compare every column with an outcome (the seed, or a part of it) beyond the obvious.

    `features` are what is obvious of the sheet's people. A column's own demographic families are
    not adjusted for: that would be what it measures. People flagged by `without` are not compared.
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
            scores[families] = score(sheet, features, cohort, without=families, key=key)
            known[families] = cohort.rows & sheet.known_in(families)
        strata, size = strata_of(
            exposure, scores[families], _own(sheet, kinds, outcome), cohort.case, known[families]
        )
        groups.append(ColumnGroup(np.array(members), strata, size))
    ratio, test = _measured(columns, groups, cohort)
    return Beyond(tuple(columns), cohort, tuple(groups), ratio, test)


def exposure_of(sheet: Sheet, cohort: Cohort) -> Floats:
    """How many events of the outcome each person would have had, did events fall at random.

    Of each kind, the share of events that made a member, times the person's events. Who has none
    could not be in the outcome. Everybody has 1 when it has no events of its own.
    """
    needed = ((sheet.activity - sheet.bare)[:, cohort.case]).sum(1) / cohort.case_share
    every = (sheet.activity * sheet.weight).sum(1)
    share = np.divide(needed, every, out=np.zeros(len(KINDS)), where=every > 0)
    exposure: Floats = share @ sheet.activity
    return exposure if share.any() else np.ones(len(sheet.persons))


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
    cases = case[rows]
    outer = _classes(exposure[rows], cases, exposures, by_cases=True)
    classes: npt.NDArray[np.int64] = np.zeros(len(rows), dtype=np.int64)
    size = 0
    for each in range(int(outer.max()) + 1):
        inside = np.flatnonzero(outer == each)
        many = max(1, round(cells / owns * _mass(cases, inside)))
        classes[inside] = size + _classes(scores[rows[inside]], cases[inside], many)
        size += many
    if own is not None:
        of_own = _classes(own[rows].astype(np.float64), cases, owns)
        classes = classes * owns + of_own.astype(np.int64)
    strata[rows] = classes
    return strata, size * owns


def count_columns(
    columns: Sequence[AudienceColumn], strata: Ints32, size: int, case: Flags
) -> tuple[Floats, Floats, Floats, Floats]:
    """Cases and others with each column and without, by stratum: a, b, c and d."""
    where = np.where(strata < 0, 2 * size, 2 * strata + case)
    every = np.bincount(where, minlength=2 * size + 1)[: 2 * size].reshape(size, 2)
    many = np.array([len(c.rows) for c in columns])
    keys = where[np.concatenate([c.rows for c in columns])]
    keys = keys + np.repeat(np.arange(len(columns)) * (2 * size + 1), many)
    holders = np.bincount(keys, minlength=len(columns) * (2 * size + 1))
    holders = holders.reshape(len(columns), 2 * size + 1)[:, : 2 * size].reshape(-1, size, 2)
    without = every - holders
    a, b, c, d = (x.astype(np.float64) for h in (holders, without) for x in (h[..., 1], h[..., 0]))
    return a, b, c, d


def association_of(a: Floats, b: Floats, c: Floats, d: Floats) -> Association:
    """The test of each column, on the people drawn: it needs no weights.

    Near what chance gives, p is the plain normal one. No discovery lies there, and the exact test
    of a thousand columns would take longer than all else.
    """
    n1, n0, cases = a + b, c + d, a + c
    n = np.maximum(n1 + n0, 1)
    cases_with, expected = a.sum(-1), (cases * n1 / n).sum(-1)
    spread = (cases * (b + d) / n * n1 * n0 / n / np.maximum(n - 1, 1)).sum(-1)
    least = np.minimum(expected, (cases * n0 / n).sum(-1))
    others = ((b + d) * n1 / n).sum(-1), ((b + d) * n0 / n).sum(-1)
    least = np.minimum(least, np.minimum(*others))
    chi2 = np.divide(
        (cases_with - expected) ** 2, spread, out=np.full(len(cases_with), np.nan), where=spread > 0
    )
    test = Association(cases_with, expected, least, spread, chi2, 2 * ndtr(-np.sqrt(chi2)))
    far = np.flatnonzero((chi2 > NEAR_CHANCE**2) | (least >= EXACT_BELOW))
    put(test, far, association(a[far], n1[far], c[far], n0[far]))
    return test


def _measured(
    columns: Sequence[AudienceColumn], groups: Sequence[ColumnGroup], cohort: Cohort
) -> tuple[Ratio, Association]:
    ratio = Ratio(*(np.full(len(columns), np.nan) for _ in fields(Ratio)))
    test = Association(*(np.full(len(columns), np.nan) for _ in fields(Association)))
    for group in groups:
        members = [columns[i] for i in group.columns]
        four = count_columns(members, group.strata, group.size, cohort.case)
        put(ratio, group.columns, cohort.ratio(*four))
        put(test, group.columns, association_of(*four))
    return ratio, test


def _own(sheet: Sheet, kinds: Sequence[str], outcome: Flags) -> Integers | None:
    rows = [KINDS.index(k) for k in kinds if k not in sheet.kinds_of(outcome)]
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
    classes: Integers = np.searchsorted(edges, values, side="right")
    return classes
