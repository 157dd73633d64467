"""A line in parts to a channel's own address: nothing is taken twice, nor left unsent."""

import json
import threading
from contextlib import contextmanager
from datetime import date
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fullhouse.campaigns.campaign import Delivered, DeliveryLine
from fullhouse.campaigns.deliver import WHOSE
from fullhouse.campaigns.webhook import (
    ACCOUNTS,
    channel_client,
    secret_of,
    send,
    send_parts,
    sign,
)
from fullhouse.core.errors import CannotTellError, ConflictError, InputError
from fullhouse.workspace.context import utc_now

LINE = DeliveryLine("a", "dogs", "push", ("shop",), "webhook", date(2025, 7, 14), 2.0)
PEOPLE = 25_000


@pytest.fixture(scope="module")
def accounts(tmp_path_factory):
    file = tmp_path_factory.mktemp("parts") / "a.parquet"
    rows = pa.table(
        {
            "source": ["shop"] * PEOPLE,
            "account": [f"s{i}" for i in reversed(range(PEOPLE))],
            "person": [i // 2 for i in range(PEOPLE)],
        },
        schema=WHOSE,
    )
    pq.write_table(rows, file)
    return Delivered("a", "push", "webhook", str(file), PEOPLE // 2, PEOPLE, "")


class Receiver(BaseHTTPRequestHandler):
    """Answers in turn, 200 in the end; takes a key once, and checks the signature."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        key = self.headers["Idempotency-Key"]
        at = int(self.headers["Fullhouse-Signature"].split(",")[0].removeprefix("t="))
        assert self.headers["Fullhouse-Signature"] == sign(b"secret", body, at=at)
        status = self.server.answers.pop(0) if self.server.answers else 200
        self.server.calls.append(key)
        if status == 200 and key not in self.server.taken:
            self.server.taken[key] = json.loads(body)
        self.send_response(status)
        self.end_headers()

    def log_message(self, *_):
        pass


@contextmanager
def receiver(*answers):
    server = HTTPServer(("127.0.0.1", 0), Receiver)
    server.answers, server.calls, server.taken = list(answers), [], {}
    server.url = f"http://127.0.0.1:{server.server_port}/in"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _send(accounts, server, taken, log):
    with channel_client() as client:
        post = partial(send, client, server.url, secret=b"secret", clock=utc_now,
                       sleep=lambda _: None)  # fmt: skip
        return send_parts(
            accounts, LINE, campaign="c", url=server.url, taken=taken, log=log,
            send=lambda body, key: post(body, key=key),
        )  # fmt: skip


def test_every_account_is_taken_once_though_the_receiver_fails_at_first(accounts):
    logged = []
    with receiver(503, 503) as server:
        done = _send(accounts, server, {}, logged.extend)
    assert server.calls == ["c/a/0"] * 3 + ["c/a/1", "c/a/2"]
    bodies = list(server.taken.values())
    sent = [a["account"] for body in bodies for a in body["accounts"]]
    assert sent == sorted(f"s{i}" for i in range(PEOPLE))
    assert [len(b["accounts"]) for b in bodies] == [ACCOUNTS, ACCOUNTS, 5000]
    first = bodies[0] | {"accounts": bodies[0]["accounts"][:1]}
    assert first == {
        "campaign": "c", "line": "a", "part": 0, "day": "2025-07-14", "frequency": 2.0,
        "accounts": [{"source": "shop", "account": "s0"}],
    }  # fmt: skip
    assert [(p.number, p.rows) for p in logged] == [(0, ACCOUNTS), (1, ACCOUNTS), (2, 5000)]
    assert (done.parts, done.resent, done.file) == (3, 3, "127.0.0.1")


def test_a_resumed_launch_sends_only_what_the_log_lacks(accounts):
    logged = []
    with receiver(200, 410) as server:
        with pytest.raises(CannotTellError, match="refused delivery c/a/1"):
            _send(accounts, server, {}, logged.extend)
        assert [p.number for p in logged] == [0], "what was taken is logged before the error"
        taken = {p.number: p.digest for p in logged}
        done = _send(accounts, server, taken, logged.extend)
    assert server.calls == ["c/a/0", "c/a/1", "c/a/1", "c/a/2"]
    assert done.resent == 2
    taken = {p.number: p.digest for p in logged}
    with receiver() as server:
        again = _send(accounts, server, taken, logged.extend)
        assert server.calls == []
        assert again.digest == done.digest
        with pytest.raises(ConflictError, match="Part 0 of line a was taken before"):
            _send(accounts, server, taken | {0: "other"}, logged.extend)


def test_a_secret_is_needed_and_a_channel_may_have_its_own():
    with pytest.raises(InputError, match="FULLHOUSE_WEBHOOK_SECRET_PRE_ROLL"):
        secret_of("pre-roll", {})
    both = {"FULLHOUSE_WEBHOOK_SECRET": "all", "FULLHOUSE_WEBHOOK_SECRET_PRE_ROLL": "own"}
    assert (secret_of("pre-roll", both), secret_of("push", both)) == (b"own", b"all")
