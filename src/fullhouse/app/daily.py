"""The daily page of a film: what a marketer opens each morning from 60 days before it opens."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from fullhouse import control, films
from fullhouse.app.forecast import ForecastFilm, forecast_film
from fullhouse.core.errors import CannotTellError, InputError, did_you_mean
from fullhouse.core.progress import Progress, silent
from fullhouse.core.tables import IMPRESSION, PERSON_EVENT, TRAIT_BUILD
from fullhouse.forecast import Forecast
from fullhouse.forecast.history import History, read_history
from fullhouse.forecast.history_index import HistoryIndex
from fullhouse.measurement.daily_deliveries import Carried, carried, film_delivery
from fullhouse.planning.daily import (
    DAYS_BEFORE,
    Action,
    Daily,
    Foreseen,
    Target,
    page_days,
)
from fullhouse.planning.daily_action import next_action
from fullhouse.planning.daily_changes import changes
from fullhouse.planning.daily_signals import film_signals
from fullhouse.planning.daily_terms import day
from fullhouse.planning.plan import Amount
from fullhouse.view.daily_page import daily_page
from fullhouse.view.page_files import check_page_out, write_page_files
from fullhouse.view.words.forecast import driver_words
from fullhouse.workspace.context import Context

LOOKED_BACK = (0, 1, 7)
"""The forecast is told as of so many days ago."""
MORNING = (
    "As known on the morning of {day}: of each day before it whole, and nothing of the day itself."
)
NOT_YET = Action("nothing", "")
"""Until the rules have seen the page."""


def film_daily(
    context: Context,
    film: str,
    *,
    as_of: date | None = None,
    target: float | None = None,
    campaign: str | None = None,
    territory: str | None = None,
    progress: Progress = silent,
) -> Daily:
    """A film's target against actual, what changed since yesterday, and the next action.

    From 60 days before the opening until 14 days after it, as known on the morning of a day
    (today). `target` is the gross of the run that is aimed at, in the territory's money; without
    it, the forecast of 60 days before, or the first in the score book, and what the plan adds.
    `campaign` is by default the film's newest.
    """
    on = as_of or datetime.now(UTC).date()
    territory = territory or context.settings.territory
    films.check_territory(territory)
    if target is not None and not target > 0:
        raise InputError(f"--target must be a gross above 0, not {target:g}.")
    history = read_history(context.lake, territory, on)
    film, ids = _ids(context, history, film)
    opening = _opening(history, film, on)
    found = carried(context, ids, on, campaign)
    aim = _target(context, history, ids, opening, target, found, progress)
    progress("Comparing signals with past films")
    signals = film_signals(context, HistoryIndex(history), film, opening, aim)
    delivery = None if found is None else film_delivery(context, found, on)
    forecasts = tuple(_foreseen(context, history, film, n, progress) for n in LOOKED_BACK)
    facts = [films.known(context.lake, film, territory, on - timedelta(days=n)) for n in (1, 0)]
    told = Daily(
        film=film,
        title=facts[1].title,
        territory=territory,
        currency=history.currency,
        as_of=on,
        opening=opening,
        target=aim,
        signals=signals,
        delivery=delivery,
        forecasts=forecasts,
        changes=changes(signals, forecasts, delivery, facts[0].facts, facts[1].facts, on),
        action=NOT_YET,
        house_until=_house_until(context, on),
        notes=(MORNING.format(day=day(on)),),
        data=_versions(context, history),
        simulated=context.settings.simulated,
    )
    return replace(told, action=next_action(told))


def write_daily(
    daily: Daily, files: Sequence[str | Path], *, made_on: date | None = None
) -> list[Path]:
    """Write a daily page as a page (.html) or as data (.json)."""
    return write_page_files(daily, lambda: daily_page(daily, made_on=made_on or daily.as_of), files)


def check_daily_out(file: str | Path) -> Path:
    """The path itself, when its ending says what to write; an error before any work is done."""
    return check_page_out(file)


def _ids(context: Context, history: History, film: str) -> tuple[str, tuple[str, ...]]:
    """The film's id now, and all that it was ever called."""
    renamed = films.renamed(context.lake)
    now = renamed.get(film, film)
    if now not in history.facts:
        raise InputError(
            f"No film {film!r} was known in {history.territory} on {history.as_of}."
            f"{did_you_mean(film, history.facts)} 'fullhouse film list' has them all."
        )
    return now, (now, *sorted(old for old, new in renamed.items() if new == now and old != now))


def _opening(history: History, film: str, on: date) -> date:
    said = history.fact(film, "opening", on.toordinal())
    if said is None:
        raise CannotTellError(
            f"No opening of {film} was known in {history.territory} on {on}: say it with 'fullhouse"
            f" film set {film} opening=YYYY-MM-DD'."
        )
    opening = date.fromordinal(said)
    first, last = page_days(opening)
    if not first <= on <= last:
        raise InputError(
            f"{film} opens on {opening}: its daily page is from {first} to {last}, not of {on}."
        )
    return opening


def _target(
    context: Context,
    history: History,
    ids: Sequence[str],
    opening: date,
    given: float | None,
    found: Carried | None,
    progress: Progress,
) -> Target:
    if given is not None:
        return Target(given, history.currency, "as given")
    base = _issued(context, history, ids) or _first_page(
        context, history, ids[0], opening, progress
    )
    if base.amount is None or found is None:
        return base
    plan = found.plan
    if plan.base is None or plan.currency != base.currency:
        words = f"{base.words}; plan {found.name} tells no gross in {base.currency}"
        return Target(base.amount, base.currency, words)
    return Target(
        base.amount + plan.gross.middle,
        base.currency,
        f"{base.words}, and the {plan.gross.middle:,.0f} {plan.currency} that plan {found.name} is"
        " expected to add",
    )


def _issued(context: Context, history: History, ids: Sequence[str]) -> Target | None:
    """The first forecast in the score book that was known by the day."""
    entries = [
        e
        for film in ids
        for e in control.entries(context.control, film=film, territory=history.territory)
        if date.fromisoformat(e.as_of) <= history.as_of
    ]
    for entry in sorted(entries, key=lambda e: e.id):
        total = entry.forecast.get("ranges", {}).get("total")
        if total is not None and entry.forecast.get("currency") == history.currency:
            as_of = day(date.fromisoformat(entry.as_of))
            words = f"the middle of the first forecast in the score book, as of {as_of}"
            return Target(float(total["median"]), history.currency, words)
    return None


def _first_page(
    context: Context, history: History, film: str, opening: date, progress: Progress
) -> Target:
    then = min(opening - timedelta(days=DAYS_BEFORE), history.as_of)
    words = f"the middle of the forecast as of {day(then)}, {DAYS_BEFORE} days before the opening"
    progress(f"Forecasting as of {then}")
    try:
        made = forecast_film(
            replace(context, progress=progress),
            ForecastFilm(film, as_of=then, territory=history.territory),
        )
    except (CannotTellError, InputError) as problem:
        return Target(None, history.currency, f"none: give --target GROSS. {problem}")
    return Target(made.ranges["total"].median, made.currency, words)


def _foreseen(
    context: Context, history: History, film: str, ago: int, progress: Progress
) -> Foreseen:
    then = history.as_of - timedelta(days=ago)
    progress(f"Forecasting as of {then}")
    try:
        made = forecast_film(
            replace(context, progress=progress),
            ForecastFilm(film, as_of=then, territory=history.territory),
        )
    except (CannotTellError, InputError) as problem:
        return Foreseen(then, None, str(problem))
    return foreseen(made)


def foreseen(made: Forecast) -> Foreseen:
    """What the daily page keeps of a forecast."""
    total = made.ranges.get("total")
    if total is not None:
        low, high = total.between(0.8)
        amount: Amount | None = Amount(total.median, low, high)
    else:
        known = made.known.get("total")
        amount = None if known is None else Amount(known, known, known)
    return Foreseen(
        as_of=made.as_of,
        total=amount,
        why="" if amount else "it tells no total",
        typical=made.typical,
        drivers={d.name: (driver_words(d), d.factor) for d in made.drivers},
        horizon=made.horizon,
        learned_to=made.model.learned_to,
    )


def _house_until(context: Context, on: date) -> date | None:
    built = context.lake.read(TRAIT_BUILD, columns=["as_of"])["as_of"]
    newest: date | None = max((d for d in built.to_pylist() if d <= on), default=None)
    return newest


def _versions(context: Context, history: History) -> dict[str, int]:
    read = {t.name: context.lake.version(t) for t in (PERSON_EVENT, IMPRESSION)}
    return {**history.data, **{name: v for name, v in read.items() if v is not None}}
