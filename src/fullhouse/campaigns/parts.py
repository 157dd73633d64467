"""A line sent to a channel's own address in parts, each taken once, also by a resumed launch."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from fullhouse.campaigns.deliver import Delivered, DeliveryLine
from fullhouse.campaigns.webhook import Sent
from fullhouse.core.errors import ConflictError, InputError

ACCOUNTS = 10_000
"""Accounts in a part at most."""
LOGGED_EACH = 20
"""Parts that are logged in one commit; a crash between sends those again under their own keys."""
VARIABLE = "FULLHOUSE_WEBHOOK_SECRET"


@dataclass(frozen=True)
class Part:
    """A part that was taken."""

    number: int
    persons: int
    rows: int
    digest: str


Send = Callable[[bytes, str], Sent]
"""Sends a body under an idempotency key; an error where it is not taken."""


def secret_of(channel: str, environment: Mapping[str, str]) -> bytes:
    """A channel's secret: FULLHOUSE_WEBHOOK_SECRET_CHANNEL, or the one for all channels."""
    own = f"{VARIABLE}_{channel.upper().replace('-', '_')}"
    found = environment.get(own) or environment.get(VARIABLE)
    if not found:
        raise InputError(
            f"Channel {channel} is delivered by webhook, and its bodies are signed: set {own},"
            f" or {VARIABLE} for all channels, in the environment."
        )
    return found.encode()


def send_parts(
    accounts: Delivered,
    line: DeliveryLine,
    *,
    campaign: str,
    url: str,
    send: Send,
    taken: Mapping[int, str],
    log: Callable[[list[Part]], None],
) -> Delivered:
    """Send a line's scratch accounts in parts of up to 10,000, sorted by source and account.

    `taken` gives the digest of each part that the log has: these are not sent again. A part whose
    accounts have changed since is refused: its key stands for the old body. Parts are logged when
    they are taken, also those before one that is not.
    """
    waiting: list[Part] = []
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
            waiting.append(Part(number, persons, rows, digest.hexdigest()))
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
        raise ConflictError(
            f"Part {number} of line {line} was taken before, and its accounts have changed since."
            " What was taken cannot be taken back; launch the plan under another name."
        )


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
