"""A line sent to a channel's own address: in signed parts, tried again, each taken once."""

import hashlib
import hmac
import json
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit

import httpx
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt

from fullhouse.campaigns.campaign import Delivered, DeliveryLine
from fullhouse.core.errors import CannotTellError, ConflictError, InputError

TRIES = 6
FIRST_WAIT_SECONDS = 1.0
MOST_WAIT_SECONDS = 60.0
AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers after which the same may succeed later (RFC 9110; 425 is RFC 8470)."""
TIMEOUT_SECONDS = 30.0
ACCOUNTS = 10_000
"""Accounts in a part at most."""
LOGGED_EACH = 20
"""Parts that are logged in one commit; a crash between sends those again under their own keys."""
VARIABLE = "FULLHOUSE_WEBHOOK_SECRET"


@dataclass(frozen=True)
class Sent:
    """A body that was taken: after so many tries, under this idempotency key."""

    status: int
    tries: int
    key: str


@dataclass(frozen=True)
class TakenPart:
    """A part of a line that the channel took."""

    number: int
    persons: int
    rows: int
    digest: str


Send = Callable[[bytes, str], Sent]
"""Sends a body under an idempotency key; an error where it is not taken."""


class _TryAgainError(Exception):
    """The channel did not take a body, and may later: its status, or why nobody answered."""

    def __init__(self, status: int | None, problem: str = "", wait: float | None = None) -> None:
        super().__init__(problem)
        self.status, self.problem, self.wait = status, problem, wait


def sign(secret: bytes, body: bytes, *, at: int) -> str:
    """The signature of a body at a Unix time: 't=TIME,v1=HMAC-SHA-256 of TIME.BODY'.

    A receiver computes the same over the raw body, compares in constant time and refuses an old
    time, so that nobody can send a recorded delivery again.
    """
    mac = hmac.new(secret, str(at).encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={mac}"


def channel_client(transport: httpx.BaseTransport | None = None) -> httpx.Client:
    """A client that follows no redirect: accounts go to the address that the operator gave.

    It trusts the certificates of the operating system, those of a company's own proxy among them.
    """
    return httpx.Client(
        transport=transport,
        timeout=TIMEOUT_SECONDS,
        follow_redirects=False,
        verify=ssl.create_default_context(),
    )


def send(
    client: httpx.Client,
    url: str,
    body: bytes,
    *,
    secret: bytes,
    key: str,
    clock: Callable[[], datetime],
    sleep: Callable[[float], None] = time.sleep,
    tries: int = TRIES,
) -> Sent:
    """Send a body until it is taken: waits 1, 2, 4 … seconds between tries, or as long as asked.

    `key` names the delivery (campaign, line, part): every try carries it as Idempotency-Key, so a
    receiver that took it already answers so and takes nothing twice. A refusal that trying again
    cannot change (a redirect is one) is an error at once; so is the last try.
    """
    check_url(url)
    retrying = Retrying(
        stop=stop_after_attempt(tries),
        wait=_wait,
        retry=retry_if_exception_type(_TryAgainError),
        sleep=sleep,
        reraise=True,
    )
    try:
        status = retrying(_post, client, url, body, secret, key, clock)
    except _TryAgainError as last:
        facts = {"url": url, "key": key, "tries": tries}
        if last.status is None:
            raise CannotTellError(code="webhook_no_answer", problem=last.problem, **facts) from None
        raise CannotTellError(code="webhook_not_taken", status=last.status, **facts) from None
    return Sent(status, int(retrying.statistics["attempt_number"]), key)


def _post(
    client: httpx.Client,
    url: str,
    body: bytes,
    secret: bytes,
    key: str,
    clock: Callable[[], datetime],
) -> int:
    headers = {
        "Content-Type": "application/json",
        "Idempotency-Key": key,
        "Fullhouse-Signature": sign(secret, body, at=int(clock().timestamp())),
    }
    try:
        answer = client.post(url, content=body, headers=headers)
    except httpx.TransportError as problem:
        raise _TryAgainError(None, str(problem)) from problem
    if answer.is_success:
        return answer.status_code
    if answer.status_code not in AGAIN:
        raise CannotTellError(code="webhook_refused", url=url, key=key, status=answer.status_code)
    wait = answer.headers.get("Retry-After", "")
    raise _TryAgainError(answer.status_code, wait=float(wait) if wait.isdigit() else None)


def _wait(state: RetryCallState) -> float:
    problem = state.outcome.exception() if state.outcome else None
    wait = problem.wait if isinstance(problem, _TryAgainError) else None
    doubled = FIRST_WAIT_SECONDS * 2.0 ** (state.attempt_number - 1)
    return min(MOST_WAIT_SECONDS, wait or doubled)


def check_url(url: str) -> None:
    """Refuse an address that is not https, but for this machine's own."""
    parts = urlsplit(url)
    local = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if parts.scheme != "https" and not (parts.scheme == "http" and local):
        raise InputError(f"A webhook goes to an https address, not to {url!r}.")


def secret_of(channel: str, environment: Mapping[str, str]) -> bytes:
    """A channel's secret: FULLHOUSE_WEBHOOK_SECRET_CHANNEL, or the one for all channels."""
    own = f"{VARIABLE}_{channel.upper().replace('-', '_')}"
    secret = environment.get(own) or environment.get(VARIABLE)
    if not secret:
        raise InputError(
            f"Channel {channel} is delivered by webhook, and its bodies are signed: set {own},"
            f" or {VARIABLE} for all channels, in the environment."
        )
    return secret.encode()


def send_parts(
    accounts: Delivered,
    line: DeliveryLine,
    *,
    campaign: str,
    url: str,
    send: Send,
    taken: Mapping[int, str],
    log: Callable[[list[TakenPart]], None],
) -> Delivered:
    """Send a line's scratch accounts in parts of up to 10,000, sorted by source and account.

    `taken` gives the digest of each part that the log has: these are not sent again. A part whose
    accounts have changed since is refused: its key stands for the old body. Parts are logged when
    they are taken, also those before one that is not.
    """
    waiting: list[TakenPart] = []
    digests: list[bytes] = []
    sent = 0
    try:
        for number, (body, persons, rows) in enumerate(_bodies(accounts.file, line, campaign)):
            digest = hashlib.sha256(body)
            digests.append(digest.digest())
            if number in taken:
                _check_same(taken[number], digest.hexdigest(), number, line.line)
                continue
            send(body, f"{campaign}/{line.line}/{number}")
            sent += 1
            waiting.append(TakenPart(number, persons, rows, digest.hexdigest()))
            if len(waiting) == LOGGED_EACH:
                log(waiting)
                waiting = []
    finally:
        if waiting:
            log(waiting)
    return replace(
        accounts, file=urlsplit(url).hostname or url,
        digest=hashlib.sha256(b"".join(digests)).hexdigest(), parts=len(digests), resent=sent,
    )  # fmt: skip


def _check_same(taken: str, now: str, number: int, line: str) -> None:
    if taken != now:
        raise ConflictError(code="part_changed", part=number, line=line)


def _bodies(file: str, line: DeliveryLine, campaign: str) -> Iterator[tuple[bytes, int, int]]:
    """Each part's body, persons and rows. Sorted, so that a compacted lake gives the same parts."""
    rows = pq.read_table(file).sort_by([("source", "ascending"), ("account", "ascending")])
    for number, start in enumerate(range(0, rows.num_rows, ACCOUNTS)):
        part = rows.slice(start, ACCOUNTS)
        body = {
            "campaign": campaign, "line": line.line, "part": number, "day": line.day.isoformat(),
            "frequency": line.frequency,
            "accounts": part.select(["source", "account"]).to_pylist(),
        }  # fmt: skip
        yield _json(body), int(pc.count_distinct(part["person"]).as_py()), part.num_rows


def _json(body: Mapping[str, object]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def parts_taken(log: pa.Table, line: str) -> dict[int, str]:
    """The digest of each part of a line in rows of the table `delivery`."""
    return {
        r["part"]: r["digest"]
        for r in log.to_pylist()
        if r["line"] == line and r["form"] == "webhook"
    }
