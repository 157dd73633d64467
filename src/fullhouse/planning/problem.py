"""What a plan is computed from: people in cells, what may be bought, what must be kept to."""

from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

import numpy as np
from scipy.sparse import csr_array

from fullhouse.core.arrays import Flags, Floats, Integers
from fullhouse.core.errors import Reason
from fullhouse.planning.channel import Channel
from fullhouse.planning.response import Response

Attitude: TypeAlias = Literal["neutral", "cautious"]
CITY_GROUPS = ("5 largest cities", "other large cities", "all other places")


@dataclass(frozen=True)
class PlanInputs:
    """Everything that a plan is computed from: who is where, and what they would buy anyway.

    `audience_of` and `channel_of` are flags over people, one array for each audience and channel;
    a channel's are those whom it may address: with an account there, who take part in advertising
    and hold no ticket yet. `city` is the number of each person's city group, `expected` the
    tickets that each is expected to buy without a campaign.
    """

    names: tuple[str, ...]
    rules: tuple[str, ...]
    kinds: tuple[str, ...]
    channels: tuple[Channel, ...]
    weeks: tuple[date, ...]
    cities: dict[str, tuple[str, ...]]
    audience_of: list[Flags]
    channel_of: list[Flags]
    city: Integers
    expected: Floats


@dataclass(frozen=True)
class AudienceCells:
    """People in cells that are alike in which lines can reach them: nobody is counted twice.

    A cell is a set of audiences × a set of channels × a city group; there is one entry for each
    that has people. `in_audience` (cells, audiences) and `on_channel` (cells, channels) describe
    them, `city` is the number of the city group, `persons` how many, `tickets` what they are
    expected to buy without a campaign.
    """

    in_audience: Flags
    on_channel: Flags
    city: Integers
    persons: Floats
    tickets: Floats

    def __len__(self) -> int:
        return len(self.persons)


@dataclass(frozen=True)
class Slots:
    """What may be bought: each an audience on a channel in a city group in a week.

    All arrays run over slots. `reaches` (slots, cells) says whom each addresses, `addressed` how
    many people that is, `most` how much may be spent on it (cap × reach limit × addressed ×
    price), `least` the channel's minimum spend.
    """

    audience: Integers
    channel: Integers
    city: Integers
    week: Integers
    reaches: Flags
    addressed: Floats
    unit_price: Floats
    limit: Floats
    most: Floats
    least: Floats

    def __len__(self) -> int:
        return len(self.audience)

    def rates(self, spend: Floats) -> Floats:
        """Impressions a person addressed, for each slot."""
        return spend / (self.unit_price * np.maximum(self.addressed, 1.0))


@dataclass(frozen=True)
class PlanRows:
    """Linear constraints Σ coefficient × spend ≤ limit, beside each slot's own bounds.

    `constraints` are those of the operator, as reasons why a plan may not fit; a channel's caps
    have rows without one.
    """

    coefficients: Floats
    limits: Floats
    constraints: tuple[Reason, ...] = ()

    def __add__(self, other: "PlanRows") -> "PlanRows":
        return PlanRows(
            np.vstack([self.coefficients, other.coefficients]),
            np.r_[self.limits, other.limits],
            (*self.constraints, *other.constraints),
        )


@dataclass(frozen=True)
class PlanProblem:
    """Slots and cells, and the response to advertising.

    `kind_of` gives the kind (column of the response) of each audience, `adstock` the share of each
    slot's impressions that still counts when the film opens. A cell responds with the gain of the
    first audience it is in: audiences come in the order of the plan, the sharpest first, and what
    a readout measures of people in several goes to the first of them too. (The largest gain of all
    of them would grow with their number where nothing is known.)
    """

    cells: AudienceCells
    slots: Slots
    response: Response
    kind_of: tuple[int, ...]
    adstock: Floats

    def exposure(self) -> csr_array:
        """Impressions a person, with adstock, that one unit of money in a slot gives each cell.

        Sparse (channels × cells, slots): draws of strength do not enter, so that they are used
        once for each channel and cell, not for each slot.
        """
        slots, size = self.slots, len(self.cells)
        slot, cell = np.nonzero(slots.reaches)
        value = (slots.rates(np.ones(len(slots))) * self.adstock)[slot]
        shape = (self.response.strength.shape[1] * size, len(slots))
        return csr_array((value, (slots.channel[slot] * size + cell, slot)), shape=shape)

    def gains(self) -> Floats:
        """What each cell may gain at most, in tickets: (draws, cells)."""
        in_any = self.cells.in_audience.any(axis=1)
        first = np.array(self.kind_of)[self.cells.in_audience.argmax(axis=1)]
        gain: Floats = self.response.gain[:, first] * np.where(in_any, self.cells.tickets, 0.0)
        return gain


@dataclass(frozen=True)
class Spending:
    """A plan in numbers: spend by slot, and extra tickets in each draw.

    No other spending sells more than the share `gap` more.
    """

    spend: Floats
    tickets: Floats
    gap: float
