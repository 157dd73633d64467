"""Deliveries to an address: signed, tried again, taken once."""

import hashlib
import hmac
import socket
import ssl
import subprocess
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullhouse.campaigns.webhook import MOST_WAIT_SECONDS, channel_client, check_url, send, sign
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


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 305, 307, 308])
def test_no_redirect_is_followed_nor_counts_as_taken(status):
    channel = Channel((status, {"Location": "https://elsewhere.example/in"}), 200)
    with pytest.raises(CannotTellError, match=f"status {status}; not tried again"):
        channel.send()
    assert [str(c.url) for c in channel.calls] == [URL]


FORBIDDEN = [
    "http://channel.example/in", "channel.example/in", "ftp://channel.example/in", "https://",
    "https:///in", "https://[::1", "https://channel.example:port/in", "",
    "https://user:word@channel.example/in", "https://user@channel.example/in",
    "https://169.254.169.254/latest/meta-data", "https://169.254.1.1/in", "https://[fe80::1]/in",
    "https://[fe80::1%25eth0]/in", "https://[::ffff:169.254.169.254]/in",
    "https://[64:ff9b::a9fe:a9fe]/in", "https://2852039166/in", "https://0xa9fea9fe/in",
    "https://0251.0376.0251.0376/in", "https://169.254.43518/in", "https://[fd00:ec2::254]/in",
    "https://100.100.100.200/in", "https://metadata.google.internal/in",
    "https://METADATA.google.internal./in", "https://metadata/in", "https://224.0.0.1/in",
    "https://0.0.0.0/in", "https://[ff02::1]/in", "https://169.254.170.2/in",
    "https://\uff11\uff16\uff19.254.169.254/in", "https://169.254.169.254\u3002/in",
    "https://[::169.254.169.254]/in", "https://255.255.255.255/in",
    "https://channel.example/\r\nHost: elsewhere", "https://channel.example/ in",
    f"https://{'a' * 300}.example/in", "https://xn--/in",
]  # fmt: skip


@pytest.mark.parametrize("url", FORBIDDEN)
def test_addresses_without_https_of_the_link_or_with_credentials_are_refused(url):
    channel = Channel(200)
    with pytest.raises(InputError):
        channel.send(url=url)
    assert channel.calls == []


@given(st.integers(0, 2**16 - 1), st.sampled_from(["{}", "::ffff:{}", "64:ff9b::{}"]))
def test_no_address_of_the_link_passes_in_any_spelling(last, form):
    plain = f"169.254.{last >> 8}.{last & 255}"
    host = form.format(plain)
    with pytest.raises(InputError, match="credentials"):
        check_url(f"https://[{host}]/in" if ":" in host else f"https://{host}/in")


@pytest.mark.parametrize(
    "url", ["https://hooks.example/in?key=1", "http://127.0.0.1:8000/in", "https://10.1.2.3/in"]
)
def test_https_this_machine_and_a_company_network_are_addresses(url):
    check_url(url)


def test_a_name_that_stands_for_a_forbidden_address_is_refused_when_it_does(monkeypatch):
    answers = {"socket": [(2, 1, 6, "", ("169.254.169.254", 0))]}
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: answers["socket"])
    channel = Channel(200)
    with pytest.raises(InputError, match=r"channel\.example \(169\.254\.169\.254\)"):
        channel.send()
    assert channel.calls == []


def test_a_key_of_any_letters_fits_a_header():
    channel = Channel(200)
    with channel_client(httpx.MockTransport(channel.answer)) as client:
        send(client, URL, b"{}", secret=SECRET, key="c/流浪地球 2/1", clock=clock)
    assert channel.calls[0].headers["Idempotency-Key"] == (
        "c/%E6%B5%81%E6%B5%AA%E5%9C%B0%E7%90%83%202/1"
    )


def test_after_the_last_try_it_says_what_was_answered():
    channel = Channel(*[None] * 3)
    with pytest.raises(CannotTellError, match=r"in 3 tries: nobody answered \(refused\)"):
        channel.send(tries=3)


def test_only_https_or_this_machine():
    for url in ("http://channel.example/in", "ftp://x", "channel"):
        with pytest.raises(InputError, match="https"):
            Channel(200).send(url)


@contextmanager
def listening(status=200, context=None):
    """A server on this machine: its port, and the Host header of each request."""
    hosts = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            hosts.append((self.headers["Host"], self.path))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port, hosts
    server.shutdown()
    server.server_close()


def names(monkeypatch, *answers):
    """Let each look-up of a name answer the next address, the last one for ever."""
    real, left = socket.getaddrinfo, list(answers)

    def answer(host, port, *arguments, **options):
        if host in ("localhost", "hook.example"):
            address = left.pop(0) if len(left) > 1 else left[0]
            return [(2, 1, 6, "", (address, port or 0))]
        return real(host, port, *arguments, **options)

    monkeypatch.setattr("socket.getaddrinfo", answer)
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def post(url, **options):
    with channel_client() as client:
        return send(
            client, url, b"{}", secret=SECRET, key="k", clock=clock, sleep=lambda _: None, **options
        )


def test_a_name_that_changes_between_check_and_request_reaches_nobody(monkeypatch):
    with listening() as (port, hosts):
        names(monkeypatch, "127.0.0.1", "169.254.169.254")
        with pytest.raises(InputError, match=r"169\.254\.169\.254"):
            post(f"http://localhost:{port}/in")
    assert hosts == []


def test_the_address_that_was_checked_is_the_one_that_is_reached(monkeypatch):
    with listening() as (port, hosts):
        # The third look-up would be the connection's own.
        names(monkeypatch, "127.0.0.1", "127.0.0.1", "169.254.169.254")
        assert post(f"http://localhost:{port}/in?a=1").status == 200
    assert hosts == [(f"localhost:{port}", "/in?a=1")]


def test_a_name_without_an_address_is_tried_again_and_reaches_nobody(monkeypatch):
    def unknown(*_, **__):
        raise socket.gaierror

    names(monkeypatch, "127.0.0.1")
    monkeypatch.setattr("socket.getaddrinfo", unknown)
    with pytest.raises(CannotTellError, match=r"No address is known of localhost"):
        post("http://localhost:1/in", tries=2)


def test_the_certificate_is_judged_by_the_name(monkeypatch, tmp_path):
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", "/CN=hook.example", "-addext", "subjectAltName=DNS:hook.example",
         "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with listening(context=context) as (port, hosts):
        names(monkeypatch, "127.0.0.1")
        assert post(f"https://hook.example:{port}/in").status == 200
        # The certificate is of no such name.
        with pytest.raises(CannotTellError, match="certificate"):
            post(f"https://localhost:{port}/in", tries=1)
    assert hosts == [(f"hook.example:{port}", "/in")]


def test_a_proxy_of_the_environment_resolves_the_name(monkeypatch):
    with listening() as (port, hosts):
        names(monkeypatch, "127.0.0.1")
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("no_proxy", "")
        assert post("http://localhost:1/in").status == 200
    assert hosts == [("localhost:1", "http://localhost:1/in")]


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
