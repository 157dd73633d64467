"""How well a score orders people by what a campaign changes in them.

The definition of scikit-uplift's `qini_curve` and `qini_auc_score` (Shevchenko and others): walk
down the people by falling score; after t treated and c controls, among whom y_t and y_c have the
outcome, the curve is at y_t - y_c × t / c. The coefficient is the area between it and the straight
line, over the same area of the perfect order: treated with the outcome first, then treated and
controls without, controls with it last (`negative_effect=True`). 0 is a random order.
"""

import numpy as np

from fullhouse.core.arrays import Floats
from fullhouse.core.errors import CannotTellError, InputError


def qini_curve(outcome: Floats, score: Floats, treated: Floats) -> tuple[Floats, Floats]:
    """People so far and the curve there, from (0, 0); people of one score come all at once.

    `outcome` and `treated` are 0 or 1.
    """
    order = np.argsort(-score, kind="stable")
    y, s, w = outcome[order], score[order], treated[order]
    ends = np.append(np.flatnonzero(np.diff(s)), len(s) - 1)
    t, y_t = np.cumsum(w)[ends], np.cumsum(y * w)[ends]
    people = (ends + 1).astype(np.float64)
    c, y_c = people - t, np.cumsum(y * (1 - w))[ends]
    ratio = np.divide(t, c, out=np.zeros(len(t)), where=c > 0)
    return np.append(0.0, people), np.append(0.0, y_t - y_c * ratio)


def qini(outcome: Floats, score: Floats, treated: Floats) -> float:
    """The Qini coefficient of a score; an error where it is not defined.

    >>> y, w = np.array([1.0, 0, 0, 1]), np.array([1.0, 0, 1, 0])
    >>> qini(y, np.array([4.0, 3, 2, 1]), w)
    1.0
    """
    y, s, w = (np.asarray(x, dtype=np.float64) for x in (outcome, score, treated))
    if not (len(y) == len(s) == len(w)) or not np.isfinite(s).all():
        raise InputError("A Qini needs an outcome, a finite score and an arm of every person.")
    if not (np.isin(y, (0, 1)).all() and np.isin(w, (0, 1)).all()):
        raise InputError("Outcome and arm of a Qini must be 0 or 1.")
    if not 0 < w.sum() < len(w):
        raise CannotTellError(code="one_arm_only")
    perfect, line = _area(*qini_curve(y, y * w - y * (1 - w), w)), 0.0
    people, curve = qini_curve(y, s, w)
    line = float(people[-1] * curve[-1] / 2)
    if perfect - line <= 0:
        raise CannotTellError(code="outcome_does_not_vary")
    return (_area(people, curve) - line) / (perfect - line)


def _area(x: Floats, y: Floats) -> float:
    return float(np.trapezoid(y, x))
