"""Runs the command line as a user does: as a process, in a shell, on a terminal."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.support import warm


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


def harlm(
    *arguments: str | Path,
    stdin: bytes | None = None,
    environment: dict[str, str] | None = None,
    timeout: float = 60,
) -> Ran:
    """``harlm ARGUMENTS`` in the current folder, with the environment of the test."""
    if warm.fits(environment or {}):
        code, out, err = warm.run(
            [*map(str, arguments)], {**os.environ, **(environment or {})}, stdin or b"", timeout
        )
        return Ran(code, out.decode(), err.decode())
    done = subprocess.run(
        [sys.executable, "-m", "harlm", *map(str, arguments)],
        input=b"" if stdin is None else stdin,
        capture_output=True,
        env={**os.environ, **(environment or {})},
        timeout=timeout,
        check=False,
    )
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


def in_shell(script: str, environment: dict[str, str] | None = None, timeout: float = 60) -> Ran:
    """A bash script in which ``harlm`` is the command."""
    done = subprocess.run(
        ["bash", "-c", f'harlm() {{ "{sys.executable}" -m harlm "$@"; }}\n{script}'],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env={**os.environ, **(environment or {})},
        timeout=timeout,
        check=False,
    )
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


def on_terminal(*arguments: str | Path, stdout_too: bool = True, typed: str | None = None) -> Ran:
    """``harlm ARGUMENTS`` with stderr on a terminal: ``err`` is the terminal's text, ``out`` what stdout got
    elsewhere.

    With ``typed``, stdin is the terminal too, and this text is typed on it.
    """
    ours, theirs = pty.openpty()
    if typed is not None:
        os.write(ours, typed.encode())
    process = subprocess.Popen(
        [sys.executable, "-m", "harlm", *map(str, arguments)],
        stdin=subprocess.DEVNULL if typed is None else theirs,
        stdout=theirs if stdout_too else subprocess.PIPE,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "200"},
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            piece = os.read(ours, 1 << 16)
        except OSError:  # on Linux: the other end was closed
            break
        if not piece:
            break
        shown += piece
    os.close(ours)
    out, _ = process.communicate(timeout=60)
    return Ran(process.returncode, (out or b"").decode(), shown.decode())
