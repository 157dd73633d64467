"""What can go wrong, by whose fault.

An `InputError` is the user's mistake: the command line prints its message and no traceback.
Any other exception that is not a `FullhouseError` is our bug, and keeps its traceback.

An error that speaks of what the data hold carries a code and its facts as fields, never a sentence
with a number in it: `CannotTellError(code="too_few_films", films=20, needed=100)`. The view makes
the sentence, so that it can be translated, and rounded or withheld for a tenant.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from math import isfinite
from typing import Any

Words = Callable[["FullhouseError"], str]


@dataclass(frozen=True)
class Reason:
    """Why something could not be had: an error's code with its facts, or its message."""

    code: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    message: str = ""

    def __str__(self) -> str:
        return str(CannotTellError(self.message, code=self.code, **self.facts))


class FullhouseError(Exception):
    """Something that a user can read and act on: a sentence, or a code with its facts."""

    words: Words | None = None
    """Makes the sentence of a code; the package sets it, since words stand in the view."""

    def __init__(self, message: str = "", /, *, code: str = "", **facts: Any) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.facts: Mapping[str, Any] = facts

    @property
    def reason(self) -> Reason:
        """The error as a value that can be kept, and written as JSON."""
        facts = {name: _finite(value) for name, value in self.facts.items()}
        return Reason(self.code, facts, self.message)

    def __str__(self) -> str:
        if self.message or not self.code:
            return self.message
        if FullhouseError.words is not None:
            return FullhouseError.words(self)
        return f"{self.code}: " + ", ".join(f"{name} {value}" for name, value in self.facts.items())


class InputError(FullhouseError):
    """The user gave something wrong: says what was wrong, what was given and what would do."""


class NotFoundError(InputError):
    """The user named something that is not there, or is not the user's: the same for both."""


class ConflictError(FullhouseError):
    """Another process changed the same thing meanwhile, and trying again did not help."""


class CannotTellError(FullhouseError):
    """A result could not be computed from the data there is: says what is missing."""


class CancelledError(FullhouseError):
    """Somebody asked a run to stop, and it did at its next step."""


class DamagedError(FullhouseError):
    """Something of the house is missing, unreadable, or belongs to another house."""


class StorageError(FullhouseError):
    """The machine could not read, write or hold something: no space, no right, no memory."""


class UnsupportedError(FullhouseError):
    """The engine cannot do this operation: names both."""


def _finite(value: Any) -> Any:
    """A fact as JSON can hold it: an infinite number as a text."""
    if isinstance(value, float) and not isfinite(value):
        return "infinite" if value > 0 else "-infinite"
    return value


def did_you_mean(name: str, known: Iterable[str], *, most: int = 3) -> str:
    """A sentence with the nearest known names, starting with a space, or nothing.

    >>> did_you_mean("genre_afinity", ["genre_affinity", "age"])
    " Did you mean 'genre_affinity'?"
    """
    near = get_close_matches(name, sorted(set(known)), n=most, cutoff=0.6)
    return f" Did you mean {' or '.join(repr(n) for n in near)}?" if near else ""
