"""The people of a plan and of its campaign: by audience, by place, by arm."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc
from pyroaring import BitMap

from fullhouse.campaigns.launch import (
    TREATED,
    WITHHELD,
    LineAudience,
    States,
    read_people,
)
from fullhouse.core.arrays import Integers
from fullhouse.core.errors import InputError
from fullhouse.core.person_sets import (
    LOW,
    PersonSet,
    arm_people,
    low_ids_of,
    only,
    persons_of,
    union,
    without,
)
from fullhouse.core.tables import PERSON_TRAIT
from fullhouse.core.values import BLOCK_BITS, BLOCK_SIZE, slug
from fullhouse.planning import Channel, read_channels
from fullhouse.planning.plan import Plan
from fullhouse.sample.analysis_sample import AnalysisSample
from fullhouse.sample.film_traits import any_of
from fullhouse.workspace.context import Context

LEVELS = 5
"""Levels of activity: no event, 1, 2 or 3, 4 to 7, 8 and more of tickets; powers of 4 of others."""


def channels_of(plan: Plan, text: str | None) -> dict[str, Channel]:
    """The channels of a TOML text, by name; an error where the plan has one that is not there."""
    told = {c.name: c for c in read_channels(text)}
    missing = sorted({x.channel for x in plan.lines} - set(told))
    if missing:
        raise InputError(
            f"The plan uses {', '.join(missing)}, which the channels do not have: give the"
            " --channels it was made with."
        )
    return told


def line_audiences(
    house: AnalysisSample, willing: AnalysisSample, plan: Plan, channels: Mapping[str, Channel]
) -> list[LineAudience]:
    """Each line's audience, and who of it is refused: no consent, a ticket already, no account.

    `willing` is the house of those who take part in advertising. Lines with the same audience,
    place and channel share their people, so that what is worked out of them is worked out once.
    """
    audiences, places = audience_people(house, plan), place_people(house, plan)
    used = list(dict.fromkeys(x.channel for x in plan.lines))
    rules = [any_of([f"source:{slug(s)}" for s in channels[c].sources]) for c in used]
    on = dict(zip(used, house.people(*rules), strict=True))
    film = house.film_traits.get(house.find(plan.film).slug or "")
    (have,) = house.people(film.saw.name) if film is not None and film.saw else ({},)
    (yes,) = willing.people("everyone")
    there: dict[tuple[str, str], PersonSet] = {}
    off: dict[tuple[str, str, str], PersonSet] = {}
    no: dict[tuple[str, str], PersonSet] = {}
    found = []
    for line in plan.lines:
        place = line.rule, line.cities
        if place not in there:
            there[place] = only(audiences[line.rule], places[line.cities])
            no[place] = without(there[place], yes)
        if (*place, line.channel) not in off:
            off[*place, line.channel] = without(there[place], on[line.channel])
        refused = {
            "no_consent": no[place], "has_ticket": have, "not_addressed": off[*place, line.channel]
        }  # fmt: skip
        found.append(LineAudience(line.id, there[place], refused, line.channel))
    return found


def people_strata(
    house: AnalysisSample, plan: Plan, kind: str, people: Sequence[Mapping[int, BitMap]]
) -> dict[int, Integers] | None:
    """The stratum of each person, by block: activity or city, crossed with the first audience.

    `people` are those who need one. Two bytes for each id of a block, held by or not.
    """
    if kind == "none":
        return None
    blocks = sorted({b for some in people for b, here in some.items() if here})
    found: dict[int, Integers] = {b: np.zeros(BLOCK_SIZE, np.uint16) for b in blocks}
    if kind == "activity":
        _mark_activity(house, found)
    else:
        for number, place in enumerate(place_people(house, plan).values()):
            _mark(found, place, number)
    width = LEVELS * LEVELS if kind == "activity" else len(plan.cities)
    # The last first, so that the first audience of the plan has the last word.
    for number, mine in reversed(list(enumerate(audience_people(house, plan).values()))):
        for block in found.keys() & mine.keys():
            ids = low_ids_of(mine[block])
            found[block][ids] = found[block][ids] % width + np.uint16(number * width)
    return found


def _mark_activity(house: AnalysisSample, found: Mapping[int, Integers]) -> None:
    names = ["person", "ticket", "purchase", "view", "want_to_see"]
    build = pc.field("build") == house.population.build.id
    for batch in house.context.lake.batches(
        PERSON_TRAIT, columns=names, where=build, rows=BLOCK_SIZE
    ):
        person, ticket, *others = (batch.column(n).to_numpy() for n in names)
        level = _level(ticket) * LEVELS + _level(np.sqrt(np.add.reduce(others)))
        for block in np.unique(person >> BLOCK_BITS).tolist():
            if block in found:
                mine = person >> BLOCK_BITS == block
                found[block][person[mine] & LOW] = level[mine]


def _level(count: npt.NDArray[np.generic]) -> Integers:
    return np.searchsorted([1, 2, 4, 8], count, side="right").astype(np.uint16)


def _mark(found: Mapping[int, Integers], people: PersonSet, number: int) -> None:
    for block in found.keys() & people.keys():
        found[block][low_ids_of(people[block])] = number


def audience_people(house: AnalysisSample, plan: Plan) -> dict[str, PersonSet]:
    """The people of each audience of a plan, by its rule."""
    rules = list(dict.fromkeys(x.rule for x in plan.lines))
    return dict(zip(rules, house.people(*rules), strict=True)) if rules else {}


def place_people(house: AnalysisSample, plan: Plan) -> dict[str, PersonSet]:
    """The people of each city group; who is in no named city is in the last."""
    (every,) = house.people("everyone")
    named = {t.label.removeprefix("lives in "): t.name for t in house.traits if t.family == "city"}
    found: dict[str, PersonSet] = {}
    rest: PersonSet = every
    groups = list(plan.cities.items())
    for group, cities in groups[:-1]:
        rules = [named[c] for c in cities if c in named]
        (mine,) = house.people(any_of(rules)) if rules else ({},)
        found[group] = mine
        rest = without(rest, mine)
    found[groups[-1][0]] = rest
    return found


def frozen_people(context: Context, name: str, plan: Plan) -> dict[str, States]:
    """Who is what in each line of the plan, also in lines that have nobody."""
    people = read_people(context.lake, name)
    return {x.id: people.get(x.id, {}) for x in plan.lines}


def arm_ids(
    lines: Iterable[Mapping[str, Mapping[int, BitMap]]], state: str
) -> npt.NDArray[np.int64]:
    """Everybody in a state in any of some lines, ascending.

    Who is withheld from a line is in the treated arm of the campaign, so TREATED has them too:
    everybody is read as assigned.
    """
    lines = list(lines)
    chosen = (TREATED, WITHHELD) if state == TREATED else (state,)
    every = union(*(arm_people(lines, s) for s in chosen))
    return persons_of(every)
