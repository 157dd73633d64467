"""What is true of a market, for whoever checks what an analysis claims; no stage reads it."""

from dataclasses import asdict
from typing import Any

import numpy as np
import pyarrow as pa

from fullhouse_sim import aisles, goods
from fullhouse_sim.film import Film
from fullhouse_sim.films import scenario
from fullhouse_sim.market import CHUNK, Market
from fullhouse_sim.members import Members
from fullhouse_sim.population import HOBBIES, TASTES, People


def people_table(people: People) -> pa.Table:
    """Everybody of a chunk; a household's number is unique in the market."""
    columns = {
        "person": people.person,
        "household": people.household + people.first // CHUNK * CHUNK,
        "age": people.age.astype(np.int8),
        "female": people.female,
        "city": people.city.astype(np.int16),
        "income": np.round(people.income, 2).astype(np.float32),
        "activity": np.round(people.activity, 4).astype(np.float32),
    }
    columns |= {h.replace(" ", "_"): people.has(h) for h in HOBBIES}
    for i, taste in enumerate(TASTES):
        name = "taste_" + taste.replace(" ", "_")
        columns[name] = np.round(people.tastes[:, i], 2).astype(np.float32)
    return pa.table(columns)


def owners_table(people: People, members: tuple[Members, ...]) -> pa.Table:
    """Whose each account is."""
    return pa.concat_tables(
        pa.table(
            {
                "source": pa.array([m.source] * len(m)),
                "account": m.ids,
                "person": people.person[m.person],
            }
        )
        for m in members
    )


def films_table(films: tuple[Film, ...]) -> pa.Table:
    """What only the simulator knows of each film."""
    hidden = ("quality", "appeal", "expected", "awareness", "urgency_days", "loyal", "presale")
    columns: dict[str, Any] = {"film": [f.id for f in films], "title": [f.title for f in films]}
    columns |= {name: [round(getattr(f, name), 6) for f in films] for name in hidden}
    columns["family"] = [f.family for f in films]
    columns["log_mean"] = [round(f.log_mean, 6) for f in films]
    return pa.table(columns)


def loadings_table(films: tuple[Film, ...]) -> pa.Table:
    """What draws people to each film."""
    rows = [(f.id, name, round(value, 6)) for f in films for name, value in f.loadings]
    film, feature, loading = zip(*rows, strict=True)
    return pa.table({"film": film, "feature": feature, "loading": loading})


def answers(market: Market) -> dict[str, Any]:
    """The scenario's answers."""
    return {
        "simulated": True,
        "market": asdict(market) | {"today": market.today.isoformat()},
        "scenario": asdict(scenario(market)),
        "hobby_categories": aisles.HOBBIES,
        "hobby_multiplies_by": {h: goods.MORE.get(h, goods.MORE_OTHERWISE) for h in HOBBIES},
    }
