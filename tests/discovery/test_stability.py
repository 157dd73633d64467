"""Whether a finding comes back in halves and in draws."""

import numpy as np
import pytest

from fullhouse.core.values import keyed_bits
from fullhouse.discovery.beyond import beyond, score_features
from fullhouse.discovery.cards import BUCKETS, _weighted, stability
from fullhouse.discovery.columns import trait_columns
from fullhouse.discovery.obvious import obvious_traits
from tests.discovery.sheets import film_world


def _held(number=1, **world):
    sheet = film_world(number, **{"people": 6000, "others": 3, "rate": 0.03, "draw": 2.0, **world})
    facts = score_features(sheet, obvious_traits(sheet.traits, genres=["drama"]))
    columns = trait_columns(sheet, [t.name for t in sheet.traits if t.family == "buys"])
    return sheet, beyond(sheet, columns, facts, sheet.seed, key=b"key")


def test_what_is_true_is_steady_and_luck_is_not():
    sheet, held = _held()
    hidden, fans, *nulls = stability(sheet.persons, held, range(5), key=b"key")
    assert hidden.mark == "steady"
    assert hidden.again > 0.99
    assert min(hidden.first.value, hidden.second.value) > 1.4
    for other in (fans, *nulls):
        assert other.mark == "shaky"
        assert other.again < 0.9


def test_it_is_the_same_each_time_and_with_each_key_another():
    sheet, held = _held()
    one, two, other = (stability(sheet.persons, held, [0], key=k) for k in (b"a", b"a", b"b"))
    assert one == two
    assert one[0].first != other[0].first


def test_draws_spread_as_the_standard_error_says():
    sheet, held = _held()
    bucket = keyed_bits(sheet.persons, b"x").astype(np.int64) * BUCKETS >> 32
    g = np.random.default_rng(1)
    weights = g.multinomial(BUCKETS, [1 / BUCKETS] * BUCKETS, size=400)
    # A spread from 40 buckets is itself off by 1 / sqrt(2 · 39) = 11 %, three times.
    for column in range(5):
        ratio = _weighted(held, column, bucket, weights).ratio
        assert np.log(ratio).std() == pytest.approx(held.ratio.log_se[column], rel=0.34)


def test_everybody_once_gives_the_ratio_itself():
    sheet, held = _held()
    bucket = keyed_bits(sheet.persons, b"x").astype(np.int64) * BUCKETS >> 32
    whole = _weighted(held, 0, bucket, np.ones((1, BUCKETS)))
    assert whole.ratio[0] == pytest.approx(held.ratio.ratio[0])
    assert whole.log_se[0] == pytest.approx(held.ratio.log_se[0])


def test_where_a_half_has_nobody_it_is_untold():
    sheet, held = _held(rate=0.0005, people=800)
    assert held.cohort.case.sum() < 5
    (found,) = stability(sheet.persons, held, [0], key=b"key")
    assert found.mark in ("not_tested", "shaky")
