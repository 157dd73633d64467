"""Fullhouse: find the audience of a film in the data a house already has.

Everything that the command line does is a function here: `open` or `init` a workspace, then
`ingest`, `people_resolve`, `traits_build`, `audience_count`, `discover` and the rest.
"""

from typing import TYPE_CHECKING

from fullhouse import app
from fullhouse.core.errors import CannotTellError, ConflictError, FullhouseError, InputError

if TYPE_CHECKING:
    from fullhouse.app import *  # noqa: F403
    from fullhouse.app import new_house as init
    from fullhouse.app import open_house as open

OPENING = {"open": "open_house", "init": "new_house"}

__all__ = ["CannotTellError", "ConflictError", "FullhouseError", "InputError", "init", "open"]
__all__ += [name for name in app.MODULES if name not in {"init_house", *OPENING.values()}]


def _error_words(problem: FullhouseError) -> str:
    """The sentence of an error; loaded with the first one, so that a start does not wait for it."""
    from fullhouse.view.words.errors import error_words

    return error_words(problem)


FullhouseError.words = _error_words


if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        if name in OPENING or name in app.MODULES:
            return getattr(app, OPENING.get(name, name))
        raise AttributeError(f"module 'fullhouse' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
