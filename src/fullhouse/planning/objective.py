"""The extra tickets of a spend, and what a plan maximises: value, slope and curvature, fast.

Extra tickets of a draw are Σ over cells of gain × (1 − exp(−dose)), the dose a sum over channels
of strength × effective(impressions): concave in the spends, since both steps are. Slots that
differ in their week only show the same cells impressions in the same proportions, so `Objective`
sums them before it looks at any draw; its draws × cells are in single precision, whose error is a
thousandth of the search's gap.
"""

from copy import copy

import numpy as np
import numpy.typing as npt

from fullhouse.core.arrays import Floats
from fullhouse.planning.problem import Attitude, PlanProblem
from fullhouse.planning.response import WEAR_OUT, effective, effective_slope

Singles = npt.NDArray[np.float32]
CAUTIOUS_SHARE = 0.2
"""A cautious plan makes the mean of the worst fifth of draws as large as it can be (expected
shortfall; Rockafellar & Uryasev 2000): concave like the mean."""


def impressions_by_cell(problem: PlanProblem, spend: Floats) -> Floats:
    """Impressions a person of each cell, with adstock, by channel: (channels, cells)."""
    flat = problem.exposure() @ spend
    by_channel: Floats = flat.reshape(-1, len(problem.cells))
    return by_channel


def tickets_by_cell(problem: PlanProblem, spend: Floats) -> Floats:
    """Extra tickets of each cell, in each draw: (draws, cells)."""
    dose = problem.response.strength @ effective(impressions_by_cell(problem, spend))
    tickets: Floats = problem.gains() * -np.expm1(-dose)
    return tickets


def extra_tickets(problem: PlanProblem, spend: Floats) -> Floats:
    """Extra tickets of a spend, in each draw."""
    tickets: Floats = tickets_by_cell(problem, spend).sum(axis=1)
    return tickets


def tickets_by_slot(problem: PlanProblem, spend: Floats) -> Floats:
    """Extra tickets of each slot, in each draw: each cell's in proportion to the slots' doses.

    They add up to the whole: what two lines sell together is counted once.
    """
    response, slots = problem.response, problem.slots
    impressions = impressions_by_cell(problem, spend)
    firsts = effective(impressions)
    dose = response.strength @ firsts
    tickets = problem.gains() * -np.expm1(-dose)
    per_dose = np.divide(tickets, dose, out=np.zeros_like(tickets), where=dose > 0)
    per_shown = np.divide(firsts, impressions, out=np.ones_like(impressions), where=impressions > 0)
    rates = slots.rates(spend) * problem.adstock
    reached = np.where(slots.reaches, per_shown[slots.channel], 0.0)
    shares: Floats = response.strength[:, slots.channel] * rates * (per_dose @ reached.T)
    return shares


class Objective:
    """A problem and an attitude, prepared to be evaluated often."""

    def __init__(self, problem: PlanProblem, attitude: Attitude) -> None:
        slots, size = problem.slots, len(problem.cells)
        alike = np.c_[slots.channel, slots.audience, slots.city]
        _, first, self.group = np.unique(alike, axis=0, return_index=True, return_inverse=True)
        scale = slots.rates(np.ones(len(slots))) * problem.adstock
        self.factor = scale / scale[first][self.group]
        gains = problem.gains()
        used = problem.slots.reaches.any(axis=0) & gains.any(axis=0)
        exposure = problem.exposure().tocsc()
        self.channels: list[int] = []
        self.groups: list[npt.NDArray[np.intp]] = []
        self.exposures: list[Floats] = []
        for channel in np.unique(slots.channel):
            groups = np.flatnonzero(slots.channel[first] == channel)
            rows = exposure[channel * size : (channel + 1) * size, first[groups]]
            self.channels.append(int(channel))
            self.groups.append(groups)
            self.exposures.append(np.ascontiguousarray(rows.toarray()[used]))
        self.strength = problem.response.strength[:, self.channels].astype(np.float32)
        self.gains = gains[:, used].astype(np.float32)
        self.attitude: Attitude = attitude

    def neutral(self) -> "Objective":
        """The same problem, all draws counting alike: smooth, where the worst of them is not."""
        smooth = copy(self)
        smooth.attitude = "neutral"
        return smooth

    def doses(self, spend: Floats) -> Floats:
        """Impressions a person, with adstock, of each cell reached, by channel: linear in spend."""
        sums = np.bincount(self.group, self.factor * spend)
        rows = zip(self.exposures, self.groups, strict=True)
        return np.array([exposure @ sums[groups] for exposure, groups in rows])

    def at(self, doses: Floats) -> tuple[Floats, Singles]:
        """Extra tickets of each draw, and what is still to be gained of each cell."""
        left = self.gains * np.exp(-(self.strength @ effective(doses).astype(np.float32)))
        return (self.gains.sum(axis=1) - left.sum(axis=1)).astype(np.float64), left

    def weights(self, tickets: Floats) -> Floats:
        """How much each draw counts."""
        if self.attitude == "neutral":
            return np.full(len(tickets), 1 / len(tickets))
        count = max(1, round(CAUTIOUS_SHARE * len(tickets)))
        worst = np.argsort(tickets, kind="stable")[:count]
        weights = np.zeros(len(tickets))
        weights[worst] = 1 / count
        return weights

    def value(self, doses: Floats) -> float:
        """What is maximised."""
        tickets, _ = self.at(doses)
        return float(self.weights(tickets) @ tickets)

    def slope(self, doses: Floats) -> tuple[float, Floats]:
        """What is maximised, and its slope by spend."""
        tickets, left = self.at(doses)
        weight = self.weights(tickets)
        each = (self.strength * weight[:, None].astype(np.float32)).T @ left
        return float(weight @ tickets), self._by_slot(
            each.astype(np.float64) * effective_slope(doses)
        )

    def curvature(self, doses: Floats) -> tuple[float, Floats, Floats]:
        """Value, slope, and the negative of the second derivatives (slots, slots)."""
        tickets, left = self.at(doses)
        weight = self.weights(tickets).astype(np.float32)
        weighted = self.strength * weight[:, None]
        next_one = effective_slope(doses)
        each = (weighted.T @ left).astype(np.float64) * next_one
        count = len(self.groups)
        pairs = [(i, j) for i in range(count) for j in range(i, count)]
        both = np.stack([weighted[:, i] * self.strength[:, j] for i, j in pairs])
        second = (both @ left).astype(np.float64)
        size = int(self.group.max()) + 1
        hessian = np.zeros((size, size))
        for (i, j), row in zip(pairs, second, strict=True):
            by_cell = row * next_one[i] * next_one[j] + (each[i] / WEAR_OUT if i == j else 0.0)
            block = self.exposures[i].T @ (by_cell[:, None] * self.exposures[j])
            hessian[np.ix_(self.groups[i], self.groups[j])] = block
            hessian[np.ix_(self.groups[j], self.groups[i])] = block.T
        spread = hessian[np.ix_(self.group, self.group)]
        return (
            float(weight @ tickets),
            self._by_slot(each),
            spread * np.outer(self.factor, self.factor),
        )

    def _by_slot(self, each: Floats) -> Floats:
        sums = np.zeros(int(self.group.max()) + 1)
        for row, groups, exposure in zip(each, self.groups, self.exposures, strict=True):
            sums[groups] = row @ exposure
        by_slot: Floats = sums[self.group] * self.factor
        return by_slot
