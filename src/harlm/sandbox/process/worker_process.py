"""The process of one REPL or scout as the host sees it: its end, its signals, and what it has used.

On Linux it is addressed through a pidfd, which always means this process, even after its id has been reused.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import sys
import time
from collections.abc import Callable, Collection
from pathlib import Path

from harlm.guest.worker.interrupts import CellInterrupted, signal_for
from harlm.patterns import lazy_pattern

_PID = lazy_pattern(r"^Pid:\s*(-?\d+)", re.MULTILINE)
_INNER = lazy_pattern(r"^NSpid:.*?(-?\d+)\s*$", re.MULTILINE)
_PEAK = lazy_pattern(r"^VmHWM:\s*(\d+) kB", re.MULTILINE)


class WorkerProcess:
    """One process.

    Attributes:
        pid: its id in the host's process namespace; ``None`` if it ended before its id was read.
        inner_pid: its id in the process namespace of its run, which its zygote uses.
        folder: the name of the folder that its zygote made for it.
        status: how it ended, once that is known: its exit code, or minus the number of a signal.
        peak_kb: the most memory that it is known to have had at once, in KiB.
        ended: set when the process is gone.

    Args:
        pid: the id of the process.
        handle: a pidfd, which this object owns from now on, also if it cannot be made: it is closed when the
            process is gone. ``None`` if the system has none (macOS).
        folder: see the attribute.

    Raises:
        OSError: the pidfd cannot be read.
    """

    def __init__(self, pid: int, handle: int | None, folder: str = "") -> None:
        self._handle = handle
        self.folder = folder
        self.inner_pid = pid
        self.pid: int | None = pid
        self.status: int | None = None
        self.peak_kb = 0
        self.ended = asyncio.Event()
        self._on_end: list[Callable[[], None]] = []
        self._is_closed = False
        if handle is not None:
            try:
                self.pid, self.inner_pid = numbers_of(handle)
                asyncio.get_running_loop().add_reader(handle, self._gone)
            except BaseException:
                os.close(handle)
                raise

    def on_end(self, callback: Callable[[], None]) -> None:
        """Call ``callback`` when the process is gone; at once if it is gone already."""
        if self.ended.is_set():
            callback()
        else:
            self._on_end.append(callback)

    def end(self, status: int, peak_kb: int) -> None:
        """Note how it ended, as its zygote reports it.

        Args:
            status: its exit code, or minus the number of a signal.
            peak_kb: the most memory that it had at once, in KiB.
        """
        self.status = status
        self.peak_kb = max(self.peak_kb, peak_kb)
        self._gone()

    def _gone(self) -> None:
        if not self.ended.is_set():
            self.ended.set()
            self._release()
            for callback in self._on_end:
                callback()

    def kill(self) -> None:
        """Kill it."""
        self._signal(signal.SIGKILL)

    def interrupt(self, kind: type[CellInterrupted]) -> None:
        """Have ``kind`` raised in its cell. Does nothing if the process is gone."""
        self._signal(signal_for(kind))

    def _signal(self, number: int) -> None:
        if self.ended.is_set() or self._is_closed:
            return  # the id may belong to another process by now
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if self._handle is not None and sys.platform == "linux":
                signal.pidfd_send_signal(self._handle, number)
            elif self.pid is not None:
                os.kill(self.pid, number)

    def cpu_seconds(self) -> float | None:
        """Seconds of processor time that it has used; ``None`` if the system does not report them."""
        return cpu_seconds_of(self.pid)

    def queued_seconds(self) -> float:
        """Seconds in which its main thread could have run but had no processor; 0 if the system does not report them."""
        with contextlib.suppress(OSError, ValueError, IndexError):
            if not self.ended.is_set():
                return int(Path(f"/proc/{self.pid}/schedstat").read_text("ascii").split()[1]) / 1e9
        return 0.0

    def peak_mb(self) -> float:
        """The most memory that it had at once, in MiB, shared memory included."""
        if self.pid is not None and not self.ended.is_set():
            with contextlib.suppress(OSError):
                found = _PEAK.search(Path(f"/proc/{self.pid}/status").read_text(encoding="ascii"))
                self.peak_kb = max(self.peak_kb, int(found[1]) if found else 0)
        return self.peak_kb / 1024

    def kill_children(self, spared: Collection[int]) -> bool:
        """Kill the processes that it has started, except ``spared``. Returns ``False`` if they cannot be
        listed.
        """
        try:
            tasks = [*Path(f"/proc/{self.pid}/task").iterdir()]
            found = [int(child) for task in tasks for child in (task / "children").read_text("ascii").split()]
        except OSError:
            return self.ended.is_set()
        for child in set(found) - set(spared):
            with contextlib.suppress(OSError):
                os.kill(child, signal.SIGKILL)
        return True

    def parent(self) -> int | None:
        """The id of the process that started it; ``None`` if that is unknown."""
        with contextlib.suppress(OSError, AttributeError, TypeError):
            status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
            return int(re.search(r"^PPid:\s*(\d+)", status, re.MULTILINE)[1])  # type: ignore[index] # suppressed
        return None

    def abandon(self) -> None:
        """Kill it. Call when its zygote will not report its end."""
        self.kill()
        if self._handle is None:  # nothing else reports it
            self._gone()

    def close(self) -> None:
        """Close the pidfd. Signals have no effect from now on."""
        self._is_closed = True
        self._release()

    def _release(self) -> None:
        handle, self._handle = self._handle, None
        if handle is not None:
            asyncio.get_running_loop().remove_reader(handle)
            os.close(handle)


def cpu_seconds_of(pid: int | None) -> float | None:
    """Seconds of processor time that a process has used; ``None`` if the system does not report them."""
    if pid is None or sys.platform != "linux":
        return None
    with contextlib.suppress(OSError):
        return time.clock_gettime((~pid) << 3 | 2)  # clock_getcpuclockid(3)
    return None


def numbers_of(handle: int) -> tuple[int | None, int]:
    """The ids of a pidfd's process: in the host's namespace, and in its own."""
    text = Path(f"/proc/self/fdinfo/{handle}").read_text(encoding="ascii")
    outer, inner = _PID.search(text), _INNER.search(text)
    pid = int(outer[1]) if outer else -1
    return (pid if pid > 0 else None), int(inner[1]) if inner else pid


def in_words(status: int) -> str:
    """How a process ended, in words.

    Args:
        status: its exit code, or minus the number of a signal.
    """
    if status >= 0:
        return f"exit status {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"  # a real-time signal has no name
