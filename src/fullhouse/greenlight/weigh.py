"""Weigh a film before its greenlight: its profit and loss, what that hangs on, deciding later."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from fullhouse.core.arrays import Flags, Floats
from fullhouse.core.errors import InputError
from fullhouse.forecast import Range
from fullhouse.greenlight.greenlight import (
    AdvertisingChoice,
    BeyondBudgets,
    Calibrated,
    FromPastFilms,
    GenresUnknown,
    Greenlight,
    HomeOnly,
    Note,
    OldFilms,
    SourceUnproven,
    StagedOption,
    Swing,
    Threshold,
)
from fullhouse.greenlight.idea import Idea
from fullhouse.greenlight.judge import ChanceCurve, gross_shift
from fullhouse.greenlight.past import NEAR, GrossModel, PastFilms, fit
from fullhouse.greenlight.profit import (
    FilmOutlay,
    Grosses,
    ProfitDraws,
    advertised,
    draw,
    estimate,
    grosses_of,
    plan_of,
    profit_lines,
    range_of,
    summed,
    term_values,
    with_budget,
    with_forecast,
    worst_of,
)
from fullhouse.greenlight.sources import FEWEST, source_effect
from fullhouse.greenlight.terms import GreenlightTerms

FEWEST_DRAWS, MOST_DRAWS = 1_000, 200_000
CHOICES = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0)
"""Multiples of the planned advertising that are tried."""
OLD_YEARS = 3
NO_MATTER = 1e-6
"""Of the budget: less than this, and a term moves nothing."""
STEPS = np.exp(np.linspace(np.log(0.05), np.log(20.0), 25))
"""Multiples between which a break-even chance of one half is searched."""


@dataclass(frozen=True)
class Weighing:
    """A plan with its draws: what every comparison of it shares. Grosses at the usual spend."""

    plan: FilmOutlay
    terms: GreenlightTerms
    draws: ProfitDraws
    grosses: Grosses
    values: Mapping[str, Floats]

    def profit(
        self, plan: FilmOutlay | None = None, *, certain: Mapping[str, float] | None = None
    ) -> Floats:
        """The profit in each draw, of another plan or with some terms certain."""
        values: dict[str, Floats | float] = {**self.values, **(certain or {})}
        other = plan or self.plan
        grosses = advertised(other, self.grosses, values)
        return profit_lines(other, self.terms, grosses, values)["profit"]

    @property
    def planned(self) -> Grosses:
        """The grosses with the plan's advertising."""
        return advertised(self.plan, self.grosses, self.values)

    def at_gross(self, amount: float) -> "Weighing":
        """The same with every draw at one planned gross, each with its own share of home."""
        # A draw in which a film without advertising takes nothing takes nothing at any gross.
        planned = self.planned[0]
        scale = np.divide(amount, planned, out=np.zeros(len(planned)), where=planned > 0)
        return replace(self, grosses=(self.grosses[0] * scale, self.grosses[1] * scale))


def weigh(
    past: PastFilms,
    idea: Idea,
    terms: GreenlightTerms,
    *,
    territory: str,
    as_of: date,
    home: Range | None = None,
    notes: Sequence[Note] = (),
    curve: ChanceCurve | None = None,
    draws: int = 10_000,
    seed: int = 0,
    simulated: bool = False,
) -> Greenlight:
    """What an idea may take and leave, from past films or with a forecast of its gross at home.

    With a `curve` of past chances the gross is moved so far that the chance at middle terms is
    what such chances came to. The same seed gives the same figures. An error where past films are
    too few to tell.
    """
    check_draws(draws)
    past = past.recent()
    model = fit(past)
    numbers = draw(terms, draws, seed)
    plan = plan_of(idea, terms, as_of)
    shift = 0.0
    if curve is not None and home is None:
        shift = gross_shift(model, idea, terms, curve, today=as_of)
        notes = (*notes, Calibrated(curve.films, float(np.exp(shift))))
    grosses = (
        grosses_of(model, idea, numbers.gross, today=as_of, shift=shift)
        if home is None
        else with_forecast(model, idea, home, numbers, today=as_of)
    )
    weighing = Weighing(plan, terms, numbers, grosses, term_values(terms, numbers))
    planned = weighing.planned
    lines = profit_lines(plan, terms, planned, weighing.values)
    profit = lines["profit"]
    usual = plan.advertising == plan.usual
    tenth, worst = worst_of(profit)
    return Greenlight(
        idea=idea,
        territory=territory,
        currency=terms.currency,
        as_of=as_of,
        draws=draws,
        seed=seed,
        advertising=plan.advertising,
        gross=range_of("worldwide", planned[0]),
        home=home if home is not None and usual else range_of("total", planned[1]),
        profit=estimate(profit),
        profit_range=range_of("profit", profit),
        break_even=estimate((profit >= 0).astype(float)),
        tenth=tenth,
        worst=worst,
        lines=summed(lines),
        swings=swings(weighing),
        options=staged(weighing, profit),
        thresholds=thresholds(weighing),
        choices=advertising_choices(weighing),
        source_effect=source_effect(past, idea.story_source),
        changed_terms=terms.changed,
        notes=(*film_notes(past, model, idea, as_of, by_films=home is None), *notes),
        simulated=simulated,
    )


def check_draws(draws: int) -> None:
    """An error for a number of draws that tells nothing or takes too long."""
    if not FEWEST_DRAWS <= draws <= MOST_DRAWS:
        raise InputError(f"draws must be from {FEWEST_DRAWS:,} to {MOST_DRAWS:,}, not {draws:,}.")


def film_notes(
    past: PastFilms, model: GrossModel, idea: Idea, as_of: date, *, by_films: bool
) -> tuple[Note, ...]:
    """What the figures of a film rest on, and what past films do not tell of it."""
    notes: list[Note] = []
    if by_films:
        near = min(NEAR, len(model.residual))
        notes.append(FromPastFilms(model.films, model.last_year, near, model.fingerprint))
    if not past.everywhere:
        notes.append(HomeOnly())
    if as_of.year - model.last_year > OLD_YEARS:
        notes.append(OldFilms(model.last_year, as_of.year - model.last_year))
    count = past.story_source.count(idea.story_source)
    if idea.story_source and count < FEWEST:
        notes.append(SourceUnproven(idea.story_source, count))
    genres = model.features.genres
    unknown = tuple(g for g in idea.genres if g.casefold() not in genres)
    if by_films and unknown:
        notes.append(GenresUnknown(unknown, genres))
    low, high = float(past.budget.min()), float(past.budget.max())
    if not low <= idea.budget <= high:
        notes.append(BeyondBudgets(low, high))
    return tuple(notes)


def swings(weighing: Weighing) -> tuple[Swing, ...]:
    """The expected profit with one thing at its 10 and 90 %, widest first."""
    rows = []
    low, high = (float(q) for q in np.quantile(weighing.planned[0], (0.1, 0.9)))
    ends = [weighing.at_gross(amount).profit().mean() for amount in (low, high)]
    rows.append(Swing("gross", low, high, float(ends[0]), float(ends[1])))
    for name, term in weighing.terms.terms.items():
        if term.certain or not _used(weighing.plan.idea, name):
            continue
        at_low, at_high = (
            float(weighing.profit(certain={name: value}).mean()) for value in (term.low, term.high)
        )
        rows.append(Swing(name, term.low, term.high, at_low, at_high))
    # Elasticity moves nothing at the usual advertising.
    moving = [s for s in rows if s.width > NO_MATTER * weighing.plan.idea.budget]
    return tuple(sorted(moving, key=lambda s: -s.width))


def _used(idea: Idea, name: str) -> bool:
    if name == "tax_credit":
        return idea.tax_credit is None
    if name == "china_share":
        return idea.china != "mixed"
    return name != "rental_china" or idea.china == "revenue_share"


def staged(weighing: Weighing, profit: Floats) -> tuple[StagedOption, ...]:
    """Going ahead now, dropping it, and deciding after a pilot and after the film is finished.

    What a look shows is a normal score that goes with that of the gross as the terms say. Whether
    to go on is decided by the expected profit at what was seen, fitted on one half of the draws
    and used on the other (Longstaff and Schwartz 2001), so that no draw decides by its own end.
    """
    plan, terms, draws = weighing.plan, weighing.terms, weighing.draws
    stages, budget = terms.stages, plan.idea.budget
    pilot_cost = stages.pilot_cost * budget
    years, discount = terms.years, np.asarray(weighing.values["discount"])
    ready = max(plan.to_opening + years.advertising, 0.0)
    whole = profit_lines(plan, terms, weighing.planned, weighing.values)
    sold = (
        whole["production"]
        + whole["tax_credit"]
        + stages.sale_price * budget / (1 + discount) ** ready
    )
    pilot = _seen(draws.score, draws.pilot, stages.pilot_tells)
    screening = _seen(draws.score, draws.screening, stages.screening_tells)
    nothing = np.zeros(len(profit), dtype=bool)
    # A pilot is spent first whatever comes next; the budget holds it where the film is made.
    stop = np.full(len(profit), -pilot_cost)
    go_on = _better(pilot, profit, stop)
    sell = ~_better(screening, profit, sold)
    ends = np.where(sell, sold, profit)
    go_then = _better(pilot, ends, stop)
    rows = [
        ("go", profit, nothing, nothing),
        ("drop", np.zeros(len(profit)), ~nothing, nothing),
        ("pilot", np.where(go_on, profit, stop), ~go_on, nothing),
        ("sell", ends, nothing, sell),
        ("pilot_and_sell", np.where(go_then, ends, stop), ~go_then, go_then & sell),
    ]
    return tuple(
        StagedOption(
            name,
            estimate(value),
            estimate(value - profit),
            float(dropped.mean()),
            float(taken.mean()),
            float((value < 0).mean()),
        )
        for name, value, dropped, taken in rows
    )


def _seen(score: Floats, noise: Floats, tells: float) -> Floats:
    return np.asarray(tells * score + np.sqrt(1 - tells**2) * noise)


def _better(seen: Floats, going: Floats, other: Floats) -> Flags:
    """Whether going on is expected to bring more than the other end, by what was seen alone."""
    better = np.zeros(len(seen), dtype=bool)
    halves = np.arange(len(seen)) % 2 == 0
    for learn in (halves, ~halves):
        # Profit is close to a power of the gross, which is normal in logs: a curve of third degree.
        curve = np.polynomial.Polynomial.fit(seen[learn], (going - other)[learn], 3)
        better[~learn] = curve(np.clip(seen[~learn], *np.quantile(seen[learn], (0.01, 0.99)))) > 0
    return better


def thresholds(weighing: Weighing) -> tuple[Threshold, ...]:
    """Where the break-even chance would be one half, one thing moved at a time."""
    plan, terms = weighing.plan, weighing.terms
    everywhere = float(np.median(weighing.planned[0]))
    rental = terms.terms["rental_home"].middle
    everything = weighing.values

    def gross(m: float) -> Floats:
        return replace(
            weighing, grosses=(weighing.grosses[0] * m, weighing.grosses[1] * m)
        ).profit()

    def budget(m: float) -> Floats:
        return weighing.profit(with_budget(plan, plan.idea.budget * m))

    def advertising(m: float) -> Floats:
        return weighing.profit(replace(plan, advertising=plan.advertising * m))

    def share(m: float) -> Floats:
        values = {n: everything[n] * m for n in ("rental_home", "rental_abroad", "rental_china")}
        return replace(weighing, values={**everything, **values}).profit()

    rows = [
        Threshold("gross", everywhere, _half(gross, everywhere)),
        Threshold("budget", plan.idea.budget, _half(budget, plan.idea.budget)),
        Threshold("share", rental, _half(share, rental, most=1.0)),
    ]
    if plan.advertising > 0:
        rows.append(
            Threshold("advertising", plan.advertising, _half(advertising, plan.advertising))
        )
    return tuple(rows)


def _half(profit: Callable[[float], Floats], planned: float, most: float = np.inf) -> float | None:
    """The amount nearest the planned one at which the middle profit is 0."""
    middles = np.array([float(np.median(profit(m))) for m in STEPS])
    crossings = np.flatnonzero(np.signbit(middles[:-1]) != np.signbit(middles[1:]))
    if len(crossings) == 0:
        return None
    at = crossings[np.argmin(np.abs(np.log(STEPS[crossings])))]
    low, high = STEPS[at], STEPS[at + 1]
    for _ in range(14):
        middle = np.sqrt(low * high)
        if (np.median(profit(middle)) < 0) == (middles[at] < 0):
            low = middle
        else:
            high = middle
    needed = float(planned * np.sqrt(low * high))
    return needed if needed <= most else None


def advertising_choices(weighing: Weighing) -> tuple[AdvertisingChoice, ...]:
    """The expected profit and break-even chance with other spends, by the same draws."""
    base = weighing.plan.advertising or weighing.plan.usual
    rows = []
    for multiple in CHOICES:
        profit = weighing.profit(replace(weighing.plan, advertising=base * multiple))
        chance = float((profit >= 0).mean())
        rows.append(AdvertisingChoice(base * multiple, float(profit.mean()), chance))
    return tuple(rows)
