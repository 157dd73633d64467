"""Simulated campaigns: what is judged is the estimate, and what judges it is the truth."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from benchmarks import simulated_campaigns
from benchmarks.simulated_campaigns import (
    DESIGNS,
    NEVER,
    TREATED,
    Reading,
    alarmed,
    bias,
    coverage_row,
    covered,
    drawn,
    eligible,
    ever_missed,
    played,
    rows_of,
    run,
    tickets_row,
    town,
    treated_of,
)
from fullhouse.measurement import Readout
from fullhouse_sim.market import Market

SMALL = Market(people=70_000, past_films=20, days=28)
PERSON, ONE_EACH, READ_BY_PERSON, HOUSEHOLD = DESIGNS


@pytest.fixture(scope="module")
def small():
    return town(SMALL)


@pytest.fixture(scope="module")
def campaign(small):
    return drawn(small, 3)


@pytest.fixture(scope="module")
def made(small, campaign):
    """What each design's campaign sells, played once."""

    @cache
    def of(design):
        who = eligible(small, campaign, design)
        treated = treated_of(small, campaign, design, who)
        return who, treated, played(small, campaign, who, treated)

    return of


def reading(**changed: object) -> Reading:
    base = Reading(
        truth=100.0,
        value=110.0,
        low=90.0,
        high=130.0,
        se=10.0,
        chance=8.0,
        chance_se=10.0,
        fair=True,
        spilled=0.0,
    )
    return replace(base, **changed)


def test_without_a_campaign_everybody_buys_what_they_would_anyway(small, made):
    _, _, sold = made(PERSON)
    assert np.array_equal(sold.without, small.anyway.tickets)
    assert np.array_equal(small.anyway.tickets, small.anyway.without)
    assert np.array_equal(sold.day < NEVER, sold.tickets > 0)


def test_a_campaign_is_drawn_again_from_its_seed_and_others_from_others(small, campaign):
    again, other = drawn(small, 3), drawn(small, 4)
    assert again.lines == campaign.lines
    assert (again.holdout, again.launch, again.key) == (
        campaign.holdout,
        campaign.launch,
        campaign.key,
    )
    assert (other.holdout, other.key) != (campaign.holdout, campaign.key)


def test_nobody_in_an_arm_had_a_ticket_before_launch(small):
    early = replace(small, anyway=replace(small.anyway, day=small.anyway.day - 40))
    campaign = drawn(early, 3)
    had = early.anyway.day < campaign.launch
    assert had.any()
    for design in DESIGNS:
        who = eligible(early, campaign, design)
        assert not (who & had).any()
        assert not (treated_of(early, campaign, design, who) & ~who).any()


def test_households_are_not_divided_or_have_one_person_where_stated(small, made):
    who, treated, _ = made(HOUSEHOLD)
    home = small.household[who]
    some = np.bincount(home, treated[who]) / np.maximum(np.bincount(home), 1)
    assert set(np.unique(some)) == {0.0, 1.0}
    who, _, _ = made(ONE_EACH)
    assert np.bincount(small.household[who]).max() == 1


@pytest.mark.parametrize("design", DESIGNS, ids=lambda d: d.name)
def test_the_truth_is_added_up_over_the_treated_one_by_one(small, campaign, made, design):
    who, treated, sold = made(design)
    slow = sum(
        int(sold.tickets[p]) - int(sold.without[p]) for p in range(SMALL.people) if treated[p]
    )
    result = simulated_campaigns.reading(
        rows_of(small, design, who, treated), campaign.holdout, sold
    )
    assert result is not None
    assert result.truth == slow > 0


def test_a_readout_that_says_twice_as_much_moves_the_bias_and_not_the_truth(
    small, campaign, made, monkeypatch
):
    who, treated, sold = made(ONE_EACH)
    rows = rows_of(small, ONE_EACH, who, treated)
    right = simulated_campaigns.reading(rows, campaign.holdout, sold)
    real = simulated_campaigns.read_experiment

    def doubled(*args: object, **kwargs: object) -> Readout:
        result = real(*args, **kwargs)
        totals = [replace(e.total, value=2 * e.total.value) for e in result.effects]
        effects = [replace(e, total=t) for e, t in zip(result.effects, totals, strict=True)]
        return replace(result, effects=tuple(effects))

    monkeypatch.setattr(simulated_campaigns, "read_experiment", doubled)
    wrong = simulated_campaigns.reading(rows, campaign.holdout, sold)
    assert wrong.truth == right.truth
    assert wrong.value == pytest.approx(2 * right.value)


def test_without_chance_an_estimate_without_spill_over_is_the_truth(small, campaign, made):
    for design in (ONE_EACH, HOUSEHOLD):
        who, treated, sold = made(design)
        result = simulated_campaigns.reading(
            rows_of(small, design, who, treated), campaign.holdout, sold
        )
        assert result.spilled == 0
        # Only the coefficient of CUPED differs between the two readouts.
        assert result.value - result.chance == pytest.approx(result.truth, rel=0.02)


def test_held_out_people_gain_where_arms_divide_a_household(small, campaign, made):
    who, treated, sold = made(PERSON)
    result = simulated_campaigns.reading(
        rows_of(small, PERSON, who, treated), campaign.holdout, sold
    )
    gain = (sold.tickets - sold.without)[who & ~treated].mean() * treated.sum()
    assert gain > 0
    assert result.spilled == pytest.approx(gain)
    assert result.value - result.chance == pytest.approx(result.truth - gain, rel=0.02)


def test_looks_are_held_against_the_truth_of_their_day(small, campaign, made, monkeypatch):
    who, treated, sold = made(ONE_EACH)
    rows = rows_of(small, ONE_EACH, who, treated)
    assert ever_missed(rows, campaign, sold, small.anyway) is False
    # 5,000 tickets that nobody sells, all on people treated: the truth of later looks is far off.
    bent = replace(small.anyway, tickets=small.anyway.tickets.copy(), day=small.anyway.day.copy())
    some = np.flatnonzero(treated)[:5_000]
    bent.tickets[some], bent.day[some] = 2, campaign.launch
    assert ever_missed(rows, campaign, sold, bent) is True
    stop = replace(campaign, holdout=0.9 if campaign.holdout < 0.5 else 0.1)
    assert ever_missed(rows, stop, sold, small.anyway) is None


def test_bias_is_mean_error_over_mean_truth_with_chance_or_without():
    result = [reading(), reading(truth=300.0, value=290.0, chance=-10.0)]
    assert bias(result, with_chance=True)[0] == 0.0
    assert bias(result, with_chance=False)[0] == pytest.approx((2 + 0) / 400)
    error = bias([reading(value=v) for v in (90.0, 110.0)] * 50, with_chance=True)[1]
    assert error == pytest.approx(1.96 * 10 / 10 / 100, rel=0.01)


def test_an_interval_wider_than_chance_is_expected_to_cover_the_truth_more_often():
    result = [reading(low=110 - 1.96 * se, high=110 + 1.96 * se) for se in (10.0, 12.0)]
    assert [r.expected for r in result] == pytest.approx([0.95, 0.9813], abs=0.001)


def test_coverage_counts_seeds_and_not_the_parts_that_go_together():
    assert covered([[True]] * 95 + [[False]] * 5) == "95.0 (88.8 to 97.8)"
    # Three parts that are always right or wrong at once tell no more than one.
    assert covered([[True] * 3] * 95 + [[False] * 3] * 5) == "95.0 (88.8 to 97.8)"


def test_an_alarm_by_the_log_is_raised_for_a_hundredth_lost_and_not_for_none():
    assert alarmed(1, 200_000, 0.5, TREATED, 0.01)[1]
    assert alarmed(1, 200_000, 0.5, TREATED, 0.0) == (False, False)


@pytest.mark.slow
def test_rows_are_averages_over_runs(small, campaign):
    runs = [run(small, c, (ONE_EACH,)) for c in (campaign, drawn(small, 5))]
    result = [r for (r,) in runs]
    assert tickets_row(ONE_EACH, result)[:2] == (ONE_EACH.name, 2)
    row = coverage_row(ONE_EACH, result)
    assert row[-1] == "0 of 8"
    wrong = [replace(r, whole=replace(r.whole, low=1e9, high=2e9)) for r in result]
    assert coverage_row(ONE_EACH, wrong)[1].startswith("0.0 ")
