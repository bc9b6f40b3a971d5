"""A process that has imported the command line and forks for each command, since imports are most of the time of a short one.

What the interpreter reads when it starts (``PYTHON…``, the locale) is that of the tests; commands that set it are started anew.
"""

from __future__ import annotations

import atexit
import json
import os
import pkgutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TextIO

from tests.support.processes import descendants

_ROOT = Path(__file__).parents[2]
_LONGEST = 1 << 20
_STREAMS: list[TextIO] = []
_AT_START = ("PYTHON", "LANG", "LC_", "MALLOC", "TZ")
_LEFT_OUT = (
    "harlm.compat",
    "harlm.embedders",
    "harlm.retrieval.large",
    "harlm.retrieval.tantivy",
    "harlm.retrieval.vectors",
    "harlm.guest.worker",
)


def fits(environment: Mapping[str, str]) -> bool:
    """Whether a command with these changed variables can be forked."""
    return not any(name.startswith(_AT_START) for name in environment)


def run(
    arguments: Sequence[str], environment: Mapping[str, str], stdin: bytes, timeout: float
) -> tuple[int, bytes, bytes]:
    """The exit code of ``harlm ARGUMENTS`` in the current folder, and what it wrote to stdout and stderr.

    Raises:
        TimeoutError: it took longer than ``timeout`` seconds.
    """
    (stdin_end, into), (out_of, stdout_end), (err_of, stderr_end) = (os.pipe() for _ in range(3))
    warm = _warm()
    request = json.dumps(
        {"arguments": [*arguments], "environment": {**environment}, "folder": str(Path.cwd())}
    )
    socket.send_fds(warm.door, [request.encode()], [stdin_end, stdout_end, stderr_end])
    for end in (stdin_end, stdout_end, stderr_end):
        os.close(end)
    written: dict[int, bytes] = {}
    writing = threading.Thread(target=_write, args=(into, stdin), daemon=True)
    reading = [threading.Thread(target=_read, args=(end, written), daemon=True) for end in (out_of, err_of)]
    for thread in (writing, *reading):
        thread.start()
    for thread in reading:
        thread.join(timeout)
        if thread.is_alive():
            warm.kill()
            raise TimeoutError(f"harlm {' '.join(arguments)} took longer than {timeout} s")
    return int(warm.door.recv(16)), written[out_of], written[err_of]


class _Warm:
    """The process, and the socket to it. It ends when the socket is closed."""

    def __init__(self) -> None:
        self.door, theirs = socket.socketpair()
        code = f"from tests.support.warm import serve; serve({theirs.fileno()})"
        command = [sys.executable, "-c", code]
        with theirs:
            self._process = subprocess.Popen(
                command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, cwd=_ROOT
            )
        atexit.register(self.close)

    def kill(self) -> None:
        """End the process and the command that it has forked, which would hold its port and its files."""
        below = descendants(self._process.pid)
        self.close()
        for pid in below:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def close(self) -> None:
        """End the process, not what it forked."""
        _warm.cache_clear()
        self.door.close()
        self._process.kill()
        self._process.wait()


@cache
def _warm() -> _Warm:
    return _Warm()


def _write(end: int, data: bytes) -> None:
    try:
        with open(end, "wb") as pipe:
            pipe.write(data)
    except BrokenPipeError:
        pass  # the command read no more


def _read(end: int, written: dict[int, bytes]) -> None:
    with open(end, "rb") as pipe:
        written[end] = pipe.read()


def serve(door: int) -> None:
    """Fork for each command until the other end is closed. A fork returns to run the command line to its end."""
    import harlm

    for module in pkgutil.walk_packages(harlm.__path__, "harlm."):
        if not module.name.startswith(_LEFT_OUT) and not module.name.endswith("__main__"):
            import_module(module.name)
    commands = socket.socket(fileno=door)
    while True:
        request, ends, _, _ = socket.recv_fds(commands, _LONGEST, 3)
        if not request:
            os._exit(0)
        child = os.fork()
        if child == 0:
            commands.close()
            _become(json.loads(request), ends)
            return
        for end in ends:
            os.close(end)
        _, status = os.waitpid(child, 0)
        commands.send(str(os.waitstatus_to_exitcode(status)).encode())


def _become(request: Mapping[str, object], ends: Sequence[int]) -> None:
    for number, end in enumerate(ends):
        os.dup2(end, number)
        os.close(end)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - these three are open as long as the process is
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, errors="backslashreplace", closefd=False)  # noqa: SIM115
    _STREAMS.extend([sys.stdin, sys.stdout, sys.stderr])  # as sys.__stdout__ keeps that of a new process
    arguments, environment, folder = request["arguments"], request["environment"], request["folder"]
    assert isinstance(arguments, list)
    assert isinstance(environment, dict)
    os.chdir(str(folder))
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["harlm", *arguments]
    from harlm.cli import main

    main()
