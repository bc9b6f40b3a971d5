"""The failure of a sandbox for which the system has no more descriptors, threads, memory or disk."""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from harlm.errors import SandboxFailure

if sys.platform != "win32":
    import resource

SHORTAGES = (OSError, MemoryError)
"""The errors of a system that has no more of something."""

_MANY = 4096  # open files that the advice names as enough

_ADVICE = {
    errno.ENFILE: "end some programs, or raise the system's limit of open files (`sysctl fs.file-max`)",
    errno.EAGAIN: "end some processes or threads, or raise their limit (`ulimit -u`)",
    errno.ENOMEM: "free some memory",
    errno.ENOSPC: "free some disk space",
}


def shortage(what: str, error: Exception) -> SandboxFailure:
    """The failure to raise for an error of ``SHORTAGES``.

    Args:
        what: what cannot be done, as the beginning of a sentence.
        error: the cause.
    """
    reason = str(error) or type(error).__name__
    return SandboxFailure(f"{what} ({reason}); {_advice(error)}")


@contextmanager
def starting_a_thread() -> Iterator[None]:
    """Turn the error that Python raises if no thread can be started into one of ``SHORTAGES``.

    Raises:
        OSError: no thread can be started.
    """
    try:
        yield
    except RuntimeError as error:
        raise OSError(errno.EAGAIN, str(error)) from error


def _advice(error: Exception) -> str:
    number = error.errno if isinstance(error, OSError) else None
    if isinstance(error, MemoryError):
        number = errno.ENOMEM
    if number in _ADVICE:
        return _ADVICE[number]
    files = "close some files, or raise the limit of open files"
    if sys.platform != "win32":
        files += f", which is {resource.getrlimit(resource.RLIMIT_NOFILE)[0]:,} here (`ulimit -n {_MANY}`)"
    return files if number == errno.EMFILE else f"free some processes, memory or disk; {files}"
