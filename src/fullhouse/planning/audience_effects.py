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

from fullhouse.core.arrays import Flags, Floats, Integers
from fullhouse.headroom.headroom import AudienceHeadroom

EXPONENTS = np.array([0.0, 0.5, 1.0, 1.5, 2.0])
EXPONENT_ODDS = np.array([0.3, 0.15, 0.3, 0.15, 0.1])
INFORMED, PERSUADED = 0.7, 0.25
"""Of those who have not heard, the share that advertising can tell; and what it adds to others."""
SPREAD = 0.6
"""Half-normal spread of τ: audiences differ by what nobody measured."""
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

    @property
    def measured(self) -> Flags:
        """Which parts have been measured."""
        return np.array([a is not None for a in self.aware])

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
) -> AudienceEffects | None:
    """The effects of a plan's parts by their headroom; None where none could be measured.

    `tickets` are those that each part would buy anyway. All are in the order of the plan.
    """
    ratios = [None if a is None else _log_ratio(a) for a in audiences]
    if not any(ratios):
        return None
    g = np.random.default_rng([seed, 17])
    shown = np.array([a.shown / max(a.people, 1) if a else 0.0 for a in audiences])
    ratio = np.exp(_shrunk(ratios, g, draws))
    factors = _factors(headroom_odds(ratio, shown), tickets, g)
    pairs = zip(audiences, ratios, strict=True)
    aware = tuple(None if a is None or r is None else _aware(a) for a, r in pairs)
    return AudienceEffects(factors, aware, obvious)


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


def _shrunk(
    ratios: Sequence[tuple[float, float] | None], g: np.random.Generator, draws: int
) -> Floats:
    """Draws of log ratios, drawn together as far as their errors explain that they differ.

    A normal model of random effects (DerSimonian & Laird 1986). One that was not measured is drawn
    from where the measured are.
    """
    known = [r for r in ratios if r is not None]
    value, error = np.array([r[0] for r in known]), np.array([r[1] for r in known])
    weight = error**-2
    mean = float(weight @ value / weight.sum())
    excess = float(weight @ (value - mean) ** 2) - (len(known) - 1)
    scale = weight.sum() - float((weight**2).sum() / weight.sum())
    between = max(0.0, excess / scale) if scale > 0 else 0.0
    weight = 1 / (error**2 + between)
    mean, mean_error = float(weight @ value / weight.sum()), sqrt(1 / weight.sum())
    z = g.standard_normal((draws, len(ratios)))
    z = (z - z.mean(axis=0)) / z.std(axis=0)
    columns = []
    for place, ratio in enumerate(ratios):
        own = 0.0 if ratio is None else between / (between + ratio[1] ** 2)
        middle = mean if ratio is None else own * ratio[0] + (1 - own) * mean
        left = between * (1 - own) + ((1 - own) * mean_error) ** 2
        columns.append(middle + sqrt(left) * z[:, place])
    return np.stack(columns, axis=1)


def _aware(audience: AudienceHeadroom) -> tuple[float, float, float]:
    a = audience.aware
    return (a.value or 0.0, a.low or 0.0, 1.0 if a.high is None else a.high)
