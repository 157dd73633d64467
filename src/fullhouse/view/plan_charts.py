"""The charts of a plan: the opportunity bridge, what each budget sells, where the money goes."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import accumulate, pairwise
from math import fsum
from typing import Any

import altair as alt

from fullhouse.core.errors import CannotTellError
from fullhouse.planning.plan import Amount, Plan, PlanLine
from fullhouse.view.charts import (
    FAINT,
    GREY,
    INK,
    across,
    down,
    money_axis,
    money_scale,
    themed,
    ticks,
)
from fullhouse.view.words.figures import clipped, heading, money_short, short_name
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
BAND, LINE, NEXT, OWN = "#cfe6e3", "#07524e", "#4fa39d", "#b3541e"
AXIS = 54
"""What the labels of the upright axes take, in pixels."""
CURVE_HOW = (
    "Above: extra tickets of the best plan for each budget, with their 80 % range. Below: tickets"
    " that the next money sells there. Dashed: this plan's budget."
)
COLOURS = ("#cfe6e3", "#97cbc6", "#4fa39d", "#0b7a75", "#07524e")
"""From little money to much."""
DARK_FROM = 3
"""From this colour on, figures stand in white."""
HEAD, CELL, AFTER, WEEKS = 24, 24, 10, 20
"""In pixels: the height of an audience's name, of a channel, of the gap after, of the weeks."""
CHANNEL, SUM = 74, 52
FIGURES_FROM = 46
"""Cells narrower than this hold no figure."""
LINES_HOW = (
    "Spend by week (the Monday is named) and channel, all city groups together; right: its sum."
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
    """The two ranges, then a row a step: its bar goes from where the one before it ends.

    `low` and `high` are the range of what the row itself adds, from where its bar starts.
    """
    if plan.base is None or not plan.bridge:
        raise CannotTellError(code="no_bridge_to_draw", film=plan.film)
    ends = [0.0, *accumulate(s.added.middle for s in plan.bridge)]
    new = plan.bridge[-1].after
    rows = [
        _bridge_row("range", BASE_NAME, 0.0, plan.base.middle, plan.base),
        _bridge_row("range", NEW_NAME, 0.0, new.middle, new),
    ]
    for step, (start, end) in zip(plan.bridge, pairwise(ends), strict=True):
        rows.append(_bridge_row("step", step.name, start, end, step.added))
    return [*rows, _bridge_row("sum", SUM_NAME, 0.0, plan.gross.middle, plan.gross)]


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

    x, y = across(scale, axis), down(height)

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
        "label": short_name(row["name"], round((width - FIGURES) / 6.6)),
        "figures": f"{plus}{amounts[0]} ({amounts[1]} – {amounts[2]})",
    }  # fmt: skip


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


def plan_lines_chart(plan: Plan, *, width: int = 560) -> alt.LayerChart:
    """A heat map of spend for each audience: its channels down, weeks across."""
    rows = lines_rows(plan)
    weeks = _weeks([r["week"] for r in rows])
    placed, height = _placed(rows)
    new = [x for x in dict.fromkeys(r["audience"] for r in rows) if not _tested(rows, x)]
    unmeasured = f"Not measured by any campaign yet: {'; '.join(new)}." if new else ""
    named = f"{plan.title}: where {money_short(plan.spend)} {plan.currency} go"
    lines = [s for s in (LINES_HOW, unmeasured) if s]
    title = heading(named, *lines, simulated=plan.simulated, width=width)
    chart = alt.layer(*_layers(placed, weeks, height, width)).properties(
        width=width, height=height, title=title
    )
    assert isinstance(chart, alt.LayerChart)
    return themed(chart)


def lines_rows(plan: Plan) -> list[dict[str, Any]]:
    """A row for each audience × channel × week that has money, the costliest audience first.

    People are those that its lines address: city groups share nobody, so that they add up.
    """
    if not plan.lines:
        raise CannotTellError(code="no_lines_to_draw", film=plan.film)
    cells: dict[tuple[str, str, date], list[PlanLine]] = defaultdict(list)
    for line in plan.lines:
        cells[line.audience, line.channel, line.week].append(line)
    of_audience, of_channel = (_sums(plan.lines, name) for name in ("audience", "channel"))
    order = sorted(cells, key=lambda k: (-of_audience[k[0]], k[0], -of_channel[k[1]], k[1], k[2]))
    return [_row(*key, cells[key]) for key in order]


def _row(audience: str, channel: str, week: date, lines: Sequence[PlanLine]) -> dict[str, Any]:
    reach, impressions = fsum(x.reach for x in lines), fsum(x.impressions for x in lines)
    return {
        "audience": audience,
        "channel": channel,
        "week": week.isoformat(),
        "spend": fsum(x.spend for x in lines),
        "impressions": impressions,
        "people": fsum(x.people for x in lines),
        "reach": reach,
        "frequency": impressions / reach if reach else 0.0,
        "tickets": fsum(x.tickets.middle for x in lines),
        "tested": all(x.tested for x in lines),
    }


def _sums(lines: Sequence[PlanLine], name: str) -> dict[str, float]:
    sums: dict[str, float] = defaultdict(float)
    for line in lines:
        sums[getattr(line, name)] += line.spend
    return sums


def _tested(rows: Sequence[dict[str, Any]], audience: str) -> bool:
    return all(r["tested"] for r in rows if r["audience"] == audience)


def _weeks(mondays: Sequence[str]) -> list[date]:
    """Every week from the first to the last: one without money is shown empty."""
    first, last = (date.fromisoformat(f(mondays)) for f in (min, max))
    return [first + timedelta(weeks=k) for k in range((last - first).days // 7 + 1)]


def _placed(rows: Sequence[dict[str, Any]]) -> tuple[list[dict[str, Any]], int]:
    """Each row with the top of its channel; `head` is the top of its audience's name."""
    placed, top, head = [], WEEKS, 0
    audience = channel = ""
    for row in rows:
        if row["audience"] != audience:
            top += AFTER + CELL if audience else 0
            audience, channel, head = row["audience"], row["channel"], top
            top += HEAD
        elif row["channel"] != channel:
            channel = row["channel"]
            top += CELL
        placed.append({**row, "top": top, "head": head})
    return placed, top + CELL


def _layers(
    rows: Sequence[dict[str, Any]], weeks: Sequence[date], height: int, width: int
) -> list[alt.Chart]:
    cell = (width - CHANNEL - SUM) / len(weeks)
    edges = _edges(max(r["spend"] for r in rows))
    at = {week.isoformat(): CHANNEL + k * cell for k, week in enumerate(weeks)}
    tops = sorted({r["top"] for r in rows})
    empty = [{"x": x, "x2": x + cell - 2, "y": top, "y2": top + CELL - 2}
             for top in tops for x in at.values()]  # fmt: skip
    placed = [_in_place(r, at[r["week"]], cell, edges) for r in rows]
    colour = _band_colour(_named(edges), width)
    x, x2 = alt.X("x:Q").scale(domain=[0, width], nice=False).axis(None), "x2:Q"
    y, y2 = alt.Y("y:Q").scale(domain=[0, height], reverse=True, nice=False).axis(None), "y2:Q"
    base = alt.Chart({"values": placed}).encode(x=x, y=y)
    tooltip = ["audience:N", "channel:N", "week:N", "spend:Q", "people:Q", "reach:Q",
               "frequency:Q", "impressions:Q", "tickets:Q"]  # fmt: skip
    drawn = [
        alt.Chart({"values": empty}).mark_rect(color=FAINT).encode(x=x, x2=x2, y=y, y2=y2),
        base.mark_rect().encode(x2=x2, y2=y2, color=colour, tooltip=tooltip),
    ]
    if cell >= FIGURES_FROM:
        drawn += [
            base.transform_filter(f"datum.dark == {dark}")
            .mark_text(fontSize=11, color=ink, dx=(cell - 2) / 2, dy=CELL / 2)
            .encode(text="figure:N")
            for dark, ink in (("true", "white"), ("false", INK))
        ]
    texts = [*_week_texts(weeks, at, cell), *_row_texts(rows, width)]
    return drawn + [
        alt.Chart({"values": [t for t in texts if (t["align"], t["weight"]) == kind]})
        .mark_text(align=kind[0], fontWeight=kind[1], color=INK, fontSize=12)
        .encode(x=x, y=y, text="text:N")
        for kind in dict.fromkeys((t["align"], t["weight"]) for t in texts)
    ]


def _band_colour(names: Sequence[str], width: int) -> alt.Color:
    """The colour of each band of money, with its legend."""
    return (
        alt.Color("band:N")
        .scale(domain=names, range=list(COLOURS[: len(names)]))
        .legend(
            symbolType="square",
            symbolStrokeWidth=0,
            symbolSize=150,
            columns=3 if width < 400 else 0,
        )
    )


def _in_place(row: dict[str, Any], x: float, cell: float, edges: Sequence[float]) -> dict[str, Any]:
    band = max(0, bisect_left(edges, row["spend"]) - 1)
    return {
        **row, "x": x, "x2": x + cell - 2, "y": row["top"], "y2": row["top"] + CELL - 2,
        "band": _named(edges)[band], "dark": band >= DARK_FROM, "figure": money_short(row["spend"]),
    }  # fmt: skip


def _edges(most: float) -> list[float]:
    """Round amounts from 0 on, the last not below the largest spend; as many bands as colours."""
    edges = ticks(0.0, most, log=False, most=len(COLOURS))
    step = edges[1] - edges[0] if len(edges) > 1 else most
    while edges[-1] < most:
        edges.append(edges[-1] + step)
    return edges


def _named(edges: Sequence[float]) -> list[str]:
    return [f"{money_short(a)} – {money_short(b)}" for a, b in pairwise(edges)]


def _week_texts(weeks: Sequence[date], at: dict[str, float], cell: float) -> list[dict[str, Any]]:
    every = max(1, -(-46 // round(cell)))
    return [
        _text(at[w.isoformat()] + (cell - 2) / 2, WEEKS / 2 - 2, f"{w.day} {w:%b}", "center")
        for w in weeks[::every]
    ]


def _row_texts(rows: Sequence[dict[str, Any]], width: int) -> list[dict[str, Any]]:
    texts: dict[tuple[int, int], dict[str, Any]] = {}
    sums: dict[int, float] = defaultdict(float)
    totals: dict[int, float] = defaultdict(float)
    for r in rows:
        sums[r["top"]] += r["spend"]
        totals[r["head"]] += r["spend"]
    for r in rows:
        name = short_name(r["audience"], round((width - SUM) / 6.6))
        texts[r["head"], 0] = _text(0, r["head"] + HEAD / 2, name, "left", "bold")
        texts[r["head"], 1] = _text(
            width, r["head"] + HEAD / 2, money_short(totals[r["head"]]), "right", "bold"
        )
        texts[r["top"], 2] = _text(0, r["top"] + CELL / 2, clipped(r["channel"], 11), "left")
        texts[r["top"], 3] = _text(width, r["top"] + CELL / 2, money_short(sums[r["top"]]), "right")
    return list(texts.values())


def _text(x: float, y: float, text: str, align: str, weight: str = "normal") -> dict[str, Any]:
    return {"x": x, "y": y, "text": text, "align": align, "weight": weight}
