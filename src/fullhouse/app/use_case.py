"""What every use case begins with: one engine lease and one pinned set of table versions.

A use case is the house's alone, and refuses a tenant's context, unless it is a `tenant_case`: that
one returns nothing but what is made for tenants, which no stage can make.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from fullhouse.cleanroom.release import ForTenants
from fullhouse.control.house import database_fault
from fullhouse.core.errors import (
    ConflictError,
    DamagedError,
    FullhouseError,
    InputError,
    StorageError,
)
from fullhouse.core.values import HOUSE
from fullhouse.lake.verify import reading_fault
from fullhouse.workspace.context import Context

STORAGE_FAULTS = (
    "Read-only file system",
    "readonly database",
    "Permission denied",
    "No space left on device",
    "unable to open database file",
    "database or disk is full",
)
"""What the operating system, SQLite and the readers of object stores say of a place that cannot be
written. Each library wraps it in a class of its own, so the words are looked for."""
LOCKED = "database is locked"
DAMAGES = {
    "file is not a database": "database_none",
    "database disk image is malformed": "database_malformed",
    "Parquet magic bytes not found": "parquet_none",
    "No magic bytes found at end of file": "parquet_cut",
    "Couldn't deserialize thrift": "parquet_unreadable",
    "too small to be a Parquet file": "parquet_cut",
    "Invalid JSON in log": "log_unreadable",
    "Object at location": "file_missing",
}
"""What libraries say of a file of the workspace that is not what was written, with our code."""

P = ParamSpec("P")
R = TypeVar("R")
Shown = TypeVar("Shown", bound=ForTenants)

TENANT_CASES: list[Callable[..., Any]] = []
"""Every use case that a tenant may call."""


def use_case(verb: Callable[Concatenate[Context, P], R]) -> Callable[Concatenate[Context, P], R]:
    """Run a use case in a context of its own: its lease is given back when it ends.

    A use case that another one calls shares the lease and the versions of its caller. It gives
    exact results, so that a tenant's context is refused before anything is looked at.
    """

    @wraps(verb)
    def run(context: Context, /, *args: P.args, **kwargs: P.kwargs) -> R:
        check_house(context)
        return _leased(verb, context, *args, **kwargs)

    return run


def check_house(context: Context) -> None:
    """An error for a tenant's context: what comes next gives exact results."""
    if context.tenant != HOUSE:
        raise InputError(code="house_only")


def tenant_case(
    verb: Callable[Concatenate[Context, P], Shown],
) -> Callable[Concatenate[Context, P], Shown]:
    """Run a use case that a tenant may call, and that returns only what is made for tenants."""

    @wraps(verb)
    def run(context: Context, /, *args: P.args, **kwargs: P.kwargs) -> Shown:
        result = _leased(verb, context, *args, **kwargs)
        if not isinstance(result, ForTenants):
            raise TypeError(f"{verb.__name__} would hand a tenant a {type(result).__name__}")
        return result

    TENANT_CASES.append(run)
    return run


def _leased(
    verb: Callable[Concatenate[Context, P], R], context: Context, *args: P.args, **kwargs: P.kwargs
) -> R:
    with context.leased() as own:
        try:
            return verb(own, *args, **kwargs)
        except Exception as problem:
            fault = damage(problem, own)
            if fault is None:
                raise
            raise fault from problem


@contextmanager
def faults_in_words() -> Iterator[None]:
    """What a library says of the machine, as our error: for what needs no context."""
    try:
        yield
    except FullhouseError:
        raise
    except Exception as problem:
        fault = storage_fault(problem)
        if fault is None:
            raise
        raise fault from problem


def damage(problem: Exception, context: Context) -> FullhouseError | None:
    """What a library's error comes from: damage of lake or control database; None: no such.

    A file that is gone because people were erased meanwhile is no damage.
    """
    if isinstance(problem, FullhouseError):
        return None
    if context.lake.was_fenced:
        return ConflictError(code="erased_meanwhile")
    return (
        database_fault(problem)
        or reading_fault(problem, context.lake.place)
        or storage_fault(problem)
    )


def storage_fault(problem: Exception) -> FullhouseError | None:
    """What a library's error says of the machine or of a file; None for any other, our bug."""
    if isinstance(problem, BrokenPipeError):  # who read our output went away
        return None
    words = str(problem)
    named = getattr(problem, "filename", None)
    where = f" ({named})" if named else ""
    if (reason := next((w for w in STORAGE_FAULTS if w in words), None)) is not None:
        return StorageError(code="not_writable", where=where, reason=reason.lower())
    if LOCKED in words:
        return ConflictError(code="database_locked")
    if (
        damage := next((code for mark, code in DAMAGES.items() if mark in words), None)
    ) is not None:
        return DamagedError(code=damage)
    if isinstance(problem, OSError) and problem.strerror:
        return StorageError(code="not_accessible", where=where, reason=problem.strerror.lower())
    if isinstance(problem, MemoryError) or type(problem).__name__ == "OutOfMemoryException":
        return StorageError(code="memory_short")
    return None
