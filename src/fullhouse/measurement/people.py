"""The people of an experiment: who was assigned to which arm, and what was known of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from fullhouse.core.arrays import Floats, Ints
from fullhouse.core.errors import CannotTellError, InputError, did_you_mean
from fullhouse.measurement.experiment import Experiment
from fullhouse.measurement.load import is_number, matrix, numbers, texts


@dataclass(frozen=True)
class People:
    """The experiment's table as arrays: each person's arm and stratum by number."""

    arms: tuple[str, ...]
    arm: Ints
    strata: tuple[str, ...]
    stratum: Ints
    covariates: Floats

    def cell(self, arm: int, stratum: int) -> npt.NDArray[np.bool_]:
        """Who is in an arm and a stratum."""
        found: npt.NDArray[np.bool_] = (self.arm == arm) & (self.stratum == stratum)
        return found

    @property
    def sizes(self) -> dict[str, int]:
        """How many people are in each arm."""
        counts = np.bincount(self.arm, minlength=len(self.arms))
        return {a: int(n) for a, n in zip(self.arms, counts, strict=True)}


def people_of(table: pa.Table, experiment: Experiment) -> People:
    """The people of a table, with at least 2 in each arm of each stratum, or an error."""
    arms, arm = np.unique(texts(table, experiment.arm), return_inverse=True)
    names = tuple(str(a) for a in arms)
    if experiment.control not in names:
        raise InputError(
            f"No control arm {experiment.control!r} in column {experiment.arm!r}."
            f"{did_you_mean(experiment.control, names)} Its arms: {', '.join(names)}."
        )
    for given in (experiment.shares, experiment.assigned, experiment.costs):
        for name in given or ():
            if name not in names:
                raise CannotTellError(
                    f"Arm {name!r} is empty: nobody in column {experiment.arm!r} has it."
                    f"{did_you_mean(name, names)}"
                )
    if len(names) < 2:
        raise CannotTellError(f"There is one arm only, {names[0]!r}: nothing to compare it with.")
    strata: tuple[str, ...] = ("all",)
    stratum: Ints = np.zeros(table.num_rows, dtype=np.int64)
    if experiment.strata is not None:
        found, stratum = np.unique(texts(table, experiment.strata), return_inverse=True)
        strata = tuple(str(s) for s in found)
    people = People(names, arm, strata, stratum, covariate_matrix(table, experiment.covariates))
    for s, stratum_name in enumerate(strata):
        for a, name in enumerate(names):
            n = int(people.cell(a, s).sum())
            if n < 2:
                where = f" in stratum {stratum_name!r}" if experiment.strata else ""
                raise CannotTellError(
                    f"Arm {name!r} has {n} people{where}; at least 2 are needed."
                    + (" Merge it with another stratum." if experiment.strata else "")
                )
    return people


def covariate_matrix(table: pa.Table, names: Sequence[str]) -> Floats:
    """Covariates as columns: numbers as they are, each value of a text but the first as 0 or 1."""
    columns: list[Floats] = []
    for name in names:
        if is_number(table, name):
            columns.append(numbers(table, name))
            continue
        words = texts(table, name)
        values = np.unique(words)
        if len(values) > 100:
            raise InputError(
                f"Covariate {name!r} has {len(values):,} different texts; 100 at most."
            )
        columns += [(words == v).astype(np.float64) for v in values[1:]]
    return matrix(columns, table.num_rows)
