"""The charts of many films: the slate, and how reliable the ranges were."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import altair as alt
import numpy as np
from scipy.stats import binom

from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.core.settings import SIMULATED
from fullhouse.forecast import QUANTITIES, Forecast
from fullhouse.forecast.slate import Conflict
from fullhouse.stats.scores import Reliability
from fullhouse.view.charts import FAINT, GREY, INK, money_axis, money_scale, themed
from fullhouse.view.forecast_charts import BANDS, LOWERS, bounds
from fullhouse.view.words.figures import (
    capital,
    counted,
    day_words,
    heading,
    money_short,
    range_short,
    wrapped,
)
from fullhouse.view.words.forecast import conflict_words, quantity_words

SLATE_HEIGHT = 30
LABEL_WIDTH = 190
SHADE = "#f3d9c9"
FRIDAY = 4
MOST_CONFLICTS = 8


def slate_chart(
    forecasts: Sequence[Forecast],
    conflicts: Sequence[Conflict] = (),
    *,
    width: int = 560,
) -> alt.HConcatChart:
    """A calendar of openings beside what each film will take in its opening weekend.

    One row a film, by the day it opens: the newest forecast of each. The bar is the 80 % range,
    the tick its middle. Weekends with a conflict are shaded, and its films are in bold.
    """
    rows = slate_rows(forecasts, conflicts)
    titles = {f.film: f.title for f in forecasts}
    clashes = [conflict_words(c, titles) for c in sorted(conflicts, key=lambda c: c.day)]
    if len(clashes) > MOST_CONFLICTS:
        more = len(clashes) - MOST_CONFLICTS
        clashes = [*clashes[:MOST_CONFLICTS], f"And {more:,} more."]
    first = forecasts[0]
    marks = (
        "Bar: 80 % range of the opening weekend. Tick: the middle estimate. Shaded weekends, and"
        " films in bold: conflicts."
    )
    words = heading(
        f"Openings in {first.territory}, {first.currency}",
        marks,
        *clashes,
        simulated=any(f.simulated for f in forecasts),
        width=width + LABEL_WIDTH,
    )
    title = alt.TitleParams(words["text"], subtitle=words["subtitle"])
    order = [r["film"] for r in rows]
    chart = alt.hconcat(
        _calendar(rows, conflicts, order, round(width * 0.45)),
        _openings(rows, order, round(width * 0.55)),
        spacing=14,
    ).properties(title=title)
    assert isinstance(chart, alt.HConcatChart)
    return themed(chart)


def slate_rows(
    forecasts: Sequence[Forecast], conflicts: Sequence[Conflict] = ()
) -> list[dict[str, Any]]:
    """A row for each film, by the day it opens: its opening weekend, as a range or as known."""
    if not forecasts:
        raise CannotTellError(code="no_slate")
    markets = sorted({f"{f.territory} ({f.currency})" for f in forecasts})
    if len(markets) > 1:
        raise InputError(f"A slate is of one territory, not of {', '.join(markets)}.")
    newest = {f.film: f for f in sorted(forecasts, key=lambda f: f.as_of)}
    clash = {film for c in conflicts for film in (c.film, c.other)}
    return [_slate_row(f, f.film in clash) for f in sorted(newest.values(), key=_order)]


def _order(forecast: Forecast) -> tuple[date, str]:
    return forecast.opening, forecast.film


def _slate_row(forecast: Forecast, clash: bool) -> dict[str, Any]:
    row: dict[str, Any] = {
        "film": forecast.film,
        "title": forecast.title,
        "opening": forecast.opening.isoformat(),
        "opens": day_words(forecast.opening),
        "conflict": clash,
        "low80": None,
        "median": forecast.known.get("opening_weekend"),
        "high80": None,
        "label": "not forecast",
    }
    if row["median"] is not None:
        return row | {"label": f"{money_short(row['median'])}, known"}
    if "opening_weekend" not in forecast.ranges:
        return row
    ends = bounds(forecast.ranges["opening_weekend"])
    words = range_short(ends["low80"], ends["high80"])
    return row | {k: ends[k] for k in ("low80", "median", "high80")} | {"label": words}


def weekend(day: date) -> tuple[date, date]:
    """The Friday and the Monday between which a day's weekend lies; Monday looks ahead.

    >>> weekend(date(2025, 3, 12))
    (datetime.date(2025, 3, 14), datetime.date(2025, 3, 17))
    """
    ahead = (FRIDAY - day.weekday()) % 7 if day.weekday() < FRIDAY else FRIDAY - day.weekday()
    friday = day + timedelta(ahead)
    return friday, friday + timedelta(3)


def _film_axis(order: Sequence[str]) -> alt.Y:
    return alt.Y("film:N").sort(list(order)).scale(domain=list(order))


def _calendar(
    rows: Sequence[dict[str, Any]],
    conflicts: Sequence[Conflict],
    order: Sequence[str],
    width: int,
) -> alt.LayerChart:
    days = [date.fromisoformat(r["opening"]) for r in rows] + [c.day for c in conflicts]
    ends = [min(days) - timedelta(7), max(days) + timedelta(7)]
    domain = [alt.DateTime(year=d.year, month=d.month, date=d.day, utc=True) for d in ends]
    scale = alt.Scale(type="utc", domain=domain, nice=False)
    axis = alt.Axis(title=None, format="%-d %b", tickCount=max(2, width // 70), gridColor=FAINT)
    shaded = [
        {"start": min(c.day, weekend(c.day)[0]).isoformat(), "end": weekend(c.day)[1].isoformat()}
        for c in conflicts
    ]
    shade = alt.Chart({"values": shaded}).mark_rect(color=SHADE, opacity=1)
    base = alt.Chart({"values": list(rows)})
    dots = base.mark_point(filled=True, size=70, opacity=1).encode(
        x=alt.X("opening:T", scale=scale, axis=axis),
        y=_film_axis(order).axis(_title_axis(rows)),
        color=alt.condition("datum.conflict", alt.value(LOWERS), alt.value(BANDS[50])),
        tooltip=["title:N", "opens:N", "label:N"],
    )
    layers = [shade.encode(x=alt.X("start:T", scale=scale, axis=axis), x2="end:T")]
    chart = alt.layer(*(layers if shaded else []), dots)
    drawn = chart.properties(width=width, height=alt.Step(SLATE_HEIGHT))
    assert isinstance(drawn, alt.LayerChart)
    return drawn


def _title_axis(rows: Sequence[dict[str, Any]]) -> alt.Axis:
    """Titles of the films as labels; those in a conflict bold and in its colour."""
    titles = {r["film"]: r["title"] for r in rows}
    clashing = json.dumps([r["film"] for r in rows if r["conflict"]])
    in_conflict = f"indexof({clashing}, datum.value) >= 0"
    return alt.Axis(
        title=None,
        labelExpr=f"({json.dumps(titles)})[datum.value]",
        labelLimit=LABEL_WIDTH,
        labelColor={"condition": {"test": in_conflict, "value": LOWERS}, "value": INK},
        labelFontWeight={"condition": {"test": in_conflict, "value": "bold"}, "value": "normal"},
        labelPadding=8,
        ticks=False,
        domain=False,
        grid=True,
        gridColor=FAINT,
    )


def _openings(rows: Sequence[dict[str, Any]], order: Sequence[str], width: int) -> alt.LayerChart:
    amounts = [a for r in rows for a in (r["low80"], r["median"], r["high80"]) if a is not None]
    scale = money_scale(amounts or [1, 2])
    axis = money_axis(scale, "opening weekend", most=max(3, width // 60))
    base = alt.Chart({"values": list(rows)}).encode(y=_film_axis(order).axis(None))
    bars = base.transform_filter("isValid(datum.high80)").mark_bar(height=12, color=BANDS[80])
    middle = base.transform_filter("isValid(datum.median)").mark_tick(
        color=INK, thickness=2.5, size=16, opacity=1
    )
    label = base.mark_text(align="left", color=INK, fontSize=11).encode(
        x=alt.value(width + 10), text="label:N"
    )
    chart = alt.layer(
        bars.encode(x=alt.X("low80:Q", scale=scale, axis=axis), x2="high80:Q", tooltip=["label:N"]),
        middle.encode(x=alt.X("median:Q", scale=scale, axis=axis)),
        label,
    )
    drawn = chart.properties(width=width, height=alt.Step(SLATE_HEIGHT))
    assert isinstance(drawn, alt.LayerChart)
    return drawn


WITHIN, OUTSIDE = "#0b7a75", "#b3541e"
BAND = "#dfeceb"
TICKS = [0, 0.5, 1]
LINE_WIDTHS = {1: 46, 2: 88}
WIDEST_LINE = 130
TITLE = "Are the ranges calibrated?"
HOW = (
    "Across: how often an outcome should fall below a level of its forecast; up: how often it did."
    " On the diagonal the ranges are calibrated; above it forecasts were too high, below it too"
    " low. A line flatter than the diagonal: the ranges are too narrow."
)
BAND_WORDS = (
    "Band: where chance leaves 95 of 100 points of calibrated ranges, with films as independent"
    " units. Diamonds: points outside it."
)


def reliability_chart(
    by_name: Mapping[str, Reliability],
    *,
    notes: Sequence[str] = (),
    simulated: bool = False,
    size: int = 230,
) -> alt.HConcatChart:
    """Observed against expected shares, one panel for each quantity (or other name).

    Where no outcome is known there is one empty panel that says so.
    """
    panels = [_panel(name, r, size) for name, r in by_name.items() if r.n] or [_empty(size)]
    lines = [*notes, *([HOW, BAND_WORDS] if by_name else [])]
    width = LINE_WIDTHS.get(len(panels), WIDEST_LINE)
    subtitle = [line for part in lines for line in wrapped(part, width)]
    if simulated:
        subtitle.insert(0, SIMULATED)
    chart: alt.HConcatChart = alt.hconcat(*panels, spacing=36).properties(
        title=alt.TitleParams(TITLE, subtitle=subtitle)
    )
    return themed(chart)


def points(reliability: Reliability) -> list[dict[str, Any]]:
    """What is drawn of each probability: expected, observed, the band, and whether it is within.

    >>> from fullhouse.stats.scores import reliability
    >>> few = reliability(np.array([[1.0, 2.0]]), np.array([3.0]), np.array([0.2, 0.8]))
    >>> [(p["expected"], p["observed"], p["within"]) for p in points(few)]
    [(0.2, 0.0, True), (0.8, 0.0, True)]
    """
    low, high = _band(reliability.probabilities, reliability.independent)
    return [
        {
            "expected": float(p),
            "observed": float(share),
            "low": float(a),
            "high": float(b),
            # Shares of films are not whole where a film has several forecasts.
            "within": bool(a - 1e-9 <= share <= b + 1e-9),
            "label": f"{share:.0%} of outcomes below the {p:.3g} quantile",
        }
        for p, share, a, b in zip(
            reliability.probabilities, reliability.observed, low, high, strict=True
        )
    ]


def _band(p: "np.ndarray[Any, Any]", n: int) -> tuple[Any, Any]:
    return binom.ppf(0.025, n, p) / n, binom.ppf(0.975, n, p) / n


def _panel(name: str, reliability: Reliability, size: int) -> alt.LayerChart:
    at = np.linspace(0, 1, 201)
    low, high = _band(at, reliability.independent)
    band = [
        {"expected": float(p), "low": float(a), "high": float(b)}
        for p, a, b in zip(at, low, high, strict=True)
    ]
    layers = [
        alt.Chart({"values": band})
        .mark_area(color=BAND, interpolate="step")
        .encode(x=_x(), y=_y("low"), y2="high:Q"),
        _diagonal(),
    ]
    shares = alt.Chart({"values": points(reliability)})
    layers += [
        shares.mark_line(color=WITHIN, strokeWidth=1.6).encode(x=_x(), y=_y("observed")),
        shares.mark_point(filled=True, opacity=1).encode(
            x=_x(),
            y=_y("observed"),
            color=alt.Color("within:N")
            .scale(domain=[True, False], range=[WITHIN, OUTSIDE])
            .legend(None),
            shape=alt.Shape("within:N")
            .scale(domain=[True, False], range=["circle", "diamond"])
            .legend(None),
            size=alt.condition("datum.within", alt.value(44), alt.value(90)),
            tooltip=["label:N"],
        ),
    ]
    return _framed(layers, _counted(name, reliability), size)


def _counted(name: str, reliability: Reliability) -> alt.TitleParams:
    films, forecasts = counted(reliability.independent, "film"), counted(reliability.n, "forecast")
    return alt.TitleParams(
        capital(quantity_words(name) if name in QUANTITIES else name),
        subtitle=f"{forecasts} of {films}",
    )


def _empty(size: int) -> alt.LayerChart:
    place = {"values": [{"x": 0.5, "y": 0.5}]}
    words = (
        alt.Chart(place)
        .mark_text(color=INK, fontSize=13, lineBreak="\n")
        .encode(
            x=_x("x").axis(title="expected below", format=".0%", values=TICKS, grid=False),
            y=_y("y").axis(title="observed below", format=".0%", values=TICKS, grid=False),
            text=alt.value("No outcome is known yet.\nThere is nothing to judge."),
        )
    )
    return _framed([words], alt.TitleParams(""), size)


def _diagonal() -> alt.Chart:
    ends = {"values": [{"expected": 0, "observed": 0}, {"expected": 1, "observed": 1}]}
    drawn: alt.Chart = (
        alt.Chart(ends)
        .mark_line(color=GREY, strokeDash=[4, 3], strokeWidth=1)
        .encode(x=_x(), y=_y("observed"))
    )
    return drawn


def _framed(layers: Sequence[alt.Chart], title: alt.TitleParams, size: int) -> alt.LayerChart:
    title.fontSize, title.offset, title.frame = 13, 8, "group"
    framed = alt.layer(*layers, view=alt.ViewConfig(stroke=FAINT)).properties(
        width=size, height=size, title=title
    )
    assert isinstance(framed, alt.LayerChart)
    return framed


def _x(name: str = "expected") -> alt.X:
    return (
        alt.X(f"{name}:Q")
        .scale(domain=[0, 1], nice=False)
        .axis(title="expected below", format=".0%", values=TICKS, labelFlush=False)
    )


def _y(name: str) -> alt.Y:
    return (
        alt.Y(f"{name}:Q")
        .scale(domain=[0, 1], nice=False)
        .axis(title="observed below", format=".0%", values=TICKS)
    )
