"""Deliveries to an address: signed, tried again, taken once."""

import hashlib
import hmac
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest

from fullhouse.campaigns.webhook import MOST_WAIT_SECONDS, channel_client, send, sign
from fullhouse.core.errors import CannotTellError, InputError

SECRET = b"secret"


URL = "https://channel.example/in"


def clock():
    return datetime.fromtimestamp(1000, UTC)


class Channel:
    """A channel's address in memory: answers in turn, and remembers what it was sent."""

    def __init__(self, *answers: "int | tuple[int, dict[str, str]] | None") -> None:
        self.answers, self.calls, self.waited = list(answers), [], []

    def answer(self, request):
        self.calls.append(request)
        answer = self.answers.pop(0)
        if answer is None:
            raise httpx.ConnectError("refused")
        status, headers = answer if isinstance(answer, tuple) else (answer, {})
        return httpx.Response(status, headers=headers)

    def send(self, url=URL, **options):
        with channel_client(httpx.MockTransport(self.answer)) as client:
            return send(
                client, url, b"{}", secret=SECRET, key="c/l/1", clock=clock,
                sleep=self.waited.append, **options,
            )  # fmt: skip


def test_a_delivery_is_tried_again_under_the_same_key_until_it_is_taken():
    channel = Channel(503, None, 429, 200)
    sent = channel.send()
    assert (sent.status, sent.tries) == (200, 4)
    assert {c.headers["Idempotency-Key"] for c in channel.calls} == {"c/l/1"}
    assert channel.waited == [1.0, 2.0, 4.0]


def test_a_channel_that_asks_to_wait_is_given_time_but_not_for_ever():
    channel = Channel((429, {"Retry-After": "7"}), (503, {"Retry-After": "4000"}), 204)
    assert channel.send().status == 204
    assert channel.waited == [7.0, MOST_WAIT_SECONDS]


def test_a_refusal_is_not_tried_again():
    channel = Channel(403, 200)
    with pytest.raises(CannotTellError, match="status 403; not tried again"):
        channel.send()
    assert len(channel.calls) == 1


def test_no_redirect_is_followed():
    channel = Channel((307, {"Location": "https://elsewhere.example/in"}), 200)
    with pytest.raises(CannotTellError, match="status 307; not tried again"):
        channel.send()
    assert [str(c.url) for c in channel.calls] == [URL]


def test_after_the_last_try_it_says_what_was_answered():
    channel = Channel(*[None] * 3)
    with pytest.raises(CannotTellError, match=r"in 3 tries: nobody answered \(refused\)"):
        channel.send(tries=3)


def test_only_https_or_this_machine():
    for url in ("http://channel.example/in", "ftp://x", "channel"):
        with pytest.raises(InputError, match="https"):
            Channel(200).send(url)


def test_a_receiver_can_check_the_signature_over_the_network():
    taken = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            stamp, _, mac = self.headers["Fullhouse-Signature"].partition(",v1=")
            signed = stamp.removeprefix("t=").encode() + b"." + body
            wanted = hmac.new(SECRET, signed, hashlib.sha256).hexdigest()
            taken.append(hmac.compare_digest(mac, wanted))
            self.send_response(503 if len(taken) == 1 else 200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/in"
    with channel_client() as client:
        sent = send(
            client, url, b'{"a": 1}', secret=SECRET, key="k", clock=clock, sleep=lambda _: None
        )
    server.shutdown()
    server.server_close()
    assert (sent.tries, taken) == (2, [True, True])
    assert sign(SECRET, b'{"a": 2}', at=1) != sign(SECRET, b'{"a": 1}', at=1)
