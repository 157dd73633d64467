"""A plan in sentences: nothing promised that is only expected, nothing left changed_rows."""

from dataclasses import replace

import pytest

from fullhouse.core.settings import SIMULATED
from fullhouse.planning.plan import (
    Amount,
    BestWithin,
    BeyondMeasured,
    BudgetsLeftOut,
    GrossInTickets,
    NeverMeasured,
    OlderSentence,
    SpentForMinimum,
)
from fullhouse.view.words.plan import (
    EXPECTED,
    banners,
    base_words,
    buys_words,
    headline,
    holdout_words,
    next_money_words,
    note_words,
    notes_words,
    plan_lines_words,
    return_words,
    tickets_words,
    unreachable_words,
    untested_words,
)
from tests.view.sample_plans import BARE_PLAN, PLAN, SIMULATED_PLAN


def test_the_headline_is_a_range_of_tickets():
    plan = replace(PLAN, spend=1.2e6, tickets=Amount(11_111.0, 8_049.0, 15_449.0))
    assert headline(plan) == (
        "We expect 1.2 million USD to sell about 11,100 extra tickets (likely 8,050 to 15,400)."
    )
    assert headline(BARE_PLAN) == "The plan has no lines: nothing of 3 million USD is spent."


@pytest.mark.parametrize(
    ("gross", "end"),
    [
        (Amount(40.0, 20.0, 90.0), "It does not bring back in gross what it costs."),
        (Amount(140.0, 90.0, 190.0), "It may not bring back in gross what it costs."),
        (Amount(60.0, 20.0, 110.0), "It may not bring back in gross what it costs."),
        (Amount(140.0, 110.0, 190.0), "brings 1.40 (1.10 to 1.90) of gross."),
    ],
    ids=["loses", "may lose", "may gain", "gains"],
)
def test_the_sentence_ends_with_whether_the_money_comes_back(gross, end):
    plan = replace(PLAN, spend=100.0, tickets=Amount(10.0, 5.0, 20.0), gross=gross)
    assert return_words(plan).endswith(end)
    assert "An extra ticket costs 10.00 USD (5.00 to 20.00)" in return_words(plan)


def test_a_ticket_that_may_not_be_won_has_a_cost_without_end():
    plan = replace(PLAN, spend=100.0, tickets=Amount(10.0, 0.0, 20.0))
    assert "(5.00 to no upper end)" in return_words(plan)
    none = replace(plan, tickets=Amount(0.0, -1.0, 1.0))
    assert "What an extra ticket costs is not known" in return_words(none)


@pytest.mark.parametrize(
    ("note", "sentence"),
    [
        (NeverMeasured(("baskets", "fans")), "No campaign has measured how baskets or fans"),
        (BeyondMeasured("push", 9.42, 6.0), "On push the plan shows up to 9.4 impressions"),
        (BeyondMeasured("push", 9.42, None), "No campaign has measured push yet"),
        (GrossInTickets(), "There is no forecast or ticket price"),
        (BudgetsLeftOut((150.0, 300.0)), "The limits do not fit a budget of 150 USD or 300 USD"),
        (
            SpentForMinimum("city", "Avon", 90.0, 0.6),
            "The minimum for Avon costs 90 USD and sells about 0.6 tickets",
        ),
        (BestWithin(0.0), "Under these assumptions, no better plan exists."),
        (BestWithin(0.018), "Under these assumptions, no other plan sells more than 1.8 % more."),
        (OlderSentence("As it was."), "As it was."),
    ],
    ids=lambda x: getattr(x, "code", ""),
)
def test_every_note_has_its_sentence(note, sentence):
    assert note_words(note, "USD").startswith(sentence)


def test_money_that_is_not_spent_is_stated_where_it_matters():
    left = "of the budget of 3 million USD is not spent."
    assert buys_words(replace(PLAN, spend=2e6))[-1] == f"1 million USD {left}"
    assert not any(left in words for words in buys_words(replace(PLAN, spend=2.99e6)))


def test_base_and_new_range_are_stated_or_their_absence():
    likely = "likely between 42 and 96 million dollars (80 % range); with it, between"
    assert likely in base_words(PLAN)[0]
    assert base_words(BARE_PLAN) == ["There is no forecast to add it to."]


def test_the_next_money_is_stated_with_its_cost():
    point = PLAN.curve[3]
    plan = replace(PLAN, budget=point.budget)
    per, won = 100, 100 * point.next_unit
    assert next_money_words(plan) == [
        f"The next {per} USD would sell {won:.2g} more tickets, at {1 / point.next_unit:.2f} USD"
        " each."
    ]
    once = replace(plan, curve=tuple(replace(p, next_unit=0.01) for p in PLAN.curve))
    assert next_money_words(once) == ["The next 100 USD would sell 1 more ticket."]
    flat = replace(PLAN, curve=tuple(replace(p, next_unit=0.0) for p in PLAN.curve))
    assert next_money_words(flat) == ["More money would sell no more tickets."]
    assert next_money_words(BARE_PLAN) == []


def test_whom_it_cannot_reach_and_who_was_never_measured():
    assert (
        "31,200 of the 96,000 people of Owners of older dogs (32 %)" in unreachable_words(PLAN)[0]
    )
    [sentence] = untested_words(PLAN)
    share = sum(x.spend for x in PLAN.lines if not x.tested) / PLAN.spend
    assert sentence.startswith(f"{100 * share:.0f} % of the money goes to")
    assert "Fans of family drama" not in sentence
    tested = tuple(replace(x, tested=True) for x in PLAN.lines)
    assert untested_words(replace(PLAN, lines=tested)) == []


def test_without_a_holdout_nothing_can_be_measured():
    assert "20 % of the people" in holdout_words(PLAN)
    assert "cannot be measured" in holdout_words(BARE_PLAN)


def test_the_command_line_prints_everything_and_ends_with_expectations():
    sentences = plan_lines_words(PLAN)
    assert sentences[0].startswith(
        "Harbour Lights, US: plan harbour-1 as of 10 January 2025; opens"
    )
    assert sentences[-1] == EXPECTED
    assert note_words(PLAN.notes[0], "USD") in sentences
    for words in (headline(PLAN), *unreachable_words(PLAN), *untested_words(PLAN)):
        assert words in sentences
    assert ", simulated: plan" in plan_lines_words(SIMULATED_PLAN)[0]
    assert banners(SIMULATED_PLAN) == [SIMULATED]
    assert plan_lines_words(BARE_PLAN)[-1] == EXPECTED


def test_expected_is_never_called_caused():
    sentences = " ".join(plan_lines_words(PLAN)).replace(EXPECTED, "")
    assert not [w for w in ("caus", "incremental", "lift") if w in sentences]


@pytest.mark.parametrize(
    ("tickets", "words"),
    [(9.96, "10.0"), (29_815.2, "29,800"), (123.4, "123"), (-4_567.0, "-4,570")],
)
def test_tickets_are_printed_to_three_digits(tickets, words):
    assert tickets_words(tickets) == words


def test_channels_that_no_campaign_measured_stand_in_one_sentence():
    notes = (BeyondMeasured("push", 2.8, None), BeyondMeasured("email", 2.3, None), BestWithin(0.0))
    words = notes_words(replace(PLAN, notes=notes))
    assert words[0].endswith("on opening day: push 2.8, email 2.3.")
    assert words[1:] == ["Under these assumptions, no better plan exists."]


def test_where_every_audience_is_new_no_share_of_the_money_is_named():
    new = replace(PLAN, lines=tuple(replace(x, tested=False) for x in PLAN.lines))
    (words,) = untested_words(new)
    assert words.startswith("No campaign has measured these audiences yet")
    assert "%" not in words
