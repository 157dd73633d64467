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


def pilot_counts(
    engine: Engine,
    lake: Lake,
    campaign: str,
    film: KnownFilm,
    persons: Ids,
    parts: Sequence[Flags],
    *,
    first: date,
    as_of: date,
) -> tuple[PilotCounts, ...]:
    """Who of each part, flags over `persons`, wanted the film from the first day on, as assigned.

    Of a campaign by household, households are counted: one with any who wanted it is one that did.
    """
    people = read_people(lake, campaign)
    arms = [arm_ids(people.values(), state) for state in (TREATED, HELD_OUT)]
    interested = interested_since(engine, lake, film, first, as_of)
    units = frozen_units(lake, campaign)
    counts = []
    for part in parts:
        members = [np.intersect1d(persons[part], arm, assume_unique=True) for arm in arms]
        wanting = [np.intersect1d(m, interested, assume_unique=True) for m in members]
        sizes = [
            (_units(m, units), _units(w, units)) for m, w in zip(members, wanting, strict=True)
        ]
        counts.append(PilotCounts(*sizes[0], *sizes[1]))
    return tuple(counts)


@dataclass(frozen=True)
class PilotArms:
    """Of the people of some lines: how many wanted the film, by arm; and of the treated how many
    watched its trailer, and to the end.
    """

    counts: PilotCounts
    watched: int
    completed: int


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
    """Who of each set of lines, by their ids, wanted the film from the first day on, as assigned.

    Of a campaign by household, households are counted: one with any who wanted it is one that did.
    Who watched the trailer is counted by person.
    """
    people = read_people(lake, campaign)
    interested = interested_since(engine, lake, film, first, as_of)
    watched, completed = trailers_since(engine, lake, film, first, as_of)
    units = frozen_units(lake, campaign)
    arms = []
    for ids in lines:
        of = [people[x] for x in ids if x in people]
        sizes: list[int] = []
        for state in (TREATED, HELD_OUT):
            members = arm_ids(of, state)
            wanting = np.intersect1d(members, interested, assume_unique=True)
            sizes += [_units(members, units), _units(wanting, units)]
        treated = arm_ids(of, TREATED)
        seen = (int(np.isin(treated, x).sum()) for x in (watched, completed))
        arms.append(PilotArms(PilotCounts(*sizes), *seen))
    return tuple(arms)


def _units(ids: Ids, units: Units | None) -> int:
    return len(ids) if units is None else len(np.unique(units.of(ids)))
