"""`fullhouse forecast`: what a film will take, as ranges; and the slate it opens in."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from fullhouse import app
from fullhouse.cli.room import As, opened_for
from fullhouse.cli.show import (
    Json,
    Territory,
    Where,
    out,
    parse_day,
    progress,
    say_json,
)
from fullhouse.core.errors import FullhouseError, InputError, did_you_mean
from fullhouse.core.values import HOUSE, parse_date

if TYPE_CHECKING:
    from fullhouse.app import Assumptions, Context, ForecastFilm, ForecastSlate, Slate
    from fullhouse.app.forecast import Issued
    from fullhouse.cleanroom.market import TenantEntry
    from fullhouse.forecast import Forecast, Range

HASH_SHOWN = 12
NOT_CAUSE = (
    "What if shows what films like that did, not what the change would cause: such films differ"
    " from others in much else."
)
LOOKS_BACK = (
    "It is as of a past day: outcomes that were known before today are scored apart from forecasts"
    " made in time ('fullhouse scorebook --looking-back')."
)


Film = Annotated[str | None, typer.Argument(metavar="FILM", help="Its id; see 'film list'.")]
AsOf = Annotated[
    list[str] | None,
    typer.Option("--as-of", help="With what was known on this day (today); repeatable."),
]
Comps = Annotated[
    list[str] | None,
    typer.Option("--comps", metavar="FILM", help="A comparable film of yours; repeatable."),
]
WhatIf = Annotated[
    list[str] | None,
    typer.Option("--what-if", metavar="NAME=VALUE", help="Assume theaters=3500; repeatable."),
]
Move = Annotated[
    list[str] | None,
    typer.Option(metavar="FILM=DATE", help="Assume another film opens then; repeatable."),
]
Passes = Annotated[
    list[float] | None,
    typer.Option(metavar="AMOUNT", help="Chance that the film passes it; repeatable."),
]
Quantity = Annotated[str, typer.Option(help="Of --passes: total, opening_weekend or opening_day.")]
WholeSlate = Annotated[
    bool, typer.Option("--slate", help="All films that open wide in a time, instead of one.")
]
First = Annotated[str | None, typer.Option("--from", help="--slate: the first day; the as-of day.")]
Last = Annotated[str | None, typer.Option("--to", help="--slate: the last day; 120 days later.")]
Of = Annotated[
    str | None, typer.Option("--film", metavar="FILM", help="--slate: the film to move.")
]
Dates = Annotated[
    list[str] | None,
    typer.Option("--try", metavar="DATE", help="--slate: another day for it; repeatable."),
]
File = Annotated[
    list[str] | None,
    typer.Option("--out", help="File ending in .html, .svg, .png, .csv, .parquet; repeatable."),
]
NoIssue = Annotated[bool, typer.Option("--no-issue", help="Do not enter it in the score book.")]


def forecast(
    film: Film = None,
    *,
    as_of: AsOf = None,
    territory: Territory = None,
    comps: Comps = None,
    what_if: WhatIf = None,
    move: Move = None,
    passes: Passes = None,
    quantity: Quantity = "total",
    slate: WholeSlate = False,
    first: First = None,
    last: Last = None,
    of: Of = None,
    dates: Dates = None,
    file: File = None,
    no_issue: NoIssue = False,
    who: As = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Forecast what a film will take, as a range; or a whole slate."""
    days = sorted({parse_date(d, what="--as-of") for d in as_of or ()})
    if slate:
        one = {"--comps": comps, "--what-if": what_if, "--move": move, "--passes": passes}
        _none_of(one | {"--no-issue": no_issue}, "is for one film, not for --slate")
        if film is not None:
            raise InputError(f"--slate is of all films. To move one: --film {film} --try DATE.")
        request = _slate_request(days, territory, first, last, of, dates or ())
        _slate(where, who, request, file or (), json=json)
        return
    _none_of({"--from": first, "--to": last, "--film": of, "--try": dates}, "is for --slate")
    if film is None:
        raise InputError("Which film? fullhouse forecast FILM, or fullhouse forecast --slate")
    ask = _Ask(
        film,
        tuple(days),
        territory,
        tuple(comps or ()),
        app.assumptions(what_if or (), move or ()) if what_if or move else None,
        tuple(_amount(a) for a in passes or ()),
        _quantity(quantity),
    )
    _film(where, who, ask, file or (), issue=not no_issue, json=json)


def _slate_request(
    days: Sequence[date],
    territory: str | None,
    first: str | None,
    last: str | None,
    of: str | None,
    dates: Sequence[str],
) -> "ForecastSlate":
    """The request of a slate, with the other days to try for one of its films."""
    if len(days) > 1:
        raise InputError("--slate takes one --as-of.")
    tries = tuple(parse_date(d, what="--try") for d in dates)
    if of is not None and not tries:
        raise InputError("--film is the film to move: give at least one --try DATE.")
    if tries and of is None:
        raise InputError("To try other dates, say of which film: --film FILM.")
    return app.ForecastSlate(
        first=parse_day(first, "--from"),
        last=parse_day(last, "--to"),
        as_of=days[0] if days else None,
        territory=territory,
        film=of,
        dates=tries,
    )


@dataclass(frozen=True)
class _Ask:
    """What is asked of one film; `days` ascending, none for today."""

    film: str
    days: tuple[date, ...]
    territory: str | None
    comps: tuple[str, ...]
    assumptions: "Assumptions | None"
    amounts: tuple[float, ...]
    quantity: str


@dataclass(frozen=True)
class _Answer:
    """The forecasts of one film, by day, and what belongs to the newest."""

    forecasts: "tuple[Forecast, ...]"
    without: "Forecast | None"
    """Without the assumptions; None where there are none, or it cannot be made."""
    missing: str
    chances: tuple[tuple[float, float], ...]
    issued: "tuple[Issued | TenantEntry, ...]"
    files: tuple[Path, ...]
    is_past: bool

    @property
    def newest(self) -> "Forecast":
        """The last of them."""
        return self.forecasts[-1]


@contextmanager
def _workspace(where: str, who: str | None, *, quiet: bool) -> "Iterator[Context]":
    with (
        opened_for(where, who, quiet=quiet) as workspace,
        progress("Forecasting", quiet=quiet) as step,
    ):
        yield replace(workspace, progress=step)


def _film(
    where: str, who: str | None, ask: _Ask, file: Sequence[str], *, issue: bool, json: bool
) -> None:
    files = [app.check_out(f, "forecast") for f in file]
    with _workspace(where, who, quiet=json) as workspace:
        answer = _answer(workspace, ask, files, issue=issue)
    if json:
        say_json(_as_json(answer, ask.quantity))
        return
    newest = answer.newest
    if ask.assumptions is None:
        _say(newest, answer.chances, ask.quantity)
    else:
        _say_what_if(newest, answer.without, answer.missing)
        _say_chances(newest, answer.chances, ask.quantity)
    if len(answer.forecasts) > 1:
        _say_days(answer.forecasts)
    for entry in answer.issued:
        _say_entry(entry)
    if answer.issued and answer.is_past:
        out.print(LOOKS_BACK, style="dim", soft_wrap=True)
    _say_written(answer.files)


def _forecast(workspace: "Context", request: "ForecastFilm") -> "Forecast":
    """The house's forecast, or a tenant's from what that may know."""
    if workspace.tenant == HOUSE:
        return app.forecast_film(workspace, request)
    return app.studio_forecast(workspace, request).forecast


def _issue(
    workspace: "Context", request: "ForecastFilm", forecast: "Forecast"
) -> "Issued | TenantEntry":
    if workspace.tenant == HOUSE:
        return app.issue_forecast(workspace, app.IssueForecast(forecast))
    return app.studio_issue(workspace, request)


def _write(
    workspace: "Context",
    request: "ForecastFilm",
    forecasts: "Sequence[Forecast]",
    files: Sequence[Path],
) -> list[Path]:
    if workspace.tenant == HOUSE:
        return app.write_forecast(workspace, app.WriteForecast(tuple(forecasts), tuple(files)))
    actual = app.studio_forecast(workspace, request).actual
    return app.save_forecast(
        forecasts,
        files,
        actual_days=actual.days,
        actual=actual.amounts,
        made_on=workspace.today,
    )


def _answer(workspace: "Context", ask: _Ask, files: Sequence[Path], *, issue: bool) -> _Answer:
    days = ask.days or (workspace.today,)
    workspace.day_asked(days[-1])  # before the work of the others
    plain = app.ForecastFilm(ask.film, as_of=days[-1], territory=ask.territory, comps=ask.comps)
    assumed = plain if ask.assumptions is None else replace(plain, assumptions=ask.assumptions)
    requests = [replace(assumed, as_of=d) for d in days]
    forecasts = tuple(_forecast(workspace, request) for request in requests)
    newest = forecasts[-1]
    chances = tuple((a, newest.passes(a, quantity=ask.quantity)) for a in ask.amounts)
    without, missing = None, ""
    if ask.assumptions is not None:
        try:
            without = _forecast(workspace, plain)
        except FullhouseError as problem:
            missing = str(problem)
    enter = issue and ask.assumptions is None
    issued = tuple(
        _issue(workspace, r, f) for r, f in zip(requests, forecasts, strict=True) if enter
    )
    written = _write(workspace, requests[-1], forecasts, files)
    past = days[0] < workspace.today
    return _Answer(forecasts, without, missing, chances, issued, tuple(written), past)


def _slate(
    where: str, who: str | None, request: "ForecastSlate", file: Sequence[str], *, json: bool
) -> None:
    files = [app.check_out(f, "slate") for f in file]
    with _workspace(where, who, quiet=json) as workspace:
        if who is None:
            slate = app.forecast_slate(workspace, request)
        else:
            slate = app.studio_slate(workspace, request).slate
        written = app.write_slate(slate, files)
    if json:
        say_json(slate.to_dict())
        return
    _say_slate(slate, request.film)
    _say_written(written)


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


def _as_json(answer: _Answer, quantity: str) -> dict[str, Any]:
    return {
        "forecast": answer.newest.to_dict(),
        "earlier": [f.to_dict() for f in answer.forecasts[:-1]],
        "without": answer.without.to_dict() if answer.without else None,
        "passes": [
            {"quantity": quantity, "amount": amount, "probability": p}
            for amount, p in answer.chances
        ],
        "entries": [
            {"entry": i.entry.id, "as_of": i.entry.as_of, "hash": i.entry.hash, "new": i.new}
            for i in answer.issued
        ],
    }


def _say(forecast: "Forecast", chances: Sequence[tuple[float, float]], quantity: str) -> None:
    """Print a forecast for a marketer: the sentence, the ranges, why, and what it rests on."""
    from fullhouse.view.words.figures import money
    from fullhouse.view.words.forecast import banners, headline, place_words

    # The workspace has said that it is simulated.
    for words in banners(forecast)[1 if forecast.simulated else 0 :]:
        out.print(f"[yellow]{escape(words)}[/]", soft_wrap=True)
    out.print(place_words(forecast), markup=False, soft_wrap=True)
    out.print(f"\n[bold]{escape(headline(forecast))}[/]", soft_wrap=True)
    if forecast.to_date:
        out.print(f"So far: {money(forecast.to_date, forecast.currency)}.", soft_wrap=True)
    _say_ranges(forecast)
    _say_chances(forecast, chances, quantity)
    _say_drivers(forecast)
    _say_comps(forecast)
    _say_steps(forecast)
    _say_notes(forecast)


def _say_notes(forecast: "Forecast") -> None:
    from fullhouse.view.words.forecast import cinemas_words, note_words, outside_words

    for words in cinemas_words(forecast.if_cinemas, forecast.currency):
        out.print(words, markup=False, soft_wrap=True)
    for view in forecast.outside:
        words = outside_words(view, forecast.currency)
        out.print(f"Forecast by {words}.", markup=False, soft_wrap=True)
    for note in forecast.notes:
        out.print(f"Note: {note_words(note)}", markup=False, soft_wrap=True)


def _say_ranges(forecast: "Forecast") -> None:
    from fullhouse.forecast import LEVELS, QUANTITIES
    from fullhouse.view.words.figures import money_short
    from fullhouse.view.words.forecast import quantity_words

    view = _view(forecast.currency)
    for name in ("middle", *(f"{level:.0%}".replace("%", " % range") for level in LEVELS)):
        view.add_column(name, justify="right", no_wrap=True)
    for name, amount in forecast.known.items():
        view.add_row(quantity_words(name), money_short(amount), "known")
    for name in sorted(forecast.ranges, key=list(QUANTITIES).index):
        amounts = forecast.ranges[name]
        ends = (_ends(amounts, level) for level in LEVELS)
        view.add_row(quantity_words(name), money_short(amounts.median), *ends)
    out.print(view)


def _say_chances(
    forecast: "Forecast", chances: Sequence[tuple[float, float]], quantity: str
) -> None:
    from fullhouse.view.words.figures import money_short
    from fullhouse.view.words.forecast import chance_words, quantity_words, round_amounts

    if not chances:
        if "total" not in forecast.ranges or forecast.what_if:
            return
        quantity = "total"
        chances = [(a, forecast.passes(a)) for a in round_amounts(forecast.ranges["total"])]
    words = "; ".join(f"{money_short(a)}, {chance_words(p)}" for a, p in chances)
    out.print(f"Chance that the {quantity_words(quantity)} passes: {words}.", soft_wrap=True)


def _say_drivers(forecast: "Forecast") -> None:
    from fullhouse.view.words.forecast import (
        driver_words,
        factor_words,
        main_drivers,
        typical_words,
    )

    if not forecast.drivers:
        return
    start = typical_words(forecast)
    out.print(f"\n{start} From there to the middle of this film's total:", soft_wrap=True)
    view = Table(box=None, show_header=False, padding=(0, 1, 0, 1))
    view.add_column(justify="right", no_wrap=True)
    view.add_column(overflow="fold")
    main = main_drivers(forecast.drivers)
    for driver in main:
        view.add_row(factor_words(driver.factor), escape(driver_words(driver)))
    out.print(view)
    others = len(forecast.drivers) - len(main)
    if others:
        out.print(f"{others} more, each of which moves it by less than 1 %.", style="dim")


def _say_comps(forecast: "Forecast") -> None:
    from fullhouse.view.words.figures import money_short
    from fullhouse.view.words.forecast import comp_line

    if not forecast.comps:
        return
    view = _view("films like it")
    for name in ("opening", "total", "alike"):
        view.add_column(name, justify="right", no_wrap=True)
    view.add_column("why", overflow="fold")
    for comp in forecast.comps:
        weekend = comp.opening_weekend
        view.add_row(
            escape(f"{comp.title} ({comp.opening.year})"),
            "-" if weekend is None else money_short(weekend),
            money_short(comp.total),
            f"{comp.similarity:.0%}",
            escape(comp_line(comp)),
        )
    out.print(view)


def _say_steps(forecast: "Forecast") -> None:
    from fullhouse.view.words.figures import day_words
    from fullhouse.view.words.forecast import spread_words, step_words

    to_come = [s for s in forecast.steps if not s.done]
    if not to_come:
        return
    view = _view("once known")
    view.add_column("on", no_wrap=True)
    view.add_column("upper ÷ lower end", justify="right", no_wrap=True)
    for step in ([s for s in forecast.steps if s.done][-1:]) + to_come:
        when = day_words(step.when, short=True) if step.when else ""
        done = "✓ " if step.done else ""
        view.add_row(f"{done}{escape(step_words(step))}", when, spread_words(step))
    out.print(view)
    out.print("Of the 80 % range of the total, as it was for films like it.", style="dim")


def _say_what_if(forecast: "Forecast", without: "Forecast | None", missing: str) -> None:
    from fullhouse.view.words.figures import money_short
    from fullhouse.view.words.forecast import banners, factor_words, place_words, quantity_words

    for words in banners(forecast)[1 if forecast.simulated else 0 :]:
        out.print(f"[yellow]{escape(words)}[/]", soft_wrap=True)
    out.print(place_words(forecast), markup=False, soft_wrap=True)
    if without is None:
        out.print(f"Without it there is no forecast: {missing}", markup=False, soft_wrap=True)
        _say_ranges(forecast)
    else:
        view = _view(forecast.currency)
        for name in ("without", "80 % range", "what if", "80 % range", "factor"):
            view.add_column(name, justify="right", no_wrap=True)
        for name, amounts in forecast.ranges.items():
            before = without.ranges.get(name)
            cells = ["-", "-"] if before is None else _middle(before)
            factor = "-" if before is None else factor_words(amounts.median / before.median)
            view.add_row(quantity_words(name), *cells, *_middle(amounts), factor)
        for name, amount in forecast.known.items():
            view.add_row(quantity_words(name), money_short(amount), "known")
        out.print(view)
    out.print(NOT_CAUSE, soft_wrap=True)
    _say_notes(forecast)


def _say_days(forecasts: Sequence["Forecast"]) -> None:
    from fullhouse.view.words.figures import money_short
    from fullhouse.view.words.forecast import change_words, when_words

    out.print("\nHow the range of the total narrowed:")
    view = _view("as of")
    view.add_column("", no_wrap=True)
    view.add_column("middle", justify="right", no_wrap=True)
    view.add_column("80 % range", justify="right", no_wrap=True)
    for one in forecasts:
        total, known = one.ranges.get("total"), one.known.get("total")
        cells = _middle(total) if total else ["-" if known is None else money_short(known), ""]
        view.add_row(str(one.as_of), when_words(one), *cells)
    out.print(view)
    words = change_words(forecasts[-2], forecasts[-1])
    if words:
        out.print(words, soft_wrap=True)


def _say_slate(slate: "Slate", film: str | None) -> None:
    from fullhouse.view.words.forecast import conflict_words

    if not slate.forecasts:
        out.print(
            f"No film is known to open wide in {slate.territory} from {slate.first} to"
            f" {slate.last}, of which a forecast can be made.",
            soft_wrap=True,
        )
    else:
        _say_openings(slate.forecasts, f"films, {slate.forecasts[0].currency}")
    titles = {f.film: f.title for f in slate.forecasts}
    for pair in slate.conflicts:
        out.print(conflict_words(pair, titles), markup=False, soft_wrap=True)
    for name, why in slate.without.items():
        out.print(f"No forecast of {name}: {why}", markup=False, soft_wrap=True)
    if slate.tried:
        planned = next((f for f in slate.forecasts if f.film == film), None)
        rows = [*([planned] if planned else []), *slate.tried]
        _say_openings(rows, f"{slate.tried[0].title} on other days", planned=planned)
        out.print(NOT_CAUSE, soft_wrap=True)


def _say_openings(
    rows: Sequence["Forecast"], title: str, *, planned: "Forecast | None" = None
) -> None:
    from fullhouse.view.words.figures import money_short
    from fullhouse.view.words.forecast import factor_words

    # A line of its own: a narrow column would break it.
    out.print(f"\n[bold]{escape(title)}[/]", soft_wrap=True)
    view = _view("opens")
    view.add_column("film", overflow="fold")
    for name in ("opening weekend", "80 % range", "total", "80 % range"):
        view.add_column(name, justify="right", no_wrap=True)
    if planned is not None:
        view.add_column("factor", justify="right", min_width=len("planned"))
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
            cells.append("planned" if one is planned else factor_words(ratio))
        view.add_row(str(one.opening), escape(one.title), *cells)
    out.print(view)


def _say_entry(issued: "Issued | TenantEntry") -> None:
    entry = issued.entry
    words = "Entered in the score book" if issued.new else "In the score book already"
    day = f" as of {entry.as_of}"
    out.print(f"{words}: entry {entry.id:,}{day}, hash {entry.hash[:HASH_SHOWN]}…", soft_wrap=True)


def _say_written(paths: Sequence[Path]) -> None:
    for path in paths:
        out.print(f"Wrote {path}", markup=False, soft_wrap=True)


def _view(first: str) -> Table:
    view = Table(box=SIMPLE_HEAD, header_style="bold", padding=(0, 1, 0, 0))
    view.add_column(escape(first), overflow="fold", min_width=8)
    return view


def _middle(amounts: "Range") -> list[str]:
    from fullhouse.view.words.figures import money_short

    return [money_short(amounts.median), _ends(amounts, 0.8)]


def _ends(amounts: "Range", level: float) -> str:
    from fullhouse.view.words.figures import money_short

    low, high = amounts.between(level)
    return f"{money_short(low)} – {money_short(high)}"
