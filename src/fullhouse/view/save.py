"""Charts as files, without a browser and without a network."""

import json
from pathlib import Path
from typing import Any

import altair as alt
import vl_convert

CHART_SUFFIXES = (".svg", ".png", ".html")
PNG_SCALE = 2.0
"""Pixels to a point, so that an image stays sharp on a dense screen."""
STANDS_FOR_LESS = "\ue0f3"
"""A character of private use: no text means anything by it."""


def save_chart(chart: alt.TopLevelMixin, path: Path) -> None:
    """Write a chart as .svg, .png or .html; the page holds all it needs and opens offline."""
    spec: dict[str, Any] = chart.to_dict()
    version = "v" + ".".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2])
    if path.suffix.lower() == ".svg":
        path.write_text(vl_convert.vegalite_to_svg(spec, vl_version=version), "utf-8")
    elif path.suffix.lower() == ".png":
        path.write_bytes(vl_convert.vegalite_to_png(spec, vl_version=version, scale=PNG_SCALE))
    else:
        path.write_text(_page(spec, version), "utf-8")


def _page(spec: dict[str, Any], version: str) -> str:
    """A page with the chart; a title that holds </script> does not end the script it stands in."""
    # vl-convert parses the text that it is given and writes it anew, so that an escape is lost:
    # what stands for '<' meanwhile is escaped in what it writes.
    text = json.dumps(spec, ensure_ascii=False).replace("<", STANDS_FOR_LESS)
    page: str = vl_convert.vegalite_to_html(text, vl_version=version, bundle=True)
    return page.replace(STANDS_FOR_LESS, "\\u003c")
