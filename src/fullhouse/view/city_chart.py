"""Expected tickets by city: bars with their ranges, without a map."""

from collections.abc import Sequence
from math import fsum
from typing import Any

import altair as alt
from markupsafe import Markup

from fullhouse.core.errors import CannotTellError
from fullhouse.discovery.card import TicketGroup, Tickets
from fullhouse.view.forecast_charts import money_axis, money_scale
from fullhouse.view.render import fragment, range_cell
from fullhouse.view.theme import INK, themed
from fullhouse.view.words.figures import clipped, heading, money_short
from fullhouse.view.words.text import text

MOST = 12
ROW, BAR_HEIGHT = 38, 10
BAR, REST, RANGE = "#4fa39d", "#c4c9cd", "#07524e"
FIGURES = 170
HOW = "Bar: expected tickets. Line: the 80 % range of the forecast, shared out likewise."


def city_chart(
    tickets: Tickets,
    *,
    most: int = MOST,
    title: str = "Expected tickets by city",
    simulated: bool = False,
    width: int = 560,
) -> alt.LayerChart:
    """A bar for each of the largest cities, and one for all others together."""
    rows = city_rows(tickets.cities, most=most)
    together = f"All together: {_total_words(tickets)}."
    chart = alt.layer(*_layers(rows, width)).properties(
        width=width,
        height=ROW * len(rows),
        title=heading(title, HOW, together, simulated=simulated, width=width),
    )
    assert isinstance(chart, alt.LayerChart)
    return themed(chart)


def city_rows(cities: Sequence[TicketGroup], *, most: int = MOST) -> list[dict[str, Any]]:
    """A row for each of the largest cities by tickets, then the sum of the other cities.

    Groups of nobody the house knows stand last, by themselves. Ends add up too: each breakdown
    shares out the range of one total.
    """
    if not cities:
        raise CannotTellError("There are no cities to draw: no tickets are shared out by city.")
    ordered = sorted((g for g in cities if g.persons), key=lambda g: -g.tickets)
    # A rest of one city is that city.
    largest = ordered if len(ordered) <= most + 1 else ordered[:most]
    rows = [_row(g.name, g.persons, g.tickets, g.low, g.high) for g in largest]
    rest = ordered[len(largest) :]
    if rest:
        tickets, low, high = (fsum(getattr(g, n) for g in rest) for n in ("tickets", "low", "high"))
        others = f"{len(rest):,} other cities together"
        rows.append(_row(others, sum(g.persons for g in rest), tickets, low, high) | {"rest": True})
    unknown = [g for g in cities if not g.persons]
    rows += [_row(g.name, 0, g.tickets, g.low, g.high) | {"rest": True} for g in unknown]
    return rows


def _row(name: str, persons: int, tickets: float, low: float, high: float) -> dict[str, Any]:
    return {
        "city": name, "persons": persons, "tickets": tickets, "low": low, "high": high,
        "rest": False,
    }  # fmt: skip


def _total_words(tickets: Tickets) -> str:
    return f"{tickets.total:,.0f} tickets, {tickets.low:,.0f} to {tickets.high:,.0f} (80 % range)"


def _layers(rows: Sequence[dict[str, Any]], width: int) -> list[alt.Chart]:
    scale = money_scale([r["high"] for r in rows], zero=True)
    axis = money_axis(scale, "tickets", most=5 if width < 400 else 8)
    letters = round((width - FIGURES) / 6.6)
    labelled = [
        {
            **r,
            "row": f"{k:03}",
            "label": clipped(r["city"], letters),
            "figures": f"{money_short(r['tickets'])} ({money_short(r['low'])} –"
            f" {money_short(r['high'])})",
        }
        for k, r in enumerate(rows)
    ]
    base = alt.Chart({"values": labelled}).encode(
        y=alt.Y("row:N").sort([r["row"] for r in labelled]).axis(None).scale(padding=0),
        tooltip=["city:N", "persons:Q", "tickets:Q", "low:Q", "high:Q"],
    )
    bars = [
        base.transform_filter(f"datum.rest == {rest}")
        .mark_bar(height=BAR_HEIGHT, yOffset=8, color=colour)
        .encode(x=alt.X("tickets:Q", scale=scale, axis=axis))
        for rest, colour in (("false", BAR), ("true", REST))
    ]
    ranges = base.mark_rule(strokeWidth=2, color=RANGE, yOffset=8).encode(
        x=alt.X("low:Q", scale=scale, axis=axis), x2="high:Q"
    )
    name = base.mark_text(align="left", color=INK, fontSize=12, dy=-8)
    figures = base.mark_text(align="right", color=INK, fontSize=12, dy=-8)
    return [
        *bars,
        ranges,
        name.encode(x=alt.value(0), text="label:N"),
        figures.encode(x=alt.value(width), text="figures:N"),
    ]


def groups_table(what: str, groups: Sequence[TicketGroup], tickets: Tickets) -> Markup:
    """A table of groups with their sum, beside the total that they share out."""
    heads = [(what, ""), ("people", "n"), ("tickets", "n"), ("80 % range", "n")]
    rows = [_group(g.name, g.persons, g.tickets, g.low, g.high) for g in groups]
    total, low, high = (fsum(getattr(g, n) for g in groups) for n in ("tickets", "low", "high"))
    everyone = sum(g.persons for g in groups)
    name = text("sum; the forecast's total is {total}", total=f"{tickets.total:,.0f}")
    rows.append(_group(name, everyone, total, low, high))
    return fragment("table.html", heads=heads, rows=rows, sums=1)


def _group(name: str, persons: int, tickets: float, low: float, high: float) -> tuple[object, ...]:
    people = f"{persons:,}" if persons else "–"
    return name, people, f"{tickets:,.0f}", range_cell(f"{low:,.0f}", f"{high:,.0f}")
