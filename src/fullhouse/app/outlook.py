"""A film's forecast moved by its campaign: by what the plan expects, then by what was measured."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
from scipy.special import ndtri

from fullhouse.app.forecast import ForecastFilm, forecast_film
from fullhouse.control.campaign_records import SavedCampaign
from fullhouse.control.campaigns import find_campaign, find_plan, readouts
from fullhouse.core.arrays import Floats
from fullhouse.core.errors import InputError
from fullhouse.core.progress import Progress, silent
from fullhouse.forecast import DAY_PROBABILITIES, Forecast
from fullhouse.planning.plan import Amount, Outlook, Plan, plan_from
from fullhouse.view.shown_readout import WHOLE, ShownReadout, shown_from
from fullhouse.workspace.context import Context

DRAWS = 20_000
LOW, HIGH = 0.1, 0.9
LEAST_SHARE = 0.05
"""Of the run, before which a readout is not carried on to its end."""


def campaign_outlook(
    context: Context,
    name: str,
    *,
    as_of: date | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> Outlook:
    """What the film of a campaign will take, with what the campaign adds, as known on a day.

    The base is the forecast as of the day before the first week: a later one has seen tickets that
    the campaign sold. What the plan expects is added, and a readout moves that: its gross, carried
    on to the end of the run in proportion to what these people buy anyway, is weighed against the
    plan's range by Bayes' rule. Early looks move it little, and the last decides nearly alone.
    """
    _, plan = campaign_of_people(context, name)
    day = as_of or datetime.now(UTC).date()
    before = min(plan.as_of, min(x.week for x in plan.lines) - timedelta(days=1))
    base = forecast_film(
        replace(context, progress=progress),
        ForecastFilm(plan.film, as_of=before, territory=plan.territory),
    )
    shown = newest_readout(context, name, day)
    measured = None if shown is None else measured_gross(base, shown)
    g = np.random.default_rng(seed)
    without, added = total_draws(base, g), planned_draws(plan, g)
    if measured is not None:
        added = updated(added, *measured, g)
    basis = "planned" if measured is None else "measured"
    return Outlook(
        day,
        name,
        plan.currency,
        _amount(without),
        _amount(added),
        _amount(np.maximum(without + added, 0.0)),
        basis,
    )


def campaign_of_people(context: Context, name: str) -> tuple[SavedCampaign, Plan]:
    """A campaign whose arms are of people, with the very version of the plan it carries out."""
    campaign = find_campaign(context.control, name)
    if campaign.body.get("by") == "city":
        raise InputError(
            f"Campaign {name!r} was drawn by city, not by person: see it with 'fullhouse campaign"
            f" cities readout {name}'."
        )
    kept = find_plan(context.control, f"{campaign.plan}@{campaign.plan_version}")
    return campaign, plan_from(kept.body)


def newest_readout(context: Context, name: str, day: date) -> ShownReadout | None:
    """The last readout of a campaign that was known on a day."""
    known = [r for r in readouts(context.control, name) if r.as_of <= day]
    return shown_from(max(known, key=lambda r: (r.as_of, r.at)).body) if known else None


def measured_gross(
    base: Forecast, shown: ShownReadout, least: float = LEAST_SHARE
) -> tuple[float, float] | None:
    """What a campaign adds to the run by its readout, and the standard error; None where unknown.

    What was added so far grows to the end of the run as the forecast without a campaign does: from
    its middle up to the readout's day to its middle in all. Before a `least` share of that lies
    behind, a readout of presales says too little of the run.
    """
    whole = [e.effect for e in shown.on("gross") if e.group == WHOLE]
    share = share_of_run(base, shown.as_of)
    if not whole or share < least:
        return None
    effect = whole[0]
    return effect.total.value / share, effect.effect.se * effect.people / share


def share_of_run(base: Forecast, day: date) -> float:
    """The share of a film's total that the forecast expects to be taken by a day, at its middle."""
    middle = DAY_PROBABILITIES.index(0.5)
    taken = [d.cumulative[middle] for d in base.days if d.day <= day]
    total = base.known.get("total") or base.ranges["total"].median
    return min(1.0, taken[-1] / total) if taken else 0.0


def total_draws(base: Forecast, g: np.random.Generator) -> Floats:
    """The forecast total, log-normal between the ends of its 80 % range; what is known stands."""
    if "total" in base.known:
        return np.full(DRAWS, float(base.known["total"]))
    total = base.ranges["total"]
    low, high = total.between(HIGH - LOW)
    spread = np.log(high / low) / (2 * ndtri(HIGH))
    return np.asarray(total.median * np.exp(spread * g.standard_normal(DRAWS)))


def planned_draws(plan: Plan, g: np.random.Generator) -> Floats:
    """What a plan expects to add: log-normal between the ends of its 80 % range."""
    gross = plan.gross
    if not gross.low > 0:
        return np.full(DRAWS, gross.middle)
    spread = np.log(gross.high / gross.low) / (2 * ndtri(HIGH))
    return np.asarray(gross.middle * np.exp(spread * g.standard_normal(DRAWS)))


def updated(draws: Floats, value: float, se: float, g: np.random.Generator) -> Floats:
    """Draws of what is expected, weighed by how well each fits what was measured."""
    fit = -0.5 * ((draws - value) / se) ** 2
    weight = np.exp(fit - fit.max())
    return np.asarray(g.choice(draws, size=len(draws), p=weight / weight.sum()))


def _amount(draws: Floats) -> Amount:
    low, middle, high = np.quantile(draws, (LOW, 0.5, HIGH))
    return Amount(float(middle), float(low), float(high))
