"""The report of a tenant's title: forecast, released audiences, plan and readouts.

Every number of people on it is a released one, and stands with its range.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from fullhouse.cleanroom.plans import TenantPlan
from fullhouse.cleanroom.reports import ReportedRelease, TenantReport
from fullhouse.view.forecast_page import drivers_section, ranges_section
from fullhouse.view.plan_page import CSS, bridge_section, curve_section, lines_section
from fullhouse.view.render import fragment, json_of, render, write_page_files
from fullhouse.view.words.figures import day_words, text
from fullhouse.view.words.forecast import banners, headline
from fullhouse.view.words.release import KIND_WORDS, figure_words, note_words, release_table

NOISE = (
    "Numbers of people hold noise, so that no person can be found in them; each stands with the"
    " range that the truth lies in 95 times of 100."
)
MISSING = {
    "cards": "Who will want it: no audience cards were released of this title yet.",
    "plan": "Where to spend: no plan was saved.",
    "campaigns": "What a campaign changed: nothing was released of a campaign of this title yet.",
}


@dataclass(frozen=True)
class ReleasePart:
    """A release as a section: its title, table, notes and where it comes from."""

    title: str
    heads: Sequence[tuple[str, str]]
    rows: Sequence[tuple[str, ...]]
    notes: Sequence[str]
    source: str


def tenant_report_page(report: TenantReport) -> str:
    """The report as one page of HTML that asks no other place for anything."""
    forecast = report.forecast.forecast
    plan = report.plan
    return render(
        "tenant_report.html",
        report=report,
        style=CSS,
        banners=banners(forecast),
        headline=headline(forecast),
        noise=NOISE,
        forecast=[
            *ranges_section(forecast, report.forecast.actual.amounts),
            *drivers_section(forecast),
        ],
        releases=list(_parts(report)),
        plan=[] if plan is None else [
            *bridge_section(plan.plan), *_audiences(plan), *lines_section(plan.plan),
            *curve_section(plan.plan),
        ],
        missing=[MISSING[name] for name in MISSING if not getattr(report, name)],
        notes=[note_words(n) for n in (plan.notes if plan else report.forecast.notes)],
        everything=json_of(report.to_dict()),
    )  # fmt: skip


def write_tenant_report(report: TenantReport, files: Sequence[str | Path]) -> list[Path]:
    """Write a tenant's report as a page (.html) or as data (.json)."""
    return write_page_files(report, lambda: tenant_report_page(report), files, "report")


def _parts(report: TenantReport) -> Iterator[ReleasePart]:
    if report.cards is not None:
        yield _part("Who will want it", report.cards)
    for each in report.campaigns:
        about = f"{each.release.question['campaign']}: {KIND_WORDS[each.release.kind]}"
        yield _part(about, each)


def _part(title: str, reported: ReportedRelease) -> ReleasePart:
    rows, heads = release_table(reported.release)
    source = text(
        "As of {day}; entry {entry} of your log.",
        day=day_words(reported.source.as_of),
        entry=str(reported.source.position),
    )
    notes = [note_words(n) for n in reported.release.notes]
    return ReleasePart(title, [(h, "") for h in heads], rows, notes, source)


def _audiences(plan: TenantPlan) -> list[Markup]:
    """The sizes and affinities that the plan takes, each with its range."""
    rows = [(a.name, figure_words(a.people), figure_words(a.affinity)) for a in plan.audiences]
    heads = [("audience of the plan", ""), ("people (95 %)", ""), ("affinity (95 %)", "")]
    return [fragment("table.html", heads=heads, rows=rows, sums=0)]
