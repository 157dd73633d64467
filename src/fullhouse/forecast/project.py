"""Put a forecast together: ranges, days, comps, drivers, and what is still to be learned."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np

from fullhouse.core.arrays import Floats
from fullhouse.core.values import as_json
from fullhouse.forecast import curve, explain, unknown
from fullhouse.forecast.calendar import (
    AFTER,
    BEFORE,
    as_day,
    days_known,
    first_sunday,
    weekend,
)
from fullhouse.forecast.case import (
    FilmCase,
    log_to_date,
    row_of,
)
from fullhouse.forecast.curve import Shape
from fullhouse.forecast.features import BUDGET, GROUPS, RUN_GROUPS, features
from fullhouse.forecast.forecast import (
    DAY_PROBABILITIES,
    PROBABILITIES,
    Capped,
    CinemasExpected,
    Comp,
    DayRange,
    Driver,
    FactsMissing,
    FarAhead,
    Forecast,
    GrossesEnd,
    KnownFact,
    ModelFacts,
    NoGrossYet,
    NoOrdinaryOpening,
    Note,
    OtherCurrency,
    PlanAssumed,
    Range,
    Step,
)
from fullhouse.forecast.history import History
from fullhouse.forecast.history_index import HistoryIndex
from fullhouse.forecast.outside import Blend
from fullhouse.forecast.ranges import (
    World,
    budget_move,
    if_cinemas,
    log_quantiles,
    outside_move,
    plan_of,
    rivals_cinemas,
    spread_of_unknown,
)
from fullhouse.forecast.release_plan import ReleasePlan
from fullhouse.forecast.rows import SETTLED_DAYS, Rows, table
from fullhouse.forecast.train import (
    CALENDAR,
    CINEMAS,
    Stage,
    franchises,
    is_run,
    predict,
    sizes,
)

NO_MODEL = ModelFacts()


SEED = 20170127


SIZE_WORDS = ("smallest quarter", "second quarter", "third quarter", "largest quarter")


TOGETHER = 0.95
"""Correlation of the errors of opening weekend and total before the opening, in normal scores.

`python -m benchmarks.forecast` prints what it is on the judged years.
"""


NOT_SHOWN = ("overview", "tagline", "original_title")


USEFUL = ("distributor", "genres", "budget", "theaters")
"""Facts whose lack a forecast from before the opening notes."""


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
    plan = plan_of(index, case, stage)
    row = row_of(index, case, features_instead or {}, plan.middle if plan else None)
    around = unknown.surroundings(
        index,
        case.film,
        case.opening,
        case.on,
        rivals_assumed="slate.same" in (features_instead or {}),
        opened=bool(case.days),
    )
    row, outside_facts = unknown.capped(row, stage.learned_from)
    groups = (*around.groups, *rivals_cinemas(index, case))
    spread = spread_of_unknown(index, case, stage, row, groups, plan)
    row = unknown.typical(row, stage.learned_from, groups) if groups else row
    theirs = outside_move(index, case, stage, row)
    world = World(index, case, stage)
    logs, notes = log_quantiles(index, case, stage, row, comps, theirs.blend, spread, world)
    budget = budget_move(index, case, stage, row) if "budget" in (what_if or {}) else None
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
        if_cinemas=if_cinemas(index, case, stages),
    )


def _expected(plan: ReleasePlan | None) -> tuple[Note, ...]:
    if plan is None:
        return ()
    low, high = np.quantile(plan.cinemas, (0.1, 0.9))
    since = as_day(plan.known_on)
    return (CinemasExpected(plan.stated, since, plan.origin, round(low), round(high)),)


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
        start += float(log_to_date(index, case)[0])
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
    predicted = predict(stage.name, stage.models, row, log_to_date(index, case))
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
