"""The affinity chart: which traits go with an outcome, how strongly, how surely."""

import json
import textwrap
from collections.abc import Sequence
from typing import Any

import altair as alt

from fullhouse.core.errors import CannotTellError
from fullhouse.core.settings import SIMULATED
from fullhouse.discovery import Affinity, OutcomeDiscovery
from fullhouse.view.theme import GREY, INK, themed
from fullhouse.view.words.discovery import REASONS, VERDICTS, outcome_headline

COLOURS = {
    "associated": "#0b7a75",
    "avoided": "#b3541e",
    "no association": "#7a8288",
    "cannot tell": "#c4c9cd",
}
SHOWN = ("associated", "avoided", "no_association", "cannot_tell")
LEAST, MOST = 0.1, 20.0
LABEL_WIDTH = 44
TOOLTIP = ["trait:N", "figures:N", "naive:Q", "placebo:Q", "people:Q", "q:Q", "why:N"]


def affinity_chart(result: OutcomeDiscovery, *, most: int = 25, width: int = 460) -> alt.LayerChart:
    """A forest plot of the traits of a discovery: affinity with interval, placebo, naive ratio.

    At most so many traits, in the order of the result. The axis is logarithmic: twice as likely
    and half as likely lie equally far from 1. Ends of intervals outside 0.1 to 20 are cut there.
    """
    rows = [_row(r) for r in chosen(result.rows, most)]
    if not rows:
        raise CannotTellError(f"There is nothing to draw: {outcome_headline(result)}")
    base = alt.Chart({"values": rows}).encode(y=_labels(rows))
    layers = [_one(), _interval(base), _placebo(base), _naive(base), _points(base)]
    layers += [_figures(base, width)]
    title = alt.TitleParams(
        textwrap.wrap(f"What goes with {result.outcome}", 76),
        subtitle=caption(result, shown=len(rows)),
    )
    chart = alt.layer(*layers).properties(width=width, height=alt.Step(22), title=title)
    assert isinstance(chart, alt.LayerChart)
    return themed(chart)


def chosen(rows: Sequence[Affinity], most: int) -> list[Affinity]:
    """The rows that are drawn: those with a ratio, in order, found and avoided before others."""
    drawn = [r for r in rows if r.verdict in SHOWN and r.ratio and r.low is not None]
    return drawn[: max(1, most)]


def caption(result: OutcomeDiscovery, *, shown: int) -> list[str]:
    """What the reader must know: the verdict, the people, the day, what the marks are."""
    people = (
        f"{result.outcome_people:,} people of {result.base_people:,}"
        f" (base: {result.base}), as of {result.as_of:%-d %B %Y}."
    )
    marks = "Dot and line: ratio among equally active people, 95 % interval. Tick: naive ratio."
    if result.placebo:
        marks += f" Ring: the same for the placebo, {result.placebo}."
    tested = f"{result.tested:,} traits tested, {shown:,} shown."
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
        "high": _inside(MOST if row.high is None else row.high),
        "naive": _inside(row.naive),
        "placebo": _inside(row.placebo),
        "people": row.outcome_persons,
        "q": row.q,
        "why": REASONS[row.reason],
        "figures": f"{row.ratio:.2f} ({row.low:.2f}–{high})",
    }


def _labels(rows: Sequence[dict[str, Any]]) -> alt.Y:
    # By name, shown as label: two traits may share a label.
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
        alt.Chart({"values": [{"x": x, "shown": float(x == 1)} for x in (0.5, 1, 2)]})
        .mark_rule(color=GREY, strokeDash=[4, 3])
        .encode(x=_ratio("x"), opacity=alt.Opacity("shown:Q").scale(None))
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
    shown = base.transform_filter("isValid(datum.placebo)")
    drawn: alt.Chart = shown.mark_point(
        filled=False, shape="circle", size=70, color=INK, strokeWidth=1.4, opacity=0.9
    ).encode(x=_ratio("placebo"))
    return drawn


def _naive(base: alt.Chart) -> alt.Chart:
    shown = base.transform_filter("isValid(datum.naive)")
    drawn: alt.Chart = shown.mark_tick(color=INK, thickness=1.4, size=11, orient="vertical").encode(
        x=_ratio("naive")
    )
    return drawn


def _figures(base: alt.Chart, width: int) -> alt.Chart:
    drawn: alt.Chart = base.mark_text(align="left", color=INK, fontSize=11).encode(
        x=alt.value(width + 14), text="figures:N"
    )
    return drawn


def _colour() -> alt.Color:
    scale = alt.Scale(domain=list(COLOURS), range=list(COLOURS.values()))
    return alt.Color("verdict:N", scale=scale)


def _inside(value: float | None) -> float | None:
    return None if value is None else min(MOST, max(LEAST, value))
