"""The fan chart: what a film will have taken by each day, and what it took."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import accumulate
from typing import Any

import altair as alt

from fullhouse.core.errors import CannotTellError
from fullhouse.forecast import DAY_PROBABILITIES, DayRange, Forecast
from fullhouse.view.bands import (
    BANDS,
    HAPPENED,
    IN_100,
    MIDDLE,
    band_of,
    caption,
    headed,
    money_axis,
    money_scale,
)
from fullhouse.view.theme import GREY, INK, themed
from fullhouse.view.words.figures import day_words, money_short
from fullhouse.view.words.forecast import when_words

COLUMNS = ("low95", "low80", "low50", "median", "high50", "high80", "high95")
"""What stands at each of `DAY_PROBABILITIES`."""
DAYS_SHOWN_BEFORE = 10
"""An as-of day that lies further before the first day is named at the edge."""
APART = 0.06
"""Labels at the end of the fan stand at least this share of its height apart."""


def fan_chart(
    forecast: Forecast,
    *,
    actual: Sequence[tuple[date, float]] = (),
    cumulative: bool = True,
    width: int = 560,
) -> alt.LayerChart:
    """The gross by day with its 50, 80 and 95 % ranges, and beside it what happened.

    `actual` is what each day took, from the opening or from the first forecast day on; for the
    cumulative gross it is added up here. In the forecast's currency.
    """
    rows, happened = fan_rows(forecast), happened_rows(forecast, actual, cumulative=cumulative)
    if not rows:
        raise CannotTellError(code="no_forecast_days", title=forecast.title)
    kind = "sum_" if cumulative else ""
    amounts = [r[f"{kind}high95"] for r in rows] + [r["gross"] for r in happened]
    scale = money_scale(amounts, zero=True)
    first = min([r["day"] for r in rows] + [r["day"] for r in happened])
    axes = _Axes(
        forecast=forecast,
        first=date.fromisoformat(first),
        last=date.fromisoformat(rows[-1]["day"]),
        scale=scale,
        axis=money_axis(scale, None),
        width=width,
    )
    layers = [*_bands(rows, axes, kind), *_marked_days(axes), *_happened(happened, axes)]
    if cumulative:
        layers.append(_ends(rows[-1], axes, top=max(amounts)))
    words = "Gross to date" if cumulative else "Gross by day"
    marks = f"{IN_100} Line: the middle, passed as often as not."
    if happened:
        marks += " Dots: what happened."
    title = headed(f"{forecast.title}: {words[0].lower()}{words[1:]}, {forecast.currency}",
                   caption(forecast, marks, width=width), width=width)  # fmt: skip
    chart = alt.layer(*layers).properties(
        width=width, height=max(220, round(width * 0.5)), title=title
    )
    assert isinstance(chart, alt.LayerChart)
    return themed(chart)


def fan_rows(forecast: Forecast) -> list[dict[str, Any]]:
    """A row for each forecast day: the ranges of its gross, and of the gross up to it (sum_…)."""
    return [_row(d) for d in forecast.days]


def happened_rows(
    forecast: Forecast, actual: Sequence[tuple[date, float]], *, cumulative: bool
) -> list[dict[str, Any]]:
    """What happened, by day; added up from the start of the run, or on what was taken before."""
    if not actual or not forecast.days:
        return []
    told = sorted((d, a) for d, a in actual if d <= forecast.days[-1].day)
    days, grosses = [d for d, _ in told], [a for _, a in told]
    if cumulative and days:
        before = forecast.to_date if days[0] >= forecast.days[0].day else 0.0
        grosses = [before + a for a in accumulate(grosses)]
    return [{"day": d.isoformat(), "gross": g} for d, g in zip(days, grosses, strict=True)]


def _row(day: DayRange) -> dict[str, Any]:
    assert len(COLUMNS) == len(DAY_PROBABILITIES)
    sums = {f"sum_{n}": a for n, a in zip(COLUMNS, day.cumulative, strict=True)}
    return {"day": day.day.isoformat(), **dict(zip(COLUMNS, day.quantiles, strict=True)), **sums}


class _Axes:
    """The two axes that all layers share."""

    def __init__(
        self,
        *,
        forecast: Forecast,
        first: date,
        last: date,
        scale: alt.Scale,
        axis: alt.Axis,
        width: int,
    ) -> None:
        self.forecast, self.scale, self.axis, self.width = forecast, scale, axis, width
        near = (first - forecast.as_of).days <= DAYS_SHOWN_BEFORE
        self.edge = None if near else forecast.as_of
        start = min([first, forecast.opening, *([forecast.as_of] if near else [])])
        self.domain = [_utc(start - timedelta(1)), _utc(last)]

    def x(self, name: str = "day") -> alt.X:
        """The day; read and written in UTC, so that no reader's zone moves one."""
        many = 4 if self.width < 400 else 8
        return (
            alt.X(f"{name}:T")
            .scale(type="utc", domain=self.domain, nice=False)
            .axis(title=None, format="%-d %b", grid=False, tickCount=many, labelFlush=False)
        )

    def y(self, name: str) -> alt.Y:
        """The money."""
        return alt.Y(f"{name}:Q", scale=self.scale, axis=self.axis)


def _utc(day: date) -> alt.DateTime:
    return alt.DateTime(year=day.year, month=day.month, date=day.day, utc=True)


def _data(rows: Sequence[dict[str, Any]]) -> alt.Chart:
    return alt.Chart({"values": list(rows)})


def _bands(rows: Sequence[dict[str, Any]], axes: _Axes, kind: str) -> list[alt.Chart]:
    forecast = axes.forecast
    if kind and forecast.to_date:
        # The fan opens from what was taken up to the day before its first.
        day = (forecast.days[0].day - timedelta(1)).isoformat()
        rows = [{"day": day, **{f"{kind}{c}": forecast.to_date for c in COLUMNS}}, *rows]
    rows = [{**r, "said": day_words(date.fromisoformat(r["day"]))} for r in rows]
    base = _data(rows)
    areas = [
        band_of(base, n)
        .mark_area(opacity=1)
        .encode(
            x=axes.x(),
            y=axes.y(f"{kind}low{n}"),
            y2=f"{kind}high{n}:Q",
            tooltip=["said:N", f"{kind}low{n}:Q", f"{kind}median:Q", f"{kind}high{n}:Q"],
        )
        for n in BANDS
    ]
    middle = base.mark_line(color=MIDDLE, strokeWidth=1.8).encode(
        x=axes.x(), y=axes.y(f"{kind}median")
    )
    return [*areas, middle]


def _happened(rows: Sequence[dict[str, Any]], axes: _Axes) -> list[alt.Chart]:
    if not rows:
        return []
    base = _data(rows).encode(x=axes.x(), y=axes.y("gross"))
    dots = base.mark_point(
        filled=True, size=8 if axes.width < 400 else 14, color=HAPPENED, opacity=1
    )
    return [base.mark_line(color=HAPPENED, strokeWidth=0.8), dots.encode(tooltip=["gross:Q"])]


def _marked_days(axes: _Axes) -> list[alt.Chart]:
    """The opening, and the day of the forecast, as lines with words above the chart."""
    forecast = axes.forecast
    opens = "opens" if forecast.as_of < forecast.opening else "opened"
    days = [(forecast.opening, f"{opens} {day_words(forecast.opening, short=True)}", -6)]
    as_of = f"as of {day_words(forecast.as_of, short=True)}"
    layers = []
    if axes.edge is None:
        days.append((forecast.as_of, as_of, -20))
    else:
        row = [{"said": f"← {as_of}, {when_words(forecast)}"}]
        layers.append(_words_above(row, x=alt.value(0), dy=-20))
    for day, said, dy in days:
        row = [{"day": day.isoformat(), "said": said}]
        line = _data(row).mark_rule(color=GREY, strokeDash=[3, 3])
        layers += [line.encode(x=axes.x()), _words_above(row, x=axes.x(), dy=dy)]
    return layers


def _words_above(rows: Sequence[dict[str, Any]], *, x: Any, dy: int) -> alt.Chart:
    text = _data(rows).mark_text(align="left", baseline="bottom", color=INK, fontSize=11, dy=dy)
    drawn: alt.Chart = text.encode(x=x, y=alt.value(0), text="said:N")
    return drawn


def _ends(last: dict[str, Any], axes: _Axes, *, top: float) -> alt.Chart:
    """The middle and the 80 % range of the last day, in figures beside the fan."""
    middle = last["sum_median"]
    shown = [middle, *(a for a in (last["sum_low80"], last["sum_high80"])
                       if abs(a - middle) > APART * top)]  # fmt: skip
    rows = [{"day": last["day"], "amount": a, "said": money_short(a)} for a in shown]
    text = _data(rows).mark_text(align="left", dx=6, color=INK, fontSize=11, clip=False)
    drawn: alt.Chart = text.encode(x=axes.x(), y=axes.y("amount"), text="said:N")
    return drawn
