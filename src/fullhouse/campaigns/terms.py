"""What a campaign is launched on: shares, strata, households and frequency caps, saved for good."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from math import floor
from typing import Any

import numpy as np
from pyroaring import BitMap

from fullhouse.core.errors import InputError, did_you_mean
from fullhouse.core.person_sets import PersonSet
from fullhouse.planning.channel import Channel
from fullhouse.planning.plan import PlanLine

STRATA = ("activity", "city", "none")
"""Within which arms are balanced, each crossed with the first audience that a person is in."""
BY = ("person", "household")


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
    """A line's contacts: on which channel, from which day, how often, of whom."""

    channel: str
    day: date
    frequency: float
    people: PersonSet


@dataclass(frozen=True)
class LaunchTerms:
    """How arms are drawn and whom a cap leaves out.

    `cap` impressions of a person on one channel in `cap_days` days replace the channels' own caps,
    which are of a week. `frequency` is what each line shows one person, once it is launched.
    """

    holdout: float
    global_holdout: float = 0.0
    channel_holdout: float = 0.0
    strata: str = "activity"
    by: str = "person"
    cap: float | None = None
    cap_days: int = 7
    frequency: Mapping[str, float] | None = None

    def __post_init__(self) -> None:
        for option, given, known in (("strata", self.strata, STRATA), ("by", self.by, BY)):
            if given not in known:
                raise InputError(
                    f"{option} is {', '.join(known)}, not {given!r}.{did_you_mean(given, known)}"
                )
        if self.cap is not None or self.cap_days != 7:
            if self.cap is None:
                raise InputError("cap_days is in how many days the cap counts: give the cap too.")
            Cap(self.cap, self.cap_days)

    @property
    def body(self) -> dict[str, Any]:
        """As it is saved with the campaign; what is not set is left out."""
        return {k: v for k, v in asdict(self).items() if v is not None}

    def cap_of(self, channel: Channel) -> Cap:
        """A channel's cap; one below 1 a week counts as 1, since nobody is shown a part."""
        if self.cap is not None:
            return Cap(self.cap, self.cap_days)
        return Cap(max(1.0, channel.frequency_cap))

    def with_frequency(
        self, lines: tuple[PlanLine, ...], channels: Mapping[str, Channel]
    ) -> "LaunchTerms":
        """The terms with what each line shows one person."""
        by_line = {x.id: frequency(x, self.cap_of(channels[x.channel]).most) for x in lines}
        return replace(self, frequency=by_line)


def terms_from(body: Mapping[str, Any]) -> LaunchTerms:
    """The terms of a saved campaign; of one launched before there were strata, without."""
    known = {"strata": "none"} | dict(body)
    return LaunchTerms(**{k: v for k, v in known.items() if k in LaunchTerms.__dataclass_fields__})


def frequency(line: PlanLine, most: float = float("inf")) -> float:
    """Impressions booked for each person of a line: whole, from 1 up to the cap."""
    rate = round(line.impressions / max(line.people, 1.0))
    return float(max(1, min(rate, floor(most)) if most < float("inf") else rate))


def over_cap(
    lines: Sequence[Booking], before: Sequence[Booking], caps: Mapping[str, Cap]
) -> list[dict[int, BitMap]]:
    """Whom each line must leave out, lines being taken in the order given.

    Somebody is left out of a line when its frequency, and that of every line on its channel that
    they are in and that begins less than the cap's days before or after it, add up to more than
    the cap. Those are the bookings `before`, of earlier campaigns, and the earlier ones of `lines`
    that did not leave them out. With seven days and lines that begin on Mondays these are the
    lines of the same week. A channel without a cap leaves nobody out.
    """
    booked = list(before)
    left_out = []
    for line in lines:
        cap = caps.get(line.channel)
        near = [b for b in booked if cap and _near(b, line, cap.days)]
        out: dict[int, BitMap] = {}
        if cap and line.frequency + sum(b.frequency for b in near) > cap.most:
            for block, people in line.people.items():
                over = _over(people, near, block, cap.most - line.frequency)
                if over:
                    out[block] = over
        left_out.append(out)
        left = {b: p - out[b] if b in out else p for b, p in line.people.items()}
        booked.append(Booking(line.channel, line.day, line.frequency, left))
    return left_out


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
    at_risk = np.asarray(BitMap.union(*(p for _, p in here)).to_array())
    load = np.zeros(len(at_risk))
    for frequency, some in here:
        load[np.searchsorted(at_risk, np.asarray(some.to_array()))] += frequency
    return BitMap(at_risk[load > room])
