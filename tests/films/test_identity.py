"""Links between entries of sets and films, as a listing reads them."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fullhouse import app
from fullhouse.control import HEAD
from fullhouse.control.house import FILM_LINKS, rows_of, sqlite_file
from fullhouse.films.identity import SetLink, add_links, links, listed_links
from fullhouse.workspace.context import Context

TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20)
SET_LINKS = st.builds(
    SetLink,
    set=st.sampled_from(["tmdb", "us-daily"]),
    set_id=TEXTS,
    film=TEXTS,
    status=st.sampled_from(["matched", "new", "review", "accepted", "retired"]),
    title=TEXTS,
    opening=st.none() | st.dates(date(1900, 1, 1), date(2100, 1, 1)),
    territory=st.sampled_from(["", "US", "CN"]),
    at=st.datetimes(timezones=st.just(UTC)),
    other_title=st.none() | TEXTS,
    score=st.none() | st.floats(0, 1),
    candidate=st.none() | TEXTS,
)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Context:
    folder = tmp_path_factory.mktemp("links") / "house"
    app.init_house(str(folder), environment={}).close()
    with app.open_house(str(folder), environment={}) as context:
        _ = context.control
        return context


def _again(house: Context) -> Context:
    return app.open_house(str(house.place.path), environment={})


@given(new=st.lists(SET_LINKS, max_size=6, unique_by=lambda k: (k.set, k.set_id)))
@settings(max_examples=15, deadline=None)
def test_a_listing_reads_what_is_stored(house: Context, new: list[SetLink]) -> None:
    with house.control.begin() as connection:
        connection.exec_driver_sql("DELETE FROM film_link")
    add_links(house.control, new)
    with _again(house) as fresh:
        assert listed_links(fresh) == links(house.control)
        assert len(listed_links(fresh)) == len(new)
        assert not fresh.workspace.control_is_open


def test_a_database_that_has_to_be_migrated_is_not_read_past_its_migration(house: Context) -> None:
    url = house.workspace.control_url
    assert rows_of(url, FILM_LINKS, tenant="house") is not None
    _stamp(url, f"{int(HEAD) - 1:04}")
    try:
        assert rows_of(url, FILM_LINKS, tenant="house") is None
    finally:
        _stamp(url, HEAD)


def _stamp(url: str, revision: str) -> None:
    file = sqlite_file(url)
    assert file is not None
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))


def test_a_listing_of_films_loads_no_sqlalchemy_and_no_datasets(house: Context) -> None:
    code = (
        "import sys; from fullhouse import app\n"
        "with app.open_house(sys.argv[1]) as house: app.film_list(house, app.ListFilms())\n"
        "print(*{'sqlalchemy', 'pyarrow.dataset', 'pandas', 'ibis'} & set(sys.modules))"
    )
    words = [sys.executable, "-c", code, str(Path(str(house.place.path)))]
    done = subprocess.run(words, capture_output=True, text=True, check=True, env=dict(os.environ))
    assert done.stdout.strip() == ""
