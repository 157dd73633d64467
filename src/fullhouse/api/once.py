"""What was sent with an Idempotency-Key is done once: the same again gets the same answer."""

from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256

from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError
from starlette.responses import Response

from fullhouse.api.problems import ProblemError
from fullhouse.control.schema import RequestRow
from fullhouse.core.values import in_utc
from fullhouse.workspace.context import Context

KEPT_FOR = timedelta(days=2)
GIVEN_UP_AFTER = timedelta(hours=1)
"""A request that has no answer for so long died with its server."""

SENT = ("content-type", "location", "link")


def answer(context: Context, key: str, asked: str, work: Callable[[], Response]) -> Response:
    """What `work` answers, or answered to the same request under the same key before.

    An error is not kept: the request may be sent again. `asked` is a digest of who asked what.
    """
    name = sha256(key.encode()).hexdigest()
    known = _begin(context, name, asked)
    if known is not None:
        return known
    try:
        response = work()
    except BaseException:
        _forget(context, name)
        raise
    if response.status_code >= 400:
        _forget(context, name)
        return response
    headers = {k: v for k, v in response.headers.items() if k in SENT}
    values = {"status": response.status_code, "headers": headers, "body": bytes(response.body)}
    with context.control.session() as session:
        row = (RequestRow.tenant == context.tenant, RequestRow.key == name)
        session.execute(update(RequestRow).where(*row).values(**values))
        session.commit()
    return response


def _begin(context: Context, name: str, asked: str) -> Response | None:
    """The answer that is there already; None where the request is to be done now, by us."""
    now = context.now
    with context.control.session() as session:
        old = (RequestRow.tenant == context.tenant, RequestRow.at < now - KEPT_FOR)
        session.execute(delete(RequestRow).where(*old))
        session.add(RequestRow(tenant=context.tenant, key=name, asked=asked, at=now))
        try:
            session.commit()
        except IntegrityError:
            session.rollback()
        else:
            return None
        row = session.get(RequestRow, (context.tenant, name))
    if row is None:  # the other one has just failed
        return _begin(context, name, asked)
    if row.asked != asked:
        raise ProblemError(
            422, "idempotency_key", "This Idempotency-Key was used for another request."
        )
    if row.body is not None and row.status is not None:
        headers = {**(row.headers or {}), "Idempotency-Replayed": "true"}
        return Response(row.body, row.status, headers)
    if in_utc(row.at) < now - GIVEN_UP_AFTER:
        _forget(context, name)
        return _begin(context, name, asked)
    raise ProblemError(
        409, "in_progress", "The same request is being worked on.", {"Retry-After": "1"}
    )


def _forget(context: Context, name: str) -> None:
    with context.control.session() as session:
        row = (RequestRow.tenant == context.tenant, RequestRow.key == name)
        session.execute(delete(RequestRow).where(*row))
        session.commit()
