"""The promise: what was not known on the as-of day cannot change a forecast."""

import shutil
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import fullhouse as fh
from fullhouse.core.tables import FILM_FACT, FILM_GROSS, FILM_SIGNAL
from fullhouse.forecast.history import EMPTY, DailyRun, History, read_history
from fullhouse.forecast.history_index import HistoryIndex
from fullhouse.forecast.rows import Rows, before, in_cinemas
from tests.forecast.synthetic_market import EARLY, Market, learned, running, soon


class World:
    """The market and what the past says of it; no dataclass, which a failure would show whole."""

    def __init__(self, market: Market, history: History, index: HistoryIndex) -> None:
        self.market, self.history, self.index = market, history, index


@pytest.fixture(scope="module")
def world(market: Market, history: History, index: HistoryIndex) -> World:
    return World(market, history, index)


TABLES = (FILM_FACT, FILM_GROSS, FILM_SIGNAL)
CHANGES = st.lists(
    st.tuples(
        st.sampled_from([0, 0, 0, 1, 1, 2]),
        st.integers(0, 10**6),
        st.sampled_from(["remove", "change", "say anew"]),
        st.integers(1, 400),
    ),
    min_size=1,
    max_size=40,
)
"""Of which table, which row, what is done to it, and a number to do it with."""


@pytest.fixture(scope="module")
def early(market: Market, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the house with the models of EARLY."""
    model = learned(tmp_path_factory.getbasetemp(), market)
    return Path(shutil.copytree(model, tmp_path_factory.mktemp("as_of") / "house"))


@pytest.fixture(scope="module")
def wanted(early: Path, market: Market) -> list[dict[str, Any]]:
    """Forecasts of a film that is to open, and of one that has opened, with nothing changed."""
    with fh.app.open_house(str(early), environment={}) as workspace:
        return forecasts(workspace, market)


def forecasts(workspace: fh.app.Context, market: Market) -> list[dict[str, Any]]:
    films = (soon(market).film, running(market).film)
    return [same(fh.forecast_film(workspace, fh.ForecastFilm(film, as_of=EARLY))) for film in films]


@pytest.fixture(scope="module")
def tables(early: Path) -> dict[str, pa.Table]:
    with fh.app.open_house(str(early), environment={}) as workspace:
        return {t.name: workspace.lake.read(t) for t in TABLES}


def changed(rows: pa.Table, changes: list[tuple[int, str, int]]) -> pa.Table:
    """The rows with some of those changed that were known after EARLY, and some said anew."""
    after = np.flatnonzero(np.asarray(pc.greater(rows["known_on"], pa.scalar(EARLY))))
    records = rows.to_pylist()
    gone, more = set(), []
    for at, what, number in changes:
        later = int(after[at % len(after)])
        if what == "remove":
            gone.add(later)
        elif what == "change":
            records[later] = other(records[later], number)
        else:
            # Any row, of whenever: said anew after the day, with another value.
            known = EARLY + timedelta(days=1 + number)
            more.append(other(records[at % len(records)], number) | {"known_on": known})
    rest = [row for i, row in enumerate(records) if i not in gone]
    return pa.Table.from_pylist([*rest, *more], rows.schema)


def other(row: dict[str, Any], number: int) -> dict[str, Any]:
    """A row with another value, of the same kind."""
    if "field" in row:
        values = {
            "opening": f'"{EARLY + timedelta(days=number - 200)}"',
            "genres": '["Drama", "Comedy"]',
            "budget": f'[{number * 1e6}, "USD"]',
            "theaters": str(number * 10),
            "runtime_minutes": str(number),
            "plan": '"limited"' if number % 2 else '"wide"',
            "title": f'"Amber Anchor {number}"',
        }
        return row | {"value": values.get(row["field"], f'"other {number}"')}
    name = "gross" if "gross" in row else "value"
    return row | {name: row[name] * number}


def in_lake(house: Path, name: str, tables: Mapping[str, pa.Table]) -> fh.app.Context:
    """The house, with other tables under it."""
    workspace = fh.app.open_house(str(house), environment={"FULLHOUSE_LAKE": name})
    for table in TABLES:
        workspace.lake.append(table, tables[table.name], batch="made")
    fh.lake_accept(workspace, fh.app.AcceptLake(confirmed=True))
    return workspace


@pytest.mark.slow
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(changes=CHANGES)
def test_what_was_known_later_cannot_change_a_forecast(
    early: Path,
    tables: dict[str, pa.Table],
    world: World,
    wanted: list[dict[str, Any]],
    changes: list[Any],
) -> None:
    number = len(list(early.glob("lake-*")))
    own: dict[str, pa.Table] = {}
    for i, table in enumerate(TABLES):
        own[table.name] = changed(
            tables[table.name], [(at, what, n) for which, at, what, n in changes if which == i]
        )
    with in_lake(early, f"lake-{number}", own) as workspace:
        assert forecasts(workspace, world.market) == wanted


def same(forecast: Any) -> dict[str, Any]:
    """All that a forecast says; the versions of the tables apart, which count every write."""
    content: dict[str, Any] = forecast.to_dict()
    assert content.pop("data")
    assert content["model"]["fingerprint"]
    return content


def test_what_was_known_then_does_change_what_is_read(
    early: Path, tables: dict[str, pa.Table], market: Market
) -> None:
    film = soon(market).film
    rows = tables[FILM_FACT.name].to_pylist()
    row = next(r for r in rows if r["film"] == film and r["field"] == "budget")
    row["value"] = '[400000000, "USD"]'
    own = {**tables, FILM_FACT.name: pa.Table.from_pylist(rows, FILM_FACT.schema)}
    with in_lake(early, "lake-known", own) as workspace:
        result = read_history(workspace.lake, "US", EARLY)
    assert result.fact(film, "budget", EARLY.toordinal()) == [400_000_000, "USD"]


@pytest.mark.slow
@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    seed=st.integers(0, 2**32), which=st.integers(0, 10**6), days=st.sampled_from([1, 7, 28, 180])
)
def test_no_row_before_the_opening_depends_on_later_days(
    world: World, seed: int, which: int, days: int
) -> None:
    films = world.market.films_of("wide") + world.market.films_of("limited")
    film = films[which % len(films)]
    on = (film.opening - timedelta(days=days)).toordinal()
    other_past = HistoryIndex(disturbed(world.history, film.film, on, np.random.default_rng(seed)))
    assert rows_alike(before(world.index, [film.film], days), before(other_past, [film.film], days))


@pytest.mark.slow
@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@example(seed=0, which=10123, horizon="second weekend")
@given(
    seed=st.integers(0, 2**32),
    which=st.integers(0, 10**6),
    horizon=st.sampled_from(["first day", "first weekend", "day 5", "second weekend"]),
)
def test_no_row_of_a_run_depends_on_later_days(
    world: World, seed: int, which: int, horizon: str
) -> None:
    films = world.market.films_of("wide") + world.market.films_of("limited")
    film = films[which % len(films)].film
    rows = in_cinemas(world.index, [film], horizon)
    other_past = HistoryIndex(
        disturbed(world.history, film, int(rows.as_of[0]), np.random.default_rng(seed))
    )
    assert rows_alike(rows, in_cinemas(other_past, [film], horizon))


def rows_alike(a: Rows, b: Rows) -> bool:
    columns = sorted({*a.columns, *b.columns})
    one, two = a.aligned(columns), b.aligned(columns)
    wrong = [c for c, x, y in zip(columns, one[0], two[0], strict=True) if not close(x, y)]
    assert not wrong, f"{a.films[0]} as of {a.as_of[0]}: {', '.join(wrong)}"
    return True


def close(x: float, y: float) -> bool:
    return bool(np.isclose(x, y, rtol=1e-12, equal_nan=True))


def disturbed(history: History, film: str, on: int, rng: np.random.Generator) -> History:
    """The same up to a day; what was known after it is changed, left out or said anew."""
    facts: dict[str, dict[str, list[tuple[int, Any, str]]]] = {}
    runs: dict[str, DailyRun] = {}
    last = history.as_of.toordinal()
    for name, fields in history.facts.items():
        was = history.fact(name, "opening", last)
        rows_added: dict[str, list[tuple[int, Any, str]]] = {}
        for field, stated in fields.items():
            rest = [s for s in stated if s[0] <= on]
            fixed = field == "opening" and (name == film or (was is not None and was <= on))
            if fixed:
                rest = list(stated)
            else:
                rest += [
                    (day, another(value, rng), who)
                    for day, value, who in stated
                    if day > on and rng.random() < 0.7
                ]
                # A row whose day lies past the history's end has no later day to say it anew on.
                if rest and last > on and rng.random() < 0.3:
                    rest.append((last, another(rest[-1][1], rng), "said anew"))
                rest.sort(key=lambda s: s[0])
            if rest:
                rows_added[field] = rest
        if rows_added:
            facts[name] = rows_added
        now = _newest(rows_added)
        if was is not None and now is not None:
            runs[name] = _run(history.run(name), was, now, on, rng)
    signals = {
        name: {
            kind: (d, v, np.where(v <= on, x, x * rng.uniform(0, 9, len(x))))
            for kind, (d, v, x) in kinds.items()
        }
        for name, kinds in history.signals.items()
    }
    return replace(history, facts=facts, runs=runs, signals=signals)


def _newest(rows_added: Mapping[str, list[tuple[int, Any, str]]]) -> int | None:
    return rows_added["opening"][-1][1] if rows_added.get("opening") else None


def _run(run: DailyRun, was: int, now: int, on: int, rng: np.random.Generator) -> DailyRun:
    day = run.offsets + was
    keep = (day < on) | (rng.random(len(day)) < 0.9)
    if not keep.any():
        return EMPTY
    gross = np.where(day < on, run.gross, run.gross * rng.uniform(0.1, 9, len(day)))[keep]
    theaters = np.where(day < on, run.theaters, 7.0)[keep]
    return DailyRun((day - now)[keep], gross, np.cumsum(gross), theaters)


def another(value: Any, rng: np.random.Generator) -> Any:
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int) and value > 700_000:
        return value + 7 * int(rng.integers(-40, 40))
    if isinstance(value, int | float):
        return max(1, int(value * rng.uniform(0.1, 9)))
    if isinstance(value, list):
        return [another(v, rng) for v in value]
    if value in ("wide", "limited"):
        return "limited" if value == "wide" else "wide"
    return value if value == "USD" else f"{value} {int(rng.integers(2, 9))}"
