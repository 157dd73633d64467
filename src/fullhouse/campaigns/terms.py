"""What a campaign is launched on: shares, strata, households and caps, kept with it for good."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from math import floor
from typing import Any

from fullhouse.campaigns.caps import Cap
from fullhouse.core.errors import InputError, did_you_mean
from fullhouse.planning.channel import Channel
from fullhouse.planning.plan import Line

STRATA = ("activity", "city", "none")
"""Within which arms are balanced, each crossed with the first audience that a person is in."""
BY = ("person", "household")


@dataclass(frozen=True)
class Terms:
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
        for name, given, known in (("--strata", self.strata, STRATA), ("--by", self.by, BY)):
            if given not in known:
                raise InputError(
                    f"{name} is {', '.join(known)}, not {given!r}.{did_you_mean(given, known)}"
                )
        if self.cap is not None or self.cap_days != 7:
            if self.cap is None:
                raise InputError("--cap-days says in how many days --cap counts: give --cap too.")
            Cap(self.cap, self.cap_days)

    @property
    def body(self) -> dict[str, Any]:
        """As it is kept with the campaign; what is not set is left out."""
        return {k: v for k, v in asdict(self).items() if v is not None}

    def cap_of(self, channel: Channel) -> Cap:
        """A channel's cap; one below 1 a week counts as 1, since nobody is shown a part."""
        if self.cap is not None:
            return Cap(self.cap, self.cap_days)
        return Cap(max(1.0, channel.frequency_cap))

    def with_frequency(self, lines: tuple[Line, ...], channels: Mapping[str, Channel]) -> "Terms":
        """The terms with what each line shows one person."""
        told = {x.id: frequency(x, self.cap_of(channels[x.channel]).most) for x in lines}
        return replace(self, frequency=told)


def terms_from(body: Mapping[str, Any]) -> Terms:
    """The terms of a campaign that stands; of one launched before there were strata, without."""
    known = {"strata": "none"} | dict(body)
    return Terms(**{k: v for k, v in known.items() if k in Terms.__dataclass_fields__})


def frequency(line: Line, most: float = float("inf")) -> float:
    """Impressions booked for each person of a line: whole, from 1 up to the cap."""
    rate = round(line.impressions / max(line.people, 1.0))
    return float(max(1, min(rate, floor(most)) if most < float("inf") else rate))
