"""A slate before its greenlight: films together, by draws in which those of a year share its luck.

How much they share is measured on the residuals of past films: a random effect of the year.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from fullhouse.core.arrays import Floats
from fullhouse.core.errors import InputError
from fullhouse.forecast import Range
from fullhouse.greenlight.greenlight import Calibrated, Note, SlateFilm, SlateRisk
from fullhouse.greenlight.idea import Idea
from fullhouse.greenlight.judge import ChanceCurve, gross_shift
from fullhouse.greenlight.past import GrossModel, PastFilms, fit
from fullhouse.greenlight.profit import (
    ProfitDraws,
    advertised,
    draw,
    estimate,
    grosses_of,
    plan_of,
    profit_lines,
    range_of,
    term_values,
    with_forecast,
    worst_of,
)
from fullhouse.greenlight.terms import GreenlightTerms
from fullhouse.greenlight.weigh import check_draws, film_notes

MOST_FILMS = 60
FEWEST_YEARS = 8
RESAMPLES = 400


@dataclass(frozen=True)
class SharedPart:
    """The part of the residuals' variance that films of a year share, with its 95 % interval."""

    value: float
    low: float
    high: float


def shared_part(model: GrossModel, *, seed: int = 0) -> SharedPart:
    """The variance between years over all variance of residuals, by years resampled.

    Normal scores of the residuals by rank within size are taken, so that the wide misses of small
    films do not hide what the years of all have in common (the usual estimate by moments).
    """
    from scipy.special import ndtri

    score = np.empty(len(model.residual))
    order = np.argsort(model.unseen.log_budget, kind="stable")
    for part in np.array_split(order, max(len(order) // 400, 1)):
        rank = np.argsort(np.argsort(model.residual[part], kind="stable"), kind="stable")
        score[part] = ndtri((rank + 0.5) / len(part))
    years = np.unique(model.unseen.year)
    if len(years) < FEWEST_YEARS:
        return SharedPart(0.0, 0.0, 1.0)
    groups = [score[model.unseen.year == y] for y in years]
    rng = np.random.default_rng(seed)
    picks = rng.integers(len(groups), size=(RESAMPLES, len(groups)))
    values = [_between([groups[k] for k in pick]) for pick in picks.tolist()]
    low, high = (float(q) for q in np.quantile(values, (0.025, 0.975)))
    return SharedPart(_between(groups), low, high)


def _between(groups: Sequence[Floats]) -> float:
    """The intraclass correlation by moments (Searle, Casella and McCulloch 1992), at least 0."""
    sizes = np.array([len(g) for g in groups], dtype=float)
    means = np.array([g.mean() for g in groups])
    whole = sizes.sum()
    grand = (sizes * means).sum() / whole
    within = sum(float(((g - m) ** 2).sum()) for g, m in zip(groups, means, strict=True))
    within /= whole - len(groups)
    between = float((sizes * (means - grand) ** 2).sum()) / (len(groups) - 1)
    size = (whole - (sizes**2).sum() / whole) / (len(groups) - 1)
    variance = max((between - within) / size, 0.0)
    return variance / (variance + within) if variance + within > 0 else 0.0


def weigh_slate(
    past: PastFilms,
    ideas: Sequence[Idea],
    terms: GreenlightTerms,
    *,
    territory: str,
    as_of: date,
    homes: Mapping[str, Range] | None = None,
    curve: ChanceCurve | None = None,
    notes: Mapping[str, Sequence[Note]] | None = None,
    draws: int = 10_000,
    seed: int = 0,
    simulated: bool = False,
) -> SlateRisk:
    """The risk of all films together, and what each adds to it."""
    check_draws(draws)
    if not 1 <= len(ideas) <= MOST_FILMS:
        raise InputError(f"A slate has from 1 to {MOST_FILMS} films, not {len(ideas)}.")
    names = [i.id for i in ideas]
    again = sorted({n for n in names if names.count(n) > 1})
    if again:
        raise InputError(f"A slate has each film once; {', '.join(again)} stands in it twice.")
    past = past.recent()
    model = fit(past)
    shared = shared_part(model)
    known = homes or {}
    shifts = {
        i.id: gross_shift(model, i, terms, curve, today=as_of)
        for i in ideas
        if curve is not None and i.id not in known
    }
    profits = [
        _profit(model, idea, terms, as_of, known.get(idea.id), shifts.get(idea.id, 0.0), numbers)
        for idea, numbers in zip(
            ideas, _draws(ideas, terms, as_of, draws, seed, shared.value), strict=True
        )
    ]
    apart = [
        _profit(model, idea, terms, as_of, known.get(idea.id), shifts.get(idea.id, 0.0), numbers)
        for idea, numbers in zip(ideas, _draws(ideas, terms, as_of, draws, seed, 0.0), strict=True)
    ]
    whole = np.sum(profits, axis=0)
    _, worst = worst_of(whole)
    stated = {
        i.id: (
            *film_notes(past, model, i, as_of, by_films=i.id not in known),
            *(notes or {}).get(i.id, ()),
            *(
                (Calibrated(curve.films, float(np.exp(shifts[i.id]))),)
                if curve is not None and i.id in shifts
                else ()
            ),
        )
        for i in ideas
    }
    rows = [
        replace(_row(idea, profit, whole, worst.value, as_of, terms), notes=stated[idea.id])
        for idea, profit in zip(ideas, profits, strict=True)
    ]
    return SlateRisk(
        territory=territory,
        currency=terms.currency,
        as_of=as_of,
        draws=draws,
        films=tuple(sorted(rows, key=lambda r: -r.adds_profit)),
        spend=float(sum(i.budget + plan_of(i, terms, as_of).advertising for i in ideas)),
        profit=estimate(whole),
        profit_range=range_of("profit", whole),
        break_even=estimate((whole >= 0).astype(float)),
        worst=worst,
        alone=worst_of(np.sum(apart, axis=0))[1].value,
        shared=shared.value,
        shared_low=shared.low,
        shared_high=shared.high,
        simulated=simulated,
    )


def _draws(
    ideas: Sequence[Idea], terms: GreenlightTerms, as_of: date, draws: int, seed: int, shared: float
) -> list[ProfitDraws]:
    """The draws of each film: terms alike for all, a part of the gross's score by year."""
    from scipy.special import ndtr

    common = draw(terms, draws, seed)
    years = sorted({_year(i, terms, as_of) for i in ideas})
    streams = np.random.SeedSequence([seed, 1]).spawn(len(years) + len(ideas))
    normals = [np.random.default_rng(s).standard_normal(draws) for s in streams]
    by_year = dict(zip(years, normals, strict=False))
    made = []
    for idea, own in zip(ideas, normals[len(years) :], strict=True):
        year = by_year[_year(idea, terms, as_of)]
        score = np.sqrt(shared) * year + np.sqrt(1 - shared) * own
        made.append(replace(common, gross=ndtr(score), score=score))
    return made


def _year(idea: Idea, terms: GreenlightTerms, as_of: date) -> int:
    return idea.opening.year if idea.opening else as_of.year + round(terms.years.to_opening)


def _profit(
    model: GrossModel,
    idea: Idea,
    terms: GreenlightTerms,
    as_of: date,
    home: Range | None,
    shift: float,
    numbers: ProfitDraws,
) -> Floats:
    grosses = (
        grosses_of(model, idea, numbers.gross, today=as_of, shift=shift)
        if home is None
        else with_forecast(model, idea, home, numbers, today=as_of)
    )
    plan = plan_of(idea, terms, as_of)
    values = term_values(terms, numbers)
    return profit_lines(plan, terms, advertised(plan, grosses, values), values)["profit"]


def _row(
    idea: Idea, profit: Floats, whole: Floats, worst: float, as_of: date, terms: GreenlightTerms
) -> SlateFilm:
    without = worst_of(whole - profit)[1].value if np.any(whole != profit) else 0.0
    return SlateFilm(
        film=idea.id,
        title=idea.title,
        year=_year(idea, terms, as_of),
        budget=idea.budget,
        profit=estimate(profit),
        break_even=float((profit >= 0).mean()),
        worst=worst_of(profit)[1].value,
        adds_profit=float(profit.mean()),
        adds_worst=worst - without,
    )
