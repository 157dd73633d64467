"""Pull a film's model towards those who already showed interest in it."""

from collections.abc import Collection
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from fullhouse.core.arrays import Floats
from fullhouse.core.errors import InputError
from fullhouse.core.values import keyed_bits
from fullhouse.propensity.features import SUMS, Scale, columns
from fullhouse.propensity.logistic import Offset, fit_offset, level_for
from fullhouse.propensity.propensity import PropensityModel
from fullhouse.sample.sheet import Sheet

LEAST_INTEREST = 100
"""People of interest from which anything is learned: of fewer, folds of 33 choose no ridge."""
RIDGES = (1.0, 10.0, 100.0, 1_000.0, 10_000.0)
"""How strongly the content's answer is held to; the greatest leaves it as good as untouched."""
FOLDS = 3
MOST_INTERESTED, MOST_OTHERS = 5_000, 10_000


def with_interest(
    model: PropensityModel,
    page: Sheet,
    *,
    key: bytes,
    without: Collection[str] = (),
) -> PropensityModel:
    """The model with weights learned from a sheet whose seed showed interest in the film.

    The content's log-odds are where it starts from: few people change little, many much, as the
    ridge that foretells held-out people of the sheet best says. `without` names traits that are
    the interest itself. How active the interested are is learned and left out: whoever marks
    films "want to see" need not be who sees them. The level stays.
    """
    people = int(page.seed.sum())
    if people < LEAST_INTEREST:
        raise InputError(
            f"A film's own interest needs {LEAST_INTEREST} people at least, not {people}. Without"
            " it the film is foretold from what is told of it."
        )
    rows = _rows(page, key)
    x, used = _traits(page, rows, {*without})
    offset = logits_on(model, page)[rows]
    active = np.log1p(page.bare[:, rows].T.astype(np.float64))
    y, w = page.seed[rows].astype(np.float64), _weights(page, rows)
    ridge = _ridge(offset, x, active, y, w, keyed_bits(page.persons[rows], key + b"fold") % FOLDS)
    fit = fit_offset(offset, x, active, y, w, ridge=ridge)
    return _pulled(model, page, fit, used)


def logits_on(model: PropensityModel, page: Sheet) -> Floats:
    """The log-odds of the people of a sheet, from their traits and activity without the seed's."""
    of = {t.name: i for i, t in enumerate(page.traits)}
    some = [(of[n], i) for i, n in enumerate(model.traits) if n in of]
    at = np.array(some, dtype=np.int64).reshape(-1, 2)
    table = np.zeros((len(page.traits), len(SUMS)), dtype=np.float32)
    table[at[:, 0]] = np.array(model.sums, dtype=np.float32).reshape(-1, len(SUMS))[at[:, 1]]
    sums = np.asarray(page.has @ table) + np.array(model.start, dtype=np.float32)
    x = columns(sums, page.bare, Scale(model.per_mark, model.knots)).astype(np.float64)
    found: Floats = x @ np.array(model.weights) + model.intercept + sums[:, -1]
    return found


def _rows(page: Sheet, key: bytes) -> npt.NDArray[np.int64]:
    """People of the sheet to learn from, drawn by the key where there are many."""
    bits = keyed_bits(page.persons, key + b"interest") / 2**32
    seeds = max(int(page.seed.sum()), 1)
    rate = np.where(
        page.seed, MOST_INTERESTED / seeds, MOST_OTHERS / max(len(page.seed) - seeds, 1)
    )
    return np.flatnonzero(bits < rate)


def _weights(page: Sheet, rows: npt.NDArray[np.int64]) -> Floats:
    """Each of the interested counts once; the others together as much."""
    seed = page.seed[rows]
    w: Floats = page.weight[rows] / page.weight[rows][seed].mean()
    w[~seed] *= seed.sum() / w[~seed].sum()
    return w


def _traits(
    page: Sheet, rows: npt.NDArray[np.int64], without: set[str]
) -> tuple[csr_array, npt.NDArray[np.int64]]:
    used = np.array([i for i, t in enumerate(page.traits) if t.name not in without], dtype=np.int64)
    return page.has[rows][:, used].astype(np.float64).tocsr(), used


def _ridge(
    offset: Floats, x: csr_array, active: Floats, y: Floats, w: Floats, fold: npt.NDArray[np.uint32]
) -> float:
    losses = []
    for ridge in RIDGES:
        loss = 0.0
        for each in range(FOLDS):
            learned, judged = np.flatnonzero(fold != each), np.flatnonzero(fold == each)
            fit = fit_offset(
                offset[learned], x[learned], active[learned], y[learned], w[learned], ridge=ridge
            )
            eta = fit.logit(offset[judged], x[judged], active[judged])
            loss += float((w[judged] * (np.logaddexp(0, eta) - y[judged] * eta)).sum())
        losses.append(loss)
    return RIDGES[int(np.argmin(losses))]


def _pulled(
    model: PropensityModel, page: Sheet, fit: Offset, used: npt.NDArray[np.int64]
) -> PropensityModel:
    """The content's sums scaled, the traits' own weights beside them, at the same level."""
    rows = {n: list(s) for n, s in zip(model.traits, model.sums, strict=True)}
    about = {
        n: (i, label) for n, i, label in zip(model.traits, model.ids, model.labels, strict=True)
    }
    for weight, column in zip(fit.traits, used, strict=True):
        trait = page.traits[column]
        about.setdefault(trait.name, (trait.id, trait.label))
        rows.setdefault(trait.name, [0.0] * len(SUMS))[-1] += float(weight)
    found = replace(
        model,
        traits=tuple(rows),
        ids=tuple(about[n][0] for n in rows),
        labels=tuple(about[n][1] for n in rows),
        sums=tuple(tuple(s) for s in rows.values()),
        weights=tuple(fit.scale * w for w in model.weights),
        signals=tuple(dict.fromkeys((*model.signals, "interest"))),
    )
    more = level_for(logits_on(found, page), page.weight, _people(model, page))
    return replace(found, intercept=found.intercept + more)


def _people(model: PropensityModel, page: Sheet) -> float:
    return min(model.expected_people, 0.999 * float(page.weight.sum()))
