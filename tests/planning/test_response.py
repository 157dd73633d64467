"""What an impression does, before and after readouts."""

import numpy as np
import pytest

from fullhouse.planning import Measured, learn_response
from fullhouse.planning.channel import read_channels, worths
from fullhouse.planning.response import (
    FADE_DAYS,
    FILM_SPREAD,
    GAIN,
    GAIN_SPREAD,
    KIND_SPREAD,
    WEAR,
    Likelihood,
    Names,
    faded,
    fresh,
    respond,
    worn,
)


def test_without_readouts_the_prior_is_wide_and_the_same_for_all():
    found = learn_response(["dogs", "fans"], ["push"], draws=20_000, seed=1)
    spread = np.sqrt(GAIN_SPREAD**2 + KIND_SPREAD**2 + FILM_SPREAD**2)
    for column in np.log(found.gain).T:
        assert column.mean() == pytest.approx(GAIN, abs=4 * spread / 20_000**0.5)
        assert column.std() == pytest.approx(spread, rel=0.05)
    assert not found.tested("dogs")
    assert found.most_seen("push") is None


def test_a_readout_narrows_its_own_kind_most_and_others_some():
    told = Measured("dogs", {"push": 20.0}, response=0.8, error=0.05)
    before = learn_response(["dogs", "fans"], ["push"], draws=2000, seed=1)
    after = learn_response(["dogs", "fans"], ["push"], [told], draws=2000, seed=1)
    foretold = np.median(respond(after.gain[:, 0], after.strength[:, 0] * worn(20.0)))
    # Of a new film, which answers as films differ.
    assert abs(np.log(foretold / 0.8)) < FILM_SPREAD
    assert abs(np.log(foretold / 0.8)) < abs(np.log(np.median(before.gain[:, 0]) / 0.8))
    widths = [np.log(r.gain).std(0) for r in (before, after)]
    assert widths[1][0] < widths[0][0]
    assert widths[1][1] < widths[0][1], "what all kinds have in common is learned too"
    assert widths[1][0] < widths[1][1]
    assert after.tested("dogs")
    assert after.most_seen("push") == 20.0


def test_draws_are_those_of_prior_times_likelihood():
    """Against importance sampling from the prior, the slow and obvious way."""
    told = [
        Measured("a", {"x": 5.0, "y": 2.0}, 0.1, 0.06, "f", "p", 0.05),
        Measured("a", {"x": 15.0}, 0.25, 0.08, "f", "p", 0.05),
    ]
    drawn = learn_response(["a"], ["x", "y"], told, draws=4000, seed=4)
    g = np.random.default_rng(5)
    prior = learn_response(["a"], ["x", "y"], draws=200_000, seed=5)
    film = np.exp(FILM_SPREAD * g.standard_normal(200_000))
    # The prior's gain is that of a new film: what it shares with the measured one is the rest.
    common = np.exp(GAIN + np.hypot(GAIN_SPREAD, KIND_SPREAD) * g.standard_normal(200_000))
    luck = np.exp(0.05 * g.standard_normal(200_000))
    like = np.zeros(200_000)
    for m in told:
        dose = sum(prior.strength[:, i] * worn(m.doses.get(c, 0.0)) for i, c in enumerate("xy"))
        mean = (1 + respond(common * film, dose)) * luck - 1
        like += -0.5 * ((m.response - mean) / m.error) ** 2
    weight = np.exp(like - like.max())
    weight /= weight.sum()
    pairs = [(drawn.gain[:, 0], common)] + [
        (drawn.strength[:, i], prior.strength[:, i]) for i in (0, 1)
    ]
    for mine, theirs in pairs:
        logs, wanted = np.log(mine), weight @ np.log(theirs)
        # Draws of a chain are correlated: a tenth of them count.
        assert logs.mean() == pytest.approx(wanted, abs=4 * logs.std() / 400**0.5)


def test_channels_are_told_apart_by_mixes_that_differ():
    kinds, channels = ["dogs"], ["push", "banner"]
    true = {"push": 0.08, "banner": 0.02}
    mixes = [(10.0, 0.0), (0.0, 10.0), (10.0, 10.0), (3.0, 12.0)]
    told = [
        Measured("dogs", dict(zip(channels, m, strict=True)),
                 float(-np.expm1(-worn(m[0]) * true["push"] - worn(m[1]) * true["banner"])), 0.02)
        for m in mixes
    ]  # fmt: skip
    found = learn_response(kinds, channels, told, draws=600, seed=1)
    ratio = np.median(found.strength[:, 0] / found.strength[:, 1])
    assert ratio == pytest.approx(4.0, rel=0.35)
    summed = [Measured("dogs", {"all": sum(m.doses.values())}, m.response, 0.02) for m in told]
    blind = learn_response(kinds, channels, summed, draws=600, seed=1)
    assert np.median(blind.strength[:, 0] / blind.strength[:, 1]) == pytest.approx(1.0, rel=0.2)


def test_what_shares_a_base_is_not_counted_twice():
    def width(parts):
        told = [Measured("a", {"x": 20.0}, 0.5, 0.02, "f", p, 0.3) for p in parts]
        found = learn_response(["a"], ["x"], told, draws=2000, seed=2)
        return np.log(respond(found.gain[:, 0], found.strength[:, 0] * worn(20.0))).std()

    apart, shared = width(["1", "2", "3", "4"]), width(["1", "1", "1", "1"])
    assert apart < shared


def test_the_likelihood_knows_kinds_channels_films_and_parts_by_name():
    told = [Measured("b", {"y": 1.0}, 0.0, 1.0, "g", "q", 0.5)]
    names = Names(("a", "b"), ("x", "y"), ("f", "g"), ("p", "q"), np.ones(2))
    like, z = Likelihood(names, told), np.zeros(names.size)
    for i in (2, 4, 6, 8):
        assert like(z + np.eye(names.size)[i]) == like(z)
        assert like(z + np.eye(names.size)[i + 1]) != like(z)


def test_impressions_fade_to_the_opening_and_no_further():
    assert faded(8.0, FADE_DAYS) == pytest.approx(8 / np.e)
    assert faded(8.0, 0) == faded(8.0, -4) == 8.0


def test_a_dearer_impression_is_thought_worth_more_and_a_message_as_it_is():
    told = worths(read_channels())
    assert told["pre-roll"] > told["social"] > told["banner"]
    assert told["push"] == told["email"] == told["social"] == 1.0
    found = learn_response(["a"], ["banner", "pre-roll"], draws=20_000, seed=1, worth=told)
    ratio = np.log(found.strength[:, 1] / found.strength[:, 0]).mean()
    assert ratio == pytest.approx(0.5 * np.log(22 / 4), abs=0.03)


def test_repeated_impressions_wear_out():
    many = np.linspace(0, 40, 401)
    assert (worn(many) <= many + 1e-12).all()
    assert fresh(0.0) == 1.0
    assert np.gradient(worn(many), many)[1:-1] == pytest.approx(fresh(many)[1:-1], rel=1e-3)
    assert worn(np.array(1e6)) == pytest.approx(WEAR)


def test_draws_after_readouts_hardly_hang_on_each_other():
    told = [
        Measured(k, {"x": 4.0 * i, "y": 3.0}, 0.3 + 0.1 * i, 0.05, "f", k, 0.1)
        for k in "ab"
        for i in range(3)
    ]
    logs = np.log(learn_response(["a", "b"], ["x", "y"], told, draws=1000, seed=3).strength)
    for column in logs.T:
        assert abs(np.corrcoef(column[1:], column[:-1])[0, 1]) < 0.5
