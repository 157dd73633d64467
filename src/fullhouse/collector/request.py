"""A request of a client library: whose key it brings, its body as JSON, its messages."""

import base64
import binascii
import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from msgspec import UNSET, Raw, UnsetType

from fullhouse.collector.intake import any_json

LARGEST_BATCH = 500 * 1024
LARGEST_BODY = 4_000 * 1024
"""Bytes of a batch, as Segment has it, and of any body, as RudderStack has it."""


class TooLargeError(Exception):
    """A body that is larger than any client library sends."""


class NoJsonError(Exception):
    """A body that is no JSON at all."""


class Envelope(msgspec.Struct):
    """What of a body is not in its messages."""

    batch: Raw | UnsetType = UNSET
    data: Raw | UnsetType = UNSET
    writeKey: Any = UNSET  # noqa: N815  # as the client libraries write it
    sentAt: Any = UNSET  # noqa: N815


@dataclass(frozen=True)
class Sent:
    """The messages of a body, each still JSON, and what is said of all of them."""

    messages: list[bytes]
    key: str = ""
    sent_at: Any = None


_decode_envelope = msgspec.json.Decoder(Envelope).decode
_decode_list = msgspec.json.Decoder(list[Raw]).decode


def unpacked(body: bytes, encoding: bytes, most: int) -> bytes:
    """The body without its compression; also where a client forgot to name it.

    An error when it unpacks to more than `most`: a few kilobytes can unpack to gigabytes.
    """
    packed = body[:2] == b"\x1f\x8b"
    if not packed and encoding not in (b"gzip", b"x-gzip", b"deflate"):
        return body
    try:
        # 47: gzip or zlib, whichever it begins with.
        undo = zlib.decompressobj(47)
        plain = undo.decompress(body, most + 1)
    except zlib.error:
        if packed:
            raise NoJsonError from None
        return body
    if len(plain) > most:
        raise TooLargeError
    return plain


def batch_of(body: bytes) -> Sent:
    """The messages of a batch. Whatever JSON it is, every message in it comes out."""
    try:
        envelope = _decode_envelope(body)
    except (msgspec.DecodeError, RecursionError):
        return _odd_batch(body)
    key = envelope.writeKey if isinstance(envelope.writeKey, str) else ""
    sent_at = None if envelope.sentAt is UNSET else envelope.sentAt
    if envelope.batch is UNSET:
        return Sent([body], key, sent_at)
    try:
        messages = [bytes(m) for m in _decode_list(envelope.batch)]
    except (msgspec.DecodeError, RecursionError):
        return _odd_batch(body)
    return Sent(messages, key, sent_at)


def snowplow_of(body: bytes) -> list[dict[str, Any]]:
    """The events of a Snowplow payload as fields; what is none is an empty one."""
    try:
        whole = any_json(body)
    except RecursionError:
        return [{}]
    except ValueError:
        raise NoJsonError from None
    data = whole.get("data") if isinstance(whole, dict) else whole
    events = data if isinstance(data, list) else [data]
    return [e if isinstance(e, dict) else {} for e in events]


def _odd_batch(body: bytes) -> Sent:
    """A body that strict readers refuse, or whose batch is none."""
    try:
        whole = any_json(body)
    except RecursionError:  # JSON, but of nothing that a message can be
        return Sent([body])
    except ValueError:
        raise NoJsonError from None
    if isinstance(whole, list):
        return Sent([_again(m) for m in whole])
    if not isinstance(whole, dict):
        return Sent([body])
    key = whole.get("writeKey")
    batch = whole.get("batch")
    messages = [_again(m) for m in batch] if isinstance(batch, list) else [body]
    return Sent(messages, key if isinstance(key, str) else "", whole.get("sentAt"))


def _again(message: Any) -> bytes:
    return json.dumps(message).encode()


def basic_key(authorization: bytes) -> str:
    """The user of Basic credentials, which is the write key; empty where there is none."""
    scheme, _, credentials = authorization.partition(b" ")
    if scheme.lower() != b"basic":
        return ""
    try:
        return base64.b64decode(credentials).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def query_of(query: bytes) -> dict[str, str]:
    """The parameters of an address; of one that stands twice, the first."""
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True, errors="replace")
    return dict(reversed(pairs))


def pixel_message(query: Mapping[str, str]) -> bytes:
    """The message of a pixel's address, in which dots reach into objects."""
    message: dict[str, Any] = {}
    for name, value in query.items():
        if name in ("writeKey", "check"):
            continue
        *above, last = name.split(".")[:10]
        node = message
        for part in above:
            below = node.setdefault(part, {})
            if not isinstance(below, dict):
                break
            node = below
        else:
            node[last] = value
    return json.dumps(message).encode()


def first_given(texts: Iterable[str]) -> str:
    """The first text that is not empty."""
    return next((t for t in texts if t), "")
