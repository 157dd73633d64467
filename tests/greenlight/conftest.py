"""One set of made-up films for all tests of this folder."""

import pytest

from fullhouse.greenlight.past import GrossModel, PastFilms, fit
from fullhouse.greenlight.terms import GreenlightTerms, read_terms
from tests.greenlight.made_films import made_films


@pytest.fixture(scope="session")
def past() -> PastFilms:
    return made_films()


@pytest.fixture(scope="session")
def model(past: PastFilms) -> GrossModel:
    return fit(past)


@pytest.fixture(scope="session")
def terms() -> GreenlightTerms:
    return read_terms()
