"""A house with forty past films, one to come, its plan, its campaign and what was delivered.

Small enough to be made in seconds; too small to forecast from, which the daily page says.
"""

import csv
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyroaring import BitMap

import fullhouse as fh
from fullhouse.app import Context
from fullhouse.campaigns.campaign import AssignedLine
from fullhouse.campaigns.people import freeze_people
from fullhouse.control.campaign_records import SavedCampaign
from fullhouse.control.campaigns import add_campaign, save_plan
from fullhouse.core.tables import ACCOUNT_PERSON, IMPRESSION, ITEM, PERSON_EVENT
from fullhouse.planning.plan import Amount, BudgetPoint, Plan, PlanLine

FILM, OPENING = "bramble-2025", date(2025, 8, 15)
AS_OF = OPENING - timedelta(days=7)
WEEK = date(2025, 8, 4)
AT = datetime(2025, 8, 1, tzinfo=UTC)
PAST, PRESALE_DAYS = 40, 14
SLOPE = 0.8
DAY = timedelta(days=1)


def total_of(k):
    return float(np.exp(15.5 + 1.5 * np.sin(k)))


def presales(total, noise=0.0):
    """Tickets by day before the opening: log presales = 0.8 log total + noise, ever more a day."""
    whole = np.exp(SLOPE * np.log(total) - 4 + noise)
    ramp = np.arange(1, PRESALE_DAYS + 1) ** 2.0
    return whole * ramp / ramp.sum()


def openings():
    return {f"past-{k}": OPENING - timedelta(days=200 + 7 * k) for k in range(PAST)}


def tables(until=OPENING):
    """The plain rows that were known by a day."""
    g = np.random.default_rng(5)
    films, grosses, signals = [], [], []
    every = {**openings(), FILM: OPENING}
    for k, (film, opening) in enumerate(every.items()):
        title = film.removesuffix("-2025").replace("-", " ").title()
        films.append({"title": title, "opening": opening, "known_on": opening - 150 * DAY,
                      "territory": "ZZ", "plan": "wide", "theaters": 3000})  # fmt: skip
        name = {"title": title, "opening": opening, "territory": "ZZ"}
        total = total_of(k)
        if film != FILM:
            for n, share in enumerate((0.5, 0.3, 0.2)):
                day = opening + n * DAY
                grosses.append(name | {"day": day, "gross": share * total, "currency": "USD",
                                       "known_on": day + DAY})  # fmt: skip
        noise = 0.0 if film == FILM else g.normal(0, 0.2)
        for n, value in enumerate(presales(total, noise)):
            day = opening - (PRESALE_DAYS - n) * DAY
            signals.append(name | {"kind": "presales", "day": day, "value": round(value, 3),
                                   "known_on": day + DAY})  # fmt: skip
    known = [[r for r in rows if r["known_on"] <= until] for rows in (films, grosses, signals)]
    return dict(zip(("films", "grosses", "signals"), known, strict=True))


def take_in(workspace: Context, folder: Path, until=OPENING) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in tables(until).items():
        path = folder / f"{name}-{until}.csv"
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        fh.film_import(workspace, fh.ImportFilms(path))


def a_plan(**changes):
    amount = Amount(100.0, 50.0, 150.0)
    lines = tuple(
        PlanLine(
            name, "Dog owners", "everyone", "baskets", channel, "all", week, 70.0, 700.0, 500.0,
             300.0, 2.0, amount, amount, False)
        for name, channel, week in (("push-1", "push", WEEK), ("email-1", "email", WEEK),
                                    ("push-2", "push", WEEK + 7 * DAY))
    )  # fmt: skip
    fields = {
        "name": "bramble", "film": FILM, "title": "Bramble", "territory": "ZZ",
        "as_of": WEEK - 14 * DAY, "opening": OPENING, "budget": 210.0, "currency": "USD",
        "price": 10.0, "attitude": "neutral", "lines": lines, "spend": 210.0, "people": 500.0,
        "reach": 300.0, "frequency": 7.0, "tickets": amount, "gross": Amount(1e6, 5e5, 2e6),
        "base": Amount(9e6, 5e6, 2e7), "bridge": (),
        "curve": (BudgetPoint(100.0, amount, 0.5), BudgetPoint(300.0, amount, 0.1)),
        "unreachable": (), "holdout": 0.3, "audiences": {"everyone": "Dog owners"},
        "cities": {"all": ()},
    }  # fmt: skip
    return Plan(**(fields | changes))


def launch(workspace: Context) -> None:
    save_plan(workspace.control, "bramble", FILM, a_plan().to_dict(), at=AT)
    add_campaign(
        workspace.control, SavedCampaign("august", FILM, "bramble", 1, {"holdout": 0.3}, AT)
    )
    states = {"treated": {0: BitMap(range(70))}, "held_out": {0: BitMap(range(70, 100))}}
    assigned = [AssignedLine(x.id, states) for x in a_plan().lines]
    freeze_people(workspace.lake, "august", assigned, at=AT, batch="people")
    owners = {"source": ["app"] * 100, "account": [str(i) for i in range(100)],
              "person": list(range(100)), "since": [1] * 100}  # fmt: skip
    workspace.lake.replace(ACCOUNT_PERSON, pa.table(owners, schema=ACCOUNT_PERSON.schema))


def show(workspace: Context, line, day, many, *, campaign="august", person=0) -> None:
    """Impressions of a line on a day, to people from one number on."""
    rows = [
        {"source": "app", "account": str(person + i % 10), "event_id": f"{line} {day} {i} {person}",
         "at": datetime(day.year, day.month, day.day, 12, tzinfo=UTC), "day": day,
         "campaign": campaign, "line": line, "channel": line.partition("-")[0], "film": None,
         "batch": "b"}
        for i in range(many)
    ]  # fmt: skip
    table = pa.Table.from_pylist(rows, schema=IMPRESSION.schema)
    workspace.lake.append(IMPRESSION, table, batch=f"{line} {day} {campaign} {person}")


def sell(workspace: Context) -> None:
    """The house's own tickets and marks of the film: one each day up to AS_OF, and one after."""
    item = {"item": 7, "kind": "film", "source": "app", "id": "f", "title": "Bramble",
            "release_year": 2025}  # fmt: skip
    workspace.lake.append(ITEM, pa.Table.from_pylist([item], schema=ITEM.schema), batch="items")
    rows = [
        {"kind": kind, "block": 0, "person": n, "source": "app", "day": AS_OF - n * DAY, "item": 7,
         "quantity": 2.0 if kind == "ticket" else 1.0}
        for kind in ("ticket", "want_to_see")
        for n in range(-1, 10)
    ]  # fmt: skip
    table = pa.Table.from_pylist(rows, schema=PERSON_EVENT.schema)
    workspace.lake.append(PERSON_EVENT, table, batch="events")


def make(folder: Path) -> Context:
    """The house as of AS_OF, and a little later: what is later must not be seen."""
    environment = {"FULLHOUSE_KEY": "0" * 64, "FULLHOUSE_TERRITORY": "ZZ"}
    workspace = fh.init(str(folder / "house"), environment=environment)
    take_in(workspace, folder / "in", AS_OF)
    sell(workspace)
    launch(workspace)
    for n in range(4):
        show(workspace, "push-1", WEEK + n * DAY, 100)
        show(workspace, "email-1", WEEK + n * DAY, 40, campaign=None)
    show(workspace, "push-1", AS_OF, 100)
    return workspace
