"""What a plan must keep to, from plain TOML, as rows of the programme that finds it."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np

from fullhouse.core.arrays import Flags, Floats
from fullhouse.core.errors import InputError, did_you_mean
from fullhouse.planning.cells import Slots
from fullhouse.planning.optimise import Rows

KNOWN = (
    "city_minimum", "exclusive", "blackout", "explore", "channel_maximum", "audience_minimum",
)  # fmt: skip


@dataclass(frozen=True)
class Limits:
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


def read_limits(text: str) -> Limits:
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
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise InputError(f"The limits are not valid TOML: {problem}") from None
    for name in told:
        if name not in KNOWN:
            raise InputError(f"Limits know no {name!r}.{did_you_mean(name, KNOWN)}"
                             f" There are {', '.join(KNOWN)}.")  # fmt: skip
    explore = told.get("explore", 0.0)
    if isinstance(explore, bool) or not isinstance(explore, int | float) or not 0 <= explore < 1:
        raise InputError(f"explore must be a share from 0 to below 1, not {explore!r}.")
    return Limits(
        _amounts(told, "city_minimum"),
        _texts(told, "exclusive"),
        _days(told),
        float(explore),
        _amounts(told, "channel_maximum"),
        _amounts(told, "audience_minimum"),
    )


def as_rows(
    limits: Limits,
    slots: Slots,
    *,
    audiences: Sequence[str],
    channels: Sequence[str],
    cities: Sequence[str],
    weeks: Sequence[date],
    tested: Sequence[bool],
) -> tuple[Rows, Flags]:
    """The rows that a spend must keep, and which slots may be used at all.

    Names are those of the plan; one that is none is an error with near names. `tested` says of
    each audience whether its kind was measured.
    """
    coefficients: list[Floats] = []
    bounds: list[float] = []
    names: list[str] = []

    def add(flags: Flags, sign: float, bound: float, name: str) -> None:
        coefficients.append(sign * flags.astype(np.float64))
        bounds.append(sign * bound)
        names.append(name)

    for city, least in limits.city_minimum.items():
        place = _place(city, cities, "city group")
        add(slots.city == place, -1.0, least, f"at least {least:,.0f} in {city}")
    for channel, most in limits.channel_maximum.items():
        place = _place(channel, channels, "channel")
        add(slots.channel == place, 1.0, most, f"at most {most:,.0f} on {channel}")
    for audience, least in limits.audience_minimum.items():
        place = _place(audience, audiences, "audience")
        add(slots.audience == place, -1.0, least, f"at least {least:,.0f} on {audience}")
    if limits.explore:
        new = np.array([not t for t in tested])[slots.audience]
        if new.any():
            # Of what is spent, so that a budget larger than can be spent is no contradiction.
            coefficients.append(limits.explore - new.astype(np.float64))
            bounds.append(0.0)
            names.append(f"at least {limits.explore:.0%} for untested audiences")
    allowed = np.ones(len(slots), dtype=bool)
    for audience, channel in limits.exclusive.items():
        mine = slots.audience == _place(audience, audiences, "audience")
        allowed &= ~mine | (slots.channel == _place(channel, channels, "channel"))
    for day in limits.blackout:
        monday = day - timedelta(days=day.weekday())
        if monday in weeks:
            allowed &= slots.week != list(weeks).index(monday)
    matrix = np.array(coefficients).reshape(len(bounds), len(slots))
    return Rows(matrix, np.array(bounds), tuple(names)), allowed


def _place(name: str, known: Sequence[str], what: str) -> int:
    if name not in known:
        raise InputError(f"The plan has no {what} {name!r}.{did_you_mean(name, known)}"
                         f" It has {', '.join(known)}.")  # fmt: skip
    return list(known).index(name)


def _amounts(told: Mapping[str, Any], name: str) -> dict[str, float]:
    found = told.get(name, {})
    good = isinstance(found, dict) and all(
        isinstance(v, int | float) and not isinstance(v, bool) and v >= 0 for v in found.values()
    )
    if not good:
        raise InputError(f"[{name}] must give amounts from 0 by name, not {found!r}.")
    return {k: float(v) for k, v in found.items()}


def _texts(told: Mapping[str, Any], name: str) -> dict[str, str]:
    found = told.get(name, {})
    if not isinstance(found, dict) or not all(isinstance(v, str) for v in found.values()):
        raise InputError(f"[{name}] must give a channel by audience, not {found!r}.")
    return dict(found)


def _days(told: Mapping[str, Any]) -> tuple[date, ...]:
    found = told.get("blackout", [])
    if not isinstance(found, list) or not all(type(d) is date for d in found):
        raise InputError(f"blackout must be a list of days such as [2025-07-14], not {found!r}.")
    return tuple(found)
