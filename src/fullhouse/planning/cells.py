"""People parted into cells: alike in which lines can reach them, so that nobody is counted twice.

A cell is a set of audiences × a set of channels × a city group. Its size comes from the people
themselves (bitmaps or arrays of ids), not from a formula that takes audiences for independent.
Inside a cell a line's impressions fall on everybody alike: that is the only assumption.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fullhouse.core.arrays import Flags, Floats, Integers

MOST_SETS = 30


@dataclass(frozen=True)
class Cells:
    """One entry for each cell that has people.

    `in_audience` (cells, audiences) and `on_channel` (cells, channels) say who they are, `city`
    is the number of the city group, `persons` how many, `tickets` what they are expected to buy
    without a campaign.
    """

    in_audience: Flags
    on_channel: Flags
    city: Integers
    persons: Floats
    tickets: Floats

    def __len__(self) -> int:
        return len(self.persons)


def cells(
    audiences: Sequence[Flags],
    channels: Sequence[Flags],
    city: Integers,
    expected: Floats,
    weight: Floats | None = None,
) -> Cells:
    """Part people into cells. All arguments run over people.

    `weight` is how many each stands for, where they are a sample; `expected` are tickets of each.
    """
    sets = [*audiences, *channels]
    if len(sets) > MOST_SETS:
        raise ValueError(f"at most {MOST_SETS} audiences and channels together, not {len(sets)}")
    weight = np.ones(len(city)) if weight is None else weight
    code = np.asarray(city, dtype=np.int64) << len(sets)
    for i, flags in enumerate(sets):
        code |= flags.astype(np.int64) << i
    kinds, of_person = np.unique(code, return_inverse=True)
    bits = (kinds[:, None] >> np.arange(len(sets))) & 1 == 1
    size = len(kinds)
    return Cells(
        bits[:, : len(audiences)],
        bits[:, len(audiences) :],
        kinds >> len(sets),
        np.bincount(of_person, weight, minlength=size).astype(np.float64),
        np.bincount(of_person, weight * expected, minlength=size).astype(np.float64),
    )


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


def reach(slots: Slots, cells_: Cells, spend: Floats) -> tuple[Floats, float, float]:
    """People reached by each slot alone; by all together; and impressions a person reached.

    A channel reaches `limit` of whom it addresses; on those, impressions of a slot are Poisson. A
    person is missed by all slots with the product of the chances to be missed by each; slots of
    one channel reach the same `limit` of a cell's people.
    """
    rates = slots.rates(spend)
    within = rates / slots.limit
    alone = slots.addressed * slots.limit * -np.expm1(-within)
    missed = np.ones(len(cells_))
    for channel in np.unique(slots.channel):
        mine = slots.channel == channel
        limit = float(slots.limit[mine][0])
        hits = (within[mine, None] * slots.reaches[mine]).sum(0)
        missed *= 1 - limit * -np.expm1(-hits)
    every = float((cells_.persons * (1 - missed)).sum())
    impressions = float((spend / slots.unit_price).sum())
    return alone, every, impressions / every if every else 0.0
