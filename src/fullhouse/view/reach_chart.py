"""The reach chart: what share of the wanted people are reached with so many contacted."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.sample.reach_curve import ReachPoint
from fullhouse.view.forecast_charts import money_axis, money_scale
from fullhouse.view.theme import GREY, INK, themed
from fullhouse.view.words.figures import counted, heading, number_words, share_words

COLOURS = ("#07524e", "#b3541e", "#4fa39d", "#1d2429", "#8b949a", "#97cbc6")
"""Of the curves, in the order they are given."""
HOW = (
    "Across: people contacted, the likeliest first. Up: the share of the wanted people among them."
    " Dashed: people picked at random."
)


def reach_chart(
    curves: Mapping[str, Sequence[ReachPoint]],
    *,
    title: str = "How many of the wanted people are reached",
    simulated: bool = False,
    width: int = 560,
    height: int = 300,
) -> alt.LayerChart:
    """Shares of the wanted people reached, one line a name, and the line of chance.

    Every curve is of the same people and of the same wanted ones. Precision, the share of the
    contacted that is wanted, shows where the pointer rests.
    """
    rows = reach_rows(curves)
    chart = alt.layer(*_layers(rows, list(dict.fromkeys(r["curve"] for r in rows)), width))
    drawn = chart.properties(
        width=width,
        height=height,
        title=heading(title, HOW, simulated=simulated, width=width),
    )
    assert isinstance(drawn, alt.LayerChart)
    return themed(drawn)


def reach_rows(curves: Mapping[str, Sequence[ReachPoint]]) -> list[dict[str, Any]]:
    """A row for each point of each curve, and what chance would reach there."""
    if len(curves) > len(COLOURS):
        raise InputError(
            f"{len(curves)} curves were given; one chart holds at most {len(COLOURS)}."
        )
    rows = [
        {
            "curve": name,
            "persons": p.persons,
            "reached": p.reached,
            "precision": p.precision,
            "times": p.times,
            "chance": p.reached / p.times if p.times > 0 else None,
        }
        for name, points in curves.items()
        for p in sorted(points, key=lambda p: p.persons)
    ]
    if not rows:
        raise CannotTellError("There is no reach to draw: no curve has a point.")
    return rows


def _layers(rows: Sequence[dict[str, Any]], names: Sequence[str], width: int) -> list[alt.Chart]:
    scale = money_scale([r["persons"] for r in rows], zero=True)
    axis = money_axis(scale, "people contacted", most=5 if width < 400 else 8)
    x = alt.X("persons:Q", scale=scale, axis=axis)
    colour = alt.Color("curve:N").scale(domain=list(names), range=list(COLOURS[: len(names)]))
    told = [{**r, "said": _said(r)} for r in rows]
    start = [{"curve": n, "persons": 0, "reached": 0.0} for n in names]
    lines = alt.Chart({"values": [*start, *told]})
    return [
        alt.Chart({"values": _chance(rows)})
        .mark_line(color=GREY, strokeDash=[4, 3], strokeWidth=1.2)
        .encode(x=x, y=_y("chance")),
        lines.mark_line(strokeWidth=2.2).encode(
            x=x, y=_y("reached"), color=colour, order="persons:Q"
        ),
        alt.Chart({"values": told})
        .mark_point(filled=True, size=34, opacity=1)
        .encode(x=x, y=_y("reached"), color=colour, tooltip=["curve:N", "said:N", "precision:Q"]),
        alt.Chart({"values": [_between(_chance(rows))]})
        .mark_text(color=INK, fontSize=11, align="left", dx=8, dy=8)
        .encode(x=x, y=_y("chance"), text=alt.value("chance")),
    ]


def _chance(rows: Sequence[dict[str, Any]]) -> list[dict[str, float]]:
    """From nobody to the farthest point whose chance is known."""
    known = [r for r in rows if r["chance"]]
    if not known:
        return [{"persons": 0, "chance": 0.0}]
    last = max(known, key=lambda r: r["persons"])
    # Straight: so many of everybody hold as large a share of the wanted.
    return [
        {"persons": 0, "chance": 0.0},
        {"persons": last["persons"], "chance": last["chance"]},
    ]


def _between(ends: Sequence[dict[str, float]]) -> dict[str, float]:
    """Where the word stands: on the line, well below the curves' common end."""
    last = ends[-1]
    return {"persons": 0.55 * last["persons"], "chance": 0.55 * last["chance"]}


def _said(row: Mapping[str, Any]) -> str:
    return (
        f"{counted(row['persons'], 'person')} hold {share_words(row['reached'])} of the wanted;"
        f" {share_words(row['precision'])} of them are wanted, {number_words(row['times'])} times"
        " as many as at random"
    )


def _y(name: str) -> alt.Y:
    return (
        alt.Y(f"{name}:Q")
        .scale(domain=[0, 1], nice=False)
        .axis(
            title="of the wanted people reached",
            format=".0%",
            values=[0, 0.25, 0.5, 0.75, 1],
            domain=False,
            ticks=False,
        )
    )
