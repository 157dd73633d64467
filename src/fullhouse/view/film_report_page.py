"""The report of a film: all that is known of it, from forecast to readout, in one file."""

from collections.abc import Sequence

from fullhouse.forecast import Forecast
from fullhouse.view.card_behind import CSS as FOLDED_CSS
from fullhouse.view.card_strip import CSS as CARD_CSS
from fullhouse.view.discovery_page import CSS as DISCOVERY_CSS
from fullhouse.view.discovery_page import cards_section, tickets_section
from fullhouse.view.film_report import FilmReport
from fullhouse.view.film_report_book import book_section
from fullhouse.view.film_report_campaign import campaign_section, measured_parts
from fullhouse.view.film_report_learned import learned_section, verdicts_section
from fullhouse.view.film_report_words import (
    banners,
    headline,
    how_to_get,
    missing_words,
    place_words,
    story_words,
    unknown_words,
)
from fullhouse.view.forecast_page import (
    by_day_section,
    drivers_section,
    narrowing_section,
    ranges_section,
    source_words,
)
from fullhouse.view.page import Html, data_link, document, html, items, json_of, lowered, tag
from fullhouse.view.plan_page import CSS as PLAN_CSS
from fullhouse.view.plan_page import bridge_section, curve_section, lines_section
from fullhouse.view.plan_tables import unreachable_section
from fullhouse.view.words.discovery import ASSOCIATION, verdict_words
from fullhouse.view.words.discovery import headline as discovery_headline
from fullhouse.view.words.figures import day_words
from fullhouse.view.words.plan import EXPECTED, as_of_words, buys_words, holdout_words
from fullhouse.view.words.plan import headline as plan_headline

MOST_DAYS = 8
"""So many forecasts are drawn of how the range narrowed; of more, days in between are left out."""
CHAPTERS = {
    "forecast": "What it will take",
    "audiences": "Who will want it",
    "plan": "The plan",
    "bridge": "The bridge",
    "campaign": "The campaign so far",
    "readout": "What it changed",
    "learned": "What we learned",
    "unknown": "What we could not know",
}
CSS = """
h2 { font-size: 1.4rem; margin-top: 3rem; } h3 { font-size: 1.1rem; margin: 1.8rem 0 .3rem;
  border: 0; padding: 0; } h4 { font-size: 1rem; margin: 1.2rem 0 .3rem; }
nav { margin: 1.2rem 0 0; } nav a { color: var(--mark); margin-right: 1rem; white-space: nowrap; }
.card h4 { line-height: 1.25; margin: 0 0 .4rem; min-height: 2.5em; }
ul.story { list-style: none; padding: 0; } ul.story li { margin: .4rem 0; }
@media print { :root { color-scheme: light; } nav, details { display: none; }
  h2, h3, h4 { break-after: avoid; } figure svg { max-height: 24cm; } }
"""


def film_report_page(report: FilmReport) -> str:
    """The report as one page of HTML, on paper and on dark screens too.

    The page holds its charts and their data, and asks no other place for anything. A part that is
    missing is said in a sentence, with the command that makes it.
    """
    chapters = {
        "forecast": _forecast(report),
        "audiences": _audiences(report),
        "plan": _plan(report),
        "bridge": _bridge(report),
        "campaign": _campaign(report),
        "readout": _readout(report),
        "learned": _learned(report),
        "unknown": _unknown(report),
    }
    parts = [*_head(report), *(_chapter(name, inside) for name, inside in chapters.items())]
    page = document(
        f"{report.title}: report as of {day_words(report.as_of)}", [*parts, _foot(report)]
    )
    # The page's own style comes first, and nothing before it can hold this tag: all is escaped.
    style = f"{CARD_CSS}{FOLDED_CSS}{DISCOVERY_CSS}{PLAN_CSS}{CSS}"
    return page.replace("</style>", f"{style}</style>", 1)


def _head(report: FilmReport) -> list[Html]:
    links = "".join(f'<a href="#{name}">{html(title)}</a> ' for name, title in CHAPTERS.items())
    told = story_words(report)
    return [
        *(tag("p", words, cls="banner") for words in banners(report)),
        tag("h1", report.title),
        tag("p", place_words(report), cls="soft"),
        tag("p", headline(report), cls="headline"),
        *([items(told, cls="story")] if told else []),
        Html(f"<nav>{links}</nav>"),
    ]


def _chapter(name: str, inside: Sequence[Html]) -> Html:
    title = tag("h2", CHAPTERS[name])
    return Html(f'<section id="{name}">{title}{lowered(*inside)}</section>')


def _missing(report: FilmReport, part: str) -> Html:
    return tag("p", missing_words(report, part))


def _forecast(report: FilmReport) -> list[Html]:
    parts = [_missing(report, "forecast")]
    newest = report.forecast
    if newest is not None:
        truth = report.actual
        parts = [
            *ranges_section(newest, truth),
            *by_day_section(newest, report.actual_days),
            *narrowing_section(some_days(report.forecasts), truth),
            *drivers_section(newest),
            tag("p", source_words(newest), cls="soft"),
        ]
    if report.score_book is None:
        return [*parts, _missing(report, "score book")]
    on = report.made_on or report.as_of
    return [
        *parts,
        *book_section(report.score_book, report.film, on, came_true=report.actual.keys()),
    ]


def some_days(forecasts: Sequence[Forecast], *, most: int = MOST_DAYS) -> list[Forecast]:
    """The first, the last, and some evenly in between, where there are more than so many."""
    last = len(forecasts) - 1
    if last < most:
        return list(forecasts)
    return [forecasts[round(k * last / (most - 1))] for k in range(most)]


def _audiences(report: FilmReport) -> list[Html]:
    found = report.discovery
    if found is None:
        return [_missing(report, "discovery")]
    said = discovery_headline(found)
    return [
        tag("p", tag("b", said)),
        tag("p", verdict_words(found)),
        tag("p", ASSOCIATION),
        *cards_section(found, behind=False),
        *tickets_section(found),
    ]


def _plan(report: FilmReport) -> list[Html]:
    plan = report.plan
    if plan is None:
        return [_missing(report, "plan")]
    return [
        tag("p", tag("b", plan_headline(plan))),
        *(tag("p", words) for words in buys_words(plan)),
        tag("p", f"{EXPECTED} {holdout_words(plan)}"),
        tag("p", as_of_words(plan), cls="soft"),
        *lines_section(plan),
        *curve_section(plan),
        *unreachable_section(plan),
    ]


def _bridge(report: FilmReport) -> list[Html]:
    plan = report.plan
    if plan is None:
        return [tag("p", "A bridge leads from the forecast to what a plan adds."),
                _missing(report, "plan")]  # fmt: skip
    again = f"Once there is a forecast, plan again. {how_to_get(report, 'plan')}"
    return [*bridge_section(plan), *([tag("p", again)] if plan.base is None else [])]


def _campaign(report: FilmReport) -> list[Html]:
    if not report.campaigns:
        return [_missing(report, "campaign")]
    return [campaign_section(c) for c in report.campaigns]


def _readout(report: FilmReport) -> list[Html]:
    if not report.readouts:
        return [_missing(report, "readout" if report.campaigns else "campaign")]
    return [part for c in report.campaigns for part in measured_parts(c)]


def _learned(report: FilmReport) -> list[Html]:
    found = [
        *learned_section(report.learned, report.as_of),
        *verdicts_section(report.verdicts, report.as_of),
    ]
    return found or [_missing(report, "learned")]


def _unknown(report: FilmReport) -> list[Html]:
    told = unknown_words(report)
    if not told:
        return [tag("p", f"Nothing that was asked was left open on {day_words(report.as_of)}.")]
    return [part for name, lines in told.items() for part in (tag("h2", name), items(lines))]


def _foot(report: FilmReport) -> Html:
    link = data_link("Download the whole report", f"{report.film}-report.json",
                     json_of(report.to_dict()), "application/json")  # fmt: skip
    made = "" if report.made_on is None else f"Made on {day_words(report.made_on)}. "
    return tag(
        "footer", tag("p", f"{report.title}, {place_words(report)} {made}", link, cls="soft")
    )
