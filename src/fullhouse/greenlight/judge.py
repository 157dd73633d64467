"""How the break-even chance did over past films: each judged from the years before it alone."""

from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from fullhouse.core.arrays import Flags, Floats, Ints
from fullhouse.greenlight.idea import Idea
from fullhouse.greenlight.past import (
    RESIDUALS_NEEDED,
    GrossModel,
    GrossProblem,
    PastFilms,
    Unseen,
    features_of,
    model_before,
    trained_before,
    unseen_years,
)
from fullhouse.greenlight.profit import grosses_of, home_part, middle_values, plan_of, profit_lines
from fullhouse.greenlight.terms import GreenlightTerms

THIRDS = ("small", "middle", "large")
FIRST_JUDGED = 10
"""Years of residuals that are there before the first that is judged."""
STEPS = 50


@dataclass(frozen=True)
class JudgedFilms:
    """Past films with the chance that was stated and what came, one place in every array each.

    `even` is whether the film earned its money back at the middle terms, by its true grosses.
    `by_budget` is the chance by a logistic curve of the log budget of the years before alone.
    `middle` is the log gross in the middle of the range, `log_gross` the true one.
    """

    place: Ints
    year: Ints
    budget: Floats
    chance: Floats
    by_budget: Floats
    even: Flags
    middle: Floats
    log_gross: Floats

    def only(self, keep: Flags) -> "JudgedFilms":
        """Those that are kept."""
        return replace(self, **{name: values[keep] for name, values in vars(self).items()})


@dataclass(frozen=True)
class Calibration:
    """A group of judged films: slope and intercept of what came on the log odds that were stated.

    `low` and `high` are the 95 % interval of the slope. Brier scores: of the chance, of the budget
    alone, and the 95 % interval of the difference (chance less budget) by years resampled.
    """

    group: str
    films: int
    even: float
    stated: float
    slope: float
    low: float
    high: float
    intercept: float
    brier: float
    brier_budget: float
    gain_low: float
    gain_high: float


def judge(
    past: PastFilms, terms: GreenlightTerms, *, with_source: bool = False, with_genres: bool = True
) -> JudgedFilms | None:
    """The chance of every film of a year by the years before, without films of its family.

    None where no year has enough years before it.
    """
    features = features_of(past, with_source=with_source, with_genres=with_genres)
    unseen, problem = unseen_years(past, features), GrossProblem.of(past, features)
    even = came_even(past, terms)
    years = np.unique(past.year[unseen.place])[FIRST_JUDGED:]
    rows = [_judge_year(past, terms, problem, unseen, int(y), even) for y in years.tolist()]
    kept = [r for r in rows if r is not None]
    if not kept:
        return None
    names = list(vars(kept[0]))
    return JudgedFilms(**{n: np.concatenate([getattr(r, n) for r in kept]) for n in names})


def came_even(past: PastFilms, terms: GreenlightTerms) -> Flags:
    """Whether each film earned its money back at the middle terms, by its true grosses."""
    home = np.where(np.isfinite(past.home), past.home, past.gross / 2)
    rows = [
        _profits(past, k, terms, past.gross[k : k + 1], home[k : k + 1])[0] >= 0
        for k in range(len(past))
    ]
    return np.array(rows, dtype=bool)


def _profits(
    past: PastFilms, place: int, terms: GreenlightTerms, gross: Floats, home: Floats
) -> Floats:
    idea = Idea(past.title[place], float(past.budget[place]))
    plan = plan_of(idea, terms, date(2000, 1, 1))
    return profit_lines(plan, terms, (gross, home), middle_values(terms))["profit"]


def _judge_year(
    past: PastFilms,
    terms: GreenlightTerms,
    problem: GrossProblem,
    unseen: Unseen,
    year: int,
    even: Flags,
) -> JudgedFilms | None:
    at = np.flatnonzero(past.year == year)
    families = {past.family[i] for i in at.tolist()}
    model = model_before(past, problem, year, families, unseen)
    if model is None or len(model.unseen) < RESIDUALS_NEEDED:
        return None
    before = np.flatnonzero(trained_before(past, year, families))
    curve = logistic(np.log(past.budget[before])[:, None], even[before])
    base, kinds, share = model.middles(problem.of_year(at, year))
    chances, middles = [], []
    for row, k in enumerate(at.tolist()):
        near = model.near(float(past.budget[k]))
        middle = base[row] + near.trust * kinds[row]
        gross = np.exp(middle + near.residual)
        part = home_part(share[row] + np.nan_to_num(near.share))
        profit = _profits(past, k, terms, gross, gross * part)
        chances.append(((profit >= 0).sum() + 0.5) / (len(gross) + 1))
        middles.append(middle + float(np.median(near.residual)))
    return JudgedFilms(
        place=at,
        year=past.year[at],
        budget=past.budget[at],
        chance=np.array(chances),
        by_budget=_curve(curve, np.log(past.budget[at])[:, None]),
        even=even[at],
        middle=np.array(middles),
        log_gross=np.log(past.gross[at]),
    )


def calibrations(judged: JudgedFilms, *, seed: int = 0) -> list[Calibration]:
    """All films, then each third by budget."""
    cuts = np.quantile(judged.budget, (1 / 3, 2 / 3))
    third = np.searchsorted(cuts, judged.budget, side="right")
    groups = [("all", np.ones(len(third), dtype=bool))]
    groups += [(name, third == k) for k, name in enumerate(THIRDS)]
    return [_calibration(name, judged.only(keep), seed) for name, keep in groups]


def _calibration(group: str, judged: JudgedFilms, seed: int) -> Calibration:
    odds = np.log(judged.chance / (1 - judged.chance))
    beta, covariance = _logistic_fit(odds[:, None], judged.even)
    half = 1.96 * float(np.sqrt(covariance[1, 1]))
    loss = (judged.chance - judged.even) ** 2
    loss_budget = (judged.by_budget - judged.even) ** 2
    low, high = by_years(loss - loss_budget, judged.year, seed=seed)
    return Calibration(
        group,
        len(loss),
        float(judged.even.mean()),
        float(judged.chance.mean()),
        float(beta[1]),
        float(beta[1]) - half,
        float(beta[1]) + half,
        float(beta[0]),
        float(loss.mean()),
        float(loss_budget.mean()),
        low,
        high,
    )


def by_years(
    values: Floats, year: Ints, *, seed: int = 0, samples: int = 2000
) -> tuple[float, float]:
    """The 95 % interval of a mean when whole years are drawn again."""
    names, place = np.unique(year, return_inverse=True)
    sums, sizes = np.bincount(place, weights=values), np.bincount(place)
    picks = np.random.default_rng(seed).integers(len(names), size=(samples, len(names)))
    means = sums[picks].sum(axis=1) / sizes[picks].sum(axis=1)
    low, high = (float(q) for q in np.quantile(means, (0.025, 0.975)))
    return low, high


def logistic(rows: Floats, target: Flags) -> Floats:
    """The intercept and slopes of a logistic curve, with a whisper of a penalty."""
    return _logistic_fit(rows, target)[0]


def _logistic_fit(rows: Floats, target: Flags) -> tuple[Floats, Floats]:
    x = np.column_stack([np.ones(len(rows)), rows])
    beta = np.zeros(x.shape[1])
    penalty = np.eye(x.shape[1]) * 1e-4
    for _ in range(STEPS):
        p = 1 / (1 + np.exp(-x @ beta))
        hessian = (x * (p * (1 - p))[:, None]).T @ x + penalty
        step = np.linalg.solve(hessian, x.T @ (target - p) - penalty @ beta)
        beta = beta + step
        if float(np.abs(step).max()) < 1e-9:
            break
    return beta, np.linalg.inv(hessian)


def _curve(beta: Floats, rows: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-(beta[0] + rows @ beta[1:]))))


@dataclass(frozen=True)
class ChanceCurve:
    """What came of past chances: log odds by those stated, the log budget, and their product."""

    beta: tuple[float, ...]
    films: int

    def of(self, chance: Floats, budget: Floats) -> Floats:
        """The chances that past films of such chances and budgets came to."""
        return _curve(np.array(self.beta), _curve_rows(chance, budget))


CURVE_FILMS, CURVE_YEARS = 300, 5
"""Fewest judged films, and years of them, from which a curve is learned."""


def chance_curve(judged: JudgedFilms) -> ChanceCurve | None:
    """The curve of judged films; None where they are too few."""
    if len(judged.year) < CURVE_FILMS or len(np.unique(judged.year)) < CURVE_YEARS:
        return None
    beta = logistic(_curve_rows(judged.chance, judged.budget), judged.even)
    return ChanceCurve(tuple(float(b) for b in beta), len(judged.year))


def _curve_rows(chance: Floats, budget: Floats) -> Floats:
    odds, size = np.log(chance / (1 - chance)), np.log(budget) - np.log(3e7)
    return np.column_stack([odds, size, odds * size])


def recalibrated(judged: JudgedFilms) -> JudgedFilms:
    """Each year's chances by the curve of the years before it; years without one are left out."""
    parts = []
    for year in np.unique(judged.year).tolist():
        own = judged.only(judged.year == year)
        curve = chance_curve(judged.only(judged.year < year))
        if curve is not None:
            parts.append(replace(own, chance=curve.of(own.chance, own.budget)))
    if not parts:
        return judged.only(np.zeros(len(judged.year), dtype=bool))
    names = list(vars(parts[0]))
    return JudgedFilms(**{n: np.concatenate([getattr(p, n) for p in parts]) for n in names})


def gross_shift(
    model: GrossModel, idea: Idea, terms: GreenlightTerms, curve: ChanceCurve, *, today: date
) -> float:
    """How far the log gross is moved so that the chance at middle terms is what such came to."""
    places = (np.arange(CHANCE_POINTS) + 0.5) / CHANCE_POINTS
    gross, home = grosses_of(model, idea, places, today=today)
    plan = plan_of(replace(idea, advertising=None, tax_credit=None), terms, today)

    def chance(shift: float) -> float:
        moved = gross * np.exp(shift), home * np.exp(shift)
        profit = profit_lines(plan, terms, moved, middle_values(terms))["profit"]
        return float(((profit >= 0).sum() + 0.5) / (len(profit) + 1))

    stated = np.array([chance(0.0)])
    aim = float(curve.of(stated, np.array([idea.budget]))[0])
    low, high = -MOST_SHIFT, MOST_SHIFT
    for _ in range(20):
        middle = (low + high) / 2
        low, high = (middle, high) if chance(middle) < aim else (low, middle)
    return (low + high) / 2


CHANCE_POINTS = 400
MOST_SHIFT = 1.5
"""No curve moves a gross further than by this, in logs."""
