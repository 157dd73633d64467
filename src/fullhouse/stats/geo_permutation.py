"""The effect of a campaign in many cities drawn at random: a permutation test of robust scores.

A city's score is what its sales in the window did beside its own past, as a logarithm, less what
cities with such a past did in general (Lin 2013's adjustment, fitted without looking at who was
treated). Scores are divided by the noise that the city had before and bounded (Huber 1964), so that
one city's odd week cannot decide. The test counts how often random draws of as many cities score
as much: exact in level for any sales, however heavy their tails and however much days depend on
each other, where the treated cities were drawn at random. The interval holds each common relative
effect that is not rejected (Rosenbaum 2002). Where few cities are treated there are few draws, and
`stats.geo`'s windows moved in time are all there is.
"""

from dataclasses import dataclass
from functools import cached_property
from math import comb, exp, inf, log

import numpy as np

from fullhouse.core.arrays import Floats, Ints
from fullhouse.core.errors import CannotTellError

LEAST_CITIES = 5
"""So many cities, treated and not, from which on permuting cities says more than moving windows."""
LEAST_DAYS = 28
"""Days of the past at least, or as many as the campaign has."""
SETS = 1_999
BOUND = 1.345
"""Huber's bound: 95 % as good as the mean for normal noise."""
FLOOR = 1e-3
"""A window that sold nothing counts as this share of what the city sold before."""
SHRINK = 4
"""A city's own noise before counts as much as this many windows of all cities' noise."""
YEAR = 364
FACTORS = 3
"""How many movements shared by some cities are taken out."""
CITIES_EACH = 10
"""Cities for each column that is adjusted for."""


@dataclass(frozen=True)
class LotEffect:
    """The common relative effect in the treated cities with its interval, -1 and infinite at most.

    `p` is of no effect in any city, over `sets` other draws.
    """

    value: float
    low: float
    high: float
    p: float
    sets: int


def least_before(length: int, period: int) -> int:
    """Columns of the past that a window of `length` columns needs at least."""
    return max(length, -(-LEAST_DAYS // period))


def enough_cities(treated: int, controls: int) -> bool:
    """Whether there are so many cities that permuting cities is the better test."""
    return min(treated, controls) >= LEAST_CITIES


def permutation_effect(
    panel: Floats, treated: Ints, start: int, *, level: float, period: int = 1, seed: int = 0
) -> LotEffect:
    """The effect in cities `treated` (rows) from column `start` to the last, at a level.

    `period` is the days of a column, 1 or 7; `seed` draws the sets of cities.
    """
    scores = CityScores(panel, treated, start, period, seed)
    if 1 + scores.sets < 2 / (1 - level):
        raise CannotTellError(code="too_few_lots", sets=scores.sets + 1, level=level)
    middle = scores.middle()
    ends = (scores.end(middle, sign, 1 - level) for sign in (-1, 1))
    value, low, high = (exp(x) - 1 if x < inf else inf for x in (middle, *ends))
    return LotEffect(value, low, high, scores.p(0.0), scores.sets)


def permutation_p(
    panel: Floats, treated: Ints, start: int, *, period: int = 1, seed: int = 0
) -> float:
    """Only the p of no effect in any city."""
    return CityScores(panel, treated, start, period, seed).p(0.0)


class CityScores:
    """Cities' changes beside their past, ready to be tested for any common effect."""

    def __init__(
        self, panel: Floats, treated: Ints, start: int, period: int, seed: int, most: int = SETS
    ) -> None:
        cities, length = len(panel), panel.shape[1] - start
        self.treated = np.zeros(cities)
        self.treated[treated] = 1.0
        past = _past(panel, start, length, period)
        self.change = _logs(panel[:, start:], panel[:, :start]) - past[:, 1]
        self.noise = _noise(panel, start, length)
        self.features = _features(past, _loadings(panel[:, :start], period), cities)
        self.draws = _draws(cities, len(treated), most, seed)
        self.sets = len(self.draws)

    def _scores(self, effect: float) -> Floats:
        """Each city's bounded score were the effect just this, a logarithm."""
        change, noise = self.change - effect * self.treated, self.noise
        weight = 1 / noise**2
        for _ in range(6):
            rooted = self.features * np.sqrt(weight)[:, None]
            by = np.linalg.lstsq(rooted, change * np.sqrt(weight), rcond=None)[0]
            residual = (change - self.features @ by) / noise
            scale = max(1.4826 * float(np.median(np.abs(residual))), 1e-9)
            far = np.abs(residual) / (BOUND * scale)
            weight = 1 / (noise**2 * np.maximum(far, 1.0))
        bounded = np.clip(residual / scale, -BOUND, BOUND) / noise
        scores: Floats = bounded - bounded.mean()
        return scores

    def surplus(self, effect: float) -> float:
        """How much the treated score beyond the mean, were the effect just this."""
        return float(self.treated @ self._scores(effect))

    def p(self, effect: float) -> float:
        """The share of draws that score as much in either direction, the actual one included."""
        scores = self._scores(effect)
        drawn = np.abs(self.draws @ scores)
        as_much = int((drawn >= abs(self.treated @ scores) * (1 - 1e-9)).sum())
        return (1 + as_much) / (1 + self.sets)

    @cached_property
    def _reach(self) -> float:
        return float(np.ptp(self.change)) + 1.0

    def middle(self) -> float:
        """The effect at which the treated score as much as the others, a logarithm."""
        low, high = -self._reach, self._reach
        for _ in range(50):
            at = (low + high) / 2
            low, high = (at, high) if self.surplus(at) > 0 else (low, at)
        return (low + high) / 2

    def end(self, middle: float, sign: int, alpha: float) -> float:
        """The outermost effect on one side of the middle that is not rejected."""
        step = 0.01
        while self.p(middle + sign * step) > alpha:
            step *= 1.5
            if step > 4 * self._reach:
                return sign * inf
        # The p is not quite monotone: the outermost of a grid that is not rejected, then halved in.
        grid = np.linspace(0.0, 1.5 * step, 31)
        near = max((s for s in grid if self.p(middle + sign * s) > alpha), default=0.0)
        far = near + grid[1]
        for _ in range(12):
            at = (near + far) / 2
            near, far = (at, far) if self.p(middle + sign * at) > alpha else (near, at)
        return float(middle + sign * far)


def _logs(window: Floats, before: Floats) -> Floats:
    """Logarithms of each city's mean in a window, none below a thousandth of its mean before."""
    logs: Floats = np.log(np.maximum(window.mean(1), FLOOR * before.mean(1)))
    return logs


def _past(panel: Floats, start: int, length: int, period: int) -> Floats:
    """Logarithms of the mean of the last window, of the last four, of all; and of the last year.

    The last: what the same days did a year ago beside the four windows before them, where known.
    """
    before = panel[:, :start]
    columns = [_logs(before[:, -n:], before) for n in (length, min(start, 4 * length), start)]
    year = YEAR // period
    first = start - year
    if first >= 4 * length:
        season = _logs(panel[:, first : first + length], before)
        columns.append(season - _logs(panel[:, first - 4 * length : first], before))
    return np.column_stack(columns)


def _features(past: Floats, loadings: Floats, cities: int) -> Floats:
    """A constant, and as many columns of cities' pasts as there are cities for."""
    last, four, every, *year = past.T
    first, *others = loadings.T if loadings.size else [np.zeros(cities)]
    columns = [last - four, first, *others, *year, every - four, every]
    columns = [c for c in columns if np.ptp(c) > 1e-9][: cities // CITIES_EACH]
    scaled = [(c - c.mean()) / c.std() for c in columns]
    return np.column_stack([np.ones(cities), *scaled])


def _loadings(before: Floats, period: int) -> Floats:
    """How much each city shares the weeks that some cities had and others had not."""
    weeks = before.shape[1] // (7 // period)
    if min(weeks, len(before)) < 8:
        return np.zeros((len(before), 0))
    recent = before[:, before.shape[1] - weeks * (7 // period) :]
    means = recent.reshape(len(before), weeks, -1).mean(2)
    logs = np.log(np.maximum(means, FLOOR * before.mean(1, keepdims=True)))
    logs = logs - np.median(logs, axis=0)
    logs -= logs.mean(1, keepdims=True)
    left, size, _ = np.linalg.svd(logs, full_matrices=False)
    loadings: Floats = (left * size)[:, :FACTORS]
    return loadings


def _noise(panel: Floats, start: int, length: int) -> Floats:
    """How much each city's windows before differed from one to the next, beside other cities'."""
    windows = min(start // length, 26)
    before = panel[:, start - windows * length : start]
    means = before.reshape(len(panel), windows, length).mean(2)
    logs = np.log(np.maximum(means, FLOOR * panel[:, :start].mean(1, keepdims=True)))
    if windows < 3:
        return np.ones(len(panel))
    steps = np.diff(logs, axis=1)
    squares = ((steps - np.median(steps, axis=0)) ** 2).mean(1)
    common = float(np.median(squares))
    if common <= 0:
        return np.ones(len(panel))
    count = windows - 1
    noise: Floats = np.sqrt((count * squares + SHRINK * common) / (count + SHRINK) / common)
    return noise


def _draws(cities: int, treated: int, most: int, seed: int) -> Floats:
    """Rows of 0 and 1: other draws of as many cities."""
    rng = np.random.default_rng(seed)
    count = most if log(comb(cities, treated)) > log(most) else comb(cities, treated) - 1
    order = np.argsort(rng.random((count, cities)), axis=1)[:, :treated]
    draws = np.zeros((count, cities))
    np.put_along_axis(draws, order, 1.0, axis=1)
    return draws
