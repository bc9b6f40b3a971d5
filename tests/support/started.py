"""Servers that tests start: each says its address on standard output, and ends when its standard input does."""

from __future__ import annotations

import select
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.support.processes import descendants, is_running

ROOT = Path(__file__).parents[2]
_TO_END_S = 20.0
_SHOWN = 2_000


@contextmanager
def started(
    command: Sequence[str], *, environment: Mapping[str, str], log: Path, seconds: float
) -> Iterator[str]:
    """Start a server, wait until it says its address, and end it with all processes that it has started.

    Raises:
        AssertionError: it said no address within ``seconds``; with the end of its log.
    """
    with (
        log.open("wb") as report,
        subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            bufsize=0,  # else select would not see what a buffer holds
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=report,
        ) as server,
    ):
        try:
            address = _first_line(server, time.monotonic() + seconds)
            assert address.startswith("http://127.0.0.1:"), f"no server: {address!r} {_end_of(log)}"
            yield address
        finally:
            _end(server)


def _first_line(server: subprocess.Popen[bytes], deadline: float) -> str:
    """The first line of its output, or what there is of it at the deadline or when the output ends."""
    assert server.stdout is not None
    line = b""
    while not line.endswith(b"\n"):
        ready, _, _ = select.select([server.stdout], [], [], max(0.0, deadline - time.monotonic()))
        piece = server.stdout.read(1) if ready else b""
        if not piece:
            break
        line += piece
    return line.decode(errors="replace").strip()


def _end(server: subprocess.Popen[bytes]) -> None:
    """End it and all below it, and make sure of that."""
    assert server.stdin is not None
    below = descendants(server.pid)
    server.stdin.close()
    try:
        server.wait(_TO_END_S)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
    deadline = time.monotonic() + _TO_END_S
    while left := [pid for pid in below if is_running(pid)]:
        assert time.monotonic() < deadline, f"processes of the server are left: {left}"
        time.sleep(0.05)


def _end_of(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")[-_SHOWN:]
