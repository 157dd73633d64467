"""MovieLens 1M: 6,040 viewers and the films they rated, as three files that feeds can read.

The set is free for research, and may be neither redistributed nor used commercially; a user
downloads it from GroupLens and points at the folder.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from fullhouse.core.errors import InputError
from fullhouse.sources.folder import need, need_one

HOME = (
    "Download ml-1m.zip (MovieLens 1M) from https://grouplens.org/datasets/movielens/1m/,"
    " unpack it and name the folder that holds users.dat and movies.dat."
)

DAY = date(2000, 12, 31)
"""The day of every account, film and view.

Pairs carry no time of watching (ratings.dat has the time of rating: dozens of films in one
sitting). The viewers joined in 2000, so on its last day all of this was so.
"""

AGES = {
    "1": (0, 17),
    "18": (18, 24),
    "25": (25, 34),
    "35": (35, 44),
    "45": (45, 49),
    "50": (50, 55),
    "56": (56, None),
}
"""Age codes of the set, which its README explains, as the youngest and the oldest age."""

_OCCUPATIONS = (
    "other",
    "academic or educator",
    "artist",
    "clerical or admin",
    "college or graduate student",
    "customer service",
    "doctor or health care",
    "executive or managerial",
    "farmer",
    "homemaker",
    "K-12 student",
    "lawyer",
    "programmer",
    "retired",
    "sales or marketing",
    "scientist",
    "self-employed",
    "technician or engineer",
    "tradesman or craftsman",
    "unemployed",
    "writer",
)
OCCUPATIONS = {str(code): name for code, name in enumerate(_OCCUPATIONS)}
"""Occupation codes of the set."""

_T = TypeVar("_T")

_YEAR = re.compile(r"^(?P<title>.*?)\s*\((?P<year>\d{4})\)$")
_ARTICLE = re.compile(
    r"^(?P<rest>.+?), (?P<article>The|A|An|Le|La|Les|L'|Il|El|Los|Las|Das|Der|Die|Un|Une)"
    r"(?P<more> \(.*\))?$"
)


@dataclass(frozen=True)
class MovieLensFiles:
    """What `read` wrote: accounts and films as CSV, views as Parquet."""

    accounts: Path
    films: Path
    views: Path


def read(folder: Path, out: Path) -> MovieLensFiles:
    """Write accounts.csv, films.csv and views.parquet into `out`, and nothing else.

    Views come from ratings.dat, or from a ratings.parquet with the columns userID and movieID;
    a rating counts as a view, and its stars are not read.
    """
    users, movies = need(folder, ["users.dat", "movies.dat"], home=HOME)
    ratings = need_one(folder, ["ratings.parquet", "ratings.dat"], home=HOME)
    out.mkdir(parents=True, exist_ok=True)
    files = MovieLensFiles(out / "accounts.csv", out / "films.csv", out / "views.parquet")
    pa.csv.write_csv(_accounts(users), files.accounts)
    pa.csv.write_csv(_films(movies), files.films)
    pa.parquet.write_table(_views(ratings), files.views)
    return files


def title_and_year(text: str) -> tuple[str, int | None]:
    """A title as people write it, and the year that stood behind it.

    >>> title_and_year("Dog's Life, A (1920)")
    ("A Dog's Life", 1920)
    >>> title_and_year("Misérables, Les (1998)")
    ('Les Misérables', 1998)
    """
    match = _YEAR.match(text.strip())
    title = match["title"] if match else text.strip()
    moved = _ARTICLE.match(title)
    if moved:
        gap = "" if moved["article"].endswith("'") else " "
        title = f"{moved['article']}{gap}{moved['rest']}{moved['more'] or ''}"
    return title, int(match["year"]) if match else None


def _accounts(path: Path) -> pa.Table:
    rows = []
    for account, gender, age, occupation, _zip in _rows(path, 5):
        youngest, oldest = _meaning(AGES, age, f"age code in {path.name}")
        rows.append(
            {
                "account": account,
                "day": DAY,
                "gender": {"F": "female", "M": "male"}.get(gender),
                "age_min": youngest,
                "age_max": oldest,
                "occupation": _meaning(OCCUPATIONS, occupation, f"occupation code in {path.name}"),
            }
        )
    return pa.Table.from_pylist(rows)


def _films(path: Path) -> pa.Table:
    rows = []
    for film, text, genres in _rows(path, 3):
        title, year = title_and_year(text)
        rows.append({"film": film, "day": DAY, "title": title, "year": year, "genres": genres})
    return pa.Table.from_pylist(rows)


def _views(path: Path) -> pa.Table:
    if path.suffix == ".parquet":
        pairs = pa.parquet.read_table(path, columns=["userID", "movieID"])
        account, film = (pairs.column(c).cast(pa.string()) for c in pairs.column_names)
    else:
        columns = list(zip(*((r[0], r[1]) for r in _rows(path, 4)), strict=True))
        account, film = pa.array(columns[0]), pa.array(columns[1])
    day = pa.repeat(pa.scalar(DAY), len(account))
    return pa.table({"account": account, "film": film, "day": day})


def _rows(path: Path, width: int) -> Iterator[list[str]]:
    # Latin-1: the set is older than UTF-8 was usual ('Les Misérables').
    with path.open(encoding="latin-1", newline="\n") as lines:
        for number, line in enumerate(lines, start=1):
            fields = line.rstrip("\r\n").split("::")
            if len(fields) != width:
                raise InputError(
                    f"{path.name}, line {number}: {width} fields parted by '::' were expected,"
                    f" not {len(fields)}. {HOME}"
                )
            yield fields


def _meaning(codes: dict[str, _T], code: str, what: str) -> _T:
    if code not in codes:
        raise InputError(f"Unknown {what}: {code!r}. Known are {', '.join(codes)}.")
    return codes[code]
