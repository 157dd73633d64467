"""Who to treat at a cost and a margin, and what that earns on people it was not learned from."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, sqrt
from pathlib import Path

import numpy as np
import pyarrow as pa
from scipy.optimize import nnls
from scipy.stats import norm
from sklearn.linear_model import Lasso, Ridge
from sklearn.tree import DecisionTreeRegressor

from fullhouse.core.arrays import Flags, Floats
from fullhouse.core.errors import InputError
from fullhouse.measurement.experiment import Condition, Leaf, Policy, PolicyProfit
from fullhouse.measurement.experiment_table import is_number, load_table, numbers, texts
from fullhouse.measurement.uplift import compared_arms, features, folds_of, learn_uplift
from fullhouse.stats.figures import Interval, check_level

LEAST_LEAF = 0.02
"""No leaf of a tree holds a smaller share of the people."""


SPARSE = 0.5
"""How much of what chance alone would reach a feature must exceed."""


@dataclass(frozen=True)
class Trial:
    """People of two arms: features for scores, columns for trees, outcome, and who is treated."""

    x: Floats
    columns: Floats
    y: Floats
    w: Floats

    def only(self, people: Flags) -> "Trial":
        """The same of some people."""
        return Trial(self.x[people], self.columns[people], self.y[people], self.w[people])


def read_policy(
    table: pa.Table | str | Path,
    *,
    arm: str,
    treated: str,
    control: str,
    outcome: str,
    covariates: Sequence[str],
    cost_each: float,
    margin: float,
    seed: int = 0,
    repeats: int = 3,
    folds: int = 5,
    level: float = 0.95,
) -> Policy:
    """Who to treat where each person treated costs `cost_each` and each outcome brings `margin`.

    Treated is who is expected to bring more than they cost. Profits are over treating nobody, of
    everybody scored by what was learned on the other folds: the mean of augmented
    inverse-probability scores (Robins, Rotnitzky and Zhao 1994), with normal intervals over people.
    """
    check_level(level)
    _check_money(cost_each, margin)
    if repeats < 1 or folds < 2:
        raise InputError(f"{repeats} × {folds} splits are too few: 1 repeat, 2 folds at least.")
    trial, names = _trial(
        load_table(table), arm=arm, treated=treated, control=control, outcome=outcome,
        covariates=covariates,
    )  # fmt: skip
    least = cost_each / margin
    earned, chosen = np.zeros((3, len(trial.y))), np.zeros((2, len(trial.y)))
    for test in folds_of(len(trial.y), folds, repeats, seed):
        train, held_out = trial.only(~test), trial.only(test)
        won = margin * doubly_robust(train, held_out) - cost_each
        by_score = learn_scores(train)(held_out) > least
        leaves = fit_tree(train)
        by_tree = leaves.predict(held_out.columns) > least
        earned[:, test] += np.array([by_score * won, by_tree * won, won]) / repeats
        chosen[:, test] += np.array([by_score, by_tree]) / repeats
    shares = [*chosen.mean(1).tolist(), 1.0]
    profits = [PolicyProfit(_total(e, level), s) for e, s in zip(earned, shares, strict=True)]
    return Policy(
        arm=treated,
        control=control,
        outcome=outcome,
        people=len(trial.y),
        cost_each=cost_each,
        margin=margin,
        scores=profits[0],
        tree=profits[1],
        everybody=profits[2],
        over_all=_total(earned[0] - earned[2], level),
        rule=tree_rule(fit_tree(trial), names, trial.columns, least),
        level=level,
    )


def score_people(
    table: pa.Table | str | Path,
    *,
    arm: str,
    treated: str,
    control: str,
    outcome: str,
    covariates: Sequence[str],
    cost_each: float,
    margin: float,
) -> pa.Table:
    """The table with two columns more: each person's expected `uplift`, and whether to `treat`.

    Learned on the people of the two arms; everybody in the table gets a score.
    """
    _check_money(cost_each, margin)
    rows = load_table(table)
    trial, _ = _trial(
        rows, arm=arm, treated=treated, control=control, outcome=outcome, covariates=covariates
    )
    columns, _ = readable_columns(rows, covariates)
    everybody = Trial(
        features(rows, covariates), columns, np.zeros(rows.num_rows), np.zeros(rows.num_rows)
    )
    uplift = learn_scores(trial)(everybody)
    clash = {"uplift", "treat"} & set(rows.column_names)
    rows = rows.drop_columns(sorted(clash)) if clash else rows
    rows = rows.append_column("uplift", pa.array(uplift))
    return rows.append_column("treat", pa.array(uplift > cost_each / margin))


def _check_money(cost_each: float, margin: float) -> None:
    if not (isfinite(cost_each) and cost_each >= 0):
        raise InputError(f"What a person costs is money of at least 0, not {cost_each:g}.")
    if not (isfinite(margin) and margin > 0):
        raise InputError(f"The margin of an outcome is money above 0, not {margin:g}.")


def _trial(
    table: pa.Table,
    *,
    arm: str,
    treated: str,
    control: str,
    outcome: str,
    covariates: Sequence[str],
) -> tuple[Trial, list[tuple[str, str | None]]]:
    rows, y, w = compared_arms(
        table, arm=arm, treated=treated, control=control, outcome=outcome, covariates=covariates
    )
    columns, names = readable_columns(rows, covariates)
    return Trial(features(rows, covariates), columns, y, w), names


def readable_columns(
    rows: pa.Table, covariates: Sequence[str]
) -> tuple[Floats, list[tuple[str, str | None]]]:
    """Covariates as a person knows them: numbers, and each value of a text as 0 or 1."""
    columns: list[Floats] = []
    names: list[tuple[str, str | None]] = []
    for name in covariates:
        if is_number(rows, name):
            columns.append(numbers(rows, name))
            names.append((name, None))
            continue
        words = texts(rows, name)
        for value in np.unique(words):
            columns.append((words == value).astype(np.float64))
            names.append((name, str(value)))
    return np.column_stack(columns), names


def doubly_robust(train: Trial, people: Trial) -> Floats:
    """For each person a noisy, unbiased figure of their uplift, whatever the outcome models miss.

    What models of the outcome by arm expect, and what they missed over the share of that arm.
    """
    share = float(people.w.mean())
    if not 0 < share < 1:
        raise InputError("A fold holds people of one arm only: take fewer folds.")
    by_arm = [
        Ridge(alpha=0.005 * n).fit(train.x[train.w == a] / scale, train.y[train.w == a])
        for scale in [_spread(train.x)]
        for a, n in ((0.0, (train.w == 0).sum()), (1.0, (train.w == 1).sum()))
    ]
    control, treated = (m.predict(people.x / _spread(train.x)) for m in by_arm)
    missed = people.w * (people.y - treated) / share
    missed -= (1 - people.w) * (people.y - control) / (1 - share)
    figures: Floats = treated - control + missed
    return figures


class Scores:
    """Expected uplift by learners that see different things: straight, sparse, and stepwise."""

    def __init__(self, train: Trial) -> None:
        self.centre, self.spread = train.x.mean(0), _spread(train.x)
        scaled, figures = (train.x - self.centre) / self.spread, doubly_robust(train, train)
        self.effect, _ = learn_uplift(scaled, train.y, train.w)
        # As many features as there are would reach this by chance (Bickel, Ritov, Tsybakov 2009).
        chance = sqrt(2 * np.log(max(2, scaled.shape[1])) / len(scaled)) * float(figures.std())
        self.sparse = Lasso(alpha=SPARSE * chance).fit(scaled, figures)
        self.tree = fit_tree(train, depth=3)

    def __call__(self, people: Trial) -> Floats:
        """The figure of each learner for each person."""
        scaled = (people.x - self.centre) / self.spread
        return np.column_stack(
            [
                scaled @ self.effect[1:],
                self.sparse.predict(scaled),
                self.tree.predict(people.columns),
            ]
        )


class CalibratedScores:
    """Scores stretched or shrunk so that they mean outcomes won for each person treated."""

    def __init__(self, train: Trial, folds: int = 4) -> None:
        # Drawn, since a table's arms may take turns.
        drawn = np.random.default_rng(0).permutation(len(train.y)) % folds
        inner, figures = np.zeros((len(train.y), 3)), np.zeros(len(train.y))
        for k in range(folds):
            rest, held_out = train.only(drawn != k), train.only(drawn == k)
            inner[drawn == k] = Scores(rest)(held_out)
            figures[drawn == k] = doubly_robust(rest, held_out)
        self.centre, self.mean = inner.mean(0), float(figures.mean())
        self.times, _ = nnls(inner - self.centre, figures - self.mean)
        self.scores = Scores(train)

    def __call__(self, people: Trial) -> Floats:
        """The expected uplift of each person."""
        uplift: Floats = self.mean + (self.scores(people) - self.centre) @ self.times
        return uplift


def learn_scores(train: Trial) -> CalibratedScores:
    """What gives people their expected uplift, learned from a trial."""
    return CalibratedScores(train)


def fit_tree(train: Trial, depth: int = 2) -> DecisionTreeRegressor:
    """A tree of expected uplift."""
    least = max(100, round(LEAST_LEAF * len(train.y)))
    tree = DecisionTreeRegressor(max_depth=depth, min_samples_leaf=least, random_state=0)
    return tree.fit(train.columns, doubly_robust(train, train))


def tree_rule(
    fitted: DecisionTreeRegressor,
    names: Sequence[tuple[str, str | None]],
    columns: Floats,
    least: float,
) -> tuple[Leaf, ...]:
    """The leaves of a tree with their conditions, the most moved people first."""
    tree = fitted.tree_

    def leaves(node: int, conditions: tuple[Condition, ...]) -> list[Leaf]:
        uplift = float(tree.value[node].ravel()[0])
        share = float(tree.n_node_samples[node]) / len(columns)
        whole = Leaf(conditions, share, uplift, uplift > least)
        if tree.children_left[node] < 0:
            return [whole]
        at = int(tree.feature[node])
        binary = bool(np.isin(columns[:, at], (0.0, 1.0)).all())
        below = [
            leaf
            for child, above in ((tree.children_left, False), (tree.children_right, True))
            for leaf in leaves(
                int(child[node]),
                (
                    *conditions,
                    _condition(names[at], float(tree.threshold[node]), above, binary=binary),
                ),
            )
        ]
        # A split that does not change what to do is left out.
        return [whole] if len({leaf.treat for leaf in below}) == 1 else below

    return tuple(sorted(leaves(0, ()), key=lambda leaf: -leaf.uplift))


def _condition(
    name: tuple[str, str | None], threshold: float, above: bool, *, binary: bool
) -> Condition:
    column, value = name
    if value is not None:
        return Condition(column, "is" if above else "is not", value)
    if binary:
        return Condition(column, "is", 1.0 if above else 0.0)
    return Condition(column, "above" if above else "at most", float(f"{threshold:.6g}"))


def _spread(x: Floats) -> Floats:
    spread = x.std(0)
    return np.where(spread > 0, spread, 1.0)


def _total(each: Floats, level: float) -> Interval:
    """The sum over people, with its interval."""
    total, n = float(each.sum()), len(each)
    reach = float(norm.ppf((1 + level) / 2)) * sqrt(n) * float(each.std(ddof=1))
    return Interval(total, total - reach, total + reach)
