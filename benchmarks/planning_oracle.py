"""The best spend of somebody who knows what an impression truly does in the simulated market."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.optimize import nnls
from scipy.sparse import csr_array, diags_array

from benchmarks.planning_market import Play, gained
from fullhouse.planning import (
    Cells,
    Problem,
    Response,
    Rows,
    Slots,
    cap_rows,
    optimise,
    read_channels,
)
from fullhouse.simulation.campaign import CHANNELS

Floats = npt.NDArray[np.float64]
DOSES = np.array([0.05, 0.15, 0.3, 0.6, 1.0, 1.6, 2.5, 4.0])
SATURATIONS = np.array([0.25, 0.5, 1.0, 2.0, 4.0])
"""What each cell truly gains is written as a sum of curves 1 − exp(−s × dose) of these s."""


@dataclass(frozen=True)
class Truth(Problem):
    """A problem whose cells gain what they truly gain.

    `curves` (saturations, cells) are tickets; `shown` (channels twice, cells) is the dose of an
    impression booked. Of impressions booked together for one person the simulator shows the first
    for certain, once they are reached, and half of each further one: so each slot stands twice,
    for the first impression and for those beyond.
    """

    curves: Floats
    shown: Floats

    def exposure(self) -> csr_array:
        """Dose of each cell by channel, of one unit of money in each slot."""
        return csr_array(diags_array(self.shown.ravel()) @ super().exposure())

    def gains(self) -> Floats:
        """Tickets of each curve; an aim takes the mean over them, so times their number."""
        found: Floats = self.curves * len(self.curves)
        return found


def best_spend(
    film: Play, parts: Cells, slots: Slots, left: Floats, budget: float, *, together: bool = False
) -> Floats:
    """The spend by slot that truly wins most, as near as curves of cells can tell."""
    code = np.zeros(film.size, np.int64)
    for i, flags in enumerate((*film.audiences, *film.on)):
        code |= flags.astype(np.int64) << i
    code |= film.city << (len(film.audiences) + len(film.on))
    kinds, of = np.unique(code, return_inverse=True)
    assert len(kinds) == len(parts)
    curves = _curves(film, of, len(parts), np.asarray(slots.reaches.any(axis=0)))
    shown = _shown(film, of, len(parts))
    count = len(CHANNELS)
    twice = _twice(slots, count)
    strength = np.repeat(SATURATIONS[:, None], 2 * count, axis=1)
    names = [c.name for c in read_channels()]
    told = Response((), (*names, *names), np.ones((len(SATURATIONS), 0)), strength)
    truth = Truth(
        parts,
        twice,
        told,
        (),
        np.tile(left, 2),
        curves,
        np.vstack([shown, shown / 2 if together else shown]),
    )
    caps = cap_rows(slots)
    one = np.hstack([np.diag(1 / np.maximum(slots.most, 1e-9))] * 2)[slots.most > 0]
    rows = Rows(
        np.vstack([np.hstack([caps.coefficients] * 2), one]),
        np.r_[caps.limits, np.ones(len(one))],
        ("",) * (len(caps.limits) + len(one)),
    )
    spend = optimise(truth, budget, rows=rows).spend
    found: Floats = spend[: len(slots)] + spend[len(slots) :]
    return found


def _twice(slots: Slots, channels: int) -> Slots:
    one = np.minimum(slots.most, slots.addressed * slots.unit_price)
    both = {k: np.concatenate([v, v]) for k, v in vars(slots).items()}
    both["channel"] = np.r_[slots.channel, slots.channel + channels]
    both["most"] = np.r_[one, slots.most - one]
    return replace(slots, **both)


def _curves(
    film: Play, of: npt.NDArray[np.int64], size: int, used: npt.NDArray[np.bool_]
) -> Floats:
    """Tickets of each cell at each dose, written as curves of all saturations."""
    at = np.zeros((len(DOSES), size))
    first = 0
    for c in film.crowd:
        mine = of[first : first + len(c)]
        who = np.flatnonzero(used[mine])
        draw = film.draw[first : first + len(c)]
        for row, dose in enumerate(DOSES):
            more = gained(film, c, draw, who, np.full(len(c), dose))
            at[row] += np.bincount(mine[who], more, minlength=size)
        first += len(c)
    basis = -np.expm1(-DOSES[:, None] * SATURATIONS)
    return np.array([nnls(basis, column)[0] for column in at.T]).T


def _shown(film: Play, of: npt.NDArray[np.int64], size: int) -> Floats:
    """Mean dose of an impression booked, by channel and cell, over those who would go."""
    log = np.clip(np.log(np.maximum(film.draw, 1e-3)), -2, 2)
    weight = np.maximum(np.bincount(of, film.base, size), 1e-12)
    rows = []
    for channel in read_channels():
        told = CHANNELS[channel.name]
        chance = -np.expm1(-told.reach * np.exp(told.bias * log))
        rows.append(told.strength * np.bincount(of, film.base * chance, size) / weight)
    return np.array(rows)
