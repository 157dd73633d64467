"""What is known of a territory's films as of a day: dated facts, daily grosses, signals."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from fullhouse import films
from fullhouse.core.arrays import Floats, Ints
from fullhouse.core.errors import CannotTellError
from fullhouse.core.tables import FILM_FACT, FILM_FORECAST, FILM_GROSS, FILM_SIGNAL
from fullhouse.films import EVERYWHERE, FIELDS, USER, WIDE
from fullhouse.films.daily import mended
from fullhouse.forecast.calendar import EPOCH
from fullhouse.lake import Lake


@dataclass(frozen=True)
class DailyRun:
    """A film's days in cinemas: offset from the opening, gross and gross to date of each day.

    Offsets below 0 are previews. `to_date` is what was stated, or the sum where that is larger.
    """

    offsets: Ints
    gross: Floats
    to_date: Floats
    theaters: Floats

    def until(self, days: int) -> float:
        """Gross to date after so many days from the opening, previews included; 0 if none."""
        at = int(np.searchsorted(self.offsets, days, side="left")) - 1
        return float(self.to_date[at]) if at >= 0 else 0.0

    def on(self, offset: int) -> float:
        """Gross of one day; NaN where it is not known."""
        at = int(np.searchsorted(self.offsets, offset))
        if at < len(self.offsets) and self.offsets[at] == offset:
            return float(self.gross[at])
        return float("nan")

    def between(self, first: int, last: int) -> float:
        """Gross of the days from one offset to another; NaN where one of them is not known."""
        a, b = np.searchsorted(self.offsets, (first, last + 1))
        return float(self.gross[a:b].sum()) if b - a == last + 1 - first else float("nan")

    def moved(self, days: int) -> "DailyRun":
        """The same days, counted from an opening so many days later."""
        return replace(self, offsets=self.offsets - days) if days else self

    def cut(self, days: int) -> "DailyRun":
        """Its first days only: those with an offset below `days`."""
        at = int(np.searchsorted(self.offsets, days))
        return DailyRun(self.offsets[:at], self.gross[:at], self.to_date[:at], self.theaters[:at])


ASSUMED = "assumed"
"""Who says what is only assumed."""
NONE: Floats = np.array([], np.float64)
EMPTY = DailyRun(np.array([], np.int64), NONE, NONE, NONE)


@dataclass(frozen=True)
class OutsideForecast:
    """An opening weekend as somebody else forecast it; days are `date.toordinal()`.

    It covers `days` days (3: Friday to Sunday). `low` and `high` are the ends of its range, where
    it stated one.
    """

    source: str
    made_on: int
    known_on: int
    days: int
    mid: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class History:
    """All that was known in a territory on a day, and nothing that was known later.

    `facts[film][field]` lists (day known, value, who says so), oldest first; days are
    `date.toordinal()`.
    """

    territory: str
    currency: str
    as_of: date
    facts: Mapping[str, Mapping[str, Sequence[tuple[int, Any, str]]]]
    runs: Mapping[str, DailyRun]
    signals: Mapping[str, Mapping[str, tuple[Ints, Ints, Floats]]]
    """By film and kind: the days told of, the days they were known, the values."""
    data: Mapping[str, int] = field(default_factory=dict)
    outside: Mapping[str, Sequence[OutsideForecast]] = field(default_factory=dict)
    """By film, what others forecast, in the market's currency; oldest first."""

    def fact(self, film: str, name: str, on: int) -> Any:
        """The newest value of a fact that was known on a day; None where there was none."""
        newest = self.newest(film, name, on)
        return None if newest is None else newest[1]

    def newest(self, film: str, name: str, on: int) -> tuple[int, Any, str] | None:
        """The newest fact that was known on a day: since when, what, and who says so."""
        newest = None
        for stated in self.facts.get(film, {}).get(name, ()):
            if stated[0] > on:
                break
            newest = stated
        return newest

    def at(self, day: date) -> "History":
        """What of this was known on an earlier day."""
        on = day.toordinal()
        facts = {
            film: {
                n: known
                for n, stated in names.items()
                if (known := [s for s in stated if s[0] <= on])
            }
            for film, names in self.facts.items()
        }
        facts = {film: names for film, names in facts.items() if names}
        runs = {}
        for film, run in self.runs.items():
            now = self.fact(film, "opening", self.as_of.toordinal())
            opening = self.fact(film, "opening", on)
            if opening is None:
                continue
            then = run.moved(opening - now).cut(on - opening)
            if len(then.offsets):
                runs[film] = then
        signals = {
            film: by_then
            for film, kinds in self.signals.items()
            if (
                by_then := {
                    k: (d[v <= on], v[v <= on], x[v <= on])
                    for k, (d, v, x) in kinds.items()
                    if (v <= on).any()
                }
            )
        }
        outside = {
            film: stated_by_then
            for film, forecasts in self.outside.items()
            if (stated_by_then := [f for f in forecasts if f.known_on <= on])
        }
        return replace(self, as_of=day, facts=facts, runs=runs, signals=signals, outside=outside)

    def assuming(self, film: str, values: Mapping[str, Any]) -> "History":
        """The same, were some facts of a film known otherwise on the day."""
        on = self.as_of.toordinal()
        own = dict(self.facts.get(film, {}))
        runs = self.runs
        if "opening" in values and film in runs:
            later = values["opening"] - self.fact(film, "opening", on)
            runs = {**runs, film: runs[film].moved(later)}
        for name, value in values.items():
            own[name] = [*own.get(name, ()), (on, value, ASSUMED)]
        return replace(self, facts={**self.facts, film: own}, runs=runs)

    def without(self, hidden: Collection[str]) -> "History":
        """The same without some films: nothing of them is left."""
        if not hidden:
            return self
        return replace(
            self,
            facts={film: facts for film, facts in self.facts.items() if film not in hidden},
            runs={film: run for film, run in self.runs.items() if film not in hidden},
            signals={film: kinds for film, kinds in self.signals.items() if film not in hidden},
            outside={film: stated for film, stated in self.outside.items() if film not in hidden},
        )

    def known(self, film: str, on: int) -> dict[str, Any]:
        """Every fact of a film that was known on a day."""
        facts = {name: self.fact(film, name, on) for name in self.facts.get(film, {})}
        return {k: v for k, v in facts.items() if v is not None}

    def plan(self, film: str, on: int) -> str:
        """How a film opens, as known on a day: wide where neither a plan nor cinemas are known."""
        stated = self.fact(film, "plan", on)
        if stated:
            return str(stated)
        planned = self.fact(film, "theaters", on)
        if planned:
            return "limited" if planned < WIDE else "wide"
        expected = self.fact(film, "expected_theaters", on)
        return "limited" if expected and not films.expects_wide(str(expected)) else "wide"

    def run(self, film: str) -> DailyRun:
        """A film's days in cinemas so far."""
        return self.runs.get(film, EMPTY)

    def openings(self, on: int) -> dict[str, int]:
        """Films with an opening in the territory that was known on a day."""
        openings = {f: self.fact(f, "opening", on) for f in self.facts}
        return {f: d for f, d in openings.items() if d is not None}

    def digest(self) -> str:
        """SHA-256 over what models learn from: no day, no table versions, nothing `outside`."""
        sha = hashlib.sha256(f"{self.territory} {self.currency}".encode())
        sha.update(json.dumps(self.facts, sort_keys=True, default=list).encode())
        for runs in (self.runs, self.signals):
            for film in sorted(runs):
                sha.update(film.encode())
                for part in _parts(runs[film]):
                    sha.update(np.ascontiguousarray(part).tobytes())
        return sha.hexdigest()


def read_history(lake: Lake, territory: str, as_of: date) -> History:
    """What the lake says of a territory's films, as of a day.

    Rows with a `known_on` after the day are not read.
    """
    tables = (FILM_FACT, FILM_GROSS, FILM_SIGNAL, FILM_FORECAST)
    versions = {t.name: lake.version(t) for t in tables}
    here = pc.field("territory").isin([territory, EVERYWHERE])
    then = pc.field("known_on") <= pa.scalar(as_of)
    fact_rows = lake.read(FILM_FACT, where=here & then, version=versions[FILM_FACT.name])
    rows = films.grosses(lake, territory, as_of)
    facts = _facts(fact_rows, films.renamed(lake))
    openings = {f: v["opening"][-1][1] for f, v in facts.items() if "opening" in v}
    openings = {f: day for f, day in openings.items() if day is not None}
    currency = _currency(rows, fact_rows, territory)
    return History(
        territory,
        currency,
        as_of,
        facts,
        _runs(rows, openings),
        _signals(films.signals(lake, territory, as_of)),
        {name: v for name, v in versions.items() if v is not None},
        _outside(films.forecasts(lake, territory, as_of), currency),
    )


def _facts(
    rows: pa.Table, renamed: Mapping[str, str]
) -> dict[str, dict[str, list[tuple[int, Any, str]]]]:
    # The last is the one that counts, as in films.facts: the territory's own word, then what was
    # known later, then a person's own word before a set's, then the set later in the alphabet.
    now = pa.array([renamed.get(f, f) for f in rows["film"].to_pylist()], pa.string())
    rows = rows.set_column(rows.schema.get_field_index("film"), "film", now)
    rows = rows.append_column("local", pc.not_equal(rows["territory"], EVERYWHERE))
    rows = rows.append_column("own", pc.equal(rows["origin"], USER))
    order = ("film", "known_on", "local", "own", "origin", "at")
    rows = rows.sort_by([(c, "ascending") for c in order])
    by_film: dict[str, dict[str, list[tuple[int, Any, str]]]] = defaultdict(dict)
    settled: set[tuple[str, str]] = set()
    names = ("film", "local", "field", "value", "known_on", "origin")
    parsed: dict[str, Any] = {}
    for film, local, name, text, known, origin in zip(
        *(rows[c].to_pylist() for c in names), strict=True
    ):
        if name not in FIELDS:
            continue
        # From a word on the territory itself on, none on everywhere counts.
        if local:
            settled.add((film, name))
        elif (film, name) in settled:
            continue
        value = None
        if text is not None:
            value = parsed.get(text)
            if value is None:
                value = parsed[text] = json.loads(text)
            if FIELDS[name][0] == "date":
                value = date.fromisoformat(value).toordinal()
            elif FIELDS[name][0] == "money" and not value[0] > 0:
                value = None  # a total or budget of 0 is one that nobody knows
        by_film[film].setdefault(name, []).append((known.toordinal(), value, origin))
    return dict(by_film)


def _runs(rows: pa.Table, openings: Mapping[str, int]) -> dict[str, DailyRun]:
    rows = rows.sort_by([("film", "ascending"), ("day", "ascending")])
    film = rows["film"].combine_chunks().dictionary_encode()
    names = film.dictionary.to_pylist()
    code = film.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    day = rows["day"].cast(pa.int32()).to_numpy().astype(np.int64) + EPOCH
    gross, stated, theaters = (
        rows[c].cast(pa.float64()).to_numpy(zero_copy_only=False).astype(np.float64)
        for c in ("gross", "to_date", "theaters")
    )
    starts = [0, *(np.flatnonzero(np.diff(code)) + 1).tolist(), len(code)] if len(code) else []
    runs = {}
    for a, b in pairwise(starts):
        name = names[int(code[a])]
        opening = openings.get(name)
        if opening is None:
            continue  # days of a run that has no beginning tell nothing
        days = mended(day[a:b], gross[a:b], stated[a:b], theaters[a:b])
        total = np.fmax(np.cumsum(days.gross), np.nan_to_num(days.stated))
        runs[name] = DailyRun(
            days.day - opening, days.gross, np.maximum.accumulate(total), days.theaters
        )
    return runs


def _signals(rows: pa.Table) -> dict[str, dict[str, tuple[Ints, Ints, Floats]]]:
    rows = rows.sort_by([(c, "ascending") for c in ("film", "kind", "day", "known_on", "at")])
    by_film: dict[str, dict[str, list[tuple[int, int, float]]]] = defaultdict(dict)
    names = ("film", "kind", "day", "known_on", "value")
    for film, kind, day, known, value in zip(*(rows[c].to_pylist() for c in names), strict=True):
        by_film[film].setdefault(kind, []).append((day.toordinal(), known.toordinal(), value))
    return {
        film: {
            kind: (
                np.array([r[0] for r in rs], np.int64),
                np.array([r[1] for r in rs], np.int64),
                np.array([r[2] for r in rs], np.float64),
            )
            for kind, rs in kinds.items()
        }
        for film, kinds in by_film.items()
    }


def _outside(rows: pa.Table, currency: str) -> dict[str, list[OutsideForecast]]:
    by_film: dict[str, list[OutsideForecast]] = defaultdict(list)
    order = [(c, "ascending") for c in ("film", "known_on", "made_on", "source", "days")]
    for row in rows.filter(pc.equal(rows["currency"], currency)).sort_by(order).to_pylist():
        by_film[row["film"]].append(
            OutsideForecast(
                row["source"],
                row["made_on"].toordinal(),
                row["known_on"].toordinal(),
                row["days"],
                row["mid"],
                row["low"],
                row["high"],
            )
        )
    return dict(by_film)


def _currency(rows: pa.Table, facts: pa.Table, territory: str) -> str:
    currencies = sorted(pc.unique(rows["currency"]).to_pylist())
    if not currencies:
        totals = facts.filter(pc.equal(facts["field"], "total"))["value"].to_pylist()
        currencies = sorted({json.loads(v)[1] for v in totals if v})
    if len(currencies) > 1:
        raise CannotTellError(code="several_currencies", territory=territory, currencies=currencies)
    if not currencies:
        raise CannotTellError(code="no_gross", territory=territory)
    return str(currencies[0])


def _parts(value: Any) -> list[npt.NDArray[Any]]:
    if isinstance(value, DailyRun):
        return [value.offsets, value.gross, value.to_date, value.theaters]
    return [part for kind in sorted(value) for part in value[kind]]
