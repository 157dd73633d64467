"""What was known of films on a day: the newest word of each, and nothing that came later."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from fullhouse.core.tables import (
    FILM_FACT,
    FILM_FORECAST,
    FILM_GROSS,
    FILM_SIGNAL,
    Snapshot,
    Table,
)
from fullhouse.films.film import EVERYWHERE, FIELDS, USER, EntryFact, Film
from fullhouse.lake import Lake

SAME_AS = "same_as"
"""A fact that is none of a film: the id is no film's own any more, its rows are that film's."""


def known(lake: Lake, film: str, territory: str, as_of: date) -> Film:
    """What was known of a film for a territory on a day; nothing where nobody had heard of it."""
    rows = facts(lake, territory, as_of, films=[film]).to_pylist()
    return Film(
        film=film,
        territory=territory,
        as_of=as_of,
        facts={r["field"]: value(r["field"], r["value"]) for r in rows},
        origins={r["field"]: r["origin"] for r in rows},
    )


def facts(
    lake: Lake,
    territory: str,
    as_of: date,
    *,
    films: Collection[str] | None = None,
    fields: Collection[str] | None = None,
) -> pa.Table:
    """The winning fact of each film and field, by both, with its JSON `value` and its origin.

    One of the territory goes before one that holds everywhere, then the one known latest. Of
    those known from the same day a person's own goes first, then the set whose name is later in
    the alphabet, then the one written last: so the order of imports decides nothing.
    """
    rows = _read(lake, FILM_FACT, [territory, EVERYWHERE], as_of, films)
    keep = pc.not_equal(rows["field"], SAME_AS)
    if fields is not None:
        keep = pc.and_(keep, pc.is_in(rows["field"], pa.array(sorted(fields), pa.string())))
    own = pc.not_equal(rows["territory"], EVERYWHERE)
    return _newest(rows.filter(keep), ["film", "field"], first=own.filter(keep))


def grosses(
    lake: Lake, territory: str, as_of: date, *, films: Collection[str] | None = None
) -> pa.Table:
    """The gross of each film and day that was known on a day, by both; columns as film_gross."""
    return _newest(_read(lake, FILM_GROSS, [territory], as_of, films), ["film", "day"])


def signals(
    lake: Lake, territory: str, as_of: date, *, films: Collection[str] | None = None
) -> pa.Table:
    """The signals of each film, kind and day that were known; the territory's before others."""
    rows = _read(lake, FILM_SIGNAL, [territory, EVERYWHERE], as_of, films)
    own = pc.not_equal(rows["territory"], EVERYWHERE)
    return _newest(rows, ["film", "kind", "day"], first=own)


def forecasts(
    lake: Lake, territory: str, as_of: date, *, films: Collection[str] | None = None
) -> pa.Table:
    """What others forecast of each film that was known on a day; columns as film_forecast."""
    rows = _read(lake, FILM_FORECAST, [territory], as_of, films)
    return _newest(rows, ["film", "source", "made_on", "days"])


def value(field: str, text: str | None) -> Any:
    """A fact's value: a date for a date, (amount, currency) for money; None is known unknown."""
    parsed = None if text is None else json.loads(text)
    if parsed is None:
        return None
    kind = FIELDS[field][0] if field in FIELDS else "text"
    if kind == "date":
        return date.fromisoformat(parsed)
    return tuple(parsed) if kind == "money" else parsed


def renamed(lake: Lake) -> Mapping[str, str]:
    """Ids that gave way, each with the film whose rows its rows are."""
    rows = lake.read(
        FILM_FACT, columns=["film", "value", "at"], where=pc.field("field") == SAME_AS
    ).sort_by("at")
    step = {r["film"]: json.loads(r["value"]) for r in rows.to_pylist()}
    final = {}
    for film in step:
        end, passed = film, {film}
        while end in step and step[end] not in passed:
            end = step[end]
            passed.add(end)
        final[film] = end
    return final


def _read(
    lake: Lake,
    table: Table,
    territories: Sequence[str],
    as_of: date,
    films: Collection[str] | None,
) -> pa.Table:
    """Rows known by a day, under the ids that films have now."""
    names = renamed(lake)
    where = pc.field("territory").isin(list(territories)) & (pc.field("known_on") <= as_of)
    if films is not None:
        ids = {*films, *(old for old, new in names.items() if new in films)}
        where &= pc.field("film").isin(sorted(ids))
    rows = lake.read(table, where=where)
    if not names:
        return rows
    place = pc.index_in(rows["film"], value_set=pa.array(list(names), pa.string()))
    now = pa.array(list(names.values()), pa.string()).take(pc.fill_null(place, 0))
    column = pc.if_else(pc.is_valid(place), now, rows["film"])
    return rows.set_column(rows.schema.get_field_index("film"), rows.schema.field("film"), column)


def _newest(
    rows: pa.Table, keys: Sequence[str], *, first: pa.ChunkedArray | None = None
) -> pa.Table:
    """Of each key the row that wins, in the order of the keys."""
    if rows.num_rows == 0:
        return rows
    origin = np.asarray(pc.rank(rows["origin"], tiebreaker="dense"), dtype=np.int64)
    origin += np.asarray(pc.equal(rows["origin"], USER)) * len(origin) * 2
    key = groups(rows, keys)
    order = [
        np.asarray(rows["at"].cast(pa.int64())),
        origin,
        np.asarray(rows["known_on"].cast(pa.int32())),
        *([np.asarray(first)] if first is not None else []),
        key,
    ]
    places = np.lexsort(order)
    last = np.r_[key[places][1:] != key[places][:-1], True]
    return rows.take(pa.array(places[last])).sort_by([(k, "ascending") for k in keys])


def fact_rows(facts: Iterable[tuple[str, EntryFact]]) -> pa.Table:
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
        changed = full
        if snapshot.uris:
            same_origin = pc.field("origin") == common["origin"]
            changed = changed_rows(
                full, lake.read(table, where=same_origin, version=snapshot.version), table
            )
        written = changed.num_rows
        return changed

    done = lake.append_checked(
        table, news, batch=common["batch"], guard=f"films:{common['origin']}"
    )
    return written if done else None


def changed_rows(rows: pa.Table, before: pa.Table, table: Table) -> pa.Table:
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
