"""Daily grosses beside their own column of the gross to date: contradictions and missing days."""

from dataclasses import dataclass

import numpy as np

from fullhouse.core.arrays import Flags, Floats, Ints

FAR = 3.0
"""A gross this many times what its to-date column says, or a part as small, contradicts it."""
TENFOLD = 0.05
"""A first day, before which other days may lie, contradicts only by a power of ten, so nearly."""
AGREES = 0.2
MOST_MISSING = 3
"""So many days in a row are filled in from the gross to date before and after them."""


@dataclass(frozen=True)
class Days:
    """The days of one film in their order; `stated` is its gross to date, NaN where not known."""

    day: Ints
    gross: Floats
    stated: Floats
    theaters: Floats
    mended: Flags
    """Whose gross is what the column of the gross to date says."""


def mended(day: Ints, gross: Floats, stated: Floats, theaters: Floats) -> Days:
    """Days whose grosses agree with their gross to date, and the few missing ones filled in.

    A gross gives way to its column only where the column agrees with the days around it; a gross
    to date that falls is taken for a mistake of its own.
    """
    stated = _without_falls(stated)
    gross, changed = _agreeing(day, gross, stated)
    return _filled(day, gross, stated, theaters, changed)


def contradicted(day: Ints, gross: Floats, stated: Floats) -> tuple[Flags, Floats]:
    """Which grosses contradict their gross to date, and what that says of each day."""
    implied, changed = _agreeing(day, gross, _without_falls(stated))
    return changed, implied


def _without_falls(stated: Floats) -> Floats:
    """A gross to date without values that are above a later one."""
    later = np.fmin.accumulate(stated[::-1])[::-1]
    return np.where(stated > later * (1 + 1e-9), np.nan, stated)


def _agreeing(day: Ints, gross: Floats, stated: Floats) -> tuple[Floats, Flags]:
    n = len(day)
    changed, result = np.zeros(n, bool), gross.copy()
    if n < 2 or not np.isfinite(stated).any():
        return result, changed
    next_day = np.diff(day) == 1
    rise = np.full(n, np.nan)
    rise[1:] = np.where(next_day, np.diff(stated), np.nan)
    agrees = _near(gross, rise)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.abs(np.log(rise / gross))
    far = np.isfinite(ratio) & (ratio > np.log(FAR)) & (rise > 0)
    # The column is believed where the day after agrees with it, or, at the end, the day before.
    after = np.append(agrees[1:], agrees[-2])
    powers = np.array([_tenfold(r, g) for r, g in zip(rise, gross, strict=True)])
    changed[1:] = (far & after & (powers | _closer(rise, gross)))[1:]
    result[changed] = rise[changed]
    if next_day[0] and agrees[1] and _tenfold(stated[0], gross[0]):
        changed[0], result[0] = True, stated[0]
    return result, changed


def _closer(rise: Floats, gross: Floats) -> Flags:
    """Whether the column is nearer to the day after, or at the end to the day before."""
    beside = np.append(gross[1:], gross[-2])
    with np.errstate(divide="ignore", invalid="ignore"):
        closer: Flags = np.abs(np.log(rise / beside)) < np.abs(np.log(gross / beside))
    return closer


def _near(gross: Floats, rise: Floats) -> Flags:
    near: Flags = np.abs(rise - gross) <= AGREES * np.maximum(gross, 1.0)
    return near


def _tenfold(stated: float, gross: float) -> bool:
    if not (stated > 0 and gross > 0):
        return False
    power = np.log10(stated / gross)
    return bool(abs(power) > 0.5 and abs(power - round(power)) < TENFOLD)


def _filled(day: Ints, gross: Floats, stated: Floats, theaters: Floats, changed: Flags) -> Days:
    """With rows for short gaps between two days whose gross to date is known."""
    gap = np.diff(day) - 1
    between = stated[1:] - gross[1:] - stated[:-1]
    fill = np.flatnonzero((gap > 0) & (gap <= MOST_MISSING) & (between > 0))
    if not len(fill):
        return Days(day, gross, stated, theaters, changed)
    counts = gap[fill]
    where = np.repeat(fill + 1, counts)
    step = np.concatenate([np.arange(1, c + 1) for c in counts])
    share = np.repeat(between[fill] / counts, counts)
    return Days(
        np.insert(day, where, np.repeat(day[fill], counts) + step),
        np.insert(gross, where, share),
        np.insert(stated, where, np.repeat(stated[fill], counts) + step * share),
        np.insert(theaters, where, np.nan),
        np.insert(changed, where, True),
    )
