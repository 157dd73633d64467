"""The tab Plan of a film: what a budget sells, where it goes, what it can show; saved versions.

A plan is made of released cards by a worker and saved as the next version of a name, so that what
is shown has an address for good. What it could show with another holdout is free and at once.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import fsum, isfinite
from typing import Any

from markupsafe import Markup

from fullhouse import app
from fullhouse.cleanroom.plans import PlanPower, SavedTenantPlan, TenantPlan
from fullhouse.cleanroom.question import Cards
from fullhouse.cleanroom.release import Release
from fullhouse.core.errors import FullhouseError, InputError
from fullhouse.core.values import check_name
from fullhouse.planning.channel import PRICINGS, Channel, read_channels
from fullhouse.view.words.plan import next_unit_at, notes_words, per_money
from fullhouse.view.words.release import note_words
from fullhouse.web import questions
from fullhouse.web.language import current, say
from fullhouse.web.pictures import Axis, budget_curve, range_strip
from fullhouse.web.visit import NotHereError, Page, Visit
from fullhouse.workspace.context import Context

PLAN = "studio_plan"
"""The use case that makes a plan and saves it."""

MORE_ROWS = 2
"""Empty rows of the form, for channels of the studio's own."""

CHANNEL_FIELDS = ("name", "kind", "sources", "pricing", "price", "reach_limit", "frequency_cap",
                  "minimum_spend")  # fmt: skip
MOST_WEEKS = 26
LEAST_MORE = 0.05
"""Tickets of the next money that would be printed as none."""

SPENT = 0.99
"""A plan that spends less of its budget than this says so."""


@dataclass(frozen=True)
class AudienceRow:
    """What a plan does with one audience: money, people, extra tickets.

    Their range is known where the plan has a ticket price: ends of lines do not add up to it.
    """

    name: str
    spend: float
    lines: int
    middle: float
    low: float | None
    high: float | None
    people: str
    strip: Markup | None


def plan_tab(
    visit: Visit, context: Context, film: str, cards: Release | None, problem: str = ""
) -> Page:
    """A film's plan: the one of the address or the newest, and the form of another one.

    With a problem, the form is as it was typed.
    """
    saved = [p for p in app.studio_plans(context).plans if p.film == film]
    saved.sort(key=lambda p: p.at, reverse=True)
    job = newest_job(context, film)
    facts: dict[str, Any] = {
        "cards": None if cards is None else bool(audiences_in(cards)),
        "price": None,
        "saved": saved,
        "job": None if job is None or job.has_result else job,
        "may_ask": visit.may("ask"),
        "form": _filled(visit, job if job and job.actor == visit.who.user else None),
        "problem": problem,
        "plan": None,
        "tickets": tickets,
    }
    listed = [_saved_row(p) for p in saved]
    if cards is None:
        facts["price"] = questions.price_box(visit, context, Cards(film), film)
    wanted = visit.query.get("plan") or (f"{saved[0].name}@{saved[0].version}" if saved else "")
    if not wanted:
        bare = {"plan": None, "saved": listed}
        return Page("film_plan.html", "", facts, bare, listed, status=422 if problem else 200)
    plan = app.studio_plan_show(context, app.ShowOwnPlan(wanted))
    if plan.plan.film != film:
        raise NotHereError
    power, refused = _power(visit, context, wanted)
    facts |= _plan_facts(plan) | {
        "shown": wanted if "@" in wanted else f"{wanted}@{_newest_of(wanted, saved)}",
        "power": power,
        "powers": [_power_row(p) for p in power.powers] if power else [],
        "power_problem": refused,
    }
    data: Any = {"plan": asdict(plan), "power": power, "saved": listed}
    tables = {
        "audiences": [_audience_columns(row) for row in facts["audiences"]],
        "curve": [_curve_columns(point) for point in plan.plan.curve],
        "saved": listed,
    }
    rows = [_line_columns(line) for line in plan.plan.lines]
    status = 422 if problem else 200
    return Page("film_plan.html", "", facts, data, rows, tables=tables, status=status)


def queue(visit: Visit, film: str) -> None:
    """Have a plan made by a worker and saved; while one is being made, no second one is queued."""
    asked = app.AddJob(PLAN, _request(visit, film), dedupe=f"plan-{film}"[:120])
    app.job_add(visit.studio, asked)


def audiences_in(cards: Release) -> int:
    """How many audiences stand out in released cards."""
    return sum("affinity" in line.figures for line in cards.lines)


def newest_job(context: Context, film: str) -> Any:
    """The newest job that makes a plan of a film, if there is one."""
    listed = app.job_list(context, app.ListJobs(50, kind=PLAN)).jobs
    return next(
        (j for j in listed if isinstance(j.request, dict) and j.request.get("film") == film), None
    )


def _plan_facts(plan: TenantPlan) -> dict[str, Any]:
    of = plan.plan
    points = sorted(of.curve, key=lambda p: p.budget)
    per = per_money(of.curve)
    following = next_unit_at(of.curve, of.budget)
    more = None if following is None else per * following
    return {
        "plan": of,
        "released": plan,
        "sentence": plan_words(plan),
        "returned": _return_words(plan),
        "audiences": audience_rows(plan),
        "base": _base_rows(plan),
        "lines": sorted(of.lines, key=lambda x: -x.spend),
        "curve": _curve_picture(plan) if len(points) > 1 else None,
        "points": points,
        "per": per,
        "next": more if more is None or more >= LEAST_MORE else 0.0,
        "notes": [*(note_words(n) for n in plan.notes), *notes_words(of)],
        "unreachable": [u for u in of.unreachable if u.unreachable > 0],
    }


def plan_words(plan: TenantPlan) -> str:
    """The one sentence of a plan: what its money is expected to sell, with the range."""
    of, lang = plan.plan, current()
    if not of.lines:
        budget = lang.money(of.budget, of.currency)
        return say("No line is worth its money: nothing of {budget} is spent.", budget=budget)
    return say(
        "{spend} is expected to sell about {tickets} extra tickets, likely {low} to {high}"
        " (80 % range)",
        spend=lang.money(of.spend, of.currency),
        tickets=tickets(of.tickets.middle),
        low=tickets(of.tickets.low),
        high=tickets(of.tickets.high),
    )


def tickets(number: float) -> str:
    """Expected tickets to three digits: more would look surer than they are."""
    return current().number(float(f"{number:.3g}"), digits=1 if abs(number) < 10 else 0)


def _return_words(plan: TenantPlan) -> list[str]:
    """What an extra ticket costs, and whether the gross brings that back."""
    of, lang = plan.plan, current()
    if not of.lines or not of.tickets.middle > 0:
        return []
    left = []
    if of.spend < SPENT * of.budget:
        unspent, budget = (lang.money(m, of.currency) for m in (of.budget - of.spend, of.budget))
        left.append(say("{left} of the budget of {budget} is not spent.", left=unspent,
                        budget=budget))  # fmt: skip
    high = say("no upper end")
    if of.tickets.low > 0:
        high = lang.money(of.spend / of.tickets.low, of.currency)
    sentences = [
        *left,
        say(
            "An extra ticket costs about {middle}, likely {low} to {high}.",
            middle=lang.money(of.spend / of.tickets.middle, of.currency),
            low=lang.money(of.spend / of.tickets.high, of.currency),
            high=high,
        ),
    ]
    if of.base is not None and of.gross.high < of.spend:
        sentences.append(say("It does not bring back in gross what it costs."))
    elif of.base is not None and of.gross.low < of.spend:
        sentences.append(say("It may not bring back in gross what it costs."))
    return sentences


def audience_rows(plan: TenantPlan) -> list[AudienceRow]:
    """The audiences that get money, the costliest first, their tickets on one axis."""
    of = plan.plan
    names = list(dict.fromkeys(line.audience for line in of.lines))
    ranges = {s.name: (s.added.low / of.price, s.added.high / of.price) for s in of.bridge}
    axis = Axis(min(0.0, *(low for low, _ in ranges.values())) if ranges else 0.0,
                max((high for _, high in ranges.values()), default=1.0))  # fmt: skip
    people = {a.name: a.people for a in plan.audiences}
    rows = []
    for name in names:
        lines = [x for x in of.lines if x.audience == name]
        middle = fsum(x.tickets.middle for x in lines)
        low, high = ranges.get(name, (None, None))
        strip = None
        if low is not None and high is not None:
            words = say("{name}: {middle} extra tickets, {low} to {high}", name=name,
                        middle=tickets(middle), low=tickets(low),
                        high=tickets(high))  # fmt: skip
            strip = range_strip(axis, low, high, words, middle=middle)
        size = people.get(name)
        shown = "–" if size is None or size.value is None else current().number(size.value)
        spend = fsum(x.spend for x in lines)
        rows.append(AudienceRow(name, spend, len(lines), middle, low, high, shown, strip))
    return sorted(rows, key=lambda r: -r.spend)


def _base_rows(plan: TenantPlan) -> list[tuple[str, float, float, float, Markup]]:
    """The film's total without the plan and with it, on one axis."""
    of = plan.plan
    if of.base is None or not of.bridge:
        return []
    shown = [(say("Without the plan"), of.base), (say("With the plan"), of.bridge[-1].after)]
    axis = Axis(min(a.low for _, a in shown) / 1.3, max(a.high for _, a in shown) * 1.3,
                logarithmic=True)  # fmt: skip
    return [
        (name, a.low, a.middle, a.high, range_strip(axis, a.low, a.high, name, middle=a.middle))
        for name, a in shown
    ]


def _curve_picture(plan: TenantPlan) -> Markup:
    of, lang = plan.plan, current()
    points = sorted(of.curve, key=lambda p: p.budget)
    label = say(
        "Extra tickets by budget: from {first} at {least} to {last} at {most}.",
        first=tickets(points[0].tickets.middle),
        least=lang.money(points[0].budget, of.currency),
        last=tickets(points[-1].tickets.middle),
        most=lang.money(points[-1].budget, of.currency),
    )
    return budget_curve(
        [(p.budget, p.tickets.low, p.tickets.middle, p.tickets.high) for p in points],
        of.budget,
        label,
    )


def _power(visit: Visit, context: Context, plan: str) -> tuple[PlanPower | None, str]:
    """What the plan could show, by the holdout and rate that were typed; or why that is not known.

    A plan without a holdout is looked at with a tenth held out only when that is typed.
    """
    try:
        holdout, rate = (_share(visit, n, words) for n, words in (
            ("holdout", say("The share held out")), ("rate", say("The share that buys anyway")),
        ))  # fmt: skip
        return app.studio_power(context, app.PowerOfPlan(plan, rate, holdout)), ""
    except FullhouseError as problem:
        return None, str(problem)


def _power_row(power: Any) -> dict[str, Any]:
    known = isfinite(power.smallest)
    return {
        "name": say("The whole campaign") if power.group == "whole" else power.name,
        "contacted": power.treated,
        "held_out": power.held_out,
        "base": power.base,
        "expected": power.expected,
        "smallest": power.smallest if known else None,
        "measurable": power.measurable,
        "words": power_words(power),
    }


def power_words(power: Any) -> str:
    """Whether a part can show what the plan expects of it, and what would."""
    if power.expected is None or not power.expected > 0:
        return say("The plan expects no extra tickets of it, so there is nothing to measure.")
    if power.measurable:
        return say("It can be measured.")
    if power.suggested is not None:
        share = current().share(power.suggested, digits=1)
        return say("Hold out {share} of the people to measure it.", share=share)
    if power.needed is not None:
        return say("It would take {needed} people with half of them held out to measure it.",
                   needed=current().number(power.needed))  # fmt: skip
    return say("It is too little to be measured in any house.")


def _newest_of(name: str, saved: Sequence[SavedTenantPlan]) -> int:
    return max((p.version for p in saved if p.name == name), default=1)


def _saved_row(plan: SavedTenantPlan) -> dict[str, Any]:
    return {"plan": f"{plan.name}@{plan.version}", "film": plan.film, "budget": plan.budget,
            "currency": plan.currency, "tickets": plan.tickets, "saved": plan.at}  # fmt: skip


def _line_columns(line: Any) -> dict[str, Any]:
    names = ("audience", "rule", "channel", "cities", "week", "spend", "impressions", "people",
             "reach", "frequency")  # fmt: skip
    return {n: getattr(line, n) for n in names} | {
        "tickets": line.tickets.middle,
        "tickets_low": line.tickets.low,
        "tickets_high": line.tickets.high,
    }


def _audience_columns(row: AudienceRow) -> dict[str, Any]:
    return {"audience": row.name, "spend": row.spend, "tickets": row.middle,
            "tickets_low": row.low, "tickets_high": row.high}  # fmt: skip


def _curve_columns(point: Any) -> dict[str, Any]:
    return {"budget": point.budget, "tickets": point.tickets.middle,
            "tickets_low": point.tickets.low, "tickets_high": point.tickets.high,
            "tickets_of_next_unit": point.next_unit}  # fmt: skip


def _filled(visit: Visit, job: Any) -> dict[str, Any]:
    """The form as it was sent, or as this user filled it in last, or as it is at first."""
    if visit.request.method == "POST":
        names = ("name", "budget", "price", "share", "holdout", "weeks", "attitude")
        return {n: visit.typed(n) for n in names} | {"channels": _typed_channels(visit)}
    given: Mapping[str, Any] = job.request if job else {}
    return {
        "name": given.get("name") or "plan",
        "budget": _plain(given.get("budget")),
        "price": _plain(given.get("price")),
        "share": _plain(given.get("share"), 100),
        "holdout": _plain(given.get("holdout", 0.1), 100),
        "weeks": str(given.get("weeks", 4)),
        "attitude": given.get("attitude", "neutral"),
        "channels": _known_channels(given.get("channels")),
    }


def _plain(value: Any, times: float = 1) -> str:
    return "" if value is None else f"{value * times:.10g}"


def _known_channels(text: str | None) -> list[dict[str, str]]:
    """Rows of the form: the channels that were used last, or those shipped; then empty ones."""
    used = [_channel_row(c, on=True) for c in read_channels(text)]
    names = {row["name"] for row in used}
    rest = [_channel_row(c, on=False) for c in read_channels() if c.name not in names]
    empty = dict.fromkeys(CHANNEL_FIELDS, "") | {"pricing": PRICINGS[0], "on": ""}
    return [*used, *rest, *(dict(empty) for _ in range(MORE_ROWS))]


def _channel_row(channel: Channel, *, on: bool) -> dict[str, str]:
    values = {name: getattr(channel, name) for name in CHANNEL_FIELDS}
    values |= {"sources": ", ".join(channel.sources), "reach_limit": channel.reach_limit * 100}
    shown = {n: f"{v:.10g}" if isinstance(v, int | float) else str(v) for n, v in values.items()}
    return shown | {"on": "1" if on else ""}


def _typed_channels(visit: Visit) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = []
    while any(f"channel-{len(rows)}-{n}" in visit.form for n in CHANNEL_FIELDS):
        place = len(rows)
        rows.append({n: visit.typed(f"channel-{place}-{n}") for n in (*CHANNEL_FIELDS, "on")})
    return rows


def _request(visit: Visit, film: str) -> dict[str, Any]:
    """What the form asks for, checked; every mistake is a sentence."""
    name = check_name(visit.typed("name"), what=say("The name of the plan"))
    budget = _amount(visit, "budget", say("The budget"))
    if budget is None:
        raise InputError(say("Say how much money the plan may spend."))
    weeks = visit.typed("weeks", "4")
    if not (weeks.isascii() and weeks.isdigit() and 1 <= int(weeks) <= MOST_WEEKS):
        raise InputError(say("A plan is of 1 to {most} weeks, not {given}.", most=MOST_WEEKS,
                             given=repr(weeks[:20])))  # fmt: skip
    holdout = _share(visit, "holdout", say("The share held out"), least=0)
    share = _share(visit, "share", say("The house’s share of tickets"), most=100)
    cautious = visit.typed("attitude") == "cautious"
    return {
        "film": film,
        "name": name,
        "budget": budget,
        "price": _amount(visit, "price", say("The price of a ticket")),
        "share": share,
        "holdout": 0.0 if holdout is None else holdout,
        "weeks": int(weeks),
        "attitude": "cautious" if cautious else "neutral",
        "channels": _channels_text(_typed_channels(visit)),
    }


def _channels_text(rows: Sequence[Mapping[str, str]]) -> str | None:
    """The channels of the form as TOML, read once so that a mistake is found now.

    Texts stand as JSON writes them, which TOML reads the same.
    """
    if not rows:
        return None
    tables = []
    for row in rows:
        if not row["on"] or not row["name"]:
            continue
        numbers = {
            "price": _number(row["price"], say("The price of channel {name}", name=row["name"])),
            "reach_limit": (_number(row["reach_limit"] or "100",
                            say("The reach of channel {name}", name=row["name"])) / 100),
            "frequency_cap": _number(row["frequency_cap"] or "7",
                             say("The contacts a week of channel {name}", name=row["name"])),
            "minimum_spend": _number(row["minimum_spend"] or "0",
                             say("The least spend of channel {name}", name=row["name"])),
        }  # fmt: skip
        sources = [s.strip() for s in row["sources"].split(",") if s.strip()]
        texts = {"kind": row["kind"] or row["name"], "pricing": row["pricing"]}
        lines = [f"[channel.{json.dumps(row['name'], ensure_ascii=False)}]"]
        lines += [f"{k} = {json.dumps(v, ensure_ascii=False)}" for k, v in texts.items()]
        lines.append(f"sources = {json.dumps(sources, ensure_ascii=False)}")
        lines += [f"{k} = {v!r}" for k, v in numbers.items()]
        tables.append("\n".join(lines))
    if not tables:
        raise InputError(say("Choose at least one channel, and name it."))
    text = "\n".join(tables)
    read_channels(text)
    return text


def _amount(visit: Visit, name: str, what: str) -> float | None:
    """A number above nothing that was typed, or that none was."""
    text = visit.typed(name)
    if not text:
        return None
    value = _number(text, what)
    if value <= 0:
        raise InputError(say("{what} is a number above 0, not {given}.", what=what,
                             given=repr(text[:40])))  # fmt: skip
    return value


def _share(
    visit: Visit, name: str, what: str, *, least: float | None = None, most: float | None = None
) -> float | None:
    """A percentage that was typed, as a share; without ends, it is above 0 and below 100."""
    text = visit.typed(name)
    if not text:
        return None
    value = _number(text.removesuffix("%").strip(), what)
    above = value > 0 if least is None else value >= least
    below = value < 100 if most is None else value <= most
    if not (above and below):
        raise InputError(say("{what} is a percentage between 0 and 100, not {given}.", what=what,
                             given=repr(text[:40])))  # fmt: skip
    return value / 100


def _number(text: str, what: str) -> float:
    try:
        value = float(text.replace(",", "").replace(" ", ""))
    except ValueError:
        value = float("nan")
    if not isfinite(value):
        raise InputError(say("{what} is a number, not {given}.", what=what,
                             given=repr(text[:40])))  # fmt: skip
    return value
