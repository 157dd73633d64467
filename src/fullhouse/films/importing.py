"""Take a set of films into the lake: links first, then facts, grosses and signals."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

import pyarrow as pa
import pyarrow.compute as pc

from fullhouse.control import Control
from fullhouse.core.errors import did_you_mean
from fullhouse.core.tables import FILM_FACT, FILM_GROSS, FILM_SIGNAL
from fullhouse.films import identity
from fullhouse.films.film import (
    ANNOUNCED,
    EVERYWHERE,
    RETIRED,
    EntryFact,
    FilmEntry,
    FilmSet,
    Problem,
    distinct,
    film_slug,
)
from fullhouse.films.identity import Link
from fullhouse.films.match import Item, key, match
from fullhouse.films.store import append_rows, fact_rows
from fullhouse.lake import Lake


@dataclass(frozen=True)
class Imported:
    """What became of a file: how its entries were linked, and rows written by table."""

    set: str
    file: str
    read: int
    entries: int
    matched: int
    new: int
    review: int
    known: int
    facts: int
    grosses: int
    signals: int
    already: bool
    problems: tuple[Problem, ...]


def import_set(lake: Lake, control: Control, films: FilmSet, *, at: datetime) -> Imported:
    """Link the entries of a set and write what it says; the same file twice writes nothing new.

    Links are written first and each table has its own batch, so that after a crash the same call
    completes. A row that the set said before in the same words is not written again.
    """
    before = identity.links(control)
    entries, problems = _named(films.entries, before, films.name)
    fresh = _link(entries, before, films.name, at)
    identity.add_links(control, fresh)
    linked = _here(before) if any(e.named for e in entries) else {}
    linked |= {k.set_id: k.film for k in (*before, *fresh) if k.set == films.name}
    refused = sorted({e.id for e in films.entries} - {e.id for e in entries})
    batch = hashlib.sha256("\n".join([films.digest, *refused]).encode()).hexdigest()[:32]
    common = {"origin": films.name, "at": at, "batch": batch}
    every = [*before, *fresh]
    written = [
        append_rows(lake, FILM_FACT, _facts(entries, linked, every), common),
        append_rows(lake, FILM_GROSS, _rows(films.grosses, linked), common),
        append_rows(lake, FILM_SIGNAL, _rows(films.signals, linked), common),
    ]
    counts = Counter(k.status for k in fresh)
    return Imported(
        set=films.name,
        file=films.file,
        read=films.read,
        entries=len(entries),
        matched=counts["matched"],
        new=counts["new"],
        review=counts["review"],
        known=len(entries) - len(fresh),
        facts=written[0] or 0,
        grosses=written[1] or 0,
        signals=written[2] or 0,
        already=all(w is None for w in written),
        problems=(*films.problems, *problems),
    )


def _named(
    entries: Sequence[FilmEntry], before: Sequence[Link], name: str
) -> tuple[list[FilmEntry], list[Problem]]:
    """The entries that are titles, or name a film that is here; the rest are problems."""
    here = {*_here(before), *(k.set_id for k in before if k.set == name)}
    accepted = [e for e in entries if not e.named or e.id in here]
    lost = [e for e in entries if e.named and e.id not in here]
    return accepted, [
        Problem(0, "no such film here", e.id + did_you_mean(e.id, here)) for e in lost
    ]


def _here(before: Sequence[Link]) -> dict[str, str]:
    """Every id of a film, also those that gave way, with the film it is."""
    return {k.film: k.film for k in before} | {k.set_id: k.film for k in before if k.set == RETIRED}


def _link(
    entries: Sequence[FilmEntry], before: Sequence[Link], name: str, at: datetime
) -> list[Link]:
    """Links for the entries that have none."""
    done = {k.set_id for k in before if k.set == name}
    open_ = [e for e in entries if e.id not in done and not e.named]
    ours = {k.film for k in before if k.set == name}
    known = _items(k for k in before if k.set != RETIRED and k.film not in ours)
    pairs = {p.entry: p for p in match([_item(e) for e in open_], known)} if known else {}
    taken = {k.film for k in before} | {k.set_id for k in before if k.set == RETIRED}
    fresh = []
    for entry in sorted(open_, key=lambda e: (e.opening or date.max, e.title, e.id)):
        pair = pairs.get(entry.id)
        link = Link(
            set=name,
            set_id=entry.id,
            film="",
            status=pair.status if pair else "new",
            title=entry.title,
            other_title=entry.other_title,
            opening=entry.opening,
            territory=entry.territory,
            at=at,
            score=pair.score if pair else None,
        )
        if pair and pair.status == "matched":
            fresh.append(replace(link, film=pair.film))
            continue
        film = distinct(film_slug(entry.title, entry.year), taken)
        taken.add(film)
        fresh.append(replace(link, film=film, candidate=pair.film if pair else None))
    return fresh


def _item(entry: FilmEntry) -> Item:
    titles = (entry.title, *([entry.other_title] if entry.other_title else []))
    return Item(entry.id, titles, ((entry.opening, entry.territory),) if entry.opening else ())


def _items(known: Iterable[Link]) -> list[Item]:
    by_film: dict[str, list[Link]] = defaultdict(list)
    for link in known:
        by_film[link.film].append(link)
    return [
        Item(
            film,
            tuple(dict.fromkeys(t for k in own for t in (k.title, k.other_title) if t)),
            tuple(dict.fromkeys((k.opening, k.territory) for k in own if k.opening)),
        )
        for film, own in sorted(by_film.items())
    ]


def _facts(entries: Sequence[FilmEntry], linked: dict[str, str], every: Sequence[Link]) -> pa.Table:
    facts = [(linked[e.id], fact) for e in entries for fact in e.facts]
    facts += _rereleases([e for e in entries if e.rerelease], linked, every)
    return fact_rows(facts)


def _rereleases(
    again: Sequence[FilmEntry], linked: dict[str, str], every: Sequence[Link]
) -> list[tuple[str, EntryFact]]:
    """Which film each is shown again; an empty fact where that is not here."""
    by_title: dict[str, list[Link]] = defaultdict(list)
    for link in every if again else ():
        if link.set != RETIRED and link.opening:
            by_title[key(link.title)].append(link)
    facts = []
    for entry in again:
        assert entry.opening is not None
        film = linked[entry.id]
        earlier = [
            (k.opening, k.film)
            for k in by_title[key(entry.title)]
            if k.film != film and k.opening and k.opening < entry.opening
        ]
        fact = EntryFact(
            "rerelease_of",
            min(earlier)[1] if earlier else None,
            entry.opening - ANNOUNCED,
            entry.territory or EVERYWHERE,
        )
        facts.append((film, fact))
    return facts


def _rows(rows: pa.Table, linked: dict[str, str]) -> pa.Table:
    """Rows by an entry's id as rows by film; rows of an entry that is refused are left out."""
    ids = pa.array(list(linked), pa.string())
    films = pa.array(list(linked.values()), pa.string())
    column = rows["id"].combine_chunks() if rows.num_rows else pa.array([], pa.string())
    named = films.take(pc.index_in(column, value_set=ids))
    return rows.drop(["id"]).append_column("film", named).filter(named.is_valid())
