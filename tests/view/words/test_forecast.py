"""A forecast in words: money, ranges, chances and the story for the command line."""

from dataclasses import replace
from datetime import date

import pytest

from fullhouse.core.errors import CannotTellError
from fullhouse.forecast import Step
from fullhouse.view.words.figures import money, money_between, money_short
from fullhouse.view.words.forecast import (
    actual_words,
    chance_words,
    change_words,
    driver_words,
    fact_words,
    factor_words,
    forecast_lines,
    headline,
    note_words,
    round_amounts,
    when_words,
)
from tests.view.sample_forecasts import ALL, BEFORE, LIMITED, TOTAL_ONLY, spread

MONEY = [
    (18_240_000, "18.2 million USD", "18.2 m"),
    (450_000, "450,000 USD", "450 k"),
    (999_600, "1 million USD", "1 m"),
    (64_000_000, "64 million USD", "64 m"),
    (1_240_000_000, "1.24 billion USD", "1.24 bn"),
    (12_345, "12,300 USD", "12.3 k"),
    (812.4, "812 USD", "812"),
    (0, "0 USD", "0"),
]


@pytest.mark.parametrize(("amount", "long", "short"), MONEY, ids=[m[1] for m in MONEY])
def test_money_is_rounded_to_three_digits(amount, long, short):
    assert money(amount, "USD") == long
    assert money_short(amount) == short


BETWEEN = [
    (42.3e6, 95.7e6, "USD", "between 42 and 96 million dollars"),
    (73_000, 2.31e6, "USD", "between 73,000 and 2.3 million dollars"),
    (540e6, 3.24e9, "CNY", "between 540 million and 3.2 billion yuan"),
    (60.21e6, 60.38e6, "EUR", "between 60.2 and 60.4 million euros"),
    (1e6, 2e6, "AUD", "between 1 and 2 million AUD"),
]


@pytest.mark.parametrize(
    ("low", "high", "currency", "sentence"), BETWEEN, ids=[b[3] for b in BETWEEN]
)
def test_a_range_has_enough_digits_to_distinguish_its_ends(low, high, currency, sentence):
    assert money_between(low, high, currency) == sentence


def test_the_headline_is_the_80_percent_range_and_the_middle_of_the_total():
    low, high = BEFORE.ranges["total"].between(0.8)
    assert (f"{low / 1e6:.2g}", f"{high / 1e6:.2g}") == ("34", "1.1e+02")
    sentence = "Likely between 34 and 110 million dollars (80 % range); middle estimate 60 million."
    assert headline(BEFORE) == sentence


def test_the_headline_of_a_finished_run_is_what_it_took():
    done = replace(BEFORE, ranges={}, known={"total": 62.7e6})
    assert headline(done) == "It took 62.7 million USD in all."


def test_a_forecast_of_nothing_has_no_headline():
    with pytest.raises(CannotTellError, match="no range"):
        headline(replace(BEFORE, ranges={}))


@pytest.mark.parametrize("name", ALL)
def test_round_amounts_lie_inside_the_95_percent_range_on_both_sides_of_the_middle(name):
    for result in ALL[name].ranges.values():
        low, high = result.between(0.95)
        amounts = round_amounts(result)
        assert 2 < len(amounts) <= 6
        assert low < amounts[0] < result.median < amounts[-1] < high
        assert amounts == sorted(amounts)


def test_a_narrow_range_has_round_amounts_too():
    amounts = round_amounts(spread("total", 60.3e6, 0.002))
    assert amounts
    assert all(a % 1e5 == 0 for a in amounts)


def test_a_range_of_one_amount_has_none():
    assert round_amounts(spread("total", 60e6, 0.0)) == []


CHANCES = [(0.0, "0"), (0.004, "under 1"), (0.764, "76"), (0.998, "over 99"), (1.0, "100")]


@pytest.mark.parametrize(("chance", "sentence"), CHANCES)
def test_only_certain_chances_are_written_as_certain(chance, sentence):
    assert chance_words(chance) == f"{sentence} %"


def test_a_factor_near_one_still_has_a_direction():
    stated = [factor_words(f) for f in (0.021, 0.873, 0.964, 1.04, 1.42, 12.4)]
    assert stated == ["× 0.021", "× 0.87", "× 0.96", "× 1.04", "× 1.4", "× 12"]


FACTS = [
    ([70_000_000, "USD"], "70 million USD"),
    (["Animation", "Family"], "Animation, Family"),
    (date(2025, 3, 14), "14 March 2025"),
    (3640, "3,640"),
    (True, "yes"),
    ("wide", "wide"),
]


@pytest.mark.parametrize(("value", "sentence"), FACTS, ids=[f[1] for f in FACTS])
def test_facts_are_written_as_people_write_them(value, sentence):
    assert fact_words(value) == sentence


SIDES = [(62e6, "inside the 50 %"), (90e6, "inside the 80 %"), (130e6, "inside the 95 %"),
         (9e6, "below the 95 %"), (200e6, "above the 95 %")]  # fmt: skip


@pytest.mark.parametrize(("amount", "sentence"), SIDES, ids=[s[1] for s in SIDES])
def test_the_outcome_is_described_by_the_range_it_fell_in(amount, sentence):
    assert sentence in actual_words(BEFORE, "total", amount)


def test_the_day_is_counted_from_the_opening():
    days = [date(2025, 2, 14), date(2025, 3, 13), date(2025, 3, 14), date(2025, 3, 17)]
    assert [when_words(replace(BEFORE, as_of=d)) for d in days] == [
        "28 days before opening",
        "1 day before opening",
        "opening day",
        "3 days after opening",
    ]


@pytest.mark.parametrize("name", ALL)
def test_the_story_holds_headline_ranges_drivers_comps_and_notes(name):
    forecast = ALL[name]
    sentence = "\n".join(forecast_lines(forecast))
    for words in (forecast.title, headline(forecast), *map(note_words, forecast.notes)):
        assert words in sentence
    assert all(driver_words(d) in sentence for d in forecast.drivers)
    assert all(c.title in sentence for c in forecast.comps)
    assert ("Opening weekend" in sentence) == bool(
        "opening_weekend" in {**forecast.ranges, **forecast.known}
    )


def test_simulated_and_supposed_stand_before_everything_else():
    first, second, *_ = forecast_lines(LIMITED)
    assert first.startswith("SIMULATED")
    assert "cinemas 40, opening 16 May 2025" in second
    assert "not entered in the score book" in second
    assert "SIMULATED" not in "".join(forecast_lines(BEFORE) + forecast_lines(TOTAL_ONLY))


def test_the_chances_are_those_of_the_forecast():
    line = next(x for x in forecast_lines(BEFORE) if x.startswith("Chance"))
    assert f"60 million USD, {100 * BEFORE.passes(60e6):.0f} %" in line


def test_steps_still_to_come_start_from_the_last_one_done():
    line = next(x for x in forecast_lines(BEFORE) if x.startswith("Upper over lower"))
    assert "28 days before opening 3.1; a week before opening 2.5;" in line
    done = replace(BEFORE, steps=(Step("T-28", None, 3.1, True),))
    assert not any(x.startswith("Upper over lower") for x in forecast_lines(done))


def test_a_change_names_what_moved_the_forecast_most():
    later = replace(
        BEFORE,
        as_of=date(2025, 2, 21),
        ranges=BEFORE.ranges | {"total": spread("total", 58.92e6, 0.4)},
        drivers=(replace(BEFORE.drivers[0], factor=2.9 * 0.982), *BEFORE.drivers[1:]),
    )
    assert change_words(BEFORE, later) == (
        "The forecast fell 1.8 % from 14 Feb 2025 to 21 Feb 2025, mainly because of the cinemas"
        " planned."
    )
    switched = replace(later, horizon="T-7", typical=12.5e6 * 0.982, drivers=BEFORE.drivers)
    assert "mainly because we switched to the one-week-out model." in change_words(BEFORE, switched)
    assert "did not change" in change_words(BEFORE, replace(BEFORE, as_of=date(2025, 2, 21)))
