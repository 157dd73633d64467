"""What a process holds in memory for the next one who asks, up to a bound, for all its threads."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import contextmanager
from threading import Lock, RLock
from typing import Generic, TypeVar

V = TypeVar("V")

MOST_BYTES = 1 << 30
"""Eight dense traits of a billion people."""

REQUESTED = 100_000
"""Keys that are remembered as asked for before."""


class Cache(Generic[V]):
    """Values by key, up to a number of bytes; the one used longest ago goes first.

    Any number of threads may use it at once.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.most_bytes = most_bytes
        self._bytes = 0
        self._values: OrderedDict[Hashable, tuple[V, int]] = OrderedDict()
        self._requested: OrderedDict[Hashable, None] = OrderedDict()
        self._lock = Lock()
        self._locks = KeyedLocks()

    @property
    def bytes_held(self) -> int:
        """What the values here weigh together."""
        return self._bytes

    def requested(self, keys: Iterable[Hashable]) -> bool:
        """Whether all these keys were asked for before; from now on they were."""
        now = set(keys)
        with self._lock:
            before = all(key in self._requested for key in now)
            for key in now:
                self._requested[key] = None
                self._requested.move_to_end(key)
            while len(self._requested) > REQUESTED:
                self._requested.popitem(last=False)
        return before

    def get(self, key: Hashable) -> V | None:
        """The value under a key, when it is here."""
        with self._lock:
            entry = self._values.get(key)
            if entry is None:
                return None
            self._values.move_to_end(key)
            return entry[0]

    def put(self, key: Hashable, value: V, size: int) -> None:
        """Hold a value of so many bytes; what is larger than the whole cache is not held."""
        with self._lock:
            if key in self._values or size > self.most_bytes:
                return
            self._values[key] = (value, size)
            self._bytes += size
            while self._bytes > self.most_bytes:
                _, (_, freed) = self._values.popitem(last=False)
                self._bytes -= freed

    def compute(self, key: Hashable, make: Callable[[], V], size: Callable[[V], int]) -> V:
        """The value under a key, made when it is not here: by one thread, while others wait."""
        value = self.get(key)
        if value is not None:
            return value
        with self._locks.holding(key):
            value = self.get(key)
            if value is None:
                value = make()
                self.put(key, value, size(value))
            return value


class KeyedLocks:
    """A lock for each key while somebody holds or wants it; a thread may take its own again."""

    def __init__(self) -> None:
        self._locks: dict[Hashable, tuple[RLock, int]] = {}
        self._lock = Lock()

    @contextmanager
    def holding(self, key: Hashable) -> Iterator[None]:
        """Be the only thread that holds a key."""
        with self._lock:
            lock, wanted = self._locks.get(key, (RLock(), 0))
            self._locks[key] = (lock, wanted + 1)
        try:
            with lock:
                yield
        finally:
            with self._lock:
                lock, wanted = self._locks.pop(key)
                if wanted > 1:
                    self._locks[key] = (lock, wanted - 1)
