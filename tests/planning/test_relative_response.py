"""Relative responses beside one holdout."""

import numpy as np
import pytest

from fullhouse.core.errors import CannotTellError
from fullhouse.planning.relative_response import Purchases, relative_responses


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
