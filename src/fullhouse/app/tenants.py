"""The house's side of the clean room: tenants, their titles and users, the policy, the ledger."""

from collections.abc import Mapping
from dataclasses import dataclass

from fullhouse import control
from fullhouse.app.use_case import use_case
from fullhouse.cleanroom import ledger, log, tenants
from fullhouse.cleanroom.ledger import LedgerEntry
from fullhouse.cleanroom.policy import HOUSE_FILE, PolicyFacts, explain, load, template
from fullhouse.cleanroom.release import BudgetLeft
from fullhouse.cleanroom.tenants import Tenant, Title
from fullhouse.control.control import Control
from fullhouse.core.brief import Brief
from fullhouse.core.errors import InputError
from fullhouse.core.request import request
from fullhouse.core.tabular import Listing
from fullhouse.core.values import HOUSE, check_rows
from fullhouse.films import identity
from fullhouse.workspace.context import Context


@request
class AddTenant:
    """A studio under a name that is its for ever, and how it is written."""

    name: str
    label: str = ""


@request
class ListTenants:
    """Every tenant."""


@request
class SuspendTenant:
    """A tenant that shall ask nothing any more; with `resume`, one that may again."""

    name: str
    resume: bool = False


@request
class AddTitle:
    """A film that a tenant works on; of a secret one no other tenant learns that it exists."""

    tenant: str
    film: str
    secret: bool = False


@request
class CheckPolicy:
    """The policy that holds today; with `write`, a new one for the house where there is none."""

    write: bool = False


@request
class ShowLedger:
    """The ledger of one tenant or of all, of one epoch or since ever; the newest `rows` of it."""

    tenant: str | None = None
    epoch: str | None = None
    rows: int = 50

    def __post_init__(self) -> None:
        check_rows(self.rows)


@dataclass(frozen=True)
class BudgetState:
    """A budget: whose, of which epoch, and what is left of it."""

    tenant: str
    epoch: str
    budget: BudgetLeft


@dataclass(frozen=True)
class LedgerStatement(Brief):
    """What was spent in nano-rho, by whom and on what; `disagreements` is empty in a sound house.

    `spent` is since ever: a new epoch is no new person.
    """

    budgets: tuple[BudgetState, ...]
    entries: tuple[LedgerEntry, ...]
    spent: int
    by_tenant: Mapping[str, int]
    given_back: int
    disagreements: tuple[str, ...]


@use_case
def tenant_add(context: Context, request: AddTenant) -> Tenant:
    """Admit a studio. Until it has a title and a user it can ask nothing."""
    control.check_writable(context.control)
    with context.control.together() as one:
        tenant = tenants.add_tenant(one, request.name, request.label)
        _record(one, context, "tenant.add", tenant=tenant.tenant)
    return tenant


@use_case
def tenant_list(context: Context, _: ListTenants | None = None) -> Listing[Tenant]:
    """Every tenant with its titles and users."""
    return Listing(tenants.tenants(context.control))


@use_case
def tenant_suspend(context: Context, request: SuspendTenant) -> Tenant:
    """Let a tenant ask nothing any more, or again; what it spent and was given stays."""
    control.check_writable(context.control)
    action = "tenant.resume" if request.resume else "tenant.suspend"
    with context.control.together() as one:
        tenant = tenants.suspend_tenant(one, request.name, resume=request.resume)
        _record(one, context, action, tenant=tenant.tenant)
    return tenant


@use_case
def tenant_title(context: Context, request: AddTitle) -> Title:
    """Give a tenant a title to work on: a film of the house."""
    control.check_writable(context.control)
    film = identity.find(identity.links(context.control), request.film)
    with context.control.together() as one:
        title = tenants.add_title(one, request.tenant, film, secret=request.secret)
        _record(one, context, "tenant.title", tenant=title.tenant, film=title.film)
    return title


@use_case
def policy_check(context: Context, request: CheckPolicy | None = None) -> PolicyFacts:
    """What the policy allows, at what price, and how wide answers will be."""
    if request is not None and request.write:
        if not context.place.write(HOUSE_FILE, template().encode(), overwrite=False):
            raise InputError(f"There is a policy already: {HOUSE_FILE} in the workspace.")
        _record(context.control, context, "policy.write", file=HOUSE_FILE)
    return explain(load(context.place), on=context.today)


@use_case
def ledger_show(context: Context, request: ShowLedger | None = None) -> LedgerStatement:
    """The ledger; what processes left open when they died is given back first."""
    wanted = request or ShowLedger()
    given_back = ledger.give_back_stale(context.control, now=context.now)
    if wanted.tenant not in (None, HOUSE):
        tenants.find_tenant(context.control, str(wanted.tenant))
    rows = ledger.entries(context.control, tenant=wanted.tenant, epoch=wanted.epoch)
    states = ledger.budgets(context.control, tenant=wanted.tenant)
    names = sorted({entry.tenant for entry in rows})
    return LedgerStatement(
        tuple(BudgetState(*s) for s in states if wanted.epoch in (None, s[1])),
        rows[-wanted.rows :] if wanted.rows else (),
        ledger.spent(context.control, tenant=wanted.tenant, epoch=wanted.epoch),
        {n: ledger.spent(context.control, tenant=n, epoch=wanted.epoch) for n in names},
        given_back,
        ledger.disagreements(context.control),
    )


def _record(one: Control, context: Context, action: str, **detail: str) -> None:
    """In the house's audit log, and in the transparency log of the tenant it is about."""
    control.record(one, action, dict(detail))
    about = detail.get("tenant", HOUSE)
    leaf = log.LogLeaf(about, action, context.actor, context.now, dict(detail))
    with one.begin() as connection:
        log.append(connection, leaf)
