"""How likely each person is to be in the outcome by the obvious alone: a prognostic score.

Hansen (Biometrika 2008) shows that people alike in such a score may be compared as if everything
in it were equal. It is a ridge-penalised logistic regression. Half of the people, by the
workspace's key, score the other half, so that nobody's score has seen their own outcome.
"""

import warnings
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from fullhouse.core.arrays import Flags, Floats, Singles
from fullhouse.core.values import keyed_bits
from fullhouse.discovery.columns import holders_of
from fullhouse.discovery.obvious import ObviousTraits
from fullhouse.sample.sheet import Sheet
from fullhouse.traits.trait import KINDS, Trait

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
class Facts:
    """What a score is made of, one row for each person: as fitted, and as it is evaluated.

    `family` names the demographic family of each column, '' for the rest.
    """

    fitted: Singles
    held: Singles
    family: tuple[str, ...]


def facts_of(sheet: Sheet, obvious: ObviousTraits) -> Facts:
    """Everything obvious about each person of a sheet, on scales of one standard deviation.

    Fitted without any of the seed's own events, so that these do not foretell themselves;
    evaluated with those that are needed to be in the seed, so that members do not look idler than
    they are (decision 4). The latter are events of the film's genres too, when it has any.
    """
    known = {t.name for t in sheet.traits}
    fitted: list[Singles] = []
    held: list[Singles] = []
    family: list[str] = []

    def add(of: str, one: Numbers, two: Numbers | None = None) -> None:
        fitted.append(one.astype(np.float32))
        held.append(fitted[-1] if two is None else two.astype(np.float32))
        family.append(of)

    for kind in range(len(KINDS)):
        add("", np.log1p(sheet.bare[kind]), np.log1p(sheet.activity[kind]))
        add("", (sheet.bare[kind] > 0) * 1.0, (sheet.activity[kind] > 0) * 1.0)
    events = sheet.events_by_trait
    for trait in (t for t in obvious.tastes if t.name in known):
        counts = np.asarray(events[:, [sheet.column(trait.name)]].todense()).ravel()
        mine = trait in obvious.genres
        back = _needed(sheet, trait) if mine else 0
        add("", np.log1p(counts), np.log1p(counts + back))
        if mine:
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
    return _scaled(fitted, held, family)


def score(
    sheet: Sheet, facts: Facts, cohort: Cohort, *, without: Collection[str] = (), key: bytes
) -> Floats:
    """The score of each person, cross-fitted, leaving out some demographic families."""
    use = [i for i, f in enumerate(facts.family) if f not in without]
    bits = keyed_bits(sheet.persons, key + b" folds")
    fold = bits >> np.uint32(31)
    found = np.zeros(len(fold))
    # OpenBLAS with two threads takes 40 times as long as with one for these tall thin products.
    with threadpool_limits(1, user_api="blas"):
        for half in (0, 1) if use else ():
            there = fold == half
            fit = _fit(facts.fitted, use, cohort, cohort.rows & ~there, bits)
            if fit is not None:
                # All rows and columns at once: to pick them would copy most of the matrix.
                every = np.zeros(len(facts.family), dtype=fit.dtype)
                every[use] = fit
                found[there] = (facts.held @ every)[there]
    return found


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
    mine = bits[rows] << np.uint32(1)
    last = np.partition(mine, most - 1)[most - 1]
    below = mine < last
    ties = np.flatnonzero(mine == last)[: most - int(below.sum())]
    return np.sort(np.concatenate([rows[below], rows[ties]]))


def _needed(sheet: Sheet, trait: Trait) -> Floats:
    kinds = [KINDS.index(k) for k in trait.definition.get("kinds", [])]
    back: Floats = (sheet.activity[kinds] - sheet.bare[kinds]).sum(0).astype(np.float64)
    return back


def _flags(sheet: Sheet, trait: Trait) -> Floats:
    found = np.zeros(len(sheet.persons))
    found[holders_of(sheet, trait.name)] = 1
    return found


def _common(traits: Collection[Trait], known: Collection[str], most: int) -> list[Trait]:
    here = [t for t in traits if t.name in known]
    return sorted(here, key=lambda t: (-t.persons, t.name))[:most]


def _scaled(fitted: list[Singles], held: list[Singles], family: list[str]) -> Facts:
    # Column after column in memory, as they are made: three times as fast as row after row.
    one, two = (np.empty((len(x[0]), len(x)), np.float32, order="F") for x in (fitted, held))
    keep: list[int] = []
    for i, column in enumerate(fitted):
        centre, spread = column.mean(), column.std()
        if not spread > 0:
            continue
        at = len(keep)
        one[:, at] = (column - centre) / spread
        two[:, at] = one[:, at] if held[i] is column else (held[i] - centre) / spread
        keep.append(i)
    return Facts(one[:, : len(keep)], two[:, : len(keep)], tuple(family[i] for i in keep))
