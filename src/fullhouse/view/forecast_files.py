"""Forecasts, slates, backtests and score books as files: pages, charts and tables."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path

import altair as alt
import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.forecast import PROBABILITIES, Forecast
from fullhouse.forecast.backtest import Backtests
from fullhouse.forecast.score import ScoreBook
from fullhouse.forecast.slate import Slate
from fullhouse.stats.scores import reliability
from fullhouse.view.forecast_charts import fan_chart, range_chart
from fullhouse.view.forecast_page import forecast_page
from fullhouse.view.market_charts import reliability_chart, slate_chart
from fullhouse.view.save import CHART_SUFFIXES, save_chart
from fullhouse.view.words.forecast import book_words, quantity_words

TABLE_SUFFIXES = (".csv", ".parquet")
RELIABILITY_OF = (
    ("T-28", "opening_weekend"),
    ("T-1", "opening_weekend"),
    ("first day", "total"),
    ("first weekend", "total"),
)
"""Horizons and quantities whose reliability the chart of a backtest shows."""


def save_forecast(
    forecasts: Sequence[Forecast],
    files: Iterable[str | Path],
    *,
    actual_days: Sequence[tuple[date, float]] = (),
    actual: Mapping[str, float] | None = None,
    made_on: date,
) -> list[Path]:
    """Write forecasts of a film: .html is the page, .svg and .png the fan, .csv and .parquet days.

    A picture of a forecast without days shows its ranges.
    """
    newest = max(forecasts, key=lambda f: f.as_of)
    paths = [check_forecast_out(f) for f in files]
    for path in paths:
        if path.suffix.lower() == ".html":
            path.parent.mkdir(parents=True, exist_ok=True)
            page = forecast_page(forecasts, actual_days=actual_days, actual=actual, made_on=made_on)
            path.write_text(page, "utf-8")
            continue
        _save(path, newest.to_arrow, lambda: _picture(newest, actual_days, actual))
    return paths


def write_slate(slate: Slate, files: Iterable[str | Path]) -> list[Path]:
    """Write the chart of a slate as .svg, .png or .html."""
    paths = [check_slate_out(f) for f in files]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_chart(slate_chart(slate.forecasts, slate.conflicts), path)
    return paths


def write_backtest(backtests: Backtests, files: Iterable[str | Path]) -> list[Path]:
    """Write every forecast with its outcome (.csv, .parquet), or the calibration of the ranges."""
    paths = [check_table_out(f) for f in files]
    for path in paths:
        _save(path, backtests.to_arrow, lambda: backtest_chart(backtests))
    return paths


def write_scorebook(book: ScoreBook, files: Iterable[str | Path]) -> list[Path]:
    """Write the rows (.parquet, .csv) and the reliability chart (.svg, .png, .html)."""
    paths = [check_table_out(f) for f in files]
    for path in paths:
        _save(path, book.to_arrow, lambda: scorebook_chart(book))
    return paths


def backtest_chart(backtests: Backtests) -> alt.TopLevelMixin:
    """Reliability of the opening weekend at T-28 and T-1 and of the total after the first days."""
    p = np.array(PROBABILITIES)
    panels = {
        f"{j.horizon}: {quantity_words(j.quantity)}": reliability(j.quantiles, j.actual, p)
        for j in backtests.judged
        if (j.horizon, j.quantity) in RELIABILITY_OF
    }
    if not panels:
        raise CannotTellError(code="no_usual_horizon")
    first = backtests.parts[0]
    years = f"{first.first_year} to {first.last_year}"
    notes = (f"{backtests.plan.capitalize()} films in {first.territory}, {years}.",)
    return reliability_chart(panels, notes=notes, simulated=backtests.simulated)


def scorebook_chart(book: ScoreBook) -> alt.TopLevelMixin:
    """The reliability chart of a score book."""
    only = [f"{name} {value}" for name, value in book.only.items()]
    if book.looking_back:
        only.append("those issued after the fact")
    note = book_words(book) + (f" Only {', '.join(only)}." if only else "")
    return reliability_chart(book.reliability, notes=[note], simulated=book.simulated)


def check_forecast_out(file: str | Path) -> Path:
    """The path itself, when its ending says what to write."""
    return _ending(file, (*CHART_SUFFIXES, *TABLE_SUFFIXES))


def check_slate_out(file: str | Path) -> Path:
    """The path itself, when a chart can be written to it."""
    return _ending(file, CHART_SUFFIXES)


def check_table_out(file: str | Path) -> Path:
    """The path itself, when a table or a chart can be written to it."""
    return _ending(file, (".parquet", ".csv", *CHART_SUFFIXES))


def _save(
    path: Path, table: Callable[[], pa.Table], chart: Callable[[], alt.TopLevelMixin]
) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix.lower() == ".parquet":
        pq.write_table(table(), path)
    elif path.suffix.lower() == ".csv":
        pacsv.write_csv(table(), path)
    else:
        save_chart(chart(), path)


def _picture(
    forecast: Forecast, days: Sequence[tuple[date, float]], actual: Mapping[str, float] | None
) -> alt.TopLevelMixin:
    return fan_chart(forecast, actual=days) if forecast.days else range_chart(forecast, actual)


def _ending(file: str | Path, known: Sequence[str]) -> Path:
    path = Path(file).expanduser()
    if path.suffix.lower() not in known:
        raise InputError(f"--out takes a file ending in {', '.join(known)}, not {path.name!r}.")
    return path
