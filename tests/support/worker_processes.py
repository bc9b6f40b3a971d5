"""Worker processes for tests: one that only sleeps, and ends that the host notices late."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from harlm.sandbox.process.worker_process import WorkerProcess


class LateEnds:
    """While ``are_held``, no end of a worker process is noticed; sockets and pipes report as always.

    A busy machine has the same order: the kernel closes the sockets of a dying process first, and reports the
    end of the process afterwards.
    """

    def __init__(self) -> None:
        self.are_held = False
        self._reports: list[tuple[WorkerProcess, int, int]] = []

    def hold(self) -> None:
        """Notice no end from now on."""
        self.are_held = True

    def report(self) -> None:
        """Notice all ends that were held, and later ones at once."""
        self.are_held = False
        for worker, status, peak_kb in self._reports:
            worker.end(status, peak_kb)
        self._reports.clear()

    def keep(self, worker: WorkerProcess, status: int, peak_kb: int) -> None:
        """Keep what a zygote reported of one process."""
        self._reports.append((worker, status, peak_kb))


@contextmanager
def late_ends() -> Iterator[LateEnds]:
    """A switch for all worker processes that are started inside the block."""
    ends = LateEnds()
    gone, end = WorkerProcess._gone, WorkerProcess.end

    def held_gone(worker: WorkerProcess) -> None:
        if not ends.are_held:
            gone(worker)

    def held_end(worker: WorkerProcess, status: int, peak_kb: int) -> None:
        if ends.are_held:
            ends.keep(worker, status, peak_kb)
        else:
            end(worker, status, peak_kb)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WorkerProcess, "_gone", held_gone)
        patch.setattr(WorkerProcess, "end", held_end)
        yield ends


@contextmanager
def sleeping_worker(command: Sequence[str] = ("sleep", "60")) -> Iterator[WorkerProcess]:
    """A process that runs ``command``, as the host sees a worker. It is killed at the end of the block."""
    child = subprocess.Popen(list(command))
    worker = WorkerProcess(child.pid, os.pidfd_open(child.pid) if hasattr(os, "pidfd_open") else None)
    try:
        yield worker
    finally:
        child.kill()
        child.wait()
        worker.close()
