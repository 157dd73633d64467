"""Forecasts of a studio's films as they stand in its score book: the outlook, the slate's strips.

A forecast takes a while, so that a worker makes it: the page shows the newest that was issued, what
it said before, and how far a new one is.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from markupsafe import Markup
from starlette.responses import RedirectResponse, Response

from fullhouse import app
from fullhouse.core.errors import FullhouseError, InputError
from fullhouse.forecast.forecast import Forecast
from fullhouse.view.words.forecast import (
    DRIVERS,
    book_words,
    change_words,
    issued_forecast,
    main_drivers,
)
from fullhouse.web.language import current, say
from fullhouse.web.pictures import Axis, fan, range_strip
from fullhouse.web.visit import NotHereError, Page, Visit
from fullhouse.web.words import film_words
from fullhouse.workspace.context import Context

ISSUE = "studio_issue"
"""The use case that makes a forecast and enters it into the studio's score book."""

WEEK = timedelta(days=7)
MOST_ENTRIES = 200
MOST_COMPARED = 4


@dataclass(frozen=True)
class Outlook:
    """What is forecast of a film on the newest day, and a week or more before."""

    forecast: Forecast
    before: Forecast | None

    @property
    def ends(self) -> tuple[float, float, float] | None:
        """Low end, middle and high end of the 80 % range of the total, where it is forecast."""
        if "total" not in self.forecast.ranges:
            return None
        total = self.forecast.ranges["total"]
        low, high = total.between(0.8)
        return low, total.median, high


def outlooks(context: Context, film: str | None = None) -> dict[str, Outlook]:
    """The outlook of each film that a forecast was issued of, by film."""
    listed = app.studio_entries(context, app.ListEntries(film=film, most=MOST_ENTRIES))
    by_film: dict[str, list[Forecast]] = {}
    for entry in (e for e in listed.entries if e.is_forecast):
        by_film.setdefault(entry.film, []).append(issued_forecast(entry))
    result = {}
    for name, those in by_film.items():
        newest = max(those, key=lambda f: f.as_of)
        earlier = [f for f in those if f.as_of <= newest.as_of - WEEK]
        result[name] = Outlook(newest, max(earlier, key=lambda f: f.as_of, default=None))
    return result


def axis_of(shown: Sequence[Outlook]) -> Axis:
    """One axis for the totals of several films, logarithmic, with some room at its ends."""
    ends = [end for outlook in shown if outlook.ends for end in outlook.ends]
    return Axis(min(ends) / 1.5, max(ends) * 1.5, logarithmic=True) if ends else Axis(0, 1)


def strip_of(outlook: Outlook, axis: Axis) -> Markup | None:
    """The range of a film's total, its middle, and where the middle was a week before."""
    if outlook.ends is None:
        return None
    low, middle, high = outlook.ends
    before = outlook.before
    mark = before.ranges["total"].median if before and "total" in before.ranges else None
    return range_strip(axis, low, high, total_words(outlook), middle=middle, mark=mark)


def total_words(outlook: Outlook) -> str:
    """The one sentence of a forecast."""
    forecast, money = outlook.forecast, current().money
    if outlook.ends is None:
        known = forecast.known.get("total", forecast.to_date)
        return say("It took {total} in all.", total=money(known, forecast.currency))
    low, middle, high = outlook.ends
    return say(
        "Likely between {low} and {high} (80 % range); middle estimate {middle}",
        low=money(low, forecast.currency),
        high=money(high, forecast.currency),
        middle=money(middle, forecast.currency),
    )


def days_words(opening: date, today: date) -> str:
    """How far a film is from its opening."""
    days = (opening - today).days
    if days == 0:
        return say("opens today")
    if days > 0:
        return current().ngettext("{n} day to opening", "{n} days to opening", days).format(n=days)
    return (
        current().ngettext("{n} day after opening", "{n} days after opening", -days).format(n=-days)
    )


def change_share(outlook: Outlook) -> float | None:
    """How the middle of the total moved over a week or more, as a share."""
    before, ends = outlook.before, outlook.ends
    if before is None or ends is None or "total" not in before.ranges:
        return None
    return ends[1] / before.ranges["total"].median - 1


def outlook_tab(visit: Visit, context: Context, film: str) -> Page:
    """The outlook of a film: sentence, ranges, days, drivers, comparable films, what it said."""
    newest = outlooks(context, film).get(film)
    facts: dict[str, Any] = {"job": _job(context, film), "may_ask": visit.may("ask")}
    if newest is None:
        return Page("film_outlook.html", "", facts | {"outlook": None}, {"forecast": None})
    forecast = newest.forecast
    ranges = [(_quantity(n), *r.between(0.8), r.median) for n, r in forecast.ranges.items()]
    ends = [end for _, low, high, _ in ranges for end in (low, high)]
    axis = Axis(min(ends) / 1.3, max(ends) * 1.3, logarithmic=True) if ends else Axis(0, 1)
    facts |= {
        "outlook": newest,
        "forecast": forecast,
        "sentence": total_words(newest),
        "when": days_words(forecast.opening, context.today),
        "change": change_words(newest.before, forecast) if newest.before else "",
        "ranges": [
            (name, low, high, middle, range_strip(axis, low, high, name, middle=middle))
            for name, low, high, middle in ranges
        ],
        "fan": _fan(forecast),
        "days": [
            (d.day, d.cumulative[1], _middle(d.cumulative), d.cumulative[-2])
            for d in forecast.days
            if len(d.cumulative) >= 5
        ],
        "drivers": _drivers(forecast),
        "comps": forecast.comps[:8],
        "earlier": _earlier(context, film),
    }
    rows = [
        {
            "quantity": name,
            "low": low,
            "middle": middle,
            "high": high,
            "currency": forecast.currency,
        }
        for name, low, high, middle in ranges
    ]
    days = [
        {"day": day, "low": low, "middle": middle, "high": high, "currency": forecast.currency}
        for day, low, middle, high in facts["days"]
    ]
    tables = {"days": days} if days else {}
    return Page("film_outlook.html", "", facts, forecast.to_dict(), rows, tables=tables)


def compare(visit: Visit) -> Page:
    """Up to four of the studio's films beside each other, each quantity on one axis for all."""
    context = visit.studio
    own = [t.film for t in app.room_statement(context).titles]
    known = outlooks(context)
    wanted = list(dict.fromkeys(visit.query.getlist("film")))
    if any(film not in own for film in wanted):
        raise NotHereError
    if len(wanted) > MOST_COMPARED:
        raise InputError(say("Up to {most} films are compared, not {given}.", most=MOST_COMPARED,
                             given=len(wanted)))  # fmt: skip
    stated = app.studio_titles(context).titles
    names = {t.film: t.title for t in stated if t.title != t.film}
    names |= {film: one.forecast.title for film, one in known.items()}
    shown = {film: known[film].forecast for film in wanted if film in known}
    sections, rows = [], []
    for quantity in dict.fromkeys(name for f in shown.values() for name in f.ranges):
        ranges = {film: f.ranges[quantity] for film, f in shown.items() if quantity in f.ranges}
        ends = [end for r in ranges.values() for end in r.between(0.8)]
        axis = Axis(min(ends) / 1.3, max(ends) * 1.3, logarithmic=True)
        lines = []
        for film, one in ranges.items():
            low, high = one.between(0.8)
            strip = range_strip(axis, low, high, names[film], middle=one.median)
            lines.append((film, names[film], low, one.median, high, strip, shown[film].currency))
            rows.append({"film": film, "quantity": quantity, "low": low, "middle": one.median,
                         "high": high, "currency": shown[film].currency})  # fmt: skip
        sections.append((_quantity(quantity), lines))
    facts = {
        "own": [(film, names.get(film) or film_words(film), film in wanted) for film in own],
        "sections": sections,
        "without": [names.get(f) or film_words(f) for f in wanted if f not in shown],
        "openings": [(names[f], one.opening, days_words(one.opening, context.today))
                     for f, one in shown.items()],
        "most": MOST_COMPARED,
    }  # fmt: skip
    return Page("compare.html", say("Compare films"), facts, rows, rows, "slate")


def issue(visit: Visit) -> Response:
    """Have a forecast made by a worker; while one is being made, no second one is queued."""
    film = visit.part("film")
    asked = app.AddJob(ISSUE, {"film": film}, dedupe=f"forecast-{film}"[:120])
    app.job_add(visit.studio, asked)
    return RedirectResponse(f"/film/{film}/outlook", 303)


def scorebook(visit: Visit) -> Page:
    """What was forecast and what came true, worst misses first; and whether the book is whole."""
    context = visit.studio
    whole = app.studio_verify(context).verified
    listed = app.studio_entries(context, app.ListEntries(most=MOST_ENTRIES)).entries
    entries = [e for e in listed if e.is_forecast]
    facts: dict[str, Any] = {"whole": whole, "entries": [], "words": "", "worst": []}
    facts["entries"] = [(e, issued_forecast(e)) for e in reversed(entries)]
    rows: list[dict[str, Any]] = [
        {"film": e.film, "as_of": e.as_of, "horizon": e.horizon, "hash": e.hash} for e in entries
    ]
    if entries:
        try:
            book = app.studio_scorebook(context).book
            facts["words"] = book_words(book) if book.rows else ""
            worst = sorted(book.rows, key=lambda r: -abs(r.log_error))
            facts["worst"] = worst[:10]
        except FullhouseError as problem:
            facts["words"] = str(problem)
    return Page("scorebook.html", say("Score book"), facts, rows, rows, "scorebook")


def _job(context: Context, film: str) -> Any:
    """The newest job that makes a forecast of a film; none once it has made it."""
    listed = app.job_list(context, app.ListJobs(50, kind=ISSUE)).jobs
    own = [j for j in listed if isinstance(j.request, dict) and j.request.get("film") == film]
    return own[0] if own and not own[0].has_result else None


def _earlier(context: Context, film: str) -> list[tuple[Forecast, Markup | None, Any]]:
    entries = app.studio_entries(context, app.ListEntries(film=film, most=12)).entries
    forecasts = [Outlook(issued_forecast(e), None) for e in entries if e.is_forecast]
    axis = axis_of(forecasts)
    return [(o.forecast, strip_of(o, axis), o.ends) for o in reversed(forecasts)]


def _fan(forecast: Forecast) -> Markup | None:
    if len(forecast.days) < 2:
        return None
    label = say("What the film will have taken by each day, from {first} to {last}.",
                first=current().day(forecast.days[0].day),
                last=current().day(forecast.days[-1].day))  # fmt: skip
    return fan([day.cumulative for day in forecast.days], label)


def _drivers(forecast: Forecast) -> list[tuple[str, float, Markup]]:
    drivers = main_drivers(forecast.drivers)
    most = max((max(d.factor, 1 / d.factor) for d in drivers), default=1.0)
    axis = Axis(1 / most / 1.05, most * 1.05, logarithmic=True)
    shown = []
    for driver in drivers:
        words = current().gettext(DRIVERS.get(driver.name, driver.name))
        low, high = sorted((1.0, driver.factor))
        shown.append((words, driver.factor, range_strip(axis, low, high, words, mark=1.0)))
    return shown


def _middle(quantiles: Sequence[float]) -> float:
    return quantiles[len(quantiles) // 2]


def _quantity(name: str) -> str:
    return {
        "opening_day": say("Opening day"),
        "opening_weekend": say("Opening weekend"),
        "total": say("Whole run"),
    }.get(name, name)


PAGES: list[tuple[str, Callable[[Visit], Page | Response], str]] = [
    ("/film/{film}/outlook/forecast", issue, "POST"),
    ("/score-book", scorebook, "GET"),
    ("/compare", compare, "GET"),
]
"""Address, function and methods of each page."""
