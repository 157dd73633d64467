"""Baskets tell who keeps a pet, and within activity a pet tells nothing of the null film."""

import numpy as np
import pytest

from fullhouse_sim.films import scenario
from fullhouse_sim.going import sold_visits
from fullhouse_sim.goods import goods
from fullhouse_sim.kept import KINDS
from fullhouse_sim.market import Market
from fullhouse_sim.members import members
from fullhouse_sim.population import People
from fullhouse_sim.season import season
from fullhouse_sim.shopping import purchases, rates

ROOTS = ("Pet Supplies > Dogs", "Tools")


@pytest.fixture(scope="module")
def baskets(market: Market, crowd: People) -> dict[str, np.ndarray]:
    """For each of the shop's members: things bought in a year, of all kinds and of some."""
    of, shop = members(market, crowd, "shop"), goods(market.seed)
    accounts = np.zeros(len(of), np.dtype(KINDS["account"]))
    accounts["joined"], accounts["hobbies"] = -1, crowd.hobbies[of.person]
    accounts["rate"] = np.cumsum(rates(market, crowd.activity[of.person], "shop", 0) * of.share)
    bought = [purchases(market, shop, accounts, day=d, chunk=0) for d in range(market.days)]
    person = of.person[np.concatenate([x.account for x in bought])]
    leaf = shop.leaf[np.concatenate([x.product for x in bought])]
    counts = {"all": np.bincount(person, minlength=len(crowd))}
    for root in ROOTS:
        own = np.array([p.startswith(root) for p in shop.leaves])[leaf]
        counts[root] = np.bincount(person[own], minlength=len(crowd))
    counts["member"] = np.bincount(of.person, minlength=len(crowd)) > 0
    return counts


def _saw(market: Market, crowd: People, film: str) -> np.ndarray:
    visits = sold_visits(market, season(market), crowd)
    number = next(f.number for f in season(market).films if f.id == film)
    saw = np.zeros(len(crowd), np.bool_)
    saw[visits.buyer[visits.film == number]] = True
    return saw


def _ratio(saw: np.ndarray, has: np.ndarray, stratum: np.ndarray) -> float:
    """Mantel and Haenszel's ratio of the shares who saw a film."""
    with_it, without = np.bincount(stratum, has), np.bincount(stratum, ~has)
    whole = np.maximum(with_it + without, 1)
    observed = (np.bincount(stratum, has & saw) * without / whole).sum()
    return float(observed / (np.bincount(stratum, ~has & saw) * with_it / whole).sum())


def test_pets_show_in_baskets(crowd: People, baskets: dict[str, np.ndarray]) -> None:
    member, bought = baskets["member"], baskets["Pet Supplies > Dogs"] > 0
    dog = crowd.has("dog")
    assert bought[member & dog].mean() > 0.5
    assert bought[member & ~dog].mean() < 0.1
    assert dog[bought].mean() > 0.7


@pytest.mark.parametrize("root", ROOTS)
def test_within_activity_baskets_are_independent_of_the_null_film(
    market: Market, crowd: People, baskets: dict[str, np.ndarray], root: str
) -> None:
    member = baskets["member"]
    saw = _saw(market, crowd, scenario(market).null_film)[member]
    has = baskets[root][member] > 0
    few = np.searchsorted(np.quantile(baskets["all"][member], np.arange(0.05, 1, 0.05)),
                          baskets["all"][member])  # fmt: skip
    naive, stratified = _ratio(saw, has, np.zeros(len(has), np.int64)), _ratio(saw, has, few)
    assert naive > 1.5
    assert stratified == pytest.approx(1, abs=0.25)


def test_the_hidden_audience_shows_in_baskets(
    market: Market, crowd: People, baskets: dict[str, np.ndarray]
) -> None:
    member = baskets["member"]
    saw = _saw(market, crowd, scenario(market).alike[-1])[member]
    strata = np.minimum(baskets["all"][member], 40)
    assert _ratio(saw, baskets["Pet Supplies > Dogs"][member] > 0, strata) > 1.5
    assert _ratio(saw, crowd.has("dog")[member], strata) > 1.8
