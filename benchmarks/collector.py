"""The collector: requests and events per second, durable, beside a plain echo; kills under load.

`python -m benchmarks.collector [--seconds 8] [--workers 1] [--kills 50]`

Server and load generator share the cores. Both servers run under the same uvicorn with httptools
and uvloop; the echo reads the body and answers 200. A machine with other work on it slows both, so
the ratio is what can be compared.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import httpx
import numpy as np

from fullhouse import app
from fullhouse.core.tables import ACTIVITY
from fullhouse.workspace.context import init_house, open_house

CONNECTIONS = 64
_ID = b"0000000000000000"


@dataclass(frozen=True)
class Load:
    """What a server did under load."""

    requests: float
    """Per second."""
    p50_ms: float
    p99_ms: float
    wrong: int
    """Answers that were not 200."""
    cpu_ms: float = 0.0
    """CPU time of the server for each request: what other work on the machine changes least."""


class _Client(asyncio.Protocol):
    """One connection: the next request goes when the last one was answered."""

    def __init__(self, request: Callable[[], bytes], times: list[float], until: float) -> None:
        self._request, self._times, self._until = request, times, until
        self.wrong = 0
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._next()

    def data_received(self, data: bytes) -> None:
        self._answer += data
        head, _, body = self._answer.partition(b"\r\n\r\n")
        _, _, length = head.lower().partition(b"content-length: ")
        if not length or len(body) < int(length.split(b"\r\n")[0]):
            return
        now = time.perf_counter()
        self._times.append(now - self._began)
        if not head.startswith(b"HTTP/1.1 200"):
            self.wrong += 1
        if now < self._until:
            self._next()
        else:
            self._transport.close()

    def connection_lost(self, _: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)

    def _next(self) -> None:
        self._answer = b""
        self._began = time.perf_counter()
        self._transport.write(self._request())


def measure(port: int, request: Callable[[], bytes], seconds: float) -> Load:
    """Requests per second and how long answers took."""
    import uvloop

    async def connect(client: _Client) -> None:
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: client, "127.0.0.1", port)

    async def run() -> tuple[list[float], int, float]:
        times: list[float] = []
        began = time.perf_counter()
        clients = [_Client(request, times, began + seconds) for _ in range(CONNECTIONS)]
        for client in clients:
            await connect(client)
        await asyncio.gather(*(client.done for client in clients))
        return times, sum(client.wrong for client in clients), time.perf_counter() - began

    times, wrong, took = uvloop.run(run())
    in_ms = np.asarray(times) * 1000
    p50, p99 = np.percentile(in_ms, [50, 99])
    return Load(len(times) / took, float(p50), float(p99), wrong)


def cpu_seconds(process: int) -> float:
    """CPU time of a process and of its living children, until now."""
    import psutil  # here: a test uses this module without the benchmarks' packages

    own = psutil.Process(process)
    return sum(
        sum(one.cpu_times()[:2]) for one in (own, *own.children(recursive=True)) if one.is_running()
    )


def measure_server(process: int, port: int, request: Callable[[], bytes], seconds: float) -> Load:
    """The same with the server's CPU time."""
    before = cpu_seconds(process)
    load = measure(port, request, seconds)
    each = (cpu_seconds(process) - before) / (load.requests * seconds)
    return replace(load, cpu_ms=each * 1000)


def requests_of(key: str, events: int, padding: int) -> Callable[[], bytes]:
    """Requests with batches of events whose ids are all different."""
    batch = [
        {
            "type": "track", "event": "Trailer Viewed", "messageId": f"{_ID.decode()}-{n}",
            "userId": f"user-{n}", "anonymousId": f"anon-{n}", "timestamp": "2026-01-01T00:00:00Z",
            "properties": {"film": "film-1", "completion": 0.5, "note": "x" * padding},
            "context": {"library": {"name": "benchmark", "version": "1"}},
        }
        for n in range(events)
    ]  # fmt: skip
    body = json.dumps({"batch": batch, "sentAt": "2026-01-01T00:00:00Z"}, separators=(",", ":"))
    credentials = httpx.BasicAuth(key, "")._auth_header
    head = (
        f"POST /v1/batch HTTP/1.1\r\nHost: x\r\nAuthorization: {credentials}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    whole = (head + body).encode()
    parts = whole.split(_ID)
    counter = iter(range(sys.maxsize))
    prefix = f"{os.getpid():06d}"

    def request() -> bytes:
        return (f"{prefix}{next(counter):010d}".encode()).join(parts)

    return request


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Reads the body and answers 200."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    headers = [(b"content-type", b"application/json"), (b"content-length", b"2")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"{}"})


def _serve_echo(listening: socket.socket) -> None:
    import uvicorn

    config = uvicorn.Config(
        echo, http="httptools", loop="uvloop", lifespan="off", access_log=False, log_level="error"
    )
    uvicorn.Server(config).run(sockets=[listening])


def start_collector(root: str, port: int, **environment: str) -> "subprocess.Popen[bytes]":
    """`fullhouse collect` in a process of its own, when it answers."""
    workers = environment.pop("workers", "1")
    command = [sys.executable, "-m", "fullhouse", "collect", "-w", root, "--port", str(port)]
    process = subprocess.Popen(
        [*command, "--workers", workers],
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    end = time.monotonic() + 90
    while time.monotonic() < end:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200:
                return process
        except httpx.HTTPError:
            time.sleep(0.05)
    process.kill()
    raise TimeoutError("the collector did not start")


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Senders:
    """Clients that send a batch again until it is answered, as the libraries do."""

    def __init__(self, url: str, key: str, message: Callable[[str], object]) -> None:
        self.answered: list[str] = []
        self._url, self._key, self._message = url, key, message
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._send, args=(n,)) for n in range(4)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Give up what is not answered yet."""
        self._stopped.set()
        for thread in self._threads:
            thread.join(timeout=60)

    def _send(self, sender: int) -> None:
        number = 0
        with httpx.Client(base_url=self._url, auth=(self._key, ""), timeout=10) as http:
            while not self._stopped.is_set():
                ids = [f"{sender}-{number}-{n}" for n in range(3)]
                number += 1
                body = json.dumps({"batch": [self._message(i) for i in ids]}).encode()
                while not self._stopped.is_set():
                    try:
                        if http.post("/v1/batch", content=body).status_code == 200:
                            self.answered += ids
                            break
                    except httpx.HTTPError:
                        time.sleep(0.05)


def kill_at_random(
    root: str,
    key: str,
    message: Callable[[str], object],
    *,
    kills: int,
    seed: int,
    most_alive: float,
) -> set[str]:
    """The ids that were answered while the collector was killed (-9) again and again.

    Each life ends at a random moment within `most_alive` seconds, under load, while segments move.
    """
    chance = random.Random(seed)
    port = free_port()
    senders = Senders(f"http://127.0.0.1:{port}", key, message)
    process = start_collector(root, port, FULLHOUSE_COLLECTOR_SECONDS="1")
    try:
        for _ in range(kills):
            time.sleep(chance.uniform(0.05, most_alive))
            process.send_signal(signal.SIGKILL)
            process.wait()
            process = start_collector(root, port, FULLHOUSE_COLLECTOR_SECONDS="1")
        time.sleep(0.5)
    finally:
        senders.stop()
        process.kill()
        process.wait()
    return set(senders.answered)


def _house(folder: str) -> tuple[str, str]:
    with init_house(folder) as house:
        app.collector_declare(house, app.DeclareSource("site"))
        return house.place.root, app.collector_key(house, app.NewWriteKey("site")).key


def _speed(seconds: float, workers: int) -> None:
    listening = socket.create_server(("127.0.0.1", 0), backlog=2048)
    plain = multiprocessing.get_context("fork").Process(
        target=_serve_echo, args=(listening,), daemon=True
    )
    plain.start()
    echo_port = listening.getsockname()[1]
    print(f"load {os.getloadavg()[0]:.1f}, {CONNECTIONS} connections, {workers} worker(s)\n")
    print(
        "| batch | server | requests/s | events/s | p50 ms | p99 ms | of the echo | CPU ms", end=""
    )
    print(" | events per CPU s | not 200 |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    try:
        for events, padding in ((3, 40), (100, 0)):
            with tempfile.TemporaryDirectory() as folder:
                root, key = _house(f"{folder}/house")
                port = free_port()
                # The move into the lake waits: its time is its own figure.
                process = start_collector(
                    root, port, workers=str(workers), FULLHOUSE_COLLECTOR_SECONDS="3600"
                )
                try:
                    request = requests_of(key, events, padding)
                    size = len(request()) / 1000
                    plain_id = plain.pid or 0
                    first = measure_server(plain_id, echo_port, request, seconds / 2)
                    own = measure_server(process.pid, port, request, seconds)
                    last = measure_server(plain_id, echo_port, request, seconds / 2)
                finally:
                    process.terminate()
                    process.wait()
                plain_rate = (first.requests + last.requests) / 2
                name = f"{events} events, {size:.1f} KB"
                for server, load in (("echo", first), ("collector, durable", own)):
                    print(
                        f"| {name} | {server} | {load.requests:,.0f}"
                        f" | {load.requests * events:,.0f} | {load.p50_ms:.1f} | {load.p99_ms:.0f}"
                        f" | {load.requests / plain_rate:.2f} | {load.cpu_ms:.3f}"
                        f" | {1000 * events / load.cpu_ms:,.0f} | {load.wrong} |"
                    )
                if events == 100:
                    began = time.perf_counter()
                    with open_house(root) as house:
                        moved = app.collector_flush(house)
                    took = time.perf_counter() - began
                    print(
                        f"\nmoved into the lake: {moved.messages:,} messages,"
                        f" {moved.written:,} rows in {took:.0f} s"
                        f" ({moved.messages / took:,.0f} messages/s)"
                    )
    finally:
        plain.terminate()


def _kills(kills: int) -> None:
    def message(id_: str) -> object:
        return {"type": "page", "userId": "u", "messageId": id_}

    with tempfile.TemporaryDirectory() as folder:
        root, key = _house(f"{folder}/house")
        began = time.perf_counter()
        answered = kill_at_random(root, key, message, kills=kills, seed=1, most_alive=3.0)
        with open_house(root) as house:
            app.collector_flush(house)
            ids = house.lake.read(ACTIVITY, columns=["event_id"])["event_id"].to_pylist()
        lost, twice = len(answered - set(ids)), len(ids) - len(set(ids))
        print(
            f"{kills} kills in {time.perf_counter() - began:.0f} s: {len(answered):,} events"
            f" answered, {lost} lost, {twice} twice"
        )


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--kills", type=int, default=0)
    options = parser.parse_args()
    if options.kills:
        _kills(options.kills)
    else:
        _speed(options.seconds, options.workers)


if __name__ == "__main__":
    main()
