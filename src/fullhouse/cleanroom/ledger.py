"""The privacy ledger: what each question cost, per tenant, title, stage and all together.

Append-only rows of whole nano-rho. A question reserves its price before anything is computed, and
settles it in the transaction that stores its answer; a reservation closes once, so an answer is
there exactly when its spending is. Budgets are rows with a cap that an UPDATE may not pass, and a
CHECK behind it: of many requests at once, none can overspend.

A campaign's readouts are paid in advance: its share is taken out of the title's budget when it is
set aside, so the last planned look can be had however much else was asked.
"""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from math import ceil

from sqlalchemy import ColumnElement, Connection, and_, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from fullhouse.cleanroom.policy import Epoch, Policy, half_width
from fullhouse.cleanroom.release import NANO, BudgetLeft
from fullhouse.control.control import Control
from fullhouse.control.schema import BudgetRow, LedgerRow
from fullhouse.core.errors import ConflictError, InputError
from fullhouse.core.values import HOUSE

ALLOT = "allot"
"""The kind of a row that sets budget aside for a campaign."""

STALE_AFTER = timedelta(minutes=30)
"""A reservation that is open for so long is of a process that died: its answer never left."""


class BudgetError(InputError):
    """A question costs more than is left: what is left, until when, and what would do."""


@dataclass(frozen=True)
class LedgerSpending:
    """What is to be paid, by whom and for what; a campaign's is paid from what it set aside."""

    tenant: str
    kind: str
    digest: str
    rho: int
    title: str = ""
    stage: str = ""
    campaign: str = ""
    actor: str = "operator"


@dataclass(frozen=True)
class Budget:
    """A budget that a spending is taken from: whose, of what, and its cap; no cap: as it stands."""

    tenant: str
    epoch: str
    scope: str
    name: str
    cap: int | None


@dataclass(frozen=True)
class Reservation:
    """A spending that was reserved; it closes once, by being settled or cancelled."""

    id: str
    spending: LedgerSpending
    budgets: tuple[Budget, ...]
    epoch: str


@dataclass(frozen=True)
class LedgerEntry:
    """A row of the ledger, as a statement shows it."""

    id: int
    tenant: str
    at: datetime
    actor: str
    epoch: str
    title: str
    stage: str
    campaign: str
    kind: str
    digest: str
    reservation: str
    step: str
    rho: int


def reserve(
    control: Control, policy: Policy, epoch: Epoch, spending: LedgerSpending, *, at: datetime
) -> Reservation:
    """Take the price out of every budget it belongs to, or out of none: a `BudgetError`."""
    if spending.rho < 0:
        raise InputError(f"A spending is at least 0 nano-rho, not {spending.rho}.")
    with _spending_more(control) as connection:
        budgets = _budgets(connection, policy, epoch, spending)
        for budget in budgets:
            _take(connection, budget, spending, epoch)
        reservation = Reservation(secrets.token_hex(16), spending, budgets, budgets[-1].epoch)
        _write(connection, reservation, "reserve", spending.rho, at=at)
    return reservation


def settle(connection: Connection, reservation: Reservation, *, at: datetime) -> None:
    """Close a reservation as spent, in the transaction that stores its answer.

    An error when it was closed before: then its answer must not be given.
    """
    try:
        _write(connection, reservation, "settle", 0, at=at)
    except IntegrityError:
        raise ConflictError(code="reservation_closed") from None


def cancel(control: Control, reservation: Reservation, *, at: datetime) -> bool:
    """Give a reservation back, of which nothing was released; False when it was closed before."""
    try:
        with control.with_house().begin() as connection:
            _write(connection, reservation, "cancel", -reservation.spending.rho, at=at)
            for budget in reservation.budgets:
                connection.execute(
                    update(BudgetRow)
                    .where(_is(budget))
                    .values(spent=BudgetRow.spent - reservation.spending.rho)
                )
    except IntegrityError:
        return False
    return True


def set_aside(
    control: Control,
    policy: Policy,
    epoch: Epoch,
    spending: LedgerSpending,
    *,
    at: datetime,
) -> None:
    """Take a campaign's readouts out of its title's budget, into one that nothing else can spend.

    Twice is once: a campaign that has its share keeps it.
    """
    if not spending.campaign or spending.kind != ALLOT:
        raise InputError("What is set aside is for a campaign.")
    with _spending_more(control) as connection:
        own = Budget(spending.tenant, epoch.name, "campaign", spending.campaign, spending.rho)
        if _open_budget(connection, own) is not None:
            return
        budgets = _shared_budgets(policy, epoch, spending)
        for budget in budgets:
            _take(connection, budget, spending, epoch)
        _make(connection, own)
        reservation = Reservation(secrets.token_hex(16), spending, budgets, epoch.name)
        _write(connection, reservation, "reserve", spending.rho, at=at)
        _write(connection, reservation, "settle", 0, at=at)


def left(
    control: Control, policy: Policy, epoch: Epoch, spending: LedgerSpending
) -> tuple[BudgetLeft, ...]:
    """What is left of each budget that a spending would be taken from; that of all is not shown.

    How much all tenants together have spent would tell one of them what the others do.
    """
    with control.with_house().connect() as connection:
        budgets = _budgets(connection, policy, epoch, spending)
        shown = []
        for budget in budgets:
            row = connection.execute(
                select(BudgetRow.cap, BudgetRow.spent).where(_is(budget))
            ).first()
            spent = 0 if row is None else row.spent
            cap = budget.cap if budget.cap is not None else (0 if row is None else row.cap)
            shown.append(BudgetLeft(budget.scope, budget.name, max(cap, spent), spent))
    return tuple(b for b in shown if b.scope != "together")


def affordable(control: Control, policy: Policy, epoch: Epoch, spending: LedgerSpending) -> bool:
    """Whether all budgets, that of all tenants together too, would take a spending now."""
    with control.with_house().connect() as connection:
        for budget in _budgets(connection, policy, epoch, spending):
            row = connection.execute(
                select(BudgetRow.cap, BudgetRow.spent).where(_is(budget))
            ).first()
            spent = 0 if row is None else row.spent
            cap = budget.cap if budget.cap is not None else (0 if row is None else row.cap)
            if spent + spending.rho > cap:
                return False
    return True


def entries(
    control: Control, *, tenant: str | None = None, epoch: str | None = None, most: int = 100_000
) -> tuple[LedgerEntry, ...]:
    """The rows of the ledger, the oldest first: of one tenant or all, of an epoch or since ever."""
    query = select(LedgerRow).order_by(LedgerRow.id).limit(most)
    if tenant is not None:
        query = query.where(LedgerRow.tenant == tenant)
    if epoch is not None:
        query = query.where(LedgerRow.epoch == epoch)
    names = LedgerEntry.__dataclass_fields__
    with control.session() as session:
        return tuple(
            LedgerEntry(**{name: getattr(row, name) for name in names})
            for row in session.scalars(query)
        )


def budgets(
    control: Control, *, tenant: str | None = None
) -> tuple[tuple[str, str, BudgetLeft], ...]:
    """Every budget that was ever touched: tenant, epoch, and what is left of it."""
    query = select(BudgetRow).order_by(
        BudgetRow.epoch, BudgetRow.tenant, BudgetRow.scope, BudgetRow.name
    )
    if tenant is not None:
        query = query.where(BudgetRow.tenant == tenant)
    with control.session() as session:
        return tuple(
            (row.tenant, row.epoch, BudgetLeft(row.scope, row.name, row.cap, row.spent))
            for row in session.scalars(query)
        )


def spent(control: Control, *, tenant: str | None = None, epoch: str | None = None) -> int:
    """The sum of the ledger in nano-rho: of one tenant or all, of an epoch or since ever.

    What a campaign sets aside counts when it is set aside, and its readouts not again.
    """
    once = or_(LedgerRow.campaign == "", LedgerRow.kind == ALLOT)
    query = select(func.coalesce(func.sum(LedgerRow.rho), 0)).where(once)
    if tenant is not None:
        query = query.where(LedgerRow.tenant == tenant)
    if epoch is not None:
        query = query.where(LedgerRow.epoch == epoch)
    with control.connect() as connection:
        return int(connection.scalar(query) or 0)


def disagreements(control: Control) -> tuple[str, ...]:
    """Budgets whose spent sum is not what the ledger's rows add up to; none in a sound house."""
    sums: dict[tuple[str, str, str, str], int] = {}
    for entry in entries(control):
        for key in _keys_of(entry):
            sums[key] = sums.get(key, 0) + entry.rho
    wrong = []
    for tenant, epoch, budget in budgets(control):
        key = (tenant, epoch, budget.scope, budget.name)
        if sums.pop(key, 0) != budget.spent:
            wrong.append(" ".join(key).strip())
    return (*wrong, *(" ".join(key).strip() for key, rho in sums.items() if rho))


def _keys_of(entry: LedgerEntry) -> Sequence[tuple[str, str, str, str]]:
    if entry.campaign and entry.kind != ALLOT:
        return [(entry.tenant, entry.epoch, "campaign", entry.campaign)]
    return [
        (tenant, entry.epoch, scope, name)
        for tenant, scope, name in _scopes(entry.tenant, entry.title, entry.stage)
    ]


def give_back_stale(control: Control, *, now: datetime) -> int:
    """Cancel reservations that a process left open when it died; how many.

    Safe at any time: one that is settled meanwhile stays settled, and one that was cancelled can
    no longer be settled, so that its answer is never given.
    """
    closed = select(LedgerRow.reservation).where(LedgerRow.closes)
    query = select(LedgerRow).where(and_(~LedgerRow.closes, LedgerRow.reservation.not_in(closed)))
    with control.session() as session:
        rows = [r for r in session.scalars(query) if _utc(r.at, now) < now - STALE_AFTER]
        stale = [_reopened(row) for row in rows]
    return sum(cancel(control, reservation, at=now) for reservation in stale)


def _utc(at: datetime, now: datetime) -> datetime:
    return at.replace(tzinfo=now.tzinfo) if at.tzinfo is None else at


def _reopened(row: LedgerRow) -> Reservation:
    spending = LedgerSpending(
        row.tenant, row.kind, row.digest, row.rho, row.title, row.stage, row.campaign, row.actor
    )
    keys = _keys_of(LedgerEntry(**{n: getattr(row, n) for n in LedgerEntry.__dataclass_fields__}))
    taken = tuple(Budget(*key, cap=None) for key in keys)
    return Reservation(row.reservation, spending, taken, row.epoch)


def _scopes(tenant: str, title: str, stage: str) -> Iterator[tuple[str, str, str]]:
    # Always in this order, so that two requests never wait for each other.
    yield HOUSE, "together", ""
    if tenant == HOUSE:
        return
    yield tenant, "tenant", ""
    if title:
        yield tenant, "title", title
        if stage:
            yield tenant, "stage", f"{title}/{stage}"


def _shared_budgets(policy: Policy, epoch: Epoch, spending: LedgerSpending) -> tuple[Budget, ...]:
    def cap(scope: str) -> int:
        return policy.stage_cap(spending.stage) if scope == "stage" else policy.cap(scope)

    return tuple(
        Budget(tenant, epoch.name, scope, name, cap(scope))
        for tenant, scope, name in _scopes(spending.tenant, spending.title, spending.stage)
    )


def _budgets(
    connection: Connection, policy: Policy, epoch: Epoch, spending: LedgerSpending
) -> tuple[Budget, ...]:
    if not spending.campaign:
        return _shared_budgets(policy, epoch, spending)
    own = Budget(spending.tenant, epoch.name, "campaign", spending.campaign, None)
    known = _open_budget(connection, own)
    if known is None:
        raise BudgetError(code="campaign_without_budget", campaign=spending.campaign)
    return (known,)


def _open_budget(connection: Connection, budget: Budget) -> Budget | None:
    """A campaign's own budget, of whichever epoch it was set aside in."""
    epoch = connection.scalar(
        select(BudgetRow.epoch)
        .where(BudgetRow.tenant == budget.tenant)
        .where(BudgetRow.scope == budget.scope)
        .where(BudgetRow.name == budget.name)
    )
    if epoch is None:
        return None
    return Budget(budget.tenant, epoch, budget.scope, budget.name, None)


def _take(connection: Connection, budget: Budget, spending: LedgerSpending, epoch: Epoch) -> None:
    if budget.cap is not None:
        _make(connection, budget)
    cap = BudgetRow.cap if budget.cap is None else budget.cap
    taken = connection.execute(
        update(BudgetRow)
        .where(_is(budget))
        .where(BudgetRow.spent + spending.rho <= cap)
        .values(spent=BudgetRow.spent + spending.rho, cap=cap)
    )
    if taken.rowcount == 1:
        return
    known = connection.execute(select(BudgetRow.cap, BudgetRow.spent).where(_is(budget))).one()
    raise _used_up(budget, (budget.cap or known.cap) - known.spent, spending, epoch)


def _used_up(budget: Budget, rest: int, spending: LedgerSpending, epoch: Epoch) -> BudgetError:
    if budget.scope == "together":
        # What all tenants together have left would tell one of them what the others do.
        return BudgetError(
            code="budget_together_used_up", scope="together", left=None, ends=epoch.last
        )
    return BudgetError(
        code="budget_used_up" if rest > 0 else "budget_used_up_whole",
        scope=budget.scope,
        of=budget.name,
        price=spending.rho,
        left=max(rest, 0),
        costs=_rho(spending.rho),
        has=_rho(rest),
        coarser=ceil(half_width(rest)) + 1 if rest > 0 else None,
        ends=epoch.last,
    )


def _rho(nano: int) -> str:
    """Nano-rho as the decimal number that it is: a float would be rounded."""
    return f"{Decimal(nano) / NANO:f}"


def _make(connection: Connection, budget: Budget) -> None:
    dialect = {"sqlite": sqlite, "postgresql": postgresql}[connection.dialect.name]
    connection.execute(
        dialect.insert(BudgetRow)
        .values(
            tenant=budget.tenant,
            epoch=budget.epoch,
            scope=budget.scope,
            name=budget.name,
            cap=budget.cap,
            spent=0,
        )
        .on_conflict_do_nothing()
    )


def _is(budget: Budget) -> ColumnElement[bool]:
    return and_(
        BudgetRow.tenant == budget.tenant,
        BudgetRow.epoch == budget.epoch,
        BudgetRow.scope == budget.scope,
        BudgetRow.name == budget.name,
    )


def _write(
    connection: Connection, reservation: Reservation, step: str, rho: int, *, at: datetime
) -> None:
    spending = reservation.spending
    row: Mapping[str, object] = {
        "tenant": spending.tenant,
        "at": at,
        "actor": spending.actor,
        "epoch": reservation.epoch,
        "title": spending.title,
        "stage": spending.stage,
        "campaign": spending.campaign,
        "kind": spending.kind,
        "digest": spending.digest,
        "reservation": reservation.id,
        "step": step,
        "closes": step != "reserve",
        "rho": rho,
    }
    connection.execute(insert(LedgerRow).values(**row))


@contextmanager
def _spending_more(control: Control) -> Iterator[Connection]:
    """A transaction that begins as a writer: on SQLite one that read first could not go on."""
    with control.with_house().begin() as connection:
        if connection.dialect.name == "sqlite":
            connection.execute(
                update(BudgetRow).where(BudgetRow.tenant == "").values(spent=BudgetRow.spent)
            )
        yield connection
