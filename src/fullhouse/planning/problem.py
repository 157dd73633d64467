"""What a plan is computed from: people in cells, what may be bought, what must be kept to.

A cell's size comes from the people themselves (bitmaps or arrays of ids), not from a formula that
takes audiences for independent. Inside a cell a line's impressions fall on everybody alike: that
is the only assumption.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from fullhouse.core.arrays import Flags, Floats, Integers
from fullhouse.core.errors import InputError, Reason, did_you_mean
from fullhouse.planning.channel import Channel
from fullhouse.planning.response import Response

Attitude: TypeAlias = Literal["neutral", "cautious"]
FANS = "fans"
"""The kind of the obvious audience."""
CITY_GROUPS = ("5 largest cities", "other large cities", "all other places")


@dataclass(frozen=True)
class PlanInputs:
    """Everything that a plan is computed from: who is where, and what they would buy anyway.

    `audience_of` and `channel_of` are flags over people, one array for each audience and channel;
    a channel's are those whom it may address: with an account there, who take part in advertising
    and hold no ticket yet. `city` is the number of each person's city group, `expected` the
    tickets that each is expected to buy without a campaign.

    A row may stand for many people alike: then `weight` says how many. `noise` is by what each
    audience's tickets may differ from what is expected, in each draw (draws, audiences), where
    sizes or affinities are not known exactly. `persons` are the rows' ids, where rows are persons.
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
    weight: Floats | None = None
    noise: Floats | None = None
    persons: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    @property
    def obvious(self) -> int | None:
        """The place of the obvious audience, if there is one."""
        return self.kinds.index(FANS) if FANS in self.kinds else None

    @property
    def people(self) -> Floats:
        """How many people each row stands for."""
        return np.ones(len(self.city)) if self.weight is None else self.weight


@dataclass(frozen=True)
class PlannedFilm:
    """What a plan is of, and how much likelier each rule's people are claimed to be."""

    film: str
    title: str
    territory: str
    as_of: date
    opening: date
    simulated: bool = False
    claims: Mapping[str, tuple[float, float, float]] = field(default_factory=dict)


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
class MediaSlots:
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
    of them would grow with their number where nothing is known.) `noise` is as in `PlanInputs`,
    `factors` what each cell's gain is multiplied by in each draw (draws, cells), if anything.
    """

    cells: AudienceCells
    slots: MediaSlots
    response: Response
    kind_of: tuple[int, ...]
    adstock: Floats
    noise: Floats | None = None
    factors: Floats | None = None

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
        audience = self.cells.in_audience.argmax(axis=1)
        kind = np.array(self.kind_of)[audience]
        gain: Floats = self.response.gain[:, kind] * np.where(in_any, self.cells.tickets, 0.0)
        if self.factors is not None:
            gain *= self.factors
        return gain if self.noise is None else gain * self.noise[:, audience]

    def thinned(self, every: int) -> "PlanProblem":
        """The problem over each `every`th draw."""
        noise = None if self.noise is None else self.noise[::every]
        factors = None if self.factors is None else self.factors[::every]
        response = self.response.thinned(every)
        return replace(self, response=response, noise=noise, factors=factors)


@dataclass(frozen=True)
class Spending:
    """A plan in numbers: spend by slot, and extra tickets in each draw.

    No other spending sells more than the share `gap` more.
    """

    spend: Floats
    tickets: Floats
    gap: float


MOST_SETS = 30


def cells(
    audiences: Sequence[Flags],
    channels: Sequence[Flags],
    city: Integers,
    expected: Floats,
    weight: Floats | None = None,
) -> AudienceCells:
    """People counted by cell. All arguments run over people.

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
    return AudienceCells(
        bits[:, : len(audiences)],
        bits[:, len(audiences) :],
        kinds >> len(sets),
        np.bincount(of_person, weight, minlength=size).astype(np.float64),
        np.bincount(of_person, weight * expected, minlength=size).astype(np.float64),
    )


def reach(slots: MediaSlots, cells_: AudienceCells, spend: Floats) -> tuple[Floats, float, float]:
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
        of_channel = slots.channel == channel
        limit = float(slots.limit[of_channel][0])
        hits = (within[of_channel, None] * slots.reaches[of_channel]).sum(0)
        missed *= 1 - limit * -np.expm1(-hits)
    every = float((cells_.persons * (1 - missed)).sum())
    impressions = float((spend / slots.unit_price).sum())
    return alone, every, impressions / every if every else 0.0


def cap_rows(slots: MediaSlots) -> PlanRows:
    """In no week is anybody shown more on a channel than its cap, whatever audiences they are in.

    A slot alone keeps to it by its `most`: so in each cell, channel and week the shares of their
    most that slots spend add up to 1 at most. A set of slots that meet in a cell within a larger
    set that meet in another needs no row of its own.
    """
    rows: list[Floats] = []
    places = np.c_[slots.channel, slots.city, slots.week]
    for place in np.unique(places, axis=0):
        here = np.flatnonzero((places == place).all(axis=1) & (slots.most > 0))
        for together in _largest(slots.reaches[here]):
            row = np.zeros(len(slots))
            row[here[together]] = 1 / slots.most[here[together]]
            rows.append(row)
    matrix = np.array(rows).reshape(len(rows), len(slots))
    return PlanRows(matrix, np.ones(len(rows)))


def _largest(reaches: Flags) -> Flags:
    """The sets (rows) of two slots or more that meet in a cell and lie within no other such set."""
    # As one number a cell: many times faster to compare than rows are.
    packed = np.packbits(reaches, axis=0)
    code = np.zeros(packed.shape[1], dtype=np.uint64)
    for byte in packed:
        code = (code << np.uint64(8)) | byte
    _, first = np.unique(code, return_index=True)
    sets = reaches.T[first]
    sets = sets[sets.sum(axis=1) >= 2]
    sizes = sets.sum(axis=1)
    common = sets.astype(np.int64) @ sets.T.astype(np.int64)
    within = (common == sizes[:, None]) & (sizes[None] > sizes[:, None])
    largest: Flags = sets[~within.any(axis=1)]
    return largest


KNOWN = (
    "city_minimum", "exclusive", "blackout", "explore", "channel_maximum", "audience_minimum",
)  # fmt: skip


@dataclass(frozen=True)
class PlanLimits:
    """Least spend by city group, audiences kept to one channel, weeks without advertising, the
    share of the spend for kinds of audience that no readout has measured (as long as there are
    any), most spend by channel, least by audience.
    """

    city_minimum: Mapping[str, float] = field(default_factory=dict)
    exclusive: Mapping[str, str] = field(default_factory=dict)
    blackout: tuple[date, ...] = ()
    explore: float = 0.0
    channel_maximum: Mapping[str, float] = field(default_factory=dict)
    audience_minimum: Mapping[str, float] = field(default_factory=dict)


def read_limits(text: str) -> PlanLimits:
    """Limits from TOML, such as this.

    explore = 0.1
    blackout = [2025-07-14]        # any day of the week that is meant
    [city_minimum]
    "5 largest" = 100000
    [exclusive]
    "buys:pet-supplies/dogs" = "push"
    [channel_maximum]
    social = 500000
    [audience_minimum]
    "buys:pet-supplies/dogs" = 300000
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise InputError(f"The limits are not valid TOML: {problem}") from None
    for name in tables:
        if name not in KNOWN:
            raise InputError(f"Limits know no {name!r}.{did_you_mean(name, KNOWN)}"
                             f" There are {', '.join(KNOWN)}.")  # fmt: skip
    explore = tables.get("explore", 0.0)
    if isinstance(explore, bool) or not isinstance(explore, int | float) or not 0 <= explore < 1:
        raise InputError(f"explore must be a share from 0 to below 1, not {explore!r}.")
    return PlanLimits(
        _amounts(tables, "city_minimum"),
        _texts(tables, "exclusive"),
        _days(tables),
        float(explore),
        _amounts(tables, "channel_maximum"),
        _amounts(tables, "audience_minimum"),
    )


def as_rows(
    limits: PlanLimits,
    slots: MediaSlots,
    *,
    audiences: Sequence[str],
    channels: Sequence[str],
    cities: Sequence[str],
    weeks: Sequence[date],
    tested: Sequence[bool],
) -> tuple[PlanRows, Flags]:
    """The rows that a spend must keep, and which slots may be used at all.

    Names are those of the plan; one that is none is an error with near names. `tested` says of
    each audience whether its kind was measured.
    """
    coefficients: list[Floats] = []
    bounds: list[float] = []
    constraints: list[Reason] = []

    def add(row: Floats, bound: float, kind: str, name: str, amount: float) -> None:
        coefficients.append(row)
        bounds.append(bound)
        constraints.append(Reason(f"limit_{kind}", {"name": name, "amount": amount}))

    for city, least in limits.city_minimum.items():
        here = slots.city == _place(city, cities, "city group")
        add(-here.astype(np.float64), -least, "city_minimum", city, least)
    for channel, most in limits.channel_maximum.items():
        here = slots.channel == _place(channel, channels, "channel")
        add(here.astype(np.float64), most, "channel_maximum", channel, most)
    for audience, least in limits.audience_minimum.items():
        here = slots.audience == _place(audience, audiences, "audience")
        add(-here.astype(np.float64), -least, "audience_minimum", audience, least)
    if limits.explore:
        new = np.array([not t for t in tested])[slots.audience]
        if new.any():
            # Of what is spent, so that a budget larger than can be spent is no contradiction.
            row = limits.explore - new.astype(np.float64)
            add(row, 0.0, "explore", "", limits.explore)
    matrix = np.array(coefficients).reshape(len(bounds), len(slots))
    allowed = _allowed(limits, slots, audiences, channels, weeks)
    return PlanRows(matrix, np.array(bounds), tuple(constraints)), allowed


def _allowed(
    limits: PlanLimits,
    slots: MediaSlots,
    audiences: Sequence[str],
    channels: Sequence[str],
    weeks: Sequence[date],
) -> Flags:
    """The slots that no exclusive channel and no blackout rules out."""
    allowed = np.ones(len(slots), dtype=bool)
    for audience, channel in limits.exclusive.items():
        elsewhere = slots.audience != _place(audience, audiences, "audience")
        allowed &= elsewhere | (slots.channel == _place(channel, channels, "channel"))
    for day in limits.blackout:
        monday = day - timedelta(days=day.weekday())
        if monday in weeks:
            allowed &= slots.week != list(weeks).index(monday)
    return allowed


def _place(name: str, known: Sequence[str], what: str) -> int:
    if name not in known:
        raise InputError(f"The plan has no {what} {name!r}.{did_you_mean(name, known)}"
                         f" It has {', '.join(known)}.")  # fmt: skip
    return list(known).index(name)


def _amounts(tables: Mapping[str, Any], name: str) -> dict[str, float]:
    amounts = tables.get(name, {})
    good = isinstance(amounts, dict) and all(
        isinstance(v, int | float) and not isinstance(v, bool) and v >= 0 for v in amounts.values()
    )
    if not good:
        raise InputError(f"[{name}] must give amounts from 0 by name, not {amounts!r}.")
    return {k: float(v) for k, v in amounts.items()}


def _texts(tables: Mapping[str, Any], name: str) -> dict[str, str]:
    texts = tables.get(name, {})
    if not isinstance(texts, dict) or not all(isinstance(v, str) for v in texts.values()):
        raise InputError(f"[{name}] must give a channel by audience, not {texts!r}.")
    return dict(texts)


def _days(tables: Mapping[str, Any]) -> tuple[date, ...]:
    days = tables.get("blackout", [])
    if not isinstance(days, list) or not all(type(d) is date for d in days):
        raise InputError(f"blackout must be a list of days such as [2025-07-14], not {days!r}.")
    return tuple(days)
