"""Read an experiment: intention to treat, everybody as assigned, checked before it is believed."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import sqrt
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from fullhouse.errors import CannotTellError, InputError
from fullhouse.measurement.check import make_checks, stop_if_failed
from fullhouse.measurement.experiment import ArmEffect, Cuped, Experiment, Readout
from fullhouse.measurement.load import check_columns, check_unique, load_table, numbers
from fullhouse.measurement.people import People, people_of
from fullhouse.stats.arms import Estimate, Sums, capped, heavy, holm, kurtosis, stratified, sums
from fullhouse.stats.cuped import adjusted, adjustment, joint
from fullhouse.stats.proportions import share_difference
from fullhouse.stats.ratios import Interval, cost_each, relative, return_on_spend
from fullhouse.stats.sequential import AlwaysValid, always_valid, check_enough

Floats = npt.NDArray[np.float64]

FEW = 20
"""With fewer people with (or without) a yes-or-no outcome in an arm, no mean is near normal."""


def read_experiment(
    table: pa.Table | str | Path,
    *,
    arm: str,
    control: str,
    outcomes: Sequence[str],
    covariates: Sequence[str] = (),
    strata: str | None = None,
    id: str | None = None,  # noqa: A002
    shares: Mapping[str, float] | None = None,
    assigned: Mapping[str, int] | None = None,
    costs: Mapping[str, float] | None = None,
    intended: int | None = None,
    level: float = 0.95,
) -> Readout:
    """What each arm changed in each outcome, from a table with one row a person.

    Everybody counts in the arm they were assigned to. Text covariates become one column a value.
    An outcome of 0 and 1 without covariates or strata is compared by score intervals, anything
    else by means. `shares` (intended shares of the arms) or `assigned` (people assigned) make the
    sample-ratio check possible, covariates the balance check; a failed check is a
    `CannotTellError`, and a check that could not be made is said in the notes.
    """
    experiment = Experiment(
        arm,
        control,
        tuple(outcomes),
        tuple(covariates),
        strata,
        id,
        shares,
        assigned,
        costs,
        intended,
        level,
    )
    rows = load_table(table)
    check_columns(rows, experiment.columns)
    if not rows.num_rows:
        raise InputError("The table has no rows.")
    if id is not None:
        check_unique(rows, id)
    people = people_of(rows, experiment)
    values = {name: numbers(rows, name) for name in experiment.outcomes}
    checks, notes = make_checks(experiment, people)
    for check in checks:
        stop_if_failed(check, experiment, people)
    base = people.arms.index(control)
    others = [i for i in range(len(people.arms)) if i != base]
    effects = [
        _effect(experiment, people, i, base, name, values[name])
        for i in others
        for name in experiment.outcomes
    ]
    settled = holm(np.array([e.effect.p for e in effects]))
    effects = [replace(e, holm_p=float(p)) for e, p in zip(effects, settled, strict=True)]
    return Readout(experiment, people.sizes, checks, tuple(effects), notes)


def _effect(
    experiment: Experiment, people: People, arm: int, base: int, outcome: str, y: Floats
) -> ArmEffect:
    """The effect of one arm; Holm's p is filled in when all are known."""
    t, c = y[people.arm == arm], y[people.arm == base]
    yes_or_no = bool(np.isin(y, (0.0, 1.0)).all())
    straight = not experiment.covariates and experiment.strata is None
    few = yes_or_no and min(t.sum(), c.sum(), (1 - t).sum(), (1 - c).sum()) < FEW
    cuped = None
    control_sums = [sums(c)]
    if few or (yes_or_no and straight):
        counts = int(t.sum()), len(t), int(c.sum()), len(c)
        found, method = share_difference(*counts, level=experiment.level), "score"
    else:
        found, method, control_sums, cuped = _means(experiment, people, arm, base, y)
    unknown: list[str] = []
    if few and not straight:
        unknown.append(f"Fewer than {FEW} people one way in {outcome}: not adjusted or stratified.")
    total = Interval(*(len(t) * v for v in (found.value, found.low, found.high)))
    spend = (experiment.costs or {}).get(people.arms[arm])
    sizes = len(t), len(c)
    return ArmEffect(
        arm=people.arms[arm],
        control=people.arms[base],
        outcome=outcome,
        yes_or_no=yes_or_no,
        people=len(t),
        control_people=len(c),
        mean=float(t.mean()),
        control_mean=float(c.mean()),
        effect=found,
        method=method,
        total=total,
        holm_p=found.p,
        relative=_relative(found, _pair_sizes(people, arm, base), control_sums, unknown),
        always_valid=_always(experiment, people, found, sizes, unknown),
        cuped=cuped,
        capped=None if yes_or_no else capped(t, c, level=experiment.level),
        cost_each=_cost_each(spend, total, outcome, unknown),
        return_on_spend=None if spend is None else return_on_spend(spend, total),
        unknown=tuple(unknown),
    )


def _means(
    experiment: Experiment, people: People, arm: int, base: int, y: Floats
) -> tuple[Estimate, str, list[Sums], Cuped | None]:
    """Difference in means over strata, adjusted by covariates; the control's sums by stratum."""
    level, strata = experiment.level, range(len(people.strata))
    values = np.column_stack([y, people.covariates])
    cells = {
        (a, s): joint(values[people.cell(a, s)]) for a in range(len(people.arms)) for s in strata
    }
    by = adjustment(list(cells.values()))
    inside = (people.arm == arm) | (people.arm == base)
    left = (y - people.covariates @ by.theta)[inside]
    fewest = int(min((people.arm == arm).sum(), (people.arm == base).sum()))
    pooled = heavy(kurtosis(left), fewest)
    treated, control = ([adjusted(cells[a, s], by) for s in strata] for a in (arm, base))
    found = stratified(treated, control, level=level, pooled=pooled, fitted=by.rank)
    method = "one variance of both arms" if pooled else "Welch"
    if experiment.strata is not None:
        method += f", within {experiment.strata}"
    if not by.rank:
        return found, method, control, None
    raw = [[sums(y[people.cell(a, s)]) for s in strata] for a in (arm, base)]
    plain = stratified(raw[0], raw[1], level=level, pooled=pooled)
    cuped = Cuped(plain, by.rho2, (found.high - found.low) / (plain.high - plain.low))
    return found, f"{method}, CUPED", control, cuped


def _relative(
    found: Estimate, sizes: Floats, control: Sequence[Sums], unknown: list[str]
) -> Interval | None:
    """Relative to the control's mean over strata, each weighted as it is in the effect."""
    share = sizes / sizes.sum() if len(control) > 1 else np.ones(1)
    base = float(sum(w * c.mean for w, c in zip(share, control, strict=True)))
    variance = sum(w * w * c.variance / c.n for w, c in zip(share, control, strict=True))
    try:
        return relative(found, base, sqrt(variance))
    except CannotTellError as error:
        unknown.append(f"The effect relative to the control: {error}")
        return None


def _pair_sizes(people: People, arm: int, base: int) -> Floats:
    """How many people of two arms are in each stratum."""
    inside = (people.arm == arm) | (people.arm == base)
    return np.bincount(people.stratum[inside]).astype(np.float64)


def _always(
    experiment: Experiment,
    people: People,
    found: Estimate,
    sizes: tuple[int, int],
    unknown: list[str],
) -> AlwaysValid | None:
    """The always-valid interval, where it is said how many people were intended."""
    if experiment.intended is None:
        return None
    try:
        check_enough(*sizes)
        share = len(people.arm) / experiment.intended
        return always_valid(found.value, found.se, share=share, level=experiment.level)
    except CannotTellError as error:
        unknown.append(str(error))
        return None


def _cost_each(
    spend: float | None, total: Interval, outcome: str, unknown: list[str]
) -> Interval | None:
    if spend is None:
        return None
    try:
        return cost_each(spend, total)
    except CannotTellError as error:
        unknown.append(f"The cost of each {outcome}: {error}")
        return None
