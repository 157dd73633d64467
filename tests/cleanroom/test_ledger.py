"""The ledger: nobody overspends however many ask at once, and rows and budgets always agree."""

import multiprocessing
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from fullhouse.cleanroom import ledger
from fullhouse.cleanroom.ledger import ALLOT, BudgetError, LedgerSpending
from fullhouse.cleanroom.policy import HOUSE_FILE, of_texts
from fullhouse.control.control import Control, open_control
from fullhouse.control.schema import BudgetRow, LedgerRow
from fullhouse.core.errors import ConflictError
from fullhouse.core.values import HOUSE
from tests.conftest import new_database

POLICY = of_texts(
    (
        (
            HOUSE_FILE,
            "[budget]\ntitle = 0.000001\ntenant = 0.0000015\ntogether = 0.000002\n"
            "[stages]\ndiscovery = 0.4\nplan = 0.3\nmonitor = 0.0\nreadout = 0.3\n",
        ),
    )
)
"""1,000 nano-rho for a title, 1,500 for a tenant, 2,000 for all."""
EPOCH = POLICY.epoch(date(2026, 11, 1))
NOW = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'control.db'}"
    return new_database(request.getfixturevalue("postgres"))


@pytest.fixture
def control(url: str) -> Iterator[Control]:
    opened = open_control(url)
    yield opened
    opened.dispose()


def spending(rho: int, tenant: str = "lion", **fields: str) -> LedgerSpending:
    return LedgerSpending(tenant, fields.pop("kind", "count"), "d" * 64, rho, **fields)


def try_to_spend(control: Control, cost: LedgerSpending) -> bool:
    try:
        reservation = ledger.reserve(control, POLICY, EPOCH, cost, at=NOW)
    except BudgetError:
        return False
    with control.begin() as connection:
        ledger.settle(connection, reservation, at=NOW)
    return True


def spend_many(url: str, times: int, rho: int) -> int:
    control = open_control(url)
    try:
        return sum(try_to_spend(control, spending(rho, title="film")) for _ in range(times))
    finally:
        control.dispose()


def test_two_hundred_threads_at_once_spend_exactly_what_there_is(control):
    gate = Barrier(40)

    def spend(number: int) -> bool:
        if number < 40:
            gate.wait()
        return try_to_spend(control, spending(30, title="film", stage="plan"))

    with ThreadPoolExecutor(40) as pool:
        paid = sum(pool.map(spend, range(200)))
    assert paid == 10  # 300 of the stage's share, 30 each
    assert ledger.spent(control) == 300
    assert ledger.disagreements(control) == ()


@pytest.mark.slow
def test_processes_at_once_spend_exactly_what_there_is(url, control):
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        paid = sum(pool.starmap(spend_many, [(url, 10, 70)] * 4))
    assert paid == 14  # 1,000 of the title, 70 each
    assert ledger.spent(control) == 14 * 70
    assert ledger.disagreements(control) == ()


def test_the_tightest_budget_decides_and_nothing_is_taken_when_it_refuses(control):
    assert try_to_spend(control, spending(900, title="a"))
    with pytest.raises(BudgetError) as refused:
        ledger.reserve(control, POLICY, EPOCH, spending(200, title="a"), at=NOW)
    assert (refused.value.facts["scope"], refused.value.facts["left"]) == ("title", 100)
    with pytest.raises(BudgetError) as refused:
        ledger.reserve(control, POLICY, EPOCH, spending(700, title="b"), at=NOW)
    assert (refused.value.facts["scope"], refused.value.facts["left"]) == ("tenant", 600)
    with pytest.raises(BudgetError) as refused:
        ledger.reserve(control, POLICY, EPOCH, spending(1_500, tenant="wolf"), at=NOW)
    assert refused.value.facts["scope"] == "together"
    assert refused.value.facts["left"] is None, "it would tell what the others spent"
    assert ledger.spent(control) == 900
    assert ledger.disagreements(control) == ()


def test_a_reservation_closes_once(control):
    reservation = ledger.reserve(control, POLICY, EPOCH, spending(100, title="a"), at=NOW)
    assert ledger.cancel(control, reservation, at=NOW)
    with pytest.raises(ConflictError), control.begin() as connection:
        ledger.settle(connection, reservation, at=NOW)
    assert not ledger.cancel(control, reservation, at=NOW)
    assert ledger.spent(control) == 0
    other = ledger.reserve(control, POLICY, EPOCH, spending(100, title="a"), at=NOW)
    with control.begin() as connection:
        ledger.settle(connection, other, at=NOW)
    assert not ledger.cancel(control, other, at=NOW)
    assert ledger.spent(control) == 100
    assert ledger.disagreements(control) == ()


def test_what_a_dead_process_reserved_is_given_back_once_and_only_when_it_is_old(control):
    ledger.reserve(control, POLICY, EPOCH, spending(100, title="a", stage="plan"), at=NOW)
    settled = ledger.reserve(control, POLICY, EPOCH, spending(50, title="a"), at=NOW)
    with control.begin() as connection:
        ledger.settle(connection, settled, at=NOW)
    assert ledger.give_back_stale(control, now=NOW + timedelta(minutes=5)) == 0
    later = NOW + ledger.STALE_AFTER + timedelta(minutes=1)
    assert ledger.give_back_stale(control, now=later) == 1
    assert ledger.give_back_stale(control, now=later) == 0
    assert ledger.spent(control) == 50
    assert ledger.disagreements(control) == ()


def test_a_campaign_can_pay_all_its_looks_when_everything_else_is_spent(control):
    aside = spending(300, title="a", stage="readout", campaign="launch", kind=ALLOT)
    for _ in range(2):  # twice is once
        ledger.set_aside(control, POLICY, EPOCH, aside, at=NOW)
    while try_to_spend(control, spending(100, title="a")):
        pass
    looks = [spending(100, title="a", stage="readout", campaign="launch", kind="readout")] * 4
    following = POLICY.epoch(date(2027, 1, 5))
    paid = [
        ledger.reserve(control, POLICY, epoch, look, at=NOW).epoch
        for look, epoch in zip(looks, (EPOCH, EPOCH, following), strict=False)
    ]
    assert paid == [EPOCH.name] * 3, "a campaign that passes the new year keeps its share"
    with pytest.raises(BudgetError) as refused:
        ledger.reserve(control, POLICY, EPOCH, looks[3], at=NOW)
    assert (refused.value.facts["scope"], refused.value.facts["left"]) == ("campaign", 0)
    assert ledger.spent(control) == 1_000
    assert ledger.disagreements(control) == ()
    with pytest.raises(BudgetError) as refused:
        ledger.reserve(control, POLICY, EPOCH, replace(looks[0], campaign="other"), at=NOW)
    assert refused.value.code == "campaign_without_budget"


def test_the_database_itself_refuses_overspending_and_changes_of_the_ledger(control):
    assert try_to_spend(control, spending(10, title="a"))
    with pytest.raises(IntegrityError), control.begin() as connection:
        connection.execute(update(BudgetRow).values(spent=BudgetRow.cap + 1))
    for change in (update(LedgerRow).values(rho=0), delete(LedgerRow)):
        with pytest.raises(DBAPIError, match="append-only"), control.begin() as connection:
            connection.execute(change)


def test_what_is_left_does_not_show_what_others_spent(control):
    assert try_to_spend(control, spending(800, tenant="wolf", title="b"))
    left = ledger.left(control, POLICY, EPOCH, spending(1, title="a", stage="plan"))
    assert [(b.scope, b.left) for b in left] == [
        ("tenant", 1_500),
        ("title", 1_000),
        ("stage", 300),
    ]
    assert not ledger.affordable(control, POLICY, EPOCH, spending(1_300))


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["spend", "cancel", "leave"]),
        st.sampled_from(["lion", "wolf", HOUSE]),
        st.sampled_from(["", "a", "b"]),
        st.sampled_from(["", "plan", "readout"]),
        st.integers(0, 400),
    ),
    max_size=12,
)


@given(STEPS)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_is_done_rows_add_up_to_budgets_and_no_budget_is_passed(tmp_path, steps):
    control = open_control(f"sqlite:///{tmp_path / secrets.token_hex(8)}.db")
    for step, tenant, title, stage, rho in steps:
        try:
            cost = spending(rho, tenant, title=title, stage=stage)
            reservation = ledger.reserve(control, POLICY, EPOCH, cost, at=NOW)
        except BudgetError:
            continue
        if step == "spend":
            with control.begin() as connection:
                ledger.settle(connection, reservation, at=NOW)
        elif step == "cancel":
            ledger.cancel(control, reservation, at=NOW)
    assert ledger.disagreements(control) == ()
    assert all(0 <= budget.spent <= budget.cap for _, _, budget in ledger.budgets(control))
    assert ledger.spent(control) <= POLICY.cap("together")
    control.dispose()
