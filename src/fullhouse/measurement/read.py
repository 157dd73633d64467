"""Read an experiment: intention to treat, everybody as assigned, checked before it is believed."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from fullhouse.core.arrays import Floats
from fullhouse.core.errors import InputError
from fullhouse.measurement.cells import Cell, Cells
from fullhouse.measurement.effects import effects_of
from fullhouse.measurement.experiment import Experiment, Readout
from fullhouse.measurement.load import check_columns, check_unique, load_table, numbers
from fullhouse.measurement.people import People, people_of
from fullhouse.measurement.soundness import sound_checks


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
    `CannotTellError`, and a check that could not be made is said in the notes. Where nearly
    everybody has 0, `read_counted` says the same without a row for each of them.
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
    cells = _cells(people, [numbers(rows, name) for name in experiment.outcomes])
    share = None if intended is None else rows.num_rows / intended
    return readout_of(experiment, cells, share=share)


def readout_of(experiment: Experiment, people: Cells, *, share: float | None = None) -> Readout:
    """The checks and, where all are passed, the effects; `share` as in `effects_of`."""
    checks, notes = sound_checks(experiment, people)
    effects = effects_of(experiment, people, share=share)
    return Readout(experiment, people.sizes, checks, effects, notes)


def _cells(people: People, outcomes: Sequence[Floats]) -> Cells:
    """Everybody as a row of their cell."""
    values = np.column_stack([*outcomes, people.covariates])
    cells = tuple(
        tuple(Cell(values[people.cell(a, s)]) for s in range(len(people.strata)))
        for a in range(len(people.arms))
    )
    return Cells(people.arms, people.strata, cells, len(outcomes))
