"""By what each audience's response differs from the others', from who has heard of the film.

In a draw the tickets that full exposure adds to an audience are

    tickets now × gain × (h / the mean of h)^β × e^(τ z − τ²/2)
    h = .7 × (1 − aware) / aware + .25

`gain` is the response's own (`response`): what readouts taught of advertising. Headroom decides how
it is shared out between audiences, and not how much there is of it. β is 0 (a plan by what people
buy anyway), ½, 1, 1½ or 2: above 1 it undoes that people stand in audiences they do not belong to.
Where a pilot measured an audience, what it measured moves all of them. Prior and form are those
that lost least over simulated films where awareness differed, and where it did not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, log, sqrt

import numpy as np
from scipy.special import gammaincinv, ndtr

from fullhouse.core.arrays import Flags, Floats, Integers
from fullhouse.headroom.headroom import AudienceHeadroom
from fullhouse.planning.plan import PilotCounts
from fullhouse.planning.response import elliptical_slices

EXPONENTS = np.array([0.0, 0.5, 1.0, 1.5, 2.0])
EXPONENT_ODDS = np.array([0.3, 0.15, 0.3, 0.15, 0.1])
INFORMED, PERSUADED = 0.7, 0.25
"""Of those who have not heard, the share that advertising can tell; and what it adds to others."""
SPREAD = 0.6
"""Half-normal spread of τ: audiences differ by what nobody measured."""
RATES = 15
"""Quantiles of the held out's rate over which a pilot is weighed."""
LIFT, LIFT_SPREAD = 0.35, 1.5
"""What a pilot's exposure adds to interest in the middle, and the spread of its log."""
LEAST_ERROR, LEVEL_95 = 0.05, 1.96
SHARE_EXPLORED = 0.05
"""Of the spend, at least so much is on audiences of which nothing was measured, if there are."""


@dataclass(frozen=True)
class AudienceEffects:
    """Factors of the gain by part (draws, parts); part and audience have one place in the plan.

    `aware` is the share of a part that has heard of the film with its 95 % interval, None where
    nothing was measured: such a part is as the others are in the middle, with a wider error.
    `obvious` is the place of the obvious audience, if there is one.
    """

    factors: Floats
    aware: tuple[tuple[float, float, float] | None, ...]
    obvious: int | None
    pilot: tuple[PilotCounts, ...] | None = None

    @property
    def measured(self) -> Flags:
        """Which parts have been measured, by what people were shown or by a pilot."""
        by_pilot = [p.treated > 0 and p.held_out > 0 for p in self.pilot or ()]
        known = np.array([a is not None for a in self.aware])
        return known | np.array(by_pilot) if self.pilot else known

    def only(self, places: Sequence[int]) -> "AudienceEffects":
        """The effects of some of the parts, in their order, the obvious one not among others'."""
        return AudienceEffects(
            self.factors[:, list(places)], tuple(self.aware[p] for p in places), None
        )

    def by_cell(self, in_audience: Flags) -> Floats:
        """The factors of cells (draws, cells), by the audiences that each is in."""
        each: Floats = self.factors[:, part_of(in_audience, self.obvious)]
        return each


def part_of(in_audience: Flags, obvious: int | None) -> Integers:
    """The part of each row of flags (rows, audiences): the obvious, or the first it is in.

    Who is in the obvious audience has heard of the film as that one has, whatever else they are in.
    """
    part: Integers = in_audience.argmax(axis=1)
    return part if obvious is None else np.where(in_audience[:, obvious], obvious, part)


def plan_parts(audience_of: Sequence[Flags], obvious: int | None) -> tuple[Flags, ...]:
    """The people of each part of a plan: nobody is in two."""
    flags = np.stack(audience_of, axis=1)
    part = np.where(flags.any(axis=1), part_of(flags, obvious), -1)
    return tuple(part == place for place in range(len(audience_of)))


def effects_of_headroom(
    audiences: Sequence[AudienceHeadroom | None],
    tickets: Floats,
    obvious: int | None,
    *,
    draws: int,
    seed: int,
    pilot: Sequence[PilotCounts] | None = None,
    people: Floats | None = None,
) -> AudienceEffects | None:
    """The effects of a plan's parts by their headroom; None where none was measured.

    `tickets` are those that each part would buy anyway, `people` how many it has, which is only
    asked where a `pilot` measured them. All are in the order of the plan.
    """
    ratios = [None if a is None else _log_ratio(a) for a in audiences]
    if len(ratios) < 2 or (not any(ratios) and pilot is None):
        return None
    g = np.random.default_rng([seed, 17])
    shown = np.array([a.shown / max(a.people, 1) if a else 0.0 for a in audiences])
    middle, spread = _shrunk(ratios)
    if pilot is not None and people is not None:
        prior = Prior(middle, spread, shown, tickets)
        factors = piloted(prior, pilot, tickets / np.maximum(people, 1), g, draws)
    else:
        z = g.standard_normal((draws, len(ratios)))
        z = (z - z.mean(axis=0)) / z.std(axis=0)
        h = headroom_odds(np.exp(middle + spread * z), shown)
        factors = _factors(h, tickets, g)
    pairs = zip(audiences, ratios, strict=True)
    aware = tuple(None if a is None or r is None else _aware(a) for a, r in pairs)
    return AudienceEffects(factors, aware, obvious, None if pilot is None else tuple(pilot))


def headroom_odds(ratio: Floats, shown: Floats) -> Floats:
    """The h of each draw and audience; `ratio` is the interest of those shown it to the others'.

    >>> float(headroom_odds(np.array([[4.0]]), np.array([0.0]))[0, 0])
    2.35
    """
    aware = shown + (1 - shown) / np.maximum(ratio, 1.0)
    odds: Floats = INFORMED * (1 - aware) / aware + PERSUADED
    return odds


def _factors(h: Floats, tickets: Floats, g: np.random.Generator) -> Floats:
    """Factors of mean 1 over the tickets: each exponent in as many draws as its prior says."""
    draws, audiences = h.shape
    places = g.permutation((np.arange(draws) + 0.5) / draws)
    beta = EXPONENTS[np.searchsorted(np.cumsum(EXPONENT_ODDS), places)]
    power: Floats = h ** beta[:, None]
    weight = tickets if tickets.sum() > 0 else np.ones(audiences)
    power /= (power @ weight / weight.sum())[:, None]
    tau = SPREAD * np.abs(g.standard_normal(draws))[:, None]
    own = np.exp(tau * g.standard_normal((draws, audiences)))
    # Of exactly mean 1, or a few hundred draws would prefer an audience for no reason.
    factors: Floats = power * (own / own.mean(axis=0))
    return factors


def _log_ratio(audience: AudienceHeadroom) -> tuple[float, float] | None:
    """The log of an audience's ratio and its error, None where it could not be estimated."""
    value, low = audience.ratio.value, audience.ratio.low
    if audience.unknown is not None or value is None:
        return None
    # Of the audience's own counts: the control's error is that of all audiences alike, and moves
    # no money between them. A half is added, so that nobody interested is no surety.
    error = max(LEAST_ERROR, sqrt(sum(1 / (x + 0.5) for x in audience.interested)))
    if isfinite(value) and value > 0:
        return log(value), error
    return (log(low) + LEVEL_95 * error, error) if low else None


def _shrunk(ratios: Sequence[tuple[float, float] | None]) -> tuple[Floats, Floats]:
    """Log ratios and their errors, drawn together as far as the errors explain that they differ.

    A normal model of random effects (DerSimonian & Laird 1986). One that was not measured is drawn
    from where the measured are.
    """
    known = [r for r in ratios if r is not None]
    if not known:
        return np.zeros(len(ratios)), np.zeros(len(ratios))
    value, error = np.array([r[0] for r in known]), np.array([r[1] for r in known])
    weight = error**-2
    mean = float(weight @ value / weight.sum())
    excess = float(weight @ (value - mean) ** 2) - (len(known) - 1)
    scale = weight.sum() - float((weight**2).sum() / weight.sum())
    between = max(0.0, excess / scale) if scale > 0 else 0.0
    weight = 1 / (error**2 + between)
    mean, mean_error = float(weight @ value / weight.sum()), sqrt(1 / weight.sum())
    middles, spreads = [], []
    for ratio in ratios:
        own = 0.0 if ratio is None else between / (between + ratio[1] ** 2)
        middle = mean if ratio is None else own * ratio[0] + (1 - own) * mean
        left = between * (1 - own) + ((1 - own) * mean_error) ** 2
        middles.append(middle)
        spreads.append(sqrt(left))
    return np.array(middles), np.array(spreads)


@dataclass(frozen=True)
class Prior:
    """What is known of a plan's parts before a pilot: log ratios, shares shown, tickets."""

    middle: Floats
    spread: Floats
    shown: Floats
    tickets: Floats

    def factors(self, z: Floats) -> Floats:
        """The factors at a point of standard normal coordinates: β, τ, then ratios and errors."""
        size = len(self.middle)
        beta = EXPONENTS[np.searchsorted(np.cumsum(EXPONENT_ODDS)[:-1], ndtr(z[0]))]
        ratio = np.exp(self.middle + self.spread * z[2 : 2 + size])
        power: Floats = headroom_odds(ratio, self.shown) ** beta
        weight = self.tickets if self.tickets.sum() > 0 else np.ones(size)
        tau = SPREAD * abs(z[1])
        own: Floats = np.exp(tau * z[2 + size : 2 + 2 * size] - tau**2 / 2)
        factors: Floats = own * power * (weight.sum() / float(power @ weight))
        return factors


def piloted(
    prior: Prior,
    pilot: Sequence[PilotCounts],
    tickets_a_head: Floats,
    g: np.random.Generator,
    draws: int,
) -> Floats:
    """Draws of the factors, given who of those shown the film in a pilot wanted it.

    Those treated are interested at the rate of the held out and a lift, in proportion to tickets a
    head and the part's factor; by how much is not known, and common to all. Both arms are counts:
    taking the held out's rate for known makes a pilot several times worse.
    """
    treated = np.array([p.treated for p in pilot], np.float64)
    held_out = np.array([p.held_out for p in pilot], np.float64)
    with_it = np.array([p.treated_interested for p in pilot], np.float64)
    without = np.array([p.held_out_interested for p in pilot], np.float64)
    quantiles = (np.arange(RATES) + 0.5) / RATES
    rates = gammaincinv(without[:, None] + 0.5, quantiles) / np.maximum(held_out, 1.0)[:, None]
    people = prior.tickets / np.maximum(tickets_a_head, 1e-12)
    mean = max(float(prior.tickets.sum() / max(float(people.sum()), 1e-12)), 1e-12)
    level = log(LIFT * (without.sum() + 0.5) / max(held_out.sum(), 1.0) / mean)

    def likelihood(z: Floats) -> float:
        lift = np.exp(level + LIFT_SPREAD * z[-1]) * tickets_a_head * prior.factors(z)
        expected = treated[:, None] * (rates + lift[:, None])
        log_counts = with_it[:, None] * np.log(np.maximum(expected, 1e-300)) - expected
        most = log_counts.max(axis=1)
        return float((most + np.log(np.exp(log_counts - most[:, None]).sum(axis=1))).sum())

    size = 3 + 2 * len(pilot)
    samples = elliptical_slices(g, size, likelihood, draws)
    return np.stack([prior.factors(z) for z in samples])


def _aware(audience: AudienceHeadroom) -> tuple[float, float, float]:
    a = audience.aware
    return (a.value or 0.0, a.low or 0.0, 1.0 if a.high is None else a.high)
