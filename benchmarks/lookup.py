"""The look-up file: how fast it answers, in process and through HTTP, its size, and its build.

python -m benchmarks.lookup [--people N] [--segments N] [--rates N ...] [--seconds N]

Ten million people with an account each, in 64 saved audiences of 1 to 60 %. Beside it stand LMDB
with the same hashes and words, and a roaring bitmap for each audience, asked one after the other
for a person who is known already. Through HTTP one process asks the other at a steady rate over 16
connections, for accounts of which half are in the file: a request that is late counts from when it
was due. Both processes, and whatever else runs, share the cores.
"""

import argparse
import asyncio
import multiprocessing
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import httpx
import numpy as np
from pyroaring import BitMap

import fullhouse as fh
from benchmarks.measure import machine, table
from fullhouse.control import AudienceRow
from fullhouse.lookup import (
    AccountHash,
    AccountSegment,
    LookupBuild,
    LookupFile,
    Memberships,
    lookup_app,
    lookup_path,
)
from fullhouse.lookup.file import write_file
from fullhouse.workspace.context import Context

AT = datetime(2026, 3, 1, tzinfo=UTC)
CONNECTIONS = 16
KEY = {"Authorization": "Bearer k"}
ASKED = 100_000


def build(
    house: Context, people: int, segments: int
) -> tuple[LookupBuild, np.ndarray, list[list[object]]]:
    """A look-up file of generated people, and what each step took."""
    generator = np.random.default_rng(1)
    words = np.zeros((people, 1), np.uint64)
    for number in range(segments):
        member = generator.random(people) < 0.01 + 0.59 * number / segments
        words[:, 0] |= member.astype(np.uint64) << np.uint64(number)
    listed = tuple(AccountSegment(f"s{n}@1", f"s{n}@1", ("advertising",)) for n in range(segments))
    with house.control.session() as session:
        for segment in listed:
            session.add(
                AudienceRow(
                    tenant=house.tenant, name=segment.id.partition("@")[0], version=1,
                    rule="listed", purpose="advertising", as_of="2026-03-01", build=1, persons=1,
                    at=AT,
                )
            )  # fmt: skip
        session.commit()
    hasher = AccountHash(house.key)
    begun = time.perf_counter()
    hashes = hasher.of_all("shop", (f"u-{n}" for n in range(people)))
    hashed = time.perf_counter()
    built = LookupBuild("b", AT, date(2026, 3, 1), listed, (), -1, -1, -1, hasher.fingerprint)
    built = write_file(lookup_path(house), built, hashes, np.arange(people, dtype=np.uint32), words)
    written = time.perf_counter()
    rows: list[list[object]] = [
        ["accounts hashed", f"{hashed - begun:.1f} s"],
        ["sorted, checked and written", f"{written - hashed:.1f} s"],
        ["file", f"{built.bytes / 1e6:,.0f} MB"],
    ]
    return built, words, rows


def each(what: str, once: Callable[[str], object], accounts: Sequence[str]) -> list[object]:
    """Microseconds a look-up: mean CPU time; median and 99th percentile by the clock."""
    begun = time.thread_time_ns()
    for account in accounts:
        once(account)
    mean = (time.thread_time_ns() - begun) / len(accounts) / 1e3
    clock = time.perf_counter_ns
    single = []
    for account in accounts:
        start = clock()
        once(account)
        single.append(clock() - start)
    p50, p99 = np.percentile(single, [50, 99]) / 1e3
    return [what, f"{mean:.2f}", f"{p50:.2f}", f"{p99:.2f}"]


def in_process(house: Context, words: np.ndarray) -> tuple[list[list[object]], list[list[object]]]:
    """Look-ups of accounts at random, beside LMDB and roaring bitmaps; and what those take."""
    people = len(words)
    accounts = [f"u-{n}" for n in random.Random(2).sample(range(people), ASKED)]
    memberships = Memberships(house, lookup_path(house))
    memberships.start()
    memberships.look()
    file, hasher = LookupFile(lookup_path(house)), AccountHash(house.key)
    rows = [
        each(
            "the file alone: account to word",
            lambda a: file.words[file.row(hasher.of("shop", a))],
            accounts,
        ),
        each(
            "under the overlay: account to what it may be shown, as a word",
            lambda a: memberships.words("shop", a),
            accounts,
        ),
        each(
            "the same, as a list of segments",
            lambda a: memberships.of("shop", a),
            accounts,
        ),
    ]
    memberships.close()
    others: list[list[object]] = []
    sizes: list[list[object]] = []
    with tempfile.TemporaryDirectory() as folder:
        others.append(_lmdb(hasher, words, accounts, folder, sizes))
    begun = time.perf_counter()
    maps = [
        BitMap(np.flatnonzero(words[:, 0] >> np.uint64(n) & np.uint64(1)).astype(np.uint32))
        for n in range(64)
    ]
    sizes.append(
        ["roaring bitmaps, without any account", f"{time.perf_counter() - begun:.1f} s",
         f"{sum(len(m.serialize()) for m in maps) / 1e6:,.0f} MB"]
    )  # fmt: skip
    ids = {account: int(account[2:]) for account in accounts}

    def contains(account: str) -> list[int]:
        person = ids[account]
        return [n for n, people in enumerate(maps) if person in people]

    others.append(each("64 roaring bitmaps: person to segments", contains, accounts[:10_000]))
    return [*rows, *others], sizes


def _lmdb(
    hasher: AccountHash,
    words: np.ndarray,
    accounts: Sequence[str],
    folder: str,
    sizes: list[list[object]],
) -> list[object]:
    import lmdb

    begun = time.perf_counter()
    database = lmdb.open(folder, map_size=4 << 30, sync=False, lock=False)
    data = words[:, 0].astype("<u8").tobytes()
    hashed = ((hasher.of("shop", f"u-{n}"), data[8 * n : 8 * n + 8]) for n in range(len(words)))
    with database.begin(write=True) as transaction:
        # Sorted, as its own manual asks for bulk loads.
        transaction.cursor().putmulti(sorted(hashed), append=True)
    took = time.perf_counter() - begun
    sizes.append(["LMDB, hashing and sorting included", f"{took:.1f} s",
                  f"{os.path.getsize(f'{folder}/data.mdb') / 1e6:,.0f} MB"])  # fmt: skip
    with database.begin(buffers=True) as transaction:
        row = each(
            "LMDB: account to word",
            lambda a: int.from_bytes(transaction.get(hasher.of("shop", a)) or b"", "little"),
            accounts,
        )
    database.close()
    return row


def serve(folder: str, port: "multiprocessing.Queue[int]") -> None:
    """A server with one worker."""
    import uvicorn

    house = fh.open_house(folder)
    app = lookup_app(house, lambda _: 200)
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", access_log=False)
    )

    async def run() -> None:
        task = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        port.put(server.servers[0].sockets[0].getsockname()[1])
        await task

    asyncio.run(run())


async def load(port: int, people: int, rate: int, seconds: int) -> list[float]:
    """Milliseconds of each request at a steady rate, from the moment at which it was due."""
    late: list[float] = []
    start = time.perf_counter() + 0.5

    async def connection(number: int) -> None:
        dice = random.Random(number)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for due in np.arange(number, rate * seconds, CONNECTIONS) / rate:
            await asyncio.sleep(max(0.0, start + due - time.perf_counter()))
            account = f"u-{dice.randrange(2 * people)}"
            writer.write(
                f"GET /v1/memberships/shop/{account} HTTP/1.1\r\nHost: h\r\n"
                "Authorization: Bearer k\r\n\r\n".encode()
            )
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(head.decode())
            size = next(x for x in head.lower().split(b"\r\n") if x.startswith(b"content-length"))
            await reader.readexactly(int(size.split(b":")[1]))
            late.append((time.perf_counter() - start - due) * 1e3)
        writer.close()

    await asyncio.gather(*map(connection, range(CONNECTIONS)))
    return late


def through_http(
    folder: str, people: int, rates: Sequence[int], seconds: int
) -> list[list[object]]:
    """Latencies through HTTP at each rate."""
    spawn = multiprocessing.get_context("spawn")
    ports: multiprocessing.Queue[int] = spawn.Queue()
    server = spawn.Process(target=serve, args=(folder, ports), daemon=True)
    server.start()
    try:
        port = ports.get(timeout=120)
        while httpx.get(f"http://127.0.0.1:{port}/v1/memberships/shop/u-1", headers=KEY).is_error:
            time.sleep(0.5)
        asyncio.run(load(port, people, 100, 2))
        rows: list[list[object]] = []
        for rate in rates:
            late = asyncio.run(load(port, people, rate, seconds))
            p50, p99, worst = np.percentile(late, [50, 99, 100])
            rows.append([f"{rate:,}", f"{len(late):,}", f"{p50:.2f}", f"{p99:.2f}", f"{worst:.1f}"])
        return rows
    finally:
        server.terminate()
        server.join()


def main(argv: Sequence[str]) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=10_000_000)
    parser.add_argument("--segments", type=int, default=64)
    parser.add_argument("--rates", type=int, nargs="+", default=[1_000, 2_000])
    parser.add_argument("--seconds", type=int, default=20)
    asked = parser.parse_args(argv)
    print(machine())
    with tempfile.TemporaryDirectory() as parent:
        folder = str(Path(parent) / "house")
        fh.init(folder).close()
        with fh.open_house(folder) as opened:
            house = replace(opened, clock=lambda: AT)
            _, words, built = build(house, asked.people, asked.segments)
            speeds, sizes = in_process(house, words)
        del words
        print(table(["look-up file", ""], built))
        print(table(["beside it", "build", "size"], sizes))
        print(table(["in process", "CPU µs", "p50 µs", "p99 µs"], speeds))
        rows = through_http(folder, asked.people, asked.rates, asked.seconds)
        print(table(["requests/s", "requests", "p50 ms", "p99 ms", "worst ms"], rows))


if __name__ == "__main__":
    main(sys.argv[1:])
