"""What every use case begins with: one engine lease and one pinned set of table versions.

A use case is the house's alone, and refuses a tenant's context, unless it is a `tenant_case`: that
one returns nothing but what is made for tenants, which no stage can make.
"""

import ast
import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from importlib import import_module
from typing import Any, Concatenate, ParamSpec, TypeVar, get_type_hints

from fullhouse.cleanroom.release import ForTenants
from fullhouse.control.house import database_fault
from fullhouse.core.errors import ConflictError, FullhouseError, InputError
from fullhouse.core.faults import storage_fault
from fullhouse.core.request import requests_in
from fullhouse.core.values import HOUSE
from fullhouse.lake.verify import reading_fault
from fullhouse.workspace.context import Context

P = ParamSpec("P")
R = TypeVar("R")
Shown = TypeVar("Shown", bound=ForTenants)

HOUSE_CASES: list[Callable[..., Any]] = []
"""Every use case that is the house's alone; those of a module stand here once it is loaded."""

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

    HOUSE_CASES.append(run)
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
    # Around the lease too: to give it back is to write down how far the tables are.
    with faults_in_words(), context.leased() as own:
        check_days(own, *args, *kwargs.values())
        try:
            return verb(own, *args, **kwargs)
        except Exception as problem:
            fault = damage(problem, own)
            error = _with_written(fault or problem, own)
            if error is problem:
                raise
            raise error from problem


def check_days(context: Context, *asked: object) -> None:
    """An error for a request, or one within it, that is as of a day to come."""
    for one in requests_in(asked):
        context.day_asked(getattr(one, "as_of", None))


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
    fault = storage_fault(problem)
    if fault is not None and fault.code == "not_writable":  # a full disk is no damage
        return fault
    return database_fault(problem) or reading_fault(problem, context.lake.place) or fault


UNFINISHED = frozenset({"table_changed", "erased_meanwhile", "database_locked"})
"""Codes of conflicts that may come in the middle of a use, after some of its commits."""


def _with_written(problem: Exception, context: Context) -> Exception:
    """A conflict with the names of the tables that this use has written before it."""
    if not isinstance(problem, ConflictError) or problem.code not in UNFINISHED:
        return problem
    if "written" in problem.facts:  # by a use case that this one called
        return problem
    return ConflictError(
        code=problem.code, **{**problem.facts, "written": sorted(context.lake.committed)}
    )


def hints_of(verb: Callable[..., Any]) -> dict[str, Any]:
    """The types of a use case, those too that its module imports for the type checker alone."""
    plain = inspect.unwrap(verb)
    try:
        return get_type_hints(plain)
    except NameError:
        module = ast.parse(inspect.getsource(sys.modules[plain.__module__]))
        checked = [node for node in module.body if isinstance(node, ast.If)
                   and ast.unparse(node.test) == "TYPE_CHECKING"]  # fmt: skip
        names = {
            alias.asname or alias.name: getattr(import_module(node.module), alias.name)
            for block in checked
            for node in block.body
            if isinstance(node, ast.ImportFrom) and node.module
            for alias in node.names
        }
        return get_type_hints(plain, localns=names)
