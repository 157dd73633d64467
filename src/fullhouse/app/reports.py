"""The report of a film: all that the house knows of it by a day."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pyarrow.compute as pc

from fullhouse import control, films
from fullhouse.app.discoveries import DiscoverFilm, ShareTickets, discover_film, share_tickets
from fullhouse.app.forecast import ForecastFilm, ReadScoreBook, forecast_film, scorebook
from fullhouse.app.readouts import forecast_before, plan_of
from fullhouse.app.use_case import use_case
from fullhouse.control.campaign_records import SavedCampaign, SavedPlan
from fullhouse.control.campaigns import (
    campaigns,
    find_campaign,
    find_plan,
    plans,
    readouts,
    saved_responses,
    verdicts,
)
from fullhouse.core.errors import CannotTellError, InputError, NotFoundError, Reason, did_you_mean
from fullhouse.core.request import request
from fullhouse.core.tables import DELIVERY, FILM_GROSS
from fullhouse.discovery.card import FilmDiscovery
from fullhouse.films.film import Film
from fullhouse.forecast import Forecast, read_forecast
from fullhouse.forecast.score import actuals_of
from fullhouse.measurement.campaign_data import plan_against_actual
from fullhouse.measurement.campaign_readout import CampaignReadout, readout_of_record
from fullhouse.measurement.film_report import CampaignReport, Dispatch, FilmReport
from fullhouse.measurement.outlook import outlook_of
from fullhouse.planning.plan import Outlook, Plan, plan_from
from fullhouse.workspace.context import Context

MOST_OUTLOOKS = 12
"""Each outlook is computed: of a long campaign only so many days are, the first and the last in."""
DayGrosses = tuple[tuple[date, float], ...]


@request
class ReportFilm:
    """A film, the day whose knowledge counts (today), and the plan or campaign to take, by name.

    Without `plan` and `campaign` the film's newest plan and all its campaigns are taken.
    """

    film: str
    as_of: date | None = None
    territory: str | None = None
    plan: str | None = None
    campaign: str | None = None


@use_case
def film_report(context: Context, request: ReportFilm) -> FilmReport:
    """All that was known of a film on a day (today): forecast, audiences, plan, campaign, readout.

    Forecast and audiences are looked up, or computed where they were not yet; the rest is what the
    house has saved. Audiences are those of the plan's day, where a plan stands behind the report:
    what the money was spent on is judged by them. A part that cannot be had is left out, with the
    reason.
    """
    control.check_writable(context.control)
    day = request.as_of or context.today
    territory = request.territory or context.settings.territory
    films.check_territory(territory)
    film = films.renamed(context.lake).get(request.film, request.film)
    known = _known(context, film, territory, day)
    plan = report_plan(context, film, day, plan=request.plan, campaign=request.campaign)
    without: dict[str, Reason] = {}
    context.progress("Forecasting")
    forecasts = _forecasts(context, film, territory, day, without)
    context.progress("Looking for audiences")
    discovered_on = day if plan is None else min(plan.as_of, day)
    discovery = _discovery(context, film, territory, discovered_on, without)
    days, amounts = _actual(context, known)
    campaigns = report_campaigns(context, film, day, campaign=request.campaign)
    ids = film_ids(context, film)
    report = FilmReport(
        film,
        known.title,
        territory,
        day,
        known.opening,
        forecasts=forecasts,
        actual_days=days,
        actual=amounts,
        score_book=scorebook(context, ReadScoreBook(territory=territory)),
        discovery=discovery,
        plan=plan,
        campaigns=campaigns,
        responses=tuple(x for x in saved_responses(context.control, as_of=day) if x.film in ids),
        verdicts=tuple(v for v in verdicts(context.control, as_of=day) if v.film in ids),
        without=without,
        simulated=context.settings.simulated,
        made_on=context.today,
    )
    detail: dict[str, object] = {"film": film, "as_of": day.isoformat()}
    control.record(context.control, "report", detail | {"without": sorted(without)})
    return report


def _known(context: Context, film: str, territory: str, day: date) -> Film:
    known = films.known(context.lake, film, territory, day)
    if known.facts:
        return known
    rows = films.facts(context.lake, territory, day, fields=["title"])
    hint = did_you_mean(film, rows["film"].to_pylist())
    raise NotFoundError(f"No film {film!r} was known in {territory} on {day}.{hint}")


def _forecasts(
    context: Context,
    film: str,
    territory: str,
    day: date,
    without: dict[str, Reason],
) -> tuple[Forecast, ...]:
    """Those that were issued and the one of the day, in the currency of the newest."""
    by_day = issued_forecasts(context, film, territory, day)
    try:
        by_day[day] = forecast_film(context, ForecastFilm(film, as_of=day, territory=territory))
    except (CannotTellError, InputError) as problem:
        without["forecast"] = problem.reason
    ordered = [by_day[d] for d in sorted(by_day)]
    return tuple(f for f in ordered if f.currency == ordered[-1].currency)


def _discovery(
    context: Context,
    film: str,
    territory: str,
    day: date,
    without: dict[str, Reason],
) -> FilmDiscovery | None:
    try:
        cards = discover_film(context, DiscoverFilm(film, territory=territory, as_of=day))
        return share_tickets(context, ShareTickets(cards))
    except (CannotTellError, InputError) as problem:
        without["discovery"] = problem.reason
        return None


def _actual(context: Context, film: Film) -> tuple[DayGrosses, Mapping[str, float]]:
    """What each day took and what is known of each quantity, as known on the film's day."""
    rows = films.grosses(context.lake, film.territory, film.as_of, films=[film.film])
    if film.opening is None or rows.num_rows == 0:
        return (), {}
    known = (pc.field("territory") == film.territory) & (pc.field("known_on") <= film.as_of)
    newest = pc.max(context.lake.read(FILM_GROSS, columns=["day"], where=known)["day"]).as_py()
    outcomes = actuals_of(rows, film.opening, upto=newest)
    days = tuple(zip(rows["day"].to_pylist(), rows["gross"].to_pylist(), strict=True))
    return days, outcomes.amounts


def issued_forecasts(
    context: Context, film: str, territory: str, day: date
) -> dict[date, Forecast]:
    """The forecasts of a film in the score book by their day, up to a day; of one day the last."""
    entries = [
        entry
        for name in film_ids(context, film)
        for entry in control.entries(context.control, film=name, territory=territory)
        if entry.is_forecast and date.fromisoformat(entry.as_of) <= day
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
