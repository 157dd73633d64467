"""The demo's forecasts: what a film will take, as forecast at five times, beside what it takes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from functools import partial
from pathlib import Path

import fullhouse as fh
from examples.demo.truth import Film, Truth
from examples.shell import console, echo, fullhouse, heading, near
from fullhouse import app
from fullhouse.cli.show import progress, table
from fullhouse.forecast import QUANTITIES, Forecast
from fullhouse.view.words.figures import money_short
from fullhouse.view.words.forecast import headline, quantity_words, when_words
from fullhouse_sim.plain import FILES, TERRITORY

MORNING = time(9, tzinfo=UTC)
"""Forecasts are issued at this time of the day that they are as of, in the market's calendar."""
BEFORE_DAYS = (28, 1)
RUN_DAYS = (0, 7)
"""It is forecast after its first day, and on the Mondays so long after its opening weekend."""
HELD = "held"


@dataclass(frozen=True)
class IssuedForecasts:
    """What was forecast of the film to come, and what the simulator knows that it takes."""

    film: Film
    forecasts: tuple[Forecast, ...]
    true: Mapping[str, float]

    @property
    def rows(self) -> list[tuple[str, str, str, str, str]]:
        """A row for each forecast and amount that was ahead: what, when, range, truth, verdict."""
        return [
            (quantity_words(quantity), f"{when_words(f)} ({f.as_of})", _range(f, quantity),
             money_short(self.true[quantity]), verdict(f, quantity, self.true[quantity]))
            for quantity in reversed(QUANTITIES)
            for f in self.forecasts
            if quantity in f.ranges
        ]  # fmt: skip


def verdict(forecast: Forecast, quantity: str, true: float) -> str:
    """Whether the 80 % range held the actual, or on which side it was missed."""
    low, high = forecast.ranges[quantity].between(0.8)
    if low <= true <= high:
        return HELD
    return "missed: it took less" if true < low else "missed: it took more"


def forecasts(market: Path, house: Path, out: Path, truth: Truth) -> IssuedForecasts:
    """Take in the country's box office, forecast the slate in time, and score what came true."""
    film = truth.coming
    heading(f"What will “{film.title}” take?")
    console.print("The country's box office of ten years, and signs of interest, as known today:")
    _take_in(market / "feeds" / "market", house)
    console.print(
        "The calendar goes on: later days' figures, each row with the day it was known. A forecast"
        " as of a day reads no row that was known later."
    )
    _take_in(market / "later", house)
    with fh.open(str(house)) as workspace:
        made = _issue(workspace, house, film)
        on_last = replace(workspace, day=made[-1].as_of)
        app.write_forecast(on_last, app.WriteForecast(tuple(made), (out / "forecast.html",)))
        fan = (out / "forecast.svg", out / "forecast.png")
        app.write_forecast(on_last, app.WriteForecast((made[0],), fan))
    issued = IssuedForecasts(film, tuple(made), truth.grosses[film.slug])
    console.print(f"\n{when_words(made[0]).capitalize()}: [bold]{headline(made[0])}[/]")
    table(issued.rows, ("USD, simulated", "forecast", "middle, 80 % range", "true", "80 % range"))
    console.print(f"Why, and films like it: [bold]{near(out / 'forecast.html')}[/]")
    heading("The score book: every forecast that was issued, and how it did")
    fullhouse("scorebook", "-w", house)
    fullhouse("scorebook", "verify", "-w", house)
    return issued


def _take_in(folder: Path, house: Path) -> None:
    files = [folder / name for name in FILES]
    fullhouse("film", "import", "plain", *files, "--simulated", "-w", house)


def _issue(workspace: fh.Context, house: Path, film: Film) -> list[Forecast]:
    """Forecasts of the film, oldest first, each in the score book."""
    before = [film.opening - timedelta(days=d) for d in BEFORE_DAYS]
    run = [film.opening, *(film.sunday + timedelta(days=d) for d in RUN_DAYS)]
    days = [*before, *(day + timedelta(days=1) for day in run)]
    console.print(
        "\nEach forecast enters the score book on the morning that it is as of, by the market's"
        " calendar."
    )
    made = []
    with progress("Forecasting") as step:
        for day in days:
            at_nine = datetime.combine(day, MORNING)
            morning = replace(workspace, clock=partial(_given, at_nine), progress=step)
            forecast = app.forecast_film(
                morning, app.ForecastFilm(film.slug, as_of=day, territory=TERRITORY)
            )
            app.issue_forecast(morning, app.IssueForecast(forecast))
            made.append(forecast)
    for day in days:
        echo("forecast", film.slug, "--territory", TERRITORY, "--as-of", str(day), "-w", house)
    return made


def _given(at: datetime) -> datetime:
    return at


def _range(forecast: Forecast, quantity: str) -> str:
    low, high = (money_short(x) for x in forecast.ranges[quantity].between(0.8))
    return f"{money_short(forecast.ranges[quantity].median)}, {low} – {high}"
