"""Who asks, and whether they may: what all requests of one server pass first."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from starlette.requests import Request

from fullhouse.access.keys import principal_of_key
from fullhouse.access.principal import Principal
from fullhouse.access.sessions import LOOKED_EVERY, note_look
from fullhouse.api.guard import Metrics
from fullhouse.api.limits import Buckets, Limits, Slots
from fullhouse.api.problems import ProblemError
from fullhouse.api.row import Row
from fullhouse.core.values import HOUSE, SLUG
from fullhouse.workspace.context import Context

AS = "Fullhouse-As"
"""The header in which one of the house says for which tenant it acts."""


@dataclass
class Door:
    """What all requests of one server share."""

    house: Context
    limits: Limits
    metrics: Metrics
    slots: Slots
    tenants: Buckets
    keys: Buckets
    strangers: Buckets
    is_ready: bool = False
    looked: dict[tuple[str, str], datetime] = field(default_factory=dict)
    """When one of the house was last seen to look at a tenant's objects."""
    stopping: list[Callable[[], None]] = field(default_factory=list)

    async def principal(self, request: Request) -> Principal:
        """Who asks, by the key that was sent; an error where it opens nothing, or asks too fast."""
        address = request.client.host if request.client else ""
        if self.strangers.is_empty(address):
            self.strangers.check(address)
        scheme, _, sent = request.headers.get("authorization", "").partition(" ")
        text, house = sent.strip(), self.house
        principal = None
        if scheme.lower() == "bearer":
            principal = await self.slots.run(
                "", lambda: principal_of_key(house.control, text, house.now)
            )
        if principal is None:
            self.strangers.take(address)
            raise ProblemError(
                401, "unauthorized", "Send a key that is good still: Authorization: Bearer fh_…",
                {"WWW-Authenticate": 'Bearer realm="fullhouse"'},
            )  # fmt: skip
        request.scope["fullhouse.tenant"] = principal.tenant
        self.tenants.check(principal.tenant)
        self.keys.check(f"{principal.tenant}/{text[:16]}")
        return principal

    def context(self, row: Row, principal: Principal, request: Request) -> Context:
        """The context in which a row's use case works for whoever asks: the only place of it.

        A tenant's user gets its own tenant, and nothing that is the house's alone.
        """
        whose = self._whose(row, principal, request.headers.get(AS))
        verb = row.house_may if principal.is_house and row.house_may else row.may
        if not principal.may(verb, whose):
            raise ProblemError(
                403, "forbidden", f"As {principal.role}, and with this key, you may not {verb}."
            )
        if whose == principal.tenant:
            return principal.context(self.house)
        return principal.context(self.house, tenant=whose)

    def note_look(self, principal: Principal, tenant: str) -> None:
        """Write into a tenant's log that one of the house looks at its objects; once an hour."""
        now, who = self.house.now, (principal.user, tenant)
        if now - self.looked.get(who, now - LOOKED_EVERY) >= LOOKED_EVERY:
            note_look(self.house, principal, tenant)
            self.looked[who] = now

    def _whose(self, row: Row, principal: Principal, named: str | None) -> str:
        if not principal.is_house:
            if row.who == "house":
                raise ProblemError(
                    403, "house_only",
                    "This is for the house alone. A tenant asks through the clean room.",
                )  # fmt: skip
            if named is not None:
                raise ProblemError(403, "forbidden", f"{AS} is for the house alone.")
            return principal.tenant
        if named is not None and row.who != "house":
            if named == HOUSE or not SLUG.fullmatch(named):
                raise ProblemError(422, "not_valid", f"{AS} names a tenant.")
            return named
        if row.who == "tenant":
            raise ProblemError(
                403, "tenant_only", f"This is for a tenant: say which with the header {AS}."
            )
        return HOUSE
