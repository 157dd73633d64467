"""The overlap chart (UpSet): how many people are in just these audiences and in no other."""

from collections.abc import Collection, Sequence
from typing import Any, TypeAlias

import altair as alt

from fullhouse.core.errors import CannotTellError, InputError, did_you_mean
from fullhouse.discovery.card import Card
from fullhouse.view.theme import FAINT, INK, themed
from fullhouse.view.words.figures import counted, heading, money_short, wrapped

Combination: TypeAlias = tuple[Collection[str], int]
"""Card ids, and the people who are in each of these cards and in no other."""

MOST = 15
OTHER = "other"
BAR, EMPTY = "#0b7a75", "#e6e9eb"
ROW, BARS, LINE = 32, 150, 13
"""Pixels of a row of dots, of the bars above them, of a line of a name."""
WIDE_STEP = 38
"""A column at least so wide has room for its number on one line."""
HOW = (
    "Each column: people in just the audiences with a dark dot, and in no other card. Beside each"
    " name: all its people."
)


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
    ).properties(title=heading(title, HOW, simulated=simulated, width=width))
    assert isinstance(chart, alt.VConcatChart)
    return themed(chart)


def overlap_rows(
    cards: Sequence[Card], combinations: Sequence[Combination]
) -> list[dict[str, Any]]:
    """A row for each combination, the largest first; the last may be all others together."""
    order = {c.id: k for k, c in enumerate(cards)}
    held: dict[tuple[str, ...], int] = {}
    for ids, persons in combinations:
        key = tuple(sorted(set(ids), key=lambda i: _known(i, order)))
        if key:
            held[key] = held.get(key, 0) + persons
    if not held:
        raise CannotTellError("There is no overlap to draw: no combination of audiences is given.")
    ordered = sorted(held.items(), key=lambda kv: (-kv[1], [order[i] for i in kv[0]]))
    names = {c.id: c.name for c in cards}
    rows = [
        {"cards": list(ids), "names": " & ".join(names[i] for i in ids), "persons": persons}
        for ids, persons in ordered[:MOST]
    ]
    rest = ordered[MOST:]
    if rest:
        said = f"{counted(len(rest), 'other combination')}, together"
        rows.append({"cards": [], "names": said, "persons": sum(n for _, n in rest)})
    return [{"column": f"{k:02}", **row} for k, row in enumerate(rows)]


def _known(name: str, order: dict[str, int]) -> int:
    if name not in order:
        raise InputError(f"No card {name!r} is drawn.{did_you_mean(name, order)}")
    return order[name]


def _x(rows: Sequence[dict[str, Any]]) -> alt.X:
    return alt.X("column:N").sort([r["column"] for r in rows]).axis(None).scale(padding=0.1)


def _bars(rows: Sequence[dict[str, Any]], room: int) -> alt.LayerChart:
    wide = room / len(rows) >= WIDE_STEP
    said = [{**r, "said": money_short(r["persons"])} for r in rows]
    base = alt.Chart({"values": said}).encode(x=_x(rows), tooltip=["names:N", "persons:Q"])
    high = max(1, *(r["persons"] for r in rows))
    # Room above the tallest bar for its number.
    scale = alt.Scale(domain=[0, high * (1.12 if wide else 1.3)], nice=False)
    y = alt.Y("persons:Q", scale=scale, axis=None)
    bars = base.mark_bar(color=BAR, width={"band": 0.62}).encode(y=y)
    if wide:
        numbers = base.mark_text(color=INK, fontSize=11, dy=-8)
    else:
        numbers = base.mark_text(color=INK, fontSize=11, angle=270, align="left", dx=5)
    chart = alt.layer(bars, numbers.encode(y=y, text="said:N")).properties(width=room, height=BARS)
    assert isinstance(chart, alt.LayerChart)
    return chart


def _matrix(
    cards: Sequence[Card], rows: Sequence[dict[str, Any]], room: int, labels: int
) -> alt.LayerChart:
    height = ROW * len(cards)
    dots = [
        {"column": r["column"], "y": _middle(k), "in": c.id in r["cards"], "names": r["names"]}
        for r in rows
        for k, c in enumerate(cards)
        if r["cards"]
    ]
    base = alt.Chart({"values": dots}).encode(x=_x(rows))
    y = _y("y", height)
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


def _y(name: str, height: int) -> alt.Y:
    return alt.Y(f"{name}:Q").scale(domain=[0, height], reverse=True, nice=False).axis(None)


def _middle(k: int) -> float:
    return (k + 0.5) * ROW


def _stripes(cards: Sequence[Card], height: int, labels: int) -> list[alt.Chart]:
    """The names of the audiences left of the dots, each with all its people."""
    rows = []
    for k, card in enumerate(cards):
        lines = wrapped(card.name, (labels - 58) // 6, most=2)
        first = _middle(k) - LINE / 2 * (len(lines) - 1)
        row = {"y": _middle(k), "first": first, "label": "\n".join(lines)}
        rows.append(row | {"people": money_short(card.persons)})
    base = alt.Chart({"values": rows}).encode(y=_y("y", height))
    names = base.mark_text(
        align="left", color=INK, fontSize=11.5, lineBreak="\n", lineHeight=LINE, baseline="middle"
    )
    return [
        base.mark_rule(color=FAINT, yOffset=ROW / 2).encode(
            x=alt.value(-labels), x2=alt.value("width")
        ),
        names.encode(x=alt.value(-labels), y=_y("first", height), text="label:N"),
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
