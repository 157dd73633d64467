"""What one use works with: a workspace's tables, engine and settings, a day, and for whom."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Engine as Database

from fullhouse.audiences import Cache
from fullhouse.core.progress import Progress, silent
from fullhouse.core.settings import Settings
from fullhouse.engine import Engine
from fullhouse.lake import Lake, Place
from fullhouse.workspace.workspace import Workspace, init_workspace, open_workspace

HOUSE = "house"
"""The tenant that the house itself is."""


def utc_now() -> datetime:
    """The clock of the edge; nothing below it reads one."""
    return datetime.now(UTC)


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
        """The tables."""
        return self.workspace.lake

    @property
    def engine(self) -> Engine:
        """The engine that the settings name."""
        return self.workspace.engine

    @property
    def control(self) -> Database:
        """The control database."""
        return self.workspace.control

    @property
    def key(self) -> bytes:
        """The secret under which identifiers are hashed and chance decides."""
        return self.workspace.key

    @property
    def bitmaps(self) -> Cache:
        """Traits that were read before, so that counting them again is fast."""
        return self.workspace.bitmaps

    @contextmanager
    def leased(self) -> Iterator["Context"]:
        """This context with an engine lease and pinned table versions of its own."""
        yield self

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
