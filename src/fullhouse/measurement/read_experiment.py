"""Read an experiment: intention to treat, everybody as assigned, checked before it is believed."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from fullhouse.core.arrays import Floats
from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.measurement.cells import Cell, Cells
from fullhouse.measurement.effects import effects_of
from fullhouse.measurement.experiment import BALANCE, LOST, SAMPLE_RATIO, Experiment, Readout
from fullhouse.measurement.experiment_table import (
    Assignment,
    assignment_of,
    check_columns,
    check_unique,
    load_table,
    numbers,
)
from fullhouse.stats.cuped import columns_of
from fullhouse.stats.figures import Check
from fullhouse.stats.sample_ratio import balance, lost_people, sample_ratio


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
    `CannotTellError`, and `not_checked` names one that could not be made. Where nearly
    everybody has 0, `read_counted` gives the same without a row for each of them.
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
    assignment = assignment_of(rows, experiment)
    cells = _cells(assignment, [numbers(rows, name) for name in experiment.outcomes])
    share = None if intended is None else rows.num_rows / intended
    return readout_of(experiment, cells, share=share)


def readout_of(experiment: Experiment, people: Cells, *, share: float | None = None) -> Readout:
    """The checks and, where all are passed, the effects; `share` as in `effects_of`."""
    checks, not_checked = sound_checks(experiment, people)
    effects = effects_of(experiment, people, share=share)
    return Readout(experiment, people.sizes, checks, effects, not_checked)


def _cells(people: Assignment, outcomes: Sequence[Floats]) -> Cells:
    """Everybody as a row of their cell."""
    values = np.column_stack([*outcomes, people.covariates])
    cells = tuple(
        tuple(Cell(values[people.cell(a, s)]) for s in range(len(people.strata)))
        for a in range(len(people.arms))
    )
    return Cells(people.arms, people.strata, cells, len(outcomes))


def sound_checks(
    experiment: Experiment, people: Cells
) -> tuple[tuple[Check, ...], tuple[str, ...]]:
    """The checks that can be made, all passed, and the names of those that cannot.

    A failed one is a `CannotTellError`.
    """
    counts = list(people.sizes.values())
    checks, not_checked = [], []
    shares = experiment.shares or experiment.assigned
    if shares is None:
        not_checked.append(SAMPLE_RATIO)
    else:
        checks.append(sample_ratio(counts, [_given(shares, a) for a in people.arms]))
    if experiment.assigned is not None:
        numbers_of = [int(_given(experiment.assigned, a)) for a in people.arms]
        checks.append(lost_people(numbers_of, counts))
    if people.covariates:
        checks.append(_balance(people))
    else:
        not_checked.append(BALANCE)
    for check in checks:
        _stop_if_failed(check, experiment, people)
    return tuple(checks), tuple(not_checked)


def _balance(people: Cells) -> Check:
    """Covariates less their stratum's means: strata may hold different shares of the arms."""
    columns = list(range(people.outcomes, people.outcomes + people.covariates))
    cells = [[columns_of(c, columns) for c in row] for row in people.joints]
    n = np.array([[c.n for c in row] for row in cells], dtype=np.float64)
    mean = np.array([[c.mean for c in row] for row in cells])
    gap = mean - (n[..., None] * mean).sum(0) / n.sum(0)[:, None]
    of_arm = (n[..., None] * gap).sum(1) / n.sum(1)[:, None]
    between = gap - of_arm[:, None]
    within = sum(c.scatter for row in cells for c in row)
    within = within + np.einsum("as,asi,asj->ij", n, between, between)
    counts = n.sum(1).astype(int).tolist()
    return balance(of_arm, counts, within / (sum(counts) - len(counts)))


def _stop_if_failed(check: Check, experiment: Experiment, people: Cells) -> None:
    """An error with the people of each arm, where a check has p below .001."""
    if check.passed:
        return
    codes = {SAMPLE_RATIO: "wrong_sample_ratio", LOST: "people_lost", BALANCE: "arms_not_alike"}
    intended = experiment.assigned or experiment.shares or {}
    raise CannotTellError(
        code=codes[check.name], people=_listed(people.sizes), intended=_listed(intended), p=check.p
    )


def _listed(by_arm: Mapping[str, float]) -> list[str]:
    return [f"{arm} {number:,}" for arm, number in by_arm.items()]


def _given(by_arm: Mapping[str, float], arm: str) -> float:
    if arm not in by_arm:
        raise InputError(
            f"Arm {arm!r} stands in the table, but not among {', '.join(map(repr, by_arm))}."
        )
    return by_arm[arm]
