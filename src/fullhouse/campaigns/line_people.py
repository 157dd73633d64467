"""The people of a plan's lines: who is in each audience, in each place, in each stratum."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc
from pyroaring import BitMap

from fullhouse.campaigns.campaign import LineAudience
from fullhouse.core.arrays import Integers
from fullhouse.core.errors import InputError
from fullhouse.core.person_sets import LOW, PersonSet, low_ids_of, only, without
from fullhouse.core.tables import PERSON_TRAIT
from fullhouse.core.values import BLOCK_BITS, slug
from fullhouse.planning import Channel, read_channels
from fullhouse.planning.plan import Plan
from fullhouse.sample.analysis_sample import AnalysisSample
from fullhouse.traits.film_traits import any_of

LEVELS = 5
"""Levels of activity: no event, 1, 2 or 3, 4 to 7, 8 and more of tickets; powers of 4 of others."""


def channels_of(plan: Plan, text: str | None) -> dict[str, Channel]:
    """The channels of a TOML text, by name; an error where the plan uses one that is missing."""
    channels = {c.name: c for c in read_channels(text)}
    missing = sorted({x.channel for x in plan.lines} - set(channels))
    if missing:
        raise InputError(
            f"The plan uses {', '.join(missing)}, which the channels do not have: give the"
            " channels that the plan was made with."
        )
    return channels


def line_audiences(
    house: AnalysisSample, advertising: AnalysisSample, plan: Plan, channels: Mapping[str, Channel]
) -> list[LineAudience]:
    """Each line's audience, and who of it is refused: no consent, a ticket already, no account.

    `advertising` is the house of those who take part in advertising. Lines with the same audience,
    place and channel share their people, so that what is computed of them is computed once.
    """
    audiences, places = audience_people(house, plan), place_people(house, plan)
    used = list(dict.fromkeys(x.channel for x in plan.lines))
    rules = [any_of([f"source:{slug(s)}" for s in channels[c].sources]) for c in used]
    on = dict(zip(used, house.people(*rules), strict=True))
    film = house.film_traits.get(house.find(plan.film).slug or "")
    (ticket_holders,) = house.people(film.saw.name) if film is not None and film.saw else ({},)
    (consenting,) = advertising.people("everyone")
    in_place: dict[tuple[str, str], PersonSet] = {}
    not_addressed: dict[tuple[str, str, str], PersonSet] = {}
    no_consent: dict[tuple[str, str], PersonSet] = {}
    lines = []
    for line in plan.lines:
        place = line.rule, line.cities
        if place not in in_place:
            in_place[place] = only(audiences[line.rule], places[line.cities])
            no_consent[place] = without(in_place[place], consenting)
        if (*place, line.channel) not in not_addressed:
            not_addressed[*place, line.channel] = without(in_place[place], on[line.channel])
        refused = {
            "no_consent": no_consent[place],
            "has_ticket": ticket_holders,
            "not_addressed": not_addressed[*place, line.channel],
        }
        lines.append(LineAudience(line.id, in_place[place], refused, line.channel))
    return lines


def audience_people(house: AnalysisSample, plan: Plan) -> dict[str, PersonSet]:
    """The people of each audience of a plan, by its rule."""
    rules = list(dict.fromkeys(x.rule for x in plan.lines))
    return dict(zip(rules, house.people(*rules), strict=True)) if rules else {}


def place_people(house: AnalysisSample, plan: Plan) -> dict[str, PersonSet]:
    """The people of each city group; who is in no named city is in the last."""
    (every,) = house.people("everyone")
    named = {t.label.removeprefix("lives in "): t.name for t in house.traits if t.family == "city"}
    places: dict[str, PersonSet] = {}
    rest: PersonSet = {b: BitMap(p) for b, p in every.items()}
    groups = list(plan.cities.items())
    for group, cities in groups[:-1]:
        rules = [named[c] for c in cities if c in named]
        (residents,) = house.people(any_of(rules)) if rules else ({},)
        places[group] = residents
        rest = without(rest, residents)
    places[groups[-1][0]] = rest
    return places


def people_strata(
    house: AnalysisSample, plan: Plan, kind: str, people: Sequence[Mapping[int, BitMap]]
) -> dict[int, Integers] | None:
    """The stratum of each person, by block: activity or city, crossed with the first audience.

    `people` are those who need one. Two bytes for each id of a block, in use or not.
    """
    if kind == "none":
        return None
    blocks = sorted({b for some in people for b, here in some.items() if here})
    strata: dict[int, Integers] = {b: np.zeros(1 << BLOCK_BITS, np.uint16) for b in blocks}
    if kind == "activity":
        _mark_activity(house, strata)
    else:
        for number, place in enumerate(place_people(house, plan).values()):
            _mark(strata, place, number)
    width = LEVELS * LEVELS if kind == "activity" else len(plan.cities)
    # The last first, so that the first audience of the plan has the last word.
    for number, members in reversed(list(enumerate(audience_people(house, plan).values()))):
        for block in strata.keys() & members.keys():
            ids = low_ids_of(members[block])
            strata[block][ids] = strata[block][ids] % width + np.uint16(number * width)
    return strata


def _mark_activity(house: AnalysisSample, strata: Mapping[int, Integers]) -> None:
    names = ["person", "ticket", "purchase", "view", "want_to_see"]
    build = pc.field("build") == house.population.build.id
    for batch in house.context.lake.batches(
        PERSON_TRAIT, columns=names, where=build, rows=1 << BLOCK_BITS
    ):
        person, ticket, *others = (batch.column(n).to_numpy() for n in names)
        level = _level(ticket) * LEVELS + _level(np.sqrt(np.add.reduce(others)))
        for block in np.unique(person >> BLOCK_BITS).tolist():
            if block in strata:
                here = person >> BLOCK_BITS == block
                strata[block][person[here] & LOW] = level[here]


def _level(count: npt.NDArray[np.generic]) -> Integers:
    return np.searchsorted([1, 2, 4, 8], count, side="right").astype(np.uint16)


def _mark(strata: Mapping[int, Integers], people: PersonSet, number: int) -> None:
    for block in strata.keys() & people.keys():
        strata[block][low_ids_of(people[block])] = number
