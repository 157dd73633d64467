"""A delivery sent to a channel's own address: signed, tried again, and never taken twice."""

import hashlib
import hmac
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from fullhouse.core.errors import CannotTellError, InputError

TRIES = 6
FIRST_WAIT_SECONDS = 1.0
MOST_WAIT_SECONDS = 60.0
AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers after which the same may succeed later (RFC 9110; 425 is RFC 8470)."""
TIMEOUT_SECONDS = 30.0

Post = Callable[[str, bytes, dict[str, str]], tuple[int, float | None]]
"""Sends a body to a URL with headers; the status, and how long it asks to wait, if it does.
Raises OSError where nobody answered."""


@dataclass(frozen=True)
class Sent:
    """A body that was taken: after so many tries, under this idempotency key."""

    status: int
    tries: int
    key: str


def sign(secret: bytes, body: bytes, *, at: int) -> str:
    """The signature of a body at a Unix time: 't=TIME,v1=HMAC-SHA-256 of TIME.BODY'.

    A receiver computes the same over the raw body, compares in constant time and refuses an old
    time, so that nobody can send a recorded delivery again.
    """
    mac = hmac.new(secret, str(at).encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={mac}"


def send(
    url: str,
    body: bytes,
    *,
    secret: bytes,
    key: str,
    post: Post | None = None,
    clock: Callable[[], float] = time.time,
    wait: Callable[[float], None] = time.sleep,
    tries: int = TRIES,
) -> Sent:
    """Send a body until it is taken: waits 1, 2, 4 … seconds between tries, or as long as asked.

    `key` names the delivery (campaign, line, part): every try carries it as Idempotency-Key, so a
    receiver that took it already says so and takes nothing twice. A refusal that trying again
    cannot change is an error at once; so is the last try.
    """
    check_url(url)
    said = "nobody answered"
    for number in range(tries):
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": key,
            "Fullhouse-Signature": sign(secret, body, at=int(clock())),
        }
        asked = None
        try:
            status, asked = (post or _post)(url, body, headers)
        except OSError as problem:
            said = f"nobody answered ({problem})"
        else:
            if 200 <= status < 300:
                return Sent(status, number + 1, key)
            said = f"status {status}"
            if status not in AGAIN:
                raise CannotTellError(f"{url} refused delivery {key} with {said}; not tried again.")
        if number + 1 < tries:
            wait(min(MOST_WAIT_SECONDS, asked or FIRST_WAIT_SECONDS * 2.0**number))
    raise CannotTellError(f"{url} did not take delivery {key} in {tries} tries: {said}.")


def check_url(url: str) -> None:
    """Refuse an address that is not https, but for this machine's own."""
    parts = urlsplit(url)
    local = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if parts.scheme != "https" and not (parts.scheme == "http" and local):
        raise InputError(f"A webhook goes to an https address, not to {url!r}.")


def _post(url: str, body: bytes, headers: dict[str, str]) -> tuple[int, float | None]:
    # `send` has checked the scheme: https, or http on this machine; no file, no ftp.
    request = urllib.request.Request(url, data=body, headers=headers, method="POST")  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
            return int(answer.status), None
    except urllib.error.HTTPError as problem:
        asked = problem.headers.get("Retry-After", "")
        return problem.code, float(asked) if asked.isdigit() else None
