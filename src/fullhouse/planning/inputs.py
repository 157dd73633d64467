"""The inputs of a plan of a film, and the problem that they are: slots over cells of people."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import product

import numpy as np

from fullhouse.consent import ADVERTISING
from fullhouse.control.campaign_records import SavedResponse
from fullhouse.core.arrays import Flags, Integers
from fullhouse.core.errors import CannotTellError
from fullhouse.core.person_sets import PersonSet, only, without
from fullhouse.core.values import slug
from fullhouse.discovery.card import FilmDiscovery
from fullhouse.planning.channel import Channel, worths
from fullhouse.planning.problem import (
    CITY_GROUPS,
    FANS,
    MediaSlots,
    PlanInputs,
    PlanLimits,
    PlannedFilm,
    PlanProblem,
    PlanRows,
    as_rows,
    cap_rows,
    cells,
)
from fullhouse.planning.response import MeasuredResponse, Response, adstock, learn_response
from fullhouse.propensity import PropensityModel, score_all
from fullhouse.sample.analysis_sample import AnalysisSample, KnownFilm, analysis_sample
from fullhouse.sample.sheet import members_of
from fullhouse.traits.film_traits import BASKETS, any_of

MOST_AUDIENCES = 8
LARGEST = 5
"""Cities that are a group of their own together; those with the next half of the people follow."""
LEAST_ADDRESSED = 50
"""A line that addresses fewer people is no line."""
LEAST_RATE = 0.5
"""Impressions a person addressed, under which a line is not worth its trouble: a launch books whole
impressions, and a line of few would only dilute what a readout measures."""
DRAWS = 300


def plan_inputs(
    house: AnalysisSample,
    film: KnownFilm,
    discovery: FilmDiscovery,
    model: PropensityModel,
    channels: Sequence[Channel],
    weeks: int,
) -> PlanInputs:
    """The discovery's audiences, then the obvious one, on channels, in city groups, in weeks."""
    audiences = [(c.name, c.rule, kind_of(c.family)) for c in discovery.cards[:MOST_AUDIENCES]]
    if discovery.obvious:
        rule = " | ".join(p.rule for p in discovery.obvious)
        audiences.append(("The obvious audience", rule, FANS))
    if not audiences:
        raise CannotTellError(code="no_audience_to_plan", film=discovery.film)
    names, rules, kinds = zip(*audiences, strict=True)
    on = [any_of([f"source:{slug(s)}" for s in c.sources]) for c in channels]
    anybody = " | ".join(dict.fromkeys([*rules, *on]))
    everybody, *sets = house.people(anybody, *rules, *on)
    addressable = _addressable(house, film)
    scored = list(score_all(model, house.blocks, everybody))
    ids = np.concatenate([p.astype(np.int64) for _, p, _ in scored])
    city, groups = _cities(house, ids)
    return PlanInputs(
        names,
        rules,
        kinds,
        tuple(channels),
        plan_weeks(planned_film(discovery), weeks),
        groups,
        [members_of(ids, p) for p in sets[: len(rules)]],
        [members_of(ids, only(p, addressable)) for p in sets[len(rules) :]],
        city,
        np.concatenate([p.astype(np.float64) for _, _, p in scored]),
        persons=ids,
    )


def _addressable(house: AnalysisSample, film: KnownFilm) -> PersonSet:
    """Those who take part in advertising and hold no ticket: whom a launch would leave in."""
    with analysis_sample(
        house.context, territory=house.territory, as_of=house.day, purpose=ADVERTISING
    ) as advertising:
        (consenting,) = advertising.people("everyone")
    traits = house.film_traits.get(film.slug or "")
    if traits is None or traits.saw is None:
        return consenting
    (ticket_holders,) = house.people(traits.saw.name)
    return without(consenting, ticket_holders)


def kind_of(family: str) -> str:
    """The kind of an audience of a family of traits: those of one kind respond alike."""
    return "baskets" if family in BASKETS else "demographics"


def planned_film(discovery: FilmDiscovery) -> PlannedFilm:
    """The film of a discovery as a plan takes it, with what its cards claim beyond the obvious."""
    assert discovery.opening is not None
    claims = {
        card.rule: (x.value, x.low, x.high)
        for card in discovery.cards
        if (x := card.beyond).value is not None and x.low is not None and x.high is not None
    }
    return PlannedFilm(
        discovery.film,
        discovery.title,
        discovery.territory,
        discovery.as_of,
        discovery.opening,
        discovery.simulated,
        claims,
    )


def plan_weeks(film: PlannedFilm, weeks: int) -> tuple[date, ...]:
    """The Mondays of the last weeks up to the opening's, none before the day after as-of."""
    opening, as_of = film.opening, film.as_of
    last = opening - timedelta(days=opening.weekday())
    every = [last - timedelta(weeks=w) for w in reversed(range(weeks))]
    left = tuple(m for m in every if m + timedelta(days=6) > as_of)
    if not left:
        raise CannotTellError(code="no_weeks_left", as_of=as_of, opening=opening)
    return left


def _cities(house: AnalysisSample, ids: Integers) -> tuple[Integers, dict[str, tuple[str, ...]]]:
    """The city group of each person, and the cities of each group."""
    cities = sorted(
        (t for t in house.traits if t.family == "city"), key=lambda t: (-t.persons, t.name)
    )
    group = np.full(len(ids), len(CITY_GROUPS) - 1)
    half = sum(t.persons for t in cities) / 2
    names: dict[str, list[str]] = {g: [] for g in CITY_GROUPS}
    counted = 0
    people = house.people(*(t.name for t in cities)) if cities else []
    for number, (trait, residents) in enumerate(zip(cities, people, strict=True)):
        place = 0 if number < LARGEST else 1 if counted < half + half / 2 else 2
        counted += trait.persons
        names[CITY_GROUPS[place]].append(trait.label.removeprefix("lives in "))
        group[members_of(ids, residents)] = place
    return group, {g: tuple(n) for g, n in names.items()}


def plan_response(inputs: PlanInputs, readouts: Sequence[SavedResponse], seed: int) -> Response:
    """The response to advertising, given what readouts have measured."""
    return learn_response(
        tuple(dict.fromkeys(inputs.kinds)),
        [c.name for c in inputs.channels],
        [_measured(x) for x in readouts],
        draws=DRAWS,
        seed=seed,
        worth=worths(inputs.channels),
    )


def _measured(saved: SavedResponse) -> MeasuredResponse:
    # A readout from before parts were saved has a base of its own.
    part = saved.part or f"{saved.campaign} {saved.line}"
    return MeasuredResponse(
        saved.kind, saved.doses, saved.response, saved.error, saved.film, part, saved.base_error
    )


def plan_problem(
    inputs: PlanInputs, response: Response, opening: date, *, holdout: float = 0.0
) -> PlanProblem:
    """Every audience × channel × city group × week that addresses enough people.

    Counts are of those who will be contacted: without the share that is held out.
    """
    weight = (1.0 - holdout) * inputs.people
    parts = cells(inputs.audience_of, inputs.channel_of, inputs.city, inputs.expected, weight)
    keys, reaches = [], []
    sizes = len(inputs.names), len(inputs.channels), len(CITY_GROUPS)
    for a, c, g in product(*map(range, sizes)):
        addressed_cells = parts.in_audience[:, a] & parts.on_channel[:, c] & (parts.city == g)
        if parts.persons[addressed_cells].sum() < LEAST_ADDRESSED:
            continue
        for w in range(len(inputs.weeks)):
            keys.append((a, c, g, w))
            reaches.append(addressed_cells)
    if not keys:
        raise CannotTellError(code="no_people_addressed", least=LEAST_ADDRESSED)
    audience, channel, city, week = (np.array(x) for x in zip(*keys, strict=True))
    who = np.array(reaches)
    addressed = (who * parts.persons).sum(1)
    of_slot = [inputs.channels[c] for c in channel]
    price = np.array([c.unit_price for c in of_slot])
    limit = np.array([c.reach_limit for c in of_slot])
    most = addressed * limit * price * np.array([c.frequency_cap for c in of_slot])
    least = np.maximum([c.minimum_spend for c in of_slot], LEAST_RATE * addressed * price)
    slots = MediaSlots(audience, channel, city, week, who, addressed, price, limit, most, least)
    # Impressions of a week fall on its middle day.
    at_opening = np.array([adstock(1.0, (opening - m).days - 3) for m in inputs.weeks])
    kinds = tuple(response.kinds.index(k) for k in inputs.kinds)
    return PlanProblem(parts, slots, response, kinds, at_opening[week], inputs.noise)


def plan_rows(
    inputs: PlanInputs, problem: PlanProblem, limits: PlanLimits
) -> tuple[PlanRows, Flags]:
    """What a spend must keep to, the caps of channels and the limits, and slots it may use."""
    rows, allowed = as_rows(
        limits,
        problem.slots,
        audiences=inputs.rules,
        channels=[c.name for c in inputs.channels],
        cities=CITY_GROUPS,
        weeks=inputs.weeks,
        tested=[problem.response.tested(k) for k in inputs.kinds],
    )
    return rows + cap_rows(problem.slots), allowed
