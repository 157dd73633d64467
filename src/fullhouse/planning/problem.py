"""What a spend is turned into tickets by: slots, cells, and what doses do."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from fullhouse.core.arrays import Floats
from fullhouse.planning.cells import Cells, Slots
from fullhouse.planning.response import Response, worn


@dataclass(frozen=True)
class Problem:
    """Slots and cells, and what doses do.

    `kind_of` gives the kind (column of the response) of each audience, `fade` how much of each
    slot's dose is left when the film opens. A cell answers with the gain of the first audience it
    is in: audiences come in the order of the plan, the sharpest first, and what a readout teaches
    of people in several goes to the first of them too. (The largest gain of all of them would
    grow with their number where nothing is known.)
    """

    cells: Cells
    slots: Slots
    response: Response
    kind_of: tuple[int, ...]
    fade: Floats

    def exposure(self) -> csr_array:
        """Faded impressions a person that one unit of money in a slot gives each cell by channel.

        Sparse (channels × cells, slots): draws of strength do not enter, so that they are used
        once for each channel and cell, not for each slot.
        """
        slots, size = self.slots, len(self.cells)
        slot, cell = np.nonzero(slots.reaches)
        value = (slots.rates(np.ones(len(slots))) * self.fade)[slot]
        shape = (self.response.strength.shape[1] * size, len(slots))
        return csr_array((value, (slots.channel[slot] * size + cell, slot)), shape=shape)

    def gains(self) -> Floats:
        """What each cell may gain at most, in tickets: (draws, cells)."""
        inside = self.cells.in_audience.any(axis=1)
        first = np.array(self.kind_of)[self.cells.in_audience.argmax(axis=1)]
        gain: Floats = self.response.gain[:, first] * np.where(inside, self.cells.tickets, 0.0)
        return gain


def seen(problem: Problem, spend: Floats) -> Floats:
    """Faded impressions a person of each cell, by channel: (channels, cells)."""
    flat = problem.exposure() @ spend
    found: Floats = flat.reshape(-1, len(problem.cells))
    return found


def by_cell(problem: Problem, spend: Floats) -> Floats:
    """Extra tickets of each cell, in each draw: (draws, cells)."""
    dose = problem.response.strength @ worn(seen(problem, spend))
    found: Floats = problem.gains() * -np.expm1(-dose)
    return found


def extra_tickets(problem: Problem, spend: Floats) -> Floats:
    """Extra tickets of a spend, in each draw."""
    found: Floats = by_cell(problem, spend).sum(axis=1)
    return found


def shared_out(problem: Problem, spend: Floats) -> Floats:
    """Extra tickets of each slot, in each draw: each cell's in proportion to the slots' doses.

    They add up to the whole: what two lines win together is told once.
    """
    response, slots = problem.response, problem.slots
    many = seen(problem, spend)
    worth = worn(many)
    total = response.strength @ worth
    won = problem.gains() * -np.expm1(-total)
    per_dose = np.divide(won, total, out=np.zeros_like(won), where=total > 0)
    per_shown = np.divide(worth, many, out=np.ones_like(many), where=many > 0)
    rates = slots.rates(spend) * problem.fade
    reached = np.where(slots.reaches, per_shown[slots.channel], 0.0)
    found: Floats = response.strength[:, slots.channel] * rates * (per_dose @ reached.T)
    return found
