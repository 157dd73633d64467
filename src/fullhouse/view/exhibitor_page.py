"""The exhibitor pack of one city or cinema group: who is near, when they will come, how to show."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from fullhouse.core.errors import CannotTellError
from fullhouse.core.settings import SIMULATED
from fullhouse.exhibit.exhibit import Daypart, Exhibit, NearbyAudience, PlayedFilm
from fullhouse.view.bands import money_axis, money_scale
from fullhouse.view.figure_words import heading, share_words
from fullhouse.view.page import (
    Html,
    csv_of,
    data_link,
    document,
    figure,
    items,
    json_of,
    kept,
    section,
    table,
    tag,
)
from fullhouse.view.plan_words import tickets_words
from fullhouse.view.theme import INK, themed
from fullhouse.view.words.figures import day_words, money_short

WIDE, NARROW = 700, 340
NUMBER, WORDS = "n", ""
ROW, BAR_HEIGHT = 38, 10
BAR, RANGE = "#4fa39d", "#07524e"
NOT_SHOWN = "not shown"
HOW = "Bar: admissions expected there in the week. Line: their 80 % range."
CSS = """
h3 { font-size: 1rem; margin: 1.2rem 0 .3rem; }
td { overflow-wrap: break-word; } td:first-child { min-width: 8.5rem; }
td small code { overflow-wrap: anywhere; }
"""


def exhibitor_page(pack: Exhibit) -> str:
    """A page of HTML for the people who schedule a cinema.

    Everything on it is in aggregate; what is under the pack's minimum is said to be under it.
    """
    parts = [
        *_head(pack),
        *_dayparts(pack),
        *_weeks(pack),
        *_audiences(pack),
        *_films(pack),
        *([section("What to know", items(pack.notes))] if pack.notes else []),
        _foot(pack),
    ]
    page = document(f"{pack.title} in {pack.place} as of {day_words(pack.as_of)}", parts)
    # The page's own style comes first, and nothing before it can hold this tag: all is escaped.
    return page.replace("</style>", f"{CSS}</style>", 1)


def exhibit_csv(pack: Exhibit) -> str:
    """All tables of a pack as one CSV: the first column says which table a row is of.

    What is under the minimum is empty.
    """
    return csv_of([{"table": name, **row} for name, rows in _tables(pack).items() for row in rows])


def headline(pack: Exhibit) -> str:
    """The one sentence of a pack: what is expected in its first week."""
    first = pack.weeks[0] if pack.weeks else None
    if first is None:
        return f"Nothing is foreseen for {pack.place}."
    if first.admissions is None:
        return f"{pack.place}: {under(pack)} admissions in the week of {day_words(first.week)}."
    found = first.admissions
    return (
        f"{pack.place}: between {tickets_words(found.low)} and {tickets_words(found.high)}"
        f" admissions in the week of {day_words(first.week)}, 80 times in 100."
    )


def under(pack: Exhibit) -> str:
    """What stands in place of a number that is too small to be told."""
    return f"under {pack.minimum:,}"


def weeks_chart(pack: Exhibit, *, width: int = 560) -> alt.LayerChart:
    """A bar for each week with its range; a week under the minimum says so and has no bar."""
    rows = week_rows(pack)
    chart = alt.layer(*_layers(rows, pack, width)).properties(
        width=width,
        height=ROW * len(rows),
        title=heading(f"{pack.title} in {pack.place}", HOW, simulated=pack.simulated, width=width),
    )
    assert isinstance(chart, alt.LayerChart)
    return themed(chart)


def week_rows(pack: Exhibit) -> list[dict[str, Any]]:
    """A row for each week; None where what is expected is under the minimum."""
    if not any(w.admissions for w in pack.weeks):
        raise CannotTellError(
            f"There is no week to draw for {pack.place}: each has {under(pack)} admissions."
        )
    return [
        {
            "week": w.week.isoformat(),
            "admissions": None if w.admissions is None else w.admissions.middle,
            "low": None if w.admissions is None else w.admissions.low,
            "high": None if w.admissions is None else w.admissions.high,
        }
        for w in pack.weeks
    ]


def _layers(rows: Sequence[dict[str, Any]], pack: Exhibit, width: int) -> list[alt.Chart]:
    scale = money_scale([r["high"] for r in rows if r["high"] is not None], zero=True)
    axis = money_axis(scale, "admissions", most=5 if width < 400 else 8)
    told = [
        {**r, "row": f"{k:03}", "label": day_words(w.week), "said": _said(r, pack)}
        for k, (r, w) in enumerate(zip(rows, pack.weeks, strict=True))
    ]
    every = alt.Chart({"values": told}).encode(
        y=alt.Y("row:N").sort([r["row"] for r in told]).axis(None).scale(padding=0),
        tooltip=["week:N", "admissions:Q", "low:Q", "high:Q"],
    )
    base = every.transform_filter("datum.admissions != null")
    return [
        base.mark_bar(height=BAR_HEIGHT, yOffset=8, color=BAR).encode(
            x=alt.X("admissions:Q", scale=scale, axis=axis)
        ),
        base.mark_rule(strokeWidth=2, color=RANGE, yOffset=8).encode(
            x=alt.X("low:Q", scale=scale, axis=axis), x2="high:Q"
        ),
        every.mark_text(align="left", color=INK, fontSize=12, dy=-8).encode(
            x=alt.value(0), text="label:N"
        ),
        every.mark_text(align="right", color=INK, fontSize=12, dy=-8).encode(
            x=alt.value(width), text="said:N"
        ),
    ]


def _said(row: Mapping[str, Any], pack: Exhibit) -> str:
    if row["admissions"] is None:
        return under(pack)
    middle, low, high = (money_short(row[n]) for n in ("admissions", "low", "high"))
    return f"{middle} ({low} – {high})"


def _head(pack: Exhibit) -> list[Html]:
    verb = "opens" if pack.as_of < pack.opening else "opened"
    return [
        *([tag("p", SIMULATED, cls="banner")] if pack.simulated else []),
        tag("h1", f"{pack.title} in {pack.place}"),
        tag("p", f"{pack.territory}, {verb} {day_words(pack.opening)}; as of"
            f" {day_words(pack.as_of)}.", cls="soft"),
        tag("p", headline(pack), cls="headline"),
        tag("p", f"All counts are of groups. A count under {pack.minimum:,} is not shown: it is"
            f" written “{under(pack)}”. The low end of a range is no count, and may lie under it."),
    ]  # fmt: skip


def _dayparts(pack: Exhibit) -> list[Html]:
    if not pack.dayparts:
        return []
    known = any(d.scheduled is not None for d in pack.dayparts)
    heads = [
        ("part of the week", WORDS), ("admissions", NUMBER), ("showings", NUMBER),
        ("seats filled", NUMBER), *([("in the programme", NUMBER)] if known else []),
    ]  # fmt: skip
    rows = [_daypart(d, pack)[: len(heads)] for d in pack.dayparts]
    total = sum(d.showings for d in pack.dayparts)
    words = (
        f"{total:,} showings of {pack.seats:,} seats in {_first_week(pack)}, so that near to"
        f" {share_words(pack.goal)} of the seats are filled; shared out as people are expected."
    )
    if any(d.admissions is None for d in pack.dayparts):
        # Which of them is the small one is not told either.
        words += f" Not shown: {under(pack)}, or what such a one could be told from."
    said = tag("p", words, " ", _link(pack, "dayparts"), cls="soft")
    return [section("Suggested showings", table(heads, rows), said)]


def _first_week(pack: Exhibit) -> str:
    """The opening week, or the one that the first of the weeks is."""
    week = pack.weeks[0].week if pack.weeks else pack.opening
    return "the opening week" if week == pack.opening else f"the week of {day_words(week)}"


def _daypart(part: Daypart, pack: Exhibit) -> tuple[object, ...]:
    filled = "-"
    if part.admissions is not None and part.showings:
        filled = share_words(part.admissions / (part.showings * pack.seats))
    planned = "-" if part.scheduled is None else f"{part.scheduled:,}"
    admissions = NOT_SHOWN if part.admissions is None else f"{part.admissions:,.0f}"
    return part.name, kept(admissions), f"{part.showings:,}", kept(filled), planned


def _weeks(pack: Exhibit) -> list[Html]:
    if not any(w.admissions for w in pack.weeks):
        return []
    drawn = figure(
        weeks_chart(pack, width=WIDE),
        weeks_chart(pack, width=NARROW),
        words=f"{HOW} {_dated(pack)}",
        file=f"{pack.film}-weeks.csv",
        rows=week_rows(pack),
    )
    return [section("Expected admissions by week", drawn)]


def _audiences(pack: Exhibit) -> list[Html]:
    if not pack.audiences:
        return []
    heads = [("audience", WORDS), ("people near", NUMBER), ("tickets expected", NUMBER)]
    words = (
        "People whom the house knows to live there, and the tickets of the run expected of them."
        f" Somebody may be in several audiences: they do not add up. {_dated(pack)} "
    )
    rows = [_audience(a, pack) for a in pack.audiences]
    said = tag("p", words, _link(pack, "audiences"), cls="soft")
    return [section("Who is near", table(heads, rows), said)]


def _audience(found: NearbyAudience, pack: Exhibit) -> tuple[object, ...]:
    name = Html(tag("span", found.name) + tag("small", tag("code", found.rule)))
    return name, _count(found.people, pack), _count(found.tickets, pack)


def _films(pack: Exhibit) -> list[Html]:
    if not pack.films:
        return []
    heads = [
        ("film", WORDS), ("first week", NUMBER), ("whole run", NUMBER), ("showings", NUMBER),
    ]  # fmt: skip
    said = tag("p", f"Admissions that the house knows of, and the showings they were for."
               f" {_dated(pack)} ",
               _link(pack, "films"), cls="soft")  # fmt: skip
    rows = [_film(f, pack) for f in pack.films]
    return [section("Films like it there", table(heads, rows), said)]


def _film(film: PlayedFilm, pack: Exhibit) -> tuple[object, ...]:
    name = Html(tag("span", film.title) + tag("small", day_words(film.opening, short=True)))
    showings = "-" if film.showings is None else f"{film.showings:,}"
    return name, _count(film.first_week, pack), _count(film.whole_run, pack), showings


def _tables(pack: Exhibit) -> dict[str, list[dict[str, Any]]]:
    told = pack.to_dict()
    weeks = week_rows(pack) if any(w.admissions for w in pack.weeks) else []
    return {name: told[name] for name in ("dayparts", "audiences", "films")} | {"weeks": weeks}


def _link(pack: Exhibit, name: str) -> Html:
    file = f"{pack.film}-{name}.csv"
    return data_link("Download as data", file, csv_of(_tables(pack)[name]), "text/csv")


def _foot(pack: Exhibit) -> Html:
    links = (
        data_link("Download all tables", f"{pack.film}-exhibit.csv", exhibit_csv(pack), "text/csv"),
        data_link("Download the whole pack", f"{pack.film}-exhibit.json",
                  json_of(pack.to_dict()), "application/json"),
    )  # fmt: skip
    return tag("footer", tag("p", _dated(pack), *(x for n in links for x in (" ", n)), cls="soft"))


def _dated(pack: Exhibit) -> str:
    return f"As of {day_words(pack.as_of)}; {pack.source}."


def _count(count: float | None, pack: Exhibit) -> Html:
    return kept(under(pack) if count is None else f"{count:,.0f}")
