"""Long work: asked for now, done by a worker, and watched as it goes on."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from functools import partial

from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from fullhouse import jobs
from fullhouse.api import answers
from fullhouse.api.contract import contract_of, otherwise
from fullhouse.api.door import Door
from fullhouse.api.problems import ProblemError, problem_of
from fullhouse.api.row import Row
from fullhouse.jobs import JobStatus
from fullhouse.workspace.context import Context

RESULT = Row("GET", "/v1/jobs/{id}/result", "job_result", "read", "both")
EVENTS = Row("GET", "/v1/jobs/{id}/events", "job_events", "read", "both")
EVERY_SECONDS = 0.5
QUIET_SECONDS = 15.0
"""A line that says nothing is sent so often, so that nobody in between hangs up."""

_STATUS: TypeAdapter[JobStatus] = TypeAdapter(JobStatus)
_ANY: TypeAdapter[object] = TypeAdapter(object)


def begin(context: Context, row: Row, asked: object) -> Response:
    """Queue a use case; the answer says where the job is to be looked at."""
    job = jobs.submit(context, row.use_case, asked)
    headers = {"Location": f"/v1/jobs/{job.id}", "Retry-After": "1"}
    return Response(_STATUS.dump_json(job), 202, headers, answers.JSON)


async def result(door: Door, rows: Sequence[Row], request: Request) -> Response:
    """What the use case of a job gave, in the forms that its row has."""
    context = await _context(door, RESULT, request)

    def work() -> Response:
        job = jobs.find(context, request.path_params["id"])
        if not job.has_result:
            detail = f"The job is {job.status}, and has no result."
            raise ProblemError(409, "no_result", detail, {"Retry-After": "1"})
        row = next((r for r in rows if r.use_case == job.kind and not r.part), None)
        if row is None:  # of a job that the command line queued
            given = jobs.result(context, job.id)
            text = _ANY.dump_json(given, fallback=otherwise, serialize_as_any=True)
            return Response(text, media_type=answers.JSON)
        contract = contract_of(row)
        form = answers.chosen_form(request, row)
        paging = answers.paging_of(request, door.limits) if row.lists else None
        given = jobs.result(context, job.id)
        answer = answers.answer(contract, given, form, request, paging)
        answer.status_code = 200
        return answer

    response = await door.slots.run(context.tenant, work)
    return answers.with_etag(response, request)


async def events(door: Door, request: Request) -> Response:
    """A job at each change, as server-sent events, until it has ended."""
    context = await _context(door, EVENTS, request)
    first = await door.slots.run(
        context.tenant, lambda: jobs.find(context, request.path_params["id"])
    )
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(
        _changes(door, context, first), headers=headers, media_type="text/event-stream"
    )


async def _changes(door: Door, context: Context, job: JobStatus) -> AsyncIterator[bytes]:
    last, quiet = None, 0.0
    while True:
        if job != last:
            name = "end" if jobs.has_ended(job) else "progress"
            yield f"event: {name}\ndata: {_STATUS.dump_json(job).decode()}\n\n".encode()
            last, quiet = job, 0.0
        if jobs.has_ended(job) or not door.is_ready:
            return
        await asyncio.sleep(EVERY_SECONDS)
        quiet += EVERY_SECONDS
        if quiet >= QUIET_SECONDS:
            yield b": still there\n\n"
            quiet = 0.0
        try:
            job = await door.slots.run(context.tenant, partial(jobs.find, context, job.id))
        except ProblemError:  # the house is busy: look again
            continue
        except Exception as error:  # the stream has begun: it can only say so and end
            body = problem_of(error, for_house=False).body
            text = json.dumps(json.loads(bytes(body)))
            yield f"event: problem\ndata: {text}\n\n".encode()
            return


async def _context(door: Door, row: Row, request: Request) -> Context:
    request.scope["fullhouse.route"] = row.path
    return door.context(row, await door.principal(request), request)
