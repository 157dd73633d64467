"""Pages from templates: one file of HTML that opens offline, its charts as SVG, its data as links.

A page is a function that hands facts to a template; the template says where they stand:

    def exhibitor_page(pack: Exhibit) -> str:
        return render("exhibit.html", pack=pack, weeks=figure(draw, caption=…))

    {% extends "base.html" %}
    {% block content %}
    {{ ui.banner(simulated) }}<h1>{{ pack.title }}</h1>
    {% call ui.section("Expected admissions by week") %}{{ ui.figure(weeks) }}{% endcall %}
    {{ ui.table([("city", ""), ("tickets", "n")], rows, file="cities.csv", data=data) }}
    {% call ui.details("How this was computed") %}{{ ui.items(notes) }}{% endcall %}
    {% endblock %}

`ui` holds the macros of templates/macros.html. All that is not a macro's own is escaped, and a
name that is missing is an error. A part that several pages share is a template of its own, which
`{% include %}` or `fragment` puts in place.
"""

import base64
import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from fullhouse.core.settings import SIMULATED
from fullhouse.core.tabular import without_formulas
from fullhouse.core.values import plain_cell
from fullhouse.view.charts import Output, chart_css, out_paths, save_chart, svg_text
from fullhouse.view.words import figures
from fullhouse.view.words.figures import text

if TYPE_CHECKING:
    import altair as alt
    import pyarrow as pa

WIDE, NARROW = 700, 340
"""Pixels of a chart on a page, and on a phone."""
LONG_NAME = 26
"""Letters of a name beside which a phone has no room for three columns of numbers."""
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Figure:
    """A chart as it is on a page and on a phone, what it shows in words, and its data.

    `key` names what each colour means: pairs of a class of `charts.SWATCHES` and words.
    """

    wide: "alt.TopLevelMixin"
    narrow: "alt.TopLevelMixin"
    caption: str
    file: str
    rows: Sequence[Row]
    key: Sequence[tuple[str, str]] = ()


def figure(
    draw: "Callable[[int], alt.TopLevelMixin]",
    *,
    caption: str,
    file: str,
    rows: Sequence[Row],
    key: Sequence[tuple[str, str]] = (),
) -> Figure:
    """A chart drawn by `draw(width)` for a page and for a phone."""
    return Figure(draw(WIDE), draw(NARROW), caption, file, rows, key)


def render(template: str, /, **facts: Any) -> str:
    """A page: the template with the facts in their places, everything escaped."""
    return str(fragment(template, **facts))


def fragment(template: str, /, **facts: Any) -> Markup:
    """A part of a page from a template of its own, which another template may hold as it is."""
    return Markup(_environment().get_template(template).render(**facts))  # noqa: S704  (escaped)


def svg(chart: "alt.TopLevelMixin") -> Markup:
    """A chart without its title, on the page's own ground."""
    spec: dict[str, Any] = chart.to_dict()
    spec.pop("title", None)
    spec["config"] |= {"background": None, "padding": 2, "aria": False}
    head, rest = svg_text(spec).split(">", 1)
    attributes = [a for a in head.split(" ") if not a.startswith("xmlns")]
    return Markup(f"{' '.join(attributes)}>{rest}")  # noqa: S704  (vl-convert escapes its texts)


def data_link(words: str, file: str, content: str, kind: str = "text/csv") -> Markup:
    """A link that saves a text that the page itself holds."""
    encoded = base64.b64encode(content.encode("utf-8")).decode("ascii")
    return Markup(
        '<a class="data" download="{file}" href="data:{kind};charset=utf-8;base64,{encoded}">'
        "{words}</a>"
    ).format(file=file, kind=kind, encoded=encoded, words=words)


def csv_of(rows: Sequence[Row]) -> str:
    """Rows as CSV; what is missing is empty."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(plain_cell(name) for name in names)
    writer.writerows([plain_cell(row.get(name)) for name in names] for row in rows)
    return out.getvalue()


def json_of(value: object) -> str:
    """A value as JSON."""
    return json.dumps(value, ensure_ascii=False)


class Written(Protocol):
    """A result that has everything as a dictionary, and its rows as a table."""

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON takes it."""

    def to_arrow(self) -> "pa.Table":
        """The rows as an Arrow table."""


def write_result(
    result: Written,
    files: Iterable[str | Path],
    what: Output,
    *,
    page: Callable[[], str],
    chart: Callable[[], "alt.TopLevelMixin"],
) -> list[Path]:
    """Write a result: its page (.html), chart (.svg, .png), rows (.csv, .parquet) or .json."""
    import pyarrow.csv as pacsv
    import pyarrow.parquet as pq

    paths = out_paths(files, what)
    for path in paths:
        match path.suffix.lower():
            case ".html":
                path.write_text(page(), "utf-8")
            case ".json":
                path.write_text(json_of(result.to_dict()) + "\n", "utf-8")
            case ".parquet":
                pq.write_table(result.to_arrow(), path)
            case ".csv":
                pacsv.write_csv(without_formulas(result.to_arrow()), path)
            case _:
                save_chart(chart(), path)
    return paths


def unbroken(*parts: str) -> Markup:
    """Words of which each part stays on one line; a line breaks between parts only."""
    return Markup(" ").join(Markup("<span>{}</span>").format(part) for part in parts)


def range_cell(low: str, high: str) -> Markup:
    """A range in a cell of a table, which breaks after its dash only; one figure where both are."""
    return unbroken(low) if low == high else unbroken(f"{low} –", high)


def share_bar(share: float) -> Markup:
    """A bar as long as a share of its cell."""
    return Markup('<span style="width:{:.1f}%"></span>').format(100 * min(1.0, max(0.0, share)))


def tag(name: str, *inside: object, cls: str = "") -> Markup:
    """An element in a part that is put together from several pages."""
    attributes = Markup(' class="{}"').format(cls) if cls else ""
    return Markup("<{0}{1}>{2}</{0}>").format(
        name, attributes, Markup("").join(map(escape, inside))
    )


def lowered(*parts: Markup) -> Markup:
    """Parts with their headings one level deeper, to stand under a heading of their own."""
    # All that is not a template's own is escaped, so that only its own headings can match.
    deeper = re.sub(r"<(/?)h([2-5])\b", lambda m: f"<{m[1]}h{int(m[2]) + 1}", "".join(parts))
    return Markup(deeper)  # noqa: S704  (escaped already)


@cache
def _environment() -> Environment:
    pages = Environment(
        loader=PackageLoader("fullhouse.view"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters |= {
        "money": figures.money,
        "money_short": figures.money_short,
        "money_range": lambda ends, currency: figures.money_between(ends[0], ends[1], currency),
        "number": figures.number_words,
        "count": figures.count_words,
        "counted": figures.counted,
        "share": figures.share_words,
        "chance": figures.chance_words,
        "day": figures.day_words,
        "day_short": lambda day: figures.day_words(day, short=True),
        "capital": figures.capital,
        "svg": svg,
        "csv": csv_of,
        "json": json_of,
    }
    pages.globals |= {
        "LONG_NAME": LONG_NAME,
        "SIMULATED": SIMULATED,
        "chart_css": Markup(chart_css()),  # noqa: S704  (our own colours)
        "data_link": data_link,
        "range_cell": range_cell,
        "share_bar": share_bar,
        "text": text,
        "unbroken": unbroken,
    }
    pages.globals["ui"] = pages.get_template("macros.html").module
    return pages


class Serializable(Protocol):
    """What can give everything of itself as JSON takes it."""

    def to_dict(self) -> dict[str, Any]:
        """Everything."""


def write_page_files(
    result: Serializable, page: Callable[[], str], files: Iterable[str | Path], what: Output
) -> list[Path]:
    """Write a page (.html) or all its data (.json); endings are checked before any is written."""
    paths = out_paths(files, what)
    for path in paths:
        if path.suffix.lower() == ".html":
            path.write_text(page(), "utf-8")
        else:
            content = json.dumps(result.to_dict(), indent=2, ensure_ascii=False, allow_nan=False)
            path.write_text(content + "\n", "utf-8")
    return paths
