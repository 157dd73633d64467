"""The page of a forecast: what a studio marketer opens, one file that needs no network."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import altair as alt

from fullhouse.forecast import LEVELS, QUANTITIES, Forecast, KnownFact, Range
from fullhouse.view.forecast_drivers import driver_chart, driver_rows
from fullhouse.view.forecast_fan import fan_chart, fan_rows, happened_rows
from fullhouse.view.forecast_ranges import (
    horizon_chart,
    horizon_rows,
    one_film,
    range_chart,
    range_rows,
)
from fullhouse.view.page import (
    Html,
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
from fullhouse.view.words.figures import day_words, money, money_short
from fullhouse.view.words.forecast import (
    actual_words,
    banners,
    chance_words,
    comp_line,
    driver_words,
    fact_words,
    factor_words,
    field_words,
    headline,
    note_words,
    place_words,
    quantity_words,
    round_amounts,
    spread_words,
    step_words,
    when_words,
)

WIDE, NARROW = 700, 340
BESIDE = 110
"""What the axis and the figures beside a fan take of its width."""
NUMBER, WORDS = "n", ""


def forecast_page(
    forecasts: Sequence[Forecast],
    *,
    actual_days: Sequence[tuple[date, float]] = (),
    actual: Mapping[str, float] | None = None,
    made_on: date,
) -> str:
    """A page of HTML on the newest of one film's forecasts, and on how its range narrowed.

    `actual_days` is what each day took and `actual` what each quantity came to, where that is
    known. The page holds its charts and their data, and asks no other place for anything.
    """
    one_film(forecasts)
    ordered = sorted(forecasts, key=lambda f: f.as_of)
    newest, truth = ordered[-1], dict(actual or {})
    parts = [
        *_head(newest, truth),
        *ranges_section(newest, truth),
        *by_day_section(newest, actual_days),
        *drivers_section(newest),
        *_comps(newest),
        *narrowing_section(ordered, truth),
        *_facts(newest),
        _foot(newest, made_on),
    ]
    return document(f"{newest.title}: forecast as of {day_words(newest.as_of)}", parts)


def _head(forecast: Forecast, truth: Mapping[str, float]) -> list[Html]:
    opens = "opens" if forecast.as_of < forecast.opening else "opened"
    said = [
        *(tag("p", words, cls="banner") for words in banners(forecast)),
        tag("h1", forecast.title),
        tag("p", f"{forecast.territory}, {opens} {day_words(forecast.opening)}. As of"
            f" {day_words(forecast.as_of)}, {when_words(forecast)}.", cls="soft"),
        tag("p", headline(forecast), cls="headline"),
    ]  # fmt: skip
    if forecast.to_date:
        so_far = money(forecast.to_date, forecast.currency)
        said.append(tag("p", f"So far it has taken {so_far}."))
    happened = [
        actual_words(forecast, n, truth[n]) for n in _ordered(truth) if n not in forecast.known
    ]
    if happened:
        said.append(tag("div", *(tag("p", h) for h in happened), cls="happened"))
    return said


def source_words(forecast: Forecast) -> str:
    """From when the figures of a forecast are, and what they rest on."""
    model = forecast.model
    words = f"Forecast as of {day_words(forecast.as_of)}"
    if model.learned_to is None:
        return f"{words}."
    return f"{words}, learned from {model.films:,} films up to {day_words(model.learned_to)}."


def ranges_section(forecast: Forecast, truth: Mapping[str, float]) -> list[Html]:
    """What each quantity will take, and the chances of round amounts."""
    heads = [("", WORDS), ("middle", NUMBER)]
    heads += [(f"{level:.0%}".replace("%", " % range"), NUMBER) for level in LEVELS]
    rows = [_known_row(n, forecast.known[n]) for n in _ordered(forecast.known)]
    rows += [_range_row(n, forecast.ranges[n]) for n in _ordered(forecast.ranges)]
    drawn = _figure(
        lambda width: range_chart(forecast, truth, width=width),
        f"What it will take, in {forecast.currency}. The truth lies inside a band so many times"
        " in 100; the light tick is the middle, passed as often as not."
        + (" A dark tick is what happened." if truth or forecast.known else "")
        + f" {source_words(forecast)}",
        f"{forecast.film}-ranges.csv",
        range_rows(forecast, truth),
    )
    parts = [drawn, table(heads, rows)]
    for name in ("opening_weekend", "total"):
        if name in forecast.ranges:
            parts += _chances(forecast, name)
    return [section("How much", *parts)]


def _known_row(name: str, amount: float) -> list[object]:
    return [quantity_words(name), kept(f"{money_short(amount)},", "known"), *[""] * len(LEVELS)]


def _range_row(name: str, found: Range) -> list[object]:
    ends = [[money_short(a) for a in found.between(level)] for level in LEVELS]
    ranges = [kept(f"{low} –", high) for low, high in ends]
    return [quantity_words(name), kept(money_short(found.median)), *ranges]


def _chances(forecast: Forecast, name: str) -> list[Html]:
    amounts = round_amounts(forecast.ranges[name])
    if not amounts:
        return []
    chances = [(a, forecast.passes(a, quantity=name)) for a in amounts]
    heads = [(f"{quantity_words(name)} of at least", WORDS), ("chance", NUMBER), ("", "bar")]
    rows = [(money(a, forecast.currency), kept(chance_words(p)), share_bar(p)) for a, p in chances]
    return [table(heads, rows)]


def by_day_section(forecast: Forecast, actual: Sequence[tuple[date, float]]) -> list[Html]:
    """The fans of a forecast: the sum up to each day, and each day."""
    if not forecast.days:
        words = "This film is forecast for the whole of its run and not by day."
        return [section("Day by day", tag("p", words, cls="soft"))]
    dots = " Dots are what happened." if actual else ""
    data = fan_rows(forecast)
    told: dict[str, dict[str, Any]] = {row["day"]: row for row in data}
    for name, whole in (("happened", False), ("sum_happened", True)):
        for row in happened_rows(forecast, actual, cumulative=whole):
            told.setdefault(row["day"], {"day": row["day"]})[name] = row["gross"]
    rows = [told[day] for day in sorted(told)]
    charts = [
        _figure(
            lambda width, whole=whole: fan_chart(  # type: ignore[misc]
                forecast, actual=actual, cumulative=whole, width=width - BESIDE
            ),
            f"{words}, in {forecast.currency}, with the 50, 80 and 95 % ranges.{dots}"
            f" {source_words(forecast)}",
            f"{forecast.film}-days.csv",
            rows,
        )
        for whole, words in ((True, "Gross up to each day"), (False, "Gross of each day"))
    ]
    return [section("Day by day", *charts)]


def drivers_section(forecast: Forecast) -> list[Html]:
    """What leads from a typical film to this one."""
    if not forecast.drivers:
        return []
    start = f"A typical film of this market takes {money(forecast.typical, forecast.currency)}."
    lines = [
        Html(tag("b", factor_words(d.factor)) + tag("span", driver_words(d)))
        for d in forecast.drivers
    ]
    parts = [tag("p", f"{start} From there to this film:"), items(lines, cls="factors")]
    if "total" in forecast.ranges:
        parts.append(
            _figure(
                lambda width: driver_chart(forecast, width=width),
                f"From a typical film to the middle of the total, in {forecast.currency}, factor"
                f" by factor; equal factors are equally long. {source_words(forecast)}",
                f"{forecast.film}-drivers.csv",
                driver_rows(forecast),
            )
        )
    return [section("Why", *parts)]


def _comps(forecast: Forecast) -> list[Html]:
    if not forecast.comps:
        return []
    heads = [("film", WORDS), ("opening weekend", NUMBER), ("total", NUMBER), ("alike", NUMBER)]
    rows = [
        (
            Html(
                tag("span", f"{c.title} ({c.opening.year})")
                + (tag("small", comp_line(c)) if c.why else "")
            ),
            "-" if c.opening_weekend is None else kept(money_short(c.opening_weekend)),
            kept(money_short(c.total)),
            kept(f"{c.similarity:.0%}".replace("%", " %")),
        )
        for c in forecast.comps
    ]
    words = (
        f"In {forecast.currency}, as they took it. Alike: in so many of the model's trees both"
        f" films end in one leaf. {source_words(forecast)}"
    )
    return [section("Films like it", table(heads, rows), tag("p", words, cls="soft"))]


def narrowing_section(forecasts: Sequence[Forecast], truth: Mapping[str, float]) -> list[Html]:
    """How one film's range narrowed, over forecasts in the order of their days, and will."""
    newest, parts = forecasts[-1], []
    if len([f for f in forecasts if "total" in f.ranges or "total" in f.known]) > 1:
        total = truth.get("total")
        parts.append(
            _figure(
                lambda width: horizon_chart(forecasts, actual=total, width=width),
                f"The total of the run, in {newest.currency}, as it was forecast on each of these"
                f" days.{' The dark tick is what happened.' if total is not None else ''}"
                f" {source_words(newest)}",
                f"{newest.film}-horizons.csv",
                horizon_rows(forecasts, actual=total),
            )
        )
    if newest.steps:
        widest = max(s.spread for s in newest.steps) - 1
        heads = [("once known", WORDS), ("upper / lower end", NUMBER), ("", "bar")]
        rows = [
            (
                Html(
                    tag("span", f"{'✓ ' if s.done else ''}{step_words(s)}")
                    + (tag("small", day_words(s.when)) if s.when else "")
                ),
                spread_words(s),
                share_bar((s.spread - 1) / widest if widest else 0),
            )
            for s in newest.steps
        ]
        words = (
            "How far apart the ends of the 80 % range of the total were for films like it."
            f" {source_words(newest)}"
        )
        parts += [table(heads, rows), tag("p", words, cls="soft")]
    return [section("How the range narrows", *parts)] if parts else []


def _facts(forecast: Forecast) -> list[Html]:
    if not forecast.facts:
        return []
    rows = [_fact_row(name, value) for name, value in forecast.facts.items()]
    heads = [("fact", WORDS), ("value", WORDS), ("from", WORDS), ("known on", WORDS)]
    if not any(origin or known for _, _, origin, known in rows):
        parts = [table(heads[:2], [r[:2] for r in rows])]
    else:
        parts = [table(heads, rows)]
    if forecast.groups:
        groups = ", ".join(f"{k} {v}" for k, v in forecast.groups.items())
        parts.append(tag("p", f"Counted in the score book under: {groups}.", cls="soft"))
    return [section("What it rests on", *parts)]


def _fact_row(name: str, fact: KnownFact) -> tuple[str, str, str, str]:
    since = "" if fact.known_on is None else day_words(fact.known_on, short=True)
    return field_words(name), fact_words(fact.value, name), fact.origin, since


def _foot(forecast: Forecast, made_on: date) -> Html:
    model = ", ".join(f"{k.replace('_', ' ')} {v}" for k, v in vars(forecast.model).items() if v)
    data = ", ".join(f"{k} {v}" for k, v in forecast.data.items())
    everything = json_of(forecast.to_dict())
    lines = [
        *(tag("p", note_words(note)) for note in forecast.notes),
        tag("p", f"Model: {model}.", cls="soft") if model else Html(""),
        tag("p", f"Versions of the tables read: {data}.", cls="soft") if data else Html(""),
        tag("p", f"{place_words(forecast)} This page was made on {day_words(made_on)}. ",
            data_link("Download the whole forecast", f"{forecast.film}.json", everything,
                      "application/json"), cls="soft"),
    ]  # fmt: skip
    return tag("footer", *lines)


def _figure(
    draw: Callable[[int], alt.TopLevelMixin],
    words: str,
    file: str,
    rows: Sequence[Mapping[str, Any]],
) -> Html:
    return figure(draw(WIDE), draw(NARROW), words=words, file=file, rows=rows)


def _ordered(names: Mapping[str, Any]) -> list[str]:
    """Quantities in the order of a run."""
    return sorted(names, key=lambda n: list(QUANTITIES).index(n) if n in QUANTITIES else 99)
