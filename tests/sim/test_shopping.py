"""What people buy, and that it shows who they are."""

import numpy as np
import pytest

from fullhouse_sim.goods import goods
from fullhouse_sim.kept import KINDS
from fullhouse_sim.market import Market
from fullhouse_sim.shopping import A_YEAR, MOST, Purchases, picked, purchases, rates


def _accounts(count: int, *, hobbies: int = 0, joined: int = -1) -> np.ndarray:
    result = np.zeros(count, np.dtype(KINDS["account"]))
    result["number"] = 2 * np.arange(count)
    result["rate"] = np.cumsum(np.ones(count))
    result["hobbies"], result["joined"] = hobbies, joined
    return result


def _bought(market: Market, accounts: np.ndarray, days: int = 28) -> list[Purchases]:
    shop = goods(market.seed)
    return [purchases(market, shop, accounts, day=d, chunk=0) for d in range(days)]


def test_members_of_mean_activity_buy_as_often_as_declared(market: Market) -> None:
    result = sum(len(x) for x in _bought(market, _accounts(3_000), days=364))
    assert result / 3_000 == pytest.approx(A_YEAR, rel=0.03)


def test_nothing_is_bought_before_the_account_is_opened(market: Market) -> None:
    counts = [len(x) for x in _bought(market, _accounts(3_000, joined=14))]
    assert sum(counts[:14]) == 0
    assert min(counts[14:]) > 0


def test_products_are_the_shops(market: Market) -> None:
    shop = goods(market.seed)
    for result in _bought(market, _accounts(3_000), days=3):
        assert ((result.product >= 0) & (result.product < len(shop))).all()
        assert (result.price > 0).all()
        assert set(result.quantity.tolist()) <= {1, 2, 3}
        assert ((result.second >= 0) & (result.second < 86_400)).all()


def test_those_who_do_more_are_picked_more() -> None:
    cumulative = np.cumsum([1.0, 0.0, 3.0])
    result = np.bincount(picked(np.random.default_rng(1), cumulative, 10_000.0), minlength=3)
    assert result[1] == 0
    assert result[2] / result[0] == pytest.approx(3, rel=0.05)


def test_nobody_at_all_does_nothing() -> None:
    assert len(picked(np.random.default_rng(1), np.zeros(0), 10.0)) == 0


def test_rates_keep_the_mean_and_have_an_end(market: Market) -> None:
    result = rates(market, np.ones(50_000), "shop", 0)
    assert result.mean() == pytest.approx(1, abs=0.02)
    assert rates(market, np.full(100, 1e6), "shop", 0).max() == MOST
    assert (result == rates(market, np.ones(50_000), "shop", 0)).all()
    assert (result != rates(market, np.ones(50_000), "video", 0)).any()
