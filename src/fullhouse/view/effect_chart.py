"""What a campaign changed: an effect for the whole and for each part, with both its intervals."""

from collections.abc import Sequence
from itertools import groupby
from math import floor, isfinite, log10
from statistics import median
from typing import Any

import altair as alt

from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.view.shown_readout import WHOLE, NamedEffect
from fullhouse.view.theme import GREY, INK, themed
from fullhouse.view.words.figures import clipped, heading

PROVEN, UNPROVEN, LOOKED = "#07524e", "#8b949a", "#97cbc6"
ROW, HEAD = 40, 28
NAMED, MARKED = 10, 26
"""In pixels from the top of a row: where its name and its marks stand."""
FIGURES = 150
CUT = 5.0
"""An axis ends at so many times the median interval: few people would flatten all others."""
HOW = (
    "Dot: what was changed for everybody assigned, reached or not; filled where proven over all"
    " comparisons of its kind. Dark line: interval for one look at the end. Light line: interval"
    " that holds however often one looks. Arrow: it goes on beyond the axis."
)


def effect_chart(
    effects: Sequence[NamedEffect],
    *,
    title: str | None = None,
    simulated: bool = False,
    width: int = 560,
) -> alt.LayerChart:
    """Effects on one outcome per so many people assigned, in groups, around the line of nothing."""
    rows = effect_rows(effects)
    outcome, per = rows[0]["outcome"], rows[0]["per"]
    placed, height = _placed(rows)
    unit = f"more {outcome} per {per:,} people assigned" if per > 1 else f"more {outcome} a person"
    chart = alt.layer(*_layers(placed, height, unit, width)).properties(
        width=width,
        height=height,
        title=heading(
            title or f"What it changed in {outcome}",
            f"{HOW} {levels_words(rows)}",
            simulated=simulated,
            width=width,
        ),
    )
    assert isinstance(chart, alt.LayerChart)
    return themed(chart)


def effect_rows(effects: Sequence[NamedEffect]) -> list[dict[str, Any]]:
    """A row for each effect, groups together: figures per `per` people, and who was compared."""
    outcomes = {e.effect.outcome for e in effects}
    if not effects:
        raise CannotTellError("There is no effect to draw: the readout has none.")
    if len(outcomes) > 1:
        raise InputError(
            f"One chart shows one outcome, not {', '.join(sorted(outcomes))}; take"
            " `ShownReadout.on(outcome)`."
        )
    per = _per([e.effect.effect.se for e in effects])
    order = list(dict.fromkeys(e.group for e in effects))
    return [_row(e, per) for group in order for e in effects if e.group == group]


def levels_words(rows: Sequence[dict[str, Any]]) -> str:
    """At which level the intervals are."""
    levels = sorted({f"{100 * r['level']:g} %" for r in rows})
    return f"Intervals at {' and '.join(levels)}."


def _row(named: NamedEffect, per: int) -> dict[str, Any]:
    found, always = named.effect.effect, named.effect.always_valid
    return {
        "group": named.group,
        "name": named.name,
        "outcome": named.effect.outcome,
        "per": per,
        "value": per * found.value,
        "low": per * found.low,
        "high": per * found.high,
        "level": found.level,
        "always_low": None if always is None else per * always.low,
        "always_high": None if always is None else per * always.high,
        "p": found.p,
        "holm_p": named.effect.holm_p,
        "proven": named.effect.proven,
        "people": named.effect.people,
        "control_people": named.effect.control_people,
    }


def _per(errors: Sequence[float]) -> int:
    """How many people figures are told of: the power of ten that makes them of the order of 1."""
    size = median(errors)
    return int(10 ** max(0, -floor(log10(size)))) if 0 < size < 1 else 1


def _placed(rows: Sequence[dict[str, Any]]) -> tuple[list[dict[str, Any]], int]:
    """Each row with the top of it in pixels, and all of them with their height."""
    placed, top = [], 0
    for group, inside in groupby(rows, key=lambda r: r["group"]):
        head = group != WHOLE
        top += HEAD if head else 0
        for k, row in enumerate(inside):
            placed.append({**row, "top": top, "head": f"By {group}" if head and not k else None})
            top += ROW
    return placed, top


def _domain(rows: Sequence[dict[str, Any]]) -> tuple[float, float]:
    """From the lowest end to the highest, 0 among them, but no farther than the cut."""
    names = ("low", "high", "always_low", "always_high")
    ends = [r[n] for r in rows for n in names if r[n] is not None and isfinite(r[n])]
    reach = CUT * median(abs(r["high"] - r["low"]) / 2 for r in rows)
    # No effect itself is ever cut off.
    values = [r["value"] for r in rows]
    low = max(min([0.0, *ends]), min([-reach, *values]))
    high = min(max([0.0, *ends]), max([reach, *values]))
    room = 0.04 * (high - low)
    return low - room, high + room


def _layers(rows: Sequence[dict[str, Any]], height: int, unit: str, width: int) -> list[alt.Chart]:
    low, high = _domain(rows)
    scale = alt.Scale(domain=[low, high], nice=False, clamp=True)
    axis = alt.Axis(title=unit, grid=False, tickCount=5 if width < 400 else 8, format="~r")

    def x(name: str) -> alt.X:
        return alt.X(f"{name}:Q", scale=scale, axis=axis)

    def y(name: str) -> alt.Y:
        return alt.Y(f"{name}:Q").scale(domain=[0, height], reverse=True, nice=False).axis(None)

    told = [_told(r, low, high, width) for r in rows]
    base = alt.Chart({"values": told})
    tooltip = ["name:N", "said:N", "p:Q", "holm_p:Q", "people:Q", "control_people:Q"]
    span = alt.Chart({"values": [{"zero": 0, "top": r["top"] + MARKED - 8,
                                  "bottom": r["top"] + MARKED + 10} for r in told]})  # fmt: skip
    dot = base.mark_point(size=70, strokeWidth=1.8, opacity=1)
    return [
        span.mark_rule(color=GREY, strokeDash=[4, 3])
        .encode(x=x("zero"), y=y("top"), y2="bottom:Q"),
        base.transform_filter("datum.always_low != null")
        .mark_rule(color=LOOKED, strokeWidth=5)
        .encode(x=x("always_low"), x2="always_high:Q", y=y("mark")),
        base.mark_rule(color=PROVEN, strokeWidth=2).encode(x=x("low"), x2="high:Q", y=y("mark")),
        dot.transform_filter("datum.proven")
        .encode(x=x("value"), y=y("mark"), tooltip=tooltip,
                fill=alt.value(PROVEN), stroke=alt.value(PROVEN)),
        dot.transform_filter("!datum.proven")
        .encode(x=x("value"), y=y("mark"), tooltip=tooltip,
                fill=alt.value("white"), stroke=alt.value(UNPROVEN)),
        *_arrows(base, y, width),
        *_texts(base, y, width),
    ]  # fmt: skip


def _told(row: dict[str, Any], low: float, high: float, width: int) -> dict[str, Any]:
    ends = [e for e in (row["low"], row["high"], row["always_low"], row["always_high"])
            if e is not None]  # fmt: skip
    cut = {
        name: None if row[name] is None else min(high, max(low, row[name]))
        for name in ("low", "high", "always_low", "always_high")
    }
    said = f"{row['value']:+.3g} ({row['low']:.3g} to {row['high']:.3g})".replace("-", "−")
    return {
        **row, **cut, "mark": row["top"] + MARKED, "named": row["top"] + NAMED,
        "headed": row["top"] - HEAD // 2 + 4, "said": said,
        "label": clipped(row["name"], round((width - FIGURES) / 6.6)),
        "less": min(ends) < low, "more": max(ends) > high,
    }  # fmt: skip


def _arrows(base: alt.Chart, y: Any, width: int) -> list[alt.Chart]:
    """Where an interval is cut at an end of the axis."""
    return [
        base.transform_filter(f"datum.{end}")
        .mark_point(filled=True, size=60, color=PROVEN, opacity=1, shape=shape)
        .encode(x=alt.value(at), y=y("mark"))
        for end, shape, at in (("less", "triangle-left", 3), ("more", "triangle-right", width - 3))
    ]


def _texts(base: alt.Chart, y: Any, width: int) -> list[alt.Chart]:
    head = base.transform_filter("datum.head != null")
    return [
        head.mark_text(align="left", color=GREY, fontSize=12).encode(
            x=alt.value(0), y=y("headed"), text="head:N"
        ),
        base.mark_text(align="left", color=INK, fontSize=12, fontWeight="bold").encode(
            x=alt.value(0), y=y("named"), text="label:N"
        ),
        base.mark_text(align="right", color=INK, fontSize=12).encode(
            x=alt.value(width), y=y("named"), text="said:N"
        ),
    ]
