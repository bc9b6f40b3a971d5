"""Runs one program in a process group of its own, and ends the group when HARLM ends, even if HARLM is killed.

A program by itself: ``python keeper.py DESCRIPTOR COMMAND…``. HARLM holds the other end of the descriptor, a pipe, which closes
with it. The command has this program's input, output and errors. Imports little, so that it starts in a few milliseconds.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time

NOT_STARTED = 127
"""The exit code if the command cannot be started, as shells have it."""

_GRACE_S = 1.0  # seconds that a group may take to end by itself


def main(life: int, command: list[str]) -> int:
    """Run a command until it ends, or until the descriptor closes.

    Returns:
        its exit code; 128 and the number of the signal that ended it.
    """
    os.set_inheritable(life, False)
    woken, waking = os.pipe()
    os.set_blocking(waking, False)
    signal.set_wakeup_fd(waking)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _noted)
    try:
        child = os.posix_spawnp(command[0], command, os.environ, setpgroup=0, setsigdef=(signal.SIGPIPE,))
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error.strerror}\n")
        return NOT_STARTED
    for descriptor in (0, 1):
        os.close(descriptor)  # else HARLM would not see that the command closes them
    while (code := _code(child)) is None:
        ready, _, _ = select.select([life, woken], [], [])
        if life in ready or _is_told_to_end(woken):
            code = _ended(child, woken)
            break
    _kill(child, signal.SIGKILL)  # what the command has left
    return code


def _noted(number: int, frame: object) -> None:
    """A handler, so that the signal is written to the pipe."""


def _is_told_to_end(woken: int) -> bool:
    return any(each != signal.SIGCHLD for each in os.read(woken, 4096))


def _ended(child: int, woken: int) -> int:
    """End the group, and return the exit code of the command."""
    _kill(child, signal.SIGTERM)
    ends = time.monotonic() + _GRACE_S
    while (code := _code(child)) is None and (left := ends - time.monotonic()) > 0:
        if select.select([woken], [], [], left)[0]:
            os.read(woken, 4096)
    if code is None:
        _kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        code = _in_shell(status)
    return code


def _kill(group: int, number: int) -> None:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        pass


def _code(child: int) -> int | None:
    """The exit code of a process; ``None`` while it runs."""
    done, status = os.waitpid(child, os.WNOHANG)
    return _in_shell(status) if done else None


def _in_shell(status: int) -> int:
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    os._exit(main(int(sys.argv[1]), sys.argv[2:]))
