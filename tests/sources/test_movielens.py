"""The MovieLens reader: rows made up here in the set's own form."""

from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from fullhouse.core.errors import InputError
from fullhouse.sources import movielens


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    given = tmp_path / "given"
    given.mkdir()
    (given / "users.dat").write_text("1::F::1::10::00000\n2::M::56::0::00000\n", "latin-1")
    (given / "movies.dat").write_text(
        "1::Some Café, The (1999)::Comedy|Drama\n2::No Year Here::Horror\n", "latin-1"
    )
    (given / "ratings.dat").write_text("1::2::5::978300760\n2::1::3::978300760\n", "latin-1")
    return given


@pytest.mark.parametrize(
    ("text", "title", "year"),
    [
        ("Toy Story (1995)", "Toy Story", 1995),
        ("Dog's Life, A (1920)", "A Dog's Life", 1920),
        ("Adventures of Milo and Otis, The (1986)", "The Adventures of Milo and Otis", 1986),
        ("Misérables, Les (1998)", "Les Misérables", 1998),
        ("Avventura, L' (1960)", "L'Avventura", 1960),
        ("City, The (La Ciudad) (1998)", "The City (La Ciudad)", 1998),
        ("Bye Bye, Love (1995)", "Bye Bye, Love", 1995),
        ("301, 302 (1995)", "301, 302", 1995),
        ("1984", "1984", None),
    ],
)
def test_titles_lose_their_year_and_get_their_article_back(
    text: str, title: str, year: int | None
) -> None:
    assert movielens.title_and_year(text) == (title, year)


def test_the_three_files_are_ready_for_feeds(folder: Path, tmp_path: Path) -> None:
    files = movielens.read(folder, tmp_path / "out")
    accounts = pa.csv.read_csv(files.accounts).to_pylist()
    assert [(a["account"], a["gender"], a["age_min"], a["age_max"]) for a in accounts] == [
        (1, "female", 0, 17),
        (2, "male", 56, None),
    ]
    assert accounts[0]["occupation"] == "K-12 student"
    films = pa.csv.read_csv(files.films).to_pylist()
    assert [(f["title"], f["year"], f["genres"]) for f in films] == [
        ("The Some Café", 1999, "Comedy|Drama"),
        ("No Year Here", None, "Horror"),
    ]
    views = pa.parquet.read_table(files.views).to_pylist()
    assert views == [
        {"account": "1", "film": "2", "day": movielens.DAY},
        {"account": "2", "film": "1", "day": movielens.DAY},
    ]


def test_pairs_in_parquet_give_the_same_views(folder: Path, tmp_path: Path) -> None:
    before = pa.parquet.read_table(movielens.read(folder, tmp_path / "a").views)
    (folder / "ratings.dat").unlink()
    pairs = pa.table({"userID": ["1", "2"], "movieID": ["2", "1"]})
    pa.parquet.write_table(pairs, folder / "ratings.parquet")
    assert pa.parquet.read_table(movielens.read(folder, tmp_path / "b").views).equals(before)


def test_nothing_else_is_written(folder: Path, tmp_path: Path) -> None:
    before = sorted(folder.iterdir())
    movielens.read(folder, tmp_path / "out")
    assert sorted(folder.iterdir()) == before
    names = {p.name for p in (tmp_path / "out").iterdir()}
    assert names == {"accounts.csv", "films.csv", "views.parquet"}


@pytest.mark.parametrize("name", ["users.dat", "movies.dat", "ratings.dat"])
def test_a_missing_file_is_named_with_its_home(folder: Path, tmp_path: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(InputError, match=rf"{name}.*grouplens\.org"):
        movielens.read(folder, tmp_path / "out")


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no folder .*nowhere.*grouplens\.org"):
        movielens.read(tmp_path / "nowhere", tmp_path / "out")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("movies.dat", "1::A title (1999)\n", "movies.dat, line 1: 3 fields"),
        ("users.dat", "1::F::99::10::0\n", "Unknown age code in users.dat: '99'"),
        ("users.dat", "1::F::1::77::0\n", "Unknown occupation code in users.dat: '77'"),
    ],
)
def test_a_strange_row_is_refused_by_place(
    folder: Path, tmp_path: Path, name: str, text: str, message: str
) -> None:
    (folder / name).write_text(text)
    with pytest.raises(InputError, match=message):
        movielens.read(folder, tmp_path / "out")
