"""A signal by day before the opening: what the target asks for, and what came."""

import json
from typing import Any

import altair as alt

from fullhouse.core.errors import CannotTellError
from fullhouse.planning.daily import Daily, Signal, SignalDay
from fullhouse.planning.daily_terms import signal_words
from fullhouse.view.bands import BANDS, HAPPENED, UP, money_axis, money_scale
from fullhouse.view.theme import GREY, INK, themed
from fullhouse.view.words.figures import heading

BAND, MIDDLE = BANDS[80], UP
AHEAD, GROWS = 7, 3.0
"""The band is drawn so many days ahead, and no further than to so many times what stands today:
what is asked at the opening would dwarf it."""
AXIS = 58
"""What the labels of the upright axis take, in pixels."""
STEPS = 10
HOW = (
    "Band and line: what films that came to the target had at this distance, 80 in 100 and their"
    " middle. Dark: this film."
)


def daily_chart(
    daily: Daily, signal: Signal, *, width: int = 560, height: int = 190
) -> alt.LayerChart:
    """A signal's target band against what it came to, by days from the opening."""
    rows = signal_rows(daily, signal)
    if not any(r["actual"] is not None for r in rows):
        raise CannotTellError(
            f"Nothing is known of {signal_words(signal)} of {daily.title}: there is nothing to"
            " draw."
        )
    amounts = [r[k] for r in rows for k in ("low", "high", "actual") if r[k] is not None]
    scale = money_scale([0.0, *amounts], zero=True)
    axes = {"x": _x(rows), "width": width - AXIS, "scale": scale}
    layers = [*_band(rows, axes), *_actual(rows, axes), *_today(daily, rows, axes)]
    words = signal_words(signal)
    title = heading(f"{daily.title}: {words}", HOW, simulated=daily.simulated, width=width)
    chart = alt.layer(*layers).properties(width=width - AXIS, height=height, title=title)
    assert isinstance(chart, alt.LayerChart)
    return themed(chart)


def signal_rows(daily: Daily, signal: Signal) -> list[dict[str, Any]]:
    """A row for each shown day: the band that the target asks for, and what came; None unknown."""
    told = [d for d in signal.days if d.actual is not None or d.target is not None]
    past = [d for d in told if d.day <= daily.as_of]
    most = max((_top(d) for d in past), default=0.0)
    ahead = [d for d in told if 0 < (d.day - daily.as_of).days <= AHEAD]
    return [_row(d) for d in (*past, *(d for d in ahead if _top(d) <= GROWS * most))]


def _top(told: SignalDay) -> float:
    return max(told.actual or 0.0, told.target.high if told.target else 0.0)


def _row(told: SignalDay) -> dict[str, Any]:
    asked = told.target
    return {
        "day": told.day.isoformat(),
        "from_opening": -told.left,
        "low": None if asked is None else asked.low,
        "middle": None if asked is None else asked.middle,
        "high": None if asked is None else asked.high,
        "films": None if asked is None else asked.films,
        "actual": told.actual,
    }


def _x(rows: list[dict[str, Any]]) -> alt.X:
    first, last = (
        rows[0]["from_opening"],
        max(rows[-1]["from_opening"], rows[0]["from_opening"] + 1),
    )
    step = STEPS if last - first > 2 * STEPS else 7 if last - first > STEPS else 2
    at = [d for d in range(first, last + 1) if d % step == 0]
    words = json.dumps({str(d): str(abs(d)) if d else "opening" for d in at})
    title = "days before opening" if last <= 0 else "days after opening"
    axis = alt.Axis(
        title=title, values=at, labelExpr=f"({words})[datum.value]", grid=False, domainColor=GREY
    )
    return alt.X("from_opening:Q", scale=alt.Scale(domain=[first, last], nice=False), axis=axis)


def _band(rows: list[dict[str, Any]], axes: dict[str, Any]) -> list[alt.Chart]:
    asked = [r for r in rows if r["middle"] is not None]
    if not asked:
        return []
    base = alt.Chart({"values": asked}).encode(x=axes["x"])
    return [
        base.mark_area(color=BAND, opacity=1).encode(y=_y("low", axes), y2="high:Q"),
        base.mark_line(color=MIDDLE, strokeWidth=1.4).encode(y=_y("middle", axes)),
    ]


def _actual(rows: list[dict[str, Any]], axes: dict[str, Any]) -> list[alt.Chart]:
    came = [r for r in rows if r["actual"] is not None]
    base = alt.Chart({"values": came}).encode(x=axes["x"], y=_y("actual", axes))
    last = alt.Chart({"values": came[-1:]}).encode(x=axes["x"], y=_y("actual", axes))
    return [
        base.mark_line(color=HAPPENED, strokeWidth=2.2),
        last.mark_point(color=HAPPENED, filled=True, size=48, opacity=1).encode(
            tooltip=["day:N", "actual:Q", "low:Q", "high:Q", "films:Q"]
        ),
    ]


def _today(daily: Daily, rows: list[dict[str, Any]], axes: dict[str, Any]) -> list[alt.Chart]:
    """A dashed line at today, named beside it; none where the signal ended before."""
    now = [r for r in rows if r["day"] == daily.as_of.isoformat()]
    if not now:
        return []
    base = alt.Chart({"values": now}).encode(x=axes["x"])
    return [
        base.mark_rule(color=GREY, strokeDash=[3, 3]),
        base.mark_text(color=INK, fontSize=11, baseline="bottom", dy=-3).encode(
            y=alt.value(0), text=alt.value("today")
        ),
    ]


def _y(name: str, axes: dict[str, Any]) -> alt.Y:
    return alt.Y(f"{name}:Q", scale=axes["scale"], axis=money_axis(axes["scale"], None, most=5))
