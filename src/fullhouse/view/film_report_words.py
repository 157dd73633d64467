"""The report of a film in plain words: what matters most, what is missing, what nobody can know."""

from collections.abc import Sequence

from fullhouse.core.settings import SIMULATED
from fullhouse.forecast import Forecast
from fullhouse.view.film_report import FilmReport
from fullhouse.view.film_report_campaign import added_sentence, campaign_unknowns
from fullhouse.view.plan_words import won_words
from fullhouse.view.words.discovery import headline as discovery_headline
from fullhouse.view.words.discovery import notes_words as discovery_notes
from fullhouse.view.words.discovery import unknowns
from fullhouse.view.words.figures import day_words
from fullhouse.view.words.forecast import book_words, note_words
from fullhouse.view.words.forecast import headline as forecast_headline
from fullhouse.view.words.plan import (
    base_words,
    holdout_words,
    notes_words,
    unreachable_words,
    untested_words,
)
from fullhouse.view.words.plan import headline as plan_headline

WIDE = 3.0
"""A range whose upper end is more than so many times its lower is called wide."""
MISSING = {
    "forecast": ("There is no forecast", "fullhouse forecast {film}"),
    "score book": ("The score book was not read", "fullhouse scorebook"),
    "discovery": ("Audiences are not known", "fullhouse discover {film}"),
    "plan": ("There is no plan", "fullhouse plan {film} --budget AMOUNT --save NAME"),
    "campaign": (
        "No campaign was launched",
        "fullhouse campaign launch PLAN --name NAME --out FOLDER",
    ),
    "readout": ("No readout was made yet", "fullhouse campaign readout CAMPAIGN"),
    "learned": ("No readout has taught anything yet", "fullhouse campaign readout CAMPAIGN"),
}
"""What is said where a part is missing, and the command that makes it."""


def place_words(report: FilmReport) -> str:
    """Where and when the film opens, and from when the report is."""
    if report.opening is None:
        opens = "the day it opens is not known"
    else:
        verb = "opens" if report.as_of < report.opening else "opened"
        opens = f"{verb} {day_words(report.opening)}"
    return f"{report.territory}, {opens}; as of {day_words(report.as_of)}."


def banners(report: FilmReport) -> list[str]:
    """What must be read before any figure."""
    return [SIMULATED] if report.simulated else []


def headline(report: FilmReport) -> str:
    """The one sentence of a report: what the film will take, or that nobody has said it."""
    if report.forecast is None:
        return missing_words(report, "forecast")
    return forecast_headline(report.forecast)


def story_words(report: FilmReport) -> list[str]:
    """One sentence on each part that there is, in the order of the report."""
    told = []
    if report.discovery is not None:
        told.append(discovery_headline(report.discovery))
    if report.plan is not None:
        told.append(plan_headline(report.plan))
    for campaign in report.campaigns:
        if campaign.outlooks:
            told.append(added_sentence(campaign.outlooks[-1]))
        if campaign.newest is not None:
            told += won_words(campaign.newest)
    return told


def report_lines(report: FilmReport) -> list[str]:
    """The report in sentences for the command line."""
    return [
        f"{report.title}, {place_words(report)}",
        headline(report),
        *story_words(report),
        *(missing_words(report, part) for part in missing(report) if part != "forecast"),
    ]


def missing(report: FilmReport) -> list[str]:
    """The parts that there are not, in the order of the report."""
    there = {
        "forecast": report.forecast,
        "score book": report.score_book,
        "discovery": report.discovery,
        "plan": report.plan,
        "campaign": report.campaigns,
        "readout": report.readouts,
        "learned": report.learned or report.verdicts,
    }
    return [part for part, found in there.items() if not found]


def missing_words(report: FilmReport, part: str) -> str:
    """That a part is missing, why, and how to get it."""
    said, _ = MISSING[part]
    why = report.without.get(part, "").rstrip(".")
    return f"{said}{f': {why}' if why else ''}. {how_to_get(report, part)}"


def how_to_get(report: FilmReport, part: str) -> str:
    """The command that makes a part."""
    return f"To get it: {MISSING[part][1].format(film=report.film)}"


def unknown_words(report: FilmReport) -> dict[str, list[str]]:
    """What could not be known, under the part it is of; parts without any are left out."""
    told: dict[str, list[str]] = {
        "Missing": [missing_words(report, part) for part in missing(report)],
        "Forecast": [] if report.forecast is None else _forecast(report, report.forecast),
        "Audiences": [],
        "Plan": _plan(report),
        "Campaign": [],
        "Audiences that cannot be judged": [
            f"{v.audience}: {v.people:,} people are too few to tell whether it held."
            for v in report.verdicts
            if v.verdict == "cannot tell"
        ],
    }
    if report.score_book is not None and not report.score_book.rows:
        told["Forecast"].append(f"Whether ranges keep their word: {book_words(report.score_book)}")
    if report.discovery is not None:
        found = report.discovery
        told["Audiences"] = _distinct([*unknowns(found), *discovery_notes(found)])
    for campaign in report.campaigns:
        mine = _distinct([*campaign.without.values(), *campaign_unknowns(campaign)])
        told["Campaign"] += [f"{campaign.name}: {words}" for words in mine]
    return {part: lines for part, lines in told.items() if lines}


def _forecast(report: FilmReport, forecast: Forecast) -> list[str]:
    told = []
    if "forecast" in report.without:
        told.append(
            f"There is none as of {day_words(report.as_of)}, only older ones:"
            f" {report.without['forecast']}"
        )
    found = forecast.ranges.get("total")
    if found is not None:
        low, high = found.between(0.8)
        if low > 0 and high / low > WIDE:
            told.append(
                f"The range of the total is wide: its upper end is {high / low:.1f} times its"
                f" lower, as of {day_words(forecast.as_of)}."
            )
    return [*told, *(note_words(n) for n in forecast.notes)]


def _plan(report: FilmReport) -> list[str]:
    plan = report.plan
    if plan is None:
        return []
    told = [] if plan.base is not None else base_words(plan)
    told += [] if plan.holdout > 0 else [holdout_words(plan)]
    untested = untested_words(plan) if plan.spend > 0 else []
    return _distinct([*told, *unreachable_words(plan), *untested, *notes_words(plan)])


def _distinct(lines: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(lines))
