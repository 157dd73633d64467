"""A small house whose people buy cinema tickets in 20 cities, and a plan for a film not yet out."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa

import fullhouse as fh
from fullhouse import app
from fullhouse.control.campaigns import save_plan
from fullhouse.core.tables import ACCOUNT_PERSON, FILM, TICKET
from fullhouse.people.persons import write_persons
from fullhouse.people.resolution import NEXT, RUN
from fullhouse.planning.plan import Amount, Plan, PlanLine
from fullhouse.workspace.context import Context

CITIES = tuple(f"City {i:02d}" for i in range(20))
TODAY = date(2025, 6, 30)
OPENING = date(2025, 7, 11)
PAST_DAYS, PEOPLE, PAST_FILMS = 140, 3_000, 8
CITY_OF = np.sort(np.random.default_rng(1).choice(20, PEOPLE, p=np.arange(20, 0, -1) / 210))
"""The city of each person, the first the largest."""
TITLE = "The Puppy of Ashgrove"
CODE = "F-ASH"


def city_house(folder: Path) -> tuple[Context, str]:
    """The house with its traits built as of TODAY, and the new film's id."""
    workspace = app.init_house(str(folder))
    accounts = {"source": "tickets", "account": [f"a{p}" for p in range(PEOPLE)]}
    lake = workspace.lake
    persons = _filled(ACCOUNT_PERSON, PEOPLE, accounts | {"person": np.arange(PEOPLE), "since": 1})
    version = lake.replace(ACCOUNT_PERSON, persons, marks={RUN: 1, NEXT: PEOPLE})
    then = lake.snapshot(ACCOUNT_PERSON, version=version)
    write_persons(workspace.engine, lake, then, marks={RUN: 1}, metadata={})
    codes = [f"F-{n}" for n in range(PAST_FILMS)]
    opened = [TODAY - timedelta(days=PAST_DAYS - 1 - 14 * n) for n in range(PAST_FILMS)]
    films = {
        "source": "tickets", "film": [*codes, CODE],
        "title": [*(f"Past film {n}" for n in range(PAST_FILMS)), TITLE],
        "at": datetime(2025, 1, 1, tzinfo=UTC),
        "release_date": [*opened, OPENING], "release_year": 2025,
    }  # fmt: skip
    lake.append(FILM, _filled(FILM, PAST_FILMS + 1, films), batch="films")
    g = np.random.default_rng(2)
    for code, opening in zip(codes, opened, strict=True):
        who = np.flatnonzero(g.random(PEOPLE) < 0.5)
        sell(
            workspace,
            code,
            who,
            [opening + timedelta(days=int(d)) for d in g.integers(0, 21, len(who))],
        )
    for n, day in enumerate(opened):
        fh.film_add(
            workspace,
            fh.AddFilm(f"Past film {n}", opening=day, known_on=day, territory="ZZ", values={}),
        )
    film = fh.film_add(
        workspace,
        fh.AddFilm(TITLE, opening=OPENING, known_on=date(2025, 6, 1), territory="ZZ", values={}),
    )
    fh.traits_build(workspace, fh.BuildTraits(as_of=TODAY))
    keep_plan(workspace, film, "puppy")
    return workspace, film


def keep_plan(workspace: Context, film: str, name: str) -> None:
    """Save the plan under a name."""
    save_plan(workspace.control, name, film, plan(film, name=name).to_dict(), at=_noon(TODAY))


def sell(workspace: Context, code: str, persons: np.ndarray, days: list[date]) -> None:
    """One ticket to each of these people, in a cinema of their own city."""
    columns = {
        "source": "tickets", "account": [f"a{p}" for p in persons],
        "event_id": [f"{code}-{p}" for p in persons], "film": code, "quantity": 1.0,
        "city": [CITIES[c] for c in CITY_OF[persons]], "unit_price": 9.0, "currency": "USD",
        "day": days, "at": [_noon(d) for d in days],
    }  # fmt: skip
    workspace.lake.append(TICKET, _filled(TICKET, len(persons), columns), batch=f"sales {code}")


def plan(film: str, **changed: object) -> Plan:
    """Two weeks from OPENING."""
    few = Amount(10.0, 5.0, 20.0)
    lines = tuple(
        PlanLine(
            f"line-{n}", "everyone", "everyone", "broad", "push", "all", week, 150.0, 1e3, 900.0,
             300.0, 3.3, few, few, False)
        for n, week in enumerate((OPENING, OPENING + timedelta(days=7)))
    )  # fmt: skip
    fields = {
        "name": "puppy", "film": film, "title": TITLE, "territory": "ZZ", "as_of": TODAY,
        "opening": OPENING, "budget": 300.0, "currency": "USD", "price": 9.0,
        "attitude": "median", "lines": lines, "spend": 300.0, "people": 900.0, "reach": 300.0,
        "frequency": 3.3, "tickets": few, "gross": few, "base": None, "bridge": (), "curve": (),
        "unreachable": (), "holdout": 0.1, "audiences": {"everyone": "everyone"},
        "cities": {"all": ()},
    }  # fmt: skip
    return Plan(**fields | changed)


def _filled(table, rows: int, columns) -> pa.Table:
    """Columns of one value or of one each row; what is not given is a batch or empty."""
    filled = {}
    for field in table.schema:
        value = columns.get(field.name, "by hand" if field.name == "batch" else None)
        each = value if isinstance(value, list | np.ndarray) else [value] * rows
        filled[field.name] = pa.array(each, field.type)
    return pa.table(filled, schema=table.schema)


def _noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
