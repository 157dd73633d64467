"""What was computed once is looked up when it is asked for again."""

import os
import secrets
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from datetime import timedelta
from hashlib import sha256
from json import dumps
from threading import Event, Thread
from typing import Any, TypeVar

from pydantic import TypeAdapter

from fullhouse.control.control import Control
from fullhouse.control.run import (
    CANCELLED,
    FAILED,
    FINISHED,
    Run,
)
from fullhouse.control.runs import (
    begin_run,
    end_run,
    find_run,
    finished_run,
    follow_run,
    list_runs,
    mark_crashed,
    open_runs,
    request_stop,
    run_result,
)
from fullhouse.core.code import computing_digest
from fullhouse.core.errors import CancelledError, FullhouseError
from fullhouse.core.progress import Progress
from fullhouse.core.request import digest
from fullhouse.core.stored import from_bytes, to_bytes
from fullhouse.workspace.context import Context

R = TypeVar("R")

EVERY_SECONDS = 1.0
"""Progress is written down at most so often."""
BEAT_SECONDS = 30.0
SILENT_AFTER = timedelta(minutes=5)
"""A run of another machine that was not heard of for so long has crashed."""

MOST_REQUEST = 20_000
"""Characters of a request that are written down."""

RESOURCES = ("control", "lake", "engine", "spark", "memory_limit", "threads", "chunk_rows")
"""Settings of where and how fast something is computed, not of what comes out."""


def remembered(
    context: Context,
    request: object,
    result_type: type[R],
    compute: Callable[[Context], R],
    *,
    inputs: str = "",
    daily: bool = False,
) -> R:
    """The result of a request: looked up when it was computed before, else computed and stored.

    A stored result is given back only when it is of the same tenant, the same request (its type
    and all fields), the same code, settings and `inputs`, and when every table that was read for
    it still has the version that this use reads. Where the request has no `as_of`, or with
    `daily`, it is of the same day, too. `inputs` is a digest of what the answer takes from the
    control database (campaigns, saved audiences), which has no versions.

    `compute` gets the context whose progress is followed, and must read the lake by it and by
    nothing else. Tables that the use case read before count as read for the result: ask first,
    read afterwards. Arrays, bitmaps, Arrow tables and all else that `core.stored` names may be in
    the result. The result is always one that was stored and read back, so that the first asker
    gets what the second gets. An error is not held. In a workspace that cannot be written, nothing
    is stored and all is computed.
    """
    with context.leased() as own:
        key = _key(own, request, inputs, daily=daily)
        with own.workspace.computing.holding(key):
            result = _look_up(own, key, result_type)
            if result is None:
                result = _compute(own, request, key, result_type, compute)
            return result


def runs(context: Context, *, most: int = 20, status: str | None = None) -> list[Run]:
    """The newest runs of the tenant, newest first; those whose process is gone are crashed."""
    _find_crashed(context.control)
    return list_runs(context.control, most=most, status=status)


def run(context: Context, id_: str) -> Run:
    """A run by its id, or by the first characters of it."""
    _find_crashed(context.control)
    return find_run(context.control, id_)


def cancel(context: Context, id_: str) -> Run:
    """Ask a run to stop: its next step of progress ends it. One that ended stays as it is."""
    wanted = run(context, id_)
    request_stop(context.control, wanted.id)
    return find_run(context.control, wanted.id)


def _key(context: Context, request: object, inputs: str, *, daily: bool) -> str:
    of_day = daily or getattr(request, "as_of", None) is None
    settings = {
        f.name: getattr(context.settings, f.name)
        for f in fields(context.settings)
        if f.name not in RESOURCES
    }
    parts = (
        digest(request),
        computing_digest(),
        context.today.isoformat() if of_day else "",
        inputs,
        repr(sorted(settings.items())),
    )
    return sha256("\n".join(parts).encode()).hexdigest()


def _look_up(context: Context, key: str, result_type: type[R]) -> R | None:
    run = finished_run(context.control, key)
    if run is None or not context.lake.reads_as(run.versions):
        return None
    data = run_result(context.control, run.id)
    if data is None:  # a newer one took its place meanwhile
        return None
    context.lake.mark_read(run.versions)
    result: Any = from_bytes(data)
    return result if isinstance(result, result_type) else None


def _compute(
    context: Context,
    request: object,
    key: str,
    result_type: type[R],
    compute: Callable[[Context], R],
) -> R:
    control, id_, start = context.control, secrets.token_hex(8), time.monotonic()
    begun = begin_run(
        control,
        id_,
        kind=type(request).__name__,
        request=_request_text(request),
        digest=key,
        process=this_process(),
    )
    if not begun:
        return _read_back(compute(context), request, result_type)[0]

    def end(status: str, *, result: bytes | None = None, error: str = "") -> None:
        end_run(
            control,
            id_,
            status,
            seconds=time.monotonic() - start,
            versions=context.lake.versions,
            result=result,
            error=error,
        )

    try:
        with _beating(control, id_):
            follow = _Follow(control, id_, context.progress)
            result = compute(replace(context, progress=follow))
        again, data = _read_back(result, request, result_type)
    except CancelledError:
        end(CANCELLED)
        raise
    except BaseException as problem:
        # Also when it is interrupted: what ended is not left standing as running.
        end(FAILED, error=_reason(problem))
        raise
    end(FINISHED, result=data)
    return again


def _read_back(result: R, request: object, result_type: type[R]) -> tuple[R, bytes]:
    """A result as it comes from the store, and as it is stored."""
    if not isinstance(result, result_type):
        raise TypeError(f"{type(request).__name__} gives {type(result)}, not {result_type}")
    data = to_bytes(result)
    again: R = from_bytes(data)
    return again, data


def _request_text(request: object) -> str:
    """A request as JSON; one that carries a whole result is named by its digest alone."""
    text: str = TypeAdapter(type(request)).dump_json(request).decode()
    return text if len(text) <= MOST_REQUEST else dumps({"digest": digest(request)})


class _Follow:
    """Progress that is written down, and that stops the run when somebody asked for it."""

    def __init__(self, control: Control, id_: str, outer: Progress) -> None:
        self._control, self._id, self._outer = control, id_, outer
        self._written = float("-inf")

    def __call__(self, step: str, done: int = 0, total: int | None = None, /) -> None:
        self._outer(step, done, total)
        now = time.monotonic()
        if now - self._written < EVERY_SECONDS:
            return
        self._written = now
        if not follow_run(self._control, self._id, step, done, total):
            raise CancelledError(code="cancelled", run=self._id)


@contextmanager
def _beating(control: Control, id_: str) -> Iterator[None]:
    """Say now and then that the run is alive, also while one step takes long."""
    over = Event()

    def beat() -> None:
        while not over.wait(BEAT_SECONDS):
            follow_run(control, id_, "", 0, None)

    thread = Thread(target=beat, name=f"run {id_}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _reason(problem: BaseException) -> str:
    if isinstance(problem, FullhouseError):
        return str(problem)
    return f"{type(problem).__name__}: {problem}"[:1000]


def _find_crashed(control: Control) -> None:
    now = control.clock()
    for run in open_runs(control):
        if is_gone(run.process) or now - run.heard_at > SILENT_AFTER:
            mark_crashed(control, run.id)


def this_process() -> str:
    """This process: its machine, its number there, and when it started."""
    return f"{socket.gethostname()}:{os.getpid()}:{_started(os.getpid())}"


def is_gone(process: str) -> bool:
    """Whether a process of this machine runs no more; of another machine nobody here can tell."""
    host, number, started = process.rsplit(":", 2)
    if host != socket.gethostname():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return _started(int(number)) != started


def _started(number: int) -> str:
    """When a process started, by the system's own count: numbers are given again."""
    try:
        with open(f"/proc/{number}/stat", encoding="ascii", errors="replace") as stat:
            return stat.read().rpartition(")")[2].split()[19]
    except OSError:
        return ""
