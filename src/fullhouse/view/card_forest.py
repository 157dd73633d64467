"""The forest of a film's audiences: affinity, and what is left of it beyond the obvious."""

from collections.abc import Sequence
from typing import Any

import altair as alt

from fullhouse.core.errors import CannotTellError
from fullhouse.discovery.card import Card, Estimate, FilmDiscovery
from fullhouse.view.theme import FAINT, GREY, INK, themed
from fullhouse.view.words.discovery import headline, ratio_words
from fullhouse.view.words.figures import clipped, heading

AFFINITY, BEYOND = "activity held equal", "beyond the obvious"
COLOURS = {AFFINITY: "#4fa39d", BEYOND: "#07524e"}
OWN = "#b3541e"
JOIN = "#c4c9cd"
LEAST, MOST = 0.1, 20.0
"""Ends of intervals outside these are cut there."""
TICKS = (0.1, 0.2, 0.5, 1, 1.5, 2, 3, 5, 10, 20)
ROW, NAMED, AT_AFFINITY, AT_BEYOND, AT_OWN = 72, 12, 30, 44, 56
"""In pixels: the height of a row, and from its top where its name and each mark stand."""
FIGURES = 150
"""What the figures at the end of a name's line take, in pixels."""
HOW = (
    "Light: times as likely among equally active people. Dark: the same beyond what film people"
    " already know. Lines: 95 % intervals. Tick: naive ratio, not to be trusted. Ring: the same"
    " with other films (placebo). Thin orange: with the film's own interest alone."
)


def card_forest(found: FilmDiscovery, *, width: int = 560) -> alt.LayerChart:
    """Each card's affinity joined to its affinity beyond the obvious, on a logarithmic axis.

    Cards without either, guesses from words, are left out.
    """
    rows = forest_rows(found.cards)
    if not rows:
        raise CannotTellError(f"No audience has an affinity to draw: {headline(found)}")
    height = ROW * len(rows)
    said = f"{found.title}: affinity, and beyond the obvious"
    title = heading(said, HOW, simulated=found.simulated, width=width)
    chart = alt.layer(*_layers(rows, width, height)).properties(
        width=width, height=height, title=title
    )
    assert isinstance(chart, alt.LayerChart)
    return themed(chart)


def forest_rows(cards: Sequence[Card]) -> list[dict[str, Any]]:
    """A row for each card that has an affinity: every ratio as it was computed, uncut."""
    return [
        {
            "card": c.id,
            "name": c.name,
            "naive": c.naive,
            **_ends("affinity", c.affinity),
            **_ends("beyond", c.beyond),
            **_ends("interest", c.interest),
            **_ends("placebo", c.placebo),
        }
        for c in cards
        if c.affinity.value is not None or c.beyond.value is not None
    ]


def _ends(name: str, estimate: Estimate) -> dict[str, float | None]:
    return {
        name: estimate.value,
        f"{name}_low": estimate.low,
        f"{name}_high": estimate.high,
    }


def _marks(rows: Sequence[dict[str, Any]], name: str, down: int) -> list[dict[str, Any]]:
    """One mark of each row, where it has it: ends cut to the axis, figures as they are."""
    return [
        {
            "card": r["card"],
            "name": r["name"],
            "x": _inside(r[name]),
            # An end that could not be computed is open: the line runs to the axis' end.
            "low": _inside(_or(r.get(f"{name}_low"), LEAST if f"{name}_low" in r else r[name])),
            "high": _inside(_or(r.get(f"{name}_high"), MOST if f"{name}_low" in r else r[name])),
            "y": k * ROW + down,
            "figures": ratio_words(Estimate(r[name], r.get(f"{name}_low"), r.get(f"{name}_high"))),
        }
        for k, r in enumerate(rows)
        if r[name] is not None
    ]


def _layers(rows: Sequence[dict[str, Any]], width: int, height: int) -> list[alt.Chart]:
    x, y = _axes(rows, height)
    affinity = _marks(rows, "affinity", AT_AFFINITY)
    beyond = _marks(rows, "beyond", AT_BEYOND)
    own = alt.Chart({"values": _marks(rows, "interest", AT_OWN)})
    tooltip = ["name:N", "figures:N"]
    drawn = [
        *_ground(rows, x, y),
        *_joined(affinity, beyond, x, y),
        *_ratios(affinity, AFFINITY, x, y),
        *_ratios(beyond, BEYOND, x, y),
        own.mark_rule(strokeWidth=1, color=OWN).encode(x=x("low"), x2="high:Q", y=y("y")),
        own.mark_point(filled=True, shape="diamond", size=26, color=OWN, opacity=1).encode(
            x=x("x"), y=y("y"), tooltip=tooltip
        ),
        alt.Chart({"values": _marks(rows, "placebo", AT_AFFINITY)})
        .mark_point(filled=False, shape="circle", size=62, color=INK, strokeWidth=1.4, opacity=1)
        .encode(x=x("x"), y=y("y"), tooltip=tooltip),
        alt.Chart({"values": _marks(rows, "naive", AT_AFFINITY)})
        .mark_tick(color=INK, thickness=1.4, size=12, orient="vertical", opacity=1)
        .encode(x=x("x"), y=y("y"), tooltip=tooltip),
    ]
    return drawn + _texts(rows, y, width)


def _axes(rows: Sequence[dict[str, Any]], height: int) -> tuple[Any, Any]:
    names = [k for k in rows[0] if k not in {"card", "name"}]
    seen = [_inside(r[k]) for r in rows for k in names if r[k] is not None]
    low, high = min([0.8, *seen]), max([1.6, *seen])
    domain = [max(LEAST, low / 1.06), min(MOST, high * 1.06)]
    scale = alt.Scale(type="log", domain=domain, nice=False, clamp=True)
    axis = alt.Axis(
        title="times as likely to be of the likely audience (log scale)",
        values=[t for t in TICKS if domain[0] <= t <= domain[1]],
        format="~g",
        grid=False,
    )

    def x(name: str) -> alt.X:
        return alt.X(f"{name}:Q", scale=scale, axis=axis)

    def y(name: str) -> alt.Y:
        return alt.Y(f"{name}:Q").scale(domain=[0, height], reverse=True, nice=False).axis(None)

    return x, y


def _ground(rows: Sequence[dict[str, Any]], x: Any, y: Any) -> list[alt.Chart]:
    """A faint line between rows, and at 1 a dashed one beside each row's marks."""
    spans = [
        {"x": 1, "top": k * ROW + AT_AFFINITY - 8, "bottom": k * ROW + AT_OWN + 6, "row": k * ROW}
        for k in range(len(rows))
    ]
    base = alt.Chart({"values": spans})
    return [
        base.transform_filter("datum.row > 0")
        .mark_rule(color=FAINT)
        .encode(y=y("row"), x=alt.value(0), x2=alt.value("width")),
        base.mark_rule(color=GREY, strokeDash=[4, 3]).encode(x=x("x"), y=y("top"), y2="bottom:Q"),
    ]


def _joined(
    affinity: Sequence[dict[str, Any]], beyond: Sequence[dict[str, Any]], x: Any, y: Any
) -> list[alt.Chart]:
    to = {r["card"]: r for r in beyond}
    lines = [
        {"x": r["x"], "y": r["y"], "to": to[r["card"]]["x"], "down": to[r["card"]]["y"]}
        for r in affinity
        if r["card"] in to
    ]
    return [
        alt.Chart({"values": lines})
        .mark_rule(color=JOIN, strokeWidth=2)
        .encode(x=x("x"), x2="to:Q", y=y("y"), y2="down:Q")
    ]


def _ratios(marks: Sequence[dict[str, Any]], kind: str, x: Any, y: Any) -> list[alt.Chart]:
    base = alt.Chart({"values": [{**m, "kind": kind} for m in marks]})
    scale = alt.Scale(domain=list(COLOURS), range=list(COLOURS.values()))
    colour = alt.Color("kind:N", scale=scale)
    tooltip = ["name:N", "kind:N", "figures:N"]
    return [
        base.mark_rule(strokeWidth=2.4).encode(
            x=x("low"), x2="high:Q", y=y("y"), color=colour, tooltip=tooltip
        ),
        base.mark_point(filled=True, size=80, opacity=1).encode(
            x=x("x"), y=y("y"), color=colour, tooltip=tooltip
        ),
    ]


def _texts(rows: Sequence[dict[str, Any]], y: Any, width: int) -> list[alt.Chart]:
    letters = round((width - FIGURES) / 6.6)
    said = [
        {
            "label": clipped(r["name"], letters),
            "figures": ratio_words(Estimate(r["beyond"], r["beyond_low"], r["beyond_high"])),
            "y": k * ROW + NAMED,
        }
        for k, r in enumerate(rows)
    ]
    base = alt.Chart({"values": said})
    name = base.mark_text(align="left", color=INK, fontSize=12, fontWeight="bold")
    figures = base.mark_text(align="right", color=INK, fontSize=12)
    return [
        name.encode(x=alt.value(0), y=y("y"), text="label:N"),
        figures.encode(x=alt.value(width), y=y("y"), text="figures:N"),
    ]


def _or(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value


def _inside(value: float) -> float:
    return min(MOST, max(LEAST, value))
