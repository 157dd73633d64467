"""Ranges that follow the world: each end moves with its own misses; a changed market widens both.

Each end of a range is drawn out or in by a factor that rises with each outcome beyond it and falls
with each inside, so that in the long run a tenth lies beyond each end of the 80 % range (Gibbs and
Candès 2021). It is capped, and goes back to 1 with a half-life. What the market as a whole takes is
known weeks before enough films have missed: beside its own season of past years it tells of a
closed or a reopening market.

Constants were chosen on films of 2007 to 2012 and on a made-up closed market of 2012.
"""

from dataclasses import dataclass
from math import exp, log

import numpy as np
from scipy.stats import binom

from fullhouse.core.arrays import Floats, Ints
from fullhouse.forecast.forecast import PROBABILITIES
from fullhouse.forecast.history_index import LATE_DAYS, HistoryIndex

LOW, MIDDLE, HIGH = (PROBABILITIES.index(p) for p in (0.1, 0.5, 0.9))
BEYOND = 0.1
"""The share of outcomes that should lie beyond each end of the 80 % range."""
STEP, GROUP_STEP = 0.03, 0.02
"""How far an outcome beyond an end moves the log of its factor: that of all, of its group."""
HALF_LIFE_DAYS, GROUP_HALF_LIFE_DAYS = 365.0, 1000.0
CLOSEST, WIDEST = 0.8, 2.0
"""The factors by which misses alone may draw an end in or out."""
LATELY_DAYS = 91
FEWEST_LATELY = 5
BY_CHANCE = 0.002
"""So rarely do so many of the latest films lie beyond one end of ranges that hold."""
SEASON_DAYS = 28
SEASON_YEARS = 5
FEWEST_YEARS = 2
YEAR = 364
USUAL_DISTANCE = 0.35
"""Logs by which four weeks of a market differ from its season in 99 of 100 weeks of 2005–2018."""
CHANGED = 0.5
"""Beyond this the market has changed: no week of 2005–2018 was so far from its season."""
MARKET_STEP, MARKET_STEP_IN_RUN = 0.5, 1.0
"""How far each log of a market beyond its usual distance draws out both ends.

Before the opening less, since the models themselves know how the market does.
"""
MARKET_WIDEST = 3.0
"""How far a changed market may draw out each end."""
TOO_LITTLE = 0.05
"""Below this share of its season a market is as good as closed: the data cannot tell."""


@dataclass(frozen=True)
class PastScores:
    """Past forecasts beside what came, in the order in which that was known.

    A score is how far the outcome lay from the middle, in units of the distance to the end of the
    80 % range on that side: beyond -1 or 1 it was a miss.
    """

    known_on: Ints
    scores: Floats
    group: Ints
    """Of which group of films, such as franchises, a range was."""

    def lately(self, on: int) -> Floats:
        """The scores of what became known in the last weeks before a day."""
        first, last = np.searchsorted(self.known_on, (on - LATELY_DAYS, on), side="right")
        recent: Floats = self.scores[int(first) : int(last)]
        return recent


@dataclass(frozen=True)
class Ends:
    """By what factor each side of a range is drawn out (above 1) or in."""

    lower: float = 1.0
    upper: float = 1.0

    def times(self, factor: float) -> "Ends":
        """Both ends drawn out once more."""
        return Ends(self.lower * factor, self.upper * factor)

    def applied(self, quantiles: Floats) -> Floats:
        """Quantiles of a log error with their two sides drawn out about the middle."""
        middle = quantiles[..., MIDDLE : MIDDLE + 1]
        distance = quantiles - middle
        drawn: Floats = middle + np.where(distance < 0, self.lower, self.upper) * distance
        return drawn


@dataclass(frozen=True)
class Lately:
    """Films whose outcome became known lately, and how many fell below and above their range."""

    films: int
    below: int
    above: int

    @property
    def changed(self) -> bool:
        """Whether so many on one side are more than chance, for ranges that hold."""
        most = max(self.below, self.above)
        return self.films >= FEWEST_LATELY and bool(
            binom.sf(most - 1, self.films, BEYOND) < BY_CHANCE
        )


def past_scores(known_on: Ints, quantiles: Floats, outcome: Floats, group: Ints) -> PastScores:
    """Scores of past forecasts; those without a range or an outcome are left out."""
    middle = quantiles[:, MIDDLE]
    distance = outcome - middle
    side = np.where(distance < 0, middle - quantiles[:, LOW], quantiles[:, HIGH] - middle)
    score = distance / np.maximum(side, 1e-6)
    usable = np.flatnonzero(np.isfinite(score))
    order = usable[np.argsort(known_on[usable], kind="stable")]
    return PastScores(known_on[order], score[order], group[order])


def joined(one: PastScores, other: PastScores) -> PastScores:
    """The scores of both, in the order in which they were known."""
    known_on = np.concatenate([one.known_on, other.known_on])
    order = np.argsort(known_on, kind="stable")
    scores = np.concatenate([one.scores, other.scores])
    group = np.concatenate([one.group, other.group])
    return PastScores(known_on[order], scores[order], group[order])


def ends(past: PastScores, on: Ints, group: Ints) -> list[Ends]:
    """The factors of each forecast's day and group, from every outcome that was known on it."""
    walk = _Walk()
    states: list[Ends] = [Ends()] * len(on)
    known = list(
        zip(past.known_on.tolist(), past.scores.tolist(), past.group.tolist(), strict=True)
    )
    at = 0
    for i in np.argsort(on, kind="stable").tolist():
        day = int(on[i])
        while at < len(known) and known[at][0] <= day:
            walk.learn(*known[at])
            at += 1
        states[i] = Ends(*walk.factors(day, int(group[i])))
    return states


ALL = -1
"""Stands for the films of all groups together."""


class _Walk:
    """The factors as they stand after each outcome, of all films and of each group."""

    def __init__(self) -> None:
        self._logs: dict[int, tuple[int, float, float]] = {}

    def _now(self, day: int, group: int) -> tuple[float, float]:
        """The logs of a group's own factors, as far as they have not faded by a day."""
        if group not in self._logs:
            return 0.0, 0.0
        then, lower, upper = self._logs[group]
        half_life = HALF_LIFE_DAYS if group == ALL else GROUP_HALF_LIFE_DAYS
        fading = 0.5 ** ((day - then) / half_life)
        return lower * fading, upper * fading

    def factors(self, day: int, group: int) -> tuple[float, float]:
        """How far each side is drawn out on a day."""
        every, own = self._now(day, ALL), self._now(day, group)
        return exp(_within(every[0] + own[0])), exp(_within(every[1] + own[1]))

    def learn(self, day: int, score: float, group: int) -> None:
        """Move both ends by one outcome."""
        lower, upper = self.factors(day, group)
        beyond = (float(score < -lower), float(score > upper))
        for one, step in ((ALL, STEP), (group, GROUP_STEP)):
            moved = [
                _within(log_factor + step * (missed - BEYOND) / (1 - BEYOND))
                for log_factor, missed in zip(self._now(day, one), beyond, strict=True)
            ]
            self._logs[one] = (day, moved[0], moved[1])


def _within(log_factor: float) -> float:
    return min(max(log_factor, log(CLOSEST)), log(WIDEST))


def lately(past: PastScores, on: int) -> Lately:
    """How the films did whose outcome became known in the last weeks."""
    scores = past.lately(on)
    return Lately(len(scores), int((scores < -1).sum()), int((scores > 1).sum()))


def market_share(index: HistoryIndex, on: int) -> float | None:
    """What a market took in four weeks, as a share of the same weeks of past years.

    In constant prices, against the middle one of five years, so that no single strange year passes
    for usual. None where its record is too short or ends long before the day.
    """
    end = index.market_end(on)
    if end < on - LATE_DAYS:
        return None
    past = [
        taken / exp(index.log_price(day, day))
        for k in range(1, SEASON_YEARS + 1)
        if np.isfinite(taken := index.market(day := end - YEAR * k, SEASON_DAYS))
    ]
    if len(past) < FEWEST_YEARS:
        return None
    recent = index.market(end, SEASON_DAYS)
    recent = recent / exp(index.log_price(end, end)) if np.isfinite(recent) else 0.0
    return float(recent / np.median(past))


def market_factor(share: float | None, *, opened: bool) -> float:
    """By what factor both ends are drawn out where a market takes a share of its season."""
    if share is None:
        return 1.0
    distance = abs(log(max(share, 1e-3))) - USUAL_DISTANCE
    step = MARKET_STEP_IN_RUN if opened else MARKET_STEP
    return min(1 + step * max(distance, 0.0), MARKET_WIDEST)
