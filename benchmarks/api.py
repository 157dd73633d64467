"""The service over HTTP: questions stored and fresh, many users at once, memory.

python -m benchmarks.api [--people N] [--seconds N] [--users N]

One `fullhouse serve` on the embedded default answers a house of a million people with two rival
studios; who asks runs on the same cores. A stored question was asked before, a fresh one never.
Then a hundred users of both studios ask and read at once, and every answer is looked through for
the other studio's film.
"""

import argparse
import asyncio
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path

import httpx
import numpy as np

from benchmarks.attacks import TITLE, make_house, world_of
from benchmarks.measure import machine, table
from fullhouse import app
from fullhouse.core.values import HOUSE
from fullhouse.workspace.context import Context

RIVAL, RIVALS_TITLE = "wolf", "their-film-2026"
STUDIOS = {"lion": TITLE, RIVAL: RIVALS_TITLE}
TRAITS = 8
STORED, FRESH = 400, 100


def house_of(folder: Path, people: int) -> dict[str, str]:
    """A house of so many people and two studios; a key of each."""
    draw = np.random.default_rng(1)
    world = world_of({f"buys:t{n}": draw.random(people) < 0.05 * (n + 1) for n in range(TRAITS)})
    with make_house(folder, world) as lion:
        house = replace(lion, tenant=HOUSE, actor="operator")
        app.tenant_add(house, app.AddTenant(RIVAL))
        app.user_add(house, app.AddUser(RIVAL, "ann", "owner"))
        from fullhouse.cleanroom import tenants

        tenants.add_title(house.control, RIVAL, RIVALS_TITLE, secret=True)
        return {studio: key_of(house, studio) for studio in STUDIOS}


def key_of(house: Context, studio: str) -> str:
    """A new key of a studio's owner."""
    return app.key_add(house, app.AddKey("ann", studio)).text


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, int]]:
    """A server of its own: its address and process."""
    command = [sys.executable, "-m", "fullhouse", "serve", str(folder), "--port", "0"]
    environment = os.environ | {"FULLHOUSE_KEY": "0" * 64}
    server = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    )
    try:
        assert server.stdout is not None
        address = None
        for line in server.stdout:
            address = re.search(r"http://\S+", line)
            if address:
                break
        assert address, "the server did not start"
        yield address[0], server.pid
    finally:
        server.terminate()
        server.wait(60)


def megabytes(process: int) -> float:
    """The resident memory of a process."""
    pages = int(Path(f"/proc/{process}/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def question(numbers: Iterator[int]) -> dict[str, object]:
    """A count that was never asked before: of other traits, or of another precision."""
    n = next(numbers)
    one, other = n % TRAITS, (n // TRAITS) % TRAITS
    rule = f"buys:t{one}" + (f" & !buys:t{other}" if one != other else "")
    return {"question": {"kind": "count", "rule": rule, "precision": 200 + n // TRAITS**2}}


async def timed(
    times: list[float], send: Callable[[], Awaitable[httpx.Response]]
) -> httpx.Response:
    """An answer, and how long it took."""
    start = time.perf_counter()
    answer = await send()
    times.append((time.perf_counter() - start) * 1000)
    return answer


async def alone(url: str, key: str, numbers: Iterator[int]) -> list[tuple[str, list[float]]]:
    """One user: a stored question again and again, fresh ones, and a page."""
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=120) as http:
        asked = question(numbers)
        await http.post("/v1/questions", json=asked)
        stored: list[float] = []
        fresh: list[float] = []
        for _ in range(STORED):
            answer = await timed(stored, lambda: http.post("/v1/questions", json=asked))
            assert answer.json()["paid"] == 0
        for _ in range(FRESH):
            new = question(numbers)
            answer = await timed(fresh, partial(http.post, "/v1/questions", json=new))
            assert answer.json()["paid"] > 0, answer.text
        return [("stored count", stored), ("fresh count", fresh)]


async def together(
    url: str, keys: dict[str, str], users: int, seconds: float, numbers: Iterator[int]
) -> tuple[list[float], int, int]:
    """Many users of both studios: how long each answer took, how many failed, how many leaked."""
    times: list[float] = []
    failed = leaked = 0
    until = time.monotonic() + seconds
    known = question(numbers)

    async def user(n: int) -> None:
        nonlocal failed, leaked
        studio = list(STUDIOS)[n % 2]
        rivals = next(film for name, film in STUDIOS.items() if name != studio)
        draw = random.Random(n)
        headers = {"Authorization": f"Bearer {keys[studio]}"}
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=120) as http:
            await asyncio.sleep(draw.random())
            while time.monotonic() < until:
                kind = draw.random()
                if kind < 0.1:
                    new = question(numbers)
                    answer = await timed(times, partial(http.post, "/v1/questions", json=new))
                elif kind < 0.5:
                    answer = await timed(times, lambda: http.post("/v1/questions", json=known))
                else:
                    path = draw.choice(("/v1/titles", "/v1/releases?limit=20", "/v1/log?most=10"))
                    answer = await timed(times, partial(http.get, path))
                failed += answer.status_code != 200
                leaked += rivals in answer.text
                await asyncio.sleep(draw.uniform(0.5, 1.5))

    await asyncio.gather(*(user(n) for n in range(users)))
    return times, failed, leaked


def row(name: str, times: list[float], note: str = "") -> tuple[object, ...]:
    """A row of the table."""
    middle, p95, p99 = np.percentile(times, [50, 95, 99])
    return name, len(times), f"{middle:.1f}", f"{p95:.1f}", f"{p99:.1f}", note


def main() -> None:
    """Take the figures and print them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--users", type=int, default=100)
    given = parser.parse_args()
    numbers = count()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        keys = house_of(Path(folder) / "house", given.people)
        with served(Path(folder) / "house") as (url, process):
            httpx.get(f"{url}/readyz", timeout=60)
            idle = megabytes(process)
            rows = [row(n, t) for n, t in asyncio.run(alone(url, keys["lion"], numbers))]
            working = megabytes(process)
            times, failed, leaked = asyncio.run(
                together(url, keys, given.users, given.seconds, numbers)
            )
            note = f"{failed} failed, {leaked} with a rival's film"
            rows.append(row(f"{given.users} users of two studios", times, note))
            after = megabytes(process)
    print(f"Taken on {machine()}, {given.people:,} people; load before: {load:.1f}.\n")
    print(table(("asked", "answers", "median ms", "p95 ms", "p99 ms", "note"), rows))
    print(
        f"\nMemory: idle {idle:.0f} MB, after a count {working:.0f} MB, at the end {after:.0f} MB."
    )


if __name__ == "__main__":
    main()
