"""A film's forecast with its campaign: by what the plan expects, then by what was measured."""

from datetime import date

import numpy as np
from scipy.special import ndtri

from fullhouse.core.arrays import Floats
from fullhouse.forecast import DAY_PROBABILITIES, Forecast
from fullhouse.measurement.campaign_readout import CampaignReadout
from fullhouse.planning.plan import Amount, Outlook, Plan
from fullhouse.stats.figures import two_piece

DRAWS = 20_000
LOW, HIGH = 0.1, 0.9
LEAST_SHARE = 0.05
"""Of the run, before which a readout is not carried on to its end."""


def outlook_of(
    base: Forecast,
    plan: Plan,
    readout: CampaignReadout | None,
    *,
    campaign: str,
    as_of: date,
    seed: int = 0,
) -> Outlook:
    """What the film of a campaign will take, with what the campaign adds, as known on a day.

    `base` is the forecast of the day before the campaign: a later one has tickets in it that the
    campaign sold. What the plan expects is added, and a readout updates that: its gross, carried
    on to the end of the run in proportion to what these people buy anyway, is weighed against the
    plan's range by Bayes' rule. Early looks move it little, and the last decides nearly alone.
    """
    g = np.random.default_rng(seed)
    measured = None if readout is None else measured_gross(base, readout)
    without, added = total_draws(base, g), planned_draws(plan, g)
    if measured is not None:
        added = updated(added, *measured, g)
    return Outlook(
        as_of,
        campaign,
        plan.currency,
        _amount(without),
        _amount(added),
        _amount(np.maximum(without + added, 0.0)),
        "planned" if measured is None else "measured",
    )


def measured_gross(
    base: Forecast, readout: CampaignReadout, least: float = LEAST_SHARE
) -> tuple[float, float] | None:
    """What a campaign adds to the run by its readout, and the standard error; None where unknown.

    What was added so far grows to the end of the run as the forecast without a campaign does: from
    its median up to the readout's day to its median in all. Before a `least` share of that is
    past, a readout of presales says too little of the run.
    """
    effects = [e for e in readout.whole if e.outcome == "gross"]
    share = share_of_run(base, readout.as_of)
    if not effects or share < least:
        return None
    effect = effects[0]
    return effect.total.value / share, effect.effect.se * effect.people / share


def share_of_run(base: Forecast, day: date) -> float:
    """The share of a film's total that the forecast expects to be taken by a day, at its median."""
    median = DAY_PROBABILITIES.index(0.5)
    taken = [d.cumulative[median] for d in base.days if d.day <= day]
    total = base.known.get("total") or base.ranges["total"].median
    return min(1.0, taken[-1] / total) if taken else 0.0


def total_draws(base: Forecast, g: np.random.Generator) -> Floats:
    """The forecast total, log-normal to either end of its 80 % range; what is known stays."""
    if "total" in base.known:
        return np.full(DRAWS, float(base.known["total"]))
    total = base.ranges["total"]
    low, high = total.between(HIGH - LOW)
    return two_piece(low, total.median, high, _scores(g))


def planned_draws(plan: Plan, g: np.random.Generator) -> Floats:
    """What a plan expects to add: log-normal to either end of its 80 % range."""
    return two_piece(plan.gross.low, plan.gross.middle, plan.gross.high, _scores(g))


def _scores(g: np.random.Generator) -> Floats:
    """Normal scores, one for each quantile, in any order: their ranges are exact."""
    scores: Floats = g.permutation(ndtri((np.arange(DRAWS) + 0.5) / DRAWS))
    return scores


def updated(draws: Floats, value: float, se: float, g: np.random.Generator) -> Floats:
    """Draws of what is expected, resampled by how well each fits what was measured."""
    log_likelihood = -0.5 * ((draws - value) / se) ** 2
    weight = np.exp(log_likelihood - log_likelihood.max())
    return np.asarray(g.choice(draws, size=len(draws), p=weight / weight.sum()))


def _amount(draws: Floats) -> Amount:
    low, middle, high = np.quantile(draws, (LOW, 0.5, HIGH))
    return Amount(float(middle), float(low), float(high))
