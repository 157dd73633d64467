"""What all charts of a forecast share: the colours of its ranges, money on axes, captions."""

import json
import textwrap
from collections.abc import Sequence
from math import ceil, floor, log10

import altair as alt

from fullhouse.core.settings import SIMULATED
from fullhouse.forecast import LEVELS, Forecast, Range
from fullhouse.view.theme import FAINT, GREY, INK
from fullhouse.view.words.figures import money_short

BANDS = {95: "#cfe6e3", 80: "#97cbc6", 50: "#4fa39d"}
"""The colour of the range with each probability; in the order they are drawn."""
MIDDLE = "#07524e"
UP, DOWN = "#0b7a75", "#b3541e"
"""What raises an amount, and what lowers it."""
HAPPENED = INK
IN_100 = "Bands: the truth lies inside so many times in 100."
LOG_FROM = 6.0
"""Amounts that lie further apart than so many times stand on a logarithmic axis."""


def bounds(found: Range) -> dict[str, float]:
    """The middle and the ends of the shown ranges, as columns of a chart's data."""
    ends = {round(100 * level): found.between(level) for level in LEVELS}
    lows = {f"low{n}": low for n, (low, _) in ends.items()}
    return {**lows, "median": found.median, **{f"high{n}": high for n, (_, high) in ends.items()}}


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
    return f"{percent} in 100"


def ticks(low: float, high: float, *, log: bool, most: int = 7) -> list[float]:
    """Round amounts from low to high."""
    if log and low > 0:
        for steps in ((1, 1.5, 2, 3, 4, 6), (1, 2, 5), (1, 3), (1,)):
            powers = range(floor(log10(low)), ceil(log10(high)) + 1)
            found = [m * 10.0**p for p in powers for m in steps]
            found = [a for a in found if low <= a <= high]
            if len(found) <= most:
                break
        if len(found) > 1:
            return found[:: ceil(len(found) / most)]
    size = 10.0 ** floor(log10((high - low) / most))
    step = next(m * size for m in (1, 2, 5, 10) if (high - low) / (m * size) <= most)
    return [step * k for k in range(ceil(low / step), floor(high / step) + 1)]


def money_scale(amounts: Sequence[float], *, zero: bool = False, log: bool = False) -> alt.Scale:
    """An axis that holds the amounts; logarithmic if asked, or where they lie far apart."""
    low, high = min(amounts), max(amounts)
    if zero:
        return alt.Scale(domain=[0, high * 1.04 or 1], nice=False)
    if low == high:
        low, high = 0.9 * low, 1.1 * high or 1
    if low > 0 and (log or high / low > LOG_FROM):
        room = (high / low) ** 0.03
        return alt.Scale(type="log", domain=[low / room, high * room], nice=False)
    room = 0.03 * (high - low)
    return alt.Scale(domain=[low - room, high + room], zero=False, nice=False)


def money_axis(scale: alt.Scale, title: str | None, *, most: int = 7) -> alt.Axis:
    """The axis of a `money_scale`, labelled in short money."""
    low, high = scale.to_dict()["domain"]
    at = ticks(low, high, log=scale.to_dict().get("type") == "log", most=most)
    # As whole numbers, so that the label of a tick is found under what JavaScript calls it.
    values = [round(a) if a >= 1 or a == 0 else a for a in at]
    labels = json.dumps({str(v): money_short(v) for v in values})
    return alt.Axis(
        title=title,
        values=values,
        labelExpr=f"({labels})[datum.value]",
        gridColor=FAINT,
        domainColor=GREY,
        ticks=False,
        labelPadding=6,
    )


def caption(forecast: Forecast, *said: str, width: int) -> list[str]:
    """The lines under a chart's title; first of all whether anything is simulated or supposed."""
    label = [SIMULATED] if forecast.simulated else []
    if forecast.what_if:
        label.append("What if: rests on facts that were supposed.")
    return [
        line
        for part in (*label, *said)
        for line in textwrap.wrap(part, max(30, round(width / 5.6)))
    ]


def headed(title: str, lines: Sequence[str], *, width: int) -> alt.TitleParams:
    """A chart's title and the lines under it, within its width."""
    return alt.TitleParams(textwrap.wrap(title, max(24, width // 9)), subtitle=list(lines))
