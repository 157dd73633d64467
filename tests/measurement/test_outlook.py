"""How a readout moves what was expected."""

from datetime import date
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fullhouse.forecast import DAY_PROBABILITIES
from fullhouse.measurement.outlook import (
    measured_gross,
    outlook_of,
    planned_draws,
    total_draws,
    updated,
)


def test_an_update_is_that_of_two_normal_sources():
    g = np.random.default_rng(1)
    prior = 100 + 30 * g.standard_normal(200_000)
    posterior = updated(prior, 160.0, 20.0, g)
    # Precisions add: the mean lies between the two, nearer to the surer one.
    precision = 1 / 30**2 + 1 / 20**2
    mean = (100 / 30**2 + 160 / 20**2) / precision
    assert posterior.mean() == pytest.approx(mean, abs=4 * precision**-0.5 / np.sqrt(50_000))
    assert posterior.std() == pytest.approx(precision**-0.5, rel=0.02)


def test_an_uninformative_readout_moves_nothing():
    g = np.random.default_rng(2)
    prior = np.exp(g.standard_normal(50_000))
    posterior = updated(prior, -1e6, 1e9, g)
    assert np.quantile(posterior, [0.1, 0.5, 0.9]) == pytest.approx(
        np.quantile(prior, [0.1, 0.5, 0.9]), rel=0.05
    )


def test_draws_have_the_ranges_they_are_drawn_from():
    plan = SimpleNamespace(gross=SimpleNamespace(low=50.0, middle=200.0, high=800.0))
    quantiles = np.quantile(planned_draws(plan, np.random.default_rng(3)), [0.1, 0.5, 0.9])
    assert quantiles == pytest.approx([50, 200, 800], rel=0.06)
    base = SimpleNamespace(known={"total": 9.0}, ranges={})
    assert set(total_draws(base, np.random.default_rng(3))) == {9.0}


AMOUNTS = st.tuples(st.floats(0.1, 1e7), st.floats(1.0, 50), st.floats(1.0, 50))


@settings(max_examples=50, deadline=None)
@given(AMOUNTS, AMOUNTS, st.integers(0, 1000))
def test_what_a_plan_adds_never_lowers_an_end_of_the_range(base, added, seed):
    def ranged(amount):
        middle, below, above = amount
        return middle / below, middle, middle * above

    low, middle, high = ranged(base)
    total = SimpleNamespace(median=middle, between=lambda share: (low, high))
    plan_low, plan_middle, plan_high = ranged(added)
    gross = SimpleNamespace(low=plan_low, middle=plan_middle, high=plan_high)
    plan = SimpleNamespace(gross=gross, currency="USD")
    outlook = outlook_of(
        SimpleNamespace(known={}, ranges={"total": total}), plan, None,
        campaign="c", as_of=date(2025, 8, 8), seed=seed,
    )  # fmt: skip
    assert (outlook.base.low, outlook.base.middle, outlook.base.high) == pytest.approx(
        (low, middle, high), rel=1e-3
    )
    for end in ("low", "middle", "high"):
        assert getattr(outlook.total, end) >= getattr(outlook.base, end)


@pytest.mark.parametrize(("day", "share"), [(8, 0.25), (30, 0.8), (7, None)])
def test_what_was_measured_grows_as_the_run_does(day, share):
    effect = SimpleNamespace(
        outcome="gross",
        people=1000,
        total=SimpleNamespace(value=30.0),
        effect=SimpleNamespace(se=0.01),
    )
    readout = SimpleNamespace(whole=(effect,), as_of=date(2025, 8, day))
    middle = DAY_PROBABILITIES.index(0.5)
    days = [
        SimpleNamespace(day=date(2025, 8, d), cumulative={middle: taken})
        for d, taken in ((8, 25.0), (29, 80.0), (31, 90.0))
    ]
    total = SimpleNamespace(median=100.0)
    base = SimpleNamespace(days=days, known={}, ranges={"total": total})
    measured = measured_gross(base, readout)
    if share is None:
        assert measured is None, "presales alone say too little of the run"
    else:
        assert measured == pytest.approx((30.0 / share, 10.0 / share))
