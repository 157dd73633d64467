"""What an impression does, before and after readouts."""

import numpy as np
import pytest

from fullhouse.core.errors import CannotTellError
from fullhouse.planning import MeasuredResponse, learn_response
from fullhouse.planning.channel import read_channels, worths
from fullhouse.planning.response import (
    ADSTOCK_DAYS,
    FILM_SPREAD,
    GAIN,
    GAIN_SPREAD,
    KIND_SPREAD,
    WEAR_OUT,
    Likelihood,
    Names,
    Purchases,
    adstock,
    effective,
    effective_slope,
    relative_responses,
    respond,
)


def test_without_readouts_the_prior_is_wide_and_the_same_for_all():
    response = learn_response(["dogs", "fans"], ["push"], draws=20_000, seed=1)
    spread = np.sqrt(GAIN_SPREAD**2 + KIND_SPREAD**2 + FILM_SPREAD**2)
    for column in np.log(response.gain).T:
        assert column.mean() == pytest.approx(GAIN, abs=4 * spread / 20_000**0.5)
        assert column.std() == pytest.approx(spread, rel=0.05)
    assert not response.tested("dogs")
    assert response.most_measured("push") is None


def test_a_readout_narrows_its_own_kind_most_and_others_some():
    measured = MeasuredResponse("dogs", {"push": 20.0}, response=0.8, error=0.05)
    before = learn_response(["dogs", "fans"], ["push"], draws=2000, seed=1)
    after = learn_response(["dogs", "fans"], ["push"], [measured], draws=2000, seed=1)
    prediction = np.median(respond(after.gain[:, 0], after.strength[:, 0] * effective(20.0)))
    # Of a new film, which answers as films differ.
    assert abs(np.log(prediction / 0.8)) < FILM_SPREAD
    assert abs(np.log(prediction / 0.8)) < abs(np.log(np.median(before.gain[:, 0]) / 0.8))
    widths = [np.log(r.gain).std(0) for r in (before, after)]
    assert widths[1][0] < widths[0][0]
    assert widths[1][1] < widths[0][1], "what all kinds have in common is learned too"
    assert widths[1][0] < widths[1][1]
    assert after.tested("dogs")
    assert after.most_measured("push") == 20.0


@pytest.mark.slow
def test_draws_are_those_of_prior_times_likelihood():
    """Against importance sampling from the prior, the slow and obvious way."""
    measured = [
        MeasuredResponse("a", {"x": 5.0, "y": 2.0}, 0.1, 0.06, "f", "p", 0.05),
        MeasuredResponse("a", {"x": 15.0}, 0.25, 0.08, "f", "p", 0.05),
    ]
    drawn = learn_response(["a"], ["x", "y"], measured, draws=4000, seed=4)
    g = np.random.default_rng(5)
    prior = learn_response(["a"], ["x", "y"], draws=200_000, seed=5)
    film = np.exp(FILM_SPREAD * g.standard_normal(200_000))
    # The prior's gain is that of a new film: what it shares with the measured one is the rest.
    common = np.exp(GAIN + np.hypot(GAIN_SPREAD, KIND_SPREAD) * g.standard_normal(200_000))
    base_error = np.exp(0.05 * g.standard_normal(200_000))
    like = np.zeros(200_000)
    for m in measured:
        dose = sum(
            prior.strength[:, i] * effective(m.doses.get(c, 0.0)) for i, c in enumerate("xy")
        )
        mean = (1 + respond(common * film, dose)) * base_error - 1
        like += -0.5 * ((m.response - mean) / m.error) ** 2
    weight = np.exp(like - like.max())
    weight /= weight.sum()
    pairs = [(drawn.gain[:, 0], common)] + [
        (drawn.strength[:, i], prior.strength[:, i]) for i in (0, 1)
    ]
    for own, theirs in pairs:
        logs, wanted = np.log(own), weight @ np.log(theirs)
        # Draws of a chain are correlated: a tenth of them count.
        assert logs.mean() == pytest.approx(wanted, abs=4 * logs.std() / 400**0.5)


def test_channels_are_separated_by_mixes_that_differ():
    kinds, channels = ["dogs"], ["push", "banner"]
    true = {"push": 0.08, "banner": 0.02}

    strengths = list(true.values())

    def response(mix):
        return float(-np.expm1(-sum(effective(x) * s for x, s in zip(mix, strengths, strict=True))))

    mixes = [(10.0, 0.0), (0.0, 10.0), (10.0, 10.0), (3.0, 12.0)]
    measured = [
        MeasuredResponse("dogs", dict(zip(channels, m, strict=True)), response(m), 0.02)
        for m in mixes
    ]
    learned = learn_response(kinds, channels, measured, draws=600, seed=1)
    ratio = np.median(learned.strength[:, 0] / learned.strength[:, 1])
    assert ratio == pytest.approx(4.0, rel=0.35)
    summed = [
        MeasuredResponse("dogs", {"all": sum(m.doses.values())}, m.response, 0.02) for m in measured
    ]
    blind = learn_response(kinds, channels, summed, draws=600, seed=1)
    assert np.median(blind.strength[:, 0] / blind.strength[:, 1]) == pytest.approx(1.0, rel=0.2)


@pytest.mark.slow
def test_what_shares_a_base_is_not_counted_twice():
    def width(parts):
        measured = [MeasuredResponse("a", {"x": 20.0}, 0.5, 0.02, "f", p, 0.3) for p in parts]
        response = learn_response(["a"], ["x"], measured, draws=2000, seed=2)
        return np.log(respond(response.gain[:, 0], response.strength[:, 0] * effective(20.0))).std()

    apart, shared = width(["1", "2", "3", "4"]), width(["1", "1", "1", "1"])
    assert apart < shared


def test_the_likelihood_knows_kinds_channels_films_and_parts_by_name():
    measured = [MeasuredResponse("b", {"y": 1.0}, 0.0, 1.0, "g", "q", 0.5)]
    names = Names(("a", "b"), ("x", "y"), ("f", "g"), ("p", "q"), np.ones(2))
    like, z = Likelihood(names, measured), np.zeros(names.size)
    for i in (2, 4, 6, 8):
        assert like(z + np.eye(names.size)[i]) == like(z)
        assert like(z + np.eye(names.size)[i + 1]) != like(z)


def test_adstock_decays_until_the_opening_and_no_further():
    assert adstock(8.0, ADSTOCK_DAYS) == pytest.approx(8 / np.e)
    assert adstock(8.0, 0) == adstock(8.0, -4) == 8.0


def test_a_dearer_impression_is_thought_worth_more_and_a_message_as_it_is():
    measured = worths(read_channels())
    assert measured["pre-roll"] > measured["social"] > measured["banner"]
    assert measured["push"] == measured["email"] == measured["social"] == 1.0
    response = learn_response(["a"], ["banner", "pre-roll"], draws=20_000, seed=1, worth=measured)
    ratio = np.log(response.strength[:, 1] / response.strength[:, 0]).mean()
    assert ratio == pytest.approx(0.5 * np.log(22 / 4), abs=0.03)


def test_repeated_impressions_wear_out():
    many = np.linspace(0, 40, 401)
    assert (effective(many) <= many + 1e-12).all()
    assert effective_slope(0.0) == 1.0
    assert np.gradient(effective(many), many)[1:-1] == pytest.approx(
        effective_slope(many)[1:-1], rel=1e-3
    )
    assert effective(np.array(1e6)) == pytest.approx(WEAR_OUT)


def test_draws_after_readouts_hardly_hang_on_each_other():
    measured = [
        MeasuredResponse(k, {"x": 4.0 * i, "y": 3.0}, 0.3 + 0.1 * i, 0.05, "f", k, 0.1)
        for k in "ab"
        for i in range(3)
    ]
    logs = np.log(learn_response(["a", "b"], ["x", "y"], measured, draws=1000, seed=3).strength)
    for column in logs.T:
        assert abs(np.corrcoef(column[1:], column[:-1])[0, 1]) < 0.5


def _purchases(tickets):
    return Purchases(len(tickets), float(tickets.sum()), float((tickets**2).sum()))


def test_responses_and_errors_are_those_of_repeated_campaigns():
    """Against the spread over campaigns that are truly drawn, again and again."""
    g = np.random.default_rng(1)
    rates = {"push": 0.08, "email": 0.06}
    values, errors, bases = [], [], []
    for _ in range(400):
        held = _purchases(2 * g.poisson(0.02, 5000))
        shown = {n: _purchases(2 * g.poisson(r / 2, 3000)) for n, r in rates.items()}
        measured = relative_responses(held, shown)
        values.append([measured.responses[n][0] for n in rates])
        errors.append([measured.responses[n][1] for n in rates])
        bases.append(measured.base_error)
    ratio = 1 + np.array(values)
    wanted = np.array(list(rates.values())) / 0.04
    assert np.median(ratio, axis=0) == pytest.approx(wanted, rel=0.03)
    # What sets share (the base) and what is their own add up to what is observed.
    whole = np.sqrt((np.mean(errors, axis=0) / wanted) ** 2 + np.mean(bases) ** 2)
    assert np.log(ratio).std(axis=0) == pytest.approx(whole, rel=0.2)
    assert np.log(ratio[:, 0] / ratio[:, 1]).std() < 0.8 * whole.sum()


def test_a_set_of_nobody_is_left_out_and_no_base_is_an_error():
    held, nobody = Purchases(10, 2, 4), Purchases(0, 0, 0)
    assert set(relative_responses(held, {"a": Purchases(10, 4, 8), "b": nobody}).responses) == {"a"}
    with pytest.raises(CannotTellError, match="holdout"):
        relative_responses(Purchases(10, 0, 0), {"a": held})
