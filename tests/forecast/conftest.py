"""The made-up market, and what is learned from it: once a session."""

from pathlib import Path

import pytest

import fullhouse as fh
from fullhouse.forecast.curve import Shape, learn_shape
from fullhouse.forecast.history import History, read_history
from fullhouse.forecast.history_index import HistoryIndex
from fullhouse.forecast.train import Rolled, Stage, eligible, roll, stage_at
from tests.forecast.synthetic_market import AS_OF, Market, house, make

LAST = AS_OF.replace(day=1).toordinal()
ORIGINS = (LAST - 730, LAST - 365, LAST)


@pytest.fixture(scope="session")
def market() -> Market:
    return make()


@pytest.fixture(scope="session")
def market_house(market: Market, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return house(tmp_path_factory.getbasetemp() / "market", market)


@pytest.fixture(scope="session")
def history(market_house: Path) -> History:
    with fh.app.open_house(str(market_house), environment={}) as workspace:
        return read_history(workspace.lake, "US", AS_OF)


@pytest.fixture(scope="session")
def index(history: History) -> HistoryIndex:
    return HistoryIndex(history)


@pytest.fixture(scope="session")
def training_index(history: History) -> HistoryIndex:
    """The past as of the day up to which models learn."""
    return HistoryIndex(history.at(AS_OF.replace(day=1)))


@pytest.fixture(scope="session")
def wide(training_index: HistoryIndex) -> list[str]:
    return eligible(training_index, "wide", LAST)


@pytest.fixture(scope="session")
def rolled(training_index: HistoryIndex, wide: list[str]) -> dict[str, Rolled]:
    """Stages of the wide films, learned at three origins."""
    names = ("calendar", "cinemas", "first weekend")
    return {name: roll(training_index, wide, name, ORIGINS, workers=1) for name in names}


@pytest.fixture(scope="session")
def stages(training_index: HistoryIndex, rolled: dict[str, Rolled]) -> dict[str, Stage]:
    return {name: stage_at(training_index, result, LAST) for name, result in rolled.items()}


@pytest.fixture(scope="session")
def shape(training_index: HistoryIndex, wide: list[str]) -> Shape:
    return learn_shape(training_index, wide)
