"""The report of a film in plain words: what matters most, what is missing, what is not known."""

from collections.abc import Mapping, Sequence

from fullhouse.core.errors import Reason
from fullhouse.core.settings import SIMULATED
from fullhouse.forecast import Forecast
from fullhouse.measurement.campaign_readout import WHOLE
from fullhouse.measurement.film_report import CampaignReport, FilmReport
from fullhouse.planning.plan import Outlook
from fullhouse.view.words.discovery import headline as discovery_headline
from fullhouse.view.words.discovery import notes_words as discovery_notes
from fullhouse.view.words.discovery import unknowns
from fullhouse.view.words.figures import (
    capital,
    counted,
    day_words,
    likely_between,
    money,
    share_words,
    text,
)
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
from fullhouse.view.words.readout import (
    note_sentences,
    sold_sentences,
    unknown_sentence,
    unproven_words,
)

WIDE = 3.0
"""A range whose upper end is more than so many times its lower is called wide."""
MISSING = {
    "forecast": ("There is no forecast", "fullhouse forecast {film}"),
    "score book": ("Past forecasts were not looked at", "fullhouse scorebook"),
    "discovery": ("Audiences are not known", "fullhouse discover {film}"),
    "plan": ("There is no plan", "fullhouse plan {film} --budget AMOUNT --save NAME"),
    "campaign": (
        "No campaign was launched",
        "fullhouse campaign launch PLAN --name NAME --out FOLDER",
    ),
    "readout": ("Nothing was measured yet", "fullhouse campaign readout CAMPAIGN"),
    "learned": ("No readout has been saved yet", "fullhouse campaign readout CAMPAIGN"),
}
"""The sentence of a missing part, and the command that makes it."""


def place_words(report: FilmReport) -> str:
    """Where and when the film opens, and from when the report is."""
    if report.opening is None:
        opens = text("opening day not known")
    else:
        template = "opens {day}" if report.as_of < report.opening else "opened {day}"
        opens = text(template, day=day_words(report.opening))
    return text("{territory}, {opens}; as of {day}.", territory=report.territory, opens=opens,
                day=day_words(report.as_of))  # fmt: skip


def banners(report: FilmReport) -> list[str]:
    """What must be read before any figure."""
    return [SIMULATED] if report.simulated else []


def headline(report: FilmReport) -> str:
    """The one sentence of a report: what the film will take, or that there is no forecast."""
    if report.forecast is None:
        return missing_words(report, "forecast")
    return forecast_headline(report.forecast)


def story_words(report: FilmReport) -> list[str]:
    """One sentence on each part that there is, in the order of the report."""
    lines = []
    if report.discovery is not None:
        lines.append(discovery_headline(report.discovery))
    if report.plan is not None:
        lines.append(plan_headline(report.plan))
    for campaign in report.campaigns:
        # What was measured is one figure: the outlook, which weighs it with the plan's, stands
        # with its explanation in the part on the campaign.
        measured = [] if campaign.newest is None else sold_sentences(campaign.newest)
        if campaign.outlooks and not measured:
            lines.append(added_sentence(campaign.outlooks[-1]))
        lines += measured
    return lines


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
        "learned": report.responses or report.verdicts,
    }
    return [part for part, value in there.items() if not value]


def missing_words(report: FilmReport, part: str) -> str:
    """That a part is missing, why, and how to get it."""
    sentence, _ = MISSING[part]
    why = reason_words(report.without.get(part))
    return f"{sentence}{f': {why}' if why else ''}. {how_to_get(report, part)}"


def how_to_get(report: FilmReport, part: str) -> str:
    """The command that makes a part."""
    command = MISSING[part][1].replace("{film}", report.film)
    return text("To get it: {command}", command=command)


def reason_words(reason: Reason | None) -> str:
    """Why something is missing, without a full stop; nothing where no reason is known."""
    return "" if reason is None else str(reason).rstrip(".")


def carries_words(campaign: CampaignReport) -> str:
    """Which plan a campaign carries out, from when on, with how many held out."""
    out = text("Nobody is held out.")
    if campaign.holdout > 0:
        out = text(
            "{share} of its people are held out by chance.", share=share_words(campaign.holdout)
        )
    return text(
        "It carries out plan {plan} from {day} on. {out}",
        plan=campaign.plan, day=day_words(campaign.begins), out=out,
    )  # fmt: skip


def outlook_sentence(outlook: Outlook) -> str:
    """What the film will take with its campaign, counted from before it, and what that adds."""
    total = outlook.total
    return text(
        "With the campaign the film takes {amount}, {likely}. {added}",
        amount=text("about {money}", money=money(total.middle, outlook.currency)),
        likely=likely_between(total.low, total.high, outlook.currency),
        added=added_sentence(outlook),
    )  # fmt: skip


def added_sentence(outlook: Outlook) -> str:
    """What a campaign adds to a film's gross."""
    added, currency = outlook.added, outlook.currency
    template = (
        "As planned, campaign {campaign} adds about {amount} by the end of the run, {likely}."
    )
    if outlook.basis == "measured":
        template = (
            "By the end of the run, campaign {campaign} adds about {amount}, {likely}: what was"
            " measured so far, carried on and weighed with what the plan expected."
        )
    return text(
        template,
        campaign=outlook.campaign,
        amount=money(added.middle, currency),
        likely=likely_between(added.low, added.high, currency, middle=added.middle),
    )


def unknown_words(report: FilmReport) -> dict[str, list[str]]:
    """What is not known, under the part it is of; parts without any are left out."""
    lines: dict[str, list[str]] = {
        "Missing": [missing_words(report, part) for part in missing(report)],
        "Forecast": [] if report.forecast is None else _forecast(report, report.forecast),
        "Audiences": [],
        "Plan": _plan(report),
        "Campaign": [],
        "Audiences that cannot be judged": [
            text(
                "{audience}: {people} people are too few to tell whether the claim held.",
                audience=v.audience, people=f"{v.people:,}",
            )
            for v in report.verdicts
            if v.verdict == "cannot tell"
        ],
    }  # fmt: skip
    if report.score_book is not None and not report.score_book.rows:
        lines["Forecast"].append(
            text("How good such ranges are: {sentence}", sentence=book_words(report.score_book))
        )
    if report.discovery is not None:
        notes = [*unknowns(report.discovery), *discovery_notes(report.discovery)]
        lines["Audiences"] = distinct(notes)
    for campaign in report.campaigns:
        reasons = [capital(str(reason)) for reason in campaign.without.values()]
        open_ = distinct([*reasons, *campaign_unknowns(campaign)])
        lines["Campaign"] += [f"{campaign.name}: {words}" for words in open_]
    return {part: sentences for part, sentences in lines.items() if sentences}


def campaign_unknowns(campaign: CampaignReport) -> list[str]:
    """What the newest readout leaves open: effects not proven, people reached by mistake."""
    readout = campaign.newest
    if readout is None:
        return []
    lines = unproven_words(readout)
    lines += [
        unknown_sentence(u) for e in readout.effects if e.group == WHOLE for u in e.effect.unknown
    ]
    leaked = sum(x.held_out_reached for x in readout.exposures)
    if leaked:
        lines.append(text(
            "{people} held out (counted in each line) got the advertising all the same, so effects"
            " look smaller than they are.",
            people=counted(leaked, "person"),
        ))  # fmt: skip
    return [*lines, *note_sentences(readout)]


def doses_words(doses: Mapping[str, float]) -> str:
    """How many impressions each person was to get on each channel.

    >>> doses_words({"push": 2.04, "banner": 1.0})
    'banner 1.0, push 2.0'
    """
    return ", ".join(f"{channel} {dose:.1f}" for channel, dose in sorted(doses.items()))


def distinct(lines: Sequence[str]) -> list[str]:
    """Lines, each once."""
    return list(dict.fromkeys(lines))


def _forecast(report: FilmReport, forecast: Forecast) -> list[str]:
    lines = []
    if "forecast" in report.without:
        lines.append(text(
            "There is no forecast as of {day}, only older ones: {reason}",
            day=day_words(report.as_of), reason=report.without["forecast"],
        ))  # fmt: skip
    total = forecast.ranges.get("total")
    if total is not None:
        low, high = total.between(0.8)
        if low > 0 and high / low > WIDE:
            lines.append(text(
                "The range of the total is wide: its upper end is {times} times its lower, as of"
                " {day}.",
                times=f"{high / low:.1f}", day=day_words(forecast.as_of),
            ))  # fmt: skip
    return [*lines, *map(note_words, forecast.notes)]


def _plan(report: FilmReport) -> list[str]:
    plan = report.plan
    if plan is None:
        return []
    lines = [] if plan.base is not None else base_words(plan)
    lines += [] if plan.holdout > 0 else [holdout_words(plan)]
    untested = untested_words(plan) if plan.spend > 0 else []
    return distinct([*lines, *unreachable_words(plan), *untested, *notes_words(plan)])
