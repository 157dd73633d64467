"""Put a forecast together: ranges, days, comps, drivers, and what is still to be learned."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from fullhouse.core.arrays import Floats
from fullhouse.core.errors import CannotTellError, InputError, did_you_mean
from fullhouse.forecast import comps as comps_
from fullhouse.forecast import curve
from fullhouse.forecast.curve import Shape
from fullhouse.forecast.drivers import contributions, grouped
from fullhouse.forecast.features import GROUPS, RUN_GROUPS, features
from fullhouse.forecast.forecast import (
    DAY_PROBABILITIES,
    PROBABILITIES,
    Comp,
    DayRange,
    Driver,
    Forecast,
    Range,
    Step,
)
from fullhouse.forecast.history import History
from fullhouse.forecast.horizon import AFTER, BEFORE, Horizon, days_known, horizon_at
from fullhouse.forecast.past import Past
from fullhouse.forecast.rows import SETTLED_DAYS, Rows, outcomes, run_row, table
from fullhouse.forecast.season import as_day, first_sunday
from fullhouse.forecast.train import (
    CALENDAR,
    CINEMAS,
    RUN_STAGES,
    Stage,
    franchises,
    is_run,
    predict,
    sizes,
    told,
)

SEED = 20170127
SIZE_WORDS = ("smallest quarter", "second quarter", "third quarter", "largest quarter")
TOGETHER = 0.95
"""Correlation of the errors of opening weekend and total before the opening, in normal scores.

`python -m benchmarks.forecast` prints what it is on the judged years.
"""
NOT_SHOWN = ("overview", "tagline", "original_title")


@dataclass(frozen=True)
class Asked:
    """A film on a day: when it opens, how much of its run is known, which stage that is."""

    film: str
    opening: int
    on: int
    days: int
    horizon: Horizon
    stage: str
    plan: str


def ask(past: Past, film: str) -> Asked:
    """How much is known of a film on the day of the history."""
    history, on = past.history, past.history.as_of.toordinal()
    if film not in history.facts:
        raise InputError(
            f"No film {film!r} is known in {history.territory} on {history.as_of}."
            f"{did_you_mean(film, history.facts)} 'fullhouse film list' shows them."
        )
    opening = history.fact(film, "opening", on)
    if opening is None:
        raise InputError(
            f"When {film!r} opens in {history.territory} is not known on {history.as_of}."
            f" Say it with: fullhouse film set {film} opening=YYYY-MM-DD"
        )
    run = history.run(film)
    inside = run.offsets[(run.offsets >= 0) & (run.offsets < on - opening)]
    days = int(inside[-1]) + 1 if len(inside) else 0
    if days and not run.on(0) > 0:
        raise CannotTellError(
            f"The first day of {film!r} ({as_day(opening)}) is not in its daily grosses; a forecast"
            " of the rest of a run needs it. Import its grosses from the first day on."
        )
    horizon = horizon_at(opening, on, days)
    planned = history.fact(film, "theaters", on)
    stage = horizon.name if days else CINEMAS if planned else CALENDAR
    return Asked(film, opening, on, days, horizon, stage, history.plan(film, on))


def stages_needed(asked: Asked) -> tuple[str, ...]:
    """The stages that a forecast of a film uses: its own first, then those its steps tell of."""
    more = [s for s in (CALENDAR, CINEMAS, *RUN_STAGES) if s != asked.stage]
    return (asked.stage, *more)


def project(
    past: Past,
    asked: Asked,
    stages: Mapping[str, Stage],
    shape: Shape | None,
    *,
    comps: Sequence[str] = (),
    features_instead: Mapping[str, float] | None = None,
    what_if: Mapping[str, Any] | None = None,
    model: Mapping[str, Any] | None = None,
    simulated: bool = False,
) -> Forecast:
    """The forecast of a film on the day of the history, with models that learned before it.

    `comps` are films that the user chose; they move the forecast as far as comps have been worth
    in the past. `features_instead` replaces features by name, for what-if questions.
    """
    stage = stages[asked.stage]
    row = _row(past, asked, features_instead or {})
    logs, notes = _logs(past, asked, stage, row, comps)
    price = past.log_price(asked.opening, asked.on)
    ranges = {q: _range(q, v + price, asked, past) for q, v in logs.items()}
    known = _known(past, asked)
    run = past.history.run(asked.film)
    to_date = run.until(asked.on - asked.opening)
    typical, drivers = _drivers(past, asked, stage, row, logs, price)
    return Forecast(
        film=asked.film,
        title=str(past.history.fact(asked.film, "title", asked.on) or asked.film),
        territory=past.history.territory,
        currency=past.history.currency,
        as_of=past.history.as_of,
        opening=as_day(asked.opening),
        horizon=asked.horizon.name,
        ranges=ranges,
        known=known,
        to_date=to_date,
        days=_days(past, asked, ranges, shape),
        comps=_comps(past, asked, stages, comps),
        drivers=drivers,
        typical=typical,
        steps=_steps(asked, stages),
        facts=_facts(past, asked),
        groups=_groups(past, asked, stage, row),
        notes=tuple(notes + _notes(past, asked)),
        what_if=dict(what_if or {}),
        model=dict(model or {}),
        data=dict(past.history.data),
        simulated=simulated,
    )


def _row(past: Past, asked: Asked, instead: Mapping[str, float]) -> Rows:
    if asked.days:
        said = run_row(past, asked.film, asked.opening, asked.days)
    else:
        said = features(past, asked.film, asked.opening, asked.on)
    day = asked.opening + asked.days if asked.days else asked.on
    return table([asked.film], [asked.opening], [day], [{**said, **instead}])


def _taken(past: Past, asked: Asked) -> Floats:
    if not asked.days:
        return np.array([np.nan])
    taken = past.history.run(asked.film).until(asked.days)
    return np.array([np.log(taken) - past.log_price(asked.opening, asked.on)])


def _logs(
    past: Past, asked: Asked, stage: Stage, row: Rows, chosen: Sequence[str]
) -> tuple[dict[str, Floats], list[str]]:
    """Quantiles of each log amount in constant prices."""
    said = predict(stage.name, stage.models, row, _taken(past, asked))
    shift, notes = _pulled(past, asked, stage, said, chosen)
    width, size, series = (
        told(stage.name, row, said),
        sizes(row, said),
        franchises(row),
    )
    horizon = _horizon(asked, stage)
    if horizon != asked.horizon.name:
        notes.append(f"Ranges as for forecasts made at {horizon}, when as much is known.")
    found = {}
    for quantity, centre in said.items():
        ranges = stage.conformal.get((horizon, quantity))
        if ranges is not None:
            found[quantity] = centre[0] + shift + ranges.quantiles(width, size, series)[0]
    return found, notes


def _horizon(asked: Asked, stage: Stage) -> str:
    """The horizon whose past errors tell how far off this forecast may be.

    Where its own has none: cinemas are known earlier than is usual, or not on the eve, or too few
    forecasts were made at it. Then it is the nearest that knew no more of the time.
    """
    known = [h for h, q in stage.conformal if q == "total"]
    if asked.horizon.name in known or asked.days:
        return asked.horizon.name if asked.horizon.name in known else known[0]
    earlier = [h for h in known if BEFORE[h] >= asked.horizon.before]
    return min(earlier, key=BEFORE.__getitem__) if earlier else max(known, key=BEFORE.__getitem__)


def _pulled(
    past: Past, asked: Asked, stage: Stage, said: Mapping[str, Floats], chosen: Sequence[str]
) -> tuple[float, list[str]]:
    if not chosen:
        return 0.0, []
    for film in chosen:
        if film not in past.openings:
            raise InputError(f"No comp {film!r}.{did_you_mean(film, past.openings)}")
    if asked.days:
        return 0.0, ["The comps you chose are shown; once a run is known, it tells more than they."]
    anchor = "opening_weekend" if "legs" in stage.models else "total"
    logs = getattr(outcomes(past, chosen, asked.on), anchor)
    for film, log in zip(chosen, logs.tolist(), strict=True):
        if not np.isfinite(log):
            raise InputError(
                f"{film!r} cannot be a comp: what it took is not known on {as_day(asked.on)}."
            )
    mean = float(np.mean(logs))
    shift = stage.comps_weight * (mean - float(said[anchor][0]))
    price = past.log_price(asked.opening, asked.on)
    words = "opening weekend" if anchor == "opening_weekend" else "total"
    return shift, [
        f"Your comps say {np.exp(mean + price):,.0f} {past.history.currency} ({words}). Comps have"
        f" been worth {stage.comps_weight:.0%} of the way from the models' forecast to theirs, so"
        f" the forecast moves by {np.exp(shift) - 1:+.1%}."
    ]


def _range(quantity: str, logs: Floats, asked: Asked, past: Past) -> Range:
    amounts = np.exp(np.maximum.accumulate(logs))
    run = past.history.run(asked.film)
    if quantity == "total" and asked.days:
        amounts = np.maximum(amounts, run.until(asked.days))
    if quantity == "opening_weekend" and asked.days:
        friday = max(0, first_sunday(asked.opening) - 2)
        taken = (run.offsets >= friday) & (run.offsets < asked.days)
        amounts = np.maximum(amounts, run.gross[taken].sum())
    return Range(quantity, tuple(float(a) for a in amounts))


def _known(past: Past, asked: Asked) -> dict[str, float]:
    run, sunday = past.history.run(asked.film), first_sunday(asked.opening)
    found = {}
    if asked.days >= 1:
        found["opening_day"] = run.on(0)
    if asked.days > sunday:
        found["opening_weekend"] = run.between(max(0, sunday - 2), sunday)
    return {q: v for q, v in found.items() if np.isfinite(v)}


def _drivers(
    past: Past,
    asked: Asked,
    stage: Stage,
    row: Rows,
    logs: Mapping[str, Floats],
    price: float,
) -> tuple[float, tuple[Driver, ...]]:
    """Factors from a typical film's total to this one's median."""
    columns = tuple(sorted({c for m in stage.models.values() for c in m.columns}))
    names = [n for n in ("anchor", "legs", "rest") if n in stage.models]
    where = {n: [columns.index(c) for c in stage.models[n].columns] for n in names}

    def total(x: Floats) -> Floats:
        found: Floats = np.sum([stage.models[n].predict(x[:, where[n]]) for n in names], axis=0)
        return found

    words = {**RUN_GROUPS, **GROUPS} if asked.days else GROUPS
    others = stage.learned_from.aligned(columns)[-400:]
    base, added = contributions(total, row.aligned(columns)[0], others, grouped(columns, words))
    start = base + price
    if asked.days:
        start += float(_taken(past, asked)[0])
    middle = PROBABILITIES.index(0.5)
    rest = float(logs["total"][middle]) + price - start - sum(added.values())
    told_: dict[str, float] = {}
    for name, log in added.items():
        said = words.get(name, "other")
        told_[said] = told_.get(said, 0.0) + log
    found = [
        Driver(said, _driver_words(past, asked, said), float(np.exp(log)))
        for said, log in sorted(told_.items(), key=lambda p: -abs(p[1]))
        if abs(log) > 1e-9
    ]
    found.append(
        Driver("past errors", "how such forecasts erred before, and comps", float(np.exp(rest)))
    )
    return float(np.exp(start)), tuple(found)


def _driver_words(past: Past, asked: Asked, said: str) -> str:
    history, film, on = past.history, asked.film, asked.on
    details = {
        GROUPS["distributor."]: history.fact(film, "distributor", on),
        GROUPS["season."]: f"{as_day(asked.opening):%A %-d %B}",
        GROUPS["story."]: ", ".join(history.fact(film, "genres", on) or ()),
    }
    before = past.predecessor(film, on)
    details[GROUPS["series."]] = (
        f"it continues {history.fact(before, 'title', on)}" if before else "it continues none"
    )
    planned, budget = history.fact(film, "theaters", on), history.fact(film, "budget", on)
    details[GROUPS["theaters."]] = f"{planned:,.0f}" if planned else "not known"
    details[GROUPS["budget."]] = (
        f"{budget[0] / 1e6:,.1f} million {budget[1]}" if budget else "not known"
    )
    detail = details.get(said)
    return f"{said}: {detail}" if detail else said


def _days(
    past: Past, asked: Asked, ranges: Mapping[str, Range], shape: Shape | None
) -> tuple[DayRange, ...]:
    if shape is None or "total" not in ranges or asked.days >= SETTLED_DAYS - 7:
        return ()
    if not asked.days and "opening_weekend" not in ranges:
        return ()
    run = past.history.run(asked.film)
    grosses = np.array([run.on(k) for k in range(asked.days)])
    grosses = np.nan_to_num(grosses)
    before = run.until(asked.days) - grosses.sum() if asked.days else 0.0
    drawn = draws(past.history, asked.film, asked.opening, ranges, shape, grosses, before)
    cumulative = run.until(asked.days) + np.cumsum(drawn.gross, axis=1)
    days = np.quantile(drawn.gross, DAY_PROBABILITIES, axis=0).T
    sums = np.quantile(cumulative, DAY_PROBABILITIES, axis=0).T
    return tuple(
        DayRange(
            as_day(asked.opening + drawn.first + i), tuple(map(float, d)), tuple(map(float, c))
        )
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
    past: Past, asked: Asked, stages: Mapping[str, Stage], chosen: Sequence[str]
) -> tuple[Comp, ...]:
    name = next(
        (s for s in (asked.stage, CINEMAS, CALENDAR) if s in stages and not is_run(s)), None
    )
    if name is None:
        return ()
    stage = stages[name]
    anchor = stage.models["anchor"]
    # As before the opening: of what was known then the trees were made.
    day = min(asked.on, asked.opening - 1)
    row = table(
        [asked.film], [asked.opening], [day], [features(past, asked.film, asked.opening, day)]
    )
    mine = anchor.leaves(row.aligned(anchor.columns))[0]
    near = comps_.closeness(mine, stage.leaves)
    films = stage.learned_from.films
    at = {f: float(near[i]) for i, f in enumerate(films)}
    picked = chosen or [films[i] for i in comps_.nearest(near) if films[i] != asked.film]
    return tuple(
        comps_.comp(past, asked.film, f, at.get(f, 0.0), asked.on)
        for f in picked
        if f in past.openings
    )


def _steps(asked: Asked, stages: Mapping[str, Stage]) -> tuple[Step, ...]:
    spreads: dict[str, float] = {}
    for stage in stages.values():
        spreads |= stage.spreads
    found = []
    for name, days in BEFORE.items():
        if name in spreads:
            when = asked.opening - days
            words = "cinemas planned" if name == "T-1" else f"{days} days before"
            found.append(Step(name, as_day(when), words, spreads[name], when <= asked.on))
    for name, words in AFTER.items():
        if name in spreads:
            when = asked.opening + days_known(name, asked.opening)
            found.append(Step(name, as_day(when), words, spreads[name], when <= asked.on))
    return tuple(found)


def _facts(past: Past, asked: Asked) -> dict[str, Any]:
    found = {}
    for name in past.history.facts.get(asked.film, {}):
        said = past.history.said(asked.film, name, asked.on)
        if said is None or said[1] is None or name in NOT_SHOWN:
            continue
        value = as_day(said[1]) if name == "opening" else said[1]
        known = as_day(said[0]) if said[0] > 1 else None
        found[name] = {"value": value, "origin": said[2], "known_on": known}
    return found


def _groups(past: Past, asked: Asked, stage: Stage, row: Rows) -> dict[str, str]:
    conformal = next(c for (_, q), c in stage.conformal.items() if q == "total")
    said = predict(stage.name, stage.models, row, _taken(past, asked))
    quarter = int(np.searchsorted(conformal.cuts, sizes(row, said)[0]))
    genres = past.history.fact(asked.film, "genres", asked.on)
    return {
        "size": SIZE_WORDS[min(quarter, 3)],
        "genre": str(genres[0]) if genres else "not known",
        "franchise": "franchise" if franchises(row)[0] else "original",
        "plan": asked.plan,
    }


def _notes(past: Past, asked: Asked) -> list[str]:
    history = past.history
    notes = []
    left = asked.opening - asked.on
    if left > BEFORE["T-180"]:
        notes.append(f"{left} days before the opening: ranges are those of T-180, at best.")
    if not asked.days and left <= 0:
        notes.append("It has opened, but no gross is known: this is still a forecast from before.")
    late = asked.on - asked.opening - asked.days
    if asked.days and late > 0:
        last = as_day(asked.opening + asked.days - 1)
        notes.append(f"Grosses are known to {last} only, {late} days less than the calendar says.")
    if history.fact(asked.film, "plan", asked.on) is None:
        notes.append(f"How it opens is not known: taken for {asked.plan}.")
    if not asked.days:
        missing = [
            name
            for name in ("distributor", "genres", "budget", "theaters")
            if not history.fact(asked.film, name, asked.on)
        ]
        if missing:
            notes.append(
                f"Not known: {', '.join(missing)}."
                " The forecast is that of films like it in all else."
            )
    budget = history.fact(asked.film, "budget", asked.on)
    if budget and budget[1] != history.currency:
        notes.append(f"The budget is in {budget[1]} and the market's money is {history.currency}:"
                     " it is not used.")  # fmt: skip
    return notes


def latest_cutoff(as_of: date, *, every: str = "month") -> date:
    """The day up to which a model for a forecast learns: the first of the month or quarter."""
    first = as_of.replace(day=1)
    return first if every == "month" else first.replace(month=as_of.month - (as_of.month - 1) % 3)
