"""How every chart looks: light, plain, readable at the width of a page; dark on a dark screen."""

from typing import TypeVar

import altair as alt

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
