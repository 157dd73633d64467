"""What the days in cinemas say of the rest of the run, as known after some of them."""

from datetime import date

import numpy as np

from fullhouse.forecast.history import Run
from fullhouse.forecast.past import Past
from fullhouse.forecast.season import as_day, first_sunday, holiday_count

NAN = float("nan")
SMALL = 1.0


def run_features(past: Past, film: str, opening: int, days: int) -> dict[str, float]:
    """Logs of what was taken in the first days, and their ratios; nothing of a later day.

    `days` of the run are known, the opening day being the first.
    """
    run = past.history.run(film).cut(days)
    price = past.log_price(opening, opening + days)
    to_date = run.until(days)
    told = {
        "run.days": float(days),
        "run.to_date": _log(to_date) - price,
        "run.before": run.until(0) / to_date if to_date > 0 else NAN,
        "run.first_day": _log(run.on(0)) - price,
    }
    told |= _weekends(run, opening, days, price)
    told |= _last_week(run, days)
    told |= _cinemas(run)
    told |= _ahead(past.history.territory, opening + days)
    return told


def _weekends(run: Run, opening: int, days: int, price: float) -> dict[str, float]:
    """The first weekend, and the two last that are over."""
    sunday = first_sunday(opening)
    told = {}
    fridays = range(sunday - 2, days, 7)
    taken = [run.between(max(0, f), f + 2) for f in fridays if f + 3 <= days]
    if taken:
        told["run.first_weekend"] = _log(taken[0]) - price
        first = run.on(0) if sunday >= 2 else NAN
        if sunday == 2:
            told["run.saturday"] = _log(run.on(1)) - _log(first)
        told["run.sunday"] = _log(run.on(sunday)) - _log(run.on(sunday - 1)) if sunday else NAN
        told["run.weekend_share"] = _log(taken[0]) - _log(run.until(sunday + 1))
    if len(taken) > 1:
        told["run.last_weekend"] = _log(taken[-1]) - price
        told["run.hold"] = _log(taken[-1]) - _log(taken[-2])
        told["run.hold_of_all"] = (_log(taken[-1]) - _log(taken[0])) / (len(taken) - 1)
        last = sunday + 7 * (len(taken) - 1)
        told["run.last_saturday"] = _log(run.on(last - 1)) - _log(run.on(last - 2))
        told["run.last_sunday"] = _log(run.on(last)) - _log(run.on(last - 1))
    midweeks = [f + 3 for f in fridays if f + 7 <= days]
    if midweeks:
        monday = midweeks[-1]
        told["run.midweek"] = _log(run.between(monday, monday + 3)) - _log(
            run.between(max(0, monday - 3), monday - 1)
        )
    elif sunday + 2 <= days:
        told["run.monday"] = _log(run.on(sunday + 1)) - _log(run.on(sunday))
    begun = [f for f in fridays if f + 3 > days and f >= 7]
    if begun:
        # A weekend that is under way, beside the same days of the one before.
        first, last = begun[0], days - 1
        told["run.under_way"] = _log(run.between(first, last)) - _log(
            run.between(first - 7, last - 7)
        )
    return told


def _last_week(run: Run, days: int) -> dict[str, float]:
    told = {}
    last = run.on(days - 1)
    told["run.last_day"] = _log(last) - _log(run.on(0))
    if days >= 2:
        told["run.day_before"] = _log(last) - _log(run.on(days - 2))
    if days >= 7:
        week = run.between(days - 7, days - 1)
        told["run.week_share"] = _log(week) - _log(run.until(days))
    if days >= 8:
        told["run.same_day"] = _log(last) - _log(run.on(days - 8))
    if days >= 14:
        told["run.week_hold"] = _log(run.between(days - 7, days - 1)) - _log(
            run.between(days - 14, days - 8)
        )
    return told


def _cinemas(run: Run) -> dict[str, float]:
    known = np.flatnonzero(np.isfinite(run.theaters) & (run.offsets >= 0))
    if not len(known):
        return {}
    first, last = run.theaters[known[0]], run.theaters[known[-1]]
    return {
        "run.cinemas": float(np.log(max(first, 1.0))),
        "run.cinemas_now": float(np.log(max(last, 1.0))),
        "run.per_cinema": _log(run.on(0)) - float(np.log(max(first, 1.0))),
        "run.cinemas_change": float(np.log(max(last, 1.0) / max(first, 1.0))),
    }


def _ahead(territory: str, first: int) -> dict[str, float]:
    day = as_day(first)
    summer = first - date(day.year, 6, 8).toordinal()
    christmas = date(day.year, 12, 25).toordinal() - first
    return {
        "run.holidays_7": float(holiday_count(territory, first, first + 6)),
        "run.holidays_21": float(holiday_count(territory, first + 7, first + 20)),
        "run.holidays_49": float(holiday_count(territory, first + 21, first + 48)),
        "run.summer": float(np.clip(summer, -90, 60)),
        "run.christmas": float(min(christmas, 70)),
    }


def _log(amount: float) -> float:
    return float(np.log(max(amount, SMALL))) if np.isfinite(amount) else NAN
