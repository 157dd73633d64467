"""A few models of one log amount, averaged: boosted trees, random trees, a ridge regression.

Each errs in its own way; the weights were chosen on openings up to 2010 and judged on later ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.ensemble import ExtraTreesRegressor, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from fullhouse.core.arrays import Floats

FEWEST = 40
"""A model is not fitted to fewer films."""
SEED = 20170127
NOT_KNOWN = -99.0
"""What random trees see for a number that is not known: far below any that is."""


@dataclass(frozen=True)
class Recipe:
    """Which models, with which weights."""

    squared: float
    absolute: float
    trees: float
    ridge: float
    rounds: int = 250

    @property
    def weights(self) -> dict[str, float]:
        """The weights of the models that take part."""
        named = ("squared", "absolute", "trees", "ridge")
        return {n: w for n in named if (w := getattr(self, n)) > 0}


BEFORE_OPENING = Recipe(0.4, 0.0, 0.35, 0.25)
IN_CINEMAS = Recipe(0.4, 0.4, 0.0, 0.2)
LIGHT = Recipe(0.6, 0.0, 0.0, 0.4, rounds=150)
"""For ratios that vary little: total over opening weekend before it is known."""


@dataclass(frozen=True)
class Ensemble:
    """Fitted models that predict together."""

    columns: tuple[str, ...]
    members: tuple[tuple[str, float, Any], ...]
    films: int

    def predict(self, x: Floats) -> Floats:
        """The predicted log amount of each row; columns in the order of `columns`."""
        found = np.zeros(len(x))
        # One thread: boosting starts its threads anew for each tree, which took 1.6 s for one row
        # on two busy cores, and takes 0.02 s without.
        with threadpool_limits(1):
            for name, weight, model in self.members:
                found += weight * model.predict(_seen(name, x))
        return found

    def leaves(self, x: Floats) -> Floats:
        """The leaf of each random tree in which each row ends, (rows, trees)."""
        trees = next(m for n, _, m in self.members if n == "trees")
        found: Floats = trees.apply(_seen("trees", x))
        return found


def fit(x: Floats, y: Floats, columns: Sequence[str], recipe: Recipe) -> Ensemble:
    """Fit the models of a recipe to rows of features (NaN: not known) and their log amounts."""
    varies = np.array([len(np.unique(c[np.isfinite(c)])) > 1 for c in x.T], bool)
    x, columns = x[:, varies], [c for c, v in zip(columns, varies, strict=True) if v]
    fitted = []
    for name, share in recipe.weights.items():
        model = _model(name, recipe, len(y))
        # One thread: with more, joblib polls for each column that boosting bins, which took two
        # thirds of the time. Origins are fitted side by side instead.
        with threadpool_limits(1):
            model.fit(_seen(name, x), y)
        fitted.append((name, share / sum(recipe.weights.values()), model))
    return Ensemble(tuple(columns), tuple(fitted), len(y))


def _model(name: str, recipe: Recipe, rows: int) -> Any:
    if name == "ridge":
        return make_pipeline(
            SimpleImputer(add_indicator=True, keep_empty_features=True),
            StandardScaler(),
            RidgeCV(alphas=np.logspace(0, 4, 9)),
        )
    leaf = max(3, min(15, rows // 40))
    if name == "trees":
        return ExtraTreesRegressor(
            150, min_samples_leaf=max(2, leaf // 3), max_features=0.5, random_state=SEED
        )
    return HistGradientBoostingRegressor(
        loss="squared_error" if name == "squared" else "absolute_error",
        max_iter=recipe.rounds,
        learning_rate=0.05,
        max_leaf_nodes=6,
        min_samples_leaf=leaf,
        l2_regularization=5.0,
        max_features=0.3,
        early_stopping=False,
        random_state=SEED,
    )


def _seen(name: str, x: Floats) -> Floats:
    return np.nan_to_num(x, nan=NOT_KNOWN) if name == "trees" else x
