"""The standard streams as they really are: missing, full, left by whoever read them, in an encoding that lacks half of the
text. After ``mend`` stdout fails in one way only, and stderr and stdin in none. Knows nothing of what is printed.
"""

from __future__ import annotations

import io
import os
import sys
from typing import TypedDict

_STDIN, _STDOUT, _STDERR = 0, 1, 2


class StdoutFailed(Exception):
    """Something could not be written to stdout. Not an ``OSError``: click takes those for its own business.

    Attributes:
        reader_left: it was a pipe, and whoever read it has seen enough.
        reason: in words, such as ``No space left on device``.
    """

    def __init__(self, error: OSError) -> None:
        self.reader_left = isinstance(error, BrokenPipeError)
        self.reason = error.strerror or str(error)
        super().__init__(self.reason)


class _Stdout(io.TextIOWrapper):
    """Fails with ``StdoutFailed``."""

    def write(self, text: str, /) -> int:
        try:
            return super().write(text)
        except OSError as error:
            raise StdoutFailed(error) from error

    def flush(self) -> None:
        try:
            super().flush()
        except OSError as error:
            raise StdoutFailed(error) from error


class _Stderr(io.TextIOWrapper):
    """Never fails: what cannot be said there can be said nowhere, and is no reason to stop.

    Attributes:
        has_failed: whether something was lost.
    """

    has_failed = False

    def write(self, text: str, /) -> int:
        try:
            return super().write(text)
        except OSError:
            self.has_failed = True
            return len(text)

    def flush(self) -> None:
        try:
            super().flush()
        except OSError:
            self.has_failed = True


def mend() -> None:
    """Make the standard streams usable, whatever the process was started with.

    A missing one is opened on the null device, so that no other file gets its number: stdin is empty, stderr goes nowhere,
    and stdout fails when it is written to. Characters that an encoding lacks are written as escapes.
    """
    if sys.stdin is None:
        _lead_nowhere(_STDIN, os.O_RDONLY)
        sys.stdin = os.fdopen(_STDIN, encoding="utf-8", closefd=False)
    if sys.stdout is None:
        _lead_nowhere(_STDOUT, os.O_RDONLY)  # not for writing: an answer that goes nowhere is not delivered
        sys.stdout = _Stdout(os.fdopen(_STDOUT, "wb", closefd=False), **_ENCODING)
    elif isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout = _Stdout(sys.stdout.buffer, **_manner_of(sys.stdout))
    if sys.stderr is None:
        _lead_nowhere(_STDERR, os.O_WRONLY)
        sys.stderr = _Stderr(os.fdopen(_STDERR, "wb", closefd=False), **_ENCODING)
    elif isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr = _Stderr(sys.stderr.buffer, **_manner_of(sys.stderr))


def settle() -> None:
    """Give up what cannot be written any more, so that the interpreter does not complain of it at its exit."""
    try:
        sys.stdout.flush()
    except StdoutFailed:
        _lead_nowhere(_STDOUT, os.O_WRONLY)
    if isinstance(sys.stderr, _Stderr) and sys.stderr.has_failed:
        _lead_nowhere(_STDERR, os.O_WRONLY)


class _Manner(TypedDict, total=False):
    """How text is written to a stream, as ``TextIOWrapper`` takes it."""

    encoding: str
    errors: str
    line_buffering: bool
    write_through: bool


_ENCODING = _Manner(encoding="utf-8", errors="backslashreplace")


def _manner_of(stream: io.TextIOWrapper) -> _Manner:
    return _Manner(
        encoding=stream.encoding,
        errors="backslashreplace",
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )


def _lead_nowhere(number: int, flags: int) -> None:
    opened = os.open(os.devnull, flags)
    if opened == number:
        os.set_inheritable(number, True)
        return
    os.dup2(opened, number)
    os.close(opened)
