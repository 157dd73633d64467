"""Co-attendance beyond the typical one."""

from dataclasses import replace

import numpy as np
import pytest

from fullhouse.discovery.compare import compare
from fullhouse.discovery.likely_audience import beyond_typical
from tests.discovery.house import BUILD, from_counts, outcome_of


@pytest.fixture
def row(tmp_path):
    counts = np.random.default_rng(1).poisson(0.4, (900, 3))
    blocks, traits, base = from_counts(tmp_path, counts, np.full(900, 3))
    outcome = outcome_of(traits[2], counts, np.arange(900))
    return compare(BUILD, outcome, traits=traits, base=base, blocks=blocks).rows[0]


def _like(row, ratio, spread=1.2):
    return replace(row, ratio=ratio, low=ratio / spread, high=ratio * spread, p=0.001)


def test_a_film_is_alike_when_it_goes_with_the_interest_more_than_films_do(row):
    rows = {f"film-{i}": _like(row, 1.4) for i in range(9)} | {"twin": _like(row, 2.8)}
    found = beyond_typical(rows)
    assert found["twin"].ratio.value == pytest.approx(2.0)
    assert (found["twin"].ratio.low, found["twin"].ratio.high) == pytest.approx((2 / 1.2, 2.4))
    assert found["twin"].p < 1e-6
    assert found["film-0"].ratio.value == pytest.approx(1.0)
    assert found["film-0"].p == pytest.approx(1.0)


def test_films_that_were_not_tested_are_left_out(row):
    untested = replace(row, ratio=1.0, low=0.5, high=2.0, p=None)
    assert beyond_typical({"a": untested}) == {}
    assert beyond_typical({}) == {}
