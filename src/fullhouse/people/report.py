"""How many people a house reaches: accounts, persons, overlaps, the deduplicated union."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations

import pyarrow.compute as pc

from fullhouse.core.brief import Brief
from fullhouse.core.errors import CannotTellError
from fullhouse.core.tables import ACCOUNT_PERSON, PERSON_MERGE, PERSON_TABLE, REFUSED_IDENTIFIER
from fullhouse.engine import Engine
from fullhouse.engine.expr import ibis
from fullhouse.feeds.find_gaming import gaming_signs
from fullhouse.feeds.gaming import GamingSign
from fullhouse.lake import Lake
from fullhouse.people.resolution import is_whole, read_state

DIGEST_DIGITS = 12
"""Hexadecimal digits of a digest that a report shows: enough to find it, useless to match it."""


@dataclass(frozen=True)
class SourceCount:
    """One source: its accounts, its persons, and those that no other source has."""

    source: str
    accounts: int
    persons: int
    only_here: int


@dataclass(frozen=True)
class SourceOverlap:
    """Persons with accounts in both sources, and their share of the smaller source."""

    first: str
    second: str
    persons: int
    share_of_smaller: float


@dataclass(frozen=True)
class Cluster:
    """A person with many accounts."""

    person: int
    accounts: int
    sources: str


@dataclass(frozen=True)
class RefusedIdentifier:
    """An identifier that links nobody; only the beginning of its digest."""

    kind: str
    digest: str
    accounts: int


@dataclass(frozen=True)
class PersonMerge:
    """Two persons that turned out to be one."""

    run: int
    kept: int
    merged: int
    at: datetime


@dataclass(frozen=True)
class PeopleReport(Brief):
    """The people as of the last resolve run."""

    run: int
    accounts: int
    persons: int
    sum_of_sources: int
    sources: list[SourceCount]
    overlaps: list[SourceOverlap]
    sizes: dict[int, int]
    largest: list[Cluster]
    refused_identifiers: int
    refused: list[RefusedIdentifier]
    merges: int
    latest_merges: list[PersonMerge]
    gaming: tuple[GamingSign, ...] = ()


def report(engine: Engine, lake: Lake, *, rows: int = 10) -> PeopleReport:
    """The people report; lists show the `top` largest or latest, counts are whole.

    `sum_of_sources` adds each source's persons; `persons` is the deduplicated union; `sizes` maps
    a number of accounts to the persons who have so many.
    """
    state = read_state(lake)
    if state.run == 0:
        raise CannotTellError(code="people_not_resolved")
    if not is_whole(lake, state):
        raise CannotTellError(code="resolve_cut_off")
    accounts = _accounts(engine, lake)
    sets = _sets(engine, lake)
    per_source = _per_source(sets)
    sources = [
        SourceCount(s, n, per_source[s], sets.get((s,), 0)) for s, n in sorted(accounts.items())
    ]
    refused = _refused(lake, state.run)
    merges = _merges(lake)
    return PeopleReport(
        run=state.run,
        accounts=sum(accounts.values()),
        persons=sum(sets.values()),
        sum_of_sources=sum(s.persons for s in sources),
        sources=sources,
        overlaps=_overlaps(sets, per_source),
        sizes=_sizes(engine, lake),
        largest=_largest(engine, lake, rows),
        refused_identifiers=len(refused),
        refused=refused[:rows],
        merges=len(merges),
        latest_merges=merges[:rows],
        gaming=gaming_signs(engine, lake),
    )


def _accounts(engine: Engine, lake: Lake) -> dict[str, int]:
    accounts = engine.scan(lake.snapshot(ACCOUNT_PERSON))
    counted = engine.arrow(accounts.group_by("source").aggregate(accounts=accounts.count()))
    return {r["source"]: r["accounts"] for r in counted.to_pylist()}


def _sets(engine: Engine, lake: Lake) -> dict[tuple[str, ...], int]:
    """Persons by the exact set of sources they have; a few rows, whatever the people."""
    persons = engine.scan(lake.snapshot(PERSON_TABLE))
    counted = engine.arrow(persons.group_by("sources").aggregate(persons=persons.count()))
    return {tuple(r["sources"].split(",")): r["persons"] for r in counted.to_pylist()}


def _per_source(sets: Mapping[tuple[str, ...], int]) -> Counter[str]:
    counted: Counter[str] = Counter()
    for names, persons in sets.items():
        counted.update(dict.fromkeys(names, persons))
    return counted


def _overlaps(
    sets: Mapping[tuple[str, ...], int], per_source: Mapping[str, int]
) -> list[SourceOverlap]:
    overlaps = []
    for first, second in combinations(sorted(per_source), 2):
        both = sum(n for names, n in sets.items() if first in names and second in names)
        smaller = min(per_source[first], per_source[second])
        overlaps.append(SourceOverlap(first, second, both, both / smaller))
    return overlaps


def _sizes(engine: Engine, lake: Lake) -> dict[int, int]:
    persons = engine.scan(lake.snapshot(PERSON_TABLE))
    counted = engine.arrow(persons.group_by("accounts").aggregate(persons=persons.count()))
    return dict(sorted((r["accounts"], r["persons"]) for r in counted.to_pylist()))


def _largest(engine: Engine, lake: Lake, most: int) -> list[Cluster]:
    persons = engine.scan(lake.snapshot(PERSON_TABLE)).select("person", "accounts", "sources")
    several = persons.filter(persons.accounts > 1)
    rows = engine.arrow(several.order_by(ibis.desc("accounts"), "person").limit(most))
    return [Cluster(**r) for r in rows.to_pylist()]


def _refused(lake: Lake, run: int) -> list[RefusedIdentifier]:
    columns: Sequence[str] = ["kind", "digest", "accounts"]
    rows = lake.read(REFUSED_IDENTIFIER, columns=columns, where=pc.field("run") == run)
    order = [("accounts", "descending"), ("kind", "ascending"), ("digest", "ascending")]
    return [
        RefusedIdentifier(r["kind"], r["digest"][:DIGEST_DIGITS], r["accounts"])
        for r in rows.sort_by(order).to_pylist()
    ]


def _merges(lake: Lake) -> list[PersonMerge]:
    rows = lake.read(PERSON_MERGE).sort_by([("run", "descending"), ("merged", "ascending")])
    return [PersonMerge(**r) for r in rows.to_pylist()]
