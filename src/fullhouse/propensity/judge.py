"""How well the foretelling of unseen films did on past ones: the figures of the model card."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from fullhouse.core.arrays import Floats, Integers
from fullhouse.core.errors import InputError
from fullhouse.propensity.features import KNOTS
from fullhouse.propensity.learn import FOLDS, Pairs, Taste, fit_pairs
from fullhouse.propensity.logistic import level_for, slope_of
from fullhouse.propensity.propensity import CalibrationBin, Fairness, ModelCard, PropensityModel
from fullhouse.sample.film_traits import FACTS
from fullhouse.sample.reach_curve import ReachPoint, reach_curve
from fullhouse.traits.trait import KINDS

LEAST_GROUP = 50
"""People of a group under which nothing is said of it: a rate of one half then has a standard
error of 7 points, and fewer could be named."""
LEAST_SEEN = 10
"""Viewers of a group, of one film, from which the order within the group can be told."""
BINS = 10
BOOTSTRAPS = 500
TOP = 0.1


@dataclass(frozen=True)
class Checked:
    """Past films as they were foretold by what was learned from the other folds.

    `logits` are at each film's own level; `by_activity` are from activity alone.
    """

    pairs: Pairs
    logits: Floats
    by_activity: Floats


def check(taste: Taste) -> Checked:
    """Foretell every past film with weights learned from the films of other folds only."""
    pairs = taste.pairs
    x = (pairs.x - taste.centre) / taste.spread
    active = np.zeros(x.shape[1])
    active[: len(KINDS) * (1 + KNOTS)] = 1
    return Checked(pairs, _crossed(taste, x, np.ones(x.shape[1])), _crossed(taste, x, active))


def _crossed(taste: Taste, x: Floats, used: Floats) -> Floats:
    pairs, films = taste.pairs, len(taste.told)
    # A column whose spread is endless is none: its weight stays 0.
    spread = np.where(used > 0, taste.spread, np.inf)
    found = np.zeros(len(pairs.seen))
    for fold in range(FOLDS):
        mine = pairs.fold == fold
        rows = np.flatnonzero(~mine)
        fit = fit_pairs(pairs, rows, taste.centre, spread, films)
        found[mine] = x[mine] @ (fit.weights * used)
    for film in np.unique(pairs.film):
        mine = pairs.film == film
        people = float((pairs.weight[mine] * pairs.seen[mine]).sum())
        found[mine] += level_for(found[mine], pairs.weight[mine], people)
    return found


def model_card(taste: Taste, model: PropensityModel, *, built_on: date, key: bytes) -> ModelCard:
    """The card of a model: what it learned from and how well past films were foretold."""
    checked = check(taste)
    pairs = checked.pairs
    films = np.unique(pairs.film)
    aucs = by_film(pairs, checked.logits)
    low, high = _interval(aucs, key)
    slugs = [f.slug for f in taste.sample.films]
    return ModelCard(
        film=model.film,
        title=model.title,
        as_of=model.as_of,
        built_on=built_on,
        learned_from=tuple(s for s in slugs if s != model.film),
        judged_on=tuple(slugs[f] for f in films),
        signals=model.signals,
        people=taste.sample.sheet.base_people,
        level=model.level,
        expected_people=model.expected_people,
        auc=float(aucs.mean()),
        auc_low=low,
        auc_high=high,
        baseline_auc=float(by_film(pairs, checked.by_activity).mean()),
        calibration_slope=slope_of(
            checked.logits, pairs.seen, pairs.weight / pairs.weight.mean(), pairs.film,
            len(slugs),
        ),
        calibration=calibration(checked),
        reach=_reach(checked, taste.sample.sheet.base_people),
        fairness=fairness(taste, checked),
        notes=_notes(model),
        fingerprint=model.fingerprint,
    )  # fmt: skip


def weighted_auc(score: Floats, seen: Floats, weight: Floats) -> float:
    """The chance that who saw it ranks above who did not, each person standing for `weight`."""
    _, group = np.unique(score, return_inverse=True)
    yes = np.bincount(group, weight * seen)
    no = np.bincount(group, weight * (1 - seen))
    if not yes.sum() > 0 or not no.sum() > 0:
        raise InputError("An AUC needs people who saw it and people who did not.")
    below = np.cumsum(no) - no / 2
    return float((yes * below).sum() / (yes.sum() * no.sum()))


def by_film(pairs: Pairs, logits: Floats) -> Floats:
    """The AUC of each film, in the order of their numbers."""
    return np.array(
        [
            weighted_auc(logits[mine], pairs.seen[mine], pairs.weight[mine])
            for mine in (pairs.film == f for f in np.unique(pairs.film))
        ]
    )


def calibration(checked: Checked) -> tuple[CalibrationBin, ...]:
    """Pairs in ten bins of equally many, from the least likely.

    Films are the independent units: the interval is that of a ratio over films.
    """
    p, pairs = expit(checked.logits), checked.pairs
    order = np.argsort(p, kind="stable")
    share = np.cumsum(pairs.weight[order]) / pairs.weight.sum()
    which = np.minimum((share * BINS).astype(int), BINS - 1)
    found = []
    for number in range(BINS):
        rows = order[which == number]
        if not len(rows):
            continue
        w = pairs.weight[rows]
        seen, error = _ratio(pairs.film[rows], pairs.seen[rows], w)
        found.append(
            CalibrationBin(
                persons=round(float(w.sum())),
                predicted=float(np.average(p[rows], weights=w)),
                observed=seen,
                low=max(0.0, seen - 1.96 * error),
                high=min(1.0, seen + 1.96 * error),
            )
        )
    return tuple(found)


def fairness(taste: Taste, checked: Checked) -> tuple[Fairness, ...]:
    """Each demographic group's foretold and seen rate, order within, and part in the best tenth."""
    sample, pairs = taste.sample, checked.pairs
    top = _top(pairs, checked.logits)
    found = []
    for column in sample.facts:
        trait = sample.sheet.traits[column]
        if trait.family not in FACTS:
            continue
        inside = sample.sheet.has[:, [column]].toarray()[:, 0] > 0
        share = float(sample.weight[inside].sum() / sample.weight.sum())
        found.append(_fair(trait.label, inside, share, checked, top))
    return tuple(found)


def _fair(
    group: str, inside: npt.NDArray[np.bool_], share: float, checked: Checked, top: Floats
) -> Fairness:
    pairs = checked.pairs
    persons = int(inside.sum())
    mine = inside[pairs.person]
    if persons < LEAST_GROUP or not mine.any():
        return Fairness(group, persons, None, None, None, None, share)
    w = pairs.weight[mine]
    best = float((pairs.weight * top * mine).sum() / (pairs.weight * top).sum())
    return Fairness(
        group=group,
        persons=persons,
        predicted=float(np.average(expit(checked.logits[mine]), weights=w)),
        observed=float(np.average(pairs.seen[mine], weights=w)),
        auc=_auc_within(checked, mine),
        share_of_top=best,
        share=share,
    )


def _auc_within(checked: Checked, mine: npt.NDArray[np.bool_]) -> float | None:
    """The mean over films of the AUC among a group; None where no film has viewers enough."""
    film, seen = checked.pairs.film[mine], checked.pairs.seen[mine]
    logits, weight = checked.logits[mine], checked.pairs.weight[mine]
    found = [
        weighted_auc(logits[f], seen[f], weight[f])
        for f in (film == n for n in np.unique(film))
        if seen[f].sum() >= LEAST_SEEN and (1 - seen[f]).sum() >= LEAST_SEEN
    ]
    return float(np.mean(found)) if found else None


def _top(pairs: Pairs, logits: Floats) -> Floats:
    """1 for those in the best tenth of their film's people."""
    found = np.zeros(len(logits))
    for film in np.unique(pairs.film):
        rows = np.flatnonzero(pairs.film == film)
        order = rows[np.argsort(-logits[rows], kind="stable")]
        share = np.cumsum(pairs.weight[order]) / pairs.weight[order].sum()
        found[order[share <= TOP]] = 1
    return found


def _reach(checked: Checked, people: int) -> tuple[ReachPoint, ...]:
    """The reach curve of a film in the middle: the mean over films at each step."""
    pairs, curves = checked.pairs, []
    for film in np.unique(pairs.film):
        mine = pairs.film == film
        curves.append(
            reach_curve(checked.logits[mine], pairs.seen[mine] > 0, pairs.weight[mine], BINS * 2)
        )
    most = max(len(c) for c in curves)
    each = [c for c in curves if len(c) == most]

    def mean(of: Callable[[ReachPoint], float], i: int) -> float:
        return float(np.mean([of(c[i]) for c in each]))

    return tuple(
        ReachPoint(
            round(people * (i + 1) / most), mean(lambda p: p.reached, i),
            mean(lambda p: p.precision, i), mean(lambda p: p.times, i),
        )
        for i in range(most)
    )  # fmt: skip


def _ratio(film: Integers, seen: Floats, weight: Floats) -> tuple[float, float]:
    """A share over clusters, and its standard error by linearisation."""
    up, down = np.bincount(film, weight * seen), np.bincount(film, weight)
    share = up.sum() / down.sum()
    many = max(int((down > 0).sum()), 2)
    error = np.sqrt(((up - share * down) ** 2).sum() * many / (many - 1)) / down.sum()
    return float(share), float(error)


def _interval(values: Floats, key: bytes) -> tuple[float, float]:
    g = np.random.default_rng(list(key))
    means = values[g.integers(0, len(values), (BOOTSTRAPS, len(values)))].mean(1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def _notes(model: PropensityModel) -> tuple[str, ...]:
    found = [
        "The figures are of past films, each foretold as if unseen from films of other folds; they"
        " say how well films like these are foretold, not how well this one will be.",
        f"In the figures each film's level is its own number of viewers; this film's is from"
        f" {model.level}.",
    ]
    if "interest" in model.signals:
        found.append("The film's own interest is used too and is not in the figures.")
    return tuple(found)
