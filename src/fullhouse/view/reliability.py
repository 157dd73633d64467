"""The reliability chart: do ranges keep their word?"""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
from scipy.stats import binom

from fullhouse.core.settings import SIMULATED
from fullhouse.forecast import QUANTITIES
from fullhouse.stats.scores import Reliability
from fullhouse.view.theme import FAINT, GREY, INK, themed
from fullhouse.view.words.figures import capital
from fullhouse.view.words.forecast import quantity_words

KEPT, BROKEN = "#0b7a75", "#b3541e"
BAND = "#dfeceb"
TICKS = [0, 0.25, 0.5, 0.75, 1]
LINE_WIDTHS = {1: 72, 2: 100}
WIDEST_LINE = 150
TITLE = "Do the ranges keep their word?"
HOW = (
    "Across: how often an amount should stay below a forecast level; up: how often it did. On the"
    " line, ranges keep their word. Above it forecasts were too high, below it too low; flatter"
    " than the line, ranges are too narrow."
)
BAND_WORDS = (
    "Band: where luck alone leaves 95 of 100 points when the word is kept, with films as the"
    " independent units. Orange: outside it."
)


def reliability_chart(
    found: Mapping[str, Reliability],
    *,
    notes: Sequence[str] = (),
    simulated: bool = False,
    size: int = 230,
) -> alt.HConcatChart:
    """Observed against promised shares, one panel for each quantity (or other name).

    Where nothing has come true there is one empty panel that says so.
    """
    panels = [_panel(name, r, size) for name, r in found.items() if r.n] or [_empty(size)]
    said = [*notes, *([HOW, BAND_WORDS] if found else [])]
    width = LINE_WIDTHS.get(len(panels), WIDEST_LINE)
    subtitle = [line for part in said for line in textwrap.wrap(part, width)]
    if simulated:
        subtitle.insert(0, SIMULATED)
    chart: alt.HConcatChart = alt.hconcat(*panels, spacing=28).properties(
        title=alt.TitleParams(TITLE, subtitle=subtitle)
    )
    return themed(chart)


def points(found: Reliability) -> list[dict[str, Any]]:
    """What is drawn of each probability: promised, observed, the band, and whether it is outside.

    >>> from fullhouse.stats.scores import reliability
    >>> few = reliability(np.array([[1.0, 2.0]]), np.array([3.0]), np.array([0.2, 0.8]))
    >>> [(p["promised"], p["observed"], p["kept"]) for p in points(few)]
    [(0.2, 0.0, 'kept'), (0.8, 0.0, 'kept')]
    """
    low, high = _band(found.probabilities, found.independent)
    return [
        {
            "promised": float(p),
            "observed": float(seen),
            "low": float(a),
            "high": float(b),
            # Shares of films are not whole where a film has several forecasts.
            "kept": "kept" if a - 1e-9 <= seen <= b + 1e-9 else "not kept",
            "said": f"{seen:.0%} of outcomes below the {p:.3g} quantile",
        }
        for p, seen, a, b in zip(found.probabilities, found.observed, low, high, strict=True)
    ]


def _band(p: "np.ndarray[Any, Any]", n: int) -> tuple[Any, Any]:
    return binom.ppf(0.025, n, p) / n, binom.ppf(0.975, n, p) / n


def _panel(name: str, found: Reliability, size: int) -> alt.LayerChart:
    at = np.linspace(0, 1, 201)
    low, high = _band(at, found.independent)
    band = [
        {"promised": float(p), "low": float(a), "high": float(b)}
        for p, a, b in zip(at, low, high, strict=True)
    ]
    layers = [
        alt.Chart({"values": band})
        .mark_area(color=BAND, interpolate="step")
        .encode(x=_x(), y=_y("low"), y2="high:Q"),
        _diagonal(),
    ]
    seen = alt.Chart({"values": points(found)})
    layers += [
        seen.mark_line(color=KEPT, strokeWidth=1.6).encode(x=_x(), y=_y("observed")),
        seen.mark_point(filled=True, size=44, opacity=1).encode(
            x=_x(),
            y=_y("observed"),
            color=alt.Color("kept:N")
            .scale(domain=["kept", "not kept"], range=[KEPT, BROKEN])
            .legend(None),
            tooltip=["said:N"],
        ),
    ]
    return _framed(layers, _counted(name, found), size)


def _counted(name: str, found: Reliability) -> alt.TitleParams:
    films, forecasts = _number(found.independent, "film"), _number(found.n, "forecast")
    return alt.TitleParams(
        capital(quantity_words(name) if name in QUANTITIES else name),
        subtitle=f"{forecasts} of {films}",
    )


def _empty(size: int) -> alt.LayerChart:
    said = {"values": [{"x": 0.5, "y": 0.5}]}
    words = (
        alt.Chart(said)
        .mark_text(color=INK, fontSize=13, lineBreak="\n")
        .encode(
            x=_x("x").axis(title="should stay below", format=".0%", values=TICKS, grid=False),
            y=_y("y").axis(title="stayed below", format=".0%", values=TICKS, grid=False),
            text=alt.value("No forecast has come true yet.\nThere is nothing to judge."),
        )
    )
    return _framed([words], alt.TitleParams(""), size)


def _diagonal() -> alt.Chart:
    ends = {"values": [{"promised": 0, "observed": 0}, {"promised": 1, "observed": 1}]}
    drawn: alt.Chart = (
        alt.Chart(ends)
        .mark_line(color=GREY, strokeDash=[4, 3], strokeWidth=1)
        .encode(x=_x(), y=_y("observed"))
    )
    return drawn


def _framed(layers: Sequence[alt.Chart], title: alt.TitleParams, size: int) -> alt.LayerChart:
    title.fontSize, title.offset, title.frame = 13, 8, "group"
    framed = alt.layer(*layers, view=alt.ViewConfig(stroke=FAINT)).properties(
        width=size, height=size, title=title
    )
    assert isinstance(framed, alt.LayerChart)
    return framed


def _x(name: str = "promised") -> alt.X:
    return (
        alt.X(f"{name}:Q")
        .scale(domain=[0, 1], nice=False)
        .axis(title="should stay below", format=".0%", values=TICKS)
    )


def _y(name: str) -> alt.Y:
    return (
        alt.Y(f"{name}:Q")
        .scale(domain=[0, 1], nice=False)
        .axis(title="stayed below", format=".0%", values=TICKS)
    )


def _number(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}"
