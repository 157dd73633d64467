"""Cities in pairs: the least cost, the lot, and what a design can show."""

import json

import numpy as np
import pytest

from fullhouse.campaigns import city_pairs
from fullhouse.campaigns.campaign import CityDesign
from fullhouse.campaigns.cities import DESIGN, design_from
from fullhouse.campaigns.city_pairs import (
    _cost,
    design_power,
    draw,
    pair_cities,
    pairs_without,
    swapped,
)
from fullhouse.core.errors import CannotTellError, InputError


def _panel(seed, cities=8, weeks=20, noise=0.05):
    """Cities in twos that move together, of sizes that differ little within a two."""
    g = np.random.default_rng(seed)
    kind = np.arange(cities) // 2
    waves = g.normal(0, 0.3, (cities // 2 + 1, weeks))
    size = g.lognormal(7, 0.5, cities // 2 + 1)[kind] * g.lognormal(0, 0.05, cities)
    return size[:, None] * np.exp(waves[kind] + g.normal(0, noise, (cities, weeks)))


def _every(cities):
    """Every way to pair an even number of cities."""
    if not cities:
        yield ()
        return
    first, *rest = cities
    for other in rest:
        for more in _every([c for c in rest if c != other]):
            yield ((first, other), *more)


@pytest.mark.parametrize("seed", range(4))
def test_the_pairs_leave_the_least_variance_of_all_that_there_are(seed, monkeypatch):
    """Of the summed difference between the two sides, week by week, one of each pair by lot."""
    monkeypatch.setattr(city_pairs, "LIKE_SIZE", 0.0)
    g = np.random.default_rng(seed)
    panel = g.lognormal(5, 1, (8, 1)) * g.lognormal(0, g.uniform(0.1, 0.5, (8, 1)), (8, 12))

    def variance(pairing):
        total = 0.0
        for i, j in pairing:
            ratio = [panel[c] / panel[c].mean() for c in (i, j)]
            weight = (panel[i].mean() + panel[j].mean()) / 2
            total += np.mean((weight * (ratio[0] - ratio[1])) ** 2)
        return total

    least = min(map(variance, _every(list(range(8)))))
    assert variance(pair_cities(panel)) == pytest.approx(least, rel=1e-3)


def test_cities_that_move_together_are_paired_the_largest_first():
    panel = _panel(1, cities=20)
    pairs = pair_cities(panel)
    assert {frozenset(p) for p in pairs} == {frozenset((2 * k, 2 * k + 1)) for k in range(10)}
    sizes = [panel[list(p)].sum() for p in pairs]
    assert sizes == sorted(sizes, reverse=True)


def test_people_draw_like_cities_together_where_movements_do_not_decide():
    g = np.random.default_rng(2)
    panel = g.lognormal(4, 0.01, (8, 400))
    people = np.array([10, 1000, 11, 1010, 100, 101, 5000, 5050.0])
    pairs = pair_cities(panel, people)
    assert {frozenset(p) for p in pairs} == {frozenset(p) for p in ((0, 2), (1, 3), (4, 5), (6, 7))}


def test_of_an_odd_number_the_smallest_is_left_out_and_the_excluded_too():
    panel = _panel(3, cities=9)
    panel[4] /= 1000
    assert {c for p in pair_cities(panel) for c in p} == set(range(9)) - {4}
    assert {c for p in pair_cities(panel, exclude=[4]) for c in p} == set(range(9)) - {4}
    assert {c for p in pair_cities(panel, exclude=[0, 1]) for c in p} == {2, 3, 5, 6, 7, 8}


def test_many_cities_are_paired_about_as_well_from_the_nearest_alone(monkeypatch):
    g = np.random.default_rng(4)
    panel = g.lognormal(5, 1, (70, 1)) * g.lognormal(0, 0.2, (70, 20))
    cost = _cost(panel, None)
    few = sum(cost[i, j] for i, j in pair_cities(panel))
    monkeypatch.setattr(city_pairs, "NEAREST", 35)
    every = sum(cost[i, j] for i, j in pair_cities(panel))
    assert every * (1 - 1e-3) <= few <= every * 1.02
    assert sorted(c for p in pair_cities(panel) for c in p) == list(range(70))


@pytest.mark.parametrize(
    ("panel", "message"),
    [
        (np.ones((1, 5)), "at least 2 cities"),
        (np.ones((4, 1)), "at least 2 weeks"),
        (np.array([[1.0, 1.0], [0.0, 0.0]]), "sold nothing"),
        (np.array([[1.0, 1.0], [np.nan, 1.0]]), "finite"),
    ],
)
def test_a_panel_that_says_nothing_is_refused(panel, message):
    with pytest.raises(InputError, match=message):
        pair_cities(panel)


NAMES = [(f"a{n}", f"b{n}") for n in range(2000)]


def test_the_lot_is_fair_and_the_same_for_ever():
    drawn = draw(NAMES, key=b"key", campaign="spring")
    first = np.array([d == a for d, (a, _) in zip(drawn, NAMES, strict=True)])
    # Four standard errors of fair coins; neighbours agree as often as not.
    assert abs(first.mean() - 0.5) < 4 * 0.5 / 2000**0.5
    assert abs((first[1:] == first[:-1]).mean() - 0.5) < 4 * 0.5 / 1999**0.5
    # Written down once: should these move, campaigns that stand would be drawn anew.
    assert draw(NAMES[:8], key=b"key", campaign="spring") == KNOWN
    assert drawn[:8] == KNOWN


KNOWN = ("b0", "a1", "b2", "b3", "b4", "b5", "b6", "b7")


def test_a_pair_s_lot_knows_neither_order_nor_the_other_pairs():
    drawn = dict(zip(NAMES, draw(NAMES, key=b"k", campaign="c"), strict=True))
    back = draw([(b, a) for a, b in reversed(NAMES)], key=b"k", campaign="c")
    assert list(back) == [drawn[p] for p in reversed(NAMES)]
    for key, campaign in ((b"k", "d"), (b"l", "c")):
        other = draw(NAMES, key=key, campaign=campaign)
        same = np.mean([o == drawn[p] for o, p in zip(other, NAMES, strict=True)])
        assert abs(same - 0.5) < 4 * 0.5 / 2000**0.5


def test_a_design_comes_back_from_json_and_refuses_what_is_none():
    design = CityDesign((("a", "b"), ("c", "d")), ("b", "c"))
    assert design.left_out == ("a", "d")
    body = json.loads(json.dumps(DESIGN.dump_python(design, mode="json")))
    assert body == {"pairs": [["a", "b"], ["c", "d"]], "treated": ["b", "c"]}
    assert design_from({**body, "by": "city"}) == design
    for pairs, treated, message in (
        ((("a", "b"), ("b", "c")), ("a", "c"), "'b' stands in more"),
        ((("a", "b"),), (), "One city of each pair"),
        ((("a", "b"),), ("a", "b"), "One city of each pair"),
        ((("a", "b"), ("c", "d")), ("a", "x"), "One city of each pair"),
        ((("a", "b"),), ("a", "x"), "One city of each pair"),
    ):
        with pytest.raises(InputError, match=message):
            CityDesign(pairs, treated)


def test_swapped_sales_keep_each_city_s_before_and_after_together():
    before, after = np.arange(12.0).reshape(6, 2), 100 + np.arange(12.0).reshape(6, 2)
    played = list(swapped([(before, after)], 30, seed=1))
    assert all((a - b == 100).all() for b, a in played)
    assert {tuple(b[0]) for b, _ in played} == {(0.0, 1.0), (1.0, 0.0)}


def test_power_is_predicted_from_weeks_that_did_not_choose_the_pairs():
    noise = 0.05
    panel = _panel(5, cities=24, weeks=26, noise=noise)
    power = design_power(panel, window=2, before=4)
    assert (power.pairs, power.replays) == (12, 420)
    # Two standard normal quantiles, 1.96 and .84, of the error that this noise and 12 pairs of
    # sizes that differ make; a permutation test asks a little more.
    weight = np.array([panel[[2 * k, 2 * k + 1]].mean() for k in range(12)])
    share = (weight**2).sum() ** 0.5 / weight.sum()
    error = share * noise * 2**0.5 * (1 / 2 + 1 / 4) ** 0.5
    assert 0.8 * 2.8 * error < power.smallest < 1.5 * 2.8 * error
    assert design_power(panel, window=2, before=4) == power
    noisier = design_power(_panel(5, cities=24, weeks=26, noise=0.1), window=2, before=4)
    assert noisier.smallest > 1.5 * power.smallest


def test_pairs_for_a_replay_are_chosen_without_its_weeks():
    panel = _panel(6, cities=12)
    rows = pairs_without(panel, range(3, 6))
    panel[:, 3:6] = np.random.default_rng(0).lognormal(9, 2, (12, 3))
    assert (pairs_without(panel, range(3, 6)) == rows).all()


def test_too_short_a_past_and_too_few_cities_are_refused():
    with pytest.raises(InputError, match="do not lie in the past of 20"):
        design_power(_panel(7, cities=12), window=10, before=11)
    with pytest.raises(CannotTellError, match="It takes 6 pairs, 12 cities"):
        design_power(_panel(7, cities=11), window=2, before=4)
