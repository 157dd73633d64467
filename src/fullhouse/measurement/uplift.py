"""Whether people differ in what the campaign changes in them, and by whom that is proven.

The claim is tried on people the learner never saw, over repeated cross-fitting, and against the
order by propensity: who would come anyway is not who is moved.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.stats import t as student
from sklearn.linear_model import Ridge

from fullhouse.core.arrays import Floats
from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.measurement.experiment import plain
from fullhouse.measurement.load import check_columns, is_number, load_table, numbers, texts
from fullhouse.measurement.people import covariate_matrix
from fullhouse.stats.figures import Interval, check_level
from fullhouse.stats.qini import qini

PENALTY = 3.0
"""How hard differences between people are pulled to 0: each covariate's (scaled) coefficient as
if 3 times as many people had shown none. Chosen on splits of other seeds than the benchmark's."""

MOST_PAIRED = 12
"""Number covariates up to which their products count too."""

LEAST_PEOPLE = 500


@dataclass(frozen=True)
class Uplift:
    """The Qini of a learner on held-out people, mean over splits, with its interval.

    `propensity` orders by the chance of the outcome alone; `gain` is the learner less that, split
    by split. Intervals use the variance over splits corrected for shared training people (Nadeau
    and Bengio 2003), so more splits do not make them arbitrarily narrow.
    """

    arm: str
    control: str
    outcome: str
    people: int
    qini: Interval
    propensity: Interval
    gain: Interval
    splits: int
    level: float

    @property
    def proven(self) -> bool:
        """Whether the Qini lies above 0 and above the order by propensity."""
        return self.qini.low > 0 and self.gain.low > 0

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        found: dict[str, Any] = plain(asdict(self))
        return found | {"proven": self.proven}


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
    """Whether covariates tell whom the arm `treated` moves; `outcome` must be 0 or 1.

    Repeats × folds splits: each fold is scored by a learner fitted on the others.
    """
    check_level(level)
    if min(repeats, folds - 1) < 1 or repeats * folds < 3:
        raise InputError(f"{repeats} × {folds} splits are too few: 2 folds, 3 splits at least.")
    rows = load_table(table)
    check_columns(rows, (arm, outcome, *covariates))
    if not covariates:
        raise CannotTellError("Without covariates no two people differ: name some.")
    arms = texts(rows, arm)
    kept = (arms == treated) | (arms == control)
    y, w = numbers(rows, outcome)[kept], (arms[kept] == treated).astype(np.float64)
    if not np.isin(y, (0.0, 1.0)).all():
        raise InputError(f"A Qini needs an outcome of 0 or 1; {outcome!r} has others.")
    if min(w.sum(), (1 - w).sum()) < LEAST_PEOPLE:
        raise CannotTellError(
            f"Differences between people need {LEAST_PEOPLE} in each arm; {treated!r} has"
            f" {int(w.sum())} and {control!r} {int((1 - w).sum())}."
        )
    x = features(rows, covariates)[kept]
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
    words = [c for c in covariates if not is_number(table, c)]
    amounts = [_tamed(numbers(table, c)) for c in covariates if c not in words]
    if len(amounts) <= MOST_PAIRED:
        plain_ones = list(amounts)
        amounts += [a * b for i, a in enumerate(plain_ones) for b in plain_ones[:i]]
    return np.column_stack([*amounts, covariate_matrix(table, words)])


def learn_uplift(x: Floats, y: Floats, w: Floats) -> tuple[Floats, Floats]:
    """Coefficients (constant first) of the effect on a person, and of the outcome in general.

    Nie and Wager's R-learner (2021) with linear models: the outcome less its general part is
    fitted on (arm - share treated) × covariates, so that only differences between arms count.
    """
    general = Ridge(alpha=len(x) * 0.005).fit(x, y)
    share = float(w.mean())
    ones = np.column_stack([np.ones(len(x)), x])
    moved = ones * (w - share)[:, None]
    hold = np.eye(ones.shape[1]) * (PENALTY * len(x) * share * (1 - share))
    hold[0, 0] = 0.0
    effect = np.linalg.solve(moved.T @ moved + hold, moved.T @ (y - general.predict(x)))
    return effect, np.append(general.intercept_, general.coef_)


def _split(x: Floats, y: Floats, w: Floats, test: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """The Qini of the learner and of the propensity order, on the people of `test`."""
    train = ~test
    centre, spread = x[train].mean(0), x[train].std(0)
    scaled = (x - centre) / np.where(spread > 0, spread, 1.0)
    by = learn_uplift(scaled[train], y[train], w[train])
    seen = np.column_stack([np.ones(int(test.sum())), scaled[test]])
    uplift, propensity = (qini(y[test], seen @ b, w[test]) for b in by)
    return uplift, propensity


def _folds(people: int, folds: int, repeats: int, seed: int) -> list[npt.NDArray[np.bool_]]:
    rng = np.random.default_rng(seed)
    drawn = [rng.permutation(people) % folds for _ in range(repeats)]
    return [fold == k for fold in drawn for k in range(folds)]


def _over_splits(found: Floats, folds: int, level: float) -> Interval:
    """Mean over splits; variance × (1 / splits + test people / training people)."""
    n = len(found)
    se = sqrt(float(found.var(ddof=1)) * (1 / n + 1 / (folds - 1)))
    reach = float(student.ppf((1 + level) / 2, n - 1)) * se
    mean = float(found.mean())
    return Interval(mean, mean - reach, mean + reach)


def _tamed(values: Floats) -> Floats:
    spread = float(values.std())
    if values.min() < 0 or spread == 0:
        return values
    skewness = float(np.mean((values - values.mean()) ** 3)) / spread**3
    return np.log1p(values) if skewness > 2 else values
