"""How much one may ask at a time: token buckets, and a bounded number of threads that work.

No tenant can take the whole server: each has its own bucket and its own share of the threads, so
that how long a request takes tells as little as can be of what others do.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from math import ceil
from time import monotonic
from typing import TypeVar

from anyio import CapacityLimiter, to_thread

from fullhouse.api.problems import ProblemError

T = TypeVar("T")
MOST_BUCKETS = 10_000


@dataclass(frozen=True)
class Limits:
    """What the server takes on.

    Rates are requests a second, with bursts of so many seconds of them; `refused` counts requests
    without a good key, of one address. Bytes are of a body: of JSON, and of a file.
    """

    tenant_rate: float = 200.0
    key_rate: float = 100.0
    refused_rate: float = 1.0
    burst_seconds: float = 5.0
    threads: int = 8
    waiting: int = 256
    share: float = 0.75
    body_bytes: int = 1 << 20
    file_bytes: int = 1 << 30
    page: int = 100
    most_page: int = 1_000


@dataclass
class Buckets:
    """Token buckets by name, each filled at one rate."""

    rate: float
    burst: float
    clock: Callable[[], float] = monotonic
    _levels: dict[str, tuple[float, float]] = field(default_factory=dict)

    def take(self, name: str) -> float:
        """Take a token: 0, or in how many seconds there will be one."""
        now = self.clock()
        level, at = self._levels.get(name, (self.burst, now))
        level = min(self.burst, level + (now - at) * self.rate)
        if level < 1:
            self._levels[name] = (level, now)
            return (1 - level) / self.rate
        self._levels[name] = (level - 1, now)
        if len(self._levels) > MOST_BUCKETS:
            self._forget(now)
        return 0.0

    def check(self, name: str) -> None:
        """Take a token, or an error that says when there will be one."""
        wait = self.take(name)
        if wait:
            raise ProblemError(
                429, "rate_limit", "You ask faster than agreed. Wait a little.",
                {"Retry-After": str(max(ceil(wait), 1))},
            )  # fmt: skip

    def is_empty(self, name: str) -> bool:
        """Whether there is no token, without taking one."""
        level, at = self._levels.get(name, (self.burst, 0.0))
        return min(self.burst, level + (self.clock() - at) * self.rate) < 1

    def _forget(self, now: float) -> None:
        full = self.burst / self.rate
        self._levels = {n: v for n, v in self._levels.items() if now - v[1] < full}


class Slots:
    """The threads that work, and who waits for them."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._all = CapacityLimiter(limits.threads)
        self._own: dict[str, CapacityLimiter] = {}
        self._inside: dict[str, int] = {}

    @property
    def inside(self) -> int:
        """How many work or wait."""
        return sum(self._inside.values())

    async def run(self, tenant: str, work: Callable[[], T]) -> T:
        """What a function gives, run in a thread; an error where too many wait already."""
        async with self._held(tenant):
            return await to_thread.run_sync(work, limiter=self._all)

    @asynccontextmanager
    async def _held(self, tenant: str) -> AsyncIterator[None]:
        most = self._limits.threads + self._limits.waiting
        own = self._inside.get(tenant, 0)
        if self.inside >= most or own >= ceil(most * self._limits.share):
            raise ProblemError(
                503, "busy", "The house is busy. Try again in a moment.", {"Retry-After": "1"}
            )
        self._inside[tenant] = own + 1
        try:
            async with self._limiter(tenant):
                yield
        finally:
            self._inside[tenant] -= 1
            if not self._inside[tenant]:
                del self._inside[tenant]
                self._own.pop(tenant, None)

    def _limiter(self, tenant: str) -> CapacityLimiter:
        if tenant not in self._own:
            share = ceil(self._limits.threads * self._limits.share)
            self._own[tenant] = CapacityLimiter(share)
        return self._own[tenant]
