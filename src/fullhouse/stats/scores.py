"""How good predictions were: errors, scores of the whole range, coverage; and the order of people.

A forecast is a row of `quantiles` (n, k), ascending, at the same k `probabilities` for all;
`actual` (n,) are the outcomes. Everything here is a pure function of these. A figure of no
forecasts is NaN where it is an array's, and an error where it would be a single number.

Forecasts of one film, made at several times, are right or wrong together: where intervals are
given, `independent` says how many of the n are independent (such as films); all, unless given.

Of an order of people, the definition of scikit-uplift's `qini_curve` and `qini_auc_score`
(Shevchenko and others): walk down the people by falling score; after t treated and c controls,
among whom y_t and y_c have the outcome, the curve is at y_t - y_c × t / c. The coefficient is the
area between it and the straight line, over the same area of the perfect order: treated with the
outcome first, then treated and controls without, controls with it last (`negative_effect=True`). 0
is a random order.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import betaincinv, ndtr, ndtri

from fullhouse.core.arrays import Flags, Floats
from fullhouse.core.errors import CannotTellError, InputError

SMALLEST = 1e-9
"""Amounts below this count as this where a logarithm is taken."""


@dataclass(frozen=True)
class Share:
    """How many of n did, as a share, with the exact interval of Clopper and Pearson (1934)."""

    share: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Reliability:
    """For each probability: the share of outcomes at or below that quantile, and its interval."""

    probabilities: Floats
    observed: Floats
    low: Floats
    high: Floats
    n: int
    independent: int


@dataclass(frozen=True)
class Scores:
    """The figures of a group of forecasts of one quantity.

    `crps` is in the amounts' unit, so it means something within one currency only; `log_crps` is
    that of the logarithms, close to a relative error, and can be compared across currencies.
    `spread` is the median of upper over lower end of the 80 % range.
    """

    n: int
    median_error: float
    log_rmse: float
    log_bias: float
    r2_log: float
    crps: float
    log_crps: float
    spread: float
    coverage: dict[float, Share]


def pinball(quantiles: Floats, actual: Floats, probabilities: Floats) -> Floats:
    """The loss of each quantile, (n, k): (y - q) p above it, (q - y)(1 - p) below.

    It is least, on average, at the true quantile (Koenker and Bassett 1978).

    >>> pinball(np.array([[10.0, 20.0]]), np.array([14.0]), np.array([0.25, 0.75])).tolist()
    [[1.0, 1.5]]
    """
    q, y, p = _checked(quantiles, actual, probabilities)
    gap = y[:, None] - q
    return np.maximum(p * gap, (p - 1) * gap)


def crps(quantiles: Floats, actual: Floats, probabilities: Floats) -> Floats:
    """The continuous ranked probability score of each forecast, in the unit of the amounts.

    Twice the integral of the pinball loss over all probabilities (Laio and Tamea 2007, equation
    8), by the trapezoid rule; beyond the outermost probabilities the loss at them goes on, so the
    weights sum to 1 and the score of a single certain amount is its absolute error. With the 21
    probabilities of a forecast it is within 0.5 % of the exact score of a normal forecast on
    average, and stays proper: it is a sum of pinball losses with positive weights.
    """
    p = np.asarray(probabilities, dtype=np.float64)
    scores: Floats = 2 * pinball(quantiles, actual, p) @ weights(p)
    return scores


def weights(probabilities: Floats) -> Floats:
    """How much of 0 to 1 each probability stands for: up to half-way to its neighbours.

    >>> weights(np.array([0.1, 0.5, 0.9])).round(3).tolist()
    [0.3, 0.4, 0.3]
    """
    p = np.asarray(probabilities, dtype=np.float64)
    return np.diff(np.concatenate([[0.0], (p[1:] + p[:-1]) / 2, [1.0]]))


def covered(quantiles: Floats, actual: Floats, probabilities: Floats, level: float) -> Flags:
    """Whether each outcome lies in the central range with this probability, ends included."""
    q, y, p = _checked(quantiles, actual, probabilities)
    low, high = _ends(q, p, level)
    return (low <= y) & (y <= high)


def coverage(
    quantiles: Floats,
    actual: Floats,
    probabilities: Floats,
    level: float,
    *,
    independent: int | None = None,
) -> Share:
    """The share of outcomes in the central range with this probability."""
    inside = covered(quantiles, actual, probabilities, level)
    return share(int(inside.sum()), len(inside), independent=independent)


def pit(quantiles: Floats, actual: Floats, probabilities: Floats) -> Floats:
    """At which probability of its own forecast each outcome lies: uniform where calibrated.

    Linear in log amount and normal score between quantiles; beyond the outermost the last slope
    goes on (log-normal tails), as in `Range.passes`. An outcome on several equal quantiles lies at
    the middle of their probabilities.
    """
    q, y, p = _checked(quantiles, actual, probabilities)
    x, at = np.log(np.maximum(q, SMALLEST)), np.log(np.maximum(y, SMALLEST))[:, None]
    z = ndtri(p)
    width = np.diff(x, axis=1)
    below, upto = (x < at).sum(1), (x <= at).sum(1)
    # The piece of the line each outcome is on; beyond the ends, the first or last with a width.
    has = width > 0
    first, last = has.argmax(1), has.shape[1] - 1 - has[:, ::-1].argmax(1)
    piece = np.clip(upto - 1, first, last)
    row = np.arange(len(y))
    anchor = np.select([upto == 0, upto == len(p)], [0, len(p) - 1], piece)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = (z[piece + 1] - z[piece]) / width[row, piece]
        pit = ndtr(z[anchor] + (at[:, 0] - x[row, anchor]) * slope)
    pit = np.where(has.any(1), pit, np.where(upto == 0, 0.0, 1.0))
    tied = upto - below > 1
    middle = (p[np.minimum(below, len(p) - 1)] + p[np.maximum(upto - 1, 0)]) / 2
    return np.where(tied, middle, pit)


def reliability(
    quantiles: Floats, actual: Floats, probabilities: Floats, *, independent: int | None = None
) -> Reliability:
    """Of the outcomes, which share lies at or below each quantile: nominal against observed."""
    q, y, p = _checked(quantiles, actual, probabilities)
    hits = (y[:, None] <= q).sum(0).astype(np.float64)
    m = len(y) if independent is None else independent
    low, high = interval(hits / max(1, len(y)) * m, m)
    observed = hits / len(y) if len(y) else np.full(len(p), np.nan)
    return Reliability(p, observed, low, high, len(y), m)


def median_error(quantiles: Floats, actual: Floats, probabilities: Floats) -> float:
    """Median of |median forecast - actual| / actual."""
    m, y = _medians(quantiles, actual, probabilities)
    return float(np.median(np.abs(m - y) / y))


def log_rmse(quantiles: Floats, actual: Floats, probabilities: Floats) -> float:
    """Root of the mean squared log (median forecast / actual)."""
    m, y = _medians(quantiles, actual, probabilities)
    return float(np.sqrt(np.mean(np.log(m / y) ** 2)))


def log_bias(quantiles: Floats, actual: Floats, probabilities: Floats) -> float:
    """Mean log (median forecast / actual): above 0 where forecasts were too high."""
    m, y = _medians(quantiles, actual, probabilities)
    return float(np.mean(np.log(m / y)))


def r2_log(quantiles: Floats, actual: Floats, probabilities: Floats) -> float:
    """The share of the variance of log actual that the medians explain; below 0 is worse than none.

    1 - sum of squared log errors / sum of squares around the mean of log actual; NaN where all
    outcomes are equal.
    """
    m, y = _medians(quantiles, actual, probabilities)
    around = np.sum((np.log(y) - np.log(y).mean()) ** 2)
    return float(1 - np.sum(np.log(m / y) ** 2) / around) if around > 0 else float("nan")


def spread(quantiles: Floats, probabilities: Floats, level: float = 0.8) -> Floats:
    """Upper over lower end of each forecast's central range."""
    q = np.asarray(quantiles, dtype=np.float64)
    low, high = _ends(q, np.asarray(probabilities, dtype=np.float64), level)
    return np.maximum(high, SMALLEST) / np.maximum(low, SMALLEST)


def scores(
    quantiles: Floats,
    actual: Floats,
    probabilities: Floats,
    levels: tuple[float, ...] = (0.5, 0.8, 0.95),
    *,
    independent: int | None = None,
) -> Scores:
    """All figures of a group of forecasts, which must not be empty."""
    q, y, p = _checked(quantiles, actual, probabilities)
    logs = np.log(np.maximum(q, SMALLEST))
    return Scores(
        n=len(y),
        median_error=median_error(q, y, p),
        log_rmse=log_rmse(q, y, p),
        log_bias=log_bias(q, y, p),
        r2_log=r2_log(q, y, p),
        crps=float(crps(q, y, p).mean()),
        log_crps=float(crps(logs, np.log(y), p).mean()),
        spread=float(np.median(spread(q, p))),
        coverage={level: coverage(q, y, p, level, independent=independent) for level in levels},
    )


def share(hits: int, n: int, *, independent: int | None = None) -> Share:
    """Hits of n with the 95 % interval; NaN, and 0 to 1, of nothing.

    >>> share(8, 10)
    Share(share=0.8, low=0.4439045376923585, high=0.9747892736731666, n=10)
    """
    m = n if independent is None else independent
    low, high = interval(np.array([hits / max(1, n) * m]), m)
    return Share(hits / n if n else float("nan"), float(low[0]), float(high[0]), n)


def interval(hits: Floats, n: int, level: float = 0.95) -> tuple[Floats, Floats]:
    """The Clopper–Pearson interval of each count of n: it holds the true share at least so often.

    Counts need not be whole.

    >>> [x.round(3).tolist() for x in interval(np.array([0.0, 5.0]), 10)]
    [[0.0, 0.187], [0.308, 0.813]]
    """
    tail = (1 - level) / 2
    none, every = hits <= 0, hits >= n
    low = betaincinv(np.where(none, 1, hits), n - hits + 1, tail)
    high = betaincinv(hits + 1, np.where(every, 1, n - hits), 1 - tail)
    return np.where(none, 0.0, low), np.where(every, 1.0, high)


def _checked(
    quantiles: Floats, actual: Floats, probabilities: Floats
) -> tuple[Floats, Floats, Floats]:
    q = np.asarray(quantiles, dtype=np.float64)
    y = np.asarray(actual, dtype=np.float64)
    p = np.asarray(probabilities, dtype=np.float64)
    if y.ndim != 1 or q.shape != (len(y), len(p)):
        raise ValueError(f"{q.shape} quantiles and {y.shape} outcomes at {len(p)} probabilities")
    # A forecast that could not be computed must not pass as one that was wrong.
    if not (np.isfinite(q).all() and np.isfinite(y).all()):
        raise ValueError("quantiles and outcomes must be finite")
    if (np.diff(q, axis=1) < 0).any():
        raise ValueError("quantiles must not fall")
    return q, y, p


def _medians(quantiles: Floats, actual: Floats, probabilities: Floats) -> tuple[Floats, Floats]:
    q, y, p = _checked(quantiles, actual, probabilities)
    if not len(y):
        raise ValueError("no forecasts to score")
    if (y <= 0).any():
        raise ValueError("an error relative to an outcome needs outcomes above 0")
    return np.maximum(q[:, _index(p, 0.5)], SMALLEST), y


def _ends(q: Floats, p: Floats, level: float) -> tuple[Floats, Floats]:
    return q[:, _index(p, (1 - level) / 2)], q[:, _index(p, (1 + level) / 2)]


def _index(p: Floats, probability: float) -> int:
    at = int(np.abs(p - probability).argmin())
    if abs(p[at] - probability) > 1e-6:
        raise ValueError(f"no quantile at probability {probability:g}")
    return at


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
