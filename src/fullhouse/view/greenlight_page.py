"""The page of a film before its greenlight, its tornado, and its numbers as a table."""

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import altair as alt

from fullhouse.core.errors import CannotTellError
from fullhouse.core.settings import SIMULATED
from fullhouse.greenlight.greenlight import Greenlight, SlateRisk
from fullhouse.greenlight.property import PropertyValue, Worth
from fullhouse.view.charts import (
    INK,
    SWATCHES,
    money_axis,
    money_scale,
    range_bars,
    themed,
)
from fullhouse.view.render import figure, json_of, range_cell, render, write_result
from fullhouse.view.words import property as property_words
from fullhouse.view.words.figures import day_words, heading, money_short, share_words, text
from fullhouse.view.words.greenlight import (
    gross_words,
    headline,
    line_words,
    note_words,
    option_words,
    place_words,
    shared_words,
    slate_headline,
    slate_note_words,
    source_words,
    swing_words,
    terms_words,
    threshold_words,
    worst_words,
)

ROW, BAR, MOST = 34, 9, 12
"""Pixels of a row of the tornado and of its bar, and the most rows."""


def write_greenlight(greenlight: Greenlight, files: Iterable[str | Path]) -> list[Path]:
    """Write the page (.html), the tornado (.svg, .png), the table (.csv, .parquet) or .json."""
    return write_result(
        greenlight,
        files,
        "greenlight",
        page=partial(greenlight_page, greenlight),
        chart=partial(tornado, greenlight),
    )


def write_slate_risk(slate: SlateRisk, files: Iterable[str | Path]) -> list[Path]:
    """Write the page (.html), the chart (.svg, .png), the table (.csv, .parquet) or .json."""
    return write_result(
        slate,
        files,
        "greenlight",
        page=partial(slate_page, slate),
        chart=partial(slate_chart, slate),
    )


def write_property(value: PropertyValue, files: Iterable[str | Path]) -> list[Path]:
    """Write the page (.html), the chart (.svg, .png), past adaptations (.csv, .parquet), .json."""
    return write_result(
        value,
        files,
        "property",
        page=partial(property_page, value),
        chart=partial(property_chart, value),
    )


def property_chart(value: PropertyValue) -> alt.LayerChart:
    """Gross with the property and without it, as a chart of its own."""
    if value.worth is None:
        raise CannotTellError(code="property_no_worth", title=value.about.title)
    return _with_and_without(value.worth, value, 560)


def property_page(value: PropertyValue) -> str:
    """The page of a property: its fans, how such fans turned up, its worth."""
    worth = value.worth
    chart = None
    if worth is not None:
        chart = figure(
            partial(_with_and_without, worth, value),
            caption=text(
                "Gross with and without it, 80 % ranges, {currency}.", currency=value.currency
            ),
            file="property-gross.csv",
            rows=_gross_rows(worth),
        )
    adaptations = value.turnout.adaptations if value.turnout else ()
    return render(
        "property.html",
        title=value.about.title,
        simulated=SIMULATED if value.simulated else "",
        place=text(
            "{territory}, as of {day}", territory=value.territory, day=day_words(value.as_of)
        ),
        headline=property_words.headline(value),
        lines=property_words.value_lines(value),
        chart=chart,
        heads=[
            (text("film"), ""),
            (text("fans"), "n"),
            (text("saw it"), "n"),
            (text("times as often"), "n"),
        ],
        rows=[(a.film, f"{a.fans:,}", f"{a.fans_saw:,}", f"{a.ratio:.2f}") for a in adaptations],
        data=list(value.rows()),
        everything=json_of(value.to_dict()),
    )


def _gross_rows(worth: Worth) -> list[dict[str, Any]]:
    named = [
        (text("home, with it"), worth.home_with, False),
        (text("home, without"), worth.home_without, True),
    ]
    if worth.everywhere:
        named = [
            (text("all countries, with it"), worth.gross_with, False),
            (text("all countries, without"), worth.gross_without, True),
            *named,
        ]
    return [
        {"label": label, "gross": r[1], "low": r[0], "high": r[2], "rest": rest}
        for label, r, rest in named
    ]


def _with_and_without(worth: Worth, value: PropertyValue, width: int) -> alt.LayerChart:
    title = heading(
        text("{title}: gross with it and without it", title=value.about.title),
        property_words.headline(value),
        simulated=value.simulated,
        width=width,
    )
    return range_bars(_gross_rows(worth), "gross", title=title, width=width)


def greenlight_page(greenlight: Greenlight) -> str:
    """The page: what it may take and leave, what that hangs on, what would change it."""
    g = greenlight
    lines = [
        (
            line_words(x.name),
            money_short(x.mean),
            range_cell(money_short(x.low), money_short(x.high)),
        )
        for x in g.lines
    ]
    options = [
        (
            option_words(o),
            money_short(o.profit.value),
            f"{money_short(o.gain.value)} ± {money_short(2 * o.gain.error)}",
            share_words(o.dropped),
            share_words(o.sold),
        )
        for o in g.options
    ]
    choices = [
        (money_short(c.spend), money_short(c.profit), share_words(c.break_even)) for c in g.choices
    ]
    return render(
        "greenlight.html",
        title=g.idea.title,
        simulated=SIMULATED if g.simulated else "",
        place=place_words(g),
        synopsis=g.idea.synopsis,
        headline=headline(g),
        figures=[gross_words(g), worst_words(g)],
        source=source_words(g.source_effect) if g.source_effect else "",
        tornado=figure(
            partial(_tornado, g),
            caption=text(
                "Expected profit with one thing at its 10 % and 90 % value, {currency}.",
                currency=g.currency,
            ),
            file=f"{g.film}-tornado.csv",
            rows=tornado_rows(g),
            key=[("raises", text("at its upper value")), ("lowers", text("at its lower value"))],
        ),
        lines=lines,
        line_heads=[(text("line"), ""), (g.currency, "n"), (text("80 % range"), "n")],
        line_data=[vars(x) for x in g.lines],
        options=options,
        option_heads=[
            (text("decide"), ""),
            (text("expected profit"), "n"),
            (text("more than now"), "n"),
            (text("dropped"), "n"),
            (text("sold"), "n"),
        ],
        changes=[threshold_words(t, everywhere=g.everywhere) for t in g.thresholds],
        choices=choices,
        choice_heads=[
            (text("prints and advertising"), "n"),
            (text("expected profit"), "n"),
            (text("breaks even"), "n"),
        ],
        notes=[*filter(None, [terms_words(g)]), *(note_words(n) for n in g.notes)],
        film=g.film,
        everything=json_of(g.to_dict()),
    )


def tornado(greenlight: Greenlight) -> alt.LayerChart:
    """The expected profit with one thing at its ends, widest first, as a chart of its own."""
    return _tornado(greenlight, 560)


def tornado_rows(greenlight: Greenlight) -> list[dict[str, Any]]:
    """A row for each thing that moves the profit."""
    return [
        {
            "name": s.name,
            "label": swing_words(s, everywhere=greenlight.everywhere),
            "at_low": s.at_low,
            "at_high": s.at_high,
            "profit_low": s.profit_low,
            "profit_high": s.profit_high,
        }
        for s in greenlight.swings[:MOST]
    ]


def _tornado(greenlight: Greenlight, width: int) -> alt.LayerChart:
    middle = greenlight.profit.value
    rows: list[dict[str, Any]] = [
        {"row": f"{k:02}", "label": r["label"], "from": middle, "to": r[side], "colour": colour}
        for k, r in enumerate(tornado_rows(greenlight))
        for side, colour in (
            ("profit_low", SWATCHES["lowers"]),
            ("profit_high", SWATCHES["raises"]),
        )
    ]
    amounts = [middle, *(float(r["to"]) for r in rows)]
    scale = money_scale([min(0.0, *amounts), max(0.0, *amounts)])
    title = heading(
        text("{title}: what the profit hangs on", title=greenlight.idea.title),
        headline(greenlight),
        simulated=greenlight.simulated,
        width=width,
    )
    return _bars(rows, scale, title, width)


def slate_page(slate: SlateRisk) -> str:
    """The page of a slate: its risk, and what each film adds."""
    rows = [
        (
            f.title,
            str(f.year),
            money_short(f.budget),
            money_short(f.profit.value),
            share_words(f.break_even),
            money_short(f.adds_worst),
        )
        for f in slate.films
    ]
    heads = ["film", "opens", "budget", "expected profit", "breaks even", "adds to the worst 10 %"]
    return render(
        "greenlight_slate.html",
        title=text("A slate before its greenlight"),
        simulated=SIMULATED if slate.simulated else "",
        place=place_words(slate),
        headline=slate_headline(slate),
        shared=shared_words(slate),
        notes=slate_note_words(slate),
        chart=figure(
            partial(_slate_bars, slate),
            caption=text(
                "What each film adds to the expected profit and to the worst 10 %, {currency}.",
                currency=slate.currency,
            ),
            file="slate.csv",
            rows=list(slate.rows()),
            key=[("raises", text("expected profit")), ("lowers", text("worst 10 %"))],
        ),
        rows=rows,
        heads=[(text(h), "n" if k else "") for k, h in enumerate(heads)],
        data=list(slate.rows()),
        everything=json_of(slate.to_dict()),
    )


def slate_chart(slate: SlateRisk) -> alt.LayerChart:
    """What each film adds, as a chart of its own."""
    return _slate_bars(slate, 560)


def _slate_bars(slate: SlateRisk, width: int) -> alt.LayerChart:
    rows: list[dict[str, Any]] = [
        {"row": f"{k:02}", "label": f.title, "from": 0.0, "to": amount, "colour": colour}
        for k, f in enumerate(slate.films)
        for amount, colour in (
            (f.adds_worst, SWATCHES["lowers"]),
            (f.adds_profit, SWATCHES["raises"]),
        )
    ]
    amounts = [float(r["to"]) for r in rows]
    scale = money_scale([min(0.0, *amounts), max(0.0, *amounts)])
    title = heading(
        text("What each film adds to the slate"),
        slate_headline(slate),
        simulated=slate.simulated,
        width=width,
    )
    return _bars(rows, scale, title, width)


def _bars(
    rows: Sequence[dict[str, Any]], scale: alt.Scale, title: dict[str, list[str]], width: int
) -> alt.LayerChart:
    """Two bars a row from one amount to others, the row's label above them."""
    axis = money_axis(scale, None, most=5 if width < 400 else 8)
    places = sorted({r["row"] for r in rows})
    y = alt.Y("row:N").sort(places).axis(None).scale(padding=0)
    every = alt.Chart({"values": list(rows)}).encode(y=y)
    bars = every.mark_bar(height=BAR, yOffset=8).encode(
        x=alt.X("from:Q", scale=scale, axis=axis),
        x2="to:Q",
        color=alt.Color("colour:N", scale=None),
        tooltip=["label:N", "to:Q"],
    )
    labels = {r["row"]: {"row": r["row"], "label": r["label"]} for r in rows}
    words = (
        alt.Chart({"values": list(labels.values())})
        .encode(y=y)
        .mark_text(align="left", color=INK, fontSize=12, dy=-7)
        .encode(x=alt.value(0), text="label:N")
    )
    chart = alt.layer(bars, words).properties(width=width, height=ROW * len(places), title=title)
    assert isinstance(chart, alt.LayerChart)
    return themed(chart)
