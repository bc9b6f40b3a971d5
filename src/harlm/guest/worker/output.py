"""Captures what cells print: of each cell the head, the tail and the length, never all of a long output. The
streams are the same objects for all cells of a REPL, so a name or a logging handler that kept one prints into
the cell that runs at the time.
"""

from __future__ import annotations

import codecs
import io
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import RLock
from typing import Any, NamedTuple, NoReturn

_SIGN_S = 1.0  # seconds between signs of life
_STREAMS = ("stdout", "stderr", "__stdout__", "__stderr__")
FLOOD = 64 << 20
"""A cell that prints more characters is stopped."""


class OutputFlood(KeyboardInterrupt):
    """A cell printed more than ``FLOOD`` characters. A ``KeyboardInterrupt``, which event loops let pass."""


class Kept(NamedTuple):
    """What is kept of the output of one cell.

    Attributes:
        head: its beginning.
        tail: its end; empty if nothing was left out, and ``head`` is then the whole output.
        length: its characters in all.
    """

    head: str
    tail: str
    length: int


_NOTHING = Kept("", "", 0)


class Captured:
    """Keeps the first and the last characters written to it. Threads may write at the same time.

    Args:
        head: how many characters of the beginning are kept.
        tail: how many characters of the end are kept.
        sign_of_life: called at most once a second while a cell prints, so that the host knows that it is
            alive.

    Attributes:
        length: how many characters were written in all.
    """

    def __init__(self, head: int, tail: int, sign_of_life: Callable[[], None] = lambda: None) -> None:
        self._rooms = head, tail
        self._sign_of_life = sign_of_life
        self._signed = time.monotonic()
        self._lock = RLock()
        self._flood = FLOOD  # the length at which the cell is stopped; 0 if it must not be
        self._empty()

    def _empty(self) -> None:
        self._head_room, self._tail_room = self._rooms
        self._head: list[str] = []
        self._tail: deque[str] = deque()
        self._tail_length = 0
        self.length = 0

    def begin(self) -> None:
        """A cell begins. What threads have printed since the last one is the beginning of its output."""
        self._flood = self.length + FLOOD
        self._signed = time.monotonic()

    def end(self) -> Kept:
        """The cell has ended: what is kept of its output, which is forgotten here."""
        self._flood = 0
        if not self.length:
            return _NOTHING
        with self._lock:
            kept = Kept(*self.take(), self.length)
            self._empty()
        return kept

    def silence(self) -> None:
        """Keep nothing from now on, and give no signs of life."""
        self._rooms, self._flood = (0, 0), 0
        self._empty()

    def write(self, text: str) -> int:
        """Take some output; returns its length.

        Raises:
            OutputFlood: the cell has printed more than ``FLOOD`` characters. Raised once, so that a handler may
                print.
            TypeError: ``text`` is not a str.
        """
        if type(text) is not str:
            if not isinstance(text, str):
                raise TypeError(f"write() argument must be str, not {type(text).__name__}")
            text = str.__str__(text)  # whatever the methods of its class say
        size = len(text)
        with self._lock:
            self.length += size
            if self._head_room:
                kept = text[: self._head_room]
                self._head.append(kept)
                self._head_room -= len(kept)
                text = text[len(kept) :]
            if text and self._tail_room:
                self._keep_tail(text)
        if self._flood:
            if (now := time.monotonic()) - self._signed > _SIGN_S:
                self._signed = now
                self._sign_of_life()
            if self.length > self._flood:
                self._flood = 0
                raise OutputFlood(f"the cell printed more than {FLOOD:,} characters and was stopped")
        return size

    def _keep_tail(self, text: str) -> None:
        text = text[-self._tail_room :]
        self._tail.append(text)
        self._tail_length += len(text)
        while self._tail_length - len(self._tail[0]) >= self._tail_room:
            self._tail_length -= len(self._tail.popleft())

    def take(self) -> tuple[str, str]:
        """Head and tail; the tail is empty if nothing was left out, and the head is then the whole output."""
        tail = "".join(self._tail)[-self._tail_room :] if self._tail_room else ""
        head = "".join(self._head)
        return (head + tail, "") if len(head) + len(tail) >= self.length else (head, tail)


class CellOutput(io.TextIOBase):
    """``sys.stdout`` or ``sys.stderr`` of cells. It has what programs use of a text stream, cannot be closed, and
    has no descriptor.

    Args:
        name: ``<stdout>`` or ``<stderr>``.
        captured: takes the text.
    """

    encoding = "utf-8"
    errors = "backslashreplace"
    mode = "w"

    def __init__(self, name: str, captured: Captured) -> None:
        self.name = name
        self.line_buffering = self.write_through = False
        self._captured = captured
        self.buffer = _CellBytes(self)
        self.write = captured.write  # type: ignore[method-assign] # without a step between

    def writable(self) -> bool:
        """Always true."""
        return True

    def writelines(self, lines: Any) -> None:
        """Write texts one after another."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Do nothing: what is written is captured at once."""

    def close(self) -> None:
        """Do nothing: later cells print too."""

    def isatty(self) -> bool:
        """Always false."""
        return False

    def detach(self) -> NoReturn:
        """Refused: there is nothing beneath.

        Raises:
            io.UnsupportedOperation: always.
        """
        raise io.UnsupportedOperation("detach: the output of a cell is captured")

    def reconfigure(
        self,
        *,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
        line_buffering: bool | None = None,
        write_through: bool | None = None,
    ) -> None:
        """Accept new settings. What they say of bytes has no effect: the text itself is captured.

        Raises:
            LookupError: there is no such encoding.
        """
        if encoding is not None and encoding != "locale":
            codecs.lookup(encoding)
        if errors is not None:
            self.errors = errors
        if line_buffering is not None:
            self.line_buffering = bool(line_buffering)
        if write_through is not None:
            self.write_through = bool(write_through)


class _CellBytes(io.BufferedIOBase):
    """The ``buffer`` of a ``CellOutput``: takes bytes as UTF-8."""

    mode = "wb"

    def __init__(self, text: CellOutput) -> None:
        self.name = text.name
        self._text = text
        self._decoder: codecs.IncrementalDecoder | None = None

    @property
    def raw(self) -> _CellBytes:
        """The same: nothing is buffered."""
        return self

    def writable(self) -> bool:
        """Always true."""
        return True

    def write(self, data: Any) -> int:
        """Take bytes; returns how many. A character may be split over two writes.

        Raises:
            TypeError: it is not bytes.
        """
        if isinstance(data, str):
            raise TypeError("a bytes-like object is required, not 'str'")
        data = bytes(memoryview(data))
        if self._decoder is None:
            self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._text.write(self._decoder.decode(data))
        return len(data)

    def finish(self) -> None:
        """Show what is left of a split character."""
        if self._decoder is not None:
            decoder, self._decoder = self._decoder, None
            self._text.write(decoder.decode(b"", True))

    def flush(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""

    def detach(self) -> NoReturn:
        """Refused, as for the text stream.

        Raises:
            io.UnsupportedOperation: always.
        """
        raise io.UnsupportedOperation("detach: the output of a cell is captured")


class CellStreams:
    """The two streams of a REPL, over one capture.

    Args:
        captured: takes what is written to them.
    """

    def __init__(self, captured: Captured) -> None:
        self._captured = captured
        self._out = CellOutput("<stdout>", captured)
        self._err = CellOutput("<stderr>", captured)

    def put(self) -> tuple[Any, ...]:
        """Make them the streams of this process; returns those that were it before."""
        before = sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__
        sys.stdout = sys.__stdout__ = self._out  # type: ignore[misc,assignment] # see ``sys.__stdout__``
        sys.stderr = sys.__stderr__ = self._err  # type: ignore[misc,assignment]
        return before

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Keep them the streams of this process, also between cells."""
        before = self.put()
        try:
            yield
        finally:
            put_back(before)

    def flush(self) -> None:
        """Write what streams still hold that a cell has put in the places of these."""
        for stream, own in ((sys.stdout, self._out), (sys.stderr, self._err)):
            if stream is not own:
                with suppress(Exception):  # of a class of the cell's own, or ``None``
                    stream.flush()

    def finish(self) -> Kept:
        """The cell has ended; see ``Captured.end``."""
        self._out.buffer.finish()
        self._err.buffer.finish()
        return self._captured.end()


def put_back(streams: tuple[Any, ...]) -> None:
    """Make these the streams of this process, as ``CellStreams.put`` returned them."""
    sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__ = streams  # type: ignore[misc]
