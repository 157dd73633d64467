"""How people responded: relative to one base, channels withheld by lot among them."""

from datetime import date
from types import SimpleNamespace

import numpy as np
import pytest
from pyroaring import BitMap

from fullhouse.core.person_sets import union
from fullhouse.discovery.card import RatioEstimate
from fullhouse.measurement.campaign_data import Counted, count_arms
from fullhouse.measurement.responses import measured_responses, verdict_of


def _data(channel_holdout):
    """Everybody on both channels: 1,000 held out, e-mail withheld from 1,000 of 4,000 treated."""
    out, treated, withheld = (BitMap(range(*r)) for r in ((1000,), (1000, 5000), (1000, 2000)))
    lines = {
        "mail": {
            "treated": {0: treated - withheld},
            "withheld": {0: withheld},
            "held_out": {0: out},
        },
        "push": {"treated": {0: treated}, "held_out": {0: out}},
    }
    week, bought = date(2025, 7, 28), np.arange(0, 5000, 10)
    planned = [
        SimpleNamespace(id=i, rule="dogs", audience="Dogs", kind="baskets", channel=c,
                        week=week, impressions=n)
        for i, c, n in (("mail", "email", 6000.0), ("push", "push", 8000.0))
    ]  # fmt: skip
    tickets = Counted(bought, np.where(bought >= 2000, 3.0, np.where(bought >= 1000, 2.0, 1.0)))
    arms = {"treated": {0: treated}, "held_out": {0: out}}
    data = SimpleNamespace(
        campaign=SimpleNamespace(name="c"), channel_holdout=channel_holdout,
        plan=SimpleNamespace(lines=planned, audiences={"dogs": "Dogs"}, film="f", opening=week),
        lines=lines, arms=arms, exposures=(), until=date(2025, 8, 20), compared=lambda p: p,
        sales=SimpleNamespace(person=bought, tickets=tickets.value),
        people_of=lambda *x: union(*(p for y in x for p in lines[y.id].values())),
    )  # fmt: skip
    return data, count_arms(arms, outcomes={"tickets": tickets})


def test_people_who_got_different_channels_are_compared_with_the_same_held_out():
    by_channels = {x.channel: x for x in measured_responses(*_data(0.25))}
    assert set(by_channels) == {"email + push", "push"}
    assert by_channels["push"].doses == {"push": 2.0}
    assert by_channels["email + push"].doses == {"push": 2.0, "email": 2.0}
    assert by_channels["push"].response == pytest.approx(1.0)
    assert by_channels["email + push"].response == pytest.approx(2.0)
    assert {x.part for x in by_channels.values()} == {"c 1: email + push"}
    assert {x.base_error for x in by_channels.values()} == {0.1}
    assert len({x.line for x in by_channels.values()}) == 2


def test_without_a_channel_holdout_a_mix_stays_whole():
    (one,) = measured_responses(*_data(0.0))
    assert one.response == pytest.approx((3000 * 3 + 1000 * 2) / 4000 - 1)
    assert one.doses == {"push": 2.0, "email": 1.5}


@pytest.mark.parametrize(
    ("observed", "word"),
    [
        (RatioEstimate(1.8, 1.3, 2.5), "confirmed"),
        (RatioEstimate(3.0, 2.5, 3.6), "confirmed"),
        (RatioEstimate(1.2, 1.1, 1.35), "weaker"),
        (RatioEstimate(1.0, 0.8, 1.3), "refuted"),
        (RatioEstimate(0.7, 0.6, 0.9), "refuted"),
        (RatioEstimate(1.3, 0.9, 1.9), "cannot tell"),
        (RatioEstimate(), "cannot tell"),
        (None, "cannot tell"),
    ],
)
def test_a_card_is_confirmed_weaker_refuted_or_undecided(observed, word):
    assert verdict_of((1.6, 1.4, 1.9), observed) == word
