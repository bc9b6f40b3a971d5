"""Sockets of the host do not live on in the processes that it forks."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

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
