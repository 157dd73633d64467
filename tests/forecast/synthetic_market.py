"""A market that is made up, with known truth: seven years of wide and limited films.

log opening weekend = level + distributor + 0.35 log budget + 0.9 log theaters + genre + holiday
+ 0.5 of what the film it continues was above its own expectation + noise.
"""

import fcntl
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

import fullhouse as fh
from fullhouse.films import (
    ANNOUNCED,
    GROSSES,
    REPORTED,
    SIGNALS_SCHEMA,
    EntryFact,
    FilmEntry,
    FilmSet,
)
from fullhouse.films.film import film_slug
from fullhouse.forecast.history import OutsideForecast

FIRST, LAST = date(2010, 1, 8), date(2017, 4, 14)
"""Fridays of the first and the last opening."""
AS_OF = date(2017, 1, 20)
"""The day on which the tests stand; the last dozen films are still to come."""
EARLY = date(2014, 3, 21)
"""An earlier day, on which there is little to learn from yet: its models are made fast."""
AT = datetime(2017, 1, 20, tzinfo=UTC)
WIDE_FILMS, LIMITED_FILMS = 264, 124
DAYS = {"wide": 84, "limited": 63}
NOISE, LEGS_NOISE = 0.32, 0.16
GENRES = {"Action": 0.25, "Comedy": 0.1, "Drama": -0.3, "Horror": 0.05, "Animation": 0.4}
LEGS = {"Action": 0.85, "Comedy": 1.0, "Drama": 1.15, "Horror": 0.65, "Animation": 1.2}
DISTRIBUTORS = {"Larch": 0.5, "Hazel": 0.2, "Alder": 0.0, "Rowan": -0.25, "Aspen": -0.5}
WEEKDAY = np.array([0.28, 0.34, 0.27, 0.26, 1.0, 1.3, 0.85])
"""Monday to Sunday, of a Friday."""
HOLIDAY_WEEKS = (20, 26, 47, 51)
"""Weeks of the year in which films open larger."""
FIRST_WORDS = re.findall(
    r"\w+", "Amber Brass Cedar Dusty Ember Frost Gilded Hollow Iron Juniper Kindred Lunar"
)
SECOND_WORDS = re.findall(
    r"\w+",
    "Anchor Bridge Canyon Desert Engine Forest Garden Harbor Island Journey Kingdom Lantern Meadow"
    " Needle Orchard Parade Quarry River Station Temple Valley Window Zephyr Acorn Beacon Castle"
    " Dragon Echo Fable Glacier Heron Ivory Jacket Kettle Ladder Mirror Nectar Otter Pepper",
)


@dataclass(frozen=True)
class Truth:
    """What is true of a film, and what nobody in the market knows before it opens."""

    film: str
    opening: date
    plan: str
    weekend: float
    total: float
    continues: str | None


@dataclass(frozen=True, repr=False)
class Market:
    """The set of films as a reader would give it, and the truth by film."""

    films: FilmSet
    truth: dict[str, Truth]

    def films_of(self, plan: str, *, opened_by: date = AS_OF) -> list[Truth]:
        """The films of a plan that had opened by a day, by their opening."""
        result = [t for t in self.truth.values() if t.plan == plan and t.opening < opened_by]
        return sorted(result, key=lambda t: (t.opening, t.film))

    def coming(self, plan: str = "wide") -> list[Truth]:
        """Those that open after the day on which the tests stand."""
        result = [t for t in self.truth.values() if t.plan == plan and t.opening > AS_OF]
        return sorted(result, key=lambda t: (t.opening, t.film))


def make(*, upto: date = AS_OF, seed: int = 7) -> Market:
    """The market with the days and signals that were known on a day."""
    rng = np.random.default_rng(seed)
    plans = rng.permutation(["wide"] * WIDE_FILMS + ["limited"] * LIMITED_FILMS)
    weeks = (LAST - FIRST).days // 7
    fridays = np.sort(rng.integers(0, weeks + 1, len(plans)))
    names = [f"{a} {b}" for a in FIRST_WORDS for b in SECOND_WORDS]
    names = [names[i] for i in rng.permutation(len(names))]
    entries = []
    truth: dict[str, Truth] = {}
    days: dict[str, list[Any]] = {name: [] for name in GROSSES.names}
    signs: dict[str, list[Any]] = {name: [] for name in SIGNALS_SCHEMA.names}
    series: list[tuple[str, str, float]] = []
    for k, (plan, week) in enumerate(zip(plans.tolist(), fridays.tolist(), strict=True)):
        opening = FIRST + timedelta(days=7 * week)
        genre = str(rng.choice(list(GENRES)))
        distributor = str(rng.choice(list(DISTRIBUTORS)))
        wide = plan == "wide"
        theaters = int(rng.uniform(1800, 4100)) if wide else int(np.exp(rng.uniform(1, 5)))
        budget = float(np.exp(rng.normal(17.3, 0.7))) if wide else float(np.exp(rng.normal(15, 1)))
        title, before, above = names[k], None, 0.0
        ready = [s for s in series if truth[s[0]].opening < opening - timedelta(days=420)]
        if wide and ready and rng.random() < 0.35:
            before, title, above = ready[0]
            series.remove(ready[0])
            title = f"{title.removesuffix(' 2')} {3 if title.endswith(' 2') else 2}"
        holiday = 0.25 * (opening.isocalendar().week in HOLIDAY_WEEKS)
        own = rng.normal(0, NOISE if wide else 2 * NOISE) + 0.5 * above + 0.3 * (before is not None)
        log_weekend = (
            16.2
            + DISTRIBUTORS[distributor]
            + 0.35 * (np.log(budget) - 17.3)
            + 0.9 * np.log(theaters / 3000)
            + GENRES[genre]
            + holiday
            + own
        )
        log_legs = LEGS[genre] + (0.5 if not wide else 0.0) + rng.normal(0, LEGS_NOISE)
        film = film_slug(title, opening.year)
        gross = _days(rng, np.exp(log_weekend), max(1.5, np.exp(log_legs)), DAYS[plan])
        truth[film] = Truth(film, opening, plan, float(gross[:3].sum()), float(gross.sum()), before)
        if wide and log_weekend > 16.3 and not title.endswith(" 3"):
            series.append((film, title, float(own)))
        entries.append(_entry(film, title, opening, plan, theaters, budget, genre, distributor))
        _tell_days(days, film, opening, gross, theaters, upto)
        if wide and rng.random() < 0.4:
            _tell_presales(rng, signs, film, opening, log_weekend, upto)
    grosses = pa.Table.from_pydict(days, schema=GROSSES)
    signals = pa.Table.from_pydict(signs, schema=SIGNALS_SCHEMA)
    name = f"made-{seed}-{upto}"
    model = FilmSet("made", f"{name}.csv", name, len(entries), tuple(entries), grosses, signals)
    return Market(model, truth)


def house(folder: Path, market: Market) -> Path:
    """A workspace with the market in it; one in a folder that stands already is used again."""
    if not folder.exists():
        with fh.app.init_house(str(folder), environment={}) as workspace:
            fh.film_import(workspace, fh.ImportFilms(market.films))
    return folder


def learned(base: Path, market: Market) -> Path:
    """The same with the models of EARLY for wide films, which the first forecast makes.

    `base` is pytest's folder of the session; workers of one session share the house.
    """
    root = base.parent if base.name.startswith("popen-") else base
    with (root / "learned.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder = house(root / "learned", market)
        with fh.app.open_house(str(folder), environment={}) as workspace:
            fh.forecast_film(workspace, fh.ForecastFilm(soon(market).film, as_of=EARLY))
    return folder


def soon(market: Market) -> Truth:
    """A wide film that opens three weeks or more after EARLY."""
    films = market.films_of("wide")
    return next(t for t in films if t.opening > EARLY + timedelta(days=20))


def running(market: Market) -> Truth:
    """A wide film that opened two weeks or more before EARLY."""
    return market.films_of("wide", opened_by=EARLY - timedelta(days=14))[-1]


def _days(rng: np.random.Generator, weekend: float, legs: float, days: int) -> Any:
    """Friday to Friday, holding from week to week so that the run takes `legs` weekends."""
    day = np.arange(days)
    shape = WEEKDAY[(4 + day) % 7]
    week = shape[:7].sum() / shape[:3].sum()
    hold = max(0.25, 1 - week / legs)
    gross = shape * hold ** (day / 7) * np.exp(rng.normal(0, 0.05, days))
    return gross / gross[:3].sum() * weekend


def _entry(
    film: str,
    title: str,
    opening: date,
    plan: str,
    theaters: int,
    budget: float,
    genre: str,
    distributor: str,
) -> FilmEntry:
    stated = {
        "title": title,
        "opening": opening,
        "plan": plan,
        "distributor": distributor,
        "genres": [genre],
        "budget": [round(budget), "USD"],
        "runtime_minutes": 90 + len(title),
    }
    facts = [
        EntryFact(
            n, v, opening - ANNOUNCED, "" if n in ("genres", "budget", "runtime_minutes") else "US"
        )
        for n, v in stated.items()
    ]
    facts.append(EntryFact("theaters", theaters, opening - timedelta(days=1), "US"))
    return FilmEntry(film, title, opening, "US", facts=tuple(facts))


def _tell_days(
    days: dict[str, list[Any]], film: str, opening: date, gross: Any, theaters: int, upto: date
) -> None:
    known = min(len(gross), (upto - opening).days)
    for k in range(max(0, known)):
        day = opening + timedelta(days=k)
        row = (film, "US", day, float(gross[k]), "USD", theaters, None, day + REPORTED)
        for name, value in zip(GROSSES.names, row, strict=True):
            days[name].append(value)


def _tell_presales(
    rng: np.random.Generator,
    signs: dict[str, list[Any]],
    film: str,
    opening: date,
    log_weekend: float,
    upto: date,
) -> None:
    for k in range(28, 0, -1):
        day = opening - timedelta(days=k)
        if day + REPORTED > upto:
            break
        value = float(np.exp(log_weekend - 8 - 0.08 * k + rng.normal(0, 0.3)))
        row = (film, "US", "presales", day, value, day + REPORTED)
        for name, given in zip(SIGNALS_SCHEMA.names, row, strict=True):
            signs[name].append(given)


def others(
    films: list[Truth],
    *,
    noise: float,
    factor: float = 1.0,
    source: str = "trade",
    before: int = 1,
    seed: int = 1,
) -> dict[str, list[OutsideForecast]]:
    """Forecasts of films that are a factor too high, with an error of some size in logs."""
    rng = np.random.default_rng(seed)
    forecasts = {}
    for film in films:
        made = (film.opening - timedelta(days=before)).toordinal()
        mid = film.weekend * factor * float(np.exp(noise * rng.standard_normal()))
        forecasts[film.film] = [OutsideForecast(source, made, made, 3, mid, 0.9 * mid, 1.1 * mid)]
    return forecasts
