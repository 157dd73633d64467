"""The people of a plan and of its campaign: by audience, by place, by arm."""

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt
from pyroaring import BitMap

from fullhouse.activation.launch import States, read_people
from fullhouse.discovery.film_traits import any_of
from fullhouse.pipeline.film_house import FilmHouse, People
from fullhouse.pipeline.workspace import Workspace
from fullhouse.planning.plan import Plan


def audience_people(house: FilmHouse, plan: Plan) -> dict[str, People]:
    """The people of each audience of a plan, by its rule."""
    rules = list(dict.fromkeys(x.rule for x in plan.lines))
    return dict(zip(rules, house.people(*rules), strict=True)) if rules else {}


def place_people(house: FilmHouse, plan: Plan) -> dict[str, People]:
    """The people of each city group; who is in no named city is in the last."""
    (every,) = house.people("everyone")
    named = {t.label.removeprefix("lives in "): t.name for t in house.traits if t.family == "city"}
    found: dict[str, People] = {}
    rest = {b: BitMap(p) for b, p in every.items()}
    groups = list(plan.cities.items())
    for group, cities in groups[:-1]:
        rules = [named[c] for c in cities if c in named]
        (mine,) = house.people(any_of(rules)) if rules else ({},)
        found[group] = mine
        rest = less(rest, mine)
    found[groups[-1][0]] = rest
    return found


def frozen_people(workspace: Workspace, name: str, plan: Plan) -> dict[str, States]:
    """Who is what in each line of the plan, also in lines that have nobody."""
    people = read_people(workspace.lake, name)
    return {x.id: people.get(x.id, {}) for x in plan.lines}


def arm_ids(
    lines: Iterable[Mapping[str, Mapping[int, BitMap]]], state: str
) -> npt.NDArray[np.int64]:
    """Everybody in a state in any of some lines, ascending."""
    every: dict[int, BitMap] = {}
    for states in lines:
        for block, people in states.get(state, {}).items():
            every[block] = every.get(block, BitMap()) | people
    parts = [np.asarray(p.to_array(), dtype=np.int64) for _, p in sorted(every.items())]
    return np.concatenate([np.zeros(0, np.int64), *parts])


def both(one: People, two: People) -> People:
    """Who is among both."""
    return {b: one[b] & two[b] for b in one if b in two}


def less(one: People, two: People) -> People:
    """Who is among the first and not among the second."""
    return {b: people - two.get(b, BitMap()) for b, people in one.items()}
