"""What every use case begins with: one engine lease and one pinned set of table versions."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from fullhouse.control.house import database_fault
from fullhouse.core.errors import ConflictError, FullhouseError
from fullhouse.lake.verify import reading_fault
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
            try:
                return verb(own, *args, **kwargs)
            except Exception as problem:
                fault = damage(problem, own)
                if fault is None:
                    raise
                raise fault from problem

    return run


def damage(problem: Exception, context: Context) -> FullhouseError | None:
    """What a library's error comes from: damage of lake or control database; None: no such.

    A file that is gone because people were erased meanwhile is no damage.
    """
    if isinstance(problem, FullhouseError):
        return None
    if context.lake.was_fenced:
        return ConflictError(code="erased_meanwhile")
    return database_fault(problem) or reading_fault(problem, context.lake.place)
