"""What a plan must keep to, from plain TOML, as rows of the linear programme."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np

from fullhouse.core.arrays import Flags, Floats
from fullhouse.core.errors import InputError, Reason, did_you_mean
from fullhouse.planning.problem import PlanRows, Slots

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
    return Limits(
        _amounts(tables, "city_minimum"),
        _texts(tables, "exclusive"),
        _days(tables),
        float(explore),
        _amounts(tables, "channel_maximum"),
        _amounts(tables, "audience_minimum"),
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
    limits: Limits,
    slots: Slots,
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
