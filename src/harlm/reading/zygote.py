"""The zygote of one load as the host sees it: it starts a confined process for each batch of files.

Blocks the calling thread, which is never that of an event loop, and calls ``check`` while it waits.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar

from harlm.context.readers.brought import brought_readers
from harlm.errors import SandboxFailure
from harlm.sandbox.process import zygote_socket as control
from harlm.sandbox.process.close_on_fork import keep_to_this_process
from harlm.sandbox.process.fork_gate import Gate
from harlm.sandbox.process.worker_process import cpu_seconds_of, numbers_of
from harlm.sandbox.process.zygote import HostZygote
from harlm.sandbox.shortage import shortage

_MODULE = "harlm.reading.process"
_PACKAGES = ("harlm", "msgspec", "charset_normalizer", "pypdfium2", "pypdfium2_raw", "turbohtml", "olefile")
_START_S, _END_S = 30.0, 2.0
_TICK_MS = 20
_News = TypeVar("_News", control.Opened, control.Gone)

Check = Callable[[], None]


class TierRefused(Exception):
    """This machine cannot confine the process as the tier demands; the message says why."""


class Batch:
    """The process that reads one batch of files.

    Args:
        pid: its id in its zygote's namespace.
        handle: a pidfd, which this object owns; ``None`` if the system has none.
        wire: the socket on which it sends what it reads, which this object owns.
    """

    def __init__(self, pid: int, handle: int | None, wire: socket.socket) -> None:
        self.inner_pid = pid
        self.wire = wire
        try:
            self._pid: int | None = pid if handle is None else numbers_of(handle)[0]
        except BaseException:
            if handle is not None:
                os.close(handle)
            raise
        self._handle = handle

    def cpu_seconds(self) -> float | None:
        """Seconds of processor time that it has used; ``None`` if they are not known."""
        return cpu_seconds_of(self._pid)

    def kill(self) -> None:
        """Kill it."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if self._handle is not None and sys.platform == "linux":
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)
            elif self._pid is not None:
                os.kill(self._pid, signal.SIGKILL)

    def close(self) -> None:
        """Release its descriptors."""
        self.wire.close()
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


class ReadingZygote:
    """A confined interpreter with parsers imported.

    Args:
        tier: its confinement; ``s0`` for limits only.
        wrapper: a command that confines the program that it starts (macOS); empty for none.
        parsers: the modules to import before it is confined.

    Raises:
        OSError: no processes or descriptors are left.
    """

    def __init__(self, tier: str, wrapper: Sequence[str], parsers: Sequence[str]) -> None:
        self.tier = tier
        self._received = bytearray()
        self._descriptors: list[int] = []
        self._sender: int | None = None
        self._gate: Gate | None = None
        self._is_up = False
        self._ids = itertools.count(1)
        self._socket, theirs = socket.socketpair()
        try:
            with theirs:
                control.ask_for_sender(self._socket)
                keep_to_this_process(self._socket)
                order: dict[str, object] = {
                    "op": "read", "tier": tier, "module": _MODULE, "parsers": list(parsers), "paths": _places(),
                }  # fmt: skip
                HostZygote.current(wrapper).order(order, [theirs.fileno()])
        except BaseException:
            self._socket.close()
            raise

    def wait(self, check: Check) -> None:
        """Wait until it is confined.

        Raises:
            TierRefused: it cannot be on this machine.
            SandboxFailure: it did not start, or the system has no more of something.
        """
        if self._is_up:
            return
        news, descriptors = self._receive(check, _START_S)
        if isinstance(news, control.Refused):
            if (lacking := news.shortage) is not None:
                raise shortage("no process can be started to read documents", lacking)
            raise TierRefused(news.why)
        if not isinstance(news, control.Up):
            raise SandboxFailure(
                f"a process that reads documents sent {type(news).__name__} first; ask again"
            )
        self._gate = Gate(descriptors[0], always=self._sender) if descriptors else None
        self._is_up = True

    def open(self, order: dict[str, object], files: int, check: Check) -> Batch:
        """Start the process of a batch.

        Args:
            order: what to read, and the limits.
            files: a descriptor of the file that holds the bytes of the batch.
            check: see ``DocumentReader.read``.

        Raises:
            SandboxFailure: it cannot be started.
        """
        ours, theirs = socket.socketpair()
        keep_to_this_process(ours)
        try:
            with theirs:
                data = control.frame_of({**order, "op": "open", "id": next(self._ids)})
                sent = socket.send_fds(self._socket, [data], [theirs.fileno(), files])
                if sent < len(data):
                    self._socket.sendall(data[sent:])
            news, handles = self._awaited(control.Opened, check)
            return Batch(news.pid, handles[0] if handles else None, ours)
        except OSError as error:
            ours.close()
            raise SandboxFailure(f"the process that reads documents is gone ({error}); ask again") from error
        except BaseException:
            ours.close()
            raise

    def end_of(self, batch: Batch, check: Check) -> int:
        """Wait for the end of a process.

        Returns:
            Its exit code, or minus the number of a signal.

        Raises:
            SandboxFailure: the zygote is gone too.
        """
        while True:
            news, _ = self._awaited(control.Gone, check)
            if news.pid == batch.inner_pid:
                return news.status

    def _awaited(self, kind: type[_News], check: Check) -> tuple[_News, list[int]]:
        while True:
            news, descriptors = self._receive(check, _START_S)
            if isinstance(news, kind):
                return news, descriptors
            for each in descriptors:
                os.close(each)
            if isinstance(news, control.OrderFailed):
                raise SandboxFailure(
                    f"no process can be started to read documents ({news.why}); free some memory or processes"
                )

    def _receive(self, check: Check, patience: float) -> tuple[control.News, list[int]]:
        ends = time.monotonic() + patience
        waiting = select.poll()
        waiting.register(self._socket, select.POLLIN)
        while (news := control.next_news(self._received)) is None:
            check()
            if not waiting.poll(_TICK_MS):
                if time.monotonic() > ends:
                    raise SandboxFailure(
                        "the process that reads documents does not start; run `harlm doctor`"
                    )
                continue
            try:
                data, descriptors, sender = control.receive_with_sender(self._socket, 1 << 16)
            except OSError as error:
                raise SandboxFailure(
                    f"the process that reads documents is gone ({error}); ask again"
                ) from error
            if not data:
                raise SandboxFailure(
                    "the process that reads documents has ended; ask again, with less memory in use"
                )
            self._sender = sender or self._sender
            self._descriptors += descriptors
            self._received += data
        taken, self._descriptors = self._descriptors[: news.handles], self._descriptors[news.handles :]
        return news, taken

    def close(self) -> None:
        """End the zygote and every process that came from it."""
        if self._gate is not None:
            self._gate.close()
        self._socket.close()
        for each in self._descriptors:
            os.close(each)
        self._descriptors.clear()


def _places() -> list[str]:
    """The folders from which the reading process imports HARLM and the parsers."""
    found: dict[str, None] = {}
    for name in (*_PACKAGES, *(each.package for each in brought_readers().values())):
        spec = find_spec(name)
        if spec is None:
            continue
        for place in spec.submodule_search_locations or filter(None, [spec.origin]):
            found[str(Path(place).resolve().parent)] = None
    return list(found)
