"""Who may do what, as frozen data: a role of the house, of a tenant, or of a partner."""

from collections.abc import Mapping
from dataclasses import dataclass

from fullhouse.cleanroom.release import ForTenants
from fullhouse.core.values import HOUSE

HOUSE_ROLES = ("operator", "privacy", "auditor")
TENANT_ROLES = ("owner", "marketer", "viewer")
PARTNER_ROLES = ("channel", "exhibitor")

HOUSE_ACTOR = f"{HOUSE}:"
"""What the name of one of the house begins with where the house acts for a tenant."""

VERBS = (
    "run",  # feeds, people, traits, channels, and every exact number
    "admit",  # tenants, titles, users
    "govern",  # policy, budgets, erasure
    "audit",  # read what was done
    "ask",  # a question that may cost budget
    "read",  # an answer that was released, a ledger, a receipt
    "launch",  # a campaign
    "manage",  # the users of one's own tenant
    "fetch",  # deliveries or packs
    "lookup",  # which audiences an account is in: the house's own ad servers
)

MAY: Mapping[str, frozenset[str]] = {
    "operator": frozenset({"run", "admit", "audit", "ask", "read", "lookup"}),
    "privacy": frozenset({"govern", "audit", "read"}),
    "auditor": frozenset({"audit", "read"}),
    "owner": frozenset({"ask", "read", "launch", "manage", "audit"}),
    "marketer": frozenset({"ask", "read", "launch"}),
    "viewer": frozenset({"read"}),
    "channel": frozenset({"fetch"}),
    "exhibitor": frozenset({"fetch"}),
}


@dataclass(frozen=True)
class User(ForTenants):
    """Somebody with a role: of the house, or of one tenant; one who is suspended may do nothing."""

    name: str
    tenant: str
    role: str
    suspended: bool = False


@dataclass(frozen=True)
class Thing:
    """What a verb is about: an object of a tenant, or of the house."""

    tenant: str


def roles_of(tenant: str) -> tuple[str, ...]:
    """The roles that a user of a tenant, or of the house, can have."""
    return HOUSE_ROLES if tenant == HOUSE else (*TENANT_ROLES, *PARTNER_ROLES)


def may(user: User, verb: str, thing: Thing) -> bool:
    """Whether a user may do something to a thing.

    A tenant's user never may do anything to what is not the tenant's own.
    """
    if user.suspended or verb not in MAY.get(user.role, frozenset()):
        return False
    if user.tenant == HOUSE:
        return user.role in HOUSE_ROLES
    return user.role not in HOUSE_ROLES and user.tenant == thing.tenant
