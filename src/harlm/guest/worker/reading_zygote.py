"""The zygote of one load: a confined interpreter with parsers imported, which forks a process for each batch of
files in foreign formats. It parses nothing itself.

The host names the module that reads, since the guest does not have it. Files and results never pass through this
process.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any

from .. import confine
from ..confine.kernel import KernelRefused
from ..confine.limits import die_with_parent
from .children import listen_for_ends, report_ends
from .zygote_socket import HostSocket, close_all_but, fork

_LATER_IMPORTS = 64 << 20  # bytes of address space for parsers that are imported after the first ones


def serve(order: dict[str, Any], control: HostSocket) -> None:
    """Confine this process, then fork a process for each batch until the host closes the socket.

    Args:
        order: ``tier``; ``paths``, the folders of packages; ``module``, which has ``prepare(parsers)`` and
            ``serve(batch, wire, files)``; ``parsers``, what the first batch needs.
        control: the socket to the host.
    """
    sys.path += [path for path in order["paths"] if path not in sys.path]
    reading = import_module(order["module"])
    reading.prepare(order["parsers"])
    python = confine.what_python_needs(sys.path)
    own_memory = _address_space()
    try:
        confined = confine.confine_run(order["tier"], python)
    except (KernelRefused, OSError) as error:
        control.refuse(error)
        return
    gc.collect()
    gc.freeze()
    wakes = listen_for_ends()
    control.send({"op": "up"}, [] if confined.gate is None else [confined.gate])
    if confined.gate is not None:
        os.close(confined.gate)
    running: set[int] = set()
    try:
        while True:
            ready, _, _ = select.select([control.fileno(), wakes], [], [])
            if wakes in ready:
                for pid in report_ends(control, wakes):
                    running.discard(pid)
            if control.fileno() in ready:
                batch, descriptors = control.receive()
                reading.prepare(batch["parsers"])

                def limit(memory: int = own_memory + batch["memory_bytes"]) -> None:
                    die_with_parent()
                    confine.confine_repl(
                        order["tier"], python, confined, folder=None, memory_bytes=memory, file_bytes=0
                    )

                _start(batch, descriptors, control, running, limit, reading.serve)
    finally:
        for pid in running:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)


def _start(
    batch: dict[str, Any],
    descriptors: list[int],
    control: HostSocket,
    running: set[int],
    limit: Callable[[], None],
    read: Callable[[dict[str, Any], int, int], None],
) -> None:
    """Fork the process of a batch, and report it to the host."""
    try:
        pid = fork()
    except OSError as error:
        control.send({"op": "failed", "id": batch["id"], "why": error.strerror or str(error)})
    else:
        if pid == 0:
            _be_reader(batch, descriptors, limit, read)
        running.add(pid)
        handles = [os.pidfd_open(pid)] if hasattr(os, "pidfd_open") else []
        control.send({"op": "opened", "id": batch["id"], "pid": pid, "folder": ""}, handles)
        for handle in handles:
            os.close(handle)
    for descriptor in descriptors:
        os.close(descriptor)


def _be_reader(
    batch: dict[str, Any],
    descriptors: list[int],
    limit: Callable[[], None],
    read: Callable[[dict[str, Any], int, int], None],
) -> None:
    """Be the process that reads one batch; ends this process."""
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        close_all_but(*descriptors)
        limit()
        wire, files = descriptors
        read(batch, wire, files)
    except (BrokenPipeError, ConnectionError):
        pass  # the host does not want the rest
    except BaseException:  # noqa: BLE001 - this process must never return into its parent's loop
        import traceback

        with suppress(BaseException):
            traceback.print_exc()
        os._exit(1)
    finally:
        os._exit(0)


def _address_space() -> int:
    """Bytes of address space that a fork of this process has before it reads anything."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            pages = int(file.read().split()[0])
    except OSError:
        return 1 << 30  # not on Linux, where the address space is not limited
    return pages * os.sysconf("SC_PAGE_SIZE") + _LATER_IMPORTS
