"""Handles broken standard streams: missing, full, closed by their reader, or with an encoding that lacks
characters.

After ``repair``, stdout fails only with ``StdoutFailed``, and stderr and stdin never fail.
"""

from __future__ import annotations

import io
import os
import sys
from typing import TypedDict

_STDIN, _STDOUT, _STDERR = 0, 1, 2


class StdoutFailed(Exception):
    """Text could not be written to stdout. Not an ``OSError``, because click handles those itself.

    Attributes:
        reader_left: whether stdout was a pipe that its reader closed.
        reason: the reason in words, such as ``No space left on device``.
    """

    def __init__(self, error: OSError) -> None:
        self.reader_left = isinstance(error, BrokenPipeError)
        self.reason = error.strerror or str(error)
        super().__init__(self.reason)


class _Stdout(io.TextIOWrapper):
    """Raises ``StdoutFailed`` instead of ``OSError``."""

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
    """Never fails: a message that cannot be written to stderr is lost, which is no reason to stop.

    Attributes:
        has_failed: whether text was lost.
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


def repair() -> None:
    """Make the standard streams usable, however the process was started.

    A missing stream is opened on the null device, so that no other file gets its descriptor: stdin is empty,
    stderr is discarded, and writing to stdout fails. Characters that an encoding lacks are written as
    escapes.
    """
    if sys.stdin is None:
        _open_null(_STDIN, os.O_RDONLY)
        sys.stdin = os.fdopen(_STDIN, encoding="utf-8", closefd=False)
    if sys.stdout is None:
        _open_null(_STDOUT, os.O_RDONLY)  # read-only, so writing fails: an answer must not get lost
        sys.stdout = _Stdout(os.fdopen(_STDOUT, "wb", closefd=False), **_ENCODING)
    elif isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout = _Stdout(sys.stdout.buffer, **_options_of(sys.stdout))
    if sys.stderr is None:
        _open_null(_STDERR, os.O_WRONLY)
        sys.stderr = _Stderr(os.fdopen(_STDERR, "wb", closefd=False), **_ENCODING)
    elif isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr = _Stderr(sys.stderr.buffer, **_options_of(sys.stderr))


def settle() -> None:
    """Discard text that cannot be written, so that the interpreter prints no error about it on exit."""
    try:
        sys.stdout.flush()
    except StdoutFailed:
        _open_null(_STDOUT, os.O_WRONLY)
    if isinstance(sys.stderr, _Stderr) and sys.stderr.has_failed:
        _open_null(_STDERR, os.O_WRONLY)


class _TextOptions(TypedDict, total=False):
    """Keyword arguments of ``TextIOWrapper``."""

    encoding: str
    errors: str
    line_buffering: bool
    write_through: bool


_ENCODING = _TextOptions(encoding="utf-8", errors="backslashreplace")


def _options_of(stream: io.TextIOWrapper) -> _TextOptions:
    return _TextOptions(
        encoding=stream.encoding,
        errors="backslashreplace",
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )


def _open_null(number: int, flags: int) -> None:
    opened = os.open(os.devnull, flags)
    if opened == number:
        os.set_inheritable(number, True)
        return
    os.dup2(opened, number)
    os.close(opened)
