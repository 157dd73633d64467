"""Whether people differ in what the campaign changes in them, and by which people that is proven.

The claim is tried on people the learner never saw, over repeated cross-fitting, and against the
order by propensity: who would buy anyway is not who is moved.
"""

from collections.abc import Sequence
from math import sqrt
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.stats import t as student
from sklearn.linear_model import Ridge

from fullhouse.core.arrays import Floats
from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.measurement.experiment import Uplift
from fullhouse.measurement.experiment_table import (
    check_columns,
    covariate_matrix,
    is_number,
    load_table,
    numbers,
    texts,
)
from fullhouse.stats.figures import Interval, check_level
from fullhouse.stats.qini import qini

PENALTY = 3.0
"""How strongly differences between people shrink to 0: each covariate's (scaled) coefficient as
if 3 times as many people had had none. Chosen on splits of other seeds than the benchmark's."""

MOST_PAIRED = 12
"""Number covariates up to which their products count too."""

LEAST_PEOPLE = 500


def read_uplift(
    table: pa.Table | str | Path,
    *,
    arm: str,
    treated: str,
    control: str,
    outcome: str,
    covariates: Sequence[str],
    seed: int,
    repeats: int = 10,
    folds: int = 5,
    level: float = 0.95,
) -> Uplift:
    """Whether covariates predict whom the arm `treated` moves; `outcome` must be 0 or 1.

    Repeats × folds splits: each fold is scored by a learner fitted on the others.
    """
    check_level(level)
    if min(repeats, folds - 1) < 1 or repeats * folds < 3:
        raise InputError(f"{repeats} × {folds} splits are too few: 2 folds, 3 splits at least.")
    rows = load_table(table)
    check_columns(rows, (arm, outcome, *covariates))
    if not covariates:
        raise CannotTellError(code="no_covariates")
    arms = texts(rows, arm)
    compared = (arms == treated) | (arms == control)
    y, w = numbers(rows, outcome)[compared], (arms[compared] == treated).astype(np.float64)
    if not np.isin(y, (0.0, 1.0)).all():
        raise InputError(f"A Qini needs an outcome of 0 or 1; {outcome!r} has others.")
    if min(w.sum(), (1 - w).sum()) < LEAST_PEOPLE:
        raise CannotTellError(
            code="too_few_for_uplift",
            needed=LEAST_PEOPLE,
            arm=treated,
            people=int(w.sum()),
            control=control,
            control_people=int((1 - w).sum()),
        )
    x = features(rows, covariates)[compared]
    scores = np.array([_split(x, y, w, fold) for fold in _folds(len(y), folds, repeats, seed)])
    return Uplift(
        arm=treated,
        control=control,
        outcome=outcome,
        people=len(y),
        qini=_over_splits(scores[:, 0], folds, level),
        propensity=_over_splits(scores[:, 1], folds, level),
        gain=_over_splits(scores[:, 0] - scores[:, 1], folds, level),
        splits=len(scores),
        level=level,
    )


def features(table: pa.Table, covariates: Sequence[str]) -> Floats:
    """Covariates as columns, and products of each two numbers where these are few.

    Numbers with a long tail (skewness above 2, none below 0) are taken as logarithms.
    """
    categories = [c for c in covariates if not is_number(table, c)]
    amounts = [_less_skewed(numbers(table, c)) for c in covariates if c not in categories]
    if len(amounts) <= MOST_PAIRED:
        single = list(amounts)
        amounts += [a * b for i, a in enumerate(single) for b in single[:i]]
    return np.column_stack([*amounts, covariate_matrix(table, categories)])


def learn_uplift(x: Floats, y: Floats, w: Floats) -> tuple[Floats, Floats]:
    """Coefficients (constant first) of the effect on a person, and of the outcome in general.

    Nie and Wager's R-learner (2021) with linear models: the outcome less its general part is
    fitted on (arm - share treated) × covariates, so that only differences between arms count.
    """
    general = Ridge(alpha=len(x) * 0.005).fit(x, y)
    share = float(w.mean())
    ones = np.column_stack([np.ones(len(x)), x])
    moved = ones * (w - share)[:, None]
    ridge = np.eye(ones.shape[1]) * (PENALTY * len(x) * share * (1 - share))
    ridge[0, 0] = 0.0
    effect = np.linalg.solve(moved.T @ moved + ridge, moved.T @ (y - general.predict(x)))
    return effect, np.append(general.intercept_, general.coef_)


def _split(x: Floats, y: Floats, w: Floats, test: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """The Qini of the learner and of the propensity order, on the people of `test`."""
    train = ~test
    centre, spread = x[train].mean(0), x[train].std(0)
    scaled = (x - centre) / np.where(spread > 0, spread, 1.0)
    by = learn_uplift(scaled[train], y[train], w[train])
    test_features = np.column_stack([np.ones(int(test.sum())), scaled[test]])
    uplift, propensity = (qini(y[test], test_features @ b, w[test]) for b in by)
    return uplift, propensity


def _folds(people: int, folds: int, repeats: int, seed: int) -> list[npt.NDArray[np.bool_]]:
    rng = np.random.default_rng(seed)
    drawn = [rng.permutation(people) % folds for _ in range(repeats)]
    return [fold == k for fold in drawn for k in range(folds)]


def _over_splits(values: Floats, folds: int, level: float) -> Interval:
    """Mean over splits; variance × (1 / splits + test people / training people)."""
    n = len(values)
    se = sqrt(float(values.var(ddof=1)) * (1 / n + 1 / (folds - 1)))
    reach = float(student.ppf((1 + level) / 2, n - 1)) * se
    mean = float(values.mean())
    return Interval(mean, mean - reach, mean + reach)


def _less_skewed(values: Floats) -> Floats:
    spread = float(values.std())
    if values.min() < 0 or spread == 0:
        return values
    skewness = float(np.mean((values - values.mean()) ** 3)) / spread**3
    return np.log1p(values) if skewness > 2 else values
