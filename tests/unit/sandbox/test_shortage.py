from __future__ import annotations

import errno
import os
import resource
import threading

import pytest

from harlm.sandbox.shortage import SHORTAGES, shortage, starting_a_thread


def failure(number: int) -> str:
    """The message for an error of the system."""
    return str(shortage("no REPL can be opened", OSError(number, os.strerror(number))))


def test_used_up_descriptors_name_the_limit_and_how_to_raise_it() -> None:
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    assert failure(errno.EMFILE) == (
        "no REPL can be opened ([Errno 24] Too many open files); close some files, or raise the limit of open files, "
        f"which is {limit:,} here (`ulimit -n 4096`)"
    )


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.ENFILE, "fs.file-max"),
        (errno.EAGAIN, "ulimit -u"),
        (errno.ENOMEM, "memory"),
        (errno.ENOSPC, "disk"),
    ],
)
def test_each_shortage_names_what_is_missing(number: int, advice: str) -> None:
    assert advice in failure(number)


def test_other_errors_name_all_that_may_be_missing() -> None:
    assert all(word in failure(errno.EIO) for word in ("processes", "memory", "disk", "ulimit -n"))
    assert "TimeoutError" in str(shortage("it cannot be tested", TimeoutError()))


def test_memory_that_is_used_up_is_a_shortage() -> None:
    assert issubclass(MemoryError, SHORTAGES)
    assert "free some memory" in str(shortage("x", MemoryError()))


def test_a_thread_that_cannot_be_started_is_a_shortage(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    with pytest.raises(OSError, match="can't start new thread") as caught, starting_a_thread():
        threading.Thread(target=print).start()
    assert "ulimit -u" in str(shortage("x", caught.value))
