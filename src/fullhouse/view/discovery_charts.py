"""The charts of a discovery: affinities, how audiences overlap, expected tickets by city."""

import json
import textwrap
from collections.abc import Collection, Sequence
from math import fsum
from typing import Any, TypeAlias

import altair as alt
from markupsafe import Markup

from fullhouse.core.errors import CannotTellError, InputError, did_you_mean
from fullhouse.core.settings import SIMULATED
from fullhouse.discovery import Affinity, OutcomeDiscovery
from fullhouse.discovery.card import Card, TicketGroup, Tickets
from fullhouse.view.charts import FAINT, GREY, INK, down, range_bars, themed
from fullhouse.view.render import fragment, range_cell
from fullhouse.view.words.discovery import REASONS, VERDICTS, outcome_headline
from fullhouse.view.words.figures import counted, heading, money_short, text, wrapped

VERDICT_COLOURS = {
    "associated": "#0b7a75",
    "avoided": "#b3541e",
    "no association": "#7a8288",
    "cannot tell": "#c4c9cd",
}
DRAWN = ("associated", "avoided", "no_association", "cannot_tell")
LEAST_RATIO, MOST_RATIO = 0.1, 20.0
LABEL_WIDTH = 44
TOOLTIP = ["trait:N", "figures:N", "naive:Q", "placebo:Q", "people:Q", "q:Q", "why:N"]
Combination: TypeAlias = tuple[Collection[str], int]
"""Card ids, and the people who are in each of these cards and in no other."""
MOST_COMBINATIONS = 15
OTHER = "other"
BAR, EMPTY = "#0b7a75", "#e6e9eb"
OVERLAP_ROW, BARS, LINE = 32, 150, 13
"""Pixels of a row of dots, of the bars above them, of a line of a name."""
WIDE_STEP = 38
"""A column at least so wide has room for its number on one line."""
OVERLAP_CAPTION = (
    "Each column: people in just the audiences with a filled dot, and in no other. Beside each"
    " name: all its people."
)
MOST_CITIES = 12
CITY_HOW = "Bar: expected tickets. Line: the 80 % range of the forecast, shared out likewise."


def affinity_chart(result: OutcomeDiscovery, *, most: int = 25, width: int = 460) -> alt.LayerChart:
    """A forest plot of the traits of a discovery: affinity with interval, placebo, naive ratio.

    At most so many traits, in the order of the result. The axis is logarithmic: twice as likely
    and half as likely lie equally far from 1. Ends of intervals outside 0.1 to 20 are cut there.
    """
    rows = [_row(r) for r in drawn_rows(result.rows, most)]
    if not rows:
        raise CannotTellError(f"There is nothing to draw: {outcome_headline(result)}")
    base = alt.Chart({"values": rows}).encode(y=_labels(rows))
    layers = [_one(), _interval(base), _placebo(base), _naive(base), _points(base)]
    layers += [_figures(base, width)]
    title = alt.TitleParams(
        textwrap.wrap(f"What goes with {result.outcome}", 76),
        subtitle=affinity_caption(result, rows=len(rows)),
    )
    chart = alt.layer(*layers).properties(width=width, height=alt.Step(22), title=title)
    assert isinstance(chart, alt.LayerChart)
    return themed(chart)


def drawn_rows(rows: Sequence[Affinity], most: int) -> list[Affinity]:
    """The rows that are drawn: those with a ratio, associated and avoided before others."""
    drawn = [r for r in rows if r.verdict in DRAWN and r.ratio and r.low is not None]
    return drawn[: max(1, most)]


def affinity_caption(result: OutcomeDiscovery, *, rows: int) -> list[str]:
    """What the reader must know: the verdict, the people, the day, what the marks are."""
    people = (
        f"{result.outcome_people:,} people of {result.base_people:,}"
        f" (base: {result.base}), as of {result.as_of:%-d %B %Y}."
    )
    marks = "Dot and line: ratio among equally active people, 95 % interval. Tick: naive ratio."
    if result.placebo:
        marks += f" Ring: the same for the placebo, {result.placebo}."
    tested = f"{result.tested:,} traits tested, {rows:,} drawn."
    label = [SIMULATED] if result.simulated else []
    return label + [
        line
        for part in (outcome_headline(result), f"{people} {tested}", marks)
        for line in textwrap.wrap(part, 118)
    ]


def _row(row: Affinity) -> dict[str, Any]:
    label = row.label if len(row.label) <= LABEL_WIDTH else row.label[: LABEL_WIDTH - 1] + "…"
    high = "…" if row.high is None else f"{row.high:.2f}"
    return {
        "trait": row.trait,
        "label": label,
        "verdict": VERDICTS[row.verdict],
        "ratio": _inside(row.ratio),
        "low": _inside(row.low),
        "high": _inside(MOST_RATIO if row.high is None else row.high),
        "naive": _inside(row.naive),
        "placebo": _inside(row.placebo),
        "people": row.outcome_persons,
        "q": row.q,
        "why": REASONS[row.reason],
        "figures": f"{row.ratio:.2f} ({row.low:.2f}–{high})",
    }


def _labels(rows: Sequence[dict[str, Any]]) -> alt.Y:
    # By name, with the label as text: two traits may share a label.
    names = {r["trait"]: r["label"] for r in rows}
    return (
        alt.Y("trait:N")
        .sort([r["trait"] for r in rows])
        .axis(
            title=None,
            labelExpr=f"({json.dumps(names)})[datum.value]",
            labelLimit=330,
            ticks=False,
            domain=False,
            labelPadding=8,
            grid=False,
        )
    )


def _ratio(name: str) -> alt.X:
    return (
        alt.X(f"{name}:Q")
        .scale(type="log", nice=False, zero=False, padding=8)
        .axis(
            title="times as likely to be in the outcome (log scale)",
            values=[0.1, 0.2, 0.5, 1, 2, 5, 10, 20],
            format="~g",
        )
    )


def _one() -> alt.Chart:
    # Invisible lines at 0.5 and 2 keep both on the axis.
    drawn: alt.Chart = (
        alt.Chart({"values": [{"x": x, "visible": float(x == 1)} for x in (0.5, 1, 2)]})
        .mark_rule(color=GREY, strokeDash=[4, 3])
        .encode(x=_ratio("x"), opacity=alt.Opacity("visible:Q").scale(None))
    )
    return drawn


def _interval(base: alt.Chart) -> alt.Chart:
    drawn: alt.Chart = base.mark_rule(strokeWidth=2.4).encode(
        x=_ratio("low"), x2="high:Q", color=_colour(), tooltip=TOOLTIP
    )
    return drawn


def _points(base: alt.Chart) -> alt.Chart:
    drawn: alt.Chart = base.mark_point(filled=True, size=75, opacity=1).encode(
        x=_ratio("ratio"), color=_colour(), tooltip=TOOLTIP
    )
    return drawn


def _placebo(base: alt.Chart) -> alt.Chart:
    drawn_base = base.transform_filter("isValid(datum.placebo)")
    drawn: alt.Chart = drawn_base.mark_point(
        filled=False, shape="circle", size=70, color=INK, strokeWidth=1.4, opacity=0.9
    ).encode(x=_ratio("placebo"))
    return drawn


def _naive(base: alt.Chart) -> alt.Chart:
    drawn_base = base.transform_filter("isValid(datum.naive)")
    drawn: alt.Chart = drawn_base.mark_tick(
        color=INK, thickness=1.4, size=11, orient="vertical"
    ).encode(x=_ratio("naive"))
    return drawn


def _figures(base: alt.Chart, width: int) -> alt.Chart:
    drawn: alt.Chart = base.mark_text(align="left", color=INK, fontSize=11).encode(
        x=alt.value(width + 14), text="figures:N"
    )
    return drawn


def _colour() -> alt.Color:
    scale = alt.Scale(domain=list(VERDICT_COLOURS), range=list(VERDICT_COLOURS.values()))
    return alt.Color("verdict:N", scale=scale)


def _inside(value: float | None) -> float | None:
    return None if value is None else min(MOST_RATIO, max(LEAST_RATIO, value))


def overlap_chart(
    cards: Sequence[Card],
    combinations: Sequence[Combination],
    *,
    title: str = "How the audiences overlap",
    simulated: bool = False,
    width: int = 620,
) -> alt.VConcatChart:
    """Intersections by size above a matrix of dots; at most 15, the rest summed as other.

    Combinations are exclusive, so that their people add up. That of no card is left out.
    """
    rows = overlap_rows(cards, combinations)
    labels = min(250, round(width * 0.42))
    room = width - labels
    chart = alt.vconcat(
        _bars(rows, room), _matrix(cards, rows, room, labels), spacing=6
    ).properties(title=heading(title, OVERLAP_CAPTION, simulated=simulated, width=width))
    assert isinstance(chart, alt.VConcatChart)
    return themed(chart)


def overlap_rows(
    cards: Sequence[Card], combinations: Sequence[Combination]
) -> list[dict[str, Any]]:
    """A row for each combination, the largest first; the last may be all others together."""
    order = {c.id: k for k, c in enumerate(cards)}
    counts: dict[tuple[str, ...], int] = {}
    for ids, persons in combinations:
        key = tuple(sorted(set(ids), key=lambda i: _known(i, order)))
        if key:
            counts[key] = counts.get(key, 0) + persons
    if not counts:
        raise CannotTellError("There is no overlap to draw: no combination of audiences is given.")
    ordered = sorted(counts.items(), key=lambda kv: (-kv[1], [order[i] for i in kv[0]]))
    names = {c.id: c.name for c in cards}
    rows = [
        {"cards": list(ids), "names": " & ".join(names[i] for i in ids), "persons": persons}
        for ids, persons in ordered[:MOST_COMBINATIONS]
    ]
    rest = ordered[MOST_COMBINATIONS:]
    if rest:
        label = f"{counted(len(rest), 'other combination')}, together"
        rows.append({"cards": [], "names": label, "persons": sum(n for _, n in rest)})
    return [{"column": f"{k:02}", **row} for k, row in enumerate(rows)]


def _known(name: str, order: dict[str, int]) -> int:
    if name not in order:
        raise InputError(f"No card {name!r} is drawn.{did_you_mean(name, order)}")
    return order[name]


def _x(rows: Sequence[dict[str, Any]]) -> alt.X:
    return alt.X("column:N").sort([r["column"] for r in rows]).axis(None).scale(padding=0.1)


def _bars(rows: Sequence[dict[str, Any]], room: int) -> alt.LayerChart:
    wide = room / len(rows) >= WIDE_STEP
    labelled = [{**r, "label": money_short(r["persons"])} for r in rows]
    base = alt.Chart({"values": labelled}).encode(x=_x(rows), tooltip=["names:N", "persons:Q"])
    high = max(1, *(r["persons"] for r in rows))
    # Room above the tallest bar for its number.
    scale = alt.Scale(domain=[0, high * (1.12 if wide else 1.3)], nice=False)
    y = alt.Y("persons:Q", scale=scale, axis=None)
    bars = base.mark_bar(color=BAR, width={"band": 0.62}).encode(y=y)
    if wide:
        numbers = base.mark_text(color=INK, fontSize=11, dy=-8)
    else:
        numbers = base.mark_text(color=INK, fontSize=11, angle=270, align="left", dx=5)
    chart = alt.layer(bars, numbers.encode(y=y, text="label:N")).properties(width=room, height=BARS)
    assert isinstance(chart, alt.LayerChart)
    return chart


def _matrix(
    cards: Sequence[Card], rows: Sequence[dict[str, Any]], room: int, labels: int
) -> alt.LayerChart:
    height = OVERLAP_ROW * len(cards)
    dots = [
        {"column": r["column"], "y": _middle(k), "in": c.id in r["cards"], "names": r["names"]}
        for r in rows
        for k, c in enumerate(cards)
        if r["cards"]
    ]
    base = alt.Chart({"values": dots}).encode(x=_x(rows))
    y = down(height)("y")
    size = min(110.0, (room / len(rows) * 0.55) ** 2)
    layers = [
        *_stripes(cards, height, labels),
        base.transform_filter("!datum.in").mark_point(
            filled=True, size=size, color=EMPTY, opacity=1
        ).encode(y=y),
        alt.Chart({"values": _lines(cards, rows)})
        .mark_rule(color=BAR, strokeWidth=2)
        .encode(x=_x(rows), y=y, y2="to:Q"),
        base.transform_filter("datum.in")
        .mark_point(filled=True, size=size, color=BAR, opacity=1)
        .encode(y=y, tooltip=["names:N"]),
        *_other(rows, height, y),
    ]  # fmt: skip
    chart = alt.layer(*layers).properties(width=room, height=height)
    assert isinstance(chart, alt.LayerChart)
    return chart


def _middle(k: int) -> float:
    return (k + 0.5) * OVERLAP_ROW


def _stripes(cards: Sequence[Card], height: int, labels: int) -> list[alt.Chart]:
    """The names of the audiences left of the dots, each with all its people."""
    rows = []
    for k, card in enumerate(cards):
        lines = wrapped(card.name, (labels - 58) // 6, most=2)
        first = _middle(k) - LINE / 2 * (len(lines) - 1)
        row = {"y": _middle(k), "first": first, "label": "\n".join(lines)}
        rows.append(row | {"people": money_short(card.persons)})
    base = alt.Chart({"values": rows}).encode(y=down(height)("y"))
    names = base.mark_text(
        align="left", color=INK, fontSize=11.5, lineBreak="\n", lineHeight=LINE, baseline="middle"
    )
    return [
        base.mark_rule(color=FAINT, yOffset=OVERLAP_ROW / 2).encode(
            x=alt.value(-labels), x2=alt.value("width")
        ),
        names.encode(x=alt.value(-labels), y=down(height)("first"), text="label:N"),
        base.mark_text(align="right", color=INK, fontSize=11.5).encode(
            x=alt.value(-8), text="people:N"
        ),
    ]


def _lines(cards: Sequence[Card], rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """From the first to the last dark dot of each combination of several."""
    order = {c.id: k for k, c in enumerate(cards)}
    at = [(r["column"], [order[i] for i in r["cards"]]) for r in rows if len(r["cards"]) > 1]
    return [{"column": c, "y": _middle(min(k)), "to": _middle(max(k))} for c, k in at]


def _other(rows: Sequence[dict[str, Any]], height: int, y: alt.Y) -> list[alt.Chart]:
    """The word for the column that has no dots."""
    last = [{"column": r["column"], "y": height / 2} for r in rows if not r["cards"]]
    if not last:
        return []
    words = alt.Chart({"values": last}).mark_text(angle=270, color=INK, fontSize=11)
    return [words.encode(x=_x(rows), y=y, text=alt.value(OTHER))]


def city_chart(
    tickets: Tickets,
    *,
    most: int = MOST_CITIES,
    title: str = "Expected tickets by city",
    simulated: bool = False,
    width: int = 560,
) -> alt.LayerChart:
    """A bar for each of the largest cities, and one for all others together."""
    rows = [r | {"label": r["city"]} for r in city_rows(tickets.cities, most=most)]
    together = f"All together: {_total_words(tickets)}."
    named = heading(title, CITY_HOW, together, simulated=simulated, width=width)
    return range_bars(rows, "tickets", title=named, width=width)


def city_rows(cities: Sequence[TicketGroup], *, most: int = MOST_CITIES) -> list[dict[str, Any]]:
    """A row for each of the largest cities by tickets, then the sum of the other cities.

    Groups of nobody the house knows stand last, by themselves. Ends add up too: each breakdown
    shares out the range of one total.
    """
    if not cities:
        raise CannotTellError("There are no cities to draw: no tickets are shared out by city.")
    ordered = sorted((g for g in cities if g.persons), key=lambda g: -g.tickets)
    # A rest of one city is that city.
    largest = ordered if len(ordered) <= most + 1 else ordered[:most]
    rows = [_city_row(g.name, g.persons, g.tickets, g.low, g.high) for g in largest]
    rest = ordered[len(largest) :]
    if rest:
        tickets, low, high = (fsum(getattr(g, n) for g in rest) for n in ("tickets", "low", "high"))
        others = f"{len(rest):,} other cities together"
        rows.append(
            _city_row(others, sum(g.persons for g in rest), tickets, low, high) | {"rest": True}
        )
    unknown = [g for g in cities if not g.persons]
    rows += [_city_row(g.name, 0, g.tickets, g.low, g.high) | {"rest": True} for g in unknown]
    return rows


def _city_row(name: str, persons: int, tickets: float, low: float, high: float) -> dict[str, Any]:
    return {
        "city": name, "persons": persons, "tickets": tickets, "low": low, "high": high,
        "rest": False,
    }  # fmt: skip


def _total_words(tickets: Tickets) -> str:
    return f"{tickets.total:,.0f} tickets, {tickets.low:,.0f} to {tickets.high:,.0f} (80 % range)"


def groups_table(what: str, groups: Sequence[TicketGroup], tickets: Tickets) -> Markup:
    """A table of groups with their sum, beside the total that they share out."""
    heads = [(what, ""), ("people", "n"), ("tickets", "n"), ("80 % range", "n")]
    rows = [_group(g.name, g.persons, g.tickets, g.low, g.high) for g in groups]
    total = fsum(g.tickets for g in groups)
    everyone = sum(g.persons for g in groups)
    name = text("sum; the forecast's total is {total}", total=f"{tickets.total:,.0f}")
    # The range of the whole is the forecast's: ends of parts do not add up.
    rows.append(_group(name, everyone, total, tickets.low, tickets.high))
    return fragment("table.html", heads=heads, rows=rows, sums=1)


def _group(name: str, persons: int, tickets: float, low: float, high: float) -> tuple[object, ...]:
    people = f"{persons:,}" if persons else "–"
    return name, people, f"{tickets:,.0f}", range_cell(f"{low:,.0f}", f"{high:,.0f}")
