"""The page of a forecast; forecasts, slates, backtests and score books as charts and tables."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import altair as alt
import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
from markupsafe import Markup

from fullhouse.core.errors import CannotTellError
from fullhouse.core.tabular import without_formulas
from fullhouse.forecast import (
    LEVELS,
    PROBABILITIES,
    QUANTITIES,
    Comp,
    Forecast,
    KnownFact,
    Range,
    Step,
)
from fullhouse.forecast.backtest import Backtests
from fullhouse.forecast.score import ScoreBook
from fullhouse.forecast.slate import Slate
from fullhouse.stats.scores import reliability
from fullhouse.view.charts import out_paths, save_chart
from fullhouse.view.forecast_charts import (
    driver_chart,
    driver_rows,
    fan_chart,
    fan_rows,
    happened_rows,
    horizon_chart,
    horizon_rows,
    one_film,
    range_chart,
    range_rows,
)
from fullhouse.view.market_charts import reliability_chart, slate_chart
from fullhouse.view.render import (
    Figure,
    figure,
    fragment,
    json_of,
    range_cell,
    render,
    share_bar,
    unbroken,
)
from fullhouse.view.words.figures import day_words, money, money_short
from fullhouse.view.words.forecast import (
    actual_words,
    banners,
    book_words,
    chance_words,
    change_words,
    cinemas_words,
    comp_line,
    driver_words,
    fact_words,
    factor_words,
    field_words,
    headline,
    main_drivers,
    note_words,
    outside_words,
    place_words,
    quantity_words,
    round_amounts,
    spread_words,
    step_words,
    typical_words,
    when_words,
)

BESIDE = 110
"""What the axis and the figures beside a fan take of its width."""
SECTION = "forecast_section.html"
RELIABILITY_OF = (
    ("T-28", "opening_weekend"),
    ("T-1", "opening_weekend"),
    ("first day", "total"),
    ("first weekend", "total"),
)
"""Horizons and quantities whose reliability the chart of a backtest shows."""


def forecast_page(
    forecasts: Sequence[Forecast],
    *,
    actual_days: Sequence[tuple[date, float]] = (),
    actual: Mapping[str, float] | None = None,
    made_on: date,
) -> str:
    """A page of HTML on the newest of one film's forecasts, and on how its range narrowed.

    `actual_days` is what each day took and `actual` what each quantity came to, where that is
    known. The page holds its charts and their data, and asks no other place for anything.
    """
    one_film(forecasts)
    ordered = sorted(forecasts, key=lambda f: f.as_of)
    newest, amounts = ordered[-1], dict(actual or {})
    return render(
        "forecast.html",
        forecast=newest,
        banners=banners(newest),
        when=when_words(newest),
        headline=headline(newest),
        actual=[
            actual_words(newest, n, amounts[n]) for n in _ordered(amounts) if n not in newest.known
        ],
        sections=[
            *ranges_section(newest, amounts),
            *by_day_section(newest, actual_days),
            *drivers_section(newest),
            *narrowing_section(ordered, amounts),
        ],
        comps=[_comp_row(c) for c in newest.comps],
        facts=[_fact_row(name, fact) for name, fact in newest.facts.items()],
        groups=", ".join(f"{k} {v}" for k, v in newest.groups.items()),
        notes=[
            *cinemas_words(newest.if_cinemas, newest.currency),
            *(f"Forecast by {outside_words(o, newest.currency)}." for o in newest.outside),
            *(note_words(n) for n in newest.notes),
        ],
        method=_method(newest),
        source=source_words(newest),
        place=place_words(newest),
        made_on=made_on,
        everything=json_of(newest.to_dict()),
    )


def source_words(forecast: Forecast) -> str:
    """From when the figures of a forecast are, and what they rest on."""
    model = forecast.model
    words = f"Forecast as of {day_words(forecast.as_of)}"
    if model.learned_to is None:
        return f"{words}."
    return f"{words}, learned from {model.films:,} films up to {day_words(model.learned_to)}."


def ranges_section(forecast: Forecast, actual: Mapping[str, float]) -> list[Markup]:
    """What each quantity will take, and the chances of round amounts."""
    tall = " Tall tick: what it took." if actual or forecast.known else ""
    chart = figure(
        lambda width: range_chart(forecast, actual, width=width),
        caption=f"What it will take, in {forecast.currency}, with the 50, 80 and 95 % ranges. Short"
        f" tick: the middle estimate.{tall} {source_words(forecast)}",
        file=f"{forecast.film}-ranges.csv",
        rows=range_rows(forecast, actual),
    )
    rows = [_known_row(n, forecast.known[n]) for n in _ordered(forecast.known)]
    rows += [_range_row(n, forecast.ranges[n]) for n in _ordered(forecast.ranges)]
    passing = [
        (quantity_words(name), chances)
        for name in ("opening_weekend", "total")
        if name in forecast.ranges and (chances := _chances(forecast, name))
    ]
    return [fragment(SECTION, part="ranges", chart=chart, rows=rows, passing=passing)]


def by_day_section(forecast: Forecast, actual: Sequence[tuple[date, float]]) -> list[Markup]:
    """The fans of a forecast: the sum up to each day, and each day."""
    rows = _day_rows(forecast, actual)
    dots = " Dots: what it took." if actual else ""
    charts = [
        figure(
            partial(_fan, forecast, actual, cumulative),
            caption=f"{words}, in {forecast.currency}, with the 50, 80 and 95 % ranges.{dots}"
            f" {source_words(forecast)}",
            file=f"{forecast.film}-days.csv",
            rows=rows,
        )
        for cumulative, words in ((True, "Gross up to each day"), (False, "Gross of each day"))
        if forecast.days
    ]
    return [fragment(SECTION, part="days", charts=charts)]


def drivers_section(forecast: Forecast) -> list[Markup]:
    """What leads from a typical film to this one."""
    if not forecast.drivers:
        return []
    lines = {d: (unbroken(factor_words(d.factor)), driver_words(d)) for d in forecast.drivers}
    main = main_drivers(forecast.drivers)
    chart: Figure | None = None
    if "total" in forecast.ranges:
        chart = figure(
            lambda width: driver_chart(forecast, width=width),
            caption=f"From a typical film to the middle of the total, in {forecast.currency},"
            f" factor by factor; equal factors are equally long. {source_words(forecast)}",
            file=f"{forecast.film}-drivers.csv",
            rows=driver_rows(forecast),
            key=(("raises", "raises it"), ("lowers", "lowers it")),
        )
    return [
        fragment(
            SECTION,
            part="drivers",
            typical=typical_words(forecast),
            drivers=[lines[d] for d in main],
            others=[line for d, line in lines.items() if d not in main],
            chart=chart,
        )
    ]


def narrowing_section(forecasts: Sequence[Forecast], actual: Mapping[str, float]) -> list[Markup]:
    """How one film's range narrowed, over forecasts in the order of their days, and will."""
    newest = forecasts[-1]
    several = len([f for f in forecasts if "total" in f.ranges or "total" in f.known]) > 1
    total = actual.get("total")
    chart: Figure | None = None
    if several:
        tall = " Tall ticks: what it took." if total is not None else ""
        chart = figure(
            lambda width: horizon_chart(forecasts, actual=total, width=width),
            caption=f"The total of the run, in {newest.currency}, as it was forecast on each of"
            f" these days.{tall} {source_words(newest)}",
            file=f"{newest.film}-horizons.csv",
            rows=horizon_rows(forecasts, actual=total),
        )
    if chart is None and not newest.steps:
        return []
    widest = max((s.spread for s in newest.steps), default=1.0) - 1
    return [
        fragment(
            SECTION,
            part="narrowing",
            change=change_words(forecasts[-2], newest) if several else "",
            chart=chart,
            steps=[_step_row(s, widest) for s in newest.steps],
            source=source_words(newest),
        )
    ]


def _fan(
    forecast: Forecast, actual: Sequence[tuple[date, float]], cumulative: bool, width: int
) -> Any:
    return fan_chart(forecast, actual=actual, cumulative=cumulative, width=width - BESIDE)


def _day_rows(forecast: Forecast, actual: Sequence[tuple[date, float]]) -> list[dict[str, Any]]:
    """The data of both fans: a row for each day, with what it took and what that sums to."""
    by_day: dict[str, dict[str, Any]] = {row["day"]: row for row in fan_rows(forecast)}
    for name, cumulative in (("happened", False), ("sum_happened", True)):
        for row in happened_rows(forecast, actual, cumulative=cumulative):
            by_day.setdefault(row["day"], {"day": row["day"]})[name] = row["gross"]
    return [by_day[day] for day in sorted(by_day)]


def _known_row(name: str, amount: float) -> list[object]:
    return [
        quantity_words(name), unbroken(f"{money_short(amount)},", "known"), *[""] * len(LEVELS)
    ]  # fmt: skip


def _range_row(name: str, amounts: Range) -> list[object]:
    ends = [[money_short(a) for a in amounts.between(level)] for level in LEVELS]
    ranges = [range_cell(low, high) for low, high in ends]
    return [quantity_words(name), unbroken(money_short(amounts.median)), *ranges]


def _chances(forecast: Forecast, name: str) -> list[list[object]]:
    """Round amounts, the chance of each, and that as a bar."""
    rows: list[list[object]] = []
    for amount in round_amounts(forecast.ranges[name]):
        chance = forecast.passes(amount, quantity=name)
        words = unbroken(chance_words(chance))
        rows.append([money(amount, forecast.currency), words, share_bar(chance)])
    return rows


def _comp_row(comp: Comp) -> list[object]:
    title = Markup("<span>{} ({})</span>").format(comp.title, comp.opening.year)
    if comp.why:
        title += Markup("<small>{}</small>").format(comp_line(comp))
    weekend = comp.opening_weekend
    return [
        title,
        "-" if weekend is None else unbroken(money_short(weekend)),
        unbroken(money_short(comp.total)),
        unbroken(f"{100 * comp.similarity:.0f} %"),
    ]


def _step_row(step: Step, widest: float) -> list[object]:
    done = "✓ " if step.done else ""
    words = Markup("<span>{}{}</span>").format(done, step_words(step))
    if step.when:
        words += Markup("<small>{}</small>").format(day_words(step.when))
    bar = share_bar((step.spread - 1) / widest if widest else 0)
    return [words, spread_words(step), bar]


def _fact_row(name: str, fact: KnownFact) -> list[object]:
    since = "" if fact.known_on is None else day_words(fact.known_on, short=True)
    return [field_words(name), fact_words(fact.value, name), fact.origin, since]


def _method(forecast: Forecast) -> list[str]:
    """The model behind a forecast and the data that it read."""
    model = ", ".join(f"{k.replace('_', ' ')} {v}" for k, v in vars(forecast.model).items() if v)
    data = ", ".join(f"{k} {v}" for k, v in forecast.data.items())
    lines = [f"Model: {model}."] if model else []
    return lines + ([f"Versions of the tables read: {data}."] if data else [])


def _ordered(names: Mapping[str, Any]) -> list[str]:
    """Quantities in the order of a run."""
    return sorted(names, key=lambda n: QUANTITIES.index(n) if n in QUANTITIES else 99)


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
    paths = out_paths(files, "forecast")
    for path in paths:
        if path.suffix.lower() == ".html":
            page = forecast_page(forecasts, actual_days=actual_days, actual=actual, made_on=made_on)
            path.write_text(page, "utf-8")
            continue
        _save(path, newest.to_arrow, lambda: _picture(newest, actual_days, actual))
    return paths


def write_slate(slate: Slate, files: Iterable[str | Path]) -> list[Path]:
    """Write the chart of a slate as .svg, .png or .html."""
    paths = out_paths(files, "slate")
    for path in paths:
        save_chart(slate_chart(slate.forecasts, slate.conflicts), path)
    return paths


def write_backtest(backtests: Backtests, files: Iterable[str | Path]) -> list[Path]:
    """Write every forecast with its outcome (.csv, .parquet), or the calibration of the ranges."""
    paths = out_paths(files, "backtest")
    for path in paths:
        _save(path, backtests.to_arrow, lambda: backtest_chart(backtests))
    return paths


def write_scorebook(book: ScoreBook, files: Iterable[str | Path]) -> list[Path]:
    """Write the rows (.parquet, .csv) and the reliability chart (.svg, .png, .html)."""
    paths = out_paths(files, "scorebook")
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


def _save(
    path: Path, table: Callable[[], pa.Table], chart: Callable[[], alt.TopLevelMixin]
) -> None:
    if path.suffix.lower() == ".parquet":
        pq.write_table(table(), path)
    elif path.suffix.lower() == ".csv":
        pacsv.write_csv(without_formulas(table()), path)
    else:
        save_chart(chart(), path)


def _picture(
    forecast: Forecast, days: Sequence[tuple[date, float]], actual: Mapping[str, float] | None
) -> alt.TopLevelMixin:
    return fan_chart(forecast, actual=days) if forecast.days else range_chart(forecast, actual)
