"""Chooses how a model file is served on this machine: threads, requests at once, and tokens of each."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from harlm.models.local.gguf import ModelHead

DEFAULT_WINDOW = 16_384
"""Tokens of a request unless ``models.window`` is set: small models read less of it well, and each token takes memory."""

_MOST_SLOTS = 4  # more requests at once share the same processors, and each has a window's memory
_SHARE_OF_MEMORY = 4  # windows may take a quarter of it
_QUOTA = Path("/sys/fs/cgroup/cpu.max")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerPlan:
    """How a model file is served. Models of one run with equal plans share one server.

    Attributes:
        file: the model file, with its full path.
        window: tokens of a request, input and output together.
        slots: requests that are worked on at once.
        threads: that compute.
    """

    file: Path
    window: int
    slots: int
    threads: int

    @property
    def alias(self) -> str:
        """The name by which the server knows its model."""
        return self.file.stem


def plan_for(file: Path, head: ModelHead, wanted: int | None = None) -> ServerPlan:
    """The plan for a model file on this machine.

    Args:
        file: the model file, with its full path.
        head: what it says about itself.
        wanted: tokens of a request; the model's own window is never exceeded.
    """
    window = min(wanted or DEFAULT_WINDOW, head.window or DEFAULT_WINDOW)
    threads = cores()
    return ServerPlan(
        file=file, window=window, slots=_slots(threads, window * head.cache_bytes), threads=threads
    )


def cores() -> int:
    """The processors that this process may use, a container's quota included."""
    given = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = _QUOTA.read_text(encoding="ascii").split()
        return max(1, min(given, round(int(quota) / int(period))))
    except (OSError, ValueError):  # no quota
        return given


def _slots(threads: int, window_bytes: int) -> int:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    fitting = memory // _SHARE_OF_MEMORY // window_bytes if window_bytes else _MOST_SLOTS
    return max(1, min(threads, _MOST_SLOTS, fitting))
