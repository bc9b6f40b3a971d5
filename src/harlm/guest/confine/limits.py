"""Limits on what a process may use, enforced by the kernel. The host enforces the limits of one cell (time,
output).
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from contextlib import suppress

from .kernel import prctl

_FIRST_TO_BE_KILLED = 1000  # the most that Linux knows
_DESCRIPTORS = 256  # open files of one process
_PR_SET_PDEATHSIG = 1


def limit(*, memory_bytes: int, file_bytes: int, threads: int | None) -> None:
    """Set limits that cannot be raised again.

    Args:
        memory_bytes: of the address space.
        file_bytes: of the size of one file.
        threads: of this process's user, over all its processes; ``None`` for no limit.

    Raises:
        OSError: a limit cannot be set, on Linux.
    """
    for what, amount in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, _DESCRIPTORS),
        *([] if threads is None else [(resource.RLIMIT_NPROC, threads)]),
    ):
        hard = resource.getrlimit(what)[1]
        bound = amount if hard == resource.RLIM_INFINITY else min(amount, hard)
        try:
            resource.setrlimit(what, (bound, bound))
        except (ValueError, OSError):
            if sys.platform == "linux":
                raise  # macOS has no limit of the address space


def be_killed_first() -> None:
    """Have the kernel kill this process and all that it will start before others, when the machine runs out of
    memory. Linux only; needs no privilege.
    """
    with suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write(str(_FIRST_TO_BE_KILLED))


def die_with_parent() -> None:
    """Let the kernel kill this process when its parent ends. Linux only; a change of user undoes it."""
    if sys.platform == "linux":
        prctl("death signal", _PR_SET_PDEATHSIG, signal.SIGKILL)


def threads_of_user() -> int:
    """How many threads the user of this process has in all processes: the kernel limits their sum."""
    count = 0
    user = os.geteuid()
    with suppress(OSError):
        for process in filter(str.isdigit, os.listdir("/proc")):
            with suppress(OSError):
                if os.stat(f"/proc/{process}").st_uid == user:
                    count += len(os.listdir(f"/proc/{process}/task"))
    return count
