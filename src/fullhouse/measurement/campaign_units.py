"""A campaign whose arms are by household, as an experiment on households: each counts once."""

from collections.abc import Mapping

import numpy as np
from pyroaring import BitMap

from fullhouse.campaigns.households import Units
from fullhouse.core.person_sets import PersonSet, by_block
from fullhouse.measurement.counted import Counted


def units_of_people(units: Units, people: Mapping[int, BitMap]) -> PersonSet:
    """The households of some people, each under the number of its least person."""
    parts = [units.of(np.asarray(p.to_array(), dtype=np.int64)) for p in people.values()]
    return by_block(np.unique(np.concatenate([np.zeros(0, np.int64), *parts])))


def units_of_counted(units: Units, counted: Counted) -> Counted:
    """What the people of each household did together."""
    numbers, of = np.unique(units.of(counted.person), return_inverse=True)
    return Counted(
        numbers, np.bincount(of, counted.value, minlength=len(numbers)).astype(np.float64)
    )
