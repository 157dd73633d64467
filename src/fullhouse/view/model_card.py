"""A propensity model's card: its charts, a part of a page, JSON and files."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import altair as alt
from markupsafe import Markup

from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.core.person_sets import size
from fullhouse.core.values import as_json
from fullhouse.propensity.propensity import (
    CalibrationBin,
    FilmPropensity,
    GroupFairness,
    LookAlike,
    ModelCard,
    ReachPoint,
)
from fullhouse.view.charts import GREY, INK, money_axis, money_scale, save_chart, themed, ticks
from fullhouse.view.render import Figure, fragment, unbroken
from fullhouse.view.words.figures import (
    counted,
    day_words,
    heading,
    number_words,
    share_words,
    text,
)
from fullhouse.view.words.house import card_notes, forward_words, level_words

INSIDE, OUTSIDE = "#0b7a75", "#b3541e"
PEOPLE_COLOUR = "#97cbc6"
HIGH = 70
"""Pixels of the histogram below."""
SPREAD = 10.0
"""Probabilities that lie further apart than so many times stand on axes of square roots."""
CALIBRATION_HOW = (
    "Across: the predicted probability. Up: the observed share, with its 95 % interval. On the"
    " dashed line the two agree; above it, more people came than predicted. A diamond: the interval"
    " does not include the line. Below: how many people have each probability."
)
COLOURS = ("#07524e", "#b3541e", "#4fa39d", "#1d2429", "#8b949a", "#97cbc6")
"""Of the curves, in the order they are given."""
REACH_HOW = (
    "Across: people contacted, the likeliest first. Up: the share of the film's audience among"
    " them. Dashed: people picked at random."
)
WIDE, NARROW = 560, 262


def calibration_chart(
    bins: Sequence[CalibrationBin],
    *,
    title: str = "Predicted and observed shares",
    simulated: bool = False,
    width: int = 380,
    height: int = 300,
) -> alt.VConcatChart:
    """Observed shares against predicted ones with the diagonal, and a histogram of people below."""
    rows = calibration_rows(bins)
    chart = alt.vconcat(
        _bin_points(rows, width, height), _bin_people(rows, width), spacing=8
    ).properties(title=heading(title, CALIBRATION_HOW, simulated=simulated, width=max(width, 380)))
    assert isinstance(chart, alt.VConcatChart)
    return themed(chart)


def calibration_rows(bins: Sequence[CalibrationBin]) -> list[dict[str, Any]]:
    """A row for each bin, by predicted probability, and whether its interval includes that."""
    if not bins:
        raise CannotTellError("There is no calibration to draw: no past film was predicted yet.")
    return [
        {
            "persons": b.persons,
            "predicted": b.predicted,
            "observed": b.observed,
            "low": b.low,
            "high": b.high,
            "inside": b.low <= b.predicted <= b.high,
        }
        for b in sorted(bins, key=lambda b: b.predicted)
    ]


def _bin_points(rows: Sequence[dict[str, Any]], width: int, height: int) -> alt.LayerChart:
    values = [{**r, "words": _bin_words(r)} for r in rows]
    base = alt.Chart({"values": values})
    colour = alt.Color("inside:N").scale(domain=[True, False], range=[INSIDE, OUTSIDE]).legend(None)
    x = _share_axis(alt.X("predicted:Q"), rows, None, labels=False)

    def y(name: str) -> Any:
        return _share_axis(alt.Y(f"{name}:Q"), rows, "observed")

    ends = [{"predicted": p, "observed": p} for p in (0, _axis_end(rows))]
    chart = alt.layer(
        alt.Chart({"values": ends})
        .mark_line(color=GREY, strokeDash=[4, 3], strokeWidth=1.2)
        .encode(x=x, y=y("observed")),
        base.mark_rule(strokeWidth=2).encode(x=x, y=y("low"), y2="high:Q", color=colour),
        base.mark_point(filled=True, size=60, opacity=1).encode(
            x=x,
            y=y("observed"),
            color=colour,
            shape=alt.Shape("inside:N")
            .scale(domain=[True, False], range=["circle", "diamond"])
            .legend(None),
            tooltip=["words:N"],
        ),
    ).properties(width=width, height=height)
    assert isinstance(chart, alt.LayerChart)
    return chart


def _bin_people(rows: Sequence[dict[str, Any]], width: int) -> alt.Chart:
    size = max(3.0, min(16.0, width / len(rows) / 2))
    drawn: alt.Chart = (
        alt.Chart({"values": list(rows)})
        .mark_bar(color=PEOPLE_COLOUR, size=size)
        .encode(
            x=_share_axis(alt.X("predicted:Q"), rows, "predicted"),
            y=alt.Y("persons:Q").axis(
                title="people",
                format="~s",
                # The format gives every tick the unit of the largest: "0k".
                labelExpr="datum.value ? datum.label : '0'",
                tickCount=3,
                domain=False,
                ticks=False,
            ),
            tooltip=["persons:Q", "predicted:Q"],
        )
        .properties(width=width, height=HIGH)
    )
    return drawn


def _axis_end(rows: Sequence[dict[str, Any]]) -> float:
    high: float = max(max(r["predicted"], r["high"]) for r in rows)
    return min(1.0, 1.06 * max(1e-6, high))


def _share_axis(
    channel: Any, rows: Sequence[dict[str, Any]], title: str | None, *, labels: bool = True
) -> Any:
    at = [r["predicted"] for r in rows if r["predicted"] > 0] or [1.0]
    # Square roots take nought, as logarithms do not, and leave the diagonal straight.
    kind = "sqrt" if max(at) / min(at) > SPREAD else "linear"
    top = _axis_end(rows)
    # Bars would get room at the ends, and stand no more beneath their points.
    return channel.scale(type=kind, domain=[0, top], nice=False, padding=0).axis(
        title=title,
        labelExpr="format(datum.value, '~%')",
        labels=labels,
        ticks=labels,
        values=_root_ticks(top) if kind == "sqrt" else ticks(0, top, log=False, most=6),
    )


def _root_ticks(top: float) -> list[float]:
    """Round shares to the end of the axis, a twelfth of an axis of roots apart or more."""
    ladder = [m * 10.0**k for k in range(0, -7, -1) for m in (5, 2, 1)]
    chosen: list[float] = []
    for share in (s for s in ladder if s <= top):
        near = (chosen[-1] / top) ** 0.5 - (share / top) ** 0.5 < 1 / 12 if chosen else False
        if not near and (share / top) ** 0.5 > 1 / 12:
            chosen.append(share)
    return [0.0, *reversed(chosen)]


def _bin_words(row: dict[str, Any]) -> str:
    return (
        f"{row['persons']:,} people: {share_words(row['predicted'])} predicted,"
        f" {share_words(row['observed'])} observed ({share_words(row['low'])} to"
        f" {share_words(row['high'])})"
    )


def reach_chart(
    curves: Mapping[str, Sequence[ReachPoint]],
    *,
    title: str = "How much of the audience is reached",
    simulated: bool = False,
    width: int = 560,
    height: int = 300,
) -> alt.LayerChart:
    """Shares of the audience reached, one line a name, and the line of chance.

    Every curve is of the same people and the same audience. Precision, the share of the contacted
    who are of it, shows where the pointer rests.
    """
    rows = reach_rows(curves)
    chart = alt.layer(*_reach_layers(rows, list(dict.fromkeys(r["curve"] for r in rows)), width))
    drawn = chart.properties(
        width=width,
        height=height,
        title=heading(title, REACH_HOW, simulated=simulated, width=width),
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


def _reach_layers(
    rows: Sequence[dict[str, Any]], names: Sequence[str], width: int
) -> list[alt.Chart]:
    scale = money_scale([r["persons"] for r in rows], zero=True)
    axis = money_axis(scale, "people contacted", most=5 if width < 400 else 8)
    x = alt.X("persons:Q", scale=scale, axis=axis)
    colour = alt.Color("curve:N").scale(domain=list(names), range=list(COLOURS[: len(names)]))
    values = [{**r, "words": _reach_words(r)} for r in rows]
    start = [{"curve": n, "persons": 0, "reached": 0.0} for n in names]
    lines = alt.Chart({"values": [*start, *values]})
    return [
        alt.Chart({"values": _chance(rows)})
        .mark_line(color=GREY, strokeDash=[4, 3], strokeWidth=1.2)
        .encode(x=x, y=_reach_axis("chance")),
        lines.mark_line(strokeWidth=2.2).encode(
            x=x, y=_reach_axis("reached"), color=colour, order="persons:Q"
        ),
        alt.Chart({"values": values})
        .mark_point(filled=True, size=34, opacity=1)
        .encode(
            x=x,
            y=_reach_axis("reached"),
            color=colour,
            tooltip=["curve:N", "words:N", "precision:Q"],
        ),
        alt.Chart({"values": [_between(_chance(rows))]})
        .mark_text(color=INK, fontSize=11, align="left", dx=8, dy=8)
        .encode(x=x, y=_reach_axis("chance"), text=alt.value("chance")),
    ]


def _chance(rows: Sequence[dict[str, Any]]) -> list[dict[str, float]]:
    """From nobody to the farthest point whose chance is known."""
    known = [r for r in rows if r["chance"]]
    if not known:
        return [{"persons": 0, "chance": 0.0}]
    last = max(known, key=lambda r: r["persons"])
    # Straight: so many of everybody hold as large a share of the audience.
    return [
        {"persons": 0, "chance": 0.0},
        {"persons": last["persons"], "chance": last["chance"]},
    ]


def _between(ends: Sequence[dict[str, float]]) -> dict[str, float]:
    """Where the word stands: on the line, well below the curves' common end."""
    last = ends[-1]
    return {"persons": 0.55 * last["persons"], "chance": 0.55 * last["chance"]}


def _reach_words(row: Mapping[str, Any]) -> str:
    return (
        f"{counted(row['persons'], 'person')} hold {share_words(row['reached'])} of the audience;"
        f" {share_words(row['precision'])} of them are of it, {number_words(row['times'])} times"
        " as many as at random"
    )


def _reach_axis(name: str) -> alt.Y:
    return (
        alt.Y(f"{name}:Q")
        .scale(domain=[0, 1], nice=False)
        .axis(
            title="of the audience reached",
            format=".0%",
            values=[0, 0.25, 0.5, 0.75, 1],
            domain=False,
            ticks=False,
        )
    )


def model_section(model: ModelCard) -> Markup:
    """A model's measures, calibration, reach and fairness, with its dates and its notes."""
    return fragment(
        "model.html",
        model=model,
        rests_on=_rests_on(model),
        measures=_measures(model),
        calibration=_calibration(model),
        reach=_reach(model),
        contacted=[_contacted(p) for p in model.reach],
        groups=[_group(g) for g in model.fairness],
        notes=card_notes(model),
        films=[
            (use, ", ".join(films))
            for use, films in (("fitted on", model.learned_from), ("tested on", model.judged_on))
        ],
        dates=_dates(model),
    )


def model_json(model: ModelCard) -> str:
    """The whole card as JSON; days as ISO."""
    return json.dumps(card_json(model), ensure_ascii=False)


def _rests_on(model: ModelCard) -> str:
    fitted = text(
        "Uses {signals}. Fitted on {films} past films.",
        signals=", ".join(model.signals) or "no signal",
        films=f"{len(model.learned_from):,}",
    )
    if not model.judged_on:
        return f"{fitted} {text('It could not be tested on a past film.')}"
    tested = text(
        "Tested on {films} of them, each left out in turn.", films=f"{len(model.judged_on):,}"
    )
    return f"{fitted} {tested}"


def _measures(model: ModelCard) -> list[tuple[object, ...]]:
    ends = (
        ""
        if model.auc_low is None or model.auc_high is None
        else f" ({number_words(model.auc_low)}–{number_words(model.auc_high)})"
    )
    return [
        ("people", f"{model.people:,}", "who have a probability"),
        ("expected", f"{model.expected_people:,.0f}",
         f"of them will see it, {level_words(model.level)}"),
        *_forward(model),
        ("AUC, looking back", unbroken(number_words(model.auc) + ends),
         "how often a person who saw a past film ranks above one who did not, as known today"),
        ("AUC of activity", number_words(model.baseline_auc), "the same by activity alone"),
        ("calibration slope", number_words(model.calibration_slope),
         "1: well calibrated; below 1: predictions too extreme"),
    ]  # fmt: skip


def _forward(model: ModelCard) -> list[tuple[object, ...]]:
    check = model.forward
    if check is None:
        return [("AUC, forward in time", "–", forward_words(model))]
    ends = f" ({number_words(check.auc_low)}–{number_words(check.auc_high)})"
    return [
        ("AUC, forward in time", unbroken(number_words(check.auc) + ends), forward_words(model)),
        ("… of activity", number_words(check.activity_auc), "the same by activity alone"),
    ]


def _calibration(model: ModelCard) -> Figure | None:
    if not model.calibration:
        return None
    return Figure(
        calibration_chart(model.calibration, width=WIDE),
        calibration_chart(model.calibration, width=NARROW, height=NARROW),
        f"{CALIBRATION_HOW} {_dates(model)}",
        f"{model.film}-calibration.csv",
        calibration_rows(model.calibration),
    )


def _reach(model: ModelCard) -> Figure | None:
    if not model.reach:
        return None
    curves = {"this model": model.reach}
    return Figure(
        reach_chart(curves, width=WIDE),
        reach_chart(curves, width=NARROW, height=NARROW),
        f"{REACH_HOW} {_dates(model)}",
        f"{model.film}-reach.csv",
        reach_rows(curves),
    )


def _contacted(point: ReachPoint) -> tuple[str, ...]:
    return (
        f"{point.persons:,}",
        share_words(point.reached),
        share_words(point.precision),
        number_words(point.times),
    )


def _group(group: GroupFairness) -> tuple[object, ...]:
    return (
        group.group,
        f"{group.persons:,}",
        unbroken(share_words(group.share)),
        unbroken(share_words(group.share_of_top)),
        unbroken(share_words(group.predicted)),
        unbroken(share_words(group.observed)),
        unbroken(number_words(group.auc)),
    )


def _dates(model: ModelCard) -> str:
    return f"As of {day_words(model.as_of)}; traits of {day_words(model.built_on)}."


def save_propensity(propensity: FilmPropensity, path: Path, *, simulated: bool) -> None:
    """Write a film's model (.json), or its calibration as a chart (.svg, .png, .html)."""
    if path.suffix.lower() == ".json":
        path.write_text(propensity.model.to_json() + "\n", "utf-8")
        return

    card = propensity.card
    title = f"Predicted and observed shares of past films: {card.title}"
    save_chart(calibration_chart(card.calibration, title=title, simulated=simulated), path)


def save_look_alike(
    result: LookAlike, path: Path, *, seed: str, saved: str | None, left_out: int, simulated: bool
) -> None:
    """Write a look-alike's figures (.json), or its reach as a chart (.svg, .png, .html)."""
    if path.suffix.lower() == ".json":
        fields = look_alike_json(
            result, seed=seed, saved=saved, left_out=left_out, simulated=simulated
        )
        path.write_text(json.dumps(fields, indent=2, ensure_ascii=False), "utf-8")
        return

    save_chart(reach_chart({"people like the list": result.curve}, simulated=simulated), path)


def card_json(card: ModelCard) -> dict[str, Any]:
    """A model's card with its notes as JSON values."""
    fields: dict[str, Any] = as_json(asdict(card) | {"notes": card_notes(card)})
    return fields


def look_alike_json(
    result: LookAlike, *, seed: str, saved: str | None, left_out: int, simulated: bool
) -> dict[str, Any]:
    """Everything of a look-alike but its people as JSON values."""
    fields: dict[str, Any] = as_json(
        {
            "seed": seed,
            "seed_people": result.seed_people,
            "persons": size(result.persons),
            "reached_in_top_tenth": result.reached_in_top_tenth,
            "precision": result.precision,
            "by_chance": result.by_chance,
            "curve": [asdict(p) for p in result.curve],
            "leaks": [asdict(x) for x in result.leaks],
            "reasons": [asdict(r) for r in result.reasons],
            "left_out": left_out,
            "audience": saved,
            "simulated": simulated,
        }
    )
    return fields
