"""Differences between people: detected where they are, and not where only propensity differs."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.measurement import read_uplift
from fullhouse.stats.figures import Interval
from fullhouse.view.words.readout import uplift_sentence


def _table(moved, seed, n=6000):
    """`fan` sees films anyway; `moved` by the mail are people with `like`, if any."""
    g = np.random.default_rng(seed)
    mail, fan, like = (g.random(n) < 0.5 for _ in range(3))
    chance = 0.05 + 0.2 * fan + mail * (0.05 + moved * (like - 0.5))
    return pa.table(
        {
            "arm": np.where(mail, "mail", "none"),
            "seen": g.random(n) < chance,
            "fan": fan,
            "like": like,
            "age": g.integers(15, 80, n),
            "city": g.choice(["a", "b", "c"], n),
            "spend": g.lognormal(2, 1, n),
        }
    )


READ = {
    "arm": "arm",
    "treated": "mail",
    "control": "none",
    "outcome": "seen",
    "covariates": ["fan", "like", "age", "city", "spend"],
    "seed": 1,
    "repeats": 2,
}


def test_whom_the_mail_moves_is_found():
    uplift = read_uplift(_table(0.2, 1), **READ)
    assert uplift.proven
    assert uplift.splits == 10
    assert uplift_sentence(uplift).startswith("People differ in how arm 'mail' changes seen")


def test_propensity_alone_is_not_taken_for_it():
    proven = [read_uplift(_table(0.0, seed, n=3000), **READ).proven for seed in range(20)]
    # At most 2.5 % by promise: 3 of 20 would come once in 80 tries.
    assert sum(proven) <= 2
    sentence = uplift_sentence(read_uplift(_table(0.0, 0, n=3000), **READ))
    assert sentence.startswith("No difference between people proven")


def test_same_seed_says_the_same_and_splits_do_not_narrow_without_end():
    table = _table(0.2, 2, n=3000)
    few, again = (read_uplift(table, **READ) for _ in range(2))
    many = read_uplift(table, **(READ | {"repeats": 20}))
    assert few == again
    assert many.qini.high - many.qini.low > 0.5 * (few.qini.high - few.qini.low)


def test_proof_needs_more_than_propensity_and_more_than_nothing():
    uplift = read_uplift(_table(0.2, 1), **READ)
    below = Interval(0.01, -0.01, 0.03)
    assert not replace(uplift, gain=below).proven
    assert not replace(uplift, qini=below).proven


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"covariates": []}, CannotTellError, "Without covariates"),
        ({"outcome": "spend", "covariates": ["fan"]}, InputError, "0 or 1"),
        ({"treated": "tv"}, CannotTellError, "need 500"),
        ({"folds": 1}, InputError, "too few"),
        ({"covariates": ["fans"]}, InputError, "no column 'fans'"),
    ],
)
def test_mistakes_are_named(given, error, message):
    with pytest.raises(error, match=message):
        read_uplift(_table(0.0, 3, n=2000), **(READ | given))
