"""Who is there: a user of the house, of a tenant or of a partner, as a key or session proved it."""

from dataclasses import dataclass, replace

from fullhouse.cleanroom.roles import HOUSE_ACTOR, MAY, Thing, User, may
from fullhouse.core.values import HOUSE
from fullhouse.workspace.context import Context


@dataclass(frozen=True)
class Principal:
    """A user who proved to be there, and the verbs that the proof is good for.

    `how` is the kind of proof: `key`, `password` or `oidc`. The scopes are never more than what
    the user's role allows at this moment.
    """

    tenant: str
    user: str
    role: str
    scopes: frozenset[str]
    how: str

    @property
    def is_house(self) -> bool:
        """Whether it is one of the house."""
        return self.tenant == HOUSE

    def may(self, verb: str, tenant: str) -> bool:
        """Whether it may do something to what is a tenant's, or the house's."""
        user = User(self.user, self.tenant, self.role)
        return verb in self.scopes and may(user, verb, Thing(tenant))

    def context(self, house: Context, *, tenant: str | None = None) -> Context:
        """A context of the house's as this principal's: it sees its tenant, and acts in its name.

        One of the house may name a tenant to act for; that a tenant's user names another one is
        our bug, whatever was typed.
        """
        whose = tenant or self.tenant
        if whose != self.tenant and not self.is_house:
            raise PermissionError("a tenant's user acts for its own tenant only")
        actor = self.user if whose == self.tenant else f"{HOUSE_ACTOR}{self.user}"
        return replace(house, tenant=whose, actor=actor, scopes=self.scopes)


def scopes_of(role: str, wanted: frozenset[str] | None = None) -> frozenset[str]:
    """The verbs that a role allows, of those that a proof is limited to."""
    allowed = MAY.get(role, frozenset())
    return allowed if wanted is None else allowed & wanted
