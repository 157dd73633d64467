"""How a probabilistic model links accounts, as an operator declares it in TOML."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fullhouse.core.errors import InputError, did_you_mean
from fullhouse.core.values import check_slug

FIELDS = (
    "first_name",
    "surname",
    "full_name",
    "birth_date",
    "email",
    "phone",
    "address",
    "city",
    "postcode",
)
"""What a model can compare. Birth dates are written YYYY-MM-DD."""


@dataclass(frozen=True)
class LinkPlan:
    """A model's name, where its fields stand in the files, and how it is trained and used.

    `threshold` is the probability from which a pair is linked; choose it before looking at
    results. `recall` is the share of true pairs that the strict rules are thought to find: same
    name and birth date, same e-mail, same phone.
    """

    name: str
    account: str
    columns: Mapping[str, str]
    source: str | None = None
    source_column: str | None = None
    threshold: float = 0.9
    recall: float = 0.7
    max_pairs: int = 1_000_000
    seed: int = 1
    fields: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        check_slug(self.name, what="A model's name")
        if (self.source is None) == (self.source_column is None):
            raise InputError("A link declaration needs either 'source' or 'source_column'.")
        for name in self.columns:
            if name not in FIELDS:
                raise InputError(
                    f"[columns] has no field {name!r}.{did_you_mean(name, FIELDS)}"
                    f" Fields: {', '.join(FIELDS)}."
                )
        if len(self.columns) < 2:
            raise InputError("A model needs at least two fields to compare under [columns].")
        for what in ("threshold", "recall"):
            if not 0 < getattr(self, what) < 1:
                raise InputError(f"{what} must lie between 0 and 1, not {getattr(self, what)}.")
        if self.max_pairs < 1000:
            raise InputError(f"max_pairs must be at least 1000, not {self.max_pairs}.")
        object.__setattr__(self, "fields", tuple(f for f in FIELDS if f in self.columns))


def parse_plan(toml: str) -> LinkPlan:
    """The plan that a link declaration states.

    >>> plan = parse_plan('''
    ... name = "crm"
    ... source = "shop"
    ... account = "customer"
    ... [columns]
    ... surname = "last_name"
    ... birth_date = "dob"
    ... ''')
    >>> plan.fields, plan.threshold
    (('surname', 'birth_date'), 0.9)
    """
    try:
        given = tomllib.loads(toml)
    except tomllib.TOMLDecodeError as problem:
        raise InputError(f"The link declaration is not valid TOML: {problem}") from None
    types: dict[str, tuple[type, ...]] = {
        "name": (str,),
        "account": (str,),
        "columns": (dict,),
        "source": (str,),
        "source_column": (str,),
        "threshold": (int, float),
        "recall": (int, float),
        "max_pairs": (int,),
        "seed": (int,),
    }
    for key, value in given.items():
        _check(key, value, types)
    for key in ("name", "account", "columns"):
        if key not in given:
            raise InputError(f"The link declaration lacks {key!r}.")
    return LinkPlan(**given)


def _check(key: str, value: Any, types: Mapping[str, tuple[type, ...]]) -> None:
    if key not in types:
        raise InputError(f"A link declaration has no {key!r}.{did_you_mean(key, types)}")
    if not isinstance(value, types[key]) or isinstance(value, bool):
        wanted = {str: "a text", dict: "a table", int: "a number"}[types[key][0]]
        raise InputError(f"{key!r} must be {wanted}, not {value!r}.")
    if isinstance(value, dict) and not all(isinstance(v, str) for v in value.values()):
        raise InputError(f"[{key}] must name columns, each as a text.")
