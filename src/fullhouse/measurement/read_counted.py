"""The readout of counted arms: the same as `read_experiment` on a row for everybody."""

from collections.abc import Mapping

import numpy as np
from pyroaring import BitMap

from fullhouse.core.arrays import Ints
from fullhouse.core.errors import CannotTellError, InputError, did_you_mean
from fullhouse.core.person_sets import LOW, PersonSet, inside, low_ids_of, size
from fullhouse.core.person_sets import only as both
from fullhouse.core.values import BLOCK_SIZE
from fullhouse.measurement.cells import Cell, Cells
from fullhouse.measurement.counted import Counted, CountedArms, count_arms
from fullhouse.measurement.experiment import Experiment, Readout
from fullhouse.measurement.read_experiment import readout_of


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
    return readout_of(experiment, _cells(counted, only), share=share_observed)


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


def _cells(counted: CountedArms, only: PersonSet | None) -> Cells:
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
