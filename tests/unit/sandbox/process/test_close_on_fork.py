"""Sockets of the host do not live on in the processes that it forks."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

from harlm.sandbox.process.close_on_fork import keep_to_this_process
from tests.support.processes import is_running


def test_a_forked_child_of_the_host_does_not_keep_the_sandbox_alive() -> None:
    host = (
        "import asyncio, os, time\nfrom tests.support.sandboxes import repl_on\n"
        "async def main():\n    async with repl_on('s0', cell_seconds=60) as repl:\n"
        "        child = os.fork()\n        if child == 0:\n            time.sleep(20); os._exit(0)\n"
        "        print(repl.pid, child, flush=True)\n        await repl.run('while True: pass')\nasyncio.run(main())"
    )
    root = Path(__file__).parents[4]
    process = subprocess.Popen([sys.executable, "-c", host], stdout=subprocess.PIPE, text=True, cwd=root)
    assert process.stdout is not None
    worker, child = process.stdout.readline().split()
    process.kill()
    process.wait()
    process.stdout.close()
    try:
        for _ in range(100):
            if not is_running(int(worker)):
                return
            time.sleep(0.02)
        raise AssertionError("a worker outlives its host, since a child of the host runs")
    finally:
        os.kill(int(child), 9)


def test_a_registered_socket_is_closed_in_a_forked_child_and_stays_open_here() -> None:
    ours, theirs = socket.socketpair()
    other, _other_end = socket.socketpair()
    keep_to_this_process(ours)
    numbers = [ours.fileno(), other.fileno()]
    child = os.fork()
    if child == 0:
        os._exit(sum(1 << at for at, number in enumerate(numbers) if _is_open(number)))
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0b10, "only the socket that was not registered"
    ours.sendall(b"x")
    assert theirs.recv(1) == b"x"
    for each in (ours, theirs, other, _other_end):
        each.close()


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True
