"""Deliveries to an address: signed, tried again, taken once."""

import hashlib
import hmac
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from fullhouse.campaigns.webhook import MOST_WAIT_SECONDS, send, sign
from fullhouse.core.errors import CannotTellError, InputError

SECRET = b"secret"


class Channel:
    """A channel's address in memory: answers in turn, and remembers what it took."""

    def __init__(self, *answers: "int | tuple[int, float] | None") -> None:
        self.answers, self.calls, self.waited = list(answers), [], []

    def post(self, url, body, headers):
        self.calls.append((url, body, headers))
        answer = self.answers.pop(0)
        if answer is None:
            raise ConnectionRefusedError("refused")
        return answer if isinstance(answer, tuple) else (answer, None)

    def send(self, **options):
        return send(
            "https://channel.example/in", b"{}", secret=SECRET, key="c/l/1", post=self.post,
            clock=lambda: 1000.0, wait=self.waited.append, **options,
        )  # fmt: skip


def test_a_delivery_is_tried_again_under_the_same_key_until_it_is_taken():
    channel = Channel(503, None, 429, 200)
    sent = channel.send()
    assert (sent.status, sent.tries) == (200, 4)
    assert {headers["Idempotency-Key"] for _, _, headers in channel.calls} == {"c/l/1"}
    assert channel.waited == [1.0, 2.0, 4.0]


def test_a_channel_that_asks_to_wait_is_given_time_but_not_for_ever():
    channel = Channel((429, 7.0), (503, 4000.0), 204)
    assert channel.send().status == 204
    assert channel.waited == [7.0, MOST_WAIT_SECONDS]


def test_a_refusal_is_not_tried_again():
    channel = Channel(403, 200)
    with pytest.raises(CannotTellError, match="status 403; not tried again"):
        channel.send()
    assert len(channel.calls) == 1


def test_after_the_last_try_it_says_what_was_answered():
    channel = Channel(*[None] * 3)
    with pytest.raises(CannotTellError, match=r"in 3 tries: nobody answered \(refused\)"):
        channel.send(tries=3)


def test_only_https_or_this_machine():
    for url in ("http://channel.example/in", "ftp://x", "channel"):
        with pytest.raises(InputError, match="https"):
            send(url, b"", secret=SECRET, key="k", post=Channel(200).post)


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
    sent = send(url, b'{"a": 1}', secret=SECRET, key="k", wait=lambda _: None)
    server.shutdown()
    server.server_close()
    assert (sent.tries, taken) == (2, [True, True])
    assert sign(SECRET, b'{"a": 2}', at=1) != sign(SECRET, b'{"a": 1}', at=1)
