"""A program: the litellm proxy on a free port of loopback, by its own command line, ``serve_litellm.py CONFIG``.

Prints its address when the proxy is ready, and ends when its standard input does. Imports nothing of ours: it runs in
the environment of ``locks/servers.txt``.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from typing import TextIO
from urllib.error import URLError
from urllib.request import urlopen


def main(config: str) -> None:
    """Serve until standard input ends."""
    address = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what litellm prints belongs to the log
    port = _free_port()
    threading.Thread(target=_end_with_input, daemon=True).start()
    threading.Thread(target=_say_when_ready, args=(f"http://127.0.0.1:{port}", address), daemon=True).start()
    sys.argv = [
        "litellm",
        "--config",
        config,
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--telemetry",
        "False",
    ]

    from litellm import run_server  # takes seconds, which are not spent before the port is known

    run_server()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _end_with_input() -> None:
    sys.stdin.read()
    os._exit(0)


def _say_when_ready(address: str, where: TextIO) -> None:
    while True:
        try:
            urlopen(f"{address}/health/liveliness", timeout=5).close()
        except (URLError, OSError):
            time.sleep(0.1)
        else:
            where.write(f"{address}\n")
            where.flush()
            return


if __name__ == "__main__":
    main(sys.argv[1])
