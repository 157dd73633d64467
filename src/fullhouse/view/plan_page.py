"""The page of a plan: where the money goes, what it should sell, and what was measured so far."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import fsum
from pathlib import Path

from markupsafe import Markup

from fullhouse.campaigns.campaign import LaunchedCities
from fullhouse.measurement.campaign_readout import CampaignReadout
from fullhouse.planning.plan import Amount, Plan, PlanLine
from fullhouse.view.plan_charts import (
    BRIDGE_HOW,
    CURVE_HOW,
    LINES_HOW,
    bridge_chart,
    bridge_rows,
    curve_chart,
    curve_rows,
    lines_rows,
    plan_lines_chart,
)
from fullhouse.view.readout_page import readout_part
from fullhouse.view.render import (
    csv_of,
    figure,
    fragment,
    json_of,
    render,
    unbroken,
    write_page_files,
)
from fullhouse.view.words.figures import day_words, share_words
from fullhouse.view.words.plan import (
    BY_HEADROOM_COLUMNS,
    EXPECTED,
    as_of_words,
    banners,
    base_words,
    buys_words,
    by_headroom_row,
    headline,
    headroom_words,
    holdout_words,
    next_money_words,
    notes_words,
    opens_words,
    place_words,
    tickets_words,
    untested_words,
)

Power = tuple[str, float, str]
"""What is measured, the smallest true effect that would be detected, and the unit of it."""
CSS = """
td:first-child { min-width: 6.5rem; } details td:first-child { min-width: 0; }
"""


def plan_page(
    plan: Plan, *, readouts: Sequence[CampaignReadout] = (), power: Sequence[Power] = ()
) -> str:
    """A page of HTML on a plan, and on what its campaign has shown so far.

    The page holds its charts and their data, and asks no other place for anything.
    """
    return render(
        "plan.html",
        plan=plan,
        style=CSS,
        banners=banners(plan),
        opens=opens_words(plan),
        headline=headline(plan),
        buys=buys_words(plan),
        expected=EXPECTED,
        parts=[
            *bridge_section(plan),
            *lines_section(plan),
            *headroom_section(plan),
            *curve_section(plan),
            *unreachable_section(plan),
        ],
        holdout=holdout_words(plan),
        power=[(name, unbroken(f"{least:.2g}", unit)) for name, least, unit in power],
        power_data=[
            {"of": name, "smallest_effect": least, "unit": unit} for name, least, unit in power
        ],
        as_of=as_of_words(plan),
        readouts=[readout_part(x) for x in readouts],
        notes=notes_words(plan),
        limits=_limits(plan),
        place=place_words(plan),
        everything=json_of(plan.to_dict()),
    )


def bridge_section(plan: Plan) -> list[Markup]:
    """The range without the plan, and what each audience adds to it."""
    chart = None
    if plan.base is not None and plan.bridge:
        chart = figure(
            lambda width: bridge_chart(plan, width=width),
            caption=f"{BRIDGE_HOW} {as_of_words(plan)}",
            file=f"{plan.film}-bridge.csv",
            rows=bridge_rows(plan),
        )
    return [fragment("plan_parts.html", part="bridge", sentences=base_words(plan), chart=chart)]


def lines_section(plan: Plan) -> list[Markup]:
    """Where the money goes, by audience and line."""
    if not plan.lines:
        return []
    rows = lines_rows(plan)
    chart = figure(
        lambda width: plan_lines_chart(plan, width=width),
        caption=f"{LINES_HOW} {as_of_words(plan)}",
        file=f"{plan.film}-spend.csv",
        rows=rows,
    )
    names = list(dict.fromkeys(r["audience"] for r in rows))
    by_name = {name: [x for x in plan.lines if x.audience == name] for name in names}
    return [
        fragment(
            "plan_parts.html",
            part="lines",
            plan=plan,
            chart=chart,
            sentences=untested_words(plan),
            audiences=[
                *(_audience(plan, name, lines) for name, lines in by_name.items()),
                _sum(plan),
            ],
            as_of=as_of_words(plan),
            lines_csv=_lines_csv(plan),
            by_audience=[
                (name, lines[0].rule, [_line(x) for x in _in_order(lines)])
                for name, lines in by_name.items()
            ],
        )
    ]


def headroom_section(plan: Plan) -> list[Markup]:
    """Which audiences were chosen because they have not heard of the film, and why."""
    if not plan.by_headroom:
        return []
    return [
        fragment(
            "plan_parts.html",
            part="headroom",
            plan=plan,
            sentences=headroom_words(plan),
            columns=[(c, "" if c in TEXT_COLUMNS else "n") for c in BY_HEADROOM_COLUMNS],
            rows=[by_headroom_row(a) for a in plan.by_headroom],
            data=[
                {k: v for k, v in vars(a).items() if k != "aware"}
                | dict(zip(("aware", "aware_low", "aware_high"), a.aware or ("",) * 3, strict=True))
                | {"chosen": a.chosen, "explored": a.explored}
                for a in plan.by_headroom
            ],
            as_of=as_of_words(plan),
        )
    ]


TEXT_COLUMNS = ("audience", "why")


def curve_section(plan: Plan) -> list[Markup]:
    """What other budgets would sell."""
    if len(plan.curve) < 2:
        return []
    chart = figure(
        lambda width: curve_chart(plan, width=width),
        caption=f"{CURVE_HOW} {as_of_words(plan)}",
        file=f"{plan.film}-curve.csv",
        rows=curve_rows(plan),
    )
    sentences = next_money_words(plan)
    return [fragment("plan_parts.html", part="curve", sentences=sentences, chart=chart)]


def unreachable_section(plan: Plan) -> list[Markup]:
    """The people that no channel addresses."""
    some = [u for u in plan.unreachable if u.unreachable > 0]
    if not some:
        return []
    return [
        fragment(
            "plan_parts.html",
            part="unreachable",
            plan=plan,
            as_of=as_of_words(plan),
            data=[vars(u) for u in some],
            rows=[
                (
                    u.audience,
                    f"{u.people:,.0f}",
                    f"{u.unreachable:,.0f}",
                    unbroken(share_words(u.unreachable / u.people)),
                    tickets_words(u.tickets),
                )
                for u in some
            ],
        )
    ]


def _audience(plan: Plan, name: str, lines: Sequence[PlanLine]) -> tuple[object, ...]:
    spend = fsum(x.spend for x in lines)
    measured = "measured before" if all(x.tested for x in lines) else "never measured"
    return (
        _with_small(name, measured),
        _with_small(f"{spend:,.0f}", share_words(spend / plan.spend)),
        tickets_words(fsum(x.tickets.middle for x in lines)),
    )


def _sum(plan: Plan) -> tuple[object, ...]:
    return (
        "the plan",
        f"{plan.spend:,.0f}",
        unbroken(tickets_words(plan.tickets.middle), f"({_range(plan.tickets)})"),
    )


def _in_order(lines: Sequence[PlanLine]) -> list[PlanLine]:
    return sorted(lines, key=lambda x: (x.week, x.channel, x.cities))


def _line(line: PlanLine) -> tuple[object, ...]:
    return (
        day_words(line.week, short=True).replace(" ", "\u00a0"),
        _with_small(line.channel, line.cities),
        f"{line.spend:,.0f}",
        f"{line.impressions:,.0f}",
        f"{line.people:,.0f}",
        f"{line.reach:,.0f}",
        f"{line.frequency:.1f}",
        unbroken(tickets_words(line.tickets.middle), f"({_range(line.tickets)})"),
    )


def _with_small(words: str, below: str) -> Markup:
    return Markup("<span>{}</span><small>{}</small>").format(words, below)


def _range(amount: Amount) -> str:
    return f"{tickets_words(amount.low)} – {tickets_words(amount.high)}"


def _lines_csv(plan: Plan) -> str:
    amounts = ("tickets", "gross")
    return csv_of(
        [
            {k: v for k, v in line.items() if k not in amounts}
            | {f"{name}_{end}": line[name][end] for name in amounts for end in line[name]}
            for line in plan.to_dict()["lines"]
        ]
    )


def _limits(plan: Plan) -> list[str]:
    return [
        *(f"{name.replace('_', ' ')}: {_limit(value)}" for name, value in plan.limits.items()),
        *(f"City group {name}: {', '.join(cities)}" for name, cities in plan.cities.items()),
    ]


def _limit(value: object) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{k} {_limit(v)}" for k, v in value.items()) or "none"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value)) or "none"
    return f"{value:,.10g}" if isinstance(value, (int, float)) else str(value)


def write_plan(plan: Plan, files: Sequence[str | Path]) -> list[Path]:
    """Write a plan as a page (.html) or as data (.json)."""
    return write_page_files(plan, lambda: plan_page(plan), files, "plan")


def write_cities(launched: LaunchedCities, folder: str | Path) -> LaunchedCities:
    """Write FOLDER/cities.csv: each city, its pair, and whether media is bought there."""
    file, treated = Path(folder) / "cities.csv", set(launched.design.treated)
    rows = [
        (city, str(number), "buy" if city in treated else "leave out")
        for number, pair in enumerate(launched.design.pairs, 1)
        for city in pair
    ]
    rows += [(city, "", "not in the test") for city in launched.not_paired]
    file.parent.mkdir(parents=True, exist_ok=True)
    names = ("city", "pair", "media")
    file.write_text(csv_of([dict(zip(names, row, strict=True)) for row in rows]), "utf-8")
    return replace(launched, file=file)
