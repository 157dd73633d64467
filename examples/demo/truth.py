"""What is true of the demo's market, from the folder `truth/` that no stage reads."""

import json
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations
from math import exp
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from fullhouse.core.tables import ACCOUNT_PERSON
from fullhouse.lake import Lake
from fullhouse.traits.names import film_slug

NEXT_DAYS = 45
"""The next film opens so long after the first one that its campaign is planned when the first's
is over."""


@dataclass(frozen=True)
class Film:
    """A film of the slate: what is announced of it."""

    title: str
    opening: date
    synopsis: str

    @property
    def slug(self) -> str:
        """The film's id, and its name in rules: saw:SLUG, wants:SLUG."""
        return film_slug(self.title, self.opening.year)

    @property
    def sunday(self) -> date:
        """The last day of its opening weekend."""
        return self.opening + timedelta(days=6 - self.opening.weekday())


@dataclass(frozen=True)
class Truth:
    """The scenario's answers, and whose every account is."""

    coming: Film
    alike: Film
    null: Film
    following: Film
    times: dict[str, float]
    aisles: dict[str, tuple[str, ...]]
    owners: dict[tuple[str, str], int]
    grosses: dict[str, dict[str, float]]
    """By film and quantity: what it takes, also where that lies after the market's last day."""

    @property
    def people(self) -> int:
        """How many people the accounts belong to."""
        return len(set(self.owners.values()))

    @property
    def accounts(self) -> dict[str, int]:
        """Accounts of each source."""
        return dict(Counter(source for source, _ in self.owners))


@dataclass(frozen=True)
class Linking:
    """How well accounts were put together: over pairs of accounts, against the truth."""

    persons: int
    right: int
    linked: int
    same: int

    @property
    def precision(self) -> float:
        """Share of the linked pairs that are one person."""
        return self.right / self.linked

    @property
    def recall(self) -> float:
        """Share of the pairs that are one person that were linked."""
        return self.right / self.same


def read_truth(market: Path) -> Truth:
    """The truth of a market that `fullhouse simulate` wrote."""
    answers = json.loads((market / "truth" / "answers.json").read_text("utf-8"))
    scenario = answers["scenario"]
    owners = pq.read_table(market / "truth" / "owners")
    keys = zip(owners["source"].to_pylist(), owners["account"].to_pylist(), strict=True)
    films = pacsv.read_csv(market / "feeds" / "tickets" / "films.csv")
    coming = _film(films, scenario["film"])
    later = pc.greater(films["release"], pa.scalar(coming.opening + timedelta(days=NEXT_DAYS)))
    following = films.filter(later).sort_by("release")["film"][0].as_py()
    return Truth(
        coming=coming,
        following=_film(films, following),
        alike=_film(films, scenario["alike"][-1]),
        null=_film(films, scenario["null_film"]),
        times={group: exp(loading) for group, loading in scenario["hidden"]},
        aisles={hobby: tuple(paths) for hobby, paths in answers["hobby_categories"].items()},
        owners=dict(zip(keys, owners["person"].to_pylist(), strict=True)),
        grosses=_grosses(pq.read_table(market / "truth" / "grosses.parquet")),
    )


def linking(lake: Lake, truth: Truth) -> Linking:
    """Each resolved person, beside the owners of its accounts."""
    together: dict[int, list[int]] = {}
    for row in lake.read(ACCOUNT_PERSON).to_pylist():
        owner = truth.owners[row["source"], row["account"]]
        together.setdefault(row["person"], []).append(owner)
    pairs = [a == b for owners in together.values() for a, b in combinations(owners, 2)]
    of_one = Counter(truth.owners.values())
    same = sum(n * (n - 1) // 2 for n in of_one.values())
    return Linking(len(together), sum(pairs), len(pairs), same)


def _film(films: pa.Table, number: str) -> Film:
    (row,) = films.filter(pc.equal(films["film"], number)).to_pylist()
    return Film(row["title"], row["release"], row["synopsis"])


def _grosses(rows: pa.Table) -> dict[str, dict[str, float]]:
    quantities = ("opening_day", "opening_weekend", "total")
    return {
        film_slug(row["title"], row["opening"].year): {q: row[q] for q in quantities}
        for row in rows.to_pylist()
    }
