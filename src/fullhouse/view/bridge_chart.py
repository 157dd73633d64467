"""The opportunity bridge: from the gross without a plan, audience by audience, to that with it."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import altair as alt

from fullhouse.core.errors import CannotTellError
from fullhouse.planning.plan import Amount, Plan
from fullhouse.view.forecast_charts import money_axis, money_scale
from fullhouse.view.theme import GREY, INK, themed
from fullhouse.view.words.figures import clipped, heading, money_short

ROW, BAR, AT_NAME, AT_BAR = 40, 12, 10, 26
"""In pixels: the height of a row and of its bar, and from its top where name and bar stand."""
WHOLE, MORE, LESS, RANGE = "#4fa39d", "#97cbc6", "#f3d9c9", "#07524e"
BASE_NAME, NEW_NAME, SUM_NAME = "Without the plan", "With the plan", "All together"
FIGURES = 170
HOW = (
    "Above: the middle of the gross and its 80 % range, without the plan and with it. Below, on a"
    " scale of its own: what each audience adds to that middle, one after the other; lines are"
    " 80 % ranges of what each adds."
)


def bridge_chart(plan: Plan, *, width: int = 560) -> alt.VConcatChart:
    """The base forecast and the new range on one scale, and below it the steps between, larger.

    On the forecast's own scale the steps could hardly be seen: a forecast is far less sure than
    what a campaign adds to it is large.
    """
    rows = bridge_rows(plan)
    ends = [r for r in rows if r["part"] == "range"]
    steps = [r for r in rows if r["part"] != "range"]
    money = f"gross, {plan.currency}"
    above = _panel(ends, money, [0.0, *_ends(ends)], width)
    below = _panel(steps, f"added {money}", [0.0, *_ends(steps)], width)
    title = heading(f"{plan.title}: what the plan adds", HOW, simulated=plan.simulated, width=width)
    chart = alt.vconcat(above, below, spacing=26).properties(title=title)
    assert isinstance(chart, alt.VConcatChart)
    return themed(chart)


def bridge_rows(plan: Plan) -> list[dict[str, Any]]:
    """The two ranges, then a row a step: where its bar starts and ends above the base's middle.

    `low` and `high` are the range of what the row itself adds, from where its bar starts.
    """
    if plan.base is None or not plan.bridge:
        raise CannotTellError(
            f"There is no bridge to draw for {plan.title}: it needs a base forecast and at least"
            " one audience that the plan speaks to."
        )
    middles = [plan.base.middle, *(s.after.middle for s in plan.bridge)]
    new = plan.bridge[-1].after
    rows = [
        _row("range", BASE_NAME, 0.0, plan.base.middle, plan.base),
        _row("range", NEW_NAME, 0.0, new.middle, new),
    ]
    for step, (before, after) in zip(plan.bridge, pairwise(middles), strict=True):
        start, end = before - middles[0], after - middles[0]
        rows.append(_row("step", step.name, start, end, step.added))
    return [*rows, _row("sum", SUM_NAME, 0.0, middles[-1] - middles[0], plan.gross)]


def _row(part: str, name: str, start: float, end: float, amount: Amount) -> dict[str, Any]:
    return {
        "part": part, "name": name, "start": start, "end": end, "middle": amount.middle,
        "low": amount.low, "high": amount.high,
    }  # fmt: skip


def _ends(rows: Sequence[dict[str, Any]]) -> list[float]:
    return [x for r in rows for x in (r["end"], r["start"] + r["low"], r["start"] + r["high"])]


def _panel(
    rows: Sequence[dict[str, Any]], title: str, amounts: Sequence[float], width: int
) -> alt.LayerChart:
    height = ROW * len(rows)
    scale = money_scale(amounts, zero=min(amounts) >= 0)
    axis = money_axis(scale, title, most=4 if width < 400 else 7)

    def x(name: str) -> alt.X:
        return alt.X(f"{name}:Q", scale=scale, axis=axis)

    def y(name: str) -> alt.Y:
        return alt.Y(f"{name}:Q").scale(domain=[0, height], reverse=True, nice=False).axis(None)

    base = alt.Chart({"values": [_told(k, r, width) for k, r in enumerate(rows)]})
    # From bar to bar, but not through the name between them.
    links = [
        {"at": row["end"], "top": (k + 1) * ROW + top, "bottom": (k + 1) * ROW + bottom}
        for k, row in enumerate(rows[:-1])
        if row["part"] == "step"
        for top, bottom in ((AT_BAR - ROW, 2), (AT_NAME + 8, AT_BAR))
    ]
    drawn = alt.layer(
        alt.Chart({"values": links})
        .mark_rule(color=GREY, strokeDash=[3, 3])
        .encode(x=x("at"), y=y("top"), y2="bottom:Q"),
        base.mark_bar(height=BAR).encode(
            x=x("start"), x2="end:Q", y=y("bar"), tooltip=["name:N", "said:N"],
            color=alt.Color("colour:N", scale=None),
        ),
        base.mark_rule(strokeWidth=2, color=RANGE).encode(x=x("from"), x2="to:Q", y=y("bar")),
        base.mark_tick(thickness=2, size=10, orient="vertical", color=RANGE, opacity=1).encode(
            x=x("from"), y=y("bar")
        ),
        base.mark_tick(thickness=2, size=10, orient="vertical", color=RANGE, opacity=1).encode(
            x=x("to"), y=y("bar")
        ),
        base.mark_text(align="left", color=INK, fontSize=12).encode(
            x=alt.value(0), y=y("named"), text="label:N"
        ),
        base.mark_text(align="right", color=INK, fontSize=12).encode(
            x=alt.value(width), y=y("named"), text="said:N"
        ),
    ).properties(width=width, height=height)  # fmt: skip
    assert isinstance(drawn, alt.LayerChart)
    return drawn


def _told(k: int, row: dict[str, Any], width: int) -> dict[str, Any]:
    sign = "" if row["part"] == "range" else "+"
    amounts = [money_short(row[n]) for n in ("middle", "low", "high")]
    plus = sign if row["middle"] >= 0 else ""
    colour = WHOLE if row["part"] != "step" else MORE if row["end"] >= row["start"] else LESS
    return {
        **row, "bar": k * ROW + AT_BAR, "named": k * ROW + AT_NAME,
        "from": row["start"] + row["low"], "to": row["start"] + row["high"], "colour": colour,
        "label": clipped(row["name"], round((width - FIGURES) / 6.6)),
        "said": f"{plus}{amounts[0]} ({amounts[1]} – {amounts[2]})",
    }  # fmt: skip
