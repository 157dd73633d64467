"""Charts as files, without a browser and without a network."""

from pathlib import Path
from typing import Any

import altair as alt
import vl_convert

CHART_SUFFIXES = (".svg", ".png", ".html")
PNG_SCALE = 2.0
"""Pixels to a point, so that an image stays sharp on a dense screen."""


def save_chart(chart: alt.TopLevelMixin, path: Path) -> None:
    """Write a chart as .svg, .png or .html; the page holds all it needs and opens offline."""
    spec: dict[str, Any] = chart.to_dict()
    version = "v" + ".".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2])
    if path.suffix.lower() == ".svg":
        path.write_text(vl_convert.vegalite_to_svg(spec, vl_version=version), "utf-8")
    elif path.suffix.lower() == ".png":
        path.write_bytes(vl_convert.vegalite_to_png(spec, vl_version=version, scale=PNG_SCALE))
    else:
        page = vl_convert.vegalite_to_html(spec, vl_version=version, bundle=True)
        path.write_text(page, "utf-8")
