"""Logistic regression with a free level for each film, and one with an offset on sparse traits."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq, minimize
from scipy.sparse import csr_array
from scipy.special import expit

from fullhouse.core.arrays import Floats, Integers

STEPS = 50


@dataclass(frozen=True)
class Fit:
    """Weights of the columns, and the level of each film."""

    weights: Floats
    levels: Floats


def fit_levels(x: Floats, y: Floats, w: Floats, film: Integers, films: int, *, ridge: float) -> Fit:
    """Weights shared by all films, of columns of about unit size, with a level for each film.

    Newton's method; the levels are eliminated block by block, so thousands of films cost no more
    than their rows.
    """
    beta, level = np.zeros(x.shape[1]), np.zeros(films)
    rows = np.arange(len(film))
    by_film = csr_array((np.ones(len(film)), (film, rows)), shape=(films, len(film)))
    for _ in range(STEPS):
        p = expit(x @ beta + level[film])
        e, v = w * (y - p), w * p * (1 - p)
        inner = np.bincount(film, v, films) + 1e-9
        vx = x * v[:, None]
        cross = np.asarray(by_film @ vx)
        of_level = np.bincount(film, e, films)
        hessian = x.T @ vx + ridge * np.eye(len(beta)) - cross.T @ (cross / inner[:, None])
        gradient = x.T @ e - ridge * beta - cross.T @ (of_level / inner)
        step = np.linalg.solve(hessian, gradient)
        down = (of_level - cross @ step) / inner
        beta, level = beta + step, level + np.clip(down, -2, 2)
        if max(np.abs(step).max(), np.abs(down).max()) < 1e-6:
            break
    return Fit(beta, level)


@dataclass(frozen=True)
class Offset:
    """A deviation from what was known: scale of the offset, weights of traits and of columns."""

    scale: float
    traits: Floats
    columns: Floats
    level: float

    def logit(self, offset: Floats, traits: csr_array, columns: Floats) -> Floats:
        """The log-odds of people."""
        logits: Floats = (
            self.level + self.scale * offset + traits @ self.traits + columns @ self.columns
        )
        return logits


def fit_offset(
    offset: Floats, traits: csr_array, columns: Floats, y: Floats, w: Floats, *, ridge: float
) -> Offset:
    """A ridge logistic regression that is pulled to the offset itself.

    With a large ridge it is the offset with a level; nothing is pulled but the weights and the
    scale's distance from 1.
    """
    many = traits.shape[1]
    back = traits.T.tocsr()
    pull = np.concatenate([[ridge], np.full(many, ridge), np.full(columns.shape[1], 1.0), [0.0]])
    start = np.concatenate([[1.0], np.zeros(many + columns.shape[1] + 1)])
    rate = np.clip((w * y).sum() / w.sum(), 1e-9, 1 - 1e-9)
    start[-1] = np.log(rate / (1 - rate)) - np.average(offset, weights=w)

    def loss(b: Floats) -> tuple[float, Floats]:
        eta = b[0] * offset + traits @ b[1 : 1 + many] + columns @ b[1 + many : -1] + b[-1]
        away = b - np.concatenate([[1.0], np.zeros(len(b) - 1)])
        e = w * (expit(eta) - y)
        slope = np.concatenate([[offset @ e], back @ e, columns.T @ e, [e.sum()]])
        value = (w * (np.logaddexp(0, eta) - y * eta)).sum() + 0.5 * (pull * away**2).sum()
        return float(value), slope + pull * away

    b = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 100}).x
    return Offset(float(b[0]), b[1 : 1 + many], b[1 + many : -1], float(b[-1]))


def level_for(logits: Floats, w: Floats, people: float) -> float:
    """What to add to all log-odds so that the probabilities sum to a number of people."""
    return float(brentq(lambda a: (w * expit(logits + a)).sum() - people, -60, 60, xtol=1e-9))


def slope_of(logits: Floats, y: Floats, w: Floats, film: Integers, films: int) -> float:
    """The calibration slope: 1 where a step in the predicted log-odds is one in the observed."""
    return float(fit_levels(logits[:, None], y, w, film, films, ridge=1e-6).weights[0])
