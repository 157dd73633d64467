"""The best spend of somebody who knows what an impression truly does in the simulated market."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog
from scipy.sparse import csr_array
from scipy.special import ndtr
from threadpoolctl import threadpool_limits

from benchmarks.planning_market import Play, run_by_parts
from fullhouse.core.arrays import Floats, Ints
from fullhouse.planning import AudienceCells, MediaSlots, PlanRows, read_channels
from fullhouse.planning.optimise import interior_point
from fullhouse_sim.campaign import CHANNELS
from fullhouse_sim.draws import uniforms
from fullhouse_sim.outcomes import (
    FATIGUE,
    FATIGUE_FROM,
    MEMORY_DAYS,
    PERSUASION,
    PUT_OFF,
    PUT_OFF_BY,
    SPILL_OVER,
)
from fullhouse_sim.parties import MEAN_PARTY

GAP = 0.01
DAYS = (0, 1, 2, 3, 5, 7, 10, 14, 21, 28, 42)
"""Parts of the run, each taken as one day: the search needs no finer ones."""


@dataclass(frozen=True)
class Crowd:
    """Whom a campaign can move: people with somebody addressed in their household.

    `hit` (channels, people) is the chance that an impression booked is shown, `dose` what a booked
    one does, in the mean of exp(−dose); `interest` and `aware` (people, parts of the run).
    """

    cell: Ints
    home: Ints
    hit: Floats
    dose: Floats
    interest: Floats
    aware: Floats
    fade: Floats
    sour: npt.NDArray[np.bool_]
    heard: npt.NDArray[np.bool_]

    @cached_property
    def room(self) -> Floats:
        """How many times the interest could grow where nobody had heard of the film."""
        odds: Floats = (1 - self.aware) / self.aware
        return odds

    @cached_property
    def pull(self) -> Floats:
        """Interest over the whole run, without a campaign."""
        total: Floats = self.heard * self.interest.sum(axis=1)
        return total


class TrueAim:
    """Expected tickets that a spend truly wins, with slope and curvature, as `interior_point` asks.

    Every person is followed: chance to be shown each impression, dose of the household, tiring.
    What is simplified: shown impressions enter by the mean of exp(−dose), the mean of those too
    many, and the run by parts. What a spend finally counts for is told by `won`, which does not.
    """

    def __init__(self, film: Play, parts: AudienceCells, slots: MediaSlots, left: Floats) -> None:
        self.crowd = crowd_of(film, parts, slots)
        rate = slots.rates(np.ones(len(slots)))
        self.channels = [np.flatnonzero(slots.channel == c) for c in range(len(CHANNELS))]
        self.shown = [
            np.ascontiguousarray((slots.reaches[of] * rate[of, None]).T) for of in self.channels
        ]
        self.dosed = [s * left[of] for s, of in zip(self.shown, self.channels, strict=True)]
        self.size, self.cells = len(slots), len(parts)

    def doses(self, spend: Floats) -> Floats:
        """The spend itself: what it does is asked of people, not of cells."""
        return spend

    def value(self, spend: Floats) -> float:
        """Expected incremental tickets."""
        return self.curvature(spend)[0]

    def slope(self, spend: Floats) -> tuple[float, Floats]:
        """Expected incremental tickets, and what one more unit of money in each slot wins."""
        return self.curvature(spend)[:2]

    def curvature(self, spend: Floats) -> tuple[float, Floats, Floats]:
        """Value, slope, and about the negative of the second derivatives (none below nought)."""
        c = self.crowd
        dose, seen, spread = (np.zeros(len(c.cell)) for _ in range(3))
        for i, of in enumerate(self.channels):
            dose += c.dose[i] * (self.dosed[i] @ spend[of])[c.cell]
            many = c.hit[i] * (self.shown[i] @ spend[of])[c.cell]
            seen += many
            spread += many * (1 - c.hit[i])
        homes = np.bincount(c.home, dose)
        value, by_dose, by_seen, by_spread, bent, tired = self._people(
            dose + SPILL_OVER * (homes[c.home] - dose), seen, np.sqrt(spread + 1e-3)
        )
        others = np.bincount(c.home, by_dose)[c.home]
        by_dose = by_dose + SPILL_OVER * (others - by_dose)
        slope, whole = np.zeros(self.size), np.zeros((self.size, self.size))
        for i, of in enumerate(self.channels):
            slope[of] = self.dosed[i].T @ self._sum(by_dose * c.dose[i])
            slope[of] += self.shown[i].T @ self._sum(
                (by_seen + by_spread * (1 - c.hit[i])) * c.hit[i]
            )
            for j, other in enumerate(self.channels[: i + 1]):
                row = self._sum(bent * c.dose[i] * c.dose[j])
                block = self.dosed[i].T @ (row[:, None] * self.dosed[j])
                row = self._sum(tired * c.hit[i] * c.hit[j])
                block += self.shown[i].T @ (row[:, None] * self.shown[j])
                whole[np.ix_(of, other)] = block
                whole[np.ix_(other, of)] = block.T
        return value, slope, whole

    def _sum(self, each: Floats) -> Floats:
        return np.asarray(np.bincount(self.crowd.cell, each, self.cells), dtype=np.float64)

    def _people(
        self, dose: Floats, seen: Floats, spread: Floats
    ) -> tuple[float, Floats, Floats, Floats, Floats, Floats]:
        """Tickets of all, and of each: slopes by dose, by impressions and by their variance,
        then curvatures by dose and by impressions.
        """
        c = self.crowd
        still = np.exp(-dose[:, None] * c.fade)
        informed = 1 - still
        over = (seen - FATIGUE_FROM) / spread
        peak = np.exp(-0.5 * over**2) / np.sqrt(2 * np.pi)
        share = ndtr(over)
        weary = np.exp(-FATIGUE * spread * (over * share + peak))[:, None]
        warm = np.exp(PERSUASION * informed) * weary
        times = (1 + c.room * informed) * warm
        more = c.room * warm + PERSUASION * times
        cold = np.exp(-PUT_OFF_BY * informed[c.sour])
        times[c.sour], more[c.sour] = cold, -PUT_OFF_BY * cold
        # Who has not heard of it goes by what advertising tells alone.
        new = ~c.heard
        more[new] = times[new] + informed[new] * more[new]
        times[new] *= informed[new]
        moved = (c.interest * times).sum(axis=1)
        slope = c.interest * more * still * c.fade
        rise = slope.sum(axis=1)
        stay = MEAN_PARTY * np.exp(-moved)
        tire = np.where(c.sour, 0.0, FATIGUE * moved)
        bent = stay * (rise**2 + np.maximum((slope * c.fade).sum(axis=1), 0.0))
        return (
            float((MEAN_PARTY * np.exp(-c.pull) - stay).sum()),
            stay * rise,
            -stay * tire * share,
            -stay * tire * peak / (2 * spread),
            bent,
            stay * tire * peak / spread,
        )


def crowd_of(film: Play, parts: AudienceCells, slots: MediaSlots) -> Crowd:
    """Everybody whom a campaign in some slots can move."""
    cell = cell_of(film, parts)
    household = film.household
    addressed = np.take(slots.reaches.any(axis=0), cell)
    near: Floats = np.asarray(np.bincount(household, addressed), dtype=np.float64)
    who = np.flatnonzero(near[household] > 0)
    log = np.clip(np.log(np.maximum(film.draw[who], 1e-3)), -2, 2)
    hits, doses = [], []
    for channel in read_channels():
        response = CHANNELS[channel.name]
        hit = -np.expm1(-response.reach * np.exp(response.bias * log))
        hits.append(hit)
        # Half a strength is about what an impression is when the film opens.
        doses.append(-2 * np.log1p(hit * np.expm1(-response.strength / 2)))
    sums, days, aware = run_by_parts(film, np.array([*DAYS, film.days]))
    place = film.place[who]
    person = np.concatenate([c.person for c in film.crowd])[who]
    _, home = np.unique(household[who], return_inverse=True)
    return Crowd(
        cell[who],
        home,
        np.array(hits),
        np.array(doses),
        film.draw[who, None] * sums[place],
        np.maximum(aware[place], 1e-3),
        np.exp(-days[place] / MEMORY_DAYS),
        uniforms(film.market.seed, person, "put off") < PUT_OFF,
        film.heard[who],
    )


def cell_of(film: Play, parts: AudienceCells) -> Ints:
    """The cell that each person is in: as `cells` numbers them."""
    code = np.zeros(film.size, np.int64)
    for i, flags in enumerate((*film.audiences, *film.on)):
        code |= flags.astype(np.int64) << i
    code |= film.city << (len(film.audiences) + len(film.on))
    kinds, of = np.unique(code, return_inverse=True)
    assert len(kinds) == len(parts)
    return np.asarray(of, dtype=np.int64)


def best_spend(
    film: Play,
    parts: AudienceCells,
    slots: MediaSlots,
    left: Floats,
    budget: float,
    rows: PlanRows,
) -> Floats:
    """The spend that truly wins most within the rows."""
    aim = TrueAim(film, parts, slots, left)
    matrix = np.vstack([np.ones(len(slots)), rows.coefficients])
    with threadpool_limits(1):
        spend = interior_point(
            aim, np.minimum(slots.most, budget), matrix, np.r_[budget, rows.limits], GAP
        )
    assert spend is not None
    return spend


def gap_of(aim: TrueAim, spend: Floats, slots: MediaSlots, budget: float, rows: PlanRows) -> float:
    """By what share another spend could win more at most, were all concave.

    It is but for tiring and persuasion, which bend the other way a little.
    """
    value, slope = aim.slope(spend)
    matrix = csr_array(np.vstack([np.ones(len(slots)), rows.coefficients]))
    bounds = np.c_[np.zeros(len(slots)), np.minimum(slots.most, budget)]
    top = linprog(-slope, matrix, np.r_[budget, rows.limits], bounds=bounds, method="highs")
    return float((-top.fun - slope @ spend) / value)
