"""Use cases that tests give to workers: registered as the product's own are."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from fullhouse import app
from fullhouse.app.use_case import HOUSE_CASES, TENANT_CASES, use_case
from fullhouse.core.request import request
from fullhouse.workspace.context import Context

Case = TypeVar("Case", bound=Callable[..., Any])

LISTS: dict[Callable[..., Any], list[Callable[..., Any]]] = {}
"""Where each use case of a test stands while it is registered."""


def of_tests(verb: Case) -> Case:
    """A use case that stands in the product's lists only while it is registered."""
    LISTS[verb] = TENANT_CASES if verb in TENANT_CASES else HOUSE_CASES
    LISTS[verb].remove(verb)
    return verb


@request
class Note:
    """A line that is written into a file, and how long that takes."""

    file: Path
    line: str
    seconds: float = 0.0


@of_tests
@use_case
def write_note(context: Context, request: Note) -> str:
    """The line, after it was written as begun."""
    with request.file.open("a", encoding="utf-8") as file:
        file.write(f"{request.line}\n")
    steps = max(1, int(request.seconds / 0.02))
    for n in range(steps):
        context.progress("writing", n, steps)
        time.sleep(request.seconds / steps)
    return request.line


@contextmanager
def registered(*verbs: Callable[..., Any]) -> Iterator[None]:
    """The use cases under their names, as if `fullhouse.app` had them."""
    for verb in verbs:
        app.MODULES[verb.__name__] = "fullhouse.app.of_tests"
        setattr(app, verb.__name__, verb)
        LISTS[verb].append(verb)
    try:
        yield
    finally:
        for verb in verbs:
            del app.MODULES[verb.__name__]
            delattr(app, verb.__name__)
            LISTS[verb].remove(verb)
