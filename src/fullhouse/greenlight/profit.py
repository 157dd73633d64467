"""Profit and loss over draws of the gross and of every uncertain term: the same draws throughout.

A comparison (another budget, one term at its end, deciding later) uses the draws of the plan
itself, so that its difference has far less Monte Carlo error than two runs would (common random
numbers).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import reduce

import numpy as np

from fullhouse.core.arrays import Floats
from fullhouse.forecast import PROBABILITIES, Range
from fullhouse.greenlight.greenlight import MeanOfDraws, ProfitLine
from fullhouse.greenlight.idea import Idea
from fullhouse.greenlight.past import LEAST_SHARE, GrossModel, Near
from fullhouse.greenlight.terms import WINDOWS, GreenlightTerms, response

NORMAL_TENTH = 1.2815515655446004
"""How many standard deviations the 90 % point of a normal lies above its middle."""
WORST = 0.1


@dataclass(frozen=True)
class ProfitDraws:
    """Uniform and normal numbers, one place a draw: the gross, what is seen of it, each term."""

    gross: Floats
    """Uniform: the place of the gross within its range."""
    score: Floats
    """The same as a normal score."""
    pilot: Floats
    screening: Floats
    terms: Mapping[str, Floats]

    def __len__(self) -> int:
        return len(self.gross)


@dataclass(frozen=True)
class FilmOutlay:
    """What is decided: the idea, its money, and its days in years from now to the opening."""

    idea: Idea
    advertising: float
    usual: float
    to_opening: float


def draw(terms: GreenlightTerms, draws: int, seed: int) -> ProfitDraws:
    """The draws of a seed; each number of its own stream, so that a new term moves no other."""
    from scipy.special import ndtr

    streams = np.random.SeedSequence(seed).spawn(3 + len(terms.terms))
    normals = [np.random.default_rng(s).standard_normal(draws) for s in streams]
    named = dict(zip(sorted(terms.terms), normals[3:], strict=True))
    return ProfitDraws(ndtr(normals[0]), normals[0], normals[1], normals[2], named)


def plan_of(idea: Idea, terms: GreenlightTerms, as_of: date) -> FilmOutlay:
    """What is planned; advertising that is not given is the usual for the budget."""
    usual = terms.usual_advertising.of(idea.budget)
    spend = usual if idea.advertising is None else idea.advertising
    ahead = terms.years.to_opening
    if idea.opening is not None:
        ahead = max((idea.opening - as_of).days / 365.25, 0.0)
    return FilmOutlay(idea, spend, usual, ahead)


Grosses = tuple[Floats, Floats]
"""The gross of all countries and that at home, one place a draw."""


def advertised(plan: FilmOutlay, grosses: Grosses, values: Mapping[str, Floats | float]) -> Grosses:
    """Grosses of the usual advertising as they are with the plan's.

    Past films and forecasts of the house know no spend of a film: theirs is of the usual.
    """
    factor = response(plan.advertising / plan.usual, values["advertising_elasticity"])
    return grosses[0] * factor, grosses[1] * factor


def grosses_of(
    model: GrossModel, idea: Idea, places: Floats, *, today: date, shift: float = 0.0
) -> Grosses:
    """What films like an idea took, at places from 0 to 1 within their range.

    Residuals are those of the past films nearest in budget; the home share is that of the film
    whose residual stands at the place, so that both go together as they did. `shift` moves all
    log grosses.
    """
    base, kinds, share = (float(m[0]) for m in model.middles(model.rows(idea, today=today)))
    near = model.near(idea.budget)
    middle = base + near.trust * kinds + shift
    middles = (np.arange(len(near.residual)) + 0.5) / len(near.residual)
    gross = np.exp(middle + np.interp(places, middles, near.residual))
    return gross, gross * _home_share(model, share, near, places)


def _home_share(model: GrossModel, share: float, near: Near, places: Floats) -> Floats:
    if not model.everywhere:
        return np.ones(len(places))
    index = np.minimum((places * len(near.share)).astype(np.int64), len(near.share) - 1)
    return home_part(share + np.nan_to_num(near.share)[index])


def home_part(odds: Floats) -> Floats:
    """The share of home of its log odds."""
    return np.clip(1 / (1 + np.exp(-odds)), LEAST_SHARE, 1 - LEAST_SHARE)


def with_forecast(
    model: GrossModel | None, idea: Idea, home: Range, draws: ProfitDraws, *, today: date
) -> Grosses:
    """The forecast of the house at home; abroad as with past films like it, where any are known."""
    x = np.log(np.maximum(home.quantiles, 1.0))
    at_home = np.exp(np.interp(draws.gross, PROBABILITIES, x))
    if model is None or not model.everywhere:
        return at_home, at_home
    share = float(model.middles(model.rows(idea, today=today))[2][0])
    near = model.near(idea.budget)
    return at_home / _home_share(model, share, near, draws.gross), at_home


def term_values(terms: GreenlightTerms, draws: ProfitDraws) -> dict[str, Floats]:
    """Each term's value in each draw: two halves of a normal with its 10 and 90 % values."""
    values = {}
    for name, term in terms.terms.items():
        z = draws.terms[name] / NORMAL_TENTH
        # Beyond three times its ends nothing is known: a normal's tail would be made up.
        z = np.clip(z, -3, 3)
        side = np.where(z > 0, term.high - term.middle, term.middle - term.low)
        value = term.middle + z * side
        values[name] = value if name == "overrun" else np.maximum(value, 0.0)
    return values


def profit_lines(
    plan: FilmOutlay,
    terms: GreenlightTerms,
    grosses: Grosses,
    values: Mapping[str, Floats | float],
) -> dict[str, Floats]:
    """Each line of the profit and loss in present value, costs negative; `profit` is their sum.

    The grosses are those of the plan's advertising.
    """
    idea, years = plan.idea, terms.years
    everywhere, home = grosses
    abroad = np.maximum(everywhere - home, 0.0)
    rentals = home * np.asarray(values["rental_home"]) + _abroad(idea, abroad, values)
    windows = {"theatrical": rentals}
    windows |= {name: rentals * np.asarray(values[name]) for name in WINDOWS[1:]}

    def present(amount: Floats | float, when: float) -> Floats:
        at = max(plan.to_opening + when, 0.0)
        return np.asarray(amount / (1 + np.asarray(values["discount"])) ** at)

    credit = values["tax_credit"] if idea.tax_credit is None else idea.tax_credit
    lines = {name: present(windows[name], getattr(years, name)) for name in WINDOWS}
    revenue = _total(lines)
    later = revenue - lines["theatrical"]
    lines["tax_credit"] = present(idea.budget * np.asarray(credit), 0.0)
    lines["distribution_fee"] = -revenue * np.asarray(values["distribution_fee"])
    lines["residuals"] = -later * np.asarray(values["residuals"])
    cost = idea.budget * (1 + np.asarray(values["overrun"]))
    lines["production"] = -present(cost, years.production)
    lines["advertising"] = -present(plan.advertising, years.advertising)
    beyond = np.maximum(_total(lines), 0.0)
    lines["participations"] = -beyond * np.asarray(values["participations"])
    lines["profit"] = _total(lines)
    return lines


def _total(lines: Mapping[str, Floats]) -> Floats:
    """The sum of lines of which some stand alike in every draw."""
    return np.asarray(reduce(np.add, lines.values()))


def _abroad(idea: Idea, abroad: Floats, values: Mapping[str, Floats | float]) -> Floats:
    """What is handed on of the gross abroad, by how the film opens in China."""
    if idea.china == "mixed":
        return np.asarray(abroad * values["rental_abroad"])
    china = abroad * np.minimum(values["china_share"], 1.0)
    rest = (abroad - china) * values["rental_abroad"]
    if idea.china == "revenue_share":
        return np.asarray(rest + china * values["rental_china"])
    return np.asarray(rest + (idea.china_fee if idea.china == "buy_out" else 0.0))


def middle_values(terms: GreenlightTerms) -> dict[str, float]:
    """Every term at its middle."""
    return {name: term.middle for name, term in terms.terms.items()}


def estimate(values: Floats) -> MeanOfDraws:
    """The mean of draws and its standard error."""
    return MeanOfDraws(float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values))))


def worst_of(profit: Floats) -> tuple[float, MeanOfDraws]:
    """Where the worst tenth begins, and its mean with its error (Acerbi and Tasche 2002)."""
    tenth = float(np.quantile(profit, WORST))
    below = np.minimum(profit - tenth, 0.0) / WORST
    spread = float(below.std(ddof=1) / np.sqrt(len(profit)))
    return tenth, MeanOfDraws(tenth + float(below.mean()), spread)


def range_of(quantity: str, amounts: Floats) -> Range:
    """Draws as quantiles."""
    quantiles = np.maximum.accumulate(np.quantile(amounts, PROBABILITIES))
    return Range(quantity, tuple(float(q) for q in quantiles))


def summed(lines: Mapping[str, Floats]) -> tuple[ProfitLine, ...]:
    """Each line as its mean and 80 % range."""
    return tuple(
        ProfitLine(name, float(v.mean()), *(float(q) for q in np.quantile(v, (0.1, 0.9))))
        for name, v in lines.items()
    )


def with_budget(plan: FilmOutlay, budget: float) -> FilmOutlay:
    """The same film for another budget, at the same gross and advertising."""
    return replace(plan, idea=replace(plan.idea, budget=budget))
