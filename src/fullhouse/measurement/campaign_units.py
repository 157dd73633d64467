"""A campaign whose arms are by household, as an experiment on households: each counts once."""

import numpy as np

from fullhouse.campaigns.campaign import Units
from fullhouse.core.person_sets import PersonSet, by_block, persons_of
from fullhouse.measurement.counted import Counted


def units_of_people(units: Units, people: PersonSet) -> PersonSet:
    """The households of some people, each under the number of its least person."""
    return by_block(np.unique(units.of(persons_of(people))))


def units_of_counted(units: Units, counted: Counted) -> Counted:
    """What the people of each household did together."""
    numbers, of = np.unique(units.of(counted.person), return_inverse=True)
    return Counted(
        numbers, np.bincount(of, counted.value, minlength=len(numbers)).astype(np.float64)
    )
