"""Read an experiment: intention to treat, everybody as assigned, checked before it is believed.

`read_counted` reads counted arms, and gives the same as `read_experiment` on a row for everybody.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyroaring import BitMap

from fullhouse.core.arrays import Floats, Ints
from fullhouse.core.errors import CannotTellError, InputError, did_you_mean
from fullhouse.core.person_sets import LOW, PersonSet, inside, low_ids_of, size
from fullhouse.core.person_sets import only as both
from fullhouse.core.values import BLOCK_SIZE
from fullhouse.measurement.campaign_data import Counted, CountedArms, count_arms
from fullhouse.measurement.effects import Cell, Cells, effects_of
from fullhouse.measurement.experiment import (
    BALANCE,
    EXPLAINS,
    LOST,
    SAMPLE_RATIO,
    CovariateExplains,
    Experiment,
    IntervalsApart,
    Readout,
    ReadoutNote,
    TwoFactors,
)
from fullhouse.measurement.experiment_table import (
    Assignment,
    assignment_of,
    check_columns,
    check_unique,
    load_table,
    numbers,
    repeated_rows,
    two_factors,
)
from fullhouse.stats.arms import columns_of
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
    names = tuple(outcomes), tuple(covariates)
    experiment = Experiment(
        arm, control.strip(), *names, strata, id, shares, assigned, costs, intended, level
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
    readout = readout_of(experiment, cells, share=share)
    return replace(readout, notes=notes_of(rows, assignment, readout))


def notes_of(rows: pa.Table, assignment: Assignment, readout: Readout) -> tuple[ReadoutNote, ...]:
    """What to know of an experiment before its effects are believed."""
    experiment = readout.experiment
    notes: list[ReadoutNote] = []
    if experiment.id is None:
        repeated = repeated_rows(rows, assignment, experiment)
        notes += [repeated] if repeated else []
    rho2 = {e.outcome: e.cuped.rho2 for e in readout.effects if e.cuped is not None}
    notes += [CovariateExplains(o, share) for o, share in rho2.items() if share > EXPLAINS]
    crossed = two_factors(assignment.arms)
    notes += [TwoFactors(crossed)] if crossed else []
    if len(readout.effects) > 1:
        notes.append(IntervalsApart(len(readout.effects), experiment.level))
    return tuple(notes)


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


def read_counted(
    arms: Mapping[str, PersonSet],
    *,
    control: str,
    outcomes: Mapping[str, Counted],
    covariates: Mapping[str, Counted] | None = None,
    strata: Mapping[str, PersonSet] | None = None,
    only: PersonSet | None = None,
    shares: Mapping[str, float] | None = None,
    costs: Mapping[str, float] | None = None,
    share_observed: float | None = None,
    level: float = 0.95,
) -> Readout:
    """What each arm changed in each outcome, everybody in the arm they were assigned to.

    See `read_part`; for many parts of one campaign, `count_arms` once and then `read_parts`.

    >>> def people(first, last): return {0: BitMap(range(first, last))}
    >>> readout = read_counted(
    ...     {"treated": people(0, 9000), "held_out": people(9000, 10_000)},
    ...     control="held_out",
    ...     outcomes={"tickets": Counted(np.arange(0, 9900, 30), np.full(330, 2.0))},
    ... )
    >>> readout.people, round(readout.effect("treated", "tickets").mean, 4)
    ({'held_out': 1000, 'treated': 9000}, 0.0667)
    """
    counted = count_arms(arms, outcomes=outcomes, covariates=covariates, strata=strata)
    return read_part(
        counted,
        control=control,
        only=only,
        shares=shares,
        costs=costs,
        share_observed=share_observed,
        level=level,
    )


def read_part(
    counted: CountedArms,
    *,
    control: str,
    only: PersonSet | None = None,
    shares: Mapping[str, float] | None = None,
    costs: Mapping[str, float] | None = None,
    share_observed: float | None = None,
    level: float = 0.95,
) -> Readout:
    """The readout of everybody in the arms, or of those among `only`.

    `shares` are the intended shares of the arms; `costs` the money spent on each arm, which every
    outcome gets its cost of each and its return from. `share_observed` is the share of the planned
    time (or sales) observed so far, which gives the always-valid interval: everybody is assigned at
    once and their purchases come in by day. A failed check is a `CannotTellError`, as is a part
    with fewer than 2 people in an arm.
    """
    for given in ({control: 0.0}, shares, costs):
        for name in given or ():
            if name not in counted.arms:
                raise InputError(
                    f"No arm {name!r}.{did_you_mean(name, counted.arms)} The arms:"
                    f" {', '.join(counted.arms)}."
                )
    experiment = Experiment(
        "arm",
        control,
        counted.outcomes,
        counted.covariates,
        None if counted.strata is None else "stratum",
        shares=shares,
        costs=costs,
        level=level,
    )
    return readout_of(experiment, _counted_cells(counted, only), share=share_observed)


def read_parts(
    counted: CountedArms,
    parts: Mapping[str, PersonSet | None],
    *,
    control: str,
    shares: Mapping[str, float] | None = None,
    costs: Mapping[str, Mapping[str, float]] | None = None,
    share_observed: float | None = None,
    level: float = 0.95,
) -> dict[str, Readout | CannotTellError]:
    """The readout of each part, or why it cannot be computed; a part of None is everybody.

    Parts may overlap. `costs` are by part, then arm. Holm's p is over the arms and outcomes of one
    part, not over parts.
    """
    unknown = sorted(set(costs or {}) - set(parts))
    if unknown:
        raise InputError(f"No part {unknown[0]!r}.{did_you_mean(unknown[0], parts)}")
    readouts: dict[str, Readout | CannotTellError] = {}
    for name, only in parts.items():
        try:
            readouts[name] = read_part(
                counted,
                control=control,
                only=only,
                shares=shares,
                costs=(costs or {}).get(name),
                share_observed=share_observed,
                level=level,
            )
        except CannotTellError as problem:
            readouts[name] = problem
    return readouts


def _counted_cells(counted: CountedArms, only: PersonSet | None) -> Cells:
    """Everybody of a part by arm and stratum: rows of those listed, and how many others."""
    strata: Mapping[str, PersonSet | None] = counted.strata or {"all": None}
    names, cells = [], []
    for name, people in strata.items():
        part = _both(only, people)
        sizes = [_size(arm, part) for arm in counted.arms.values()]
        if not any(sizes) and counted.strata is not None:
            continue
        rows = _rows(counted, part)
        arm = counted.arm[rows]
        of_arm = [rows[arm == number] for number in range(len(sizes))]
        # One column stays together in memory: each is summed by itself.
        values = [np.take(counted.columns, at, axis=1).T for at in of_arm]
        names.append(name)
        cells.append([Cell(v, n - len(v)) for v, n in zip(values, sizes, strict=True)])
    if not cells:
        raise CannotTellError(code="nobody_in_part")
    by_arm = tuple(zip(*cells, strict=True))
    return Cells(tuple(counted.arms), tuple(names), by_arm, len(counted.outcomes))


def _rows(counted: CountedArms, part: PersonSet | None) -> Ints:
    """The rows of the listed people of a part."""
    if part is None:
        return np.arange(len(counted.person))
    rows = [np.zeros(0, np.int64)]
    marked = np.zeros(BLOCK_SIZE, np.bool_)
    for block, start in counted.start.items():
        listed = counted.listed[block]
        places = low_ids_of(listed & part.get(block, BitMap()))
        if len(places):
            marked[places] = True
            every = counted.person[start : start + len(listed)] & LOW
            rows.append(start + np.flatnonzero(marked[every]))
            marked[places] = False
    return np.concatenate(rows)


def _size(arm: PersonSet, part: PersonSet | None) -> int:
    return size(arm) if part is None else inside(arm, part)


def _both(one: PersonSet | None, two: PersonSet | None) -> PersonSet | None:
    if one is None or two is None:
        return two if one is None else one
    return both(one, two)
