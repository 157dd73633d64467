"""The exhibitor pack of a city or cinema as a page, a chart and files."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import altair as alt

from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.exhibit.pack import Daypart, Demand, Exhibit, NearbyAudience, PlayedFilm
from fullhouse.view.charts import out_paths, range_bars
from fullhouse.view.render import csv_of, figure, fragment, json_of, render, unbroken
from fullhouse.view.words.exhibit import (
    basis_lines,
    first_week,
    headline,
    other_words,
    showings_words,
    source_words,
    under,
)
from fullhouse.view.words.figures import day_words, heading, share_words

NOT_SHOWN = "not shown"
HOW = "Admissions expected there in each week, with their 80 % range."
KEY = (("bar", "expected admissions"), ("middle line", "80 % range"))


def exhibitor_page(pack: Exhibit) -> str:
    """A page of HTML for the people who schedule a cinema.

    Everything on it is in aggregate; what is under the pack's minimum has no number.
    """
    weeks = None
    if any(w.admissions for w in pack.weeks):
        weeks = figure(
            lambda width: weeks_chart(pack, width=width),
            caption=HOW, file=f"{pack.film}-weeks.csv", rows=week_rows(pack), key=KEY,
        )  # fmt: skip
    return render(
        "exhibit.html",
        pack=pack,
        headline=headline(pack),
        under=under(pack),
        weeks=weeks,
        dayparts=[_daypart(d, pack) for d in pack.dayparts] + _other_parts(pack),
        showings=showings_words(pack),
        others=other_words(pack, pack.other_dayparts) if pack.other_dayparts else "",
        audiences=[_audience(a, pack) for a in pack.audiences],
        films=[_film(f) for f in pack.films],
        tables=pack_tables(pack),
        all_tables=exhibit_csv(pack),
        everything=json_of(pack.to_dict()),
        source=source_words(pack.source),
        first_week=first_week(pack),
        basis=basis_lines(pack),
    )


def exhibit_csv(pack: Exhibit) -> str:
    """All tables of a pack as one CSV: the first column says which table a row is of.

    What is left out is empty.
    """
    return csv_of(
        [{"table": name, **row} for name, rows in pack_tables(pack).items() for row in rows]
    )


def write_exhibit(pack: Exhibit | Demand, files: Sequence[str | Path]) -> list[Path]:
    """Write a pack as a page (.html), its tables (.csv) or everything (.json).

    All cities together have no page: it is of one city.
    """
    if isinstance(pack, Demand) and any(Path(f).suffix.lower() == ".html" for f in files):
        raise InputError(
            "A page is of one city: name it with --city; all cities are .csv or .json."
        )
    paths = out_paths(files, "exhibit")
    for path in paths:
        path.write_text(_text(pack, path.suffix.lower()), "utf-8")
    return paths


def _text(pack: Exhibit | Demand, suffix: str) -> str:
    if suffix == ".json":
        return json.dumps(pack.to_dict(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    if isinstance(pack, Demand):
        return csv_of(pack.rows())
    return exhibitor_page(pack) if suffix == ".html" else exhibit_csv(pack)


def weeks_chart(pack: Exhibit, *, width: int = 560) -> alt.LayerChart:
    """A bar for each week with its range; a week under the minimum says so and has no bar."""
    rows = [
        row | {"label": day_words(week.week), "why": under(pack)}
        for row, week in zip(week_rows(pack), pack.weeks, strict=True)
    ]
    named = f"{pack.title} in {pack.place}"
    title = heading(named, HOW, simulated=pack.simulated, width=width)
    return range_bars(rows, "admissions", title=title, width=width)


def week_rows(pack: Exhibit) -> list[dict[str, Any]]:
    """A row for each week; None where what is expected is under the minimum."""
    if not any(w.admissions for w in pack.weeks):
        raise CannotTellError(code="no_weeks_to_draw", place=pack.place, minimum=pack.minimum)
    return [
        {
            "week": w.week.isoformat(),
            "admissions": None if w.admissions is None else w.admissions.middle,
            "low": None if w.admissions is None else w.admissions.low,
            "high": None if w.admissions is None else w.admissions.high,
        }
        for w in pack.weeks
    ]


def _daypart(part: Daypart, pack: Exhibit) -> tuple[object, ...]:
    if part.admissions is None or part.showings is None:
        return part.name, NOT_SHOWN, NOT_SHOWN, ""
    return _part_row(part.name, part.admissions, part.showings, pack)


def _other_parts(pack: Exhibit) -> list[tuple[object, ...]]:
    others = pack.other_dayparts
    if others is None:
        return []
    return [_part_row("those not shown, together", others.admissions, others.showings, pack)]


def _part_row(name: str, admissions: float, showings: int, pack: Exhibit) -> tuple[object, ...]:
    share = admissions / (showings * pack.seats) if showings else None
    return name, f"{admissions:,.0f}", f"{showings:,}", share_words(share) if share else "–"


def _audience(audience: NearbyAudience, pack: Exhibit) -> tuple[object, ...]:
    return audience.name, _count(audience.people), _few(audience, pack)


def _few(audience: NearbyAudience, pack: Exhibit) -> object:
    """The tickets: those of many people are few, those of few people are not shown either."""
    if audience.tickets is None and audience.people is not None:
        return unbroken(under(pack))
    return _count(audience.tickets)


def _film(film: PlayedFilm) -> tuple[object, ...]:
    opened = day_words(film.opening, short=True)
    name = fragment("named.html", name=film.title, below=opened)
    showings = "–" if film.showings is None else f"{film.showings:,}"
    return name, _count(film.first_week), _count(film.whole_run), showings


def _count(count: float | None) -> object:
    return unbroken(NOT_SHOWN if count is None else f"{count:,.0f}")


def pack_tables(pack: Exhibit) -> dict[str, list[dict[str, Any]]]:
    """The tables of a pack by name: parts of the week, audiences, films and weeks."""
    rows = pack.to_dict()
    weeks = week_rows(pack) if any(w.admissions for w in pack.weeks) else []
    return {name: rows[name] for name in ("dayparts", "audiences", "films")} | {"weeks": weeks}
