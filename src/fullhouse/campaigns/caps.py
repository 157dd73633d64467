"""How often a person may be spoken to on a channel, over all lines and campaigns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from pyroaring import BitMap

from fullhouse.core.errors import InputError
from fullhouse.core.person_sets import PersonSet, ids_of, without


@dataclass(frozen=True)
class Cap:
    """At most so many impressions of a person on a channel in so many days."""

    most: float
    days: int = 7

    def __post_init__(self) -> None:
        if not self.most >= 1 or self.days < 1:
            raise InputError(
                f"A cap is at least 1 impression in at least 1 day, not {self.most:g} in"
                f" {self.days}."
            )


@dataclass(frozen=True)
class Booking:
    """A line that speaks to people: on which channel, from which day, how often, to whom."""

    channel: str
    day: date
    frequency: float
    people: PersonSet


def over_cap(
    lines: Sequence[Booking], before: Sequence[Booking], caps: Mapping[str, Cap]
) -> list[dict[int, BitMap]]:
    """Whom each line must leave out, lines being taken in the order given.

    Somebody is left out of a line when its frequency, and that of every line on its channel that
    they stand in and that begins less than the cap's days before or after it, add up to more than
    the cap. Those are the bookings `before`, of earlier campaigns, and the earlier ones of `lines`
    that did not leave them out. With seven days and lines that begin on Mondays these are the
    lines of the same week. A channel without a cap leaves nobody out.
    """
    kept = list(before)
    found = []
    for line in lines:
        cap = caps.get(line.channel)
        near = [b for b in kept if cap and _near(b, line, cap.days)]
        out: dict[int, BitMap] = {}
        if cap and line.frequency + sum(b.frequency for b in near) > cap.most:
            for block, people in line.people.items():
                over = _over(people, near, block, cap.most - line.frequency)
                if over:
                    out[block] = over
        found.append(out)
        left = without(line.people, out)
        kept.append(Booking(line.channel, line.day, line.frequency, left))
    return found


def _near(one: Booking, line: Booking, days: int) -> bool:
    return one.channel == line.channel and abs((one.day - line.day).days) < days


def _over(people: BitMap, near: Sequence[Booking], block: int, room: float) -> BitMap:
    """Of some people of a block, those whose load is more than the room that is left."""
    if room < 0:
        return people
    here = [(b.frequency, b.people[block] & people) for b in near if block in b.people]
    here = [(f, p) for f, p in here if p]
    if sum(f for f, _ in here) <= room:
        return BitMap()
    # Only people in another line can be over the cap, and they are few.
    at_risk = ids_of(BitMap.union(*(p for _, p in here)))
    load = np.zeros(len(at_risk))
    for frequency, some in here:
        load[np.searchsorted(at_risk, ids_of(some))] += frequency
    return BitMap(at_risk[load > room])
