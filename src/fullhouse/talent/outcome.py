"""Films with a known budget whose run is over: what they took, and what was known before."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import log
from typing import Any

import numpy as np
import pyarrow as pa

from fullhouse import films
from fullhouse.core.arrays import Floats, Ints
from fullhouse.core.errors import CannotTellError
from fullhouse.films.film import TOTALLED
from fullhouse.films.identity import SetLink
from fullhouse.films.importing import main_key
from fullhouse.films.naming import franchise_of
from fullhouse.films.store import value
from fullhouse.lake import Lake
from fullhouse.talent.store import openings_of

MOST_GENRES = 20
FEWEST_OF_GENRE = 20
FIELDS = ("title", "opening", "budget", "genres", "series", "predecessor", "total")


@dataclass(frozen=True)
class FilmOutcome:
    """A film whose run is over: its gross and what was known of it before it opened."""

    film: str
    title: str
    opening: date
    gross: float
    budget: float
    genres: tuple[str, ...] = ()
    series: str | None = None
    continues: bool = False

    @property
    def family(self) -> str:
        """The films that it must not be judged beside: its series, or its title's first part."""
        return family_of(self.title, self.series)


@dataclass(frozen=True)
class MarketOutcomes:
    """Films of a market whose run is over, by opening, all amounts in one currency.

    `other_currency` films are left out: their budget, or all of their gross, is in another.
    """

    films: tuple[FilmOutcome, ...]
    other_currency: int = 0


def family_of(title: str, series: str | None = None) -> str:
    """A series, a known franchise, or the title without its subtitle and number.

    >>> family_of("Taken 2") == family_of("Taken")
    True
    """
    name = series or franchise_of(title)
    if name:
        return f"series:{name.casefold()}"
    stem = main_key(title)
    return re.sub(r"\d+$", "", stem) or stem


def film_outcomes(
    lake: Lake, links: Sequence[SetLink], territory: str, as_of: date
) -> MarketOutcomes:
    """Films of a market with budget and gross whose run was over on a day.

    One that is over opened there 180 days before or more; where no opening is known of the
    territory, the earliest that is known counts. The gross is the sum of its days, or its stated
    total where that is more.
    """
    openings = openings_of(links)
    facts: dict[str, dict[str, Any]] = defaultdict(dict)
    for row in films.facts(lake, territory, as_of, fields=FIELDS).to_pylist():
        facts[row["film"]][row["field"]] = value(row["field"], row["value"])
    over: dict[str, date] = {}
    for film, known in facts.items():
        opening = known["opening"] if "opening" in known else openings.get(film)
        if opening and opening + TOTALLED <= as_of:
            over[film] = opening
    grosses, currency = _grosses(lake, territory, as_of)
    if not currency:
        currency = _one({facts[f]["total"][1] for f in over if facts[f].get("total")}, territory)
    outcomes, other_currency = [], 0
    for film, opening in over.items():
        known, gross = facts[film], grosses.get(film, 0.0)
        budget, total = known.get("budget"), known.get("total")
        if total and total[1] == currency:
            gross = max(gross, float(total[0]))
        if not budget or budget[0] <= 0 or not (gross > 0 or (total and total[0] > 0)):
            continue
        if budget[1] != currency or gross <= 0:
            other_currency += 1
            continue
        outcomes.append(
            FilmOutcome(
                film=film,
                title=str(known.get("title") or film),
                opening=opening,
                gross=float(gross),
                budget=float(budget[0]),
                genres=tuple(known.get("genres") or ()),
                series=known.get("series") or None,
                continues=bool(known.get("predecessor")),
            )
        )
    return MarketOutcomes(tuple(in_order(outcomes)), other_currency)


def in_order(outcomes: Iterable[FilmOutcome]) -> list[FilmOutcome]:
    """By opening; a film that follows another of its family continues it."""
    ordered = sorted(outcomes, key=lambda f: (f.opening, f.film))
    families: set[str] = set()
    result = []
    for film in ordered:
        later = film.continues or film.family in families
        families.add(film.family)
        result.append(
            film if later == film.continues else FilmOutcome(**{**vars(film), "continues": later})
        )
    return result


def _grosses(lake: Lake, territory: str, as_of: date) -> tuple[Mapping[str, float], str]:
    rows = films.grosses(lake, territory, as_of)
    if rows.num_rows == 0:
        return {}, ""
    currency = _one(set(rows["currency"].to_pylist()), territory)
    sums = pa.TableGroupBy(rows, "film").aggregate([("gross", "sum"), ("to_date", "max")])
    names = sums["film"].to_pylist()
    total = np.fmax(
        sums["gross_sum"].to_numpy(),
        np.nan_to_num(sums["to_date_max"].cast(pa.float64()).to_numpy(zero_copy_only=False)),
    )
    return dict(zip(names, total.tolist(), strict=True)), currency


def _one(currencies: Collection[str], territory: str) -> str:
    """The one currency of a market's grosses; empty where there are none."""
    if len(currencies) > 1:
        raise CannotTellError(
            code="several_currencies", territory=territory, currencies=sorted(currencies)
        )
    return next(iter(currencies), "")


@dataclass(frozen=True)
class Design:
    """Films as rows of a regression: the log gross, and what is adjusted for."""

    films: tuple[FilmOutcome, ...]
    features: Floats
    """Constant, log budget and its square, year and its square, month, genres, whether it
    continues another."""
    target: Floats
    years: Ints
    families: Ints
    """A number for each film, the same within a family."""
    budget_thirds: Ints
    """0, 1 or 2: the third by budget among the films of its year."""

    def part(self, keep: Ints) -> "Design":
        """Some of the films, in the order given."""
        return Design(
            tuple(self.films[int(k)] for k in keep),
            self.features[keep],
            self.target[keep],
            self.years[keep],
            self.families[keep],
            self.budget_thirds[keep],
        )


def design(outcomes: Sequence[FilmOutcome]) -> Design:
    """The regression that effects of names stand beside."""
    years = np.array([f.opening.year for f in outcomes], np.int64)
    months = np.array([f.opening.month for f in outcomes], np.int64)
    budget = np.log([f.budget for f in outcomes])
    budget = budget - budget.mean()
    decade = (years - years.mean()) / 10
    columns = [np.ones(len(outcomes)), budget, budget**2, decade, decade**2]
    columns += [np.array([float(f.continues) for f in outcomes])]
    columns += [(months == m).astype(float) for m in range(2, 13) if (months == m).any()]
    counts: dict[str, int] = defaultdict(int)
    for f in outcomes:
        for genre in f.genres:
            counts[genre] += 1
    frequent = sorted(counts, key=lambda g: (-counts[g], g))[:MOST_GENRES]
    columns += [
        np.array([float(g in f.genres) for f in outcomes])
        for g in frequent
        if FEWEST_OF_GENRE <= counts[g] <= len(outcomes) - FEWEST_OF_GENRE
    ]
    names = sorted({f.family for f in outcomes})
    place = {name: k for k, name in enumerate(names)}
    return Design(
        films=tuple(outcomes),
        features=np.column_stack(columns),
        target=np.array([log(f.gross) for f in outcomes]),
        years=years,
        families=np.array([place[f.family] for f in outcomes], np.int64),
        budget_thirds=_thirds(years, budget),
    )


def _thirds(years: Ints, budget: Floats) -> Ints:
    thirds = np.zeros(len(years), np.int64)
    for year in np.unique(years):
        own = np.flatnonzero(years == year)
        rank = np.argsort(np.argsort(budget[own], kind="stable"), kind="stable")
        thirds[own] = rank * 3 // len(own)
    return thirds
