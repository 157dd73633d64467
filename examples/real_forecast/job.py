"""Two real films forecast as of the days before and after they opened, beside what came.

*A Dog's Purpose* (US, 27 January 2017), and *The Greatest Showman* (20 December 2017), which
every model of its first days misses. The folder that FULLHOUSE_DATA names holds box_office_us/
and tmdb_5000/. Everything is written into one folder (default: real/forecast).
"""

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import fullhouse as fh
from examples.shell import console, fullhouse, heading
from fullhouse.cli.show import table
from fullhouse.core.errors import InputError
from fullhouse.forecast import QUANTITIES, Forecast
from fullhouse.view.charts import save_chart
from fullhouse.view.forecast_charts import driver_chart, fan_chart, horizon_chart
from fullhouse.view.words.figures import money
from fullhouse.view.words.forecast import quantity_words
from fullhouse.workspace.context import Context

MADE_ON = date(2019, 6, 30)
"""The last day of the public daily grosses."""


@dataclass(frozen=True)
class Case:
    """A film, and the days as of which it is forecast."""

    film: str
    days: tuple[str, ...]
    pictures: tuple[str, str]
    """The days whose fan charts are kept."""


CASES = (
    Case(
        "a-dogs-purpose-2017",
        ("2016-12-30", "2017-01-20", "2017-01-26", "2017-01-28", "2017-01-30", "2017-02-06"),
        ("2017-01-26", "2017-01-30"),
    ),
    Case(
        "the-greatest-showman-2017",
        ("2017-11-22", "2017-12-19", "2017-12-21", "2017-12-25", "2018-01-01"),
        ("2017-12-19", "2017-12-25"),
    ),
)


def main(arguments: Sequence[str]) -> int:
    """Import, forecast, and show each forecast beside what came."""
    out = Path(arguments[0] if arguments else "real/forecast")
    data = _data()
    shutil.rmtree(out, ignore_errors=True)
    house = out / "house"
    heading("Films: US daily grosses and TMDB's facts")
    fullhouse("init", house)
    us = next((data / "box_office_us").glob("daily_*.parquet"))
    fullhouse("film", "import", "us-daily", us, "-w", house)
    tmdb = next((data / "tmdb_5000").glob("tmdb_5000_movies.csv*"))
    fullhouse("film", "import", "tmdb", tmdb, "-w", house)
    with fh.open(str(house)) as workspace:
        for case in CASES:
            _case(workspace, case, out)
    console.print(f"\nPages and charts are in {out}", soft_wrap=True)
    return 0


def _data() -> Path:
    named = os.environ.get("FULLHOUSE_DATA")
    if not named or not Path(named).is_dir():
        raise InputError(
            f"FULLHOUSE_DATA must name the folder of the public data sets, not {named!r}."
        )
    return Path(named)


def _case(workspace: Context, case: Case, out: Path) -> None:
    heading(f"{case.film}: models that learned only from films before it")
    made = []
    for day in case.days:
        with console.status(f"{case.film} as of {day}"):
            made.append(
                fh.forecast_film(
                    workspace,
                    fh.ForecastFilm(case.film, as_of=date.fromisoformat(day), territory="US"),
                )
            )
    actual = fh.forecast_actual(workspace, fh.CompareForecast(made[-1]))
    table(
        [_row(f, actual.amounts) for f in made],
        ("as of", "known", *(f"{quantity_words(q)}, m USD" for q in QUANTITIES)),
    )
    console.print("Middle (80 % range), and whether the range holds the actual amount.")
    actuals = ", ".join(f"{quantity_words(q)} {money(v, 'USD')}" for q, v in actual.amounts.items())
    console.print(f"It took: {actuals}.")
    console.print(f"Comps of the last before it opened: {_comps(made)}.", soft_wrap=True)
    on_day = replace(workspace, day=MADE_ON)
    fh.write_forecast(on_day, fh.WriteForecast(tuple(made), (out / f"{case.film}.html",)))
    for forecast in made:
        if forecast.as_of.isoformat() in case.pictures:
            name = f"{case.film}-{forecast.as_of}"
            save_chart(fan_chart(forecast, actual=actual.days), out / f"{name}-fan.png")
            save_chart(driver_chart(forecast), out / f"{name}-drivers.png")
    narrowed = horizon_chart(made, actual=actual.amounts.get("total"))
    save_chart(narrowed, out / f"{case.film}-narrowing.png")


def _row(forecast: Forecast, actuals: dict[str, float] | object) -> tuple[str, ...]:
    assert isinstance(actuals, dict)
    cells = []
    for quantity in QUANTITIES:
        if quantity in forecast.known:
            cells.append(f"{forecast.known[quantity] / 1e6:.1f}, known")
            continue
        if quantity not in forecast.ranges:
            cells.append("-")
            continue
        amounts = forecast.ranges[quantity]
        low, high = amounts.between(0.8)
        truth = actuals.get(quantity)
        inside = "" if truth is None else " yes" if low <= truth <= high else " no"
        cells.append(f"{amounts.median / 1e6:.1f} ({low / 1e6:.1f}–{high / 1e6:.1f}){inside}")
    return (forecast.as_of.isoformat(), forecast.horizon, *cells)


def _comps(made: Sequence[Forecast]) -> str:
    before = [f for f in made if not f.known]
    chosen = (before or list(made))[-1].comps
    return "; ".join(f"{c.title} ({c.opening.year}, {c.total / 1e6:.0f} m)" for c in chosen)
