"""What each arm changed in each outcome, from the people by arm and stratum."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import inf, sqrt

import numpy as np

from fullhouse.core.arrays import Floats
from fullhouse.core.errors import CannotTellError, Reason
from fullhouse.measurement.experiment import ArmEffect, Cuped, Experiment, Unknown
from fullhouse.stats.arms import (
    Joint,
    adjusted,
    adjustment,
    capped,
    columns_of,
    heavy,
    joint,
    kurtosis,
    share_difference,
    stratified,
    sums,
)
from fullhouse.stats.figures import AlwaysValid, Estimate, Interval, Sums
from fullhouse.stats.multiplicity import always_valid, check_enough, holm
from fullhouse.stats.ratios import cost_each, relative, return_on_spend, share_ratio


@dataclass(frozen=True)
class Cell:
    """People of one arm in one stratum.

    `values` has a row for each listed person, outcomes and then covariates; `others` are people
    besides them who have 0 in every column.
    """

    values: Floats
    others: int = 0

    @property
    def n(self) -> int:
        """Everybody, listed or not."""
        return len(self.values) + self.others


@dataclass(frozen=True)
class Cells:
    """All people of an experiment: `cells` by arm, then stratum; `outcomes` columns come first.

    Each cell has at least 2 people, or it is a `CannotTellError`.
    """

    arms: tuple[str, ...]
    strata: tuple[str, ...]
    cells: tuple[tuple[Cell, ...], ...]
    outcomes: int

    def __post_init__(self) -> None:
        split = len(self.strata) > 1
        for arm, row in zip(self.arms, self.cells, strict=True):
            for stratum, cell in zip(self.strata, row, strict=True):
                if cell.n < 2:
                    where = {"stratum": stratum} if split else {}
                    code = "too_few_in_stratum" if split else "too_few_in_arm"
                    raise CannotTellError(code=code, arm=arm, people=cell.n, needed=2, **where)

    @property
    def covariates(self) -> int:
        """How many columns are covariates."""
        return int(self.cells[0][0].values.shape[1]) - self.outcomes

    @cached_property
    def sizes(self) -> dict[str, int]:
        """How many people are in each arm."""
        return {a: sum(c.n for c in row) for a, row in zip(self.arms, self.cells, strict=True)}

    @cached_property
    def joints(self) -> tuple[tuple[Joint, ...], ...]:
        """The moments of all columns in each cell."""
        return tuple(tuple(joint(c.values, c.others) for c in row) for row in self.cells)

    def column(self, arm: int, column: int) -> tuple[Floats, int]:
        """One column of the listed people of an arm, and how many others have 0."""
        row = self.cells[arm]
        return np.concatenate([c.values[:, column] for c in row]), sum(c.others for c in row)

    def residual(self, arm: int, outcome: int, theta: Floats) -> tuple[Floats, int]:
        """What covariates leave of an outcome, up to a constant, in the same form."""
        row = self.cells[arm]
        values = [c.values[:, outcome] - c.values[:, self.outcomes :] @ theta for c in row]
        return np.concatenate(values), sum(c.others for c in row)


FEW = 20
"""With fewer people with (or without) a yes-or-no outcome in an arm, no mean is near normal."""


def effects_of(
    experiment: Experiment, people: Cells, *, share: float | None = None
) -> tuple[ArmEffect, ...]:
    """The effect of every arm but the control on every outcome, with Holm's p over all of them.

    `share` of the intended sample has been observed (see `stats.sequential.always_valid`);
    without it there is no always-valid interval.
    """
    base = people.arms.index(experiment.control)
    effects = [
        _effect(experiment, people, (arm, base), outcome, share)
        for arm in range(len(people.arms))
        if arm != base
        for outcome in range(people.outcomes)
    ]
    adjusted_p = holm(np.array([e.effect.p for e in effects]))
    return tuple(replace(e, holm_p=float(p)) for e, p in zip(effects, adjusted_p, strict=True))


def _effect(
    experiment: Experiment, people: Cells, pair: tuple[int, int], column: int, share: float | None
) -> ArmEffect:
    """The effect of the first arm of a pair; Holm's p is filled in when all are known."""
    outcome = experiment.outcomes[column]
    (treated, rest_t), (control, rest_c) = (people.column(a, column) for a in pair)
    t, c = sums(treated, rest_t), sums(control, rest_c)
    yes_or_no = all(_yes_or_no(people.column(a, column)[0]) for a in range(len(people.arms)))
    straight = not experiment.covariates and experiment.strata is None
    few = yes_or_no and min(t.total, c.total, t.n - t.total, c.n - c.total) < FEW
    cuped = None
    control_sums = [c]
    counts = int(t.total), t.n, int(c.total), c.n
    if few or (yes_or_no and straight):
        effect, method = share_difference(*counts, level=experiment.level), "score"
    else:
        effect, method, control_sums, cuped = _means(experiment, people, pair, column)
    unknown: list[Unknown] = []
    relative_effect: Interval | None
    if method == "score":
        relative_effect = _relative_share(counts, experiment.level, unknown)
    else:
        sizes, least = _pair_sizes(people, pair), _least_change(treated, control)
        relative_effect = _relative(effect, sizes, control_sums, unknown, least)
    if few and not straight:
        reason = Reason("too_few_to_adjust", {"outcome": outcome, "needed": FEW})
        unknown.append(Unknown("adjustment", reason))
    total = Interval(*(t.n * v for v in (effect.value, effect.low, effect.high)))
    above = None
    if not yes_or_no:
        above = capped(treated, control, others=(rest_t, rest_c), level=experiment.level)
    spend = (experiment.costs or {}).get(people.arms[pair[0]])
    return ArmEffect(
        arm=people.arms[pair[0]],
        control=people.arms[pair[1]],
        outcome=outcome,
        yes_or_no=yes_or_no,
        people=t.n,
        control_people=c.n,
        mean=t.mean,
        control_mean=c.mean,
        effect=effect,
        method=method,
        total=total,
        holm_p=effect.p,
        relative=relative_effect,
        always_valid=_always(effect, (t.n, c.n), share, unknown),
        cuped=cuped,
        capped=above,
        cost_each=_cost_each(spend, total, unknown),
        return_on_spend=None if spend is None else return_on_spend(spend, total),
        unknown=tuple(unknown),
    )


def _least_change(treated: Floats, control: Floats) -> float:
    """The least relative change there can be: what has no negative values can lose all."""
    return -1.0 if min(treated.min(initial=0.0), control.min(initial=0.0)) >= 0 else -inf


def _yes_or_no(values: Floats) -> bool:
    return bool(((values == 0) | (values == 1)).all())


def _means(
    experiment: Experiment, people: Cells, pair: tuple[int, int], outcome: int
) -> tuple[Estimate, str, list[Sums], Cuped | None]:
    """Difference in means over strata, adjusted by covariates; the control's sums by stratum."""
    level = experiment.level
    columns = [outcome, *range(people.outcomes, people.outcomes + people.covariates)]
    joints = [[columns_of(cell, columns) for cell in row] for row in people.joints]
    by = adjustment([cell for row in joints for cell in row])
    residual, rest = zip(*(people.residual(a, outcome, by.theta) for a in pair), strict=True)
    fewest = min(people.sizes[people.arms[a]] for a in pair)
    pooled = heavy(kurtosis(np.concatenate(residual), sum(rest)), fewest)
    treated, control = ([adjusted(cell, by) for cell in joints[a]] for a in pair)
    effect = stratified(treated, control, level=level, pooled=pooled, fitted=by.rank)
    method = "one variance of both arms" if pooled else "Welch"
    if experiment.strata is not None:
        method += f", within {experiment.strata}"
    if not by.rank:
        return effect, method, control, None
    raw = [[sums(c.values[:, outcome], c.others) for c in people.cells[a]] for a in pair]
    plain = stratified(raw[0], raw[1], level=level, pooled=pooled)
    cuped = Cuped(plain, by.rho2, (effect.high - effect.low) / (plain.high - plain.low))
    return effect, f"{method}, CUPED", control, cuped


def _relative_share(
    counts: tuple[int, int, int, int], level: float, unknown: list[Unknown]
) -> Interval | None:
    """Share of the treated relative to that of the control, less 1."""
    try:
        ratio = share_ratio(*counts, level=level)
    except CannotTellError as error:
        unknown.append(Unknown("relative", error.reason))
        return None
    return Interval(ratio.value - 1, ratio.low - 1, ratio.high - 1)


def _relative(
    effect: Estimate,
    sizes: Floats,
    control: Sequence[Sums],
    unknown: list[Unknown],
    at_least: float,
) -> Interval | None:
    """Relative to the control's mean over strata, each weighted as it is in the effect."""
    share = sizes / sizes.sum() if len(control) > 1 else np.ones(1)
    base = float(sum(w * c.mean for w, c in zip(share, control, strict=True)))
    variance = sum(w * w * c.variance / c.n for w, c in zip(share, control, strict=True))
    try:
        return relative(effect, base, sqrt(variance), at_least=at_least)
    except CannotTellError as error:
        unknown.append(Unknown("relative", error.reason))
        return None


def _pair_sizes(people: Cells, pair: tuple[int, int]) -> Floats:
    """How many people of two arms are in each stratum."""
    sizes: Floats = np.sum([[c.n for c in people.cells[a]] for a in pair], axis=0, dtype=np.float64)
    return sizes


def _always(
    effect: Estimate, sizes: tuple[int, int], share: float | None, unknown: list[Unknown]
) -> AlwaysValid | None:
    """The always-valid interval, where it is known what share of the sample was observed."""
    if share is None:
        return None
    try:
        check_enough(*sizes)
        return always_valid(effect.value, effect.se, share=share, level=effect.level)
    except CannotTellError as error:
        unknown.append(Unknown("any look", error.reason))
        return None


def _cost_each(spend: float | None, total: Interval, unknown: list[Unknown]) -> Interval | None:
    if spend is None:
        return None
    try:
        return cost_each(spend, total)
    except CannotTellError as error:
        unknown.append(Unknown("cost each", error.reason))
        return None
