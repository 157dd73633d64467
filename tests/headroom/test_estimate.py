"""Headroom of made-up houses, where it is known who has heard of the film."""

from math import sqrt

import numpy as np
import pytest

from benchmarks.headroom import SINCE, Made, headrooms, made
from fullhouse.headroom.estimate import compare, pilot_of, ranked
from fullhouse.headroom.headroom import (
    AudienceHeadroom,
    NothingShown,
    TooFewInterested,
    TooSelective,
)

SEEDS = 100


@pytest.fixture(scope="module")
def gaps() -> list[tuple[Made, list[AudienceHeadroom]]]:
    """Houses where nearly all fans have heard, and few of the others."""
    houses = [made(seed, (0.8, 0.1, 0.3)) for seed in range(SEEDS)]
    return [(house, headrooms(house)) for house in houses]


def test_the_interval_of_who_has_heard_holds_the_truth(
    gaps: list[tuple[Made, list[AudienceHeadroom]]],
) -> None:
    for k in range(3):
        held = [
            (a := result[k]).aware.low <= house.aware[k] <= a.aware.high for house, result in gaps
        ]
        assert np.mean(held) >= 0.95 - 5 * sqrt(0.95 * 0.05 / SEEDS)


def test_the_middle_is_the_truth_over_many_houses(
    gaps: list[tuple[Made, list[AudienceHeadroom]]],
) -> None:
    for k in range(3):
        errors = [np.log(result[k].aware.value / house.aware[k]) for house, result in gaps]
        assert abs(np.median(errors)) < 0.1


def test_headroom_is_claimed_where_it_is_and_ranks_first(
    gaps: list[tuple[Made, list[AudienceHeadroom]]],
) -> None:
    assert np.mean([result[1].claimed for _, result in gaps]) > 0.8
    first = [ranked(result)[0].name for _, result in gaps]
    assert np.mean([name == "a1" for name in first]) > 0.8


def test_tickets_at_full_awareness_are_those_now_by_the_share_aware() -> None:
    (a, *_) = headrooms(made(1, (0.5, 0.5, 0.5)))
    assert a.aware.value is not None
    assert a.tickets_aware.value == pytest.approx(100 / a.aware.value)
    assert a.extra.value == pytest.approx(100 / a.aware.value - 100)
    assert a.conversion.value == pytest.approx(100 / a.people / a.aware.value)
    cost = a.people * (1 - a.aware.value) * 0.01
    assert a.by_money == pytest.approx((100 / a.aware.value - 100) / cost)
    assert (a.extra.low, a.extra.high) == (
        pytest.approx(100 / a.aware.high - 100),
        pytest.approx(100 / a.aware.low - 100),
    )


@pytest.mark.slow
def test_where_everybody_has_heard_headroom_is_claimed_in_at_most_5_percent_of_films() -> None:
    """Every fourth film's advertising goes to the keen, a little."""
    keen = [0.2 if seed % 4 == 0 else 0.0 for seed in range(SEEDS)]
    claims = [
        any(a.claimed for a in headrooms(made(seed, (1.0, 1.0, 1.0), selection=selection)))
        for seed, selection in enumerate(keen)
    ]
    assert np.mean(claims) <= 0.05 + 5 * sqrt(0.05 * 0.95 / SEEDS)


def test_what_selection_alone_does_is_no_claim() -> None:
    """Advertising that goes to the keen: above 1, two films in three would be claimed."""
    films = 40
    claims = [
        any(a.claimed for a in headrooms(made(seed, (1.0, 1.0, 1.0), selection=0.4)))
        for seed in range(films)
    ]
    assert np.mean(claims) <= 0.05 + 5 * sqrt(0.05 * 0.95 / films)


def test_exposure_of_the_keenest_tells_nothing() -> None:
    for a in headrooms(made(2, (0.8, 0.1, 0.3), selection=3.0)):
        assert isinstance(a.unknown, TooSelective)
        assert (a.aware.value, a.claimed, a.by_money) == (None, False, None)


def test_the_control_takes_out_what_selection_does() -> None:
    """Of a selective exposure without the control, all would seem unheard of."""
    naive, adjusted = [], []
    for seed in range(20):
        house = made(seed, (1.0, 1.0, 1.0), selection=0.4)
        for a in headrooms(house):
            if a.ratio.value is not None:
                control = compare(house.signals, SINCE).selection
                assert control is not None
                adjusted.append(a.ratio.value)
                naive.append(a.ratio.value * control.ratio)
    assert np.median(naive) > 1.1
    assert abs(np.median(adjusted) - 1) < (np.median(naive) - 1) / 2


def test_nobody_shown_and_few_interested_are_said() -> None:
    house = made(3, (0.5, 0.5, 0.5), shown=1e-9)
    assert {type(a.unknown) for a in headrooms(house)} == {NothingShown}
    few = headrooms(made(3, (0.5, 0.5, 0.5), wants=0.0003))
    assert {type(a.unknown) for a in few} == {TooFewInterested}
    assert not any(a.claimed for a in few)


def test_without_tickets_headroom_is_the_share_who_have_heard() -> None:
    for a in headrooms(made(4, (0.8, 0.1, 0.3)), tickets=None):
        assert a.aware.value is not None
        assert (a.tickets, a.extra.value, a.by_money) == (None, None, None)


def test_a_pilot_of_few_is_said_to_be_too_small() -> None:
    assert pilot_of(0.01, 10_000, 10_000).people == 1_250
    assert pilot_of(0.0, 300, 300).people == 1_250
    assert not pilot_of(0.01, 2_000, 2_000).enough
