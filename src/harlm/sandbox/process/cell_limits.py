"""The limits of one cell that the host watches: wall time, processor time, and time without a sign of life.

Wall time is what the cell itself takes, so that a scout changes no outcome: neither the time in which calls are open, which
a scout shortens, nor the time in which the cell waits for a processor, which a scout lengthens.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable

from harlm.config import SandboxSettings
from harlm.guest.worker.interrupts import CellInterrupted, CellTimeout, CpuTimeout, SilenceTimeout
from harlm.sandbox.process.calls import Clock
from harlm.sandbox.process.worker_process import WorkerProcess

_SHORTEST_S = 0.02
_LONGEST_S = 1.0
_STILL = 0.005  # the share of one processor below which a process counts as idle
_CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Watch:
    """Watches one cell until ``stop`` is called or a limit is hit.

    Args:
        limits: the limits of the cell.
        worker: the process that runs it.
        clock: the time of the cell.
        printed: returns how many bytes the cell has written to its descriptors so far.
        on_limit: called once with the limit that was hit.
    """

    def __init__(
        self,
        limits: SandboxSettings,
        worker: WorkerProcess,
        clock: Clock,
        printed: Callable[[], int],
        on_limit: Callable[[type[CellInterrupted]], None],
    ) -> None:
        self._limits = limits
        self._worker = worker
        self._clock = clock
        self._printed = printed
        self._on_limit = on_limit
        self._cpu_before = worker.cpu_seconds()
        self._queued_before = worker.queued_seconds()
        self._last_cpu = 0.0
        self._last_printed = 0
        self._last_life = time.monotonic()
        self._checked = self._last_life
        self._timer = asyncio.get_running_loop().call_later(self._pause(0.0), self._check)

    def stop(self) -> None:
        """Stop watching."""
        self._timer.cancel()

    def cpu(self) -> float:
        """Processor seconds of the cell so far; 0 if the system does not report them."""
        now = self._worker.cpu_seconds()
        return 0.0 if now is None or self._cpu_before is None else now - self._cpu_before

    def own(self) -> float:
        """Seconds that the cell has taken itself: without waiting for calls, and without waiting for a processor where the
        system reports that.
        """
        queued = self._worker.queued_seconds() - self._queued_before
        return max(0.0, self._clock.own() - max(0.0, queued))

    def _check(self) -> None:
        now, cpu = time.monotonic(), self.cpu()
        self._note_life(now, cpu)
        if self.own() >= self._limits.cell_seconds:
            self._on_limit(CellTimeout)
        elif cpu >= self._limits.cpu_seconds:
            self._on_limit(CpuTimeout)
        elif now - self._last_life >= self._limits.silence_seconds:
            self._on_limit(SilenceTimeout)
        else:
            self._timer = asyncio.get_running_loop().call_later(self._pause(cpu), self._check)

    def _note_life(self, now: float, cpu: float) -> None:
        printed = self._printed()
        if (
            self._clock.is_waiting()
            or self._cpu_before is None
            or cpu - self._last_cpu > _STILL * (now - self._checked)
            or printed != self._last_printed
        ):
            self._last_life = now
        self._last_life = max(self._last_life, self._clock.last_sign)
        self._last_cpu, self._last_printed, self._checked = cpu, printed, now

    def _pause(self, cpu: float) -> float:
        """Seconds until the first moment at which a limit can be hit. Processor time may pass on every core
        at once.
        """
        soonest = min(
            self._limits.cell_seconds - self.own(),
            (self._limits.cpu_seconds - cpu) / _CORES,
            self._limits.silence_seconds - (time.monotonic() - self._last_life),
            _LONGEST_S,
        )
        return max(soonest, _SHORTEST_S)
