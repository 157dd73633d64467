"""The charts of a plan: the opportunity bridge, and what each budget sells."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import altair as alt

from fullhouse.core.errors import CannotTellError
from fullhouse.planning.plan import Amount, Plan
from fullhouse.view.forecast_charts import money_axis, money_scale
from fullhouse.view.theme import GREY, INK, themed
from fullhouse.view.words.figures import clipped, heading, money_short
from fullhouse.view.words.plan import per_money

ROW, BAR, AT_NAME, AT_BAR = 40, 12, 10, 26
"""In pixels: the height of a row and of its bar, and from its top where name and bar stand."""
WHOLE, MORE, LESS, RANGE = "#4fa39d", "#97cbc6", "#f3d9c9", "#07524e"
BASE_NAME, NEW_NAME, SUM_NAME = "Without the plan", "With the plan", "All together"
FIGURES = 170
BRIDGE_HOW = (
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
    title = heading(
        f"{plan.title}: what the plan adds", BRIDGE_HOW, simulated=plan.simulated, width=width
    )
    chart = alt.vconcat(above, below, spacing=26).properties(title=title)
    assert isinstance(chart, alt.VConcatChart)
    return themed(chart)


def bridge_rows(plan: Plan) -> list[dict[str, Any]]:
    """The two ranges, then a row a step: where its bar starts and ends above the base's middle.

    `low` and `high` are the range of what the row itself adds, from where its bar starts.
    """
    if plan.base is None or not plan.bridge:
        raise CannotTellError(code="no_bridge_to_draw", film=plan.film)
    middles = [plan.base.middle, *(s.after.middle for s in plan.bridge)]
    new = plan.bridge[-1].after
    rows = [
        _bridge_row("range", BASE_NAME, 0.0, plan.base.middle, plan.base),
        _bridge_row("range", NEW_NAME, 0.0, new.middle, new),
    ]
    for step, (before, after) in zip(plan.bridge, pairwise(middles), strict=True):
        start, end = before - middles[0], after - middles[0]
        rows.append(_bridge_row("step", step.name, start, end, step.added))
    return [*rows, _bridge_row("sum", SUM_NAME, 0.0, middles[-1] - middles[0], plan.gross)]


def _bridge_row(part: str, name: str, start: float, end: float, amount: Amount) -> dict[str, Any]:
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

    base = alt.Chart({"values": [_labelled(k, r, width) for k, r in enumerate(rows)]})
    # From bar to bar, but not through the name between them.
    links = [
        {"at": row["end"], "top": (k + 1) * ROW + top, "bottom": (k + 1) * ROW + bottom}
        for k, row in enumerate(rows[:-1])
        if row["part"] == "step"
        for top, bottom in ((AT_BAR - ROW, 2), (AT_NAME + 8, AT_BAR))
    ]
    panel = alt.layer(
        alt.Chart({"values": links})
        .mark_rule(color=GREY, strokeDash=[3, 3])
        .encode(x=x("at"), y=y("top"), y2="bottom:Q"),
        base.mark_bar(height=BAR).encode(
            x=x("start"), x2="end:Q", y=y("bar"), tooltip=["name:N", "figures:N"],
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
            x=alt.value(width), y=y("named"), text="figures:N"
        ),
    ).properties(width=width, height=height)  # fmt: skip
    assert isinstance(panel, alt.LayerChart)
    return panel


def _labelled(k: int, row: dict[str, Any], width: int) -> dict[str, Any]:
    sign = "" if row["part"] == "range" else "+"
    amounts = [money_short(row[n]) for n in ("middle", "low", "high")]
    plus = sign if row["middle"] >= 0 else ""
    colour = WHOLE if row["part"] != "step" else MORE if row["end"] >= row["start"] else LESS
    return {
        **row, "bar": k * ROW + AT_BAR, "named": k * ROW + AT_NAME,
        "from": row["start"] + row["low"], "to": row["start"] + row["high"], "colour": colour,
        "label": clipped(row["name"], round((width - FIGURES) / 6.6)),
        "figures": f"{plus}{amounts[0]} ({amounts[1]} – {amounts[2]})",
    }  # fmt: skip


BAND, LINE, NEXT, OWN = "#cfe6e3", "#07524e", "#4fa39d", "#b3541e"
AXIS = 54
"""What the labels of the upright axes take, in pixels."""
CURVE_HOW = (
    "Above: extra tickets of the best plan for each budget, with their 80 % range. Below: tickets"
    " that the next money sells there. Dashed: this plan's budget."
)


def curve_chart(plan: Plan, *, width: int = 560, height: int = 220) -> alt.VConcatChart:
    """Extra tickets against budget with their range, and below it what the next money sells."""
    rows = curve_rows(plan)
    per = per_money(plan.curve)
    money = f"budget, {plan.currency}"
    above = _tickets_panel(rows, plan, width - AXIS, height)
    what = f"per next {money_short(per)} {plan.currency}"
    below = _next_panel(rows, plan, what, money, width - AXIS, height * 3 // 5)
    title = heading(f"{plan.title}: what more money buys", CURVE_HOW, simulated=plan.simulated,
                    width=width)  # fmt: skip
    chart = alt.vconcat(above, below, spacing=12).properties(title=title)
    assert isinstance(chart, alt.VConcatChart)
    return themed(chart)


def curve_rows(plan: Plan) -> list[dict[str, Any]]:
    """A row for each budget, the smallest first; `next` is of the next `per` units of money."""
    if len(plan.curve) < 2:
        raise CannotTellError(code="no_curve_to_draw", film=plan.film, budgets=len(plan.curve))
    per = per_money(plan.curve)
    return [
        {
            "budget": p.budget,
            "tickets": p.tickets.middle,
            "low": p.tickets.low,
            "high": p.tickets.high,
            "next": per * p.next_unit,
            "per": per,
        }
        for p in sorted(plan.curve, key=lambda p: p.budget)
    ]


def _x(rows: Sequence[dict[str, Any]], plan: Plan, title: str | None, width: int) -> alt.X:
    scale = money_scale([*(r["budget"] for r in rows), plan.budget], zero=True)
    axis = money_axis(scale, title, most=5 if width < 350 else 8)
    if title is None:
        axis.labels = False
    return alt.X("budget:Q", scale=scale, axis=axis)


def _y(name: str, amounts: Sequence[float], title: str, most: int) -> alt.Y:
    scale = money_scale([0.0, *amounts], zero=min(amounts) >= 0)
    return alt.Y(f"{name}:Q", scale=scale, axis=money_axis(scale, title, most=most))


def _tickets_panel(
    rows: Sequence[dict[str, Any]], plan: Plan, width: int, height: int
) -> alt.LayerChart:
    x = _x(rows, plan, None, width)
    amounts = [a for r in rows for a in (r["low"], r["high"])]
    base = alt.Chart({"values": list(rows)}).encode(x=x)
    tooltip = ["budget:Q", "tickets:Q", "low:Q", "high:Q", "next:Q", "per:Q"]
    panel = alt.layer(
        base.mark_area(color=BAND).encode(y=_y("low", amounts, "extra tickets", 6), y2="high:Q"),
        base.mark_line(color=LINE, strokeWidth=2.2).encode(
            y=_y("tickets", amounts, "extra tickets", 6)
        ),
        base.mark_point(color=LINE, filled=True, size=34, opacity=1).encode(
            y=_y("tickets", amounts, "extra tickets", 6), tooltip=tooltip
        ),
        *_own(plan, x, [f"budget {money_short(plan.budget)}"]),
    ).properties(width=width, height=height)
    assert isinstance(panel, alt.LayerChart)
    return panel


def _next_panel(
    rows: Sequence[dict[str, Any]], plan: Plan, title: str, money: str, width: int, height: int
) -> alt.LayerChart:
    x = _x(rows, plan, money, width)
    base = alt.Chart({"values": list(rows)}).encode(x=x)
    y = _y("next", [r["next"] for r in rows], title, 4)
    panel = alt.layer(
        base.mark_line(color=NEXT, strokeWidth=2.2).encode(y=y),
        base.mark_point(color=NEXT, filled=True, size=34, opacity=1).encode(
            y=y, tooltip=["budget:Q", "next:Q", "per:Q"]
        ),
        *_own(plan, x, []),
    ).properties(width=width, height=height)
    assert isinstance(panel, alt.LayerChart)
    return panel


def _own(plan: Plan, x: alt.X, labels: Sequence[str]) -> list[alt.Chart]:
    """The plan's own budget, named beside its line."""
    base = alt.Chart({"values": [{"budget": plan.budget}]}).encode(x=x)
    return [
        base.mark_rule(color=OWN, strokeDash=[4, 3], strokeWidth=1.6),
        *(
            base.mark_text(color=INK, fontSize=12, align="left", dx=6).encode(
                y=alt.value(8), text=alt.value(label)
            )
            for label in labels
        ),
    ]
