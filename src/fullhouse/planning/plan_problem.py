"""A plan as a problem: its slots over cells of people, the response, and what it must keep to."""

from datetime import date
from itertools import product

import numpy as np

from fullhouse.control.campaign_records import SavedResponse
from fullhouse.control.campaigns import saved_responses
from fullhouse.core.arrays import Flags
from fullhouse.core.errors import CannotTellError
from fullhouse.planning import (
    Measured,
    Problem,
    Response,
    Rows,
    Slots,
    cap_rows,
    cells,
    faded,
    learn_response,
)
from fullhouse.planning.channel import worths
from fullhouse.planning.limits import Limits, as_rows
from fullhouse.planning.plan_ground import GROUPS, Ground
from fullhouse.workspace.context import Context

LEAST_ADDRESSED = 50
"""A line that addresses fewer people is no line."""
LEAST_RATE = 0.5
"""Impressions a person addressed, under which a line is not worth its trouble: a launch books whole
impressions, and a line of few would only dilute what a readout sees."""
DRAWS = 300


def plan_response(context: Context, ground: Ground, day: date, seed: int) -> Response:
    """The response to advertising as readouts had taught it by a day."""
    taught = [_measured(x) for x in saved_responses(context.control, as_of=day)]
    kinds = tuple(dict.fromkeys(ground.kinds))
    names = [c.name for c in ground.channels]
    told = worths(ground.channels)
    return learn_response(kinds, names, taught, draws=DRAWS, seed=seed, worth=told)


def _measured(told: SavedResponse) -> Measured:
    # What was learned before parts were told has a base of its own.
    part = told.part or f"{told.campaign} {told.line}"
    return Measured(
        told.kind, told.doses, told.response, told.error, told.film, part, told.base_error
    )


def plan_problem(
    ground: Ground, response: Response, opening: date, *, holdout: float = 0.0
) -> Problem:
    """Every audience × channel × city group × week that addresses enough people.

    Counts are of those who will be spoken to: without the share that is held out.
    """
    spoken_to = np.full(len(ground.city), 1.0 - holdout)
    parts = cells(ground.masks, ground.on, ground.city, ground.expected, spoken_to)
    chosen, reaches = [], []
    places = product(range(len(ground.names)), range(len(ground.channels)), range(len(GROUPS)))
    for a, c, g in places:
        whom = parts.in_audience[:, a] & parts.on_channel[:, c] & (parts.city == g)
        if parts.persons[whom].sum() < LEAST_ADDRESSED:
            continue
        for w in range(len(ground.weeks)):
            chosen.append((a, c, g, w))
            reaches.append(whom)
    if not chosen:
        raise CannotTellError("No channel addresses 50 people or more of any audience.")
    audience, channel, city, week = (np.array(x) for x in zip(*chosen, strict=True))
    who = np.array(reaches)
    addressed = (who * parts.persons).sum(1)
    told = [ground.channels[c] for c in channel]
    price, limit = np.array([c.unit_price for c in told]), np.array([c.reach_limit for c in told])
    most = addressed * limit * price * np.array([c.frequency_cap for c in told])
    least = np.maximum([c.minimum_spend for c in told], LEAST_RATE * addressed * price)
    slots = Slots(audience, channel, city, week, who, addressed, price, limit, most, least)
    # Impressions of a week fall on its middle day.
    left = np.array([faded(1.0, (opening - m).days - 3) for m in ground.weeks])
    kinds = tuple(response.kinds.index(k) for k in ground.kinds)
    return Problem(parts, slots, response, kinds, left[week])


def plan_rows(ground: Ground, problem: Problem, limits: Limits) -> tuple[Rows, Flags]:
    """What a spend must keep to, the caps of channels and the limits, and slots it may use."""
    rows, allowed = as_rows(
        limits,
        problem.slots,
        audiences=ground.rules,
        channels=[c.name for c in ground.channels],
        cities=GROUPS,
        weeks=ground.weeks,
        tested=[problem.response.tested(k) for k in ground.kinds],
    )
    return rows + cap_rows(problem.slots), allowed
