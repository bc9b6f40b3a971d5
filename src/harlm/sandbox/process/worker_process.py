"""The process of one REPL as the host sees it. Knows how to stop it and what it has used; refuses to know what it does.

On Linux everything goes through a pidfd, which stands for this process and can never mean another one.
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

_PID = re.compile(r"^Pid:\s*(-?\d+)", re.MULTILINE)
_INNER = re.compile(r"^NSpid:.*?(-?\d+)\s*$", re.MULTILINE)
_PEAK = re.compile(r"^VmHWM:\s*(\d+) kB", re.MULTILINE)


class WorkerProcess:
    """One process.

    Attributes:
        pid: its id here; None when it was gone before anyone asked.
        inner_pid: its id in the tree of processes of its run, by which its zygote knows it.
        folder: the name of its folder, as its zygote made it.
        status: how it ended, once that is known: exit code, or minus a signal.
        ended: set when it is gone.

    Args:
        handle: a pidfd, which is closed with this object; None where the system has none (macOS).
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
            self.pid, self.inner_pid = _numbers(handle)
            asyncio.get_running_loop().add_reader(handle, self._gone)

    def on_end(self, told: Callable[[], None]) -> None:
        """Tell somebody when it is gone."""
        if self.ended.is_set():
            told()
        else:
            self._on_end.append(told)

    def end(self, status: int, peak_kb: int) -> None:
        """Its zygote says that it ended, and how."""
        self.status = status
        self.peak_kb = max(self.peak_kb, peak_kb)
        self._gone()

    def _gone(self) -> None:
        if not self.ended.is_set():
            self.ended.set()
            if self._handle is not None:
                asyncio.get_running_loop().remove_reader(self._handle)
            for told in self._on_end:
                told()

    def kill(self) -> None:
        """End it, whatever it does."""
        self._signal(signal.SIGKILL)

    def interrupt(self, kind: type[CellInterrupted]) -> None:
        """Have ``kind`` raised in its cell."""
        self._signal(signal_for(kind))

    def _signal(self, number: int) -> None:
        if self.ended.is_set() or self._is_closed:
            return  # without the handle, the number may be somebody else's by now
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if self._handle is not None and sys.platform == "linux":
                signal.pidfd_send_signal(self._handle, number)
            elif self.pid is not None:
                os.kill(self.pid, number)

    def cpu_seconds(self) -> float | None:
        """Processor time that it has used; None where that cannot be asked."""
        if self.pid is None or sys.platform != "linux":
            return None
        with contextlib.suppress(OSError):
            return time.clock_gettime((~self.pid) << 3 | 2)  # clock_getcpuclockid(3)
        return None

    def peak_mb(self) -> float:
        """The most memory that it had at once, what it shares with others included."""
        if self.pid is not None and not self.ended.is_set():
            with contextlib.suppress(OSError):
                found = _PEAK.search(Path(f"/proc/{self.pid}/status").read_text(encoding="ascii"))
                self.peak_kb = max(self.peak_kb, int(found[1]) if found else 0)
        return self.peak_kb / 1024

    def kill_children(self, spared: Collection[int]) -> bool:
        """End what it has started, but for some. False where the system does not tell what that is."""
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
        """The process that started it."""
        with contextlib.suppress(OSError, AttributeError, TypeError):
            status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
            return int(re.search(r"^PPid:\s*(\d+)", status, re.MULTILINE)[1])  # type: ignore[index] # suppressed
        return None

    def close(self) -> None:
        """Let go of the handle."""
        self._is_closed = True
        if self._handle is not None:
            if not self.ended.is_set():
                asyncio.get_running_loop().remove_reader(self._handle)
            os.close(self._handle)
            self._handle = None


def _numbers(handle: int) -> tuple[int | None, int]:
    """The ids of a pidfd's process: here, and in its own tree."""
    told = Path(f"/proc/self/fdinfo/{handle}").read_text(encoding="ascii")
    outer, inner = _PID.search(told), _INNER.search(told)
    pid = int(outer[1]) if outer else -1
    return (pid if pid > 0 else None), int(inner[1]) if inner else pid


def in_words(status: int) -> str:
    """How a process ended: an exit status, or minus a signal."""
    if status >= 0:
        return f"exit status {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"  # a real-time signal has no name
