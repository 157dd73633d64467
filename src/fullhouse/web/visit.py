"""A visit: who asks for which page, in which language, with which form; and what a page gives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import QueryParams
from starlette.requests import Request

from fullhouse.access.principal import Principal
from fullhouse.cleanroom.roles import PARTNER_ROLES
from fullhouse.core.values import HOUSE
from fullhouse.workspace.context import Context


class NotHereError(Exception):
    """There is no such page, or it is not for whoever asks: both look the same."""


class SignInError(Exception):
    """The page needs somebody who is signed in."""


@dataclass(frozen=True)
class Visit:
    """One request for a page.

    `csrf` stands in every form and is checked before a page's function is called with a form.
    """

    request: Request
    house: Context
    principal: Principal | None
    csrf: str
    language: str
    theme: str
    form: Mapping[str, str] = field(default_factory=dict)

    @property
    def query(self) -> QueryParams:
        """What stands behind the question mark of the address."""
        return self.request.query_params

    @property
    def path(self) -> str:
        """The address without what stands behind its question mark."""
        return str(self.request.scope["path"])

    @property
    def who(self) -> Principal:
        """Who is signed in."""
        if self.principal is None:
            raise SignInError
        return self.principal

    @property
    def studio(self) -> Context:
        """The context of a tenant's user, who sees its own tenant only."""
        if self.who.tenant == HOUSE or self.is_partner:
            raise NotHereError
        return self.who.context(self.house)

    @property
    def is_partner(self) -> bool:
        """Whether a channel's or an exhibitor's user is signed in."""
        return self.principal is not None and self.principal.role in PARTNER_ROLES

    @property
    def partner(self) -> Context:
        """The context of a partner's user, who sees what the partner was handed."""
        if not self.is_partner:
            raise NotHereError
        return self.who.context(self.house)

    @property
    def console(self) -> Context:
        """The context of one of the house."""
        if self.who.tenant != HOUSE:
            raise NotHereError
        return self.who.context(self.house)

    def may(self, verb: str) -> bool:
        """Whether who is signed in may do something to what is their own."""
        return self.who.may(verb, self.who.tenant)

    def part(self, name: str) -> str:
        """A part of the address."""
        return str(self.request.path_params[name])

    def typed(self, name: str, default: str = "") -> str:
        """A field of the form, or else of the address."""
        return self.form.get(name, self.query.get(name, default)).strip()


@dataclass(frozen=True)
class Page:
    """What a page shows: a template and its facts; `data` is its JSON, `rows` its CSV.

    `tables` are those of its other tables by name: `?table=NAME` behind the address of the CSV.
    `active` is the entry of the navigation that it belongs to. A page without data has no JSON.
    """

    template: str
    title: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    data: Any = None
    rows: Sequence[Mapping[str, Any]] | None = None
    active: str = ""
    status: int = 200
    tables: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
