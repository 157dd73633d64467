"""The daily page of a film: one file that needs no network, the next action on top."""

import json
from collections.abc import Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import altair as alt

from fullhouse.core.errors import CannotTellError
from fullhouse.planning.daily import (
    ChannelSoFar,
    Daily,
    DatedForecast,
    Delivery,
    LineSoFar,
    Signal,
    SignalDay,
    Verdict,
)
from fullhouse.view.charts import GREY, INK, money_axis, money_scale, themed
from fullhouse.view.forecast_charts import BANDS, HAPPENED, RAISES
from fullhouse.view.render import (
    Figure,
    csv_of,
    figure,
    fragment,
    json_of,
    range_cell,
    render,
    share_bar,
    unbroken,
    write_page_files,
)
from fullhouse.view.words.daily import (
    NO_CHANGE,
    NO_PLAN,
    VERDICTS,
    action_command,
    action_details,
    action_words,
    banners,
    change_words,
    count,
    delivery_words,
    forecast_words,
    model_words,
    move_words,
    place_words,
    reason_words,
    signal_words,
    target_words,
)
from fullhouse.view.words.figures import capital, day_words, heading, money_short, share_words, text
from fullhouse.view.words.gaming import gaming_lines

MARKS: dict[Verdict, str] = {
    "on": "●", "low": "▽", "high": "△", "above": "▲", "below": "▼", "cannot tell": "?",
}  # fmt: skip
BAND, MIDDLE = BANDS[80], RAISES
AHEAD, GROWS = 7, 3.0
"""The band is drawn so many days ahead, and no further than to so many times what stands today:
what is asked at the opening would dwarf it."""
AXIS = 58
"""What the labels of the upright axis take, in pixels."""
STEPS, MOST_TICKS = (1, 2, 5, 7, 10, 14, 20, 40), 6
"""Days between the ticks of the axis, and how many ticks it has at most."""
HOW = (
    "Past films that reached the target, at as many days before opening: their 80 % range and"
    " their middle; and this film.",
)
KEY = (
    ("band80", "80 % range of films of the target"),
    ("mark line", "their middle"),
    ("ink line", "this film"),
)


def daily_page(daily: Daily, *, made_on: date) -> str:
    """A page of HTML on a film's day.

    The page holds its charts and their data, and asks no other place for anything.
    """
    delivery = daily.delivery
    forecasts = [f for f in daily.forecasts if f.total]
    return render(
        "daily.html",
        daily=daily,
        banners=banners(daily),
        place=place_words(daily, title=False),
        action=action_words(daily.action),
        action_details=action_details(daily.action),
        command=action_command(daily),
        target=target_words(daily),
        changes=[capital(change_words(c)) + "." for c in daily.changes],
        no_change=NO_CHANGE,
        signals=[_signal_row(s) for s in daily.signals],
        charts=[(capital(signal_words(s.name)), drawn) for s in daily.signals
                if (drawn := _drawn(daily, s)) is not None],
        delivery=delivery,
        no_plan=NO_PLAN,
        delivery_words=delivery_words(daily),
        channels=[] if delivery is None else
        [_channel_row(c) for c in delivery.channels],
        lines=[] if delivery is None else _lines(delivery),
        line_data=[] if delivery is None else csv_of(_line_rows(delivery)),
        forecast_words=forecast_words(daily),
        forecasts=[_forecast_row(f, daily.target.amount) for f in forecasts],
        move=text("Since yesterday {move}.", move=move_words(daily.since_yesterday))
        if daily.since_yesterday is not None
        else "",
        gaming=gaming_lines(daily.gaming),
        made_on=made_on,
        everything=json_of(daily.to_dict()),
    )  # fmt: skip


def write_daily(
    daily: Daily, files: Sequence[str | Path], *, made_on: date | None = None
) -> list[Path]:
    """Write a daily page as a page (.html) or as data (.json)."""
    page = partial(daily_page, daily, made_on=made_on or daily.as_of)
    return write_page_files(daily, page, files, "daily")


def daily_chart(
    daily: Daily, signal: Signal, *, width: int = 560, height: int = 190
) -> alt.LayerChart:
    """A signal's target band against what it came to, by days from the opening."""
    rows = signal_rows(daily, signal)
    if not any(r["actual"] is not None for r in rows):
        raise CannotTellError(
            code="signal_not_known", signal=signal_words(signal.name), film=daily.title
        )
    amounts = [r[k] for r in rows for k in ("low", "high", "actual") if r[k] is not None]
    scale = money_scale([0.0, *amounts], zero=True)
    axes = {"x": _x(rows), "width": width - AXIS, "scale": scale}
    layers = [*_band(rows, axes), *_actual(rows, axes), *_today(daily, rows, axes)]
    words = signal_words(signal.name)
    title = heading(f"{daily.title}: {words}", *HOW, simulated=daily.simulated, width=width)
    chart = alt.layer(*layers).properties(width=width - AXIS, height=height, title=title)
    assert isinstance(chart, alt.LayerChart)
    return themed(chart)


def signal_rows(daily: Daily, signal: Signal) -> list[dict[str, Any]]:
    """A row for each drawn day: the band that the target needs, and the actual; None not known."""
    known = [d for d in signal.days if d.actual is not None or d.target is not None]
    past = [d for d in known if d.day <= daily.as_of]
    most = max((_top(d) for d in past), default=0.0)
    ahead = [d for d in known if 0 < (d.day - daily.as_of).days <= AHEAD]
    return [_row(d) for d in (*past, *(d for d in ahead if _top(d) <= GROWS * most))]


def _top(day: SignalDay) -> float:
    return max(day.actual or 0.0, day.target.high if day.target else 0.0)


def _row(day: SignalDay) -> dict[str, Any]:
    band = day.target
    return {
        "day": day.day.isoformat(),
        "from_opening": -day.left,
        "low": None if band is None else band.low,
        "middle": None if band is None else band.middle,
        "high": None if band is None else band.high,
        "films": None if band is None else band.films,
        "actual": day.actual,
    }


def _x(rows: list[dict[str, Any]]) -> alt.X:
    first, last = (
        rows[0]["from_opening"],
        max(rows[-1]["from_opening"], rows[0]["from_opening"] + 1),
    )
    step = next(n for n in STEPS if (last - first) / n <= MOST_TICKS)
    at = [d for d in range(first, last + 1) if d % step == 0]
    words = json.dumps({str(d): str(abs(d)) if d else "opening" for d in at})
    title = "days before opening" if last <= 0 else "days after opening"
    axis = alt.Axis(
        title=title, values=at, labelExpr=f"({words})[datum.value]", grid=False, domainColor=GREY
    )
    return alt.X("from_opening:Q", scale=alt.Scale(domain=[first, last], nice=False), axis=axis)


def _band(rows: list[dict[str, Any]], axes: dict[str, Any]) -> list[alt.Chart]:
    banded = [r for r in rows if r["middle"] is not None]
    if not banded:
        return []
    base = alt.Chart({"values": banded}).encode(x=axes["x"])
    return [
        base.mark_area(color=BAND, opacity=1).encode(y=_y("low", axes), y2="high:Q"),
        base.mark_line(color=MIDDLE, strokeWidth=1.4).encode(y=_y("middle", axes)),
    ]


def _actual(rows: list[dict[str, Any]], axes: dict[str, Any]) -> list[alt.Chart]:
    known = [r for r in rows if r["actual"] is not None]
    base = alt.Chart({"values": known}).encode(x=axes["x"], y=_y("actual", axes))
    last = alt.Chart({"values": known[-1:]}).encode(x=axes["x"], y=_y("actual", axes))
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


def _signal_row(signal: Signal) -> tuple[object, ...]:
    last = signal.newest
    actual = "–" if last is None else unbroken(count(last.actual))
    band = last.target if last else None
    between = range_cell(count(band.low), count(band.high)) if band else "–"
    side = {"above": "above", "high": "", "below": "below"}.get(signal.verdict, "")
    mark = fragment(
        "verdict.html",
        mark=f"{MARKS[signal.verdict]} {VERDICTS[signal.verdict]}",
        side=side,
        why=reason_words(signal.reason) if signal.verdict == "cannot tell" else "",
    )
    return capital(signal_words(signal.name)), actual, between, mark


def _drawn(daily: Daily, signal: Signal) -> Figure | None:
    """The chart of a signal; None of one with less than two known days."""
    rows = signal_rows(daily, signal)
    if sum(r["actual"] is not None for r in rows) < 2:
        return None
    films = {r["films"] for r in rows if r["films"] is not None}
    caption = (
        text("{how} From {films} past films; up to {days} days ahead.",
             how=HOW[0], films=f"{max(films):,}", days=AHEAD)
        if films
        else text("This film; there is no target to compare with.")
    )  # fmt: skip
    return figure(
        lambda width: daily_chart(daily, signal, width=width),
        caption=caption,
        file=f"{daily.film}-{signal.name.kind}-{signal.name.origin}.csv",
        rows=rows,
        key=KEY if films else KEY[2:],
    )


def _channel_row(channel: ChannelSoFar) -> tuple[object, ...]:
    spent = sum(x.spent or 0.0 for x in channel.lines)
    planned = sum(x.planned_spend for x in channel.lines)
    return (
        channel.channel, f"{channel.impressions:,.0f}", f"{channel.planned:,.0f}",
        share_words(channel.share) if channel.planned else "–",
        share_bar(channel.share) if channel.planned else "", f"{spent:,.0f}", f"{planned:,.0f}",
    )  # fmt: skip


def _lines(delivery: Delivery) -> list[tuple[object, ...]]:
    ordered = sorted(delivery.lines, key=lambda x: (x.week, x.channel, x.audience, x.cities))
    return [_line_row(x) for x in ordered]


def _line_row(line: LineSoFar) -> tuple[object, ...]:
    where = f"{line.channel}, {line.cities}"
    return (
        unbroken(day_words(line.week, short=True)),
        fragment("named.html", name=line.audience, below=where),
        f"{line.impressions or 0.0:,.0f}",
        f"{line.planned:,.0f}",
    )


def _line_rows(delivery: Delivery) -> list[dict[str, Any]]:
    return [vars(x) | {"week": x.week.isoformat(), "until": delivery.until} for x in delivery.lines]


def _forecast_row(forecast: DatedForecast, target: float | None) -> tuple[object, ...]:
    assert forecast.total is not None
    total = forecast.total
    day = day_words(forecast.as_of, short=True)
    return (
        fragment("named.html", name=day, below=model_words(forecast.horizon)),
        unbroken(money_short(total.middle)),
        range_cell(money_short(total.low), money_short(total.high)),
        unbroken(share_words(total.middle / target)) if target else "–",
    )
