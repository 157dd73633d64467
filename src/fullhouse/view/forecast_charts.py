"""The charts of a forecast: ranges, the fan by day, drivers, and how the range narrowed."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import accumulate
from math import isclose, prod, sqrt
from typing import Any

import altair as alt

from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.forecast import (
    DAY_PROBABILITIES,
    LEVELS,
    QUANTITIES,
    DayRange,
    Driver,
    Forecast,
    Range,
)
from fullhouse.view.charts import GREY, INK, across, money_axis, money_scale, themed, utc_day
from fullhouse.view.words.figures import day_words, heading, money_short, range_short, read_alike
from fullhouse.view.words.forecast import (
    NO_MATTER,
    driver_words,
    factor_words,
    main_drivers,
    quantity_words,
    when_words,
)

BANDS = {95: "#cfe6e3", 80: "#97cbc6", 50: "#4fa39d"}
"""The colour of the range with each probability; in the order they are drawn."""
MIDDLE = "#07524e"
RAISES, LOWERS = "#0b7a75", "#b3541e"
"""What raises an amount, and what lowers it."""
HAPPENED = INK
BANDS_WORDS = "Bands: the ranges with 50, 80 and 95 % probability."


def bounds(amounts: Range) -> dict[str, float]:
    """The middle and the ends of the shown ranges, as columns of a chart's data."""
    ends = {round(100 * level): amounts.between(level) for level in LEVELS}
    lows = {f"low{n}": low for n, (low, _) in ends.items()}
    return {**lows, "median": amounts.median, **{f"high{n}": high for n, (_, high) in ends.items()}}


def known_bounds(amount: float) -> dict[str, float]:
    """The same of an amount that is known."""
    ends = (f"{end}{round(100 * level)}" for level in LEVELS for end in ("low", "high"))
    return {"median": amount, **dict.fromkeys(ends, amount)}


def band_of(base: alt.Chart, percent: int) -> alt.Chart:
    """A chart whose marks take the colour of a range, with the legend that all ranges share."""
    scale = alt.Scale(domain=[band_words(n) for n in BANDS], range=list(BANDS.values()))
    legend = alt.Legend(symbolType="square", symbolStrokeWidth=0, symbolSize=150, title=None)
    coloured: alt.Chart = base.transform_calculate(band=f"'{band_words(percent)}'").encode(
        color=alt.Color("band:N", scale=scale, legend=legend)
    )
    return coloured


def band_words(percent: int) -> str:
    """What the legend calls a range."""
    return f"{percent} % range"


def chart_title(title: str, forecast: Forecast, *lines: str, width: int) -> alt.TitleParams:
    """A chart's title and the lines under it, within its width; first what is not real."""
    assumed = ["What if: rests on assumed facts."] if forecast.what_if else []
    words = heading(title, *assumed, *lines, simulated=forecast.simulated, width=width)
    return alt.TitleParams(words["text"], subtitle=words["subtitle"])


RANGE_HEIGHT = 62
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
    words = f"{BANDS_WORDS} Short tick: the middle estimate."
    if any(r["actual"] is not None for r in rows):
        words += " Tall tick: what it took."
    title = f"{forecast.title}: what it will take, {forecast.currency}"
    return _bars(rows, chart_title(title, forecast, words, width=width), width)


def range_rows(
    forecast: Forecast, actual: Mapping[str, float] | None = None
) -> list[dict[str, Any]]:
    """A row for each quantity, in the order of the run: its ranges, and what happened."""
    given = dict(actual or {})
    names = [n for n in QUANTITIES if n in forecast.ranges or n in forecast.known]
    names += [n for n in forecast.ranges if n not in names]
    if not names:
        raise CannotTellError(code="nothing_to_show", title=forecast.title)
    return [_range_row(forecast, n, given.get(n), quantity_words(n)) for n in names]


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
    words = f"{BANDS_WORDS} Short tick: the middle estimate."
    if actual is not None:
        words += f" Tall ticks: what it took, {money_short(actual)}."
    title = f"{last.title}: how the range narrowed, {quantity_words(quantity)}, {last.currency}"
    return _bars(rows, chart_title(title, last, words, width=width), width)


def horizon_rows(
    forecasts: Sequence[Forecast], *, quantity: str = "total", actual: float | None = None
) -> list[dict[str, Any]]:
    """A row for each forecast, by its day: the ranges of one quantity, and what happened."""
    one_film(forecasts)
    rows = [
        _range_row(f, quantity, actual, when_words(f))
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


def _range_row(forecast: Forecast, name: str, actual: float | None, label: str) -> dict[str, Any]:
    known = forecast.known.get(name)
    if known is not None:
        ranges, figures = known_bounds(known), f"{money_short(known)}, known"
    else:
        ranges = bounds(forecast.ranges[name])
        figures = range_short(ranges["low80"], ranges["high80"])
        if not read_alike(ranges["low80"], ranges["high80"]):
            figures += f", middle {money_short(ranges['median'])}"
    return {
        "row": f"{forecast.as_of.isoformat()} {name}",
        "quantity": name,
        "as_of": forecast.as_of.isoformat(),
        "label": label,
        "text": figures,
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
    tooltip = ["label:N", "text:N", "low95:Q", "median:Q", "high95:Q"]
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
        figures.encode(x=alt.value(width), text="text:N"),
    ]
    height = alt.Step(RANGE_HEIGHT)
    chart = alt.layer(*layers).properties(width=width, height=height, title=title)
    assert isinstance(chart, alt.LayerChart)
    return themed(chart)


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
    words = "gross to date" if cumulative else "gross by day"
    marks = f"{BANDS_WORDS} Line: the middle estimate."
    if happened:
        marks += " Dots: what it took."
    title = chart_title(
        f"{forecast.title}: {words}, {forecast.currency}", forecast, marks, width=width
    )
    chart = alt.layer(*layers).properties(
        width=width, height=max(220, round(width * 0.5)), title=title
    )
    assert isinstance(chart, alt.LayerChart)
    return themed(chart)


def fan_rows(forecast: Forecast) -> list[dict[str, Any]]:
    """A row for each forecast day: the ranges of its gross, and of the gross up to it (sum_…)."""
    return [_day_row(d) for d in forecast.days]


def happened_rows(
    forecast: Forecast, actual: Sequence[tuple[date, float]], *, cumulative: bool
) -> list[dict[str, Any]]:
    """What happened, by day; added up from the start of the run, or on what was taken before."""
    if not actual or not forecast.days:
        return []
    by_day = sorted((d, a) for d, a in actual if d <= forecast.days[-1].day)
    days, grosses = [d for d, _ in by_day], [a for _, a in by_day]
    if cumulative and days:
        before = forecast.to_date if days[0] >= forecast.days[0].day else 0.0
        grosses = [before + a for a in accumulate(grosses)]
    return [{"day": d.isoformat(), "gross": g} for d, g in zip(days, grosses, strict=True)]


def _day_row(day: DayRange) -> dict[str, Any]:
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
        self.over = forecast.as_of > last
        start = min([first, forecast.opening, *([forecast.as_of] if near else [])])
        self.domain = [utc_day(start - timedelta(1)), utc_day(last)]

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


def _data(rows: Sequence[dict[str, Any]]) -> alt.Chart:
    return alt.Chart({"values": list(rows)})


def _bands(rows: Sequence[dict[str, Any]], axes: _Axes, kind: str) -> list[alt.Chart]:
    forecast = axes.forecast
    if kind and forecast.to_date:
        # The fan opens from what was taken up to the day before its first.
        day = (forecast.days[0].day - timedelta(1)).isoformat()
        rows = [{"day": day, **{f"{kind}{c}": forecast.to_date for c in COLUMNS}}, *rows]
    rows = [{**r, "text": day_words(date.fromisoformat(r["day"]))} for r in rows]
    base = _data(rows)
    areas = [
        band_of(base, n)
        .mark_area(opacity=1)
        .encode(
            x=axes.x(),
            y=axes.y(f"{kind}low{n}"),
            y2=f"{kind}high{n}:Q",
            tooltip=["text:N", f"{kind}low{n}:Q", f"{kind}median:Q", f"{kind}high{n}:Q"],
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
    if axes.over:
        # A rule beyond the last day would shrink all that is drawn to a corner.
        layers.append(
            _words_above([{"text": f"{as_of}, after the last day"}], x=alt.value(0), dy=-20)
        )
    elif axes.edge is None:
        days.append((forecast.as_of, as_of, -20))
    else:
        row = [{"text": f"← {as_of}, {when_words(forecast)}"}]
        layers.append(_words_above(row, x=alt.value(0), dy=-20))
    for day, label, dy in days:
        row = [{"day": day.isoformat(), "text": label}]
        line = _data(row).mark_rule(color=GREY, strokeDash=[3, 3])
        layers += [line.encode(x=axes.x()), _words_above(row, x=axes.x(), dy=dy)]
    return layers


def _words_above(rows: Sequence[dict[str, Any]], *, x: Any, dy: int) -> alt.Chart:
    text = _data(rows).mark_text(align="left", baseline="bottom", color=INK, fontSize=11, dy=dy)
    drawn: alt.Chart = text.encode(x=x, y=alt.value(0), text="text:N")
    return drawn


def _ends(last: dict[str, Any], axes: _Axes, *, top: float) -> alt.Chart:
    """The middle and the 80 % range of the last day, in figures beside the fan."""
    middle = last["sum_median"]
    amounts = [middle, *(a for a in (last["sum_low80"], last["sum_high80"])
                       if abs(a - middle) > APART * top)]  # fmt: skip
    rows = [{"day": last["day"], "amount": a, "text": money_short(a)} for a in amounts]
    text = _data(rows).mark_text(align="left", dx=6, color=INK, fontSize=11, clip=False)
    drawn: alt.Chart = text.encode(x=axes.x(), y=axes.y("amount"), text="text:N")
    return drawn


DRIVER_HEIGHT = 46
JOIN = "#c4c9cd"
LEAST_SPAN = 1.5
"""The axis of drivers spans at least this factor, so that small factors are short bars."""


def driver_chart(
    forecast: Forecast, *, quantity: str = "total", most: int = 10, width: int = 560
) -> alt.LayerChart:
    """A waterfall from a typical film, through each driver's factor, to the film's middle.

    The axis is logarithmic, so that equal factors are equally long. Of more drivers than `most`,
    those that move least stand together in one row.
    """
    rows = driver_rows(forecast, quantity=quantity, most=most)
    words = f"From a typical film of the market to the middle of the {quantity_words(quantity)}."
    words += " Equal factors are equally long."
    amounts = [a for r in rows for a in (r["start"], r["end"])]
    room = sqrt(max(1.0, LEAST_SPAN / (max(amounts) / min(amounts))))
    scale = money_scale([min(amounts) / room, max(amounts) * room], log=True)
    axis = money_axis(scale, None, most=5 if width < 400 else 8)
    title = chart_title(f"{forecast.title}: why, {forecast.currency}", forecast, words, width=width)
    chart = alt.layer(*_layers(rows, scale, axis, width)).properties(
        width=width, height=alt.Step(DRIVER_HEIGHT), title=title
    )
    assert isinstance(chart, alt.LayerChart)
    return themed(chart)


def driver_rows(
    forecast: Forecast, *, quantity: str = "total", most: int = 10
) -> list[dict[str, Any]]:
    """The typical film, each driver with the amount before and after it, and the middle."""
    if not forecast.drivers or quantity not in forecast.ranges:
        raise CannotTellError(
            code="no_drivers", quantity=quantity_words(quantity), title=forecast.title
        )
    at, middle = forecast.typical, forecast.ranges[quantity].median
    rows = [_driver_row("typical", "a typical film of this market", at, at, money_short(at))]
    for driver in _shown_drivers(forecast.drivers, forecast.typical, middle, most):
        rows.append(
            _driver_row(
                driver.name,
                driver_words(driver),
                at,
                at * driver.factor,
                factor_words(driver.factor),
            )
            | {"factor": driver.factor}
        )
        at *= driver.factor
    return [
        *rows,
        _driver_row("median", "this film, in the middle", middle, middle, money_short(middle)),
    ]


def _shown_drivers(
    drivers: Sequence[Driver], typical: float, middle: float, most: int
) -> list[Driver]:
    """The drivers worth a row; what they leave open up to the middle is one more."""
    rows = main_drivers(drivers, most=most)
    rest = middle / (typical * prod(d.factor for d in rows))
    if not isclose(rest, 1, abs_tol=NO_MATTER):
        rows.append(Driver("rest", rest))
    return rows


def _driver_row(name: str, words: str, start: float, end: float, label: str) -> dict[str, Any]:
    moves = "" if start == end else "raises" if end > start else "lowers"
    return {"name": name, "words": words, "start": start, "end": end, "text": label, "moves": moves}


def _layers(
    rows: Sequence[dict[str, Any]], scale: alt.Scale, axis: alt.Axis, width: int
) -> list[alt.Chart]:
    numbered = [{**r, "row": f"{k:02}"} for k, r in enumerate(rows)]
    base = alt.Chart({"values": numbered}).encode(
        y=alt.Y("row:N").sort([r["row"] for r in numbered]).axis(None).scale(padding=0)
    )

    x = across(scale, axis)
    tooltip = ["words:N", "text:N", "start:Q", "end:Q"]
    bars = [
        base.transform_filter(f"datum.moves == '{moves}'")
        .mark_bar(height=12, yOffset=9, color=colour)
        .encode(x=x("start"), x2="end:Q", tooltip=tooltip)
        for moves, colour in (("raises", RAISES), ("lowers", LOWERS))
    ]
    # From the end of a bar to the row beneath, where the next one starts.
    joins = base.transform_filter(f"datum.row != '{numbered[-1]['row']}'").mark_tick(
        color=JOIN, thickness=1, size=DRIVER_HEIGHT, yOffset=9 + DRIVER_HEIGHT // 2, opacity=1
    )
    ends = base.transform_filter("datum.moves == ''").mark_tick(
        color=MIDDLE, thickness=4, size=18, yOffset=9, opacity=1
    )
    words = base.mark_text(align="left", color=INK, fontSize=12, dy=-9, limit=width - 64)
    label = base.mark_text(align="right", color=INK, fontSize=12, fontWeight="bold", dy=-9)
    return [
        joins.encode(x=x("end")),
        *bars,
        ends.encode(x=x("end")),
        words.encode(x=alt.value(0), text="words:N"),
        label.encode(x=alt.value(width), text="text:N"),
    ]
