"""A page that opens offline: one file of HTML, charts as SVG in it, their data as links."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import altair as alt
from markupsafe import Markup as Html
from markupsafe import escape as html

from fullhouse.view.render import csv_of, data_link, json_of, render, share_bar, svg
from fullhouse.view.render import unbroken as kept
from fullhouse.view.theme import DARK

__all__ = ["DARK", "Html", "csv_of", "data_link", "document", "figure", "html", "items", "json_of",
           "kept", "lowered", "section", "share_bar", "table", "tag"]  # fmt: skip


def document(title: str, parts: Iterable[Html]) -> str:
    """A whole page, which asks no other place for anything."""
    return render("parts.html", title=title, content=Html("\n").join(parts))


def tag(name: str, *inside: object, cls: str = "") -> Html:
    """An element; what is no HTML yet is escaped."""
    attributes = Html(' class="{}"').format(cls) if cls else ""
    return Html("<{0}{1}>{2}</{0}>").format(name, attributes, Html("").join(map(html, inside)))


def section(title: str, *inside: Html) -> Html:
    """A part of the page under its heading."""
    return tag("section", tag("h2", title), *inside)


def lowered(*parts: Html) -> Html:
    """Parts with their headings one level deeper, to stand under a heading of their own."""
    # All that is not the page's own is escaped, so that only its own headings can be found.
    deeper = re.sub(r"<(/?)h([2-5])\b", lambda m: f"<{m[1]}h{int(m[2]) + 1}", "".join(parts))
    return Html(deeper)  # noqa: S704  (escaped already)


def folded(summary: object, *inside: object) -> Html:
    """A part that opens when its heading is asked for."""
    return tag("details", tag("summary", summary), *inside)


def items(lines: Iterable[object], *, cls: str = "") -> Html:
    """A list."""
    return tag("ul", *(tag("li", line) for line in lines), cls=cls)


def table(heads: Sequence[tuple[str, str]], rows: Iterable[Sequence[object]]) -> Html:
    """A table; each head is its words and the class of its column, `n` for numbers."""
    top = Html("").join(tag("th", words, cls=cls) for words, cls in heads)
    body = Html("").join(
        tag("tr", *(tag("td", cell, cls=cls) for cell, (_, cls) in zip(row, heads, strict=True)))
        for row in rows
    )
    inside = Html("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>").format(top, body)
    return tag("div", inside, cls="table")


def figure(
    wide: alt.TopLevelMixin,
    narrow: alt.TopLevelMixin,
    *,
    words: str,
    file: str,
    rows: Sequence[Mapping[str, Any]],
) -> Html:
    """A chart as it is on a page and on a phone, with words beneath and its data as a file."""
    drawn = [
        Html('<div class="{}" role="img" aria-label="{}">{}</div>').format(cls, words, svg(chart))
        for cls, chart in (("wide", wide), ("narrow", narrow))
    ]
    link = data_link("Download as data", file, csv_of(rows), "text/csv")
    return tag("figure", *drawn, tag("figcaption", words, " ", link))
