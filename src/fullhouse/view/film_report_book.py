"""The score book on the report of a film: whether such ranges keep their word."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any

import altair as alt

from fullhouse.forecast import QUANTITIES
from fullhouse.forecast.score import GroupFigures, ScoreBook, Scored
from fullhouse.stats.scores import Reliability, Share
from fullhouse.view.page import Html, csv_of, data_link, figure, kept, section, table, tag
from fullhouse.view.reliability import BAND_WORDS, HOW, points, reliability_chart
from fullhouse.view.theme import themed
from fullhouse.view.words.figures import counted, day_words, money_short, number_words, share_words
from fullhouse.view.words.forecast import book_words, quantity_words

NUMBER, WORDS = "n", ""
SIZE, SMALL = 175, 210


def book_section(
    book: ScoreBook, film: str, on: date, *, came_true: Collection[str] = QUANTITIES
) -> list[Html]:
    """What became of issued forecasts: of this film one by one, of all films together.

    The book stands as on the day `on`; of this film only quantities in `came_true` are told.
    """
    dated = f"Score book of the house, as it stood on {day_words(on)}."
    own = [r for r in book.rows if r.film == film and r.quantity in came_true]
    parts = [tag("p", book_words(book)), *_own(own, film, dated)]
    if book.rows:
        parts += [_lines(book, dated), _drawn(book.reliability, film, dated)]
    return [section("Do such ranges keep their word?", *parts)]


def _own(rows: Iterable[Scored], film: str, dated: str) -> list[Html]:
    mine = sorted(rows, key=lambda r: (r.as_of, r.quantity))
    if not mine:
        return []
    heads = [("forecast of", WORDS), ("80 % range", NUMBER), ("came", NUMBER), ("", WORDS)]
    words = f"This film's own forecasts that have come true, in {mine[0].currency}. {dated} "
    link = _link(f"{film}-came-true.csv", [_own_row(r) for r in mine])
    return [table(heads, [_scored(r) for r in mine]), tag("p", words, link, cls="soft")]


def _scored(row: Scored) -> tuple[object, ...]:
    said = f"{quantity_words(row.quantity)}, {row.horizon}"
    ends = kept(f"{money_short(row.low)} –", money_short(row.high))
    return (
        Html(tag("span", said) + tag("small", day_words(row.as_of, short=True))),
        ends,
        kept(money_short(row.actual)),
        "inside" if row.inside_80 else "outside",
    )


def _own_row(row: Scored) -> dict[str, Any]:
    names = ("quantity", "horizon", "as_of", "issued_at", "median", "low", "high", "actual")
    return {n: getattr(row, n) for n in names} | {"inside_80": row.inside_80}


def _lines(book: ScoreBook, dated: str) -> Html:
    lines = book.by("all")
    levels = [0.8, 0.95]
    heads = [("of all films", WORDS), ("films", NUMBER), ("typical error", NUMBER)]
    heads += [(f"in its {level:.0%} range".replace("%", " %"), NUMBER) for level in levels]
    rows = [
        (
            quantity_words(x.quantity),
            f"{x.films:,}",
            kept(share_words(x.scores.median_error)),
            *(_held(x.scores.coverage.get(level)) for level in levels),
        )
        for x in lines
    ]
    words = (
        "Typical error: half of the forecasts were nearer. Beside each share, where it may lie by"
        f" luck (95 %). {dated} "
    )
    link = _link("score-book.csv", [_line_row(x) for x in lines])
    return Html(table(heads, rows) + tag("p", words, link, cls="soft"))


def _held(share: Share | None) -> Html:
    if share is None:
        return kept("not known")
    low, high = share_words(share.low), share_words(share.high)
    return kept(share_words(share.share), f"({low} – {high})")


def _line_row(group: GroupFigures) -> dict[str, Any]:
    s = group.scores
    told = {"quantity": group.quantity, "films": group.films, "forecasts": s.n}
    told |= {"median_error": number_words(s.median_error), "spread": number_words(s.spread)}
    for level, share in s.coverage.items():
        told |= {f"inside_{round(100 * level)}": share.share}
    return told


def _drawn(found: Mapping[str, Reliability], film: str, dated: str) -> Html:
    some = {q: r for q, r in found.items() if r.n}
    rows = [{"quantity": q, **point} for q, r in some.items() for point in points(r)]
    films = max((r.independent for r in some.values()), default=0)
    return figure(
        reliability_chart(some, size=SIZE),
        _stacked(some),
        words=f"{HOW} {BAND_WORDS} {counted(films, 'film')}. {dated}",
        file=f"{film}-reliability.csv",
        rows=rows,
    )


def _stacked(found: Mapping[str, Reliability]) -> alt.VConcatChart:
    """The panels one under the other, for a phone."""
    panels = reliability_chart(found, size=SMALL).hconcat
    chart = alt.vconcat(*panels, spacing=18)
    assert isinstance(chart, alt.VConcatChart)
    return themed(chart)


def _link(file: str, rows: list[dict[str, Any]]) -> Html:
    return data_link("Download as data", file, csv_of(rows), "text/csv")
