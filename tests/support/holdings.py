"""What this process holds: descriptors, threads, child processes, temporary folders and tasks."""

from __future__ import annotations

import asyncio
import gc
import os
import re
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.support.processes import descendants

PATIENCE_S = 10.0
"""Seconds after which everything that is ending has ended."""

_SHARED_THREADS = (
    "asyncio_",
    "harlm-sweep",
)  # of the default executor, which keeps them; and one that ends soon


@dataclass(frozen=True)
class Holdings:
    """What a process holds at one moment."""

    descriptors: Counter[str]
    threads: Counter[str]
    processes: int
    folders: frozenset[str]
    tasks: int

    def left_of(self, before: Holdings) -> str:
        """What is held beyond ``before``, in words; empty for nothing."""
        found = {
            "descriptors": dict(self.descriptors - before.descriptors),
            "threads": dict(self.threads - before.threads),
            "processes": max(0, self.processes - before.processes),
            "folders": sorted(self.folders - before.folders),
            "tasks": max(0, self.tasks - before.tasks),
        }
        return ", ".join(f"{what}: {left}" for what, left in found.items() if left)


def held() -> Holdings:
    """What this process holds now."""
    return Holdings(
        descriptors=_descriptors(),
        threads=Counter(
            re.sub(r"[\d-]+$", "", each.name)
            for each in threading.enumerate()
            if not each.name.startswith(_SHARED_THREADS)
        ),
        processes=len(descendants(os.getpid())),
        folders=frozenset(each.name for each in Path(tempfile.gettempdir()).glob("harlm-*")),
        tasks=_tasks(),
    )


def left_at_last(before: Holdings) -> str:
    """What is still held beyond ``before`` when everything that is ending has had its time to end. Outside an
    event loop.
    """
    gives_up = time.monotonic() + PATIENCE_S
    gc.collect()
    while (left := held().left_of(before)) and time.monotonic() < gives_up:
        time.sleep(0.02)
    return left


async def left_in_the_end(before: Holdings) -> str:
    """As ``left_at_last``, inside an event loop."""
    gives_up = time.monotonic() + PATIENCE_S
    while (left := held().left_of(before)) and time.monotonic() < gives_up:  # noqa: ASYNC110 - no event
        await asyncio.sleep(0.02)
    return left


def _descriptors() -> Counter[str]:
    found: Counter[str] = Counter()
    for number in os.listdir("/proc/self/fd"):  # noqa: PTH208 - only names are needed
        try:
            link = os.readlink(f"/proc/self/fd/{number}")  # noqa: PTH115 - some are no paths
        except FileNotFoundError:
            continue  # the one that lists them
        found[re.sub(r":\[\d+\]$", "", link)] += 1
    return found


def _tasks() -> int:
    try:
        return len(asyncio.all_tasks())
    except RuntimeError:
        return 0
