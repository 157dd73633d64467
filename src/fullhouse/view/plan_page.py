"""The page of a plan: where the money goes, what it should win, and what was won so far."""

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import altair as alt

from fullhouse.campaigns.campaign import LaunchedCities
from fullhouse.measurement.campaign_readout import CampaignReadout
from fullhouse.planning.plan import Plan
from fullhouse.view.bridge_chart import HOW as BRIDGE_HOW
from fullhouse.view.bridge_chart import bridge_chart, bridge_rows
from fullhouse.view.curve_chart import HOW as CURVE_HOW
from fullhouse.view.curve_chart import curve_chart, curve_rows
from fullhouse.view.page import (
    Html,
    data_link,
    document,
    figure,
    folded,
    items,
    json_of,
    section,
    tag,
)
from fullhouse.view.plan_lines_chart import HOW as LINES_HOW
from fullhouse.view.plan_lines_chart import lines_rows, plan_lines_chart
from fullhouse.view.plan_tables import (
    Power,
    audiences_table,
    lines_link,
    lines_table,
    measured_section,
    unreachable_section,
)
from fullhouse.view.readout_page import readout_part
from fullhouse.view.save import check_page_out, write_page_files
from fullhouse.view.words.figures import day_words
from fullhouse.view.words.plan import (
    EXPECTED,
    as_of_words,
    banners,
    base_words,
    buys_words,
    headline,
    next_money_words,
    notes_words,
    opens_words,
    place_words,
    untested_words,
)

WIDE, NARROW = 700, 340
CSS = """
h3 { font-size: 1rem; margin: 1.2rem 0 .3rem; }
td { overflow-wrap: break-word; } td:first-child { min-width: 6.5rem; }
td small code { overflow-wrap: anywhere; }
details table { font-size: .88rem; } details td:first-child { min-width: 0; }
"""


def plan_page(
    plan: Plan, *, readouts: Sequence[CampaignReadout] = (), power: Sequence[Power] = ()
) -> str:
    """A page of HTML on a plan, and on what its campaign has shown so far.

    The page holds its charts and their data, and asks no other place for anything.
    """
    parts = [
        *_head(plan),
        *bridge_section(plan),
        *lines_section(plan),
        *curve_section(plan),
        *unreachable_section(plan),
        measured_section(plan, power),
        *map(readout_part, readouts),
        *_limits(plan),
        *([section("What to know", items(notes_words(plan)))] if plan.notes else []),
        _foot(plan),
    ]
    page = document(f"{plan.title}: plan {plan.name} as of {day_words(plan.as_of)}", parts)
    # The page's own style comes first, and nothing before it can hold this tag: all is escaped.
    return page.replace("</style>", f"{CSS}</style>", 1)


def _head(plan: Plan) -> list[Html]:
    return [
        *(tag("p", words, cls="banner") for words in banners(plan)),
        tag("h1", plan.title),
        tag("p", f"{plan.territory}, {opens_words(plan)}; {plan.name} as of"
            f" {day_words(plan.as_of)}.", cls="soft"),
        tag("p", headline(plan), cls="headline"),
        *(tag("p", words) for words in buys_words(plan)),
        tag("p", EXPECTED),
    ]  # fmt: skip


def bridge_section(plan: Plan) -> list[Html]:
    """The range without the plan, and what each audience adds to it."""
    said = [tag("p", words) for words in base_words(plan)]
    if plan.base is not None and plan.bridge:
        said.append(
            _figure(
                lambda width: bridge_chart(plan, width=width),
                f"{BRIDGE_HOW} {as_of_words(plan)}",
                f"{plan.film}-bridge.csv",
                bridge_rows(plan),
            )
        )
    return [section("From the forecast to what may be", *said)]


def lines_section(plan: Plan) -> list[Html]:
    """Where the money goes, by audience and line."""
    if not plan.lines:
        return []
    drawn = _figure(
        lambda width: plan_lines_chart(plan, width=width),
        f"{LINES_HOW} {as_of_words(plan)}",
        f"{plan.film}-spend.csv",
        lines_rows(plan),
    )
    names = list(dict.fromkeys(r["audience"] for r in lines_rows(plan)))
    by_name = {name: [x for x in plan.lines if x.audience == name] for name in names}
    told = [
        drawn,
        *(tag("p", words) for words in untested_words(plan)),
        tag("h3", "By audience"),
        audiences_table(plan, by_name),
        tag("p", "Lines share what they win together, so that their middles add up; ranges do not."
            f" {as_of_words(plan)} ", lines_link(plan), cls="soft"),
        *(folded(f"{name}: every line", lines_table(plan, lines))
          for name, lines in by_name.items()),
    ]  # fmt: skip
    return [section("Where the money goes", *told)]


def curve_section(plan: Plan) -> list[Html]:
    """What other budgets would win."""
    if len(plan.curve) < 2:
        return []
    drawn = _figure(
        lambda width: curve_chart(plan, width=width),
        f"{CURVE_HOW} {as_of_words(plan)}",
        f"{plan.film}-curve.csv",
        curve_rows(plan),
    )
    said = [tag("p", words) for words in next_money_words(plan)]
    return [section("What more money buys", *said, drawn)]


def _limits(plan: Plan) -> list[Html]:
    told = [
        *(f"{name.replace('_', ' ')}: {_limit(value)}" for name, value in plan.limits.items()),
        *(f"City group {name}: {', '.join(cities)}" for name, cities in plan.cities.items()),
    ]
    return [section("What it keeps to", items(told))] if told else []


def _limit(value: object) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{k} {_limit(v)}" for k, v in value.items()) or "none"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value)) or "none"
    return f"{value:,.10g}" if isinstance(value, (int, float)) else str(value)


def _foot(plan: Plan) -> Html:
    link = data_link("Download the whole plan", f"{plan.film}-plan.json",
                     json_of(plan.to_dict()), "application/json")  # fmt: skip
    return tag("footer", tag("p", place_words(plan), " ", link, cls="soft"))


def _figure(
    draw: Callable[[int], alt.TopLevelMixin],
    words: str,
    file: str,
    rows: Sequence[Mapping[str, Any]],
) -> Html:
    return figure(draw(WIDE), draw(NARROW), words=words, file=file, rows=rows)


def write_plan(plan: Plan, files: Sequence[str | Path]) -> list[Path]:
    """Write a plan as a page (.html) or as data (.json)."""
    return write_page_files(plan, lambda: plan_page(plan), files)


def check_plan_out(file: str | Path) -> Path:
    """The path itself, when its ending says what to write; an error before any work is done."""
    return check_page_out(file)


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
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(("city", "pair", "media"))
        writer.writerows(rows)
    return replace(launched, file=file)
