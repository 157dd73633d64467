"""Put a forecast together: ranges, days, comps, drivers, and what is still to be learned."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np

from fullhouse.core.arrays import Floats
from fullhouse.core.errors import CannotTellError, InputError, NotFoundError, did_you_mean
from fullhouse.core.values import as_json
from fullhouse.forecast import adapt, curve, explain, outside, unknown
from fullhouse.forecast.adapt import Ends, PastScores
from fullhouse.forecast.calendar import (
    AFTER,
    BEFORE,
    Horizon,
    as_day,
    days_known,
    first_sunday,
    horizon_at,
    weekend,
)
from fullhouse.forecast.curve import Shape
from fullhouse.forecast.features import BUDGET, GROUPS, RUN_GROUPS, features
from fullhouse.forecast.forecast import (
    DAY_PROBABILITIES,
    PROBABILITIES,
    BudgetHistory,
    Capped,
    CinemasExpected,
    Comp,
    CompsMove,
    CompsUnused,
    DayRange,
    Driver,
    FactsMissing,
    FarAhead,
    Forecast,
    GrossesEnd,
    IfCinemas,
    KnownFact,
    MarketChanged,
    MarketClosed,
    ModelFacts,
    NoGrossYet,
    NoOrdinaryOpening,
    Note,
    OtherCurrency,
    OutsideMoves,
    OutsideUncompared,
    OutsideUnproven,
    OutsideView,
    PlanAssumed,
    Range,
    RangesMissed,
    RangesOf,
    Step,
)
from fullhouse.forecast.history import ASSUMED, History
from fullhouse.forecast.history_index import HistoryIndex
from fullhouse.forecast.outside import Blend
from fullhouse.forecast.release_plan import ReleasePlan, release_plan, with_cinemas
from fullhouse.forecast.rows import SETTLED_DAYS, Rows, outcomes, rows_at, run_row, table, to_date
from fullhouse.forecast.train import (
    CALENDAR,
    CINEMAS,
    RUN_STAGES,
    Stage,
    eligible,
    franchises,
    is_run,
    known_from,
    predict,
    sizes,
    width_features,
)

NO_MODEL = ModelFacts()
SEED = 20170127
SIZE_WORDS = ("smallest quarter", "second quarter", "third quarter", "largest quarter")
TOGETHER = 0.95
"""Correlation of the errors of opening weekend and total before the opening, in normal scores.

`python -m benchmarks.forecast` prints what it is on the judged years.
"""
NOT_SHOWN = ("overview", "tagline", "original_title")
FEW_AND_MANY = (0.1, 0.75)
"""Shares of the films learned from that opened in fewer cinemas, for what if few and if many."""
USEFUL = ("distributor", "genres", "budget", "theaters")
"""Facts whose lack a forecast from before the opening notes."""


@dataclass(frozen=True)
class FilmCase:
    """A film on a day: when it opens, how much of its run is known, which stage that is."""

    film: str
    opening: int
    on: int
    days: int
    horizon: Horizon
    stage: str
    plan: str


def case_of(index: HistoryIndex, film: str) -> FilmCase:
    """How much is known of a film on the day of the history."""
    history, on = index.history, index.history.as_of.toordinal()
    if film not in history.facts:
        raise NotFoundError(
            f"No film {film!r} is known in {history.territory} on {history.as_of}."
            f"{did_you_mean(film, history.facts)}"
        )
    opening = history.fact(film, "opening", on)
    if opening is None:
        raise InputError(
            code="opening_unknown", film=film, territory=history.territory, as_of=history.as_of
        )
    run = history.run(film)
    inside = run.offsets[(run.offsets >= 0) & (run.offsets < on - opening)]
    days = int(inside[-1]) + 1 if len(inside) else 0
    if days and not run.on(0) > 0:
        raise CannotTellError(code="first_day_unknown", film=film, opening=as_day(opening))
    horizon = horizon_at(opening, on, days)
    planned = history.fact(film, "theaters", on)
    expected = release_plan(index, film, on)
    stage = horizon.name if days else CINEMAS if planned or expected else CALENDAR
    return FilmCase(film, opening, on, days, horizon, stage, history.plan(film, on))


def stages_needed(case: FilmCase) -> tuple[str, ...]:
    """The stages that a forecast of a film uses: its own first, then those its steps tell of."""
    more = [s for s in (CALENDAR, CINEMAS, *RUN_STAGES) if s != case.stage]
    return (case.stage, *more)


def project(
    index: HistoryIndex,
    case: FilmCase,
    stages: Mapping[str, Stage],
    shape: Shape | None,
    *,
    comps: Sequence[str] = (),
    features_instead: Mapping[str, float] | None = None,
    what_if: Mapping[str, Any] | None = None,
    model: ModelFacts = NO_MODEL,
    simulated: bool = False,
) -> Forecast:
    """The forecast of a film on the day of the history, with models that learned before it.

    `comps` are films that the user chose; they move the forecast as far as comps have been worth
    in the past. `features_instead` replaces features by name, for what-if questions.
    """
    stage = stages[case.stage]
    plan = _plan(index, case, stage)
    row = _row(index, case, features_instead or {}, plan.middle if plan else None)
    around = unknown.surroundings(
        index,
        case.film,
        case.opening,
        case.on,
        rivals_assumed="slate.same" in (features_instead or {}),
        opened=bool(case.days),
    )
    row, outside_facts = unknown.capped(row, stage.learned_from)
    groups = (*around.groups, *_rivals_cinemas(index, case))
    spread = _spread(index, case, stage, row, groups, plan)
    row = unknown.typical(row, stage.learned_from, groups) if groups else row
    theirs = _outside(index, case, stage, row)
    world = _World(index, case, stage)
    logs, notes = _logs(index, case, stage, row, comps, theirs.blend, spread, world)
    budget = _budget_moved(index, case, stage, row) if "budget" in (what_if or {}) else None
    if budget:
        logs = {q: v + budget.shift[q] for q, v in logs.items()}
        notes.append(budget.note)
    price = index.log_price(case.opening, case.on)
    ranges = {q: _range(q, v + price, case, index) for q, v in logs.items()}
    known = _known(index, case)
    run = index.history.run(case.film)
    to_date = run.until(case.on - case.opening)
    typical, drivers = _drivers(
        index, case, stage, row, logs, price, theirs.blend, budget.shift["total"] if budget else 0.0
    )
    return Forecast(
        film=case.film,
        title=str(index.history.fact(case.film, "title", case.on) or case.film),
        territory=index.history.territory,
        currency=index.history.currency,
        as_of=index.history.as_of,
        opening=as_day(case.opening),
        horizon=case.horizon.name,
        ranges=ranges,
        known=known,
        to_date=to_date,
        days=_days(index, case, ranges, shape),
        comps=_comps(index, case, stages, comps),
        drivers=drivers,
        typical=typical,
        steps=_steps(case, stages),
        facts=_facts(index, case),
        groups=_groups(index, case, stage, row),
        notes=(
            *world.notes(),
            *around.notes,
            *_expected(plan),
            *_capped(
                index,
                case,
                row,
                outside_facts,
                plan,
                (features_instead or {}).get("slate.same"),
            ),
            *notes,
            *theirs.notes,
            *_notes(index, case, plan),
        ),
        what_if=as_json(what_if or {}),
        model=model,
        data=dict(index.history.data),
        simulated=simulated,
        outside=theirs.views,
        if_cinemas=_if_cinemas(index, case, stages),
    )


def _plan(index: HistoryIndex, case: FilmCase, stage: Stage) -> ReleasePlan | None:
    """What is expected of a film's cinemas, where none are booked."""
    if stage.name != CINEMAS or index.history.fact(case.film, "theaters", case.on):
        return None
    of_widest = stage.learned_from.column("theaters.of_widest")
    return release_plan(index, case.film, case.on, of_widest)


def _rivals_cinemas(index: HistoryIndex, case: FilmCase) -> tuple[str, ...]:
    """Features by the cinemas of rivals, which are unknown where none are booked yet."""
    if case.days or case.stage != CINEMAS:
        return ()
    friday = weekend(case.opening)
    rivals = [f for w in (friday, friday - 7) for f in index.slate(w, case.on) if f != case.film]
    booked = any(index.history.fact(f, "theaters", case.on) for f in rivals)
    return () if booked or not rivals else unknown.RIVALS_CINEMAS


def _expected(plan: ReleasePlan | None) -> tuple[Note, ...]:
    if plan is None:
        return ()
    low, high = np.quantile(plan.cinemas, (0.1, 0.9))
    since = as_day(plan.known_on)
    return (CinemasExpected(plan.stated, since, plan.origin, round(low), round(high)),)


def _if_cinemas(
    index: HistoryIndex, case: FilmCase, stages: Mapping[str, Stage]
) -> tuple[IfCinemas, ...]:
    """What a film without known cinemas would open to in few and in many of them."""
    stage = stages.get(CINEMAS)
    if case.days or case.stage != CALENDAR or stage is None:
        return ()
    learned = stage.learned_from.column("theaters.number")
    few, many = np.quantile(learned[np.isfinite(learned)], FEW_AND_MANY)
    horizon = _horizon(case, stage)
    conformal = stage.conformal.get((horizon, "opening_weekend"))
    if conformal is None:
        return ()
    price = index.log_price(case.opening, case.on)
    world = _World(index, case, stage)
    results = []
    for cinemas in dict.fromkeys(_round_number(float(n)) for n in (few, many)):
        row = _row(index, case, {}, float(cinemas))
        row = unknown.typical(row, stage.learned_from, unknown.RIVALS_CINEMAS)
        predicted = predict(stage.name, stage.models, row, _taken(index, case))
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


def _row(
    index: HistoryIndex,
    case: FilmCase,
    instead: Mapping[str, float],
    cinemas: float | None = None,
) -> Rows:
    if case.days:
        values = run_row(index, case.film, case.opening, case.days)
    else:
        values = features(index, case.film, case.opening, case.on, cinemas=cinemas)
    day = case.opening + case.days if case.days else case.on
    return table([case.film], [case.opening], [day], [{**values, **instead}])


def _spread(
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
    taken = np.repeat(_taken(index, case), len(rows.films))
    predictions = predict(stage.name, stage.models, rows, taken)
    return {q: float(np.std(p)) for q, p in predictions.items()}


def _capped(
    index: HistoryIndex,
    case: FilmCase,
    row: Rows,
    names: Sequence[str],
    plan: ReleasePlan | None,
    rivals: float | None,
) -> tuple[Note, ...]:
    """Facts that lie outside what was learned from, and what they count as."""
    notes = []
    for name in names:
        value = float(row.column(name)[0])
        if name == "budget.log":
            given = float(index.history.fact(case.film, "budget", case.on)[0])
            limit = float(np.exp(value + index.log_price(case.opening, case.on)))
            notes.append(Capped("budget", given, limit))
        elif name == "slate.same":
            friday = weekend(case.opening)
            planned = [f for f in index.slate(friday, case.on) if f != case.film]
            notes.append(Capped("rivals", float(rivals or len(planned)), value))
        else:
            field = "theaters" if name == "theaters.number" else "runtime_minutes"
            stated = index.history.fact(case.film, field, case.on)
            given = plan.middle if plan and field == "theaters" else float(stated)
            notes.append(Capped(field, given, value))
    return tuple(notes)


def _taken(index: HistoryIndex, case: FilmCase) -> Floats:
    if not case.days:
        return np.array([np.nan])
    taken = index.history.run(case.film).until(case.days)
    return np.array([np.log(taken) - index.log_price(case.opening, case.on)])


@dataclass(frozen=True)
class _Outside:
    """What others forecast of a film: how it moves ours, what is shown of it, and notes."""

    blend: Blend | None = None
    views: tuple[OutsideView, ...] = ()
    notes: tuple[Note, ...] = ()


def _outside(index: HistoryIndex, case: FilmCase, stage: Stage, row: Rows) -> _Outside:
    if case.days or case.film not in index.history.outside:
        return _Outside()
    shares = outside.WeekendShares(index)
    forecasts = outside.stated(index, shares, case.film, case.opening, case.on)
    shown = list({s.forecast.source: s for s in forecasts}.values())
    newest = outside.newest(forecasts)
    past = stage.past.get(_horizon(case, stage))
    if past is None or not shown:
        return _Outside()
    left = max(1, case.opening - case.on)
    comparison = outside.compare(index, past, shares, left=left)
    predictions = predict(stage.name, stage.models, row, _taken(index, case))
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
        sources = tuple(s for s, _ in used)
        notes.append(OutsideMoves(sources, blend.weight, float(np.exp(blend.shift)), blend.films))
    for s in shown:
        f, column = s.forecast, (s.forecast.source, s.horizon)
        films = outside.films_of(comparison, column, case.on)
        comparable = bool(np.isfinite(s.log_weekend))
        views.append(
            OutsideView(
                f.source,
                as_day(f.made_on),
                f.days,
                f.mid,
                f.low,
                f.high,
                float(np.exp(s.log_weekend + price)) if comparable else None,
                films,
                column in used and newest.get(column) is s,
            )
        )
        if not comparable:
            notes.append(OutsideUncompared(f.source, f.days))
        elif column not in used:
            notes.append(OutsideUnproven(f.source, films, outside.FEWEST_FILMS))
    return _Outside(blend, tuple(views), tuple(notes))


@dataclass(frozen=True)
class _BudgetMoved:
    """How far an assumed budget moves each log amount beyond what the models make of it."""

    shift: Mapping[str, float]
    note: BudgetHistory


FEWEST_BUDGETS = 40
BUDGET_LOG = "budget.log"


def _budget_moved(
    index: HistoryIndex, case: FilmCase, stage: Stage, row: Rows
) -> _BudgetMoved | None:
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
    taken = _taken(index, case)
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
    return _BudgetMoved(shift, BudgetHistory(ratio, ratio**slope, films))


SINCE_DAYS = 3
"""Films that opened so long before a model's day are not learned from whole yet."""


class _World:
    """How far the ends of ranges are drawn out: by what missed lately, and by a changed market."""

    def __init__(self, index: HistoryIndex, case: FilmCase, stage: Stage) -> None:
        self._index, self._case, self._stage = index, case, stage
        self._horizon = _horizon(case, stage)
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


def _logs(
    index: HistoryIndex,
    case: FilmCase,
    stage: Stage,
    row: Rows,
    chosen: Sequence[str],
    blend: Blend | None,
    spread: Mapping[str, float],
    world: _World,
) -> tuple[dict[str, Floats], list[Note]]:
    """Quantiles of each log amount in constant prices."""
    predictions = predict(stage.name, stage.models, row, _taken(index, case))
    shift, notes = _pulled(index, case, stage, predictions, chosen)
    width, size, series = (
        width_features(stage.name, row, predictions),
        sizes(row, predictions),
        franchises(row),
    )
    horizon = _horizon(case, stage)
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


def _horizon(case: FilmCase, stage: Stage) -> str:
    """The horizon whose past errors tell how far off this forecast may be.

    Where its own has none: cinemas are known earlier than is usual, or not on the eve, or too few
    forecasts were made at it. Then it is the nearest that knew no more of the time.
    """
    known = [h for h, q in stage.conformal if q == "total"]
    if case.horizon.name in known or case.days:
        return case.horizon.name if case.horizon.name in known else known[0]
    earlier = [h for h in known if BEFORE[h] >= case.horizon.before]
    return min(earlier, key=BEFORE.__getitem__) if earlier else max(known, key=BEFORE.__getitem__)


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


def _range(quantity: str, logs: Floats, case: FilmCase, index: HistoryIndex) -> Range:
    amounts = np.exp(np.maximum.accumulate(logs))
    run = index.history.run(case.film)
    if quantity == "total" and case.days:
        amounts = np.maximum(amounts, run.until(case.days))
    if quantity == "opening_weekend" and case.days:
        friday = max(0, first_sunday(case.opening) - 2)
        taken = (run.offsets >= friday) & (run.offsets < case.days)
        amounts = np.maximum(amounts, run.gross[taken].sum())
    return Range(quantity, tuple(float(a) for a in amounts))


def _known(index: HistoryIndex, case: FilmCase) -> dict[str, float]:
    run, sunday = index.history.run(case.film), first_sunday(case.opening)
    known = {}
    if case.days >= 1:
        known["opening_day"] = run.on(0)
    if case.days > sunday:
        known["opening_weekend"] = run.between(max(0, sunday - 2), sunday)
    return {q: v for q, v in known.items() if np.isfinite(v)}


def _drivers(
    index: HistoryIndex,
    case: FilmCase,
    stage: Stage,
    row: Rows,
    logs: Mapping[str, Floats],
    price: float,
    blend: Blend | None,
    budget_shift: float,
) -> tuple[float, tuple[Driver, ...]]:
    """A typical film's total, and the factors from there to this one's median."""
    columns = tuple(sorted({c for m in stage.models.values() for c in m.columns}))
    names = [n for n in ("anchor", "legs", "rest") if n in stage.models]
    where = {n: [columns.index(c) for c in stage.models[n].columns] for n in names}

    def total(x: Floats) -> Floats:
        log: Floats = np.sum([stage.models[n].predict(x[:, where[n]]) for n in names], axis=0)
        return log

    prefixes = {**RUN_GROUPS, **GROUPS} if case.days else GROUPS
    others = stage.learned_from.aligned(columns)[-explain.COMPARED :]
    groups = explain.grouped(columns, prefixes)
    base, added = explain.contributions(total, row.aligned(columns)[0], others, groups)
    if budget_shift:
        added = {**added, BUDGET: added.get(BUDGET, 0.0) + budget_shift}
    start = base + price
    if case.days:
        start += float(_taken(index, case)[0])
    middle = PROBABILITIES.index(0.5)
    rest = float(logs["total"][middle]) + price - start - sum(added.values())
    factors = explain.drivers(index, case.film, case.opening, case.on, added, prefixes)
    if blend:
        rest -= blend.shift
        factors.append(Driver(explain.OUTSIDE, float(np.exp(blend.shift)), _sources(blend)))
    residuals = Driver(explain.RESIDUALS, float(np.exp(rest)))
    return float(np.exp(start)), (*factors, residuals)


def _sources(blend: Blend) -> tuple[str, ...]:
    return tuple(source for source, _ in blend.columns)


def _days(
    index: HistoryIndex, case: FilmCase, ranges: Mapping[str, Range], shape: Shape | None
) -> tuple[DayRange, ...]:
    if shape is None or "total" not in ranges or case.days >= SETTLED_DAYS - 7:
        return ()
    if not case.days and "opening_weekend" not in ranges:
        return ()
    run = index.history.run(case.film)
    grosses = np.array([run.on(k) for k in range(case.days)])
    grosses = np.nan_to_num(grosses)
    before = run.until(case.days) - grosses.sum() if case.days else 0.0
    drawn = draws(index.history, case.film, case.opening, ranges, shape, grosses, before)
    cumulative = run.until(case.days) + np.cumsum(drawn.gross, axis=1)
    days = np.quantile(drawn.gross, DAY_PROBABILITIES, axis=0).T
    sums = np.quantile(cumulative, DAY_PROBABILITIES, axis=0).T
    return tuple(
        DayRange(as_day(case.opening + drawn.first + i), tuple(map(float, d)), tuple(map(float, c)))
        for i, (d, c) in enumerate(zip(days, sums, strict=True))
    )


def draws(
    history: History,
    film: str,
    opening: int,
    ranges: Mapping[str, Range],
    shape: Shape,
    grosses: Floats,
    before: float,
) -> curve.Draws:
    """Drawn runs whose totals are spread as the range of the total says."""
    p = np.array(PROBABILITIES)
    totals = np.array(ranges["total"].quantiles)
    if "opening_weekend" in ranges:
        weekends, total = curve.paired(
            SEED, np.array(ranges["opening_weekend"].quantiles), totals, p, TOGETHER
        )
        # No run takes less than its first weekend.
        total = np.maximum(total, 1.15 * weekends)
    else:
        sunday = first_sunday(opening)
        total = curve.amount_at(totals, p, (np.arange(curve.DRAWS) + 0.5) / curve.DRAWS)
        taken = history.run(film).between(max(0, sunday - 2), sunday)
        weekends = np.full(len(total), taken if np.isfinite(taken) else grosses.sum())
    return curve.draw(shape, history.territory, opening, grosses, weekends, total - before, SEED)


def _comps(
    index: HistoryIndex, case: FilmCase, stages: Mapping[str, Stage], chosen: Sequence[str]
) -> tuple[Comp, ...]:
    name = next((s for s in (case.stage, CINEMAS, CALENDAR) if s in stages and not is_run(s)), None)
    if name is None:
        return ()
    stage = stages[name]
    anchor = stage.models["anchor"]
    # As before the opening: of what was known then the trees were made.
    day = min(case.on, case.opening - 1)
    row = table([case.film], [case.opening], [day], [features(index, case.film, case.opening, day)])
    leaves = anchor.leaves(row.aligned(anchor.columns))[0]
    near = explain.closeness(leaves, stage.leaves)
    films = stage.learned_from.films
    at = {f: float(near[i]) for i, f in enumerate(films)}
    picked = chosen or [films[i] for i in explain.nearest(near) if films[i] != case.film]
    return tuple(
        explain.comp(index, case.film, f, at.get(f, 0.0), case.on)
        for f in picked
        if f in index.openings
    )


def _steps(case: FilmCase, stages: Mapping[str, Stage]) -> tuple[Step, ...]:
    spreads: dict[str, float] = {}
    for stage in stages.values():
        spreads |= stage.spreads
    days = {name: case.opening - before for name, before in BEFORE.items()}
    days |= {name: case.opening + days_known(name, case.opening) for name in AFTER}
    return tuple(
        Step(name, as_day(day), spreads[name], day <= case.on)
        for name, day in days.items()
        if name in spreads
    )


def _facts(index: HistoryIndex, case: FilmCase) -> dict[str, KnownFact]:
    facts = {}
    for name in index.history.facts.get(case.film, {}):
        newest = index.history.newest(case.film, name, case.on)
        if newest is None or newest[1] is None or name in NOT_SHOWN:
            continue
        since, value, origin = newest
        value = as_day(value).isoformat() if name == "opening" else value
        facts[name] = KnownFact(value, origin, as_day(since) if since > 1 else None)
    return facts


def _groups(index: HistoryIndex, case: FilmCase, stage: Stage, row: Rows) -> dict[str, str]:
    conformal = next(c for (_, q), c in stage.conformal.items() if q == "total")
    predicted = predict(stage.name, stage.models, row, _taken(index, case))
    quarter = int(np.searchsorted(conformal.cuts, sizes(row, predicted)[0]))
    genres = index.history.fact(case.film, "genres", case.on)
    return {
        "size": SIZE_WORDS[min(quarter, 3)],
        "genre": str(genres[0]) if genres else "not known",
        "franchise": "franchise" if franchises(row)[0] else "original",
        "plan": case.plan,
    }


def _notes(index: HistoryIndex, case: FilmCase, plan: ReleasePlan | None) -> list[Note]:
    history = index.history
    notes: list[Note] = []
    event = index.event(case.film, case.on)
    if event:
        notes.append(NoOrdinaryOpening(event))
    left = case.opening - case.on
    if left > BEFORE["T-180"]:
        notes.append(FarAhead(left, "T-180"))
    if not case.days and left <= 0:
        notes.append(NoGrossYet())
    late = case.on - case.opening - case.days
    if case.days and late > 0:
        notes.append(GrossesEnd(as_day(case.opening + case.days - 1), late))
    if history.fact(case.film, "plan", case.on) is None:
        notes.append(PlanAssumed(case.plan))
    if not case.days:
        missing = [n for n in USEFUL if not history.fact(case.film, n, case.on)]
        missing = [n for n in missing if n != "theaters" or plan is None]
        if missing:
            notes.append(FactsMissing(tuple(missing)))
    budget = history.fact(case.film, "budget", case.on)
    if budget and budget[1] != history.currency:
        notes.append(OtherCurrency(budget[1], history.currency))
    return notes


def latest_cutoff(as_of: date, *, every: str = "month") -> date:
    """The day up to which a model for a forecast learns: the first of the month or quarter."""
    first = as_of.replace(day=1)
    return first if every == "month" else first.replace(month=as_of.month - (as_of.month - 1) % 3)
