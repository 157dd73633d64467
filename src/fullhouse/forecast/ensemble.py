"""A few models of one log amount, averaged, and ranges with the coverage that they state.

Each errs in its own way; the weights were chosen on openings up to 2010 and judged on later ones.
scikit-learn fits them; what is fitted is held as plain arrays (`Trees`, `Linear`), which predict
the same, can be saved without code in them, and need no scikit-learn to predict. LightGBM fits
faster, with errors that are lower by no more than noise, and needs a system library that a bare
machine lacks (`python -m benchmarks.forecast_libraries`).

The ranges: normalised split conformal prediction (Lei, G'Sell, Rinaldo, Tibshirani and Wasserman
2018), Mondrian by group (Vovk, Lindsay, Nouretdinov and Gammerman 2003), with the errors of
forecasts that were made in the past by models that had seen only what came before them. Own lines
and not crepes': groups here borrow from one another, so that its ranges are narrower at the same
coverage (`python -m benchmarks.forecast_libraries`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtri

from fullhouse.core.arrays import Flags, Floats, Ints
from fullhouse.forecast.forecast import PROBABILITIES

FEWEST = 40
"""A model is not fitted to fewer films, and ranges are not made from fewer past errors."""
SEED = 20170127
NOT_KNOWN = -99.0
"""What random trees get for a number that is not known: far below any that is."""
ROWS_AT_ONCE = 1024
"""Rows are walked down all trees in parts of this size, to bound memory."""


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
class Linear:
    """A linear model of standardised columns; missing values take the column's mean.

    Columns `indicated` enter once more, as 1 where they are missing.
    """

    fill: Floats
    indicated: Ints
    mean: Floats
    scale: Floats
    slope: Floats
    intercept: float

    def predict(self, x: Floats) -> Floats:
        """The prediction for each row."""
        missing = np.isnan(x)
        full = np.concatenate(
            [np.where(missing, self.fill, x), missing[:, self.indicated].astype(np.float64)], axis=1
        )
        prediction: Floats = ((full - self.mean) / self.scale) @ self.slope + self.intercept
        return prediction


@dataclass(frozen=True)
class Trees:
    """Regression trees as one table of nodes; a node whose `left` is 0 is a leaf.

    `roots` are the first nodes of the trees. The prediction is `start` and the leaves' values
    added up in order, over `divisor`. With `single` features are rounded to single precision
    first, as scikit-learn's random trees are fitted to.
    """

    roots: Ints
    left: Ints
    right: Ints
    feature: Ints
    threshold: Floats
    missing_left: Flags
    value: Floats
    start: float
    divisor: float
    single: bool

    def predict(self, x: Floats) -> Floats:
        """The prediction for each row."""
        prediction = np.empty(len(x))
        for first in range(0, len(x), ROWS_AT_ONCE):
            part = slice(first, first + ROWS_AT_ONCE)
            values = self.value[self._end_nodes(x[part])]
            start = np.full((len(values), 1), self.start)
            # One after the other, not in pairs, so that each bit is the one scikit-learn gives.
            prediction[part] = np.cumsum(np.concatenate([start, values], axis=1), axis=1)[:, -1]
        return prediction / self.divisor

    def leaves(self, x: Floats) -> Ints:
        """The leaf of each tree in which each row ends, (rows, trees): its place in the tree."""
        parts = [
            self._end_nodes(x[first : first + ROWS_AT_ONCE]) - self.roots
            for first in range(0, len(x), ROWS_AT_ONCE)
        ]
        return np.concatenate(parts) if parts else np.zeros((0, len(self.roots)), np.int64)

    def _end_nodes(self, x: Floats) -> Ints:
        if self.single:
            x = x.astype(np.float32).astype(np.float64)
        node = np.tile(self.roots, (len(x), 1))
        row = np.arange(len(x))[:, None]
        # A file from elsewhere may hold a circle: no walk is longer than there are nodes.
        for _ in range(len(self.left)):
            inner = self.left[node] != 0
            if not inner.any():
                break
            value = x[row, self.feature[node]]
            go_left = np.where(
                np.isnan(value), self.missing_left[node], value <= self.threshold[node]
            )
            child = np.where(go_left, self.left[node], self.right[node])
            node = np.where(inner, child, node)
        return node


@dataclass(frozen=True)
class Member:
    """One model of an ensemble and its weight in the mean."""

    name: str
    weight: float
    model: Linear | Trees


@dataclass(frozen=True)
class Ensemble:
    """Fitted models that predict together."""

    columns: tuple[str, ...]
    members: tuple[Member, ...]
    films: int

    def predict(self, x: Floats) -> Floats:
        """The predicted log amount of each row; columns in the order of `columns`."""
        prediction = np.zeros(len(x))
        for member in self.members:
            prediction += member.weight * member.model.predict(_features_for(member.name, x))
        return prediction

    def leaves(self, x: Floats) -> Ints:
        """The leaf of each random tree in which each row ends, (rows, trees)."""
        trees = next(m.model for m in self.members if m.name == "trees")
        assert isinstance(trees, Trees)
        return trees.leaves(_features_for("trees", x))


def fit(x: Floats, y: Floats, columns: Sequence[str], recipe: Recipe) -> Ensemble:
    """Fit the models of a recipe to rows of features (NaN: not known) and their log amounts."""
    from threadpoolctl import threadpool_limits

    varies = np.array([len(np.unique(c[np.isfinite(c)])) > 1 for c in x.T], bool)
    x, columns = x[:, varies], [c for c, v in zip(columns, varies, strict=True) if v]
    members = []
    for name, share in recipe.weights.items():
        model = _estimator(name, recipe, len(y))
        # One thread: with more, joblib polls for each column that boosting bins, which took two
        # thirds of the time. Origins are fitted side by side instead.
        with threadpool_limits(1):
            model.fit(_features_for(name, x), y)
        members.append(Member(name, share / sum(recipe.weights.values()), _as_arrays(name, model)))
    return Ensemble(tuple(columns), tuple(members), len(y))


def _estimator(name: str, recipe: Recipe, rows: int) -> Any:
    # Imported here: it takes a second, and a forecast from saved models fits nothing.
    from sklearn.ensemble import ExtraTreesRegressor, HistGradientBoostingRegressor
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import RidgeCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

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


def _features_for(name: str, x: Floats) -> Floats:
    return np.nan_to_num(x, nan=NOT_KNOWN) if name == "trees" else x


def _as_arrays(name: str, model: Any) -> Linear | Trees:
    if name == "ridge":
        imputer, scaler, ridge = (step for _, step in model.steps)
        return Linear(
            imputer.statistics_.astype(np.float64),
            imputer.indicator_.features_.astype(np.int64),
            scaler.mean_,
            scaler.scale_,
            ridge.coef_,
            float(ridge.intercept_),
        )
    if name == "trees":
        return _random_trees([tree.tree_ for tree in model.estimators_])
    return _boosted_trees(
        [iteration[0].nodes for iteration in model._predictors],
        float(model._baseline_prediction[0, 0]),
    )


def _random_trees(trees: Sequence[Any]) -> Trees:
    sizes = [t.node_count for t in trees]
    leaf = np.concatenate([t.children_left for t in trees]) < 0
    return Trees(
        **_nodes(
            sizes,
            leaf,
            np.concatenate([t.children_left for t in trees]),
            np.concatenate([t.children_right for t in trees]),
            np.concatenate([t.feature for t in trees]),
            np.concatenate([t.threshold for t in trees]),
        ),
        missing_left=np.zeros(len(leaf), bool),
        value=np.concatenate([t.value[:, 0, 0] for t in trees]),
        start=0.0,
        divisor=float(len(trees)),
        single=True,
    )


def _boosted_trees(trees: Sequence[Any], start: float) -> Trees:
    nodes = np.concatenate(trees)
    return Trees(
        **_nodes(
            [len(t) for t in trees],
            nodes["is_leaf"].astype(bool),
            nodes["left"],
            nodes["right"],
            nodes["feature_idx"],
            nodes["num_threshold"],
        ),
        missing_left=nodes["missing_go_to_left"].astype(bool),
        value=nodes["value"].astype(np.float64),
        start=start,
        divisor=1.0,
        single=False,
    )


def _nodes(
    sizes: Sequence[int], leaf: Flags, left: Any, right: Any, feature: Any, threshold: Any
) -> dict[str, Any]:
    """The columns of a table of nodes in which children are places in the whole table."""
    roots = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
    shift = np.repeat(roots, sizes)
    return {
        "roots": roots,
        "left": np.where(leaf, 0, left.astype(np.int64) + shift),
        "right": np.where(leaf, 0, right.astype(np.int64) + shift),
        "feature": np.where(leaf, 0, feature).astype(np.int64),
        "threshold": np.where(leaf, 0.0, threshold).astype(np.float64),
    }


BORROWED = 40.0
"""A group borrows from the others as much as this many of their errors say."""
OFFSET = 0.05
"""Added to an absolute log error before its log is taken."""
SIZES = 4


@dataclass(frozen=True)
class Conformal:
    """Past errors, in units of the scale that was expected of each, by group."""

    scale: Linear
    scaled: Floats
    group: Ints
    cuts: Floats
    """Ends of the size groups, of the size that was known."""

    def groups(self, size: Floats, franchise: Floats) -> Ints:
        """The group of each film: its quarter by size; franchise films are one more."""
        quarter = np.searchsorted(self.cuts, size)
        return np.where(franchise > 0, SIZES, quarter).astype(np.int64)

    def quantiles(self, features: Floats, size: Floats, franchise: Floats) -> Floats:
        """Quantiles of the log error at `PROBABILITIES`, (n, 21), for rows of what is known."""
        width = np.exp(self.scale.predict(features))
        rows = np.empty((len(features), len(PROBABILITIES)))
        groups = self.groups(size, franchise)
        for g in np.unique(groups):
            here = groups == g
            rows[here] = width[here, None] * self._of(int(g))
        return rows

    def _of(self, group: int) -> Floats:
        own = self.group == group
        others = np.sum(~own)
        weight = np.where(own, 1.0, min(1.0, BORROWED / others) if others else 0.0)
        return weighted_quantiles(self.scaled, weight)


def calibrate(error: Floats, features: Floats, size: Floats, franchise: Floats) -> Conformal:
    """Learn from past errors (truth minus forecast, in logs) how wide ranges have to be.

    `features` are the few numbers by which the width may differ between films.
    """
    scale = _scale(features, np.log(np.abs(error) + OFFSET))
    scaled = error / np.exp(scale.predict(features))
    cuts = np.quantile(size, np.arange(1, SIZES) / SIZES)
    empty = Conformal(scale, scaled, np.zeros(len(error), np.int64), cuts)
    return Conformal(scale, scaled, empty.groups(size, franchise), cuts)


def _scale(features: Floats, log_error: Floats) -> Linear:
    """A ridge regression of the size of an error on what was known of its film."""
    # Imported here: it takes a second, and a forecast from saved models fits nothing.
    from sklearn.linear_model import Ridge
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(features)
    ridge = Ridge(alpha=30.0).fit(scaler.transform(features), log_error)
    columns = features.shape[1]
    return Linear(
        np.zeros(columns),
        np.zeros(0, np.int64),
        scaler.mean_,
        scaler.scale_,
        ridge.coef_,
        float(ridge.intercept_),
    )


def weighted_quantiles(values: Floats, weights: Floats) -> Floats:
    """Quantiles at `PROBABILITIES`, set wider for a small sample as split conformal asks.

    Of n equal weights, the central range with probability p takes the order statistics of
    p (n + 1) / n (Lei et al. 2018, equation 3, on both sides).
    """
    order = np.argsort(values, kind="stable")
    v, w = values[order], weights[order] / weights.sum()
    n = weights.sum() ** 2 / np.sum(weights**2)
    p = np.asarray(PROBABILITIES)
    p = np.clip(0.5 + (p - 0.5) * (n + 1) / n, 0.5 / n, 1 - 0.5 / n)
    middle = np.cumsum(w) - w / 2
    # Between order statistics linear in the normal score, so that tails are not cut short.
    quantiles: Floats = np.interp(ndtri(p), ndtri(np.clip(middle, 1e-6, 1 - 1e-6)), v)
    return quantiles
