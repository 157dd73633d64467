"""The check of chances says nothing where nobody rose, and never a number that is none."""

import json
from datetime import date

import numpy as np
import pytest

from fullhouse.talent import find_rising
from fullhouse.talent.find_rising import Newcomers, check_rising
from fullhouse.talent.rising import RisingNames


def newcomers(year: int, rose: int, people: int = 40) -> Newcomers:
    random = np.random.default_rng(year)
    top = np.arange(people) < rose
    zeros = np.zeros(people, np.int64)
    features = top[:, None] + random.normal(0, 1, (people, 2))
    gross = random.random(people)
    return Newcomers(date(year, 1, 1), np.arange(people), features, gross, zeros, zeros, zeros, top)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("rose", "people", "known"), [(12, 40, True), (1, 40, False),
                                                       (1, 1, False), (0, 40, False)])  # fmt: skip
def test_a_check_needs_people_who_rose_and_who_did_not(
    monkeypatch: pytest.MonkeyPatch, rose: int, people: int, known: bool
) -> None:
    monkeypatch.setattr(find_rising, "FEWEST_TOP", 8)
    cuts = [newcomers(1990, 8), newcomers(2000, rose, people)]
    check = check_rising(cuts, [cuts[1].cut])
    assert (check is not None) == known
    plain = RisingNames("US", date(2010, 1, 1), 0, (), check).to_dict()
    json.dumps(plain, allow_nan=False)


def test_a_day_on_which_nobody_rose_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(find_rising, "FEWEST_TOP", 8)
    cuts = [newcomers(1990, 8), newcomers(2000, 12), newcomers(2001, 0)]
    alone = check_rising(cuts, [cuts[1].cut])
    both = check_rising(cuts, [cuts[1].cut, cuts[2].cut])
    assert alone is not None
    assert both is not None
    assert both.auc == alone.auc
    assert both.people == 80
