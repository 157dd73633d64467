"""What people watch at home."""

import numpy as np
import pytest

from fullhouse_sim.films import slate
from fullhouse_sim.kept import KINDS
from fullhouse_sim.market import Market
from fullhouse_sim.population import TASTES, People
from fullhouse_sim.viewing import OUT_DAYS, catalogue, plays


def _records(crowd: People) -> np.ndarray:
    records = np.zeros(len(crowd), np.dtype(KINDS["people"]))
    for name in records.dtype.names:
        records[name] = getattr(crowd, name)
    return records


def _everybody(crowd: People, joined: int = -1) -> np.ndarray:
    records = np.zeros(len(crowd), np.dtype(KINDS["account"]))
    records["person"], records["joined"] = np.arange(len(crowd)), joined
    records["rate"] = np.cumsum(np.ones(len(crowd)))
    return records


def test_films_can_be_watched_some_months_after_their_release(market: Market) -> None:
    films = slate(market)
    out = catalogue(market, films, 100)
    for number in range(len(films)):
        days = (market.day(100) - films[number].release).days
        assert (number in out.film) == (days >= OUT_DAYS)


def test_tastes_show_in_what_is_watched(market: Market, crowd: People) -> None:
    films = slate(market)
    out = catalogue(market, films, 300)
    records = plays(market, out, _records(crowd), _everybody(crowd), day=300, chunk=0)
    dramas = [f.number for f in films if f.genres[0] == "drama"]
    taste = crowd.tastes[records.account, TASTES.index("drama")]
    is_drama = np.isin(records.film, dramas)
    assert 0.05 < is_drama.mean() < 0.95
    assert taste[is_drama].mean() - taste[~is_drama].mean() > 0.1


def test_nothing_is_watched_before_the_account_is_opened(market: Market, crowd: People) -> None:
    out = catalogue(market, slate(market), 10)
    some = _records(crowd), _everybody(crowd, joined=11)
    assert len(plays(market, out, *some, day=10, chunk=0)) == 0
    assert len(plays(market, out, *some, day=11, chunk=0)) > 0


def test_shares_are_shares_of_the_running_time(market: Market, crowd: People) -> None:
    films = slate(market)
    out = catalogue(market, films, 20)
    records = plays(market, out, _records(crowd), _everybody(crowd), day=20, chunk=0)
    runtime = np.array([f.runtime_minutes for f in films])[records.film]
    assert ((records.share >= 0) & (records.share <= 1)).all()
    assert records.seconds == pytest.approx(60 * runtime * records.share, abs=1)


def test_with_no_film_out_nothing_is_watched(market: Market, crowd: People) -> None:
    out = catalogue(market, (), 20)
    assert len(plays(market, out, _records(crowd), _everybody(crowd), day=20, chunk=0)) == 0
