"""How a zygote notices that its children have ended, and reports it to the host."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress

from .zygote_socket import HostSocket


def listen_for_ends() -> int:
    """A descriptor that can be read when a child of this process has ended."""
    wakes, wake = os.pipe()
    for end in (wakes, wake):
        os.set_blocking(end, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    return wakes


def report_ends(control: HostSocket, wakes: int) -> Iterator[int]:
    """Report every child that has ended.

    Args:
        control: the socket to the host.
        wakes: the descriptor from ``listen_for_ends``; what it holds is taken from it.

    Yields:
        the id of each child, before it is reported.

    Raises:
        OSError: the host closed its end.
    """
    with suppress(BlockingIOError):
        os.read(wakes, 4096)
    while True:
        try:
            pid, status, used = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        yield pid
        code = os.waitstatus_to_exitcode(status)
        control.send({"op": "gone", "pid": pid, "status": code, "peak_kb": used.ru_maxrss})
