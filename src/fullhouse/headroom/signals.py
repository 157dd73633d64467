"""What a house saw of each person and a film: shown it, wanted it, wanted others, how active."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from fullhouse.core.arrays import Flags, Integers
from fullhouse.core.tables import ACCOUNT_PERSON, CLICK, IMPRESSION, ITEM, PERSON_EVENT
from fullhouse.engine import Engine
from fullhouse.engine.expr import ibis
from fullhouse.headroom.headroom import ExposureKind
from fullhouse.lake import Lake
from fullhouse.sample.analysis_sample import KnownFilm
from fullhouse.traits.names import film_slug

if TYPE_CHECKING:
    import ibis.expr.types as ir

INTEREST = ("want_to_see", "ticket")
SINCE_DAYS = 365
"""What was shown or wanted longer ago belongs to another film or another campaign."""


@dataclass(frozen=True)
class Signals:
    """Arrays over `persons`, ascending. `shown_by` are those shown the film by the landmark, by
    kind; `shown` those shown it in any way by the day. `before` wanted it by the landmark, `after`
    since; `others_after` wanted other films since. `stratum` numbers people alike in activity.
    """

    persons: npt.NDArray[np.int64]
    shown_by: dict[ExposureKind, Flags]
    shown: Flags
    before: Flags
    after: Flags
    others_after: Flags
    stratum: Integers


def read_signals(
    engine: Engine,
    lake: Lake,
    film: KnownFilm,
    persons: npt.NDArray[np.int64],
    *,
    landmark: date,
    as_of: date,
) -> Signals:
    """The signals of some people, ascending, on a film, of the year up to a day."""
    items = film_items(lake, film)
    events = engine.scan(lake.snapshot(PERSON_EVENT))
    since = as_of - timedelta(days=SINCE_DAYS)
    events = events.filter(events.day.between(ibis.literal(since), ibis.literal(as_of)))
    events = events.filter(events.quantity >= 0)
    own = events["item"].isin(items["item"].to_pylist())
    wanted, of_film = events.kind.isin(INTEREST), events.filter(own)
    late = events.day > ibis.literal(landmark)

    def who(rows: ir.Table) -> Flags:
        ids = engine.arrow(rows.select("person").distinct())["person"].to_numpy()
        return np.isin(persons, ids)

    trailers = of_film.filter(of_film.kind == "trailer_view")
    impressions = _advertised(engine, lake, film, items, since, as_of)
    by = ibis.literal(landmark)
    return Signals(
        persons,
        {
            "impression": who(impressions.filter(impressions.day <= by)),
            "trailer_view": who(trailers.filter(trailers.day <= by)),
        },
        who(impressions) | who(trailers),
        who(events.filter(own & wanted & ~late)),
        who(events.filter(own & wanted & late)),
        who(events.filter(~own & wanted & late)),
        _strata(engine, events.filter(~own & ~late), persons),
    )


def interested_since(
    engine: Engine, lake: Lake, film: KnownFilm, first: date, last: date
) -> npt.NDArray[np.int64]:
    """Who wanted a film or bought a ticket for it from a day to another, ascending."""
    items = film_items(lake, film)["item"].to_pylist()
    events = engine.scan(lake.snapshot(PERSON_EVENT))
    events = events.filter(events.day.between(ibis.literal(first), ibis.literal(last)))
    own = events["item"].isin(items) & events.kind.isin(INTEREST) & (events.quantity >= 0)
    ids = engine.arrow(events.filter(own).select("person").distinct())["person"].to_numpy()
    return np.sort(ids).astype(np.int64)


WHOLE = 0.9
"""Of a trailer, the share from which it counts as watched to the end."""


def trailers_since(
    engine: Engine, lake: Lake, film: KnownFilm, first: date, last: date
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Who watched a film's trailer from a day to another, and who to the end, ascending."""
    items = film_items(lake, film)["item"].to_pylist()
    events = engine.scan(lake.snapshot(PERSON_EVENT))
    events = events.filter(events.day.between(ibis.literal(first), ibis.literal(last)))
    events = events.filter(events["item"].isin(items) & (events.kind == "trailer_view"))
    shares = engine.arrow(events.group_by("person").aggregate(most=events.quantity.max()))
    ids, most = shares["person"].to_numpy(), shares["most"].to_numpy()
    return np.sort(ids).astype(np.int64), np.sort(ids[most >= WHOLE]).astype(np.int64)


def film_items(lake: Lake, film: KnownFilm) -> pa.Table:
    """(item, source, id) of a film in every source: those of its title and year."""
    columns_read = ["item", "kind", "source", "id", "title", "release_year"]
    table = lake.read(ITEM, columns=columns_read)
    year = film.opening.year if film.opening else None
    slugs = {film.slug, film_slug(film.title, year)}
    rows = [
        (r["item"], r["source"], r["id"])
        for r in table.to_pylist()
        if r["kind"] == "film" and r["title"] and film_slug(r["title"], r["release_year"]) in slugs
    ]
    columns = list(zip(*rows, strict=True)) if rows else [(), (), ()]
    types = (pa.int32(), pa.string(), pa.string())
    arrays = [pa.array(c, t) for c, t in zip(columns, types, strict=True)]
    return pa.table(arrays, names=["item", "source", "id"])


def _advertised(
    engine: Engine, lake: Lake, film: KnownFilm, items: pa.Table, since: date, as_of: date
) -> ir.Table:
    """(person, day) of every advertisement of the film that was shown or clicked.

    An impression names the film by the id of its source, or by the house's own.
    """
    accounts = engine.scan(lake.snapshot(ACCOUNT_PERSON)).select("source", "account", "person")
    names = {film.film, film.slug or film.film}
    known = engine.memory(items.select(["source", "id"]).rename_columns(["source", "film"]))
    parts = []
    for table in (IMPRESSION, CLICK):
        rows = engine.scan(lake.snapshot(table)).select("source", "account", "film", "day")
        rows = rows.filter(rows.day.between(ibis.literal(since), ibis.literal(as_of)))
        plain = rows.filter(rows.film.isin(sorted(names)))
        by_source = rows.semi_join(known, ["source", "film"])
        parts += [
            plain.select("source", "account", "day"),
            by_source.select("source", "account", "day"),
        ]
    shown = ibis.union(*parts, distinct=True)
    return shown.join(accounts, ["source", "account"]).select("person", "day")


def _strata(engine: Engine, events: ir.Table, persons: npt.NDArray[np.int64]) -> Integers:
    """Powers of two of all events, and of films wanted or attended, by the landmark."""
    wanted = events.kind.isin(INTEREST).cast("int64").sum()
    counts = engine.arrow(
        events.group_by("person").aggregate(n=events.count(), wanted=wanted).order_by("person")
    )
    ids = counts["person"].to_numpy()
    levels = []
    for name in ("n", "wanted"):
        values = np.zeros(len(persons), np.int64)
        at = np.searchsorted(ids, persons)
        inside = at < len(ids)
        inside[inside] = ids[at[inside]] == persons[inside]
        values[inside] = counts[name].to_numpy()[at[inside]]
        levels.append(np.ceil(np.log2(1.0 + values)).astype(np.int64))
    stratum: Integers = levels[0] * 64 + levels[1]
    return stratum
