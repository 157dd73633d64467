"""Spans hold how long things took and how they ended, and no data."""

import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from fullhouse.core import tracing
from fullhouse.core.errors import InputError
from fullhouse.core.tracing import span, start_tracing


def test_a_span_has_its_name_its_values_and_not_the_words_of_an_error(spans):
    def fails():
        with span("job traits_build") as timed:
            timed.note("job traits_build again", fullhouse__job__tries=2)
            raise ValueError("of zoe@secret.example")

    with pytest.raises(ValueError, match="of zoe"):
        fails()
    (done,) = spans()
    assert done.name == "job traits_build again"
    assert dict(done.attributes) == {"fullhouse.job.tries": 2}
    assert done.events == ()
    assert "zoe" not in done.to_json()


def test_without_the_package_or_a_collector_nothing_happens(monkeypatch):
    assert not start_tracing({})
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with span("job traits_build") as timed:
        timed.note(fullhouse__job__ended="finished")
    with pytest.raises(InputError, match=r"fullhouse\[telemetry\]"):
        start_tracing({tracing.ENDPOINTS[0]: "http://localhost:4318"})


@pytest.mark.slow
def test_spans_are_sent_where_opentelemetrys_settings_say():
    received = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self):
            received.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Collector)
    Thread(target=server.serve_forever, daemon=True).start()
    code = (
        "from fullhouse.core.tracing import span, start_tracing; import os\n"
        "assert start_tracing(os.environ)\n"
        "with span('GET /v1/titles', serves=True): pass\n"
    )
    where = f"http://127.0.0.1:{server.server_port}"
    try:
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONPATH": ":".join(sys.path), tracing.ENDPOINTS[1]: where},
            check=True,
            timeout=120,
        )
    finally:
        server.shutdown()
        server.server_close()
    ((path, body),) = received
    assert path == "/v1/traces"
    assert b"GET /v1/titles" in body
    assert b"fullhouse" in body
