"""The driver chart: from a typical film of the market to this one, factor by factor."""

from collections.abc import Sequence
from math import isclose, log, prod
from typing import Any

import altair as alt

from fullhouse.core.errors import CannotTellError
from fullhouse.forecast import Driver, Forecast
from fullhouse.view.bands import DOWN, MIDDLE, UP, caption, headed, money_axis, money_scale
from fullhouse.view.theme import INK, themed
from fullhouse.view.words.figures import money_short
from fullhouse.view.words.forecast import driver_words, factor_words, quantity_words

ROW_HEIGHT = 46
JOIN = "#c4c9cd"
NO_MATTER = 0.01
"""Factors whose product is nearer to 1 than this are not worth a row."""


def driver_chart(
    forecast: Forecast, *, quantity: str = "total", most: int = 10, width: int = 560
) -> alt.LayerChart:
    """A waterfall from a typical film, through each driver's factor, to the film's middle.

    The axis is logarithmic, so that equal factors are equally long. Of more drivers than `most`,
    those that move least stand together in one row.
    """
    rows = driver_rows(forecast, quantity=quantity, most=most)
    words = f"From a typical film of the market to the middle of the {quantity_words(quantity)}."
    words += " Log axis: equal factors are equally long."
    scale = money_scale([a for r in rows for a in (r["start"], r["end"])], log=True)
    axis = money_axis(scale, None, most=5 if width < 400 else 8)
    title = headed(
        f"{forecast.title}: why, {forecast.currency}",
        caption(forecast, words, width=width),
        width=width,
    )
    chart = alt.layer(*_layers(rows, scale, axis, width)).properties(
        width=width, height=alt.Step(ROW_HEIGHT), title=title
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
    rows = [_row("typical", "a typical film of this market", at, at, money_short(at))]
    for driver in _told(forecast.drivers, forecast.typical, middle, most):
        rows.append(
            _row(
                driver.name,
                driver_words(driver),
                at,
                at * driver.factor,
                factor_words(driver.factor),
            )
            | {"factor": driver.factor}
        )
        at *= driver.factor
    return [*rows, _row("median", "this film, in the middle", middle, middle, money_short(middle))]


def _told(drivers: Sequence[Driver], typical: float, middle: float, most: int) -> list[Driver]:
    """The drivers worth a row; what they leave open up to the middle is one more."""
    moving = sorted(drivers, key=lambda d: -abs(log(d.factor)))
    kept = moving if len(moving) <= most else moving[: most - 1]
    told = [d for d in drivers if d in kept]
    rest = middle / (typical * prod(d.factor for d in told))
    if not isclose(rest, 1, abs_tol=NO_MATTER):
        told.append(Driver("rest", rest))
    return told


def _row(name: str, words: str, start: float, end: float, said: str) -> dict[str, Any]:
    way = "" if start == end else "up" if end > start else "down"
    return {"name": name, "words": words, "start": start, "end": end, "said": said, "way": way}


def _layers(
    rows: Sequence[dict[str, Any]], scale: alt.Scale, axis: alt.Axis, width: int
) -> list[alt.Chart]:
    numbered = [{**r, "row": f"{k:02}"} for k, r in enumerate(rows)]
    base = alt.Chart({"values": numbered}).encode(
        y=alt.Y("row:N").sort([r["row"] for r in numbered]).axis(None).scale(padding=0)
    )

    def x(name: str) -> alt.X:
        return alt.X(f"{name}:Q", scale=scale, axis=axis)

    tooltip = ["words:N", "said:N", "start:Q", "end:Q"]
    bars = [
        base.transform_filter(f"datum.way == '{way}'")
        .mark_bar(height=12, yOffset=9, color=colour)
        .encode(x=x("start"), x2="end:Q", tooltip=tooltip)
        for way, colour in (("up", UP), ("down", DOWN))
    ]
    # From the end of a bar to the row beneath, where the next one starts.
    joins = base.transform_filter(f"datum.row != '{numbered[-1]['row']}'").mark_tick(
        color=JOIN, thickness=1, size=ROW_HEIGHT, yOffset=9 + ROW_HEIGHT // 2, opacity=1
    )
    ends = base.transform_filter("datum.way == ''").mark_tick(
        color=MIDDLE, thickness=4, size=18, yOffset=9, opacity=1
    )
    words = base.mark_text(align="left", color=INK, fontSize=12, dy=-9, limit=width - 64)
    said = base.mark_text(align="right", color=INK, fontSize=12, fontWeight="bold", dy=-9)
    return [
        joins.encode(x=x("end")),
        *bars,
        ends.encode(x=x("end")),
        words.encode(x=alt.value(0), text="words:N"),
        said.encode(x=alt.value(width), text="said:N"),
    ]
