"""How a long use case says how far it is, and how it is asked to stop."""

from typing import Protocol


class Progress(Protocol):
    """Called at each step of a long run; may raise `CancelledError` to end it there.

    `step` is a code of what is being done, `done` of `total` units of it (rows, films, people).
    """

    def __call__(self, step: str, done: int = 0, total: int | None = None, /) -> None:
        """Say what is being done now."""


def silent(step: str, done: int = 0, total: int | None = None, /) -> None:
    """Say nothing."""
