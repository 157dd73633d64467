"""The word for a card, from what was claimed and what was observed."""

import pytest

from fullhouse.discovery.card import Estimate
from fullhouse.measurement.card_verdicts import verdict_of


@pytest.mark.parametrize(
    ("observed", "word"),
    [
        (Estimate(1.8, 1.3, 2.5), "confirmed"),
        (Estimate(3.0, 2.5, 3.6), "confirmed"),
        (Estimate(1.2, 1.1, 1.35), "weaker"),
        (Estimate(1.0, 0.8, 1.3), "refuted"),
        (Estimate(0.7, 0.6, 0.9), "refuted"),
        (Estimate(1.3, 0.9, 1.9), "cannot tell"),
        (Estimate(), "cannot tell"),
        (None, "cannot tell"),
    ],
)
def test_a_card_is_confirmed_weaker_refuted_or_cannot_be_told(observed, word):
    assert verdict_of((1.6, 1.4, 1.9), observed) == word
