"""The daily page of a film: one file that needs no network, the next action on top."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from fullhouse.planning.daily import (
    ABOVE,
    BELOW,
    CANNOT_TELL,
    ON,
    Daily,
    Delivery,
    Foreseen,
    LineSoFar,
    Signal,
)
from fullhouse.planning.daily_changes import move_words
from fullhouse.planning.daily_delivery import ChannelSoFar, channels_so_far
from fullhouse.planning.daily_terms import signal_words
from fullhouse.view.card_behind import CSS as FOLDED_CSS
from fullhouse.view.card_behind import folded
from fullhouse.view.daily_chart import AHEAD, HOW, daily_chart, signal_rows
from fullhouse.view.daily_words import (
    NO_CHANGE,
    NO_PLAN,
    VERDICTS,
    banners,
    delivery_words,
    forecast_words,
    place_words,
    sentence,
    target_words,
)
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
    share_bar,
    table,
    tag,
)
from fullhouse.view.words.figures import day_words, money_short

WIDE, NARROW = 700, 340
NUMBER, WORDS = "n", ""
SHORT = 100_000
MARKS = {ON: "●", ABOVE: "▲", BELOW: "▼", CANNOT_TELL: "?"}
CSS = """
.next { font-size: 1.35rem; }
h3 { font-size: 1rem; margin: 1.4rem 0 .2rem; }
code { overflow-wrap: anywhere; }
.happened code { display: block; margin-top: .3rem; font-size: .85rem; }
.verdict { white-space: nowrap; } .below { color: #b3541e; font-weight: 600; }
.above { color: var(--mark); font-weight: 600; }
@media screen and (prefers-color-scheme: dark) { .below { color: #e08a52; } }
details table { font-size: .88rem; }
"""


def daily_page(daily: Daily, *, made_on: date) -> str:
    """A page of HTML on a film's day.

    The page holds its charts and their data, and asks no other place for anything.
    """
    parts = [
        *_head(daily),
        _changes(daily),
        _signals(daily),
        _delivery(daily),
        _forecast(daily),
        _foot(daily, made_on),
    ]
    page = document(f"{daily.title}: {day_words(daily.as_of)}", parts)
    # The page's own style comes first, and nothing before it can hold this tag: all is escaped.
    return page.replace("</style>", f"{FOLDED_CSS}{CSS}</style>", 1)


def _head(daily: Daily) -> list[Html]:
    command = daily.action.command
    return [
        *(tag("p", words, cls="banner") for words in banners(daily)),
        tag("h1", daily.title),
        tag("p", place_words(daily, title=False), cls="soft"),
        tag("p", sentence(daily.action.words), cls="headline next"),
        *([tag("p", tag("code", command), cls="happened")] if command else []),
        tag("p", target_words(daily)),
    ]


def _changes(daily: Daily) -> Html:
    said = [f"{sentence(c.words)}." for c in daily.changes]
    inside = items(said) if said else tag("p", NO_CHANGE, cls="soft")
    return section("Since yesterday", inside)


def _signals(daily: Daily) -> Html:
    if not daily.signals:
        words = "No sign of interest in it is known: take in signals or the house's own events."
        return section("Target against actual", tag("p", words, cls="soft"))
    heads = [("", WORDS), ("so far", NUMBER), ("the target asks for, 80 %", NUMBER), ("", WORDS)]
    rows = [_signal_row(s) for s in daily.signals]
    charts = [part for s in daily.signals for part in _signal(daily, s)]
    return section("Target against actual", table(heads, rows), *charts)


def _signal_row(signal: Signal) -> tuple[object, ...]:
    last = signal.newest
    actual = "-" if last is None or last.actual is None else kept(_count(last.actual))
    asked = last.target if last else None
    between = kept(f"{_count(asked.low)} –", _count(asked.high)) if asked else "-"
    mark = tag("span", f"{MARKS[signal.verdict]} {VERDICTS[signal.verdict]}",
               cls=f"verdict {signal.verdict.replace(' ', '-')}")  # fmt: skip
    why = tag("small", signal.why) if signal.verdict == CANNOT_TELL else Html("")
    return signal_words(signal), actual, between, Html(mark + why)


def _signal(daily: Daily, signal: Signal) -> list[Html]:
    rows = signal_rows(daily, signal)
    if sum(r["actual"] is not None for r in rows) < 2:
        return []
    words = signal_words(signal)
    films = {r["films"] for r in rows if r["films"] is not None}
    behind = f" From {max(films)} past films; up to {AHEAD} days ahead." if films else ""
    how = HOW if films else "Dark: this film. No target can be told."
    drawn = figure(
        daily_chart(daily, signal, width=WIDE),
        daily_chart(daily, signal, width=NARROW),
        words=f"{how}{behind}",
        file=f"{daily.film}-{signal.kind}-{signal.origin}.csv",
        rows=rows,
    )
    return [tag("h3", sentence(words)), drawn]


def _delivery(daily: Daily) -> Html:
    found = daily.delivery
    if found is None:
        return section("Delivery and spend", tag("p", NO_PLAN, cls="soft"))
    said = [tag("p", words) for words in delivery_words(daily)]
    if found.campaign is None:
        return section("Delivery and spend", *said)
    heads = [
        ("channel", WORDS), ("impressions", NUMBER), ("planned", NUMBER), ("", "bar"),
        (f"spent, {found.currency}", NUMBER), ("planned", NUMBER),
    ]  # fmt: skip
    rows = [_channel_row(c) for c in channels_so_far(found.lines)]
    return section(
        "Delivery and spend",
        *said,
        table(heads, rows),
        folded("Every line", _lines(found)),
        tag("p", f"Whole days up to {day_words(found.until)}; the plan is even within a week."
            " Bar: what came back of what was planned. ",
            data_link("Download as data", f"{daily.film}-delivery.csv",
                      csv_of(_line_rows(found)), "text/csv"), cls="soft"),
    )  # fmt: skip


def _channel_row(found: ChannelSoFar) -> tuple[object, ...]:
    spent = sum(x.spent or 0.0 for x in found.lines)
    planned = sum(x.planned_spend for x in found.lines)
    return (
        found.channel, f"{found.impressions:,.0f}", f"{found.planned:,.0f}",
        share_bar(found.share) if found.planned else "", f"{spent:,.0f}", f"{planned:,.0f}",
    )  # fmt: skip


def _lines(found: Delivery) -> Html:
    heads = [("week of", WORDS), ("who, where, on", WORDS), ("impressions", NUMBER),
             ("planned", NUMBER)]  # fmt: skip
    ordered = sorted(found.lines, key=lambda x: (x.week, x.channel, x.audience, x.cities))
    return table(heads, [_line_row(x) for x in ordered])


def _line_row(line: LineSoFar) -> tuple[object, ...]:
    return (
        day_words(line.week, short=True).replace(" ", "\u00a0"),
        Html(tag("span", line.audience) + tag("small", f"{line.channel}, {line.cities}")),
        f"{line.impressions or 0.0:,.0f}",
        f"{line.planned:,.0f}",
    )


def _line_rows(found: Delivery) -> list[Mapping[str, Any]]:
    return [vars(x) | {"week": x.week.isoformat(), "until": found.until} for x in found.lines]


def _forecast(daily: Daily) -> Html:
    told = [tag("p", words) for words in forecast_words(daily)]
    heads = [
        ("as of", WORDS), (f"middle, {daily.currency}", NUMBER), ("80 % range", NUMBER),
        ("of the target", NUMBER),
    ]  # fmt: skip
    rows = [_forecast_row(f, daily.target.amount) for f in daily.forecasts if f.total]
    if not rows:
        return section("Forecast", *told)
    moves = _moves(daily.forecasts)
    return section("Forecast", *told, table(heads, rows), *moves)


def _forecast_row(found: Foreseen, target: float | None) -> tuple[object, ...]:
    assert found.total is not None
    total = found.total
    return (
        Html(tag("span", day_words(found.as_of, short=True)) + tag("small", found.horizon)),
        kept(money_short(total.middle)),
        kept(f"{money_short(total.low)} –", money_short(total.high)),
        kept(f"{total.middle / target:.0%}".replace("%", " %")) if target else "-",
    )


def _moves(forecasts: Sequence[Foreseen]) -> list[Html]:
    if len(forecasts) < 2:
        return []
    words = move_words(forecasts[0], forecasts[1])
    return [tag("p", f"Since yesterday {words}.", cls="soft")]


def _foot(daily: Daily, made_on: date) -> Html:
    data = ", ".join(f"{k} {v}" for k, v in daily.data.items())
    link = data_link(
        "Download the whole page", f"{daily.film}-{daily.as_of}.json", json_of(daily.to_dict()),
        "application/json",
    )  # fmt: skip
    return tag(
        "footer",
        *(tag("p", n, cls="soft") for n in daily.notes),
        tag("p", f"Versions of the tables read: {data}.", cls="soft") if data else Html(""),
        tag("p", f"This page was made on {day_words(made_on)}. ", link, cls="soft"),
    )


def _count(amount: float) -> str:
    """A count in full while it is short enough to read."""
    return f"{amount:,.0f}" if amount < SHORT else money_short(amount)
