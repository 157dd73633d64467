"""Who to treat at a cost and a margin, and what that earns on people it was not learned from."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, log, sqrt
from pathlib import Path

import numpy as np
import pyarrow as pa
from scipy.optimize import nnls
from scipy.stats import norm
from sklearn.linear_model import Lasso, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

from fullhouse.core.arrays import Flags, Floats
from fullhouse.core.errors import InputError
from fullhouse.measurement.experiment import Condition, PolicyProfit, TreatmentPolicy, TreeLeaf
from fullhouse.measurement.experiment_table import is_number, load_table, numbers, texts
from fullhouse.measurement.uplift import compared_arms, features, folds_of
from fullhouse.measurement.uplift_trees import (
    LEAST_LEAF,
    Bins,
    HonestTrees,
    SmallTree,
    TreeSplit,
    best_corner,
    best_tree,
)
from fullhouse.stats.figures import Interval, check_level

SPARSE = 0.5
"""How much of what chance alone would reach a feature must exceed."""
SPREAD_OF_WEIGHTS = 0.4
"""How far a learner's weight is expected to be from an equal share before people were looked at.

Chosen, as the learners were, on simulated trials that the benchmark does not hold: least squares
alone gives all weight to one learner by chance.
"""


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
) -> TreatmentPolicy:
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
    return TreatmentPolicy(
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


class PolicyScores:
    """Expected uplift by learners that see different things.

    A straight line along every column, a few lines along columns and their products, steps of
    steps, pairs of columns searched at once many times over, one such tree without splits that
    noise explains, and one corner of three columns.
    """

    def __init__(self, train: Trial) -> None:
        self.centre, self.spread = train.x.mean(0), _spread(train.x)
        scaled, figures = (train.x - self.centre) / self.spread, doubly_robust(train, train)
        # As many features as there are would reach this by chance (Bickel, Ritov, Tsybakov 2009).
        chance = sqrt(2 * np.log(max(2, scaled.shape[1])) / len(scaled)) * float(figures.std())
        self.sparse = Lasso(alpha=SPARSE * chance).fit(scaled, figures)
        lines = make_pipeline(StandardScaler(), Ridge(alpha=0.005 * len(figures)))
        self.lines = lines.fit(train.columns, figures)
        least = max(100, round(LEAST_LEAF * len(figures)))
        steps = DecisionTreeRegressor(max_depth=3, min_samples_leaf=least, random_state=0)
        self.steps = steps.fit(train.columns, figures)
        self.pairs = HonestTrees(train.columns, figures)
        self.rule = fit_tree(train)
        bins = self.rule.bins
        self.corner = best_corner(bins.codes(train.columns), bins.sizes, figures)

    def __call__(self, people: Trial) -> Floats:
        """The figure of each learner for each person."""
        scaled = (people.x - self.centre) / self.spread
        return np.column_stack(
            [
                self.lines.predict(people.columns),
                self.sparse.predict(scaled),
                self.steps.predict(people.columns),
                self.pairs.predict(people.columns),
                self.rule.predict(people.columns),
                self.corner.predict(self.rule.bins.codes(people.columns)),
            ]
        )


class CalibratedScores:
    """Scores weighed and stretched so that they mean outcomes won for each person treated.

    Each learner has the weight with which its scores of people it did not see explain theirs
    (van der Laan, Polley and Hubbard's super learner, 2007).
    """

    def __init__(self, train: Trial, folds: int = 3) -> None:
        # Drawn, since a table's arms may take turns.
        drawn = np.random.default_rng(0).permutation(len(train.y)) % folds
        figures, inner = np.zeros(len(train.y)), []
        for k in range(folds):
            rest, held_out = train.only(drawn != k), train.only(drawn == k)
            inner.append((drawn == k, PolicyScores(rest)(held_out)))
            figures[drawn == k] = doubly_robust(rest, held_out)
        scores = np.zeros((len(train.y), inner[0][1].shape[1]))
        for people, theirs in inner:
            scores[people] = theirs
        self.centre, self.mean = scores.mean(0), float(figures.mean())
        self.times = _weights(scores - self.centre, figures - self.mean)
        self.scores = PolicyScores(train)

    def __call__(self, people: Trial) -> Floats:
        """The expected uplift of each person."""
        uplift: Floats = self.mean + (self.scores(people) - self.centre) @ self.times
        return uplift


def _weights(scores: Floats, figures: Floats) -> Floats:
    """Weights of at least 0, all alike but for what the people prove: figures are mostly noise."""
    learners = scores.shape[1]
    pull = sqrt(float(figures.var())) / SPREAD_OF_WEIGHTS
    rows = np.vstack([scores, pull * np.eye(learners)])
    weights: Floats
    weights, _ = nnls(rows, np.append(figures, np.full(learners, pull / learners)))
    return weights


def learn_scores(train: Trial) -> CalibratedScores:
    """What gives people their expected uplift, learned from a trial."""
    return CalibratedScores(train)


@dataclass(frozen=True)
class RuleTree:
    """A tree of expected uplift over the columns that people read."""

    bins: Bins
    tree: SmallTree

    def predict(self, columns: Floats) -> Floats:
        """The expected uplift of each person."""
        return self.tree.predict(self.bins.codes(columns))


def fit_tree(train: Trial) -> RuleTree:
    """The tree of two levels that explains most of the uplift, without splits that noise explains.

    Its two levels are searched at once: what only two columns together say is seen.
    """
    figures, bins = doubly_robust(train, train), Bins.of(train.columns)
    # The greatest of so many splits of noise (Foster and George 1994), and half as much again.
    tried = sum(size - 1 for size in bins.sizes)
    price = float(figures.var()) * 3 * log(max(2, tried))
    columns = range(train.columns.shape[1])
    return RuleTree(
        bins, best_tree(bins.codes(train.columns), bins.sizes, figures, columns, price=price)
    )


def tree_rule(
    fitted: RuleTree,
    names: Sequence[tuple[str, str | None]],
    columns: Floats,
    least: float,
) -> tuple[TreeLeaf, ...]:
    """The leaves of a tree with their conditions, the most moved people first."""
    tree, cuts = fitted.tree, fitted.bins.cuts
    shares = np.bincount(tree.leaves(fitted.bins.codes(columns)), minlength=4) / len(columns)

    def condition(split: TreeSplit, above: bool) -> Condition:
        at = split.column
        binary = bool(np.isin(columns[:, at], (0.0, 1.0)).all())
        return _condition(names[at], float(cuts[at][split.cut]), above, binary=binary)

    def leaf(at: int, *conditions: Condition) -> TreeLeaf:
        uplift = tree.values[at]
        return TreeLeaf(conditions, float(shares[at]), uplift, uplift > least)

    if tree.root is None:
        return (leaf(0),)
    sides: list[list[TreeLeaf]] = []
    for side, split in enumerate(tree.below):
        first = condition(tree.root, bool(side))
        if split is None:
            sides.append([leaf(2 * side, first)])
            continue
        below = [leaf(2 * side + k, first, condition(split, bool(k))) for k in (0, 1)]
        # A split that does not change what to do is left out.
        same = below[0].treat == below[1].treat
        sides.append([_joined(below, (first,))] if same else below)
    leaves = [leaf for side in sides for leaf in side]
    if len({leaf.treat for leaf in leaves}) == 1:
        leaves = [_joined(leaves, ())]
    return tuple(sorted(leaves, key=lambda leaf: -leaf.uplift))


def _joined(leaves: Sequence[TreeLeaf], conditions: tuple[Condition, ...]) -> TreeLeaf:
    """Leaves that are treated alike, as one."""
    share = sum(leaf.share for leaf in leaves)
    uplift = sum(leaf.share * leaf.uplift for leaf in leaves) / share
    return TreeLeaf(conditions, share, uplift, leaves[0].treat)


def _condition(
    name: tuple[str, str | None], threshold: float, above: bool, *, binary: bool
) -> Condition:
    column, value = name
    if value is not None:
        return Condition(column, "is" if above else "is not", value)
    if binary:
        return Condition(column, "is", 1.0 if above else 0.0)
    return Condition(column, "above" if above else "at most", threshold)


def _spread(x: Floats) -> Floats:
    spread = x.std(0)
    return np.where(spread > 0, spread, 1.0)


def _total(each: Floats, level: float) -> Interval:
    """The sum over people, with its interval."""
    total, n = float(each.sum()), len(each)
    reach = float(norm.ppf((1 + level) / 2)) * sqrt(n) * float(each.std(ddof=1))
    return Interval(total, total - reach, total + reach)
