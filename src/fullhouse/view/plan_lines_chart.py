"""Where the money of a plan goes: audience by audience, channel × week."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from math import fsum
from typing import Any

import altair as alt

from fullhouse.core.errors import CannotTellError
from fullhouse.planning.plan import Plan, PlanLine
from fullhouse.view.forecast_charts import ticks
from fullhouse.view.theme import FAINT, INK, themed
from fullhouse.view.words.figures import clipped, heading, money_short

COLOURS = ("#cfe6e3", "#97cbc6", "#4fa39d", "#0b7a75", "#07524e")
"""From little money to much."""
DARK_FROM = 3
"""From this colour on, figures stand in white."""
HEAD, ROW, AFTER, WEEKS = 24, 24, 10, 20
"""In pixels: the height of an audience's name, of a channel, of the gap after, of the weeks."""
CHANNEL, SUM = 74, 52
FIGURES_FROM = 46
"""Cells narrower than this hold no figure."""
HOW = "Spend by week (the Monday is named) and channel, all city groups together; right: its sum."


def plan_lines_chart(plan: Plan, *, width: int = 560) -> alt.LayerChart:
    """A heat map of spend for each audience: its channels down, weeks across."""
    rows = lines_rows(plan)
    weeks = _weeks([r["week"] for r in rows])
    placed, height = _placed(rows)
    new = [x for x in dict.fromkeys(r["audience"] for r in rows) if not _tested(rows, x)]
    unmeasured = f"Not measured by any campaign yet: {'; '.join(new)}." if new else ""
    named = f"{plan.title}: where {money_short(plan.spend)} {plan.currency} go"
    lines = [s for s in (HOW, unmeasured) if s]
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
            top += AFTER + ROW if audience else 0
            audience, channel, head = row["audience"], row["channel"], top
            top += HEAD
        elif row["channel"] != channel:
            channel = row["channel"]
            top += ROW
        placed.append({**row, "top": top, "head": head})
    return placed, top + ROW


def _layers(
    rows: Sequence[dict[str, Any]], weeks: Sequence[date], height: int, width: int
) -> list[alt.Chart]:
    cell = (width - CHANNEL - SUM) / len(weeks)
    edges = _edges(max(r["spend"] for r in rows))
    at = {week.isoformat(): CHANNEL + k * cell for k, week in enumerate(weeks)}
    tops = sorted({r["top"] for r in rows})
    empty = [{"x": x, "x2": x + cell - 2, "y": top, "y2": top + ROW - 2}
             for top in tops for x in at.values()]  # fmt: skip
    placed = [_in_place(r, at[r["week"]], cell, edges) for r in rows]
    names = _named(edges)
    colour = (
        alt.Color("band:N")
        .scale(domain=names, range=list(COLOURS[: len(names)]))
        .legend(
            symbolType="square",
            symbolStrokeWidth=0,
            symbolSize=150,
            columns=3 if width < 400 else 0,
        )
    )
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
            .mark_text(fontSize=11, color=ink, dx=(cell - 2) / 2, dy=ROW / 2)
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


def _in_place(row: dict[str, Any], x: float, cell: float, edges: Sequence[float]) -> dict[str, Any]:
    band = max(0, bisect_left(edges, row["spend"]) - 1)
    return {
        **row, "x": x, "x2": x + cell - 2, "y": row["top"], "y2": row["top"] + ROW - 2,
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
        name = clipped(r["audience"], round((width - SUM) / 6.6))
        texts[r["head"], 0] = _text(0, r["head"] + HEAD / 2, name, "left", "bold")
        texts[r["head"], 1] = _text(
            width, r["head"] + HEAD / 2, money_short(totals[r["head"]]), "right", "bold"
        )
        texts[r["top"], 2] = _text(0, r["top"] + ROW / 2, clipped(r["channel"], 11), "left")
        texts[r["top"], 3] = _text(width, r["top"] + ROW / 2, money_short(sums[r["top"]]), "right")
    return list(texts.values())


def _text(x: float, y: float, text: str, align: str, weight: str = "normal") -> dict[str, Any]:
    return {"x": x, "y": y, "text": text, "align": align, "weight": weight}
