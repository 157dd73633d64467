"""A workspace: one folder or object-store prefix, with its settings, tables, engine and key."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from sqlalchemy import Engine as Database

from fullhouse.audiences import Cache
from fullhouse.control import open_control
from fullhouse.core import settings as settings_
from fullhouse.core.errors import InputError
from fullhouse.core.settings import Settings
from fullhouse.engine import DuckDBEngine, Engine, SparkEngine
from fullhouse.lake import Lake, Place

KEY_FILE = "fullhouse.key"
KEY_VARIABLE = "FULLHOUSE_KEY"


@dataclass
class Workspace:
    """What every command works on. Engine and control database open when first used."""

    place: Place
    settings: Settings
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)

    @cached_property
    def lake(self) -> Lake:
        """The tables."""
        return Lake(self.place.join(self.settings.lake))

    @cached_property
    def engine(self) -> Engine:
        """The engine that the settings name."""
        if self.settings.engine == "spark":
            return SparkEngine(self.settings.spark)
        return DuckDBEngine(memory_limit=self.settings.memory_limit, threads=self.settings.threads)

    @cached_property
    def control(self) -> Database:
        """The control database, its schema up to date."""
        return open_control(_control_url(self.place, self.settings))

    @cached_property
    def key(self) -> bytes:
        """The secret under which identifiers are hashed and chance decides."""
        text = self.environment.get(KEY_VARIABLE)
        found = text.encode() if text else self.place.read(KEY_FILE)
        if not found:
            raise InputError(
                f"This workspace has no key: {KEY_FILE} is missing and {KEY_VARIABLE} is not set."
                " Without the same key, identifiers no longer match; restore it from a backup."
            )
        return found.strip()

    @cached_property
    def bitmaps(self) -> Cache:
        """Traits that were read before, so that counting them again is fast."""
        return Cache()

    def close(self) -> None:
        """Close what was opened."""
        for name in ("engine", "control"):
            opened = self.__dict__.pop(name, None)
            if opened is not None:
                opened.close() if name == "engine" else opened.dispose()

    def __enter__(self) -> "Workspace":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


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
    place.write(settings_.FILE, toml.encode())
    if KEY_VARIABLE not in environment:
        place.write(KEY_FILE, secrets.token_hex(32).encode() + b"\n", overwrite=False)
        if place.is_local:
            (place.path / KEY_FILE).chmod(0o600)
    workspace = Workspace(place, loaded, environment)
    _ = workspace.control
    return workspace


def open_workspace(where: str = ".", *, environment: Mapping[str, str] = os.environ) -> Workspace:
    """The workspace in a folder or at an object-store URL."""
    place = Place.of(where)
    toml = place.read(settings_.FILE)
    if toml is None:
        raise InputError(
            f"{place.root} is not a Fullhouse workspace: it has no {settings_.FILE}."
            f" Make one with: fullhouse init {where}"
        )
    return Workspace(place, settings_.load(toml.decode(), environment), environment)


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
