"""What a feed is: where its rows come from, and how each column of the lake is made of them."""

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers

from fullhouse.core.brief import Brief
from fullhouse.core.errors import InputError, did_you_mean
from fullhouse.core.tables import FEED_TABLES, Table
from fullhouse.core.values import check_name, check_slug, file_text
from fullhouse.feeds import expression
from fullhouse.feeds.expression import Node
from fullhouse.feeds.identify import special_category
from fullhouse.feeds.text import is_encoding

FORMATS = ("csv", "tsv", "jsonl", "parquet")
Constant: TypeAlias = str | int | float | bool | date | datetime

_KEYS = {
    "source": str,
    "kind": str,
    "format": str,
    "delimiter": str,
    "quote": str,
    "encoding": str,
    "header": bool,
    "names": list,
    "time_zone": str,
    "currency": str,
    "phone_region": str,
    "category_separator": str,
    "simulated": bool,
    "columns": dict,
    "constants": dict,
    "values": dict,
    "identifiers": dict,
    "special": dict,
    "collector": dict,
}
_COMPUTED = ("source", "day", "batch")
"""Columns that ingest fills itself."""
_VERSION = 2
"""Part of every declaration's digest; to be raised when the same feed would give other rows."""


@dataclass(frozen=True)
class Collected:
    """Which messages of the collector are rows of a feed.

    `events` are types of messages (identify, page), names of events, or `*`; a message needs all
    the fields under `needs`. With `each`, every object of that list is a row, its fields `item.X`.
    """

    events: tuple[str, ...]
    needs: tuple[str, ...] = ()
    each: str | None = None


LIBRARY = ("context.library.name", "context.library.version")
"""Fields of a collected message that are quarantined with it, so that its sender is known."""


@dataclass(frozen=True)
class Feed(Brief):
    """A declaration: which rows of a source's files become which rows of which lake table."""

    name: str
    source: str
    kind: str
    columns: Mapping[str, Node]
    constants: Mapping[str, Constant] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, Constant]] = field(default_factory=dict)
    identifiers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    special: Mapping[str, str] = field(default_factory=dict)
    format: str | None = None
    delimiter: str | None = None
    quote: str = '"'
    encoding: str = "utf-8"
    header: bool = True
    names: tuple[str, ...] = ()
    time_zone: str | None = None
    currency: str | None = None
    phone_region: str | None = None
    category_separator: str | None = None
    simulated: bool = False
    collector: Collected | None = None
    """Which messages of the collector it takes; None: files only."""

    def __post_init__(self) -> None:
        check_name(self.name, what="The name of a feed's file")
        check_slug(self.source, what=f"{self.name}: source")
        _among(self.name, "kind", self.kind, FEED_TABLES)
        if self.format is not None:
            _among(self.name, "format", self.format, FORMATS)
        self._check_options()
        self._check_targets()
        self._check_columns_allowed()

    @property
    def table(self) -> Table:
        """The lake table that the feed's rows go to."""
        return FEED_TABLES[self.kind]

    @property
    def is_event(self) -> bool:
        """Whether its rows are events, and not what a source says of accounts or things."""
        return "event_id" in self.table.names

    @property
    def targets(self) -> list[str]:
        """The lake columns that the feed fills, in the table's order."""
        return [c for c in self.table.names if c in self.columns or c in self.constants]

    @property
    def raw(self) -> list[str]:
        """The raw columns that the feed reads, each once; no other is ever read."""
        mapped = [n for node in self.columns.values() for n in expression.names(node)]
        carried = LIBRARY if self.collector else ()
        return list(dict.fromkeys([*mapped, *self.identifier_columns, *carried]))

    @property
    def identifier_columns(self) -> dict[str, str]:
        """Raw column → identifier kind."""
        return {raw: kind for kind, raws in self.identifiers.items() for raw in raws}

    def reads(self, target: str) -> list[str]:
        """The raw columns behind a lake column."""
        return expression.names(self.columns[target]) if target in self.columns else []

    @property
    def digest(self) -> str:
        """SHA-256 of all that decides which rows come out; the feed's name does not."""
        declared = {k: v for k, v in vars(self).items() if k != "name"}
        if self.collector is None:  # as before there was a collector: files stay known
            del declared["collector"]
        text = json.dumps({"version": _VERSION, **declared}, sort_keys=True, default=repr)
        return hashlib.sha256(text.encode()).hexdigest()

    @classmethod
    def load(cls, path: str | Path) -> "Feed":
        """The feed that a TOML file declares; it is named by the file."""
        path = Path(path)
        return cls.parse(file_text(path, what="feed file"), name=path.stem)

    @classmethod
    def parse(cls, text: str, *, name: str) -> "Feed":
        """The feed that a TOML text declares."""
        try:
            declared = tomllib.loads(text)
        except tomllib.TOMLDecodeError as problem:
            raise InputError(f"{name}: not valid TOML: {problem}") from None
        for key, value in declared.items():
            if key not in _KEYS:
                raise InputError(f"{name}: there is no key {key!r}.{did_you_mean(key, _KEYS)}")
            if not isinstance(value, _KEYS[key]):
                raise InputError(f"{name}: {key!r} must be a {_WORD[_KEYS[key]]}, not {value!r}.")
        for key in ("source", "kind"):
            if key not in declared:
                raise InputError(f"{name}: {key!r} is missing.")
        declared["columns"] = _expressions(name, declared.get("columns", {}))
        if "collector" in declared:
            declared["collector"] = _collected(name, declared["collector"])
        declared["identifiers"] = _identifiers(name, declared.get("identifiers", {}))
        if "names" in declared:
            declared["names"] = tuple(declared["names"])
            declared.setdefault("header", False)
        return cls(name=name, **declared)

    def _check_options(self) -> None:
        if self.delimiter is not None and not 1 <= len(self.delimiter.encode()) <= 8:
            raise InputError(f"{self.name}: 'delimiter' must be 1 to 8 bytes.")
        if len(self.quote.encode()) > 1 or (self.quote and not self.quote.isprintable()):
            raise InputError(f"{self.name}: 'quote' must be one character, or empty for none.")
        if not is_encoding(self.encoding):
            raise InputError(
                f"{self.name}: there is no encoding {self.encoding!r} that files are written in."
                " Well-known ones are utf-8, latin-1, cp1252, utf-16."
            )
        if not self.header and not self.names and self.format in ("csv", "tsv"):
            raise InputError(f"{self.name}: a file without a header needs 'names'.")
        if len(set(self.names)) < len(self.names):
            raise InputError(f"{self.name}: 'names' holds a name twice.")
        if self.time_zone is not None:
            check_time_zone(self.time_zone, what=f"{self.name}: time_zone")
        if self.currency is not None:
            check_currency(self.currency, what=f"{self.name}: currency")
        if self.phone_region is not None:
            check_region(self.phone_region, what=f"{self.name}: phone_region")

    def _check_targets(self) -> None:
        allowed = [c for c in self.table.names if c not in _COMPUTED]
        for section, given in (("columns", self.columns), ("constants", self.constants)):
            for target in given:
                if target not in allowed:
                    raise InputError(
                        f"{self.name}: [{section}] a {self.kind} has no column {target!r}."
                        f"{did_you_mean(target, allowed)} It has: {', '.join(allowed)}."
                    )
        both = sorted(set(self.columns) & set(self.constants))
        if both:
            raise InputError(f"{self.name}: {both[0]!r} stands in [columns] and [constants].")
        for target in self.values:
            if target not in self.columns:
                raise InputError(f"{self.name}: [values.{target}] has no column {target!r}.")
        self._check_constants()
        missing = [c for c in self.required if c not in self.columns and c not in self.constants]
        if missing:
            raise InputError(
                f"{self.name}: a {self.kind} needs {', '.join(repr(m) for m in missing)};"
                " map each under [columns], or give it under [constants]."
            )
        if self.identifiers and "account" not in self.table.names:
            raise InputError(f"{self.name}: a {self.kind} has no account to identify.")

    @property
    def required(self) -> list[str]:
        """The lake columns that the feed itself must give.

        `event_id`, `quantity` and, but for events, `at` have defaults.
        """
        own = {*_COMPUTED, "event_id", "quantity", *(() if self.is_event else ("at",))}
        return [c.name for c in self.table.columns if not c.nullable and c.name not in own]

    def _check_constants(self) -> None:
        for target, value in self.constants.items():
            wanted = next(c.type for c in self.table.columns if c.name == target)
            if not isinstance(value, _CONSTANTS[wanted]) or (
                isinstance(value, bool) and wanted != "bool"
            ):
                raise InputError(
                    f"{self.name}: [constants] {target} must be a {wanted}, not {value!r}."
                )

    def _check_columns_allowed(self) -> None:
        for column in self.raw:
            category = special_category(column)
            if category and column not in self.special:
                raise InputError(
                    f"{self.name}: column {column!r} looks like {category}, a special category of"
                    " personal data, and is refused. Leave it out; or, where the law allows it,"
                    f' list it under [special] with a purpose: "{column}" = "why".'
                )
        for column, purpose in self.special.items():
            if not isinstance(purpose, str) or not purpose.strip():
                raise InputError(f"{self.name}: [special] {column!r} needs a purpose in words.")
        for target, node in self.columns.items():
            hidden = set(expression.names(node)) & set(self.identifier_columns)
            if hidden and expression.choices(node) is None:
                raise InputError(
                    f"{self.name}: columns.{target} computes with {min(hidden)!r}, which is an"
                    " identifier: only its digest is known, so it can only stand alone or in"
                    " coalesce()."
                )


def check_time_zone(text: str, *, what: str) -> str:
    """The text itself, when it names a time zone of the IANA database."""
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InputError(
            f"{what} must be a name such as America/New_York, Europe/Berlin or UTC, not {text!r}."
        ) from None
    return text


def check_currency(text: str, *, what: str) -> str:
    """The text itself, when it looks like an ISO 4217 code."""
    if len(text) != 3 or not text.isascii() or not text.isalpha() or not text.isupper():
        raise InputError(f"{what} must be an ISO 4217 code such as USD or EUR, not {text!r}.")
    return text


def check_region(text: str, *, what: str) -> str:
    """The text itself, when it is a region that has phone numbers."""
    if text not in phonenumbers.SUPPORTED_REGIONS:
        raise InputError(f"{what} must be an ISO 3166 region such as US, DE or GB, not {text!r}.")
    return text


def _expressions(name: str, given: Mapping[str, Any]) -> dict[str, Node]:
    nodes: dict[str, Node] = {}
    for target, text in given.items():
        if not isinstance(text, str):
            raise InputError(
                f"{name}: columns.{target} must be an expression in quotes, not {text!r};"
                " a fixed value goes under [constants]."
            )
        nodes[target] = expression.parse(text, what=f"{name}: columns.{target}")
    return nodes


def _identifiers(name: str, given: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    kinds: dict[str, tuple[str, ...]] = {}
    taken: dict[str, str] = {}
    for kind, raw in given.items():
        check_slug(kind, what=f"{name}: an identifier kind")
        columns = (raw,) if isinstance(raw, str) else tuple(raw if isinstance(raw, list) else ())
        if not columns or not all(isinstance(c, str) and c for c in columns):
            raise InputError(f"{name}: identifiers.{kind} must name a raw column, or a list.")
        for column in columns:
            if column in taken:
                raise InputError(f"{name}: {column!r} is {taken[column]} and {kind} at once.")
            taken[column] = kind
        kinds[kind] = columns
    return kinds


def _collected(name: str, given: Mapping[str, Any]) -> Collected:
    for key in given:
        if key not in ("events", "needs", "each"):
            near = did_you_mean(key, ("events", "needs", "each"))
            raise InputError(f"{name}: [collector] has no key {key!r}.{near}")
    lists = {}
    for key in ("events", "needs"):
        value = given.get(key, [])
        if not isinstance(value, list) or not all(isinstance(v, str) and v for v in value):
            raise InputError(f"{name}: collector.{key} must be a list of texts, not {value!r}.")
        lists[key] = tuple(value)
    if not lists["events"]:
        raise InputError(
            f"{name}: [collector] needs 'events': the names of the events that the feed takes,"
            ' types such as "identify" and "page", or "*" for every message.'
        )
    each = given.get("each")
    if each is not None and not (isinstance(each, str) and each):
        raise InputError(f"{name}: collector.each must name a field, not {each!r}.")
    return Collected(lists["events"], lists["needs"], each)


def _among(name: str, key: str, value: str, allowed: Any) -> None:
    if value not in allowed:
        raise InputError(
            f"{name}: {key!r} must be one of {', '.join(allowed)}, not {value!r}."
            f"{did_you_mean(value, allowed)}"
        )


_WORD = {str: "text", bool: "true or false", list: "list", dict: "section"}
_CONSTANTS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "int32": (int,),
    "float64": (int, float),
    "bool": (bool,),
    "date": (date,),
    "timestamp": (date, datetime, str),
}
