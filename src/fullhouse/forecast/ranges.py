"""Quantiles of a forecast: the models' own, moved and widened by what else is known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fullhouse.core.arrays import Floats
from fullhouse.core.errors import InputError, did_you_mean
from fullhouse.forecast import adapt, outside, unknown
from fullhouse.forecast.adapt import Ends, PastScores
from fullhouse.forecast.calendar import (
    as_day,
    weekend,
)
from fullhouse.forecast.case import (
    FilmCase,
    horizon_of_errors,
    log_to_date,
    row_of,
)
from fullhouse.forecast.forecast import (
    PROBABILITIES,
    BudgetHistory,
    CompsMove,
    CompsUnused,
    IfCinemas,
    MarketChanged,
    MarketClosed,
    Note,
    OutsideMoves,
    OutsideUncompared,
    OutsideUnproven,
    OutsideView,
    RangesMissed,
    RangesOf,
)
from fullhouse.forecast.history import ASSUMED
from fullhouse.forecast.history_index import HistoryIndex
from fullhouse.forecast.outside import Blend
from fullhouse.forecast.release_plan import ReleasePlan, release_plan, with_cinemas
from fullhouse.forecast.rows import SETTLED_DAYS, Rows, outcomes, rows_at, to_date
from fullhouse.forecast.train import (
    CALENDAR,
    CINEMAS,
    Stage,
    eligible,
    franchises,
    is_run,
    known_from,
    predict,
    sizes,
    width_features,
)

FEWEST_BUDGETS = 40
BUDGET_LOG = "budget.log"
SINCE_DAYS = 3
"""Films that opened so long before a model's day are not learned from whole yet."""
FEW_AND_MANY = (0.1, 0.75)
"""Shares of the films learned from that opened in fewer cinemas, for what if few and if many."""


def plan_of(index: HistoryIndex, case: FilmCase, stage: Stage) -> ReleasePlan | None:
    """What is expected of a film's cinemas, where none are booked."""
    if stage.name != CINEMAS or index.history.fact(case.film, "theaters", case.on):
        return None
    of_widest = stage.learned_from.column("theaters.of_widest")
    return release_plan(index, case.film, case.on, of_widest)


def rivals_cinemas(index: HistoryIndex, case: FilmCase) -> tuple[str, ...]:
    """Features by the cinemas of rivals, which are unknown where none are booked yet."""
    if case.days or case.stage != CINEMAS:
        return ()
    friday = weekend(case.opening)
    rivals = [f for w in (friday, friday - 7) for f in index.slate(w, case.on) if f != case.film]
    booked = any(index.history.fact(f, "theaters", case.on) for f in rivals)
    return () if booked or not rivals else unknown.RIVALS_CINEMAS


def spread_of_unknown(
    index: HistoryIndex,
    case: FilmCase,
    stage: Stage,
    row: Rows,
    groups: Sequence[str],
    plan: ReleasePlan | None,
) -> dict[str, float]:
    """By quantity, how far the log forecast moves with what is unknown; none where nothing is."""
    if not groups and plan is None:
        return {}
    rows = unknown.drawn(row, stage.learned_from, groups) if groups else row
    if plan is not None:
        learned = stage.learned_from.column("theaters.number")
        learned = learned[np.isfinite(learned)]
        rows = with_cinemas(rows, np.clip(plan.cinemas, learned.min(), learned.max()))
    taken = np.repeat(log_to_date(index, case), len(rows.films))
    predictions = predict(stage.name, stage.models, rows, taken)
    return {q: float(np.std(p)) for q, p in predictions.items()}


@dataclass(frozen=True)
class OutsideMove:
    """What others forecast of a film: how it moves ours, what is shown of it, and notes."""

    blend: Blend | None = None
    views: tuple[OutsideView, ...] = ()
    notes: tuple[Note, ...] = ()


def outside_move(index: HistoryIndex, case: FilmCase, stage: Stage, row: Rows) -> OutsideMove:
    """How far what others forecast of the film moves ours, by how they did on past films."""
    if case.days or case.film not in index.history.outside:
        return OutsideMove()
    shares = outside.WeekendShares(index)
    forecasts = outside.stated(index, shares, case.film, case.opening, case.on)
    shown = list({s.forecast.source: s for s in forecasts}.values())
    newest = outside.newest(forecasts)
    past = stage.past.get(horizon_of_errors(case, stage))
    if past is None or not shown:
        return OutsideMove()
    left = max(1, case.opening - case.on)
    comparison = outside.compare(index, past, shares, left=left)
    predictions = predict(stage.name, stage.models, row, log_to_date(index, case))
    blend = outside.blend(
        comparison,
        {column: s.log_weekend for column, s in newest.items()},
        {q: float(p[0]) for q, p in predictions.items()},
        case.on,
    )
    used = blend.columns if blend else ()
    price = index.log_price(case.opening, case.on)
    views, notes = [], list[Note]()
    if blend:
        sources = tuple(s for s, _ in blend.columns)
        notes.append(OutsideMoves(sources, blend.weight, float(np.exp(blend.shift)), blend.films))
    for s in shown:
        column = (s.forecast.source, s.horizon)
        films = outside.films_of(comparison, column, case.on)
        views.append(_view(s, price, films, used=column in used and newest.get(column) is s))
        if not np.isfinite(s.log_weekend):
            notes.append(OutsideUncompared(s.forecast.source, s.forecast.days))
        elif column not in used:
            notes.append(OutsideUnproven(s.forecast.source, films, outside.FEWEST_FILMS))
    return OutsideMove(blend, tuple(views), tuple(notes))


def _view(s: outside.Stated, price: float, films: int, *, used: bool) -> OutsideView:
    f = s.forecast
    amount = float(np.exp(s.log_weekend + price)) if np.isfinite(s.log_weekend) else None
    return OutsideView(
        f.source, as_day(f.made_on), f.days, f.mid, f.low, f.high, amount, films, used
    )


@dataclass(frozen=True)
class BudgetMove:
    """How far an assumed budget moves each log amount beyond what the models make of it."""

    shift: Mapping[str, float]
    note: BudgetHistory


def budget_move(index: HistoryIndex, case: FilmCase, stage: Stage, row: Rows) -> BudgetMove | None:
    """The rest of the way to what past films with other budgets did; None where too few tell.

    The models give most of a budget's part to what goes with it, such as the distributor, so that
    a budget changed alone would seem to change little.
    """
    learned, new = stage.learned_from, float(row.column(BUDGET_LOG)[0])
    budgets = learned.column(BUDGET_LOG)
    if case.days or not np.isfinite(new) or np.isfinite(budgets).sum() < FEWEST_BUDGETS:
        return None
    stated = [v for _, v, who in index.history.facts[case.film].get("budget", ())
              if who != ASSUMED and v and v[1] == index.history.currency]  # fmt: skip
    price = index.log_price(case.opening, case.on)
    before = float(np.log(stated[-1][0])) - price if stated else float(np.nanmedian(budgets))
    before = float(np.clip(before, np.nanmin(budgets), np.nanmax(budgets)))
    at = row.columns.index(BUDGET_LOG)
    x = row.x.copy()
    x[0, at] = before if stated else np.nan
    taken = log_to_date(index, case)
    now, then = (predict(stage.name, stage.models, r, taken) for r in (row, replace(row, x=x)))
    actual = outcomes(index, learned.films, case.on)
    shift, slopes, films = {}, {}, 0
    for quantity in now:
        # The first day goes with the weekend, and is known of fewer films.
        name = "total" if quantity == "total" else "opening_weekend"
        logs = getattr(actual, name)
        known = np.flatnonzero(np.isfinite(budgets) & np.isfinite(logs))
        if len(known) < FEWEST_BUDGETS:
            return None
        slopes[name] = float(np.polyfit(budgets[known], logs[known], 1)[0])
        films = len(known)
        own = float(now[quantity][0] - then[quantity][0])
        shift[quantity] = slopes[name] * (new - before) - own
    slope = slopes.get("opening_weekend", slopes["total"])
    ratio = float(np.exp(new - before))
    return BudgetMove(shift, BudgetHistory(ratio, ratio**slope, films))


class World:
    """How far the ends of ranges are drawn out: by what missed lately, and by a changed market."""

    def __init__(self, index: HistoryIndex, case: FilmCase, stage: Stage) -> None:
        self._index, self._case, self._stage = index, case, stage
        self._horizon = horizon_of_errors(case, stage)
        self.share = adapt.market_share(index, case.on)
        self._factor = adapt.market_factor(self.share, opened=bool(case.days))
        self._recent: dict[str, PastScores] = {}

    def ends(self, quantity: str, group: int) -> Ends:
        """The factors of the two sides of a quantity's range, for a group of films."""
        return self._own(quantity, group).times(self._factor)

    def _own(self, quantity: str, group: int) -> Ends:
        on = np.array([self._case.on])
        return adapt.ends(self._scores(quantity), on, np.array([group]))[0]

    def _scores(self, quantity: str) -> PastScores:
        """Where past outcomes lay, up to the films of the last weeks."""
        if quantity not in self._recent:
            past = self._stage.scores[(self._horizon, quantity)]
            since = _since(self._index, self._case, self._stage, self._horizon, quantity)
            self._recent[quantity] = past if since is None else adapt.joined(past, since)
        return self._recent[quantity]

    def notes(self) -> tuple[Note, ...]:
        """What of it a reader should know."""
        notes = list[Note]()
        if self.share is not None and self.share < adapt.TOO_LITTLE:
            notes.append(MarketClosed(self.share, self._factor))
        elif self.share is not None and abs(np.log(self.share)) > adapt.CHANGED:
            notes.append(MarketChanged(self.share, self._factor))
        main = "total" if self._case.days else "opening_weekend"
        if (self._horizon, main) in self._stage.scores:
            late = adapt.lately(self._scores(main), self._case.on)
            if late.changed:
                own = self._own(main, adapt.ALL)
                notes.append(RangesMissed(late.films, late.below, late.above, own.lower, own.upper))
        return tuple(notes)


def _since(
    index: HistoryIndex, case: FilmCase, stage: Stage, horizon: str, quantity: str
) -> PastScores | None:
    """Where the outcomes lay that became known since a stage learned; None where none did."""
    first = stage.learned_to - SINCE_DAYS
    if is_run(stage.name) and quantity == "total":
        first -= SETTLED_DAYS
    films = [f for f in eligible(index, case.plan, case.on) if index.openings[f] >= first]
    if is_run(stage.name):
        films = [f for f in films if index.history.run(f).on(0) > 0]
    days = known_from(index, films, quantity)
    films = [f for f, d in zip(films, days, strict=True) if stage.learned_to < d <= case.on]
    if not films or not stage.learned_to:
        return None
    rows = rows_at(index, films, horizon)
    if stage.name == CINEMAS:
        rows = rows.take(np.flatnonzero(np.isfinite(rows.column("theaters.log"))))
    if not len(rows.films):
        return None
    predicted = predict(stage.name, stage.models, rows, to_date(index, rows))
    given = width_features(stage.name, rows, predicted)
    size, series = sizes(rows, predicted), franchises(rows)
    usable = np.flatnonzero(np.isfinite(given).all(axis=1))
    conformal = stage.conformal[(horizon, quantity)]
    quantiles = np.full((len(rows.films), len(PROBABILITIES)), np.nan)
    quantiles[usable] = predicted[quantity][usable, None] + conformal.quantiles(
        given[usable], size[usable], series[usable]
    )
    actual = getattr(outcomes(index, rows.films, case.on), quantity)
    known_on = known_from(index, rows.films, quantity)
    return adapt.past_scores(known_on, quantiles, actual, conformal.groups(size, series))


def log_quantiles(
    index: HistoryIndex,
    case: FilmCase,
    stage: Stage,
    row: Rows,
    chosen: Sequence[str],
    blend: Blend | None,
    spread: Mapping[str, float],
    world: World,
) -> tuple[dict[str, Floats], list[Note]]:
    """Quantiles of each log amount in constant prices."""
    predictions = predict(stage.name, stage.models, row, log_to_date(index, case))
    shift, notes = _pulled(index, case, stage, predictions, chosen)
    width, size, series = (
        width_features(stage.name, row, predictions),
        sizes(row, predictions),
        franchises(row),
    )
    horizon = horizon_of_errors(case, stage)
    if horizon != case.horizon.name:
        notes.append(RangesOf(horizon))
    if blend:
        # Where theirs count in full, comps have no say.
        shift = blend.shift + (1 - blend.weight) * shift
    quantiles = {}
    for quantity, centre in predictions.items():
        ranges = stage.conformal.get((horizon, quantity))
        if blend and quantity in blend.quantiles:
            quantiles[quantity] = centre[0] + shift + blend.quantiles[quantity]
        elif ranges is not None:
            errors = ranges.quantiles(width, size, series)[0]
            errors = world.ends(quantity, int(ranges.groups(size, series)[0])).applied(errors)
            if quantity in spread:
                errors = unknown.wider(errors, spread[quantity])
            quantiles[quantity] = centre[0] + shift + errors
    return quantiles, notes


def _pulled(
    index: HistoryIndex,
    case: FilmCase,
    stage: Stage,
    predictions: Mapping[str, Floats],
    chosen: Sequence[str],
) -> tuple[float, list[Note]]:
    if not chosen:
        return 0.0, []
    for film in chosen:
        if film not in index.openings:
            raise InputError(f"No comp {film!r}.{did_you_mean(film, index.openings)}")
    if case.days:
        return 0.0, [CompsUnused()]
    anchor = "opening_weekend" if "legs" in stage.models else "total"
    logs = getattr(outcomes(index, chosen, case.on), anchor)
    for film, log in zip(chosen, logs.tolist(), strict=True):
        if not np.isfinite(log):
            raise InputError(
                f"{film!r} cannot be a comp: what it took is not known on {as_day(case.on)}."
            )
    mean = float(np.mean(logs))
    shift = stage.comps_weight * (mean - float(predictions[anchor][0]))
    price = index.log_price(case.opening, case.on)
    move = CompsMove(
        quantity=anchor,
        mean=float(np.exp(mean + price)),
        currency=index.history.currency,
        weight=stage.comps_weight,
        factor=float(np.exp(shift)),
    )
    return shift, [move]


def if_cinemas(
    index: HistoryIndex, case: FilmCase, stages: Mapping[str, Stage]
) -> tuple[IfCinemas, ...]:
    """What a film without known cinemas would open to in few and in many of them."""
    stage = stages.get(CINEMAS)
    if case.days or case.stage != CALENDAR or stage is None:
        return ()
    learned = stage.learned_from.column("theaters.number")
    few, many = np.quantile(learned[np.isfinite(learned)], FEW_AND_MANY)
    horizon = horizon_of_errors(case, stage)
    conformal = stage.conformal.get((horizon, "opening_weekend"))
    if conformal is None:
        return ()
    price = index.log_price(case.opening, case.on)
    world = World(index, case, stage)
    results = []
    for cinemas in dict.fromkeys(_round_number(float(n)) for n in (few, many)):
        row = row_of(index, case, {}, float(cinemas))
        row = unknown.typical(row, stage.learned_from, unknown.RIVALS_CINEMAS)
        predicted = predict(stage.name, stage.models, row, log_to_date(index, case))
        given = width_features(stage.name, row, predicted), sizes(row, predicted), franchises(row)
        errors = conformal.quantiles(*given)[0]
        group = int(conformal.groups(given[1], given[2])[0])
        errors = world.ends("opening_weekend", group).applied(errors)
        logs = predicted["opening_weekend"][0] + price + errors
        ends = (float(np.exp(logs[PROBABILITIES.index(p)])) for p in (0.1, 0.5, 0.9))
        results.append(IfCinemas(cinemas, *ends))
    return tuple(results)


def _round_number(value: float) -> int:
    """A number to two digits."""
    return max(1, round(float(f"{value:.2g}")))
