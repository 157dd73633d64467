"""What a campaign changed: its charts, and a part of the pages of a plan and of a film."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby
from math import floor, isfinite, log10
from statistics import median
from typing import Any

import altair as alt
from markupsafe import Markup

from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.measurement.campaign_readout import WHOLE, CampaignReadout, NamedEffect
from fullhouse.planning.plan import Outlook
from fullhouse.view.charts import GREY, INK, across, down, money_axis, money_scale, themed, utc_day
from fullhouse.view.forecast_charts import BANDS, MIDDLE
from fullhouse.view.render import figure, fragment, unbroken
from fullhouse.view.words.figures import chance_words, day_words, heading, short_name, text
from fullhouse.view.words.readout import (
    GROUPS,
    check_sentence,
    effect_sentences,
    note_sentences,
    part_words,
    per_person_sentence,
    proven_sentences,
    sold_sentence,
)

PROVEN, UNPROVEN, LOOKED = "#07524e", "#8b949a", "#97cbc6"
ROW, HEAD = 40, 28
NAMED, MARKED = 10, 26
"""In pixels from the top of a row: where its name and its marks stand."""
FIGURES = 150
CUT = 5.0
"""An axis ends at so many times the median interval: few people would flatten all others."""
EFFECT_HOW = (
    "Dot: the effect on everybody assigned, reached or not; filled where it is proven over all"
    " comparisons of its kind. Thin line: interval for one look at the end. Thick line: interval"
    " that holds at any look. Arrow: the interval goes on beyond the axis."
)
EFFECT_KEY = (("middle line", "interval for one look"), ("band80", "interval at any look"))
PLANNED, MEASURED = "#b3541e", MIDDLE
COLOURS = {"planned": PLANNED, "measured": MEASURED}
ABOVE, BELOW = 190, 150
OUTLOOK_HOW = (
    "Above: the film's gross with the campaign, median and 80 % range, as of each day; the band is"
    " the forecast from before the campaign. Below, on a scale of its own: what the campaign adds."
    " Round: as planned. Square: as measured."
)
OUTLOOK_KEY = (("lowers line", "as planned"), ("middle line", "as measured"),
               ("band95", "forecast from before"))  # fmt: skip
NUMBER, WORDS = "n", ""


def effect_chart(
    effects: Sequence[NamedEffect],
    *,
    title: str | None = None,
    simulated: bool = False,
    width: int = 560,
    interim: bool = False,
) -> alt.LayerChart:
    """Effects on one outcome per so many people assigned, in groups, around the line of nothing.

    The range beside a name is that of one look at the end, or at any look where `interim`.
    """
    rows = effect_rows(effects)
    outcome, per = rows[0]["outcome"], rows[0]["per"]
    placed, height = _placed(rows)
    unit = f"more {outcome} per {per:,} people assigned" if per > 1 else f"more {outcome} a person"
    chart = alt.layer(*_layers(placed, height, unit, width, interim=interim)).properties(
        width=width,
        height=height,
        title=heading(
            title or text("What it changed in {outcome}", outcome=outcome),
            f"{EFFECT_HOW} {levels_words(rows)}",
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
        raise CannotTellError(code="no_effect_to_draw")
    if len(outcomes) > 1:
        raise InputError(
            f"One chart shows one outcome, not {', '.join(sorted(outcomes))}; take"
            " `CampaignReadout.on(outcome)`."
        )
    per = _per([e.effect.effect.se for e in effects])
    order = list(dict.fromkeys(e.group for e in effects))
    return [_row(e, per) for group in order for e in effects if e.group == group]


def levels_words(rows: Sequence[dict[str, Any]]) -> str:
    """At which level the intervals are."""
    levels = sorted({f"{100 * r['level']:g} %" for r in rows})
    return f"Intervals at {' and '.join(levels)}."


def _row(named: NamedEffect, per: int) -> dict[str, Any]:
    estimate, always = named.effect.effect, named.effect.always_valid
    return {
        "group": named.group,
        "name": part_words(named.group, named.name),
        "outcome": named.effect.outcome,
        "per": per,
        "value": per * estimate.value,
        "low": per * estimate.low,
        "high": per * estimate.high,
        "level": estimate.level,
        "always_low": None if always is None else per * always.low,
        "always_high": None if always is None else per * always.high,
        "p": estimate.p,
        "holm_p": named.effect.holm_p,
        "proven": named.effect.proven,
        "people": named.effect.people,
        "control_people": named.effect.control_people,
    }


def _per(errors: Sequence[float]) -> int:
    """Per how many people figures are: the power of ten that makes them of the order of 1."""
    size = median(errors)
    return int(10 ** max(0, -floor(log10(size)))) if 0 < size < 1 else 1


def _placed(rows: Sequence[dict[str, Any]]) -> tuple[list[dict[str, Any]], int]:
    """Each row with the top of it in pixels, and all of them with their height."""
    placed, top = [], 0
    for group, inside in groupby(rows, key=lambda r: r["group"]):
        head = group != WHOLE
        top += HEAD if head else 0
        for k, row in enumerate(inside):
            placed.append({**row, "top": top, "head": _head(group) if head and not k else None})
            top += ROW
    return placed, top


def _head(group: str) -> str:
    return text("By {group}", group=GROUPS.get(group, group))


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


def _layers(
    rows: Sequence[dict[str, Any]], height: int, unit: str, width: int, *, interim: bool
) -> list[alt.Chart]:
    low, high = _domain(rows)
    scale = alt.Scale(domain=[low, high], nice=False, clamp=True)
    axis = alt.Axis(title=unit, grid=False, tickCount=5 if width < 400 else 8, format="~r")

    x, y = across(scale, axis), down(height)

    marks = [_mark(r, low, high, width, interim=interim) for r in rows]
    base = alt.Chart({"values": marks})
    tooltip = ["name:N", "figures:N", "p:Q", "holm_p:Q", "people:Q", "control_people:Q"]
    span = alt.Chart({"values": [{"zero": 0, "top": r["top"] + MARKED - 8,
                                  "bottom": r["top"] + MARKED + 10} for r in marks]})  # fmt: skip
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


def _mark(
    row: dict[str, Any], low: float, high: float, width: int, *, interim: bool
) -> dict[str, Any]:
    ends = [e for e in (row["low"], row["high"], row["always_low"], row["always_high"])
            if e is not None]  # fmt: skip
    cut = {
        name: None if row[name] is None else min(high, max(low, row[name]))
        for name in ("low", "high", "always_low", "always_high")
    }
    ends_of = ("always_low", "always_high") if interim and row["always_low"] is not None else (
        "low", "high",
    )  # fmt: skip
    figures = f"{row['value']:+.3g} ({row[ends_of[0]]:.3g} to {row[ends_of[1]]:.3g})"
    figures = figures.replace("-", "−")
    return {
        **row, **cut, "mark": row["top"] + MARKED, "named": row["top"] + NAMED,
        "headed": row["top"] - HEAD // 2 + 4, "figures": figures,
        "label": short_name(row["name"], round((width - FIGURES) / 6.6)),
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
            x=alt.value(width), y=y("named"), text="figures:N"
        ),
    ]


def outlook_chart(
    outlooks: Sequence[Outlook],
    *,
    title: str | None = None,
    simulated: bool = False,
    width: int = 560,
) -> alt.VConcatChart:
    """The total with the campaign over the base, by its day, and what is added."""
    rows = outlook_rows(outlooks)
    currency = rows[0]["currency"]
    band = [
        {"from": r["base_low"], "to": r["base_high"], "middle": r["base_middle"]} for r in rows[-1:]
    ]
    over = [x for r in rows for x in (r["total_low"], r["total_high"])]
    over += [band[0]["from"], band[0]["to"]]
    added = [0.0, *(x for r in rows for x in (r["added_low"], r["added_high"]))]
    days = [date.fromisoformat(r["day"]) for r in rows]
    above = _panel(rows, "total", over, f"gross, {currency}", days, width, ABOVE, band)
    nothing = [{"from": 0.0, "to": 0.0, "middle": 0.0}]
    below = _panel(rows, "added", added, f"added gross, {currency}", days, width, BELOW, nothing)
    words = heading(
        title or "What it will take with the campaign",
        OUTLOOK_HOW,
        simulated=simulated,
        width=width,
    )
    chart = alt.vconcat(above, below, spacing=22).properties(title=words)
    assert isinstance(chart, alt.VConcatChart)
    return themed(chart)


def outlook_rows(outlooks: Sequence[Outlook]) -> list[dict[str, Any]]:
    """A row for each day: base, added and total with the ends of their 80 % ranges."""
    if not outlooks:
        raise CannotTellError(code="no_outlook_to_draw")
    if len({(o.campaign, o.currency) for o in outlooks}) > 1:
        raise InputError("One chart shows the outlooks of one campaign in one currency.")
    return [_outlook_row(o) for o in sorted(outlooks, key=lambda o: o.as_of)]


def outlook_words(outlook: Outlook) -> str:
    """From when an outlook is, and what it rests on."""
    return text(
        "Campaign {campaign}, as of {day}, {basis}.",
        campaign=outlook.campaign, day=day_words(outlook.as_of), basis=outlook.basis,
    )  # fmt: skip


def _outlook_row(outlook: Outlook) -> dict[str, Any]:
    row: dict[str, Any] = {
        "day": outlook.as_of.isoformat(),
        "campaign": outlook.campaign,
        "currency": outlook.currency,
        "basis": outlook.basis,
    }
    for name in ("base", "added", "total"):
        amount = getattr(outlook, name)
        row |= {f"{name}_{end}": getattr(amount, end) for end in ("middle", "low", "high")}
    return row


def _days_axis(days: Sequence[date], width: int) -> alt.X:
    """The days across; a lone one has room on both sides, or its axis had no length."""
    room = max(1, (days[-1] - days[0]).days // 12)
    ends = [utc_day(days[0] - timedelta(room)), utc_day(days[-1] + timedelta(room))]
    ticks = min(len({*days}) + 1, 4 if width < 400 else 8)
    return (
        alt.X("day:T")
        .scale(type="utc", domain=ends, nice=False)
        .axis(title=None, format="%-d %b", grid=False, tickCount=ticks)
    )


def _panel(
    rows: Sequence[dict[str, Any]],
    name: str,
    amounts: Sequence[float],
    title: str,
    days: Sequence[date],
    width: int,
    height: int,
    band: Sequence[dict[str, float]],
) -> alt.LayerChart:
    scale = money_scale(amounts)
    axis = money_axis(scale, title, most=5)
    x = _days_axis(days, width)

    def y(column: str) -> alt.Y:
        return alt.Y(f"{column}:Q", scale=scale, axis=axis)

    marks = [
        {**r, "colour": COLOURS.get(r["basis"], GREY),
         "shape": "square" if r["basis"] == "measured" else "circle"}
        for r in rows
    ]  # fmt: skip
    base = alt.Chart({"values": marks}).encode(color=alt.Color("colour:N", scale=None))
    ground = alt.Chart({"values": list(band)})
    drawn = alt.layer(
        ground.mark_rect(color=BANDS[95], opacity=1).encode(
            x=alt.value(0), x2=alt.value(width), y=y("from"), y2="to:Q"
        ),
        ground.mark_rule(color=GREY, strokeDash=[4, 3]).encode(
            x=alt.value(0), x2=alt.value(width), y=y("middle")
        ),
        base.mark_rule(strokeWidth=3).encode(x=x, y=y(f"{name}_low"), y2=f"{name}_high:Q"),
        base.mark_point(filled=True, size=52, opacity=1).encode(
            x=x,
            y=y(f"{name}_middle"),
            shape=alt.Shape("shape:N", scale=None),
            tooltip=["day:N", "basis:N", f"{name}_middle:Q"],
        ),
    ).properties(width=width, height=height)
    assert isinstance(drawn, alt.LayerChart)
    return drawn


def readout_part(readout: CampaignReadout, *, level: int = 2) -> Markup:
    """What a campaign changed, with its parts, and folded away how that was measured."""
    title = text("What {campaign} changed by {day}", campaign=readout.campaign,
                 day=day_words(readout.as_of))  # fmt: skip
    method = [s for e in readout.whole for s in effect_sentences(e)]
    return fragment(
        "readout.html",
        title=title,
        level=level,
        proven=proven_sentences(readout),
        outcomes=[_outcome(readout, outcome) for outcome in readout.outcomes],
        notes=note_sentences(readout),
        checks=[*map(check_sentence, readout.checks), *method],
    )


def _outcome(readout: CampaignReadout, outcome: str) -> dict[str, Any]:
    rows = effect_rows(readout.on(outcome))
    # Lines are many; a campaign of lines alone is drawn all the same.
    drawn = [e for e in readout.on(outcome) if e.group != "line"] or readout.on(outcome)
    whole = [e for e in readout.whole if e.outcome == outcome]
    per = rows[0]["per"]
    return {
        "title": text("In {outcome}", outcome=outcome),
        "lead": [
            f"{sold_sentence(readout, e)} {per_person_sentence(readout, e)}" for e in whole
        ],
        "figure": figure(
            lambda width: effect_chart(drawn, width=width, interim=readout.share_observed < 1),
            caption=text(
                "{how} {levels} {campaign}, as of {day}.",
                how=EFFECT_HOW, levels=levels_words(rows), campaign=readout.campaign,
                day=day_words(readout.as_of),
            ),
            file=f"{readout.campaign}-{readout.as_of}-{outcome}.csv",
            rows=rows,
            key=EFFECT_KEY,
        ),
        "table_title": text("{outcome} as a table", outcome=outcome.capitalize()),
        "heads": [
            ("of", WORDS), ("treated", NUMBER), ("held out", NUMBER),
            (text("more per {per} people", per=f"{per:,}"), NUMBER), ("at any look", NUMBER),
            ("p over all", NUMBER),
        ],
        "rows": [_table_row(r) for r in rows],
    }  # fmt: skip


def _table_row(row: Mapping[str, Any]) -> Sequence[object]:
    at_any_look = "not known"
    if row["always_low"] is not None:
        at_any_look = f"{row['always_low']:.3g} to {row['always_high']:.3g}"
    group = GROUPS.get(row["group"], row["group"])
    return (
        Markup("<span>{}</span> <small>{}</small>").format(row["name"], group),
        f"{row['people']:,}",
        f"{row['control_people']:,}",
        unbroken(f"{row['value']:+.3g}", f"({row['low']:.3g} to {row['high']:.3g})"),
        unbroken(at_any_look),
        unbroken(chance_words(row["holm_p"])),
    )
