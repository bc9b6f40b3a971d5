"""Captures what a cell prints: its head, its tail and its length, never all of a long output."""

from __future__ import annotations

import io
import time
from collections import deque
from collections.abc import Callable

_SIGN_S = 1.0  # seconds between signs of life
FLOOD = 64 << 20
"""A cell that prints more characters is stopped."""


class OutputFlood(BaseException):
    """A cell printed more than ``FLOOD`` characters."""


class Captured(io.TextIOBase):
    """A text stream that keeps the first and the last characters written to it.

    Args:
        head: how many characters of the beginning are kept.
        tail: how many characters of the end are kept.
        sign_of_life: called at most once a second while the cell prints, so that the host knows that it is
            alive.

    Attributes:
        length: how many characters were written in all.
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
        """Always true."""
        return True

    def write(self, text: str) -> int:
        """Take some output; returns its length.

        Raises:
            OutputFlood: more than ``FLOOD`` characters were written. Raised once, so that a handler may
                print.
            TypeError: ``text`` is not a str.
        """
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
            self._flooded = True
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
        tail = "".join(self._tail)[-self._tail_room :]
        head = "".join(self._head)
        return (head + tail, "") if len(head) + len(tail) >= self.length else (head, tail)
