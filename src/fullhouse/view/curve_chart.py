"""The marginal return curve: what a budget wins, and what one more unit of money wins there."""

from collections.abc import Sequence
from typing import Any

import altair as alt

from fullhouse.core.errors import CannotTellError
from fullhouse.planning.plan import Plan
from fullhouse.view.forecast_charts import money_axis, money_scale
from fullhouse.view.theme import INK, themed
from fullhouse.view.words.figures import heading, money_short
from fullhouse.view.words.plan import per_money

BAND, LINE, NEXT, OWN = "#cfe6e3", "#07524e", "#4fa39d", "#b3541e"
AXIS = 54
"""What the labels of the upright axes take, in pixels."""
HOW = (
    "Above: tickets won by the best plan of each budget, with their 80 % range. Below: tickets that"
    " the next money wins there. Orange: this plan's budget."
)


def curve_chart(plan: Plan, *, width: int = 560, height: int = 220) -> alt.VConcatChart:
    """Tickets won against budget with their range, and below it what the next money wins."""
    rows = curve_rows(plan)
    per = per_money(plan.curve)
    money = f"budget, {plan.currency}"
    above = _won(rows, plan, width - AXIS, height)
    what = f"per next {money_short(per)} {plan.currency}"
    below = _next(rows, plan, what, money, width - AXIS, height * 3 // 5)
    title = heading(f"{plan.title}: what more money buys", HOW, simulated=plan.simulated,
                    width=width)  # fmt: skip
    chart = alt.vconcat(above, below, spacing=12).properties(title=title)
    assert isinstance(chart, alt.VConcatChart)
    return themed(chart)


def curve_rows(plan: Plan) -> list[dict[str, Any]]:
    """A row for each budget, the smallest first; `next` is of the next `per` units of money."""
    if len(plan.curve) < 2:
        raise CannotTellError(
            f"There is no curve to draw for {plan.title}: it needs at least 2 budgets, not"
            f" {len(plan.curve)}."
        )
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


def _won(rows: Sequence[dict[str, Any]], plan: Plan, width: int, height: int) -> alt.LayerChart:
    x = _x(rows, plan, None, width)
    amounts = [a for r in rows for a in (r["low"], r["high"])]
    base = alt.Chart({"values": list(rows)}).encode(x=x)
    tooltip = ["budget:Q", "tickets:Q", "low:Q", "high:Q", "next:Q", "per:Q"]
    drawn = alt.layer(
        base.mark_area(color=BAND).encode(y=_y("low", amounts, "tickets won", 6), y2="high:Q"),
        base.mark_line(color=LINE, strokeWidth=2.2).encode(
            y=_y("tickets", amounts, "tickets won", 6)
        ),
        base.mark_point(color=LINE, filled=True, size=34, opacity=1).encode(
            y=_y("tickets", amounts, "tickets won", 6), tooltip=tooltip
        ),
        *_own(plan, x, [f"budget {money_short(plan.budget)}"]),
    ).properties(width=width, height=height)
    assert isinstance(drawn, alt.LayerChart)
    return drawn


def _next(
    rows: Sequence[dict[str, Any]], plan: Plan, title: str, money: str, width: int, height: int
) -> alt.LayerChart:
    x = _x(rows, plan, money, width)
    base = alt.Chart({"values": list(rows)}).encode(x=x)
    y = _y("next", [r["next"] for r in rows], title, 4)
    drawn = alt.layer(
        base.mark_line(color=NEXT, strokeWidth=2.2).encode(y=y),
        base.mark_point(color=NEXT, filled=True, size=34, opacity=1).encode(
            y=y, tooltip=["budget:Q", "next:Q", "per:Q"]
        ),
        *_own(plan, x, []),
    ).properties(width=width, height=height)
    assert isinstance(drawn, alt.LayerChart)
    return drawn


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
