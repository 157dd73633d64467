"""The demo's page: one HTML file that opens offline."""

from collections.abc import Sequence
from html import escape
from pathlib import Path
from string import Template

from examples.demo.box_office import Told
from examples.demo.truth import Truth
from fullhouse.discovery import Discovery
from fullhouse.discovery.card import FilmDiscovery
from fullhouse.report.forecast_words import headline, when_words

PAGE = Template("""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title: who will want it?</title>
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
  .amounts { font-size: .93rem; } .amounts td { white-space: nowrap; }
  .wide { overflow-x: auto; }
  @media print { .chart { break-inside: avoid; } }
</style>
<p class="label">$label</p>
<h1>Who will want “$title”?</h1>
<p class="story">$synopsis</p>
<p class="answer">$answer</p>
<p>$people people of three sources. The tick in each row is the naive ratio: active people do more
of everything, and look keen on anything. The dot is the ratio among equally active people.</p>
<div class="chart">$found</div>
<h2>And “$null”?</h2>
<p class="answer">$nothing</p>
<div class="chart">$nobody</div>
<h2>Beyond what film people know</h2>
<p class="answer">$audiences</p>
<p>Fans of its genre and talent, core moviegoers and demographics are held equal too.
<a href="audiences.html">The audiences’ own page</a>: cards, combinations, tickets by audience and
city, films like it, what its words point to.</p>
<div class="chart">$cards</div>
<h2>What will “$title” take?</h2>
<p class="answer">$forecast</p>
<p>Told $when, from what was known then: the box office of films before it, and tickets and marks
of the days before. The dots are what it took.</p>
<div class="chart">$fan</div>
<div class="wide"><table class="amounts"><tr><th>USD, simulated</th><th>forecast</th>
<th>middle, 80 % range</th><th>true</th><th>80 % range</th></tr>
$forecasts
</table></div>
<p><a href="forecast.html">The forecast’s own page</a>: ranges, days, what moved it, films like it,
and how the range narrowed. A range is to hold what comes 80 times in 100: some miss.</p>
<h2>Found, and true</h2>
<table><tr><th>simulated</th><th>found</th><th>true</th></tr>
$rows
</table>
<p>Data of the charts: hidden-audience.parquet, no-audience.parquet beside this page.</p>
</html>
""")


def write_page(
    out: Path,
    label: str,
    truth: Truth,
    rows: Sequence[tuple[str, str, str]],
    found: Discovery,
    nothing: Discovery,
    told: Told,
    cards: FilmDiscovery,
) -> Path:
    """Write `index.html` from what was found and the charts' SVG files beside it."""
    page = PAGE.substitute(
        title=escape(truth.coming.title),
        label=escape(label),
        synopsis=escape(truth.coming.synopsis),
        answer=escape(found.sentence),
        people=f"{found.base_people:,}",
        null=escape(truth.null.title),
        nothing=escape(nothing.sentence),
        found=(out / "hidden-audience.svg").read_text("utf-8"),
        nobody=(out / "no-audience.svg").read_text("utf-8"),
        audiences=escape(cards.sentence),
        cards=(out / "audiences.svg").read_text("utf-8") if cards.cards else "",
        forecast=escape(headline(told.forecasts[0])),
        when=escape(when_words(told.forecasts[0])),
        fan=(out / "forecast.svg").read_text("utf-8"),
        forecasts=_table(told.rows),
        rows=_table(rows),
    )
    path = out / "index.html"
    path.write_text(page, "utf-8")
    return path


def _table(rows: Sequence[Sequence[str]]) -> str:
    cells = ["".join(f"<td>{escape(c)}</td>" for c in row) for row in rows]
    return "\n".join(f"<tr>{c}</tr>" for c in cells)
