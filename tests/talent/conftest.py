"""A house with films of its own, and files of credits."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

import fullhouse as fh
from fullhouse import app

FILMS = """film,title,territory,known_on,opening
own-1,Bramble,US,2015-01-01,2016-03-04
own-2,Good Hedges,US,2017-01-01,2018-02-23
own-3,The Kestrel,US,2026-01-01,2027-05-01
"""


@pytest.fixture
def house(tmp_path: Path) -> Iterator["app.Context"]:
    """A house that knows three films."""
    app.init_house(str(tmp_path / "house"), environment={}).close()
    (tmp_path / "films.csv").write_text(FILMS)
    with app.open_house(str(tmp_path / "house"), environment={}, today=date(2020, 6, 1)) as context:
        fh.film_import(context, fh.ImportFilms(tmp_path / "films.csv"))
        yield context
