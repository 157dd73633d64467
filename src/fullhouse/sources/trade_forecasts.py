"""Opening weekends as a trade site forecast them the night before: a table typed from its audits.

Columns title, friday, forecast_usd and days (those covered: 3, or 4 with a holiday Monday). A file
may also name the `source`, and the `low_usd` and `high_usd` of its range. Never shipped.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fullhouse.core.arrays import Flags
from fullhouse.films import FORECASTS_SCHEMA, FilmEntry, FilmSet, digest
from fullhouse.films.columns import (
    Refusals,
    dates,
    need_columns,
    null,
    numbers,
    read_table,
    texts,
    titles,
)
from fullhouse.films.film import film_slug
from fullhouse.films.plain import check_forecasts

NAME = "trade-forecasts"
READER = "trade-forecasts 1"
WHAT = "a table of forecast opening weekends"
COLUMNS = ("title", "friday", "forecast_usd", "days")
TERRITORY, CURRENCY, SOURCE = "US", "USD", "trade"
EVE = timedelta(days=1)
"""They are made on the day before the Friday that they name."""


def read(path: Path) -> FilmSet:
    """Every forecast, known from the eve of its Friday on; the first of a film and source counts.

    Its films are matched by title and date with those that are here, and state no facts.
    """
    rows = read_table(path, what=WHAT)
    need_columns(path, rows.column_names, COLUMNS, what=WHAT)
    refusals = Refusals(rows.num_rows)
    title = titles(rows["title"])
    refusals.refuse(null(title), "no title", rows["title"])
    friday, bad = dates(rows["friday"])
    refusals.refuse(bad | null(friday), "friday is not YYYY-MM-DD", rows["friday"])
    amounts = {
        name: _amounts(rows, column, refusals)
        for name, column in (
            ("mid", "forecast_usd"),
            ("low", "low_usd"),
            ("high", "high_usd"),
            ("days", "days"),
        )
    }
    check_forecasts(rows, amounts, refusals, mid="forecast_usd")
    source = pa.repeat(SOURCE, rows.num_rows)
    if "source" in rows.column_names:
        source = pc.fill_null(texts(rows["source"]), SOURCE)
    ids = [
        film_slug(t, d.year) if t and d else None
        for t, d in zip(title.to_pylist(), friday.to_pylist(), strict=True)
    ]
    keys = list(zip(ids, source.to_pylist(), friday.to_pylist(), strict=True))
    again = _again(keys, refusals.good)
    refusals.refuse(again, "a second forecast of this film by this source", rows["title"])
    table = _table(ids, source, friday, amounts)
    good = np.flatnonzero(refusals.good)
    entries = {
        ids[i]: FilmEntry(str(ids[i]), title[int(i)].as_py(), friday[int(i)].as_py(), TERRITORY)
        for i in good
    }
    return FilmSet(
        name=NAME,
        file=path.name,
        digest=digest(path, READER),
        read=rows.num_rows,
        entries=tuple(entries.values()),
        forecasts=table.take(pa.array(good)).cast(FORECASTS_SCHEMA),
        problems=refusals.in_order(),
    )


def _again(keys: Sequence[tuple[Any, ...]], good: Flags) -> Flags:
    """Whether a row has the key of an earlier one that is good."""
    first = {key: i for i, key in reversed(list(enumerate(keys))) if good[i]}
    return np.array([first.get(key, i) != i for i, key in enumerate(keys)], dtype=bool)


def _table(
    ids: Sequence[str | None],
    source: pa.ChunkedArray,
    friday: pa.ChunkedArray,
    amounts: Mapping[str, pa.Array],
) -> pa.Table:
    """The forecasts as every set of films has them, good and bad."""
    made = pc.subtract(friday.cast(pa.int32()), EVE.days).cast(pa.int32()).cast(pa.date32())
    n = len(ids)
    table = pa.table(
        {
            "id": pa.array(ids, pa.string()),
            "territory": pa.repeat(TERRITORY, n),
            "source": source,
            "made_on": made,
            "currency": pa.repeat(CURRENCY, n),
            "known_on": made,
            **amounts,
            "days": pc.round(amounts["days"]).cast(pa.int32()),
        }
    )
    return table.select(FORECASTS_SCHEMA.names)


def _amounts(rows: pa.Table, column: str, refusals: Refusals) -> pa.Array:
    if column not in rows.column_names:
        return pa.nulls(rows.num_rows, pa.float64())
    amount, bad = numbers(rows[column])
    refusals.refuse(bad, f"{column} is not a number", rows[column])
    return amount
