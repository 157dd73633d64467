"""Backtest a territory's films in a workspace, and write what was judged."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import altair as alt
import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from fullhouse import control, films
from fullhouse.app.discover_outcome import check_out
from fullhouse.core.errors import CannotTellError, InputError, did_you_mean
from fullhouse.core.progress import Progress, silent
from fullhouse.core.settings import SIMULATED
from fullhouse.forecast import PROBABILITIES
from fullhouse.forecast.backtest import (
    HORIZONS,
    Backtest,
    Curve,
    Judged,
    backtest,
    curves,
    together,
)
from fullhouse.forecast.history import read_history
from fullhouse.forecast.past import Past
from fullhouse.forecast.season import as_day
from fullhouse.stats.scores import reliability
from fullhouse.view.reliability import reliability_chart
from fullhouse.view.save import save_chart
from fullhouse.workspace.context import Context

PLANS = ("wide", "limited")


@dataclass(frozen=True)
class Backtests:
    """The backtests of one or both plans of a territory's films, and of all of them together."""

    parts: tuple[Backtest, ...]
    curves: tuple[Curve, ...] = ()
    """Of the wide films alone: how the gross to date was foreseen by day."""
    simulated: bool = False

    @property
    def plan(self) -> str:
        """Whose films: wide, limited, or both."""
        return " and ".join(p.plan for p in self.parts)

    @property
    def judged(self) -> list[Judged]:
        """By horizon and quantity, the forecasts of all plans together."""
        keys = list(dict.fromkeys((j.horizon, j.quantity) for p in self.parts for j in p.judged))
        order = {h: i for i, h in enumerate(HORIZONS)}
        keys.sort(key=lambda k: order.get(k[0], len(order)))
        return [
            together([j for p in self.parts for j in p.judged if (j.horizon, j.quantity) == key])
            for key in keys
        ]


def forecast_backtest(
    context: Context,
    *,
    as_of: date,
    first_year: int,
    last_year: int,
    territory: str | None = None,
    plans: Sequence[str] = ("wide",),
    horizons: Sequence[str] = (),
    fridays_only: bool = False,
    progress: Progress = silent,
) -> Backtests:
    """Forecast the films that opened in some years as if their day were today, and score it.

    Nothing that was known after `as_of` is used, not even as the truth.
    """
    territory = territory or context.settings.territory
    films.check_territory(territory)
    for plan in plans:
        if plan not in PLANS:
            raise InputError(f"A plan is {' or '.join(PLANS)}, not {plan!r}.")
    for horizon in horizons:
        if horizon not in HORIZONS:
            raise InputError(
                f"No horizon {horizon!r}.{did_you_mean(horizon, HORIZONS)}"
                f" There are {', '.join(HORIZONS)}."
            )
    if last_year < first_year:
        raise InputError(f"The years end with {last_year}, before {first_year} begins them.")
    past = Past(read_history(context.lake, territory, as_of))
    parts = [
        backtest(
            past,
            first_year=first_year,
            last_year=last_year,
            plan=plan,
            horizons=horizons or HORIZONS,
            fridays_only=fridays_only,
            progress=progress,
        )
        for plan in plans
    ]
    by_day = [c for p in parts if p.plan == "wide" for c in curves(past, p)]
    found = Backtests(tuple(parts), tuple(by_day), context.settings.simulated)
    told = {"territory": territory, "first_year": first_year, "last_year": last_year}
    control.record(context.control, "backtest", {**told, "plan": found.plan})
    return found


def write_backtest(found: Backtests, files: Iterable[str | Path]) -> list[Path]:
    """Write every forecast with what came (.csv, .parquet), or how ranges kept their word."""
    paths = [check_out(f) for f in files]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix.lower() == ".parquet":
            pq.write_table(backtest_table(found), path)
        elif path.suffix.lower() == ".csv":
            pacsv.write_csv(backtest_table(found), path)
        else:
            save_chart(backtest_chart(found), path)
    return paths


def backtest_chart(found: Backtests) -> alt.TopLevelMixin:
    """Reliability of the opening weekend at T-28 and T-1 and of the total after the first days."""
    wanted = [
        ("T-28", "opening_weekend"),
        ("T-1", "opening_weekend"),
        ("first day", "total"),
        ("first weekend", "total"),
    ]
    p = np.array(PROBABILITIES)
    shown = {
        f"{j.horizon}: {j.quantity.replace('_', ' ')}": reliability(j.quantiles, j.truth, p)
        for j in found.judged
        if (j.horizon, j.quantity) in wanted
    }
    if not shown:
        raise CannotTellError("There is nothing to draw: none of the usual horizons was judged.")
    first = found.parts[0]
    notes = (f"{found.plan} films in {first.territory}, {first.first_year} to {first.last_year}",)
    return reliability_chart(shown, notes=notes, simulated=found.simulated)


def backtest_table(found: Backtests) -> pa.Table:
    """A row for each forecast: its quantiles and what came, in the territory's money."""
    columns: dict[str, list[object]] = {}
    for part in found.parts:
        for j in part.judged:
            n = len(j.films)
            told: dict[str, list[object]] = {
                "film": list(j.films),
                "territory": [part.territory] * n,
                "currency": [part.currency] * n,
                "plan": [j.plan] * n,
                "horizon": [j.horizon] * n,
                "quantity": [j.quantity] * n,
                "opening": [as_day(int(o)) for o in j.opening],
                "model_of": [as_day(int(o)) for o in j.origin],
                "franchise": [bool(f) for f in j.franchise],
                "truth": j.truth.tolist(),
            }
            for i, p in enumerate(PROBABILITIES):
                told[f"q{p * 100:g}"] = j.quantiles[:, i].tolist()
            if found.simulated:
                told["label"] = [SIMULATED] * n
            for name, values in told.items():
                columns.setdefault(name, []).extend(values)
    return pa.table(columns)
