"""Small markets, each made once for all tests that look at them."""

from pathlib import Path

import pytest

from fullhouse_sim.market import Market
from fullhouse_sim.population import People, people
from fullhouse_sim.write import Simulated, simulate

SMALL = Market(people=6_000, past_films=60, days=28)


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Simulated:
    """A clean market, written."""
    return simulate(SMALL, tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="session")
def dirty(tmp_path_factory: pytest.TempPathFactory) -> Simulated:
    """A dirty market of two months, written."""
    market = Market(people=4_000, past_films=60, days=60, scenario="dirty-data")
    return simulate(market, tmp_path_factory.mktemp("dirty"))


@pytest.fixture(scope="session")
def market() -> Market:
    """A market of one chunk."""
    return Market(people=1 << 16, past_films=30)


@pytest.fixture(scope="session")
def crowd(market: Market) -> People:
    """The people of a chunk."""
    return people(market, 0)


def files_of(folder: Path) -> dict[str, bytes]:
    """Every file under a folder, by its place."""
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }
