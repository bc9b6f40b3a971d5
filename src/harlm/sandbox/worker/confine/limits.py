"""What a process may use, as the kernel keeps it. Limits of one cell (its time, its output) are the host's to keep."""

from __future__ import annotations

import resource
import signal
import sys

from .kernel import prctl

_DESCRIPTORS = 256
_PR_SET_PDEATHSIG = 1


def limit(*, memory_bytes: int, file_bytes: int) -> None:
    """Set limits that cannot be raised again.

    Raises:
        OSError: one cannot be set, on Linux.
    """
    for what, amount in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, _DESCRIPTORS),
    ):
        hard = resource.getrlimit(what)[1]
        bound = amount if hard == resource.RLIM_INFINITY else min(amount, hard)
        try:
            resource.setrlimit(what, (bound, bound))
        except (ValueError, OSError):
            if sys.platform == "linux":
                raise  # macOS knows no limit of address space


def die_with_parent() -> None:
    """Let the kernel kill this process when the one that started it is gone. Linux only; a change of user undoes it."""
    if sys.platform == "linux":
        prctl("death signal", _PR_SET_PDEATHSIG, signal.SIGKILL)
