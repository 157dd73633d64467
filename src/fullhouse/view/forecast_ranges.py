"""Ranges as bars: of every quantity of a forecast, and of one quantity as its day came nearer."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import altair as alt

from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.forecast import QUANTITIES, Forecast
from fullhouse.view.bands import (
    BANDS,
    HAPPENED,
    IN_100,
    band_of,
    bounds,
    caption,
    headed,
    known_bounds,
    money_axis,
    money_scale,
)
from fullhouse.view.theme import INK, themed
from fullhouse.view.words.figures import day_words, money_short
from fullhouse.view.words.forecast import quantity_words, when_words

ROW_HEIGHT = 62
BAR_HEIGHT = 14
WIDE = 440
"""A chart at least so wide has room for dates."""


def range_chart(
    forecast: Forecast, actual: Mapping[str, float] | None = None, *, width: int = 560
) -> alt.LayerChart:
    """Each quantity with its 50, 80 and 95 % ranges, and a tick where the truth is known.

    `actual` is by quantity, in the forecast's currency. What the forecast already knew is a tick
    too.
    """
    rows = range_rows(forecast, actual)
    words = f"{IN_100} Light tick: the middle."
    if any(r["actual"] is not None for r in rows):
        words += " Dark tick: what happened."
    title = f"{forecast.title}: what it will take, {forecast.currency}"
    return _bars(rows, headed(title, caption(forecast, words, width=width), width=width), width)


def range_rows(
    forecast: Forecast, actual: Mapping[str, float] | None = None
) -> list[dict[str, Any]]:
    """A row for each quantity, in the order of the run: its ranges, and what happened."""
    given = dict(actual or {})
    names = [n for n in QUANTITIES if n in forecast.ranges or n in forecast.known]
    names += [n for n in forecast.ranges if n not in names]
    if not names:
        raise CannotTellError(code="nothing_to_show", title=forecast.title)
    return [_row(forecast, n, given.get(n), quantity_words(n)) for n in names]


def horizon_chart(
    forecasts: Sequence[Forecast],
    *,
    quantity: str = "total",
    actual: float | None = None,
    width: int = 560,
) -> alt.LayerChart:
    """How the range of one quantity of one film narrowed from forecast to forecast."""
    rows = horizon_rows(forecasts, quantity=quantity, actual=actual)
    if width >= WIDE:
        rows = [{**r, "label": f"{r['label']}, {_day(r['as_of'])}"} for r in rows]
    last = max(forecasts, key=lambda f: f.as_of)
    words = f"{IN_100} Light tick: the middle."
    if actual is not None:
        words += f" Dark ticks: what happened, {money_short(actual)}."
    title = f"{last.title}: how the range narrowed, {quantity_words(quantity)}, {last.currency}"
    return _bars(rows, headed(title, caption(last, words, width=width), width=width), width)


def horizon_rows(
    forecasts: Sequence[Forecast], *, quantity: str = "total", actual: float | None = None
) -> list[dict[str, Any]]:
    """A row for each forecast, by its day: the ranges of one quantity, and what happened."""
    one_film(forecasts)
    rows = [
        _row(f, quantity, actual, when_words(f))
        for f in sorted(forecasts, key=lambda f: f.as_of)
        if quantity in f.ranges or quantity in f.known
    ]
    if not rows:
        raise CannotTellError(code="no_totals", quantity=quantity_words(quantity))
    return rows


def one_film(forecasts: Sequence[Forecast]) -> None:
    """An error where forecasts are not all of one film in one territory and currency."""
    films = sorted({(f.film, f.territory, f.currency) for f in forecasts})
    if len(films) != 1:
        given = ", ".join(" ".join(f) for f in films) or "none"
        raise InputError(
            f"Forecasts of one film in one territory are needed; these are of {given}."
        )


def _row(forecast: Forecast, name: str, actual: float | None, label: str) -> dict[str, Any]:
    known = forecast.known.get(name)
    if known is not None:
        ranges, said = known_bounds(known), f"{money_short(known)}, known"
    else:
        ranges = bounds(forecast.ranges[name])
        ends = f"{money_short(ranges['low80'])} – {money_short(ranges['high80'])}"
        said = f"{ends}, middle {money_short(ranges['median'])}"
    return {
        "row": f"{forecast.as_of.isoformat()} {name}",
        "quantity": name,
        "as_of": forecast.as_of.isoformat(),
        "label": label,
        "said": said,
        "known": known is not None,
        "actual": actual if actual is not None else known,
        **ranges,
    }


def _day(iso: str) -> str:
    return day_words(date.fromisoformat(iso), short=True)


def _bars(rows: Sequence[dict[str, Any]], title: alt.TitleParams, width: int) -> alt.LayerChart:
    amounts = [a for r in rows for a in (r["low95"], r["high95"], r["actual"]) if a is not None]
    scale = money_scale(amounts)
    axis = money_axis(scale, None, most=5 if width < 400 else 8)
    base = alt.Chart({"values": list(rows)}).encode(
        y=alt.Y("row:N").sort([r["row"] for r in rows]).axis(None).scale(padding=0)
    )
    ranged = base.transform_filter("!datum.known")
    tooltip = ["label:N", "said:N", "low95:Q", "median:Q", "high95:Q"]
    bars = [
        band_of(ranged, n)
        .mark_bar(height=BAR_HEIGHT, yOffset=10)
        .encode(
            x=alt.X(f"low{n}:Q", scale=scale, axis=axis),
            x2=f"high{n}:Q",
            tooltip=tooltip,
        )
        for n in BANDS
    ]
    middle = ranged.mark_tick(color="white", thickness=2, size=BAR_HEIGHT, yOffset=10, opacity=1)
    happened = base.transform_filter("isValid(datum.actual)").mark_tick(
        color=HAPPENED, thickness=3, size=BAR_HEIGHT + 12, yOffset=10, opacity=1
    )
    name = base.mark_text(align="left", color=INK, fontSize=12, fontWeight="bold", dy=-12)
    figures = base.mark_text(align="right", color=INK, fontSize=12, dy=-12)
    layers = [
        *bars,
        middle.encode(x=alt.X("median:Q", scale=scale, axis=axis)),
        happened.encode(x=alt.X("actual:Q", scale=scale, axis=axis), tooltip=["actual:Q"]),
        name.encode(x=alt.value(0), text="label:N"),
        figures.encode(x=alt.value(width), text="said:N"),
    ]
    height = alt.Step(ROW_HEIGHT)
    chart = alt.layer(*layers).properties(width=width, height=height, title=title)
    assert isinstance(chart, alt.LayerChart)
    return themed(chart)
