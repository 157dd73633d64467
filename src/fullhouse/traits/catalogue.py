"""The trait catalogue: which families expand, and the traits a user spells out, from TOML."""

import json
import tomllib
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from importlib import resources
from typing import Any

from fullhouse.core.brief import Brief
from fullhouse.core.errors import InputError, did_you_mean
from fullhouse.core.values import Window, check_slug
from fullhouse.traits.trait import EVENT_KINDS

FILE = "traits.toml"
SOLD = ("purchase", "play")
"""Kinds of event about things that have a category."""
FAMILIES = (
    "buys",
    "word",
    "genre",
    "saw",
    "wants",
    "trailer",
    "searched",
    "plays",
    "own",
    "moviegoer",
    "viewer",
    "player",
    "price",
    "active",
    "gender",
    "age",
    "household",
    "income",
    "education",
    "occupation",
    "country",
    "region",
    "city",
    "source",
)
"""In the order in which traits are numbered: those counted from items first."""


@dataclass(frozen=True)
class Family:
    """How one family expands. What each number means stands in the default catalogue."""

    name: str
    on: bool = True
    window_days: int | None = None
    min_events: int = 1
    floor: int | None = None
    most: int | None = None
    frequent: int | None = None
    recent_days: int | None = None
    lapsed_days: int | None = None

    def __post_init__(self) -> None:
        for name in ("window_days", "min_events", "floor", "most", "frequent", "recent_days"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise InputError(f"[family.{self.name}] {name} must be at least 1, not {value}.")
        if self.lapsed_days is not None and self.lapsed_days <= (self.window_days or 0):
            raise InputError(
                f"[family.{self.name}] lapsed_days must be more than window_days"
                f" ({self.window_days}), not {self.lapsed_days}."
            )


@dataclass(frozen=True)
class Own:
    """A trait that a user spells out: events of some kinds, about items that pass every filter.

    `category` matches a path and all below it; `category_prefix` the beginning of the text.
    Words of `title_any` and `title_none` match whole words, phrases consecutive ones.
    """

    name: str
    kind: tuple[str, ...]
    label: str = ""
    category: tuple[str, ...] = ()
    category_prefix: tuple[str, ...] = ()
    title_any: tuple[str, ...] = ()
    title_none: tuple[str, ...] = ()
    films: tuple[str, ...] = ()
    genre: tuple[str, ...] = ()
    window_days: int | None = None
    min_events: int = 1
    floor: int | None = None

    def __post_init__(self) -> None:
        check_slug(self.name, what="The name of a trait")
        where = f"[trait.{self.name}]"
        for kind in self.kind:
            if kind not in EVENT_KINDS:
                raise InputError(
                    f"{where} kind must be one of {', '.join(EVENT_KINDS)}, not {kind!r}."
                    f"{did_you_mean(kind, EVENT_KINDS)}"
                )
        if not self.kind:
            raise InputError(f"{where} needs a kind: one of {', '.join(EVENT_KINDS)}.")
        if self.min_events < 1 or (self.floor is not None and self.floor < 1):
            raise InputError(f"{where} min_events and floor must be at least 1.")
        Window(self.window_days)
        if (self.films or self.genre) and set(self.kind) & {*SOLD, "search"}:
            raise InputError(
                f"{where} films and genre go with views, tickets, marks and trailers, not with"
                " purchases, plays or searches."
            )
        if (self.category or self.category_prefix) and not set(self.kind) <= set(SOLD):
            raise InputError(f"{where} category goes with purchases and plays only.")

    @property
    def filter(self) -> dict[str, list[str]]:
        """The filters on items that are given."""
        names = ("category", "category_prefix", "title_any", "title_none", "films", "genre")
        return {n: list(v) for n in names if (v := getattr(self, n))}


@dataclass(frozen=True)
class Catalogue(Brief):
    """Families by name, and traits of one's own."""

    families: dict[str, Family] = field(default_factory=dict)
    own: tuple[Own, ...] = ()

    def family(self, name: str) -> Family | None:
        """A family, or None when it is off."""
        family = self.families.get(name)
        return family if family is not None and family.on else None

    @cached_property
    def text(self) -> str:
        """The catalogue as JSON: equal catalogues have equal texts."""
        families = {n: _given(f) for n, f in self.families.items() if f.on}
        return json.dumps(
            {"family": families, "trait": {o.name: _given(o) for o in self.own}},
            sort_keys=True,
            ensure_ascii=False,
        )


def default_catalogue() -> str:
    """The text of the catalogue shipped with the package."""
    return resources.files("fullhouse.traits").joinpath("default.toml").read_text("utf-8")


def parse_catalogue(text: str, *, name: str = FILE) -> Catalogue:
    """The catalogue in a TOML text; families that it does not name are off."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise InputError(f"{name} is not valid TOML: {problem}") from None
    unknown = set(tables) - {"family", "trait"}
    if unknown:
        raise InputError(
            f"{name} has no section {min(unknown)!r}: [family.NAME] and [trait.NAME] do."
        )
    known = [f for f in FAMILIES if f != "own"]
    families = {}
    for key, body in tables.get("family", {}).items():
        if key not in known:
            raise InputError(f"{name} has no family {key!r}.{did_you_mean(key, known)}")
        families[key] = Family(name=key, **_checked(Family, body, f"[family.{key}]"))
    own = [
        Own(name=key, **_checked(Own, body, f"[trait.{key}]"))
        for key, body in sorted(tables.get("trait", {}).items())
    ]
    return Catalogue(families, tuple(own))


def _checked(what: type, body: Any, where: str) -> dict[str, Any]:
    """The keys of a section as arguments, each of the right type."""
    if not isinstance(body, dict):
        raise InputError(f"{where} must be a section of its own.")
    types = {f.name: str(f.type) for f in fields(what) if f.name != "name"}
    settings = {}
    for key, value in body.items():
        if key not in types:
            raise InputError(f"{where} has no {key!r}.{did_you_mean(key, types)}")
        settings[key] = _value(value, types[key], f"{where} {key}")
    if what is Own and "kind" not in settings:
        raise InputError(f"{where} needs a kind: one of {', '.join(EVENT_KINDS)}.")
    return settings


def _value(value: Any, type_: str, where: str) -> Any:
    if type_.startswith("tuple"):
        listed = [value] if isinstance(value, str) else value
        if isinstance(listed, list) and all(isinstance(v, str) for v in listed):
            return tuple(listed)
        raise InputError(f"{where} must be a list of texts, not {value!r}.")
    wanted: type = bool if "bool" in type_ else str if "str" in type_ else int
    if type(value) is not wanted:
        words = {bool: "true or false", str: "a text", int: "a whole number"}
        raise InputError(f"{where} must be {words[wanted]}, not {value!r}.")
    return value


def _given(part: Family | Own) -> dict[str, Any]:
    return {k: v for k, v in asdict(part).items() if v not in (None, (), "") and k != "name"}
