"""What a cell prints, kept as head and tail with its true length. Refuses to keep it all."""

from __future__ import annotations

import io
import time
from collections import deque
from collections.abc import Callable

_SIGN_S = 1.0
FLOOD = 64 << 20
"""Characters after which a cell that prints is stopped."""


class OutputFlood(BaseException):
    """A cell printed more than any cell should."""


class Captured(io.TextIOBase):
    """A text stream that keeps the first and the last characters written to it.

    Args:
        head, tail: how many characters are kept of each.
        sign_of_life: called at times, so that whoever waits knows that something is printed.
    """

    encoding = "utf-8"
    errors = "backslashreplace"

    def __init__(self, head: int, tail: int, sign_of_life: Callable[[], None] = lambda: None) -> None:
        self._head_room = head
        self._tail_room = tail
        self._head: list[str] = []
        self._tail: deque[str] = deque()
        self._tail_length = 0
        self._flooded = False
        self._sign_of_life = sign_of_life
        self._signed = time.monotonic()
        self.length = 0

    def writable(self) -> bool:
        """Always."""
        return True

    def write(self, text: str) -> int:
        """Take some output."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        size = len(text)
        self.length += size
        if (now := time.monotonic()) - self._signed > _SIGN_S:
            self._signed = now
            self._sign_of_life()
        if self._head_room:
            kept = text[: self._head_room]
            self._head.append(kept)
            self._head_room -= len(kept)
            text = text[len(kept) :]
        if text:
            self._keep_tail(text)
        if self.length > FLOOD and not self._flooded:
            self._flooded = True  # said once: what handles the exception may print
            raise OutputFlood(f"the cell printed more than {FLOOD:,} characters and was stopped")
        return size

    def _keep_tail(self, text: str) -> None:
        text = text[-self._tail_room :]
        self._tail.append(text)
        self._tail_length += len(text)
        while self._tail_length - len(self._tail[0]) >= self._tail_room:
            self._tail_length -= len(self._tail.popleft())

    def take(self) -> tuple[str, str]:
        """Head and tail; the tail is empty when nothing was left out between them."""
        tail = "".join(self._tail)[-self._tail_room :]
        head = "".join(self._head)
        return (head + tail, "") if len(head) + len(tail) >= self.length else (head, tail)
