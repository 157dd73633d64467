"""A line sent to a channel's own address: in signed parts, tried again, each taken once."""

import contextlib
import hashlib
import hmac
import json
import re
import socket
import ssl
import time
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import quote, urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx
import pyarrow as pa
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt

from fullhouse.campaigns.campaign import DeliveryLine
from fullhouse.core.errors import CannotTellError, InputError

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
KEY_CHARACTERS = "/-_.~@:"
"""What stands in an idempotency key as it is; a header has ASCII only."""
THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
CREDENTIAL_HOSTS = frozenset(
    {
        "169.254.169.254", "169.254.170.2", "fd00:ec2::254", "100.100.100.200", "168.63.129.16",
        "192.0.0.192", "metadata", "metadata.google.internal", "metadata.goog", "instance-data",
        "instance-data.ec2.internal",
    }
)  # fmt: skip
"""Where clouds give a machine its credentials (Amazon, Google, Azure, Alibaba, Oracle)."""
LINK_ENDINGS = (".metadata.google.internal", ".metadata.goog")
NAT64 = ip_network("64:ff9b::/96")
WHY_FORBIDDEN = (
    "it is an address of this link, or one at which a cloud gives out credentials. Give the"
    " channel's own https address."
)


@dataclass(frozen=True)
class SentBody:
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


Body = Callable[[], bytes]
"""Makes the body anew for each try, of those who may leave at that moment."""


class NothingLeftError(Exception):
    """Nobody of a body may leave any more, so there is nothing to send."""


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
        transport=transport or _Pinned(),
        timeout=TIMEOUT_SECONDS,
        follow_redirects=False,
    )


class _Pinned(httpx.BaseTransport):
    """Resolves a name once for each request, checks what it stands for, and connects to that.

    A name that changes its answer between the check and the connection reaches nothing else. Where
    the environment names a proxy, the proxy resolves the name, and what it may reach is its own
    matter.
    """

    def __init__(self) -> None:
        self._trusted = ssl.create_default_context()
        self._direct = httpx.HTTPTransport(verify=self._trusted)
        self._proxied: dict[str, httpx.HTTPTransport] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url, host = request.url, request.url.host
        if (proxy := proxy_of(url.scheme, host)) is not None:
            if proxy not in self._proxied:
                self._proxied[proxy] = httpx.HTTPTransport(verify=self._trusted, proxy=proxy)
            return self._proxied[proxy].handle_request(request)
        addresses = resolved(host)
        if not addresses:
            raise httpx.ConnectError(f"No address is known of {host}.", request=request)
        for left, address in enumerate(addresses, start=1 - len(addresses)):
            pinned = httpx.Request(
                request.method,
                url.copy_with(host=address),
                headers=request.headers,  # Host among them: the name
                stream=request.stream,
                # The certificate is that of the name.
                extensions={**request.extensions, "sni_hostname": host},
            )
            try:
                return self._direct.handle_request(pinned)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if not left:
                    raise
        raise AssertionError

    def close(self) -> None:
        for transport in (self._direct, *self._proxied.values()):
            transport.close()


def proxy_of(scheme: str, host: str) -> str | None:
    """The proxy that the environment names for a host."""
    if proxy_bypass(host):
        return None
    proxies = getproxies()
    proxy = proxies.get(scheme) or proxies.get("all")
    return f"http://{proxy}" if proxy and "://" not in proxy else proxy or None


def resolved(host: str) -> list[str]:
    """The addresses that a name stands for now; refuses one at which no webhook may go."""
    try:
        answers = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    addresses = list(dict.fromkeys(str(address[0]) for *_, address in answers))
    for address in addresses:
        if _is_forbidden(address):
            raise InputError(f"No webhook goes to {host} ({address}): {WHY_FORBIDDEN}")
    return addresses


def send(
    client: httpx.Client,
    url: str,
    body: bytes | Body,
    *,
    secret: bytes,
    key: str,
    clock: Callable[[], datetime],
    sleep: Callable[[float], None] = time.sleep,
    tries: int = TRIES,
) -> SentBody:
    """Send a body until it is taken: waits 1, 2, 4 … seconds between tries, or as long as asked.

    `key` names the delivery (campaign, line, part): every try carries it as Idempotency-Key, so a
    receiver that took it already answers so and takes nothing twice. A refusal that trying again
    cannot change (a redirect is one) is an error at once; so is the last try. A body that is a
    function is made anew for each try.
    """
    check_url(url)
    check_host(url)
    key = quote(key, safe=KEY_CHARACTERS)
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
    return SentBody(status, int(retrying.statistics["attempt_number"]), key)


def _post(
    client: httpx.Client,
    url: str,
    body: bytes | Body,
    secret: bytes,
    key: str,
    clock: Callable[[], datetime],
) -> int:
    body = body() if callable(body) else body
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
    """Refuse an address that is not https, but for this machine's own, or that names a secret.

    So are addresses of the link itself, which are those at which machines in a cloud give out
    their credentials.
    """
    host = None
    # What the client could not send to either: blanks and line ends, names that are none.
    with contextlib.suppress(ValueError, httpx.InvalidURL):
        parts = urlsplit(url)
        name, _, _ = parts.hostname or "", parts.port, httpx.URL(url).host
        _ = name if ":" in name else name.encode("idna")
        host = None if re.search(r"\s", url.strip()) else name
    if not host:
        raise InputError(f"A webhook goes to an https address, not to {url!r}.")
    if parts.scheme != "https" and not (parts.scheme == "http" and host in THIS_MACHINE):
        raise InputError(f"A webhook goes to an https address, not to {url!r}.")
    if parts.username is not None or parts.password is not None:
        raise InputError(
            f"The address of a webhook on {host} has a user or password in it. Bodies are signed"
            f" with {VARIABLE}; leave it out."
        )
    # A resolver reads the digits and the full stops of any script.
    name = unicodedata.normalize("NFKC", host).replace("\u3002", ".").rstrip(".").lower()
    if name in CREDENTIAL_HOSTS or name.endswith(LINK_ENDINGS) or _is_forbidden(name):
        raise InputError(f"No webhook goes to {host}: {WHY_FORBIDDEN}")


def check_host(url: str) -> None:
    """Refuse an address whose name stands for one that `check_url` refuses, as it stands now."""
    # Where it stands for none, the client finds it out too, or a proxy knows the name.
    resolved(urlsplit(url).hostname or "")


def _is_forbidden(text: str) -> bool:
    """Whether a text is an IP address that no webhook may go to."""
    address: IPv4Address | IPv6Address
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        try:  # 2852039166 and 0xa9fea9fe are addresses to a resolver, too.
            address = IPv4Address(socket.inet_aton(text))
        except (OSError, UnicodeError):
            return False
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and (address in NAT64 or 0xFFFF < int(address) <= 0xFFFFFFFF):
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return _is_forbidden(str(inner))
    return (
        address.is_link_local or address.is_multicast or address.is_unspecified
        or str(address) == "255.255.255.255"
        or str(address) in CREDENTIAL_HOSTS
    )  # fmt: skip


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


def body_of(campaign: str, line: DeliveryLine, part: int, accounts: pa.Table) -> bytes:
    """A part's body: the line, and source and account of those whom it is for."""
    return _json(
        {
            "campaign": campaign, "line": line.line, "part": part, "day": line.day.isoformat(),
            "frequency": line.frequency,
            "accounts": accounts.select(["source", "account"]).to_pylist(),
        }
    )  # fmt: skip


def removal_body(campaign: str, channel: str, number: int, accounts: pa.Table) -> bytes:
    """The body that takes accounts back: none of the campaign's lines is for them any more."""
    return _json(
        {
            "campaign": campaign, "channel": channel, "removal": number,
            "remove": accounts.select(["source", "account"]).to_pylist(),
        }
    )  # fmt: skip


def _json(body: Mapping[str, object]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def parts_taken(log: pa.Table, line: str) -> dict[int, str]:
    """The digest of each part of a line in rows of the table `delivery`."""
    return {
        r["part"]: r["digest"]
        for r in log.to_pylist()
        if r["line"] == line and r["form"] == "webhook"
    }
