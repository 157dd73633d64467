"""How well predictions of past films held: the figures of the model card."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from fullhouse.core.arrays import Floats, Integers
from fullhouse.core.errors import InputError
from fullhouse.propensity.learn import (
    FOLDS,
    FilmPairs,
    PreferenceModel,
    activity_columns,
    fit_pairs,
)
from fullhouse.propensity.logistic import level_for, slope_of
from fullhouse.propensity.propensity import (
    CalibrationBin,
    GroupFairness,
    ModelCard,
    PropensityModel,
    ReachPoint,
    reach_curve,
)
from fullhouse.traits.film_traits import FACTS

LEAST_GROUP = 50
"""People of a group under which nothing is reported: a rate of one half then has a standard
error of 7 points, and fewer could be named."""
LEAST_SEEN = 10
"""Viewers of a group, of one film, from which the AUC within the group is computed."""
BINS = 10
BOOTSTRAPS = 500
TOP = 0.1


@dataclass(frozen=True)
class CrossPredictions:
    """Out-of-fold predictions of past films.

    `logits` are at each film's own level; `by_activity` are from activity alone.
    """

    pairs: FilmPairs
    logits: Floats
    by_activity: Floats


def cross_predict(preferences: PreferenceModel) -> CrossPredictions:
    """Predict every past film with weights fitted on the films of other folds only."""
    pairs = preferences.pairs
    x = (pairs.x - preferences.centre) / preferences.spread
    active = activity_columns(x.shape[1])
    return CrossPredictions(
        pairs, _crossed(preferences, x, np.ones(x.shape[1])), _crossed(preferences, x, active)
    )


def _crossed(preferences: PreferenceModel, x: Floats, used: Floats) -> Floats:
    pairs, films = preferences.pairs, len(preferences.content)
    # A column whose spread is endless is none: its weight stays 0.
    spread = np.where(used > 0, preferences.spread, np.inf)
    logits = np.zeros(len(pairs.outcome))
    for fold in range(FOLDS):
        held_out = pairs.fold == fold
        rows = np.flatnonzero(~held_out)
        fit = fit_pairs(pairs, rows, preferences.centre, spread, films)
        logits[held_out] = x[held_out] @ (fit.weights * used)
    for film in np.unique(pairs.film):
        held_out = pairs.film == film
        people = float((pairs.weight[held_out] * pairs.outcome[held_out]).sum())
        logits[held_out] += level_for(logits[held_out], pairs.weight[held_out], people)
    return logits


def model_card(
    preferences: PreferenceModel, model: PropensityModel, *, built_on: date, key: bytes
) -> ModelCard:
    """The card of a model: what it was fitted on and how well it predicted past films."""
    checked = cross_predict(preferences)
    pairs = checked.pairs
    films = np.unique(pairs.film)
    aucs = by_film(pairs, checked.logits)
    low, high = bootstrap_interval(aucs, key)
    slugs = [f.slug for f in preferences.sample.films]
    return ModelCard(
        film=model.film,
        title=model.title,
        as_of=model.as_of,
        built_on=built_on,
        learned_from=tuple(s for s in slugs if s != model.film),
        judged_on=tuple(slugs[f] for f in films),
        signals=model.signals,
        people=preferences.sample.sheet.base_people,
        level=model.level,
        expected_people=model.expected_people,
        auc=float(aucs.mean()),
        auc_low=low,
        auc_high=high,
        baseline_auc=float(by_film(pairs, checked.by_activity).mean()),
        calibration_slope=slope_of(
            checked.logits, pairs.outcome, pairs.weight / pairs.weight.mean(), pairs.film,
            len(slugs),
        ),
        calibration=calibration(checked),
        reach=_reach(checked, preferences.sample.sheet.base_people),
        fairness=fairness(preferences, checked),
        fingerprint=model.fingerprint,
    )  # fmt: skip


def weighted_auc(score: Floats, outcome: Floats, weight: Floats) -> float:
    """The chance that who saw it ranks above who did not, each person standing for `weight`."""
    _, group = np.unique(score, return_inverse=True)
    yes = np.bincount(group, weight * outcome)
    no = np.bincount(group, weight * (1 - outcome))
    if not yes.sum() > 0 or not no.sum() > 0:
        raise InputError("An AUC needs people who saw it and people who did not.")
    below = np.cumsum(no) - no / 2
    return float((yes * below).sum() / (yes.sum() * no.sum()))


def by_film(pairs: FilmPairs, logits: Floats) -> Floats:
    """The AUC of each film, in the order of their numbers."""
    return np.array(
        [
            weighted_auc(logits[rows], pairs.outcome[rows], pairs.weight[rows])
            for rows in (pairs.film == f for f in np.unique(pairs.film))
        ]
    )


def calibration(checked: CrossPredictions) -> tuple[CalibrationBin, ...]:
    """Pairs in ten bins of equally many, from the least likely.

    Films are the independent units: the interval is that of a ratio over films.
    """
    p, pairs = expit(checked.logits), checked.pairs
    order = np.argsort(p, kind="stable")
    share = np.cumsum(pairs.weight[order]) / pairs.weight.sum()
    which = np.minimum((share * BINS).astype(int), BINS - 1)
    bins = []
    for number in range(BINS):
        rows = order[which == number]
        if not len(rows):
            continue
        w = pairs.weight[rows]
        observed, error = _ratio(pairs.film[rows], pairs.outcome[rows], w)
        bins.append(
            CalibrationBin(
                persons=round(float(w.sum())),
                predicted=float(np.average(p[rows], weights=w)),
                observed=observed,
                low=max(0.0, observed - 1.96 * error),
                high=min(1.0, observed + 1.96 * error),
            )
        )
    return tuple(bins)


def fairness(preferences: PreferenceModel, checked: CrossPredictions) -> tuple[GroupFairness, ...]:
    """Each demographic group's predicted and observed rate, AUC, and part of the best tenth."""
    sample, pairs = preferences.sample, checked.pairs
    top = _top(pairs, checked.logits)
    groups = []
    for column in sample.facts:
        trait = sample.sheet.traits[column]
        if trait.family not in FACTS:
            continue
        inside = sample.sheet.has[:, [column]].toarray()[:, 0] > 0
        share = float(sample.weight[inside].sum() / sample.weight.sum())
        groups.append(_fair(trait.label, inside, share, checked, top))
    return tuple(groups)


def _fair(
    group: str, inside: npt.NDArray[np.bool_], share: float, checked: CrossPredictions, top: Floats
) -> GroupFairness:
    pairs = checked.pairs
    persons = int(inside.sum())
    in_group = inside[pairs.person]
    if persons < LEAST_GROUP or not in_group.any():
        return GroupFairness(group, persons, None, None, None, None, share)
    w = pairs.weight[in_group]
    best = float((pairs.weight * top * in_group).sum() / (pairs.weight * top).sum())
    return GroupFairness(
        group=group,
        persons=persons,
        predicted=float(np.average(expit(checked.logits[in_group]), weights=w)),
        observed=float(np.average(pairs.outcome[in_group], weights=w)),
        auc=_auc_within(checked, in_group),
        share_of_top=best,
        share=share,
    )


def _auc_within(checked: CrossPredictions, in_group: npt.NDArray[np.bool_]) -> float | None:
    """The mean over films of the AUC among a group; None where no film has viewers enough."""
    film, outcome = checked.pairs.film[in_group], checked.pairs.outcome[in_group]
    logits, weight = checked.logits[in_group], checked.pairs.weight[in_group]
    aucs = [
        weighted_auc(logits[f], outcome[f], weight[f])
        for f in (film == n for n in np.unique(film))
        if outcome[f].sum() >= LEAST_SEEN and (1 - outcome[f]).sum() >= LEAST_SEEN
    ]
    return float(np.mean(aucs)) if aucs else None


def _top(pairs: FilmPairs, logits: Floats) -> Floats:
    """1 for those in the best tenth of their film's people."""
    in_top = np.zeros(len(logits))
    for film in np.unique(pairs.film):
        rows = np.flatnonzero(pairs.film == film)
        order = rows[np.argsort(-logits[rows], kind="stable")]
        share = np.cumsum(pairs.weight[order]) / pairs.weight[order].sum()
        in_top[order[share <= TOP]] = 1
    return in_top


def _reach(checked: CrossPredictions, people: int) -> tuple[ReachPoint, ...]:
    """The reach curve of a film in the middle: the mean over films at each step."""
    pairs, curves = checked.pairs, []
    for film in np.unique(pairs.film):
        rows = pairs.film == film
        curves.append(
            reach_curve(checked.logits[rows], pairs.outcome[rows] > 0, pairs.weight[rows], BINS * 2)
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


def _ratio(film: Integers, outcome: Floats, weight: Floats) -> tuple[float, float]:
    """A share over clusters, and its standard error by linearisation."""
    cases, people = np.bincount(film, weight * outcome), np.bincount(film, weight)
    share = cases.sum() / people.sum()
    many = max(int((people > 0).sum()), 2)
    error = np.sqrt(((cases - share * people) ** 2).sum() * many / (many - 1)) / people.sum()
    return float(share), float(error)


def bootstrap_interval(values: Floats, key: bytes) -> tuple[float, float]:
    """The 95 % interval of a mean over films, by the bootstrap over films."""
    g = np.random.default_rng(list(key))
    means = values[g.integers(0, len(values), (BOOTSTRAPS, len(values)))].mean(1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)
