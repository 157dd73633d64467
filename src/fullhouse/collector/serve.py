"""The collector alone, under uvicorn: one process that moves, and as many doors as are wanted."""

import logging
import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
from multiprocessing.process import BaseProcess

from fullhouse.app.collector import collector_folder
from fullhouse.collector.door import Collector, Mover
from fullhouse.workspace.context import Context, open_house

RESTART_SECONDS = 0.5


def serve(house: Context, *, host: str = "127.0.0.1", port: int = 8484, workers: int = 1) -> None:
    """Take events until the process is told to stop; then what was answered is sealed.

    With more than one worker, each is a process with a segment of its own, and this one moves what
    they write. A worker that dies is started again.
    """
    collector_folder(house)  # says what is wrong before a port is taken
    listening = _listen(host, port)
    if workers == 1:
        _serve(Collector(house), listening)
        return
    mover = Mover(house)
    stopped = when_told_to_stop()
    start = multiprocessing.get_context("spawn")
    doors: list[BaseProcess] = []
    try:
        while not stopped.is_set():
            doors = [door for door in doors if door.is_alive()]
            while len(doors) < workers:
                door: BaseProcess = start.Process(
                    target=_worker, args=(house.place.root, listening, os.getpid()), daemon=True
                )
                door.start()
                doors.append(door)
            stopped.wait(RESTART_SECONDS)
    finally:
        for running in doors:
            running.terminate()
        for running in doors:
            running.join(timeout=30)
        mover.stop()


def when_told_to_stop() -> threading.Event:
    """What is set when the process is told to stop."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    return stopped


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((host, port))
    listening.listen(2048)
    listening.set_inheritable(True)
    address = listening.getsockname()
    logging.getLogger("fullhouse.collector").info(
        "collecting at http://%s:%d", address[0], address[1]
    )
    return listening


def _worker(root: str, listening: socket.socket, parent: int) -> None:
    def leave_with_parent() -> None:
        while os.getppid() == parent:
            time.sleep(RESTART_SECONDS)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=leave_with_parent, daemon=True).start()
    with open_house(root) as house:
        _serve(Collector(house, moves=False), listening)


def _serve(collector: Collector, listening: socket.socket) -> None:
    import uvicorn

    # The thread that syncs waits so long for the loop to let it go on: 5 ms unless it is set.
    sys.setswitchinterval(0.0005)
    config = uvicorn.Config(
        collector,
        http="httptools",
        lifespan="on",
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=20,
    )
    uvicorn.Server(config).run(sockets=[listening])
