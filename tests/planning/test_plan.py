"""A plan comes back from JSON as it was; limits from TOML hold or are named."""

import json
from dataclasses import asdict, replace
from datetime import date

import numpy as np
import pytest

from fullhouse.core.errors import InputError
from fullhouse.core.values import as_json
from fullhouse.planning import optimise
from fullhouse.planning.plan import (
    Amount,
    BestWithin,
    BeyondMeasured,
    BridgeStep,
    BudgetPoint,
    BudgetsLeftOut,
    GrossInTickets,
    NeverMeasured,
    OlderSentence,
    Plan,
    PlanLine,
    SpentForMinimum,
    Unreachable,
    plan_from,
)
from fullhouse.planning.problem import as_rows, read_limits
from tests.planning.sample_problem import problem

A = Amount(2.0, 1.0, 4.0)
LINE = PlanLine(
    "l1", "People who bought for dogs", "buys:dogs", "basket", "push", "5 largest",
    date(2025, 7, 14), 100.0, 1e4, 5e3, 2e3, 2.5, A, A, tested=False,
)  # fmt: skip
NOTES = (
    NeverMeasured(("basket",)), BeyondMeasured("push", 3.0, None), GrossInTickets(),
    BudgetsLeftOut((25.0, 50.0)), SpentForMinimum("city", "Avon", 90.0, 0.6), BestWithin(0.001),
    OlderSentence("A sentence."),
)  # fmt: skip
PLAN = Plan(
    "p", "f", "F", "ZZ", date(2025, 7, 1), date(2025, 8, 8), 100.0, "USD", 9.5, "neutral",
    (LINE,), 100.0, 5e3, 2e3, 2.5, A, A, A, (BridgeStep("dogs", A, A),),
    (BudgetPoint(100.0, A, 0.1),),
    (Unreachable("dogs", 10.0, 2.0, 0.5),), 0.1, {"buys:dogs": "People"}, {"5 largest": ("A",)},
    NOTES, {"explore": 0.1}, simulated=True, claims={"buys:dogs": (2.0, 1.5, 2.6)},
    base_tickets=12.5, base_by_audience={"buys:dogs": (5e3, 12.5)},
)  # fmt: skip


def test_a_plan_comes_back_from_json_as_it_was():
    assert plan_from(json.loads(json.dumps(PLAN.to_dict()))) == PLAN


def test_a_plan_saved_before_there_were_claims_is_read():
    body = json.loads(json.dumps(PLAN.to_dict()))
    for name in ("claims", "base_tickets", "base_by_audience"):
        del body[name]
    plan = plan_from(body)
    assert (plan.claims, plan.base_tickets, plan.base_by_audience) == ({}, 0.0, {})
    assert plan.lines == PLAN.lines


def test_a_plan_saved_when_notes_were_sentences_keeps_them():
    body = json.loads(json.dumps(PLAN.to_dict())) | {"notes": ["No other plan can win more."]}
    plan = plan_from(body)
    assert plan.notes == (OlderSentence("No other plan can win more."),)
    assert plan_from(plan.to_dict()) == plan


def test_the_json_of_a_plan_is_what_as_json_gave_before():
    plain = as_json(asdict(replace(PLAN, notes=())))
    assert replace(PLAN, notes=()).to_dict() == plain


@pytest.mark.parametrize("tested", [[False] * 3, [True] * 3])
@pytest.mark.parametrize("budget", [20.0, 1e6])
def test_exploring_is_no_contradiction_whatever_was_tested(tested, budget):
    made = problem(1)
    rows, allowed = _rows(made, "explore = 0.3", tested=tested)
    assert optimise(made, budget, rows=rows, allowed=allowed).spend.sum() > 0


LIMITS = """
explore = 0.3
blackout = [2025-07-16]
[city_minimum]
south = 3
[exclusive]
dogs = "push"
[channel_maximum]
video = 4
[audience_minimum]
all = 5
"""


def _rows(made, text, **changes):
    names = {
        "audiences": ["dogs", "fans", "all"], "channels": ["push", "video"],
        "cities": ["north", "south"], "weeks": [date(2025, 7, 7), date(2025, 7, 14)],
        "tested": [False, True, False],
    }  # fmt: skip
    return as_rows(read_limits(text), made.slots, **(names | changes))


def test_a_spend_keeps_the_limits():
    made = problem(1)
    rows, allowed = _rows(made, LIMITS)
    slots, spend = made.slots, optimise(made, 20.0, rows=rows, allowed=allowed).spend
    assert spend[slots.city == 1].sum() >= 3 - 1e-6
    assert spend[slots.channel == 1].sum() <= 4 + 1e-6
    assert spend[slots.audience == 2].sum() >= 5 - 1e-6
    assert spend[np.isin(slots.audience, [0, 2])].sum() >= 0.3 * 20 - 1e-6
    assert spend[(slots.audience == 0) & (slots.channel == 1)].sum() == 0
    assert spend[slots.week == 1].sum() == 0, "the week of 16 July begins on the 14th"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("explor = 0.1", "no 'explor'. Did you mean 'explore'"),
        ("explore = 1.5", "share from 0 to below 1"),
        ("blackout = ['monday']", "list of days"),
        ("[city_minimum]\nsouht = 1", "no city group 'souht'. Did you mean 'south'"),
        ("[city_minimum]\nsouth = -1", "amounts from 0"),
        ("[audience_minimum]\ndog = 1", "no audience 'dog'. Did you mean 'dogs'"),
        ("[exclusive]\ndogs = 3", "a channel by audience"),
        ("=", "not valid TOML"),
    ],
)
def test_what_is_wrong_with_limits_is_explained(text, message):
    with pytest.raises(InputError, match=message):
        _rows(problem(0), text)
