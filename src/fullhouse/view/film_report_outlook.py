"""A film's total with its campaign, from day to day: planned first, then measured."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import altair as alt

from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.planning.plan import Outlook
from fullhouse.view.bands import BANDS, MIDDLE, money_axis, money_scale
from fullhouse.view.theme import GREY, themed
from fullhouse.view.words.figures import day_words, heading

PLANNED, MEASURED = "#b3541e", MIDDLE
COLOURS = {"planned": PLANNED, "measured": MEASURED}
ABOVE, BELOW = 190, 150
HOW = (
    "Above: the film's gross with the campaign, middle and 80 % range, as it was told on each day;"
    " the band is the forecast from before the campaign. Below, on a scale of its own: what the"
    " campaign adds. Orange: as planned. Green: as measured."
)


def outlook_chart(
    outlooks: Sequence[Outlook],
    *,
    title: str | None = None,
    simulated: bool = False,
    width: int = 560,
) -> alt.VConcatChart:
    """The total with the campaign over the base, by the day it was told, and what is added."""
    rows = outlook_rows(outlooks)
    currency = rows[0]["currency"]
    band = [
        {"from": r["base_low"], "to": r["base_high"], "middle": r["base_middle"]} for r in rows[-1:]
    ]
    over = [x for r in rows for x in (r["total_low"], r["total_high"])]
    over += [band[0]["from"], band[0]["to"]]
    added = [0.0, *(x for r in rows for x in (r["added_low"], r["added_high"]))]
    days = [date.fromisoformat(r["day"]) for r in rows]
    above = _panel(rows, "total", over, f"gross, {currency}", days, width, ABOVE, band)
    nothing = [{"from": 0.0, "to": 0.0, "middle": 0.0}]
    below = _panel(rows, "added", added, f"added gross, {currency}", days, width, BELOW, nothing)
    words = heading(
        title or "What it will take with the campaign", HOW, simulated=simulated, width=width
    )
    chart = alt.vconcat(above, below, spacing=22).properties(title=words)
    assert isinstance(chart, alt.VConcatChart)
    return themed(chart)


def outlook_rows(outlooks: Sequence[Outlook]) -> list[dict[str, Any]]:
    """A row for each day: base, added and total with the ends of their 80 % ranges."""
    if not outlooks:
        raise CannotTellError("There is no outlook to draw: none was told on any day.")
    if len({(o.campaign, o.currency) for o in outlooks}) > 1:
        raise InputError("One chart shows the outlooks of one campaign in one currency.")
    return [_row(o) for o in sorted(outlooks, key=lambda o: o.as_of)]


def outlook_words(outlook: Outlook) -> str:
    """From when an outlook is, and what it rests on."""
    return f"Campaign {outlook.campaign}, as of {day_words(outlook.as_of)}, {outlook.basis}."


def _row(outlook: Outlook) -> dict[str, Any]:
    told: dict[str, Any] = {
        "day": outlook.as_of.isoformat(),
        "campaign": outlook.campaign,
        "currency": outlook.currency,
        "basis": outlook.basis,
    }
    for name in ("base", "added", "total"):
        amount = getattr(outlook, name)
        told |= {f"{name}_{end}": getattr(amount, end) for end in ("middle", "low", "high")}
    return told


def _panel(
    rows: Sequence[dict[str, Any]],
    name: str,
    amounts: Sequence[float],
    title: str,
    days: Sequence[date],
    width: int,
    height: int,
    band: Sequence[dict[str, float]],
) -> alt.LayerChart:
    scale = money_scale(amounts)
    axis = money_axis(scale, title, most=5)
    # A lone day needs room on both sides, or its axis has no length.
    room = max(1, (days[-1] - days[0]).days // 12)
    ends = [_utc(days[0] - timedelta(room)), _utc(days[-1] + timedelta(room))]

    def x() -> alt.X:
        many = min(len({*days}) + 1, 4 if width < 400 else 8)
        return (
            alt.X("day:T")
            .scale(type="utc", domain=ends, nice=False)
            .axis(title=None, format="%-d %b", grid=False, tickCount=many)
        )

    def y(column: str) -> alt.Y:
        return alt.Y(f"{column}:Q", scale=scale, axis=axis)

    shown = [{**r, "colour": COLOURS.get(r["basis"], GREY)} for r in rows]
    base = alt.Chart({"values": shown}).encode(color=alt.Color("colour:N", scale=None))
    ground = alt.Chart({"values": list(band)})
    drawn = alt.layer(
        ground.mark_rect(color=BANDS[95], opacity=1).encode(
            x=alt.value(0), x2=alt.value(width), y=y("from"), y2="to:Q"
        ),
        ground.mark_rule(color=GREY, strokeDash=[4, 3]).encode(
            x=alt.value(0), x2=alt.value(width), y=y("middle")
        ),
        base.mark_rule(strokeWidth=3).encode(x=x(), y=y(f"{name}_low"), y2=f"{name}_high:Q"),
        base.mark_point(filled=True, size=52, opacity=1).encode(
            x=x(), y=y(f"{name}_middle"), tooltip=["day:N", "basis:N", f"{name}_middle:Q"]
        ),
    ).properties(width=width, height=height)
    assert isinstance(drawn, alt.LayerChart)
    return drawn


def _utc(day: date) -> alt.DateTime:
    return alt.DateTime(year=day.year, month=day.month, date=day.day, utc=True)
