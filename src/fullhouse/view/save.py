"""Charts and results as files, without a browser and without a network."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Protocol

import altair as alt

from fullhouse.core.errors import InputError

CHART_SUFFIXES = (".svg", ".png", ".html")
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


class Serializable(Protocol):
    """What can give everything of itself as JSON takes it."""

    def to_dict(self) -> dict[str, Any]:
        """Everything."""


def write_page_files(
    result: Serializable, page: Callable[[], str], files: Iterable[str | Path]
) -> list[Path]:
    """Write each file as its ending says; all endings are checked before any is written."""
    paths = [check_page_out(f) for f in files]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix.lower() == ".html":
            path.write_text(page(), "utf-8")
        else:
            content = json.dumps(result.to_dict(), indent=2, ensure_ascii=False, allow_nan=False)
            path.write_text(content + "\n", "utf-8")
    return paths


def check_page_out(file: str | Path) -> Path:
    """The path itself, when its ending says what to write; an error before any work is done."""
    path = Path(file).expanduser()
    if path.suffix.lower() not in (".html", ".json"):
        raise InputError(f"--out takes a file ending in .html or .json, not {path.name!r}.")
    return path


def _page(spec: dict[str, Any]) -> str:
    """A page with the chart; a title that holds </script> does not end the script it stands in."""
    # vl-convert parses the text that it is given and writes it anew, so that an escape is lost:
    # what stands for '<' meanwhile is escaped in what it writes.
    content = json.dumps(spec, ensure_ascii=False).replace("<", STANDS_FOR_LESS)
    page: str = renderer().vegalite_to_html(content, vl_version=VEGA_LITE, bundle=True)
    return page.replace(STANDS_FOR_LESS, "\\u003c")
