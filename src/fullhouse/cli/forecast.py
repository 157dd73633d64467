"""`fullhouse forecast`: what a film will take, as ranges; and the slate it opens in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from fullhouse import app
from fullhouse.cli.show import Json, Where, opened, out, progress, say_json
from fullhouse.core.errors import FullhouseError, InputError, did_you_mean
from fullhouse.core.values import parse_date

if TYPE_CHECKING:
    from fullhouse.app import Context, Slate
    from fullhouse.control import Entry
    from fullhouse.forecast import Forecast, Range
    from fullhouse.forecast.what_if import Supposed

AHEAD_DAYS = 120
HASH_SHOWN = 12
NOT_CAUSE = (
    "What if shows what films like that did, not what the change would cause: such films differ"
    " from others in much else."
)
LOOKS_BACK = (
    "It is as of a past day: what had come true before today is scored apart from what was"
    " forecast in time ('fullhouse scorebook --looking-back')."
)


def forecast(
    film: Annotated[
        str | None, typer.Argument(metavar="FILM", help="Its id; see 'film list'.")
    ] = None,
    *,
    as_of: Annotated[
        list[str] | None,
        typer.Option("--as-of", help="With what was known on this day (today); repeatable."),
    ] = None,
    territory: Annotated[
        str | None, typer.Option(help="ISO 3166 code of the market; setting territory.")
    ] = None,
    comps: Annotated[
        list[str] | None,
        typer.Option("--comps", metavar="FILM", help="A comparable film of yours; repeatable."),
    ] = None,
    what_if: Annotated[
        list[str] | None,
        typer.Option("--what-if", metavar="NAME=VALUE", help="Suppose theaters=3500; repeatable."),
    ] = None,
    move: Annotated[
        list[str] | None,
        typer.Option(metavar="FILM=DATE", help="Suppose another film opens then; repeatable."),
    ] = None,
    passes: Annotated[
        list[float] | None,
        typer.Option(metavar="AMOUNT", help="Chance that the film passes it; repeatable."),
    ] = None,
    quantity: Annotated[
        str, typer.Option(help="Of --passes: total, opening_weekend or opening_day.")
    ] = "total",
    slate: Annotated[
        bool, typer.Option("--slate", help="All films that open wide in a time, instead of one.")
    ] = False,
    first: Annotated[
        str | None, typer.Option("--from", help="--slate: the first day; the as-of day.")
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", help=f"--slate: the last day; {AHEAD_DAYS} days later.")
    ] = None,
    of: Annotated[
        str | None, typer.Option("--film", metavar="FILM", help="--slate: the film to move.")
    ] = None,
    dates: Annotated[
        list[str] | None,
        typer.Option("--try", metavar="DATE", help="--slate: another day for it; repeatable."),
    ] = None,
    file: Annotated[
        list[str] | None,
        typer.Option("--out", help="File ending in .html, .svg, .png, .csv, .parquet; repeatable."),
    ] = None,
    no_issue: Annotated[
        bool, typer.Option("--no-issue", help="Do not enter it in the score book.")
    ] = False,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Forecast what a film will take, as a range that keeps its word; or a whole slate."""
    today = datetime.now(UTC).date()
    days = _days(as_of or (), today)
    if slate:
        one = {"--comps": comps, "--what-if": what_if, "--move": move, "--passes": passes}
        _none_of(one | {"--no-issue": no_issue}, "is for one film, not for --slate")
        if film is not None:
            raise InputError(f"--slate is of all films. To move one: --film {film} --try DATE.")
        if len(days) > 1:
            raise InputError("--slate takes one --as-of.")
        start = days[0] if first is None else parse_date(first, what="--from")
        end = start + timedelta(AHEAD_DAYS) if last is None else parse_date(last, what="--to")
        tries = [parse_date(d, what="--try") for d in dates or ()]
        if of is not None and not tries:
            raise InputError("--film is the film to move: give at least one --try DATE.")
        _slate(where, days[0], territory, (start, end), of, tries, file or (), json=json)
        return
    _none_of({"--from": first, "--to": last, "--film": of, "--try": dates}, "is for --slate")
    if film is None:
        raise InputError("Which film? fullhouse forecast FILM, or fullhouse forecast --slate")
    ask = _Ask(
        film,
        tuple(days),
        territory,
        tuple(comps or ()),
        app.supposed(what_if or (), move or ()) if what_if or move else None,
        tuple(_amount(a) for a in passes or ()),
        _quantity(quantity),
    )
    _film(where, ask, today, file or (), issue=not no_issue, json=json)


@dataclass(frozen=True)
class _Ask:
    """What is asked of one film; `days` ascending."""

    film: str
    days: tuple[date, ...]
    territory: str | None
    comps: tuple[str, ...]
    what_if: "Supposed | None"
    amounts: tuple[float, ...]
    quantity: str


def _film(
    where: str, ask: _Ask, today: date, file: Sequence[str], *, issue: bool, json: bool
) -> None:
    files = [app.check_forecast_out(f) for f in file]
    without, missing = None, ""
    with opened(where, quiet=json) as workspace, progress("Forecasting", quiet=json) as step:
        make = partial(
            app.forecast_film,
            workspace,
            ask.film,
            territory=ask.territory,
            comps=ask.comps,
            progress=step,
        )
        made = [make(as_of=day, what_if=ask.what_if) for day in ask.days]
        chances = [(a, made[-1].passes(a, quantity=ask.quantity)) for a in ask.amounts]
        if ask.what_if is not None:
            try:
                without = make(as_of=ask.days[-1])
            except FullhouseError as problem:
                missing = str(problem)
        entries = _issue(workspace, made) if issue and ask.what_if is None else []
        written = app.write_forecast(workspace, made, files, made_on=today)
    if json:
        say_json(_told(made, entries, without, chances, ask.quantity))
        return
    if ask.what_if is None:
        _say(made[-1], chances, ask.quantity)
    else:
        _say_what_if(made[-1], without, missing)
        _say_chances(made[-1], chances, ask.quantity)
    if len(made) > 1:
        _say_days(made)
    for entry, new in entries:
        _say_entry(entry, new=new)
    if entries and ask.days[0] < today:
        out.print(LOOKS_BACK, style="dim", soft_wrap=True)
    _say_written(written)


def _slate(
    where: str,
    as_of: date,
    territory: str | None,
    between: tuple[date, date],
    film: str | None,
    dates: Sequence[date],
    file: Sequence[str],
    *,
    json: bool,
) -> None:
    files = [app.check_slate_out(f) for f in file]
    with opened(where, quiet=json) as workspace, progress("Forecasting", quiet=json) as step:
        found = app.forecast_slate(
            workspace,
            as_of=as_of,
            first=between[0],
            last=between[1],
            territory=territory,
            film=film,
            dates=dates,
            progress=step,
        )
        written = app.write_slate(found, files)
    if json:
        say_json(found.to_dict())
        return
    _say_slate(found, film)
    _say_written(written)


def _days(texts: Sequence[str], today: date) -> list[date]:
    days = sorted({parse_date(t, what="--as-of") for t in texts}) or [today]
    if days[-1] > today:
        raise InputError(
            f"--as-of {days[-1]} lies ahead: what will be known then is not known today ({today})."
        )
    return days


def _none_of(options: Mapping[str, Any], why: str) -> None:
    for name, given in options.items():
        if given:
            raise InputError(f"{name} {why}.")


def _quantity(text: str) -> str:
    from fullhouse.forecast import QUANTITIES

    name = text.replace("-", "_").replace(" ", "_")
    if name not in QUANTITIES:
        raise InputError(
            f"--quantity takes {', '.join(QUANTITIES)}, not {text!r}."
            f"{did_you_mean(name, QUANTITIES)}"
        )
    return name


def _amount(amount: float) -> float:
    if not isfinite(amount) or amount <= 0:
        raise InputError(f"--passes takes an amount above 0, such as 100000000, not {amount:g}.")
    return amount


def _issue(workspace: "Context", made: Sequence["Forecast"]) -> list[tuple["Entry", bool]]:
    """The entry of each forecast, and whether it is new."""
    found = []
    for one in made:
        now = datetime.now(UTC)
        entry = app.scorebook_issue(workspace, one, now=now)
        found.append((entry, entry.issued == now))
    return found


def _told(
    made: Sequence["Forecast"],
    entries: Sequence[tuple["Entry", bool]],
    without: "Forecast | None",
    chances: Sequence[tuple[float, float]],
    quantity: str,
) -> dict[str, Any]:
    return {
        "forecast": made[-1].to_dict(),
        "earlier": [f.to_dict() for f in made[:-1]],
        "without": without.to_dict() if without else None,
        "passes": [
            {"quantity": quantity, "amount": amount, "probability": p} for amount, p in chances
        ],
        "entries": [
            {"entry": e.id, "as_of": e.as_of, "hash": e.hash, "new": new} for e, new in entries
        ],
    }


def _say(found: "Forecast", chances: Sequence[tuple[float, float]], quantity: str) -> None:
    """Print a forecast for a marketer: the sentence, the ranges, why, and what it rests on."""
    from fullhouse.view.forecast_words import banners, headline, money, place_words

    # The workspace has said that it is simulated.
    for words in banners(found)[1 if found.simulated else 0 :]:
        out.print(f"[yellow]{escape(words)}[/]", soft_wrap=True)
    out.print(place_words(found), markup=False, soft_wrap=True)
    out.print(f"\n[bold]{escape(headline(found))}[/]", soft_wrap=True)
    if found.to_date:
        out.print(f"So far: {money(found.to_date, found.currency)}.", soft_wrap=True)
    _say_ranges(found)
    _say_chances(found, chances, quantity)
    _say_drivers(found)
    _say_comps(found)
    _say_steps(found)
    _say_notes(found)


def _say_notes(found: "Forecast") -> None:
    for note in found.notes:
        out.print(f"Note: {note}", markup=False, soft_wrap=True)


def _say_ranges(found: "Forecast") -> None:
    from fullhouse.forecast import LEVELS, QUANTITIES
    from fullhouse.view.forecast_words import money_short, quantity_words

    view = _view(found.currency)
    for name in ("middle", *(f"{level:.0%}".replace("%", " % range") for level in LEVELS)):
        view.add_column(name, justify="right", no_wrap=True)
    for name, amount in found.known.items():
        view.add_row(quantity_words(name), money_short(amount), "known")
    for name in sorted(found.ranges, key=list(QUANTITIES).index):
        amounts = found.ranges[name]
        ends = (_ends(amounts, level) for level in LEVELS)
        view.add_row(quantity_words(name), money_short(amounts.median), *ends)
    out.print(view)


def _say_chances(found: "Forecast", chances: Sequence[tuple[float, float]], quantity: str) -> None:
    from fullhouse.view.forecast_words import (
        chance_words,
        money_short,
        quantity_words,
        round_amounts,
    )

    if not chances:
        if "total" not in found.ranges or found.what_if:
            return
        quantity = "total"
        chances = [(a, found.passes(a)) for a in round_amounts(found.ranges["total"])]
    said = "; ".join(f"{money_short(a)}, {chance_words(p)}" for a, p in chances)
    out.print(f"Chance that the {quantity_words(quantity)} passes: {said}.", soft_wrap=True)


def _say_drivers(found: "Forecast") -> None:
    from fullhouse.view.forecast_words import factor_words, money

    if not found.drivers:
        return
    start = f"A typical film of this market takes {money(found.typical, found.currency)}."
    out.print(f"\n{start} From there to the middle of this film's total:", soft_wrap=True)
    view = Table(box=None, show_header=False, padding=(0, 1, 0, 1))
    view.add_column(justify="right", no_wrap=True)
    view.add_column(overflow="fold")
    for driver in found.drivers:
        view.add_row(factor_words(driver.factor), escape(driver.words))
    out.print(view)


def _say_comps(found: "Forecast") -> None:
    from fullhouse.view.forecast_words import money_short

    if not found.comps:
        return
    view = _view("films like it")
    for name in ("opening", "total", "alike"):
        view.add_column(name, justify="right", no_wrap=True)
    view.add_column("why", overflow="fold")
    for comp in found.comps:
        weekend = comp.opening_weekend
        view.add_row(
            escape(f"{comp.title} ({comp.opening.year})"),
            "-" if weekend is None else money_short(weekend),
            money_short(comp.total),
            f"{comp.similarity:.0%}",
            escape("; ".join(comp.why)),
        )
    out.print(view)


def _say_steps(found: "Forecast") -> None:
    from fullhouse.view.forecast_words import day_words, spread_words

    to_come = [s for s in found.steps if not s.done]
    if not to_come:
        return
    view = _view("once known")
    view.add_column("on", no_wrap=True)
    view.add_column("upper ÷ lower end", justify="right", no_wrap=True)
    for step in ([s for s in found.steps if s.done][-1:]) + to_come:
        when = day_words(step.when, short=True) if step.when else ""
        done = "✓ " if step.done else ""
        view.add_row(f"{done}{escape(step.words)}", when, spread_words(step))
    out.print(view)
    out.print("Of the 80 % range of the total, as it was for films like it.", style="dim")


def _say_what_if(found: "Forecast", without: "Forecast | None", missing: str) -> None:
    from fullhouse.view.forecast_words import (
        banners,
        factor_words,
        money_short,
        place_words,
        quantity_words,
    )

    for words in banners(found)[1 if found.simulated else 0 :]:
        out.print(f"[yellow]{escape(words)}[/]", soft_wrap=True)
    out.print(place_words(found), markup=False, soft_wrap=True)
    if without is None:
        out.print(f"Without it there is no forecast: {missing}", markup=False, soft_wrap=True)
        _say_ranges(found)
    else:
        view = _view(found.currency)
        for name in ("without", "80 % range", "what if", "80 % range", "factor"):
            view.add_column(name, justify="right", no_wrap=True)
        for name, amounts in found.ranges.items():
            before = without.ranges.get(name)
            cells = ["-", "-"] if before is None else _middle(before)
            factor = "-" if before is None else factor_words(amounts.median / before.median)
            view.add_row(quantity_words(name), *cells, *_middle(amounts), factor)
        for name, amount in found.known.items():
            view.add_row(quantity_words(name), money_short(amount), "known")
        out.print(view)
    out.print(NOT_CAUSE, soft_wrap=True)
    _say_notes(found)


def _say_days(made: Sequence["Forecast"]) -> None:
    from fullhouse.view.forecast_words import money_short, when_words

    out.print("\nHow the range of the total narrowed:")
    view = _view("as of")
    view.add_column("", no_wrap=True)
    view.add_column("middle", justify="right", no_wrap=True)
    view.add_column("80 % range", justify="right", no_wrap=True)
    for one in made:
        total, known = one.ranges.get("total"), one.known.get("total")
        cells = _middle(total) if total else ["-" if known is None else money_short(known), ""]
        view.add_row(str(one.as_of), when_words(one), *cells)
    out.print(view)


def _say_slate(found: "Slate", film: str | None) -> None:
    from fullhouse.view.forecast_words import day_words

    if not found.forecasts:
        out.print(
            f"No film is known to open wide in {found.territory} from {found.first} to"
            f" {found.last}, of which a forecast can be made.",
            soft_wrap=True,
        )
    else:
        _say_openings(found.forecasts, f"films, {found.forecasts[0].currency}")
    titles = {f.film: f.title for f in found.forecasts}
    for c in found.conflicts:
        both = f"{titles.get(c.film, c.film)} and {titles.get(c.other, c.other)}"
        out.print(f"{day_words(c.day)}: {both}, {c.words}.", markup=False, soft_wrap=True)
    for name, why in found.without.items():
        out.print(f"No forecast of {name}: {why}", markup=False, soft_wrap=True)
    if found.tried:
        planned = next((f for f in found.forecasts if f.film == film), None)
        rows = [*([planned] if planned else []), *found.tried]
        _say_openings(rows, f"{found.tried[0].title} on other days", planned=planned)
        out.print(NOT_CAUSE, soft_wrap=True)


def _say_openings(
    rows: Sequence["Forecast"], title: str, *, planned: "Forecast | None" = None
) -> None:
    from fullhouse.view.forecast_words import factor_words, money_short

    view = _view("opens")
    view.add_column(escape(title), overflow="fold")
    for name in ("opening weekend", "80 % range", "total", "80 % range"):
        view.add_column(name, justify="right", no_wrap=True)
    if planned is not None:
        view.add_column("factor", justify="right", no_wrap=True)
    for one in rows:
        cells = []
        for name in ("opening_weekend", "total"):
            amounts, known = one.ranges.get(name), one.known.get(name)
            if amounts is not None:
                cells += _middle(amounts)
            else:
                cells += ["-", ""] if known is None else [money_short(known), "known"]
        if planned is not None and "total" in planned.ranges and "total" in one.ranges:
            ratio = one.ranges["total"].median / planned.ranges["total"].median
            cells.append("as planned" if one is planned else factor_words(ratio))
        view.add_row(str(one.opening), escape(one.title), *cells)
    out.print(view)


def _say_entry(entry: "Entry", *, new: bool) -> None:
    said = "Entered in the score book" if new else "In the score book already"
    day = f" as of {entry.as_of}"
    out.print(f"{said}: entry {entry.id:,}{day}, hash {entry.hash[:HASH_SHOWN]}…", soft_wrap=True)


def _say_written(paths: Sequence[Path]) -> None:
    for path in paths:
        out.print(f"Wrote {path}", markup=False, soft_wrap=True)


def _view(first: str) -> Table:
    view = Table(box=SIMPLE_HEAD, header_style="bold", padding=(0, 1, 0, 0))
    view.add_column(escape(first), overflow="fold", min_width=8)
    return view


def _middle(amounts: "Range") -> list[str]:
    from fullhouse.view.forecast_words import money_short

    return [money_short(amounts.median), _ends(amounts, 0.8)]


def _ends(amounts: "Range", level: float) -> str:
    from fullhouse.view.forecast_words import money_short

    low, high = amounts.between(level)
    return f"{money_short(low)} – {money_short(high)}"
