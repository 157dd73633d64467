"""The calibration chart: of people foretold to come so often, how many came."""

from collections.abc import Sequence
from typing import Any

import altair as alt

from fullhouse.core.errors import CannotTellError
from fullhouse.propensity.propensity import CalibrationBin
from fullhouse.view.forecast_charts import ticks
from fullhouse.view.theme import GREY, themed
from fullhouse.view.words.figures import heading, share_words

KEPT, BROKEN = "#0b7a75", "#b3541e"
PEOPLE = "#97cbc6"
HIGH = 70
"""Pixels of the histogram below."""
SPREAD = 10.0
"""Probabilities that lie further apart than so many times stand on axes of square roots."""
HOW = (
    "Across: the probability foretold; up: the share that came, with its 95 % interval. On the"
    " dashed line the model keeps its word; above it, it foretold too little. Orange: the interval"
    " misses the line. Below: people of each probability."
)


def calibration_chart(
    bins: Sequence[CalibrationBin],
    *,
    title: str = "Do the probabilities keep their word?",
    simulated: bool = False,
    width: int = 380,
    height: int = 300,
) -> alt.VConcatChart:
    """Observed shares against predicted ones with the diagonal, and a histogram of people below."""
    rows = calibration_rows(bins)
    chart = alt.vconcat(_points(rows, width, height), _people(rows, width), spacing=8).properties(
        title=heading(title, HOW, simulated=simulated, width=max(width, 380))
    )
    assert isinstance(chart, alt.VConcatChart)
    return themed(chart)


def calibration_rows(bins: Sequence[CalibrationBin]) -> list[dict[str, Any]]:
    """A row for each bin, by what was foretold; kept: its interval holds that."""
    if not bins:
        raise CannotTellError("There is no calibration to draw: nothing has come true yet.")
    return [
        {
            "persons": b.persons,
            "predicted": b.predicted,
            "observed": b.observed,
            "low": b.low,
            "high": b.high,
            "kept": "kept" if b.low <= b.predicted <= b.high else "not kept",
        }
        for b in sorted(bins, key=lambda b: b.predicted)
    ]


def _points(rows: Sequence[dict[str, Any]], width: int, height: int) -> alt.LayerChart:
    told = [{**r, "said": _said(r)} for r in rows]
    base = alt.Chart({"values": told})
    colour = (
        alt.Color("kept:N").scale(domain=["kept", "not kept"], range=[KEPT, BROKEN]).legend(None)
    )
    x = _axis(alt.X("predicted:Q"), rows, None, labels=False)

    def y(name: str) -> Any:
        return _axis(alt.Y(f"{name}:Q"), rows, "came")

    ends = [{"predicted": p, "observed": p} for p in (0, _top(rows))]
    chart = alt.layer(
        alt.Chart({"values": ends})
        .mark_line(color=GREY, strokeDash=[4, 3], strokeWidth=1.2)
        .encode(x=x, y=y("observed")),
        base.mark_rule(strokeWidth=2).encode(x=x, y=y("low"), y2="high:Q", color=colour),
        base.mark_point(filled=True, size=60, opacity=1).encode(
            x=x, y=y("observed"), color=colour, tooltip=["said:N"]
        ),
    ).properties(width=width, height=height)
    assert isinstance(chart, alt.LayerChart)
    return chart


def _people(rows: Sequence[dict[str, Any]], width: int) -> alt.Chart:
    size = max(3.0, min(16.0, width / len(rows) / 2))
    drawn: alt.Chart = (
        alt.Chart({"values": list(rows)})
        .mark_bar(color=PEOPLE, size=size)
        .encode(
            x=_axis(alt.X("predicted:Q"), rows, "foretold"),
            y=alt.Y("persons:Q").axis(
                title="people", format="~s", tickCount=3, domain=False, ticks=False
            ),
            tooltip=["persons:Q", "predicted:Q"],
        )
        .properties(width=width, height=HIGH)
    )
    return drawn


def _top(rows: Sequence[dict[str, Any]]) -> float:
    high: float = max(max(r["predicted"], r["high"]) for r in rows)
    return min(1.0, 1.06 * max(1e-6, high))


def _axis(
    channel: Any, rows: Sequence[dict[str, Any]], title: str | None, *, labels: bool = True
) -> Any:
    at = [r["predicted"] for r in rows if r["predicted"] > 0] or [1.0]
    # Square roots take nought, as logarithms do not, and leave the diagonal straight.
    kind = "sqrt" if max(at) / min(at) > SPREAD else "linear"
    top = _top(rows)
    # Bars would get room at the ends, and stand no more beneath their points.
    return channel.scale(type=kind, domain=[0, top], nice=False, padding=0).axis(
        title=title,
        labelExpr="format(datum.value, '~%')",
        labels=labels,
        ticks=labels,
        values=_root_ticks(top) if kind == "sqrt" else ticks(0, top, log=False, most=6),
    )


def _root_ticks(top: float) -> list[float]:
    """Round shares up to the top, nowhere nearer on an axis of roots than a twelfth of it."""
    ladder = [m * 10.0**k for k in range(0, -7, -1) for m in (5, 2, 1)]
    found: list[float] = []
    for share in (s for s in ladder if s <= top):
        near = (found[-1] / top) ** 0.5 - (share / top) ** 0.5 < 1 / 12 if found else False
        if not near and (share / top) ** 0.5 > 1 / 12:
            found.append(share)
    return [0.0, *reversed(found)]


def _said(row: dict[str, Any]) -> str:
    return (
        f"{row['persons']:,} people: {share_words(row['predicted'])} foretold,"
        f" {share_words(row['observed'])} came ({share_words(row['low'])} to"
        f" {share_words(row['high'])})"
    )
