"""Read a file of credits: anyone's own, or rows that a reader of a public set has renamed."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fullhouse.core.arrays import Flags
from fullhouse.core.errors import InputError
from fullhouse.films.columns import Refusals, dates, need_columns, null, numbers, read_table, texts
from fullhouse.films.columns import titles as as_written
from fullhouse.films.film import digest
from fullhouse.films.store import groups
from fullhouse.talent.credit import (
    BY_FILM,
    BY_TITLE,
    CREDITS_SCHEMA,
    JOBS,
    MOST_BILLING,
    ROLES,
    CreditSet,
    folded,
    named_id,
)

NAME = "plain"
READER = "credits 1"
WHAT = "a table of credits"
COLUMNS = ("name", "role")
KEY = ("talent", "role", "entry_set", "entry", "opening")


def read_credits(path: Path) -> CreditSet:
    """The credits of a file in the plain form.

    Columns: name, role, and film (its id here) or title with opening; person (the house's own id of
    a person), billing and known_on where there are such.
    """
    rows = read_table(path, what=WHAT)
    need_columns(path, rows.column_names, COLUMNS, what=WHAT)
    if "film" not in rows.column_names and not {"title", "opening"} <= set(rows.column_names):
        raise InputError(
            f"{path.name} does not say which film a credit is of: a column film, with ids as"
            " 'film list' gives them, or columns title and opening would do. It has"
            f" {', '.join(rows.column_names)}."
        )
    return check_credits(rows, name=NAME, path=path, reader=READER)


def check_credits(
    rows: pa.Table, *, name: str, path: Path, reader: str, entry_set: str | None = None
) -> CreditSet:
    """The rows that are credits, each once, and why the others are none.

    With `entry_set` the column film holds that set's ids of films, and person its ids of persons.
    """
    refusals = Refusals(rows.num_rows)
    names = _names(rows["name"])
    refusals.refuse(null(names), "no name", rows["name"])
    role = _roles(rows["role"])
    refusals.refuse(null(role), f"role is none of {', '.join(ROLES)}", rows["role"])
    billing = _billing(rows, role, refusals)
    columns = {
        **_films(rows, refusals, entry_set),
        "name": names,
        "role": role,
        "billing": billing,
        "talent": _talents(rows, names, entry_set),
        "known_on": _days(rows, "known_on", refusals),
    }
    good = pa.table([columns[n] for n in CREDITS_SCHEMA.names], names=CREDITS_SCHEMA.names)
    good = good.cast(CREDITS_SCHEMA).filter(pa.array(refusals.good))
    once = _once(good)
    return CreditSet(
        name=name,
        file=path.name,
        digest=digest(path, reader),
        read=rows.num_rows,
        credits=once,
        repeated=good.num_rows - once.num_rows,
        problems=refusals.in_order(),
    )


def _names(column: pa.ChunkedArray) -> pa.Array:
    """Names; null is what is missing, a word for that, or nothing but points."""
    names = texts(column)
    distinct = [n for n in pc.unique(names).to_pylist() if n is not None and folded(n)]
    return pc.if_else(pc.is_in(names, value_set=pa.array(distinct, pa.string())), names, None)


def _roles(column: pa.ChunkedArray) -> pa.Array:
    words = pc.utf8_lower(texts(column))
    place = pc.index_in(words, value_set=pa.array(list(JOBS), pa.string()))
    return pa.array(list(JOBS.values()), pa.string()).take(place)


def _billing(rows: pa.Table, role: pa.Array, refusals: Refusals) -> pa.Array:
    if "billing" not in rows.column_names:
        return pa.nulls(rows.num_rows, pa.int32())
    value, bad = numbers(rows["billing"])
    number = np.asarray(pc.fill_null(value, 1.0))
    wrong = bad | (number < 1) | (number > MOST_BILLING) | (number != np.floor(number))
    cast = np.asarray(pc.fill_null(pc.equal(role, "cast"), False))
    # A place in the cast is the cast's alone: other roles have none, whatever stands there.
    refusals.refuse(wrong & cast, "billing is no whole number from 1", rows["billing"])
    keep = pa.array(cast & ~wrong)
    return pc.if_else(keep, value, pa.scalar(None, pa.float64())).cast(pa.int32())


def _films(
    rows: pa.Table, refusals: Refusals, entry_set: str | None
) -> Mapping[str, pa.Array | pa.ChunkedArray]:
    """Which film each credit is of; a row that names none is refused."""
    count = rows.num_rows
    film = texts(rows["film"]) if "film" in rows.column_names else pa.nulls(count, pa.string())
    title, opening = pa.nulls(count, pa.string()), pa.nulls(count, pa.date32())
    if "title" in rows.column_names and entry_set is None:
        title = as_written(rows["title"])
    by_title: Flags = null(film)
    if "opening" in rows.column_names and entry_set is None:
        opening, bad = dates(rows["opening"])
        refusals.refuse(bad & by_title, "opening is not YYYY-MM-DD", rows["opening"])
    given = rows["film"] if "film" in rows.column_names else rows["title"]
    refusals.refuse(by_title & null(title), "no film and no title", given)
    if "title" in rows.column_names and entry_set is None:
        no_day = by_title & null(opening)
        refusals.refuse(no_day, "a title without its opening", rows["title"])
    choose = pa.array(by_title)
    return {
        "entry": pc.if_else(choose, title, film),
        "entry_set": pc.if_else(choose, BY_TITLE, entry_set or BY_FILM),
        "opening": pc.if_else(choose, opening, pa.scalar(None, pa.date32())),
    }


def _talents(rows: pa.Table, names: pa.Array, entry_set: str | None) -> pa.Array:
    """A person's id: the one given, under the set's name, else one made of the name."""
    distinct = pc.unique(pc.fill_null(names, ""))
    ids = pa.array([named_id(n) for n in distinct.to_pylist()], pa.string())
    by_name = ids.take(pc.index_in(pc.fill_null(names, ""), value_set=distinct))
    if "person" not in rows.column_names:
        return by_name
    given = texts(rows["person"])
    own = pc.binary_join_element_wise(entry_set or NAME, given, ":")
    return pc.if_else(pc.is_valid(given), own, by_name)


def _days(rows: pa.Table, name: str, refusals: Refusals) -> pa.Array:
    if name not in rows.column_names:
        return pa.nulls(rows.num_rows, pa.date32())
    days, bad = dates(rows[name])
    refusals.refuse(bad, f"{name} is not YYYY-MM-DD", rows[name])
    return days


def _once(rows: pa.Table) -> pa.Table:
    """Each person, role and film once: the highest billing, else the first."""
    if rows.num_rows == 0:
        return rows
    group = groups(rows, KEY)
    billing = np.asarray(pc.fill_null(rows["billing"], MOST_BILLING + 1))
    order = np.lexsort([np.arange(len(group)), billing, group])
    first = np.r_[True, group[order][1:] != group[order][:-1]]
    return rows.take(pa.array(np.sort(order[first])))
