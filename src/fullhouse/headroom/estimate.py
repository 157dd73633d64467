"""Who has heard of a film, from who wants it among those shown it and among people like them.

Everybody who was shown the film has heard of it. Of others alike, only those who have heard can
want it. So the rate of interest of the others is a share of that of the shown, and that share is
how many of them have heard: 1 / ratio. It is a landmark comparison (Anderson, Cain & Gelber 1983):
shown or not by a day, interest after it, those who wanted it before left out.

What is shown to the keenest makes them look keener. Two things are done: people are compared with
others as active (strata), and the same comparison for *other* films, which being shown this one
cannot have changed, is taken from it (a negative control outcome; Lipsitch, Tchetgen Tchetgen &
Cohen 2010, Epidemiology 21:383). Where that control is too far from 1, nothing is told.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, inf, isfinite

import numpy as np

from fullhouse.core.arrays import Flags, Integers
from fullhouse.headroom.headroom import (
    AudienceHeadroom,
    ExposureKind,
    NothingShown,
    Pilot,
    Range,
    TooFewInterested,
    TooSelective,
    Unknown,
)
from fullhouse.headroom.signals import Signals
from fullhouse.stats.rate_ratios import RateRatio, rate_ratio

LEVEL = 0.95
LEAST_INTERESTED = 10
"""With fewer on both sides together, there is nothing to compare. None on one side is an answer."""
LEAST_SHOWN = 5
"""Interested people among those shown an advertisement, from which trailers are left aside."""
SELECTION_LIMIT = 1.5
"""Where those shown the film want other films half as much again, or a third less, being shown it
goes with being keen; the control then corrects more than it measures."""
PILOT_FACTOR = 6.25
"""n = 6.25 (r + d) / d² people treated: power .8 at 5 % for a rate of r against r + d."""
NOTHING = Range(None, None, None)


@dataclass(frozen=True)
class Audience:
    """An audience over the persons of the signals; `tickets` as expected now, None if unknown."""

    name: str
    rule: str
    obvious: bool
    members: Flags
    tickets: float | None


@dataclass(frozen=True)
class Comparison:
    """What the comparison of a film rests on, the same for all audiences."""

    exposure: ExposureKind | None
    selection: RateRatio | None
    unknown: Unknown | None


def compare(signals: Signals, since: NothingShown) -> Comparison:
    """Which exposure is compared, and how selective it is.

    Advertisements where enough of those shown them wanted the film: trailers are watched by those
    who look for them.
    """
    kinds: tuple[ExposureKind, ...] = ("impression", "trailer_view")
    used = next((k for k in kinds if _interested(signals, k) >= LEAST_SHOWN), None)
    used = used or next((k for k in kinds if signals.shown_by[k].any()), None)
    if used is None:
        return Comparison(None, None, since)
    everybody = np.ones(len(signals.persons), bool)
    other = _counts(signals, used, everybody, signals.others_after)
    # Half of the error for the film's own ratio, half for the control: together at least LEVEL.
    selection = rate_ratio(*other, level=_half(LEVEL))
    if selection is None or not 0 < selection.ratio < inf:
        x1, x0 = int(other[0].sum()), int(other[2].sum())
        return Comparison(used, None, TooFewInterested(x1, x0, LEAST_INTERESTED))
    unknown = None
    if selection.low > SELECTION_LIMIT or selection.high < 1 / SELECTION_LIMIT:
        unknown = TooSelective(_range(selection), SELECTION_LIMIT)
    return Comparison(used, selection, unknown)


def headroom_of(
    signals: Signals, audience: Audience, comparison: Comparison, *, audiences: int, price: float
) -> AudienceHeadroom:
    """An audience's headroom; `audiences` are looked at together, `price` is of one impression."""
    members = audience.members
    shown = members & signals.shown
    people, at_risk = int(members.sum()), members & ~signals.before
    unknown, ratio, claimed, interested = comparison.unknown, NOTHING, False, (0, 0)
    if comparison.exposure is not None:
        counts = _counts(signals, comparison.exposure, members, signals.after)
        interested = int(counts[0].sum()), int(counts[2].sum())
        if unknown is None and sum(interested) < LEAST_INTERESTED:
            unknown = TooFewInterested(*interested, LEAST_INTERESTED)
        own = rate_ratio(*counts, level=_half(LEVEL))
        if unknown is None and own is not None and comparison.selection is not None:
            ratio = _divided(own, comparison.selection)
            claimed = _claimed(counts, comparison, audiences)
    aware = NOTHING if ratio.value is None else _aware(ratio, shown.sum() / max(people, 1))
    tickets = audience.tickets
    whole = _over(tickets, aware)
    extra = NOTHING if tickets is None else _less(whole, tickets)
    unaware = None if aware.value is None else people * (1 - aware.value)
    money = unaware * price if unaware else None
    rate = float(signals.after[at_risk].mean()) if at_risk.any() else 0.0
    return AudienceHeadroom(
        audience.name,
        audience.rule,
        audience.obvious,
        people,
        int(shown.sum()),
        interested,
        ratio,
        aware,
        _over(None if tickets is None else tickets / max(people, 1), aware),
        tickets,
        whole,
        extra,
        extra.value / money if extra.value is not None and money else None,
        claimed,
        unknown,
        pilot_of(rate, int(at_risk.sum()), people - int(shown.sum())),
    )


def ranked(audiences: Sequence[AudienceHeadroom]) -> tuple[AudienceHeadroom, ...]:
    """Most extra tickets by money first, then those of which nothing can be told."""
    return tuple(
        sorted(audiences, key=lambda a: (a.by_money is None, -(a.by_money or 0.0), a.name))
    )


def pilot_of(rate: float, at_risk: int, not_shown: int) -> Pilot:
    """The pilot that tells a doubled rate of interest.

    Where nobody wanted the film, the rate is taken as three in those who might have: the upper 95 %
    limit of nothing seen.

    >>> pilot_of(0.01, 10_000, 10_000)
    Pilot(people=1250, rate=0.01, enough=True)
    """
    least = 3 / max(at_risk, 1)
    used = max(rate, least)
    people = ceil(PILOT_FACTOR * 2 / used - 1e-9)
    return Pilot(people, rate, 2 * people <= not_shown)


def _counts(
    signals: Signals, kind: ExposureKind, members: Flags, outcome: Flags
) -> tuple[Integers, Integers, Integers, Integers]:
    """By stratum: with the outcome and all, of those shown by the landmark, then of the others."""
    at_risk = members & ~signals.before
    _, stratum = np.unique(signals.stratum, return_inverse=True)
    size, shown = int(stratum.max(initial=0)) + 1, signals.shown_by[kind]
    # Shown in another way, somebody has heard of it too, and is on neither side.
    others = ~np.logical_or.reduce(list(signals.shown_by.values()))
    counts = [
        np.bincount(stratum[at_risk & side & of], minlength=size)
        for side in (shown, others)
        for of in (outcome, np.ones(len(outcome), bool))
    ]
    return counts[0], counts[1], counts[2], counts[3]


def _interested(signals: Signals, kind: ExposureKind) -> int:
    return int((signals.shown_by[kind] & signals.after & ~signals.before).sum())


def _half(level: float) -> float:
    return 1 - (1 - level) / 2


def _claimed(
    counts: tuple[Integers, Integers, Integers, Integers], comparison: Comparison, audiences: int
) -> bool:
    """Whether the ratio is above the control's, whatever the number of audiences.

    The control's upper end fails in 1.25 % of films, and any audience's lower end in 2.5 %
    (Bonferroni), so that there is a false claim in fewer than 5 %.
    """
    own = rate_ratio(*counts, level=1 - (1 - LEVEL) / max(1, audiences))
    control = comparison.selection
    return own is not None and control is not None and own.low > control.high


def _divided(own: RateRatio, control: RateRatio) -> Range:
    """A ratio over another, with ends that hold it wherever both intervals hold theirs."""
    high = own.high / control.low if control.low > 0 else inf
    return Range(own.ratio / control.ratio, own.low / control.high, high)


def _aware(ratio: Range, shown: float) -> Range:
    """The share that has heard: all who were shown it, and 1 / ratio of the others."""

    def share(of: float | None) -> float:
        others = 0.0 if of is None or not isfinite(of) else min(1.0, 1 / max(of, 1e-12))
        return float(shown + (1 - shown) * others)

    return Range(share(ratio.value), share(ratio.high), share(ratio.low))


def _over(amount: float | None, aware: Range) -> Range:
    """An amount by the share aware; without an end where nobody may be."""
    if amount is None or aware.value is None:
        return NOTHING
    value, low, high = (amount / a if a else None for a in (aware.value, aware.high, aware.low))
    return Range(value, low, high)


def _less(whole: Range, tickets: float) -> Range:
    ends = (None if x is None else x - tickets for x in (whole.value, whole.low, whole.high))
    return Range(*ends)


def _range(ratio: RateRatio) -> Range:
    finite = (x if isfinite(x) else None for x in (ratio.ratio, ratio.low, ratio.high))
    return Range(*finite)
