"""The audiences of a film side by side, to be read in ten seconds: as a chart and as HTML."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Literal

import altair as alt

from fullhouse.core.errors import CannotTellError
from fullhouse.discovery.card import Card, FilmDiscovery
from fullhouse.view.page import Html, share_bar, tag
from fullhouse.view.theme import FAINT, INK, themed
from fullhouse.view.words.discovery import (
    basis_words,
    card_reason,
    headline,
    interval_words,
    outside,
)
from fullhouse.view.words.figures import heading, number_words, share_words, wrapped

COLOURS = {"measured": "#0b7a75", "expected": "#4fa39d", "guess": "#8b949a"}
SOFT = "#4b555c"
LEAST_WIDTH, WIDEST, GAP, HEIGHT, ROOM = 168, 260, 10, 214, 11
"""Of a tile, in pixels: its widths, the space between two, its height, its inner margin."""
NAME_LINES, LINE = 3, 16
PER_LETTER = 7.2
"""About how wide a letter of a bold name is."""
AT_BAR, AT_BASIS = 95, 191
TEXTS: tuple[tuple[str, int, float, Literal["bold", "normal"], str], ...] = (
    ("name_lines", 15, 13, "bold", INK),
    ("people_said", 70, 17, "bold", INK),
    ("outside_said", 105, 11.5, "normal", SOFT),
    ("beyond_said", 128, 13, "bold", INK),
    ("interval_said", 145, 11.5, "normal", SOFT),
    ("extra_said", 167, 13, "bold", INK),
)
"""Each line of a tile: what it says, pixels from the top, size, weight, colour."""
HOW = (
    "Times as likely: among equally active people, beyond what film people already know, with its"
    " 95 % interval. Extra reach: people in no obvious audience."
)

CSS = """
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(13.5rem, 1fr));
  gap: .8rem; margin: .8rem 0; }
.card { border: 1px solid var(--line); border-top: 4px solid var(--mark); border-radius: .4rem;
  padding: .7rem .8rem; break-inside: avoid; overflow-wrap: anywhere; font-size: .9rem; }
.card.expected { border-top-style: double; } .card.guess { border-top: 4px dotted var(--soft); }
.card h3 { font-size: 1rem; line-height: 1.25; margin: 0 0 .4rem; min-height: 2.5em; }
.card .big { font-size: 1.35rem; font-weight: 700; line-height: 1.2; margin: 0; }
.card .big small { font-weight: 400; font-size: .9rem; }
.card b { font-variant-numeric: tabular-nums; }
.card .bar { background: var(--line); border-radius: .2rem; margin: .35rem 0 .15rem;
  print-color-adjust: exact; }
.card .bar span { display: block; height: .45rem; border-radius: .2rem; background: var(--mark);
  print-color-adjust: exact; }
.card.guess .bar span { background: var(--soft); }
.tags span { border: 1px solid var(--line); border-radius: 1rem; padding: 0 .55rem;
  margin-right: .3rem; font-size: .82rem; white-space: nowrap; }
.tags .shaky { background: var(--warn); }
"""
"""How the HTML cards look; the page's own colours, so that they turn dark with it."""


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


def card_strip(found: FilmDiscovery, *, width: int = 760) -> alt.LayerChart:
    """A tile for each card, in order of rank: people, affinity beyond, extra reach, standing."""
    if not found.cards:
        raise CannotTellError(f"There is no audience to draw: {headline(found)}")
    grid = _grid(found.cards, width)
    width = round(grid.columns * (grid.wide + GAP) - GAP)
    height = ceil(len(found.cards) / grid.columns) * (grid.high + GAP) - GAP
    title = heading(headline(found), HOW, simulated=found.simulated, width=max(width, 360))
    chart = alt.layer(*_layers(_tiles(found.cards, grid), grid, width, height)).properties(
        width=width, height=height, title=title
    )
    assert isinstance(chart, alt.LayerChart)
    return themed(chart)


def card_rows(cards: Sequence[Card]) -> list[dict[str, Any]]:
    """A row for each card, with the figures that are shown first."""
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


def card_tiles(cards: Sequence[Card]) -> Html:
    """The cards as HTML, side by side as far as the page is wide; `CSS` says how they look."""
    return tag("div", *(_card(c) for c in cards), cls="cards")


def _card(card: Card) -> Html:
    share = outside(card)
    parts = [
        tag("h3", card.name),
        tag("p", f"{card.persons:,}", Html(" <small>people</small>"), cls="big"),
        tag("div", share_bar(share or 0), cls="bar"),
        tag("p", tag("b", share_words(share)), " are no core moviegoers")
        if share is not None
        else tag("p", "nobody"),
        tag("p", *_beyond_html(card)),
        tag("p", tag("b", f"+ {card.extra:,}"), " extra reach"),
        tag("p", tag("span", card.basis), _mark(card), cls="tags"),
        tag("p", card_reason(card), cls="soft"),
    ]
    return tag("article", *parts, cls=f"card {card.basis}")


def _outside_words(card: Card) -> str:
    share = outside(card)
    return "nobody" if share is None else f"{share_words(share)} no core moviegoers"


def _mark(card: Card) -> Html:
    mark = card.stability.mark
    return Html("") if mark == "not_tested" else tag("span", mark, cls=mark)


def _beyond_html(card: Card) -> list[object]:
    value, interval = _beyond(card)
    if card.beyond.value is None:
        return [value]
    return [tag("b", value), " as likely, beyond the obvious", tag("small", f" ({interval})")]


def _beyond(card: Card) -> tuple[str, str]:
    """How many times as likely, and the line under it."""
    if card.beyond.value is not None:
        return f"{number_words(card.beyond.value)} ×", f"95 %: {interval_words(card.beyond)}"
    if card.basis == "guess":
        return "no behaviour seen yet", "words alone"
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
        row | _place(k, grid, row["outside"] or 0) | _said(card, grid)
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


def _said(card: Card, grid: Grid) -> dict[str, str]:
    value, interval = _beyond(card)
    likely = f"{value} as likely" if card.beyond.value is not None else value
    return {
        "name_lines": "\n".join(_name_lines(card, grid.wide)),
        "people_said": f"{card.persons:,} people",
        "outside_said": _outside_words(card),
        "beyond_said": likely,
        "interval_said": interval,
        "extra_said": f"+ {card.extra:,} extra reach",
        "basis_said": basis_words(card),
    }


def _layers(
    tiles: Sequence[dict[str, Any]], grid: Grid, width: int, height: int
) -> list[alt.Chart]:
    base = alt.Chart({"values": list(tiles)})

    def x(name: str) -> alt.X:
        return alt.X(f"{name}:Q").scale(domain=[0, width], nice=False).axis(None)

    top = alt.Y("top:Q").scale(domain=[0, height], reverse=True, nice=False).axis(None)
    tooltip = ["name:N", "rule:N", "persons:Q", "not_moviegoers:Q", "beyond:Q", "extra:Q"]
    colour = alt.Color("basis:N").legend(None)
    colour = colour.scale(domain=list(COLOURS), range=list(COLOURS.values()))
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
        *(mark.encode(x=x("from"), y=top, text=f"{n}:N") for n, mark in _texts(base, grid)),
        basis.encode(x=x("from"), y=top, text="basis_said:N", color=colour),
    ]


def _texts(base: alt.Chart, grid: Grid) -> list[tuple[str, alt.Chart]]:
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
