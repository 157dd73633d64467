"""What a property is worth at most: a film with it and without it, by the same draws."""

from collections.abc import Callable
from datetime import date

import numpy as np

from fullhouse.core.arrays import Floats
from fullhouse.core.errors import InputError
from fullhouse.greenlight.idea import Idea
from fullhouse.greenlight.past import PastFilms, fit
from fullhouse.greenlight.profit import (
    advertised,
    draw,
    estimate,
    grosses_of,
    plan_of,
    profit_lines,
    term_values,
)
from fullhouse.greenlight.property import Worth
from fullhouse.greenlight.sources import source_effect
from fullhouse.greenlight.terms import GreenlightTerms

Z95 = 1.959963984540054
MOST_RATIO = 30.0


def worth(
    past: PastFilms,
    idea: Idea,
    kind: str,
    terms: GreenlightTerms,
    *,
    as_of: date,
    risk: float,
    margin: float,
    draws: int = 10_000,
    seed: int = 0,
) -> Worth | None:
    """The worth of a property of a kind for a film; None where too few films are of the kind.

    The film is one of the same budget, genres and season either way. What a kind of source took
    beside original stories, at equal budget and year, is drawn with its error: the same for every
    property of the kind, and no more than what went with it.
    """
    check_price(risk, margin)
    recent = past.recent()
    model = fit(recent)
    effect = source_effect(recent, kind)
    if effect is None:
        return None
    numbers = draw(terms, draws, seed)
    plan, values = plan_of(idea, terms, as_of), term_values(terms, numbers)
    usual = grosses_of(model, idea, numbers.gross, today=as_of)
    plain = advertised(plan, usual, values)
    normals = np.random.default_rng([seed, 7]).standard_normal(draws)
    error = np.log(effect.high / effect.low) / (2 * Z95)

    def profit(factor: Floats | float) -> Floats:
        grosses = plain[0] * factor, plain[1] * factor
        return profit_lines(plan, terms, grosses, values)["profit"]

    factor = np.exp(np.log(effect.ratio) + error * normals)
    with_, without = profit(factor), profit(1.0)
    ends = [float((profit(r) - without).mean()) for r in (effect.low, effect.high)]
    spend = idea.budget + plan.advertising
    return Worth(
        gross_with=_range(plain[0] * factor),
        gross_without=_range(plain[0]),
        home_with=_range(plain[1] * factor),
        home_without=_range(plain[1]),
        adds=estimate(with_ - without),
        low=ends[0],
        high=ends[1],
        break_even_with=float((with_ >= 0).mean()),
        break_even_without=float((without >= 0).mean()),
        risk=risk,
        margin=margin,
        most=price_at_most(with_, spend, risk=risk, margin=margin),
        effect=effect,
        everywhere=past.everywhere,
        ratio_needed=_ratio_needed(profit, spend, risk, margin),
    )


def check_price(risk: float, margin: float) -> None:
    """An error for a risk or margin that is none."""
    if not 0 < risk < 1:
        raise InputError(f"risk is a chance between 0 and 1, not {risk:g}.")
    if not 0 <= margin <= 10:
        raise InputError(f"margin is a share of all spending from 0 to 10, not {margin:g}.")


def price_at_most(profit: Floats, spend: float, *, risk: float, margin: float) -> float | None:
    """The highest price, paid now, that keeps to a chance of loss and a margin; None for none."""
    by_risk = float(np.quantile(profit, risk, method="lower"))
    by_margin = (float(profit.mean()) - margin * spend) / (1 + margin)
    price = min(by_risk, by_margin)
    return price if price >= 0 else None


def _ratio_needed(
    profit: Callable[[float], Floats], spend: float, risk: float, margin: float
) -> float | None:
    low, high = 1 / MOST_RATIO, MOST_RATIO
    if price_at_most(profit(high), spend, risk=risk, margin=margin) is None:
        return None
    for _ in range(16):
        middle = (low * high) ** 0.5
        if price_at_most(profit(middle), spend, risk=risk, margin=margin) is None:
            low = middle
        else:
            high = middle
    return high


def _range(amounts: Floats) -> tuple[float, float, float]:
    low, middle, high = (float(q) for q in np.quantile(amounts, (0.1, 0.5, 0.9)))
    return low, middle, high
