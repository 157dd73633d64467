"""What a use case is asked: frozen values that check themselves and have one digest."""

import functools
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any, TypeVar, dataclass_transform

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass, is_pydantic_dataclass

from fullhouse.core.errors import InputError

T = TypeVar("T")
CONFIG = ConfigDict(extra="forbid", arbitrary_types_allowed=True)


@dataclass_transform(frozen_default=True)
def request(cls: type[T]) -> type[T]:
    """A frozen Pydantic dataclass whose mistakes are an `InputError` in a sentence.

    A date may be given as a date or as text written YYYY-MM-DD; whatever else does not fit the
    declared types is refused.
    """
    made: Any = dataclass(frozen=True, config=CONFIG)(cls)
    plain: Callable[..., None] = made.__init__

    @functools.wraps(plain)
    def checked(self: Any, *args: Any, **fields: Any) -> None:
        try:
            plain(self, *args, **fields)
        except ValidationError as problem:
            raise InputError(_sentence(problem)) from None

    made.__init__ = checked
    checked_class: type[T] = made
    return checked_class


def requests_in(value: object) -> Iterator[Any]:
    """The requests that a value is or holds, such as the question within an `Ask`."""
    if isinstance(value, tuple):
        for part in value:
            yield from requests_in(part)
    elif is_pydantic_dataclass(type(value)):
        yield value
        for part in vars(value).values():
            yield from requests_in(part)


def digest(asked: object) -> str:
    """SHA-256 of a request as canonical JSON: the same words, the same digest on any machine."""
    text = TypeAdapter(type(asked)).dump_json(asked)
    return sha256(type(asked).__name__.encode() + b" " + text).hexdigest()


def _sentence(problem: ValidationError) -> str:
    first = problem.errors(include_url=False)[0]
    name = ".".join(str(part) for part in first["loc"])
    if first["type"] == "unexpected_keyword_argument":
        return f"{problem.title} takes no {name!r}."
    if first["type"] in ("missing", "missing_argument"):
        return f"{problem.title} needs {name!r}."
    return f"{name}: {first['msg']}, not {first['input']!r}."
