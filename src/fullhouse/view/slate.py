"""The slate: which films open when in a territory, what each will open to, what clashes."""

import json
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import altair as alt

from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.forecast import Forecast
from fullhouse.forecast.slate import Conflict
from fullhouse.view.bands import BANDS, DOWN, bounds, caption, headed, money_axis, money_scale
from fullhouse.view.theme import FAINT, INK, themed
from fullhouse.view.words.figures import day_words, money_short
from fullhouse.view.words.forecast import conflict_words

ROW_HEIGHT = 30
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
    the tick its middle. Weekends with a conflict are shaded, and its films are named in colour.
    """
    rows = slate_rows(forecasts, conflicts)
    titles = {f.film: f.title for f in forecasts}
    clashes = [conflict_words(c, titles) for c in sorted(conflicts, key=lambda c: c.day)]
    if len(clashes) > MOST_CONFLICTS:
        more = len(clashes) - MOST_CONFLICTS
        clashes = [*clashes[:MOST_CONFLICTS], f"And {more:,} more."]
    first = forecasts[0]
    simulated = next((f for f in forecasts if f.simulated), first)
    marks = "Bar: 80 % range of the opening weekend. Tick: the middle. Shaded: conflicts."
    title = headed(
        f"Openings in {first.territory}, {first.currency}",
        caption(simulated, marks, *clashes, width=width + LABEL_WIDTH),
        width=width,
    )
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
    return [_row(f, f.film in clash) for f in sorted(newest.values(), key=_order)]


def _order(forecast: Forecast) -> tuple[date, str]:
    return forecast.opening, forecast.film


def _row(forecast: Forecast, clash: bool) -> dict[str, Any]:
    row: dict[str, Any] = {
        "film": forecast.film,
        "title": forecast.title,
        "opening": forecast.opening.isoformat(),
        "opens": day_words(forecast.opening),
        "conflict": clash,
        "low80": None,
        "median": forecast.known.get("opening_weekend"),
        "high80": None,
        "said": "not forecast",
    }
    if row["median"] is not None:
        return row | {"said": f"{money_short(row['median'])}, known"}
    if "opening_weekend" not in forecast.ranges:
        return row
    found = bounds(forecast.ranges["opening_weekend"])
    said = f"{money_short(found['low80'])} – {money_short(found['high80'])}"
    return row | {k: found[k] for k in ("low80", "median", "high80")} | {"said": said}


def weekend(day: date) -> tuple[date, date]:
    """The Friday and the Monday between which a day's weekend lies; Monday looks ahead.

    >>> weekend(date(2025, 3, 12))
    (datetime.date(2025, 3, 14), datetime.date(2025, 3, 17))
    """
    ahead = (FRIDAY - day.weekday()) % 7 if day.weekday() < FRIDAY else FRIDAY - day.weekday()
    friday = day + timedelta(ahead)
    return friday, friday + timedelta(3)


def _y(order: Sequence[str]) -> alt.Y:
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
    titles = {r["film"]: r["title"] for r in rows}
    clashing = json.dumps([r["film"] for r in rows if r["conflict"]])
    colour = {
        "condition": {"test": f"indexof({clashing}, datum.value) >= 0", "value": DOWN},
        "value": INK,
    }
    names = alt.Axis(
        title=None,
        labelExpr=f"({json.dumps(titles)})[datum.value]",
        labelLimit=LABEL_WIDTH,
        labelColor=colour,
        labelPadding=8,
        ticks=False,
        domain=False,
        grid=True,
        gridColor=FAINT,
    )
    dots = base.mark_point(filled=True, size=70, opacity=1).encode(
        x=alt.X("opening:T", scale=scale, axis=axis),
        y=_y(order).axis(names),
        color=alt.condition("datum.conflict", alt.value(DOWN), alt.value(BANDS[50])),
        tooltip=["title:N", "opens:N", "said:N"],
    )
    layers = [shade.encode(x=alt.X("start:T", scale=scale, axis=axis), x2="end:T")]
    chart = alt.layer(*(layers if shaded else []), dots)
    drawn = chart.properties(width=width, height=alt.Step(ROW_HEIGHT))
    assert isinstance(drawn, alt.LayerChart)
    return drawn


def _openings(rows: Sequence[dict[str, Any]], order: Sequence[str], width: int) -> alt.LayerChart:
    amounts = [a for r in rows for a in (r["low80"], r["median"], r["high80"]) if a is not None]
    scale = money_scale(amounts or [1, 2])
    axis = money_axis(scale, "opening weekend", most=max(3, width // 60))
    base = alt.Chart({"values": list(rows)}).encode(y=_y(order).axis(None))
    bars = base.transform_filter("isValid(datum.high80)").mark_bar(height=12, color=BANDS[80])
    middle = base.transform_filter("isValid(datum.median)").mark_tick(
        color=INK, thickness=2.5, size=16, opacity=1
    )
    said = base.mark_text(align="left", color=INK, fontSize=11).encode(
        x=alt.value(width + 10), text="said:N"
    )
    chart = alt.layer(
        bars.encode(x=alt.X("low80:Q", scale=scale, axis=axis), x2="high80:Q", tooltip=["said:N"]),
        middle.encode(x=alt.X("median:Q", scale=scale, axis=axis)),
        said,
    )
    drawn = chart.properties(width=width, height=alt.Step(ROW_HEIGHT))
    assert isinstance(drawn, alt.LayerChart)
    return drawn
