"""Who has an account with whom."""

import numpy as np
import pytest

from fullhouse_sim.market import Market
from fullhouse_sim.members import LEAST_AGE, OLDEST_DAYS, SOURCES, members
from fullhouse_sim.population import People, people


@pytest.mark.parametrize("source", SOURCES)
def test_accounts_belong_to_people_old_enough(market: Market, crowd: People, source: str) -> None:
    accounts = members(market, crowd, source)
    assert (crowd.age[accounts.person] >= LEAST_AGE).all()
    assert len(set(accounts.ids.to_pylist())) == len(accounts)
    assert accounts.joined.min() >= -OLDEST_DAYS - 1
    assert accounts.joined.max() < market.days


def test_the_platforms_overlap_little(market: Market, crowd: People) -> None:
    shop, video, tickets = (set(members(market, crowd, s).person.tolist()) for s in SOURCES)
    either = len(shop | video)
    assert 0.03 < len(shop & video) / either < 0.12
    assert len(tickets & shop) / len(shop) > 0.7
    assert len(tickets - shop - video) > 0


def test_some_have_two_accounts_and_what_they_do_is_divided(market: Market, crowd: People) -> None:
    accounts = members(market, crowd, "shop")
    counts = np.bincount(accounts.person)
    assert set(counts.tolist()) == {0, 1, 2}
    assert (counts == 2).sum() / (counts > 0).sum() == pytest.approx(0.02, abs=0.005)
    shares = np.bincount(accounts.person, accounts.share)
    assert shares[counts > 0] == pytest.approx(1.0)


def test_accounts_do_not_depend_on_how_many_people_there_are(crowd: People, market: Market) -> None:
    few = Market(people=20_000, past_films=30)
    ids = set(members(few, people(few, 0), "video").ids.to_pylist())
    assert ids < set(members(market, crowd, "video").ids.to_pylist())
