"""What a campaign with a holdout tells before the film opens: who wanted it since, by arm.

Any campaign of the film that holds people out is a pilot of it. Marks and tickets bought ahead are
there weeks before the tickets of the run are.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from fullhouse.campaigns.account_files import frozen_units
from fullhouse.campaigns.campaign import HELD_OUT, TREATED, Units
from fullhouse.campaigns.people import arm_ids, read_people
from fullhouse.core.arrays import Flags
from fullhouse.engine import Engine
from fullhouse.headroom.signals import interested_since, trailers_since
from fullhouse.lake import Lake
from fullhouse.planning.plan import PilotCounts
from fullhouse.sample.analysis_sample import KnownFilm

Ids = npt.NDArray[np.int64]


@dataclass(frozen=True)
class PilotArms:
    """Of the people of a part: how many wanted the film, by arm; and of the treated how many
    watched its trailer, and to the end.

    `treated` and `held_out` are people; the counts are households where these were held out.
    """

    counts: PilotCounts
    treated: int
    held_out: int
    watched: int
    completed: int

    @property
    def units(self) -> float:
        """How many units of the counts there are to a person: 1, or less for households."""
        people = self.treated + self.held_out
        return (self.counts.treated + self.counts.held_out) / people if people else 1.0


def pilot_of_parts(
    engine: Engine,
    lake: Lake,
    campaign: str,
    film: KnownFilm,
    persons: Ids,
    parts: Sequence[Flags],
    *,
    first: date,
    as_of: date,
) -> tuple[PilotArms, ...]:
    """Who of each part, flags over `persons`, wanted the film from the first day on, as assigned.

    Of a campaign by household, households are counted: one with any who wanted it is one that did.
    Who watched the trailer is counted by person.
    """
    people = read_people(lake, campaign)
    arms = [arm_ids(people.values(), state) for state in (TREATED, HELD_OUT)]
    members = [
        [np.intersect1d(persons[part], arm, assume_unique=True) for arm in arms] for part in parts
    ]
    return _counted(engine, lake, campaign, film, members, first, as_of)


def pilot_arms(
    engine: Engine,
    lake: Lake,
    campaign: str,
    film: KnownFilm,
    lines: Sequence[Collection[str]],
    *,
    first: date,
    as_of: date,
) -> tuple[PilotArms, ...]:
    """The same of each set of lines, by their ids."""
    people = read_people(lake, campaign)
    of = [[people[x] for x in ids if x in people] for ids in lines]
    members = [[arm_ids(each, state) for state in (TREATED, HELD_OUT)] for each in of]
    return _counted(engine, lake, campaign, film, members, first, as_of)


def _counted(
    engine: Engine,
    lake: Lake,
    campaign: str,
    film: KnownFilm,
    members: Sequence[Sequence[Ids]],
    first: date,
    as_of: date,
) -> tuple[PilotArms, ...]:
    interested = interested_since(engine, lake, film, first, as_of)
    watched, completed = trailers_since(engine, lake, film, first, as_of)
    units = frozen_units(lake, campaign)
    counted = []
    for treated, held_out in members:
        sizes: list[int] = []
        for arm in (treated, held_out):
            wanting = np.intersect1d(arm, interested, assume_unique=True)
            sizes += [_units(arm, units), _units(wanting, units)]
        seen = (int(np.isin(treated, x).sum()) for x in (watched, completed))
        counted.append(PilotArms(PilotCounts(*sizes), len(treated), len(held_out), *seen))
    return tuple(counted)


def _units(ids: Ids, units: Units | None) -> int:
    return len(ids) if units is None else len(np.unique(units.of(ids)))
