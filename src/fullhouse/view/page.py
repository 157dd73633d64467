"""A page that opens offline: one file of HTML, charts as SVG in it, their data as links."""

import base64
import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from string import Template
from typing import Any

import altair as alt
import vl_convert

DARK = {
    "#1d2429": "#e9edef",
    "#4b555c": "#b3bcc2",
    "#8b949a": "#78838a",
    "#c4c9cd": "#4b555c",
    "#e6e9eb": "#2b3439",
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

CSS = """
:root { color-scheme: light dark; --ink: #1d2429; --soft: #4b555c; --line: #dde1e4;
  --ground: white; --tint: #eef5f4; --warn: #fbe9dc; --mark: #0b7a75; }
@media screen and (prefers-color-scheme: dark) {
  :root { --ink: #e9edef; --soft: #b3bcc2; --line: #2f393e; --ground: #14191c;
    --tint: #1b2628; --warn: #46301f; --mark: #3fa8a1; }
  $dark
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); line-height: 1.5;
  font: 16px/1.5 "Helvetica Neue", Helvetica, Arial, "Liberation Sans", sans-serif; }
main { max-width: 46rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; }
h1 { font-size: 1.35rem; margin: 0; line-height: 1.25; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 2.4rem 0 .4rem; border-top: 1px solid var(--line);
  padding-top: 1.2rem; }
p { margin: .4rem 0; }
.soft, figcaption, small { color: var(--soft); font-size: .9rem; }
.headline { font-size: 1.7rem; line-height: 1.25; font-weight: 700; margin: .9rem 0; }
.banner { background: var(--warn); padding: .6rem .9rem; border-radius: .4rem; margin: 0 0 .8rem;
  font-weight: 600; }
.happened { background: var(--tint); padding: .6rem .9rem; border-radius: .4rem; }
figure { margin: .8rem 0 1rem; }
figcaption { margin-top: .5rem; }
figure svg { display: block; max-width: 100%; height: auto; }
.narrow { display: none; }
.data { white-space: nowrap; color: var(--mark); font-size: .9rem; }
.table { overflow-x: auto; margin: .6rem 0 1rem; }
table { border-collapse: collapse; width: 100%; font-size: .95rem; }
th, td { text-align: left; padding: .35rem .7rem .35rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; }
th { font-weight: 600; color: var(--soft); font-size: .85rem; }
.n { text-align: right; font-variant-numeric: tabular-nums; }
td.n span { white-space: nowrap; }
tr > :last-child { padding-right: 0; }
td small { display: block; }
td.bar { width: 38%; vertical-align: middle; }
td.bar span { display: block; height: .7rem; border-radius: .2rem; background: var(--mark); }
ul { padding-left: 1.2rem; margin: .4rem 0; }
ul.factors { list-style: none; padding: 0; }
ul.factors li { display: flex; gap: .8rem; }
ul.factors b { flex: 0 0 4.2rem; text-align: right; font-variant-numeric: tabular-nums; }
footer { margin-top: 2.4rem; border-top: 1px solid var(--line); padding-top: 1rem; }
@media screen and (max-width: 40rem) {
  .wide { display: none; } .narrow { display: block; }
  .headline { font-size: 1.35rem; } td.bar { width: 30%; } th, td { padding-right: .5rem; }
}
@media print {
  body { font-size: 11pt; } main { max-width: none; padding: 0; } .data { display: none; }
  figure, table, li { break-inside: avoid; } h2 { break-after: avoid; }
  td.bar span, .banner, .happened { print-color-adjust: exact; }
}
"""

PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>$title</title>
<style>$css</style>
</head>
<body>
<main>
$body
</main>
</body>
</html>
""")

RISKY = ("=", "+", "-", "@", "\t", "\r")
"""A cell of text that begins so is taken for a formula by spreadsheets."""


class Html(str):
    """Text that is HTML already; anything else is escaped where it enters a page."""

    __slots__ = ()


def html(value: object) -> Html:
    """A value as HTML."""
    return value if isinstance(value, Html) else Html(escape(str(value)))


def document(title: str, parts: Iterable[Html]) -> str:
    """A whole page, which asks no other place for anything."""
    rules = [
        f'figure svg [{a}="{light}"] {{ {a}: {dark}; }}'
        for light, dark in DARK.items()
        for a in ("fill", "stroke")
    ]
    css = Template(CSS).substitute(dark="\n  ".join(rules))
    return PAGE.substitute(title=html(title), css=css, body="\n".join(parts))


def tag(name: str, *inside: object, cls: str = "") -> Html:
    """An element; what is no HTML yet is escaped."""
    head = f'{name} class="{escape(cls)}"' if cls else name
    return Html(f"<{head}>{''.join(html(i) for i in inside)}</{name}>")


def section(title: str, *inside: Html) -> Html:
    """A part of the page under its heading."""
    return tag("section", tag("h2", title), *inside)


def lowered(*parts: Html) -> Html:
    """Parts with their headings one level deeper, to stand under a heading of their own."""
    # All that is not the page's own is escaped, so that only its own headings can be found.
    deeper = re.sub(r"<(/?)h([2-5])\b", lambda m: f"<{m[1]}h{int(m[2]) + 1}", "".join(parts))
    return Html(deeper)


def items(lines: Iterable[object], *, cls: str = "") -> Html:
    """A list."""
    return tag("ul", *(tag("li", line) for line in lines), cls=cls)


def table(heads: Sequence[tuple[str, str]], rows: Iterable[Sequence[object]]) -> Html:
    """A table; each head is its words and the class of its column, `n` for numbers."""
    top = "".join(tag("th", words, cls=cls) for words, cls in heads)
    body = "".join(
        tag("tr", *(tag("td", cell, cls=cls) for cell, (_, cls) in zip(row, heads, strict=True)))
        for row in rows
    )
    inside = Html(f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>")
    return tag("div", inside, cls="table")


def kept(*parts: str) -> Html:
    """Words of which each part stays on one line; a line breaks between parts only."""
    return Html(" ".join(tag("span", part) for part in parts))


def share_bar(share: float) -> Html:
    """A bar as long as a share of its cell."""
    return Html(f'<span style="width:{100 * min(1.0, max(0.0, share)):.1f}%"></span>')


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
        Html(f'<div class="{cls}" role="img" aria-label="{escape(words)}">{svg(chart)}</div>')
        for cls, chart in (("wide", wide), ("narrow", narrow))
    ]
    link = data_link("Download as data", file, csv_of(rows), "text/csv")
    return tag("figure", *drawn, tag("figcaption", words, " ", link))


def svg(chart: alt.TopLevelMixin) -> Html:
    """A chart without its title, on the page's own ground."""
    spec: dict[str, Any] = chart.to_dict()
    spec.pop("title", None)
    spec["config"] |= {"background": None, "padding": 2, "aria": False}
    version = "v" + ".".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2])
    drawn: str = vl_convert.vegalite_to_svg(spec, vl_version=version)
    head, rest = drawn.split(">", 1)
    kept = [a for a in head.split(" ") if not a.startswith("xmlns")]
    return Html(f"{' '.join(kept)}>{rest}")


def data_link(words: str, file: str, content: str, kind: str) -> Html:
    """A link that saves a text that the page itself holds."""
    held = base64.b64encode(content.encode("utf-8")).decode("ascii")
    return Html(
        f'<a class="data" download="{escape(file)}"'
        f' href="data:{kind};charset=utf-8;base64,{held}">{escape(words)}</a>'
    )


def csv_of(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as CSV; what is missing is empty."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([_cell(row.get(name)) for name in names] for row in rows)
    return text.getvalue()


def json_of(value: object) -> str:
    """A value as JSON."""
    return json.dumps(value, ensure_ascii=False)


def _cell(value: object) -> object:
    if isinstance(value, str) and value.startswith(RISKY):
        return f"'{value}"
    return value
