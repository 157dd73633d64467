"""A campaign: its lines' people by state, its deliveries, its launch, and what it could show."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from math import inf
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pyroaring import BitMap

from fullhouse.control.campaign_records import SavedCampaign
from fullhouse.core.arrays import Integers
from fullhouse.core.brief import Brief
from fullhouse.core.errors import InputError
from fullhouse.core.person_sets import PersonSet, size

TREATED, HELD_OUT, ALWAYS_OUT, WITHHELD = "treated", "held_out", "always_out", "withheld"
ARMS = (TREATED, WITHHELD, HELD_OUT, ALWAYS_OUT)
REFUSALS = ("no_consent", "over_cap", "has_ticket", "not_addressed")
"""Why somebody of an audience is not eligible, in the order in which it is checked."""

BY_CITY = "city"
"""What a campaign's body has under `by` where cities were drawn."""
States = dict[str, dict[int, BitMap]]
"""By state, people by block."""


@dataclass(frozen=True)
class LineAudience:
    """One line's audience, and who of it is refused why, by block; and the channel it is on."""

    line: str
    people: PersonSet
    refused: Mapping[str, PersonSet]
    channel: str = ""


@dataclass(frozen=True)
class AssignedLine:
    """The people of one line by state: eligible ones by arm, and the others by reason.

    Who is withheld is in the treated arm of the campaign, and is not shown this line.
    """

    line: str
    states: States

    def count(self, state: str) -> int:
        """How many people are in a state."""
        return size(self.states.get(state, {}))

    @property
    def eligible(self) -> int:
        """People in any arm."""
        return sum(map(self.count, ARMS))


@dataclass(frozen=True)
class Units:
    """The household of each person who lives with another known one; all others are alone.

    `persons` ascends; a household's number is the least person of it.
    """

    persons: npt.NDArray[np.int64]
    unit: npt.NDArray[np.int64]

    def of(self, ids: Integers) -> npt.NDArray[np.int64]:
        """The unit of each of some people: their household's number, or their own."""
        units = ids.astype(np.int64)
        if len(self.persons):
            at = np.minimum(np.searchsorted(self.persons, ids), len(self.persons) - 1)
            known = self.persons[at] == ids
            units[known] = self.unit[at[known]]
        return units


MOST_STEM_BYTES = 120
"""File systems take names of 255 bytes; endings, and a hidden name meanwhile, need some."""


def file_stem(line: str) -> str:
    """A line's name as the name of a file: as it is, or cut and with a digest of the whole.

    >>> file_stem("dogs-push-2025-07-14")
    'dogs-push-2025-07-14'
    """
    plain = re.sub(r'[\x00-\x1f\x7f/\\\\:*?"<>|]', "-", line).strip(". ")
    if plain == line and len(line.encode()) <= MOST_STEM_BYTES:
        return line
    short = plain.encode()[: MOST_STEM_BYTES - 13].decode(errors="ignore")
    return f"{short}-{hashlib.sha256(line.encode()).hexdigest()[:12]}"


@dataclass(frozen=True)
class DeliveryLine:
    """What is handed over for a line: on which channel, from which day, how often a person."""

    line: str
    audience: str
    channel: str
    sources: tuple[str, ...]
    form: str
    day: date
    frequency: float


@dataclass(frozen=True)
class Delivered:
    """What was handed over for a line: people, rows, and the digest of its bytes.

    `file` is the path or URL that was written, or the host of a webhook, where `parts` were sent,
    `resent` of them now. `left_out` counts accounts that had no usable contact, by reason;
    `withdrawn` people who may not leave any more since the campaign was frozen.
    """

    line: str
    channel: str
    form: str
    file: str
    persons: int
    rows: int
    digest: str
    parts: int = 1
    resent: int = 1
    left_out: Mapping[str, int] = field(default_factory=dict)
    withdrawn: int = 0


@dataclass(frozen=True)
class Launched(Brief):
    """A campaign's lines with how many people are in each state, and what was handed over."""

    campaign: SavedCampaign
    lines: tuple[tuple[str, Mapping[str, int]], ...]
    files: tuple[Delivered, ...]
    resumed: bool
    logged: bool


@dataclass(frozen=True)
class Power(Brief):
    """The smallest change of tickets per person that a part of a plan can show, or infinity.

    `group` is whole, audience or line. `base` is the share of these people that buys anyway,
    `rho2` the share of the variance that earlier tickets explain, `expected` the change per person
    that the plan expects, `suggested` the smallest share to hold out that shows that; None where
    no share does. `needed` is then how many people would show it with half of them held out; None
    where no house has so many.
    """

    name: str
    treated: int
    held_out: int
    base: float
    smallest: float
    group: str = "whole"
    rho2: float = 0.0
    expected: float | None = None
    suggested: float | None = None
    needed: int | None = None

    @property
    def relative(self) -> float:
        """The smallest as a share of what is bought anyway."""
        return self.smallest / self.base if self.base > 0 else inf

    @property
    def measurable(self) -> bool:
        """Whether what the plan expects is detected with 80 % power at 95 %."""
        return self.expected is not None and self.smallest <= self.expected


@dataclass(frozen=True)
class CityDesign:
    """Pairs of cities, and the city of each, in the same order, in which media is bought."""

    pairs: tuple[tuple[str, str], ...]
    treated: tuple[str, ...]

    def __post_init__(self) -> None:
        named = [city for pair in self.pairs for city in pair]
        twice = sorted({c for c in named if named.count(c) > 1})
        if twice:
            raise InputError(f"A city stands in one pair; {twice[0]!r} stands in more.")
        drawn = set(self.treated)
        wrong = [p for p in self.pairs if len(drawn & set(p)) != 1]
        if wrong or len(self.treated) != len(self.pairs) or drawn - set(named):
            what = wrong[0] if wrong else sorted(drawn - set(named)) or self.treated
            raise InputError(f"One city of each pair is treated, and no other; see {what}.")

    @property
    def left_out(self) -> tuple[str, ...]:
        """The other city of each pair, in which nothing is bought."""
        drawn = set(self.treated)
        return tuple(b if a in drawn else a for a, b in self.pairs)


@dataclass(frozen=True)
class PairedCities(Brief):
    """Pairs of cities for a window of days, before any lot is drawn.

    `smallest` is the relative effect that would have been detected at 95 % in 80 % of replays: each
    of the `films` with its real sales, and draw after draw of these pairs. None where no film of
    the past can be replayed, or where in more than 20 % no effect would have been detected.
    `before` are each paired city's tickets of other films, from `before_first` to `before_last`.
    """

    pairs: tuple[tuple[str, str], ...]
    not_paired: tuple[str, ...]
    first: date
    last: date
    before: Mapping[str, float]
    before_first: date
    before_last: date
    smallest: float | None
    films: int


@dataclass(frozen=True)
class LaunchedCities(Brief):
    """A campaign by city as it is saved: where media is bought, where not, and the file of both.

    `smallest` and `films` are as in `PairedCities`.
    """

    campaign: SavedCampaign
    design: CityDesign
    first: date
    last: date
    smallest: float | None
    films: int
    not_paired: tuple[str, ...]
    resumed: bool
    file: Path | None = None
