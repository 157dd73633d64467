"""The shape of a run by day: how a total is spread over weekdays, holidays and weeks.

log gross = level + effect of the day (weekday by season, holidays) + decay by week + a slope of
the film's own. The slope is what makes the days add up to the total that is drawn for them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from fullhouse.core.arrays import Flags, Floats, Ints
from fullhouse.forecast.calendar import day_effects, first_sunday
from fullhouse.forecast.history import DailyRun
from fullhouse.forecast.history_index import HistoryIndex
from fullhouse.forecast.rows import SETTLED_DAYS

FIRST = 7
"""Days whose shape is learned by weekday of the opening."""
WEEKS = 18
MOST_FILMS = 500
DRAWS = 300
MOST_FIRST = 0.98
LEAST_LEFT = 0.02
"""Shares that keep a draw in bounds: of what is to come in the first week, of a weekend's rest."""
SLOPES = (-2.5, 1.2)
"""A film's own slope a week, in logs, lies between these."""


@dataclass(frozen=True)
class Shape:
    """What films of a plan have in common in the shape of their run."""

    effects: Floats
    """Log effect of each indicator of `day_effects`."""
    first: Floats
    """By weekday of the opening and day (7, 7): log gross over the opening weekend's."""
    decay: Floats
    """By week: the usual change of the log level to the next."""
    noise_day: float
    noise_week: float
    noise_first: float
    """Of the days between the first weekend and the second, together."""

    def effect(self, territory: str, days: Ints) -> Floats:
        """The log effect of each day (`date.toordinal()`)."""
        effect: Floats = day_effects(territory, days) @ self.effects
        return effect


def learn_shape(index: HistoryIndex, films: Sequence[str]) -> Shape:
    """Learn the shape from the newest films, from the days that are known of them."""
    chosen = [f for f in films if len(index.history.run(f).gross) >= 28][-MOST_FILMS:]
    chosen = [f for f in chosen if index.history.run(f).on(0) > 0]
    effects = _effects(index, chosen)
    decay, noise_day, noise_week = _decay(index, chosen, effects)
    first, noise_first = _first(index, chosen)
    return Shape(effects, first, decay, noise_day, noise_week, noise_first)


def _effects(index: HistoryIndex, films: Sequence[str]) -> Floats:
    """Ridge regression of log gross, less the film's mean over the seven days around."""
    xs, ys = [], []
    for film in films:
        run = index.history.run(film)
        offsets, gross = _whole(run)
        if len(gross) < 14:
            continue
        logs = np.log(gross)
        around = np.convolve(logs, np.ones(7) / 7, mode="valid")
        relative = logs[3:-3] - around
        days = index.openings[film] + offsets[3:-3]
        keep = offsets[3:-3] >= FIRST
        x = day_effects(index.history.territory, days)
        around_x = day_effects(index.history.territory, index.openings[film] + offsets)
        smooth = np.lib.stride_tricks.sliding_window_view(around_x, 7, axis=0).mean(axis=2)
        xs.append((x - smooth)[keep])
        ys.append(relative[keep])
    if not xs:
        return np.zeros(day_effects(index.history.territory, np.array([730000])).shape[1])
    x, y = np.concatenate(xs), np.concatenate(ys)
    return np.linalg.solve(x.T @ x + 5.0 * np.eye(x.shape[1]), x.T @ y)


def _whole(run: DailyRun) -> tuple[Ints, Floats]:
    """The days from the opening on, up to the first gap, or the last of any size."""
    keep = (run.offsets >= 0) & (run.offsets < SETTLED_DAYS) & (run.gross > 0)
    offsets, gross = run.offsets[keep], run.gross[keep]
    gap = np.flatnonzero(offsets != np.arange(len(offsets)))
    end = int(gap[0]) if len(gap) else len(offsets)
    return offsets[:end], gross[:end]


def _first(index: HistoryIndex, films: Sequence[str]) -> tuple[Floats, float]:
    by_weekday: dict[int, list[Floats]] = {}
    for film in films:
        opening = index.openings[film]
        run, sunday = index.history.run(film), first_sunday(opening)
        weekend = run.between(max(0, sunday - 2), sunday)
        days = np.array([run.on(k) for k in range(FIRST)])
        if weekend > 0 and (days > 0).all():
            by_weekday.setdefault(sunday, []).append(np.log(days / weekend))
    usual = (
        np.mean(np.concatenate(list(by_weekday.values())), axis=0)
        if by_weekday
        else np.zeros(FIRST)
    )
    shape = np.tile(usual, (7, 1))
    for sunday, logs in by_weekday.items():
        shape[sunday] = (np.sum(logs, axis=0) + 3 * usual) / (len(logs) + 3)
    after = [
        np.log(np.exp(log[sunday + 1 :]).sum()) - np.log(np.exp(shape[sunday][sunday + 1 :]).sum())
        for sunday, logs in by_weekday.items()
        if sunday < FIRST - 1
        for log in logs
    ]
    return shape, float(np.std(after)) if len(after) > 1 else 0.2


def _decay(
    index: HistoryIndex, films: Sequence[str], effects: Floats
) -> tuple[Floats, float, float]:
    changes: list[Floats] = []
    noise: list[float] = []
    for film in films:
        offsets, gross = _whole(index.history.run(film))
        weeks = min(len(gross) // 7, WEEKS + 1)
        if weeks < 3:
            continue
        days = index.openings[film] + offsets[: weeks * 7]
        flat = np.log(gross[: weeks * 7])
        flat = flat - day_effects(index.history.territory, days) @ effects
        by_week = flat.reshape(weeks, 7)
        level = by_week.mean(axis=1)
        # A run falls within a week too, which is no noise.
        falls = np.gradient(level)[:, None] * (np.arange(7) - 3) / 7
        noise.append(float(np.std((by_week - level[:, None] - falls)[1:])))
        row = np.full(WEEKS, np.nan)
        row[: weeks - 1] = np.diff(level)
        changes.append(row)
    if not changes:
        return np.full(WEEKS, -0.5), 0.15, 0.15
    table = np.array(changes)
    counted = np.isfinite(table).sum(axis=0)
    usual = float(np.nanmedian(table))
    mean = np.array(
        [np.nanmedian(c) if n > 20 else usual for c, n in zip(table.T, counted, strict=True)]
    )
    own = table - mean
    within = own - np.nanmean(own, axis=1, keepdims=True)
    return mean, float(np.median(noise)), float(min(0.5, np.nanstd(within[:, :6])))


@dataclass(frozen=True)
class Draws:
    """Drawn runs: gross of each day from `first` (an offset from the opening) on, (draws, days)."""

    first: int
    gross: Floats


def draw(
    shape: Shape,
    territory: str,
    opening: int,
    known: Floats,
    weekends: Floats,
    totals: Floats,
    seed: int,
) -> Draws:
    """Runs whose days add up to drawn totals.

    `known` are the grosses of the first days in cinemas (empty before the opening), `weekends`
    drawn opening weekends (used where that is not known), `totals` what the days from the
    opening on take in all. Days of a draw are noisy around the shape; they add up all the same.
    """
    rng = np.random.default_rng(seed)
    n, days = len(totals), len(known)
    sunday = first_sunday(opening)
    offsets = np.arange(SETTLED_DAYS)
    effect = shape.effect(territory, opening + offsets)
    first = _first_days(shape.first[sunday], known, weekends, sunday)
    start = max(days, FIRST)
    base = known[start - FIRST : start] if days >= FIRST else None
    week = np.tile(base, (n, 1)) if base is not None else first
    level = np.log(np.maximum(week, 1.0)).mean(axis=1) - effect[start - FIRST : start].mean()
    future = offsets[start:] - start
    weeks = (future + 4) / 7.0
    noise = _noise(rng, shape, n, len(future))
    ahead = level[:, None] + (effect[start:] + _decay_ahead(shape, future, start))[None, :] + noise
    room = np.maximum(totals - known.sum(), totals * 1e-3)
    pending = _pending(rng, shape, first[:, days:], offsets[days:FIRST] > sunday, room)
    left = room - pending.sum(axis=1)
    slope = _slope(ahead, weeks, left)
    rest = np.exp(ahead + slope[:, None] * weeks[None, :])
    rest *= (left / rest.sum(axis=1))[:, None]
    return Draws(days, np.concatenate([pending, rest], axis=1))


def _decay_ahead(shape: Shape, future: Ints, start: int) -> Floats:
    """The log decay of each day after the first `start` days, against the week before them."""
    past_weeks = np.minimum(np.floor(future / 7) + start / 7 - 1, WEEKS - 1)
    steps = shape.decay[past_weeks.astype(int)]
    decay: Floats = np.cumsum(steps) / 7.0 + steps * 3 / 7.0
    return decay


def _pending(
    rng: np.random.Generator, shape: Shape, first: Floats, midweek: Flags, room: Floats
) -> Floats:
    """What is to come of the first week, with noise; no days where it is over."""
    pending = first.copy()
    if pending.shape[1]:
        together = rng.standard_normal((len(room), 1))
        pending *= np.exp(shape.noise_first * together * midweek[None, :])
        pending *= np.exp(shape.noise_day * rng.standard_normal(pending.shape))
        # What is to come of the first week cannot be more than what is to come at all.
        pending *= np.minimum(1.0, MOST_FIRST * room / pending.sum(axis=1))[:, None]
    return pending


def _first_days(shape: Floats, known: Floats, weekends: Floats, sunday: int) -> Floats:
    """The first seven days of each draw: those known, the others in step with them."""
    days = len(known)
    if days >= FIRST:
        return np.tile(known[:FIRST], (len(weekends), 1))
    first: Floats = np.exp(shape)[None, :] * weekends[:, None]
    if 0 < days <= sunday:
        # The rest of the weekend is what its draw has left.
        friday = max(0, sunday - 2)
        to_come = slice(max(days, friday), sunday + 1)
        left = np.maximum(weekends - known[friday:].sum(), LEAST_LEFT * weekends)
        first[:, to_come] *= (left / first[:, to_come].sum(axis=1))[:, None]
    elif days:
        first *= (known.sum() / first[:, :days].sum(axis=1))[:, None]
    first[:, :days] = known
    return first


def _noise(rng: np.random.Generator, shape: Shape, n: int, days: int) -> Floats:
    weekly = np.cumsum(rng.standard_normal((n, days // 7 + 1)) * shape.noise_week, axis=1)
    daily = rng.standard_normal((n, days)) * shape.noise_day
    noise: Floats = np.repeat(weekly, 7, axis=1)[:, :days] + daily
    return noise


def _slope(ahead: Floats, weeks: Floats, left: Floats) -> Floats:
    """The slope of each draw with which its days add up, by bisection (it only grows in it)."""
    low, high = np.full(len(left), SLOPES[0]), np.full(len(left), SLOPES[1])
    for _ in range(40):
        middle = (low + high) / 2
        sums = np.exp(ahead + middle[:, None] * weeks[None, :]).sum(axis=1)
        low, high = np.where(sums < left, middle, low), np.where(sums < left, high, middle)
    slope: Floats = (low + high) / 2
    return slope


def paired(
    rng_seed: int, weekend: Floats, total: Floats, probabilities: Floats, correlation: float
) -> tuple[Floats, Floats]:
    """Draws of two amounts with given quantiles, by a normal copula; in the total's order."""
    rng = np.random.default_rng(rng_seed)
    u = (np.arange(DRAWS) + 0.5) / DRAWS
    z = ndtri(u)
    other = correlation * z + np.sqrt(1 - correlation**2) * rng.standard_normal(DRAWS)
    return amount_at(weekend, probabilities, ndtr(other)), amount_at(total, probabilities, u)


def amount_at(quantiles: Floats, probabilities: Floats, at: Floats) -> Floats:
    """Amounts at any probabilities: log amount linear in the normal score, tails going on."""
    x, z = np.log(np.maximum(quantiles, 1e-9)), ndtri(probabilities)
    score = ndtri(np.clip(at, 1e-4, 1 - 1e-4))
    logs = np.interp(score, z, x)
    below, above = score < z[0], score > z[-1]
    logs[below] = x[0] + (score[below] - z[0]) * (x[1] - x[0]) / (z[1] - z[0])
    logs[above] = x[-1] + (score[above] - z[-1]) * (x[-1] - x[-2]) / (z[-1] - z[-2])
    amounts: Floats = np.exp(logs)
    return amounts
