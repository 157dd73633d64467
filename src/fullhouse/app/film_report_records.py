"""What a house has kept of a film by a day: issued forecasts, plans, campaigns, readouts."""

from dataclasses import replace
from datetime import date

import pyarrow.compute as pc

from fullhouse import control, films
from fullhouse.app.outlook import campaign_outlook
from fullhouse.control.campaign_records import SavedCampaign, SavedPlan, SavedReadout
from fullhouse.control.campaigns import campaigns, find_campaign, find_plan, plans, readouts
from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.core.progress import Progress
from fullhouse.core.tables import DELIVERY
from fullhouse.forecast import Forecast, read_forecast
from fullhouse.planning.plan import Outlook, Plan, plan_from
from fullhouse.view.film_report import Sent, ShownCampaign
from fullhouse.view.shown_readout import EVERYBODY, WHOLE, ShownReadout, shown_from
from fullhouse.workspace.context import Context

MOST_OUTLOOKS = 12
"""Each outlook is computed: of a long campaign only so many days are, the first and the last in."""


def issued_forecasts(
    context: Context, film: str, territory: str, day: date
) -> dict[date, Forecast]:
    """The forecasts of a film in the score book by their day, up to a day; of one day the last."""
    mine = [
        entry
        for name in film_ids(context, film)
        for entry in control.entries(context.control, film=name, territory=territory)
        if date.fromisoformat(entry.as_of) <= day
    ]
    ordered = sorted(mine, key=lambda e: e.id)
    read = (replace(read_forecast(e.forecast), film=film) for e in ordered)
    return {f.as_of: f for f in read}


def report_plan(
    context: Context, film: str, day: date, *, plan: str | None, campaign: str | None
) -> Plan | None:
    """The plan named, or that of the campaign named, or the film's newest known by the day."""
    if plan is not None:
        found = plan_from(find_plan(context.control, plan).body)
    elif campaign is not None:
        found = _carried_out(context, find_campaign(context.control, campaign))
    else:
        ids = film_ids(context, film)
        known = [p for p in plans(context.control) if p.film in ids and _as_of(p) <= day]
        return plan_from(max(known, key=lambda p: (_as_of(p), p.at)).body) if known else None
    if found.film not in film_ids(context, film):
        raise InputError(f"Plan {found.name!r} is for {found.film}, not for {film}.")
    return found


def report_campaigns(
    context: Context,
    film: str,
    day: date,
    *,
    campaign: str | None,
    progress: Progress,
) -> tuple[ShownCampaign, ...]:
    """The film's campaigns, newest first, whose plan was known by the day; or the one named."""
    ids = film_ids(context, film)
    named = None if campaign is None else find_campaign(context.control, campaign)
    if named is not None and named.film not in ids:
        raise InputError(f"Campaign {named.name!r} is for {named.film}, not for {film}.")
    chosen = [named] if named is not None else campaigns(context.control)
    found = []
    for kept in chosen:
        if kept.film not in ids:
            continue
        plan = _carried_out(context, kept)
        if plan.as_of <= day or kept is named:
            progress(f"Reading campaign {kept.name}")
            found.append(_campaign(context, kept, plan, day, progress))
    return tuple(found)


def _campaign(
    context: Context, kept: SavedCampaign, plan: Plan, day: date, progress: Progress
) -> ShownCampaign:
    known = {r.as_of: r for r in readouts(context.control, kept.name) if r.as_of <= day}
    shown = tuple(_shown(known[d]) for d in sorted(known))
    days = sorted({d for d in (plan.as_of, *known, day) if d <= day})
    outlooks, why = _outlooks(context, kept.name, plan, days, progress)
    return ShownCampaign(
        kept.name,
        f"{kept.plan}@{kept.plan_version}",
        min((x.week for x in plan.lines), default=plan.as_of),
        float(kept.body["holdout"]),
        _sent(context, kept.name),
        shown,
        outlooks,
        {"outlook": why} if why else {},
    )


def _outlooks(
    context: Context, name: str, plan: Plan, days: list[date], progress: Progress
) -> tuple[tuple[Outlook, ...], str]:
    """The outlook on each of some days, and why there is none on the last that has none."""
    if not plan.lines:
        return (), "The plan holds no line."
    last, found, why = len(days) - 1, [], ""
    if last >= MOST_OUTLOOKS:
        days = [days[round(k * last / (MOST_OUTLOOKS - 1))] for k in range(MOST_OUTLOOKS)]
    for day in days:
        try:
            found.append(campaign_outlook(context, name, as_of=day, progress=progress))
        except (CannotTellError, InputError) as problem:
            why = str(problem)
    return tuple(found), why if not found else ""


def _shown(kept: SavedReadout) -> ShownReadout:
    """A kept readout; one from before parts were kept too holds the whole alone."""
    told = dict(kept.body)
    if "campaign" not in told:
        several = len({e["arm"] for e in told["effects"]}) > 1
        told["effects"] = [
            {"group": WHOLE, "name": e["arm"] if several else EVERYBODY, "effect": e}
            for e in told["effects"]
        ]
        told |= {"campaign": kept.campaign, "as_of": kept.as_of.isoformat()}
    return shown_from(told)


def _sent(context: Context, campaign: str) -> tuple[Sent, ...]:
    """The house's log of deliveries, one for each line: parts of it are added up."""
    rows = context.lake.read(
        DELIVERY,
        columns=["line", "channel", "persons", "at"],
        where=pc.field("campaign") == campaign,
    ).to_pylist()
    found: dict[tuple[str, str], Sent] = {}
    for r in sorted(rows, key=lambda r: (r["line"], r["at"])):
        before = found.get((r["line"], r["channel"]))
        people = r["persons"] + (before.people if before else 0)
        found[r["line"], r["channel"]] = Sent(r["line"], r["channel"], people, r["at"].date())
    return tuple(found.values())


def _carried_out(context: Context, campaign: SavedCampaign) -> Plan:
    kept = find_plan(context.control, f"{campaign.plan}@{campaign.plan_version}")
    return plan_from(kept.body)


def _as_of(plan: SavedPlan) -> date:
    return date.fromisoformat(plan.body["as_of"])


def film_ids(context: Context, film: str) -> set[str]:
    """The id of a film, and those that gave way to it."""
    return {film, *(old for old, new in films.renamed(context.lake).items() if new == film)}
