"""The transparency log: its signed head, its entries, their receipts, and whether it is whole."""

from dataclasses import dataclass

from fullhouse.app.use_case import tenant_case, use_case
from fullhouse.cleanroom import gate, log
from fullhouse.cleanroom.release import ForTenants, Proof
from fullhouse.core.errors import InputError
from fullhouse.core.request import request
from fullhouse.core.values import HOUSE, check_rows
from fullhouse.workspace.context import Context


@request
class ShowHead:
    """The house's signed head, published now; or with `own`, that of the tenant's own log."""

    own: bool = False


@request
class ListLog:
    """The tenant's newest entries."""

    most: int = 20

    def __post_init__(self) -> None:
        check_rows(self.most)


@request
class MakeReceipt:
    """The receipt of an entry of the tenant's log."""

    position: int


@request
class MakeConsistency:
    """The proof that a log of `size` entries begins with the `earlier` ones."""

    earlier: int
    size: int


@dataclass(frozen=True)
class LogEntries(ForTenants):
    """The tenant's own entries, the newest first, and how many all others had by day (UTC)."""

    entries: tuple[log.Logged, ...]
    others: dict[str, int]


@tenant_case
def log_head(context: Context, request: ShowHead | None = None) -> Proof:
    """A signed tree head. The house's is published by it; a tenant gets the newest published."""
    _check(context)
    asked = request or ShowHead()
    if asked.own:
        return Proof(log.head(context.control, _signer(context)))
    if context.tenant == HOUSE:
        return Proof(log.publish(context.control, _signer(context)))
    heads = log.published(context.control)
    if not heads:
        raise InputError("The house has not published a head of its log yet: ask it to.")
    return Proof(heads[-1])


@tenant_case
def log_list(context: Context, request: ListLog | None = None) -> LogEntries:
    """What the log holds of the tenant, and of others how much on each day."""
    _check(context)
    entries = log.entries(context.control, most=(request or ListLog()).most)
    return LogEntries(tuple(entries), log.others_by_day(context.control))


@tenant_case
def log_receipt(context: Context, request: MakeReceipt) -> Proof:
    """What proves an entry of the tenant's to whoever has a head."""
    _check(context)
    return Proof(log.receipt(context.control, _signer(context), request.position))


@tenant_case
def log_consistency(context: Context, request: MakeConsistency) -> Proof:
    """What proves that a log only grew between two heads."""
    _check(context)
    return Proof(log.consistency(context.control, request.earlier, request.size))


@use_case
def log_verify(context: Context) -> tuple[log.Fault, ...]:
    """What does not fit in the logs, computed anew from every entry; the house alone may look."""
    return tuple(log.verify(context.control))


def _check(context: Context) -> None:
    """An error where whoever acts for a tenant is no user of it."""
    if context.tenant != HOUSE:
        gate.check_may(context, "read")


def _signer(context: Context) -> log.Signer:
    house = context.workspace.house
    return log.signer("" if house is None else house.control, context.workspace.log_key)
