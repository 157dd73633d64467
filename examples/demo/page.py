"""The demo's page: one HTML file that opens offline, and leads to all that was made."""

from collections.abc import Sequence
from html import escape
from pathlib import Path
from string import Template

import altair as alt

from examples.demo.box_office import IssuedForecasts
from examples.demo.campaign import Played
from examples.demo.truth import Truth
from fullhouse.discovery.card import FilmDiscovery
from fullhouse.view.charts import save_chart
from fullhouse.view.readout_page import effect_chart, outlook_chart
from fullhouse.view.words.discovery import headline as discovery_headline
from fullhouse.view.words.forecast import headline, when_words
from fullhouse.view.words.readout import sold_sentences

PAGE = Template("""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title: who will want it, and what a campaign changed</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; color: #23292e; background: #fff;
         max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
  .label { background: #fff3cd; padding: .4rem .8rem; border-radius: .3rem; font-weight: 600; }
  h1 { margin: 1rem 0 .2rem; } h2 { margin-top: 2.5rem; }
  .story { font-style: italic; color: #555; }
  .answer { font-size: 1.2rem; border-left: .3rem solid #0b7a75; padding-left: .8rem; }
  .chart svg { max-width: 100%; height: auto; }
  table { border-collapse: collapse; width: 100%; }
  th, td { text-align: left; padding: .35rem .7rem; border-bottom: 1px solid #dde1e4;
           vertical-align: top; }
  .wide { overflow-x: auto; }
  @media (max-width: 40rem) {
    th { display: none; } tr { display: block; border-bottom: 1px solid #dde1e4; padding: .4rem 0; }
    td { display: flex; justify-content: space-between; gap: 1rem; border: 0; padding: .1rem 0; }
    td:first-child { font-weight: 600; }
    td[data-label]::before { content: attr(data-label); color: #555; }
  }
  @media print { .chart { break-inside: avoid; } }
</style>
<p class="label">$label</p>
<h1>$title</h1>
<p class="story">$synopsis</p>
<p><a href="report.html"><b>The film’s report</b></a>: forecast, audiences, plan, campaign, readout,
what was learned and what could not be known. <a href="daily.html">One morning’s page</a>.
<a href="plan.html">The plan</a>. <a href="audiences.html">The audiences</a>.
<a href="forecast.html">The forecast</a>.</p>
<h2>What will it take?</h2>
<p class="answer">$forecast</p>
<p>Issued $when, from what was known then. The dots are what it took.</p>
<div class="chart">$fan</div>
<h2>Who will want it, beyond those whom film people know?</h2>
<p class="answer">$audiences</p>
<div class="chart">$cards</div>
<p>And “$null”? $nothing</p>
<h2>What did the campaign change?</h2>
<p class="answer">$won</p>
<p>A third of the households were held out by chance, before anybody was contacted.</p>
<div class="chart">$effects</div>
<h2>How the forecast moved with it</h2>
<div class="chart">$outlooks</div>
<h2>Claimed, and true</h2>
<div class="wide"><table><tr><th>simulated</th><th>claimed</th><th>true</th>
<th>inside the interval</th></tr>
$rows
</table></div>
</html>
""")


def write_page(
    out: Path,
    label: str,
    truth: Truth,
    rows: Sequence[tuple[str, str, str, str]],
    issued: IssuedForecasts,
    cards: FilmDiscovery,
    nothing: FilmDiscovery,
    played: Played | None,
) -> Path:
    """Write `index.html` from what was made, and the campaign's charts beside it."""
    charts = {} if played is None else _charts(played)
    for name, chart in charts.items():
        save_chart(chart, out / f"{name}.svg")
        save_chart(chart, out / f"{name}.png")
    page = PAGE.substitute(
        title=escape(truth.coming.title),
        label=escape(label),
        synopsis=escape(truth.coming.synopsis),
        audiences=escape(discovery_headline(cards)),
        cards=_svg(out / "audiences.svg") if cards.cards else "",
        null=escape(nothing.title),
        nothing=escape(discovery_headline(nothing)),
        forecast=escape(headline(issued.forecasts[0])),
        when=escape(when_words(issued.forecasts[0])),
        fan=_svg(out / "forecast.svg"),
        won="<br>".join(map(escape, sold_sentences(played.last))) if played else "There was none.",
        effects=_svg(out / "effects.svg") if charts else "",
        outlooks=_svg(out / "outlooks.svg") if charts else "",
        rows=_table(rows),
    )
    path = out / "index.html"
    path.write_text(page, "utf-8")
    return path


def _charts(played: Played) -> dict[str, alt.TopLevelMixin]:
    effects = [e for e in played.last.on("tickets") if e.group != "line"]
    return {
        "effects": effect_chart(effects, simulated=True, width=640),
        "outlooks": outlook_chart(played.outlooks, simulated=True, width=640),
    }


def _svg(file: Path) -> str:
    return file.read_text("utf-8")


def _table(rows: Sequence[Sequence[str]]) -> str:
    heads = ("", "claimed", "true", "inside the interval")
    labels = [f' data-label="{head}"' if head else "" for head in heads]
    cells = [
        "".join(f"<td{label}>{escape(c)}</td>" for label, c in zip(labels, row, strict=True))
        for row in rows
    ]
    return "\n".join(f"<tr>{c}</tr>" for c in cells)
