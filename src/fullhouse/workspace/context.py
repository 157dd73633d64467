"""What one use works with: a workspace's tables, engine and settings, a day, and for whom."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from fullhouse.core.cache import Cache
from fullhouse.core.errors import InputError
from fullhouse.core.progress import Progress, silent
from fullhouse.core.settings import Settings
from fullhouse.core.values import HOUSE, utc_now
from fullhouse.lake import Lake, Place
from fullhouse.workspace.workspace import Lease, Workspace, init_workspace, open_workspace

if TYPE_CHECKING:
    from fullhouse.control import Control
    from fullhouse.engine import Engine


@dataclass(frozen=True)
class Context:
    """A workspace in one use: who asks, for which tenant, and what day it is in the market."""

    workspace: Workspace
    clock: Callable[[], datetime] = utc_now
    actor: str = "operator"
    tenant: str = HOUSE
    progress: Progress = silent
    day: date | None = None
    """The day that counts as today; without it, the market's day by the clock."""
    lease: Lease | None = field(default=None, repr=False, compare=False)
    """What a use case has for itself; without one, every look is at the newest versions."""
    scopes: frozenset[str] | None = None
    """The verbs that a key or session is good for; None where there is neither, as in a shell."""

    @property
    def now(self) -> datetime:
        """The time, UTC: for what is recorded, never for what is computed."""
        return self.clock()

    @property
    def today(self) -> date:
        """The day in the market's time zone, or the one that was set."""
        if self.day is not None:
            return self.day
        return self.clock().astimezone(ZoneInfo(self.settings.time_zone)).date()

    def day_asked(self, as_of: date | None) -> date:
        """The day that is asked about, today where none is given; an error for one to come."""
        if as_of is not None and as_of > self.today:
            raise InputError(code="day_ahead", as_of=as_of, today=self.today)
        return as_of or self.today

    @property
    def settings(self) -> Settings:
        """What the operator chose."""
        return self.workspace.settings

    @property
    def place(self) -> Place:
        """Where the workspace is."""
        return self.workspace.place

    @property
    def environment(self) -> Mapping[str, str]:
        """The environment's variables, as they were given at the edge."""
        return self.workspace.environment

    @property
    def lake(self) -> Lake:
        """The tables; in a use case, each at the version of its first look."""
        return self.workspace.lake if self.lease is None else self.lease.lake

    @property
    def engine(self) -> "Engine":
        """The engine that the settings name; in a use case, a lease of its own."""
        return self.workspace.engine if self.lease is None else self.lease.engine

    @property
    def control(self) -> "Control":
        """The control database as the tenant sees it."""
        shared = self.workspace.control
        return replace(shared, tenant=self.tenant, actor=self.actor, clock=self.clock)

    @property
    def key(self) -> bytes:
        """The secret under which identifiers are hashed and chance decides."""
        return self.workspace.key

    @property
    def bitmaps(self) -> Cache[Any]:
        """Traits that were read before, so that counting them again is fast."""
        return self.workspace.bitmaps

    @property
    def models(self) -> Cache[Any]:
        """Models that were loaded or learned before."""
        return self.workspace.models

    @contextmanager
    def leased(self) -> Iterator["Context"]:
        """This context with an engine lease, table versions and a day of its own.

        The engine opens when it is first used, the versions are fixed at the first look at a
        table, and the day is today as it is now. Within a use case, it is the same context: a use
        case that another one calls reads what its caller reads.
        """
        if self.lease is not None:
            yield self
            return
        # Nothing is done in a house whose parts do not belong together, or that lost commits.
        _ = self.workspace.house
        lease = self.workspace.lease()
        try:
            yield replace(self, lease=lease, day=self.today)
        finally:
            lease.close()

    def __str__(self) -> str:
        return f"Fullhouse workspace {self.place.root}"

    def close(self) -> None:
        """Close the workspace."""
        self.workspace.close()

    def __enter__(self) -> "Context":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_house(
    where: str = ".",
    *,
    environment: Mapping[str, str] = os.environ,
    today: date | None = None,
    actor: str = "operator",
) -> Context:
    """The workspace in a folder or at an object-store URL, as the house itself works on it."""
    return Context(open_workspace(where, environment=environment), actor=actor, day=today)


def init_house(
    where: str, *, simulated: bool = False, environment: Mapping[str, str] = os.environ
) -> Context:
    """Make a workspace in a folder or at an object-store URL; an error when one stands there."""
    return Context(init_workspace(where, simulated=simulated, environment=environment))
