"""The daily page of a film: what a marketer opens each morning from 60 days before it opens."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from fullhouse import control, films
from fullhouse.app.forecast import ForecastFilm, forecast_film
from fullhouse.app.use_case import use_case
from fullhouse.core.errors import CannotTellError, InputError, NotFoundError, did_you_mean
from fullhouse.core.request import request
from fullhouse.core.tables import IMPRESSION, PERSON_EVENT, TRAIT_BUILD
from fullhouse.feeds.find_gaming import gaming_signs
from fullhouse.forecast import Forecast
from fullhouse.forecast.history import History, read_history
from fullhouse.forecast.history_index import HistoryIndex
from fullhouse.measurement.daily_deliveries import PlanInForce, film_delivery, plan_in_force
from fullhouse.planning.daily import (
    DAYS_BEFORE,
    Daily,
    DailyTarget,
    DatedForecast,
    NothingToDo,
    missing,
    page_days,
)
from fullhouse.planning.daily_action import changes, forecast_move, next_action
from fullhouse.planning.daily_signals import film_signals
from fullhouse.planning.plan import Amount
from fullhouse.workspace.context import Context

GAMING_DAYS = 28
"""The page says signs of gaming in so many days before it."""
DAYS_AGO = (0, 1, 7)
"""The page has the forecasts as of so many days ago."""


@request
class DailyPage:
    """A film's daily page, as known on the morning of a day (today).

    `target` is the gross of the run that is aimed at, in the territory's money; without it, the
    forecast of 60 days before, or the first in the score book, and what the plan adds. `campaign`
    is by default the film's newest.
    """

    film: str
    as_of: date | None = None
    target: float | None = None
    campaign: str | None = None
    territory: str | None = None

    def __post_init__(self) -> None:
        if self.target is not None and not self.target > 0:
            raise InputError(f"--target must be a gross above 0, not {self.target:g}.")


@use_case
def film_daily(context: Context, request: DailyPage) -> Daily:
    """A film's target against actual, what changed since yesterday, and the next action.

    From 60 days before the opening until 14 days after it: of each day before `as_of` whole, and
    nothing of the day itself.
    """
    on = request.as_of or context.today
    territory = request.territory or context.settings.territory
    films.check_territory(territory)
    history = read_history(context.lake, territory, on)
    film, ids = _ids(context, history, request.film)
    opening = _opening(history, film, on)
    plan = plan_in_force(context, ids, on, request.campaign)
    target = (
        _target(context, history, ids, opening, plan)
        if request.target is None
        else DailyTarget(request.target, history.currency)
    )
    context.progress("Comparing signals with past films")
    signals = film_signals(context, HistoryIndex(history), film, opening, target)
    delivery = None if plan is None else film_delivery(context, plan, on)
    forecasts = tuple(_dated(context, history, film, n) for n in DAYS_AGO)
    facts = [films.known(context.lake, film, territory, on - timedelta(days=n)) for n in (1, 0)]
    page = Daily(
        film=film,
        title=facts[1].title,
        territory=territory,
        currency=history.currency,
        as_of=on,
        opening=opening,
        target=target,
        signals=signals,
        delivery=delivery,
        forecasts=forecasts,
        changes=changes(signals, forecasts, delivery, facts[0].facts, facts[1].facts, on),
        action=NothingToDo(None),
        since_yesterday=forecast_move(forecasts[0], forecasts[1]),
        since_last_week=forecast_move(forecasts[0], forecasts[2]),
        house_until=_house_until(context, on),
        gaming=gaming_signs(
            context.engine,
            context.lake,
            since=on - timedelta(days=GAMING_DAYS),
            until=on - timedelta(days=1),
        ),
        data=_versions(context, history),
        simulated=context.settings.simulated,
    )
    return replace(page, action=next_action(page))


def _ids(context: Context, history: History, film: str) -> tuple[str, tuple[str, ...]]:
    """The film's id now, and all that it was ever called."""
    renamed = films.renamed(context.lake)
    now = renamed.get(film, film)
    if now not in history.facts:
        raise NotFoundError(
            f"No film {film!r} was known in {history.territory} on {history.as_of}."
            f"{did_you_mean(film, history.facts)}"
        )
    return now, (now, *sorted(old for old, new in renamed.items() if new == now and old != now))


def _opening(history: History, film: str, on: date) -> date:
    known = history.fact(film, "opening", on.toordinal())
    if known is None:
        raise CannotTellError(
            code="opening_not_known", film=film, territory=history.territory, as_of=on
        )
    opening = date.fromordinal(known)
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
    plan: PlanInForce | None,
) -> DailyTarget:
    base = _issued(context, history, ids) or _first_page(context, history, ids[0], opening)
    if base.amount is None or plan is None:
        return base
    if plan.plan.base is None or plan.plan.currency != base.currency:
        return replace(base, plan=plan.name)
    adds = plan.plan.gross.middle
    return replace(base, amount=base.amount + adds, plan=plan.name, plan_adds=adds)


def _issued(context: Context, history: History, ids: Sequence[str]) -> DailyTarget | None:
    """The first forecast in the score book that was known by the day."""
    entries = [
        e
        for film in ids
        for e in control.entries(context.control, film=film, territory=history.territory)
        if e.is_forecast and date.fromisoformat(e.as_of) <= history.as_of
    ]
    for entry in sorted(entries, key=lambda e: e.id):
        total = entry.forecast.get("ranges", {}).get("total")
        if total is not None and entry.forecast.get("currency") == history.currency:
            as_of = date.fromisoformat(entry.as_of)
            return DailyTarget(float(total["median"]), history.currency, "score_book", as_of)
    return None


def _first_page(context: Context, history: History, film: str, opening: date) -> DailyTarget:
    then = min(opening - timedelta(days=DAYS_BEFORE), history.as_of)
    try:
        forecast = _forecast(context, history, film, then)
    except (CannotTellError, InputError) as problem:
        return DailyTarget(None, history.currency, "none", why=missing(problem))
    return DailyTarget(forecast.ranges["total"].median, forecast.currency, "forecast", then)


def _dated(context: Context, history: History, film: str, days_ago: int) -> DatedForecast:
    then = history.as_of - timedelta(days=days_ago)
    try:
        return dated_forecast(_forecast(context, history, film, then))
    except (CannotTellError, InputError) as problem:
        return DatedForecast(then, None, missing(problem))


def _forecast(context: Context, history: History, film: str, as_of: date) -> Forecast:
    context.progress(f"Forecasting as of {as_of}")
    request = ForecastFilm(film, as_of=as_of, territory=history.territory)
    return forecast_film(context, request)


def dated_forecast(forecast: Forecast) -> DatedForecast:
    """What the daily page needs of a forecast."""
    total = forecast.ranges.get("total")
    if total is not None:
        low, high = total.between(0.8)
        amount: Amount | None = Amount(total.median, low, high)
    else:
        known = forecast.known.get("total")
        amount = None if known is None else Amount(known, known, known)
    no_total = missing(CannotTellError(code="forecast_without_total"))
    return DatedForecast(
        as_of=forecast.as_of,
        total=amount,
        why=None if amount else no_total,
        typical=forecast.typical,
        drivers={d.name: d.factor for d in forecast.drivers},
        horizon=forecast.horizon,
        trained_until=forecast.model.learned_to,
    )


def _house_until(context: Context, on: date) -> date | None:
    built = context.lake.read(TRAIT_BUILD, columns=["as_of"])["as_of"]
    newest: date | None = max((d for d in built.to_pylist() if d <= on), default=None)
    return newest


def _versions(context: Context, history: History) -> dict[str, int]:
    read = {t.name: context.lake.version(t) for t in (PERSON_EVENT, IMPRESSION)}
    return {**history.data, **{name: v for name, v in read.items() if v is not None}}
