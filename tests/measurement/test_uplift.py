"""Differences between people: detected where they are, and not where only propensity differs."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
import statsmodels.api as sm

from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.measurement import read_uplift
from fullhouse.measurement.uplift import heterogeneity_p
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


def test_the_people_whom_the_mail_moves_are_detected():
    uplift = read_uplift(_table(0.2, 1), **READ)
    assert uplift.proven
    assert uplift.splits == 10
    assert uplift_sentence(uplift).startswith("People differ in how arm 'mail' changes seen")
    assert "better than an order by propensity" in uplift_sentence(uplift)


def test_trials_without_differences_claim_nothing():
    results = [read_uplift(_table(0.0, s, n=2000), **(READ | {"repeats": 1})) for s in range(40)]
    # 5 % by promise, whatever the claim: more than 6 of 40 would come in fewer than 1 of 100 tries.
    assert sum(r.people_differ or r.order_proven or r.proven for r in results) <= 6
    none = next(r for r in results if not r.people_differ)
    assert uplift_sentence(none).startswith("No difference between people proven")
    assert not none.order_proven


@pytest.mark.parametrize("seed", range(3))
def test_people_who_differ_as_propensity_does_are_two_of_three_claims(seed):
    g = np.random.default_rng(seed)
    x, mail = (g.random(40_000) < 0.5 for _ in range(2))
    seen = g.random(40_000) < np.where(x, 0.05 + 0.03 * mail, 0.01)
    table = pa.table({"arm": np.where(mail, "mail", "none"), "x": x, "seen": seen})
    uplift = read_uplift(table, **(READ | {"covariates": ["x"]}))
    assert uplift.people_differ
    assert uplift.order_proven
    assert not uplift.proven
    plain = uplift.to_dict()
    assert (plain["people_differ"], plain["order_proven"], plain["proven"]) == (True, True, False)


def test_heterogeneity_p_is_that_of_statsmodels():
    g = np.random.default_rng(4)
    x, w = g.normal(size=(3000, 3)), (g.random(3000) < 0.3).astype(float)
    y = x[:, 0] + w * (1 + 0.05 * x[:, 1]) + g.normal(size=3000) * (1 + w)
    scaled = (x - x.mean(0)) / x.std(0)
    design = np.column_stack([np.ones(3000), scaled, w, scaled * w[:, None]])
    fit = sm.OLS(y, design).fit(cov_type="HC1", use_t=False)
    oracle = fit.wald_test(np.eye(8)[5:], use_f=False, scalar=True)
    assert heterogeneity_p(x, y, w) == pytest.approx(float(oracle.pvalue), rel=1e-6)


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
