"""A workspace: one folder or object-store prefix, with its settings, tables, engine and key."""

import contextlib
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import RLock
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from fullhouse.core import settings as settings_
from fullhouse.core.cache import Cache, KeyedLocks
from fullhouse.core.errors import InputError
from fullhouse.core.settings import Settings
from fullhouse.lake import Lake, OpenTables, Place
from fullhouse.workspace.proof import ProofWitness, prove

if TYPE_CHECKING:
    from fullhouse.control import Control
    from fullhouse.control.house import House
    from fullhouse.engine import Engine

KEY_FILE = "fullhouse.key"
KEY_VARIABLE = "FULLHOUSE_KEY"

LOG_KEY_FILE = "fullhouse-log.key"
LOG_KEY_VARIABLE = "FULLHOUSE_LOG_KEY"

BITMAP_BYTES = 1 << 30
"""Eight dense traits of a billion people."""

MODEL_BYTES = 1 << 29

LEAST_KEY_BYTES = 8
"""A shorter key is a file that was emptied or cut."""

T = TypeVar("T")


class _Shared(Generic[T]):
    """A property that is made once, by whichever thread asks first, while the others wait."""

    def __init__(self, make: Callable[[Any], T]) -> None:
        self._make = make
        self.__doc__ = make.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, workspace: Any, owner: type) -> T:
        with workspace.lock:
            if self._name not in vars(workspace):
                vars(workspace)[self._name] = self._make(workspace)
            value: T = vars(workspace)[self._name]
            return value


@dataclass
class Workspace:
    """What all uses of one process share; any number of threads may use it at once.

    Engine and control database open when first used.
    """

    place: Place
    settings: Settings
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    lock: RLock = field(default_factory=RLock, repr=False, compare=False)
    computing: KeyedLocks = field(default_factory=KeyedLocks, repr=False, compare=False)
    """Held while something is computed that others of this process may ask for, too."""
    audited: int = field(default=0, repr=False, compare=False)
    """The newest audit row that the lake's note knows of, as far as this process knows."""

    @_Shared
    def lake(self) -> Lake:
        """The tables, each look at their newest version."""
        place = self.place.join(self.settings.lake)
        return Lake(place, opened=OpenTables(), witness=ProofWitness(self))

    @_Shared
    def house(self) -> "House | None":
        """The house that lake, control database and key belong to; an error when they do not."""
        house = prove(self)
        self.audited = 0 if house is None else house.audit
        return house

    @_Shared
    def engine(self) -> "Engine":
        """The engine that the settings name; a use takes a lease of it."""
        # Imported here: it takes half a second, and a list of films or runs needs none.
        from fullhouse.engine import DuckDBEngine, SparkEngine

        # Imported here, as is the control database: a command that needs neither is fast.

        if self.settings.engine == "spark":
            return SparkEngine(self.settings.spark)
        return DuckDBEngine(memory_limit=self.settings.memory_limit, threads=self.settings.threads)

    @_Shared
    def control(self) -> "Control":
        """The control database as the house sees it, its schema up to date."""
        from fullhouse.control import open_control

        # A lost database must not be made anew, empty, without a word.
        _ = self.house
        return open_control(self.control_url)

    @property
    def control_url(self) -> str:
        """Where the control database is, as SQLAlchemy writes it."""
        return _control_url(self.place, self.settings)

    @property
    def control_is_open(self) -> bool:
        """Whether this process has opened the control database."""
        return "control" in vars(self)

    @property
    def has_key(self) -> bool:
        """Whether there is a key, good or not."""
        return bool(self.environment.get(KEY_VARIABLE)) or self.place.read(KEY_FILE) is not None

    @_Shared
    def key(self) -> bytes:
        """The secret under which identifiers are hashed and chance decides."""
        text = self.environment.get(KEY_VARIABLE)
        if not text:
            _check_key_file(self.place, KEY_FILE)
        secret = text.encode() if text else self.place.read(KEY_FILE)
        if secret is None:
            raise InputError(
                f"This workspace has no key: {KEY_FILE} is missing and {KEY_VARIABLE} is not set."
                " Without the same key, identifiers no longer match; restore it from a backup."
            )
        key = secret.strip()
        if len(key) < LEAST_KEY_BYTES:
            raise InputError(
                f"The key ({KEY_VARIABLE if text else KEY_FILE}) has {len(key)} bytes and needs at"
                f" least {LEAST_KEY_BYTES}. Without the same key, identifiers no longer match;"
                " restore it from a backup."
            )
        return key

    @_Shared
    def log_key(self) -> bytes:
        """What the house signs its transparency log with; made when it is first asked for."""
        text = self.environment.get(LOG_KEY_VARIABLE)
        if text:
            return text.encode().strip()
        if self.place.read(LOG_KEY_FILE) is None:
            _write_key_file(self.place, LOG_KEY_FILE)
        _check_key_file(self.place, LOG_KEY_FILE)
        return (self.place.read(LOG_KEY_FILE) or b"").strip()

    @_Shared
    def bitmaps(self) -> Cache[Any]:
        """Traits that were read before, so that counting them again is fast."""
        return Cache(BITMAP_BYTES)

    @_Shared
    def models(self) -> Cache[Any]:
        """Models that were loaded or learned before."""
        return Cache(MODEL_BYTES)

    def lease(self) -> "Lease":
        """An engine and pinned table versions for one use; close it afterwards."""
        return Lease(self)

    def close(self) -> None:
        """Close what was opened; what uses leased is closed by them."""
        with self.lock:
            opened = {name: vars(self).pop(name, None) for name in ("engine", "control")}
        if opened["engine"] is not None:
            opened["engine"].close()
        if opened["control"] is not None:
            opened["control"].dispose()

    def __enter__(self) -> "Workspace":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Lease:
    """What one use has for itself: an engine, opened when first used, and pinned tables."""

    def __init__(self, workspace: Workspace) -> None:
        self.lake = workspace.lake.pinned()
        self._workspace = workspace
        self._engine: Engine | None = None
        self._lock = RLock()

    @property
    def engine(self) -> "Engine":
        """An engine of this use's own; what is registered with it goes when the lease closes."""
        with self._lock:
            if self._engine is None:
                self._engine = self._workspace.engine.lease()
            return self._engine

    def close(self) -> None:
        """Give the engine back."""
        with self._lock:
            engine, self._engine = self._engine, None
        if engine is not None:
            engine.close()
        witness = self.lake.witness
        if witness is not None:
            witness.close(self.lake, self.lake.written)


def init_workspace(
    where: str, *, simulated: bool = False, environment: Mapping[str, str] = os.environ
) -> Workspace:
    """Make a workspace in a folder or at an object-store URL; an error when one stands there.

    A `simulated` one takes in feeds of simulated markets only, and its results say so.
    """
    place = Place.of(where)
    if place.read(settings_.FILE) is not None:
        raise InputError(f"{place.root} is a Fullhouse workspace already.")
    toml = settings_.template(**({"simulated": True, "territory": "ZZ"} if simulated else {}))
    loaded = settings_.load(toml, environment)
    _control_url(place, loaded)
    if place.is_local and not any(place.path.glob("*")):
        # Data of people: what libraries write in it under the usual mask others could read.
        with contextlib.suppress(OSError):  # what cannot be written is named below
            place.path.mkdir(parents=True, exist_ok=True)
            place.path.chmod(0o700)
    place.write(settings_.FILE, toml.encode())
    if KEY_VARIABLE not in environment:
        _write_key_file(place, KEY_FILE)
    workspace = Workspace(place, loaded, environment)
    _ = workspace.control
    return workspace


def open_workspace(where: str = ".", *, environment: Mapping[str, str] = os.environ) -> Workspace:
    """The workspace in a folder or at an object-store URL."""
    place = Place.of(where)
    toml = place.read(settings_.FILE)
    if toml is None:
        raise InputError(
            code="no_workspace", place=str(place.root), file=settings_.FILE, where=where
        )
    return Workspace(place, settings_.load(toml.decode(), environment), environment)


def _check_key_file(place: Place, name: str) -> None:
    """Refuse a key that others than its owner may read or change."""
    if not place.is_local or os.name != "posix" or not (place.path / name).is_file():
        return
    mode = (place.path / name).stat().st_mode & 0o777
    if mode & 0o077:
        can = "find out who is who" if name == KEY_FILE else "sign what the house never logged"
        raise InputError(
            f"{place.path / name} may be read or changed by others (mode {mode:03o}), and with"
            f" the key anybody can {can}. Make it its owner's alone:"
            f" chmod 600 {place.path / name}"
        )


def _write_key_file(place: Place, name: str) -> None:
    """Write a new key, from the first byte on its owner's alone; one that is there is made so."""
    secret = secrets.token_hex(32).encode() + b"\n"
    if not place.is_local:
        place.write(name, secret, overwrite=False)
        return
    place.path.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(place.path / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        (place.path / name).chmod(0o600)
        return
    with os.fdopen(handle, "wb") as file:
        file.write(secret)


def _control_url(place: Place, settings: Settings) -> str:
    if settings.control:
        return settings.control
    if not place.is_local:
        raise InputError(
            f"A workspace at {place.root} keeps its control database elsewhere: set"
            " FULLHOUSE_CONTROL to an SQLAlchemy URL, such as"
            " postgresql+psycopg://user@host/fullhouse or sqlite:////folder/control.db."
        )
    return f"sqlite:///{place.path / 'control.db'}"
