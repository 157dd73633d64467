"""What a plan maximises, its slope and its curvature by spend, fast.

Extra tickets of a draw are Σ over cells of gain × (1 − exp(−dose)), the dose a sum over channels
of strength × worn(impressions): concave in the spends, since both steps are. Slots that differ in
their week only show the same cells impressions in the same proportions, so they are summed before
any draw is looked at; draws × cells are in single precision, whose error is a thousandth of the
search's gap.
"""

from copy import copy
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from fullhouse.core.arrays import Floats, Singles
from fullhouse.planning.problem import Problem
from fullhouse.planning.response import WEAR, fresh, worn

Attitude: TypeAlias = Literal["neutral", "cautious"]
CAUTIOUS_SHARE = 0.2
"""A cautious plan makes the mean of the worst fifth of draws as large as it can be (expected
shortfall; Rockafellar & Uryasev 2000): concave like the mean."""


class Aim:
    """A problem and an attitude, made ready to be asked often."""

    def __init__(self, problem: Problem, attitude: Attitude) -> None:
        slots, size = problem.slots, len(problem.cells)
        alike = np.c_[slots.channel, slots.audience, slots.city]
        _, first, self.group = np.unique(alike, axis=0, return_index=True, return_inverse=True)
        scale = slots.rates(np.ones(len(slots))) * problem.fade
        self.factor = scale / scale[first][self.group]
        gains = problem.gains()
        used = problem.slots.reaches.any(axis=0) & gains.any(axis=0)
        exposure = problem.exposure().tocsc()
        self.channels: list[int] = []
        self.of: list[npt.NDArray[np.intp]] = []
        self.given: list[Floats] = []
        for channel in np.unique(slots.channel):
            mine = np.flatnonzero(slots.channel[first] == channel)
            rows = exposure[channel * size : (channel + 1) * size, first[mine]]
            self.channels.append(int(channel))
            self.of.append(mine)
            self.given.append(np.ascontiguousarray(rows.toarray()[used]))
        self.strength = problem.response.strength[:, self.channels].astype(np.float32)
        self.gains = gains[:, used].astype(np.float32)
        self.attitude: Attitude = attitude

    def neutral(self) -> "Aim":
        """The same problem, all draws counting alike: smooth, where the worst of them is not."""
        found = copy(self)
        found.attitude = "neutral"
        return found

    def doses(self, spend: Floats) -> Floats:
        """Impressions a person, faded, of each cell reached at all, by channel: linear in spend."""
        sums = np.bincount(self.group, self.factor * spend)
        return np.array([g @ sums[of] for g, of in zip(self.given, self.of, strict=True)])

    def at(self, doses: Floats) -> tuple[Floats, Singles]:
        """Extra tickets of each draw, and what is still to be won of each cell."""
        left = self.gains * np.exp(-(self.strength @ worn(doses).astype(np.float32)))
        return (self.gains.sum(axis=1) - left.sum(axis=1)).astype(np.float64), left

    def weights(self, tickets: Floats) -> Floats:
        """How much each draw counts."""
        if self.attitude == "neutral":
            return np.full(len(tickets), 1 / len(tickets))
        count = max(1, round(CAUTIOUS_SHARE * len(tickets)))
        worst = np.argsort(tickets, kind="stable")[:count]
        found = np.zeros(len(tickets))
        found[worst] = 1 / count
        return found

    def value(self, doses: Floats) -> float:
        """What is maximised."""
        tickets, _ = self.at(doses)
        return float(self.weights(tickets) @ tickets)

    def slope(self, doses: Floats) -> tuple[float, Floats]:
        """What is maximised, and its slope by spend."""
        tickets, left = self.at(doses)
        weight = self.weights(tickets)
        each = (self.strength * weight[:, None].astype(np.float32)).T @ left
        return float(weight @ tickets), self._by_slot(each.astype(np.float64) * fresh(doses))

    def curvature(self, doses: Floats) -> tuple[float, Floats, Floats]:
        """Value, slope, and the negative of the second derivatives (slots, slots)."""
        tickets, left = self.at(doses)
        weight = self.weights(tickets).astype(np.float32)
        weighted = self.strength * weight[:, None]
        new = fresh(doses)
        each = (weighted.T @ left).astype(np.float64) * new
        pairs = [(i, j) for i in range(len(self.of)) for j in range(i, len(self.of))]
        both = np.stack([weighted[:, i] * self.strength[:, j] for i, j in pairs])
        bent = (both @ left).astype(np.float64)
        size = int(self.group.max()) + 1
        whole = np.zeros((size, size))
        for (i, j), row in zip(pairs, bent, strict=True):
            steep = row * new[i] * new[j] + (each[i] / WEAR if i == j else 0.0)
            block = self.given[i].T @ (steep[:, None] * self.given[j])
            whole[np.ix_(self.of[i], self.of[j])] = block
            whole[np.ix_(self.of[j], self.of[i])] = block.T
        spread = whole[np.ix_(self.group, self.group)]
        return (
            float(weight @ tickets),
            self._by_slot(each),
            spread * np.outer(self.factor, self.factor),
        )

    def _by_slot(self, each: Floats) -> Floats:
        sums = np.zeros(int(self.group.max()) + 1)
        for row, of, given in zip(each, self.of, self.given, strict=True):
            sums[of] = row @ given
        found: Floats = sums[self.group] * self.factor
        return found
