"""A readout in sentences: what is proven, how sure that is, each part counted once."""

from dataclasses import replace
from datetime import date

import pytest

from fullhouse.measurement.campaign_readout import (
    HeldOutReached,
    Interim,
    SharedPeople,
    TreatedReached,
    campaign_readout_of,
)
from fullhouse.stats.figures import Interval
from fullhouse.view.words.readout import (
    campaign_sentences,
    note_sentences,
    per_person_sentence,
    proven_sentences,
    sold_sentence,
    unproven_words,
)
from tests.view.sample_plans import PARTS, SHOWN, WHOLE, effect, readout

DAY = date(2025, 3, 28)


def whole_of(*effects, **changes):
    made = campaign_readout_of("c", DAY, readout(effects))
    return replace(made, currency="USD", **changes)


def test_a_campaign_that_doubles_sales_is_one_plain_sentence():
    one = effect(0.0041, 0.001, people=50_000, p=1e-5, relative=Interval(0.98, 0.5, 1.6))
    sentence = whole_of(one)
    assert sold_sentence(sentence, sentence.whole[0]) == (
        "The campaign sold about 205 extra tickets (likely 107 to 303), doubling what these people"
        " would have bought. An extra ticket cost 31.00 USD (likely 22.00 to no upper end)."
    )


def test_gross_is_a_sentence_of_its_own_with_what_each_unit_brought_back():
    back = Interval(1.5, 0.9, 2.1)
    sentence = whole_of(effect(0.4, 0.05, outcome="gross", p=1e-9, cost_each=None,
                            return_on_spend=back))  # fmt: skip
    assert sold_sentence(sentence, sentence.whole[0]) == (
        "The campaign brought in about 32,000 USD of extra gross (likely 24,200 USD to 39,800 USD)."
        " Each USD spent brought back 1.50 (likely 0.90 to 2.10)."
    )


@pytest.mark.parametrize(
    ("share", "words"),
    [(0.3, ", 30 % more than these people would have bought"),
     (2.0, ", 3.0 times what these people would have bought")],
)  # fmt: skip
def test_an_effect_is_set_beside_what_people_would_have_bought(share, words):
    one = effect(0.0041, 0.001, p=1e-5, relative=Interval(share, 0.1, 9.0))
    sentence = whole_of(one)
    assert words in sold_sentence(sentence, sentence.whole[0])


def test_people_who_got_the_campaign_are_compared_with_those_who_did_not():
    sentence = whole_of(effect(0.04, 0.005, p=1e-9))
    assert per_person_sentence(sentence, sentence.whole[0]) == (
        "People who got the campaign bought 4 more tickets per 100 than those who did not (likely"
        " 3.02 to 4.98)."
    )


def test_before_the_end_there_is_one_range_and_it_holds_at_any_look():
    one = effect(0.0041, 0.001, people=10_000, p=1e-5)
    early = whole_of(one, share_observed=0.5)
    assert "(likely 11 to 71)" in sold_sentence(early, early.whole[0])
    assert "(likely 21.4 to 60.6)" not in " ".join(campaign_sentences(early))
    assert "cost" not in sold_sentence(early, early.whole[0])


def test_an_undetected_effect_is_explained():
    sentence = whole_of(effect(0.001, 0.004))
    assert sold_sentence(sentence, sentence.whole[0]).startswith(
        "As of 28 March 2025, the data cannot tell whether the campaign changed tickets"
    )
    assert "is not clear" in per_person_sentence(sentence, sentence.whole[0])


def test_a_part_counts_once_whatever_number_of_outcomes_it_has():
    both = readout([effect(0.02, 0.001, p=1e-9), effect(0.2, 0.01, outcome="gross", p=1e-9)])
    parts = {"channel": {f"channel {k}": both for k in range(5)}}
    sentence = campaign_readout_of("c", DAY, both, parts=parts)
    names = "; ".join(f"channel {k}" for k in range(5))
    assert proven_sentences(sentence) == [f"An effect is proven in 5 of 5 channels: {names}."]
    assert unproven_words(sentence) == []


def test_parts_without_a_proven_effect_stand_in_one_sentence():
    none = readout([effect(0.001, 0.004)])
    parts = {group: {"a": none, "b": none} for group in ("audience", "channel", "cities")}
    result = campaign_readout_of("c", DAY, none, parts=parts)
    assert proven_sentences(result) == [
        "No effect is proven in 2 audiences, 2 channels or 2 city groups."
    ]


def test_channels_that_share_people_are_not_compared_as_if_they_did_not():
    shared = replace(SHOWN, notes=(*SHOWN.notes, SharedPeople("channel", 80_000, 61_000)))
    (line,) = [s for s in proven_sentences(shared) if "several channels" in s]
    assert "61,000 of 80,000" in line
    assert "cannot be compared channel against channel" in line
    assert not any("several channels" in s for s in proven_sentences(SHOWN))
    assert line not in note_sentences(shared), "it stands once, with the parts"


def test_a_readout_says_what_is_proven_and_what_was_not_checked():
    lines = campaign_sentences(SHOWN)
    assert "An effect is proven in 1 of 4 audiences: Owners of older dogs." in lines
    assert "An effect is proven in 1 of 2 channels: push." in lines
    assert "Check passed: the arms hold the shares of people they should (p = 0.430)." in lines
    assert lines[-1] == (
        "Not checked: whether the arms were alike before, as no covariates were given."
    )
    (open_,) = unproven_words(SHOWN)
    assert "pre-roll" in open_
    assert "Owners of older dogs" not in open_


def test_notes_are_sentences_with_their_figures():
    notes = (
        Interim(DAY, date(2025, 4, 10)), TreatedReached(900, 1_000), HeldOutReached(7, 400, 0.02),
    )  # fmt: skip
    lines = note_sentences(replace(SHOWN, notes=notes))
    assert lines[0].startswith("Interim: tickets are known up to 28 March 2025.")
    assert "900 of 1,000" in lines[1]
    assert "as large as 2 tickets per 100 people" in lines[2]


def test_parts_of_habit_have_words_and_the_whole_too():
    parts = {"habit": {"went before": PARTS["channel"]["push"], "new": WHOLE}}
    sentence = campaign_readout_of("c", DAY, WHOLE, parts=parts)
    assert "Went to the cinema in the year before" in proven_sentences(sentence)[0]
