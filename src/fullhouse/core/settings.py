"""Every setting: one frozen object, from `fullhouse.toml`, then the environment."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from fullhouse.core.errors import InputError, did_you_mean

FILE = "fullhouse.toml"
PREFIX = "FULLHOUSE_"
SIMULATED = "SIMULATED: no figure here is of a real person, film or house."
"""What a workspace with the setting `simulated` says above its results and in its charts."""


def _setting(default: Any, doc: str) -> Any:
    return field(default=default, metadata={"doc": doc})


@dataclass(frozen=True)
class Settings:
    """What an operator can choose. Each has a default and a sentence."""

    house: str = _setting("house", "Name of the house, shown on reports.")
    territory: str = _setting("US", "Market where a command names none (ISO 3166 code).")
    currency: str = _setting("USD", "ISO 4217 currency of feeds that name none.")
    time_zone: str = _setting("UTC", "Time zone of feeds that name none.")
    phone_region: str = _setting("US", "ISO 3166 region of phone numbers without a country code.")
    simulated: bool = _setting(
        False, "Whether all data here is simulated: every result then says so."
    )
    lake: str = _setting("lake", "Folder or object-store URL of the tables; under the workspace.")
    control: str = _setting("", "SQLAlchemy URL of the control database; empty: SQLite beside.")
    lookup: str = _setting(
        "", "Folder of this machine for the look-up file; empty: lookup, under the workspace."
    )
    engine: str = _setting("duckdb", "Engine of the table stages: duckdb or spark.")
    spark: str = _setting(
        "local[2]", "Spark master URL, or Spark Connect address (sc://host:port)."
    )
    memory_limit: str = _setting("4GB", "Most memory that DuckDB may use before it spills to disk.")
    threads: int = _setting(0, "Threads that DuckDB may use; 0: all cores.")
    chunk_rows: int = _setting(1_000_000, "Rows of a feed that are committed together.")
    unknown_account: str = _setting(
        "accept", "Events of accounts that no account feed named: accept or quarantine."
    )
    refused_percent: int = _setting(
        50, "Percent of a file's rows that may be refused before ingest ends with exit code 1."
    )
    clock_skew_minutes: int = _setting(
        10, "An event may lie this far in the future before it is refused."
    )
    identifier_max_accounts: int = _setting(
        10, "An identifier that more accounts share than this links nobody."
    )
    learn_every: str = _setting(
        "month", "How often forecasts learn anew from past films: month or quarter."
    )
    trait_floor: int = _setting(20, "Fewest persons a trait needs to be built.")
    purposes: tuple[str, ...] = _setting(
        ("analytics", "advertising"), "Purposes that consent may be given or refused for."
    )
    keep_quarantine_days: int = _setting(
        0, "Days after which refused rows go (fullhouse lake retain); 0: never."
    )
    keep_identifier_days: int = _setting(
        0, "Days after which identifiers' digests go; the persons they linked stay. 0: never."
    )
    keep_event_days: int = _setting(
        0, "Days after which all events but what was said of consent go; 0: never."
    )
    collector: str = _setting(
        "collector", "Folder of the collector's write-ahead log; under the workspace, on its disk."
    )
    collector_seconds: int = _setting(
        20, "Seconds after which the collector's events begin to move into the lake."
    )
    collector_backlog_mb: int = _setting(
        4096, "Megabytes of events that may wait for the lake before clients are told to wait."
    )
    oidc_issuer: str = _setting(
        "", "Issuer of the sign-in provider (OpenID Connect); empty: passwords only."
    )
    oidc_client: str = _setting(
        "", "Client id at the provider; its secret is FULLHOUSE_OIDC_SECRET, never in this file."
    )
    oidc_groups: tuple[str, ...] = _setting(
        (), "What groups of the provider give: GROUP=TENANT/ROLE; without any, groups give nothing."
    )
    oidc_create: bool = _setting(
        False, "Whether who has such a group becomes a user; else only who is one comes in."
    )
    consent_required: tuple[str, ...] = _setting(
        ("advertising",),
        "Purposes that need an explicit grant; for any other, a person takes part until refusing.",
    )

    def __post_init__(self) -> None:
        _one_of("engine", self.engine, ("duckdb", "spark"))
        _one_of("learn_every", self.learn_every, ("month", "quarter"))
        _one_of("unknown_account", self.unknown_account, ("accept", "quarantine"))
        for name, least in (
            ("chunk_rows", 1),
            ("identifier_max_accounts", 2),
            ("trait_floor", 1),
            ("threads", 0),
            ("clock_skew_minutes", 0),
            ("keep_quarantine_days", 0),
            ("keep_identifier_days", 0),
            ("keep_event_days", 0),
            ("refused_percent", 0),
            ("collector_seconds", 1),
            ("collector_backlog_mb", 1),
        ):
            if getattr(self, name) < least:
                raise InputError(
                    f"Setting {name!r} must be at least {least}, not {getattr(self, name)}."
                )


@dataclass(frozen=True)
class Origin:
    """A setting with its value, where that came from, and what it means."""

    name: str
    value: Any
    origin: str
    doc: str


def load(toml: str | None, environment: Mapping[str, str] = os.environ) -> Settings:
    """Settings from the text of `fullhouse.toml` (None: no file), then the environment."""
    values, _ = _resolve(toml, environment)
    return Settings(**values)


def origins(toml: str | None, environment: Mapping[str, str] = os.environ) -> list[Origin]:
    """Every setting with where its value comes from: default, fullhouse.toml or a variable."""
    values, where = _resolve(toml, environment)
    settings = Settings(**values)
    return [
        Origin(f.name, getattr(settings, f.name), where.get(f.name, "default"), f.metadata["doc"])
        for f in fields(Settings)
    ]


def template(**chosen: Any) -> str:
    """The text of a new `fullhouse.toml`: every setting with its sentence.

    Those that are not chosen are commented out.
    """
    lines = ["# Settings of this Fullhouse workspace. Uncomment a line to change it."]
    for f in fields(Settings):
        value = as_toml(chosen.get(f.name, f.default))
        hash_ = "" if f.name in chosen else "# "
        lines += ["", f"# {f.metadata['doc']}", f"{hash_}{f.name} = {value}"]
    return "\n".join(lines) + "\n"


def _resolve(
    toml: str | None, environment: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, str]]:
    known = {f.name: f.default for f in fields(Settings)}
    values: dict[str, Any] = {}
    where: dict[str, str] = {}
    for name, value in _parse(toml).items():
        if name not in known:
            raise InputError(f"{FILE} has no setting {name!r}.{did_you_mean(name, known)}")
        values[name] = _like(known[name], value, name)
        where[name] = FILE
    for name, default in known.items():
        variable = PREFIX + name.upper()
        if variable in environment:
            values[name] = _from_text(default, environment[variable], variable)
            where[name] = variable
    return values, where


def _parse(toml: str | None) -> dict[str, Any]:
    try:
        return tomllib.loads(toml or "")
    except tomllib.TOMLDecodeError as problem:
        raise InputError(f"{FILE} is not valid TOML: {problem}") from None


def _like(default: Any, value: Any, name: str) -> Any:
    if isinstance(default, tuple):
        if isinstance(value, list) and all(isinstance(v, str) for v in value):
            return tuple(value)
        raise InputError(f"Setting {name!r} must be a list of texts, not {value!r}.")
    if type(value) is not type(default):
        kind = {str: "a text", int: "a whole number", bool: "true or false"}[type(default)]
        raise InputError(f"Setting {name!r} must be {kind}, not {value!r}.")
    return value


def _from_text(default: Any, text: str, variable: str) -> Any:
    if isinstance(default, tuple):
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if isinstance(default, bool):
        if text.lower() in ("true", "false"):
            return text.lower() == "true"
        raise InputError(f"{variable} must be true or false, not {text!r}.")
    if isinstance(default, int):
        try:
            return int(text)
        except ValueError:
            raise InputError(f"{variable} must be a whole number, not {text!r}.") from None
    return text


def as_toml(value: Any) -> str:
    """A setting as fullhouse.toml writes it."""
    if isinstance(value, tuple):
        return "[" + ", ".join(f'"{v}"' for v in value) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise InputError(
            f"Setting {name!r} must be {' or '.join(allowed)}, not {value!r}."
            f"{did_you_mean(value, allowed)}"
        )
