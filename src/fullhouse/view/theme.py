"""How every chart looks: light, plain, readable at the width of a page."""

from typing import TypeVar

import altair as alt

INK = "#1d2429"
GREY = "#8b949a"
FAINT = "#e6e9eb"
FONT = "Helvetica Neue, Helvetica, Arial, Liberation Sans, sans-serif"

Chart = TypeVar("Chart", bound=alt.TopLevelMixin)


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
