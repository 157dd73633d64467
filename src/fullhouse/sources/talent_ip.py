"""Who did what in which film: credits of 15,178 films derived from TMDB, as one Parquet file.

Columns movie_id and person_id (TMDB's), name, job, cast_order (from 0), and department and
character, which are not read. The set carries no licence and is never shipped. Its films.parquet
is not read: the scores in it were taken after release.
"""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from fullhouse.core.errors import InputError
from fullhouse.films.columns import need_columns, numbers, texts
from fullhouse.sources import tmdb
from fullhouse.talent.credit import CreditSet
from fullhouse.talent.read import check_credits

READER = "talent-ip 1"
WHAT = "credits by TMDB's ids"
COLUMNS = ("movie_id", "person_id", "name", "job", "cast_order")


def is_credits(path: Path) -> bool:
    """Whether a file has the columns of this set."""
    try:
        return path.suffix == ".parquet" and set(COLUMNS) <= set(pq.read_schema(path).names)
    except (OSError, pa.ArrowInvalid):
        return False


def read(path: Path) -> CreditSet:
    """Every credit, by TMDB's ids of film and person."""
    try:
        rows = pq.read_table(path)
    except (OSError, pa.ArrowInvalid) as problem:
        raise InputError(f"{path.name} is not {WHAT}: {str(problem).splitlines()[0]}.") from None
    need_columns(path, rows.column_names, COLUMNS, what=WHAT)
    renamed = pa.table(
        {
            "person": texts(rows["person_id"]),
            "name": rows["name"],
            "role": rows["job"],
            "billing": _billing(rows["cast_order"]),
            "film": texts(rows["movie_id"]),
        }
    )
    return check_credits(renamed, name=tmdb.NAME, path=path, reader=READER, entry_set=tmdb.NAME)


def _billing(column: pa.ChunkedArray) -> pa.Array:
    """Places from 1; what is no number stays as it stands, for the row to be refused."""
    order, bad = numbers(column)
    places = pc.add(order, 1.0)
    return (
        pc.if_else(pa.array(bad), texts(column), places.cast(pa.string())) if bad.any() else places
    )
