"""The report of a film: all that is known of it, from forecast to readout, in one file."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import altair as alt
from markupsafe import Markup

from fullhouse.control.campaign_records import SavedResponse, SavedVerdict
from fullhouse.forecast import QUANTITIES, Forecast
from fullhouse.forecast.score import GroupFigures, ScoreBook, Scored
from fullhouse.measurement.campaign_readout import CampaignReadout, Exposure, PlannedActual
from fullhouse.measurement.film_report import CampaignReport, Dispatch, FilmReport
from fullhouse.stats.scores import Reliability, Share
from fullhouse.view.charts import themed
from fullhouse.view.discovery_page import CSS as DISCOVERY_CSS
from fullhouse.view.discovery_page import cards_section, tickets_section
from fullhouse.view.forecast_page import (
    by_day_section,
    drivers_section,
    narrowing_section,
    ranges_section,
    source_words,
)
from fullhouse.view.market_charts import BAND_WORDS, HOW, points, reliability_chart
from fullhouse.view.plan_page import CSS as PLAN_CSS
from fullhouse.view.plan_page import (
    bridge_section,
    curve_section,
    lines_section,
    unreachable_section,
)
from fullhouse.view.readout_page import (
    OUTLOOK_HOW,
    OUTLOOK_KEY,
    outlook_chart,
    outlook_rows,
    outlook_words,
    readout_part,
)
from fullhouse.view.render import (
    Figure,
    figure,
    lowered,
    range_cell,
    render,
    tag,
    unbroken,
    write_page_files,
)
from fullhouse.view.words.discovery import ASSOCIATION, verdict_words
from fullhouse.view.words.discovery import headline as discovery_headline
from fullhouse.view.words.figures import (
    capital,
    count_words,
    counted,
    day_words,
    money,
    money_short,
    number_words,
    share_words,
    text,
)
from fullhouse.view.words.forecast import STEPS, book_words, quantity_words
from fullhouse.view.words.plan import EXPECTED, as_of_words, buys_words, holdout_words
from fullhouse.view.words.plan import headline as plan_headline
from fullhouse.view.words.readout import rounded_count
from fullhouse.view.words.report import (
    banners,
    carries_words,
    doses_words,
    headline,
    how_to_get,
    missing_words,
    outlook_sentence,
    place_words,
    reason_words,
    story_words,
    unknown_words,
)

MOST_DAYS = 8
"""So many forecasts are drawn of how the range narrowed; of more, days in between are left out."""
LEAST_FILMS = 5
"""Of fewer films, a share that held in its range would say next to nothing."""
SIZE, SMALL = 175, 210
NUMBER, WORDS = "n", ""
Z95 = 1.959964
"""Standard errors to each side of a 95 % interval."""
CHAPTERS = {
    "forecast": "What it will take",
    "audiences": "Who will want it",
    "plan": "The plan",
    "bridge": "From forecast to plan",
    "campaign": "The campaign so far",
    "readout": "What it changed",
    "learned": "What was learned",
    "unknown": "What is not known",
}
Columns = list[tuple[str, str]]
OnChannel = TypeVar("OnChannel", Exposure, Dispatch)


def film_report_page(report: FilmReport) -> str:
    """The report as one page of HTML, on paper and on dark screens too.

    The page holds its charts and their data, and asks no other place for anything. A part that is
    missing has a sentence in its place, with the command that makes it.
    """
    made = "" if report.made_on is None else text("Made on {day}.", day=day_words(report.made_on))
    return render(
        "film_report.html",
        title=text("{title}: report as of {day}", title=report.title, day=day_words(report.as_of)),
        styles=Markup(f"{DISCOVERY_CSS}{PLAN_CSS}"),  # noqa: S704  (ours)
        report=report,
        chapters=CHAPTERS,
        banners=banners(report),
        place=place_words(report),
        headline=headline(report),
        story=story_words(report),
        missing=lambda part: missing_words(report, part),
        forecast=_forecast(report),
        book=None if report.score_book is None else _book(report, report.score_book),
        audiences=_audiences(report),
        plan=_plan(report),
        bridge=_bridge(report),
        campaigns=[_campaign(c) for c in report.campaigns],
        learned=_learned(report),
        unknown=unknown_words(report),
        nothing_open=text("Nothing was left open on {day}.", day=day_words(report.as_of)),
        made=made,
    )


def write_film_report(report: FilmReport, files: Sequence[str | Path]) -> list[Path]:
    """Write a report as a page (.html) or as data (.json)."""
    return write_page_files(report, lambda: film_report_page(report), files, "report")


def some_days(forecasts: Sequence[Forecast], *, most: int = MOST_DAYS) -> list[Forecast]:
    """The first, the last, and some evenly in between, where there are more than so many."""
    last = len(forecasts) - 1
    if last < most:
        return list(forecasts)
    return [forecasts[round(k * last / (most - 1))] for k in range(most)]


def _missing(report: FilmReport, part: str) -> Markup:
    return tag("p", missing_words(report, part))


def _forecast(report: FilmReport) -> Markup:
    newest = report.forecast
    if newest is None:
        return _missing(report, "forecast")
    return lowered(
        *ranges_section(newest, report.actual),
        *by_day_section(newest, report.actual_days),
        *narrowing_section(some_days(report.forecasts), report.actual),
        *drivers_section(newest),
        tag("p", source_words(newest), cls="soft"),
    )


def _audiences(report: FilmReport) -> Markup:
    discovery = report.discovery
    if discovery is None:
        return _missing(report, "discovery")
    return lowered(
        tag("p", tag("b", discovery_headline(discovery))),
        tag("p", verdict_words(discovery)),
        tag("p", ASSOCIATION),
        *cards_section(discovery, behind=False),
        *tickets_section(discovery),
    )


def _plan(report: FilmReport) -> Markup:
    plan = report.plan
    if plan is None:
        return _missing(report, "plan")
    return lowered(
        tag("p", tag("b", plan_headline(plan))),
        *(tag("p", words) for words in buys_words(plan)),
        tag("p", f"{EXPECTED} {holdout_words(plan)}"),
        tag("p", as_of_words(plan), cls="soft"),
        *lines_section(plan),
        *curve_section(plan),
        *unreachable_section(plan),
    )


def _bridge(report: FilmReport) -> Markup:
    plan = report.plan
    if plan is None:
        what = text("Here stands what a plan adds to the forecast, audience by audience.")
        return Markup("").join([tag("p", what), _missing(report, "plan")])
    again = text("Once there is a forecast, plan again. {how}", how=how_to_get(report, "plan"))
    parts = [*bridge_section(plan), *([tag("p", again)] if plan.base is None else [])]
    return lowered(*parts)


# The score book


def _book(report: FilmReport, book: ScoreBook) -> dict[str, Any]:
    """What became of issued forecasts: of this film one by one, of all films together.

    Of this film only quantities that were known by the report's day are shown.
    """
    on = report.made_on or report.as_of
    dated = text("Score book of the house, as of {day}.", day=day_words(on))
    enough = book.films >= LEAST_FILMS
    return {
        "sentence": book_words(book),
        "own": _own_forecasts(book, report.film, dated, report.actual.keys()),
        "few": ""
        if enough
        else text(
            "From {films} films on, this page shows how often such ranges held.", films=LEAST_FILMS
        ),
        "films": _film_scores(book, dated) if enough else None,
        "figure": _reliability(book.reliability, report.film, dated) if enough else None,
    }


def _own_forecasts(
    book: ScoreBook, film: str, dated: str, known: Collection[str] = QUANTITIES
) -> dict[str, Any] | None:
    own = [r for r in book.rows if r.film == film and r.quantity in known]
    rows = sorted(own, key=lambda r: (r.as_of, r.quantity))
    if not rows:
        return None
    names = ("quantity", "horizon", "as_of", "issued_at", "median", "low", "high", "actual")
    return {
        "heads": [("forecast of", WORDS), ("80 % range", NUMBER), ("actual", NUMBER), ("", WORDS)],
        "rows": [_scored(r) for r in rows],
        "file": f"{film}-came-true.csv",
        "data": [{n: getattr(r, n) for n in names} | {"inside_80": r.inside_80} for r in rows],
        "caption": text(
            "This film's own forecasts of which the result is known, in {currency}. {dated}",
            currency=rows[0].currency, dated=dated,
        ),
    }  # fmt: skip


def _scored(row: Scored) -> tuple[object, ...]:
    what = f"{quantity_words(row.quantity)}, {STEPS.get(row.horizon, row.horizon)}"
    return (
        Markup("<span>{}</span><small>{}</small>").format(what, day_words(row.as_of, short=True)),
        range_cell(money_short(row.low), money_short(row.high)),
        unbroken(money_short(row.actual)),
        "inside" if row.inside_80 else "outside",
    )


def _film_scores(book: ScoreBook, dated: str) -> dict[str, Any]:
    lines = book.by("all")
    levels = [0.8, 0.95]
    heads = [("of all films", WORDS), ("films", NUMBER), ("typical error", NUMBER)]
    heads += [(text("in its {level} range", level=share_words(x)), NUMBER) for x in levels]
    rows = [
        (
            quantity_words(x.quantity),
            f"{x.films:,}",
            unbroken(share_words(x.scores.median_error)),
            *(_coverage(x.scores.coverage.get(level)) for level in levels),
        )
        for x in lines
    ]
    caption = text(
        "Typical error: half of the forecasts were nearer. Beside each share, its 95 % interval."
        " {dated}",
        dated=dated,
    )
    return {"heads": heads, "rows": rows, "file": "score-book.csv",
            "data": [_score_row(x) for x in lines], "caption": caption}  # fmt: skip


def _coverage(share: Share | None) -> Markup:
    if share is None:
        return unbroken("not known")
    low, high = share_words(share.low), share_words(share.high)
    return unbroken(share_words(share.share), f"({low} – {high})")


def _score_row(group: GroupFigures) -> dict[str, Any]:
    s = group.scores
    row: dict[str, Any] = {"quantity": group.quantity, "films": group.films, "forecasts": s.n}
    row |= {"median_error": number_words(s.median_error), "spread": number_words(s.spread)}
    return row | {f"inside_{round(100 * x)}": share.share for x, share in s.coverage.items()}


def _reliability(by_quantity: Mapping[str, Reliability], film: str, dated: str) -> Figure:
    some = {q: r for q, r in by_quantity.items() if r.n}
    films = max((r.independent for r in some.values()), default=0)
    panels = reliability_chart(some, size=SMALL).hconcat
    stacked = alt.vconcat(*panels, spacing=18)
    assert isinstance(stacked, alt.VConcatChart)
    return Figure(
        reliability_chart(some, size=SIZE),
        themed(stacked),
        f"{HOW} {BAND_WORDS} {counted(films, 'film')}. {dated}",
        f"{film}-reliability.csv",
        [{"quantity": q, **point} for q, r in some.items() for point in points(r)],
    )


# The campaign


def _campaign(campaign: CampaignReport) -> dict[str, Any]:
    """What a campaign carries out, what was handed over, what was reported, what it moves."""
    newest = campaign.newest
    why = reason_words(campaign.without.get("outlook"))
    return {
        "name": campaign.name,
        "carries": carries_words(campaign),
        "against_plan": _against_plan(campaign),
        "dispatched": _dispatched(campaign),
        "nothing_dispatched": text("The house's log has no delivery of it."),
        "came_back": None if newest is None else _came_back(campaign.name, newest),
        "outlook": _outlook(campaign) if campaign.outlooks else None,
        "no_outlook": text(
            "How it moves the forecast was not computed{why}.", why=f": {why}" if why else ""
        ),
        "readout": None if newest is None else readout_part(newest, level=3),
        "looks": _looks(campaign.readouts),
    }


def _against_plan(campaign: CampaignReport) -> dict[str, Any] | None:
    newest = campaign.newest
    if newest is None or not campaign.against_plan:
        return None
    day = day_words(newest.as_of)
    return {
        "heads": [("", WORDS), ("planned in all", NUMBER),
                  (text("planned by {day}", day=day_words(newest.as_of, short=True)), NUMBER),
                  ("actual", NUMBER)],
        "rows": [_planned_row(r, newest.currency) for r in campaign.against_plan],
        "file": f"{campaign.name}-plan-against-actual.csv",
        "data": [_planned_data(r) for r in campaign.against_plan],
        "caption": text(
            "Plan {plan} beside delivery and readout of {campaign}, as of {day}. Extra tickets are"
            " measured against people held out by chance; ranges are 80 % as planned and 95 % as"
            " measured.",
            plan=campaign.plan, campaign=campaign.name, day=day,
        ),
    }  # fmt: skip


def _planned_row(row: PlannedActual, currency: str) -> tuple[object, ...]:
    unit = f", {currency}" if row.quantity == "spend" else ""
    name = capital(f"{row.quantity}{unit}")
    planned = unbroken(_amount_words(row.planned.middle))
    if row.planned.low < row.planned.high:
        ends = f"({rounded_count(row.planned.low)} – {rounded_count(row.planned.high)})"
        planned = unbroken(rounded_count(row.planned.middle), ends)
    so_far = "" if row.planned_so_far is None else _amount_words(row.planned_so_far)
    if row.actual is None:
        actual = unbroken("not known")
    elif row.actual.low < row.actual.high:
        low, high = (rounded_count(x).replace("-", "−") for x in (row.actual.low, row.actual.high))
        actual = unbroken(rounded_count(row.actual.value), f"({low} – {high})")
    else:
        actual = unbroken(_amount_words(row.actual.value))
    whole = name if not row.channel else f"{name}, {row.channel}"
    return whole, planned, so_far, actual


def _amount_words(value: float) -> str:
    return f"{value:,.0f}" if abs(value) < 1e7 else count_words(value)


def _planned_data(row: PlannedActual) -> dict[str, Any]:
    actual = row.actual
    return {
        "quantity": row.quantity, "channel": row.channel,
        **{f"planned_{end}": getattr(row.planned, end) for end in ("middle", "low", "high")},
        "planned_so_far": row.planned_so_far,
        "actual": None if actual is None else actual.value,
        "actual_low": None if actual is None else actual.low,
        "actual_high": None if actual is None else actual.high,
    }  # fmt: skip


def _dispatched(campaign: CampaignReport) -> dict[str, Any] | None:
    if not campaign.dispatched:
        return None
    last = max(x.on for x in campaign.dispatched)
    return {
        "heads": [("channel", WORDS), ("lines", NUMBER), ("people", NUMBER)],
        "rows": [
            (name, f"{len(lines):,}", f"{sum(x.people for x in lines):,}")
            for name, lines in _by_channel(campaign.dispatched)
        ],
        "file": f"{campaign.name}-dispatched.csv",
        "data": [asdict(x) | {"on": x.on.isoformat()} for x in campaign.dispatched],
        "caption": text(
            "Somebody in several lines counts in each. From the house's log of deliveries, last on"
            " {day}.",
            day=day_words(last),
        ),
    }


def _came_back(name: str, readout: CampaignReadout) -> dict[str, Any]:
    known = any(x.impressions or x.clicks for x in readout.exposures)
    day, spent = day_words(readout.as_of), None
    if readout.spend is not None:
        # Spend follows impressions; without any it is as planned.
        template = "Spent by {day}: {money}." if known else "Spend as planned by {day}: {money}."
        spent = text(template, day=day, money=money(readout.spend, readout.currency))
    nothing = text(
        "By {day} no channel had reported impressions, so who was reached is not known.", day=day
    )
    return {"spent": spent, "nothing": nothing,
            "table": _impressions(name, readout) if known else None}  # fmt: skip


def _impressions(name: str, readout: CampaignReadout) -> dict[str, Any]:
    columns = ("impressions", "clicks", "held_out_reached")
    return {
        "heads": [("channel", WORDS), ("lines", NUMBER), ("impressions", NUMBER),
                  ("clicks", NUMBER), ("held out, yet reached", NUMBER)],
        "rows": [
            (channel, f"{len(lines):,}",
             *(f"{sum(getattr(x, c) for x in lines):,}" for c in columns))
            for channel, lines in _by_channel(readout.exposures)
        ],
        "file": f"{name}-impressions.csv",
        "data": [asdict(x) for x in readout.exposures],
        "caption": text(
            "As channels reported by {day}; somebody in several lines counts in each.",
            day=day_words(readout.as_of),
        ),
    }  # fmt: skip


def _outlook(campaign: CampaignReport) -> dict[str, Any]:
    newest = max(campaign.outlooks, key=lambda o: o.as_of)
    return {
        "sentence": outlook_sentence(newest),
        "figure": figure(
            lambda width: outlook_chart(campaign.outlooks, width=width - 95),
            caption=f"{OUTLOOK_HOW} {outlook_words(newest)}",
            file=f"{campaign.name}-outlook.csv",
            rows=outlook_rows(campaign.outlooks),
            key=OUTLOOK_KEY,
        ),
    }


def _looks(readouts: Sequence[CampaignReadout]) -> dict[str, Any] | None:
    """The effect of the whole at every look, where there were several."""
    if len(readouts) < 2:
        return None
    data = [row for readout in readouts for row in _look(readout)]
    newest = readouts[-1]
    return {
        "heads": [("as of", WORDS), ("more per 1,000 people, at any look", NUMBER)],
        "rows": [
            (
                Markup("<span>{}</span><small>{}</small>").format(
                    day_words(r["day"], short=True), r["outcome"]
                ),
                unbroken(_signed(r["value"]), "(not known)" if r["always_low"] is None
                         else f"({_between(r['always_low'], r['always_high'])})"),
            )
            for r in data
        ],
        "file": f"{newest.campaign}-looks.csv",
        "data": [r | {"day": str(r["day"])} for r in data],
        "caption": text(
            "The whole campaign at each look, with the interval that holds at any look. {campaign},"
            " as of {day}.",
            campaign=newest.campaign, day=day_words(newest.as_of),
        ),
    }  # fmt: skip


def _look(readout: CampaignReadout) -> list[dict[str, Any]]:
    return [
        {
            "day": readout.as_of, "arm": e.arm, "outcome": e.outcome, "value": e.effect.value,
            "low": e.effect.low, "high": e.effect.high,
            "always_low": None if e.always_valid is None else e.always_valid.low,
            "always_high": None if e.always_valid is None else e.always_valid.high,
        }
        for e in readout.whole
    ]  # fmt: skip


def _signed(value: float) -> str:
    return f"{1000 * value:+.3g}".replace("-", "−")


def _between(low: float, high: float) -> str:
    return f"{1000 * low:.3g} to {1000 * high:.3g}".replace("-", "−")


def _by_channel(lines: Iterable[OnChannel]) -> list[tuple[str, list[OnChannel]]]:
    channels: dict[str, list[OnChannel]] = {}
    for line in lines:
        channels.setdefault(line.channel, []).append(line)
    return sorted(channels.items())


# What was learned


def _learned(report: FilmReport) -> list[dict[str, Any]]:
    parts = []
    if report.responses:
        parts.append(_responses(report.responses, report.as_of))
    if report.verdicts:
        parts.append(_verdicts(report.verdicts, report.as_of))
    return parts


def _responses(responses: Sequence[SavedResponse], as_of: date) -> dict[str, Any]:
    """How each audience responded, as the next plan starts from it."""
    return {
        "title": "How people responded",
        "heads": [("audience", WORDS), ("impressions a person", WORDS), ("response", NUMBER)],
        "rows": [_response_row(x) for x in responses],
        "file": f"{responses[0].film}-responses.csv",
        "data": [
            {k: v for k, v in vars(x).items() if k != "doses"}
            | {"known_on": str(x.known_on)}
            | {f"dose_{k}": v for k, v in x.doses.items()}
            for x in responses
        ],
        "caption": text(
            "Response: extra tickets for each that is bought anyway, with its 95 % interval. The"
            " next plan starts from these. From the house's readouts, as of {day}.",
            day=day_words(as_of),
        ),
    }


def _response_row(response: SavedResponse) -> tuple[object, ...]:
    low, high = (response.response + sign * Z95 * response.standard_error for sign in (-1, 1))
    known = text("{campaign}, known on {day}", campaign=response.campaign,
                 day=day_words(response.known_on, short=True))  # fmt: skip
    return (
        Markup("<span>{}</span><small>{}</small>").format(response.audience, known),
        doses_words(response.doses),
        unbroken(_percent(response.response), f"({_percent(low)} to {_percent(high)})"),
    )


def _percent(share: float) -> str:
    return f"{share:+.0%}".replace("%", " %").replace("-", "−")


def _verdicts(verdicts: Sequence[SavedVerdict], as_of: date) -> dict[str, Any]:
    """What was claimed of each audience, and what was observed of people not contacted."""
    return {
        "title": "Did the claims about audiences hold?",
        "heads": [("audience", WORDS), ("claimed", NUMBER), ("observed", NUMBER), ("", WORDS)],
        "rows": [_verdict_row(v) for v in verdicts],
        "file": f"{verdicts[0].film}-verdicts.csv",
        "data": [_verdict_data(v) for v in verdicts],
        "caption": text(
            "Times as likely to buy a ticket as equally active people, with 95 % intervals: claimed"
            " before the film opened, observed among people whom no campaign contacted. From the"
            " house's readouts, as of {day}.",
            day=day_words(as_of),
        ),
    }


def _verdict_row(verdict: SavedVerdict) -> tuple[object, ...]:
    people = counted(verdict.people, "person")
    return (
        verdict.audience,
        _ratio(verdict.claimed),
        _ratio(verdict.observed),
        Markup("<b>{}</b><small>{}</small>").format(verdict.verdict, people),
    )


def _ratio(ends: Sequence[float | None]) -> Markup:
    value, low, high = ends
    if value is None:
        return unbroken("not known")
    return unbroken(number_words(value), f"({number_words(low)}–{number_words(high)})")


def _verdict_data(verdict: SavedVerdict) -> dict[str, Any]:
    row = {k: v for k, v in vars(verdict).items() if k not in {"claimed", "observed"}}
    for name in ("claimed", "observed"):
        ends = zip(("", "_low", "_high"), getattr(verdict, name), strict=True)
        row |= {f"{name}{end}": value for end, value in ends}
    return row | {"known_on": str(verdict.known_on)}
