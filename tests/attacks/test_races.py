"""Two hundred requests at once against a budget for fifty, on both control databases."""

from dataclasses import replace
from threading import Barrier
from time import sleep

import pytest
from sqlalchemy import text

from benchmarks.attacks import TITLE, make_house, raced, target_world
from fullhouse.cleanroom import gate, ledger, log
from fullhouse.cleanroom.ledger import BudgetError
from fullhouse.cleanroom.policy import template
from fullhouse.cleanroom.question import Count

SETS, FOR = 200, 50
PRICE = 50_000
POLICY = template().replace("title = 0.25", f"title = {FOR * PRICE * 5 / 1e9}")
"""A plan's share is a fifth of its title's budget."""


@pytest.fixture(scope="module")
def world():
    return target_world(SETS, people=2_000)[0]


def attack(context):
    """All at once, and half of them again under other users' names, each its own connection."""
    start = Barrier(SETS)

    def ask(n):
        start.wait()
        return gate.ask(replace(context), Count(f"s{n}"), title=TITLE)

    answered, refused = raced(ask, SETS)
    paid = ledger.spent(context.control, tenant="lion")
    with context.control.connect() as connection:
        stored = connection.scalar(text("SELECT count(*) FROM released"))
        size = log.size_of(connection, "lion")
    assert (answered, refused) == (FOR, SETS - FOR)
    assert paid == FOR * PRICE
    assert stored == FOR
    assert size >= FOR
    assert ledger.disagreements(context.control) == ()
    assert log.verify(context.control) == []


@pytest.mark.slow
def test_none_is_overspent_on_sqlite(tmp_path, world):
    with make_house(tmp_path / "house", world, policy=POLICY) as context:
        attack(context)


@pytest.mark.slow
def test_none_is_overspent_on_postgresql(tmp_path, world, postgres):
    with make_house(tmp_path / "house", world, policy=POLICY, url=postgres) as context:
        attack(context)


def test_a_budget_that_is_looked_at_first_and_changed_then_is_overspent():
    spent = 0
    start = Barrier(SETS)

    def ask(_):
        nonlocal spent
        start.wait()
        before = spent
        if before + PRICE > FOR * PRICE:
            raise BudgetError
        sleep(0.001)  # what a query in between does: others run
        spent = before + PRICE

    for _ in range(20):
        spent = 0
        answered, _ = raced(ask, SETS)
        if answered > FOR:
            return
    pytest.fail("the race that the ledger withstands could not be made to happen")


@pytest.mark.slow
def test_one_question_asked_by_two_hundred_at_once_is_paid_once(tmp_path, world):
    with make_house(tmp_path / "house", world) as context:
        start = Barrier(SETS)
        bodies = set()

        def ask(_):
            start.wait()
            bodies.add(gate.ask(context, Count("s0 | s1"), title=TITLE).body)

        assert raced(ask, SETS) == (SETS, 0)
        assert len(bodies) == 1
        assert ledger.spent(context.control, tenant="lion") == PRICE
