"""The audiences of a film as charts: tiles to be read in ten seconds, and a forest of ratios."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Literal

import altair as alt

from fullhouse.core.errors import CannotTellError
from fullhouse.discovery.card import Card, FilmDiscovery, RatioEstimate
from fullhouse.view.charts import FAINT, GREY, INK, across, down, themed
from fullhouse.view.words.discovery import (
    basis_words,
    headline,
    interval_words,
    outside,
    ratio_words,
)
from fullhouse.view.words.figures import heading, number_words, share_words, short_name, wrapped

BASIS_COLOURS = {"measured": "#0b7a75", "expected": "#4fa39d", "guess": "#8b949a"}
SOFT = "#4b555c"
LEAST_WIDTH, WIDEST, GAP, HEIGHT, ROOM = 168, 260, 10, 214, 11
"""Of a tile, in pixels: its widths, the space between two, its height, its inner margin."""
NAME_LINES, LINE = 3, 16
PER_LETTER = 7.2
"""About how wide a letter of a bold name is."""
AT_BAR, AT_BASIS = 95, 191
TEXTS: tuple[tuple[str, int, float, Literal["bold", "normal"], str], ...] = (
    ("name_lines", 15, 13, "bold", INK),
    ("people_text", 70, 17, "bold", INK),
    ("outside_text", 105, 11.5, "normal", SOFT),
    ("beyond_text", 128, 13, "bold", INK),
    ("interval_text", 145, 11.5, "normal", SOFT),
    ("extra_text", 167, 13, "bold", INK),
)
"""Each line of a tile: its text, pixels from the top, size, weight, colour."""
TILE_CAPTION = (
    "Times as likely: among equally active people, beyond what film people already know, with its"
    " 95 % interval. Extra reach: people in no obvious audience."
)

AFFINITY, BEYOND = "adjusted for activity", "beyond the obvious"
RATIO_COLOURS = {AFFINITY: "#4fa39d", BEYOND: "#07524e"}
OWN = "#b3541e"
JOIN = "#c4c9cd"
LEAST_RATIO, MOST_RATIO = 0.1, 20.0
"""Ends of intervals outside these are cut there."""
TICKS = (0.1, 0.2, 0.5, 1, 1.5, 2, 3, 5, 10, 20)
ROW, NAMED, AT_AFFINITY, AT_BEYOND, AT_OWN = 72, 12, 30, 44, 56
"""In pixels: the height of a row, and from its top where its name and each mark stand."""
FIGURES = 150
"""What the figures at the end of a name's line take, in pixels."""
FOREST_CAPTION = (
    "How many times as likely, with 95 % intervals. Upper line: among equally active people. Middle"
    " line: the same beyond what film people already know. Thin line below: with the film's own"
    " interest alone. Tick: before any adjustment, not to be trusted. Ring: with other films"
    " (placebo)."
)


@dataclass(frozen=True)
class Grid:
    """How tiles are laid out, in pixels; `spare` is the room that no name needs."""

    columns: int
    wide: float
    spare: int

    @property
    def high(self) -> int:
        """The height of a tile."""
        return HEIGHT - self.spare


def card_strip(discovery: FilmDiscovery, *, width: int = 760) -> alt.LayerChart:
    """A tile for each card, in order of rank: people, affinity beyond, extra reach, basis."""
    if not discovery.cards:
        raise CannotTellError(f"There is no audience to draw: {headline(discovery)}")
    grid = _grid(discovery.cards, width)
    width = round(grid.columns * (grid.wide + GAP) - GAP)
    height = ceil(len(discovery.cards) / grid.columns) * (grid.high + GAP) - GAP
    title = heading(
        headline(discovery), TILE_CAPTION, simulated=discovery.simulated, width=max(width, 360)
    )
    chart = alt.layer(*_tile_layers(_tiles(discovery.cards, grid), grid, width, height)).properties(
        width=width, height=height, title=title
    )
    assert isinstance(chart, alt.LayerChart)
    return themed(chart)


def card_rows(cards: Sequence[Card]) -> list[dict[str, Any]]:
    """A row for each card, with its main figures."""
    return [
        {
            "id": c.id,
            "name": c.name,
            "rule": c.rule,
            "basis": c.basis,
            "stability": c.stability.mark,
            "persons": c.persons,
            "not_moviegoers": c.not_moviegoers,
            "outside": outside(c),
            "beyond": c.beyond.value,
            "beyond_low": c.beyond.low,
            "beyond_high": c.beyond.high,
            "extra": c.extra,
            "rank": c.rank,
        }
        for c in cards
    ]


def _outside_words(card: Card) -> str:
    share = outside(card)
    return "nobody" if share is None else f"{share_words(share)} no core moviegoers"


def likely_words(card: Card) -> tuple[str, str]:
    """How many times as likely, and the line under it."""
    if card.beyond.value is not None:
        return f"{number_words(card.beyond.value)} ×", f"95 %: {interval_words(card.beyond)}"
    if card.basis == "guess":
        return "no behaviour yet", "words alone"
    return "beyond: not known", "could not be computed"


def _grid(cards: Sequence[Card], width: int) -> Grid:
    columns = max(1, min(len(cards), (width + GAP) // (LEAST_WIDTH + GAP)))
    wide = min(float(WIDEST), (width + GAP) / columns - GAP)
    longest = max(len(_name_lines(c, wide)) for c in cards)
    return Grid(columns, wide, LINE * (NAME_LINES - longest))


def _name_lines(card: Card, wide: float) -> list[str]:
    return wrapped(card.name, int((wide - 2 * ROOM) / PER_LETTER), most=NAME_LINES)


def _tiles(cards: Sequence[Card], grid: Grid) -> list[dict[str, Any]]:
    rows = zip(cards, card_rows(cards), strict=True)
    return [
        row | _place(k, grid, row["outside"] or 0) | _tile_words(card, grid)
        for k, (card, row) in enumerate(rows)
    ]


def _place(k: int, grid: Grid, share: float) -> dict[str, float]:
    left, top = (k % grid.columns) * (grid.wide + GAP), (k // grid.columns) * (grid.high + GAP)
    inner = grid.wide - 2 * ROOM
    return {
        "left": left,
        "right": left + grid.wide,
        "top": top,
        "bottom": top + grid.high,
        "from": left + ROOM,
        "to": left + ROOM + inner,
        "bar": left + ROOM + share * inner,
    }


def _tile_words(card: Card, grid: Grid) -> dict[str, str]:
    value, interval = likely_words(card)
    likely = f"{value} as likely" if card.beyond.value is not None else value
    return {
        "name_lines": "\n".join(_name_lines(card, grid.wide)),
        "people_text": f"{card.persons:,} people",
        "outside_text": _outside_words(card),
        "beyond_text": likely,
        "interval_text": interval,
        "extra_text": f"+ {card.extra:,} extra reach",
        "basis_text": basis_words(card),
    }


def _tile_layers(
    tiles: Sequence[dict[str, Any]], grid: Grid, width: int, height: int
) -> list[alt.Chart]:
    base = alt.Chart({"values": list(tiles)})

    def x(name: str) -> alt.X:
        return alt.X(f"{name}:Q").scale(domain=[0, width], nice=False).axis(None)

    top = alt.Y("top:Q").scale(domain=[0, height], reverse=True, nice=False).axis(None)
    tooltip = ["name:N", "rule:N", "persons:Q", "not_moviegoers:Q", "beyond:Q", "extra:Q"]
    colour = alt.Color("basis:N").legend(None)
    colour = colour.scale(domain=list(BASIS_COLOURS), range=list(BASIS_COLOURS.values()))
    frame = base.mark_rect(fill="white", stroke=FAINT, strokeWidth=1.2, cornerRadius=4)
    edge = base.mark_rule(strokeWidth=4, yOffset=2)
    track = base.mark_rule(strokeWidth=6, color=FAINT, yOffset=AT_BAR - grid.spare)
    bar = base.mark_rule(strokeWidth=6, yOffset=AT_BAR - grid.spare)
    basis = base.mark_text(
        align="left", baseline="top", dy=AT_BASIS - grid.spare, fontSize=11.5, fontWeight="bold"
    )
    return [
        frame.encode(x=x("left"), x2="right:Q", y=top, y2="bottom:Q", tooltip=tooltip),
        edge.encode(x=x("left"), x2="right:Q", y=top, color=colour),
        track.encode(x=x("from"), x2="to:Q", y=top),
        bar.encode(x=x("from"), x2="bar:Q", y=top, color=colour),
        *(mark.encode(x=x("from"), y=top, text=f"{n}:N") for n, mark in _tile_texts(base, grid)),
        basis.encode(x=x("from"), y=top, text="basis_text:N", color=colour),
    ]


def _tile_texts(base: alt.Chart, grid: Grid) -> list[tuple[str, alt.Chart]]:
    return [
        (
            name,
            base.mark_text(
                align="left",
                baseline="top",
                lineBreak="\n",
                lineHeight=LINE,
                dy=down if name == "name_lines" else down - grid.spare,
                fontSize=size,
                fontWeight=weight,
                color=ink,
            ),
        )
        for name, down, size, weight, ink in TEXTS
    ]


def card_forest(discovery: FilmDiscovery, *, width: int = 560) -> alt.LayerChart:
    """Each card's affinity joined to its affinity beyond the obvious, on a logarithmic axis.

    Cards without either, guesses from words, are left out.
    """
    rows = forest_rows(discovery.cards)
    if not rows:
        raise CannotTellError(f"No audience has an affinity to draw: {headline(discovery)}")
    height = ROW * len(rows)
    words = f"{discovery.title}: affinity, and beyond the obvious"
    title = heading(words, FOREST_CAPTION, simulated=discovery.simulated, width=width)
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


def _ends(name: str, estimate: RatioEstimate) -> dict[str, float | None]:
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
            "low": _inside(
                _or(r.get(f"{name}_low"), LEAST_RATIO if f"{name}_low" in r else r[name])
            ),
            "high": _inside(
                _or(r.get(f"{name}_high"), MOST_RATIO if f"{name}_low" in r else r[name])
            ),
            "y": k * ROW + down,
            "figures": ratio_words(
                RatioEstimate(r[name], r.get(f"{name}_low"), r.get(f"{name}_high"))
            ),
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
    values = [_inside(r[k]) for r in rows for k in names if r[k] is not None]
    low, high = min([0.8, *values]), max([1.6, *values])
    domain = [max(LEAST_RATIO, low / 1.06), min(MOST_RATIO, high * 1.06)]
    scale = alt.Scale(type="log", domain=domain, nice=False, clamp=True)
    axis = alt.Axis(
        title="times as likely to be of the likely audience (log scale)",
        values=[t for t in TICKS if domain[0] <= t <= domain[1]],
        format="~g",
        grid=False,
    )

    return across(scale, axis), down(height)


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
    scale = alt.Scale(domain=list(RATIO_COLOURS), range=list(RATIO_COLOURS.values()))
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
    texts = [
        {
            "label": short_name(r["name"], letters),
            "figures": ratio_words(RatioEstimate(r["beyond"], r["beyond_low"], r["beyond_high"])),
            "y": k * ROW + NAMED,
        }
        for k, r in enumerate(rows)
    ]
    base = alt.Chart({"values": texts})
    name = base.mark_text(align="left", color=INK, fontSize=12, fontWeight="bold")
    figures = base.mark_text(align="right", color=INK, fontSize=12)
    return [
        name.encode(x=alt.value(0), y=y("y"), text="label:N"),
        figures.encode(x=alt.value(width), y=y("y"), text="figures:N"),
    ]


def _or(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value


def _inside(value: float) -> float:
    return min(MOST_RATIO, max(LEAST_RATIO, value))
