"""What a house has saved of a film by a day: issued forecasts, plans, campaigns, readouts."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pyarrow.compute as pc

from fullhouse import control, films
from fullhouse.app.readouts import forecast_before, plan_of
from fullhouse.control.campaign_records import SavedCampaign, SavedPlan
from fullhouse.control.campaigns import campaigns, find_campaign, find_plan, plans, readouts
from fullhouse.core.errors import CannotTellError, InputError, Reason
from fullhouse.core.tables import DELIVERY
from fullhouse.forecast import Forecast, read_forecast
from fullhouse.measurement.campaign_data import plan_against_actual
from fullhouse.measurement.campaign_readout import CampaignReadout, readout_of_record
from fullhouse.measurement.outlook import outlook_of
from fullhouse.planning.plan import Outlook, Plan, plan_from
from fullhouse.view.film_report import CampaignReport, Dispatch
from fullhouse.workspace.context import Context

MOST_OUTLOOKS = 12
"""Each outlook is computed: of a long campaign only so many days are, the first and the last in."""


def issued_forecasts(
    context: Context, film: str, territory: str, day: date
) -> dict[date, Forecast]:
    """The forecasts of a film in the score book by their day, up to a day; of one day the last."""
    entries = [
        entry
        for name in film_ids(context, film)
        for entry in control.entries(context.control, film=name, territory=territory)
        if date.fromisoformat(entry.as_of) <= day
    ]
    ordered = sorted(entries, key=lambda e: e.id)
    forecasts = (replace(read_forecast(e.forecast), film=film) for e in ordered)
    return {f.as_of: f for f in forecasts}


def report_plan(
    context: Context, film: str, day: date, *, plan: str | None, campaign: str | None
) -> Plan | None:
    """The plan named, or that of the campaign named, or the film's newest known by the day."""
    ids = film_ids(context, film)
    if plan is not None:
        chosen = plan_from(find_plan(context.control, plan).body)
    elif campaign is not None:
        chosen = plan_of(context, find_campaign(context.control, campaign))
    else:
        known = [p for p in plans(context.control) if p.film in ids and _as_of(p) <= day]
        return plan_from(max(known, key=lambda p: (_as_of(p), p.at)).body) if known else None
    if chosen.film not in ids:
        raise InputError(f"Plan {chosen.name!r} is for {chosen.film}, not for {film}.")
    return chosen


def report_campaigns(
    context: Context, film: str, day: date, *, campaign: str | None
) -> tuple[CampaignReport, ...]:
    """The film's campaigns, newest first, whose plan was known by the day; or the one named."""
    ids = film_ids(context, film)
    named = None if campaign is None else find_campaign(context.control, campaign)
    if named is not None and named.film not in ids:
        raise InputError(f"Campaign {named.name!r} is for {named.film}, not for {film}.")
    candidates = [named] if named is not None else campaigns(context.control)
    reports = []
    for record in candidates:
        if record.film not in ids:
            continue
        plan = plan_of(context, record)
        if plan.as_of <= day or record is named:
            context.progress("Reading a campaign")
            reports.append(_campaign(context, record, plan, day))
    return tuple(reports)


def _campaign(context: Context, record: SavedCampaign, plan: Plan, day: date) -> CampaignReport:
    saved = {r.as_of: r for r in readouts(context.control, record.name) if r.as_of <= day}
    known = {d: readout_of_record(saved[d]) for d in sorted(saved)}
    outlooks, without = _outlooks(context, record.name, plan, known, day)
    newest = known[max(known)] if known else None
    return CampaignReport(
        record.name,
        f"{record.plan}@{record.plan_version}",
        min((x.week for x in plan.lines), default=plan.as_of),
        float(record.body["holdout"]),
        dispatched=_dispatched(context, record.name),
        readouts=tuple(known.values()),
        outlooks=outlooks,
        against_plan=() if newest is None else plan_against_actual(plan, newest),
        without=without,
    )


def _outlooks(
    context: Context, name: str, plan: Plan, known: Mapping[date, CampaignReadout], day: date
) -> tuple[tuple[Outlook, ...], Mapping[str, Reason]]:
    """The outlook on the plan's day, on that of each readout and on `day`; or why there is none.

    All start from one forecast, that of the day before the campaign, which is computed once.
    """
    if not plan.lines:
        return (), {"outlook": Reason("plan_without_lines")}
    days = sorted({d for d in (plan.as_of, *known, day) if d <= day})
    last = len(days) - 1
    if last >= MOST_OUTLOOKS:
        days = [days[round(k * last / (MOST_OUTLOOKS - 1))] for k in range(MOST_OUTLOOKS)]
    try:
        base = forecast_before(context, plan)
    except (CannotTellError, InputError) as problem:
        return (), {"outlook": problem.reason}
    outlooks = []
    for each in days:
        past = [r for d, r in known.items() if d <= each]
        newest = past[-1] if past else None
        outlooks.append(outlook_of(base, plan, newest, campaign=name, as_of=each))
    return tuple(outlooks), {}


def _dispatched(context: Context, campaign: str) -> tuple[Dispatch, ...]:
    """The house's log of deliveries, one for each line: parts of it are added up."""
    rows = context.lake.read(
        DELIVERY,
        columns=["line", "channel", "persons", "at"],
        where=pc.field("campaign") == campaign,
    ).to_pylist()
    by_line: dict[tuple[str, str], Dispatch] = {}
    for r in sorted(rows, key=lambda r: (r["line"], r["at"])):
        before = by_line.get((r["line"], r["channel"]))
        people = r["persons"] + (before.people if before else 0)
        by_line[r["line"], r["channel"]] = Dispatch(r["line"], r["channel"], people, r["at"].date())
    return tuple(by_line.values())


def _as_of(plan: SavedPlan) -> date:
    return date.fromisoformat(plan.body["as_of"])


def film_ids(context: Context, film: str) -> set[str]:
    """The id of a film, and those that gave way to it."""
    return {film, *(old for old, new in films.renamed(context.lake).items() if new == film)}
