"""The limits of one cell, kept by the host: wall time, processor time, silence, raw output. Knows clocks; refuses to know
what is done about a limit.
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
_STILL = 0.005  # the share of a processor below which a process counts as doing nothing
_CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Watch:
    """Watches one cell until it is told to stop.

    Args:
        printed: how much the cell has written to its descriptors so far.
        on_limit: told once which limit was hit.
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
        self._last_cpu = 0.0
        self._last_printed = 0
        self._last_life = time.monotonic()
        self._checked = self._last_life
        self._timer = asyncio.get_running_loop().call_later(self._pause(0.0), self._check)

    def stop(self) -> None:
        """The cell has ended."""
        self._timer.cancel()

    def cpu(self) -> float:
        """Processor seconds of the cell so far; 0 where that cannot be asked."""
        now = self._worker.cpu_seconds()
        return 0.0 if now is None or self._cpu_before is None else now - self._cpu_before

    def _check(self) -> None:
        now, cpu = time.monotonic(), self.cpu()
        self._look_for_life(now, cpu)
        if self._clock.own() >= self._limits.cell_seconds:
            self._on_limit(CellTimeout)
        elif cpu >= self._limits.cpu_seconds:
            self._on_limit(CpuTimeout)
        elif now - self._last_life >= self._limits.silence_seconds:
            self._on_limit(SilenceTimeout)
        else:
            self._timer = asyncio.get_running_loop().call_later(self._pause(cpu), self._check)

    def _look_for_life(self, now: float, cpu: float) -> None:
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
        """Until the first moment at which a limit can be hit: processor time runs on every core at once."""
        soonest = min(
            self._limits.cell_seconds - self._clock.own(),
            (self._limits.cpu_seconds - cpu) / _CORES,
            self._limits.silence_seconds - (time.monotonic() - self._last_life),
            _LONGEST_S,
        )
        return max(soonest, _SHORTEST_S)
