"""How every chart looks, its axes, and how it becomes a file.

Light, plain, readable at the width of a page; dark on a dark screen. No browser and no network.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from math import ceil, floor, log10
from pathlib import Path
from typing import Any, Literal, TypeVar

import altair as alt

from fullhouse.core.errors import InputError
from fullhouse.view.words.figures import money_short, short_name

INK = "#1d2429"
GREY = "#8b949a"
FAINT = "#e6e9eb"
FONT = "Helvetica Neue, Helvetica, Arial, Liberation Sans, sans-serif"
DARK = {
    INK: "#e9edef",
    "#4b555c": "#b3bcc2",
    GREY: "#78838a",
    "#c4c9cd": "#4b555c",
    FAINT: "#2b3439",
    "white": "#14191c",
    "#cfe6e3": "#1f3b3a",
    "#97cbc6": "#2c6763",
    "#4fa39d": "#469d96",
    "#07524e": "#c9f1ed",
    "#0b7a75": "#3fa8a1",
    "#b3541e": "#e08a52",
    "#f3d9c9": "#4a3226",
}
"""What each colour of the charts becomes on a dark screen."""
SWATCHES = {
    "bar": "#4fa39d",
    "rest": "#c4c9cd",
    "mark": "#0b7a75",
    "middle": "#07524e",
    "band50": "#4fa39d",
    "band80": "#97cbc6",
    "band95": "#cfe6e3",
    "raises": "#0b7a75",
    "lowers": "#b3541e",
    "ink": INK,
    "grey": GREY,
}
"""The colours that a key beside a chart may show, by their class: a caption names none of them,
since they change on a dark screen."""

Chart = TypeVar("Chart", bound=alt.TopLevelMixin)


def chart_css() -> str:
    """The rules that give a chart within a page, and the key beside it, their colours."""
    dark = [
        f'figure svg [{a}="{light}"] {{ {a}: {dark}; }}'
        for light, dark in DARK.items()
        for a in ("fill", "stroke")
    ]
    swatches = [f".key .{name} {{ background: {c}; }}" for name, c in SWATCHES.items()]
    dark += [f".key .{name} {{ background: {DARK[c]}; }}" for name, c in SWATCHES.items()]
    screen = "@media screen and (prefers-color-scheme: dark)"
    return "\n".join([*swatches, f"{screen} {{", *dark, "}"])


def themed(chart: Chart) -> Chart:
    """The chart in the house style, on a white ground."""
    styled: Chart = (
        chart.configure(background="white", font=FONT, padding=16)
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=INK,
            titleColor=INK,
            labelFontSize=12,
            titleFontSize=12,
            titleFontWeight="normal",
            gridColor=FAINT,
            domainColor=GREY,
            tickColor=GREY,
            labelOverlap="greedy",
        )
        .configure_title(
            anchor="start",
            frame="bounds",
            fontSize=16,
            color=INK,
            subtitleColor="#4b555c",
            subtitleFontSize=12,
            subtitleLineHeight=16,
            subtitlePadding=6,
            offset=14,
        )
        .configure_legend(orient="bottom", title=None, labelFontSize=12, labelColor=INK)
    )
    return styled


LOG_FROM = 6.0
"""Amounts that lie further apart than so many times stand on a logarithmic axis."""


def ticks(low: float, high: float, *, log: bool, most: int = 7) -> list[float]:
    """Round amounts from low to high."""
    if log and low > 0:
        for steps in ((1, 1.5, 2, 3, 4, 6), (1, 2, 5), (1, 3), (1,)):
            powers = range(floor(log10(low)), ceil(log10(high)) + 1)
            amounts = [m * 10.0**p for p in powers for m in steps]
            amounts = [a for a in amounts if low <= a <= high]
            if len(amounts) <= most:
                break
        if len(amounts) > 1:
            return amounts[:: ceil(len(amounts) / most)]
    size = 10.0 ** floor(log10((high - low) / most))
    step = next(m * size for m in (1, 2, 5, 10) if (high - low) / (m * size) <= most)
    return [step * k for k in range(ceil(low / step), floor(high / step) + 1)]


def money_scale(amounts: Sequence[float], *, zero: bool = False, log: bool = False) -> alt.Scale:
    """An axis that holds the amounts; logarithmic if asked, or where they lie far apart."""
    low, high = min(amounts), max(amounts)
    if zero:
        return alt.Scale(domain=[0, high * 1.04 or 1], nice=False)
    if low == high:
        low, high = 0.9 * low, 1.1 * high or 1
    if low > 0 and (log or high / low > LOG_FROM):
        room = (high / low) ** 0.03
        return alt.Scale(type="log", domain=[low / room, high * room], nice=False)
    room = 0.03 * (high - low)
    return alt.Scale(domain=[low - room, high + room], zero=False, nice=False)


def money_axis(scale: alt.Scale, title: str | None, *, most: int = 7) -> alt.Axis:
    """The axis of a `money_scale`, labelled in short money."""
    low, high = scale.to_dict()["domain"]
    at = ticks(low, high, log=scale.to_dict().get("type") == "log", most=most)
    # As whole numbers, so that the label of a tick is found under what JavaScript calls it.
    values = [round(a) if abs(a) >= 1 or a == 0 else a for a in at]
    labels = json.dumps({str(v): money_short(v) for v in values})
    return alt.Axis(
        title=title,
        values=values,
        labelExpr=f"({labels})[datum.value]",
        gridColor=FAINT,
        domainColor=GREY,
        ticks=False,
        labelPadding=6,
    )


CHART_SUFFIXES = (".svg", ".png", ".html")
TABLE_SUFFIXES = (".csv", ".parquet")
PAGE_SUFFIXES = (".html", ".json")
Output = Literal[
    "backtest", "daily", "discovery", "exhibit", "forecast", "greenlight", "look_alike",
    "outcome", "plan", "propensity", "property", "report", "scorebook", "slate", "talent",
]  # fmt: skip
OUT_SUFFIXES: Mapping[Output, tuple[str, ...]] = {
    "backtest": (*TABLE_SUFFIXES, *CHART_SUFFIXES),
    "daily": PAGE_SUFFIXES,
    "discovery": (".html", ".json", *TABLE_SUFFIXES, ".svg", ".png"),
    "exhibit": (".html", ".csv", ".json"),
    "forecast": (".html", ".svg", ".png", *TABLE_SUFFIXES),
    "greenlight": (".html", ".json", ".svg", ".png", *TABLE_SUFFIXES),
    "look_alike": (".json", *CHART_SUFFIXES),
    "outcome": (*TABLE_SUFFIXES, *CHART_SUFFIXES),
    "plan": PAGE_SUFFIXES,
    "propensity": (".json", ".parquet", *CHART_SUFFIXES),
    "property": (".html", ".json", ".svg", ".png", *TABLE_SUFFIXES),
    "report": PAGE_SUFFIXES,
    "scorebook": (*TABLE_SUFFIXES, *CHART_SUFFIXES),
    "slate": CHART_SUFFIXES,
    "talent": (".html", ".json", *TABLE_SUFFIXES, ".svg", ".png"),
}
"""The endings of the files that each result can be written to."""
PNG_SCALE = 2.0
"""Pixels to a point, so that an image stays sharp on a dense screen."""
STANDS_FOR_LESS = "\ue0f3"
"""A character of private use: no text means anything by it."""
VEGA_LITE = "v" + ".".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2])


def save_chart(chart: alt.TopLevelMixin, path: Path) -> None:
    """Write a chart as .svg, .png or .html; the page holds all it needs and opens offline."""
    spec: dict[str, Any] = chart.to_dict()
    if path.suffix.lower() == ".svg":
        path.write_text(svg_text(spec), "utf-8")
    elif path.suffix.lower() == ".png":
        drawn = renderer().vegalite_to_png(spec, vl_version=VEGA_LITE, scale=PNG_SCALE)
        path.write_bytes(drawn)
    else:
        path.write_text(_page(spec), "utf-8")


def svg_text(spec: dict[str, Any]) -> str:
    """A chart's specification drawn as SVG."""
    drawn: str = renderer().vegalite_to_svg(spec, vl_version=VEGA_LITE)
    return drawn


def renderer() -> Any:
    """The library that draws charts: 130 MB, which only those who draw need to install."""
    try:
        import vl_convert
    except ImportError:
        raise InputError(
            "Charts and pages need the library that draws them: pip install 'fullhouse[charts]'."
        ) from None
    return vl_convert


def _page(spec: dict[str, Any]) -> str:
    """A page with the chart; a title that holds </script> does not end the script it stands in."""
    # vl-convert parses the text that it is given and writes it anew, so that an escape is lost:
    # what stands for '<' meanwhile is escaped in what it writes.
    content = json.dumps(spec, ensure_ascii=False).replace("<", STANDS_FOR_LESS)
    page: str = renderer().vegalite_to_html(content, vl_version=VEGA_LITE, bundle=True)
    return page.replace(STANDS_FOR_LESS, "\\u003c")


def check_out(file: str | Path, what: Output) -> Path:
    """The path itself, when its ending says how to write a result; else an error.

    Asked before any work is done, so that a mistake does not cost an hour.
    """
    path = Path(file).expanduser()
    if path.suffix.lower() not in OUT_SUFFIXES[what]:
        *most, last = OUT_SUFFIXES[what]
        raise InputError(
            f"--out takes a file ending in {', '.join(most)} or {last}, not {path.name!r}."
        )
    return path


def out_paths(files: Iterable[str | Path], what: Output) -> list[Path]:
    """The paths of files to write, all endings checked, in folders that are there."""
    paths = [check_out(file, what) for file in files]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
    return paths


RANGED_ROW, RANGED_BAR = 38, 10
"""Pixels of a row of `range_bars`, and of its bar."""
RANGED_FIGURES = 170
"""Pixels that a row's figures take of its width."""
BAR, REST, RANGE = "#4fa39d", "#c4c9cd", "#07524e"


def range_bars(
    rows: Sequence[Mapping[str, Any]], value: str, *, title: Mapping[str, Any], width: int
) -> alt.LayerChart:
    """A bar of `value` a row with its range, and above it the row's `label` and its figures.

    Each row has `value`, `low`, `high` and `label`. One without a value has no bar, and its `why`
    stands for figures; one of the `rest` is grey.
    """
    amounts = [r["high"] for r in rows if r["high"] is not None]
    scale = money_scale(amounts, zero=True)
    axis = money_axis(scale, value, most=5 if width < 400 else 8)
    letters = round((width - RANGED_FIGURES) / 6.6)
    labelled = [
        {
            **row,
            "row": f"{k:03}",
            "label": short_name(row["label"], letters),
            "figures": _ranged_figures(row, value),
            "colour": REST if row.get("rest") else BAR,
        }
        for k, row in enumerate(rows)
    ]
    every = alt.Chart({"values": labelled}).encode(
        y=alt.Y("row:N").sort([r["row"] for r in labelled]).axis(None).scale(padding=0),
        tooltip=["label:N", "figures:N"],
    )
    known = every.transform_filter(f"datum.{value} != null")
    words = every.mark_text(align="left", color=INK, fontSize=12, dy=-8)
    figures = every.mark_text(align="right", color=INK, fontSize=12, dy=-8)
    chart = alt.layer(
        known.mark_bar(height=RANGED_BAR, yOffset=8).encode(
            x=alt.X(f"{value}:Q", scale=scale, axis=axis), color=alt.Color("colour:N", scale=None)
        ),
        known.mark_rule(strokeWidth=2, color=RANGE, yOffset=8).encode(
            x=alt.X("low:Q", scale=scale, axis=axis), x2="high:Q"
        ),
        words.encode(x=alt.value(0), text="label:N"),
        figures.encode(x=alt.value(width), text="figures:N"),
    ).properties(width=width, height=RANGED_ROW * len(rows), title=title)
    assert isinstance(chart, alt.LayerChart)
    return themed(chart)


def _ranged_figures(row: Mapping[str, Any], value: str) -> str:
    if row[value] is None:
        return str(row["why"])
    middle, low, high = (money_short(row[name]) for name in (value, "low", "high"))
    return f"{middle} ({low} – {high})"


def across(scale: alt.Scale, axis: alt.Axis) -> Callable[[str], alt.X]:
    """Places a named amount on one scale and axis, which all layers of a chart share."""
    return lambda name: alt.X(f"{name}:Q", scale=scale, axis=axis)


def down(height: int) -> Callable[[str], alt.Y]:
    """Places a named number of pixels from the top of a chart, without an axis."""
    domain = [0, height]
    return lambda name: alt.Y(f"{name}:Q").scale(domain=domain, reverse=True, nice=False).axis(None)


def utc_day(day: date) -> alt.DateTime:
    """A day as charts read it: in UTC, so that no reader's zone moves it."""
    return alt.DateTime(year=day.year, month=day.month, date=day.day, utc=True)
