"""What every use case begins with: one engine lease and one pinned set of table versions."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from fullhouse.workspace.context import Context

P = ParamSpec("P")
R = TypeVar("R")


def use_case(verb: Callable[Concatenate[Context, P], R]) -> Callable[Concatenate[Context, P], R]:
    """Run a use case in a context of its own: its lease is given back when it ends.

    A use case that another one calls shares the lease and the versions of its caller.
    """

    @wraps(verb)
    def run(context: Context, /, *args: P.args, **kwargs: P.kwargs) -> R:
        with context.leased() as own:
            return verb(own, *args, **kwargs)

    return run
