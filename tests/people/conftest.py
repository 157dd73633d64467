"""A house with an empty lake."""

import pytest

from fullhouse.lake import Lake
from tests.people.builder import House


@pytest.fixture
def house(lake: Lake) -> House:
    return House(lake)
