"""Group commit: many requests wait for one write and one sync of the write-ahead log."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from fullhouse.feeds.wal import Writer

MOST_WAITING = 64 << 20
"""Bytes of requests that may wait for the disk before others are told to come later."""


class GroupCommit:
    """Writes of one event loop; whatever waits while the disk is busy goes with the next write."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="collector-disk")
        self._waiting: list[bytes] = []
        self._group: list[asyncio.Future[None]] = []
        self._task: asyncio.Task[None] | None = None
        self.waiting_bytes = 0

    async def append(self, data: bytes) -> None:
        """Return when a record is on the disk; an OSError when it cannot be."""
        # A future each: who goes away takes nothing from the others of the group.
        written = asyncio.get_running_loop().create_future()
        self._group.append(written)
        self._waiting.append(data)
        self.waiting_bytes += len(data)
        if self._task is None:
            self._task = asyncio.create_task(self._write_all())
        await written

    async def seal_when_due(self) -> None:
        """Seal the segment between two writes, when it is old enough or somebody asks."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._disk, self._writer.seal_when_due)

    def close(self) -> None:
        """Seal what was written, after all writes that were begun."""
        with suppress(RuntimeError, OSError):
            self._disk.submit(self._writer.seal).result(timeout=10)
        self._disk.shutdown()

    async def _write_all(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._group:
                group, self._group = self._group, []
                data, self._waiting = b"".join(self._waiting), []
                fault: OSError | None = None
                try:
                    await loop.run_in_executor(self._disk, self._writer.append, data)
                except (OSError, RuntimeError) as problem:
                    fault = problem if isinstance(problem, OSError) else OSError(str(problem))
                self.waiting_bytes -= len(data)
                for written in group:
                    if written.done():  # its client went away
                        continue
                    if fault is None:
                        written.set_result(None)
                    else:
                        written.set_exception(fault)
        finally:
            self._task = None
