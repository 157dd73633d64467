"""What an impression does, before and after readouts."""

import numpy as np
import pytest

from fullhouse.planning import Measured, learn_response
from fullhouse.planning.response import GAIN, GAIN_SPREAD, KIND_SPREAD, Likelihood, respond


def test_without_readouts_the_prior_is_wide_and_the_same_for_all():
    found = learn_response(["dogs", "fans"], ["push"], draws=20_000, seed=1)
    spread = np.hypot(GAIN_SPREAD, KIND_SPREAD)
    for column in np.log(found.gain).T:
        assert column.mean() == pytest.approx(GAIN, abs=4 * spread / 20_000**0.5)
        assert column.std() == pytest.approx(spread, rel=0.05)
    assert not found.tested("dogs")
    assert found.most_seen("push") is None


def test_a_readout_narrows_its_own_kind_most_and_others_some():
    told = Measured("dogs", "push", impressions=20.0, response=0.8, error=0.05)
    before = learn_response(["dogs", "fans"], ["push"], draws=2000, seed=1)
    after = learn_response(["dogs", "fans"], ["push"], [told], draws=2000, seed=1)
    foretold = respond(after.gain[:, 0], after.strength[:, 0] * 20)
    assert foretold.mean() == pytest.approx(0.8, abs=0.05)
    widths = [np.log(r.gain).std(0) for r in (before, after)]
    assert widths[1][0] < widths[0][0]
    assert widths[1][1] < widths[0][1], "what all kinds have in common is learned too"
    assert widths[1][0] < widths[1][1]
    assert after.tested("dogs")
    assert after.most_seen("push") == 20.0


def test_draws_are_those_of_prior_times_likelihood():
    """Against importance sampling from the prior, the slow and obvious way."""
    told = [Measured("a", "x", 5.0, 0.1, 0.04), Measured("a", "x", 15.0, 0.25, 0.05)]
    drawn = learn_response(["a"], ["x"], told, draws=6000, seed=4)
    prior = learn_response(["a"], ["x"], draws=200_000, seed=5)
    like = np.zeros(200_000)
    for m in told:
        mean = respond(prior.gain[:, 0], prior.strength[:, 0] * m.impressions)
        like += -0.5 * ((m.response - mean) / m.error) ** 2
    weight = np.exp(like - like.max())
    weight /= weight.sum()
    for mine, theirs in ((drawn.gain, prior.gain), (drawn.strength, prior.strength)):
        logs, wanted = np.log(mine[:, 0]), weight @ np.log(theirs[:, 0])
        # Draws of a chain are correlated: a tenth of them count.
        assert logs.mean() == pytest.approx(wanted, abs=4 * logs.std() / 600**0.5)


def test_the_likelihood_knows_kinds_and_channels_by_name():
    told = [Measured("b", "y", 1.0, 0.0, 1.0)]
    like = Likelihood(["a", "b"], ["x", "y"], told)
    z = np.zeros(6)
    assert like(z + np.array([0, 0, 9, 0, 9, 0])) == like(z)
    assert like(z + np.array([0, 0, 0, 1, 0, 0])) != like(z)
