"""Take a set of films into the lake: links first, then facts, grosses and signals."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from fullhouse.control import Control
from fullhouse.core.errors import did_you_mean
from fullhouse.core.tables import FILM_FACT, FILM_GROSS, FILM_SIGNAL, Snapshot, Table
from fullhouse.films import link as links_
from fullhouse.films.film import EVERYWHERE
from fullhouse.films.film_set import ANNOUNCED, Entry, FilmSet, Problem, Said
from fullhouse.films.ids import distinct, film_slug
from fullhouse.films.link import RETIRED, Link
from fullhouse.films.match import Item, key, match
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


def take(lake: Lake, control: Control, films: FilmSet, *, at: datetime) -> Imported:
    """Link the entries of a set and write what it says; the same file twice writes nothing new.

    Links are written first and each table has its own batch, so that after a crash the same call
    completes. A row that the set said before in the same words is not written again.
    """
    before = links_.links(control)
    entries, problems = _named(films.entries, before, films.name)
    fresh = _link(entries, before, films.name, at)
    links_.add(control, fresh)
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


def fact_rows(facts: Iterable[tuple[str, Said]]) -> pa.Table:
    """Facts by film as rows of film_fact, without what is common to them all."""
    rows = list(facts)
    text = [None if s.value is None else _json(s.value) for _, s in rows]
    return pa.table(
        {
            "film": pa.array([f for f, _ in rows], pa.string()),
            "territory": pa.array([s.territory for _, s in rows], pa.string()),
            "field": pa.array([s.field for _, s in rows], pa.string()),
            "value": pa.array(text, pa.string()),
            "known_on": pa.array([s.known_on for _, s in rows], pa.date32()),
        }
    )


def _json(value: Any) -> str:
    return json.dumps(value.isoformat() if isinstance(value, date) else value, ensure_ascii=False)


def _named(
    entries: Sequence[Entry], before: Sequence[Link], name: str
) -> tuple[list[Entry], list[Problem]]:
    """The entries that are titles, or name a film that is here; the rest are problems."""
    here = {*_here(before), *(k.set_id for k in before if k.set == name)}
    kept = [e for e in entries if not e.named or e.id in here]
    lost = [e for e in entries if e.named and e.id not in here]
    return kept, [Problem(0, "no such film here", e.id + did_you_mean(e.id, here)) for e in lost]


def _here(before: Sequence[Link]) -> dict[str, str]:
    """Every id of a film, also those that gave way, with the film it is."""
    return {k.film: k.film for k in before} | {k.set_id: k.film for k in before if k.set == RETIRED}


def _link(entries: Sequence[Entry], before: Sequence[Link], name: str, at: datetime) -> list[Link]:
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


def _item(entry: Entry) -> Item:
    titles = (entry.title, *([entry.other_title] if entry.other_title else []))
    return Item(entry.id, titles, ((entry.opening, entry.territory),) if entry.opening else ())


def _items(known: Iterable[Link]) -> list[Item]:
    by_film: dict[str, list[Link]] = defaultdict(list)
    for link in known:
        by_film[link.film].append(link)
    return [
        Item(
            film,
            tuple(dict.fromkeys(t for k in found for t in (k.title, k.other_title) if t)),
            tuple(dict.fromkeys((k.opening, k.territory) for k in found if k.opening)),
        )
        for film, found in sorted(by_film.items())
    ]


def _facts(entries: Sequence[Entry], linked: dict[str, str], every: Sequence[Link]) -> pa.Table:
    facts = [(linked[e.id], said) for e in entries for said in e.facts]
    facts += _rereleases([e for e in entries if e.rerelease], linked, every)
    return fact_rows(facts)


def _rereleases(
    again: Sequence[Entry], linked: dict[str, str], every: Sequence[Link]
) -> list[tuple[str, Said]]:
    """Which film each is shown again; an empty fact where that is not here."""
    by_title: dict[str, list[Link]] = defaultdict(list)
    for link in every if again else ():
        if link.set != RETIRED and link.opening:
            by_title[key(link.title)].append(link)
    found = []
    for entry in again:
        assert entry.opening is not None
        film = linked[entry.id]
        earlier = [
            (k.opening, k.film)
            for k in by_title[key(entry.title)]
            if k.film != film and k.opening and k.opening < entry.opening
        ]
        said = Said(
            "rerelease_of",
            min(earlier)[1] if earlier else None,
            entry.opening - ANNOUNCED,
            entry.territory or EVERYWHERE,
        )
        found.append((film, said))
    return found


def _rows(rows: pa.Table, linked: dict[str, str]) -> pa.Table:
    """Rows by an entry's id as rows by film; rows of an entry that is refused are left out."""
    ids = pa.array(list(linked), pa.string())
    films = pa.array(list(linked.values()), pa.string())
    column = rows["id"].combine_chunks() if rows.num_rows else pa.array([], pa.string())
    named = films.take(pc.index_in(column, value_set=ids))
    return rows.drop(["id"]).append_column("film", named).filter(named.is_valid())


def append_rows(lake: Lake, table: Table, rows: pa.Table, common: Mapping[str, Any]) -> int | None:
    """Rows written of those given; None when their batch is there already, or they are none."""
    if rows.num_rows == 0 or lake.has_batch(table, common["batch"]):
        return None
    full = rows
    for name, value in common.items():
        kind = table.schema.field(name).type
        full = full.append_column(name, pa.repeat(pa.scalar(value, kind), rows.num_rows))
    full = full.select(table.names).cast(table.schema)
    written = 0

    def news(snapshot: Snapshot) -> pa.Table:
        nonlocal written
        kept = full
        if snapshot.uris:
            mine = pc.field("origin") == common["origin"]
            kept = unsaid(full, lake.read(table, where=mine, version=snapshot.version), table)
        written = kept.num_rows
        return kept

    done = lake.append_checked(
        table, news, batch=common["batch"], guard=f"films:{common['origin']}"
    )
    return written if done else None


def unsaid(rows: pa.Table, before: pa.Table, table: Table) -> pa.Table:
    """The rows that do not say what the newest row of their key says already."""
    if before.num_rows == 0 or rows.num_rows == 0:
        return rows
    keys = [k for k in table.key if k != "batch"]
    columns = [c for c in table.names if c not in ("at", "batch")]
    newest = before.sort_by([("at", "ascending")])
    marked = pa.concat_tables([newest.select(table.names), rows])
    group = groups(marked, keys)
    same = groups(marked, columns)
    old = newest.num_rows
    last: dict[int, int] = dict(zip(group[:old].tolist(), same[:old].tolist(), strict=True))
    keep = [
        last.get(g) != s for g, s in zip(group[old:].tolist(), same[old:].tolist(), strict=True)
    ]
    return rows.filter(pa.array(keep))


def groups(rows: pa.Table, columns: Sequence[str]) -> npt.NDArray[np.int64]:
    """A number for each row, the same for rows that are alike in some columns."""
    code = np.zeros(rows.num_rows, dtype=np.int64)
    for name in columns:
        column = rows[name].combine_chunks()
        values = np.asarray(pc.fill_null(column.dictionary_encode().indices, -1)) + 1
        _, code = np.unique(code * (int(values.max(initial=0)) + 1) + values, return_inverse=True)
    return code
