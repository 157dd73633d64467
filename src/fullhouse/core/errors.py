"""What can go wrong, by whose fault.

An `InputError` is the user's mistake: the command line prints its message and no traceback.
Any other exception that is not a `FullhouseError` is our bug, and keeps its traceback.
"""

from collections.abc import Iterable
from difflib import get_close_matches


class FullhouseError(Exception):
    """Something that a user can read and act on."""


class InputError(FullhouseError):
    """The user gave something wrong: says what was wrong, what was given and what would do."""


class ConflictError(FullhouseError):
    """Another process changed the same thing meanwhile, and trying again did not help."""


class CannotTellError(FullhouseError):
    """A result could not be computed from the data there is: says what is missing."""


class UnsupportedError(FullhouseError):
    """The engine cannot do this operation: names both."""


def did_you_mean(name: str, known: Iterable[str], *, most: int = 3) -> str:
    """A sentence with the nearest known names, starting with a space, or nothing.

    >>> did_you_mean("genre_afinity", ["genre_affinity", "age"])
    " Did you mean 'genre_affinity'?"
    """
    near = get_close_matches(name, sorted(set(known)), n=most, cutoff=0.6)
    return f" Did you mean {' or '.join(repr(n) for n in near)}?" if near else ""
